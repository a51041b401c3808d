//! `terraform test` files, as users write them.

use crate::harness::Workspace;
use crate::harness::client::{Client, Feature};
use crate::harness::store::Store;

const CONFIGURATION: &str = r#"
variable "size" {
  type    = number
  default = 26

  validation {
    condition     = var.size <= 32
    error_message = "Too long."
  }
}

variable "id_before" {
  type    = string
  default = null
}

resource "ipam_pool" "top" {
  name  = "top"
  cidrs = ["10.0.0.0/24"]
}

resource "ipam_allocation" "web" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "web"
  netmask_length = var.size
}

output "id" {
  value = ipam_allocation.web.id
}
"#;

/// OpenTofu accepts `run.` in variables, but not in conditions. If the variables of the last apply refer to a run,
/// OpenTofu 1.12 silently leaves the objects of the file behind: its cleanup no longer knows that run.
const TESTS: &str = r#"
run "plan_shows_the_block" {
  command = plan

  assert {
    condition     = ipam_allocation.web.cidr == "10.0.0.0/26"
    error_message = "The plan shows ${ipam_allocation.web.cidr}."
  }
}

run "apply_keeps_it" {
  assert {
    condition     = ipam_allocation.web.cidr == "10.0.0.0/26"
    error_message = "Applied was ${ipam_allocation.web.cidr}."
  }
}

run "it_grows_in_place" {
  variables {
    size      = 25
    id_before = run.apply_keeps_it.id
  }

  assert {
    condition     = ipam_allocation.web.id == var.id_before && ipam_allocation.web.cidr == "10.0.0.0/25"
    error_message = "Applied was ${ipam_allocation.web.cidr} of ${ipam_allocation.web.id}."
  }
}

run "it_stays" {
  variables {
    size = 25
  }

  assert {
    condition     = ipam_allocation.web.cidr == "10.0.0.0/25"
    error_message = "Applied was ${ipam_allocation.web.cidr}."
  }
}

run "too_large_is_refused" {
  command = plan

  variables {
    size = 33
  }

  expect_failures = [var.size]
}
"#;

fn check(store: &Store) {
    let workspace = Workspace::on(store);
    workspace.needs(Feature::TestCommand);
    workspace.configure(CONFIGURATION);
    workspace.write("tests/addresses.tftest.hcl", TESTS);
    workspace.run(&["test", "-no-color"]).succeeds().says(&["5 passed, 0 failed"]);
    workspace.store().assert_empty();
}

#[test]
fn a_test_file_runs_against_a_store_of_its_own() {
    check(&Store::sqlite());
}

#[test]
fn a_test_file_runs_on_opentofu() {
    check(&Store::sqlite().used_by(Client::opentofu()));
}
