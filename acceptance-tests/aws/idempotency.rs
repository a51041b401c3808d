//! Client tokens, dry runs.

use serde_json::{Value, json};

use super::endpoint::{Kind, Trouble};
use super::scene::Scene;

#[test]
fn a_client_token_gives_the_same_answer_again() {
    let scene = Scene::new();
    let (_, leaf) = scene.tree();
    let arguments = json!({"IpamPoolId": leaf, "NetmaskLength": 24, "ClientToken": "one"});
    let first = scene.home.call("allocate_ipam_pool_cidr", arguments.clone());
    assert_eq!(scene.home.call("allocate_ipam_pool_cidr", arguments), first);
    let other = json!({"IpamPoolId": leaf, "NetmaskLength": 25, "ClientToken": "one"});
    scene.home.refused("allocate_ipam_pool_cidr", other, "IdempotentParameterMismatch", "");
    assert_eq!(scene.allocated(&leaf), ["10.0.0.0/24"]);
    // Tokens are separate for each action and each Region.
    let pool = scene.pool_arguments(json!({"ClientToken": "one"}));
    let made = scene.home.call("create_ipam_pool", pool.clone());
    assert_eq!(scene.home.call("create_ipam_pool", pool), made);
    scene.is_sound();
}

#[test]
fn a_change_without_an_answer_is_found_by_its_token() {
    let scene = Scene::new();
    let (_, leaf) = scene.tree();
    let arguments = json!({"IpamPoolId": leaf, "NetmaskLength": 24, "ClientToken": "two"});
    scene.endpoint.trouble("AllocateIpamPoolCidr", 1, Trouble::LoseAnswer);
    scene.home.refused("allocate_ipam_pool_cidr", arguments.clone(), "ConnectionClosedError", "");
    let made = scene.home.call("allocate_ipam_pool_cidr", arguments);
    assert_eq!(made["IpamPoolAllocation"]["Cidr"], "10.0.0.0/24");
    assert_eq!(scene.allocated(&leaf), ["10.0.0.0/24"]);
}

#[test]
fn a_dry_run_changes_nothing() {
    let scene = Scene::new();
    let (_, leaf) = scene.tree();
    let before = scene.endpoint.things(Kind::Pool).len();
    let dry = |mut arguments: Value| {
        arguments["DryRun"] = true.into();
        arguments
    };
    scene.home.refused("create_ipam_pool", dry(scene.pool_arguments(json!({}))), "DryRunOperation", "");
    scene.home.refused("delete_ipam_pool", dry(json!({"IpamPoolId": leaf})), "DryRunOperation", "");
    assert_eq!(scene.endpoint.things(Kind::Pool).len(), before);
}
