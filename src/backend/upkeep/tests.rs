//! Tests of exports, imports, merges and reclaimed holds, over stores in memory and SQLite files.

mod looking;

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use serde_json::Value;
use tempfile::TempDir;

use super::*;
use crate::backend::Surroundings;
use crate::backend::prelude::*;
use crate::ipam::testing::top;
use crate::ipam::tests::simulation;
use crate::ipam::{Actor, AllocationFilter, AllocationSpec, Finding, Planned, PoolSpec, Size, State, Tags, Tally};
use crate::store::faults::{Fault, Faulty};
use crate::store::memory::Memory;
use crate::store::sqlite::Sqlite;
use crate::store::{Order, Store};

mod forgetting;

/// A time after the end of all simulations.
fn later() -> Timestamp {
    Timestamp::from_second(1_800_000_000 + 40 * 24 * 3600).unwrap()
}

fn local(store: Arc<dyn Store>) -> Local {
    local_at(store, later())
}

fn local_at(store: Arc<dyn Store>, now: Timestamp) -> Local {
    local_drawing(store, now, 1)
}

/// A backend whose ids are the same as those of other backends with the same `from`.
fn local_drawing(store: Arc<dyn Store>, now: Timestamp, from: u64) -> Local {
    let drawn = std::sync::atomic::AtomicU64::new(from);
    let surroundings = Surroundings {
        clock: Arc::new(move || now),
        random: Arc::new(move || {
            drawn.fetch_add(1, std::sync::atomic::Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        }),
    };
    Local::over(store, Actor { owner: "mover".to_owned(), ..Actor::default() }, surroundings)
}

fn memory() -> Local {
    local(Arc::new(Memory::default()))
}

/// A store with the content at the end of a simulation.
fn rich(seed: u64) -> (Local, Timestamp) {
    type Simulated = (Vec<store::Entry>, Timestamp);
    static SIMULATED: [OnceLock<Simulated>; 9] = [const { OnceLock::new() }; 9];
    let (entries, now) = SIMULATED[usize::try_from(seed).unwrap()].get_or_init(|| simulation::rich(seed, 300));
    (local_at(filled(entries.iter().cloned()), *now), *now)
}

/// A store with these entries.
fn filled(entries: impl Iterator<Item = store::Entry>) -> Arc<Memory> {
    let memory = Memory::default();
    let entries: Vec<_> = entries.collect();
    let put = |tx: &mut dyn store::Tx| entries.iter().try_for_each(|(key, value)| tx.put(key, value.clone()));
    memory.write(&mut |tx| put(tx).map(|()| true)).unwrap();
    Arc::new(memory)
}

fn exported(ipam: &Local) -> String {
    let mut bytes = Vec::new();
    ipam.export(&mut bytes, &mut |_, _, _| ()).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// An export without its first line, which has the time and the source.
fn body(export: &str) -> &str {
    export.split_once('\n').unwrap().1
}

fn import_text(ipam: &Local, text: &str, mode: ImportMode) -> Result<Import> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("export.json");
    fs::write(&path, text).unwrap();
    match ipam.import_in_parts(&path, mode, PART, &mut |_, _, _| ()) {
        Ok(import) => Ok(import),
        Err(Stopped::Refused(error)) => Err(error),
        Err(other) => panic!("{other:?}"),
    }
}

/// Number of entries in a transaction, so that a few hundred entries make several.
const PART: usize = 100;
const PLAIN: ImportMode = ImportMode { merge: false, dry_run: false };
const MERGE: ImportMode = ImportMode { merge: true, dry_run: false };

#[track_caller]
fn assert_clean(ipam: &Local) {
    assert_eq!(ipam.check().unwrap().findings, []);
}

/// All entries of a store.
fn entries(ipam: &Local) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut body = |snapshot: &mut dyn store::Snapshot| {
        found = snapshot.scan("".."\u{7f}", Order::Ascending, usize::MAX)?.into_iter().collect();
        Ok(())
    };
    ipam.store().read(&mut body).unwrap();
    found
}

fn sqlite(directory: &TempDir, name: &str) -> Local {
    local(Arc::new(Sqlite::new(directory.path().join(name)).unwrap()))
}

#[test]
fn export_import_export_is_the_same_to_the_byte() {
    for seed in 1..=4 {
        let (source, _) = rich(seed);
        let export = exported(&source);
        assert!(export.contains("\"state\":\"planned\"") && export.contains("\"state\":\"active\""), "seed {seed}");
        let directory = tempfile::tempdir().unwrap();
        for target in [memory(), sqlite(&directory, "a.db")] {
            // A store with its default scopes counts as empty too.
            target.list_scopes(false).unwrap();
            let import = import_text(&target, &export, PLAIN).unwrap();
            assert_eq!((&import.problems, &import.notes, import.merged), (&vec![], &vec![], false));
            assert_clean(&target);
            assert_eq!(body(&exported(&target)), body(&export), "seed {seed}");
            let (old, new) = (entries(&source), entries(&target));
            let differing: Vec<&String> =
                old.keys().chain(new.keys()).filter(|key| old.get(*key) != new.get(*key)).collect();
            // If several lapsed holds have one name, the index may name any of them; sums of zero may be left out; and
            // each store counts its own scans of accounts.
            let excused = |key: &String| key.starts_with("name/") || key.starts_with("count/") || key == "meta/seen";
            assert!(differing.iter().all(|key| excused(key)), "seed {seed}: {differing:#?}");
        }
    }
}

#[test]
fn lapsed_holds_and_planned_growth_move_too() {
    let texts: Vec<String> = (1..=8).map(|seed| exported(&rich(seed).0)).collect();
    for wanted in
        ["\"state\":\"lapsed\"", "\"growth\":{", "\"source_allocation_id\":\"ipam-pool-alloc-", "\"hold_expires_at\""]
    {
        assert!(texts.iter().any(|text| text.contains(wanted)), "no simulation has {wanted}");
    }
}

#[test]
fn an_imported_store_behaves_like_the_old_one() {
    let (source, now) = rich(3);
    let target = local_at(Arc::new(Memory::default()), now);
    import_text(&target, &exported(&source), PLAIN).unwrap();
    let filter = AllocationFilter { include_planned: true, include_pools: true, ..AllocationFilter::default() };
    assert_eq!(source.list_allocations(&filter).unwrap(), target.list_allocations(&filter).unwrap());
    let collected = [&source, &target].map(|ipam| ipam.collect_expired(false, &mut |_, _, _| ()).unwrap().left);
    assert_eq!(collected[0], collected[1]);
    for ipam in [&source, &target] {
        for allocation in ipam.list_allocations(&AllocationFilter::default()).unwrap() {
            ipam.delete_allocation(&allocation.meta.id).unwrap();
        }
        assert_clean(ipam);
    }
    let (old, new) = (exported(&source), exported(&target));
    for (old, new) in body(&old).lines().zip(body(&new).lines()) {
        assert_eq!(old, new, "the same changes to both give the same result");
    }
}

fn wanted(pool_id: &str, name: &str, cidr: &str) -> AllocationSpec {
    AllocationSpec::new(pool_id, name, Size::Cidr(cidr.parse().unwrap()))
}

/// `top` with `eu` below it and an allocation `web` in that.
fn small(name: &str, cidr: &str, below: &str, web: &str) -> Local {
    let ipam = memory();
    let outer = ipam.create_pool(&top(name, &[cidr]), &Planned::Unknown).unwrap();
    let spec = PoolSpec { source_pool_id: Some(outer.meta.id), ..top("eu", &[below]) };
    let inner = ipam.create_pool(&spec, &Planned::Unknown).unwrap();
    ipam.create_allocation(&wanted(&inner.meta.id, "web", web), &Planned::Unknown).unwrap();
    ipam
}

#[test]
fn a_store_in_use_takes_nothing_without_merge() {
    let export = exported(&small("top", "10.0.0.0/8", "10.0.0.0/16", "10.0.0.0/24"));
    let target = small("other", "172.16.0.0/12", "172.16.0.0/16", "172.16.0.0/24");
    let before = entries(&target);
    assert_eq!(import_text(&target, &export, PLAIN), Err(Error::NotVacant));
    assert_eq!(entries(&target), before);
    // After all objects are deleted, the store still has a history of its own.
    let emptied = memory();
    let pool = emptied.create_pool(&top("gone", &["10.0.0.0/8"]), &Planned::Unknown).unwrap();
    emptied.delete_pool(&pool.meta.id, true).unwrap();
    assert_eq!(import_text(&emptied, &export, PLAIN), Err(Error::NotVacant));
}

/// Copies a store into a new one, with other ids.
fn with_other_ids(ipam: Local) -> Local {
    let text = exported(&ipam);
    let moved = text.replace("ipam-pool-alloc-", "ipam-pool-alloc-f").replace("ipam-pool-cidr-", "ipam-pool-cidr-f");
    let ids: Vec<String> =
        ipam.list_pools(&crate::backend::PoolFilter::default()).unwrap().into_iter().map(|pool| pool.meta.id).collect();
    let moved = ids.iter().fold(moved, |text, id| text.replace(id.as_str(), &format!("{id}f")));
    let scopes = ipam.list_scopes(true).unwrap();
    let moved = scopes.iter().fold(moved, |text, scope| text.replace(&scope.meta.id, &format!("{}f", scope.meta.id)));
    let target = memory();
    let import = import_text(&target, &without_events(&moved), PLAIN).unwrap();
    assert_eq!(import.problems, []);
    target
}

fn without_events(export: &str) -> String {
    let start = export.find("\"events\":[").unwrap();
    format!("{}\"events\":[]}}\n", &export[..start])
}

#[test]
fn merging_brings_in_what_is_new_and_skips_what_is_there() {
    let source = small("top", "10.0.0.0/8", "10.0.0.0/16", "10.0.0.0/24");
    let export = exported(&source);
    let target = with_other_ids(small("other", "172.16.0.0/12", "172.16.0.0/16", "172.16.0.0/24"));
    let dry = import_text(&target, &export, ImportMode { merge: true, dry_run: true }).unwrap();
    let before = entries(&target);
    let merged = import_text(&target, &export, MERGE).unwrap();
    assert_eq!(dry, merged);
    assert_ne!(entries(&target), before);
    assert_eq!(merged.problems, []);
    assert!(merged.merged);
    // The other allocation is the space of the pool below.
    let new = Tally { pools: 2, pool_cidrs: 2, allocations: 1, unnamed: 1, ..Tally::default() };
    assert_eq!((merged.new, merged.events, merged.present), (new, 6, Tally::default()));
    assert!(
        merged.notes[0]
            .what
            .starts_with("It is a default scope. Its pools (2) move to the default scope of the store, "),
        "{:?}",
        merged.notes
    );
    assert_clean(&target);
    for allocation in source.list_allocations(&AllocationFilter::default()).unwrap() {
        assert_eq!(target.get_allocation(&allocation.meta.id).unwrap().as_ref(), Some(&allocation));
    }
    let events = target.events(0, 1000).unwrap();
    assert_eq!(events.iter().filter(|event| event.action == "import").count(), 6);
    assert_eq!(events.last().unwrap().actor.owner, "mover");
    // A second merge finds that everything exists.
    let before = entries(&target);
    let again = import_text(&target, &export, MERGE).unwrap();
    assert_eq!((again.new, again.present, again.events, again.problems), (Tally::default(), new, 0, vec![]));
    assert_eq!(entries(&target), before);
    // The imported objects can be used like all others.
    for allocation in source.list_allocations(&AllocationFilter::default()).unwrap() {
        target.delete_allocation(&allocation.meta.id).unwrap();
    }
    for pool in source.list_pools(&crate::backend::PoolFilter::default()).unwrap() {
        target.delete_pool(&pool.meta.id, true).unwrap();
    }
    assert_clean(&target);
}

/// Merges a changed export of the source, and answers the problems.
fn conflict(target: &Local, export: &str) -> Vec<Finding> {
    let before = entries(target);
    let import = import_text(target, export, MERGE).unwrap();
    assert_eq!(entries(target), before, "something was written");
    import.problems
}

#[test]
fn every_conflict_of_a_merge_is_reported_and_nothing_is_written() {
    let source = small("top", "10.0.0.0/8", "10.0.0.0/16", "10.0.0.0/24");
    let export = exported(&source);
    let filter = crate::backend::PoolFilter::default();
    let pools = source.list_pools(&filter).unwrap();
    let (outer, inner) = (&pools[0].meta.id, &pools[1].meta.id);
    let web = source.list_allocations(&AllocationFilter::default()).unwrap().remove(0).meta.id;
    let has = |findings: &[Finding], place: &str, what: &str| {
        assert!(
            findings.iter().any(|finding| finding.place == place && finding.what.contains(what)),
            "nothing at {place} says {what:?}: {findings:#?}"
        );
    };

    // The same space in the same scope, and the same name.
    let twin = with_other_ids(small("top", "10.0.0.0/8", "10.0.0.0/16", "10.0.0.0/24"));
    let found = conflict(&twin, &export);
    assert!(found.iter().any(|finding| finding.what.contains("10.0.0.0/8 overlaps 10.0.0.0/8 of ")), "{found:#?}");
    assert!(
        found.iter().any(|finding| finding.what.starts_with("Its name \"top\" is also the name of ")),
        "{found:#?}"
    );
    assert!(found.len() >= 2, "all are reported: {found:#?}");

    // The same id with other content.
    let copy = memory();
    import_text(&copy, &export, PLAIN).unwrap();
    let other_words = edited(&export, outer, |pool| pool["strategy"] = "sparse".into());
    has(&conflict(&copy, &other_words), outer, "It is already in the store, with another strategy.");

    // A name and a block that another object got since.
    copy.delete_allocation(&web).unwrap();
    copy.create_allocation(&wanted(inner, "web", "10.0.0.128/25"), &Planned::Unknown).unwrap();
    let found = conflict(&copy, &export);
    has(&found, &web, "10.0.0.0/24 overlaps 10.0.0.128/25 of ipam-pool-alloc-");
    assert!(
        found.iter().any(|finding| finding.what.starts_with("Its name \"web\" is also the name of ")),
        "{found:#?}"
    );

    // The parent was deleted.
    let other = with_other_ids(small("other", "172.16.0.0/12", "172.16.0.0/16", "172.16.0.0/24"));
    let start = export.find("\"pools\":[").unwrap();
    let end = export.find("\"pool_cidrs\":[").unwrap();
    let orphans = format!("{}\"pools\":[],\n{}", &export[..start], &export[end..]);
    has(&conflict(&other, &orphans), &web, &format!("Its pool {inner} does not exist."));

    // Rules that contradict themselves.
    let rules = edited(&export, outer, |pool| pool["rules"]["min_netmask_length"] = 40.into());
    let found = conflict(&other, &rules);
    assert!(found.iter().any(|finding| finding.what.contains("40 is more than the 32 bits")), "{found:#?}");
}

/// The export with a change in the line of `id`.
fn edited(export: &str, id: &str, edit: impl Fn(&mut Value)) -> String {
    let start = format!("{{\"id\":\"{id}\"");
    let lines = export.lines().map(|line| {
        if !line.starts_with(&start) {
            return line.to_owned();
        }
        let comma = if line.ends_with(',') { "," } else { "" };
        let mut value: Value = serde_json::from_str(line.trim_end_matches(',')).unwrap();
        edit(&mut value);
        format!("{value}{comma}")
    });
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

#[test]
fn every_mistake_in_a_file_is_reported_and_nothing_is_written() {
    let source = small("top", "10.0.0.0/8", "10.0.0.0/16", "10.0.0.0/24");
    let export = exported(&source);
    let pools = source.list_pools(&crate::backend::PoolFilter::default()).unwrap();
    let (outer, inner) = (pools[0].meta.id.as_str(), pools[1].meta.id.as_str());
    let scope = source.list_scopes(false).unwrap().remove(0).meta.id;
    let web = source.list_allocations(&AllocationFilter::default()).unwrap().remove(0).meta.id;
    let set = |id: &str, name: &str, value: Value| edited(&export, id, |object| object[name] = value.clone());
    let line_of =
        |id: &str| 1 + export.lines().position(|line| line.starts_with(&format!("{{\"id\":\"{id}\""))).unwrap();
    let twice = export.lines().map(|line| {
        if line.starts_with(&format!("{{\"id\":\"{web}\"")) {
            format!("{0},\n{0}", line.trim_end_matches(',')) + if line.ends_with(',') { "," } else { "" }
        } else {
            line.to_owned()
        }
    });
    let twice = twice.collect::<Vec<_>>().join("\n");
    let table = [
        (set(&web, "cidr", "10.0.0.1/24".into()), format!("line {}", line_of(&web)), "cannot be read"),
        (set(&web, "cidr", "10.9.0.0/24".into()), web.clone(), "10.9.0.0/24 is not inside one provisioned CIDR of "),
        (set(&web, "cidr", "2001:db8::/64".into()), web.clone(), "2001:db8::/64 is not of its pool's family."),
        (set(&web, "pool_id", "ipam-pool-0".into()), web.clone(), "Its pool ipam-pool-0 does not exist."),
        (set(&web, "state", "planned".into()), web.clone(), "It is a hold that never expires."),
        (
            set(&web, "state", "gone".into()),
            format!("line {}", line_of(&web)),
            "one of `planned`, `lapsed`, `active` was expected",
        ),
        (twice, format!("line {}", line_of(&web) + 1), "There are two objects with the id "),
        (set(outer, "source_pool_id", inner.into()), outer.to_owned(), "It is inside itself."),
        (set(outer, "scope_id", "ipam-scope-0".into()), outer.to_owned(), "Its scope ipam-scope-0 does not exist."),
        (set(inner, "depth", 7.into()), inner.to_owned(), "Its depth is 7, that of its source pool 1."),
        (
            set(inner, "locale", "x".into()).replacen("\"locale\":null", "\"locale\":\"y\"", 1),
            inner.to_owned(),
            "another locale",
        ),
        (set(inner, "cidrs", Value::Array(vec![])), inner.to_owned(), "Its declared blocks are {}"),
        (
            set(&scope, "is_default", false.into()),
            "scopes".to_owned(),
            "There must be one default scope that is private, and there are 0.",
        ),
        (
            export.replacen("\"action\":\"create\",\"kind\":\"pool\"", "\"action\":\"delete\",\"kind\":\"pool\"", 1),
            String::new(),
            "Event 3: The event was changed after it was written: its hash does not match.",
        ),
        (
            export.lines().filter(|line| !line.starts_with("{\"sequence\":3,")).collect::<Vec<_>>().join("\n"),
            String::new(),
            "Event 4: Event 3 is missing or out of order.",
        ),
    ];
    for (broken, place, what) in table {
        assert_ne!(broken, export, "{what}");
        let target = memory();
        target.list_scopes(false).unwrap();
        let before = entries(&target);
        let import = import_text(&target, &broken, PLAIN).unwrap();
        let said = import
            .problems
            .iter()
            .any(|problem| (place.is_empty() || problem.place == place) && problem.what.contains(what));
        assert!(said, "nothing at {place:?} says {what:?}: {:#?}", import.problems);
        assert_eq!(entries(&target), before, "{what}: something was written");
    }
}

/// A store that fails after a number of writes, like a process that is killed.
fn breaking_off(memory: &Arc<Memory>, writes: usize) -> Local {
    let script = (0..writes).map(|_| Fault::None).chain([Fault::Lost(2)]);
    local(Arc::new(Faulty::script(Arc::clone(memory) as Arc<dyn Store>, script)))
}

/// An export that is large enough for several parts.
fn large() -> String {
    let ipam = memory();
    let pool = ipam.create_pool(&top("top", &["10.0.0.0/8"]), &Planned::Unknown).unwrap();
    let spec = wanted(&pool.meta.id, "net-0", "10.0.0.0/32");
    ipam.create_allocation(&spec, &Planned::Unknown).unwrap();
    let export = without_events(&exported(&ipam));
    let line = export.lines().find(|line| line.contains("\"net-0\"")).unwrap().to_owned();
    let id = ipam.list_allocations(&AllocationFilter::default()).unwrap().remove(0).meta.id;
    let many = (1..150).map(|n: u32| {
        let address = format!("10.0.{}.{}/32", n / 256, n % 256);
        line.replace(&id, &format!("ipam-pool-alloc-{n:017x}"))
            .replace("10.0.0.0/32", &address)
            .replace("net-0", &format!("net-{n}"))
    });
    let all: Vec<String> = std::iter::once(line.clone()).chain(many).collect();
    export.replace(&line, &all.join(",\n"))
}

#[test]
fn an_interrupted_import_is_not_usable_until_it_is_run_again() {
    let export = large();
    let source = memory();
    assert_eq!(import_text(&source, &export, PLAIN).unwrap().problems, []);
    assert_clean(&source);
    let (whole, mut broken) = (entries(&source), 0);
    assert!(source.store().kind() == "memory");
    for writes in 0..10 {
        let memory = Arc::new(Memory::default());
        let outcome = import_text(&breaking_off(&memory, writes), &export, PLAIN);
        let target = local(Arc::clone(&memory) as Arc<dyn Store>);
        if outcome.is_err() && writes > 0 {
            broken += 1;
            let filter = AllocationFilter::default();
            assert_eq!(target.list_allocations(&filter), Err(Error::Importing));
            assert_eq!(target.check().unwrap_err(), Error::Importing);
            assert_eq!(target.list_scopes(true), Err(Error::Importing));
            assert_eq!(target.create_pool(&top("x", &["10.0.0.0/8"]), &Planned::Unknown), Err(Error::Importing));
            assert_eq!(target.status().unwrap_err(), Error::Importing);
            assert_eq!(target.collect_expired(false, &mut |_, _, _| ()), Err(Error::Importing));
        }
        import_text(&target, &export, if outcome.is_ok() { MERGE } else { PLAIN }).unwrap();
        assert_clean(&target);
        assert_eq!(entries(&target), whole, "after {writes} writes");
    }
    assert!(broken >= 2, "an import of {} entries is too small for this test", whole.len());
}

#[test]
fn an_import_survives_commits_that_are_not_confirmed() {
    let export = large();
    let source = memory();
    import_text(&source, &export, PLAIN).unwrap();
    let whole = exported(&source);
    let whole = body(&whole);
    for uncertain in 0..6 {
        for fault in [Fault::DoneButUncertain, Fault::NotDoneButUncertain] {
            let memory = Arc::new(Memory::default());
            let script = (0..uncertain).map(|_| Fault::None).chain([fault]);
            let target = local(Arc::new(Faulty::script(Arc::clone(&memory) as Arc<dyn Store>, script)));
            let import = import_text(&target, &export, PLAIN).unwrap();
            assert_eq!(import.problems, []);
            assert_clean(&target);
            assert!(body(&exported(&target)) == whole, "{fault:?} at {uncertain}");
        }
    }
    // The same for a merge.
    let export = exported(&small("top", "10.0.0.0/8", "10.0.0.0/16", "10.0.0.0/24"));
    for fault in [Fault::DoneButUncertain, Fault::NotDoneButUncertain] {
        let memory = Arc::new(Memory::default());
        local(Arc::clone(&memory) as Arc<dyn Store>)
            .create_pool(&top("other", &["172.16.0.0/12"]), &Planned::Unknown)
            .unwrap();
        let other = with_other_ids(local(Arc::clone(&memory) as Arc<dyn Store>));
        let memory = filled(entries(&other).into_iter());
        let target = local(Arc::new(Faulty::script(memory, [fault])));
        let import = import_text(&target, &export, MERGE).unwrap();
        assert_eq!((import.new.sum(), import.problems), (6, vec![]), "{fault:?}");
        assert_clean(&target);
    }
}

#[test]
fn a_merge_is_prepared_again_after_another_writer() {
    let more = small("top", "10.0.0.0/8", "10.0.0.0/16", "10.0.0.0/24").read(|reader| reader.records()).unwrap();
    let target = with_other_ids(small("other", "172.16.0.0/12", "172.16.0.0/16", "172.16.0.0/24"));
    let merge = target.read(|reader| reader.merge(&more)).unwrap();
    // Another object gets the same space meanwhile.
    target.create_pool(&top("quick", &["10.0.0.0/16"]), &Planned::Unknown).unwrap();
    let before = entries(&target);
    assert_eq!(target.transact(|ledger| ledger.carry_out(&merge)), Ok(false));
    assert_eq!(entries(&target), before);
    let anew = target.read(|reader| reader.merge(&more)).unwrap();
    assert!(anew.conflicts.iter().any(|conflict| conflict.what.contains("10.0.0.0/8 overlaps 10.0.0.0/16 of ")));
}

#[test]
fn two_imports_at_once_do_not_mix() {
    let memory = Arc::new(Memory::default());
    let first = breaking_off(&memory, 1);
    let export = large();
    import_text(&first, &export, PLAIN).unwrap_err();
    // The second import takes over; the first one would find, if it continued, that the store is not its own any more.
    let mut outcome = None;
    let second = local(Arc::clone(&memory) as Arc<dyn Store>);
    second.transact(|ledger| ledger.begin_import("second")).unwrap();
    let late = second.transact(|ledger| {
        outcome = Some(ledger.write_part("first", &[("pool/x".to_owned(), Vec::new())]));
        Ok(())
    });
    assert_eq!((late, outcome), (Ok(()), Some(Err(Error::Importing))));
}

#[test]
fn expired_holds_are_reclaimed_everywhere_and_recorded_in_the_history() {
    let mut taken = 0;
    for seed in 1..=6 {
        let (ipam, now) = rich(seed);
        let before = exported(&ipam);
        let expected = ipam.status().unwrap().census;
        let dry = ipam.collect_expired(true, &mut |_, _, _| ()).unwrap();
        assert_eq!(body(&exported(&ipam)), body(&before), "a dry run writes nothing");
        let done = ipam.collect_expired(false, &mut |_, _, _| ()).unwrap();
        let told = |collection: &Collection| -> Vec<(String, String)> {
            collection.taken_back.iter().map(|event| (event.action.clone(), event.id.clone())).collect()
        };
        assert_eq!((told(&dry), dry.left, dry.forgotten), (told(&done), done.left, done.forgotten));
        assert!(done.taken_back.iter().all(|event| event.action == "expire" && event.time == now));
        taken += done.taken_back.len();
        assert_clean(&ipam);
        let left = ipam.status().unwrap().census;
        assert_eq!(left, done.left);
        assert!(left.holds <= expected.holds && left.allocations == expected.allocations);
        let again = ipam.collect_expired(false, &mut |_, _, _| ()).unwrap();
        assert_eq!((again.taken_back, again.left), (Vec::new(), left), "seed {seed}");
        // Weeks later, no hold and no lapsed hold is left.
        let store = filled(entries(&ipam).into_iter());
        let then = local_at(Arc::clone(&store) as Arc<dyn Store>, now + Duration::from_secs(3600));
        then.collect_expired(false, &mut |_, _, _| ()).unwrap();
        assert_clean(&then);
        let weeks = local_at(store, now + Duration::from_secs(8 * 24 * 3600));
        let done = weeks.collect_expired(false, &mut |_, _, _| ()).unwrap();
        assert_eq!((done.left.lapsed_holds, done.left.planned_growths), (0, 0), "seed {seed}");
        assert_eq!(done.left.holds, holds_in_use(&weeks), "seed {seed}");
        assert_clean(&weeks);
    }
    assert!(taken > 3, "the simulations left only {taken} expired holds");
}

/// Number of planned pool CIDRs that contain active allocations.
fn holds_in_use(ipam: &Local) -> u64 {
    let filter = crate::backend::PoolFilter { include_planned: true, ..Default::default() };
    let pools = ipam.list_pools(&filter).unwrap();
    let cidrs = pools.iter().flat_map(|pool| ipam.list_pool_cidrs(&pool.meta.id, true).unwrap());
    let is_used = |held: &crate::ipam::PoolCidr| {
        let filter = AllocationFilter {
            pool_id: Some(held.pool_id.clone()),
            within: Some(held.cidr),
            include_pools: true,
            ..Default::default()
        };
        !ipam.list_allocations(&filter).unwrap().is_empty()
    };
    cidrs.filter(|cidr| cidr.meta.state == State::Planned && is_used(cidr)).count() as u64
}

#[test]
fn the_census_counts_what_the_audit_counts() {
    for seed in 1..=6 {
        let (ipam, now) = rich(seed);
        let (status, audit) = (ipam.status().unwrap(), ipam.check().unwrap());
        let census = status.census;
        assert_eq!(
            (census.scopes, census.pools, census.allocations, census.holds),
            (audit.scopes, audit.pools, audit.allocations, audit.holds),
            "seed {seed}"
        );
        let text = exported(&ipam);
        let records: Vec<Value> = text
            .lines()
            .filter(|line| line.starts_with("{\"id\""))
            .map(|line| serde_json::from_str(line.trim_end_matches(',')).unwrap())
            .collect();
        let count = |keep: &dyn Fn(&Value) -> bool| records.iter().filter(|record| keep(record)).count() as u64;
        let sightings = text.lines().filter(|line| line.contains("\"first_seen\":")).count() as u64;
        assert_eq!(census.sightings, sightings, "seed {seed}");
        assert_eq!(census.discoveries, count(&|record| record["survey"].is_object()));
        assert_eq!(census.lapsed_holds, count(&|record| record["state"] == "lapsed"));
        assert_eq!(census.planned_growths, count(&|record| record["growth"].is_object()));
        assert_eq!(census.pool_cidrs, count(&|record| record["inline"].is_boolean() && record["state"] == "active"));
        let expired = |record: &Value| {
            record["state"] == "planned"
                && record["inline"] != Value::Bool(true)
                && record["hold_expires_at"].as_str().is_some_and(|at| at.parse::<Timestamp>().unwrap() <= now)
        };
        assert_eq!(census.expired_holds, count(&expired), "seed {seed}");
        assert_eq!((status.kind, status.format_version), ("memory", Some(1)));
        assert_eq!(status.last_event, ipam.events(audit.events - 1, 1).unwrap().pop());
    }
}

#[test]
fn an_export_that_cannot_be_written_is_an_error() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::other("no space"))
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let outcome = rich(1).0.export(&mut Full, &mut |_, _, _| ());
    assert!(matches!(outcome, Err(Stopped::Output(_))), "{outcome:?}");
}

/// A store whose reads all start again once, as after a lost connection.
struct ReadsTwice(Arc<dyn Store>);

impl Store for ReadsTwice {
    fn read(&self, body: &mut store::ReadBody<'_>) -> std::result::Result<(), store::Error> {
        self.0.read(&mut |snapshot| body(snapshot))?;
        self.0.read(body)
    }

    fn write(&self, body: &mut store::WriteBody<'_>) -> std::result::Result<(), store::Error> {
        self.0.write(body)
    }

    fn describe(&self) -> String {
        self.0.describe()
    }

    fn kind(&self) -> &'static str {
        self.0.kind()
    }
}

#[test]
fn an_export_is_from_one_snapshot_or_not_at_all() {
    let memory: Arc<dyn Store> = Arc::new(Memory::default());
    let outcome = local(Arc::new(ReadsTwice(memory))).export(&mut Vec::new(), &mut |_, _, _| ());
    let Err(Stopped::Refused(Error::Store(store::Error::Unavailable(why)))) = outcome else { panic!("{outcome:?}") };
    assert!(why.ends_with("was lost during the export: run the export again"), "{why}");
}

#[test]
fn a_store_that_keeps_nothing_has_nothing_to_prune() {
    assert_eq!(memory().prune(Duration::from_secs(1)), Ok(None));
}

/// Files of version 1 must stay readable forever: these two files are of one store, and do not change.
#[test]
fn a_store_and_an_export_of_version_1_are_read_and_worked_on() {
    let directory = tempfile::tempdir().unwrap();
    let dump = rusqlite::Connection::open(directory.path().join("old.db")).unwrap();
    dump.execute_batch(include_str!("samples/sqlite_1.sql")).unwrap();
    drop(dump);
    let (old, export) = (sqlite(&directory, "old.db"), include_str!("samples/export_1.json"));
    assert_clean(&old);
    assert_eq!(body(&exported(&old)), body(export));
    let new = memory();
    assert_eq!(import_text(&new, export, PLAIN).unwrap().problems, []);
    assert_clean(&new);
    assert_eq!(entries(&new), entries(&old));
    let pool = old.find_pool("top").unwrap().pop().unwrap();
    old.create_allocation(&wanted(&pool.meta.id, "new", "10.200.0.0/24"), &Planned::Unknown).unwrap();
    assert_clean(&old);
}
