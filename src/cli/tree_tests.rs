//! The tree as text and as JSON.

use num_bigint::BigUint;

use std::sync::Arc;

use super::samples::{allocations, now, pools, scope};
use super::*;
use crate::backend::prelude::*;
use crate::backend::{Local, Surroundings};
use crate::ipam::testing::top;
use crate::ipam::{Actor, Planned, PoolSpec};
use crate::store::{self, StoreUrl, counting::Counting};

fn branch(index: usize, below: Vec<Branch>, allocations: Vec<Allocation>) -> Branch {
    let pool = pools().swap_remove(index);
    let cidrs: Vec<Cidr> = pool.cidrs.iter().copied().collect();
    let number = |value: u32| BigUint::from(value);
    let pools_below = below.iter().map(|branch| 1 + branch.pools_below).sum();
    Branch {
        path: pool.meta.name.clone(),
        planned_cidrs: Vec::new(),
        utilization: Utilization {
            pool,
            provisioned: number(4096),
            used: number(256),
            held: number(256 * u32::try_from(allocations.len() / 2).unwrap()),
            free: number(3584),
            reserved: number(0),
            resting: number(0),
            largest_free: Some("10.0.8.0/21".parse().unwrap()),
            allocations: 1,
            assigned_in_subtree: number(256),
        },
        cidrs,
        allocations,
        below,
        pools_below,
    }
}

fn roots() -> Vec<Root> {
    let eu = branch(1, vec![branch(2, Vec::new(), allocations())], Vec::new());
    let mut us = branch(3, Vec::new(), Vec::new());
    us.pools_below = 1;
    us.utilization.largest_free = None;
    let top = branch(0, vec![eu, us], Vec::new());
    vec![
        Root { scope: scope("ipam-scope-1", "private", true), pools: vec![top] },
        Root { scope: scope("ipam-scope-2", "public", true), pools: Vec::new() },
        Root { scope: scope("ipam-scope-3", "lab", false), pools: Vec::new() },
    ]
}

#[test]
fn the_tree_shows_scopes_pools_and_allocations() {
    let expected = "\
private (ipam-scope-1)
└─ top  10.0.0.0/8  6.3% used, largest free 10.0.8.0/21
   ├─ eu  10.0.0.0/16  6.3% used, largest free 10.0.8.0/21
   │  └─ prod  10.0.0.0/20  6.3% used, 6.3% held, largest free 10.0.8.0/21  [eu]
   │     ├─ 10.0.0.0/24  web
   │     └─ 10.0.1.0/24  api  (planned, held until 2026-01-01T13:00:00Z)
   └─ us  10.1.0.0/16  6.3% used, full  [eu]
      └─ … 1 pool below
lab (ipam-scope-3)
";
    assert_eq!(draw(&roots(), now()), expected);
}

#[test]
fn an_expired_hold_is_marked_as_expired() {
    let later = "2026-01-01T14:00:00Z".parse().unwrap();
    assert!(draw(&roots(), later).contains("api  (planned, hold expired 2026-01-01T13:00:00Z)"));
}

#[test]
fn an_empty_store_has_no_pools() {
    let root = Root { scope: scope("ipam-scope-1", "private", true), pools: Vec::new() };
    assert_eq!(draw(&[root], now()), "No pools.\n");
}

#[test]
fn json_nests_pools_and_counts_in_strings() {
    let roots = roots();
    let value = serde_json::to_value(ScopeAnswer::new(&roots[0])).unwrap();
    let prod = &value["pools"][0]["pools"][0]["pools"][0];
    assert_eq!(prod["provisioned"], "4096");
    assert_eq!(prod["allocations"][0]["cidr"], "10.0.0.0/24");
    assert_eq!(value["pools"][0]["pools_below"], 4);
}

#[test]
fn the_tree_is_read_from_one_snapshot() {
    let memory = store::open(&StoreUrl::new("memory:")).unwrap();
    let store = Arc::new(Counting::new(memory));
    let local = Local::over(Arc::clone(&store) as Arc<_>, Actor::default(), Surroundings::default());
    let source_pool_id = Some(local.create_pool(&top("top", &["10.0.0.0/8"]), &Planned::Unknown).unwrap().meta.id);
    for number in 0..20 {
        let (name, block) = (format!("below-{number}"), format!("10.{number}.0.0/16"));
        let below = PoolSpec { source_pool_id: source_pool_id.clone(), ..top(&name, &[&block]) };
        local.create_pool(&below, &Planned::Unknown).unwrap();
    }
    let format = crate::cli::out::OutputFormat { json: false };
    let mut options = Options { pool: None, depth: None, allocations: false, no_allocations: false, format };
    let before = store.snapshots();
    assert_eq!(page(&local, &options).unwrap().text.lines().count(), 22);
    assert_eq!(store.snapshots() - before, 1);
    // Two more find the pool.
    options.pool = Some("top/below-7".to_owned());
    let before = store.snapshots();
    assert_eq!(page(&local, &options).unwrap().text.lines().count(), 2);
    assert!(store.snapshots() - before <= 3);
}
