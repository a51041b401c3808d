//! Allocation sets during the life of a configuration.

use super::*;
use crate::provider::testing::{Action, UNKNOWN, World, assert_only_error};

const SET: &str = "ipam_allocation_set.vpc";

fn set(members: Json) -> (&'static str, Json) {
    (SET, json!({"ipam_pool_id": "${ipam_pool.top.id}", "name": "vpc", "members": members}))
}

fn small() -> (&'static str, Json) {
    ("ipam_pool.top", json!({"name": "top", "cidrs": ["10.0.0.0/23"]}))
}

fn lengths(members: &[(&str, u8)]) -> Json {
    members.iter().map(|(key, length)| ((*key).to_owned(), json!({"netmask_length": length}))).collect()
}

#[test]
fn members_change_and_the_others_keep_their_blocks() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&[top(), set(lengths(&[("a", 24), ("b", 24), ("c", 26)]))]);
    assert_eq!(workspace.get(SET, "cidrs"), r#"{"a":"10.0.0.0/24","b":"10.0.1.0/24","c":"10.0.2.0/26"}"#);
    let planned = workspace.apply(&[top(), set(lengths(&[("a", 25), ("c", 25), ("d", 24)]))]);
    assert_eq!(planned.action(SET), Action::Update);
    assert_eq!(workspace.get(SET, "cidrs"), r#"{"a":"10.0.0.0/25","c":"10.0.2.0/25","d":"10.0.3.0/24"}"#);
    workspace.apply(&[top(), (SET, with(&set(lengths(&[("a", 25)])).1, &json!({"name": "net"})))]);
    assert_eq!(workspace.get(SET, "cidrs"), r#"{"a":"10.0.0.0/25"}"#);
    workspace.destroy();
    world.assert_sound();
}

#[test]
fn an_error_is_on_the_member_and_nothing_is_held() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&[small()]);
    let commits = world.memory.commits();
    let errors = workspace.plan(&[small(), set(lengths(&[("a", 24), ("b", 24), ("web", 25)]))]).unwrap_err();
    assert_only_error(&errors, "members[\"web\"]", &["no free /25"]);
    assert_eq!(world.memory.commits(), commits);
}

#[test]
fn a_second_set_that_asks_for_the_same_members_is_refused() {
    let world = World::new();
    let workspace = world.workspace("team/a");
    let other = (
        "ipam_allocation.web",
        json!({"ipam_pool_id": "${ipam_pool.top.id}", "name": "vpc/web", "cidr": "10.9.0.0/24"}),
    );
    let errors = workspace.plan(&[top(), set(lengths(&[("web", 24)])), other]).unwrap_err();
    assert!(errors.join("\n").contains("vpc/web"), "{errors:#?}");
}

#[test]
fn members_that_are_unknown_are_decided_by_the_apply() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let known = |length: u8| [top(), set(lengths(&[("a", length), ("b", 24)]))];
    let unknown = [top(), set(json!(UNKNOWN))];
    let mut planned = workspace.plan(&unknown).unwrap();
    assert_eq!(planned.get(SET, "cidrs"), UNKNOWN);
    planned.become_known(SET, &known(25)[1].1);
    workspace.apply_plan(&planned).unwrap();
    workspace.assert_settled(&known(25));
    assert_eq!(workspace.get(SET, "cidrs"), r#"{"a":"10.0.1.0/25","b":"10.0.0.0/24"}"#);
    let mut planned = workspace.plan(&unknown).unwrap();
    assert_eq!((planned.action(SET), planned.get(SET, "cidrs").as_str()), (Action::Update, UNKNOWN));
    planned.become_known(SET, &known(24)[1].1);
    workspace.apply_plan(&planned).unwrap();
    workspace.assert_settled(&known(24));
    assert_eq!(workspace.get(SET, "cidrs"), r#"{"a":"10.0.1.0/24","b":"10.0.0.0/24"}"#);
}

#[test]
fn without_holds_a_set_is_checked_in_the_plan_and_placed_by_the_apply() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&[small()]);
    workspace.plan_hold = std::time::Duration::ZERO;
    let commits = world.memory.commits();
    let errors = workspace.plan(&[small(), set(lengths(&[("a", 24), ("b", 24), ("web", 25)]))]).unwrap_err();
    assert_only_error(&errors, "members[\"web\"]", &["no free /25"]);
    let planned = workspace.plan(&[small(), set(lengths(&[("a", 24), ("b", 25)]))]).unwrap();
    assert_eq!(planned.get(SET, "cidrs"), UNKNOWN);
    assert_eq!(world.memory.commits(), commits);
    workspace.apply_plan(&planned).unwrap();
    workspace.apply(&[small(), set(lengths(&[("a", 24), ("b", 24)]))]);
    assert_eq!(workspace.get(SET, "cidrs"), r#"{"a":"10.0.0.0/24","b":"10.0.1.0/24"}"#);
    workspace.destroy();
}

#[test]
fn space_that_another_resource_gives_up_is_taken_in_the_same_apply() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let web = |length: u8| {
        ("ipam_allocation.web", json!({"ipam_pool_id": "${ipam_pool.top.id}", "name": "web", "netmask_length": length}))
    };
    workspace.apply(&[small(), web(24)]);
    let planned = workspace.apply(&[small(), set(lengths(&[("a", 24), ("b", 24)]))]);
    assert_eq!((planned.action(SET), planned.action("ipam_allocation.web")), (Action::Create, Action::Delete));
    assert_eq!(workspace.get(SET, "cidrs"), r#"{"a":"10.0.1.0/24","b":"10.0.0.0/24"}"#);
}

#[test]
fn a_member_that_is_kept_becomes_an_allocation_of_its_own_and_comes_back() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let keeping = |members: &[(&str, u8)]| (SET, with(&set(lengths(members)).1, &json!({"removed_members": "keep"})));
    workspace.apply(&[top(), keeping(&[("a", 24), ("b", 24)])]);
    workspace.apply(&[top(), keeping(&[("a", 24)])]);
    workspace.import("ipam_allocation.b", "top/vpc/b").unwrap();
    let b = |name: &str| {
        ("ipam_allocation.b", json!({"ipam_pool_id": "${ipam_pool.top.id}", "name": name, "netmask_length": 24}))
    };
    workspace.apply(&[top(), keeping(&[("a", 24)]), b("own")]);
    assert_eq!(workspace.get("ipam_allocation.b", "cidr"), "10.0.1.0/24");
    workspace.state.remove("ipam_allocation.b");
    workspace.state.remove(SET);
    workspace.import(SET, "top/vpc b=10.0.1.0/24").unwrap();
    assert_eq!(workspace.get(SET, "imported_names"), r#"{"b":"own"}"#);
    let planned = workspace.apply(&[top(), keeping(&[("a", 24), ("b", 24)])]);
    assert_eq!((planned.action(SET), workspace.get(SET, "imported_names").as_str()), (Action::Update, "{}"));
    assert_eq!(workspace.get(SET, "cidrs"), r#"{"a":"10.0.0.0/24","b":"10.0.1.0/24"}"#);
    let found = world.ipam("team/a", None).find_allocation(&workspace.get("ipam_pool.top", "id"), "vpc/b").unwrap();
    assert_eq!(found.unwrap().cidr.to_string(), "10.0.1.0/24");
}

#[test]
fn a_member_that_is_gone_is_made_again_and_the_others_stay() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let config = [top(), set(lengths(&[("a", 24), ("b", 24), ("c", 24)]))];
    workspace.apply(&config);
    let pool = workspace.get("ipam_pool.top", "id");
    let ipam = world.ipam("team/b", None);
    let gone = ipam.find_allocation(&pool, "vpc/b").unwrap().unwrap();
    ipam.delete_allocation(&gone.meta.id).unwrap();
    ipam.create_allocation(
        &crate::ipam::AllocationSpec::new(pool, "other", crate::ipam::Size::Cidr("10.0.1.0/24".parse().unwrap())),
        &crate::backend::Planned::Unknown,
    )
    .unwrap();
    let planned = workspace.apply(&config);
    assert_eq!(planned.action(SET), Action::Update);
    assert_eq!(workspace.get(SET, "cidrs"), r#"{"a":"10.0.0.0/24","b":"10.0.3.0/24","c":"10.0.2.0/24"}"#);
}

#[test]
fn drift_of_one_member_is_shown_and_repaired() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let config = [top(), set(lengths(&[("a", 24), ("b", 24)]))];
    workspace.apply(&config);
    let ipam = world.ipam("team/b", None);
    let member = ipam.find_allocation(&workspace.get("ipam_pool.top", "id"), "vpc/b").unwrap().unwrap();
    let change = crate::backend::AllocationChange {
        name: "renamed".into(),
        description: Some("x".into()),
        tags: [].into(),
        disallowed_cidrs: [].into(),
        size: crate::ipam::Size::NetmaskLength(25),
        lifetime: crate::ipam::Lifetime::default(),
    };
    ipam.update_allocation(&member.meta.id, &change).unwrap();
    let planned = workspace.plan(&config).unwrap();
    assert_eq!(planned.action(SET), Action::Update);
    workspace.apply(&config);
    let member = ipam.get_allocation(&member.meta.id).unwrap().unwrap();
    assert_eq!((member.meta.name.as_str(), member.description), ("vpc/b", None));
    assert_eq!(member.cidr.to_string(), "10.0.1.0/24");
}

fn contiguous(members: &[(&str, u8)]) -> (&'static str, Json) {
    (SET, with(&set(lengths(members)).1, &json!({"contiguous": true})))
}

#[test]
fn a_contiguous_set_shows_its_block_grows_in_place_and_is_read_and_imported() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let first = [top(), contiguous(&[("a", 24), ("b", 25)])];
    let planned = workspace.apply(&first);
    assert_eq!(planned.get(SET, "cidr"), "10.0.0.0/23");
    let grown = [top(), contiguous(&[("a", 24), ("b", 25), ("c", 24)])];
    workspace.apply(&grown);
    assert_eq!(workspace.get(SET, "cidr"), "10.0.0.0/22");
    assert_eq!(workspace.get(SET, "cidrs"), r#"{"a":"10.0.0.0/24","b":"10.0.1.0/25","c":"10.0.2.0/24"}"#);
    workspace.state.remove(SET);
    workspace.import(SET, "top/vpc").unwrap();
    assert_eq!(
        (workspace.get(SET, "contiguous").as_str(), workspace.get(SET, "cidr").as_str()),
        ("true", "10.0.0.0/22")
    );
    workspace.assert_settled(&grown);
    let planned = workspace.apply(&[top(), set(lengths(&[("a", 24)]))]);
    assert_eq!((planned.action(SET), workspace.get(SET, "cidr").as_str()), (Action::Replace, "null"));
    workspace.destroy();
    world.assert_sound();
}

#[test]
fn a_contiguous_set_that_cannot_grow_is_an_error_on_the_member_unless_the_space_is_given_up() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let other = (
        "ipam_allocation.other",
        json!({"ipam_pool_id": "${ipam_pool.top.id}", "name": "other", "cidr": "10.0.0.192/26"}),
    );
    workspace.apply(&[small(), contiguous(&[("a", 26), ("b", 26)]), other.clone()]);
    let commits = world.memory.commits();
    let more = contiguous(&[("a", 26), ("b", 26), ("c", 27)]);
    let errors = workspace.plan(&[small(), more.clone(), other]).unwrap_err();
    assert_only_error(&errors, "members[\"c\"]", &["no room for a /27", "10.0.0.0/25", "top/other", "never moves"]);
    assert_eq!(world.memory.commits(), commits);
    workspace.apply(&[small(), more]);
    assert_eq!(
        (workspace.get(SET, "cidr").as_str(), workspace.get(SET, "cidrs").as_str()),
        ("10.0.0.0/24", r#"{"a":"10.0.0.0/26","b":"10.0.0.64/26","c":"10.0.0.128/27"}"#)
    );
}

#[test]
fn a_contiguous_set_is_decided_by_the_apply_where_the_plan_does_not_know_it() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let unknown = |attribute: &str| {
        let known = contiguous(&[("a", 24), ("b", 25)]).1;
        [top(), (SET, with(&known, &json!({ attribute: UNKNOWN })))]
    };
    for attribute in ["members", "contiguous"] {
        let mut planned = workspace.plan(&unknown(attribute)).unwrap();
        assert_eq!((planned.get(SET, "cidr").as_str(), planned.get(SET, "cidrs").as_str()), (UNKNOWN, UNKNOWN));
        let known = [top(), contiguous(&[("a", 24), ("b", 25)])];
        planned.become_known(SET, &known[1].1);
        workspace.apply_plan(&planned).unwrap();
        workspace.assert_settled(&known);
        assert_eq!(workspace.get(SET, "cidr").rsplit('/').next(), Some("23"));
        workspace.apply(&[top()]);
    }
}

#[test]
fn a_contiguous_set_that_keeps_its_members_when_it_goes_no_longer_keeps_the_block() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let keeping = with(&contiguous(&[("a", 24), ("b", 25)]).1, &json!({"removed_members": "keep"}));
    workspace.apply(&[small(), (SET, keeping)]);
    workspace.apply(&[small()]);
    let free = (
        "ipam_allocation.free",
        json!({"ipam_pool_id": "${ipam_pool.top.id}", "name": "free", "cidr": "10.0.1.128/25"}),
    );
    workspace.apply(&[small(), free]);
    world.assert_sound();
}

#[test]
fn a_contiguous_set_that_is_replaced_in_a_full_pool_gets_its_block_again() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let config = [small(), contiguous(&[("a", 24), ("b", 25)])];
    workspace.apply(&config);
    workspace.tainted.insert(SET.to_owned());
    let planned = workspace.apply(&config);
    assert_eq!((planned.action(SET), workspace.get(SET, "cidr").as_str()), (Action::Replace, "10.0.0.0/23"));
    let planned = workspace.apply(&[small(), set(lengths(&[("a", 24), ("c", 25)]))]);
    assert_eq!(planned.action(SET), Action::Replace);
    world.assert_sound();
}

#[test]
fn a_state_that_was_written_before_there_were_contiguous_sets_is_read() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let config = [top(), set(lengths(&[("a", 24)]))];
    workspace.apply(&config);
    let crate::tf::Value::Map(state) = &mut workspace.state.get_mut(SET).unwrap().value else { panic!() };
    for name in ["contiguous", "cidr"] {
        state.insert(name.to_owned(), crate::tf::Value::Null);
    }
    assert!(workspace.plan(&config).unwrap().is_empty());
}
