//! Existing networks get allocations in pools: by automatic import, or by a configuration that names their block.

use serde_json::json;

use super::{DISCOVERY, Scene, each};
use crate::harness::store::Store;

/// A pool that imports, with one block that is allocated already.
const POOLS: &str = r#"
resource "ipam_pool" "top" {
  name  = "top"
  cidrs = ["10.0.0.0/8"]
}

resource "ipam_pool" "live" {
  name                          = "live"
  source_ipam_pool_id           = ipam_pool.top.id
  cidrs                         = ["10.0.0.0/12"]
  locale                        = "us-east-1"
  auto_import                   = true
  allocation_min_netmask_length = 8
  allocation_max_netmask_length = 18
}

resource "ipam_allocation" "legacy" {
  ipam_pool_id = ipam_pool.live.id
  name         = "legacy"
  cidr         = "10.2.0.0/16"
}
"#;

on_each_own_store! {
    fn flow_f_vpcs_are_imported_equal_overlapping_covered_and_noncompliant_ones_as_the_rules_say(store: Store) {
        let scene = Scene::on(&store);
        scene.applies(&format!("{DISCOVERY}{POOLS}"));
        scene.is_there(&[
            "vpc-plain,vpc,10.0.0.0/16,,team=net",
            "vpc-equal,vpc,10.0.0.0/16,,",
            "vpc-large,vpc,10.4.0.0/15,,",
            "vpc-small,vpc,10.4.0.0/16,,",
            "vpc-covered,vpc,10.2.128.0/17,,",
            "vpc-tiny,vpc,10.6.0.0/24,,",
            "vpc-outside,vpc,172.16.0.0/16,,",
            "subnet-1,subnet,10.0.1.0/24,vpc-plain,",
        ]);
        let looked = scene.discover();
        // Of two resources with the same block the first by name is imported: the same scan was the first to see both.
        assert_eq!(each(&looked["imported"], "resource_id"), ["vpc-equal", "vpc-large", "vpc-tiny"], "{looked:#}");
        assert_eq!(each(&looked["skipped"], "resource_id"), ["vpc-covered", "vpc-plain", "vpc-small"], "{looked:#}");
        let why = |id: &str| {
            let all = looked["skipped"].as_array().unwrap();
            all.iter().find(|one| one["resource_id"] == id).unwrap()["why"].as_str().unwrap().to_owned()
        };
        assert!(why("vpc-covered").contains("legacy"), "{looked:#}");
        assert!(why("vpc-small").contains("vpc-large"), "{looked:#}");
        assert!(why("vpc-plain").contains("vpc-equal"), "{looked:#}");
        let word = |words: [&str; 3]| words.map(str::to_owned);
        assert_eq!(scene.states("vpc-equal"), word(["managed", "compliant", "overlapping"]));
        assert_eq!(scene.states("vpc-plain"), word(["unmanaged", "unmanaged", "overlapping"]));
        assert_eq!(scene.states("vpc-tiny"), word(["managed", "noncompliant", "nonoverlapping"]));
        assert_eq!(scene.states("vpc-outside"), word(["unmanaged", "unmanaged", "nonoverlapping"]));
        let reasons = scene.resource("vpc-tiny")["reasons"].to_string();
        assert!(reasons.contains("length 24") && reasons.contains("which is 18"), "{reasons}");
        // Another scan changes nothing, and Terraform plans no change.
        let again = scene.discover();
        assert_eq!((&again["imported"], &again["released"]), (&json!([]), &json!([])), "{again:#}");
        scene.workspace.assert_settled();
        store.assert_sound();
        // A VPC that is gone releases its space, and the next VPC is imported.
        scene.is_there(&["vpc-plain,vpc,10.0.0.0/16,,team=net", "vpc-small,vpc,10.4.0.0/16,,"]);
        let after = scene.discover();
        assert_eq!(each(&after["released"], "resource_id"), ["vpc-equal", "vpc-large", "vpc-tiny"], "{after:#}");
        assert_eq!(each(&after["imported"], "resource_id"), ["vpc-plain", "vpc-small"], "{after:#}");
        assert_eq!(scene.states("vpc-plain"), word(["managed", "compliant", "nonoverlapping"]));
        store.assert_sound();
    }

    fn flow_f_an_ignored_block_is_released_and_never_imported_again(store: Store) {
        let scene = Scene::on(&store);
        scene.applies(&format!("{DISCOVERY}{POOLS}"));
        scene.is_there(&["vpc-1,vpc,10.5.0.0/16,,", "vpc-2,vpc,10.6.0.0/16,,"]);
        assert_eq!(each(&scene.discover()["imported"], "resource_id"), ["vpc-1", "vpc-2"]);
        let ignoring = r#"
resource "ipam_resource_cidr" "ignored" {
  resource_id     = "vpc-1"
  resource_cidr   = "10.5.0.0/16"
  resource_region = "us-east-1"
  monitored       = false
}
"#;
        scene.applies(&format!("{DISCOVERY}{POOLS}{ignoring}"));
        let state = scene.workspace.state();
        assert_eq!(state.text("ipam_resource_cidr.ignored.management_state"), "ignored");
        assert_eq!(scene.states("vpc-1"), ["ignored", "ignored", "ignored"].map(str::to_owned));
        let taken = |store: &Store| store.active().into_values().filter(|cidr| cidr == "10.5.0.0/16").count();
        assert_eq!(taken(&store), 0, "its space is free again");
        for _ in 0..2 {
            assert_eq!(scene.discover()["imported"], json!([]));
        }
        // The block is imported again when it is monitored again.
        scene.applies(&format!("{DISCOVERY}{POOLS}"));
        assert_eq!(each(&scene.discover()["imported"], "resource_id"), ["vpc-1"]);
        assert_eq!(taken(&store), 1);
        store.assert_sound();
    }

    fn allocations_by_size_avoid_a_live_vpc_and_one_by_its_cidr_adopts_it(store: Store) {
        let scene = Scene::on(&store);
        let pool = r#"
resource "ipam_pool" "new" {
  name  = "new"
  cidrs = ["10.8.0.0/15"]
}
"#;
        scene.applies(&format!("{DISCOVERY}{pool}"));
        scene.is_there(&["vpc-live,vpc,10.8.0.0/16,,"]);
        scene.discover();
        let sized = r#"
resource "ipam_allocation" "sized" {
  ipam_pool_id   = ipam_pool.new.id
  name           = "sized"
  netmask_length = 16
}
"#;
        scene.workspace.configure(&format!("{DISCOVERY}{pool}{sized}"));
        let plan = scene.workspace.plan();
        assert_eq!(plan.known("ipam_allocation.sized.cidr"), "10.9.0.0/16", "the first half is in use");
        scene.workspace.apply_saved();
        // The space that is left is in use: the error reports that.
        let more = sized.replace("sized", "more");
        scene.workspace.configure(&format!("{DISCOVERY}{pool}{sized}{more}"));
        scene.workspace.try_plan(&[]).fails().says(&["10.8.0.0/16"]);
        assert_eq!(scene.states("vpc-live")[0], "unmanaged");
        let adopted = r#"
resource "ipam_allocation" "adopted" {
  ipam_pool_id = ipam_pool.new.id
  name         = "adopted"
  cidr         = "10.8.0.0/16"
}
"#;
        scene.applies(&format!("{DISCOVERY}{pool}{sized}{adopted}"));
        assert_eq!(scene.states("vpc-live"), ["managed", "compliant", "nonoverlapping"].map(str::to_owned));
        // With `avoided = false`, allocations may have the space of resources that a scan has found.
        let brave = DISCOVERY.replace("files", "avoided = false\n  files");
        scene.applies(&format!("{brave}{pool}{sized}"));
        scene.workspace.configure(&format!("{brave}{pool}{sized}{more}"));
        assert_eq!(scene.workspace.plan().known("ipam_allocation.more.cidr"), "10.8.0.0/16");
        store.assert_sound();
    }
}
