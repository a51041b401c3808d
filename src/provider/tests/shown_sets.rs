//! Allocation sets in plans that may not write, and in plans that a client makes twice.

use std::time::Duration;

use super::holds::block;
use super::shown::{pair, reader_of};
use super::*;
use crate::ipam::Run;
use crate::provider::testing::{Action, UNKNOWN, Workspace, World, assert_only_error, config_of};

const SET: &str = "ipam_allocation_set.vpc";
const OTHER: &str = "ipam_allocation_set.other";
const WEB: &str = "ipam_allocation.web";

fn set(address: &'static str, name: &str, members: &[(&str, u8)]) -> (&'static str, Json) {
    let members: Json =
        members.iter().map(|(key, length)| ((*key).to_owned(), json!({"netmask_length": length}))).collect();
    (address, json!({"ipam_pool_id": "${ipam_pool.top.id}", "name": name, "members": members}))
}

fn small() -> (&'static str, Json) {
    ("ipam_pool.top", json!({"name": "top", "cidrs": ["10.0.0.0/23"]}))
}

/// Applies what `planner` plans, and checks that the plan writes nothing and the apply takes what it shows.
fn plan_and_apply(planner: &Workspace<'_>, writer: &mut Workspace<'_>, config: &[(&'static str, Json)]) -> String {
    let world = writer.world;
    let commits = world.memory.commits();
    let planned = planner.plan(config).unwrap();
    assert_eq!(world.memory.commits(), commits, "the plan has written");
    let shown = |attribute: &str| planned.get(SET, attribute);
    assert!(!shown("cidrs").contains(UNKNOWN) && !shown("ids").contains(UNKNOWN));
    writer.apply_plan(&planned).unwrap();
    world.assert_sound();
    for attribute in ["id", "ids", "cidrs"] {
        assert_eq!(writer.get(SET, attribute), shown(attribute));
    }
    writer.assert_settled(config);
    shown("cidrs")
}

/// A plan that may not write: of a reader, or one that holds nothing.
fn planner_for<'w>(world: &'w World, writer: &Workspace<'w>, plan_hold: Duration) -> Workspace<'w> {
    if plan_hold.is_zero() { Workspace { plan_hold, ..writer.clone() } } else { reader_of(world, writer) }
}

#[test]
fn a_plan_that_may_not_write_shows_the_members_that_the_apply_takes() {
    for plan_hold in [Duration::from_hours(1), Duration::ZERO] {
        let world = World::new();
        let (_, mut writer) = pair(&world);
        writer.apply(&[top()]);
        let web = || block(WEB, "web", json!({"netmask_length": 24}));
        let config = [top(), web(), set(SET, "vpc", &[("a", 24), ("b", 24), ("c", 26)])];
        let blocks = plan_and_apply(&planner_for(&world, &writer, plan_hold), &mut writer, &config);
        assert_eq!(blocks, r#"{"a":"10.0.1.0/24","b":"10.0.2.0/24","c":"10.0.3.0/26"}"#);
        // One member grows in place, one moves, one goes and one comes.
        let config = [top(), web(), set(SET, "vpc", &[("b", 23), ("c", 24), ("d", 24)])];
        let blocks = plan_and_apply(&planner_for(&world, &writer, plan_hold), &mut writer, &config);
        assert_eq!(blocks, r#"{"b":"10.0.4.0/23","c":"10.0.3.0/24","d":"10.0.6.0/24"}"#);
        writer.tainted.insert(SET.to_owned());
        let planned = planner_for(&world, &writer, plan_hold).plan(&config).unwrap();
        assert_eq!(planned.action(SET), Action::Replace);
        writer.apply_plan(&planned).unwrap();
        assert_eq!(writer.get(SET, "ids"), planned.get(SET, "ids"));
        writer.assert_settled(&config);
        world.assert_sound();
    }
}

#[test]
fn a_plan_that_may_not_write_shows_the_block_of_a_contiguous_set() {
    let world = World::new();
    let (_, mut writer) = pair(&world);
    writer.apply(&[top()]);
    let contiguous = |members: &[(&str, u8)]| (SET, with(&set(SET, "vpc", members).1, &json!({"contiguous": true})));
    let config = [top(), contiguous(&[("a", 24), ("b", 25)]), set(OTHER, "other", &[("x", 26)])];
    let planner = reader_of(&world, &writer);
    assert_eq!(plan_and_apply(&planner, &mut writer, &config), r#"{"a":"10.0.0.0/24","b":"10.0.1.0/25"}"#);
    assert_eq!(writer.get(OTHER, "cidrs"), r#"{"x":"10.0.2.0/26"}"#, "outside the block");
    let config = [top(), contiguous(&[("a", 24), ("c", 24)]), set(OTHER, "other", &[("x", 26)])];
    let planner = reader_of(&world, &writer);
    let errors =
        planner.plan(&[top(), contiguous(&[("a", 23), ("b", 25)]), set(OTHER, "other", &[("x", 26)])]).unwrap_err();
    assert_only_error(&errors, "members[\"a\"]", &["no room for a /23"]);
    assert_eq!(plan_and_apply(&planner, &mut writer, &config), r#"{"a":"10.0.0.0/24","c":"10.0.1.0/24"}"#);
    assert_eq!(writer.get(SET, "cidr"), "10.0.0.0/23");
}

#[test]
fn a_block_of_a_member_that_was_taken_since_the_plan_is_an_error_on_the_member() {
    let world = World::new();
    let (_, mut writer) = pair(&world);
    writer.apply(&[top()]);
    let config = [top(), set(SET, "vpc", &[("a", 24), ("b", 24)])];
    let planned = reader_of(&world, &writer).plan(&config).unwrap();
    let taken = json!({"ipam_pool_id": writer.get("ipam_pool.top", "id"), "name": "x", "cidr": "10.0.1.0/25"});
    world.workspace("team/b").apply(&[("ipam_allocation.x", taken)]);
    let commits = world.memory.commits();
    let errors = writer.apply_plan(&planned).unwrap_err();
    assert_only_error(&errors, "members[\"b\"]", &["10.0.1.0/24", "team/b", "plan again"]);
    assert_eq!(world.memory.commits(), commits);
    let config = [top(), set(SET, "vpc", &[("a", 24)])];
    writer.apply(&config);
    let grown = [top(), set(SET, "vpc", &[("a", 23)])];
    let planned = reader_of(&world, &writer).plan(&grown);
    assert_eq!(planned.unwrap().get(SET, "cidrs"), r#"{"a":"10.0.2.0/23"}"#, "it moves");
}

#[test]
fn space_that_a_member_was_to_grow_into_and_that_was_taken_since_is_an_error_on_the_member() {
    let world = World::new();
    let (_, mut writer) = pair(&world);
    writer.apply(&[top(), set(SET, "vpc", &[("a", 24)])]);
    let planned = reader_of(&world, &writer).plan(&[top(), set(SET, "vpc", &[("a", 23)])]).unwrap();
    assert_eq!(planned.get(SET, "cidrs"), r#"{"a":"10.0.0.0/23"}"#);
    let taken = json!({"ipam_pool_id": writer.get("ipam_pool.top", "id"), "name": "x", "cidr": "10.0.1.0/24"});
    world.workspace("team/b").apply(&[("ipam_allocation.x", taken)]);
    let commits = world.memory.commits();
    let errors = writer.apply_plan(&planned).unwrap_err();
    assert_only_error(&errors, "members[\"a\"]", &["10.0.0.0/23", "team/b"]);
    assert_eq!(world.memory.commits(), commits);
}

#[test]
fn sets_of_one_plan_that_holds_nothing_see_each_other() {
    let world = World::new();
    let (_, mut writer) = pair(&world);
    writer.carries_private = false;
    writer.apply(&[small()]);
    writer.plan_hold = Duration::ZERO;
    let web = |length: u8| block(WEB, "web", json!({"netmask_length": length}));
    let first = || set(SET, "vpc", &[("a", 24)]);
    let refused = [
        vec![small(), first(), set(OTHER, "other", &[("b", 24), ("c", 25)])],
        vec![small(), first(), web(24), set(OTHER, "other", &[("c", 25)])],
    ];
    for config in refused {
        for planner in [reader_of(&world, &writer), writer.clone()] {
            let errors = planner.plan(&config).unwrap_err();
            assert_only_error(&errors, "members[\"c\"]", &["no free /25"]);
        }
    }
    let same = [small(), first(), set(OTHER, "vpc", &[("a", 25)])];
    assert_only_error(&writer.plan(&same).unwrap_err(), "members[\"a\"]", &["vpc/a"]);
    let fits = [small(), set(OTHER, "other", &[("c", 25)]), web(25), first()];
    writer.apply(&fits);
    writer.destroy();
    world.assert_sound();
}

/// Terraform 1.17 with `-minimal-refresh` plans an object, refreshes it, and plans it again in the same walk. A tainted
/// object is planned without its state.
#[test]
fn a_tainted_object_that_is_planned_twice_in_one_walk_is_the_same_object() {
    let mut world = World::new();
    world.run = Some(Run { process: "plan".to_owned(), ..Run::default() });
    let (_, mut writer) = pair(&world);
    let region = (
        "ipam_pool.region",
        json!({"name": "region", "source_ipam_pool_id": "${ipam_pool.top.id}", "netmask_length": 20}),
    );
    let present = [top(), region, block(WEB, "web", json!({"netmask_length": 26})), set(SET, "vpc", &[("a", 26)])];
    writer.apply(&present);
    for carries_private in [true, false] {
        writer.carries_private = carries_private;
        for planner in [reader_of(&world, &writer), writer.clone()] {
            for (address, arguments) in &present[1..] {
                let process = planner.process();
                let objects = planner.state.iter().map(|(at, state)| (at.clone(), state.value.clone())).collect();
                let config = config_of(process.resource(address), arguments, &objects);
                let state = &planner.state[*address].value;
                process.upgrade(address, state);
                let once = process.ask_new(address, &config).unwrap();
                process.resource(address).read(state).unwrap();
                let again = process.ask_new(address, &config).unwrap();
                assert_eq!(once.planned, again.planned, "{address}");
                let errors = process.ask_new(address, &config).unwrap_err();
                assert!(errors.join("").contains("uplicate name"), "{address}: {errors:#?}");
            }
        }
    }
    world.assert_sound();
}

#[test]
fn a_change_of_a_set_that_is_planned_twice_in_one_walk_is_the_same_change() {
    let world = World::new();
    let (_, mut writer) = pair(&world);
    writer.apply(&[top(), set(SET, "vpc", &[("a", 26)])]);
    for planner in [reader_of(&world, &writer), writer.clone()] {
        let process = planner.process();
        let objects = planner.state.iter().map(|(at, state)| (at.clone(), state.value.clone())).collect();
        let (_, arguments) = set(SET, "vpc", &[("a", 26), ("b", 26)]);
        let config = config_of(process.resource(SET), &arguments, &objects);
        let once = process.ask_unrefreshed(SET, &planner.state[SET], &config).unwrap();
        process.resource(SET).read(&planner.state[SET].value).unwrap();
        let again = process.ask_unrefreshed(SET, &planner.state[SET], &config).unwrap();
        assert_eq!(once.planned, again.planned);
    }
}
