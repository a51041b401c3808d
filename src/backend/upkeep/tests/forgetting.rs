//! Tests of archiving and pruning events, interrupted at any step; and of exports of a store with pruned events.

use std::path::{Path, PathBuf};

use super::*;
use crate::backend::upkeep::archive::Archive;
use crate::ipam::{Event, HistoryQuery};

/// Keeps no events of a simulated store.
const NOTHING: Duration = Duration::ZERO;

fn mode(archive: Option<&Path>) -> ForgetMode<'_> {
    ForgetMode { keep: NOTHING, archive, dry_run: false }
}

fn prune(ipam: &Local, mode: ForgetMode<'_>) -> std::result::Result<PrunedEvents, Stopped> {
    ipam.prune_events_in_parts(mode, 20, &mut |_, _, _| ())
}

/// The reason why the archive was refused.
#[track_caller]
fn refused(ipam: &Local, archive: &Path) -> String {
    let (before, there) = (entries(ipam), fs::read(archive).unwrap());
    match prune(ipam, mode(Some(archive))) {
        Err(Stopped::Archive(path, why)) if path == archive => {
            assert_eq!(entries(ipam), before, "nothing is forgotten");
            assert_eq!(fs::read(archive).unwrap(), there, "nothing is written");
            why
        }
        other => panic!("{other:?}"),
    }
}

fn archived(path: &Path) -> Vec<Event> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Asserts that the store is sound, and that it forms one history with these archives.
#[track_caller]
fn assert_proved(ipam: &Local, archives: &[PathBuf]) -> Witnessed {
    let (audit, witnessed) = ipam.check_with_archives(archives).unwrap();
    assert_eq!(audit.findings, []);
    assert_eq!(witnessed.last, audit.forgotten + audit.events);
    witnessed
}

fn all_events(ipam: &Local) -> Vec<Event> {
    ipam.events(0, usize::MAX).unwrap()
}

/// A store with the entries of a simulated one, and a time that is a little later.
fn aged(seed: u64) -> (Arc<Memory>, Timestamp) {
    let (source, now) = rich(seed);
    (filled(entries(&source).into_iter()), now.checked_add(Duration::from_secs(60)).unwrap())
}

/// A backend over this store, `later` seconds later.
fn over(store: &Arc<Memory>, now: Timestamp, later: u64) -> Local {
    local_at(Arc::clone(store) as Arc<dyn Store>, now.checked_add(Duration::from_secs(later)).unwrap())
}

#[test]
fn events_are_in_the_archive_before_they_are_forgotten() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("events.jsonl");
    let (store, now) = aged(1);
    let ipam = over(&store, now, 0);
    let (whole, query) = (all_events(&ipam), HistoryQuery::default());
    let still = |ipam: &Local| -> Vec<_> {
        ipam.tenures(&query).unwrap().into_iter().filter(|tenure| tenure.to.is_none()).collect()
    };
    let before = still(&ipam);

    let dry = prune(&ipam, ForgetMode { dry_run: true, ..mode(Some(&path)) }).unwrap();
    assert_eq!((dry.forgotten, dry.archived, dry.kept), (whole.len() as u64, whole.len() as u64, 0));
    assert!(!path.exists() && all_events(&ipam) == whole, "a dry run writes nothing");

    let pruned = prune(&ipam, mode(Some(&path))).unwrap();
    assert_eq!((pruned.forgotten, pruned.archived), (whole.len() as u64, whole.len() as u64));
    assert_eq!(archived(&path), whole, "each of them, once");
    assert_eq!(pruned.kept, all_events(&ipam).len() as u64);
    assert!(all_events(&ipam).iter().all(|event| event.action == "prune" && event.actor.owner == "mover"));
    assert_eq!(still(&ipam), before);
    assert_proved(&ipam, std::slice::from_ref(&path));
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions()) & 0o777, 0o600);

    // The next run continues in the same file, or in another one.
    let later = over(&store, now, 60);
    let more = prune(&later, mode(Some(&path))).unwrap();
    assert_eq!(archived(&path).len() as u64, whole.len() as u64 + more.forgotten);
    let another = directory.path().join("more.jsonl");
    let latest = over(&store, now, 120);
    assert_eq!(prune(&latest, mode(Some(&another))).unwrap().forgotten, 1);
    assert_proved(&latest, &[another, path]);
}

#[test]
fn recent_events_stay_and_an_empty_archive_is_not_created() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("events.jsonl");
    let (store, now) = aged(2);
    let ipam = over(&store, now, 0);
    let whole = all_events(&ipam);
    let keep = |keep| ForgetMode { keep, ..mode(Some(&path)) };
    let long = Duration::from_secs(3650 * 24 * 3600);
    let nothing = prune(&ipam, keep(long)).unwrap();
    assert_eq!((nothing.forgotten, nothing.until, nothing.kept), (0, None, whole.len() as u64));
    assert!(!path.exists());
    let middle = whole[whole.len() / 2].time;
    let pruned = prune(&ipam, keep(now.duration_since(middle).try_into().unwrap())).unwrap();
    assert!(archived(&path).iter().all(|event| event.time < middle));
    assert_eq!(all_events(&ipam)[0].time, middle);
    assert_eq!(pruned.mark.unwrap().sequence + 1, all_events(&ipam)[0].sequence);
}

#[test]
fn pruning_without_an_archive_loses_events_and_the_mark_records_that() {
    let (store, now) = aged(1);
    let ipam = over(&store, now, 0);
    let pruned = prune(&ipam, mode(None)).unwrap();
    assert_eq!((pruned.archived, pruned.mark.clone().map(|mark| mark.archived)), (0, Some(false)));
    assert_clean(&ipam);
    let mark = ipam.mark().unwrap();
    assert_eq!((mark.clone(), ipam.status().unwrap().mark), (pruned.mark, mark));
    // A later archive cannot have these events; the check reports them as missing.
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("events.jsonl");
    let later = over(&store, now, 60);
    prune(&later, mode(Some(&path))).unwrap();
    assert!(!later.mark().unwrap().unwrap().archived);
    let (audit, _) = later.check_with_archives(&[path]).unwrap();
    assert!(audit.findings[0].what.contains("missing or out of order"), "{:?}", audit.findings);
}

#[test]
fn a_run_that_is_interrupted_anywhere_can_be_run_again_and_loses_or_doubles_nothing() {
    for fault in
        [Fault::Unreachable, Fault::Lost(40), Fault::Conflict, Fault::DoneButUncertain, Fault::NotDoneButUncertain]
    {
        for broken in 0..6 {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("events.jsonl");
            let (memory, now) = aged(1);
            let whole = all_events(&over(&memory, now, 0));
            let script = std::iter::repeat_n(Fault::None, broken).chain([fault]);
            let faulty = local_at(Arc::new(Faulty::script(Arc::clone(&memory) as Arc<dyn Store>, script)), now);
            let outcome = prune(&faulty, mode(Some(&path)));
            let breaks = matches!(fault, Fault::Unreachable | Fault::Lost(_));
            assert_eq!(outcome.is_err(), breaks, "{fault:?} {broken}: {outcome:?}");
            assert_proved(&faulty, std::slice::from_ref(&path));
            let ipam = over(&memory, now, 0);
            prune(&ipam, mode(Some(&path))).unwrap();
            assert_eq!(archived(&path), whole, "{fault:?} {broken}");
            assert_proved(&ipam, &[path]);
            let marks: Vec<u64> =
                all_events(&ipam).iter().map(|event| event.after["sequence"].as_u64().unwrap()).collect();
            assert!(marks.is_sorted_by(|a, b| a < b) && marks.last() == Some(&(whole.len() as u64)), "{marks:?}");
        }
    }
}

#[test]
fn two_runs_at_once_with_separate_archives_lose_nothing() {
    for _ in 0..5 {
        let directory = tempfile::tempdir().unwrap();
        let (store, now) = aged(1);
        let whole = all_events(&over(&store, now, 0));
        let middle = now.duration_since(whole[whole.len() / 2].time).try_into().unwrap();
        let paths = [directory.path().join("a.jsonl"), directory.path().join("b.jsonl")];
        std::thread::scope(|scope| {
            for (path, keep) in paths.iter().zip([middle, NOTHING]) {
                let ipam = over(&store, now, 0);
                scope.spawn(move || prune(&ipam, ForgetMode { keep, ..mode(Some(path)) }).unwrap());
            }
        });
        let there: Vec<PathBuf> = paths.into_iter().filter(|path| path.exists()).collect();
        let ipam = over(&store, now, 0);
        assert_proved(&ipam, &there);
        assert_eq!(ipam.mark().unwrap().unwrap().sequence, whole.len() as u64);
        assert!(ipam.mark().unwrap().unwrap().archived);
    }
}

#[test]
fn an_incomplete_line_is_written_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("events.jsonl");
    let (store, now) = aged(1);
    let ipam = over(&store, now, 0);
    let whole = all_events(&ipam);
    let lines: String = whole.iter().map(|event| serde_json::to_string(event).unwrap() + "\n").collect();
    for cut in [1, 200, lines.find('\n').unwrap(), lines.find('\n').unwrap() + 1, lines.len() / 2, lines.len() - 1] {
        fs::write(&path, &lines[..cut]).unwrap();
        if cut != lines.find('\n').unwrap() + 1 {
            let (audit, _) = ipam.check_with_archives(std::slice::from_ref(&path)).unwrap();
            assert!(audit.findings[0].what.starts_with("Its last line is incomplete."), "{:?}", audit.findings);
        }
        let mut archive = Archive::open(&path, false).unwrap();
        whole.iter().for_each(|event| archive.take(event).unwrap());
        archive.keep().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), lines, "cut at {cut}");
    }
    // The same when there is nothing to write.
    fs::write(&path, lines.clone() + "{\"seq").unwrap();
    Archive::open(&path, true).unwrap().keep().unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), lines.clone() + "{\"seq", "a dry run leaves it");
    Archive::open(&path, false).unwrap().keep().unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), lines);
    assert_proved(&ipam, &[path]);
}

#[test]
fn an_archive_of_another_store_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let write = |name: &str, events: &[Event]| {
        let lines: String = events.iter().map(|event| serde_json::to_string(event).unwrap() + "\n").collect();
        fs::write(path(name), lines).unwrap();
        path(name)
    };
    // The other store has the longer history.
    let mut seeds = [1, 2];
    seeds.sort_by_key(|seed| all_events(&rich(*seed).0).len());
    let (store, now) = aged(seeds[0]);
    let ipam = over(&store, now, 0);
    let whole = all_events(&ipam);
    let (last, other) = (whole.len() as u64, all_events(&rich(seeds[1]).0));
    assert_eq!(
        refused(&ipam, &write("other", &other[..20])),
        "Its last event, 20, is not an event of this store: it is the archive of another store. Give a new file."
    );
    assert_eq!(
        refused(&ipam, &write("late", &whole[10..])),
        "It begins with event 11, and events 1 to 10 would be in no archive. Give a new file."
    );
    let mut changed = whole[..5].to_vec();
    changed[2].actor.owner = "team/none".to_owned();
    assert_eq!(
        refused(&ipam, &write("changed", &changed)),
        "Line 3: The event was changed after it was written: its hash does not match. Nothing is written to a damaged \
         archive."
    );
    fs::write(path("text"), "an important text").unwrap();
    assert_eq!(
        refused(&ipam, &path("text")),
        "The text at its end is not the beginning of the next event. Check that the file is an archive."
    );
    fs::write(path("export"), exported(&ipam)).unwrap();
    assert!(refused(&ipam, &path("export")).starts_with("Line 1: It is not an event: "));
    let held = Archive::open(&write("locked", &whole[..5]), false).unwrap();
    assert!(refused(&ipam, &path("locked")).starts_with("Another process is writing it: "));
    drop(held);

    // Once events were pruned, the archive must continue from there.
    prune(&ipam, mode(Some(&path("first")))).unwrap();
    let later = over(&store, now, 60);
    assert_eq!(
        refused(&later, &write("short", &whole[..3])),
        format!(
            "It ends with event 3, and the store has forgotten events 4 to {last}. Give the archive that ends with event \
             {last}, or a new file."
        )
    );
    assert!(refused(&later, &write("another", &other)).contains("is not an event of this store"));
}

#[test]
fn an_export_after_pruning_keeps_the_mark_and_the_remnants() {
    for seed in 1..=4 {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("events.jsonl");
        let (store, now) = aged(seed);
        let source = over(&store, now, 0);
        let kept = all_events(&source);
        let middle = kept[kept.len() / 2].time;
        let keep = now.duration_since(middle).try_into().unwrap();
        prune(&source, ForgetMode { keep, ..mode(Some(&path)) }).unwrap();
        let export = exported(&source);
        assert!(export.starts_with(r#"{"format":"terraform-provider-ipam/export","version":2,"#), "{}", &export[..100]);
        let target = local_at(Arc::new(Memory::default()), now);
        let import = import_text(&target, &export, PLAIN).unwrap();
        assert_eq!(import.problems, []);
        assert_eq!(import.events, all_events(&source).len() as u64);
        assert_proved(&target, &[path]);
        assert_eq!(body(&exported(&target)), body(&export));
        let everything = HistoryQuery { include_planned: true, ..HistoryQuery::default() };
        assert_eq!(target.tenures(&everything).unwrap(), source.tenures(&everything).unwrap());
        assert_eq!(target.status().unwrap().mark, source.mark().unwrap());

        // A store in use gets the objects without their history.
        let used = small("other", "172.16.0.0/12", "172.16.0.0/16", "172.16.0.0/24");
        let merged = import_text(&with_other_ids(used), &export, MERGE).unwrap();
        assert!(merged.merged, "{merged:?}");
    }
}

#[test]
fn an_export_whose_mark_was_changed_is_refused() {
    let (store, now) = aged(1);
    let source = over(&store, now, 0);
    prune(&source, mode(None)).unwrap();
    let export = exported(&source);
    let line = |start: &str| export.lines().find(|line| line.starts_with(start)).unwrap().to_owned();
    let problems = |text: &str| {
        let import = import_text(&memory(), text, PLAIN).unwrap();
        import.problems.into_iter().map(|finding| finding.what).collect::<Vec<_>>()
    };
    let mark = line("{\"sequence\"");
    let other = problems(&export.replacen(&mark, &mark.replace("\"archived\":false", "\"archived\":true"), 1));
    assert!(other[0].contains("differs from the mark of the last event of pruning"), "{other:?}");
    let past = export.lines().find(|line| line.contains("\"tenures\":[")).unwrap();
    let changed = problems(&export.replacen(past, &past.replace("\"owner\":\"", "\"owner\":\"x"), 1));
    assert_eq!(
        changed,
        ["The data that is kept about forgotten events differs from the data that the mark was written with."]
    );
    let gone = problems(&export.replacen(&mark, "", 1));
    assert!(gone.iter().any(|what| what.contains("but there is no mark")), "{gone:?}");
    assert!(export.contains("\n\"remnants\":["), "the remnants are in it");
}
