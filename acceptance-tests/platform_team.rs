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

/// The CIDRs of all subnets and links and the addresses of all hosts, by their paths in the outputs.
fn addresses(workspace: &Workspace) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for output in ["subnets", "hosts", "links"] {
        let shown = workspace.run(&["output", "-json", output]).succeeds();
        let value: Value = serde_json::from_str(&shown.stdout).expect("the output is JSON");
        collect(output, &value, &mut all);
    }
    all
}

fn collect(path: &str, value: &Value, all: &mut BTreeMap<String, String>) {
    match value {
        Value::String(text) => drop(all.insert(path.to_owned(), text.clone())),
        _ => {
            for (key, member) in value.as_object().expect("the output is a map of maps") {
                collect(&format!("{path}/{key}"), member, all);
            }
        }
    }
}

/// Plans and applies with these variables, and returns what has other addresses than before, is new or gone.
fn changed(workspace: &Workspace, variables: &Value) -> Vec<String> {
    let before = addresses(workspace);
    workspace.write("terraform.tfvars.json", &variables.to_string());
    workspace.plan();
    workspace.apply_saved();
    workspace.assert_settled();
    workspace.store().assert_sound();
    let after = addresses(workspace);
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
        let (subnets, links, hosts) = (7, 3, 3);
        assert_eq!(addresses(&workspace).len(), 2 * (subnets + links + hosts));

        let mut all = vpcs();
        all.insert("payments", vpc("eu-west-1", "prod", json!({"api": 24})));
        let web = json!({"vpc": "shop", "subnet": "web-a", "names": ["web-2", "web-3"]});
        let api = json!({"vpc": "payments", "subnet": "api", "names": ["api-1"]});
        let hosts = json!({"shop-web": web, "payments": api});
        let new = changed(&workspace, &json!({"vpcs": all, "hosts": hosts}));
        let expected = [
            "hosts/payments/api-1/ipv4",
            "hosts/payments/api-1/ipv6",
            "hosts/shop-web/gateway/ipv4",
            "hosts/shop-web/gateway/ipv6",
            "hosts/shop-web/web-1/ipv4",
            "hosts/shop-web/web-1/ipv6",
            "hosts/shop-web/web-3/ipv4",
            "hosts/shop-web/web-3/ipv6",
            "subnets/payments/api/ipv4",
            "subnets/payments/api/ipv6",
        ];
        assert_eq!(new, expected, "a new VPC with a host, one host more and two less");

        all.insert("shop", vpc("eu-west-1", "prod", json!({"web-a": 24, "web-b": 24, "db-a": 25, "cache": 27})));
        let resized = changed(&workspace, &json!({"vpcs": all, "hosts": hosts}));
        let expected = [
            "subnets/shop/cache/ipv4",
            "subnets/shop/cache/ipv6",
            "subnets/shop/db-a/ipv4",
            "subnets/shop/db-b/ipv4",
            "subnets/shop/db-b/ipv6",
        ];
        assert_eq!(resized, expected, "one subnet is new, one is larger, and one is gone");

        let regions = ["ap-southeast-2", "eu-west-1", "us-east-1", "us-west-2"];
        all.insert("search-west", vpc("us-west-2", "prod", json!({"nodes-a": 23})));
        let new = changed(&workspace, &json!({"vpcs": all, "hosts": hosts, "regions": regions}));
        let expected = [
            "links/us-west-2/ipv4",
            "links/us-west-2/ipv6",
            "subnets/search-west/nodes-a/ipv4",
            "subnets/search-west/nodes-a/ipv6",
        ];
        assert_eq!(new, expected, "a Region with a VPC");

        all.remove("sandbox");
        let gone = changed(&workspace, &json!({"vpcs": all, "hosts": hosts, "regions": regions}));
        assert_eq!(gone, ["subnets/sandbox/all/ipv4", "subnets/sandbox/all/ipv6"], "a VPC less");

        let environments = ["dev", "prod", "stage"];
        all.insert("trial", vpc("eu-west-1", "stage", json!({"all": 28})));
        let variables = json!({"vpcs": all, "hosts": hosts, "regions": regions, "environments": environments});
        let new = changed(&workspace, &variables);
        assert_eq!(new, ["subnets/trial/all/ipv4", "subnets/trial/all/ipv6"], "an environment in each Region");

        workspace.destroy();
        workspace.store().assert_empty();
    }
}
