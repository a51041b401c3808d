//! Conditions on discovered resources and on the utilization of pools: a plan fails when one does not hold.

use serde_json::json;

use super::{ACCOUNT, DISCOVERY, Scene};
use crate::harness::store::Store;

const POOL: &str = r#"
resource "ipam_pool" "live" {
  name                          = "live"
  cidrs                         = ["10.0.0.0/14"]
  locale                        = "us-east-1"
  auto_import                   = true
  allocation_max_netmask_length = 20
  allocation_resource_tags      = { env = "prod" }
}
"#;

/// Conditions on compliance, on overlaps, and on the utilization of a pool.
const CONDITIONS: &str = r#"
data "ipam_resource_cidrs" "wrong" {
  compliance_status = "noncompliant"
  depends_on        = [ipam_resource_discovery.net]

  lifecycle {
    postcondition {
      condition     = length(self.resource_cidrs) == 0
      error_message = join("\n", [for one in self.resource_cidrs : "${one.resource_id}: ${join(" ", one.noncompliance_reasons)}"])
    }
  }
}

data "ipam_resource_cidrs" "overlapping" {
  overlap_status = "overlapping"
  depends_on     = [ipam_resource_discovery.net]
}

check "nothing_overlaps" {
  assert {
    condition     = length(data.ipam_resource_cidrs.overlapping.resource_cidrs) == 0
    error_message = join("\n", [for one in data.ipam_resource_cidrs.overlapping.resource_cidrs : "${one.resource_id} overlaps ${join(" and ", one.overlaps_with)}"])
  }
}

data "ipam_utilization" "live" {
  ipam_pool_id = ipam_pool.live.id

  lifecycle {
    postcondition {
      condition     = self.used_percent <= 50
      error_message = "Less than half of the pool is left."
    }
  }
}
"#;

on_each_own_store! {
    fn flow_p_broken_rules_overlaps_and_full_pools_make_a_plan_fail(store: Store) {
        let scene = Scene::on(&store);
        scene.applies(&format!("{DISCOVERY}{POOL}"));
        let good = "vpc-good,vpc,10.0.0.0/16,,env=prod";
        scene.is_there(&[good]);
        scene.discover();
        let body = format!("{DISCOVERY}{POOL}{CONDITIONS}");
        scene.applies(&body);
        // One VPC lacks a tag, and another is too small.
        scene.is_there(&[good, "vpc-bare,vpc,10.1.0.0/20,,", "vpc-tiny,vpc,10.1.32.0/24,,env=prod"]);
        scene.discover();
        scene.workspace.try_plan(&[]).fails().says(&["vpc-bare", "env", "vpc-tiny", "length 24", "which is 20"]);
        // An overlap is a warning of a `check` block.
        scene.is_there(&[good, "vpc-also,vpc,10.0.0.0/16,,env=prod"]);
        scene.discover();
        let warned = scene.workspace.try_plan(&[]).succeeds();
        warned.says(&["Check block assertion failed", "vpc-also overlaps", "vpc vpc-good (10.0.0.0/16", ACCOUNT]);
        // Three quarters of the pool are in use.
        scene.is_there(&[good, "vpc-big,vpc,10.2.0.0/15,,env=prod"]);
        scene.discover();
        scene.workspace.try_plan(&[]).fails().says(&["Less than half of the pool is left."]);
        // Changed rules take effect at once.
        scene.is_there(&[good]);
        scene.discover();
        scene.applies(&body);
        scene.workspace.configure(&body.replace("\"prod\"", "\"live\""));
        scene.workspace.try_apply(&[]).succeeds();
        scene.workspace.try_plan(&[]).fails().says(&["vpc-good", "\"live\""]);
        store.assert_sound();
    }

    fn a_data_source_with_max_age_scans_by_itself_and_a_failed_scan_keeps_the_last_good_sample(store: Store) {
        let scene = Scene::on(&store);
        let told = |more: &str| {
            format!(
                "provider \"ipam\" {{
  discovery_files_below = [\".\"]
}}
{DISCOVERY}
data \"ipam_discovered_resource_cidrs\" \"all\" {{
  ipam_resource_discovery_id = ipam_resource_discovery.net.id
{more}
}}

data \"ipam_discovered_accounts\" \"all\" {{
  ipam_resource_discovery_id = ipam_resource_discovery.net.id
{more}
}}

output \"cidrs\" {{
  value = data.ipam_discovered_resource_cidrs.all.cidrs
}}

output \"failing\" {{
  value = [for one in data.ipam_discovered_accounts.all.accounts : one.account_id if one.is_failing]
}}
"
            )
        };
        scene.is_there(&["vpc-1,vpc,10.0.0.0/16,,"]);
        scene.applies(DISCOVERY);
        // Without any scan the plan reports that, and does not show an empty list.
        scene.workspace.configure(&told(""));
        scene.workspace.try_plan(&[]).fails().says(&["There is no scan yet", "terraform-provider-ipam discover", "max_age"]);
        scene.applies(&told("  max_age = \"1h\""));
        assert_eq!(scene.workspace.state().output("cidrs"), &json!(["10.0.0.0/16"]));
        // A sample of the last hour is fresh enough.
        scene.is_there(&["vpc-1,vpc,10.0.0.0/16,,", "vpc-2,vpc,10.1.0.0/16,,"]);
        assert_eq!(scene.workspace.apply().output("cidrs"), &json!(["10.0.0.0/16"]));
        scene.workspace.configure(&told("  max_age = \"0s\""));
        assert_eq!(scene.workspace.apply().output("cidrs"), &json!(["10.0.0.0/16", "10.1.0.0/16"]));
        // A file with a mistake is reported with its line; the resources of the scan before stay.
        scene.is_there(&["vpc-3,vpc,10.1.0.1/16,,"]);
        let failed = scene.workspace.try_plan(&[]).fails();
        failed.says(&["A new scan failed", "network", "line 2", "host bits"]);
        scene.workspace.configure(&told(""));
        let state = scene.workspace.apply();
        assert_eq!(state.output("cidrs"), &json!(["10.0.0.0/16", "10.1.0.0/16"]));
        assert_eq!(state.output("failing"), &json!(["network"]));
        let run = scene.program(&["discover"]);
        assert_eq!(run.code, 1, "{}", run.text());
        run.says(&["line 2", "1 failed"]);
        scene.is_there(&["vpc-3,vpc,10.3.0.0/16,,"]);
        scene.discover();
        let state = scene.workspace.apply();
        assert_eq!((state.output("cidrs"), state.output("failing")), (&json!(["10.3.0.0/16"]), &json!([])));
        store.assert_sound();
    }
}

#[test]
fn without_a_discovery_every_data_source_explains_at_plan_what_to_do() {
    let scene = Scene::on(&Store::sqlite());
    scene.workspace.configure(
        r#"
data "ipam_discovered_accounts" "x" {}
data "ipam_discovered_resource_cidrs" "x" {}
data "ipam_discovered_public_addresses" "x" {}
data "ipam_resource_cidrs" "x" {}
data "ipam_resource_cidrs" "fresh" {
  max_age = "1h"
}
data "ipam_address_history" "x" {
  cidr = "10.0.0.0/16"
}
"#,
    );
    let told = scene.workspace.plan_messages(&[]).fails().diagnostics();
    assert_eq!(told.len(), 6, "{told:?}");
    for one in told {
        assert!(one.detail.contains("ipam_resource_discovery") && one.detail.contains("discover"), "{one:?}");
    }
    let run = scene.program(&["discover"]);
    assert_eq!(run.code, 2, "{}", run.text());
    run.says(&["There is no store at"]);
    scene.workspace.store().open().list_scopes(false).unwrap();
    for arguments in [&["discover"][..], &["resources"]] {
        let run = scene.program(arguments);
        assert_eq!(run.code, 2, "{}", run.text());
        run.says(&["ipam_resource_discovery"]);
    }
}

#[test]
fn the_program_lists_noncompliant_resources_and_reports_them_by_its_exit_status() {
    let scene = Scene::on(&Store::sqlite());
    scene.applies(&format!("{DISCOVERY}{POOL}"));
    scene.is_there(&["vpc-good,vpc,10.0.0.0/16,,env=prod"]);
    let run = scene.program(&["discover"]).succeeds();
    run.says(&["net", ACCOUNT, "us-east-1", "ok", "imported 10.0.0.0/16 of vpc-good", "1 target scanned, 0 failed"]);
    scene.program(&["resources"]).succeeds().says(&["vpc-good", "managed", "compliant"]);
    scene.is_there(&["vpc-good,vpc,10.0.0.0/16,,", "vpc-free,vpc,172.16.0.0/16,,"]);
    scene.program(&["discover", "--discovery", "net"]).succeeds();
    let wrong = scene.program(&["resources", "--noncompliant"]);
    assert_eq!(wrong.code, 1, "{}", wrong.text());
    wrong.says(&["vpc-good", "env"]).never_says("vpc-free");
    scene.program(&["resources", "--unmanaged"]).succeeds().says(&["vpc-free"]).never_says("vpc-good");
    scene.program(&["resources", "--overlapping"]).succeeds().never_says("vpc-");
    let run = scene.program(&["discover", "--discovery", "other"]);
    assert_eq!(run.code, 2, "{}", run.text());
    run.says(&["other"]);
}

#[test]
fn a_discovery_is_made_changed_in_place_imported_listed_and_destroyed() {
    let scene = Scene::on(&Store::sqlite());
    let whole = r#"
resource "ipam_resource_discovery" "all" {
  name                  = "all"
  description           = "everything"
  operating_regions     = ["eu-west-1", "us-east-1"]
  own_account           = true
  resource_types        = ["vpc", "subnet"]
  excluded_account_ids  = ["444455556666"]
  excluded_resource_ids = ["vpc-1"]
  excluded_tags         = { throwaway = "true" }
  files                 = ["network.csv"]
  avoided               = false
  tags                  = { team = "net" }

  role {
    role_arn    = "arn:aws:iam::111122223333:role/discovery"
    external_id = "secret-word"
  }

  role {
    role_arn = "arn:aws:iam::222233334444:role/discovery"
  }
}

data "ipam_resource_discoveries" "all" {
  depends_on = [ipam_resource_discovery.all]
}

output "roles" {
  value = data.ipam_resource_discoveries.all.resource_discoveries[0].role_arns
}
"#;
    scene.workspace.configure(whole);
    let plan = scene.workspace.plan();
    let unknown = plan.unknowns("ipam_resource_discovery.all");
    assert_eq!(unknown.into_iter().collect::<Vec<_>>(), ["id"], "only the id comes with apply");
    let made = scene.workspace.apply_saved();
    scene.workspace.assert_settled();
    assert_eq!(made.output("roles").as_array().unwrap().len(), 2);
    let id = made.text("ipam_resource_discovery.all.id");
    assert!(id.starts_with("ipam-res-disco-"), "{id}");
    for (from, to) in [
        ("everything", "all of it"),
        ("\"vpc\", \"subnet\"", "\"vpc\""),
        ("avoided               = false", "avoided = true"),
        ("own_account           = true", ""),
        ("excluded_tags         = { throwaway = \"true\" }", ""),
        ("role/discovery\"\n  }\n}", "role/other\"\n  }\n}"),
        ("\"net\"", "\"web\""),
    ] {
        let changed = whole.replace(from, to);
        assert_ne!(changed, whole, "{from}");
        scene.workspace.configure(&changed);
        assert_eq!(scene.workspace.plan().actions()["ipam_resource_discovery.all"], "update", "{from}");
        assert_eq!(scene.workspace.apply_saved().text("ipam_resource_discovery.all.id"), id);
        scene.workspace.assert_settled();
    }
    scene.applies(whole);
    let second = crate::harness::Workspace::on(scene.workspace.store());
    second.configure(whole);
    second.import("ipam_resource_discovery.all", &id);
    second.assert_settled();
    second.run(&["import", "-input=false", "-no-color", "ipam_resource_discovery.all", "ipam-res-disco-0"]).fails();
    second.destroy();
    // A discovery that is gone is planned as a new one.
    assert_eq!(scene.workspace.plan().actions()["ipam_resource_discovery.all"], "create");
    scene.workspace.store().assert_sound();
}
