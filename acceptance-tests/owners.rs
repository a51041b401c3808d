//! Objects of another owner: how they are reported, and how they are transferred.

use std::process::Command;

use crate::harness::store::{NewPool, Store};
use crate::harness::{PROVIDER, Workspace};

const WEB: &str = "ipam_allocation.web";

/// The output of `transfer`.
#[track_caller]
fn transfer(store: &Store, arguments: &[&str]) -> String {
    let mut command = Command::new(PROVIDER);
    let command = store.tell(command.env("IPAM_STORE", store.url()).arg("transfer").args(arguments));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Two teams, the first of which has an allocation in a pool of the network team. Returns both and the id of the
/// allocation.
fn teams(store: &Store) -> (Workspace, Workspace, String) {
    let network = Workspace::on(store);
    let pool = network.store().add_pool(&NewPool { name: "shared", cidrs: &["10.0.0.0/16"], ..NewPool::default() });
    let configuration = format!(
        "resource \"ipam_allocation\" \"web\" {{\n  ipam_pool_id   = {:?}\n  name           = \"vpc\"\n  netmask_length = 24\n}}\n",
        pool.meta.id
    );
    let team = |owner: &str| {
        let team = Workspace::on(network.store()).owned_by(owner);
        team.configure(&configuration);
        team
    };
    let (a, b) = (team("team-a"), team("team-b"));
    let id = a.apply().text("ipam_allocation.web.id");
    (a, b, id)
}

on_each_own_store! {
    fn the_error_about_an_object_of_another_owner_suggests_no_import(store: Store) {
        let (a, b, id) = teams(&store);
        let refused = b.try_plan(&[]).fails().says(&["belongs to owner \"team-a\"", "Choose another name"]);
        refused.says(&[&format!("transfer {id} --to \"team-b\"")]).never_says("terraform import");
        a.assert_settled();
        // An object of the same owner may have lost its state.
        a.run(&["state", "rm", WEB]).succeeds();
        a.try_plan(&[]).fails().says(&[&format!("terraform import ipam_allocation.NAME {id}")]);
    }

    fn an_import_from_another_owner_warns_and_a_transfer_ends_it(store: Store) {
        let (a, b, id) = teams(&store);
        let warned = ["belongs to owner \"team-a\"", "that configuration loses it", "--to \"team-b\""];
        b.run(&["import", "-input=false", "-no-color", WEB, &id]).succeeds().says(&warned);
        b.assert_settled();
        a.assert_settled();
        assert_eq!(b.state().text("ipam_allocation.web.owner"), "team-a");

        let said = transfer(a.store(), &["shared/vpc", "--to", "team-b", "--from", "team-a"]);
        assert!(said.contains("1 object transferred to owner \"team-b\".") && said.contains("terraform state rm"), "{said}");
        assert!(transfer(a.store(), &["shared/vpc", "--to", "team-b"]).ends_with("already belongs to \"team-b\".\n"));
        b.assert_settled();
        a.run(&["state", "rm", WEB]).succeeds();
        a.try_plan(&[]).fails().says(&["belongs to owner \"team-b\""]).never_says("terraform import");
        b.run(&["import", "-input=false", "-no-color", "-state=other.tfstate", WEB, &id]).succeeds().never_says("belongs to owner");
        let events = a.store().events();
        let transfers: Vec<_> = events.iter().filter(|event| event.action == "transfer").collect();
        assert_eq!(transfers.len(), 1, "{events:#?}");
        assert_eq!((&transfers[0].before["owner"], &transfers[0].after["owner"]), (&"team-a".into(), &"team-b".into()));
        Workspace::assert_store_matches(a.store(), &[&b]);
        b.destroy();
        a.apply();
        Workspace::assert_store_matches(a.store(), &[&a]);
    }

    fn an_import_block_warns_in_the_plan(store: Store) {
        let (a, b, id) = teams(&store);
        b.write("import.tf", &format!("import {{\n  to = {WEB}\n  id = {id:?}\n}}\n"));
        let plan = b.try_plan(&["-out", "plan"]).succeeds();
        let times = plan.text().matches("This allocation belongs to owner").count();
        assert_eq!(times, 1, "{}", plan.text());
        a.assert_settled();
    }
}
