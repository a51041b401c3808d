//! A pool that is to give up space in which objects still are: the plan reports them, and nothing is replaced.

use crate::harness::Workspace;
use crate::harness::store::Store;

fn pools(top: &str, length: u8) -> String {
    format!(
        r#"
resource "ipam_pool" "top" {{
  name  = "top"
  cidrs = {top}
}}

resource "ipam_pool" "site" {{
  name                = "site"
  source_ipam_pool_id = ipam_pool.top.id
  netmask_length      = {length}
}}
"#
    )
}

const OFFICE: &str = r#"
resource "ipam_allocation" "office" {
  ipam_pool_id = ipam_pool.site.id
  name         = "office"
  cidr         = "10.0.15.0/24"
}
"#;

const THEIRS: &str = r#"
data "ipam_pool" "top" {
  name = "top"
}

resource "ipam_allocation" "theirs" {
  ipam_pool_id = data.ipam_pool.top.id
  name         = "theirs"
  cidr         = "10.0.200.0/24"
}
"#;

on_each_own_store! {
    fn allocations_in_space_that_a_pool_gives_up_are_reported_in_the_plan(store: Store) {
        let workspace = Workspace::on(&store);
        let before = pools(r#"["10.0.0.0/16"]"#, 20) + OFFICE;
        workspace.configure(&before);
        workspace.apply();
        workspace.configure(&(pools(r#"["10.0.0.0/16"]"#, 21) + OFFICE));
        workspace.try_plan(&[]).fails().says(&["The pool gives up space that is in use", "10.0.15.0/24", "10.0.0.0/21"]);
        workspace.configure(&(pools(r#"["10.1.0.0/16"]"#, 20) + OFFICE));
        workspace.try_plan(&[]).fails().says(&["The pool gives up space that is in use", "10.0.0.0/20", "10.1.0.0/16"]);
        workspace.configure(&before);
        workspace.assert_settled();
        // An object that is deleted in the same apply does not stop the change.
        workspace.configure(&pools(r#"["10.0.0.0/16"]"#, 21));
        workspace.apply();
        workspace.assert_settled();
        Workspace::assert_store_matches(workspace.store(), &[&workspace]);
        workspace.destroy();
        workspace.store().assert_empty();
    }

    fn allocations_of_others_in_space_that_a_pool_gives_up_are_reported_in_the_plan(store: Store) {
        let workspace = Workspace::on(&store).owned_by("team/a");
        let before = pools(r#"["10.0.0.0/16"]"#, 20) + OFFICE;
        workspace.configure(&before);
        workspace.apply();
        let other = Workspace::on(&store).owned_by("team/b");
        other.configure(THEIRS);
        other.apply();
        for blocks in [r#"["10.0.0.0/17"]"#, r#"["10.0.0.0/17", "10.0.128.0/18"]"#] {
            workspace.configure(&(pools(blocks, 20) + OFFICE));
            workspace.try_plan(&[]).fails().says(&["is not empty", "10.0.200.0/24", "top/theirs", "team/b"]);
        }
        workspace.configure(&before);
        workspace.assert_settled();
        // In two halves every block has its place.
        workspace.configure(&(pools(r#"["10.0.0.0/17", "10.0.128.0/17"]"#, 20) + OFFICE));
        let plan = workspace.plan();
        assert_eq!(plan.actions().into_iter().collect::<Vec<_>>(), [("ipam_pool.top".to_owned(), "update".to_owned())]);
        workspace.apply_saved();
        workspace.assert_settled();
        other.assert_settled();
        Workspace::assert_store_matches(workspace.store(), &[&workspace, &other]);
    }

    fn a_replacement_lists_the_addresses_that_are_given_up(store: Store) {
        let workspace = Workspace::on(&store);
        let next = r#"
resource "ipam_pool" "next" {
  name                = "next"
  source_ipam_pool_id = ipam_pool.top.id
  cidrs               = ["10.0.16.0/20"]
}
"#;
        workspace.configure(&(pools(r#"["10.0.0.0/16"]"#, 20) + next + OFFICE));
        workspace.apply();
        let office = OFFICE.replace("10.0.15.0/24", "10.0.32.0/24");
        workspace.configure(&(pools(r#"["10.0.0.0/16"]"#, 19) + next + &office));
        workspace.try_plan(&[]).succeeds().says(&[
            "The pool \"site\" gives up 10.0.0.0/20",
            "The pool contains allocations or pools",
            "The allocation \"office\" gives up 10.0.15.0/24",
        ]);
    }

    fn two_pool_cidrs_swap_their_names(store: Store) {
        let workspace = Workspace::on(&store);
        let named = |first: &str, second: &str| {
            format!(
                r#"
resource "ipam_pool" "top" {{
  name  = "top"
  cidrs = ["10.0.0.0/16"]
}}

resource "ipam_pool" "below" {{
  name                = "below"
  source_ipam_pool_id = ipam_pool.top.id
}}

resource "ipam_pool_cidr" "first" {{
  ipam_pool_id   = ipam_pool.below.id
  name           = "{first}"
  netmask_length = 20
}}

resource "ipam_pool_cidr" "second" {{
  ipam_pool_id   = ipam_pool.below.id
  name           = "{second}"
  netmask_length = 20
}}
"#
            )
        };
        workspace.configure(&named("a", "b"));
        let before = workspace.apply();
        workspace.configure(&named("b", "a"));
        let plan = workspace.plan();
        assert!(plan.actions().values().all(|action| action == "update"), "{:?}", plan.actions());
        let after = workspace.apply_saved();
        for place in ["ipam_pool_cidr.first.id", "ipam_pool_cidr.first.cidr", "ipam_pool_cidr.second.cidr"] {
            assert_eq!(before.text(place), after.text(place));
        }
        workspace.assert_settled();
        Workspace::assert_store_matches(workspace.store(), &[&workspace]);
    }
}
