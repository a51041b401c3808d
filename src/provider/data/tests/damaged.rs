//! Damaged stores: no data source and no change panics, and each of them ends.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;
use crate::backend::testing::bounded;
use crate::ipam::tests::damage::{Entries, chain, damage};
use crate::ipam::tests::simulation::rich;

type Body<'a> = &'a dyn Fn(&Arc<dyn Ipam>, &[Box<dyn ErasedDataSource>]);

/// Reads every data source that accepts these arguments, and plans, creates and deletes an object in every pool.
fn survive(entries: &Entries, now: jiff::Timestamp, what: &str) {
    let run = |name: &str, body: Body<'_>| {
        let ipam: Arc<dyn Ipam> = Arc::new(bounded(entries, now));
        let shared = Arc::new(Shared::default());
        let (plan_hold, default_tags) = (Duration::from_hours(1), Tags::new().into());
        shared.configure(Some(Configured {
            ipam: Arc::clone(&ipam),
            plan_hold,
            default_tags,
            on_missing: Default::default(),
        }));
        let sources = super::super::all(&shared);
        let outcome = catch_unwind(AssertUnwindSafe(|| body(&ipam, &sources)));
        assert!(outcome.is_ok(), "{name} panicked over {what}");
    };
    run("data sources", &|_, sources| {
        for source in sources {
            let _ = source.read(&object(&[]));
        }
    });
    let pools: Vec<&str> = entries.keys().filter_map(|key| key.strip_prefix("pool/")).take(8).collect();
    run("data sources of a pool", &|_, sources| {
        for pool in &pools {
            for source in sources {
                let _ = source.read(&object(&[("ipam_pool_id", id(pool))]));
                let _ = source.read(&object(&[("ipam_pool_id", id(pool)), ("include_below", true.into())]));
            }
        }
    });
    run("plans and changes", &|ipam, _| {
        for pool in pools.iter().rev() {
            let spec = |size| AllocationSpec::new(*pool, "new", size);
            for size in [Size::NetmaskLength(28), Size::Default] {
                let _ = ipam.holds().unwrap().plan_allocation(&spec(size), &terms());
                let _ = ipam.create_allocation(&spec(size), &Planned::Unknown);
            }
            let below =
                PoolSpec { provision: Provision::NetmaskLength(28), ..pool_spec("below", Some(pool), "10.0.0.0/28") };
            let _ = ipam.holds().unwrap().plan_pool(&below, &terms());
        }
        for allocation in entries.keys().filter_map(|key| key.strip_prefix("allocation/")).take(20) {
            let _ = ipam.holds().unwrap().plan_resize(allocation, Size::NetmaskLength(25), &terms());
            let _ = ipam.delete_allocation(allocation);
        }
        for pool in pools.iter().rev() {
            let _ = ipam.delete_pool(pool, false);
            let _ = ipam.delete_pool(pool, true);
        }
    });
}

#[test]
fn no_data_source_and_no_change_panics_or_loops_forever_on_a_damaged_store() {
    let rounds: u64 = std::env::var("IPAM_DAMAGE_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(25);
    let stores: Vec<_> = (1..=3).map(|seed| rich(seed, 60)).collect();
    for round in 0..rounds {
        let (entries, now) = &stores[usize::try_from(round % 3).unwrap()];
        let mut damaged: Entries = entries.iter().cloned().collect();
        // Damage other than that in the tests of the commands.
        let (what, _) = damage(&mut damaged, 1_000_000 + round);
        survive(&damaged, *now, &format!("round {round}: {what}"));
    }
}

#[test]
fn deep_chains_and_cycles_of_pools_cause_no_stack_overflow() {
    for (count, ring) in [(50, false), (100, false), (1, true), (3, true)] {
        let (entries, now) = rich(1, 60);
        let mut entries: Entries = entries.into_iter().collect();
        chain(&mut entries, count, ring);
        survive(&entries, now, &format!("{count} pools, ring: {ring}"));
    }
}
