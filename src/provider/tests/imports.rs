//! The formats of import IDs.

use super::*;
use crate::provider::testing::{World, assert_only_error};

#[test]
fn every_object_is_imported_by_id_and_by_path() {
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
fn an_import_that_is_not_possible_explains_why() {
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

/// The formats of hashicorp/aws, and the formats without an ID.
#[test]
fn every_object_is_imported_by_block_and_with_the_scope_in_front() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let lab = json!({"name": "top", "cidrs": ["10.0.0.0/8"], "ipam_scope_id": "${ipam_scope.lab.id}"});
    let web = |pool: &str| json!({"ipam_pool_id": pool, "name": "web", "cidr": "10.4.0.0/24"});
    let config = [
        ("ipam_scope.lab", json!({"name": "lab"})),
        top(),
        ("ipam_pool.lab", lab),
        ("ipam_pool.eu", json!({"name": "eu", "source_ipam_pool_id": "${ipam_pool.lab.id}", "cidrs": ["10.4.0.0/16"]})),
        ("ipam_allocation.web", web("${ipam_pool.eu.id}")),
        ("ipam_allocation.api", json!({"ipam_pool_id": "${ipam_pool.top.id}", "name": "api", "cidr": "10.5.0.0/24"})),
        // The space of the pool `eu` in its source pool has the same block.
        ("ipam_allocation.all", json!({"ipam_pool_id": "${ipam_pool.top.id}", "name": "all", "cidr": "10.4.0.0/16"})),
    ];
    workspace.apply(&config);
    let (scope, eu) = (workspace.get("ipam_scope.lab", "id"), workspace.get("ipam_pool.eu", "id"));
    let web_id = workspace.get("ipam_allocation.web", "id");
    let behind = |path: &str| format!("{scope}/{path}");
    for (address, id) in [
        ("ipam_pool.lab", "lab/top".to_owned()),
        ("ipam_pool.lab", behind("top")),
        ("ipam_pool.eu", "lab/top/eu".to_owned()),
        ("ipam_pool.top", "default-private/top".to_owned()),
        ("ipam_allocation.web", "lab/top/eu/web".to_owned()),
        ("ipam_allocation.api", "10.5.0.0/24".to_owned()),
        ("ipam_allocation.web", "10.4.0.0/24".to_owned()),
        ("ipam_allocation.all", "10.4.0.0/16".to_owned()),
        ("ipam_allocation.web", format!("10.4.0.0/24_{eu}")),
        ("ipam_allocation.web", "10.4.0.0/24_lab/top/eu".to_owned()),
        ("ipam_allocation.web", format!("{web_id}_{eu}")),
    ] {
        let mut other = workspace.clone();
        other.import(address, &id).unwrap_or_else(|errors| panic!("{id}: {errors:#?}"));
        assert_eq!(other.value(address), workspace.value(address), "{id}");
        other.assert_settled(&config);
    }
}

#[test]
fn an_ambiguous_block_or_path_is_an_error_that_lists_every_id() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let lab = |name| json!({"name": name, "cidrs": ["10.0.0.0/8"], "ipam_scope_id": "${ipam_scope.lab.id}"});
    let web = |pool: &str| json!({"ipam_pool_id": pool, "name": "web", "cidr": "10.4.0.0/24"});
    workspace.apply(&[
        ("ipam_scope.lab", json!({"name": "lab"})),
        top(),
        ("ipam_pool.lab", lab("top")),
        ("ipam_allocation.a", web("${ipam_pool.top.id}")),
        ("ipam_allocation.b", web("${ipam_pool.lab.id}")),
        // A pool `lab` that contains a pool `top`, next to the scope `lab` with a pool `top`.
        ("ipam_pool.other", json!({"name": "lab", "cidrs": ["172.16.0.0/12"]})),
        (
            "ipam_pool.inner",
            json!({"name": "top", "source_ipam_pool_id": "${ipam_pool.other.id}", "netmask_length": 16}),
        ),
    ]);
    let [a, b, outer, inner, lab, top] = [
        "ipam_allocation.a",
        "ipam_allocation.b",
        "ipam_pool.other",
        "ipam_pool.inner",
        "ipam_pool.lab",
        "ipam_pool.top",
    ]
    .map(|address| workspace.get(address, "id"));
    let mut refused = |address, id: &str, words: &[&str]| {
        assert_only_error(&workspace.import(address, id).unwrap_err(), "", words);
    };
    refused("ipam_allocation.x", "10.4.0.0/24", &["several allocations", &a, &b]);
    refused("ipam_allocation.x", "top/web", &["several allocations", &a, &b]);
    refused("ipam_pool.x", "top", &["several pools", &top, &lab, &inner]);
    refused("ipam_pool.x", "lab/top", &["several pools", &lab, &inner]);
    refused("ipam_allocation.x", "10.9.0.0/24", &["has no allocation", "cidr_pool"]);
    refused("ipam_allocation.x", &format!("10.4.0.0/24_{outer}"), &["has no allocation"]);
    refused("ipam_allocation.x", &format!("{a}_{outer}"), &["has no allocation"]);
    refused("ipam_allocation.x", "172.16.0.0/16", &["import that pool", &inner]);
}
