//! Lists of networks outside of AWS, correct and damaged ones: the effect of their scans on pools.

use serde_json::json;

use super::{DISCOVERY, REGION, Scene, each};
use crate::harness::store::Store;

const IMPORTING: &str = r#"
resource "ipam_pool" "eu" {
  name        = "eu"
  cidrs       = ["10.0.0.0/14"]
  locale      = "us-east-1"
  auto_import = true
  cascade     = true
}

resource "ipam_pool" "us" {
  name        = "us"
  cidrs       = ["10.16.0.0/12"]
  locale      = "us-west-2"
  auto_import = true
  cascade     = true
}
"#;

/// The blocks of the allocations that exist.
fn taken(store: &Store) -> Vec<String> {
    let mut all: Vec<String> = store.active().into_values().collect();
    all.sort();
    all
}

on_each_own_store! {
    fn a_damaged_file_releases_no_allocation(store: Store) {
        let scene = Scene::on(&store);
        scene.applies(&format!("{DISCOVERY}{IMPORTING}"));
        scene.is_there(&["hub,vpc,10.0.0.0/16,,", "shop,vpc,10.1.0.0/16,,", "bank,vpc,10.2.0.0/16,,"]);
        assert_eq!(each(&scene.discover()["imported"], "resource_id"), ["bank", "hub", "shop"]);
        let before = taken(&store);
        let head = "account,region,resource_id,resource_type,cidr\n";
        let here = format!("111122223333,{REGION}");
        for damaged in [
            format!("{head}{here},\"hub,vpc,10.0.0.0/16\n{here},shop,vpc,10.1.0.0/16\n"),
            format!("{head}{here},hub,vpc,10.0.0.0/16\n{here},sh\0op,vpc,10.1.0.0/16\n"),
            format!("{head}{here},{},vpc,10.0.0.0/16\n", "x".repeat(500)),
        ] {
            scene.workspace.write("network.csv", &damaged);
            let run = scene.program(&["discover", "--json"]);
            assert_eq!(run.code, 1, "{}", run.text());
            assert!(run.text().contains("line ") && run.text().contains("The file was not used."), "{}", run.text());
            assert_eq!(taken(&store), before, "{damaged:?}");
        }
        store.assert_sound();
    }

    fn imported_allocations_are_released_with_the_last_row_of_their_region(store: Store) {
        let scene = Scene::on(&store);
        scene.applies(&format!("{DISCOVERY}{IMPORTING}"));
        let write = |lines: &str| {
            scene.workspace.write("network.csv", &format!("account,region,resource_id,resource_type,cidr\n{lines}"));
        };
        write("net,us-east-1,a,vpc,10.1.0.0/16\nnet,us-west-2,c,vpc,10.17.0.0/16\n");
        assert_eq!(each(&scene.discover()["imported"], "resource_id"), ["a", "c"]);
        write("net,us-east-1,a,vpc,10.1.0.0/16\n");
        let looked = scene.discover();
        assert_eq!(each(&looked["released"], "resource_id"), ["c"], "{looked:#}");
        let again = scene.discover();
        assert_eq!((&again["released"], &again["imported"]), (&json!([]), &json!([])), "{again:#}");
        assert_eq!(each(&again["discoveries"][0]["places"], "region"), ["us-east-1"], "{again:#}");
        store.assert_sound();
    }

    fn allocations_avoid_subnets_and_hosts_outside_of_vpcs(store: Store) {
        let scene = Scene::on(&store);
        let pool = "resource \"ipam_pool\" \"p\" {\n  name  = \"p\"\n  cidrs = [\"10.0.0.0/21\"]\n}\n";
        scene.applies(&format!("{DISCOVERY}{pool}"));
        scene.is_there(&[
            "office,subnet,10.0.0.0/24,,",
            "plant,other,10.0.1.0/24,,",
            "cloud,vpc,10.0.3.0/24,,",
            "host,eni,10.0.4.5/32,,",
        ]);
        scene.discover();
        let three = r#"
resource "ipam_allocation" "a" {
  ipam_pool_id   = ipam_pool.p.id
  name           = "a${count.index}"
  count          = 3
  netmask_length = 24
}
"#;
        scene.applies(&format!("{DISCOVERY}{pool}{three}"));
        assert_eq!(taken(&store), ["10.0.2.0/24", "10.0.5.0/24", "10.0.6.0/24"]);
        for id in ["office", "plant", "cloud", "host"] {
            assert_eq!(scene.states(id), ["unmanaged", "unmanaged", "nonoverlapping"].map(str::to_owned), "{id}");
        }
        store.assert_sound();
    }

    fn lists_of_other_programs_are_read_and_the_resource_sets_the_treatment_of_their_columns(store: Store) {
        let scene = Scene::on(&store);
        scene.applies(DISCOVERY);
        scene.workspace.write(
            "network.csv",
            "name;cidr;Owner\nprinters;10.0.0.10-10.0.0.12;facility\noffice;10.1.0.0/255.255.0.0;\"net; ops\"\n",
        );
        let refused = scene.program(&["discover"]);
        assert_eq!(refused.code, 1, "{}", refused.text());
        assert!(refused.text().contains("unknown_columns"), "{}", refused.text());
        scene.applies(&DISCOVERY.replace("files", "unknown_columns = \"tags\"\n  files"));
        let looked = scene.discover();
        assert_eq!(looked["discoveries"][0]["places"][0]["resources"], 3, "{looked:#}");
        assert_eq!(looked["discoveries"][0]["warnings"], json!([]));
        assert_eq!(scene.resource("office")["tags"], json!({"Name": "office", "Owner": "net; ops"}));
        scene.applies(&DISCOVERY.replace("files", "unknown_columns = \"ignore\"\n  files"));
        let looked = scene.discover();
        let warnings = looked["discoveries"][0]["warnings"].to_string();
        assert!(warnings.contains("The name of column 3 is not known") && !warnings.contains("Owner"), "{warnings}");
        assert_eq!(scene.resource("office")["tags"], json!({"Name": "office"}));
        store.assert_sound();
    }
}
