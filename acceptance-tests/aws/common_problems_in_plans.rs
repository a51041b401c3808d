//! The known problems that appear in plans, through real terraform: on a self-managed store, where they do not occur,
//! and on AWS IPAM, where the test shows what remains of them. The last test checks the list of all fifteen.

use std::collections::BTreeSet;
use std::fs;

use serde_json::json;

use super::endpoint::Trouble;
use super::provider_client::{allocate, client_of, tree};
use super::resources::of_account;
use super::scene::{ACCOUNT, Scene};
use crate::harness::store::Store;
use crate::harness::{Workspace, here};

/// Subnets of a block, one for each part that it is divided into.
const CUT_UP: &str = r#"
resource "ipam_pool" "office" {
  name   = "office"
  locale = "us-east-1"
  cidrs  = ["10.0.0.0/16"]
}

resource "ipam_allocation" "vpc" {
  ipam_pool_id = ipam_pool.office.id
  name         = "vpc"
  SIZE
}

resource "terraform_data" "subnet" {
  for_each = toset([for number in range(4) : cidrsubnet(ipam_allocation.vpc.cidr, 4, number)])
  input    = each.key
}
"#;

#[test]
fn problem_2_a_plan_knows_addresses_so_that_for_each_and_cidrsubnet_work() {
    let scene = Scene::new();
    let subnets = ["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24"];
    let subnets: BTreeSet<String> = subnets.iter().map(|cidr| format!("terraform_data.subnet[{cidr:?}]")).collect();
    let planned = |workspace: &Workspace| -> BTreeSet<String> {
        workspace.plan().actions().into_keys().filter(|address| address.starts_with("terraform_data")).collect()
    };
    let by_size = CUT_UP.replace("SIZE", "netmask_length = 20");
    let by_cidr = CUT_UP.replace("SIZE", "cidr = \"10.0.0.0/20\"");

    let own = Workspace::on(&Store::sqlite());
    own.configure(&by_size);
    assert_eq!(planned(&own), subnets, "held for the plan");
    own.apply_saved();
    own.assert_settled();

    // AWS holds nothing. The plan knows the blocks that the configuration names, and those that exist already.
    let aws = Workspace::on(&of_account(&scene.endpoint, ACCOUNT));
    aws.configure(&by_size);
    aws.try_plan(&[]).fails().says(&["Invalid for_each argument"]);
    aws.configure(&by_cidr);
    assert_eq!(planned(&aws), subnets);
    aws.apply_saved();
    aws.configure(&by_size);
    aws.assert_settled();
    scene.is_sound();
}

const NEXT: &str = r#"
resource "ipam_pool" "office" {
  name   = "office"
  locale = "us-east-1"
  cidrs  = ["10.0.0.0/16"]
}

resource "ipam_allocation" "vpc" {
  ipam_pool_id   = ipam_pool.office.id
  name           = "vpc"
  netmask_length = 20
}

data "ipam_preview_next_cidr" "next" {
  ipam_pool_id   = ipam_allocation.vpc.ipam_pool_id
  netmask_length = 20
}
"#;

/// Verifies that an allocation keeps its block for its lifetime, whatever others do in the pool.
fn stays_as_it_is(store: &Store) {
    let first = Workspace::on(store);
    first.configure(NEXT);
    let made = first.apply();
    first.assert_settled();
    let pool_id = made.text("ipam_pool.office.id");
    assert_eq!(made.text("data.ipam_preview_next_cidr.next.cidr"), "10.0.16.0/20");
    let second = Workspace::on(store);
    second.configure(&format!(
        "resource \"ipam_allocation\" \"other\" {{\n  ipam_pool_id   = {pool_id:?}\n  name           = \"other\"\n  \
         netmask_length = 20\n}}\n"
    ));
    second.apply();
    for _ in 0..2 {
        first.assert_settled();
        second.assert_settled();
    }
    assert_eq!(first.apply().text("ipam_allocation.vpc.cidr"), made.text("ipam_allocation.vpc.cidr"));
}

#[test]
fn problem_3_no_run_shows_a_change_because_the_next_free_block_is_another_one() {
    let scene = Scene::new();
    stays_as_it_is(&Store::sqlite());
    stays_as_it_is(&of_account(&scene.endpoint, ACCOUNT));
    scene.is_sound();
}

#[test]
fn problem_6_an_answer_about_another_allocation_never_gets_into_the_state() {
    let scene = Scene::new();
    let ipam = client_of(&scene);
    let (_, leaf) = tree(&ipam);
    let workspace = Workspace::on(&of_account(&scene.endpoint, ACCOUNT));
    workspace.configure(&format!(
        "resource \"ipam_allocation\" \"web\" {{\n  ipam_pool_id   = {:?}\n  name           = \"web\"\n  \
         netmask_length = 24\n}}\n",
        leaf.meta.id
    ));
    let made = workspace.apply();
    let other = allocate(&ipam, &leaf, "other", 24).unwrap();
    let own = |id: &str| id.split_once('_').map_or(id, |(own, _)| own).to_owned();
    let asked = own(&made.text("ipam_allocation.web.id"));
    let confused = Trouble::AnswerAbout { asked, answered: own(&other.meta.id) };
    scene.endpoint.trouble("GetIpamPoolAllocations", 1, confused);
    workspace.try_apply(&["-refresh-only"]).fails().says(&["answered with another"]);
    for attribute in ["id", "cidr", "name"] {
        let place = format!("ipam_allocation.web.{attribute}");
        assert_eq!(workspace.state().text(&place), made.text(&place));
    }
    workspace.assert_settled();
    scene.is_sound();
}

const EVERYTHING: &str = r#"
resource "ipam_pool" "office" {
  name   = "office"
  locale = "us-east-1"
  cidrs  = ["10.0.0.0/24"]
}

resource "ipam_allocation" "web" {
  ipam_pool_id   = ipam_pool.office.id
  name           = "web"
  netmask_length = 26
}

data "ipam_scopes" "all" {}

data "ipam_pools" "all" {
  depends_on = [ipam_allocation.web]
}

data "ipam_pool_cidrs" "all" {
  ipam_pool_id = ipam_allocation.web.ipam_pool_id
}

data "ipam_allocations" "all" {
  depends_on = [ipam_allocation.web]
}

data "ipam_free_cidrs" "all" {
  ipam_pool_id = ipam_allocation.web.ipam_pool_id
}

data "ipam_utilization" "all" {
  ipam_pool_id = ipam_allocation.web.ipam_pool_id
}

output "seen" {
  value = {
    scopes      = sort(data.ipam_scopes.all.scopes[*].scope_type)
    pools       = data.ipam_pools.all.pools[*].name
    pool_cidrs  = data.ipam_pool_cidrs.all.ipam_pool_cidrs[*].cidr
    allocations = data.ipam_allocations.all.allocations[*].name
    free        = data.ipam_free_cidrs.all.cidrs
    used        = data.ipam_utilization.all.used_percent
  }
}
"#;

/// Questions for which users write scripts: the users of the space, and the space that is left.
#[test]
fn problem_15_allocated_and_free_space_are_data_sources() {
    let scene = Scene::new();
    let expected = json!({
        "scopes": ["private", "public"],
        "pools": ["office"],
        "pool_cidrs": ["10.0.0.0/24"],
        "allocations": ["web"],
        "free": ["10.0.0.64/26", "10.0.0.128/25"],
        "used": 25,
    });
    for store in [Store::sqlite(), of_account(&scene.endpoint, ACCOUNT)] {
        let workspace = Workspace::on(&store);
        workspace.configure(EVERYTHING);
        assert_eq!(workspace.apply().output("seen"), &expected);
        workspace.assert_settled();
    }
    scene.is_sound();
}

/// The numbers in the names of the tests in a file: `problem_5_and_14_...` is about two problems.
fn numbers(text: &str) -> BTreeSet<u32> {
    let names = text.split("fn problem_").skip(1);
    names.flat_map(|name| name.split('_').map_while(number_or_and).flatten().collect::<Vec<_>>()).collect()
}

/// The number of a part of a name, `Some(None)` for `and`, and `None` where the words begin.
fn number_or_and(part: &str) -> Option<Option<u32>> {
    match part {
        "and" => Some(None),
        number => number.parse().ok().map(Some),
    }
}

#[test]
fn every_one_of_the_fifteen_problems_has_a_test_and_is_in_the_guide() {
    let all: BTreeSet<u32> = (1..=15).collect();
    let files = fs::read_dir(here().join("aws")).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let tested: BTreeSet<u32> = files.flat_map(|path| numbers(&fs::read_to_string(path).unwrap())).collect();
    assert_eq!(tested, all);
    let guide = fs::read_to_string(here().with_file_name("docs").join("guides/aws-ipam.md")).unwrap();
    let (_, list) = guide.split_once("## Common problems").expect("the guide has the list");
    let told: BTreeSet<u32> = list.lines().filter_map(|line| line.split_once(". ")?.0.parse().ok()).collect();
    assert_eq!(told, all);
    assert_eq!(numbers("fn problem_5_and_14_a_7() fn problem_2_x"), BTreeSet::from([2, 5, 14]));
}
