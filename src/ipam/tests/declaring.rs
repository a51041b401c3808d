//! Tests of a block that moves between an `ipam_pool_cidr` and the pool's declaration while something is allocated in
//! it.

use crate::ipam::testing::*;
use crate::ipam::*;

const BLOCK: &str = "10.1.0.0/24";

fn spec(pool: &Pool) -> PoolCidrSpec {
    PoolCidrSpec { pool_id: pool.meta.id.clone(), name: Some("extra".to_owned()), size: size(BLOCK), proof: None }
}

fn after(id: &str) -> Terms {
    Terms { given_up: vec![GivenUp { id: id.to_owned(), cidr: None, in_place: false }], ..terms() }
}

/// A top-level pool, or a pool below a top-level pool.
fn pool(world: &mut World, is_top: bool, blocks: &[&str]) -> Pool {
    let mut spec = PoolSpec { address_family: Some(Family::Ipv4), ..top("pool", blocks) };
    if blocks.is_empty() {
        spec.provision = Provision::Nothing;
    }
    if !is_top {
        spec.source_pool_id = Some(world.top("above", &["10.0.0.0/8"]).meta.id);
    }
    world.write(|ledger| ledger.create_pool(&spec, &Planned::Unknown)).unwrap()
}

impl World {
    fn change(&mut self, pool: &Pool, blocks: &[&str]) -> PoolChange {
        let now = self.read(|reader| reader.pool(&pool.meta.id)).unwrap();
        reprovisioned(&now, if blocks.is_empty() { Provision::Nothing } else { Provision::Cidrs(cidrs(blocks)) })
    }

    fn plan_blocks(&mut self, pool: &Pool, blocks: &[&str], terms: &Terms) -> Result<Option<Pool>> {
        let change = self.change(pool, blocks);
        self.write(|ledger| ledger.plan_pool_change(&pool.meta.id, &change, terms))
    }

    fn update_blocks(&mut self, pool: &Pool, blocks: &[&str]) -> Result<Pool> {
        let change = self.change(pool, blocks);
        self.write(|ledger| ledger.update_pool(&pool.meta.id, &change))
    }

    fn resource(&mut self, pool: &Pool) -> PoolCidr {
        self.write(|ledger| ledger.create_pool_cidr(&spec(pool), &Planned::Unknown)).unwrap()
    }

    /// The blocks of the pool, each with whether it belongs to the declaration.
    fn blocks(&mut self, pool: &Pool) -> Vec<(Cidr, bool)> {
        let all = self.read(|reader| reader.list_pool_cidrs(&pool.meta.id, false)).unwrap();
        let mut all: Vec<_> = all.into_iter().map(|one| (one.cidr, one.inline)).collect();
        all.sort();
        all
    }
}

#[test]
fn a_block_with_allocations_becomes_part_of_the_declaration_when_the_resource_is_deleted_first() {
    for is_top in [true, false] {
        let mut world = World::new();
        let pool = pool(&mut world, is_top, &[]);
        let resource = world.resource(&pool);
        let allocated = world.create(&pool, "web", "10.1.0.0/26").unwrap();
        let planned = world.plan_blocks(&pool, &[BLOCK], &after(&resource.meta.id)).unwrap().unwrap();
        assert_eq!(planned.cidrs, cidrs(&[BLOCK]));
        assert_eq!(world.blocks(&pool), [(cidr(BLOCK), false)], "a plan changes no block");
        world.check();
        world.write(|ledger| ledger.delete_pool_cidr(&resource.meta.id)).unwrap();
        world.check();
        let changed = world.update_blocks(&pool, &[BLOCK]).unwrap();
        assert_eq!((&changed.cidrs, &changed.declaring), (&cidrs(&[BLOCK]), &None));
        assert_eq!(world.blocks(&pool), [(cidr(BLOCK), true)]);
        assert!(world.read(|reader| reader.allocation_at(&pool.meta.id, &allocated.cidr)).unwrap().is_some());
        world.write(|ledger| ledger.delete_pool_cidr(&resource.meta.id)).unwrap();
        assert_eq!(world.blocks(&pool), [(cidr(BLOCK), true)], "a repeated deletion keeps the block");
        world.check();
    }
}

#[test]
fn a_block_becomes_part_of_the_declaration_when_the_pool_is_changed_first() {
    let mut world = World::new();
    let pool = pool(&mut world, false, &["10.2.0.0/24"]);
    let resource = world.resource(&pool);
    world.create(&pool, "web", "10.1.0.0/26").unwrap();
    let both = [BLOCK, "10.2.0.0/24"];
    world.plan_blocks(&pool, &both, &after(&resource.meta.id)).unwrap().unwrap();
    assert_eq!(world.update_blocks(&pool, &both).unwrap().cidrs, cidrs(&both));
    world.check();
    world.write(|ledger| ledger.delete_pool_cidr(&resource.meta.id)).unwrap();
    assert_eq!(world.blocks(&pool), [(cidr(BLOCK), true), (cidr("10.2.0.0/24"), true)]);
    world.check();
}

#[test]
fn a_block_of_a_resource_that_stays_is_not_declared() {
    let mut world = World::new();
    let pool = pool(&mut world, true, &[]);
    let resource = world.resource(&pool);
    let named = |answer: Result<Option<Pool>>| match answer {
        Err(Error::Overlap { with, .. }) => with.into_iter().map(|one| one.id).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(named(world.plan_blocks(&pool, &[BLOCK], &terms())), [resource.meta.id.as_str()]);
    assert!(matches!(world.update_blocks(&pool, &[BLOCK]), Err(Error::Overlap { .. })));
    world.check();
}

#[test]
fn the_note_of_a_plan_counts_until_it_expires_or_another_plan_does_without() {
    for is_expired in [true, false] {
        let mut world = World::new();
        let pool = pool(&mut world, true, &[]);
        let resource = world.resource(&pool);
        world.create(&pool, "web", "10.1.0.0/26").unwrap();
        world.plan_blocks(&pool, &[BLOCK], &after(&resource.meta.id)).unwrap();
        if is_expired {
            world.wait(61);
        } else {
            let change = world.change(&pool, &[]);
            let found = world.read(|reader| reader.find_pool_change(&pool.meta.id, &change)).unwrap();
            assert_eq!(found, None, "the note has to be removed");
            world.plan_blocks(&pool, &[], &terms()).unwrap();
        }
        let deleted = world.write(|ledger| ledger.delete_pool_cidr(&resource.meta.id));
        assert!(matches!(deleted, Err(Error::InUse { .. })), "{deleted:?}");
        world.check();
    }
}

#[test]
fn a_block_with_allocations_leaves_the_declaration_for_a_resource() {
    for is_top in [true, false] {
        let mut world = World::new();
        let pool = pool(&mut world, is_top, &[BLOCK, "10.2.0.0/24"]);
        let allocated = world.create(&pool, "web", "10.1.0.0/26").unwrap();
        let declared = GivenUp { id: pool.meta.id.clone(), cidr: Some(cidr(BLOCK)), in_place: false };
        let plan = Terms { given_up: vec![declared], ..terms() };
        let held = world.write(|ledger| ledger.plan_pool_cidr(&spec(&pool), &plan)).unwrap();
        assert_eq!(world.blocks(&pool), [(cidr(BLOCK), true), (cidr("10.2.0.0/24"), true)]);
        world.check();
        let changed = world.update_blocks(&pool, &["10.2.0.0/24"]).unwrap();
        assert_eq!(changed.cidrs, cidrs(&["10.2.0.0/24"]));
        assert_eq!(world.blocks(&pool), [(cidr(BLOCK), false), (cidr("10.2.0.0/24"), true)]);
        world.check();
        let planned = Planned::Held(held.meta.id.clone());
        let made = world.write(|ledger| ledger.create_pool_cidr(&spec(&pool), &planned)).unwrap();
        assert_eq!((&made.meta.id, made.cidr, made.meta.state), (&held.meta.id, cidr(BLOCK), State::Active));
        assert!(world.read(|reader| reader.allocation_at(&pool.meta.id, &allocated.cidr)).unwrap().is_some());
        world.check();
        let refused = world.write(|ledger| ledger.delete_pool_cidr(&made.meta.id));
        assert!(matches!(refused, Err(Error::InUse { .. })), "{refused:?}");
    }
}

#[test]
fn a_block_that_no_resource_of_this_owner_waits_for_is_not_handed_over() {
    let mut world = World::new();
    let pool = pool(&mut world, true, &[BLOCK]);
    world.create(&pool, "web", "10.1.0.0/26").unwrap();
    let declared = GivenUp { id: pool.meta.id.clone(), cidr: Some(cidr(BLOCK)), in_place: false };
    let plan = Terms { given_up: vec![declared], ..terms() };
    world.as_owner("them").write(|ledger| ledger.plan_pool_cidr(&spec(&pool), &plan)).unwrap();
    let refused = world.as_owner("us").update_blocks(&pool, &[]);
    assert!(matches!(refused, Err(Error::InUse { .. })), "{refused:?}");
    assert_eq!(world.blocks(&pool), [(cidr(BLOCK), true)]);
    world.check();
}

#[test]
fn a_resource_hands_its_block_to_another_one_with_everything_in_it() {
    for is_replaced in [true, false] {
        let mut world = World::new();
        let pool = pool(&mut world, false, &[]);
        let old = world.resource(&pool);
        let allocated = world.create(&pool, "web", "10.1.0.0/26").unwrap();
        let name = if is_replaced { "extra" } else { "other" };
        let spec = PoolCidrSpec { name: Some(name.to_owned()), ..spec(&pool) };
        let plan = if is_replaced { Terms { in_place: true, ..replacing(&old.meta.id) } } else { after(&old.meta.id) };
        let held = world.write(|ledger| ledger.plan_pool_cidr(&spec, &plan)).unwrap();
        world.check();
        world.write(|ledger| ledger.delete_pool_cidr(&old.meta.id)).unwrap();
        world.check();
        let planned = Planned::Held(held.meta.id.clone());
        let made = world.write(|ledger| ledger.create_pool_cidr(&spec, &planned)).unwrap();
        assert_eq!((&made.meta.id, made.cidr), (&held.meta.id, cidr(BLOCK)));
        assert_eq!(world.blocks(&pool), [(cidr(BLOCK), false)]);
        assert!(world.read(|reader| reader.allocation_at(&pool.meta.id, &allocated.cidr)).unwrap().is_some());
        world.check();
    }
}

#[test]
fn a_replacement_that_is_created_first_gets_the_block_of_the_old_one() {
    let mut world = World::new();
    let pool = pool(&mut world, false, &[]);
    let old = world.resource(&pool);
    let web = world.create(&pool, "web", "10.1.0.0/26").unwrap();
    // A pool CIDR, with everything in it.
    let plan = Terms { in_place: true, ..replacing(&old.meta.id) };
    let held = world.write(|ledger| ledger.plan_pool_cidr(&spec(&pool), &plan)).unwrap();
    let planned = Planned::Held(held.meta.id);
    let made = world.write(|ledger| ledger.create_pool_cidr(&spec(&pool), &planned)).unwrap();
    world.check();
    world.write(|ledger| ledger.delete_pool_cidr(&old.meta.id)).unwrap();
    assert_eq!(world.blocks(&pool), [(made.cidr, false)]);
    world.check();
    // An allocation.
    let wish = wanted(&pool, "web", "10.1.0.0/26");
    let plan = Terms { in_place: true, ..replacing(&web.meta.id) };
    let held = world.write(|ledger| ledger.plan_allocation(&wish, &plan)).unwrap();
    let new = world.write(|ledger| ledger.create_allocation(&wish, &Planned::Held(held.meta.id))).unwrap();
    world.check();
    world.write(|ledger| ledger.delete_allocation(&web.meta.id)).unwrap();
    let found = world.read(|reader| reader.allocation_at(&pool.meta.id, &web.cidr)).unwrap();
    assert_eq!(found.map(|found| found.meta.id), Some(new.meta.id));
    // A pool, first with contents and then empty.
    let wish = PoolSpec { provision: Provision::Cidrs(cidrs(&["172.16.0.0/16"])), ..top("top", &[]) };
    let old = world.write(|ledger| ledger.create_pool(&wish, &Planned::Unknown)).unwrap();
    let inside = world.create(&old, "inside", "/24").unwrap();
    let plan = Terms { in_place: true, ..replacing(&old.meta.id) };
    let held = world.write(|ledger| ledger.plan_pool(&wish, &plan)).unwrap();
    let planned = Planned::Held(held.meta.id.clone());
    let refused = world.write(|ledger| ledger.create_pool(&wish, &planned));
    assert!(matches!(refused, Err(Error::Overlap { .. })), "{refused:?}");
    world.write(|ledger| ledger.delete_allocation(&inside.meta.id)).unwrap();
    let new = world.write(|ledger| ledger.create_pool(&wish, &planned)).unwrap();
    assert_eq!((new.meta.id, new.cidrs), (held.meta.id, cidrs(&["172.16.0.0/16"])));
    world.write(|ledger| ledger.delete_pool(&old.meta.id, false)).unwrap();
    world.check();
}
