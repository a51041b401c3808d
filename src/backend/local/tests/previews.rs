//! Compares previews of several new objects with plans that may write.

use super::*;
use crate::backend::Made;
use crate::ipam::testing::dice;
use crate::ipam::{Cidr, Family, Shown, Strategy};

/// A pool of 64 addresses with some allocations in it; the content depends only on the seed.
fn store(seed: u64) -> (Arc<dyn Store>, String) {
    let mut seed = seed;
    let mut roll = |sides: u64| dice(&mut seed) % sides;
    let store: Arc<dyn Store> = Arc::new(Memory::default());
    let local = planner(&store);
    let strategies = [Strategy::BestFit, Strategy::FirstFit, Strategy::LastFit, Strategy::Sparse, Strategy::Random];
    let strategy = strategies[usize::try_from(roll(5)).unwrap()];
    let pool = local.create_pool(&PoolSpec { strategy, ..top("p", &["10.0.0.0/26"]) }, &Planned::Unknown).unwrap();
    for name in 0..roll(3) {
        let taken = block(&format!("old-{name}"), &pool.meta.id, 30);
        local.create_allocation(&taken, &Planned::Unknown).unwrap();
    }
    (store, pool.meta.id)
}

fn planner(store: &Arc<dyn Store>) -> Local {
    Local::over(Arc::clone(store), actor("me"), Hands::default().surroundings())
}

fn requests(seed: u64, pool_id: &str) -> Vec<AllocationSpec> {
    let mut seed = seed ^ 0x5eed;
    let mut roll = |sides: u64| dice(&mut seed) % sides;
    let one = |name: u64| {
        let length = 27 + u8::try_from(roll(4)).unwrap();
        let size = if roll(2) == 0 {
            Size::NetmaskLength(length)
        } else {
            Size::Cidr(Cidr::around(Family::Ipv4, 0x0a00_0000 + u128::from(roll(64)), length))
        };
        AllocationSpec { size, ..block(&format!("new-{name}"), pool_id, length) }
    };
    (0..5).map(one).collect()
}

/// Whether any of these requests fails, in this order.
fn is_refused<T>(requests: &[AllocationSpec], mut ask: impl FnMut(&AllocationSpec) -> Result<T>) -> bool {
    let refusals = requests.iter().filter(|request| match ask(request) {
        Ok(_) => false,
        Err(Error::Overlap { .. } | Error::PoolExhausted { .. }) => true,
        Err(error) => panic!("{error:?}"),
    });
    refusals.count() > 0
}

#[test]
fn siblings_are_refused_when_no_order_has_room_for_them_and_never_otherwise() {
    let mut counts = [0, 0];
    for seed in 0..200 {
        let (looked_at, pool_id) = store(seed);
        let all = requests(seed, &pool_id);
        let looker = planner(&looked_at);
        let is_told = is_refused(&all, |spec| looker.check_new(New::Allocation(spec), &terms(), false));
        counts[usize::from(is_told)] += 1;
        let written = |order: &[AllocationSpec]| {
            let (store, same_pool_id) = store(seed);
            assert_eq!(same_pool_id, pool_id);
            let writer = planner(&store);
            is_refused(order, |spec| writer.plan_allocation(spec, &terms()))
        };
        let mut best = all.clone();
        best.sort_by_key(|spec| match spec.size {
            Size::Cidr(_) => 0,
            Size::NetmaskLength(length) => length,
            Size::Default => u8::MAX,
        });
        assert_eq!(is_told, written(&best), "{seed}: {all:#?}");
        assert!(!is_told || written(&all), "{seed}: {all:#?}");
        // A request that is previewed alone is never refused because of others.
        let alone = planner(&looked_at);
        assert!(!is_refused(&all[..1], |spec| alone.check_new(New::Allocation(spec), &terms(), false)) || is_told);
    }
    assert!(counts.iter().all(|count| *count > 20), "{counts:?}");
}

/// What a plan shows is disjoint, and the plan of the apply holds exactly that, in any order.
#[test]
fn what_previews_show_is_held_in_any_order() {
    let mut held = 0;
    for seed in 0..200 {
        let (store, pool_id) = store(seed);
        let looker = planner(&store);
        let mut all = Vec::new();
        for spec in requests(seed, &pool_id) {
            match looker.preview_new(New::Allocation(&spec), &terms()) {
                Ok(Some(Made::Allocation(made))) => all.push((spec, made)),
                Ok(other) => panic!("{seed}: {other:?}"),
                Err(Error::Overlap { .. } | Error::PoolExhausted { .. }) => {}
                Err(error) => panic!("{seed}: {error:?}"),
            }
        }
        // The client asks again: the same answer, and no second block.
        for (spec, made) in &all {
            let again = looker.preview_new(New::Allocation(spec), &terms()).unwrap();
            assert_eq!(again, Some(Made::Allocation(made.clone())), "{seed}");
        }
        let mut dice_seed = seed;
        all.sort_by_cached_key(|_| dice(&mut dice_seed));
        let writer = planner(&store);
        for (spec, made) in &all {
            let shown = Some(Shown { id: made.meta.id.clone(), cidr: Some(made.cidr) });
            let terms = Terms { committing: true, shown, ..terms() };
            let hold = writer.plan_allocation(spec, &terms).unwrap();
            assert_eq!((&hold.meta.id, hold.cidr, hold.size), (&made.meta.id, made.cidr, spec.size), "{seed}");
            assert_eq!(writer.plan_allocation(spec, &terms).unwrap(), hold, "{seed}: asked again");
            let created = writer.create_allocation(spec, &Planned::Fresh(hold.meta.id)).unwrap();
            assert_eq!(created.cidr, made.cidr, "{seed}");
            held += 1;
        }
        assert_eq!(writer.check().unwrap().findings, []);
    }
    assert!(held > 500, "{held}");
}

#[test]
fn what_depends_on_a_previewed_object_finds_it_and_the_store_has_not_changed() {
    let (store, pool_id) = store(1);
    let (looker, other) = (planner(&store), planner(&store));
    let inner = inside("inner", &pool_id, 28);
    let Some(Made::Pool(pool)) = looker.preview_new(New::Pool(&inner), &terms()).unwrap() else { panic!() };
    let spec = block("web", &pool.meta.id, 30);
    let Some(Made::Allocation(web)) = looker.preview_new(New::Allocation(&spec), &terms()).unwrap() else { panic!() };
    assert!(pool.cidrs.first().unwrap().contains(&web.cidr));
    assert_eq!(looker.get_pool(&pool.meta.id).unwrap().as_ref(), Some(&pool));
    assert_eq!(looker.find_allocation(&pool.meta.id, "web").unwrap(), Some(web.clone()));
    assert!(!looker.preview_next(&pool.meta.id, Some(30), &[], 4).unwrap().contains(&web.cidr));
    assert_eq!(other.get_pool(&pool.meta.id).unwrap(), None);
    // Another process writes: the previews keep their IDs and their blocks.
    other.create_allocation(&block("other", &pool_id, 30), &Planned::Unknown).unwrap();
    assert_eq!(looker.get_pool(&pool.meta.id).unwrap().map(|found| found.cidrs), Some(pool.cidrs.clone()));
    assert_eq!(looker.get_allocation(&web.meta.id).unwrap().map(|found| found.cidr), Some(web.cidr));
    // What does not fit into the previewed pool is refused with the names of the plan.
    let errors = looker.preview_new(New::Allocation(&block("large", &pool.meta.id, 27)), &terms()).unwrap_err();
    assert!(matches!(errors, Error::PoolExhausted { .. }), "{errors:?}");
}
