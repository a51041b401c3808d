//! The quarantine of a pool, from a configuration.

use std::time::Duration;

use super::*;
use crate::ipam::{Origin, Run};
use crate::provider::testing::{Action, World, assert_only_error};

const HOUR: Duration = Duration::from_secs(3600);

fn pool(more: &Json) -> (&'static str, Json) {
    ("ipam_pool.top", with(&json!({"name": "top", "cidrs": ["10.0.0.0/24"]}), more))
}

fn block(address: &'static str, name: &str, netmask_length: u8) -> (&'static str, Json) {
    (address, json!({"ipam_pool_id": "${ipam_pool.top.id}", "name": name, "netmask_length": netmask_length}))
}

#[test]
fn released_space_rests_in_plans_and_its_last_holder_gets_it_back() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let rests = pool(&json!({"quarantine": "24h"}));
    let web = || block("ipam_allocation.web", "web", 25);
    workspace.apply(&[rests.clone(), web(), block("ipam_allocation.db", "db", 25)]);
    workspace.assert_settled(&[pool(&json!({"quarantine": "1d"})), web(), block("ipam_allocation.db", "db", 25)]);
    workspace.apply(&[rests.clone(), block("ipam_allocation.db", "db", 25)]);
    let more = [rests.clone(), block("ipam_allocation.db", "db", 25), block("ipam_allocation.new", "new", 26)];
    assert_only_error(&workspace.plan(&more).unwrap_err(), "netmask_length", &["rest"]);
    let back = [rests.clone(), block("ipam_allocation.db", "db", 25), web()];
    let planned = workspace.plan(&back).unwrap();
    assert_eq!(planned.get("ipam_allocation.web", "cidr"), "10.0.0.0/25");
    workspace.apply(&[rests, block("ipam_allocation.db", "db", 25)]);
    let none = pool(&json!({}));
    let all = [none, block("ipam_allocation.db", "db", 25), block("ipam_allocation.new", "new", 26)];
    world.pass(25 * HOUR);
    let planned = workspace.apply(&all);
    assert_eq!(
        (planned.action("ipam_pool.top"), planned.action("ipam_allocation.new")),
        (Action::Update, Action::Create)
    );
    workspace.apply(&[]);
    world.assert_sound();
}

#[test]
fn an_apply_hands_over_space_in_a_pool_with_a_quarantine() {
    let mut world = World::new();
    world.run = Some(Run { process: "one".into(), parent: "one".into(), origin: Origin::default() });
    let mut workspace = world.workspace("team/a");
    let rests = pool(&json!({"quarantine": "24h"}));
    workspace.apply(&[rests.clone(), block("ipam_allocation.web", "web", 24)]);
    let planned = workspace.plan(&[rests.clone(), block("ipam_allocation.other", "other", 24)]).unwrap();
    assert_eq!(planned.get("ipam_allocation.other", "cidr"), "10.0.0.0/24");
    workspace.apply_plan(&planned).unwrap();
    world.assert_sound();
}
