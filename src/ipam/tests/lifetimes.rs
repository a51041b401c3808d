//! Tests of loans and of allocations that prevent their release.

use jiff::SignedDuration;

use super::discovery::{subnet, vpc};
use crate::ipam::testing::*;
use crate::ipam::*;

const HOUR_MS: u64 = 3_600_000;

fn lent(pool: &Pool, name: &str, size: &str, loan: Loan) -> AllocationSpec {
    AllocationSpec { lifetime: Lifetime { loan: Some(loan), prevent_release: false }, ..wanted(pool, name, size) }
}

fn kept(pool: &Pool, name: &str, size: &str) -> AllocationSpec {
    AllocationSpec { lifetime: Lifetime { loan: None, prevent_release: true }, ..wanted(pool, name, size) }
}

impl World {
    fn after(&self, hours: i64) -> jiff::Timestamp {
        self.now.checked_add(SignedDuration::from_hours(hours)).unwrap()
    }

    fn make(&mut self, spec: &AllocationSpec) -> Result<Allocation> {
        self.write(|ledger| ledger.create_allocation(spec, &Planned::Unknown))
    }

    /// Everything that `gc` does.
    fn collect(&mut self) -> Collected {
        let mut all = Collected::default();
        let mut next = Some(String::new());
        while let Some(from) = next {
            let step = self.write(|ledger| ledger.collect_expired(&from, 2)).unwrap();
            all.events.extend(step.events);
            all.overdue.extend(step.overdue);
            next = step.next;
        }
        all
    }

    fn is_there(&mut self, allocation: &Allocation) -> bool {
        self.read(|reader| reader.get_allocation(&allocation.meta.id)).unwrap().is_some()
    }
}

fn world() -> (World, Pool) {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/24"]);
    (world, pool)
}

#[test]
fn a_loan_counts_from_the_apply_and_stays_until_its_length_changes() {
    let (mut world, pool) = world();
    let spec = lent(&pool, "web", "/26", Loan::lasting(2 * HOUR_MS));
    let hold = world.write(|ledger| ledger.plan_allocation(&spec, &terms())).unwrap();
    assert_eq!(hold.lifetime.expires_at(), None, "the apply has not begun");
    world.wait(30);
    let planned = Planned::Held(hold.meta.id.clone());
    let web = world.write(|ledger| ledger.create_allocation(&spec, &planned)).unwrap();
    let end = world.after(2);
    assert_eq!(web.lifetime.expires_at(), Some(end));
    world.wait(30);
    let change = AllocationChange { description: Some("x".into()), ..resized(&web, "/26") };
    let web = world.write(|ledger| ledger.update_allocation(&web.meta.id, &change)).unwrap();
    assert_eq!(web.lifetime.expires_at(), Some(end));
    let longer = Lifetime { loan: Some(Loan::lasting(3 * HOUR_MS)), ..web.lifetime };
    let change = AllocationChange { lifetime: longer, ..resized(&web, "/26") };
    let web = world.write(|ledger| ledger.update_allocation(&web.meta.id, &change)).unwrap();
    assert_eq!(web.lifetime.expires_at(), Some(world.after(3)));
    let change = AllocationChange { lifetime: Lifetime::default(), ..resized(&web, "/26") };
    world.write(|ledger| ledger.update_allocation(&web.meta.id, &change)).unwrap();
    world.check();
    world.wait(60 * 24);
    assert_eq!(world.collect().events, [], "it is permanent");
}

#[test]
fn only_gc_ends_a_loan_and_the_history_says_that_it_expired() {
    let (mut world, pool) = world();
    let end = world.after(1);
    let web = world.make(&lent(&pool, "web", "/24", Loan::until(end))).unwrap();
    world.wait(30);
    assert_eq!(world.collect().events, []);
    world.wait(31);
    for owner in ["us", "them"] {
        let refused = world.as_owner(owner).plan(&pool, "db", "/26").unwrap_err();
        assert!(matches!(refused, Error::PoolExhausted { .. }), "{refused:?}");
        let refused = world.create(&pool, "db", "10.0.0.0/26").unwrap_err();
        assert!(matches!(refused, Error::Overlap { .. }), "{refused:?}");
    }
    assert!(world.is_there(&web));
    let collected = world.as_owner("keeper").collect();
    let [event] = collected.events.as_slice() else { panic!("{collected:#?}") };
    assert_eq!((event.action.as_str(), &event.id, event.after.is_null()), ("expire", &web.meta.id, true));
    assert!(!world.is_there(&web));
    world.check();
    world.as_owner("them").create(&pool, "db", "/26").unwrap();
}

#[test]
fn gc_keeps_a_loan_in_which_a_discovery_sees_a_resource() {
    let (mut world, pool) = world();
    let discovery = world.discovery("all");
    let loan = Loan::until(world.after(1));
    let [web, db] = ["10.0.0.0/26", "10.0.0.64/26"].map(|block| world.make(&lent(&pool, block, block, loan)).unwrap());
    world.wait(120);
    // The VPC around both is not in either.
    let around = vpc("vpc-1", "10.0.0.0/24");
    world.sees(&discovery, &[around.clone(), subnet("subnet-1", "vpc-1", "10.0.0.32/28")]);
    let collected = world.collect();
    let [stays] = collected.overdue.as_slice() else { panic!("{collected:#?}") };
    assert_eq!(stays.allocation.meta.id, web.meta.id);
    assert!(matches!(&stays.why, Stays::Seen(seen) if seen.resource_id == "subnet-1"), "{stays:?}");
    assert!(world.is_there(&web) && !world.is_there(&db));
    world.sees(&discovery, &[around]);
    assert_eq!(world.collect().overdue, []);
    assert!(!world.is_there(&web));
    world.check();
}

#[test]
fn a_loan_that_is_over_already_is_refused() {
    let (mut world, pool) = world();
    let over = Loan::until(world.now);
    let spec = lent(&pool, "web", "/26", over);
    let refused = [
        world.write(|ledger| ledger.plan_allocation(&spec, &terms())),
        world.read(|reader| reader.preview_allocation(&spec, &terms())),
        world.make(&spec),
        world.write(|ledger| ledger.allocate_unplanned(&spec)).map(|granted| granted.allocation),
    ];
    for answer in refused {
        assert!(matches!(answer, Err(Error::LoanOver { .. })), "{answer:?}");
    }
    let web = world.create(&pool, "web", "/26").unwrap();
    let change = AllocationChange { lifetime: spec.lifetime, ..resized(&web, "/26") };
    let refused = world.write(|ledger| ledger.update_allocation(&web.meta.id, &change)).unwrap_err();
    assert!(matches!(refused, Error::LoanOver { .. }), "{refused:?}");
    // An end that has passed since then stands in the way of no other change.
    let change = AllocationChange {
        lifetime: Lifetime { loan: Some(Loan::lasting(HOUR_MS)), ..Lifetime::default() },
        ..resized(&web, "/26")
    };
    let web = world.write(|ledger| ledger.update_allocation(&web.meta.id, &change)).unwrap();
    world.wait(120);
    let change = AllocationChange { name: "www".into(), ..resized(&web, "/26") };
    world.write(|ledger| ledger.update_allocation(&web.meta.id, &change)).unwrap();
    world.check();
}

#[test]
fn an_expired_loan_is_not_restored_from_a_state() {
    let (mut world, pool) = world();
    let spec = lent(&pool, "web", "10.0.0.0/26", Loan::until(world.after(1)));
    let web = world.make(&spec).unwrap();
    world.wait(61);
    world.collect();
    let spec = wanted(&pool, "web", "10.0.0.0/26");
    let restored = world.write(|ledger| ledger.restore(&web.meta.id, &Missing::Allocation(spec.clone())));
    assert!(!restored.unwrap());
    assert!(!world.is_there(&web));
}

#[test]
fn a_protected_allocation_is_neither_released_nor_replaced_until_its_owner_allows_it() {
    let (mut world, pool) = world();
    let eu = world.write(|ledger| ledger.create_pool(&below(&pool, "eu", "10.0.0.0/25"), &Planned::Unknown)).unwrap();
    let web = world.make(&kept(&eu, "web", "/27")).unwrap();
    let is_refused = |answer: Result<()>| {
        assert!(matches!(&answer, Err(Error::Protected { id, .. }) if *id == web.meta.id), "{answer:?}");
    };
    for owner in ["us", "them"] {
        world.as_owner(owner);
        is_refused(world.write(|ledger| ledger.delete_allocation(&web.meta.id)));
        is_refused(world.write(|ledger| ledger.delete_pool(&pool.meta.id, true)));
    }
    world.as_owner("us");
    let replacement = wanted(&eu, "web", "/26");
    is_refused(world.write(|ledger| ledger.plan_allocation(&replacement, &replacing(&web.meta.id))).map(drop));
    let mut change = resized(&web, "/27");
    change.lifetime.loan = Some(Loan::lasting(HOUR_MS));
    world.write(|ledger| ledger.update_allocation(&web.meta.id, &change)).unwrap();
    world.wait(61);
    let collected = world.collect();
    assert!(matches!(collected.overdue.as_slice(), [Overdue { why: Stays::Protected, .. }]), "{collected:#?}");
    world.check();
    change.lifetime = Lifetime::default();
    world.write(|ledger| ledger.update_allocation(&web.meta.id, &change)).unwrap();
    world.write(|ledger| ledger.delete_allocation(&web.meta.id)).unwrap();
    world.check();
}

#[test]
fn what_is_said_of_the_end_is_only_in_records_that_say_it() {
    let (mut world, pool) = world();
    let web = world.create(&pool, "web", "/26").unwrap();
    let json = serde_json::to_value(&web).unwrap();
    assert!(json.get("lifetime").is_none(), "{json}");
    assert_eq!(serde_json::from_value::<Allocation>(json).unwrap(), web);
    let db = world.make(&lent(&pool, "db", "/26", Loan::lasting(HOUR_MS))).unwrap();
    let json = serde_json::to_value(&db).unwrap();
    assert_eq!(serde_json::from_value::<Allocation>(json).unwrap(), db);
}
