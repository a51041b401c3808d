//! AWS's own tutorials, as configurations for this provider. The letters are those of the list of flows.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use terraform_provider_ipam::ipam::Cidr;

use super::endpoint::{Delay, Endpoint, Kind, Script};
use super::resources::of_account;
use super::scene::{ACCOUNT, AWAY, HOME, OTHER_ACCOUNT, Scene};
use crate::harness::Workspace;
use crate::harness::plan::State;
use crate::harness::store::wait_for;
use crate::harness::terraform::Running;

/// An account with which no pool is shared.
const STRANGER: &str = "777788889999";

/// A configuration of an account, on an endpoint where changes take a short time.
fn workspace(endpoint: &Endpoint, account: &str) -> Workspace {
    endpoint.script(Script::default());
    Workspace::on(&of_account(endpoint, account))
}

fn applied(endpoint: &Endpoint, account: &str, body: &str) -> (Workspace, State) {
    let workspace = workspace(endpoint, account);
    workspace.configure(body);
    let state = workspace.apply();
    workspace.assert_settled();
    (workspace, state)
}

/// The only error of a plan: its attribute, and its summary with its detail.
fn refused_plan(workspace: &Workspace) -> (Option<String>, String) {
    let run = workspace.plan_messages(&[]).fails();
    let errors: Vec<_> = run.diagnostics().into_iter().filter(|found| found.is_error()).collect();
    assert_eq!(errors.len(), 1, "{errors:#?}");
    (errors[0].attribute.clone(), format!("{} {}", errors[0].summary, errors[0].detail))
}

fn assert_nothing_left(endpoint: &Endpoint) {
    for kind in [Kind::Allocation, Kind::Pool] {
        let left: Vec<_> = endpoint.things(kind).into_iter().filter(|thing| thing.state != "delete-complete").collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

const QUICK_START: &str = r#"
resource "ipam_pool" "top" {
  name  = "top"
  cidrs = ["10.0.0.0/8"]
}

resource "ipam_pool" "regional" {
  name                = "regional"
  source_ipam_pool_id = ipam_pool.top.id
  locale              = "us-east-1"
  cidrs               = ["10.0.0.0/16"]
}

resource "ipam_pool" "development" {
  name                = "development"
  source_ipam_pool_id = ipam_pool.regional.id
  netmask_length      = 24
}
"#;

const LOOK: &str = r#"
data "ipam_allocations" "all" {
  ipam_pool_id = ipam_pool.development.id
}

output "vpcs" {
  value = { for one in data.ipam_allocations.all.allocations : one.resource_id => one.cidr }
}
"#;

#[test]
fn flow_a_quick_start_from_the_top_pool_to_a_vpc_and_back() {
    let scene = Scene::new();
    let (workspace, state) = applied(&scene.endpoint, ACCOUNT, QUICK_START);
    assert_eq!(state.text("ipam_pool.development.cidr"), "10.0.0.0/24");
    assert_eq!(state.text("ipam_pool.development.locale"), HOME);
    let development = state.text("ipam_pool.development.id");

    // A VPC allocates a /26 outside Terraform.
    scene.endpoint.take(&development, "vpc", "vpc-1", "10.0.0.0/26");
    workspace.configure(&format!("{QUICK_START}{LOOK}"));
    assert_eq!(workspace.apply().output("vpcs"), &json!({"vpc-1": "10.0.0.0/26"}));
    workspace.assert_settled();

    // The destroy waits for AWS, which releases the VPC's space late.
    scene.endpoint.script(Script { release: Delay::Reads(2), ..Script::default() });
    let asked = || scene.endpoint.calls().iter().filter(|call| call.action == "GetIpamPoolAllocations").count();
    let command = workspace.command(&["destroy", "-input=false", "-no-color", "-auto-approve", "-refresh=false"]);
    let before = asked();
    let mut running = Running::start(command);
    wait_for("the teardown to look for what is in the pool", || asked() > before + 2);
    assert!(!running.has_ended(), "the VPC is still there");
    scene.endpoint.resource_gone("vpc-1");
    running.wait().succeeds();
    assert_nothing_left(&scene.endpoint);
    scene.is_sound();
}

#[test]
fn flow_a_a_wrong_order_or_size_is_refused_with_an_explanation() {
    let scene = Scene::new();
    let (workspace, state) = applied(&scene.endpoint, ACCOUNT, QUICK_START);
    let more = |body: &str| workspace.configure(&format!("{QUICK_START}{body}"));

    more(
        "resource \"ipam_allocation\" \"big\" {\n  ipam_pool_id   = ipam_pool.development.id\n  name           = \"big\"\n  netmask_length = 20\n}\n",
    );
    let (attribute, words) = refused_plan(&workspace);
    assert_eq!(attribute.as_deref(), Some("netmask_length"));
    assert!(words.contains("Pool \"development\" has no free /20") && words.contains("10.0.0.0/24"), "{words}");

    more(
        "resource \"ipam_pool\" \"far\" {\n  name                = \"far\"\n  source_ipam_pool_id = ipam_pool.regional.id\n  locale              = \"eu-west-1\"\n  netmask_length      = 24\n}\n",
    );
    let (attribute, words) = refused_plan(&workspace);
    assert_eq!(attribute.as_deref(), Some("locale"));
    assert!(words.contains("\"eu-west-1\" differs") && words.contains("\"us-east-1\""), "{words}");

    more(
        "resource \"ipam_allocation\" \"none\" {\n  ipam_pool_id   = ipam_pool.top.id\n  name           = \"none\"\n  netmask_length = 24\n}\n",
    );
    let (attribute, words) = refused_plan(&workspace);
    assert_eq!(attribute.as_deref(), Some("ipam_pool_id"));
    assert!(words.contains("The pool has no locale"), "{words}");

    // No configuration can delete a pool while another pool is below it.
    let other = Workspace::on(workspace.store());
    other.configure("resource \"ipam_pool\" \"top\" {\n  name  = \"top\"\n  cidrs = [\"10.0.0.0/8\"]\n}\n");
    other.import("ipam_pool.top", &state.text("ipam_pool.top.id"));
    let id = state.text("ipam_pool.regional.id");
    other.try_destroy(&[]).fails().says(&["Pool \"top\" is not empty", "\"regional\"", &id]);
    workspace.configure(QUICK_START);
    workspace.assert_settled();
    workspace.destroy();
    assert_nothing_left(&scene.endpoint);
    scene.is_sound();
}

const LINES_OF_BUSINESS: &str = r#"
locals {
  regions = { us-east-1 = "us-east-1", eu-west-1 = "eu-west-1" }
  places  = { for pair in setproduct(["bank", "retail"], keys(local.regions)) : join("-", pair) => pair }
  stages  = { for pair in setproduct(keys(local.places), ["prod", "pre-prod"]) : join("-", pair) => pair }
}

resource "ipam_pool" "top" {
  name  = "top"
  cidrs = ["10.0.0.0/8"]
}

resource "ipam_pool" "line" {
  for_each            = toset(["bank", "retail"])
  name                = each.key
  source_ipam_pool_id = ipam_pool.top.id
  netmask_length      = 12
}

resource "ipam_pool" "place" {
  for_each            = local.places
  name                = each.value[1]
  source_ipam_pool_id = ipam_pool.line[each.value[0]].id
  locale              = each.value[1]
  netmask_length      = 16
}

resource "ipam_pool" "stage" {
  for_each            = local.stages
  name                = each.value[1]
  source_ipam_pool_id = ipam_pool.place[each.value[0]].id
  netmask_length      = 20
}

resource "ipam_allocation" "net" {
  for_each       = local.stages
  ipam_pool_id   = ipam_pool.stage[each.key].id
  name           = "net"
  netmask_length = 24
}

resource "ipam_scope" "lab" {
  name = "lab"
}

resource "ipam_pool" "lab" {
  name          = "top"
  ipam_scope_id = ipam_scope.lab.id
  locale        = "us-east-1"
  cidrs         = ["10.0.0.0/8"]
}

resource "ipam_allocation" "lab" {
  ipam_pool_id = ipam_pool.lab.id
  name         = "net"
  cidr         = "10.0.0.0/24"
}
"#;

#[test]
fn flow_b_two_regions_and_two_lines_of_business_never_overlap_and_a_second_scope_may() {
    let scene = Scene::new();
    let (workspace, state) = applied(&scene.endpoint, ACCOUNT, LINES_OF_BUSINESS);
    let nets = state.of_type("ipam_allocation");
    let blocks: Vec<Cidr> = nets
        .iter()
        .filter(|(address, _)| address.contains(".net["))
        .map(|(_, net)| net["cidr"].as_str().unwrap().parse().unwrap())
        .collect();
    assert_eq!(blocks.len(), 8);
    for (position, block) in blocks.iter().enumerate() {
        assert!(blocks[position + 1..].iter().all(|other| !other.overlaps(block)), "{blocks:?}");
    }
    assert!(blocks.contains(&state.text("ipam_allocation.lab.cidr").parse().unwrap()), "used in both scopes");
    let regions: BTreeSet<String> = scene
        .endpoint
        .calls()
        .into_iter()
        .filter(|call| call.action == "AllocateIpamPoolCidr" && call.error.is_none())
        .map(|call| call.region)
        .collect();
    assert_eq!(regions, BTreeSet::from([HOME.to_owned(), AWAY.to_owned()]));
    workspace.destroy();
    assert_nothing_left(&scene.endpoint);
    scene.is_sound();
}

fn theirs(pool_id: &str) -> String {
    format!(
        "resource \"ipam_allocation\" \"theirs\" {{\n  ipam_pool_id   = {pool_id:?}\n  name           = \"theirs\"\n  \
         netmask_length = 26\n}}\n"
    )
}

#[test]
fn flow_c_a_principal_of_the_share_allocates_a_stranger_may_not_and_the_owner_can_release() {
    let scene = Scene::new();
    let (owner, state) = applied(&scene.endpoint, ACCOUNT, QUICK_START);
    let leaf = state.text("ipam_pool.development.id");
    scene.endpoint.share(&leaf, OTHER_ACCOUNT);

    let (principal, made) = applied(&scene.endpoint, OTHER_ACCOUNT, &theirs(&leaf));
    let id = made.text("ipam_allocation.theirs.id");
    assert_eq!(made.text("ipam_allocation.theirs.owner"), OTHER_ACCOUNT);

    let stranger = workspace(&scene.endpoint, STRANGER);
    stranger.configure(&theirs(&leaf).replace("\"theirs\"\n", "\"mine\"\n"));
    let (attribute, words) = refused_plan(&stranger);
    assert_eq!(attribute.as_deref(), Some("ipam_pool_id"));
    assert!(words.contains("No such pool") && words.contains(&leaf), "{words}");

    // The error names the allocation in the owner's pool and its account; the owner may release it.
    owner.try_destroy(&[]).fails().says(&["Pool \"development\" is not empty", "\"theirs\"", OTHER_ACCOUNT]);
    let releaser = Workspace::on(owner.store());
    releaser.configure(&theirs(&leaf));
    releaser.import("ipam_allocation.theirs", &id);
    releaser.destroy();
    assert_eq!(principal.plan().actions()["ipam_allocation.theirs"], "create");
    principal.apply();
    principal.destroy();
    owner.apply();
    owner.destroy();
    assert_nothing_left(&scene.endpoint);
    scene.is_sound();
}

const HYBRID: &str = r#"
resource "ipam_pool" "office" {
  name   = "office"
  locale = "us-east-1"
  cidrs  = ["10.0.0.0/16"]
}

resource "ipam_allocation" "data_centre" {
  ipam_pool_id = ipam_pool.office.id
  name         = "data-centre"
  cidr         = "10.0.0.0/20"
  description  = "rack 1 to 40"
  tags         = { site = "fra" }
}

resource "ipam_allocation" "branch" {
  ipam_pool_id = ipam_pool.office.id
  name         = "branch"
  cidr         = "10.0.16.0/24"
}

resource "ipam_allocation" "cloud" {
  ipam_pool_id   = ipam_pool.office.id
  name           = "cloud"
  netmask_length = 24
  depends_on     = [ipam_allocation.data_centre, ipam_allocation.branch]
}
"#;

#[test]
fn flow_e_ranges_on_premises_are_reserved_before_anything_dynamic_and_edited_in_place() {
    let scene = Scene::new();
    let workspace = workspace(&scene.endpoint, ACCOUNT);
    workspace.configure(HYBRID);
    // A block that the configuration names is known in the plan, in AWS too.
    assert_eq!(workspace.plan().known("ipam_allocation.data_centre.last_address"), "10.0.15.255");
    let made = workspace.apply_saved();
    workspace.assert_settled();
    assert_eq!(made.text("ipam_allocation.cloud.cidr"), "10.0.17.0/24");
    workspace.configure(&HYBRID.replace("rack 1 to 40", "rack 1 to 60").replace("\"fra\"", "\"fra-2\""));
    assert_eq!(workspace.plan().actions(), [("ipam_allocation.data_centre".to_owned(), "update".to_owned())].into());
    let changed = workspace.apply_saved();
    workspace.assert_settled();
    let place = "ipam_allocation.data_centre.id";
    assert_eq!(changed.text(place), made.text(place), "in place");
    // A request for a part of the range is refused with the allocation that has it.
    let more = "resource \"ipam_allocation\" \"late\" {\n  ipam_pool_id = ipam_pool.office.id\n  name         = \"late\"\n  cidr         = \"10.0.8.0/24\"\n}\n";
    workspace.configure(&format!("{HYBRID}{more}"));
    let (attribute, words) = refused_plan(&workspace);
    assert_eq!(attribute.as_deref(), Some("cidr"));
    assert!(words.contains("\"data-centre\"") && words.contains("10.0.0.0/20"), "{words}");
    scene.is_sound();
}

const RULES: &str = r#"
resource "ipam_pool" "ruled" {
  name                              = "ruled"
  locale                            = "us-east-1"
  cidrs                             = ["10.0.0.0/16"]
  allocation_min_netmask_length     = 20
  allocation_max_netmask_length     = 28
  allocation_default_netmask_length = 24
  allocation_resource_tags          = { env = "prod" }
}

resource "ipam_allocation" "default" {
  ipam_pool_id = ipam_pool.ruled.id
  name         = "default"
  tags         = { env = "prod" }
}
"#;

#[test]
fn flow_g_rules_apply_to_new_allocations_and_leave_existing_ones() {
    let scene = Scene::new();
    let (workspace, state) = applied(&scene.endpoint, ACCOUNT, RULES);
    assert_eq!(state.text("ipam_allocation.default.netmask_length"), "24");
    let one = |rules: &str, length: u8, tags: &str| {
        workspace.configure(&format!(
            "{rules}\nresource \"ipam_allocation\" \"more\" {{\n  ipam_pool_id   = ipam_pool.ruled.id\n  name           = \"more\"\n  \
             netmask_length = {length}\n  tags           = {tags}\n}}\n"
        ));
    };
    let prod = "{ env = \"prod\" }";
    for (length, tags, attribute, part) in [
        (18, prod, "netmask_length", "/18 is larger than the pool allows"),
        (29, prod, "netmask_length", "/29 is smaller than the pool allows"),
        (24, "{ env = \"dev\" }", "tags", "The tag \"env\" has a value the pool refuses"),
        (24, "{ team = \"net\" }", "tags", "The tag \"env\" is missing"),
    ] {
        one(RULES, length, tags);
        let (found, words) = refused_plan(&workspace);
        assert_eq!(found.as_deref(), Some(attribute), "{words}");
        assert!(words.contains(part), "{part}: {words}");
    }
    // A later rule, read by the same plan, does not affect the /24 that exists.
    let later = RULES
        .replace("allocation_min_netmask_length     = 20", "allocation_min_netmask_length     = 26")
        .replace("allocation_default_netmask_length = 24", "allocation_default_netmask_length = 28");
    one(&later, 24, prod);
    let (_, words) = refused_plan(&workspace);
    assert!(words.contains("/24 is larger than the pool allows"), "{words}");
    one(&later, 26, prod);
    let after = workspace.apply();
    workspace.assert_settled();
    assert_eq!(after.text("ipam_allocation.default.cidr"), state.text("ipam_allocation.default.cidr"));
    assert_eq!(after.text("ipam_allocation.more.netmask_length"), "26");
    scene.is_sound();
}

const WHOLE_IPAM: &str = r#"
resource "ipam_ipam" "main" {
  operating_regions = ["us-east-1", "eu-west-1"]
}
"#;

const CONTENTS: &str = r#"
resource "ipam_scope" "lab" {
  name       = "lab"
  depends_on = [ipam_ipam.main]
}

resource "ipam_pool" "top" {
  name          = "top"
  ipam_scope_id = ipam_scope.lab.id
  locale        = "us-east-1"
  cidrs         = ["10.0.0.0/16"]
}

resource "ipam_allocation" "web" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "web"
  netmask_length = 24
}
"#;

#[test]
fn flow_q_an_object_with_contents_is_not_deleted_unless_it_cascades() {
    let endpoint = Endpoint::start();
    let (_, state) = applied(&endpoint, ACCOUNT, &format!("{WHOLE_IPAM}{CONTENTS}"));
    let above = Workspace::on(&of_account(&endpoint, ACCOUNT));

    let pool = "resource \"ipam_pool\" \"top\" {\n  name          = \"top\"\n  ipam_scope_id = \"SCOPE\"\n  locale        = \"us-east-1\"\n  cidrs         = [\"10.0.0.0/16\"]\n}\n";
    above.configure(&pool.replace("SCOPE", &state.text("ipam_scope.lab.id")));
    above.import("ipam_pool.top", &state.text("ipam_pool.top.id"));
    let id = state.text("ipam_allocation.web.id");
    above.try_destroy(&[]).fails().says(&[
        "Pool \"top\" is not empty",
        "\"web\"",
        &id,
        "10.0.0.0/24",
        ACCOUNT,
        "cascade = true",
    ]);
    above.run(&["state", "rm", "ipam_pool.top"]).succeeds();

    above.configure(WHOLE_IPAM);
    above.import("ipam_ipam.main", &state.text("ipam_ipam.main.id"));
    above.try_destroy(&[]).fails().says(&["DependencyViolation", "has dependencies"]);
    above.configure(&WHOLE_IPAM.replace("operating_regions", "cascade           = true\n  operating_regions"));
    above.apply();
    above.destroy();
    assert_nothing_left(&endpoint);
    assert!(endpoint.things(Kind::Ipam).iter().all(|ipam| ipam.state == "delete-complete"));
}

#[test]
fn flow_q_the_tier_is_lowered_once_nothing_needs_the_higher_one() {
    let endpoint = Endpoint::start();
    let free = WHOLE_IPAM.replace("operating_regions", "tier              = \"free\"\n  operating_regions");
    let (workspace, made) = applied(&endpoint, ACCOUNT, &format!("{WHOLE_IPAM}{CONTENTS}"));
    workspace.configure(&format!("{free}{CONTENTS}"));
    workspace.try_apply(&[]).fails().says(&["has pools in private scopes", "its tier cannot be free"]);
    // `depends_on` makes Terraform change the IPAM first, so the contents are removed in an apply of their own.
    workspace.configure(WHOLE_IPAM);
    workspace.apply();
    workspace.configure(&free);
    let lowered = workspace.apply();
    workspace.assert_settled();
    assert_eq!(lowered.value("ipam_ipam.main.tier"), &Value::from("free"));
    assert_eq!(lowered.text("ipam_ipam.main.id"), made.text("ipam_ipam.main.id"), "in place");
    workspace.destroy();
}
