//! Tests of names while an object and its replacement both exist.

use crate::ipam::testing::*;
use crate::ipam::*;

/// Creates a confirmed replacement for the active object `old`, of the same kind and name; returns its id.
type Replace = fn(&mut World, &str) -> Result<String>;

fn scope_spec() -> ScopeSpec {
    let (description, tags) = (None, Tags::new());
    ScopeSpec { name: "dmz".into(), scope_type: ScopeType::Private, description, tags, ipam_id: None }
}

fn replace_scope(world: &mut World, old: &str) -> Result<String> {
    let hold = world.write(|ledger| ledger.plan_scope(&scope_spec(), &replacing(old)))?.meta.id;
    let made = world.write(|ledger| ledger.create_scope(&scope_spec(), &Planned::Held(hold)))?;
    world.write(|ledger| ledger.confirm(&made.meta.id))?;
    Ok(made.meta.id)
}

fn parent(world: &mut World) -> Pool {
    let filter = PoolFilter { name: Some("top".into()), ..PoolFilter::default() };
    world.read(|reader| reader.list_pools(&filter)).unwrap().remove(0)
}

fn replace_pool(world: &mut World, old: &str) -> Result<String> {
    let spec = below(&parent(world), "dmz", "/28");
    let hold = world.write(|ledger| ledger.plan_pool(&spec, &replacing(old)))?.meta.id;
    let made = world.write(|ledger| ledger.create_pool(&spec, &Planned::Held(hold)))?;
    world.write(|ledger| ledger.confirm(&made.meta.id))?;
    Ok(made.meta.id)
}

fn replace_allocation(world: &mut World, old: &str) -> Result<String> {
    let spec = wanted(&parent(world), "dmz", "/28");
    let hold = world.write(|ledger| ledger.plan_allocation(&spec, &replacing(old)))?.meta.id;
    let made = world.write(|ledger| ledger.create_allocation(&spec, &Planned::Held(hold)))?;
    world.write(|ledger| ledger.confirm(&made.meta.id))?;
    Ok(made.meta.id)
}

fn replace_pool_cidr(world: &mut World, old: &str) -> Result<String> {
    let filter = PoolFilter { name: Some("blocks".into()), ..PoolFilter::default() };
    let pool_id = world.read(|reader| reader.list_pools(&filter)).unwrap().remove(0).meta.id;
    let spec = PoolCidrSpec { pool_id, name: Some("dmz".into()), size: Size::NetmaskLength(28), proof: None };
    let hold = world.write(|ledger| ledger.plan_pool_cidr(&spec, &replacing(old)))?.meta.id;
    let made = world.write(|ledger| ledger.create_pool_cidr(&spec, &Planned::Held(hold)))?;
    world.write(|ledger| ledger.confirm(&made.meta.id))?;
    Ok(made.meta.id)
}

/// Each kind of object with a name, and the way to replace it.
const KINDS: [(&str, Replace); 4] = [
    ("scope", replace_scope),
    ("pool", replace_pool),
    ("pool CIDR", replace_pool_cidr),
    ("allocation", replace_allocation),
];

fn delete(world: &mut World, id: &str) {
    world
        .write(|ledger| match Kind::of_id(id) {
            Some(Kind::Scope) => ledger.delete_scope(id),
            Some(Kind::Pool) => ledger.delete_pool(id, false),
            Some(Kind::PoolCidr) => ledger.delete_pool_cidr(id),
            _ => ledger.delete_allocation(id),
        })
        .unwrap();
}

fn world() -> World {
    let mut world = World::new();
    let top = world.top("top", &["10.0.0.0/24"]);
    world.write(|ledger| ledger.create_pool(&below(&top, "blocks", "/28"), &Planned::Unknown)).unwrap();
    world
}

/// The object that has the name, found by a request for the name.
#[track_caller]
fn holder(world: &mut World, replace: Replace) -> String {
    let mut copy = World { map: world.map.clone(), now: world.now, seed: 5, actor: world.actor.clone(), run: None };
    match replace(&mut copy, "none-of-them") {
        Err(Error::NameTaken { existing, .. }) => existing.id,
        answer => panic!("the name must not be free: {answer:?}"),
    }
}

#[test]
fn a_replaced_object_that_stays_has_its_name_again_when_the_replacement_goes() {
    for (kind, replace) in KINDS {
        let mut world = world();
        let first = replace(&mut world, "nothing yet").unwrap();
        let second = replace(&mut world, &first).unwrap();
        world.check();
        assert_eq!(holder(&mut world, replace), second, "{kind}");
        delete(&mut world, &second);
        world.check();
        world.as_owner("others");
        assert_eq!(holder(&mut world, replace), first, "{kind}");
        world.as_owner("us");
        delete(&mut world, &first);
        world.check();
        replace(&mut world, "nothing any more").unwrap();
        world.check();
    }
}

/// A deletion that failed once may fail again, after the replacement has been replaced too.
#[test]
fn the_name_goes_back_past_replacements_that_are_gone() {
    for (kind, replace) in KINDS {
        let mut world = world();
        let first = replace(&mut world, "nothing yet").unwrap();
        let second = replace(&mut world, &first).unwrap();
        let third = replace(&mut world, &second).unwrap();
        world.check();
        delete(&mut world, &second);
        world.check();
        assert_eq!(holder(&mut world, replace), third, "{kind}");
        let fourth = replace(&mut world, &third).unwrap();
        delete(&mut world, &third);
        world.check();
        delete(&mut world, &fourth);
        world.check();
        assert_eq!(holder(&mut world, replace), first, "{kind}");
    }
}

#[test]
fn an_object_is_replaced_by_one_object_at_a_time() {
    for (kind, replace) in KINDS {
        let mut world = world();
        let first = replace(&mut world, "nothing yet").unwrap();
        replace(&mut world, &first).unwrap();
        let error = replace(&mut world, &first).unwrap_err();
        assert!(matches!(error, Error::NameTaken { .. }), "{kind}: {error:?}");
        world.check();
    }
}

#[test]
fn a_replacement_that_is_renamed_gives_the_name_back() {
    let mut world = world();
    let first = replace_scope(&mut world, "nothing yet").unwrap();
    let second = replace_scope(&mut world, &first).unwrap();
    let change = ScopeChange { name: "other".into(), description: None, tags: Tags::new() };
    world.write(|ledger| ledger.update_scope(&second, &change)).unwrap();
    world.check();
    assert_eq!(holder(&mut world, replace_scope), first);
    let back = ScopeChange { name: "dmz".into(), ..change };
    let error = world.write(|ledger| ledger.update_scope(&second, &back)).unwrap_err();
    assert!(matches!(error, Error::NameTaken { .. }), "{error:?}");
    world.check();
}

/// Stores of earlier versions lost the name in this way. The audit reports it, and an export can be imported again.
#[test]
fn an_active_object_without_its_name_is_a_finding() {
    let mut world = world();
    let first = replace_scope(&mut world, "nothing yet").unwrap();
    let second = replace_scope(&mut world, &first).unwrap();
    delete(&mut world, &second);
    let key = crate::ipam::storage::keys::name(Kind::Scope, crate::ipam::storage::keys::ROOT, "dmz");
    crate::store::Tx::delete(&mut world.map, &key).unwrap();
    let audit = world.read(|reader| reader.check()).unwrap();
    assert!(audit.findings.iter().any(|finding| finding.place == key), "{:#?}", audit.findings);
}
