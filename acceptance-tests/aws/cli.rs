//! The commands of the program on AWS IPAM: reading, and moving everything to another store and back.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::endpoint::{Endpoint, Script, Trouble};
use super::resources::of_account;
use super::scene::{ACCOUNT, Scene, text};
use crate::harness::store::Store;
use crate::harness::{PROVIDER, Workspace};

const CONFIGURATION: &str = r#"
resource "ipam_scope" "lab" {
  name        = "lab"
  description = "benches"
}

resource "ipam_pool" "top" {
  name          = "top"
  ipam_scope_id = ipam_scope.lab.id
  cidrs         = ["10.0.0.0/16"]
  tags          = { site = "lab" }
}

resource "ipam_pool" "below" {
  name                              = "below"
  source_ipam_pool_id               = ipam_pool.top.id
  locale                            = "us-east-1"
  netmask_length                    = 20
  allocation_default_netmask_length = 24
}

resource "ipam_pool_cidr" "more" {
  ipam_pool_id = ipam_pool.top.id
  cidr         = "10.1.0.0/16"
}

resource "ipam_allocation" "web" {
  ipam_pool_id   = ipam_pool.below.id
  name           = "web"
  netmask_length = 26
}

resource "ipam_allocation" "exact" {
  ipam_pool_id = ipam_pool.below.id
  name         = "exact"
  cidr         = "10.0.15.0/24"
  description  = "an old one"
  tags         = { env = "prod" }
}
"#;

const ADDRESSES: [&str; 6] = [
    "ipam_scope.lab",
    "ipam_pool.top",
    "ipam_pool.below",
    "ipam_pool_cidr.more",
    "ipam_allocation.web",
    "ipam_allocation.exact",
];

/// Runs a command. Returns its standard output, or its standard error if it failed.
#[track_caller]
fn tool(store: &Store, arguments: &[&str], status: i32) -> String {
    let mut command = Command::new(PROVIDER);
    crate::harness::terraform::clean(&mut command);
    let output = store.tell(command.args(arguments)).stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {output:?}");
    String::from_utf8(if status == 2 { output.stderr } else { output.stdout }).unwrap()
}

#[track_caller]
fn json_of(store: &Store, arguments: &[&str], status: i32) -> Value {
    serde_json::from_str(&tool(store, &[arguments, &["--json"]].concat(), status)).unwrap()
}

/// Number of requests to AWS that make objects.
fn made(endpoint: &Endpoint) -> usize {
    let makes = |action: &str| ["Create", "Provision", "Allocate"].iter().any(|verb| action.starts_with(verb));
    endpoint.calls().iter().filter(|call| makes(&call.action)).count()
}

fn file(directory: &Path) -> String {
    directory.join("export.json").to_str().unwrap().to_owned()
}

#[test]
fn commands_read_aws_ipam_and_report_what_it_does_not_have() {
    let scene = Scene::new();
    let store = of_account(&scene.endpoint, ACCOUNT);
    let workspace = Workspace::on(&store);
    workspace.configure(CONFIGURATION);
    workspace.apply();
    let before = made(&scene.endpoint);
    let tree = tool(&store, &["tree"], 0);
    assert!(tree.contains("└─ top  10.0.0.0/16 10.1.0.0/16") && tree.contains("10.0.15.0/24  exact"), "{tree}");
    let listed = json_of(&store, &["allocations", "--pool", "top/below"], 0);
    assert_eq!(listed["allocations"].as_array().unwrap().len(), 2, "{listed}");
    assert_eq!(json_of(&store, &["check"], 0)["ok"], true);
    let status = json_of(&store, &["status"], 0);
    let counts =
        ["kind", "scopes", "pools", "pool_cidrs", "allocations", "last_event"].map(|name| status[name].clone());
    assert_eq!(json!(counts), json!(["aws-ipam", 3, 2, 3, 2, null]));
    for (command, words) in [
        (&["events"] as &[&str], "AWS IPAM has no history. AWS IPAM keeps no history of changes"),
        (&["gc"], "There is nothing to do in aws-ipam. AWS IPAM has no holds."),
        (&["prune", "--keep", "1d"], "There is nothing to do in aws-ipam."),
        (&["discover"], "There is nothing to do in aws-ipam. AWS IPAM scans by itself"),
        (&["prune", "--events", "--keep", "1d", "--no-archive"], "There is nothing to do in aws-ipam."),
    ] {
        let told = tool(&store, command, 2);
        assert!(told.contains(words), "{command:?}: {told}");
    }
    assert!(tool(&Store::of("aws-ipam"), &["tree"], 2).contains("No Region is given"));
    let other = store.with("IPAM_AWS_IPAM_ID", "ipam-0123456789abcdef0");
    assert!(tool(&other, &["tree"], 2).contains("ipam-0123456789abcdef0"));
    assert_eq!(made(&scene.endpoint), before);
    scene.is_sound();
}

#[test]
fn objects_of_aws_move_to_a_self_managed_store_with_their_ids_and_an_empty_plan() {
    let scene = Scene::new();
    scene.endpoint.script(Script::default());
    let store = of_account(&scene.endpoint, ACCOUNT);
    let mut workspace = Workspace::on(&store);
    workspace.configure(CONFIGURATION);
    let state = workspace.apply();
    let below = state.text("ipam_pool.below.id");
    scene.endpoint.take(&below, "vpc", "vpc-1", "10.0.8.0/22");
    // Names need not be unique in AWS: two allocations have the same name here.
    let tags = json!([{"ResourceType": "ipam-pool-allocation", "Tags": [{"Key": "Name", "Value": "web"}]}]);
    let twin = json!({"IpamPoolId": below, "NetmaskLength": 26, "TagSpecifications": tags});
    scene.home.call("allocate_ipam_pool_cidr", twin);
    let file = file(workspace.path());
    let said = tool(&store, &["export", "--output", &file], 0);
    assert!(said.contains("3 scopes, 2 pools, 3 pool CIDRs, 4 allocations, 0 events."), "{said}");
    let (streamed, written) = (tool(&store, &["export"], 0), std::fs::read_to_string(&file).unwrap());
    let content = |text: &str| text.split_once('\n').map(|(_, rest)| rest.to_owned());
    assert_eq!(content(&streamed), content(&written));
    let own = Store::sqlite();
    let said = tool(&own, &["import", &file], 0);
    assert!(said.contains(" is sound: 3 scopes, 2 pools"), "{said}");
    workspace.switch_to(&own);
    workspace.assert_settled();
    let listed = json_of(&own, &["allocations"], 0);
    let all = listed["allocations"].as_array().unwrap();
    let of_vpc = all.iter().find(|one| one["resource_type"] == "vpc").unwrap();
    assert_eq!((&of_vpc["resource_id"], &of_vpc["cidr"]), (&json!("vpc-1"), &json!("10.0.8.0/22")));
    assert_eq!(all.iter().filter(|one| text(&one["name"]).starts_with("web")).count(), 2, "{listed}");
    // New allocations must avoid the space of the allocations that AWS held.
    workspace.configure(&format!(
        "{CONFIGURATION}resource \"ipam_allocation\" \"new\" {{\n  count = 7\n  ipam_pool_id = ipam_pool.below.id\n  \
         name = \"new-${{count.index}}\"\n}}\n"
    ));
    workspace.apply();
    workspace.assert_settled();
    own.assert_sound();
    // The space that AWS held stays allocated in the new store until its users release it.
    let left = "resource \"ipam_allocation\" \"left\" {\n  ipam_pool_id = ipam_pool.below.id\n  name = each.key\n  cidr = \
                each.value\n  for_each = {\n    \"vpc-1\" = \"10.0.8.0/22\"\n    ";
    let twin = all.iter().find(|one| text(&one["name"]).starts_with("web (")).unwrap();
    let more = format!("{} = {}\n  }}\n}}\n", twin["name"], twin["cidr"]);
    workspace.configure(&format!("{CONFIGURATION}{left}{more}"));
    workspace.import("ipam_allocation.left[\"vpc-1\"]", &text(&of_vpc["id"]));
    workspace.import(&format!("ipam_allocation.left[{}]", twin["name"]), &text(&twin["id"]));
    workspace.apply();
    workspace.assert_settled();
    workspace.destroy();
    own.assert_empty();
    scene.is_sound();
}

#[test]
fn objects_of_a_self_managed_store_are_created_in_aws_once() {
    let scene = Scene::new();
    scene.endpoint.script(Script::default());
    let (own, aws) = (Store::sqlite(), of_account(&scene.endpoint, ACCOUNT));
    let workspace = Workspace::on(&own);
    workspace.configure(CONFIGURATION);
    let old = workspace.apply();
    // A plan that is not applied yet is not exported.
    workspace.configure(&CONFIGURATION.replace("\"web\"\n", "\"new\"\n").replace(".web", ".new"));
    workspace.plan();
    let file = file(workspace.path());
    tool(&own, &["export", "--output", &file], 0);

    let before = made(&scene.endpoint);
    let said = tool(&aws, &["import", "--dry-run", &file], 0);
    assert!(said.contains("would be made  ipam_pool        top/below"), "{said}");
    assert!(said.contains("Would create in aws-ipam"), "{said}");
    assert_eq!(made(&scene.endpoint), before, "a dry run makes nothing");

    let done = json_of(&aws, &["import", &file], 0);
    assert_eq!((&done["new"]["pools"], &done["new"]["allocations"]), (&json!(2), &json!(2)), "{done}");
    assert_eq!(done["check"]["ok"], true, "{done}");
    let before = made(&scene.endpoint);
    let again = json_of(&aws, &["import", &file], 0);
    assert_eq!((&again["new"]["pools"], &again["present"]["allocations"]), (&json!(0), &json!(2)), "{again}");
    assert_eq!(made(&scene.endpoint), before, "all objects exist already");

    let second = Workspace::on(&aws);
    second.configure(CONFIGURATION);
    for address in ADDRESSES {
        let id = old.text(&format!("{address}.id"));
        let objects = done["objects"].as_array().unwrap();
        let object = objects.iter().find(|object| object["old_id"] == id.as_str());
        second.import(address, &text(&object.unwrap_or_else(|| panic!("{address}: {done}"))["new_id"]));
    }
    second.assert_settled();
    assert_eq!(second.state().text("ipam_allocation.web.cidr"), old.text("ipam_allocation.web.cidr"));
    second.destroy();
    scene.is_sound();
}

#[test]
fn problems_are_reported_before_any_object_is_created_and_an_interrupted_import_resumes() {
    let scene = Scene::new();
    let (own, aws) = (Store::sqlite(), of_account(&scene.endpoint, ACCOUNT));
    let workspace = Workspace::on(&own);
    workspace.configure(CONFIGURATION);
    workspace.apply();
    let file = file(workspace.path());
    tool(&own, &["export", "--output", &file], 0);

    // AWS refuses a request half-way: the objects made so far stay, and the next import goes on.
    let trouble = Trouble::Error { code: "UnauthorizedOperation", message: "Not you." };
    scene.endpoint.trouble("AllocateIpamPoolCidr", 1, trouble);
    let said = tool(&aws, &["import", &file], 1);
    assert!(said.contains("Not everything was created: 1 problem") && said.contains("run the import again"), "{said}");
    let done = json_of(&aws, &["import", &file], 0);
    assert_eq!((&done["new"]["pools"], &done["new"]["allocations"]), (&json!(0), &json!(2)), "{done}");

    // Another user has the space under another name.
    let listed = json_of(&aws, &["allocations"], 0);
    let web = listed["allocations"].as_array().unwrap().iter().find(|one| one["name"] == "web").unwrap();
    let own_id = text(&web["id"]).split('_').next().unwrap().to_owned();
    let tags = json!([{"Key": "Name", "Value": "somebody-else"}]);
    scene.home.call("create_tags", json!({"Resources": [own_id], "Tags": tags}));
    let before = made(&scene.endpoint);
    let said = tool(&aws, &["import", &file], 1);
    assert!(said.contains("overlaps") && said.contains("somebody-else"), "{said}");
    assert!(said.contains("Nothing was created: 1 problem"), "{said}");
    assert_eq!(made(&scene.endpoint), before);
    scene.is_sound();
}

#[test]
fn a_pipeline_allocates_by_name_in_aws_and_releases() {
    let scene = Scene::new();
    let store = of_account(&scene.endpoint, ACCOUNT);
    let workspace = Workspace::on(&store);
    workspace.configure(CONFIGURATION);
    workspace.apply();
    let allocate = ["allocate", "top/below", "--name", "runners", "--netmask-length", "26"];
    let done = json_of(&store, &allocate, 0);
    assert_eq!((&done["outcome"], &done["changed"]), (&json!("allocated"), &json!(true)), "{done}");
    let again = json_of(&store, &allocate, 0);
    assert_eq!((&again["outcome"], &again["changed"]), (&json!("already-allocated"), &json!(false)), "{again}");
    assert_eq!(again["allocation"]["id"], done["allocation"]["id"]);
    tool(&store, &["allocate", "top/below", "--name", "runners", "--netmask-length", "27"], 4);
    tool(&store, &["allocate", "top/below", "--name", "large", "--netmask-length", "20"], 3);
    let next = json_of(&store, &["next", "top/below", "--netmask-length", "26"], 0);
    assert_ne!(next["cidrs"][0], done["allocation"]["cidr"], "{next}");
    for (command, words) in [
        (&["reserve", "top/below", "--name", "x", "--for", "1h"] as &[&str], "AWS IPAM has no holds."),
        (
            &["resize", "top/below/runners", "--netmask-length", "25"],
            "AWS IPAM cannot change the size of an allocation.",
        ),
        (&["release", "top/below/runners", "--owner", "me"], "--owner has no effect in aws-ipam"),
    ] {
        let told = tool(&store, command, 2);
        assert!(told.contains(words), "{command:?}: {told}");
    }
    let release = ["release", "top/below/runners"];
    assert_eq!(json_of(&store, &release, 0)["outcome"], "released");
    assert_eq!(json_of(&store, &release, 0)["outcome"], "not-allocated");
    workspace.assert_settled();
    scene.is_sound();
}
