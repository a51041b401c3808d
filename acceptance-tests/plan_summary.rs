//! `summary`: the plans of a real client, told to the people who review them.

use std::process::{Command, Output};

use crate::harness::store::Store;
use crate::harness::terraform::clean;
use crate::harness::{PROVIDER, Workspace};

const BEFORE: &str = r#"
variable "hidden" {
  default   = "10.0.9.0/24"
  sensitive = true
}

resource "ipam_pool" "top" {
  name   = "top"
  cidrs  = ["10.0.0.0/16"]
  locale = "us-east-1"
}

resource "ipam_allocation" "stays" {
  ipam_pool_id = ipam_pool.top.id
  name         = "stays"
  cidr         = "10.0.0.0/24"
}

resource "ipam_allocation" "changes" {
  ipam_pool_id = ipam_pool.top.id
  name         = "changes"
  cidr         = "10.0.1.0/24"
}

resource "ipam_allocation" "goes" {
  ipam_pool_id = ipam_pool.top.id
  name         = "goes"
  cidr         = "10.0.2.0/24"
}
"#;

const AFTER: &str = r#"
variable "hidden" {
  default   = "10.0.9.0/24"
  sensitive = true
}

resource "ipam_pool" "top" {
  name   = "top"
  cidrs  = ["10.0.0.0/16"]
  locale = "us-east-1"
}

resource "ipam_allocation" "stays" {
  ipam_pool_id = ipam_pool.top.id
  name         = "stays"
  cidr         = "10.0.0.0/24"
  description  = "described"
}

resource "ipam_allocation" "changes" {
  ipam_pool_id = ipam_pool.top.id
  name         = "changes"
  cidr         = "10.0.4.0/24"
}

resource "ipam_allocation" "secret" {
  ipam_pool_id = ipam_pool.top.id
  name         = "secret"
  cidr         = var.hidden
}

resource "ipam_allocation_set" "vpc" {
  ipam_pool_id = ipam_pool.top.id
  name         = "vpc"
  members      = { web = { netmask_length = 25 }, db = { netmask_length = 26 } }
}
"#;

fn summary(workspace: &Workspace, arguments: &[&str]) -> Output {
    let mut command = Command::new(PROVIDER);
    clean(&mut command);
    command.arg("summary").args(arguments).current_dir(workspace.path());
    workspace.store().tell(&mut command).output().expect("the program runs")
}

#[track_caller]
fn text_of(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).expect("the summary is text")
}

/// Plans the configuration, and writes the plan as JSON to `plan.json`.
fn planned(workspace: &Workspace, configuration: &str) {
    workspace.configure(configuration);
    workspace.plan();
    let shown = workspace.run(&["show", "-json", "plan"]).succeeds();
    workspace.write("plan.json", &shown.stdout);
}

on_own_stores_and_opentofu! {
    fn a_reviewer_reads_what_a_plan_takes_gives_back_and_renumbers(store: Store) {
        let workspace = Workspace::on(&store);
        workspace.configure(BEFORE);
        workspace.apply();
        planned(&workspace, AFTER);
        let text = text_of(&summary(&workspace, &["plan.json", "--with-store"]));
        assert!(text.contains("1 block renumbered, 1 block given back, 3 blocks taken."), "{text}");
        let sections = [
            "### Renumbered\n\n| Resource | Name | Pool | Before | After |\n| --- | --- | --- | --- | --- |\n\
             | ipam\\_allocation.changes | changes | top | 10.0.1.0/24 | 10.0.4.0/24 |\n",
            "| ipam\\_allocation.goes | goes | top | 10.0.2.0/24 | 256 |\n",
            "| ipam\\_allocation.secret | secret | top | *(sensitive)* |  |\n",
            "| ipam\\_allocation\\_set.vpc: db | vpc | top | 10.0.3.128/26 | 64 |\n\
             | ipam\\_allocation\\_set.vpc: web | vpc | top | 10.0.3.0/25 | 128 |\n",
            "### Other changes\n\n- ipam\\_allocation.stays: update\n",
            "### What is left in these pools\n",
        ];
        for part in sections {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
        assert!(!text.contains("10.0.9.0"), "{text}");
        let json: serde_json::Value =
            serde_json::from_str(&text_of(&summary(&workspace, &["plan.json", "--json"]))).expect("JSON");
        assert_eq!(json["released"][0]["before"], "10.0.2.0/24");
        assert!(!json.to_string().contains("10.0.9.0"), "{json}");

        workspace.apply_saved();
        planned(&workspace, AFTER);
        let text = text_of(&summary(&workspace, &["plan.json"]));
        assert!(text.contains("Nothing changes."), "{text}");
        workspace.destroy();
    }
}

#[test]
fn a_saved_plan_is_refused_with_the_command_that_converts_it() {
    let workspace = Workspace::new();
    workspace.configure(BEFORE);
    workspace.plan();
    for (file, words) in
        [("plan", "terraform show -json"), ("main.tf", "not the JSON of a plan"), ("none", "cannot be read")]
    {
        let refused = summary(&workspace, &[file]);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(refused.status.code() == Some(2) && refused.stdout.is_empty() && said.contains(words), "{said}");
        assert!(!said.contains("10.0."), "{said}");
    }
}
