//! The forms of import ids.

use super::*;
use crate::provider::testing::{World, assert_only_error};

#[test]
fn everything_is_imported_by_id_and_by_path() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let config = [
        ("ipam_scope.lab", json!({"name": "lab"})),
        top(),
        ("ipam_pool.eu", json!({"name": "eu", "source_ipam_pool_id": "${ipam_pool.top.id}"})),
        ("ipam_pool_cidr.eu", json!({"ipam_pool_id": "${ipam_pool.eu.id}", "cidr": "10.4.0.0/16"})),
        ("ipam_allocation.web", json!({"ipam_pool_id": "${ipam_pool.eu.id}", "name": "a/web", "netmask_length": 24})),
    ];
    workspace.apply(&config);
    let eu = workspace.get("ipam_pool.eu", "id");
    let by_pool_id = format!("10.4.0.0/16_{eu}");
    for (address, id) in [
        ("ipam_scope.lab", "lab"),
        ("ipam_pool.top", "top"),
        ("ipam_pool.eu", "top/eu"),
        ("ipam_pool.eu", "eu"),
        ("ipam_pool_cidr.eu", "10.4.0.0/16_top/eu"),
        ("ipam_pool_cidr.eu", &by_pool_id),
        ("ipam_allocation.web", "top/eu/a/web"),
        ("ipam_allocation.web", "eu/a/web"),
    ] {
        let mut other = workspace.clone();
        other.import(address, id).unwrap_or_else(|errors| panic!("{id}: {errors:#?}"));
        assert_eq!(other.value(address), workspace.value(address), "{id}");
        other.assert_settled(&config);
    }
}

#[test]
fn what_cannot_be_imported_says_why() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let below = |address, name| {
        (address, json!({"name": name, "source_ipam_pool_id": "${ipam_pool.top.id}", "netmask_length": 16}))
    };
    let prod =
        |address, source| (address, json!({"name": "prod", "source_ipam_pool_id": source, "netmask_length": 20}));
    let web = |address, pool| (address, json!({"ipam_pool_id": pool, "name": "web", "netmask_length": 24}));
    let config = [
        top(),
        below("ipam_pool.eu", "eu"),
        below("ipam_pool.us", "us"),
        prod("ipam_pool.eu_prod", "${ipam_pool.eu.id}"),
        prod("ipam_pool.us_prod", "${ipam_pool.us.id}"),
        web("ipam_allocation.eu", "${ipam_pool.eu_prod.id}"),
        web("ipam_allocation.us", "${ipam_pool.us_prod.id}"),
    ];
    workspace.apply(&config);
    let pool = workspace.get("ipam_pool.top", "id");
    let later = [("ipam_allocation.later", json!({"ipam_pool_id": pool, "name": "later", "netmask_length": 24}))];
    let held = world.workspace("team/b").plan(&later).unwrap().get("ipam_allocation.later", "id");
    let ipam = world.ipam("auditor", None);
    let filter = crate::backend::AllocationFilter { include_pools: true, ..Default::default() };
    let space = ipam.list_allocations(&filter).unwrap().into_iter().find(|one| one.pool_id == pool).unwrap();
    let inline = ipam.list_pool_cidrs(&pool, false).unwrap().remove(0);
    let (us, eu) = (workspace.get("ipam_allocation.us", "id"), workspace.get("ipam_allocation.eu", "id"));
    let mut refused = |address, id: &str, words: &[&str]| {
        assert_only_error(&workspace.import(address, id).unwrap_err(), "", words);
    };
    refused("ipam_scope.x", "nowhere", &["nowhere", "ipam-scope-"]);
    refused("ipam_pool.x", "top/nowhere", &["top/nowhere", "path"]);
    refused("ipam_pool.x", "prod", &["several"]);
    refused("ipam_allocation.x", "prod/web", &["several", &us, &eu]);
    refused("ipam_allocation.x", "nowhere", &["nowhere"]);
    refused("ipam_allocation.x", &held, &["does not exist yet", "team/b"]);
    refused("ipam_allocation.x", &space.meta.id, &["import that pool", space.resource_id.as_deref().unwrap()]);
    refused("ipam_pool_cidr.x", &inline.meta.id, &["import that pool"]);
    refused("ipam_pool_cidr.x", "10.0.0.0/8", &["cidr_pool"]);
}
