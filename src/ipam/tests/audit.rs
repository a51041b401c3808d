//! Tests that the audit finds damage of every kind.

use crate::ipam::discovery::types::{Sample, Sighting};
use crate::ipam::testing::*;
use crate::ipam::tests::discovery::{address, of, vpc};
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
    looks(&mut world);
    // With a part of the history removed, and remnants of it.
    let last = world.read(|reader| reader.events(8, 1)).unwrap().remove(0);
    let until = Until { sequence: last.sequence, hash: last.hash };
    world.write(|ledger| ledger.forget_events(&until, true, 5)).unwrap();
    world.write(|ledger| ledger.forget_events(&until, true, 5)).unwrap();
    assert!(world.map.entries().keys().any(|key| key.starts_with("remnant/")));
    world.check();
    world
}

/// Scans that store sightings of every kind.
fn looks(world: &mut World) {
    let importing = PoolSpec {
        locale: Some("us-east-1".into()),
        special: Special { auto_import: true, ..Special::default() },
        ..top("vpcs", &["172.16.0.0/12"])
    };
    world.write(|ledger| ledger.create_pool(&importing, &Planned::Unknown)).unwrap();
    let discovery = world.discovery("all");
    world.sees(&discovery, &[vpc("vpc-1", "172.16.0.0/16"), vpc("vpc-9", "172.19.0.0/16")]);
    world.sees(&discovery, &[vpc("vpc-1", "172.16.0.0/16"), vpc("vpc-2", "172.17.0.0/16")]);
    world.write(|ledger| ledger.reconcile()).unwrap();
    let ignored = Treatment { monitored: false, scope_id: None };
    world.write(|ledger| ledger.treat(&of("vpc-2", "172.17.0.0/16"), &ignored)).unwrap();
    let addresses = vec![address("203.0.113.7")];
    let sample = Sample {
        account_id: "2".into(),
        region: "us-east-1".into(),
        taken_at: world.now,
        outcome: Ok(Sighting { resources: Vec::new(), addresses }),
    };
    world.write(|ledger| ledger.take_sample(&discovery.meta.id, &sample)).unwrap();
}

#[test]
fn no_entry_can_go_missing_unseen() {
    let world = full();
    for key in world.map.entries().keys() {
        // A store without its format version counts as a new one, and default scopes are found by their records.
        if key == "meta/format" || key.starts_with("default/") {
            continue;
        }
        let mut damaged =
            World { map: world.map.clone(), now: world.now, seed: 5, actor: world.actor.clone(), run: None };
        damaged.map.delete(key).unwrap();
        // The audit cannot notice that a public address or the number of scans is missing, because no other entry
        // depends on it.
        let nothing_hangs_on_it = ["address/", "meta/seen"].iter().any(|start| key.starts_with(start));
        let lapsed_name = key.starts_with("name/") && key.ends_with("/lapsing");
        let audit = damaged.read(|reader| reader.check()).unwrap();
        assert!(lapsed_name || nothing_hangs_on_it || !audit.findings.is_empty(), "{key} went missing unseen");
    }
}

#[test]
fn no_value_can_be_damaged_unseen() {
    let world = full();
    for (key, value) in world.map.entries() {
        if value.is_empty() || key == "meta/format" || key == "meta/seen" {
            continue;
        }
        let mut damaged =
            World { map: world.map.clone(), now: world.now, seed: 5, actor: world.actor.clone(), run: None };
        damaged.map.put(key, b"\xffrubbish".to_vec()).unwrap();
        let audit = damaged.read(|reader| reader.check()).unwrap();
        assert!(!audit.findings.is_empty(), "{key}");
    }
}

#[test]
fn names_that_begin_with_one_another_are_all_seen() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/16"]);
    // More names than one page of the audit has, each of which is the beginning of the next.
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
