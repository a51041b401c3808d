//! `depends_on` moves the reading of a data source into the apply, so that its results are not known in the plan. No
//! existing object may be replaced for that reason.

use crate::harness::Workspace;
use crate::harness::store::Store;

/// Two pools, an allocation in the pool that a data source finds by its name, and a resource that uses its block.
fn configuration(pool_text: &str, pool_name: &str, allocation_text: &str) -> String {
    format!(
        r#"
resource "ipam_pool" "p" {{
  name        = "p"
  cidrs       = ["10.0.0.0/16"]
  description = "{pool_text}"
}}

resource "ipam_pool" "q" {{
  name  = "q"
  cidrs = ["172.16.0.0/16"]
}}

data "ipam_pool" "found" {{
  name       = "{pool_name}"
  depends_on = [ipam_pool.p, ipam_pool.q]
}}

resource "ipam_allocation" "a" {{
  ipam_pool_id   = data.ipam_pool.found.id
  name           = "a"
  netmask_length = 24
  description    = "{allocation_text}"
}}

resource "ipam_pool" "below" {{
  source_ipam_pool_id = data.ipam_pool.found.id
  name                = "below"
  netmask_length      = 20
}}

resource "terraform_data" "vpc" {{
  triggers_replace = ipam_allocation.a.cidr
}}
"#
    )
}

const BEHIND: [&str; 3] = ["ipam_allocation.a.id", "ipam_pool.below.id", "terraform_data.vpc.id"];

fn applied(store: &Store) -> Workspace {
    let workspace = Workspace::on(store);
    workspace.configure(&configuration("one", "p", "one"));
    workspace.apply();
    workspace
}

on_own_stores_and_opentofu! {
    fn a_change_of_the_pool_replaces_nothing_behind_its_data_source(store: Store) {
        let workspace = applied(&store);
        let before = workspace.state();
        workspace.configure(&configuration("two", "p", "one"));
        let plan = workspace.plan();
        let actions: Vec<(String, String)> = plan.actions().into_iter().collect();
        assert_eq!(actions, [("ipam_pool.p".to_owned(), "update".to_owned())]);
        let after = workspace.apply_saved();
        workspace.configure(&configuration("three", "p", "three"));
        assert_eq!(workspace.plan().actions()["ipam_allocation.a"], "update");
        let last = workspace.apply_saved();
        for place in BEHIND {
            assert_eq!(after.text(place), before.text(place));
            assert_eq!(last.text(place), before.text(place));
        }
        workspace.assert_settled();
        Workspace::assert_store_matches(workspace.store(), &[&workspace]);
    }

    fn another_pool_is_refused_in_the_apply_and_replaces_in_the_next_plan(store: Store) {
        let workspace = applied(&store);
        let before = workspace.state().text("ipam_allocation.a.cidr");
        workspace.configure(&configuration("two", "q", "two"));
        assert_eq!(workspace.plan().actions()["ipam_allocation.a"], "update");
        workspace.try_apply_saved("plan", &[]).fails().says(&[
            "The value is not the one that the plan kept",
            "The plan kept ipam_pool_id = ",
            "because its value was not known",
            "This ipam_allocation was not changed. Plan again",
        ]);
        assert_eq!(workspace.state().text("ipam_allocation.a.cidr"), before);
        assert_eq!(workspace.plan().actions()["ipam_allocation.a"], "delete create");
        let after = workspace.apply_saved().text("ipam_allocation.a.cidr");
        assert!(before.starts_with("10.0.") && after.starts_with("172.16."), "{before} {after}");
        workspace.assert_settled();
        Workspace::assert_store_matches(workspace.store(), &[&workspace]);
    }

    fn a_pool_that_is_replaced_takes_what_is_behind_its_data_source_along(store: Store) {
        let workspace = applied(&store);
        let before = workspace.state().text("ipam_allocation.a.ipam_pool_id");
        let plan = workspace.plan_as("plan", &["-replace=ipam_pool.p"]);
        assert_eq!(plan.actions()["ipam_allocation.a"], "delete create");
        let after = workspace.apply_saved();
        assert_ne!(after.text("ipam_allocation.a.ipam_pool_id"), before);
        assert_eq!(after.text("ipam_allocation.a.ipam_pool_id"), after.text("ipam_pool.p.id"));
        workspace.assert_settled();
        Workspace::assert_store_matches(workspace.store(), &[&workspace]);
    }

    /// The plan does not know the id of the new pool, and it deletes the pool that the allocation is in.
    fn an_allocation_follows_its_pool_to_another_resource_where_plans_hold_nothing(store: Store) {
        let workspace = Workspace::on(&store).holding_for("0s");
        let pool_and_allocation = |resource: &str, block: &str| {
            format!(
                "resource \"ipam_pool\" \"{resource}\" {{\n  name  = \"{resource}\"\n  cidrs = [\"{block}\"]\n}}\n\n\
                 resource \"ipam_allocation\" \"a\" {{\n  ipam_pool_id = ipam_pool.{resource}.id\n  name = \"a\"\n  \
                 netmask_length = 24\n}}\n"
            )
        };
        workspace.configure(&pool_and_allocation("p", "10.0.0.0/16"));
        workspace.apply();
        workspace.configure(&pool_and_allocation("q", "172.16.0.0/16"));
        assert_eq!(workspace.plan().actions()["ipam_allocation.a"], "delete create");
        assert_eq!(workspace.apply_saved().text("ipam_allocation.a.cidr"), "172.16.0.0/24");
        workspace.assert_settled();
        Workspace::assert_store_matches(workspace.store(), &[&workspace]);
    }
}
