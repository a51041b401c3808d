//! The example of a platform team is applied on each own store, changed five times and destroyed. What a change is not
//! about keeps its addresses.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::harness::store::Store;
use crate::harness::{Workspace, examples};

/// The example in a workspace. Its provider block leaves the choice of the store to the environment.
fn copied_to(store: &Store) -> Workspace {
    let workspace = Workspace::on(store);
    examples::copy(&examples::root().join("platform-team"), workspace.path());
    let main = workspace.read("main.tf");
    let store_line = "  store = \"sqlite:ipam.db\"\n";
    assert!(main.contains(store_line), "{main}");
    workspace.write("main.tf", &main.replace(store_line, ""));
    workspace
}

fn vpc(region: &str, environment: &str, subnets: Value) -> Value {
    json!({"region": region, "environment": environment, "subnets": subnets})
}

/// The VPCs of the defaults in `variables.tf`.
fn vpcs() -> BTreeMap<&'static str, Value> {
    BTreeMap::from([
        ("shop", vpc("eu-west-1", "prod", json!({"web-a": 24, "web-b": 24, "db-a": 26, "db-b": 26}))),
        ("search", vpc("us-east-1", "prod", json!({"nodes-a": 23, "nodes-b": 23}))),
        ("sandbox", vpc("ap-southeast-2", "dev", json!({"all": 25}))),
    ])
}

/// The CIDRs of all subnets, by the VPC, the subnet and the address family.
fn subnets(workspace: &Workspace) -> BTreeMap<String, String> {
    let shown = workspace.run(&["output", "-json", "subnets"]).succeeds();
    let all: BTreeMap<String, BTreeMap<String, BTreeMap<String, String>>> =
        serde_json::from_str(&shown.stdout).expect("the output is a map");
    let mut flat = BTreeMap::new();
    for (vpc, subnets) in all {
        for (subnet, cidrs) in subnets {
            flat.extend(cidrs.into_iter().map(|(family, cidr)| (format!("{vpc}/{subnet}/{family}"), cidr)));
        }
    }
    flat
}

/// Plans and applies with these variables, and returns the subnets that have other CIDRs than before, are new or gone.
fn changed(workspace: &Workspace, variables: &Value) -> Vec<String> {
    let before = subnets(workspace);
    workspace.write("terraform.tfvars.json", &variables.to_string());
    workspace.plan();
    workspace.apply_saved();
    workspace.assert_settled();
    workspace.store().assert_sound();
    let after = subnets(workspace);
    let names = before.keys().chain(after.keys()).filter(|name| before.get(*name) != after.get(*name));
    let mut names: Vec<String> = names.cloned().collect();
    names.sort();
    names.dedup();
    names
}

on_each_own_store! {
    fn the_platform_example_changes_five_times(store: Store) {
        let workspace = copied_to(&store);
        workspace.plan();
        workspace.apply_saved();
        workspace.assert_settled();
        assert_eq!(subnets(&workspace).len(), 14);

        let mut all = vpcs();
        all.insert("payments", vpc("eu-west-1", "prod", json!({"api": 24})));
        let new = changed(&workspace, &json!({"vpcs": all}));
        assert_eq!(new, ["payments/api/ipv4", "payments/api/ipv6"], "a new VPC");

        all.insert("shop", vpc("eu-west-1", "prod", json!({"web-a": 24, "web-b": 24, "db-a": 25, "cache": 27})));
        let resized = changed(&workspace, &json!({"vpcs": all}));
        let expected =
            ["shop/cache/ipv4", "shop/cache/ipv6", "shop/db-a/ipv4", "shop/db-b/ipv4", "shop/db-b/ipv6"];
        assert_eq!(resized, expected, "one subnet is new, one is larger, and one is gone");

        let regions = ["ap-southeast-2", "eu-west-1", "us-east-1", "us-west-2"];
        all.insert("search-west", vpc("us-west-2", "prod", json!({"nodes-a": 23})));
        let new = changed(&workspace, &json!({"vpcs": all, "regions": regions}));
        assert_eq!(new, ["search-west/nodes-a/ipv4", "search-west/nodes-a/ipv6"], "a Region with a VPC");

        all.remove("sandbox");
        let gone = changed(&workspace, &json!({"vpcs": all, "regions": regions}));
        assert_eq!(gone, ["sandbox/all/ipv4", "sandbox/all/ipv6"], "a VPC less");

        let environments = ["dev", "prod", "stage"];
        all.insert("trial", vpc("eu-west-1", "stage", json!({"all": 28})));
        let variables = json!({"vpcs": all, "regions": regions, "environments": environments});
        let new = changed(&workspace, &variables);
        assert_eq!(new, ["trial/all/ipv4", "trial/all/ipv6"], "an environment in each Region");

        workspace.destroy();
        workspace.store().assert_empty();
    }
}
