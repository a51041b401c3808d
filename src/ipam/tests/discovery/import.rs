//! Tests of allocations that are imported from VPCs and released with them.

use crate::ipam::tests::discovery::*;

fn importing(name: &str, blocks: &[&str]) -> PoolSpec {
    PoolSpec {
        locale: Some("us-east-1".into()),
        special: Special { auto_import: true, ..Special::default() },
        ..top(name, blocks)
    }
}

fn reconcile(world: &mut World) -> Reconciled {
    let reconciled = world.write(|ledger| ledger.reconcile()).unwrap();
    world.check();
    let entries = world.map.entries().clone();
    let again = world.write(|ledger| ledger.reconcile()).unwrap();
    assert_eq!((again.imported, again.released), (vec![], vec![]), "a repeated call changes nothing");
    assert_eq!(*world.map.entries(), entries);
    reconciled
}

fn names(allocations: &[Allocation]) -> Vec<&str> {
    allocations.iter().map(|allocation| allocation.meta.name.as_str()).collect()
}

#[test]
fn a_pool_that_imports_needs_a_locale() {
    let mut world = World::new();
    let spec = PoolSpec { locale: None, ..importing("top", &["10.0.0.0/8"]) };
    let error = world.write(|ledger| ledger.create_pool(&spec, &Planned::Unknown)).unwrap_err();
    assert_eq!(error, Error::NoLocale);
    let plain = world.top("top", &["10.0.0.0/8"]);
    let change = PoolChange { auto_import: true, ..reprovisioned(&plain, plain.provision.clone()) };
    assert_eq!(world.write(|ledger| ledger.update_pool(&plain.meta.id, &change)).unwrap_err(), Error::NoLocale);
    let error = world.write(|ledger| ledger.plan_pool_change(&plain.meta.id, &change, &terms())).unwrap_err();
    assert_eq!(error, Error::NoLocale);
    // The locale of the source pool is enough.
    let local = PoolSpec { locale: Some("us-east-1".into()), ..top("local", &["172.16.0.0/12"]) };
    let local = world.write(|ledger| ledger.create_pool(&local, &Planned::Unknown)).unwrap();
    let inner = PoolSpec {
        special: Special { auto_import: true, ..Special::default() },
        ..below(&local, "vpcs", "172.16.0.0/16")
    };
    let held = world.write(|ledger| ledger.plan_pool(&inner, &terms())).unwrap();
    let made = world.write(|ledger| ledger.create_pool(&inner, &Planned::Held(held.meta.id))).unwrap();
    assert!(made.special.auto_import);
    let off = world.write(|ledger| ledger.update_pool(&made.meta.id, &reprovisioned(&made, made.provision.clone())));
    assert!(off.unwrap().special.is_empty());
    world.check();
}

/// Ids of Azure may be longer than a name.
#[test]
fn the_name_of_an_imported_allocation_has_the_end_of_a_long_id() {
    let mut world = World::new();
    let discovery = world.discovery("all");
    world.write(|ledger| ledger.create_pool(&importing("top", &["10.0.0.0/8"]), &Planned::Unknown)).unwrap();
    let id = format!("/subscriptions/{}/virtualNetworks/v", "s".repeat(300));
    world.sees(&discovery, &[vpc(&id, "10.0.0.0/16"), vpc(&format!("x{id}"), "10.1.0.0/16")]);
    let reconciled = reconcile(&mut world);
    let end: String = id.chars().skip(id.len() - 200).collect();
    assert_eq!(names(&reconciled.imported), [format!("{end}_10.0.0.0/16"), format!("{end}_10.1.0.0/16")]);
    assert_eq!(reconciled.imported[0].resource_id.as_ref(), Some(&id));
    world.check();
}

#[test]
fn vpcs_become_allocations_that_are_released_with_them() {
    let mut world = World::new();
    world.as_owner("network");
    let discovery = world.discovery("all");
    world.as_owner("us");
    let pool = world.write(|ledger| ledger.create_pool(&importing("top", &["10.0.0.0/8"]), &Planned::Unknown)).unwrap();
    let tags = [("team".to_owned(), "net".to_owned()), ("aws:cloudformation:stack".to_owned(), "s".to_owned())];
    let tagged = DiscoveredCidr { tags: tags.into(), ..vpc("vpc-1", "10.0.0.0/16") };
    world.sees(&discovery, &[tagged, subnet("subnet-1", "vpc-1", "10.0.0.0/24"), vpc("vpc-2", "192.168.0.0/16")]);
    world.sees_at(&discovery, "1", "eu-west-1", &[vpc("vpc-3", "10.3.0.0/16")]);
    let reconciled = reconcile(&mut world);
    assert_eq!(names(&reconciled.imported), ["vpc-1_10.0.0.0/16"]);
    assert_eq!(reconciled.skipped, []);
    let made = &reconciled.imported[0];
    assert_eq!(
        (made.meta.owner.as_str(), made.meta.confirmed, made.resource_type),
        ("network", true, ResourceType::Vpc)
    );
    assert_eq!(made.description.as_deref(), Some("Imported from account 111122223333 in us-east-1."));
    assert_eq!(made.tags, [("team".to_owned(), "net".to_owned())].into());
    let seen = world.resources();
    assert_eq!((seen[0].management, seen[0].pool_id.as_ref()), (Some(ManagementState::Managed), Some(&pool.meta.id)));
    // A failed scan shows no resource as gone; neither does the end of the scans of a target.
    world.wait(1);
    let failed = Sample {
        account_id: "111122223333".into(),
        region: "us-east-1".into(),
        taken_at: world.now,
        outcome: Err(Failure { code: FailureCode::Other, message: None }),
    };
    world.write(|ledger| ledger.take_sample(&discovery.meta.id, &failed)).unwrap();
    assert_eq!(reconcile(&mut world).released, []);
    world.write(|ledger| ledger.forget_targets(&discovery.meta.id, &Default::default())).unwrap();
    assert_eq!(reconcile(&mut world).released, []);
    world.sees(&discovery, &[]);
    let released = reconcile(&mut world).released;
    assert_eq!(names(&released), ["vpc-1_10.0.0.0/16"]);
    let events = world.read(|reader| reader.events(0, usize::MAX)).unwrap();
    let told: Vec<&str> =
        events.iter().filter(|event| event.id == released[0].meta.id).map(|event| event.action.as_str()).collect();
    assert_eq!(told, ["import", "delete"]);
}

#[test]
fn imported_allocations_stay_when_their_discovery_is_deleted() {
    let mut world = World::new();
    let discovery = world.discovery("all");
    world.write(|ledger| ledger.create_pool(&importing("top", &["10.0.0.0/8"]), &Planned::Unknown)).unwrap();
    world.sees(&discovery, &[vpc("vpc-1", "10.0.0.0/16")]);
    let made = reconcile(&mut world).imported.remove(0);
    world.write(|ledger| ledger.delete_discovery(&discovery.meta.id)).unwrap();
    let other = world.discovery("other");
    world.sees(&other, &[]);
    assert_eq!(reconcile(&mut world).released, []);
    // The allocation is like any other: it can be changed, and released manually.
    world.write(|ledger| ledger.update_allocation(&made.meta.id, &resized(&made, "10.0.0.0/16"))).unwrap();
    world.write(|ledger| ledger.delete_allocation(&made.meta.id)).unwrap();
    world.check();
}

#[test]
fn the_deepest_pool_and_the_largest_block_come_first() {
    let mut world = World::new();
    let discovery = world.discovery("all");
    let outer =
        world.write(|ledger| ledger.create_pool(&importing("top", &["10.0.0.0/8"]), &Planned::Unknown)).unwrap();
    let inner = PoolSpec {
        special: Special { auto_import: true, ..Special::default() },
        ..below(&outer, "inner", "10.1.0.0/16")
    };
    let inner = world.write(|ledger| ledger.create_pool(&inner, &Planned::Unknown)).unwrap();
    let legacy = world.create(&outer, "legacy", "10.5.0.0/24").unwrap();
    world.plan(&outer, "expired", "10.6.0.0/24").unwrap();
    world.wait(61);
    world.plan(&outer, "held", "10.7.0.0/24").unwrap();
    world.sees(&discovery, &[vpc("vpc-b", "10.1.0.0/20"), vpc("vpc-2", "10.3.0.0/17"), vpc("vpc-3", "10.5.0.0/16")]);
    world.sees(
        &discovery,
        &[
            vpc("vpc-a", "10.1.0.0/20"),
            vpc("vpc-b", "10.1.0.0/20"),
            vpc("vpc-1", "10.3.0.0/16"),
            vpc("vpc-2", "10.3.0.0/17"),
            vpc("vpc-3", "10.5.0.0/16"),
            vpc("vpc-4", "10.5.128.0/17"),
            vpc("vpc-5", "10.6.0.0/16"),
            vpc("vpc-6", "10.7.0.0/16"),
        ],
    );
    let reconciled = reconcile(&mut world);
    let made: Vec<(String, &str)> = reconciled
        .imported
        .iter()
        .map(|made| (made.resource_id.clone().unwrap(), if made.pool_id == inner.meta.id { "inner" } else { "top" }))
        .collect();
    let expected = [("vpc-b", "inner"), ("vpc-1", "top"), ("vpc-5", "top"), ("vpc-4", "top")];
    assert_eq!(made, expected.map(|(id, pool)| (id.to_owned(), pool)));
    let skipped: Vec<(&str, String)> = reconciled
        .skipped
        .iter()
        .map(|skipped| {
            let why = match &skipped.why {
                Skip::Overlaps(occupant) => occupant.name.clone(),
                Skip::Larger(of) => of.resource_id.clone(),
            };
            (skipped.of.resource_id.as_str(), why)
        })
        .collect();
    let because = |id: &'static str, why: &str| (id, why.to_owned());
    assert_eq!(
        skipped,
        [because("vpc-2", "vpc-1"), because("vpc-3", "legacy"), because("vpc-6", "held"), because("vpc-a", "vpc-b")]
    );
    assert!(matches!(&reconciled.skipped[1].why, Skip::Overlaps(occupant) if occupant.id == legacy.meta.id));
}

#[test]
fn ignoring_and_moving_release_only_the_imported_allocation() {
    let mut world = World::new();
    let discovery = world.discovery("all");
    let pool = world.write(|ledger| ledger.create_pool(&importing("top", &["10.0.0.0/8"]), &Planned::Unknown)).unwrap();
    let custom = world.create(&pool, "custom", "10.1.0.0/16").unwrap();
    let both = [vpc("vpc-1", "10.0.0.0/16"), vpc("vpc-2", "10.1.0.0/16")];
    world.sees(&discovery, &both);
    assert_eq!(names(&reconcile(&mut world).imported), ["vpc-1_10.0.0.0/16"]);
    for (id, block) in [("vpc-1", "10.0.0.0/16"), ("vpc-2", "10.1.0.0/16")] {
        let ignored = Treatment { monitored: false, scope_id: None };
        world.write(|ledger| ledger.treat(&of(id, block), &ignored)).unwrap();
    }
    world.check();
    let left = world.read(|reader| reader.list_allocations(&AllocationFilter::default())).unwrap();
    assert_eq!(left.iter().map(|one| &one.meta.id).collect::<Vec<_>>(), [&custom.meta.id]);
    // The VPC is not imported again until its treatment ends.
    assert_eq!(reconcile(&mut world).imported, []);
    world.write(|ledger| ledger.untreat(&of("vpc-1", "10.0.0.0/16"))).unwrap();
    assert_eq!(names(&reconcile(&mut world).imported), ["vpc-1_10.0.0.0/16"]);
}

#[test]
fn an_import_does_not_take_a_name_that_is_in_use() {
    let mut world = World::new();
    let discovery = world.discovery("all");
    let pool = world.write(|ledger| ledger.create_pool(&importing("top", &["10.0.0.0/8"]), &Planned::Unknown)).unwrap();
    world.plan(&pool, "vpc-1_10.0.0.0/16", "10.9.0.0/16").unwrap();
    world.sees(&discovery, &[vpc("vpc-1", "10.0.0.0/16")]);
    assert_eq!(names(&reconcile(&mut world).imported), ["vpc-1_10.0.0.0/16_2"]);
}

#[test]
fn a_scan_that_began_before_the_import_releases_nothing() {
    let mut world = World::new();
    let discovery = world.discovery("all");
    world.write(|ledger| ledger.create_pool(&importing("top", &["10.0.0.0/8"]), &Planned::Unknown)).unwrap();
    world.sees(&discovery, &[vpc("vpc-1", "10.0.0.0/16")]);
    assert_eq!(names(&reconcile(&mut world).imported), ["vpc-1_10.0.0.0/16"]);
    world.write(|ledger| ledger.forget_targets(&discovery.meta.id, &Default::default())).unwrap();
    let late = Sample {
        account_id: "111122223333".into(),
        region: "us-east-1".into(),
        taken_at: world.now.checked_sub(jiff::SignedDuration::from_secs(30)).unwrap(),
        outcome: Ok(Sighting::default()),
    };
    world.write(|ledger| ledger.take_sample(&discovery.meta.id, &late)).unwrap();
    assert_eq!(reconcile(&mut world).released, []);
    world.sees(&discovery, &[]);
    assert_eq!(reconcile(&mut world).released.len(), 1);
}
