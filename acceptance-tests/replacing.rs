//! Taint, `-replace`, `-target`: Terraform replaces an object, or changes only some of the objects.

use crate::harness::Workspace;
use crate::harness::store::Store;

const TWO: &str = r#"
resource "ipam_pool" "top" {
  name   = "top"
  cidrs  = ["10.0.0.0/24"]
  locale = "us-east-1"
}

resource "ipam_allocation" "web" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "web"
  netmask_length = 26
}

resource "ipam_allocation" "exact" {
  ipam_pool_id = ipam_pool.top.id
  name         = "exact"
  cidr         = "10.0.0.192/26"
}
"#;

fn applied(store: &Store) -> Workspace {
    let workspace = Workspace::on(store);
    workspace.configure(TWO);
    workspace.apply();
    workspace
}

const SETS: &str = r#"
resource "ipam_pool" "v4" {
  name  = "v4"
  cidrs = ["10.0.0.0/20"]
}

resource "ipam_pool" "v6" {
  name  = "v6"
  cidrs = ["fd00:db8::/48"]
}

resource "ipam_allocation_set" "spread" {
  ipam_pool_id = ipam_pool.v4.id
  name         = "spread"
  members      = { web = { netmask_length = 26 }, db = { cidr = "10.0.15.0/24" } }
}

resource "ipam_allocation_set" "one_block" {
  ipam_pool_id = ipam_pool.v4.id
  name         = "one-block"
  contiguous   = true
  members      = { web = { netmask_length = 26 }, db = { netmask_length = 26 } }
}

resource "ipam_dual_stack_allocation" "both" {
  name = "both"
  ipv4 = { ipam_pool_id = ipam_pool.v4.id, netmask_length = 26 }
  ipv6 = { ipam_pool_id = ipam_pool.v6.id, netmask_length = 64 }
}

resource "ipam_allocation" "hosts" {
  ipam_pool_id   = ipam_pool.v4.id
  name           = "hosts"
  netmask_length = 26
}

resource "ipam_address_set" "hosts" {
  ipv4_allocation_id = ipam_allocation.hosts.id
  name               = "hosts"
  members            = { gateway = {}, web = {} }
}
"#;

/// The resources of [`SETS`], each with an attribute that the plan of its replacement shows.
const REPLACED: [(&str, &str); 4] = [
    ("ipam_allocation_set.spread", "cidrs"),
    ("ipam_allocation_set.one_block", "cidrs"),
    ("ipam_dual_stack_allocation.both", "ipv4_cidr"),
    ("ipam_address_set.hosts", "ipv4"),
];

fn assert_replaced(workspace: &Workspace, address: &str, more: &[&str]) {
    assert_is_another(workspace, address, "cidr", more);
}

fn assert_is_another(workspace: &Workspace, address: &str, shown: &str, more: &[&str]) {
    let place = format!("{address}.id");
    let before = workspace.state().text(&place);
    let plan = workspace.plan_as("plan", more);
    assert_eq!(plan.actions()[address], "delete create");
    let applied = workspace.apply_saved();
    assert_ne!(applied.text(&place), before);
    workspace.assert_as_shown(&plan, &[&place, &format!("{address}.{shown}")]);
    workspace.assert_settled();
    Workspace::assert_store_matches(workspace.store(), &[workspace]);
}

on_each_store! {
    fn a_tainted_allocation_is_replaced_as_planned(store: Store) {
        let workspace = applied(&store);
        workspace.run(&["taint", "-no-color", "ipam_allocation.web"]).succeeds();
        assert_replaced(&workspace, "ipam_allocation.web", &[]);
        workspace.destroy();
        workspace.store().assert_empty();
    }

    fn an_allocation_is_replaced_on_request(store: Store) {
        assert_replaced(&applied(&store), "ipam_allocation.web", &["-replace=ipam_allocation.web"]);
    }
}

on_each_own_store! {
    /// Terraform asks for the replacement, and not the resource itself. Once more for the tainted objects.
    fn sets_are_replaced_on_request(store: Store) {
        let workspace = Workspace::on(&store);
        workspace.configure(SETS);
        workspace.apply();
        for (address, shown) in REPLACED {
            assert_is_another(&workspace, address, shown, &[&format!("-replace={address}")]);
        }
        for (address, shown) in REPLACED {
            workspace.run(&["taint", "-no-color", address]).succeeds();
            assert_is_another(&workspace, address, shown, &[]);
        }
        workspace.destroy();
        workspace.store().assert_empty();
    }

    /// The plan does not know the new allocation, but the set cannot stay in one that goes.
    fn a_set_of_addresses_goes_with_its_allocation_when_plans_hold_nothing(store: Store) {
        let workspace = Workspace::on(&store).holding_for("0s");
        workspace.configure(&SETS.replace("ipam_allocation.hosts.id", "ipam_dual_stack_allocation.both.ipv4_allocation_id"));
        workspace.apply();
        let plan = workspace.plan_as("plan", &["-replace=ipam_dual_stack_allocation.both"]);
        assert_eq!(plan.actions()["ipam_address_set.hosts"], "delete create");
        workspace.apply_saved();
        workspace.assert_settled();
        Workspace::assert_store_matches(workspace.store(), &[&workspace]);
        workspace.destroy();
        workspace.store().assert_empty();
    }

    /// The old allocation keeps its block until it is destroyed: only its replacement may be planned over it.
    fn an_exact_block_is_replaced_by_itself(store: Store) {
        let workspace = applied(&store);
        assert_replaced(&workspace, "ipam_allocation.exact", &["-replace=ipam_allocation.exact"]);
        assert_eq!(workspace.state().text("ipam_allocation.exact.cidr"), "10.0.0.192/26");
    }

    fn a_pool_is_replaced_with_all_that_is_in_it(store: Store) {
        let workspace = applied(&store);
        let before = workspace.state();
        let plan = workspace.plan_as("plan", &["-replace=ipam_pool.top"]);
        assert_eq!(plan.actions().len(), 3, "{:?}", plan.actions());
        assert!(plan.actions().values().all(|action| action == "delete create"), "{:?}", plan.actions());
        let applied = workspace.apply_saved();
        for address in ["ipam_pool.top", "ipam_allocation.web", "ipam_allocation.exact"] {
            let place = format!("{address}.id");
            assert_ne!(applied.text(&place), before.text(&place));
            workspace.assert_as_shown(&plan, &[&place]);
        }
        workspace.assert_settled();
        Workspace::assert_store_matches(workspace.store(), &[&workspace]);
        workspace.destroy();
        workspace.store().assert_empty();
    }

    fn a_target_is_made_alone_and_the_rest_later(store: Store) {
        let workspace = Workspace::on(&store);
        workspace.configure(TWO);
        let plan = workspace.plan_as("plan", &["-target=ipam_allocation.web"]);
        let actions = plan.actions();
        assert_eq!(actions.keys().collect::<Vec<_>>(), ["ipam_allocation.web", "ipam_pool.top"]);
        let first = workspace.apply_saved();
        workspace.assert_as_shown(&plan, &["ipam_allocation.web.cidr"]);
        let all = workspace.apply();
        assert_eq!(all.text("ipam_allocation.web.id"), first.text("ipam_allocation.web.id"));
        assert_eq!(all.text("ipam_allocation.exact.cidr"), "10.0.0.192/26");
        workspace.assert_settled();
        workspace.try_destroy(&["-target=ipam_allocation.web"]).succeeds();
        assert_eq!(workspace.state().of_type("ipam_allocation").len(), 1);
        Workspace::assert_store_matches(workspace.store(), &[&workspace]);
    }

    /// A change that cannot be carried out leaves everything as it was, and the next plan works.
    fn a_plan_that_fails_leaves_the_object_alone(store: Store) {
        let workspace = applied(&store);
        let before = workspace.state().text("ipam_allocation.web.cidr");
        workspace.configure(&TWO.replace("netmask_length = 26", "netmask_length = 24"));
        workspace.try_plan(&[]).fails();
        workspace.configure(TWO);
        workspace.assert_settled();
        assert_eq!(workspace.state().text("ipam_allocation.web.cidr"), before);
        Workspace::assert_store_matches(workspace.store(), &[&workspace]);
    }
}
