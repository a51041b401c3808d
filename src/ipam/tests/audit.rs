//! The audit finds damage of every kind.

use crate::ipam::testing::*;
use crate::ipam::*;
use crate::store::Tx;

fn full() -> World {
    let mut world = World::new();
    let outer = world.top("top", &["10.0.0.0/16"]);
    let inner = world.write(|ledger| ledger.create_pool(&below(&outer, "eu", "/20"), &Planned::Unknown)).unwrap();
    let web = world.create(&inner, "web", "/24").unwrap();
    world.write(|ledger| ledger.plan_resize(&web.meta.id, size("/23"), &terms())).unwrap();
    world.plan(&inner, "held", "/24").unwrap();
    world.plan(&outer, "lapsing", "10.0.128.0/17").unwrap();
    world.wait(61);
    world.create(&outer, "large", "10.0.128.0/17").unwrap();
    // With a part of the history forgotten, and remembered.
    let last = world.read(|reader| reader.events(8, 1)).unwrap().remove(0);
    let until = Until { sequence: last.sequence, hash: last.hash };
    world.write(|ledger| ledger.forget_events(&until, true, 5)).unwrap();
    world.write(|ledger| ledger.forget_events(&until, true, 5)).unwrap();
    assert!(world.map.entries().keys().any(|key| key.starts_with("remnant/")));
    world.check();
    world
}

#[test]
fn no_entry_can_go_missing_unseen() {
    let world = full();
    for key in world.map.entries().keys() {
        // Without its format version a store is taken for a new one; default scopes are found by their records.
        if key == "meta/format" || key.starts_with("default/") {
            continue;
        }
        let mut damaged = World { map: world.map.clone(), now: world.now, seed: 5, actor: world.actor.clone() };
        damaged.map.delete(key).unwrap();
        let lapsed_name = key.starts_with("name/") && key.ends_with("/lapsing");
        let audit = damaged.read(|reader| reader.check()).unwrap();
        assert!(lapsed_name || !audit.findings.is_empty(), "{key} went missing unseen");
    }
}

#[test]
fn no_value_can_be_rubbish_unseen() {
    let world = full();
    for (key, value) in world.map.entries() {
        if value.is_empty() || key == "meta/format" {
            continue;
        }
        let mut damaged = World { map: world.map.clone(), now: world.now, seed: 5, actor: world.actor.clone() };
        damaged.map.put(key, b"\xffrubbish".to_vec()).unwrap();
        let audit = damaged.read(|reader| reader.check()).unwrap();
        assert!(!audit.findings.is_empty(), "{key}");
    }
}

#[test]
fn names_that_begin_with_one_another_are_all_seen() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/16"]);
    // More than are read at a time, each of them the beginning of the next.
    let names: Vec<String> = (1..=1100).map(|length| "n".repeat(length)).collect();
    world
        .write(|ledger| {
            let made =
                names.iter().map(|name| ledger.create_allocation(&wanted(&pool, name, "/32"), &Planned::Unknown));
            made.collect::<Result<Vec<_>>>()
        })
        .unwrap();
    assert_eq!(world.check().allocations, 1100);
}

#[test]
fn rewritten_past_shows() {
    let mut world = full();
    let (key, value) = world.map.entries().iter().find(|(key, _)| key.starts_with("event/")).unwrap();
    let (key, text) = (key.clone(), String::from_utf8(value.clone()).unwrap());
    world.map.put(&key, text.replace("\"us\"", "\"me\"").into_bytes()).unwrap();
    let audit = world.read(|reader| reader.check()).unwrap();
    assert!(audit.findings[0].what.contains("changed after it was written"), "{:?}", audit.findings);
}

#[test]
fn store_of_a_later_version_is_not_touched() {
    let mut world = full();
    world.map.put("meta/format", b"2".to_vec()).unwrap();
    let error = world.write(|ledger| ledger.initialize()).unwrap_err();
    assert_eq!(error, Error::Store(crate::store::Error::Newer { found: 2, known: 1 }));
}
