//! Invalid input, which is reported on the attribute that the user would edit.

use super::*;
use crate::provider::testing::{World, assert_only_error};

#[test]
fn invalid_input_is_reported_on_its_attribute() {
    let web = |more: Json| web(&more);
    let pool = |more: Json| ("ipam_pool.x", with(&json!({"name": "x"}), &more));
    let six = json!({"netmask_length": 24, "disallowed_cidrs": ["2001:db8::/32"]});
    let mixed = json!({"netmask_length": 24, "disallowed_cidrs": ["10.0.0.0/16", "2001:db8::/32"]});
    for (object, path, words) in [
        (web(six), "disallowed_cidrs", &["2001:db8::/32 is ipv6, and the pool is ipv4"][..]),
        (web(mixed), "disallowed_cidrs", &["2001:db8::/32 is ipv6, and the others are ipv4"]),
        (
            pool(json!({"cidrs": ["10.0.0.0/24"], "reserved_cidrs": ["2001:db8::/64"]})),
            "reserved_cidrs",
            &["2001:db8::/64 is no ipv4 block, but the pool is ipv4. Change `reserved_cidrs`."],
        ),
        (
            pool(json!({"cidrs": ["10.0.0.0/24"], "reserved_cidrs": ["10.0.0.1/24"]})),
            "reserved_cidrs",
            &["10.0.0.0/24"],
        ),
        (pool(json!({"cidrs": ["10.0.0.0/24"], "reserve_first": -1})), "reserve_first", &["-1 is negative"]),
        (pool(json!({"cidrs": ["10.0.0.0/24"], "quarantine": "-1h"})), "quarantine", &["\"-1h\" is negative"]),
        (pool(json!({"cidrs": ["10.0.0.0/24"], "quarantine": "a day"})), "quarantine", &["is not a duration"]),
        (
            pool(json!({"cidrs": ["10.0.0.0/24"], "reserve_last": 65_537})),
            "reserve_last",
            &["65537 addresses are more than 65536"],
        ),
        (web(json!({"netmask_length": 24, "ttl": "0s"})), "ttl", &["The loan would be over at once"]),
        (web(json!({"netmask_length": 24, "ttl": "-1h"})), "ttl", &["\"-1h\" is negative"]),
        (web(json!({"netmask_length": 24, "ttl": ""})), "ttl", &["\"\" is not a duration"]),
        (web(json!({"netmask_length": 24, "ttl": "11y"})), "ttl", &["has a unit other than"]),
        (
            web(json!({"netmask_length": 24, "ttl": "1h", "expires_at": "2030-01-01T00:00:00Z"})),
            "expires_at",
            &["`ttl` is 1h", "set only one of them"],
        ),
        (web(json!({"netmask_length": 24, "expires_at": "soon"})), "expires_at", &["\"soon\" is not a time"]),
        (
            web(json!({"netmask_length": 24, "expires_at": "2001-01-01T00:00:00Z"})),
            "expires_at",
            &["The loan would be over already", "Choose a later time"],
        ),
        (web(json!({"netmask_length": -1})), "netmask_length", &["-1 is negative"]),
        (web(json!({"netmask_length": 33})), "netmask_length", &["33"]),
        (web(json!({"netmask_length": 300})), "netmask_length", &["300 is too large"]),
        (web(json!({"cidr": "010.0.0.0/24"})), "cidr", &["\"010.0.0.0/24\" is not a CIDR"]),
        (web(json!({"cidr": "10.0.0.0/024"})), "cidr", &["no netmask length from 0 to 32"]),
        (
            web(json!({"cidr": "10.0.0.0/24", "netmask_length": 25})),
            "netmask_length",
            &["`cidr` is 10.0.0.0/24, and `netmask_length` is 25"],
        ),
        (
            pool(json!({"cidrs": ["10.0.0.0/24"], "source_ipam_pool_id": "${ipam_pool.top.id}", "netmask_length": 25})),
            "netmask_length",
            &[
                "`cidrs` has 10.0.0.0/24, and `netmask_length` asks for one block of netmask length 25",
                "particular blocks",
            ],
        ),
    ] {
        let world = World::new();
        let errors = world.workspace("team/a").plan(&[top(), object.clone()]).unwrap_err();
        assert_only_error(&errors, path, words);
    }
}

/// Conditions of AWS do not apply to a store without AWS features. Following them there would only lead to the next
/// error.
#[test]
fn features_that_only_aws_has_are_refused_before_the_conditions_of_aws_are_checked() {
    let pool = json!({
        "name": "x", "address_family": "ipv4", "public_ip_source": "byoip", "aws_service": "ec2",
        "cidrs": ["203.0.113.0/24"],
    });
    let world = World::new();
    let errors = world.workspace("team/a").plan(&[("ipam_pool.x", pool)]).unwrap_err();
    let [first, second] = errors.as_slice() else { panic!("{errors:#?}") };
    assert!(first.starts_with("public_ip_source: ") && second.starts_with("aws_service: "), "{errors:#?}");
    assert!(first.contains("set its blocks in `cidrs`"), "{first}");
}

#[test]
fn the_error_of_a_lost_hold_names_no_block_that_the_plan_did_not_show() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&[top()]);
    let web = |length: u8| [top(), web(&json!({"netmask_length": length}))];
    let first = workspace.plan(&web(24)).unwrap();
    let second = workspace.plan(&web(23)).unwrap().get("ipam_allocation.web", "cidr");
    let reported = workspace.apply_plan(&first).unwrap_err().join("\n");
    assert!(
        reported.contains("A later plan of the same owner took its place") && !reported.contains(&second),
        "{reported}"
    );
}
