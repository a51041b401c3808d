//! Tests of setting and correcting the locale of an existing pool.

use crate::ipam::testing::*;
use crate::ipam::*;

fn set(world: &mut World, pool: &Pool, locale: &str) -> Result<Pool> {
    let change = PoolChange { locale: Some(locale.to_owned()), ..reprovisioned(pool, pool.provision.clone()) };
    let planned = world.write(|ledger| ledger.plan_pool_change(&pool.meta.id, &change, &terms()));
    let updated = world.write(|ledger| ledger.update_pool(&pool.meta.id, &change));
    assert_eq!(planned.is_err(), updated.is_err(), "the plan says what apply will say: {planned:?}");
    world.check();
    if let (Ok(planned), Ok(updated)) = (planned, &updated) {
        assert_eq!(planned.and_then(|pool| pool.locale), updated.locale);
    }
    updated
}

fn pool_of(world: &mut World, spec: &PoolSpec) -> Pool {
    world.write(|ledger| ledger.create_pool(spec, &Planned::Unknown)).unwrap()
}

fn locale(world: &mut World, pool: &Pool) -> Option<String> {
    world.read(|reader| reader.get_pool(&pool.meta.id)).unwrap().unwrap().locale
}

#[test]
fn pools_below_get_the_locale_too_even_planned_ones() {
    let mut world = World::new();
    let outer = world.top("outer", &["10.0.0.0/8"]);
    let site = pool_of(&mut world, &below(&outer, "site", "/16"));
    let inner = pool_of(&mut world, &below(&site, "inner", "/20"));
    let spec = below(&site, "planned", "/20");
    let held = world.write(|ledger| ledger.plan_pool(&spec, &terms())).unwrap();
    let web = world.create(&inner, "web", "/24").unwrap();
    for asked in ["lisbon", "porto"] {
        set(&mut world, &site, asked).unwrap();
        for pool in [&site, &inner, &held] {
            assert_eq!(locale(&mut world, pool).as_deref(), Some(asked), "{}", pool.meta.name);
        }
        assert_eq!(locale(&mut world, &outer), None);
    }
    let made = world.write(|ledger| ledger.create_pool(&spec, &Planned::Held(held.meta.id.clone()))).unwrap();
    assert_eq!((made.locale.as_deref(), &made.cidrs), (Some("porto"), &held.cidrs));
    let kept = world.read(|reader| reader.get_allocation(&web.meta.id)).unwrap().unwrap();
    assert_eq!(kept.cidr, web.cidr);
    // A change without a locale keeps the present one.
    let change = reprovisioned(&site, site.provision.clone());
    assert_eq!(
        world.write(|ledger| ledger.update_pool(&site.meta.id, &change)).unwrap().locale.as_deref(),
        Some("porto")
    );
}

#[test]
fn a_lapsed_hold_below_is_not_in_the_way() {
    let mut world = World::new();
    let site = world.top("site", &["10.0.0.0/24"]);
    let spec = below(&site, "planned", "/24");
    world.write(|ledger| ledger.plan_pool(&spec, &terms())).unwrap();
    world.wait(61);
    world.as_owner("them").create(&site, "web", "/25").unwrap();
    set(world.as_owner("us"), &site, "lisbon").unwrap();
}

#[test]
fn a_locale_that_pools_above_or_below_contradict_is_refused_in_the_plan() {
    let mut world = World::new();
    let outer = world.top("outer", &["10.0.0.0/8"]);
    let site = pool_of(&mut world, &below(&outer, "site", "/16"));
    let deep = PoolSpec { locale: Some("lisbon".to_owned()), ..below(&site, "deep", "/20") };
    let deep = pool_of(&mut world, &deep);
    let before = world.map.entries().clone();
    let Error::LocalesBelow { asked, below, more } = set(&mut world, &outer, "porto").unwrap_err() else { panic!() };
    assert_eq!((asked.as_str(), below.len(), more), ("porto", 1, 0));
    assert_eq!((below[0].0.path.as_str(), below[0].1.as_str()), ("outer/site/deep", "lisbon"));
    assert_eq!(*world.map.entries(), before);
    set(&mut world, &outer, "lisbon").unwrap();
    for pool in [&outer, &site, &deep] {
        assert_eq!(locale(&mut world, pool).as_deref(), Some("lisbon"));
    }
    let error = set(&mut world, &site, "porto").unwrap_err();
    assert!(matches!(error, Error::LocaleMismatch { .. }), "{error:?}");
}

#[test]
fn the_locale_that_comes_with_a_change_is_enough_for_an_import() {
    let mut world = World::new();
    let site = world.top("site", &["10.0.0.0/24"]);
    let importing = PoolChange { auto_import: true, ..reprovisioned(&site, site.provision.clone()) };
    let error = world.write(|ledger| ledger.update_pool(&site.meta.id, &importing)).unwrap_err();
    assert_eq!(error, Error::NoLocale);
    let change = PoolChange { locale: Some("lisbon".to_owned()), ..importing };
    assert!(world.write(|ledger| ledger.update_pool(&site.meta.id, &change)).unwrap().special.auto_import);
    world.check();
}
