//! Tests of the audit of objects in CIDRs that are only planned.

use crate::ipam::history::log;
use crate::ipam::model::event::Action;
use crate::ipam::storage::index;
use crate::ipam::testing::*;
use crate::ipam::*;

/// An active allocation, written in the way of an earlier version, which did not check whether its space is only
/// planned.
fn as_an_earlier_version(world: &mut World, pool: &Pool, name: &str, block: &str) -> Allocation {
    let beside = world.create(pool, name, "/28").unwrap();
    world
        .write(|ledger| {
            let stands = Allocation { cidr: cidr(block), size: size(block), ..beside.clone() };
            index::write_allocation(ledger.tx, Some(&beside), Some(&stands))?;
            log::append(ledger.tx, &ledger.env, Action::Update, Some(&beside), Some(&stands))?;
            Ok(stands)
        })
        .unwrap()
}

fn findings(world: &mut World) -> Vec<(String, String)> {
    let audit = world.read(|reader| reader.check()).unwrap();
    audit.findings.into_iter().map(|finding| (finding.place, finding.what)).collect()
}

#[test]
fn an_allocation_of_another_owner_in_a_planned_cidr_is_a_finding_of_check() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/24"]);
    let more = PoolCidrSpec { pool_id: pool.meta.id.clone(), name: None, size: size("172.16.0.0/16"), proof: None };
    let planned = world.as_owner("network").write(|ledger| ledger.plan_pool_cidr(&more, &terms())).unwrap();
    world.as_owner("us");
    let stands = as_an_earlier_version(&mut world, &pool, "web", "172.16.4.0/24");
    let told = |verb: &str| {
        let what = format!(
            "The allocation has the block 172.16.4.0/24 in 172.16.0.0/16, which owner \"network\" has only planned for \
             pool {} ({}). The hold of the plan {verb} at 2027-01-15T09:00:00Z. Apply that plan, or release the space.",
            pool.meta.id, planned.meta.id
        );
        vec![(stands.meta.id.clone(), what)]
    };
    assert_eq!(findings(&mut world), told("expires"));
    world.wait(61);
    assert_eq!(findings(&mut world), told("expired"));
    // After the apply, the CIDR is no longer planned.
    world
        .as_owner("network")
        .write(|ledger| ledger.create_pool_cidr(&more, &Planned::Held(planned.meta.id.clone())))
        .unwrap();
    world.check();
}

#[test]
fn a_pool_in_a_planned_cidr_of_the_pool_above_is_a_finding_and_its_space_is_named() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/24"]);
    let wider = reprovisioned(&pool, Provision::Cidrs(cidrs(&["10.0.0.0/24", "172.16.0.0/16"])));
    world.write(|ledger| ledger.plan_pool_change(&pool.meta.id, &wider, &terms())).unwrap();
    let below =
        world.write(|ledger| ledger.create_pool(&below(&pool, "eu", "172.16.0.0/20"), &Planned::Unknown)).unwrap();
    // The owner of the plan may be applying it.
    world.check();
    world.wait(61);
    let [(place, what)] = findings(&mut world).try_into().unwrap();
    assert_eq!(place, below.meta.id);
    assert!(
        what.starts_with("The pool has the space 172.16.0.0/20 in 172.16.0.0/16, which owner \"us\" has only planned"),
        "{what}"
    );
    // Holds are not findings, because the next request reclaims them.
    world.write(|ledger| ledger.delete_pool(&below.meta.id, false)).unwrap();
    world.plan(&pool, "held", "172.16.0.0/24").unwrap();
    world.wait(61);
    world.check();
}

#[test]
fn a_plan_that_was_applied_in_part_is_a_finding_until_the_rest_is_applied() {
    let mut world = World::new();
    let top = world.top("top", &["10.0.0.0/23"]);
    let pool = world.write(|ledger| ledger.create_pool(&below(&top, "region", "/24"), &Planned::Unknown)).unwrap();
    let (pool_id, name) = (pool.meta.id.clone(), Some("more".to_owned()));
    let more = PoolCidrSpec { pool_id, name, size: size("/25"), proof: None };
    let held = world.write(|ledger| ledger.plan_pool_cidr(&more, &terms())).unwrap();
    let inside = below(&pool, "inside", &Cidr::around(Family::Ipv4, held.cidr.first(), 26).to_string());
    let planned = world.write(|ledger| ledger.plan_pool(&inside, &terms())).unwrap();
    // Terraform may create the pool below first. Then the apply is interrupted, and the CIDR is never applied.
    let made = world.write(|ledger| ledger.create_pool(&inside, &Planned::Held(planned.meta.id))).unwrap();
    world.check();
    world.wait(61);
    let [(place, _)] = findings(&mut world).try_into().unwrap();
    assert_eq!(place, made.meta.id);
    // No other owner gets space in the CIDR, and it stays what it is.
    world.as_owner("them");
    let rest = Cidr::around(Family::Ipv4, held.cidr.last(), 26).to_string();
    assert!(matches!(world.create(&pool, "theirs", &rest), Err(Error::Overlap { .. })));
    let beside = below(&top, "beside", &held.cidr.to_string());
    assert!(matches!(world.write(|ledger| ledger.plan_pool(&beside, &terms())), Err(Error::Overlap { .. })));
    world.as_owner("us").write(|ledger| ledger.create_pool_cidr(&more, &Planned::Held(held.meta.id.clone()))).unwrap();
    world.check();
}

#[test]
fn a_block_that_another_owner_planned_is_not_applied_in_a_planned_cidr() {
    let mut world = World::new();
    let top = world.top("top", &["10.0.0.0/24"]);
    let pool = world.write(|ledger| ledger.create_pool(&below(&top, "eu", "10.0.0.0/25"), &Planned::Unknown)).unwrap();
    let pool_id = top.meta.id.clone();
    let more = PoolCidrSpec { pool_id, name: None, size: size("172.16.0.0/16"), proof: None };
    let held = world.write(|ledger| ledger.plan_pool_cidr(&more, &terms())).unwrap();
    let wider = reprovisioned(&pool, Provision::Cidrs(cidrs(&["10.0.0.0/25", "172.16.0.0/20"])));
    world.write(|ledger| ledger.plan_pool_change(&pool.meta.id, &wider, &terms())).unwrap();
    // The pool is transferred before the change is applied, and its new owner plans the same change.
    let them = Transfer { to: "them".into(), from: None };
    world.write(|ledger| ledger.transfer(std::slice::from_ref(&pool.meta.id), &them)).unwrap();
    world.as_owner("them");
    let refused = |result: Result<()>| assert!(matches!(result, Err(Error::Overlap { .. })), "{result:?}");
    refused(world.write(|ledger| ledger.plan_pool_change(&pool.meta.id, &wider, &terms())).map(drop));
    refused(world.write(|ledger| ledger.update_pool(&pool.meta.id, &wider)).map(drop));
    world.check();
    world.as_owner("us").write(|ledger| ledger.create_pool_cidr(&more, &Planned::Held(held.meta.id))).unwrap();
    world.as_owner("them").write(|ledger| ledger.update_pool(&pool.meta.id, &wider)).unwrap();
    world.check();
}
