//! Tests of transfers of objects to another owner.

use crate::ipam::testing::*;
use crate::ipam::*;

fn to(owner: &str) -> Transfer {
    Transfer { to: owner.into(), from: None }
}

fn transfer(world: &mut World, ids: &[&str], transfer: &Transfer) -> Result<Vec<Event>> {
    let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
    world.write(|ledger| ledger.transfer(&ids, transfer))
}

/// A scope, a pool with a block of its declaration and an additional block from another pool, and an allocation.
struct Made {
    scope: Scope,
    top: Pool,
    below: Pool,
    beside: PoolCidr,
    web: Allocation,
}

fn made(world: &mut World) -> Made {
    let spec = scope("lab");
    let scope = world.write(|ledger| ledger.create_scope(&spec, &Planned::Unknown)).unwrap();
    let top = world.top("top", &["10.0.0.0/8"]);
    let spec = below(&top, "below", "/16");
    let below = world.write(|ledger| ledger.create_pool(&spec, &Planned::Unknown)).unwrap();
    let more = PoolCidrSpec { pool_id: below.meta.id.clone(), name: None, size: size("10.9.0.0/16"), proof: None };
    let beside = world.write(|ledger| ledger.create_pool_cidr(&more, &Planned::Unknown)).unwrap();
    let web = world.create(&below, "web", "/24").unwrap();
    Made { scope, top, below, beside, web }
}

/// The owners of everything in a pool: its blocks, and the space that it takes.
fn owners_of_blocks(world: &mut World, made: &Made) -> Vec<(String, String)> {
    let all = AllocationFilter { include_pools: true, ..AllocationFilter::default() };
    let spaces = world.read(|reader| reader.list_allocations(&all)).unwrap();
    let space =
        |id: &Option<String>| spaces.iter().find(|one| Some(&one.meta.id) == id.as_ref()).unwrap().meta.owner.clone();
    let blocks = world.read(|reader| reader.list_pool_cidrs(&made.below.meta.id, true)).unwrap();
    blocks.iter().map(|one| (one.meta.owner.clone(), space(&one.source_allocation_id))).collect()
}

#[test]
fn an_object_is_transferred_alone_and_with_an_event() {
    let mut world = World::new();
    let made = made(&mut world);
    let ids = [&made.scope.meta.id, &made.below.meta.id, &made.web.meta.id].map(String::as_str);
    let events = transfer(world.as_owner("admin"), &ids, &to("them")).unwrap();
    let told: Vec<_> = events.iter().map(|event| (event.action.as_str(), event.id.as_str())).collect();
    assert_eq!(told, ids.map(|id| ("transfer", id)));
    assert!(events.iter().all(|event| event.actor.owner == "admin" && event.before["owner"] == "us"));
    assert!(events.iter().all(|event| event.after["owner"] == "them"));
    assert_eq!(world.read(|reader| reader.get_allocation(&made.web.meta.id)).unwrap().unwrap().meta.owner, "them");
    assert_eq!(world.read(|reader| reader.get_pool(&made.top.meta.id)).unwrap().unwrap().meta.owner, "us");
    let pair = |owner: &str| (owner.to_owned(), owner.to_owned());
    assert_eq!(owners_of_blocks(&mut world, &made), [pair("them"), pair("us")], "only the block of its declaration");
    world.check();
    transfer(&mut world, &[&made.beside.meta.id], &to("third")).unwrap();
    assert_eq!(owners_of_blocks(&mut world, &made), [pair("them"), pair("third")]);
    world.check();

    // A repeated call changes nothing.
    assert_eq!(transfer(&mut world, &ids, &to("them")), Ok(vec![]));
}

#[test]
fn a_refused_transfer_names_the_reason_and_transfers_nothing() {
    let mut world = World::new();
    let made = made(&mut world);
    let held = world.plan(&made.below, "held", "/24").unwrap().meta.id;
    let default =
        world.read(|reader| reader.list_scopes(false)).unwrap().into_iter().find(|one| one.is_default).unwrap();
    let inline = world.read(|reader| reader.list_pool_cidrs(&made.below.meta.id, false)).unwrap().remove(0);
    let space = inline.source_allocation_id.clone().unwrap();
    let of_pool = || Staying::OfPool { id: made.below.meta.id.clone() };
    let not_of = || Staying::NotOf { owner: "third".into() };
    let from = |owner: &str| Transfer { from: Some(owner.into()), ..to("them") };
    // With `--from`, the first of the two objects is checked as well.
    for (id, how, expected) in [
        (&held, to("them"), Staying::Planned),
        (&default.meta.id, to("them"), Staying::Default),
        (&inline.meta.id, to("them"), of_pool()),
        (&space, to("them"), of_pool()),
        (&made.top.meta.id, from("third"), not_of()),
    ] {
        let answer = transfer(&mut world, &[&made.web.meta.id, id], &how);
        match answer {
            Err(Error::Staying { why, of }) => assert!(why == expected, "{of:?} {why:?}"),
            other => panic!("{id}: {other:?}"),
        }
        assert_eq!(world.read(|reader| reader.get_allocation(&made.web.meta.id)).unwrap().unwrap().meta.owner, "us");
    }
    for id in ["ipam-pool-alloc-0", "ipam-res-disco-0", "web"] {
        assert!(matches!(transfer(&mut world, &[id], &to("them")), Err(Error::NotFound { .. })), "{id}");
    }
    assert_eq!(transfer(&mut world, &[&made.web.meta.id], &from("us")).unwrap().len(), 1);
    world.check();
}

/// The space of a pool has an event of its own when a plan held its growth.
#[test]
fn a_pool_that_has_grown_is_transferred_completely() {
    let mut world = World::new();
    let made = made(&mut world);
    let grown = reprovisioned(&made.below, Provision::NetmaskLength(15));
    world.write(|ledger| ledger.plan_pool_change(&made.below.meta.id, &grown, &terms())).unwrap();
    transfer(&mut world, &[&made.below.meta.id], &to("them")).unwrap();
    world.check();
    // The hold is transferred too: the plan that showed it can be applied as before.
    let after = world.write(|ledger| ledger.update_pool(&made.below.meta.id, &grown)).unwrap();
    assert_eq!(after.cidrs.first().unwrap().netmask_length(), 15);
    assert_eq!(after.meta.owner, "them");
    transfer(&mut world, &[&made.below.meta.id], &to("third")).unwrap();
    world.check();
    world.write(|ledger| ledger.delete_pool(&made.below.meta.id, true)).unwrap();
    world.check();
}

/// After a transfer the name belongs to the new owner, and the plans of the former owner do not adopt the object.
#[test]
fn the_new_owner_adopts_an_object_that_an_interrupted_apply_left_behind() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/8"]);
    let web = world.create(&pool, "web", "/24").unwrap();
    transfer(&mut world, &[&web.meta.id], &to("them")).unwrap();
    let Err(Error::NameTaken { existing, asked_by }) = world.plan(&pool, "web", "/24") else { panic!() };
    assert_eq!((existing.owner.as_str(), asked_by.as_deref()), ("them", Some("us")));
    assert_eq!(world.as_owner("them").plan(&pool, "web", "/24").unwrap().meta.id, web.meta.id);
    world.check();
}

#[test]
fn a_transfer_does_not_change_past_tenures() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/8"]);
    let web = world.create(&pool, "web", "10.0.0.0/24").unwrap();
    let query = HistoryQuery { id: Some(web.meta.id.clone()), ..HistoryQuery::default() };
    let before = world.read(|reader| reader.history(&query)).unwrap();
    transfer(&mut world, &[&web.meta.id], &to("them")).unwrap();
    assert_eq!(world.read(|reader| reader.history(&query)).unwrap(), before);
}
