//! Real terraform, with AWS IPAM as the store.

use std::collections::BTreeSet;

use serde_json::json;

use super::endpoint::{Delay, Kind, Script};
use super::scene::{ACCOUNT, HOME, Scene};
use crate::harness::Workspace;
use crate::harness::store::Store;

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

resource "ipam_allocation" "default" {
  ipam_pool_id = ipam_pool.below.id
  name         = "default"
}

resource "ipam_allocation" "exact" {
  ipam_pool_id = ipam_pool.below.id
  name         = "exact"
  cidr         = "10.0.15.0/24"
  description  = "an old one"
  tags         = { env = "prod" }
}

data "ipam_allocations" "all" {
  ipam_pool_id = ipam_pool.below.id
  depends_on   = [ipam_allocation.web, ipam_allocation.default, ipam_allocation.exact]
}
"#;

const ADDRESSES: [&str; 7] = [
    "ipam_scope.lab",
    "ipam_pool.top",
    "ipam_pool.below",
    "ipam_pool_cidr.more",
    "ipam_allocation.web",
    "ipam_allocation.default",
    "ipam_allocation.exact",
];

/// A configuration's environment, as users of AWS have it.
fn store(scene: &Scene) -> Store {
    let credentials = scene.endpoint.credentials(ACCOUNT);
    Store::of("aws-ipam")
        .with("AWS_REGION", HOME)
        .with("AWS_ACCESS_KEY_ID", &credentials.access_key)
        .with("AWS_SECRET_ACCESS_KEY", &credentials.secret_key)
        .with("AWS_ENDPOINT_URL_EC2", &scene.endpoint.url())
}

#[test]
fn a_configuration_is_applied_changed_in_place_and_destroyed() {
    let scene = Scene::new();
    scene.endpoint.script(Script::default());
    let workspace = Workspace::on(&store(&scene));
    workspace.configure(CONFIGURATION);
    let state = workspace.apply();
    assert_eq!(state.text("ipam_pool.below.cidr"), "10.0.0.0/20");
    assert_eq!(state.text("ipam_allocation.exact.owner"), ACCOUNT);
    let (id, own) = (state.text("ipam_allocation.web.id"), state.text("ipam_allocation.web.ipam_pool_allocation_id"));
    assert_eq!(id, format!("{own}_{}", state.text("ipam_pool.below.id")));
    workspace.assert_settled();
    let described = CONFIGURATION.replace("an old one", "a new one").replace("\"web\"\n", "\"www\"\n");
    workspace.configure(&described);
    assert_eq!(
        workspace.plan().actions().values().filter(|action| *action != "no-op").collect::<BTreeSet<_>>().len(),
        1
    );
    let changed = workspace.apply_saved();
    assert_eq!(changed.text("ipam_allocation.exact.description"), "a new one");
    for one in ["ipam_allocation.web.id", "ipam_allocation.exact.id"] {
        assert_eq!(changed.text(one), state.text(one), "changed in place");
    }
    workspace.assert_settled();
    workspace.destroy();
    for kind in [Kind::Allocation, Kind::Pool] {
        let left: Vec<_> =
            scene.endpoint.things(kind).into_iter().filter(|thing| thing.state != "delete-complete").collect();
        assert!(left.is_empty(), "{left:?}");
    }
    scene.is_sound();
}

#[test]
fn problem_7_objects_imported_with_ids_of_the_aws_provider_have_an_empty_plan() {
    let scene = Scene::new();
    let first = Workspace::on(&store(&scene));
    first.configure(CONFIGURATION);
    let made = first.apply();
    let second = Workspace::on(&store(&scene));
    second.configure(CONFIGURATION);
    for address in ADDRESSES {
        let id = match address {
            // `<cidr>_<pool>`, as the AWS provider imports it.
            "ipam_pool_cidr.more" => format!("10.1.0.0/16_{}", made.text("ipam_pool.top.id")),
            // AWS's own id.
            "ipam_allocation.web" => made.text("ipam_allocation.web.ipam_pool_allocation_id"),
            // With the Region at the end, as the AWS provider accepts it since version 6.
            "ipam_pool.below" | "ipam_allocation.exact" => made.text(&format!("{address}.id")) + "@us-east-1",
            // `<allocation>_<pool>`, as the AWS provider imports it.
            _ => made.text(&format!("{address}.id")),
        };
        second.import(address, &id);
    }
    second.assert_settled();
    scene.is_sound();
}

#[test]
fn problem_7_a_cidr_by_size_is_imported_without_a_replacement_whatever_it_is_called() {
    let scene = Scene::new();
    let (_, leaf) = scene.tree();
    let block = |label: &str, netmask_length: u8, more: &str| {
        format!(
            "resource \"ipam_pool_cidr\" {label:?} {{\n  ipam_pool_id = {leaf:?}\n  netmask_length = {netmask_length}\n{more}}}\n"
        )
    };
    let sized = block("sized", 16, "");
    let workspace = Workspace::on(&store(&scene));
    workspace.configure(&sized);
    workspace.import("ipam_pool_cidr.sized", &format!("10.0.0.0/16_{leaf}@us-east-1"));
    workspace.assert_settled();
    workspace.configure(&block("sized", 16, "  name = \"first\"\n"));
    assert_eq!(workspace.plan().actions()["ipam_pool_cidr.sized"], "update");
    workspace.apply_saved();
    workspace.assert_settled();
    // New pool CIDRs may have any name or none, and two of the same size are two pool CIDRs.
    workspace.configure(&(sized + &block("more", 20, "  count = 2\n")));
    let made = workspace.apply();
    workspace.assert_settled();
    assert_ne!(made.text("ipam_pool_cidr.more[0].cidr"), made.text("ipam_pool_cidr.more[1].cidr"));
    scene.is_sound();
}

#[test]
fn problem_5_and_14_a_new_allocation_is_not_tainted_and_one_deleted_outside_is_created_again() {
    let scene = Scene::new();
    scene.endpoint.script(Script { read_lag: Delay::Reads(2), ..Script::at_once() });
    let workspace = Workspace::on(&store(&scene));
    workspace.configure(CONFIGURATION);
    workspace.apply();
    scene.endpoint.script(Script::at_once());
    workspace.assert_settled();
    let scope = workspace.state().text("ipam_pool.top.id");
    scene.home.call("delete_ipam_pool", json!({"IpamPoolId": scope, "Cascade": true}));
    workspace.apply();
    workspace.assert_settled();
    scene.is_sound();
}

/// The old allocation is destroyed and the new one is made at the same time.
#[test]
fn a_name_moves_to_a_new_allocation_while_aws_still_lists_the_old_one() {
    let scene = Scene::new();
    let workspace = Workspace::on(&store(&scene));
    let body = |label: &str| {
        format!(
            "resource \"ipam_pool\" \"top\" {{\n  name   = \"top\"\n  locale = {HOME:?}\n  cidrs  = [\"10.0.0.0/16\"]\n}}\n\n\
             resource \"ipam_allocation\" {label:?} {{\n  ipam_pool_id   = ipam_pool.top.id\n  name           = \"web\"\n  \
             netmask_length = 24\n}}\n"
        )
    };
    workspace.configure(&body("old"));
    workspace.apply();
    workspace.configure(&body("new"));
    scene.endpoint.script(Script { release: Delay::Reads(5), ..Script::at_once() });
    workspace.apply();
    workspace.assert_settled();
    assert_eq!(scene.allocated(&workspace.state().text("ipam_pool.top.id")).len(), 1);
    scene.is_sound();
}

#[test]
fn options_that_aws_does_not_have_are_refused_at_plan_on_the_attribute() {
    let scene = Scene::new();
    let workspace = Workspace::on(&store(&scene));
    for (body, words) in [
        ("name = \"a\"\n  address_family = \"ipv4\"\n  allocation_strategy = \"sparse\"", "allocation_strategy"),
        (
            "name = \"a\"\n  address_family = \"ipv4\"\n  tags = { Name = \"b\" }",
            "The tag `Name` is the `name` of the object",
        ),
    ] {
        workspace.configure(&format!("resource \"ipam_pool\" \"a\" {{\n  {body}\n}}\n"));
        workspace.try_plan(&[]).fails().says(&[words, "main.tf line"]);
    }
    workspace.configure("resource \"ipam_scope\" \"a\" {\n  name = \"a\"\n  scope_type = \"public\"\n}\n");
    workspace.try_plan(&[]).fails().says(&["AWS IPAM creates private scopes only", "scope_type"]);
    assert!(scene.endpoint.things(Kind::Pool).is_empty());
}

#[test]
fn the_aws_block_reaches_aws_and_another_store_refuses_its_arguments_about_ipam() {
    let scene = Scene::new();
    let credentials = scene.endpoint.credentials(ACCOUNT);
    let (access_key, secret_key) = (&credentials.access_key, &credentials.secret_key);
    let provider = |store: &str, more: &str| {
        format!(
            "provider \"ipam\" {{\n  store = {store:?}\n  aws {{\n    region = {HOME:?}\n    access_key = {access_key:?}\n    \
             secret_key = {secret_key:?}\n    endpoints = {{ ec2 = {:?} }}\n    {more}\n  }}\n}}\n\
             data \"ipam_scopes\" \"all\" {{}}\noutput \"names\" {{\n  value = data.ipam_scopes.all.scopes[*].name\n}}\n",
            scene.endpoint.url(),
        )
    };
    let of_ipam = format!("ipam_id = {}", scene.ipam["IpamId"]);
    for (store, more) in [("aws-ipam", of_ipam.as_str()), ("sqlite:ipam.db", "")] {
        let workspace = Workspace::new();
        workspace.configure(&provider(store, more));
        let names = workspace.apply().output("names").clone();
        assert_eq!(names.as_array().unwrap().len(), 2, "{store}: {names}");
    }
    let workspace = Workspace::new();
    for (name, more) in [("ipam_id", of_ipam.as_str()), ("wait_for_release", "wait_for_release = false")] {
        workspace.configure(&provider("sqlite:ipam.db", more));
        let said = workspace.try_plan(&[]).fails();
        said.says(&["An argument that is not used", name, "sqlite"]).never_says(secret_key);
    }
}

/// `depends_on` moves the reading of a data source into the apply. An attribute that is unknown for that reason keeps
/// its value.
#[test]
fn an_unknown_pool_replaces_nothing_and_another_one_is_refused_in_the_apply() {
    let configuration = |description: &str, name: &str| {
        format!(
            r#"
resource "ipam_pool" "p" {{
  name        = "p"
  cidrs       = ["10.0.0.0/16"]
  locale      = "us-east-1"
  description = "{description}"
}}

resource "ipam_pool" "q" {{
  name   = "q"
  cidrs  = ["172.16.0.0/16"]
  locale = "us-east-1"
}}

data "ipam_pool" "found" {{
  name       = "{name}"
  depends_on = [ipam_pool.p, ipam_pool.q]
}}

resource "ipam_allocation" "a" {{
  ipam_pool_id   = data.ipam_pool.found.id
  name           = "a"
  netmask_length = 24
  tags           = {{ text = "{description}" }}
}}

resource "ipam_pool" "below" {{
  source_ipam_pool_id = data.ipam_pool.found.id
  locale              = data.ipam_pool.found.description == "never" ? "us-west-2" : "us-east-1"
  name                = "below"
  netmask_length      = 20
  description         = "{description}"
}}
"#
        )
    };
    let scene = Scene::new();
    let workspace = Workspace::on(&store(&scene));
    workspace.configure(&configuration("one", "p"));
    let before = workspace.apply();
    workspace.configure(&configuration("two", "p"));
    let actions = workspace.plan().actions();
    assert!(actions.values().all(|action| action == "update"), "{actions:?}");
    let after = workspace.apply_saved();
    for place in ["ipam_allocation.a.cidr", "ipam_allocation.a.id", "ipam_pool.below.id", "ipam_pool.below.locale"] {
        assert_eq!(after.text(place), before.text(place));
    }
    workspace.assert_settled();
    workspace.configure(&configuration("three", "q"));
    workspace.plan();
    let refused = workspace.try_apply_saved("plan", &[]).fails();
    if workspace.client().tells_the_walk() {
        refused.says(&["The value is not the one that the plan kept"]);
    } else {
        // The client refuses the second plan itself.
        refused.says(&["inconsistent final plan"]);
    }
    assert_eq!(workspace.state().text("ipam_allocation.a.cidr"), before.text("ipam_allocation.a.cidr"));
    assert_eq!(workspace.plan().actions()["ipam_allocation.a"], "delete create");
    workspace.destroy();
}
