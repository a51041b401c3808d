//! Files that the command lines of Azure and Google Cloud write, as they are: their networks are found, imported, judged
//! and avoided.

use serde_json::{Value, json};

use super::{Scene, each};
use crate::harness::store::Store;

/// The exports in `examples/migrations`, whose files the guides show.
const VNETS: &str = include_str!("../../examples/migrations/azure/vnets.json");
const SUBNETS: &str = include_str!("../../examples/migrations/google-cloud/subnets.json");
const PREFIX: &str =
    "/subscriptions/0b6a7f14-31d8-4c3f-8a56-77d1a9a4c022/resourceGroups/rg-shop/providers/Microsoft.Network";

const CLOUDS: &str = r#"
resource "ipam_resource_discovery" "clouds" {
  name  = "clouds"
  files = ["azure.json", "gcp.json"]
}
"#;

fn shop() -> String {
    format!("{PREFIX}/virtualNetworks/vnet-shop")
}

impl Scene {
    /// From now on, the clouds have these networks.
    fn exports(&self, vnets: &str, subnets: &str) {
        self.workspace.write("azure.json", vnets);
        self.workspace.write("gcp.json", subnets);
    }
}

/// The list of virtual networks without one of them.
fn without(name: &str) -> String {
    let mut list: Value = serde_json::from_str(VNETS).unwrap();
    list.as_array_mut().unwrap().retain(|network| network["name"] != name);
    list.to_string()
}

on_each_own_store! {
    fn virtual_networks_are_imported_judged_by_the_rules_of_their_pool_and_released_when_they_are_gone(store: Store) {
        let scene = Scene::on(&store);
        let pools = r#"
resource "ipam_pool" "azure" {
  name                          = "azure"
  cidrs                         = ["10.64.0.0/12"]
  locale                        = "westeurope"
  auto_import                   = true
  allocation_min_netmask_length = 18
  allocation_resource_tags      = { team = "shop" }
}
"#;
        scene.exports(VNETS, SUBNETS);
        scene.applies(&format!("{CLOUDS}{pools}"));
        let looked = scene.discover();
        let hub = shop().replace("0b6a7f14-31d8-4c3f-8a56-77d1a9a4c022", "5f1c2c9e-8d0b-4b7e-9f43-2f6a1f0c7a11");
        let hub = hub.replace("rg-shop", "rg-network-weu").replace("vnet-shop", "vnet-hub-weu");
        assert_eq!(each(&looked["imported"], "resource_id"), [shop(), hub.clone()], "{looked:#}");
        assert_eq!(looked["discoveries"][0]["warnings"], json!([]), "{looked:#}");
        assert_eq!(scene.states(&shop())[..2], ["managed", "compliant"].map(str::to_owned));
        assert_eq!(scene.states(&hub)[..2], ["managed", "noncompliant"].map(str::to_owned));
        let reasons = scene.resource(&hub)["reasons"].to_string();
        assert!(reasons.contains("team") && reasons.contains("length 16"), "{reasons}");
        let subnet = scene.resource(&format!("{}/subnets/snet-aks", shop()));
        assert_eq!((&subnet["vpc_id"], &subnet["cidr"]), (&json!(shop()), &json!("10.65.4.0/22")), "{subnet:#}");
        // A treatment names the network as Azure does.
        let ignoring = format!(
            "resource \"ipam_resource_cidr\" \"hub\" {{\n  resource_id     = \"{hub}\"\n  resource_cidr   = \"10.64.0.0/16\"\n  \
             resource_region = \"westeurope\"\n  monitored       = false\n}}\n"
        );
        scene.applies(&format!("{CLOUDS}{pools}{ignoring}"));
        assert_eq!(scene.states(&hub)[0], "ignored");
        scene.exports(&without("vnet-shop"), SUBNETS);
        let looked = scene.discover();
        assert_eq!(each(&looked["released"], "resource_id"), [shop()], "{looked:#}");
        store.assert_sound();
    }

    fn allocations_by_size_avoid_subnets_of_google_cloud_and_the_ranges_of_their_clusters(store: Store) {
        let scene = Scene::on(&store);
        let pool = "resource \"ipam_pool\" \"p\" {\n  name  = \"p\"\n  cidrs = [\"10.96.0.0/13\"]\n}\n";
        scene.exports(VNETS, SUBNETS);
        scene.applies(&format!("{CLOUDS}{pool}"));
        scene.discover();
        let sized = |name: &str, length: u8| {
            format!(
                "resource \"ipam_allocation\" \"{name}\" {{\n  ipam_pool_id   = ipam_pool.p.id\n  name           = \
                 \"{name}\"\n  netmask_length = {length}\n}}\n"
            )
        };
        scene.workspace.configure(&format!("{CLOUDS}{pool}{}", sized("large", 15)));
        let plan = scene.workspace.plan();
        // 10.96.0.0/15 has subnets, and 10.100.0.0/14 the pods of a cluster.
        assert_eq!(plan.known("ipam_allocation.large.cidr"), "10.98.0.0/15");
        scene.workspace.apply_saved();
        scene.workspace.assert_settled();
        scene.workspace.configure(&format!("{CLOUDS}{pool}{}{}", sized("large", 15), sized("huge", 14)));
        scene.workspace.try_plan(&[]).fails().says(&["10.100.0.0/14"]);
        store.assert_sound();
    }

    fn an_export_that_is_cut_off_or_of_another_kind_changes_nothing(store: Store) {
        let scene = Scene::on(&store);
        scene.exports(VNETS, SUBNETS);
        scene.applies(CLOUDS);
        scene.discover();
        let known = scene.resource(&shop());
        for (vnets, says) in [
            (VNETS[..VNETS.len() / 2].to_owned(), "The format was not recognised."),
            ("{\"value\": []}".to_owned(), "The format was not recognised."),
            (VNETS.replace("10.65.0.0/20", "10.65.0.1/20"), "line 49: `addressPrefixes` has host bits set."),
            ("{\"Vpcs\": [], \"internalRanges\": []}".to_owned(), "its content fits several formats: aws, gcp."),
        ] {
            scene.exports(&vnets, SUBNETS);
            let run = scene.program(&["discover"]);
            assert_eq!(run.code, 1, "{}", run.text());
            assert!(run.text().contains(says), "{}\n{says}", run.text());
            assert_eq!(scene.resource(&shop()), known);
        }
        // A named format decides what a content alone does not tell.
        scene.exports("{\"value\": []}", SUBNETS);
        scene.applies(&CLOUDS.replace("\n}", "\n  file_formats = { \"azure.json\" = \"azure\" }\n}"));
        scene.discover();
        let run = scene.program(&["resources", "--json"]);
        assert!(!run.text().contains("virtualNetworks"), "{}", run.text());
        store.assert_sound();
    }
}
