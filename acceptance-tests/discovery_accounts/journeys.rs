//! The estate through real terraform on a self-managed store: discovered, imported, judged and counted as independent
//! scripts do it.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::{Value, json};
use terraform_provider_ipam::backend::observation::DiscoveryFilter;
use test_servers::Ec2;

use super::estate::{ACCOUNTS, Estate, REGIONS, role};
use super::python;
use crate::harness::store::Store;
use crate::harness::terraform::{self, Run};
use crate::harness::{PROVIDER, Workspace};

/// A new store whose users reach the server at `url`.
fn store(url: &str) -> Store {
    Store::sqlite()
        .with("AWS_ACCESS_KEY_ID", "home")
        .with("AWS_SECRET_ACCESS_KEY", "secret")
        .with("AWS_REGION", REGIONS[0])
        .with("AWS_ENDPOINT_URL_EC2", url)
        .with("AWS_ENDPOINT_URL_STS", url)
}

/// Runs a command of the program, which may fail.
fn program(workspace: &Workspace, arguments: &[&str]) -> Run {
    let mut command = Command::new(PROVIDER);
    terraform::clean(&mut command);
    command.args(arguments).current_dir(workspace.path());
    workspace.store().tell(&mut command);
    terraform::run(command)
}

/// A discovery of these accounts by roles, and of the caller's own account if `own`.
fn discovery(accounts: &[&str], regions: &[&str], own: bool) -> String {
    let roles = accounts.iter().map(|id| format!("  role {{\n    role_arn = {:?}\n  }}\n", role(id).role_arn));
    let roles: String = roles.collect();
    format!(
        "resource \"ipam_resource_discovery\" \"all\" {{\n  name = \"all\"\n  operating_regions = {regions:?}\n  own_account = \
         {own}\n{roles}}}\n"
    )
}

/// A pool that imports the networks of one Region, and has rules for them.
const POOL: &str = r#"
resource "ipam_pool" "live" {
  name                          = "live"
  cidrs                         = ["10.0.0.0/8"]
  locale                        = "eu-central-1"
  auto_import                   = true
  allocation_min_netmask_length = 16
  allocation_max_netmask_length = 18
  allocation_resource_tags      = { team = "network" }
}
"#;

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn key(one: &Value) -> String {
    format!("{}_{}_{}", text(one, "resource_id"), text(one, "cidr"), text(one, "region"))
}

/// Scopes, pools and allocations of the store, in the form that the script reads.
fn world(store: &Store, samples: &Value) -> Value {
    let ipam = store.open();
    let all = |items: Vec<Value>| Value::Array(items);
    let scopes = ipam.list_scopes(false).unwrap().iter().map(|one| serde_json::to_value(one).unwrap()).collect();
    let pools = store.pools();
    let cidrs = pools.iter().flat_map(|pool| ipam.list_pool_cidrs(&pool.meta.id, false).unwrap());
    let cidrs = cidrs.map(|one| json!({"pool_id": one.pool_id, "cidr": one.cidr, "id": one.meta.id})).collect();
    let allocations = store.allocations().iter().map(|one| serde_json::to_value(one).unwrap()).collect();
    // Between equal blocks the time decides at which each place was first seen.
    let places = ipam.observation().unwrap().discovered_accounts(&DiscoveryFilter::default()).unwrap().items;
    let taken: BTreeMap<_, _> = places
        .into_iter()
        .map(|one| ((one.account_id, one.region), format!("{:.9}", one.last_success.unwrap())))
        .collect();
    let mut first_seen = serde_json::Map::new();
    for sample in samples.as_array().unwrap() {
        let at = &taken[&(text(sample, "account_id").to_owned(), text(sample, "region").to_owned())];
        first_seen.extend(sample["resources"].as_array().unwrap().iter().map(|one| (key(one), at.as_str().into())));
    }
    let pools = pools.iter().map(|one| serde_json::to_value(one).unwrap()).collect();
    json!({"scopes": all(scopes), "pools": all(pools), "pool_cidrs": all(cidrs), "allocations": all(allocations),
        "samples": samples, "first_seen": first_seen})
}

/// Whether a reason is about a topic of the script.
fn is_about(reason: &str, topic: &str) -> bool {
    match topic {
        "netmask_length" => reason.contains("netmask length"),
        "locale" => reason.contains("locale"),
        tag => tag.strip_prefix("tag ").is_some_and(|key| reason.contains(&format!("tag {key:?}"))),
    }
}

#[track_caller]
fn check(ours: &Value, expected: &Value) {
    for name in ["management", "compliance", "overlap", "scope_id", "pool_id"] {
        assert_eq!(ours[name], expected[name], "{name}: {ours:#}\nexpected {expected:#}");
    }
    let list = |value: &Value, name: &str| -> Vec<String> {
        value[name].as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect()
    };
    let (reasons, topics) = (list(ours, "reasons"), list(expected, "reasons"));
    assert_eq!(reasons.len(), topics.len(), "{ours:#}\nexpected {expected:#}");
    for topic in topics {
        assert!(reasons.iter().any(|reason| is_about(reason, &topic)), "{topic}: {reasons:?}");
    }
    // Ten overlaps are named, followed by the number of the others.
    let (mut others, named) = (list(ours, "overlaps_with"), list(expected, "overlaps_with"));
    if named.len() > 10 {
        assert_eq!((others.pop().as_deref(), others.len()), (Some("and more"), 10), "{ours:#}");
        assert!(others.iter().all(|other| named.contains(other)), "{ours:#}\nexpected {expected:#}");
    } else {
        assert_eq!(others, named, "{ours:#}\nexpected {expected:#}");
    }
    let (told, wanted) = (ours, expected);
    match (ours["usage"].as_f64(), expected["usage"].as_f64()) {
        (Some(ours), Some(expected)) => assert!((ours - expected).abs() < 1e-6, "{told:#}\nexpected {wanted:#}"),
        (ours, expected) => assert_eq!(ours, expected, "{expected:?}"),
    }
}

#[test]
fn every_finding_over_the_estate_is_what_python_derives_from_what_boto3_sees() {
    let estate = Estate::shared();
    let workspace = Workspace::on(&store(&estate.url()));
    workspace.configure(&(discovery(&ACCOUNTS[1..], &REGIONS, true) + POOL));
    workspace.apply();
    let looked = program(&workspace, &["discover", "--json"]).succeeds();
    let looked: Value = serde_json::from_str(&looked.stdout).unwrap();
    assert_eq!(looked["discoveries"][0]["places"].as_array().unwrap().len(), 12, "{looked:#}");
    assert!(looked["imported"].as_array().unwrap().len() > 10, "{looked:#}");
    let samples = estate.seen();
    let expected = python::run("expected.py", &["findings"], &world(workspace.store(), samples));
    let told = program(&workspace, &["resources", "--json"]);
    let told: Value = serde_json::from_str(&told.stdout).unwrap();
    let with_account = |one: &Value| format!("{} {}", text(one, "account_id"), key(one));
    let ours: BTreeMap<String, &Value> =
        told["resources"].as_array().unwrap().iter().map(|one| (with_account(one), one)).collect();
    let expected = expected.as_array().unwrap();
    assert_eq!(ours.len(), expected.len());
    assert!(expected.len() > 3_000, "{}", expected.len());
    for one in expected {
        check(ours.get(&with_account(one)).unwrap_or_else(|| panic!("not seen: {one:#}")), one);
    }
    workspace.assert_settled();
    workspace.store().assert_sound();
}

#[test]
fn flow_j_public_addresses_are_counted_by_type_and_service_and_idle_ones_named_as_boto3_sees_them() {
    let estate = Estate::shared();
    let workspace = Workspace::on(&store(&estate.url()));
    let body = discovery(&ACCOUNTS[1..], &REGIONS, true)
        + r#"
data "ipam_discovered_public_addresses" "all" {
  ipam_resource_discovery_id = ipam_resource_discovery.all.id
  max_age                    = "1h"
}

data "ipam_discovered_public_addresses" "gateways" {
  ipam_resource_discovery_id = ipam_resource_discovery.all.id
  service                    = "nat-gateway"
  address_region             = "us-east-1"
  max_age                    = "1h"
}

output "all" {
  value = { for name, value in data.ipam_discovered_public_addresses.all : name => value if name != "addresses" }
}

output "gateways" {
  value = data.ipam_discovered_public_addresses.gateways.total_count
}
"#;
    workspace.configure(&body);
    // `discover` was not run: the plan scans by itself, once for both data sources.
    let state = workspace.apply();
    let samples = estate.seen();
    let places = || samples.as_array().unwrap().iter();
    let addresses: Vec<&Value> = places().flat_map(|one| one["addresses"].as_array().unwrap()).collect();
    let count = |name: &str| {
        let words = addresses.iter().filter_map(|one| one[name].as_str());
        words.fold(BTreeMap::<&str, u64>::new(), |mut counts, word| {
            *counts.entry(word).or_default() += 1;
            counts
        })
    };
    let all = state.output("all");
    assert_eq!(all["total_count"], json!(addresses.len()));
    assert!(addresses.len() > 500, "{}", addresses.len());
    assert_eq!(all["count_by_type"], json!(count("address_type")));
    assert_eq!(all["count_by_service"], json!(count("service")));
    let associations = count("association");
    assert_eq!(all["associated_count"], json!(associations["associated"]));
    assert_eq!(all["disassociated_count"], json!(associations["disassociated"]));
    let kept = ["amazon-owned-eip", "amazon-owned-contig", "byoip"];
    let is_idle = |one: &&&Value| one["association"] == "disassociated" && kept.contains(&text(one, "address_type"));
    let mut idle: Vec<&str> = addresses.iter().filter(is_idle).map(|one| text(one, "address")).collect();
    let mut named: Vec<&str> =
        all["idle_addresses"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
    idle.sort_unstable();
    named.sort_unstable();
    assert!(!idle.is_empty());
    assert_eq!(named, idle);
    let gateways =
        addresses.iter().filter(|one| one["service"] == "nat-gateway" && one["region"] == "us-east-1").count();
    assert_eq!(state.output("gateways"), &json!(gateways));
    workspace.assert_settled();
}

/// A discovery of one account, which terraform scans by itself.
fn watching(account: &str, more: &str) -> String {
    discovery(&[account], &["eu-west-1", "us-east-1"], false)
        + &format!(
            "data \"ipam_discovered_resource_cidrs\" \"vpcs\" {{\n  ipam_resource_discovery_id = \
             ipam_resource_discovery.all.id\n  resource_type = \"vpc\"\n  {more}\n}}\n\noutput \"vpcs\" {{\n  value = \
             length(data.ipam_discovered_resource_cidrs.vpcs.resource_cidrs)\n}}\n"
        )
}

#[test]
fn a_refused_role_fails_the_fresh_scan_and_the_last_good_sample_stays() {
    let server = Ec2::start();
    let workspace = Workspace::on(&store(&server.endpoint()));
    let account = "210987654321";
    workspace.configure(&watching(account, "max_age = \"0s\""));
    let seen = workspace.apply().output("vpcs").clone();
    assert_eq!(seen, json!(2), "a default VPC in each Region");
    let refusal = json!({"order": "trouble", "action": "AssumeRole", "role": role(account).role_arn, "code": "AccessDenied",
        "message": "User is not authorized to perform: sts:AssumeRole", "status": 403});
    server.order(&refusal.to_string());
    let failed = workspace.try_plan(&[]).fails();
    failed.says(&["A new scan failed", account, "eu-west-1", "us-east-1", "assume-role-failure", "not authorized"]);
    let run = program(&workspace, &["discover"]);
    assert_eq!(run.code, 1, "{}", run.text());
    run.says(&["assume-role-failure", "2 failed"]);
    workspace.configure(&watching(account, ""));
    assert_eq!(workspace.apply().output("vpcs"), &seen);
    workspace.store().assert_sound();
}

#[test]
fn missing_credentials_are_reported_and_the_last_good_sample_stays() {
    let server = Ec2::start();
    let place = store(&server.endpoint());
    let workspace = Workspace::on(&place);
    let body = watching("210987654321", "max_age = \"0s\"");
    workspace.configure(&body);
    workspace.apply();
    let nobody = Store::of(place.url()).with("AWS_EC2_METADATA_DISABLED", "true").in_place(place.clone());
    let other = Workspace::on(&nobody);
    other.configure(
        &body
            .replace("ipam_resource_discovery.all.id", "null")
            .split_once("data ")
            .map(|(_, data)| format!("data {data}"))
            .unwrap(),
    );
    other.try_plan(&[]).fails().says(&["redentials"]);
    let run = program(&other, &["discover"]);
    assert_eq!(run.code, 1, "{}", run.text());
    run.says(&["no account could be scanned", "redentials"]);
    other.configure(
        &watching("210987654321", "")
            .replace("ipam_resource_discovery.all.id", "null")
            .split_once("data ")
            .map(|(_, data)| format!("data {data}"))
            .unwrap(),
    );
    assert_eq!(other.apply().output("vpcs"), &json!(2));
}

#[test]
fn the_aws_block_sets_how_a_plan_reaches_accounts() {
    let server = Ec2::start();
    let workspace = Workspace::new();
    let provider = format!(
        "provider \"ipam\" {{\n  aws {{\n    access_key = \"home\"\n    secret_key = \"secret\"\n    endpoints = {{ ec2 = {0:?}, \
         sts = {0:?} }}\n  }}\n}}\n",
        server.endpoint()
    );
    workspace.configure(&(provider + &watching("210987654321", "max_age = \"1h\"")));
    assert_eq!(workspace.apply().output("vpcs"), &json!(2));
    workspace.assert_settled();
}
