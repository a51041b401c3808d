//! A size next to the block that has this size, as in the configuration that Terraform generates for an import.

use super::*;
use crate::provider::testing::{Action, World, assert_only_error, to_json};

const WEB: &str = "ipam_allocation.web";
const POOL: &str = "ipam_pool.eu";
const CIDR: &str = "ipam_pool_cidr.more";

/// Address, resources that must exist before, the other arguments, the argument for the block, and a block.
type SizedKind = (&'static str, Vec<(&'static str, Json)>, Json, &'static str, Json);

fn kinds() -> [SizedKind; 3] {
    let below = json!({"name": "eu", "source_ipam_pool_id": "${ipam_pool.top.id}"});
    let block = json!({"ipam_pool_id": "${ipam_pool.top.id}", "name": "web"});
    let more = json!({"ipam_pool_id": "${ipam_pool.eu.id}", "name": "more"});
    [
        (WEB, vec![top()], block, "cidr", json!("10.64.0.0/16")),
        (CIDR, vec![top(), (POOL, below.clone())], more, "cidr", json!("10.64.0.0/16")),
        (POOL, vec![top()], below, "cidrs", json!(["10.64.0.0/16"])),
    ]
}

#[test]
fn a_block_and_its_size_and_both_together_mean_the_same() {
    for (address, before, base, named, block) in kinds() {
        let by_block = with(&base, &json!({named: block}));
        let by_size = with(&base, &json!({"netmask_length": 16}));
        let by_both = with(&by_block, &json!({"netmask_length": 16}));
        let config = |one: &Json| before.iter().cloned().chain([(address, one.clone())]).collect::<Vec<_>>();
        // First the block, then only the size: the block must not have been chosen by its size.
        for ways in [[&by_both, &by_size, &by_block], [&by_block, &by_both, &by_size], [&by_both, &by_block, &by_size]]
        {
            let world = World::new();
            let mut workspace = world.workspace("team/a");
            let planned = workspace.apply(&config(ways[0]));
            assert!(planned.get(address, named).contains("10.64.0.0/16"), "{address} {planned:#?}");
            let id = workspace.get(address, "id");
            for way in ways.into_iter().chain([ways[0], ways[2], ways[1], ways[0]]) {
                let planned = workspace.apply(&config(way));
                let action = planned.action(address);
                let is_word = address == POOL && action == Action::Update;
                assert!(action == Action::NoOp || is_word, "{address}: {action:?} {:#?}", planned.step(address));
                assert!(workspace.get(address, named).contains("10.64.0.0/16"), "{address}");
                assert_eq!(workspace.get(address, "id"), id, "{address}");
                workspace.assert_settled(&config(way));
            }
            world.assert_sound();
        }
    }
}

/// If both are given, the size belongs to the block: a new block means that block, and not any block of its size.
#[test]
fn the_block_takes_precedence_over_its_size() {
    for (address, before, base, named, _) in kinds() {
        let config = |block: &str, length: u8| {
            let block = if named == "cidrs" { json!([block]) } else { json!(block) };
            let both = with(&base, &json!({named: block, "netmask_length": length}));
            before.iter().cloned().chain([(address, both)]).collect::<Vec<_>>()
        };
        let world = World::new();
        let mut workspace = world.workspace("team/a");
        for (block, length) in [("10.64.0.0/16", 16), ("10.96.0.0/16", 16), ("10.128.0.0/17", 17), ("10.96.0.0/16", 16)]
        {
            workspace.apply(&config(block, length));
            assert!(workspace.get(address, named).contains(block), "{address} {block}");
            assert_eq!(workspace.get(address, "netmask_length"), length.to_string(), "{address}");
            workspace.assert_settled(&config(block, length));
        }
        world.assert_sound();
        let errors = workspace.plan(&config("10.96.0.0/16", 17)).unwrap_err();
        assert_only_error(&errors, "netmask_length", &["10.96.0.0/16", "17"]);
    }
}

#[test]
fn a_top_level_pool_may_name_the_size_of_its_only_block() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let config = [("ipam_pool.top", with(&top().1, &json!({"netmask_length": 8})))];
    workspace.apply(&config);
    workspace.assert_settled(&config);
    let errors = workspace.plan(&[("ipam_pool.top", json!({"name": "x", "netmask_length": 8}))]).unwrap_err();
    assert_only_error(&errors, "netmask_length", &["needs explicit CIDRs"]);
}

/// The output of `terraform plan -generate-config-out`: every argument that the state has.
#[test]
fn the_plan_of_the_configuration_generated_for_an_import_is_empty() {
    for case in super::rules::cases() {
        let world = World::new();
        let mut workspace = world.workspace("team/a");
        workspace.apply(&case.config());
        let id = workspace.get(case.address, "id");
        let mut other = world.workspace("team/a");
        other.import(case.address, &id).unwrap();
        let schema = other.process().resource(case.address).schema();
        let arguments = schema.block.attributes.iter().filter(|attribute| !attribute.is_computed_only());
        let written = arguments
            .map(|attribute| (attribute.name.to_owned(), to_json(other.value(case.address).entry(attribute.name))));
        let config = [(case.address, Json::Object(written.filter(|(_, value)| !value.is_null()).collect()))];
        let planned = other.plan(&config).unwrap_or_else(|errors| panic!("{config:#?} {errors:#?}"));
        assert_eq!(planned.action(case.address), Action::NoOp, "{config:#?} {:#?}", planned.step(case.address));
    }
}

/// An import sets `disallowed_cidrs` next to the block that avoids them.
#[test]
fn a_block_next_to_blocks_to_avoid_must_not_overlap_them() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let config = |cidr: &str| [top(), web(&json!({"cidr": cidr, "disallowed_cidrs": ["10.0.1.0/24"]}))];
    workspace.apply(&config("10.0.0.0/24"));
    workspace.assert_settled(&config("10.0.0.0/24"));
    let errors = workspace.plan(&config("10.0.0.0/23")).unwrap_err();
    assert_only_error(&errors, "disallowed_cidrs", &["10.0.0.0/23", "10.0.1.0/24"]);
}
