//! Tests of past tenures and past utilization: computed from events, and compared with the present.

use std::time::Duration;

use jiff::Timestamp;

use crate::ipam::testing::*;
use crate::ipam::tests::simulation;
use crate::ipam::*;

fn ask(world: &mut World, query: &HistoryQuery) -> Vec<Tenure> {
    world.read(|reader| reader.history(query)).unwrap()
}

fn about(text: &str, how: Match) -> HistoryQuery {
    HistoryQuery { cidr: Some((cidr(text), how)), ..HistoryQuery::default() }
}

fn shown(tenures: &[Tenure]) -> Vec<String> {
    let ends = |tenure: &Tenure| tenure.to.map_or("still".to_owned(), |_| "over".to_owned());
    tenures.iter().map(|one| format!("{} {} {}", one.name, one.cidr, ends(one))).collect()
}

#[test]
fn a_block_with_two_successive_holders_shows_both() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/16"]);
    let web = world.create(&pool, "web", "10.0.1.0/24").unwrap();
    world.wait(60);
    let between = world.now;
    world.as_owner("they").write(|ledger| ledger.delete_allocation(&web.meta.id)).unwrap();
    world.wait(60);
    world.create(&pool, "db", "10.0.1.0/24").unwrap();
    let both = ask(&mut world, &about("10.0.1.0/24", Match::Exact));
    assert_eq!(shown(&both), ["web 10.0.1.0/24 over", "db 10.0.1.0/24 still"]);
    assert_eq!(both[0].to, Some(between));
    assert_eq!((both[0].began.owner.as_str(), both[0].ended.as_ref().unwrap().owner.as_str()), ("us", "they"));
    assert_eq!((both[0].scope_id.as_ref(), &both[0].pool_id), (Some(&pool.scope_id), &pool.meta.id));
    // One address, the block around it, the blocks inside it.
    assert_eq!(
        shown(&ask(&mut world, &about("10.0.1.9/32", Match::Covering))),
        ["top 10.0.0.0/16 still", "web 10.0.1.0/24 over", "db 10.0.1.0/24 still"]
    );
    assert_eq!(ask(&mut world, &about("10.0.0.0/16", Match::Exact)).len(), 1, "an exact match has no blocks inside");
    assert_eq!(ask(&mut world, &about("10.0.0.0/16", Match::Within)).len(), 3);
    assert_eq!(ask(&mut world, &about("10.0.2.0/24", Match::Exact)), []);
}

#[test]
fn a_window_shows_the_tenures_in_it() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/16"]);
    let start = world.now;
    let web = world.create(&pool, "web", "10.0.1.0/24").unwrap();
    world.wait(60);
    world.write(|ledger| ledger.delete_allocation(&web.meta.id)).unwrap();
    let end = world.now;
    world.wait(60);
    world.create(&pool, "db", "10.0.1.0/24").unwrap();
    let names = |world: &mut World, from: Option<Timestamp>, to: Option<Timestamp>| {
        let query = HistoryQuery { from, to, ..about("10.0.1.0/24", Match::Exact) };
        ask(world, &query).into_iter().map(|one| one.name).collect::<Vec<_>>()
    };
    assert_eq!(names(&mut world, None, Some(start)), ["web"]);
    assert_eq!(names(&mut world, Some(end), None), ["db"]);
    assert_eq!(names(&mut world, Some(start), None), ["web", "db"]);
    let by_they = HistoryQuery { owner: Some("they".into()), ..HistoryQuery::default() };
    assert_eq!(ask(&mut world, &by_they), []);
    let of_web = HistoryQuery { id: Some(web.meta.id), ..HistoryQuery::default() };
    assert_eq!(shown(&ask(&mut world, &of_web)), ["web 10.0.1.0/24 over"]);
}

#[test]
fn holds_show_when_asked_for_and_names_are_the_last_ones() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/16"]);
    let held = world.plan(&pool, "web", "10.0.1.0/24").unwrap();
    let spec = wanted(&pool, "web", "10.0.1.0/24");
    world.write(|ledger| ledger.create_allocation(&spec, &Planned::Held(held.meta.id.clone()))).unwrap();
    assert_eq!(shown(&ask(&mut world, &about("10.0.1.0/24", Match::Exact))), ["web 10.0.1.0/24 still"]);
    let with_holds = HistoryQuery { include_planned: true, ..about("10.0.1.0/24", Match::Exact) };
    let states: Vec<_> = ask(&mut world, &with_holds).into_iter().map(|one| (one.state, one.to.is_some())).collect();
    assert_eq!(states, [(State::Planned, true), (State::Active, false)]);
}

/// The last sums of a trend are the present sums, after any operations.
#[test]
fn the_trend_ends_in_the_present_utilization() {
    for seed in 0..8 {
        let (entries, now) = simulation::rich(seed, 150);
        let mut world = World::new();
        world.now = now;
        world
            .write(|ledger| {
                for (key, value) in &entries {
                    ledger.tx.put(key, value.clone())?;
                }
                Ok(())
            })
            .unwrap();
        let filter = PoolFilter::default();
        let all = world.read(|reader| reader.trends(now, now, Duration::from_secs(1))).unwrap();
        for pool in world.read(|reader| reader.list_pools(&filter)).unwrap() {
            let id = &pool.meta.id;
            let used = world.read(|reader| reader.utilization(id)).unwrap().used;
            let provisioned = world.read(|reader| reader.list_pool_cidrs(id, false)).unwrap();
            let provisioned = provisioned.iter().map(|one| one.cidr.address_count()).sum();
            let points = world.read(|reader| reader.trend(id, now, now, Duration::from_secs(1))).unwrap();
            assert_eq!(all.get(id), Some(&points), "one reading of all pools");
            let last = points.last().unwrap();
            assert_eq!((&last.provisioned, &last.used), (&provisioned, &used), "seed {seed}, pool {}", pool.meta.name);
        }
    }
}
