//! Tests of the whole core over stores that fail, race and are reopened.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

#[cfg(all(feature = "postgres", feature = "object-storage"))]
mod each_store;
mod previews;
mod sets;

use super::super::prelude::*;
use super::*;
use crate::backend::New;
use crate::ipam::testing::top;
use crate::ipam::{
    Allocation, AllocationChange, AllocationFilter, AllocationSpec, Pool, PoolFilter, PoolSpec, Provision, Size, State,
    Tags, Terms,
};
use crate::store::faults::{Fault, Faulty};
use crate::store::memory::Memory;
use crate::store::sqlite::Sqlite;

const HOUR: Duration = Duration::from_secs(3600);

fn actor(owner: &str) -> Actor {
    Actor { owner: owner.to_owned(), ..Actor::default() }
}

/// A clock that stands still until a test moves it, and a random source that counts.
#[derive(Clone, Default)]
struct Hands {
    seconds: Arc<AtomicI64>,
    drawn: Arc<AtomicU64>,
}

impl Hands {
    fn surroundings(&self) -> Surroundings {
        let (seconds, drawn) = (Arc::clone(&self.seconds), Arc::clone(&self.drawn));
        Surroundings {
            clock: Arc::new(move || Timestamp::from_second(1_000_000_000 + seconds.load(Ordering::SeqCst)).unwrap()),
            random: Arc::new(move || drawn.fetch_add(1, Ordering::SeqCst).wrapping_mul(0x9e37_79b9_7f4a_7c15)),
        }
    }
}

fn local(store: Arc<dyn Store>) -> Local {
    Local::over(store, actor("me"), Surroundings::default())
}

fn terms() -> Terms {
    Terms { hold: HOUR, ..Terms::default() }
}

fn inside(name: &str, source_pool_id: &str, netmask_length: u8) -> PoolSpec {
    PoolSpec {
        source_pool_id: Some(source_pool_id.to_owned()),
        provision: Provision::NetmaskLength(netmask_length),
        ..top(name, &["0.0.0.0/0"])
    }
}

fn block(name: &str, pool_id: &str, netmask_length: u8) -> AllocationSpec {
    AllocationSpec::new(pool_id, name, Size::NetmaskLength(netmask_length))
}

fn assert_clean(ipam: &Local) -> Audit {
    let audit = ipam.check().unwrap();
    assert_eq!(audit.findings, []);
    audit
}

/// Runs `call` until the store lets it through, like a user who runs terraform again.
fn until_done<T>(what: &str, mut call: impl FnMut() -> Result<T>) -> T {
    for _ in 0..100 {
        match call() {
            Ok(value) => return value,
            Err(Error::Store(store::Error::Unavailable(_) | store::Error::Uncertain(_))) => {}
            Err(other) => panic!("{what}: {other:?}"),
        }
    }
    panic!("{what}: no luck a hundred times");
}

/// Plans, applies, changes and deletes a small tree; answers the objects that existed when the tree was largest.
fn life(ipam: &Local) -> (Vec<Pool>, Vec<Allocation>) {
    let call = |what: &str, pool: &dyn Fn() -> Result<Pool>| until_done(what, pool);
    let (wide, terms) = (top("wide", &["10.0.0.0/8"]), terms());
    let wide_pool = call("plan wide", &|| ipam.plan_pool(&wide, &terms));
    let site = inside("site", &wide_pool.meta.id, 16);
    let site_pool = call("plan site", &|| ipam.plan_pool(&site, &terms));
    let specs: Vec<_> = (0..4).map(|n| block(&format!("net-{n}"), &site_pool.meta.id, 24)).collect();
    let planned: Vec<_> =
        specs.iter().map(|spec| until_done("plan net", || ipam.plan_allocation(spec, &terms))).collect();

    let held = |id: &str| Planned::Held(id.to_owned());
    let made = call("create wide", &|| ipam.create_pool(&wide, &held(&wide_pool.meta.id)));
    assert_eq!((&made.meta.id, &made.cidrs), (&wide_pool.meta.id, &wide_pool.cidrs));
    let made = call("create site", &|| ipam.create_pool(&site, &held(&site_pool.meta.id)));
    assert_eq!((&made.meta.id, &made.cidrs), (&site_pool.meta.id, &site_pool.cidrs));
    for (spec, plan) in specs.iter().zip(&planned) {
        let made = until_done("create net", || ipam.create_allocation(spec, &held(&plan.meta.id)));
        assert_eq!((&made.meta.id, made.cidr, made.meta.state), (&plan.meta.id, plan.cidr, State::Active));
        until_done("confirm net", || ipam.confirm(&made.meta.id));
    }
    // An object without a plan, because its name is known only during apply.
    let late = block("late", &site_pool.meta.id, 28);
    let late = until_done("create late", || ipam.create_allocation(&late, &Planned::Unknown));

    let renamed = AllocationChange {
        name: "renamed".to_owned(),
        description: Some("moved".to_owned()),
        tags: Tags::new(),
        disallowed_cidrs: BTreeSet::new(),
        size: Size::NetmaskLength(24),
        lifetime: crate::ipam::Lifetime::default(),
    };
    until_done("update net-0", || ipam.update_allocation(&planned[0].meta.id, &renamed));
    until_done("delete net-3", || ipam.delete_allocation(&planned[3].meta.id));

    let everything = AllocationFilter { include_planned: true, ..AllocationFilter::default() };
    let stands = (
        ipam.list_pools(&PoolFilter { include_planned: true, ..PoolFilter::default() }).unwrap(),
        ipam.list_allocations(&everything).unwrap(),
    );
    let names: BTreeSet<_> = stands.1.iter().map(|allocation| allocation.meta.name.as_str()).collect();
    assert_eq!(names, BTreeSet::from(["late", "net-1", "net-2", "renamed"]));
    assert_clean(ipam);

    until_done("delete late", || ipam.delete_allocation(&late.meta.id));
    until_done("delete wide", || ipam.delete_pool(&wide_pool.meta.id, true));
    assert_eq!(ipam.list_pools(&PoolFilter::default()).unwrap(), []);
    let audit = assert_clean(ipam);
    assert_eq!((audit.pools, audit.allocations, audit.holds), (0, 0, 0));
    stands
}

fn sqlite_in(directory: &Path) -> Arc<dyn Store> {
    Arc::new(Sqlite::new(directory.join("ipam.db")).unwrap())
}

#[test]
fn whatever_fails_a_retry_converges_in_memory() {
    for seed in 0..60 {
        life(&local(Arc::new(Faulty::seeded(Arc::new(Memory::default()), seed))));
    }
}

#[test]
fn a_store_lost_at_any_call_of_a_create_stays_consistent() {
    let memory: Arc<dyn Store> = Arc::new(Memory::default());
    let faulty = Arc::new(Faulty::script(memory, []));
    let ipam = local(Arc::clone(&faulty) as Arc<dyn Store>);
    let pool = ipam.create_pool(&top("top", &["10.0.0.0/8"]), &Planned::Unknown).unwrap();
    for calls in 0.. {
        faulty.set([Fault::Lost(calls)]);
        let spec = block(&format!("net-{calls}"), &pool.meta.id, 24);
        match ipam.create_allocation(&spec, &Planned::Unknown) {
            Ok(_) => {
                assert!(calls > 10, "a create makes more calls than {calls}");
                break;
            }
            Err(error) => assert!(matches!(error, Error::Store(store::Error::Unavailable(_))), "{error:?}"),
        }
        assert_clean(&ipam);
    }
    assert_eq!(assert_clean(&ipam).allocations, 1);
}

#[test]
fn an_uncertain_commit_is_settled_by_asking_again() {
    for fault in [Fault::DoneButUncertain, Fault::NotDoneButUncertain] {
        let faulty = Arc::new(Faulty::script(Arc::new(Memory::default()), []));
        let ipam = local(Arc::clone(&faulty) as Arc<dyn Store>);
        let pool = ipam.create_pool(&top("top", &["10.0.0.0/8"]), &Planned::Unknown).unwrap();
        faulty.set([fault]);
        let made = ipam.create_allocation(&block("net", &pool.meta.id, 24), &Planned::Unknown).unwrap();
        let listed = ipam.list_allocations(&AllocationFilter::default()).unwrap();
        assert_eq!(listed, std::slice::from_ref(&made), "{fault:?}");
        faulty.set([fault]);
        ipam.delete_allocation(&made.meta.id).unwrap();
        assert_eq!(ipam.get_allocation(&made.meta.id).unwrap(), None, "{fault:?}");
        assert_clean(&ipam);
    }
}

#[test]
fn a_commit_that_cannot_be_confirmed_stays_uncertain() {
    let faulty = Arc::new(Faulty::script(Arc::new(Memory::default()), []));
    let ipam = local(Arc::clone(&faulty) as Arc<dyn Store>);
    faulty.set([Fault::DoneButUncertain, Fault::Unreachable]);
    let outcome = ipam.create_pool(&top("top", &["10.0.0.0/8"]), &Planned::Unknown);
    assert!(matches!(outcome, Err(Error::Store(store::Error::Uncertain(_)))), "{outcome:?}");
}

#[test]
fn planning_again_writes_nothing_until_half_of_the_hold_has_passed() {
    let (memory, hands) = (Arc::new(Memory::default()), Hands::default());
    let ipam = Local::over(Arc::clone(&memory) as Arc<dyn Store>, actor("me"), hands.surroundings());
    let pool = ipam.plan_pool(&top("top", &["10.0.0.0/8"]), &terms()).unwrap();
    let spec = block("net", &pool.meta.id, 24);
    let planned = ipam.plan_allocation(&spec, &terms()).unwrap();
    let commits = memory.commits();
    assert_eq!(ipam.plan_pool(&top("top", &["10.0.0.0/8"]), &terms()).unwrap(), pool);
    assert_eq!(ipam.plan_allocation(&spec, &terms()).unwrap(), planned);
    assert_eq!(memory.commits(), commits);
    hands.seconds.store(1801, Ordering::SeqCst);
    let again = ipam.plan_allocation(&spec, &terms()).unwrap();
    assert_eq!((again.meta.id, again.cidr), (planned.meta.id, planned.cidr));
    assert!(again.meta.hold_expires_at > planned.meta.hold_expires_at);
    assert_eq!(memory.commits(), commits + 1);
}

#[test]
fn confirming_again_writes_nothing() {
    let memory = Arc::new(Memory::default());
    let ipam = local(Arc::clone(&memory) as Arc<dyn Store>);
    let pool = ipam.create_pool(&top("top", &["10.0.0.0/8"]), &Planned::Unknown).unwrap();
    ipam.confirm(&pool.meta.id).unwrap();
    let commits = memory.commits();
    ipam.confirm(&pool.meta.id).unwrap();
    ipam.confirm("ipam-pool-never-there").unwrap();
    assert_eq!(memory.commits(), commits);
    assert!(ipam.get_pool(&pool.meta.id).unwrap().unwrap().meta.confirmed);
}

#[test]
fn a_store_that_was_never_written_can_be_read() {
    let directory = TempDir::new().unwrap();
    let ipam = local(sqlite_in(directory.path()));
    assert_eq!(ipam.list_pools(&PoolFilter::default()).unwrap(), []);
    assert_eq!(ipam.list_allocations(&AllocationFilter::default()).unwrap(), []);
    assert_eq!(ipam.events(0, 10).unwrap(), []);
    assert_eq!(ipam.get_pool("ipam-pool-0").unwrap(), None);
    assert_clean(&ipam);
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    ipam.plan_pool(&top("top", &["10.0.0.0/8"]), &terms()).unwrap();
    assert_eq!(ipam.list_scopes(false).unwrap().len(), 2);
}

#[test]
fn threads_that_plan_at_once_get_separate_blocks_and_events() {
    let ipam = local(Arc::new(Memory::default()));
    let pool = ipam.create_pool(&top("top", &["10.0.0.0/16"]), &Planned::Unknown).unwrap();
    let events_before = ipam.events(0, 1000).unwrap().len();
    let start = std::sync::Barrier::new(10);
    let planned: Vec<_> = thread::scope(|scope| {
        let (ipam, pool, start) = (&ipam, &pool, &start);
        let workers: Vec<_> = (0..10)
            .rev()
            .map(|n| {
                scope.spawn(move || {
                    start.wait();
                    ipam.plan_allocation(&block(&format!("net-{n}"), &pool.meta.id, 24), &terms()).unwrap()
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).collect()
    });
    let blocks: BTreeSet<_> = planned.iter().map(|allocation| allocation.cidr).collect();
    assert_eq!(blocks.len(), 10);
    assert_eq!(ipam.events(0, 1000).unwrap().len(), events_before + 10);
    assert_clean(&ipam);
}

#[test]
fn racing_owners_on_one_file_never_overlap() {
    let directory = TempDir::new().unwrap();
    let first = local(sqlite_in(directory.path()));
    let pool = first.create_pool(&top("top", &["10.0.0.0/16"]), &Planned::Unknown).unwrap();
    thread::scope(|scope| {
        for owner in 0..4 {
            let (directory, pool) = (directory.path(), &pool);
            scope.spawn(move || {
                let ipam = Local::over(sqlite_in(directory), actor(&format!("owner-{owner}")), Surroundings::default());
                for n in 0..6 {
                    let spec = block(&format!("net-{owner}-{n}"), &pool.meta.id, 24);
                    let plan = ipam.plan_allocation(&spec, &terms()).unwrap();
                    let made = ipam.create_allocation(&spec, &Planned::Held(plan.meta.id.clone())).unwrap();
                    assert_eq!((made.meta.id, made.cidr), (plan.meta.id, plan.cidr));
                    if n % 2 == 0 {
                        ipam.delete_allocation(&plan_id(&ipam, &spec)).unwrap();
                    }
                }
            });
        }
    });
    let audit = assert_clean(&first);
    assert_eq!((audit.allocations, audit.holds), (12, 0));
}

fn plan_id(ipam: &Local, spec: &AllocationSpec) -> String {
    let filter = AllocationFilter { name: Some(spec.name.clone()), ..AllocationFilter::default() };
    ipam.list_allocations(&filter).unwrap()[0].meta.id.clone()
}

#[test]
fn a_url_that_does_not_name_a_store_is_refused_when_opening() {
    let outcome = Local::open("mysql://me:s3cret@db/ipam", None, actor("me")).err();
    let Some(Error::Store(store::Error::Url(text))) = outcome else { panic!("{outcome:?}") };
    assert!(text.contains("\"mysql:\", which is not a kind of store"), "{text}");
    let ipam = Local::open("memory:", None, actor("me")).unwrap();
    assert_eq!((ipam.describe(), Ipam::holds(&ipam).is_some()), ("memory of this process".to_owned(), true));
}

/// The file that a child process works on.
const CHILD_DIRECTORY: &str = "LOCAL_TEST_CHILD_DIRECTORY";

/// The child's part of the test below.
fn allocate_until_killed(directory: &Path) {
    let ipam = local(sqlite_in(directory));
    let pool = ipam.create_pool(&top("top", &["10.0.0.0/8"]), &Planned::Unknown).unwrap();
    for n in 0.. {
        let spec = block(&format!("net-{}-{n}", std::process::id()), &pool.meta.id, 16 + n % 12);
        let plan = ipam.plan_allocation(&spec, &terms()).unwrap();
        let made = ipam.create_allocation(&spec, &Planned::Held(plan.meta.id)).unwrap();
        println!("made");
        ipam.delete_allocation(&made.meta.id).unwrap();
    }
}

#[test]
fn killed_processes_leave_a_store_that_checks_clean() {
    if let Some(directory) = std::env::var_os(CHILD_DIRECTORY) {
        return allocate_until_killed(Path::new(&directory));
    }
    let directory = TempDir::new().unwrap();
    let start = || {
        let mut child = test_servers::child(module_path!(), "killed_processes_leave_a_store_that_checks_clean");
        child.env(CHILD_DIRECTORY, directory.path()).spawn().unwrap()
    };
    for round in 0..4 {
        let mut children = [start(), start()];
        children.iter_mut().for_each(|child| test_servers::hear(child, 200 + 13 * round));
        for child in &mut children {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        assert_clean(&local(sqlite_in(directory.path())));
    }
}
