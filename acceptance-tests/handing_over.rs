//! Space that one resource gives up and another takes in the same apply: a block, a part of a pool, or the space of a
//! replaced object.

use crate::harness::Workspace;
use crate::harness::store::Store;

fn pool(cidrs: &str) -> String {
    format!("resource \"ipam_pool\" \"p\" {{\n  name  = \"p\"\n  cidrs = [{cidrs}]\n}}\n")
}

fn blocks(keys: &str) -> String {
    pool("\"10.0.0.0/16\"")
        + &format!(
            "resource \"ipam_allocation\" \"r\" {{\n  for_each = {{ {keys} }}\n  ipam_pool_id = ipam_pool.p.id\n  name = each.key\n  \
             cidr = each.value\n}}\n"
        )
}

/// A pool `name` below `p`.
fn child(name: &str, cidrs: &str, more: &str) -> String {
    format!(
        "resource \"ipam_pool\" \"{name}\" {{\n  name = \"{name}\"\n  source_ipam_pool_id = ipam_pool.p.id\n  cidrs = [{cidrs}]\n  {more}\n}}\n"
    )
}

/// Plans, applies, verifies that the result is as shown, and that a new plan is empty.
#[track_caller]
fn apply_as_planned(workspace: &Workspace, places: &[&str]) {
    let plan = workspace.plan();
    workspace.apply_saved();
    workspace.assert_as_shown(&plan, places);
    workspace.assert_settled();
    Workspace::assert_store_matches(workspace.store(), &[workspace]);
}

on_own_stores_and_opentofu! {
    fn a_block_goes_to_a_resource_with_another_key(store: Store) {
        let workspace = Workspace::on(&store);
        workspace.configure(&blocks("old = \"10.0.1.0/24\", other = \"10.0.2.0/24\""));
        workspace.apply();
        workspace.configure(&blocks("new = \"10.0.1.0/24\", other = \"10.0.2.0/24\""));
        apply_as_planned(&workspace, &["ipam_allocation.r[\"new\"].cidr"]);
        // Two resources exchange their blocks, and new ones take parts of the third block.
        workspace.configure(&blocks("new = \"10.0.2.0/24\", other = \"10.0.1.0/28\", more = \"10.0.1.16/28\""));
        apply_as_planned(&workspace, &["ipam_allocation.r[\"more\"].cidr"]);
    }

    fn a_pool_gives_a_block_to_another_pool(store: Store) {
        let workspace = Workspace::on(&store);
        let p = pool("\"10.0.0.0/8\"");
        workspace.configure(&(p.clone() + &child("a", "\"10.0.0.0/12\", \"10.16.0.0/12\"", "")));
        workspace.apply();
        workspace.configure(&(p.clone() + &child("a", "\"10.0.0.0/12\"", "") + &child("b", "\"10.16.0.0/12\"", "depends_on = [ipam_pool.a]")));
        apply_as_planned(&workspace, &["ipam_pool.b.cidr"]);
        // An existing pool also takes space from another pool.
        workspace.configure(&(p + &child("a", "\"10.0.0.0/12\", \"10.16.0.0/13\"", "depends_on = [ipam_pool.b]") + &child("b", "\"10.24.0.0/13\"", "")));
        apply_as_planned(&workspace, &["ipam_pool.a.cidrs"]);
    }

    fn a_full_pool_reuses_the_space_of_a_deleted_allocation(store: Store) {
        let workspace = Workspace::on(&store);
        let full = |name: &str, length: u8| {
            pool("\"10.0.0.0/25\"")
                + &format!("resource \"ipam_allocation\" \"{name}\" {{\n  ipam_pool_id = ipam_pool.p.id\n  name = \"{name}\"\n  netmask_length = {length}\n}}\n")
        };
        workspace.configure(&full("a", 25));
        workspace.apply();
        let plan = workspace.plan_as("again", &["-replace=ipam_allocation.a"]);
        workspace.try_apply_saved("again", &[]).succeeds();
        workspace.assert_as_shown(&plan, &["ipam_allocation.a.cidr"]);
        workspace.configure(&full("b", 26));
        apply_as_planned(&workspace, &["ipam_allocation.b.cidr"]);
    }

    fn forty_blocks_go_to_resources_with_other_keys(store: Store) {
        let workspace = Workspace::on(&store);
        let all = |letter: &str, first: u32| {
            blocks(&(0..40).map(|n| format!("{letter}{n} = \"10.0.{}.0/24\"", first + n)).collect::<Vec<_>>().join(", "))
        };
        workspace.configure(&all("a", 0));
        workspace.apply();
        workspace.configure(&all("b", 0));
        // Terraform may start so many creations, which wait, that the deletions do not get their turn. A second apply
        // then does the rest.
        if !workspace.try_apply(&[]).is_success() {
            workspace.apply();
        }
        workspace.assert_settled();
        // The same names, each with the block of its neighbour.
        workspace.configure(&all("b", 1));
        workspace.apply();
        workspace.assert_settled();
        Workspace::assert_store_matches(workspace.store(), &[&workspace]);
    }

    fn a_pool_cidr_becomes_part_of_its_pool_and_a_resource_again(store: Store) {
        let workspace = Workspace::on(&store);
        let web = "resource \"ipam_allocation\" \"web\" {\n  count = 12\n  ipam_pool_id = ipam_pool.p.id\n  name = \"web${count.index}\"\n  \
                   netmask_length = 28\n  depends_on = [ipam_pool_cidr.extra]\n}\n";
        let alone = web.replace("  depends_on = [ipam_pool_cidr.extra]\n", "");
        let extra = "resource \"ipam_pool_cidr\" \"extra\" {\n  ipam_pool_id = ipam_pool.p.id\n  cidr = \"10.1.0.0/16\"\n}\n";
        let p = |cidrs: &str| pool(cidrs).replace("  cidrs", "  address_family = \"ipv4\"\n  cidrs");
        workspace.configure(&(p("") + extra + web));
        workspace.apply();
        workspace.configure(&(p("\"10.1.0.0/16\"") + &alone));
        // A plan that is not applied leaves no trace in the next one.
        workspace.plan();
        workspace.configure(&(p("") + extra + &alone));
        workspace.assert_settled();
        workspace.configure(&(p("\"10.1.0.0/16\"") + &alone));
        apply_as_planned(&workspace, &["ipam_pool.p.cidr"]);
        workspace.configure(&(p("") + extra + web));
        apply_as_planned(&workspace, &["ipam_pool_cidr.extra.cidr"]);
        // Without a resource for it, the block cannot leave the pool: allocations have addresses in it.
        workspace.configure(&(p("\"10.1.0.0/16\"") + &alone));
        workspace.apply();
        workspace.configure(&(p("") + &alone));
        workspace.try_plan(&[]).fails().says(&["The pool gives up space that is in use"]);
    }

    fn what_grows_takes_the_space_of_what_goes(store: Store) {
        let workspace = Workspace::on(&store);
        let sized = |name: &str, length: u8| {
            format!("resource \"ipam_allocation\" \"{name}\" {{\n  ipam_pool_id = ipam_pool.p.id\n  name = \"{name}\"\n  netmask_length = {length}\n}}\n")
        };
        let region = |name: &str, length: u8| child(name, "", &format!("netmask_length = {length}")).replace("  cidrs = []\n", "");
        let p = pool("\"10.0.0.0/23\"");
        // One after the other, so that neighbours are b of a, and d of c.
        let mut all = p.clone();
        for next in [sized("a", 25), sized("b", 25), region("c", 25), region("d", 25)] {
            all += &next;
            workspace.configure(&all);
            workspace.apply();
        }
        // Everything is full: a grows over b, and the pool c over the pool d.
        workspace.configure(&(p.clone() + &sized("a", 24) + &region("c", 24)));
        let plan = workspace.plan();
        let actions = plan.actions();
        assert_eq!((actions["ipam_allocation.a"].as_str(), actions["ipam_pool.c"].as_str()), ("update", "update"));
        workspace.apply_saved();
        workspace.assert_as_shown(&plan, &["ipam_allocation.a.cidr", "ipam_pool.c.cidr"]);
        workspace.assert_settled();
        Workspace::assert_store_matches(workspace.store(), &[&workspace]);
    }

    fn a_block_that_its_resource_keeps_is_not_given_away(store: Store) {
        let workspace = Workspace::on(&store);
        workspace.configure(&blocks("old = \"10.0.1.0/24\""));
        workspace.apply();
        workspace.configure(&blocks("old = \"10.0.1.0/24\", new = \"10.0.1.0/28\""));
        let before = workspace.store().active();
        workspace.try_plan(&[]).fails().says(&["10.0.1.0/28"]);
        // The earlier plan was to delete this allocation; the next plan keeps it.
        workspace.configure(&blocks("new = \"10.0.1.0/28\""));
        workspace.plan();
        workspace.configure(&blocks("old = \"10.0.1.0/24\", new = \"10.0.1.0/28\""));
        workspace.try_plan(&[]).fails().says(&["10.0.1.0/28"]);
        assert_eq!(workspace.store().active(), before);
    }
}

on_each_own_store! {
    fn another_configuration_keeps_its_block(store: Store) {
        let first = Workspace::on(&store);
        first.configure(&blocks("old = \"10.0.1.0/24\""));
        let pool_id = first.apply().text("ipam_pool.p.id");
        let second = Workspace::on(first.store());
        let wanted = format!("resource \"ipam_allocation\" \"r\" {{\n  ipam_pool_id = \"{pool_id}\"\n  name = \"new\"\n  cidr = \"10.0.1.0/24\"\n}}\n");
        second.configure(&wanted);
        second.try_plan(&[]).fails().says(&["10.0.1.0/24 overlaps space that is taken", "p/old"]);
        let second = second.holding_for("0s");
        second.configure(&wanted);
        second.try_plan(&[]).fails().says(&["10.0.1.0/24 overlaps space that is taken"]);
        first.assert_settled();
    }

    fn a_block_is_handed_over_without_holds_too(store: Store) {
        let workspace = Workspace::on(&store).holding_for("0s");
        workspace.configure(&blocks("old = \"10.0.1.0/24\""));
        workspace.apply();
        workspace.configure(&blocks("new = \"10.0.1.0/24\""));
        workspace.apply();
        workspace.assert_settled();
        Workspace::assert_store_matches(workspace.store(), &[&workspace]);
    }

    fn a_replacement_that_comes_first_keeps_its_block(store: Store) {
        let workspace = Workspace::on(&store);
        let with = |input: u8| {
            pool("\"10.0.0.0/16\"")
                + &format!(
                    "resource \"terraform_data\" \"t\" {{\n  input = {input}\n}}\nresource \"ipam_allocation\" \"a\" {{\n  ipam_pool_id = ipam_pool.p.id\n  \
                     name = \"a\"\n  cidr = \"10.0.0.0/24\"\n  lifecycle {{\n    create_before_destroy = true\n    replace_triggered_by = [terraform_data.t]\n  }}\n}}\n"
                )
        };
        workspace.configure(&with(1));
        workspace.apply();
        workspace.configure(&with(2));
        apply_as_planned(&workspace, &["ipam_allocation.a.cidr", "ipam_allocation.a.id"]);
    }

    fn a_pool_in_use_that_is_replaced_first_keeps_its_block_and_the_error_explains_why(store: Store) {
        let workspace = Workspace::on(&store);
        let allocation = |name: &str, more: &str| {
            format!("resource \"ipam_allocation\" \"{name}\" {{\n  ipam_pool_id = ipam_pool.p.id\n  name = \"{name}\"\n  netmask_length = 24\n  {more}\n}}\n")
        };
        let first = "lifecycle {\n    create_before_destroy = true\n  }";
        workspace.configure(&(pool("\"10.0.0.0/16\"") + &allocation("a", "") + &allocation("b", first)));
        workspace.apply();
        let before = workspace.store().active();
        let b = workspace.state().text("ipam_allocation.b.id");
        workspace.try_apply(&["-replace=ipam_pool.p"]).fails().says(&["10.0.0.0/16", "create_before_destroy"]);
        // Whether the other one is gone by then is the order of Terraform, which is another one since 1.16.
        let after = workspace.store().active();
        assert!(after.contains_key(&b) && after.iter().all(|one| before.get(one.0) == Some(one.1)), "{before:?} {after:?}");
        // Without such a resource in it, the replacement gets the block after the other allocations are gone.
        workspace.configure(&(pool("\"10.0.0.0/16\"").replace("cidrs", &format!("{first}\n  cidrs")) + &allocation("a", "")));
        workspace.apply();
        let replaced = workspace.try_apply(&["-replace=ipam_pool.p"]);
        if workspace.client().replaces_before_all_ends() {
            replaced.fails().says(&["10.0.0.0/16", "create_before_destroy"]);
        } else {
            replaced.succeeds();
        }
        workspace.assert_settled();
        Workspace::assert_store_matches(workspace.store(), &[&workspace]);
    }
}
