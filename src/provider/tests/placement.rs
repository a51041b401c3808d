//! The order in which the CIDRs of a pool are filled, and sizes in numbers, during the life of a configuration.

use super::*;
use crate::provider::testing::{Action, UNKNOWN, World, assert_only_error};

const TOP: &str = "ipam_pool.top";
const WEB: &str = "ipam_allocation.web";
const NEW: &str = "ipam_allocation.new";
const SET: &str = "ipam_allocation_set.vpc";

fn three(more: &Json) -> (&'static str, Json) {
    let cidrs = ["10.0.0.0/24", "10.1.0.0/24", "10.2.0.0/24"];
    (TOP, with(&json!({"name": "top", "cidrs": cidrs}), more))
}

fn new(more: &Json) -> (&'static str, Json) {
    (NEW, with(&json!({"ipam_pool_id": "${ipam_pool.top.id}", "name": "new"}), more))
}

#[test]
fn another_order_is_a_change_in_place_that_the_same_plan_follows() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let first = [three(&json!({"cidr_priorities": {"10.1.0.0/24": 10}})), web(&json!({"netmask_length": 26}))];
    workspace.apply(&first);
    workspace.assert_settled(&first);
    assert_eq!(workspace.get(WEB, "cidr"), "10.1.0.0/26");
    let order = json!({"cidr_priorities": {"10.2.0.0/24": 1, "10.1.0.0/24": 10}, "draining_cidrs": ["10.1.0.0/24"]});
    let second = [three(&order), web(&json!({"netmask_length": 26})), new(&json!({"netmask_length": 26}))];
    let planned = workspace.plan(&second).unwrap();
    assert_eq!((planned.action(TOP), planned.action(WEB)), (Action::Update, Action::NoOp));
    assert_eq!(planned.get(NEW, "cidr"), "10.2.0.0/26");
    workspace.apply_plan(&planned).unwrap();
    workspace.assert_settled(&second);
    // A block that is asked for is not affected, and neither is a change of what is there.
    let exact = [three(&order), web(&json!({"netmask_length": 25})), new(&json!({"cidr": "10.2.0.0/26"}))];
    workspace.apply(&exact);
    assert_eq!(workspace.get(WEB, "cidr"), "10.1.0.0/25");
    // Without the arguments, the pool has no order any more.
    workspace.apply(&[three(&json!({}))]);
    workspace.assert_settled(&[three(&json!({}))]);
    workspace.apply(&[three(&json!({})), new(&json!({"netmask_length": 26}))]);
    assert_eq!(workspace.get(NEW, "cidr"), "10.0.0.0/26");
    workspace.destroy();
    world.assert_sound();
}

#[test]
fn an_order_holds_for_cidrs_that_are_provisioned_one_by_one_in_the_same_plan() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let more = ("ipam_pool_cidr.more", json!({"ipam_pool_id": "${ipam_pool.top.id}", "cidr": "10.9.0.0/24"}));
    let below = (
        "ipam_pool.below",
        json!({"name": "below", "source_ipam_pool_id": "${ipam_pool_cidr.more.ipam_pool_id}", "netmask_length": 26}),
    );
    let pool = three(&json!({"cidr_priorities": {"10.9.0.0/24": 0}}));
    workspace.apply(&[pool.clone(), more.clone(), below.clone()]);
    assert_eq!(workspace.get("ipam_pool.below", "cidr"), "10.9.0.0/26");
    workspace.assert_settled(&[pool, more, below]);
}

#[test]
fn spellings_of_one_order_are_no_change() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let pool = |key: &str| {
        [(
            TOP,
            json!({"name": "top", "cidrs": ["2001:db8::/32"], "cidr_priorities": {key: 7}, "draining_cidrs": [key]}),
        )]
    };
    workspace.apply(&pool("2001:DB8::/48"));
    workspace.assert_settled(&pool("2001:DB8::/48"));
    workspace.assert_settled(&pool("2001:db8:0::/48"));
}

#[test]
fn an_order_that_is_unknown_is_decided_by_the_apply() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let pool = |priorities: Json| three(&json!({"cidr_priorities": priorities}));
    let mut planned = workspace.plan(&[pool(json!(UNKNOWN)), web(&json!({"netmask_length": 26}))]).unwrap();
    let known = pool(json!({"10.2.0.0/24": 1}));
    planned.become_known(TOP, &known.1);
    workspace.apply_plan(&planned).unwrap();
    workspace.assert_settled(&[known, web(&json!({"netmask_length": 26}))]);
    assert_eq!(workspace.get(WEB, "cidr"), "10.2.0.0/26");
}

#[test]
fn a_number_asks_for_the_netmask_length_that_is_enough() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let hosts = |number: u64| [top(), web(&json!({"minimum_hosts": number}))];
    let planned = workspace.plan(&hosts(254)).unwrap();
    assert_eq!((planned.get(WEB, "cidr").as_str(), planned.get(WEB, "netmask_length").as_str()), ("10.0.0.0/24", "24"));
    workspace.apply_plan(&planned).unwrap();
    workspace.assert_settled(&hosts(254));
    let id = workspace.get(WEB, "id");
    // The same netmask length: only the state changes.
    let commits = world.memory.commits();
    let planned = workspace.apply(&hosts(200));
    assert_eq!((planned.action(WEB), planned.get(WEB, "cidr").as_str()), (Action::Update, "10.0.0.0/24"));
    assert_eq!(world.memory.commits(), commits, "nothing is written");
    for (config, block) in [
        (hosts(255), "10.0.0.0/23"),
        ([top(), web(&json!({"minimum_addresses": 500}))], "10.0.0.0/23"),
        ([top(), web(&json!({"minimum_addresses": 512}))], "10.0.0.0/23"),
        ([top(), web(&json!({"minimum_addresses": 513}))], "10.0.0.0/22"),
        ([top(), web(&json!({"netmask_length": 23}))], "10.0.0.0/23"),
        ([top(), web(&json!({"minimum_hosts": 1}))], "10.0.0.0/32"),
    ] {
        let planned = workspace.apply(&config);
        assert_eq!((planned.action(WEB), planned.get(WEB, "cidr").as_str()), (Action::Update, block));
        workspace.assert_settled(&config);
        assert_eq!((workspace.get(WEB, "id"), workspace.get(WEB, "cidr").as_str()), (id.clone(), block));
    }
    workspace.destroy();
    world.assert_sound();
}

#[test]
fn without_room_to_grow_a_larger_number_replaces_the_allocation() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let hosts = |number: u64| [top(), new(&json!({"cidr": "10.0.1.0/24"})), web(&json!({"minimum_hosts": number}))];
    workspace.apply(&hosts(254));
    let planned = workspace.plan(&hosts(300)).unwrap();
    assert_eq!((planned.action(WEB), planned.get(WEB, "cidr").as_str()), (Action::Replace, "10.0.2.0/23"));
    workspace.apply_plan(&planned).unwrap();
    workspace.assert_settled(&hosts(300));
}

#[test]
fn a_pool_is_sized_in_numbers_in_the_family_of_its_source() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let below = |more: &Json| {
        let pool = json!({"name": "below", "source_ipam_pool_id": "${ipam_pool.top.id}"});
        [(TOP, json!({"name": "top", "cidrs": ["2001:db8::/32"]})), ("ipam_pool.below", with(&pool, more))]
    };
    let in_numbers = |name: &str, number: &str| below(&json!({name: serde_json::from_str::<Json>(number).unwrap()}));
    let most = "1208925819614629174706176"; // 2^80
    workspace.apply(&in_numbers("minimum_addresses", most));
    assert_eq!(workspace.get("ipam_pool.below", "cidr"), "2001:db8::/48");
    workspace.assert_settled(&in_numbers("minimum_addresses", most));
    let planned = workspace.apply(&in_numbers("minimum_hosts", most));
    assert_eq!(planned.action("ipam_pool.below"), Action::Update);
    assert_eq!(workspace.get("ipam_pool.below", "cidr"), "2001:db8::/47");
    workspace.assert_settled(&in_numbers("minimum_hosts", most));
    // The same size by its netmask length, and back.
    let commits = world.memory.commits();
    workspace.apply(&below(&json!({"netmask_length": 47})));
    workspace.apply(&in_numbers("minimum_hosts", most));
    assert_eq!(world.memory.commits(), commits, "nothing is written");
    workspace.destroy();
    world.assert_sound();
}

#[test]
fn members_of_a_set_are_sized_in_numbers() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let set = |members: Json| (SET, json!({"ipam_pool_id": "${ipam_pool.top.id}", "name": "vpc", "members": members}));
    let first = [
        top(),
        set(json!({"a": {"minimum_hosts": 254}, "b": {"minimum_addresses": 257}, "c": {"netmask_length": 26}})),
    ];
    workspace.apply(&first);
    workspace.assert_settled(&first);
    assert_eq!(workspace.get(SET, "cidrs"), r#"{"a":"10.0.2.0/24","b":"10.0.0.0/23","c":"10.0.3.0/26"}"#);
    let commits = world.memory.commits();
    let same =
        [top(), set(json!({"a": {"minimum_hosts": 129}, "b": {"netmask_length": 23}, "c": {"minimum_hosts": 62}}))];
    assert_eq!(workspace.apply(&same).action(SET), Action::Update);
    assert_eq!(world.memory.commits(), commits, "nothing is written");
    workspace.assert_settled(&same);
    let wrong = |member: Json| [top(), set(json!({"a": member}))];
    for (member, path, words) in [
        (json!({"minimum_hosts": 10, "netmask_length": 24}), "members[\"a\"].minimum_hosts", &["`netmask_length`"][..]),
        (json!({"minimum_addresses": 0}), "members[\"a\"].minimum_addresses", &["0 is too small"]),
        (
            json!({"minimum_addresses": 4_294_967_297_u64}),
            "members[\"a\"].minimum_addresses",
            &["has 4294967296 addresses"],
        ),
    ] {
        assert_only_error(&workspace.plan(&wrong(member)).unwrap_err(), path, words);
    }
}

#[test]
fn an_error_about_the_size_tells_the_number_and_the_netmask_length() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let ruled = |object: (&'static str, Json)| {
        [(TOP, json!({"name": "top", "cidrs": ["10.0.0.0/24"], "allocation_min_netmask_length": 25})), object]
    };
    workspace.apply(&[ruled(web(&json!({"netmask_length": 32})))[0].clone()]);
    let words = &["`allocation_min_netmask_length` is 25", "`minimum_hosts` is 200, for which a /24 is needed."][..];
    let errors = workspace.plan(&ruled(web(&json!({"minimum_hosts": 200})))).unwrap_err();
    assert_only_error(&errors, "minimum_hosts", words);
    let set = json!({"ipam_pool_id": "${ipam_pool.top.id}", "name": "vpc", "members": {"a": {"minimum_hosts": 200}}});
    let errors = workspace.plan(&ruled((SET, set))).unwrap_err();
    assert_only_error(&errors, "members[\"a\"]", words);
    let below = json!({"name": "below", "source_ipam_pool_id": "${ipam_pool.top.id}", "minimum_addresses": 257});
    let errors = workspace.plan(&ruled(("ipam_pool.below", below))).unwrap_err();
    assert_only_error(&errors, "minimum_addresses", &["`minimum_addresses` is 257, for which a /23 is needed."]);
}

#[test]
fn a_number_that_is_unknown_or_in_an_unknown_pool_is_settled_by_the_apply() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let known = [top(), web(&json!({"minimum_hosts": 254}))];
    let mut planned = workspace.plan(&[top(), web(&json!({"minimum_hosts": UNKNOWN}))]).unwrap();
    assert_eq!(planned.get(WEB, "cidr"), UNKNOWN);
    planned.become_known(WEB, &known[1].1);
    workspace.apply_plan(&planned).unwrap();
    workspace.assert_settled(&known);
    let mut planned = workspace.plan(&[top(), web(&json!({"minimum_hosts": UNKNOWN}))]).unwrap();
    let larger = [top(), web(&json!({"minimum_hosts": 255}))];
    planned.become_known(WEB, &larger[1].1);
    workspace.apply_plan(&planned).unwrap();
    workspace.assert_settled(&larger);
    assert_eq!(workspace.get(WEB, "cidr"), "10.0.0.0/23");
    let mut other = world.workspace("team/b");
    let pool = |id: Json| [("ipam_allocation.x", json!({"ipam_pool_id": id, "name": "x", "minimum_addresses": 2}))];
    let mut planned = other.plan(&pool(json!(UNKNOWN))).unwrap();
    let id = json!(workspace.get(TOP, "id"));
    planned.become_known("ipam_allocation.x", &pool(id.clone())[0].1);
    other.apply_plan(&planned).unwrap();
    other.assert_settled(&pool(id));
    assert_eq!(other.get("ipam_allocation.x", "netmask_length"), "31");
}

#[test]
fn an_imported_allocation_takes_a_number_without_a_write() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&[top(), web(&json!({"netmask_length": 24}))]);
    let commits = world.memory.commits();
    let planned = workspace.apply(&[top(), web(&json!({"minimum_hosts": 254}))]);
    assert_eq!((planned.action(WEB), planned.get(WEB, "cidr").as_str()), (Action::Update, "10.0.0.0/24"));
    assert_eq!(world.memory.commits(), commits, "only the state changes");
}

#[test]
fn wrong_orders_and_numbers_are_reported_on_their_argument() {
    let web = |more: Json| web(&more);
    let pool = |more: Json| ("ipam_pool.x", with(&json!({"name": "x", "cidrs": ["172.16.0.0/24"]}), &more));
    let below =
        |more: Json| ("ipam_pool.x", with(&json!({"name": "x", "source_ipam_pool_id": "${ipam_pool.top.id}"}), &more));
    let many: Vec<String> = (0..1001u32).map(|number| format!("10.{}.{}.0/24", number / 256, number % 256)).collect();
    for (object, path, words) in [
        (web(json!({"minimum_hosts": 0})), "minimum_hosts", &["0 is too small"][..]),
        (web(json!({"minimum_hosts": -1})), "minimum_hosts", &["-1 is too small"]),
        (web(json!({"minimum_addresses": 1.5})), "minimum_addresses", &["1.5 is not a whole number"]),
        (web(json!({"minimum_hosts": 4_294_967_295_u64})), "minimum_hosts", &["the pool is ipv4", "4294967294 hosts"]),
        (web(json!({"minimum_hosts": 9, "minimum_addresses": 9})), "minimum_addresses", &["`minimum_hosts` both ask"]),
        (web(json!({"minimum_hosts": 9, "netmask_length": 28})), "minimum_hosts", &["`netmask_length` both ask"]),
        (web(json!({"minimum_hosts": 9, "cidr": "10.0.0.0/28"})), "minimum_hosts", &["`cidr` both ask"]),
        (
            ("ipam_allocation.x", json!({"ipam_pool_id": "ipam-pool-none", "name": "x", "minimum_hosts": 9})),
            "ipam_pool_id",
            &["No such pool"],
        ),
        (pool(json!({"minimum_hosts": 9})), "minimum_hosts", &["`cidrs` both ask"]),
        (below(json!({"minimum_hosts": 9, "netmask_length": 20})), "minimum_hosts", &["`netmask_length` both ask"]),
        (below(json!({"minimum_addresses": 4_294_967_297_u64})), "minimum_addresses", &["has 4294967296 addresses"]),
        (
            ("ipam_pool.x", json!({"name": "x", "address_family": "ipv4", "minimum_hosts": 9})),
            "minimum_hosts",
            &["source"],
        ),
        (pool(json!({"cidr_priorities": {"east": 1}})), "cidr_priorities[\"east\"]", &["\"east\" is not a CIDR"]),
        (pool(json!({"cidr_priorities": {"10.0.0.1/24": 1}})), "cidr_priorities[\"10.0.0.1/24\"]", &["host bits"]),
        (pool(json!({"cidr_priorities": {"::/0": 1}})), "cidr_priorities", &["::/0 is no ipv4 block"]),
        (pool(json!({"cidr_priorities": {"10.0.0.0/8": -1}})), "cidr_priorities[\"10.0.0.0/8\"]", &["-1 is negative"]),
        (pool(json!({"cidr_priorities": {"10.0.0.0/8": 65_536}})), "cidr_priorities", &["from 0 to 65535"]),
        (pool(json!({"cidr_priorities": {"10.0.0.0/8": null}})), "cidr_priorities[\"10.0.0.0/8\"]", &["null"]),
        (
            pool(json!({"cidr_priorities": {"10.0.0.0/8": 1, "10.1.0.0/16": 2}})),
            "cidr_priorities",
            &["10.1.0.0/16 lies in 10.0.0.0/8, which has a priority too. Change `cidr_priorities`."],
        ),
        (pool(json!({"draining_cidrs": ["::/0"]})), "draining_cidrs", &["::/0 is no ipv4 block"]),
        (pool(json!({"draining_cidrs": many})), "draining_cidrs", &["1001 CIDRs are more than 1000"]),
    ] {
        let world = World::new();
        let errors = world.workspace("team/a").plan(&[top(), object.clone()]).unwrap_err();
        assert_only_error(&errors, path, words);
    }
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let empty = [three(&json!({"cidr_priorities": {}, "draining_cidrs": []})), web(json!({"netmask_length": 26}))];
    workspace.apply(&empty);
    workspace.assert_settled(&empty);
}
