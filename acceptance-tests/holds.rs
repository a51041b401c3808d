//! Plan, edit, plan: the holds of an earlier plan never stop the owner who made it, and stop others only until they are
//! released.

use std::process::Command;

use crate::harness::Workspace;
use crate::harness::store::{NewPool, Store};

fn pool(name: &str) -> String {
    format!("resource \"ipam_pool\" \"p\" {{\n  name  = \"{name}\"\n  cidrs = [\"10.0.0.0/24\"]\n}}\n")
}

fn allocation(resource: &str, name: &str, size: &str) -> String {
    let size = match size.strip_prefix('/') {
        Some(length) => format!("netmask_length = {length}"),
        None => format!("cidr = \"{size}\""),
    };
    format!(
        "resource \"ipam_allocation\" \"{resource}\" {{\n  ipam_pool_id = ipam_pool.p.id\n  name = \"{name}\"\n  {size}\n}}\n"
    )
}

/// Makes `resource` depend on `first`: Terraform creates resources in no fixed order, and the block by CIDR must come
/// first.
fn after(first: &str, resource: &str) -> String {
    resource.replace("{\n", &format!("{{\n  depends_on = [ipam_allocation.{first}]\n"))
}

/// The output of a command of the program.
#[track_caller]
fn answer(store: &Store, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_terraform-provider-ipam"));
    let output = store.tell(command.env("IPAM_STORE", store.url()).args(arguments)).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

on_own_stores_and_opentofu! {
    fn a_name_is_corrected_after_the_first_plan(store: Store) {
        let workspace = Workspace::on(&store);
        workspace.configure(&pool("porduction"));
        workspace.plan();
        workspace.configure(&pool("production"));
        let plan = workspace.plan();
        workspace.apply_saved();
        workspace.assert_as_shown(&plan, &["ipam_pool.p.id"]);
        Workspace::assert_store_matches(workspace.store(), &[&workspace]);
    }

    fn an_abandoned_plan_gives_up_its_block_and_its_last_free_space(store: Store) {
        let workspace = Workspace::on(&store);
        workspace.configure(&pool("p"));
        workspace.apply();
        workspace.configure(&(pool("p") + &allocation("a", "a", "10.0.0.0/25") + &after("a", &allocation("b", "b", "/25"))));
        workspace.plan_as("old", &[]);
        workspace.configure(&(pool("p") + &allocation("c", "c", "10.0.0.64/26") + &after("c", &allocation("d", "d", "/25"))));
        let plan = workspace.plan();
        if workspace.client().tells_the_walk() {
            workspace.apply_saved();
            workspace.assert_as_shown(&plan, &["ipam_allocation.c.cidr", "ipam_allocation.d.cidr"]);
        }
        // A client that does not report whether a plan belongs to an apply compares the two plans itself; the others
        // refuse the plan because the state has changed.
        workspace.try_apply_saved("old", &[]).fails();
        workspace.apply();
        Workspace::assert_store_matches(workspace.store(), &[&workspace]);
    }

    fn an_abandoned_plan_never_turns_growth_in_place_into_a_replacement(store: Store) {
        let workspace = Workspace::on(&store);
        workspace.configure(&(pool("p") + &allocation("a", "a", "10.0.0.0/26")));
        let id = workspace.apply().text("ipam_allocation.a.id");
        workspace.configure(&(pool("p") + &allocation("a", "a", "10.0.0.0/26") + &allocation("b", "b", "10.0.0.64/26")));
        workspace.plan();
        workspace.configure(&(pool("p") + &allocation("a", "a", "10.0.0.0/25")));
        assert_eq!(workspace.plan().actions()["ipam_allocation.a"], "update");
        assert_eq!(workspace.apply_saved().text("ipam_allocation.a.id"), id);
    }

    fn a_new_object_takes_the_name_that_another_gives_up(store: Store) {
        let workspace = Workspace::on(&store);
        let list = |names: &str| {
            pool("p")
                + &format!(
                    "resource \"ipam_allocation\" \"a\" {{\n  count = length([{names}])\n  ipam_pool_id = ipam_pool.p.id\n  \
                     name = [{names}][count.index]\n  netmask_length = 28\n}}\n"
                )
        };
        workspace.configure(&list("\"b\", \"c\""));
        let before = workspace.apply();
        workspace.configure(&list("\"a\", \"b\", \"c\""));
        let after = workspace.apply();
        for index in 0..2 {
            let id = format!("ipam_allocation.a[{index}].id");
            assert_eq!(before.text(&id), after.text(&id), "renamed in place");
        }
        workspace.assert_settled();
        let scopes = |first: &str, more: &str| format!("resource \"ipam_scope\" \"old\" {{\n  name = \"{first}\"\n}}\n{more}");
        let new = "resource \"ipam_scope\" \"new\" {\n  name = \"web\"\n}\n";
        workspace.configure(&scopes("web", ""));
        workspace.apply();
        workspace.configure(&scopes("web-old", new));
        workspace.apply();
        workspace.assert_settled();
        Workspace::assert_store_matches(workspace.store(), &[&workspace]);
    }

    fn a_block_by_size_makes_room_for_one_by_cidr_at_the_second_plan(store: Store) {
        let workspace = Workspace::on(&store);
        let by_size = "resource \"ipam_pool\" \"size\" {\n  name = \"size\"\n  source_ipam_pool_id = ipam_pool.p.id\n  \
                       netmask_length = 26\n}\n";
        workspace.configure(&(pool("p") + by_size + &allocation("cidr", "cidr", "10.0.0.0/28")));
        if !workspace.try_plan(&[]).is_success() {
            workspace.plan();
        }
        workspace.apply();
        workspace.assert_settled();
    }
}

on_each_own_store! {
    fn a_hold_of_another_owner_is_named_and_can_be_released(store: Store) {
        let network = Workspace::on(&store).owned_by("tests/network");
        network.configure(&pool("p"));
        let pool_id = network.apply().text("ipam_pool.p.id");
        let team = Workspace::on(network.store()).owned_by("tests/team");
        team.configure(&allocation("vpc", "vpc", "/26").replace("ipam_pool.p.id", &format!("\"{pool_id}\"")));
        team.plan();
        network.try_destroy(&[]).fails().says(&["tests/team", "held until", "holds release --owner"]);
        let listed = answer(network.store(), &["holds"]);
        assert!(listed.contains("p/vpc") && listed.contains("tests/team"), "{listed}");
        assert!(answer(network.store(), &["holds", "release"]).starts_with("0 holds of owner \"default\""));
        let released = answer(network.store(), &["holds", "release", "--owner", "tests/team"]);
        assert!(released.ends_with("1 hold of owner \"tests/team\" released.\n"), "{released}");
        team.try_apply_saved("plan", &[]).fails();
        if !team.client().tells_the_walk() {
            // The refused apply planned once more, so it left another hold.
            answer(network.store(), &["holds", "release", "--owner", "tests/team"]);
        }
        network.destroy();
        network.store().assert_sound();
    }

    fn a_planned_cidr_is_not_available_to_others(store: Store) {
        let network = Workspace::on(&store).owned_by("tests/network").holding_for("1s");
        network.configure(&pool("p"));
        let pool_id = network.apply().text("ipam_pool.p.id");
        let wider = pool("p").replace("\"10.0.0.0/24\"", "\"10.0.0.0/24\", \"172.16.0.0/16\"");
        network.configure(&wider);
        network.plan();
        let team = Workspace::on(network.store()).owned_by("tests/team");
        let by_size = allocation("big", "big", "/20").replace("ipam_pool.p.id", &format!("\"{pool_id}\""));
        team.configure(&by_size);
        team.try_plan(&[]).fails().says(&["no free /20"]);
        network.store().wait_until_holds_have_expired();
        team.try_plan(&[]).fails().says(&["no free /20"]);
        let tree = answer(network.store(), &["tree"]);
        assert!(tree.contains("172.16.0.0/16 (planned)"), "{tree}");
        network.apply();
        assert_eq!(team.apply().text("ipam_allocation.big.cidr"), "172.16.0.0/20");
        Workspace::assert_store_matches(network.store(), &[&network, &team]);
    }

    fn a_plan_made_elsewhere_is_named_once(store: Store) {
        let first = Workspace::on(&store);
        let pool_id = first.store().add_pool(&NewPool { name: "small", cidrs: &["10.0.0.0/28"], ..NewPool::default() }).meta.id;
        let configuration = |name: &str| {
            allocation("a", name, "/28").replace("ipam_pool.p.id", &format!("\"{pool_id}\""))
        };
        first.configure(&configuration("one"));
        first.plan();
        let second = Workspace::on(first.store());
        second.configure(&configuration("two"));
        second.try_plan(&[]).succeeds().says(&["has to be made again", "small/one"]);
        first.try_apply_saved("plan", &[]).fails().says(&["small/two"]);
        // In the configuration that made the plan, the user needs no warning.
        second.configure(&configuration("three"));
        let third = second.try_plan(&[]).succeeds();
        if second.client().tells_the_walk() {
            third.never_says("has to be made again");
        } else {
            // The refused apply planned once more, in the other directory.
            third.says(&["has to be made again", "small/one"]);
        }
    }
}

/// The provider refuses, in words, a saved plan whose hold was reclaimed for a newer plan.
#[test]
fn a_plan_that_a_newer_one_replaced_asks_to_plan_again() {
    let workspace = Workspace::new();
    workspace.configure(&(pool("p") + &allocation("a", "a", "10.0.0.0/25")));
    workspace.plan_as("old", &[]);
    workspace.configure(&(pool("p") + &allocation("c", "c", "10.0.0.64/26")));
    workspace.plan();
    let refused = workspace.try_apply_saved("old", &[]).fails();
    if workspace.client().tells_the_walk() {
        refused.says(&["10.0.0.64/26", "Plan again"]).never_says("bug in the provider");
        assert!(!workspace.state().of_type("ipam_allocation").contains_key("ipam_allocation.a"));
    }
}
