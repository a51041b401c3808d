//! Tests of plans, holds, expiry, adoption and replacement.

use crate::ipam::testing::*;
use crate::ipam::*;

#[test]
fn planning_again_answers_the_same_and_writes_nothing() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/24"]);
    let first = world.plan(&pool, "a", "/26").unwrap();
    assert_eq!(first.meta.state, State::Planned);
    let before = world.map.entries().clone();
    world.wait(29);
    let spec = wanted(&pool, "a", "/26");
    assert_eq!(world.read(|reader| reader.find_hold_allocation(&spec, &terms())).unwrap(), Some(first.clone()));
    assert_eq!(world.plan(&pool, "a", "/26").unwrap(), first);
    assert_eq!(*world.map.entries(), before);
    world.wait(2);
    assert_eq!(world.read(|reader| reader.find_hold_allocation(&spec, &terms())).unwrap(), None);
    let renewed = world.plan(&pool, "a", "/26").unwrap();
    assert_eq!((&renewed.meta.id, renewed.cidr), (&first.meta.id, first.cidr));
    assert!(renewed.meta.hold_expires_at > first.meta.hold_expires_at);
    world.check();
}

#[test]
fn description_and_tags_change_without_losing_the_hold() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/24"]);
    let first = world.plan(&pool, "a", "/26").unwrap();
    let spec = AllocationSpec { description: Some("new".into()), ..wanted(&pool, "a", "/26") };
    let second = world.write(|ledger| ledger.plan_allocation(&spec, &committing())).unwrap();
    assert_eq!(second.meta.id, first.meta.id);
    assert_eq!(second.description.as_deref(), Some("new"));
}

#[test]
fn applying_twice_is_applying_once() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/24"]);
    let hold = world.plan(&pool, "a", "/26").unwrap();
    let planned = Planned::Held(hold.meta.id.clone());
    let spec = wanted(&pool, "a", "/26");
    let made = world.write(|ledger| ledger.create_allocation(&spec, &planned)).unwrap();
    assert_eq!((made.meta.state, made.cidr), (State::Active, hold.cidr));
    let before = world.map.entries().clone();
    assert_eq!(world.write(|ledger| ledger.create_allocation(&spec, &planned)).unwrap(), made);
    assert_eq!(*world.map.entries(), before);
    let used = world.read(|reader| reader.utilization(&pool.meta.id)).unwrap();
    assert_eq!((used.used, used.held), (64u8.into(), 0u8.into()));
    world.check();
}

#[test]
fn other_wish_replaces_the_hold_and_may_use_its_space() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/24"]);
    let small = world.plan(&pool, "a", "/26").unwrap();
    let large = world.plan(&pool, "a", "/24").unwrap();
    assert_eq!(large.cidr, cidr("10.0.0.0/24"));
    assert_ne!(small.meta.id, large.meta.id);
    let spec = wanted(&pool, "a", "/26");
    let error = world.write(|ledger| ledger.plan_allocation(&spec, &committing())).unwrap_err();
    assert!(matches!(error, Error::HoldLost { .. }), "{error:?}");
    let planned = Planned::Held(small.meta.id);
    let error = world.write(|ledger| ledger.create_allocation(&spec, &planned)).unwrap_err();
    assert!(matches!(error, Error::HoldLost { .. }), "{error:?}");
    world.check();
}

#[test]
fn name_held_by_another_owner_is_taken_until_the_hold_expires() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/24"]);
    let theirs = world.as_owner("them").plan(&pool, "a", "/26").unwrap();
    let error = world.as_owner("us").plan(&pool, "a", "/26").unwrap_err();
    let Error::NameTaken { existing, .. } = error else { panic!() };
    assert_eq!((existing.owner.as_str(), existing.state), ("them", State::Planned));
    assert_eq!(existing.hold_expires_at, theirs.meta.hold_expires_at);
    world.wait(61);
    let ours = world.plan(&pool, "a", "/26").unwrap();
    assert_eq!(ours.cidr, theirs.cidr);
    world.check();
    let planned = Planned::Held(theirs.meta.id);
    let spec = wanted(&pool, "a", "/26");
    let error = world.as_owner("them").write(|ledger| ledger.create_allocation(&spec, &planned)).unwrap_err();
    let Error::HoldLost { now_held_by, expired_at: Some(_), .. } = error else { panic!("{error:?}") };
    assert_eq!(now_held_by[0].id, ours.meta.id);
}

#[test]
fn expired_hold_revives_unless_its_space_was_given_away() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/24"]);
    let hold = world.plan(&pool, "a", "/25").unwrap();
    world.wait(600);
    let spec = wanted(&pool, "a", "/25");
    let revived = world.write(|ledger| ledger.plan_allocation(&spec, &committing())).unwrap();
    assert_eq!((&revived.meta.id, revived.cidr), (&hold.meta.id, hold.cidr));
    world.wait(600);
    // No request needs the space yet, so an apply of the expired hold still succeeds.
    let planned = Planned::Held(hold.meta.id.clone());
    let mut copy = World { map: world.map.clone(), now: world.now, seed: 9, actor: world.actor.clone(), run: None };
    copy.write(|ledger| ledger.create_allocation(&spec, &planned)).unwrap();
    copy.check();
    // Now a request needs it.
    let whole = world.as_owner("them").create(&pool, "b", "/24").unwrap();
    world.check();
    assert_eq!(world.read(|reader| reader.get_allocation(&hold.meta.id)).unwrap(), None);
    let error = world.as_owner("us").write(|ledger| ledger.plan_allocation(&spec, &committing())).unwrap_err();
    let Error::HoldLost { now_held_by, .. } = error else { panic!("{error:?}") };
    assert_eq!(now_held_by[0].id, whole.meta.id);
    let error = world.write(|ledger| ledger.create_allocation(&spec, &planned)).unwrap_err();
    assert!(matches!(error, Error::HoldLost { .. }));
    // A new plan finds the pool full. It may be the second plan of an apply, so the error names the lost hold.
    let error = world.plan(&pool, "a", "/25").unwrap_err();
    let Error::PoolExhausted(Exhausted { lost: Some(lost), .. }) = error else { panic!("{error:?}") };
    assert_eq!((lost.cidr, lost.now_held_by[0].id.as_str()), (Some(hold.cidr), whole.meta.id.as_str()));
    world.write(|ledger| ledger.delete_allocation(&whole.meta.id)).unwrap();
    let anew = world.plan(&pool, "a", "/25").unwrap();
    assert_ne!(anew.meta.id, hold.meta.id);
    world.check();
}

#[test]
fn only_as_many_expired_holds_as_needed_lapse_oldest_first() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/24"]);
    let oldest = world.plan(&pool, "a", "10.0.0.192/26").unwrap();
    world.wait(1);
    let younger = world.plan(&pool, "b", "10.0.0.0/26").unwrap();
    world.create(&pool, "c", "10.0.0.64/26").unwrap();
    world.create(&pool, "d", "10.0.0.128/26").unwrap();
    assert!(matches!(world.create(&pool, "e", "/26").unwrap_err(), Error::PoolExhausted { .. }));
    world.wait(120);
    let made = world.create(&pool, "e", "/26").unwrap();
    assert_eq!(made.cidr, oldest.cidr);
    assert!(world.read(|reader| reader.get_allocation(&younger.meta.id)).unwrap().is_some());
    // A claim reclaims exactly the holds in its way.
    world.create(&pool, "f", "10.0.0.0/28").unwrap();
    assert!(world.read(|reader| reader.get_allocation(&younger.meta.id)).unwrap().is_none());
    world.check();
}

#[test]
fn lapsed_holds_are_forgotten_after_a_week() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/24"]);
    world.plan(&pool, "a", "/24").unwrap();
    world.wait(61);
    world.as_owner("them").plan(&pool, "b", "/24").unwrap();
    let lapsed = |world: &World| world.map.entries().keys().filter(|key| key.starts_with("lapsed/")).count();
    assert_eq!(lapsed(&world), 1);
    world.wait(8 * 24 * 60);
    world.plan(&pool, "c", "/24").unwrap();
    assert_eq!(lapsed(&world), 1);
    world.check();
}

#[test]
fn unconfirmed_object_of_the_same_owner_is_adopted() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/24"]);
    let made = world.create(&pool, "a", "/26").unwrap();
    assert_eq!(world.plan(&pool, "a", "/26").unwrap(), made);
    assert_eq!(world.create(&pool, "a", "/26").unwrap(), made);
    assert!(matches!(world.plan(&pool, "a", "/27").unwrap_err(), Error::NameTaken { .. }));
    let error = world.as_owner("them").plan(&pool, "a", "/26").unwrap_err();
    let Error::NameTaken { existing, .. } = error else { panic!() };
    assert_eq!((existing.id, existing.cidr), (made.meta.id.clone(), Some(made.cidr)));
    world.as_owner("us").write(|ledger| ledger.confirm(&made.meta.id)).unwrap();
    assert!(matches!(world.plan(&pool, "a", "/26").unwrap_err(), Error::NameTaken { .. }));
    let events = world.read(|reader| reader.events(0, 100)).unwrap().len();
    world.write(|ledger| ledger.confirm(&made.meta.id)).unwrap();
    assert!(!world.read(|reader| reader.needs_confirmation(&made.meta.id)).unwrap());
    assert_eq!(world.read(|reader| reader.events(0, 100)).unwrap().len(), events);
    world.check();
}

/// An apply was interrupted, and the configuration was edited since then. The plan shows the values that the apply then
/// writes.
#[test]
fn an_adopted_object_is_planned_with_what_the_configuration_says_now() {
    let mut world = World::new();
    let tags: Tags = [("team".to_owned(), "a".to_owned())].into();
    let pool =
        PoolSpec { rules: Rules { min_netmask_length: Some(9), ..Rules::default() }, ..top("top", &["10.0.0.0/8"]) };
    world.write(|ledger| ledger.create_pool(&top("top", &["10.0.0.0/8"]), &Planned::Unknown)).unwrap();
    let pool = PoolSpec { tags: tags.clone(), strategy: Strategy::FirstFit, ..pool };
    let planned = world.write(|ledger| ledger.plan_pool(&pool, &terms())).unwrap();
    assert_eq!(world.read(|reader| reader.find_hold_pool(&pool, &terms())).unwrap(), Some(planned.clone()));
    let made = world.write(|ledger| ledger.create_pool(&pool, &Planned::Held(planned.meta.id.clone()))).unwrap();
    assert_eq!(made, planned);
    assert_eq!((made.tags, made.strategy, made.rules.min_netmask_length), (tags.clone(), Strategy::FirstFit, Some(9)));

    let old = world.create(&planned, "web", "/24").unwrap();
    for name in ["/24", "10.0.0.0/24"] {
        let spec =
            AllocationSpec { tags: tags.clone(), description: Some(name.into()), ..wanted(&planned, "web", name) };
        let shown = world.write(|ledger| ledger.plan_allocation(&spec, &terms())).unwrap();
        assert_eq!(world.read(|reader| reader.find_hold_allocation(&spec, &terms())).unwrap(), Some(shown.clone()));
        let made =
            world.write(|ledger| ledger.create_allocation(&spec, &Planned::Held(shown.meta.id.clone()))).unwrap();
        assert_eq!((&made, &made.meta.id, made.cidr), (&shown, &old.meta.id, old.cidr));
        assert_eq!((made.tags, made.size), (tags.clone(), size(name)));
    }

    let (description, ipam_id) = (None, None);
    let lab = ScopeSpec { name: "lab".into(), scope_type: ScopeType::Private, description, tags: Tags::new(), ipam_id };
    world.write(|ledger| ledger.create_scope(&lab, &Planned::Unknown)).unwrap();
    let lab = ScopeSpec { tags, ..lab };
    let shown = world.write(|ledger| ledger.plan_scope(&lab, &terms())).unwrap();
    assert_eq!(world.read(|reader| reader.find_hold_scope(&lab, &terms())).unwrap(), Some(shown.clone()));
    assert_eq!(world.write(|ledger| ledger.create_scope(&lab, &Planned::Held(shown.meta.id.clone()))).unwrap(), shown);
    world.check();
}

#[test]
fn successor_takes_over_the_name_before_or_after_the_old_one_goes() {
    for create_first in [true, false] {
        let mut world = World::new();
        let pool = world.top("top", &["10.0.0.0/24"]);
        let old = world.create(&pool, "a", "/26").unwrap();
        world.write(|ledger| ledger.confirm(&old.meta.id)).unwrap();
        let spec = wanted(&pool, "a", "/25");
        let hold = world.write(|ledger| ledger.plan_allocation(&spec, &replacing(&old.meta.id))).unwrap();
        assert!(!hold.cidr.overlaps(&old.cidr));
        let planned = Planned::Held(hold.meta.id.clone());
        if !create_first {
            world.write(|ledger| ledger.delete_allocation(&old.meta.id)).unwrap();
        }
        // The second plan of the apply does not know the first one.
        let again = world.write(|ledger| ledger.plan_allocation(&spec, &committing())).unwrap();
        assert_eq!(again.meta.id, hold.meta.id);
        let made = world.write(|ledger| ledger.create_allocation(&spec, &planned)).unwrap();
        world.check();
        world.write(|ledger| ledger.delete_allocation(&old.meta.id)).unwrap();
        world.check();
        let found = world.read(|reader| reader.find_allocation(&pool.meta.id, "a")).unwrap();
        assert_eq!(found, Some(made));
    }
}

#[test]
fn successor_may_be_planned_on_the_very_block_of_its_predecessor() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/24"]);
    let old = world.create(&pool, "a", "10.0.0.0/24").unwrap();
    world.write(|ledger| ledger.confirm(&old.meta.id)).unwrap();
    let spec = wanted(&pool, "a", "10.0.0.0/24");
    let hold = world.write(|ledger| ledger.plan_allocation(&spec, &replacing(&old.meta.id))).unwrap();
    assert!(hold.deferred);
    world.check();
    let planned = Planned::Held(hold.meta.id.clone());
    let error = world.write(|ledger| ledger.create_allocation(&spec, &planned)).unwrap_err();
    assert!(matches!(error, Error::Overlap { .. }), "{error:?}");
    world.write(|ledger| ledger.delete_allocation(&old.meta.id)).unwrap();
    let made = world.write(|ledger| ledger.create_allocation(&spec, &planned)).unwrap();
    assert!(!made.deferred);
    assert_eq!(made.meta.id, hold.meta.id);
    world.check();
}

#[test]
fn planned_pool_with_everything_in_it_becomes_real_in_order() {
    let mut world = World::new();
    let outer = top("top", &["10.0.0.0/8"]);
    let top_hold = world.write(|ledger| ledger.plan_pool(&outer, &terms())).unwrap();
    let inner = below(&top_hold, "eu", "/16");
    let inner_hold = world.write(|ledger| ledger.plan_pool(&inner, &terms())).unwrap();
    let web = world.plan(&inner_hold, "web", "/24").unwrap();
    assert_eq!(web.cidr, cidr("10.0.0.0/24"));
    world.check();
    // An active object cannot be in a planned object.
    let early = world.write(|ledger| {
        ledger.create_allocation(&wanted(&inner_hold, "web", "/24"), &Planned::Held(web.meta.id.clone()))
    });
    assert!(matches!(early.unwrap_err(), Error::NotFound { kind: Kind::Pool, .. }));
    for (spec, hold) in [(&outer, &top_hold), (&inner, &inner_hold)] {
        let again = world.write(|ledger| ledger.plan_pool(spec, &committing())).unwrap();
        assert_eq!(again, *hold);
        let made = world.write(|ledger| ledger.create_pool(spec, &Planned::Held(hold.meta.id.clone()))).unwrap();
        assert_eq!((made.meta.state, &made.cidrs), (State::Active, &hold.cidrs));
        world.check();
    }
    let spec = wanted(&inner_hold, "web", "/24");
    world.write(|ledger| ledger.create_allocation(&spec, &Planned::Held(web.meta.id.clone()))).unwrap();
    let audit = world.check();
    assert_eq!((audit.pools, audit.allocations, audit.holds), (2, 1, 0));
}

#[test]
fn expired_planned_pool_goes_only_together_with_its_contents() {
    let mut world = World::new();
    let outer = world.top("top", &["10.0.0.0/16"]);
    let hold = world.write(|ledger| ledger.plan_pool(&below(&outer, "eu", "/16"), &terms())).unwrap();
    world.wait(50);
    world.plan(&hold, "web", "/24").unwrap();
    world.wait(20);
    assert!(matches!(
        world.as_owner("them").plan(&outer, "x", "/24").unwrap_err(),
        Error::PoolExhausted(Exhausted { first_expiry: Some(_), .. })
    ));
    let error = world.plan(&outer, "x", "10.0.0.0/24").unwrap_err();
    let Error::Overlap { with, .. } = error else { panic!() };
    assert_eq!((with[0].kind, with[0].path.as_str()), (Kind::Pool, "top/eu"));
    world.wait(60);
    world.plan(&outer, "x", "/24").unwrap();
    world.check();
    assert_eq!(world.read(|reader| reader.get_pool(&hold.meta.id)).unwrap(), None);
    let spec = below(&outer, "eu", "/16");
    let planned = Planned::Held(hold.meta.id.clone());
    let error = world.as_owner("us").write(|ledger| ledger.create_pool(&spec, &planned)).unwrap_err();
    assert!(matches!(error, Error::HoldLost { kind: Kind::Pool, .. }));
    let error = world.plan(&hold, "web", "/24").unwrap_err();
    assert!(matches!(error, Error::HoldLost { kind: Kind::Pool, .. }));
    assert!(matches!(
        world.write(|ledger| ledger.plan_pool(&spec, &terms())).unwrap_err(),
        Error::PoolExhausted { .. }
    ));
}

#[test]
fn expired_top_level_pool_is_reclaimed_in_its_scope() {
    let mut world = World::new();
    let hold = world.as_owner("them").write(|ledger| ledger.plan_pool(&top("a", &["10.0.0.0/8"]), &terms())).unwrap();
    world.plan(&hold, "web", "/24").unwrap();
    let wide = top("b", &["10.0.0.0/7"]);
    let error = world.as_owner("us").write(|ledger| ledger.plan_pool(&wide, &terms())).unwrap_err();
    assert!(matches!(error, Error::Overlap { .. }));
    world.wait(61);
    world.write(|ledger| ledger.plan_pool(&wide, &terms())).unwrap();
    world.check();
}

#[test]
fn scopes_are_held_and_created_and_deleted() {
    let mut world = World::new();
    let spec = ScopeSpec {
        name: "lab".into(),
        scope_type: ScopeType::Private,
        description: None,
        tags: Tags::new(),
        ipam_id: None,
    };
    let hold = world.write(|ledger| ledger.plan_scope(&spec, &terms())).unwrap();
    assert_eq!(world.read(|reader| reader.list_scopes(false)).unwrap().len(), 2);
    assert_eq!(world.read(|reader| reader.find_hold_scope(&spec, &terms())).unwrap(), Some(hold.clone()));
    let pool = PoolSpec { scope_id: Some(hold.meta.id.clone()), ..top("top", &["10.0.0.0/8"]) };
    let pool_hold = world.write(|ledger| ledger.plan_pool(&pool, &terms())).unwrap();
    world.check();
    world.write(|ledger| ledger.create_scope(&spec, &Planned::Held(hold.meta.id.clone()))).unwrap();
    world.write(|ledger| ledger.create_pool(&pool, &Planned::Held(pool_hold.meta.id.clone()))).unwrap();
    world.check();
    let error = world.write(|ledger| ledger.delete_scope(&hold.meta.id)).unwrap_err();
    assert!(matches!(error, Error::InUse { more: 0, .. }));
    world.write(|ledger| ledger.delete_pool(&pool_hold.meta.id, false)).unwrap();
    let change = ScopeChange { name: "default-private".into(), description: None, tags: Tags::new() };
    let error = world.write(|ledger| ledger.update_scope(&hold.meta.id, &change)).unwrap_err();
    assert!(matches!(error, Error::NameTaken { .. }));
    let change = ScopeChange { name: "other".into(), ..change };
    assert_eq!(world.write(|ledger| ledger.update_scope(&hold.meta.id, &change)).unwrap().meta.name, "other");
    world.check();
    world.write(|ledger| ledger.delete_scope(&hold.meta.id)).unwrap();
    world.write(|ledger| ledger.delete_scope(&hold.meta.id)).unwrap();
    let default = world.read(|reader| reader.list_scopes(false)).unwrap().remove(0);
    let error = world.write(|ledger| ledger.delete_scope(&default.meta.id)).unwrap_err();
    assert!(matches!(error, Error::DefaultScope { .. }));
    world.check();
}
