//! Tests of sightings that are ignored or moved.

use crate::ipam::tests::discovery::*;

fn ignored() -> Treatment {
    Treatment { monitored: false, scope_id: None }
}

fn moved(scope: &Scope) -> Treatment {
    Treatment { monitored: true, scope_id: Some(scope.meta.id.clone()) }
}

fn scope(world: &mut World, name: &str, scope_type: ScopeType) -> Scope {
    let spec = ScopeSpec { name: name.into(), scope_type, description: None, tags: Tags::new(), ipam_id: None };
    world.write(|ledger| ledger.create_scope(&spec, &Planned::Unknown)).unwrap()
}

fn why(error: Error) -> Untreatable {
    match error {
        Error::Untreatable { why, .. } => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn ignored_blocks_do_not_count() {
    let mut world = World::new();
    let discovery = world.discovery("all");
    let top = world.top("top", &["10.0.0.0/8"]);
    world.create(&top, "a", "10.0.0.0/16").unwrap();
    world.sees(&discovery, &[vpc("vpc-1", "10.0.0.0/16"), vpc("vpc-2", "10.0.0.0/16")]);
    world.write(|ledger| ledger.treat(&of("vpc-1", "10.0.0.0/16"), &ignored())).unwrap();
    world.check();
    let all = world.resources();
    assert_eq!(
        (all[0].management, all[0].compliance, all[0].overlap),
        (Some(ManagementState::Ignored), Some(ComplianceStatus::Ignored), Some(OverlapStatus::Ignored))
    );
    assert_eq!(
        (all[1].management, all[1].overlap),
        (Some(ManagementState::Managed), Some(OverlapStatus::Nonoverlapping)),
        "the first monitored VPC is managed now"
    );
    // The treatment stays when the resource is not seen for a while.
    world.sees(&discovery, &[]);
    world.sees(&discovery, &[vpc("vpc-1", "10.0.0.0/16")]);
    assert_eq!(world.resources()[0].management, Some(ManagementState::Ignored));
    let events = world.read(|reader| reader.events(0, usize::MAX)).unwrap();
    let last = events.last().unwrap();
    assert_eq!(
        (last.kind, last.action.as_str(), last.id.as_str()),
        (Kind::Treatment, "create", "vpc-1_10.0.0.0/16_us-east-1")
    );
    let was = world.write(|ledger| ledger.untreat(&of("vpc-1", "10.0.0.0/16"))).unwrap().unwrap();
    assert_eq!(was.treatment, ignored());
    assert_eq!(world.write(|ledger| ledger.untreat(&of("vpc-1", "10.0.0.0/16"))).unwrap(), None);
    assert_eq!(world.resources()[0].management, Some(ManagementState::Managed));
    world.check();
}

#[test]
fn a_moved_vpc_takes_its_resources_along() {
    let mut world = World::new();
    let discovery = world.discovery("all");
    let other = scope(&mut world, "other", ScopeType::Private);
    let eni = DiscoveredCidr { vpc_id: Some("vpc-1".into()), ..seen(SeenType::Eni, "eni-1", "10.0.0.7/32") };
    let all = [
        vpc("vpc-1", "10.0.0.0/16"),
        vpc("vpc-1", "10.1.0.0/16"),
        subnet("subnet-1", "vpc-1", "10.0.0.0/24"),
        subnet("subnet-2", "vpc-1", "10.1.0.0/24"),
        subnet("subnet-3", "vpc-2", "10.0.0.0/24"),
        eni,
    ];
    world.sees(&discovery, &all);
    let treated = world.write(|ledger| ledger.treat(&of("vpc-1", "10.0.0.0/16"), &moved(&other))).unwrap();
    assert_ne!(treated.found_in, treated.scope_id());
    let in_other = |world: &mut World| -> Vec<String> {
        let filter = ResourceFilter { scope_id: Some(other.meta.id.clone()), ..ResourceFilter::default() };
        world
            .read(|reader| reader.resource_cidrs(&filter))
            .unwrap()
            .into_iter()
            .map(|found| found.resource_id)
            .collect()
    };
    assert_eq!(in_other(&mut world), ["vpc-1", "subnet-1", "eni-1"]);
    world.check();
    // Resources that are seen later are moved too.
    let later = [all.as_slice(), &[subnet("subnet-4", "vpc-1", "10.0.1.0/24")]].concat();
    world.sees(&discovery, &later);
    assert_eq!(in_other(&mut world), ["vpc-1", "subnet-1", "eni-1", "subnet-4"]);
    world.check();
    let error = world.write(|ledger| ledger.delete_scope(&other.meta.id)).unwrap_err();
    assert!(matches!(&error, Error::InUse { contents, .. } if contents[0].kind == Kind::Treatment), "{error:?}");
    world.write(|ledger| ledger.untreat(&of("vpc-1", "10.0.0.0/16"))).unwrap();
    assert_eq!(in_other(&mut world), Vec::<String>::new());
    world.check();
    world.write(|ledger| ledger.delete_scope(&other.meta.id)).unwrap();
    world.check();
}

#[test]
fn invalid_treatments_are_refused() {
    let mut world = World::new();
    let discovery = world.discovery("all");
    let (other, public) = (scope(&mut world, "o", ScopeType::Private), scope(&mut world, "p", ScopeType::Public));
    world.sees(
        &discovery,
        &[
            vpc("vpc-1", "10.0.0.0/16"),
            vpc("vpc-1", "2001:db8::/56"),
            vpc("vpc-1", "fd00::/56"),
            subnet("subnet-1", "vpc-1", "10.0.0.0/24"),
            seen(SeenType::Eip, "eipalloc-1", "203.0.113.1/32"),
        ],
    );
    let mut refused = |id: &str, block: &str, treatment: &Treatment| {
        why(world.write(|ledger| ledger.treat(&of(id, block), treatment)).unwrap_err())
    };
    assert_eq!(refused("vpc-2", "10.0.0.0/16", &ignored()), Untreatable::NotSeen);
    assert_eq!(refused("vpc-1", "10.0.0.0/17", &ignored()), Untreatable::NotSeen);
    assert_eq!(refused("eipalloc-1", "203.0.113.1/32", &ignored()), Untreatable::Public);
    assert_eq!(refused("vpc-1", "2001:db8::/56", &ignored()), Untreatable::Public);
    assert_eq!(refused("subnet-1", "10.0.0.0/24", &moved(&other)), Untreatable::NotVpc);
    assert_eq!(refused("vpc-1", "10.0.0.0/16", &moved(&public)), Untreatable::PublicScope);
    let nowhere = Treatment { monitored: true, scope_id: Some("ipam-scope-0".into()) };
    let error = world.write(|ledger| ledger.treat(&of("vpc-1", "10.0.0.0/16"), &nowhere)).unwrap_err();
    assert!(matches!(error, Error::NotFound { kind: Kind::Scope, .. }), "{error:?}");
    world.write(|ledger| ledger.treat(&of("vpc-1", "fd00::/56"), &moved(&other))).unwrap();
    world.write(|ledger| ledger.treat(&of("subnet-1", "10.0.0.0/24"), &ignored())).unwrap();
    world.check();
}
