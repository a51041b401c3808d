//! The promise of the first page: the plan shows every address, apply keeps it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::harness::Workspace;
use crate::harness::plan::Plan;
use crate::harness::store::Store;

const QUICKSTART: &str = r#"
resource "ipam_pool" "top" {
  name  = "top"
  cidrs = ["10.0.0.0/8"]
}

resource "ipam_pool" "eu" {
  name                = "eu-west-1"
  source_ipam_pool_id = ipam_pool.top.id
  netmask_length      = 16
  locale              = "eu-west-1"
}

resource "ipam_pool" "prod" {
  name                              = "prod"
  source_ipam_pool_id               = ipam_pool.eu.id
  netmask_length                    = 20
  allocation_min_netmask_length     = 22
  allocation_max_netmask_length     = 28
  allocation_default_netmask_length = 24
}

resource "ipam_allocation" "app" {
  for_each     = toset(["web", "api", "db"])
  ipam_pool_id = ipam_pool.prod.id
  name         = each.key
}

output "cidrs" {
  value = { for k, a in ipam_allocation.app : k => a.cidr }
}
"#;

const OBJECTS: [&str; 6] = [
    "ipam_pool.top",
    "ipam_pool.eu",
    "ipam_pool.prod",
    "ipam_allocation.app[\"web\"]",
    "ipam_allocation.app[\"api\"]",
    "ipam_allocation.app[\"db\"]",
];

fn quickstart_on(store: &Store) -> Workspace {
    let workspace = Workspace::on(store);
    workspace.configure(QUICKSTART);
    workspace
}

/// Every id and block that a plan shows.
fn shown(workspace: &Workspace, plan: &Plan) -> BTreeMap<String, String> {
    let places = OBJECTS.iter().flat_map(|object| [format!("{object}.id"), format!("{object}.cidr")]);
    places.filter_map(|place| Some((place.clone(), workspace.shown(plan, &place)?))).collect()
}

#[track_caller]
fn assert_state_is(workspace: &Workspace, shown: &BTreeMap<String, String>) {
    let state = workspace.state();
    for (place, planned) in shown {
        assert_eq!(&state.text(place), planned, "{place}: left: applied, right: planned");
    }
}

on_each_store! {
    fn the_plan_on_an_empty_store_shows_every_id_and_cidr(store: Store) {
        let workspace = quickstart_on(&store);
        let plan = workspace.plan();
        assert_eq!(plan.actions().keys().map(String::as_str).collect::<BTreeSet<_>>(), BTreeSet::from(OBJECTS));
        for object in OBJECTS {
            assert_eq!(plan.unknowns(object), BTreeSet::new(), "{object}");
        }
        assert_eq!(plan.known("ipam_pool.top.cidr"), "10.0.0.0/8");
        assert_eq!(plan.known("ipam_pool.eu.cidr"), "10.0.0.0/16");
        assert_eq!(plan.known("ipam_pool.prod.cidr"), "10.0.0.0/20");
        assert_eq!(plan.known("ipam_pool.prod.locale"), "eu-west-1");
        let cidrs = plan.output("cidrs").expect("the output is known").as_object().unwrap().clone();
        let blocks: BTreeSet<_> = cidrs.values().filter_map(Value::as_str).collect();
        assert_eq!(blocks, BTreeSet::from(["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24"]));
        for (key, cidr) in cidrs {
            assert_eq!(plan.known(&format!("ipam_allocation.app[{key:?}].cidr")), cidr.as_str().unwrap());
        }
    }

    fn apply_makes_exactly_what_the_plan_showed_and_destroy_leaves_nothing(store: Store) {
        let workspace = quickstart_on(&store);
        let plan = workspace.plan();
        let applied = workspace.apply_saved();
        assert_state_is(&workspace, &shown(&workspace, &plan));
        if workspace.shown(&plan, "ipam_allocation.app[\"web\"].cidr").is_some() {
            assert_eq!(Some(applied.output("cidrs")), plan.output("cidrs"));
        }
        workspace.assert_settled();
        let audit = workspace.store().assert_sound();
        assert_eq!((audit.pools, audit.holds), (3, 0));
        workspace.destroy();
        workspace.store().assert_empty();
    }

    fn planning_again_shows_the_same(store: Store) {
        let workspace = quickstart_on(&store);
        let first = shown(&workspace, &workspace.plan());
        workspace.try_plan(&["-parallelism=1"]).succeeds();
        assert_eq!(shown(&workspace, &workspace.plan_as("second", &["-parallelism=50"])), first);
        workspace.apply();
        assert_state_is(&workspace, &first);
    }

    fn a_plan_saved_before_another_plan_is_applied_as_it_was(store: Store) {
        let workspace = quickstart_on(&store);
        let first = shown(&workspace, &workspace.plan());
        workspace.plan_as("later", &[]);
        workspace.apply_saved();
        assert_state_is(&workspace, &first);
        workspace.assert_settled();
    }

    fn destroying_and_applying_again_works_with_new_ids(store: Store) {
        let workspace = quickstart_on(&store);
        let first = workspace.apply();
        workspace.destroy();
        let second = workspace.apply();
        assert_eq!(first.text("ipam_pool.eu.cidr"), second.text("ipam_pool.eu.cidr"));
        assert_ne!(first.text("ipam_pool.eu.id"), second.text("ipam_pool.eu.id"));
        workspace.store().assert_sound();
    }
}

fn with_parallelism(store: &Store, parallelism: &str) {
    let workspace = quickstart_on(store);
    let plan = workspace.plan_as("plan", &[parallelism]);
    workspace.try_apply_saved("plan", &[parallelism]).succeeds();
    assert_state_is(&workspace, &shown(&workspace, &plan));
    workspace.assert_settled();
    workspace.try_destroy(&[parallelism]).succeeds();
    workspace.store().assert_empty();
}

on_each_store! {
    fn what_a_person_reads_in_the_plan_has_the_addresses(store: Store) {
        let plan = quickstart_on(&store).try_plan(&[]).succeeds();
        assert!(plan.stdout.contains("10.0.0.0/20"), "{}", plan.stdout);
        assert!(!plan.stdout.contains("known after apply"), "{}", plan.stdout);
    }

    fn one_at_a_time(store: Store) {
        with_parallelism(&store, "-parallelism=1");
    }

    fn ten_at_a_time(store: Store) {
        with_parallelism(&store, "-parallelism=10");
    }

    fn fifty_at_a_time(store: Store) {
        with_parallelism(&store, "-parallelism=50");
    }

    fn without_refresh(store: Store) {
        let workspace = quickstart_on(&store);
        let plan = workspace.plan_as("plan", &["-refresh=false"]);
        workspace.try_apply_saved("plan", &[]).succeeds();
        assert_state_is(&workspace, &shown(&workspace, &plan));
        let again = workspace.try_plan(&["-refresh=false", "-detailed-exitcode"]);
        assert_eq!(again.code, 0, "{}", again.text());
        workspace.try_destroy(&["-refresh=false"]).succeeds();
        workspace.store().assert_empty();
    }
}

#[test]
fn a_store_named_in_the_configuration_beats_the_environment() {
    let workspace = Workspace::new();
    workspace.configure(
        r#"
provider "ipam" {
  store = "sqlite:named.db"
}

resource "ipam_pool" "top" {
  name  = "top"
  cidrs = ["10.0.0.0/8"]
}
"#,
    );
    workspace.apply();
    assert!(workspace.path().join("named.db").is_file());
    assert!(!workspace.store().path().exists());
    workspace.assert_settled();
}
