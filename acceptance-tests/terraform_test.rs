//! `terraform test` files, as users write them.

use crate::harness::Workspace;

#[test]
fn a_test_file_runs_against_a_store_of_its_own() {
    let workspace = Workspace::new();
    workspace.configure(
        r#"
variable "size" {
  type    = number
  default = 26
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
"#,
    );
    workspace.write(
        "tests/addresses.tftest.hcl",
        r#"
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
    size = 25
  }

  assert {
    condition     = ipam_allocation.web.id == run.apply_keeps_it.id && ipam_allocation.web.cidr == "10.0.0.0/25"
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
"#,
    );
    workspace.configure(
        &workspace
            .read("main.tf")
            .replace("default = 26", "default = 26\n\n  validation {\n    condition     = var.size <= 32\n    error_message = \"Too long.\"\n  }")
            .replace("resource \"ipam_allocation\"", "output \"id\" {\n  value = ipam_allocation.web.id\n}\n\nresource \"ipam_allocation\""),
    );
    workspace.run(&["test", "-no-color"]).succeeds().says(&["4 passed, 0 failed"]);
    workspace.store().assert_empty();
}
