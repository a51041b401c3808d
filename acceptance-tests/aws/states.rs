//! Changes that take time, and the states that clients see in the meantime.

use std::time::Duration;

use serde_json::json;

use super::endpoint::{Delay, Kind, Script, Trouble};
use super::scene::{HOME, Scene, text};

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn a_pool_is_complete_after_it_was_read() {
    let scene = Scene::new();
    scene.endpoint.script(Script::default());
    let pool = scene.pool(json!({}));
    let cidr = json!({"IpamPoolId": pool, "Cidr": "10.0.0.0/8"});
    scene.home.refused("provision_ipam_pool_cidr", cidr.clone(), "IncorrectState", "create-in-progress");
    assert_eq!(scene.pool_state(&pool), "create-in-progress");
    assert_eq!(scene.pool_state(&pool), "create-complete");
    assert_eq!(scene.home.call("provision_ipam_pool_cidr", cidr)["IpamPoolCidr"]["State"], "pending-provision");
    assert_eq!(scene.pool_cidrs(&pool)[0]["State"], "pending-provision");
    assert_eq!(scene.pool_cidrs(&pool)[0]["State"], "provisioned");
    scene.home.call("modify_ipam_pool", json!({"IpamPoolId": pool, "Description": "new"}));
    assert_eq!([scene.pool_state(&pool), scene.pool_state(&pool)], ["modify-in-progress", "modify-complete"]);
    let cidr = json!({"IpamPoolId": pool, "Cidr": "10.0.0.0/8"});
    scene.home.call("deprovision_ipam_pool_cidr", cidr.clone());
    scene.home.refused("deprovision_ipam_pool_cidr", cidr, "IncorrectState", "pending-deprovision");
    let words = "deprovision it first";
    scene.home.refused("delete_ipam_pool", json!({"IpamPoolId": pool}), "IncorrectState", words);
    assert_eq!(scene.pool_cidrs(&pool)[0]["State"], "pending-deprovision");
    assert_eq!(scene.pool_cidrs(&pool)[0]["State"], "deprovisioned");
    scene.home.call("delete_ipam_pool", json!({"IpamPoolId": pool}));
    assert_eq!([scene.pool_state(&pool), scene.pool_state(&pool)], ["delete-in-progress", "delete-complete"]);
    let gone = json!({"IpamPoolIds": [pool]});
    scene.home.refused("describe_ipam_pools", gone, "InvalidIpamPoolId.NotFound", &pool);
    scene.is_sound();
}

#[test]
fn things_take_time_by_the_clock_of_the_test() {
    let scene = Scene::new();
    scene.endpoint.script(Script { create: Delay::Time(HOUR), ..Script::at_once() });
    let pool = scene.pool(json!({}));
    for _ in 0..3 {
        assert_eq!(scene.pool_state(&pool), "create-in-progress");
    }
    scene.endpoint.advance(HOUR);
    assert_eq!(scene.pool_state(&pool), "create-complete");
}

#[test]
fn a_failed_creation_shows_in_the_state_of_the_object() {
    let scene = Scene::new();
    scene.endpoint.script(Script { create_failure: Some("No luck."), ..Script::at_once() });
    let pool = scene.pool(json!({}));
    let found = scene.home.call("describe_ipam_pools", json!({"IpamPoolIds": [pool]}))["IpamPools"][0].clone();
    assert_eq!((&found["State"], &found["StateMessage"]), (&json!("create-failed"), &json!("No luck.")));
    scene.home.call("delete_ipam_pool", json!({"IpamPoolId": pool}));
    scene.is_sound();
}

#[test]
fn a_cidr_that_overlaps_fails_with_its_reason() {
    let scene = Scene::new();
    let (_, leaf) = scene.tree();
    let other = scene.pool(json!({}));
    scene.provision(&other, "10.128.0.0/9");
    let found = scene.pool_cidrs(&other)[0].clone();
    assert_eq!(
        (&found["State"], &found["FailureReason"]["Code"]),
        (&json!("failed-provision"), &json!("cidr-not-available"))
    );
    scene.endpoint.script(Script {
        provision: Delay::Time(HOUR),
        provision_failure: Some(("limit-exceeded", "Too many.")),
        reason_shows_early: true,
        ..Script::at_once()
    });
    scene.provision(&leaf, "10.77.0.0/16");
    let found = scene.pool_cidrs(&leaf)[1].clone();
    assert_eq!(
        (&found["State"], &found["FailureReason"]["Code"]),
        (&json!("pending-provision"), &json!("limit-exceeded"))
    );
    scene.endpoint.advance(HOUR);
    assert_eq!(scene.pool_cidrs(&leaf)[1]["State"], "failed-provision");
    scene.is_sound();
}

#[test]
fn space_that_is_not_provisioned_yet_is_not_given_out() {
    let scene = Scene::new();
    let pool = scene.pool(json!({"Locale": HOME}));
    scene.endpoint.script(Script { provision: Delay::Time(HOUR), ..Script::at_once() });
    scene.provision(&pool, "10.0.0.0/16");
    let by_size = json!({"IpamPoolId": pool, "NetmaskLength": 24});
    let by_cidr = json!({"IpamPoolId": pool, "Cidr": "10.0.0.0/24"});
    scene.home.refused("allocate_ipam_pool_cidr", by_size.clone(), "InvalidParameterValue", "too big");
    scene.home.refused("allocate_ipam_pool_cidr", by_cidr, "InvalidParameterValue", "not in the CIDRs");
    scene.endpoint.advance(HOUR);
    scene.home.call("allocate_ipam_pool_cidr", by_size);
    scene.is_sound();
}

#[test]
fn a_new_allocation_is_listed_late_and_never_given_twice() {
    let scene = Scene::new();
    let (_, leaf) = scene.tree();
    scene.endpoint.script(Script { read_lag: Delay::Reads(2), ..Script::at_once() });
    let first = scene.allocate(&leaf, 24);
    let by_id = json!({"IpamPoolId": leaf, "IpamPoolAllocationId": first["IpamPoolAllocationId"]});
    let code = "InvalidIpamPoolAllocationId.NotFound";
    scene.home.refused("get_ipam_pool_allocations", by_id.clone(), code, "");
    assert_eq!(scene.allocate(&leaf, 24)["Cidr"], "10.0.1.0/24");
    scene.home.refused("get_ipam_pool_allocations", by_id.clone(), code, "");
    assert_eq!(scene.home.call("get_ipam_pool_allocations", by_id)["IpamPoolAllocations"][0], first);
    scene.is_sound();
}

#[test]
fn new_objects_cannot_be_found_at_once() {
    let scene = Scene::new();
    scene.endpoint.script(Script { create_lag: Delay::Reads(2), ..Script::at_once() });
    let pool = scene.pool(json!({}));
    let (by_id, code) = (json!({"IpamPoolIds": [pool]}), "InvalidIpamPoolId.NotFound");
    for _ in 0..2 {
        let change = json!({"IpamPoolId": pool, "Description": "new"});
        scene.home.refused("modify_ipam_pool", change, code, &pool);
        scene.home.refused("describe_ipam_pools", by_id.clone(), code, &pool);
    }
    assert_eq!(scene.pool_state(&pool), "create-complete");
    scene.is_sound();
}

#[test]
fn an_isolated_pool_cannot_be_used() {
    let scene = Scene::new();
    let (_, leaf) = scene.tree();
    scene.endpoint.set_state(&leaf, "isolate-complete");
    assert_eq!(scene.pool_state(&leaf), "isolate-complete");
    let arguments = json!({"IpamPoolId": leaf, "NetmaskLength": 24});
    scene.home.refused("allocate_ipam_pool_cidr", arguments, "IncorrectState", "isolate-complete");
    scene.endpoint.set_state(&leaf, "create-complete");
    scene.allocate(&leaf, 24);
}

#[test]
fn released_space_becomes_free_late() {
    let scene = Scene::new();
    let (_, leaf) = scene.tree();
    scene.endpoint.script(Script { release: Delay::Time(HOUR), ..Script::at_once() });
    let made = scene.allocate(&leaf, 24);
    scene.release(&leaf, &made);
    assert_eq!(scene.allocated(&leaf), ["10.0.0.0/24"]);
    assert_eq!(scene.allocate(&leaf, 24)["Cidr"], "10.0.1.0/24");
    scene.endpoint.advance(HOUR);
    assert_eq!(scene.allocated(&leaf), ["10.0.1.0/24"]);
    assert_eq!(scene.allocate(&leaf, 24)["Cidr"], "10.0.0.0/24");
    scene.is_sound();
}

#[test]
fn pools_made_at_once_under_one_parent_are_refused() {
    let scene = Scene::new();
    scene.endpoint.script(Script { create: Delay::Time(HOUR), concurrent_creates_max: Some(1), ..Script::at_once() });
    scene.pool(json!({}));
    let second = scene.pool_arguments(json!({}));
    let code = "ConcurrentMutationLimitExceeded";
    scene.home.refused("create_ipam_pool", second.clone(), code, "too many concurrent mutations");
    scene.endpoint.advance(HOUR);
    scene.home.call("create_ipam_pool", second);
    scene.is_sound();
}

#[test]
fn the_next_calls_are_throttled_fail_or_lose_their_answer() {
    let scene = Scene::new();
    let (_, leaf) = scene.tree();
    let arguments = json!({"IpamPoolId": leaf, "NetmaskLength": 24});
    let action = "AllocateIpamPoolCidr";
    scene.endpoint.trouble(action, 2, Trouble::Throttle);
    scene.endpoint.trouble(action, 1, Trouble::Error { code: "InternalFailure", message: "Sorry." });
    scene.endpoint.trouble(action, 1, Trouble::LoseRequest);
    for code in ["RequestLimitExceeded", "RequestLimitExceeded", "InternalFailure", "ConnectionClosedError"] {
        scene.home.refused("allocate_ipam_pool_cidr", arguments.clone(), code, "");
    }
    assert!(scene.allocated(&leaf).is_empty());
    scene.endpoint.trouble(action, 1, Trouble::LoseAnswer);
    scene.home.refused("allocate_ipam_pool_cidr", arguments.clone(), "ConnectionClosedError", "");
    assert_eq!(scene.allocated(&leaf), ["10.0.0.0/24"]);
    scene.home.call("allocate_ipam_pool_cidr", arguments);
    let errors: Vec<_> = scene.endpoint.calls().into_iter().filter(|call| call.action == action).collect();
    assert_eq!(errors.len(), 6);
    assert_eq!(errors[0].error.as_deref(), Some("RequestLimitExceeded"));
    assert_eq!(errors[5].parameters["IpamPoolId"], leaf.as_str());
    scene.is_sound();
}

#[test]
fn a_second_ipam_has_space_of_its_own() {
    let scene = Scene::new();
    let away = scene.away();
    let made = away.call("create_ipam", json!({"OperatingRegions": [{"RegionName": "eu-west-1"}]}))["Ipam"].clone();
    let arguments = json!({"IpamScopeId": made["PrivateDefaultScopeId"], "AddressFamily": "ipv4"});
    let pool = away.call("create_ipam_pool", arguments)["IpamPool"]["IpamPoolId"].clone();
    scene.tree();
    away.call("provision_ipam_pool_cidr", json!({"IpamPoolId": pool, "Cidr": "10.0.0.0/8"}));
    let found = away.call("get_ipam_pool_cidrs", json!({"IpamPoolId": text(&pool)}));
    assert_eq!(found["IpamPoolCidrs"][0]["State"], "provisioned");
    assert_eq!(scene.endpoint.things(Kind::Ipam).len(), 2);
    scene.is_sound();
}
