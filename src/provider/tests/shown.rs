//! Plans that may not write, for clients that carry planned private data (Terraform 1.16 and later): what they show is
//! what the apply takes.

use std::time::Duration;

use super::holds::{block, read_only};
use super::*;
use crate::ipam::Run;
use crate::provider::testing::{Action, Planned, UNKNOWN, Workspace, World, assert_only_error};
use crate::tf::Private;

const WEB: &str = "ipam_allocation.web";
const DB: &str = "ipam_allocation.db";

/// A tree in which every new block is placed by size.
fn tree() -> Vec<(&'static str, Json)> {
    let inside =
        |name: &str, more: Json| with(&json!({"name": name, "source_ipam_pool_id": "${ipam_pool.top.id}"}), &more);
    let allocation = |name: &str, pool: &str| json!({"name": name, "ipam_pool_id": pool, "netmask_length": 24});
    vec![
        ("ipam_scope.lab", json!({"name": "lab"})),
        ("ipam_pool.top", json!({"name": "top", "ipam_scope_id": "${ipam_scope.lab.id}", "cidrs": ["10.0.0.0/8"]})),
        ("ipam_pool.region", inside("region", json!({"netmask_length": 16}))),
        ("ipam_pool.extra", inside("extra", json!({}))),
        ("ipam_pool_cidr.more", json!({"ipam_pool_id": "${ipam_pool.extra.id}", "name": "more", "netmask_length": 20})),
        (WEB, allocation("web", "${ipam_pool.region.id}")),
        (DB, allocation("db", "${ipam_pool.region.id}")),
        ("ipam_allocation.far", allocation("far", "${ipam_pool.extra.id}")),
    ]
}

/// The IDs and blocks that a plan shows, or a state has.
fn places(config: &[(&'static str, Json)], get: impl Fn(&str, &str) -> String) -> Vec<(&'static str, String, String)> {
    let place = |address: &'static str| {
        let block = match address.split_once('.').unwrap().0 {
            "ipam_scope" => String::new(),
            "ipam_pool" => get(address, "cidrs"),
            _ => get(address, "cidr"),
        };
        (address, get(address, "id"), block)
    };
    config.iter().map(|(address, _)| place(address)).collect()
}

fn shown(config: &[(&'static str, Json)], planned: &Planned) -> Vec<(&'static str, String, String)> {
    places(config, |address, attribute| planned.get(address, attribute))
}

fn blocks(config: &[(&'static str, Json)], planned: &Planned) -> Vec<String> {
    shown(config, planned).into_iter().map(|(_, _, block)| block).collect()
}

/// Two users of one configuration: one plans and may only read the store, the other one applies.
pub(super) fn pair(world: &World) -> (Workspace<'_>, Workspace<'_>) {
    let mut writer = world.workspace("team/a");
    writer.carries_private = true;
    (reader_of(world, &writer), writer)
}

pub(super) fn reader_of<'w>(world: &'w World, writer: &Workspace<'w>) -> Workspace<'w> {
    let mut reader = writer.clone();
    reader.store = Some(read_only(world));
    reader
}

/// Applies what `planner` plans, and checks that the apply takes what the plan shows. A plan writes nothing.
fn plan_and_apply(planner: &Workspace<'_>, writer: &mut Workspace<'_>, config: &[(&'static str, Json)]) -> Planned {
    let world = writer.world;
    let commits = world.memory.commits();
    let planned = planner.plan(config).unwrap();
    assert_eq!(world.memory.commits(), commits, "the plan has written");
    writer.apply_plan(&planned).unwrap();
    world.assert_sound();
    let taken = places(config, |address, attribute| writer.get(address, attribute));
    assert_eq!(shown(config, &planned), taken);
    writer.assert_settled(config);
    planned
}

#[test]
fn a_reader_sees_the_blocks_that_a_writer_would_see_and_the_apply_takes_them() {
    let (world, other) = (World::new(), World::new());
    let (reader, mut writer) = pair(&world);
    let expected = blocks(&tree(), &other.workspace("team/a").plan(&tree()).unwrap());
    let planned = plan_and_apply(&reader, &mut writer, &tree());
    assert_eq!(blocks(&tree(), &planned), expected);
    assert_eq!(expected[5..], ["10.0.0.0/24", "10.0.1.0/24", "10.1.0.0/24"]);
    assert_eq!(planned.warnings.len(), 1, "{:#?}", planned.warnings);
    assert!(planned.warnings[0].contains("not held") && planned.warnings[0].contains("no right to write"));
}

#[test]
fn plans_without_holds_show_a_whole_tree_that_the_apply_takes() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    (workspace.carries_private, workspace.plan_hold) = (true, Duration::ZERO);
    let planner = workspace.clone();
    let planned = plan_and_apply(&planner, &mut workspace, &tree());
    assert_eq!(planned.warnings, [""; 0]);
    assert_eq!(blocks(&tree(), &planned)[5..], ["10.0.0.0/24", "10.0.1.0/24", "10.1.0.0/24"]);
    workspace.destroy();
}

#[test]
fn a_block_that_was_taken_since_the_plan_is_an_error_at_the_size_and_nothing_is_written() {
    let extra = ("ipam_pool.extra", json!({"name": "extra", "source_ipam_pool_id": "${ipam_pool.top.id}"}));
    let inside = json!({"name": "new", "source_ipam_pool_id": "${ipam_pool.top.id}", "netmask_length": 24});
    let cidr = json!({"ipam_pool_id": "${ipam_pool.extra.id}", "name": "new", "netmask_length": 24});
    for new in
        [block(WEB, "web", json!({"netmask_length": 24})), ("ipam_pool.new", inside), ("ipam_pool_cidr.new", cidr)]
    {
        for plan_hold in [Duration::from_hours(1), Duration::ZERO] {
            let world = World::new();
            let (_, mut writer) = pair(&world);
            writer.plan_hold = plan_hold;
            let present = [top(), extra.clone()];
            writer.apply(&present);
            let planned =
                reader_of(&world, &writer).plan(&[&present[..], std::slice::from_ref(&new)].concat()).unwrap();
            let pool = writer.get("ipam_pool.top", "id");
            let taken = json!({"ipam_pool_id": pool, "name": "x", "cidr": "10.0.0.0/25"});
            world.workspace("team/b").apply(&[("ipam_allocation.x", taken)]);
            let commits = world.memory.commits();
            let errors = writer.apply_plan(&planned).unwrap_err();
            assert_only_error(&errors, "netmask_length", &["10.0.0.0/24", "team/b", "plan again"]);
            assert_eq!(world.memory.commits(), commits, "{new:?}");
            world.assert_sound();
        }
    }
}

#[test]
fn what_others_hold_since_the_plan_is_respected() {
    let world = World::new();
    let (_, mut writer) = pair(&world);
    writer.apply(&[top()]);
    let config = [top(), web(&json!({"netmask_length": 24}))];
    let planned = reader_of(&world, &writer).plan(&config).unwrap();
    let pool = writer.get("ipam_pool.top", "id");
    let other = world.workspace("team/b");
    let held =
        other.plan(&[("ipam_allocation.x", json!({"ipam_pool_id": pool, "name": "x", "netmask_length": 24}))]).unwrap();
    assert_eq!(held.get("ipam_allocation.x", "cidr"), planned.get(WEB, "cidr"));
    let errors = writer.apply_plan(&planned).unwrap_err();
    assert_only_error(&errors, "netmask_length", &["10.0.0.0/24", "team/b", "plan again"]);
    // The hold has expired, and the other plan was not applied.
    world.pass(Duration::from_hours(2));
    writer.apply_plan(&planned).unwrap();
    assert_eq!((writer.get(WEB, "cidr"), writer.get(WEB, "id")), (planned.get(WEB, "cidr"), planned.get(WEB, "id")));
    world.assert_sound();
}

#[test]
fn the_hold_of_a_newer_plan_of_the_same_configuration_gives_way() {
    let world = World::new();
    let (_, mut writer) = pair(&world);
    writer.apply(&[top()]);
    let config = [top(), web(&json!({"netmask_length": 24}))];
    let planned = reader_of(&world, &writer).plan(&config).unwrap();
    let newer = writer.plan(&config).unwrap();
    assert_ne!(newer.get(WEB, "id"), planned.get(WEB, "id"));
    writer.apply_plan(&planned).unwrap();
    assert_eq!(writer.get(WEB, "id"), planned.get(WEB, "id"));
    writer.assert_settled(&config);
    world.assert_sound();
}

#[test]
fn a_reader_finds_the_hold_of_an_earlier_plan() {
    let world = World::new();
    let (_, mut writer) = pair(&world);
    writer.apply(&[top()]);
    let config = [top(), web(&json!({"netmask_length": 24})), block(DB, "db", json!({"netmask_length": 24}))];
    let held = writer.plan(&config[..2]).unwrap();
    let reader = reader_of(&world, &writer);
    let planned = plan_and_apply(&reader, &mut writer, &config);
    assert_eq!((planned.get(WEB, "id"), planned.get(WEB, "cidr")), (held.get(WEB, "id"), held.get(WEB, "cidr")));
    assert_eq!(planned.get(DB, "cidr"), "10.0.1.0/24");
}

#[test]
fn a_new_object_keeps_off_the_space_that_another_one_grows_into() {
    let world = World::new();
    let (_, mut writer) = pair(&world);
    let small = ("ipam_pool.top", json!({"name": "top", "cidrs": ["10.0.0.0/22"]}));
    writer.apply(&[small, web(&json!({"netmask_length": 24}))]);
    let grown = [
        ("ipam_pool.top", json!({"name": "top", "cidrs": ["10.0.0.0/22", "172.16.0.0/12"]})),
        web(&json!({"netmask_length": 23})),
        block(DB, "db", json!({"netmask_length": 24})),
        block("ipam_allocation.new_space", "new", json!({"netmask_length": 12})),
    ];
    let reader = reader_of(&world, &writer);
    let planned = plan_and_apply(&reader, &mut writer, &grown);
    assert_eq!((planned.action(WEB), planned.get(WEB, "cidr").as_str()), (Action::Update, "10.0.0.0/23"));
    assert_eq!(planned.get(DB, "cidr"), "10.0.2.0/24");
    assert_eq!(planned.get("ipam_allocation.new_space", "cidr"), "172.16.0.0/12", "the space that the pool gets");
}

#[test]
fn space_to_grow_that_was_taken_since_the_plan_is_an_error_in_words() {
    let world = World::new();
    let (_, mut writer) = pair(&world);
    writer.apply(&[top(), web(&json!({"netmask_length": 24}))]);
    let planned = reader_of(&world, &writer).plan(&[top(), web(&json!({"netmask_length": 23}))]).unwrap();
    assert_eq!((planned.action(WEB), planned.get(WEB, "cidr").as_str()), (Action::Update, "10.0.0.0/23"));
    let pool = writer.get("ipam_pool.top", "id");
    let taken = json!({"ipam_pool_id": pool, "name": "x", "cidr": "10.0.1.0/24"});
    world.workspace("team/b").apply(&[("ipam_allocation.x", taken)]);
    let errors = writer.apply_plan(&planned).unwrap_err();
    assert_only_error(&errors, "netmask_length", &["10.0.0.0/23", "team/b", "Nothing was changed. Plan again"]);
    world.assert_sound();
}

#[test]
fn a_replacement_in_a_full_pool_gets_the_block_that_the_plan_showed() {
    let small = ("ipam_pool.top", json!({"name": "top", "cidrs": ["10.0.0.0/24"]}));
    for create_before_destroy in [false, true] {
        let world = World::new();
        let (_, mut writer) = pair(&world);
        writer.create_before_destroy = create_before_destroy;
        let config = [small.clone(), web(&json!({"netmask_length": 24}))];
        writer.apply(&config);
        writer.tainted.insert(WEB.to_owned());
        let before = writer.get(WEB, "id");
        let reader = reader_of(&world, &writer);
        let planned = plan_and_apply(&reader, &mut writer, &config);
        assert_eq!((planned.action(WEB), planned.get(WEB, "cidr").as_str()), (Action::Replace, "10.0.0.0/24"));
        assert_ne!(planned.get(WEB, "id"), before);
    }
}

#[test]
fn a_replacement_takes_the_space_that_the_same_apply_releases() {
    let small = ("ipam_pool.top", json!({"name": "top", "cidrs": ["10.0.0.0/23"]}));
    let world = World::new();
    let (_, mut writer) = pair(&world);
    let neighbour = block("ipam_allocation.next", "next", json!({"cidr": "10.0.1.128/25"}));
    let present = [block(DB, "db", json!({"netmask_length": 24})), web(&json!({"cidr": "10.0.1.0/25"}))];
    writer.apply(&[&[small.clone(), neighbour.clone()], &present[..]].concat());
    let config = [small, neighbour, web(&json!({"netmask_length": 24}))];
    let reader = reader_of(&world, &writer);
    let planned = plan_and_apply(&reader, &mut writer, &config);
    assert_eq!((planned.action(WEB), planned.get(WEB, "cidr").as_str()), (Action::Replace, "10.0.0.0/24"));
}

/// Terraform 1.17 with `-minimal-refresh` plans an object, refreshes it, and plans it again in the same walk.
#[test]
fn a_replacement_that_is_planned_twice_in_one_walk_gets_one_block() {
    let small = ("ipam_pool.top", json!({"name": "top", "cidrs": ["10.0.0.0/24"]}));
    let mut world = World::new();
    world.run = Some(Run { process: "plan".to_owned(), ..Run::default() });
    let (_, mut writer) = pair(&world);
    let present = [small, block(DB, "db", json!({"netmask_length": 26})), web(&json!({"netmask_length": 26}))];
    writer.apply(&present);
    for planner in [reader_of(&world, &writer), writer.clone()] {
        let process = planner.process();
        let larger = json!({"ipam_pool_id": writer.get("ipam_pool.top", "id"), "name": "web", "netmask_length": 25});
        let config = crate::provider::testing::config_of(process.resource(WEB), &larger, &[].into());
        let plan_both_halves = || {
            let first = process.ask_unrefreshed(WEB, &planner.state[WEB], &config).unwrap();
            assert!(!first.replace.is_empty());
            process.ask_replacement(WEB, &config, first.private).unwrap()
        };
        let (once, again) = (plan_both_halves(), plan_both_halves());
        assert_eq!(once.planned, again.planned);
        assert_eq!(once.private, again.private);
        // Another resource with that name is still an error.
        let errors = process.ask_new("ipam_allocation.other", &config).unwrap_err();
        assert_only_error(&errors, "name", &["\"web\""]);
    }
    world.assert_sound();
}

#[test]
fn an_apply_that_was_interrupted_is_applied_again_from_the_same_plan() {
    let world = World::new();
    let (reader, mut writer) = pair(&world);
    writer.ends_in_order = false;
    let planned = reader.plan(&tree()).unwrap();
    let mut again = writer.clone();
    writer.apply_plan(&planned).unwrap();
    // The state was not written.
    again.apply_plan(&planned).unwrap();
    assert_eq!(shown(&tree(), &planned), places(&tree(), |address, attribute| again.get(address, attribute)));
    world.assert_sound();
}

#[test]
fn a_reader_cannot_apply_what_he_has_planned() {
    let world = World::new();
    let (_, mut writer) = pair(&world);
    writer.apply(&[top()]);
    let mut reader = reader_of(&world, &writer);
    let planned = reader.plan(&[top(), web(&json!({"netmask_length": 24}))]).unwrap();
    let errors = reader.apply_plan(&planned).unwrap_err();
    assert!(errors.len() == 1 && errors[0].contains("read-only"), "{errors:#?}");
}

#[test]
fn a_plan_file_that_was_changed_takes_nothing_that_the_configuration_does_not_ask_for() {
    let world = World::new();
    let (_, mut writer) = pair(&world);
    let present = [top(), block(DB, "db", json!({"netmask_length": 24}))];
    writer.apply(&present);
    let (db, pool) = (writer.get(DB, "id"), writer.get("ipam_pool.top", "id"));
    let taken = json!({"ipam_pool_id": pool, "name": "x", "netmask_length": 24});
    let mut other = world.workspace("team/b");
    other.apply(&[("ipam_allocation.x", taken)]);
    let theirs = other.get("ipam_allocation.x", "id");
    let config = [&present[..], &[web(&json!({"netmask_length": 24}))]].concat();
    let planned = reader_of(&world, &writer).plan(&config).unwrap();
    let id = planned.get(WEB, "id");
    let free = "10.0.9.0/24";
    for shown in [
        json!({"version": 1, "id": db, "cidr": free}),
        json!({"version": 1, "id": theirs, "cidr": free}),
        json!({"version": 1, "id": pool, "cidr": free}),
        json!({"version": 1, "id": id, "cidr": "10.0.16.0/20"}),
        json!({"version": 1, "id": id, "cidr": "192.168.0.0/24"}),
        json!({"version": 1, "id": id, "cidr": "2001:db8::/24"}),
        json!({"version": 1, "id": id, "cidr": "10.0.1.0/24", "waits_for": [{"id": theirs}], "replaces": theirs, "in_place": true}),
        json!({"version": 2, "id": id, "cidr": free}),
        json!("10.0.9.0/24"),
    ] {
        let commits = world.memory.commits();
        let errors =
            writer.process().ask_second(&planned, WEB, &Private::from_iter([("shown".to_owned(), shown.clone())]));
        let errors = errors.map(|response| response.planned).unwrap_err();
        assert_eq!(errors.len(), 1, "{shown}: {errors:#?}");
        assert_eq!(world.memory.commits(), commits, "{shown}");
    }
    world.assert_sound();
    writer.apply_plan(&planned).unwrap();
    writer.assert_settled(&config);
}

/// Only the first write gives the default scopes their IDs.
#[test]
fn on_a_store_that_was_never_written_the_default_scope_is_known_after_apply() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    (workspace.carries_private, workspace.plan_hold) = (true, Duration::ZERO);
    let config = [top(), web(&json!({"netmask_length": 24}))];
    let planned = workspace.plan(&config).unwrap();
    assert_eq!((planned.get("ipam_pool.top", "id").as_str(), planned.get(WEB, "cidr").as_str()), (UNKNOWN, UNKNOWN));
    workspace.apply_plan(&planned).unwrap();
    workspace.assert_settled(&config);
    world.assert_sound();
}

#[test]
fn a_reader_sees_the_object_that_an_interrupted_apply_left_and_the_apply_adopts_it() {
    let world = World::new();
    let (_, mut writer) = pair(&world);
    writer.apply(&[top()]);
    let config = [top(), web(&json!({"netmask_length": 24}))];
    let mut killed = writer.clone();
    killed.ends_in_order = false;
    let lost = killed.plan(&config).unwrap();
    killed.apply_plan(&lost).unwrap();
    let planned = reader_of(&world, &writer).plan(&config).unwrap();
    assert_eq!((planned.get(WEB, "id"), planned.get(WEB, "cidr")), (lost.get(WEB, "id"), lost.get(WEB, "cidr")));
    assert!(planned.warnings.iter().any(|warning| warning.contains("already exists")), "{:#?}", planned.warnings);
    writer.apply_plan(&planned).unwrap();
    assert_eq!(writer.get(WEB, "id"), planned.get(WEB, "id"));
    writer.assert_settled(&config);
    world.assert_sound();
}
