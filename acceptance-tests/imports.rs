//! Importing existing objects into a configuration: afterwards the plan is empty.

use crate::harness::Workspace;
use crate::harness::client::Client;
use crate::harness::store::Store;

const ALL: &str = r#"
resource "ipam_scope" "lab" {
  name        = "lab"
  description = "benches"
}

resource "ipam_pool" "top" {
  name          = "top"
  ipam_scope_id = ipam_scope.lab.id
  cidrs         = ["10.0.0.0/16"]
  tags          = { site = "lab" }
}

resource "ipam_pool" "below" {
  name                              = "below"
  source_ipam_pool_id               = ipam_pool.top.id
  locale                            = "us-east-1"
  netmask_length                    = 20
  allocation_default_netmask_length = 24
}

resource "ipam_pool_cidr" "more" {
  ipam_pool_id = ipam_pool.top.id
  cidr         = "10.1.0.0/16"
}

resource "ipam_allocation" "web" {
  ipam_pool_id   = ipam_pool.below.id
  name           = "web"
  netmask_length = 26
}

resource "ipam_allocation" "default" {
  ipam_pool_id = ipam_pool.below.id
  name         = "default"
}

resource "ipam_allocation" "exact" {
  ipam_pool_id = ipam_pool.below.id
  name         = "exact"
  cidr         = "10.0.15.0/24"
  tags         = { env = "prod" }
}
"#;

const ADDRESSES: [&str; 7] = [
    "ipam_scope.lab",
    "ipam_pool.top",
    "ipam_pool.below",
    "ipam_pool_cidr.more",
    "ipam_allocation.web",
    "ipam_allocation.default",
    "ipam_allocation.exact",
];

/// Makes the objects with one configuration. Returns it, and another one with the same text and an empty state.
fn made_on(store: &Store) -> (Workspace, Workspace) {
    let maker = Workspace::on(store);
    maker.configure(ALL);
    maker.apply();
    let taker = Workspace::on(maker.store());
    taker.configure(ALL);
    (maker, taker)
}

fn assert_taken(maker: &Workspace, taker: &Workspace) {
    taker.assert_settled();
    for address in ADDRESSES {
        let place = format!("{address}.id");
        assert_eq!(taker.state().text(&place), maker.state().text(&place));
    }
    Workspace::assert_store_matches(taker.store(), &[taker]);
    taker.destroy();
    taker.store().assert_empty();
}

/// Imports every object with an `import` block, in which `named_by` makes the line that names the object.
fn assert_import_blocks_take_all(store: &Store, named_by: impl Fn(&str) -> String) {
    let (maker, taker) = made_on(store);
    let blocks = ADDRESSES.map(|address| {
        let named = named_by(&maker.state().text(&format!("{address}.id")));
        format!("import {{\n  to = {address}\n  {named}\n}}\n")
    });
    taker.configure(&format!("{ALL}{}", blocks.concat()));
    let plan = taker.plan();
    assert!(plan.is_empty(), "{:?}", plan.actions());
    taker.apply_saved();
    taker.configure(ALL);
    assert_taken(&maker, &taker);
}

/// Terraform and OpenTofu have this since 1.12.
#[test]
fn import_blocks_take_identities_on_opentofu() {
    let store = Store::sqlite().used_by(Client::opentofu());
    assert_import_blocks_take_all(&store, |id| format!("identity = {{ id = {id:?} }}"));
}

on_each_store! {
    fn everything_can_be_imported_by_id(store: Store) {
        let (maker, taker) = made_on(&store);
        for address in ADDRESSES {
            taker.import(address, &maker.state().text(&format!("{address}.id")));
        }
        assert_taken(&maker, &taker);
    }

    /// One configuration makes a pool, another one finds it by name and allocates in it.
    fn objects_of_another_configuration_are_read(store: Store) {
        let maker = Workspace::on(&store).owned_by("network");
        maker.configure(
            "resource \"ipam_pool\" \"top\" {\n  name   = \"top\"\n  cidrs  = [\"10.0.0.0/16\"]\n  locale = \"us-east-1\"\n}\n",
        );
        let id = maker.apply().text("ipam_pool.top.id");
        let user = Workspace::on(&store).owned_by("application");
        user.configure(
            r#"
data "ipam_pool" "top" {
  name = "top"
}

resource "ipam_allocation" "web" {
  ipam_pool_id   = data.ipam_pool.top.id
  name           = "web"
  netmask_length = 24
}
"#,
        );
        let plan = user.plan();
        assert_eq!(plan.known("ipam_allocation.web.ipam_pool_id"), id);
        user.apply_saved();
        user.assert_as_shown(&plan, &["ipam_allocation.web.cidr"]);
        user.assert_settled();
        maker.assert_settled();
        Workspace::assert_store_matches(&store, &[&user]);
    }

    fn everything_can_be_imported_by_name(store: Store) {
        let (maker, taker) = made_on(&store);
        for (address, path) in [
            ("ipam_scope.lab", "lab"),
            ("ipam_pool.top", "top"),
            ("ipam_pool.below", "top/below"),
            ("ipam_pool_cidr.more", "10.1.0.0/16_top"),
            ("ipam_allocation.web", "below/web"),
            ("ipam_allocation.default", "top/below/default"),
            ("ipam_allocation.exact", "below/exact"),
        ] {
            taker.import(address, path);
        }
        assert_taken(&maker, &taker);
    }

    /// Imports accept the ids of hashicorp/aws, and the names and blocks that a person knows.
    fn everything_can_be_imported_by_block_and_behind_its_scope(store: Store) {
        let (maker, taker) = made_on(&store);
        let made = maker.state();
        let of = |place: &str| made.text(place);
        let below = of("ipam_pool.below.id");
        for (address, id) in [
            ("ipam_scope.lab", "lab".to_owned()),
            ("ipam_pool.top", "lab/top".to_owned()),
            ("ipam_pool.below", format!("{}/top/below", of("ipam_scope.lab.id"))),
            ("ipam_pool_cidr.more", format!("10.1.0.0/16_{}", of("ipam_pool.top.id"))),
            ("ipam_allocation.web", format!("{}_{below}", of("ipam_allocation.web.cidr"))),
            ("ipam_allocation.default", of("ipam_allocation.default.cidr")),
            ("ipam_allocation.exact", format!("{}_{below}", of("ipam_allocation.exact.ipam_pool_allocation_id"))),
        ] {
            taker.import(address, &id);
        }
        assert_taken(&maker, &taker);
    }

    fn import_blocks_do_the_same_in_one_plan(store: Store) {
        assert_import_blocks_take_all(&store, |id| format!("id = {id:?}"));
    }

    /// Terraform writes every argument that the state has, so both `cidr` and `netmask_length`.
    fn configuration_is_generated_for_imported_objects(store: Store) {
        let maker = Workspace::on(&store);
        maker.configure(ALL);
        let made = maker.apply();
        let taker = Workspace::on(maker.store());
        let mut blocks = String::new();
        for address in ADDRESSES {
            let id = made.text(&format!("{address}.id"));
            blocks += &format!("import {{\n  to = {address}\n  id = {id:?}\n}}\n");
        }
        taker.configure(&blocks);
        taker.try_plan(&["-generate-config-out=generated.tf"]).succeeds();
        let plan = taker.plan();
        assert!(plan.is_empty(), "{:?}\n{}", plan.actions(), taker.read("generated.tf"));
        assert!(taker.read("generated.tf").matches("netmask_length ").count() >= 5, "{}", taker.read("generated.tf"));
        taker.apply_saved();
        taker.assert_settled();
    }

    fn an_unknown_id_is_refused_with_an_explanation(store: Store) {
        let (maker, taker) = made_on(&store);
        let missing = "ipam-pool-alloc-0000000000000000000";
        let refused = taker.run(&["import", "-input=false", "-no-color", "ipam_allocation.web", missing]);
        refused.fails().says(&[missing]).never_says("Plugin did not respond");
        let refused = taker.run(&["import", "-input=false", "-no-color", "ipam_allocation.web", "below/nothing"]);
        refused.fails().says(&["below/nothing"]);
        maker.assert_settled();
    }
}
