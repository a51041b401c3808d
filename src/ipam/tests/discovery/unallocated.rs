//! Blocks that no allocation covers, and the pools in which one can.

use crate::ipam::tests::discovery::*;

/// The text `block pool` of each block that can be allocated, and `block !` of the others.
fn places(world: &mut World, pools: &[&Pool]) -> Vec<String> {
    let name = |id: &str| pools.iter().find(|pool| pool.meta.id == id).map_or("?", |pool| pool.meta.name.as_str());
    let all = world.read(|reader| reader.unallocated(&ResourceFilter::default(), None)).unwrap();
    let text = |place: &Result<Unallocated, Unplaced>| match place {
        Ok(found) => format!("{} {}", found.cidr, name(&found.pool_id)),
        Err(unplaced) => format!("{} !", unplaced.cidr),
    };
    all.iter().map(text).collect()
}

#[test]
fn a_block_belongs_to_the_deepest_pool_that_contains_it() {
    let mut world = World::new();
    let discovery = world.discovery("all");
    let top = world.top("top", &["10.0.0.0/8"]);
    let mut make = |name: &str, block: &str, locale: &str, source: &Pool| {
        let spec = PoolSpec { locale: Some(locale.to_owned()), ..below(source, name, block) };
        world.write(|ledger| ledger.create_pool(&spec, &Planned::Unknown)).unwrap()
    };
    let us = make("us", "10.0.0.0/12", "us-east-1", &top);
    let deep = make("deep", "10.1.0.0/16", "us-east-1", &us);
    let eu = make("eu", "10.16.0.0/12", "eu-west-1", &top);
    let all = ["10.1.1.0/24", "10.2.0.0/16", "10.16.0.0/16", "10.200.0.0/16", "172.16.0.0/16"];
    let vpcs: Vec<_> = all.iter().enumerate().map(|(number, block)| vpc(&format!("vpc-{number}"), block)).collect();
    world.sees(&discovery, &vpcs);
    assert_eq!(
        places(&mut world, &[&top, &us, &deep, &eu]),
        // The locale is a rule of the pool, which the evaluation reports.
        ["10.1.1.0/24 deep", "10.2.0.0/16 us", "10.16.0.0/16 eu", "10.200.0.0/16 top", "172.16.0.0/16 !"]
    );
}

#[test]
fn only_the_outermost_blocks_are_listed_and_only_without_an_allocation() {
    let mut world = World::new();
    let discovery = world.discovery("all");
    let top = world.top("top", &["10.0.0.0/8"]);
    world.create(&top, "taken", "10.4.0.0/16").unwrap();
    world.create(&top, "inside", "10.5.1.0/24").unwrap();
    world.plan(&top, "held", "10.6.0.0/16").unwrap();
    world.sees(
        &discovery,
        &[
            subnet("subnet-1", "vpc-1", "10.1.1.0/24"),
            vpc("vpc-1", "10.1.0.0/16"),
            vpc("vpc-1b", "10.1.0.0/16"),
            subnet("subnet-4", "vpc-4", "10.4.1.0/24"),
            vpc("vpc-5", "10.5.0.0/16"),
            vpc("vpc-6", "10.6.0.0/16"),
        ],
    );
    // A hold does not count: it may be that of this very allocation.
    assert_eq!(places(&mut world, &[&top]), ["10.1.0.0/16 top", "10.5.0.0/16 !", "10.6.0.0/16 top"]);
    let at = |world: &mut World, block: &str| {
        let found = world.read(|reader| reader.unallocated_at(&top.meta.id, cidr(block))).unwrap();
        found.map(|found| found.resource_id)
    };
    for (block, expected) in [
        ("10.1.0.0/16", Some("vpc-1")),
        ("10.1.1.0/24", Some("subnet-1")),
        ("10.6.0.0/16", Some("vpc-6")),
        ("10.4.1.0/24", None),
        ("10.5.0.0/16", None),
        ("10.7.0.0/16", None),
        ("172.16.0.0/16", None),
    ] {
        assert_eq!(at(&mut world, block).as_deref(), expected, "{block}");
    }
    let treatment = Treatment { monitored: false, scope_id: None };
    world.write(|ledger| ledger.treat(&of("vpc-6", "10.6.0.0/16"), &treatment)).unwrap();
    assert_eq!(at(&mut world, "10.6.0.0/16"), None, "an ignored block is not adopted");
    assert_eq!(places(&mut world, &[&top]), ["10.1.0.0/16 top", "10.5.0.0/16 !"]);
    world.check();
}
