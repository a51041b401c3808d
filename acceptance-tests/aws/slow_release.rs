//! AWS releases space late: an apply that waits for that, and one that does not.

use std::time::Duration;

use super::endpoint::{Delay, Kind, Script};
use super::resources::of_account;
use super::scene::{ACCOUNT, Scene};
use crate::harness::Workspace;

/// A pool with an allocation in it; `waits` chooses whether the release is waited for, `allocation` whether there is an
/// allocation.
fn configuration(waits: bool, allocation: bool) -> String {
    let count = u8::from(allocation);
    format!(
        r#"
provider "ipam" {{
  aws {{
    wait_for_release = {waits}
  }}
}}

resource "ipam_pool" "top" {{
  name   = "top"
  locale = "us-east-1"
  cidrs  = ["10.0.0.0/16"]

  timeouts {{
    delete = "1s"
  }}
}}

resource "ipam_allocation" "web" {{
  count          = {count}
  ipam_pool_id   = ipam_pool.top.id
  name           = "web"
  netmask_length = 24

  timeouts {{
    delete = "1s"
  }}
}}
"#
    )
}

fn hour() -> Script {
    Script { release: Delay::Time(Duration::from_secs(3600)), ..Script::at_once() }
}

fn allocations(scene: &Scene) -> usize {
    scene.endpoint.things(Kind::Allocation).iter().filter(|one| one.state != "delete-complete").count()
}

#[test]
fn an_allocation_is_gone_when_its_release_is_accepted_if_waiting_is_off() {
    let scene = Scene::new();
    let workspace = Workspace::on(&of_account(&scene.endpoint, ACCOUNT));
    workspace.configure(&configuration(true, true));
    workspace.apply();
    scene.endpoint.script(hour());
    workspace.configure(&configuration(true, false));
    workspace.try_apply(&[]).fails().says(&["it is released, but AWS still holds 10.0.0.0/24"]);
    scene.endpoint.advance(Duration::from_secs(3600));
    workspace.apply();
    // The same without waiting.
    workspace.configure(&configuration(false, true));
    scene.endpoint.script(Script::at_once());
    workspace.apply();
    scene.endpoint.script(hour());
    workspace.configure(&configuration(false, false));
    workspace.apply();
    workspace.assert_settled();
    assert_eq!(allocations(&scene), 1, "AWS has not released it yet");
    scene.endpoint.advance(Duration::from_secs(3600));
    workspace.destroy();
    scene.is_sound();
}

#[test]
fn a_pool_always_waits_for_the_allocations_released_with_it() {
    let scene = Scene::new();
    let workspace = Workspace::on(&of_account(&scene.endpoint, ACCOUNT));
    workspace.configure(&configuration(false, true));
    workspace.apply();
    scene.endpoint.script(hour());
    workspace.try_destroy(&[]).fails().says(&["10.0.0.0/24 is released, but AWS still holds it"]);
    assert!(workspace.state().of_type("ipam_allocation").is_empty(), "the allocation is destroyed");
    scene.endpoint.advance(Duration::from_secs(3600));
    workspace.destroy();
    scene.is_sound();
}

#[test]
fn problem_1_a_pool_in_which_aws_holds_space_for_a_vpc_is_an_error_at_once_if_waiting_is_off() {
    let scene = Scene::new();
    let workspace = Workspace::on(&of_account(&scene.endpoint, ACCOUNT));
    workspace.configure(&configuration(true, false));
    let pool = workspace.apply().text("ipam_pool.top.id");
    scene.endpoint.take(&pool, "vpc", "vpc-1", "10.0.8.0/22");
    let held = "AWS still holds 10.0.8.0/22 for vpc vpc-1";
    workspace.try_destroy(&[]).fails().says(&[held, "AWS releases it some time after the resource is deleted"]);
    workspace.configure(&configuration(false, false));
    workspace.try_destroy(&[]).fails().says(&[held, "`wait_for_release` is false in the `aws` block"]);
    scene.endpoint.resource_gone("vpc-1");
    workspace.destroy();
    assert!(scene.endpoint.things(Kind::Pool).iter().all(|one| one.state == "delete-complete"));
    scene.is_sound();
}
