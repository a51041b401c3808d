//! Tests of the removal of old events: the rest is verified and queried as before, and nothing is invented.

use std::time::Duration;

use jiff::Timestamp;

use crate::ipam::testing::*;
use crate::ipam::tests::simulation;
use crate::ipam::*;
use crate::store::Tx;

fn events(world: &mut World) -> Vec<Event> {
    world.read(|reader| reader.events(0, usize::MAX)).unwrap()
}

fn mark(world: &mut World) -> Option<Mark> {
    world.read(|reader| reader.mark()).unwrap()
}

/// Removes all events up to this one, `part` events at a time, and returns the removed events.
fn forget(world: &mut World, until: u64, part: usize) -> Vec<Event> {
    let forgotten: Vec<Event> = events(world).into_iter().filter(|event| event.sequence <= until).collect();
    let Some(last) = forgotten.last() else { return forgotten };
    let until = Until { sequence: last.sequence, hash: last.hash.clone() };
    while world.write(|ledger| ledger.forget_events(&until, true, part)).unwrap().unwrap().sequence < until.sequence {
        world.check();
    }
    forgotten
}

/// The faults that keep these events and the store from being one history.
fn witnessed(world: &mut World, archive: &[Event]) -> Vec<String> {
    let mark = mark(world);
    let mut witness = Witness::new(mark);
    let mut findings = Vec::new();
    for event in archive {
        findings.extend(witness.follow(event).unwrap());
    }
    findings.extend(world.read(|reader| reader.prove(&witness)).unwrap().into_iter().map(|finding| finding.what));
    findings
}

fn rich(seed: u64) -> World {
    let (entries, now) = simulation::rich(seed, 150);
    let mut world = World::new();
    world.now = now;
    let fill =
        |ledger: &mut Ledger<'_>| entries.iter().try_for_each(|(key, value)| Ok(ledger.tx.put(key, value.clone())?));
    world.write(fill).unwrap();
    world
}

fn all(world: &mut World) -> Vec<Tenure> {
    let query = HistoryQuery { include_planned: true, ..HistoryQuery::default() };
    world.read(|reader| reader.history(&query)).unwrap()
}

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn tenures_after_the_mark_or_still_open_at_it_are_reported_as_before() {
    for seed in 1..=6 {
        let mut world = rich(seed);
        let (whole, last) = (all(&mut world), events(&mut world).len() as u64);
        let from = Timestamp::from_second(1_800_000_000).unwrap();
        let now = world.now;
        let trends = world.read(|reader| reader.trends(from, now, HOUR)).unwrap();
        for until in [1, 7, last / 3, last / 2, last - 1, last] {
            forget(&mut world, until, 13);
            world.check();
            let known = mark(&mut world).unwrap();
            assert_eq!((known.sequence, known.archived), (until, true));
            let told = all(&mut world);
            assert!(told.iter().all(|tenure| whole.contains(tenure)), "seed {seed}, {until}: something was invented");
            let still = |tenure: &&Tenure| tenure.to.is_none_or(|to| to > known.time);
            let missing: Vec<&Tenure> = whole.iter().filter(still).filter(|tenure| !told.contains(tenure)).collect();
            assert!(missing.is_empty(), "seed {seed}, {until}: {missing:#?}");
            let order: Vec<u64> = told.iter().map(|tenure| tenure.event).collect();
            assert!(order.is_sorted(), "{order:?}");
            let now_told = world.read(|reader| reader.trends(from, now, HOUR)).unwrap();
            for (id, points) in &trends {
                let expected: Vec<_> = points.iter().filter(|point| point.time >= known.time).cloned().collect();
                assert_eq!(now_told[id], expected, "seed {seed}, {until}, pool {id}");
                let one = world.read(|reader| reader.trend(id, from, now, HOUR)).unwrap();
                assert_eq!(one, expected);
            }
        }
    }
}

#[test]
fn filters_apply_to_tenures_that_began_before_the_mark_too() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/16"]);
    let web = world.create(&pool, "web", "10.0.1.0/24").unwrap();
    world.create(&pool, "db", "10.0.2.0/24").unwrap();
    world.plan(&pool, "held", "10.0.3.0/24").unwrap();
    let last = events(&mut world).len() as u64;
    forget(&mut world, last, 100);
    world.wait(60);
    let late = world.create(&pool, "late", "10.0.4.0/24").unwrap();
    let names = |world: &mut World, query: HistoryQuery| {
        let told = world.read(|reader| reader.history(&query)).unwrap();
        told.into_iter().map(|tenure| tenure.name).collect::<Vec<_>>()
    };
    let any = HistoryQuery::default;
    let exact = |text: &str| HistoryQuery { cidr: Some((cidr(text), Match::Exact)), ..any() };
    assert_eq!(names(&mut world, exact("10.0.1.0/24")), ["web"]);
    assert_eq!(names(&mut world, exact("10.0.3.0/24")), [""; 0]);
    assert_eq!(names(&mut world, HistoryQuery { include_planned: true, ..exact("10.0.3.0/24") }), ["held"]);
    assert_eq!(names(&mut world, HistoryQuery { id: Some(web.meta.id.clone()), ..any() }), ["web"]);
    assert_eq!(names(&mut world, HistoryQuery { owner: Some("they".into()), ..any() }), [""; 0]);
    let in_pool = HistoryQuery { pool_id: Some(pool.meta.id.clone()), ..any() };
    assert_eq!(names(&mut world, in_pool), ["top", "web", "db", "late"]);
    let in_scope = HistoryQuery { scope_id: Some(pool.scope_id.clone()), ..any() };
    assert_eq!(names(&mut world, in_scope), ["top", "web", "db", "late"], "the position of a pool is kept");
    let of_late = world.read(|reader| reader.history(&HistoryQuery { id: Some(late.meta.id), ..any() })).unwrap();
    assert_eq!(of_late[0].scope_id.as_ref(), Some(&pool.scope_id));
}

#[test]
fn pruning_is_an_event_with_the_actor_and_the_new_mark() {
    let mut world = World::new();
    world.top("top", &["10.0.0.0/16"]);
    world.as_owner("auditor");
    forget(&mut world, 3, 2);
    let kept = events(&mut world);
    let said: Vec<_> = kept
        .iter()
        .filter(|event| event.action == "prune")
        .map(|event| {
            (event.actor.owner.as_str(), event.kind, event.before["sequence"].clone(), &event.after["sequence"])
        })
        .collect();
    assert_eq!(said[0], ("auditor", Kind::History, serde_json::Value::Null, &2.into()));
    assert_eq!(said[1], ("auditor", Kind::History, 2.into(), &3.into()));
    assert_eq!(kept.first().map(|event| event.sequence), Some(4));
    // A repeated call does nothing.
    let last = Until { sequence: 3, hash: kept[0].previous_hash.clone() };
    world.write(|ledger| ledger.forget_events(&last, true, 100)).unwrap();
    assert_eq!(events(&mut world), kept);
}

#[test]
fn a_store_with_removed_events_never_counts_as_empty() {
    let mut world = World::new();
    assert_eq!(world.read(|reader| reader.vacancy()).unwrap(), Vacancy::Vacant);
    forget(&mut world, 2, 100);
    world.check();
    assert_eq!(world.read(|reader| reader.vacancy()).unwrap(), Vacancy::InUse);
    assert!(world.read(|reader| reader.require_whole()).unwrap());
    assert_eq!(world.read(|reader| reader.last_event()).unwrap().map(|event| event.sequence), Some(3));
    assert_eq!(world.read(|reader| reader.events_kept()).unwrap(), 1);
}

#[test]
fn events_of_another_or_a_damaged_history_are_not_removed() {
    let mut world = World::new();
    world.top("top", &["10.0.0.0/16"]);
    let until = Until { sequence: 2, hash: "another".to_owned() };
    let error = world.write(|ledger| ledger.forget_events(&until, true, 100)).unwrap_err();
    assert!(
        matches!(&error, Error::Store(crate::store::Error::Corrupt(why)) if why.contains("to be forgotten")),
        "{error:?}"
    );
    let whole = events(&mut world);
    let key = "event/00000000000000000002";
    let text = String::from_utf8(world.map.entries()[key].clone()).unwrap();
    world.map.put(key, text.replace("default-public", "default-pub1ic").into_bytes()).unwrap();
    let until = Until { sequence: 3, hash: whole[2].hash.clone() };
    let error = world.write(|ledger| ledger.forget_events(&until, true, 100)).unwrap_err();
    assert!(
        matches!(&error, Error::Store(crate::store::Error::Corrupt(why)) if why.contains("changed after")),
        "{error:?}"
    );
    let late = world.now.checked_add(HOUR).unwrap();
    world.read(|reader| reader.forgettable(late, &mut |_| Ok(()))).unwrap_err();
    assert_eq!(mark(&mut world), None);
}

#[test]
fn only_old_events_are_forgettable() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/16"]);
    let old = events(&mut world).len() as u64;
    world.wait(60);
    let then = world.now;
    world.create(&pool, "web", "/24").unwrap();
    let mut seen = 0;
    let mut until = |world: &mut World, before| {
        world
            .read(|reader| {
                reader.forgettable(before, &mut |_| {
                    seen += 1;
                    Ok(())
                })
            })
            .unwrap()
            .map(|until| until.sequence)
    };
    assert_eq!(until(&mut world, then), Some(old));
    assert_eq!(until(&mut world, Timestamp::MIN), None);
    assert_eq!(seen, old);
}

#[test]
fn archives_and_store_are_one_history_and_any_change_shows() {
    let mut world = rich(3);
    let last = events(&mut world).len() as u64;
    let mut archive = forget(&mut world, last / 2, 20);
    archive.extend(forget(&mut world, last / 2 + 10, 20));
    assert_eq!(witnessed(&mut world, &archive), [""; 0]);
    // The process was killed after archiving: events in both places are not a fault.
    let mut more = archive.clone();
    more.extend(events(&mut world).into_iter().take(5));
    assert_eq!(witnessed(&mut world, &more), [""; 0]);
    // An archive that another process wrote at the same time has events twice.
    more.extend_from_slice(&archive[3..9]);
    assert_eq!(witnessed(&mut world, &more), [""; 0]);

    let says = |world: &mut World, archive: &[Event], words: &str| {
        let found = witnessed(world, archive);
        assert!(found.iter().any(|what| what.contains(words)), "{words}: {found:?}");
    };
    let mut changed = archive.clone();
    changed[4].actor.owner = "team/none".to_owned();
    says(&mut world, &changed, "The event was changed after it was written");
    says(&mut world, &archive[..archive.len() - 2], "the events in between are missing");
    says(&mut world, &[], "no archive contains any of them");
    says(&mut world, &[&archive[..7], &archive[8..]].concat(), "missing or out of order");
    changed = more.clone();
    changed.last_mut().unwrap().hash = "x".to_owned();
    says(&mut world, &changed, "twice, with different content");
    let other = events(&mut rich(4));
    says(&mut world, &other, "its hash differs");
    says(&mut world, &other, "The archives have another event with this number");
    let beyond = forget(&mut rich(3), last, 1000);
    let mut short = rich(3);
    let gone: Vec<_> = short.map.entries().keys().filter(|key| key.starts_with("event/")).cloned().collect();
    short.map.delete(gone.last().unwrap()).unwrap();
    let head = serde_json::json!({ "v": 1, "sequence": last - 1, "hash": beyond[beyond.len() - 2].hash });
    short.map.put("meta/event", head.to_string().into_bytes()).unwrap();
    says(&mut short, &beyond, "but the store ends with event");
    // Remnants that were changed together with their digest differ from the archives.
    let key = world.map.entries().keys().find(|key| key.starts_with("remnant/ipam-pool-alloc")).unwrap().clone();
    let value = world.map.entries()[&key].clone();
    world.map.delete(&key).unwrap();
    says(&mut world, &archive, "the store keeps no data about it");
    let text = String::from_utf8(value).unwrap().replace("\"owner\":\"", "\"owner\":\"x");
    world.map.put(&key, text.into_bytes()).unwrap();
    says(&mut world, &archive, "differs from the archives");
}

#[test]
fn a_mark_that_was_changed_shows_without_an_archive() {
    let mut world = rich(2);
    let last = events(&mut world).len() as u64;
    forget(&mut world, last / 2, 20);
    forget(&mut world, last / 2 + 10, 20);
    world.check();
    let text = String::from_utf8(world.map.entries()["meta/forgotten"].clone()).unwrap();
    let found = |map: &mut dyn FnMut(&mut World)| {
        let mut damaged =
            World { map: world.map.clone(), now: world.now, seed: 5, actor: world.actor.clone(), run: None };
        map(&mut damaged);
        let findings = damaged.read(|reader| reader.check()).unwrap().findings;
        findings.into_iter().map(|finding| finding.what).collect::<Vec<_>>()
    };
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    for (field, other) in [
        ("sequence", serde_json::json!(last / 2)),
        ("hash", serde_json::json!("00")),
        ("time", serde_json::json!("2020-01-01T00:00:00Z")),
        ("archived", serde_json::json!(false)),
        ("remembered", serde_json::json!("7")),
    ] {
        let mut changed = value.clone();
        changed[field] = other;
        let what = found(&mut |world| world.map.put("meta/forgotten", changed.to_string().into_bytes()).unwrap());
        assert!(
            what.iter().any(|what| what.contains("differs from the mark of the last event of pruning")),
            "{field}: {what:?}"
        );
    }
    let gone = found(&mut |world| world.map.delete("meta/forgotten").unwrap());
    assert!(gone.iter().any(|what| what.ends_with("were forgotten, but there is no mark.")), "{gone:?}");
    let first =
        events(&mut World { map: world.map.clone(), now: world.now, seed: 5, actor: world.actor.clone(), run: None })
            [0]
        .sequence;
    let cut = found(&mut |world| world.map.delete(&format!("event/{first:020}")).unwrap());
    assert!(cut[0].contains("is missing or out of order"), "{cut:?}");
    let past = found(&mut |world| {
        let key = world.map.entries().keys().find(|key| key.starts_with("remnant/")).unwrap().clone();
        let text = String::from_utf8(world.map.entries()[&key].clone()).unwrap();
        world.map.put(&key, text.replace("\"event\":", "\"event\":1").into_bytes()).unwrap();
    });
    assert!(
        past.iter().any(|what| what.starts_with("The data that is kept about forgotten events differs")),
        "{past:?}"
    );
}
