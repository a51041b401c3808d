//! Discoveries, the administrator of IPAM, and the treatment of discovered CIDRs, through real terraform.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use terraform_provider_ipam::backend::service::{
    DiscoveryNoun, DiscoverySpec, EntityPath, Keeps, ResourceCidrNoun, ResourceCidrSpec,
};
use terraform_provider_ipam::ipam::discovery::types::Survey;
use terraform_provider_ipam::ipam::{Error, Tags};

use super::boto::Boto;
use super::endpoint::{Endpoint, Kind, Script, Trouble};
use super::provider_client::{as_account, impatient};
use super::resources::of_account;
use super::scene::{ACCOUNT, HOME, OTHER_ACCOUNT, Scene, text};
use crate::harness::Workspace;

/// An account's configuration on the endpoint.
fn workspace(endpoint: &Endpoint, account: &str) -> Workspace {
    Workspace::on(&of_account(endpoint, account))
}

/// Number of calls of an action so far.
fn calls(endpoint: &Endpoint, action: &str) -> usize {
    endpoint.calls().iter().filter(|call| call.action == action).count()
}

fn are_gone(endpoint: &Endpoint, kind: Kind) -> bool {
    endpoint.things(kind).iter().all(|thing| thing.is_gone())
}

#[track_caller]
fn is_sound(endpoint: &Endpoint) {
    assert_eq!(endpoint.violations(), Vec::<String>::new());
}

const DISCOVERY: &str = r#"
resource "ipam_resource_discovery" "ours" {
  name                           = "ours"
  operating_regions              = ["us-east-1", "eu-west-1"]
  organizational_unit_exclusions = ["o-1/r-1/ou-1/*", "o-1/r-1/ou-2/"]
  tags                           = { team = "net" }
}

data "ipam_resource_discoveries" "all" {
  depends_on = [ipam_resource_discovery.ours]
}

output "all" {
  value = data.ipam_resource_discoveries.all.ids
}
"#;

#[test]
fn a_resource_discovery_is_made_changed_in_place_imported_and_destroyed() {
    let endpoint = Endpoint::start();
    let workspace = workspace(&endpoint, ACCOUNT);
    workspace.configure(DISCOVERY);
    let made = workspace.apply();
    workspace.assert_settled();
    let of = |attribute: &str| made.text(&format!("ipam_resource_discovery.ours.{attribute}"));
    assert_eq!((of("owner_id").as_str(), of("ipam_resource_discovery_region").as_str()), (ACCOUNT, HOME));
    assert!(of("arn").ends_with(&format!("ipam-resource-discovery/{}", of("id"))), "{}", of("arn"));
    assert_eq!(made.value("ipam_resource_discovery.ours.is_default"), &json!(false));
    assert_eq!(made.output("all"), &json!([of("id")]));
    let changed = DISCOVERY
        .replace("name  ", "description = \"theirs\"\n  name  ")
        .replace("\"eu-west-1\"", "\"eu-central-1\"")
        .replace("ou-2/", "ou-3/");
    workspace.configure(&changed);
    let state = workspace.apply();
    workspace.assert_settled();
    let changed_of = |attribute: &str| state.value(&format!("ipam_resource_discovery.ours.{attribute}")).clone();
    assert_eq!(changed_of("id"), of("id").as_str(), "changed in place");
    assert_eq!(changed_of("operating_regions"), json!(["eu-central-1", "us-east-1"]));
    assert_eq!(changed_of("organizational_unit_exclusions"), json!(["o-1/r-1/ou-1/*", "o-1/r-1/ou-3/"]));
    let modified = calls(&endpoint, "ModifyIpamResourceDiscovery");
    workspace.configure(&changed.replace("\"net\"", "\"web\""));
    workspace.apply();
    assert_eq!(calls(&endpoint, "ModifyIpamResourceDiscovery"), modified, "tags are changed by other calls");
    let second = Workspace::on(&of_account(&endpoint, ACCOUNT));
    second.configure(&changed.replace("\"net\"", "\"web\""));
    second.import("ipam_resource_discovery.ours", &of("id"));
    second.assert_settled();
    second.destroy();
    assert!(are_gone(&endpoint, Kind::Discovery));
    is_sound(&endpoint);
}

#[test]
fn a_discovery_whose_exclusions_are_refused_is_deleted_again() {
    let endpoint = Endpoint::start();
    endpoint.script(Script::at_once());
    let workspace = workspace(&endpoint, ACCOUNT);
    workspace.configure(DISCOVERY);
    let message = "The account is in no organization.";
    endpoint.trouble("ModifyIpamResourceDiscovery", 1, Trouble::Error { code: "InvalidParameterValue", message });
    workspace.try_apply(&[]).fails().says(&[message]).never_says("terraform import");
    assert!(are_gone(&endpoint, Kind::Discovery));
    workspace.apply();
    workspace.assert_settled();
    workspace.destroy();
    is_sound(&endpoint);
}

#[test]
fn a_discovery_that_could_not_be_deleted_again_is_reported_with_the_import_command() {
    let endpoint = Endpoint::start();
    endpoint.script(Script::at_once());
    let workspace = workspace(&endpoint, ACCOUNT);
    workspace.configure(DISCOVERY);
    let refused = |code| Trouble::Error { code, message: "No." };
    endpoint.trouble("ModifyIpamResourceDiscovery", 1, refused("InvalidParameterValue"));
    endpoint.trouble("DeleteIpamResourceDiscovery", 1, refused("UnauthorizedOperation"));
    let failed = workspace.try_apply(&[]).fails();
    let id = endpoint.things(Kind::Discovery)[0].id.clone();
    failed.says(&[&format!("terraform import ipam_resource_discovery.NAME {id}")]);
    workspace.import("ipam_resource_discovery.ours", &id);
    workspace.apply();
    workspace.assert_settled();
    is_sound(&endpoint);
}

#[test]
fn the_discovery_of_an_ipam_is_imported_and_changed_and_stays_with_it() {
    let endpoint = Endpoint::start();
    endpoint.script(Script::at_once());
    let home = Boto::new(&endpoint, ACCOUNT, HOME);
    let ipam = home.call("create_ipam", json!({"OperatingRegions": [{"RegionName": HOME}]}))["Ipam"].clone();
    let workspace = workspace(&endpoint, ACCOUNT);
    let body = |paths: &str| {
        format!(
            "resource \"ipam_resource_discovery\" \"of_ipam\" {{\n  operating_regions = [\"{HOME}\"]\n  \
             organizational_unit_exclusions = {paths}\n}}\n"
        )
    };
    workspace.configure(&body("null"));
    workspace.import("ipam_resource_discovery.of_ipam", &text(&ipam["DefaultResourceDiscoveryId"]));
    workspace.assert_settled();
    workspace.configure(&body("[\"o-1/r-1/ou-1/*\"]"));
    workspace.apply();
    workspace.assert_settled();
    workspace.configure(&body("[]"));
    workspace.apply();
    workspace.assert_settled();
    workspace.try_destroy(&[]).fails().says(&["was created with its IPAM", "removed"]);
    is_sound(&endpoint);
}

const ASSOCIATION: &str = r#"
variable "discovery" {}

resource "ipam_ipam" "main" {
  operating_regions = ["us-east-1"]
}

resource "ipam_resource_discovery_association" "theirs" {
  ipam_id                    = ipam_ipam.main.id
  ipam_resource_discovery_id = var.discovery
  tags                       = { of = "theirs" }
}

data "ipam_resource_discovery_associations" "all" {
  ipam_id    = ipam_ipam.main.id
  depends_on = [ipam_resource_discovery_association.theirs]
}

output "statuses" {
  value = sort([for one in data.ipam_resource_discovery_associations.all.resource_discovery_associations :
    "${one.is_default} ${one.resource_discovery_status}"])
}
"#;

/// Creates the other account's discovery, without sharing it.
fn theirs(endpoint: &Endpoint) -> String {
    endpoint.script(Script::at_once());
    let other = Boto::new(endpoint, OTHER_ACCOUNT, HOME);
    let made = other.call("create_ipam_resource_discovery", json!({"OperatingRegions": [{"RegionName": HOME}]}));
    endpoint.script(Script::default());
    text(&made["IpamResourceDiscovery"]["IpamResourceDiscoveryId"])
}

#[test]
fn a_shared_discovery_is_associated_and_a_broken_share_shows() {
    let endpoint = Endpoint::start();
    let id = theirs(&endpoint);
    let workspace = workspace(&endpoint, ACCOUNT);
    workspace.configure(&ASSOCIATION.replace("\"discovery\" {}", &format!("\"discovery\" {{ default = \"{id}\" }}")));
    let refused = workspace.try_apply(&["-json"]).fails();
    let told = refused.diagnostics();
    let told = told.iter().find(|told| told.detail.contains(&id)).unwrap();
    assert_eq!(told.attribute.as_deref(), Some("ipam_resource_discovery_id"), "{told:?}");
    endpoint.share(&id, ACCOUNT);
    let made = workspace.apply();
    workspace.assert_settled();
    let of = |attribute: &str| made.text(&format!("ipam_resource_discovery_association.theirs.{attribute}"));
    assert_eq!((of("state").as_str(), of("owner_id").as_str()), ("associate-complete", ACCOUNT));
    assert_eq!((of("ipam_region").as_str(), of("resource_discovery_status").as_str()), (HOME, "active"));
    assert_eq!(of("ipam_arn"), made.text("ipam_ipam.main.arn"));
    assert_eq!(made.output("statuses"), &json!(["false active", "true active"]));
    let second = Workspace::on(&of_account(&endpoint, ACCOUNT));
    second.configure(&workspace.read("main.tf"));
    second.import("ipam_ipam.main", &made.text("ipam_ipam.main.id"));
    second.import("ipam_resource_discovery_association.theirs", &of("id"));
    second.apply();
    second.assert_settled();
    endpoint.unshare(&id, ACCOUNT);
    let seen = workspace.apply();
    assert_eq!(seen.text("ipam_resource_discovery_association.theirs.resource_discovery_status"), "not-found");
    assert_eq!(seen.output("statuses"), &json!(["false not-found", "true active"]));
    workspace.destroy();
    assert!(are_gone(&endpoint, Kind::DiscoveryAssociation));
    is_sound(&endpoint);
}

const ADMIN: &str = r#"
resource "ipam_organization_admin_account" "net" {
  delegated_admin_account_id = "444455556666"
}
"#;

#[test]
fn an_administrator_is_appointed_and_dismissed_and_refusals_are_explained() {
    let endpoint = Endpoint::start();
    let workspace = workspace(&endpoint, ACCOUNT);
    workspace.configure(ADMIN);
    workspace.try_apply(&[]).fails().says(&["UnauthorizedOperation", "Only the management account"]);
    endpoint.management_account(ACCOUNT);
    let made = workspace.apply();
    assert_eq!(made.text("ipam_organization_admin_account.net.id"), OTHER_ACCOUNT);
    workspace.assert_settled();
    let second = Workspace::on(&of_account(&endpoint, ACCOUNT));
    second.configure(ADMIN);
    second.import("ipam_organization_admin_account.net", OTHER_ACCOUNT);
    second.assert_settled();
    second.configure(&ADMIN.replace(OTHER_ACCOUNT, "777788889999").replace("\"net\"", "\"other\""));
    let refused = second.try_apply(&["-target=ipam_organization_admin_account.other"]).fails();
    refused.says(&["delegated_admin_account_id", "remove that account as the administrator first"]);
    workspace.configure(&ADMIN.replace(OTHER_ACCOUNT, ACCOUNT));
    workspace.try_apply(&[]).fails().says(&["not the management account itself"]);
    workspace.configure(ADMIN);
    workspace.apply();
    workspace.destroy();
    // An administrator that another user has already removed counts as removed.
    second.configure("");
    second.apply();
    let dismissed: Vec<_> =
        endpoint.calls().into_iter().filter(|call| call.action == "DisableIpamOrganizationAdminAccount").collect();
    assert_eq!(dismissed.last().unwrap().error.as_deref(), Some("IpamOrganizationAccountNotRegistered"));
    is_sound(&endpoint);
}

/// A VPC's CIDR that AWS has discovered, in the default private scope.
fn vpc(id: &str, cidr: &str) -> Value {
    json!({"resourceId": id, "resourceCidr": cidr, "resourceRegion": HOME, "resourceType": "vpc",
        "resourceOwnerId": ACCOUNT, "managementState": "unmanaged", "complianceStatus": "unmanaged",
        "overlapStatus": "nonoverlapping", "vpcId": id})
}

const RESOURCE_CIDR: &str = r#"
resource "ipam_ipam" "main" {
  operating_regions = ["us-east-1"]
}

resource "ipam_scope" "lab" {
  name       = "lab"
  depends_on = [ipam_ipam.main]
}

resource "ipam_resource_cidr" "vpc" {
  resource_id     = "vpc-1"
  resource_cidr   = "10.0.0.0/16"
  resource_region = "us-east-1"
  monitored       = MONITORED
  ipam_scope_id   = SCOPE
  depends_on      = [ipam_ipam.main]
  TIMEOUTS
}
"#;

const LAB: &str = "ipam_scope.lab.id";

fn treated(monitored: bool, scope: &str) -> String {
    RESOURCE_CIDR.replace("MONITORED", &monitored.to_string()).replace("SCOPE", scope).replace("TIMEOUTS", "")
}

/// The scope of a resource's CIDR, and its management state.
fn stands(endpoint: &Endpoint, id: &str) -> (String, String) {
    let home = Boto::new(endpoint, ACCOUNT, HOME);
    let scopes = home.call("describe_ipam_scopes", json!({}))["IpamScopes"].as_array().unwrap().clone();
    let found = scopes.iter().flat_map(|scope| {
        let asked = json!({"IpamScopeId": scope["IpamScopeId"], "ResourceId": id});
        home.call("get_ipam_resource_cidrs", asked)["IpamResourceCidrs"].as_array().unwrap().clone()
    });
    let found: Vec<_> = found.collect();
    assert_eq!(found.len(), 1, "{found:?}");
    (text(&found[0]["IpamScopeId"]), text(&found[0]["ManagementState"]))
}

#[test]
fn a_discovered_cidr_is_ignored_monitored_again_moved_and_returned() {
    let endpoint = Endpoint::start();
    endpoint.seed("ipamResourceCidrSet", vpc("vpc-1", "10.0.0.0/16"));
    endpoint.seed("ipamResourceCidrSet", vpc("vpc-1", "10.1.0.0/16"));
    let workspace = workspace(&endpoint, ACCOUNT);
    workspace.configure(&treated(false, "null"));
    let made = workspace.apply();
    workspace.assert_settled();
    let (default, lab) = (made.text("ipam_ipam.main.private_default_scope_id"), made.text("ipam_scope.lab.id"));
    let of = |attribute: &str| made.text(&format!("ipam_resource_cidr.vpc.{attribute}"));
    assert_eq!(of("id"), "vpc-1_10.0.0.0/16_us-east-1");
    assert_eq!((of("management_state").as_str(), of("resource_type").as_str()), ("ignored", "vpc"));
    assert_eq!((of("ipam_scope_id"), of("original_ipam_scope_id")), (default.clone(), default.clone()));
    workspace.configure(&treated(true, LAB));
    let moved = workspace.apply();
    workspace.assert_settled();
    assert_eq!(moved.text("ipam_resource_cidr.vpc.management_state"), "unmanaged");
    assert_eq!(moved.text("ipam_resource_cidr.vpc.ipam_scope_id"), lab);
    assert_eq!(moved.text("ipam_resource_cidr.vpc.original_ipam_scope_id"), default);
    let second = Workspace::on(&of_account(&endpoint, ACCOUNT));
    second.configure(&treated(true, LAB));
    second.import("ipam_ipam.main", &made.text("ipam_ipam.main.id"));
    second.import("ipam_scope.lab", "lab");
    second.import("ipam_resource_cidr.vpc", &of("id"));
    second.assert_settled();
    workspace.configure(&treated(false, LAB));
    workspace.apply();
    workspace.configure(treated(false, LAB).split("resource \"ipam_resource_cidr\"").next().unwrap());
    workspace.apply();
    let states = states(&endpoint, &default);
    assert_eq!(
        states,
        [("10.0.0.0/16".to_owned(), "unmanaged".to_owned()), ("10.1.0.0/16".into(), "unmanaged".into())]
    );
    workspace.destroy();
    is_sound(&endpoint);
}

/// CIDRs in a scope, and their management states.
fn states(endpoint: &Endpoint, scope: &str) -> Vec<(String, String)> {
    let home = Boto::new(endpoint, ACCOUNT, HOME);
    let found = home.call("get_ipam_resource_cidrs", json!({"IpamScopeId": scope}));
    let found = found["IpamResourceCidrs"].as_array().unwrap().iter();
    found.map(|one| (text(&one["ResourceCidr"]), text(&one["ManagementState"]))).collect()
}

#[test]
fn an_allocated_cidr_moves_when_it_is_released_and_the_wait_reports_it() {
    let endpoint = Endpoint::start();
    let mut allocated = vpc("vpc-1", "10.0.0.0/16");
    allocated["ipamPoolId"] = json!("ipam-pool-1");
    allocated["managementState"] = json!("managed");
    endpoint.seed("ipamResourceCidrSet", allocated);
    let workspace = workspace(&endpoint, ACCOUNT);
    let body = RESOURCE_CIDR.replace("MONITORED", "true").replace("SCOPE", LAB);
    workspace.configure(&body.replace("TIMEOUTS", "timeouts {\n    create = \"1s\"\n  }"));
    let waited = workspace.try_apply(&[]).fails();
    waited.says(&["allocated from pool ipam-pool-1", "when that allocation is released", "timeouts"]);
    endpoint.released("vpc-1");
    let made = workspace.apply();
    assert_eq!(made.text("ipam_resource_cidr.vpc.ipam_scope_id"), made.text("ipam_scope.lab.id"));
    workspace.assert_settled();
    is_sound(&endpoint);
}

#[test]
fn a_move_that_takes_many_calls_is_asked_for_once_and_knows_where_it_began() {
    let scene = Scene::new();
    let lab = scene.home.call("create_ipam_scope", json!({"IpamId": scene.ipam["IpamId"]}));
    let lab = text(&lab["IpamScope"]["IpamScopeId"]);
    let mut allocated = vpc("vpc-1", "10.0.0.0/16");
    allocated["ipamPoolId"] = json!("ipam-pool-1");
    scene.endpoint.seed("ipamResourceCidrSet", allocated);
    let client = impatient(&scene);
    let of = "vpc-1_10.0.0.0/16_us-east-1".parse().unwrap();
    let spec = ResourceCidrSpec { of, monitored: true, scope_id: Some(lab.clone()), original_scope_id: None };
    let create = || Keeps::<ResourceCidrNoun>::create(&client, &spec);
    for _ in 0..3 {
        assert!(matches!(create(), Err(Error::Pending(_))));
    }
    scene.endpoint.released("vpc-1");
    let made = create().unwrap();
    assert_eq!((made.scope_id, made.found_in), (lab, scene.scope.clone()));
    assert_eq!(calls(&scene.endpoint, "ModifyIpamResourceCidr"), 1);
    scene.is_sound();
}

#[test]
fn a_lost_answer_or_a_crowd_makes_no_second_discovery_and_loses_no_exclusion() {
    let scene = Scene::new();
    scene.endpoint.script(Script::default());
    let theirs = as_account(&scene, OTHER_ACCOUNT);
    let path = |text: &str| text.parse::<EntityPath>().unwrap();
    let spec = DiscoverySpec {
        description: None,
        name: None,
        survey: Survey { operating_regions: [HOME.to_owned()].into(), ..Survey::default() },
        exclusions: [path("o-1/r-1/ou-1/*")].into(),
        tags: Tags::new(),
    };
    let crowd = Trouble::Error { code: "ConcurrentMutationLimitExceeded", message: "Too many." };
    scene.endpoint.trouble("CreateIpamResourceDiscovery", 1, Trouble::LoseAnswer);
    scene.endpoint.trouble("ModifyIpamResourceDiscovery", 2, crowd);
    let made = Keeps::<DiscoveryNoun>::create(&theirs, &spec).unwrap();
    assert_eq!(made.exclusions, spec.exclusions);
    let things = scene.endpoint.things(Kind::Discovery);
    assert_eq!(things.iter().filter(|thing| thing.account == OTHER_ACCOUNT).count(), 1);
    let after = DiscoverySpec { exclusions: [path("o-1/r-1/ou-2/")].into(), ..spec.clone() };
    let changed = Keeps::<DiscoveryNoun>::update(&theirs, &made.id, &spec, &after).unwrap();
    assert_eq!(changed.exclusions, after.exclusions);
    Keeps::<DiscoveryNoun>::delete(&theirs, &made.id, &after).unwrap();
    assert_eq!(Keeps::<DiscoveryNoun>::get(&theirs, &made.id), Ok(None));
    scene.is_sound();
}

#[test]
fn a_cidr_that_is_not_discovered_yet_is_waited_for() {
    let endpoint = Endpoint::start();
    let workspace = workspace(&endpoint, ACCOUNT);
    let body = RESOURCE_CIDR.replace("MONITORED", "false").replace("SCOPE", "null");
    workspace.configure(&body.replace("TIMEOUTS", "timeouts {\n    create = \"1s\"\n  }"));
    workspace.try_apply(&[]).fails().says(&["vpc-1_10.0.0.0/16_us-east-1", "no scope of the IPAM shows this CIDR"]);
    endpoint.seed("ipamResourceCidrSet", vpc("vpc-1", "10.0.0.0/16"));
    workspace.apply();
    workspace.assert_settled();
    // A CIDR that is gone needs no restoring.
    endpoint.forget("ipamResourceCidrSet");
    workspace.destroy();
    is_sound(&endpoint);
}

#[test]
fn a_cidr_that_cannot_return_is_monitored_again_and_destroying_reports_its_scope() {
    let endpoint = Endpoint::start();
    endpoint.script(Script::at_once());
    let home = Boto::new(&endpoint, ACCOUNT, HOME);
    let ipam = home.call("create_ipam", json!({"OperatingRegions": [{"RegionName": HOME}]}))["Ipam"].clone();
    let old = home.call("create_ipam_scope", json!({"IpamId": ipam["IpamId"]}))["IpamScope"].clone();
    let mut seen = vpc("vpc-1", "10.0.0.0/16");
    seen["ipamScopeId"] = old["IpamScopeId"].clone();
    endpoint.seed("ipamResourceCidrSet", seen);
    let workspace = workspace(&endpoint, ACCOUNT);
    let default = text(&ipam["PrivateDefaultScopeId"]);
    let body = treated(false, &format!("{default:?}")).replace("depends_on      = [ipam_ipam.main]", "");
    let start = body.find("resource \"ipam_resource_cidr\"").unwrap();
    workspace.configure(&body[start..]);
    workspace.apply();
    assert_eq!(stands(&endpoint, "vpc-1"), (default.clone(), "ignored".to_owned()));
    home.call("delete_ipam_scope", json!({"IpamScopeId": old["IpamScopeId"]}));
    let refused = workspace.try_destroy(&[]).fails();
    refused.says(&[&format!("This leaves 10.0.0.0/16 of vpc-1 in scope {default}, monitored"), "removed"]);
    assert_eq!(stands(&endpoint, "vpc-1"), (default, "unmanaged".to_owned()));
    is_sound(&endpoint);
}

const EVERYTHING: &str = r#"
resource "ipam_resource_discovery" "x" {
  operating_regions = ["us-east-1"]
}
resource "ipam_resource_discovery_association" "x" {
  ipam_id                    = "ipam-1"
  ipam_resource_discovery_id = "ipam-res-disco-1"
}
resource "ipam_organization_admin_account" "x" {
  delegated_admin_account_id = "444455556666"
}
resource "ipam_resource_cidr" "x" {
  resource_id     = "vpc-1"
  resource_cidr   = "10.0.0.0/16"
  resource_region = "us-east-1"
}
data "ipam_resource_discoveries" "x" {}
data "ipam_resource_discovery_associations" "x" {}
data "ipam_discovered_accounts" "x" {}
data "ipam_discovered_resource_cidrs" "x" {}
data "ipam_discovered_public_addresses" "x" {}
data "ipam_resource_cidrs" "x" {}
data "ipam_address_history" "x" {
  cidr = "10.0.0.0/16"
}
"#;

/// Types that a self-managed store keeps too.
const KEPT: [&str; 2] = ["ipam_resource_discovery.x", "data.ipam_resource_discoveries.x"];

#[test]
fn another_store_refuses_each_block_at_plan_with_the_reason() {
    let workspace = Workspace::new();
    workspace.configure(EVERYTHING);
    let told = workspace.plan_messages(&[]).fails().diagnostics();
    let at: BTreeSet<_> = told.iter().filter_map(|told| told.address.clone()).collect();
    let blocks = EVERYTHING.lines().filter_map(|line| {
        let mut words = line.split('"');
        let (block, kind) = (words.next()?.trim(), words.next()?);
        matches!(block, "resource" | "data").then(|| match block {
            "data" => format!("data.{kind}.x"),
            _ => format!("{kind}.x"),
        })
    });
    assert_eq!(at, blocks.filter(|block| !KEPT.contains(&block.as_str())).collect(), "{told:?}");
    let unseen = told.iter().filter(|told| told.detail.contains("`discover` command")).count();
    let elsewhere = told.iter().filter(|told| told.detail.contains("store = \"aws-ipam\"")).count();
    assert_eq!((unseen, elsewhere, told.len()), (6, 3, 9), "{told:?}");
}

/// Arguments that only a self-managed store accepts are refused on AWS IPAM.
#[test]
fn arguments_that_aws_decides_itself_are_refused_at_plan_on_their_attribute() {
    let endpoint = Endpoint::start();
    let workspace = workspace(&endpoint, ACCOUNT);
    let arguments = [
        ("own_account", "true"),
        ("resource_types", "[\"vpc\"]"),
        ("excluded_account_ids", "[\"444455556666\"]"),
        ("excluded_resource_ids", "[\"vpc-1\"]"),
        ("excluded_tags", "{ a = \"b\" }"),
        ("files", "[\"x.csv\"]"),
        ("avoided", "true"),
    ];
    let mut body = String::new();
    for (name, value) in arguments {
        body += &format!(
            "resource \"ipam_resource_discovery\" \"{name}\" {{\n  operating_regions = [\"{HOME}\"]\n  {name} = {value}\n}}\n"
        );
    }
    workspace.configure(&body);
    let told = workspace.plan_messages(&[]).fails().diagnostics();
    for (name, _) in arguments {
        let address = format!("ipam_resource_discovery.{name}");
        let of_it: Vec<_> = told.iter().filter(|told| told.address.as_ref() == Some(&address)).collect();
        let [only] = of_it.as_slice() else { panic!("{address}: {told:?}") };
        assert_eq!((only.attribute.as_deref(), only.summary.as_str()), (Some(name), "AWS IPAM scans by itself"));
    }
    let role = "role {\n    role_arn = \"arn:aws:iam::111122223333:role/x\"\n  }";
    workspace.configure(&format!(
        "resource \"ipam_resource_discovery\" \"x\" {{\n  operating_regions = [\"{HOME}\"]\n  {role}\n}}\n"
    ));
    workspace.try_plan(&[]).fails().says(&["AWS IPAM scans by itself"]);
    is_sound(&endpoint);
}

/// Block and attribute that each message must point to, the value there, and a part of the message.
const WRONG: [(&str, &str, &str, &str); 14] = [
    ("ipam_organization_admin_account", "delegated_admin_account_id", "\"44445555666\"", "leading zeros"),
    ("ipam_organization_admin_account", "delegated_admin_account_id", "\"4444-5555-6666\"", "twelve digits"),
    ("ipam_resource_discovery", "organizational_unit_exclusions", "[\"ou-1\"]", "the path of an organizational unit"),
    ("ipam_resource_discovery", "organizational_unit_exclusions", "[\"o-1/r-1/ou-1\"]", "Add \"/*\" at the end"),
    (
        "ipam_resource_discovery",
        "organizational_unit_exclusions",
        "[\"o-1/r-1/ou-1/*\", \"o-1/r-1/ou-1/ou-2/\"]",
        "already covers \"o-1/r-1/ou-1/ou-2/\"",
    ),
    (
        "ipam_resource_cidr",
        "resource_cidr",
        "\"10.0.0.1/16\"",
        "host bits set: the /16 block it lies in is 10.0.0.0/16",
    ),
    ("ipam_resource_cidr", "resource_id", "\" vpc-1\"", "has white space around it"),
    ("ipam_resource_cidr", "resource_region", "\"us_east_1\"", "contains white space or a \"_\""),
    ("data.ipam_address_history", "cidr", "\"10.0.0.9\"", "write \"10.0.0.9/32\""),
    ("data.ipam_address_history", "end_time", "\"2025-01-01T00:00:00Z\"", "before it begins"),
    ("data.ipam_address_history", "start_time", "\"last week\"", "is not a time"),
    ("data.ipam_resource_cidrs", "management_state", "\"Lost\"", "is not a value of AWS IPAM"),
    ("data.ipam_resource_cidrs", "resource_owner_id", "\"me\"", "twelve digits"),
    ("data.ipam_discovered_public_addresses", "address_type", "\"an eip\"", "such as amazon-owned-eip"),
];

/// The other arguments that each block needs.
fn beside(block: &str) -> &'static [(&'static str, &'static str)] {
    match block {
        "ipam_resource_discovery" => &[("operating_regions", "[\"us-east-1\"]")],
        "ipam_resource_cidr" => {
            &[("resource_id", "\"vpc-1\""), ("resource_cidr", "\"10.0.0.0/16\""), ("resource_region", "\"us-east-1\"")]
        }
        "data.ipam_address_history" => &[("cidr", "\"10.0.0.0/16\""), ("start_time", "\"2026-01-01T00:00:00Z\"")],
        _ => &[],
    }
}

#[test]
fn bad_input_is_reported_at_plan_time_on_its_attribute() {
    let endpoint = Endpoint::start();
    let workspace = workspace(&endpoint, ACCOUNT);
    let mut body = String::new();
    for (number, (block, attribute, value, _)) in WRONG.iter().enumerate() {
        let head = match block.strip_prefix("data.") {
            Some(kind) => format!("data \"{kind}\""),
            None => format!("resource \"{block}\""),
        };
        body += &format!("{head} \"x{number}\" {{\n  {attribute} = {value}\n");
        for (name, value) in beside(block).iter().filter(|(name, _)| name != attribute) {
            body += &format!("  {name} = {value}\n");
        }
        body += "}\n";
    }
    workspace.configure(&body);
    let told = workspace.plan_messages(&[]).fails().diagnostics();
    for (number, (block, attribute, value, says)) in WRONG.iter().enumerate() {
        let address = format!("{block}.x{number}");
        let of_it: Vec<_> = told.iter().filter(|told| told.address.as_ref() == Some(&address)).collect();
        let [only] = of_it.as_slice() else { panic!("{address} = {value}: {told:?}") };
        assert_eq!(only.attribute.as_deref(), Some(*attribute), "{only:?}");
        assert!(only.detail.contains(says), "{only:?}");
    }
    assert_eq!(told.len(), WRONG.len());
    assert!(endpoint.calls().is_empty(), "no request was sent to AWS");
}
