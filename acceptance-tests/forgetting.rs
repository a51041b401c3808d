//! Pruning old events with the binary: the events are archived, proved by the archive, reported, and a kill at any
//! moment loses none.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::harness::store::{NewPool, Store, wait_for};
use crate::harness::{PROVIDER, Workspace};

fn tool(store: &Store, arguments: &[&str]) -> Command {
    let mut command = Command::new(PROVIDER);
    store.tell(command.args(arguments)).env_remove("TF_PLUGIN_MAGIC_COOKIE").stdin(Stdio::null());
    command
}

fn run(store: &Store, arguments: &[&str]) -> Output {
    tool(store, arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Standard output and standard error of a command.
#[track_caller]
fn both(store: &Store, arguments: &[&str]) -> (String, String) {
    let output = run(store, arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
    (text(&output.stdout), text(&output.stderr))
}

#[track_caller]
fn answer(store: &Store, arguments: &[&str]) -> String {
    let (answer, beside) = both(store, arguments);
    assert_eq!(beside, "", "{arguments:?}");
    answer
}

#[track_caller]
fn json(store: &Store, arguments: &[&str]) -> Value {
    serde_json::from_str(&both(store, arguments).0).unwrap()
}

/// The pool `top` with `count` allocations.
fn configuration(count: usize) -> String {
    format!(
        r#"
resource "ipam_pool" "top" {{
  name  = "top"
  cidrs = ["10.0.0.0/8"]
}}

resource "ipam_allocation" "net" {{
  count          = {count}
  ipam_pool_id   = ipam_pool.top.id
  name           = "net-${{count.index}}"
  netmask_length = 24
}}
"#
    )
}

/// Numbers of the events in an archive.
fn archived(path: &Path) -> Vec<u64> {
    let events = fs::read_to_string(path).unwrap();
    let number = |line: &str| serde_json::from_str::<Value>(line).unwrap()["sequence"].as_u64().unwrap();
    events.lines().map(number).collect()
}

on_each_own_store! {
    /// Prunes twice into one archive while Terraform goes on working. Then the store moves to another place, and the
    /// archive still proves everything.
    fn forgotten_events_are_proved_and_the_rest_is_reported_as_before(store: Store) {
        let workspace = Workspace::on(&store);
        workspace.configure(&configuration(3));
        workspace.apply();
        workspace.configure(&configuration(2));
        workspace.apply();
        let file = workspace.path().join("events.jsonl");
        let archive = file.to_str().unwrap();
        let history: Value = json(&store, &["history", "--json"])["history"].clone();
        let still: Vec<&Value> = history.as_array().unwrap().iter().filter(|tenure| tenure["to"].is_null()).collect();
        assert!(still.len() == 3 && history.as_array().unwrap().len() == 4, "{history}");
        let last = json(&store, &["status", "--json"])["events"].as_u64().unwrap();

        let prune = ["prune", "--events", "--keep", "0s", "--archive", archive];
        let would = answer(&store, &[&prune[..], &["--dry-run"]].concat());
        let words = format!("{last} events up to #{last} would be written to {archive} and would be forgotten, 0 left.\n");
        assert!(would.ends_with(&words) && !file.exists(), "{would}");
        let said = answer(&store, &prune);
        assert!(said.ends_with(&format!("{last} events up to #{last} written to {archive} and forgotten, 1 left.\n")), "{said}");
        assert_eq!(archived(&file), (1..=last).collect::<Vec<_>>());
        store.assert_sound();
        let proof = format!("The archives and the store are one unbroken history, from event 1 to event {}.\n", last + 1);
        assert!(answer(&store, &["check", "--archive", archive]).ends_with(&proof));

        let (told, warning) = both(&store, &["history", "--json"]);
        let told: Value = serde_json::from_str(&told).unwrap();
        assert_eq!(told["history"].as_array().unwrap().iter().collect::<Vec<_>>(), still);
        assert_eq!(told["forgotten"]["sequence"], last);
        assert!(warning.starts_with("warning: Entries that ended by "), "{warning}");
        let (events, warning) = both(&store, &["events"]);
        assert!(events.ends_with(&format!("  prune history up to #{last}\n")) && events.lines().count() == 1, "{events}");
        assert!(warning.contains(&format!("Events up to #{last}, ")) && warning.ends_with("contain them.\n"), "{warning}");
        let (_, none) = both(&store, &["events", "--limit", "1"]);
        assert_eq!(none, "", "there must be no warning");

        workspace.assert_settled();
        workspace.configure(&configuration(4));
        workspace.apply();
        answer(&store, &prune);
        store.assert_sound();
        let export = workspace.path().join("export.json");
        answer(&store, &["export", "--output", export.to_str().unwrap()]);
        let moved = Store::at(workspace.path().join("moved.db"));
        assert!(answer(&moved, &["import", export.to_str().unwrap()]).contains(" is sound: "));
        for store in [&store, &moved] {
            let checked = json(store, &["check", "--json", "--archive", archive]);
            assert_eq!((&checked["ok"], &checked["findings"]), (&true.into(), &Value::Array(Vec::new())));
            assert_eq!(checked["archives"]["last"].as_u64(), checked["forgotten"].as_u64().map(|last| last + 1));
            let status = json(store, &["status", "--json"]);
            assert_eq!((&status["events"], &status["forgotten"]["archived"]), (&1.into(), &true.into()));
        }
        let numbers = archived(&file);
        assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>(), "each of them, once");
    }
}

#[test]
fn tampering_shows_wherever_it_is_done() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::at(directory.path().join("ipam.db"));
    let top = store.add_pool(&NewPool { name: "top", cidrs: &["10.0.0.0/8"], ..NewPool::default() });
    store.add_allocation(&top.meta.id, "net-0", "10.0.0.0/24");
    let file = directory.path().join("events.jsonl");
    let archive = file.to_str().unwrap();
    answer(&store, &["prune", "--events", "--keep", "0s", "--archive", archive]);
    let whole = fs::read_to_string(&file).unwrap();
    let found = |arguments: &[&str]| {
        let output = run(&store, arguments);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        text(&output.stdout)
    };
    fs::write(&file, whole.replacen("\"net-0\"", "\"net-1\"", 1)).unwrap();
    let said = found(&["check", "--archive", archive]);
    let line = format!("{archive} line 4: The event was changed after it was written: its hash does not match.\n");
    assert!(said.starts_with(&line), "{said}");
    let remembered = ": The data that is kept about it differs from the archives.\n";
    assert!(said.lines().count() == 2 && said.ends_with(remembered), "{said}");
    let without_first: String = whole.lines().skip(1).map(|line| format!("{line}\n")).collect();
    fs::write(&file, without_first).unwrap();
    assert!(found(&["check", "--archive", archive]).contains("line 1: Event 1 is missing or out of order.\n"));
    fs::write(&file, &whole).unwrap();
    answer(&store, &["check", "--archive", archive]);

    store
        .raw()
        .write(&mut |tx| {
            let mark = tx.get("meta/forgotten")?.unwrap_or_default();
            let mark = String::from_utf8_lossy(&mark).replace("\"archived\":true", "\"archived\":false");
            tx.put("meta/forgotten", mark.into_bytes()).map(|()| true)
        })
        .unwrap();
    assert_eq!(
        found(&["check"]),
        "meta/forgotten: The mark after event 4 differs from the mark of the last event of pruning, which is after \
         event 4.\n"
    );
}

#[test]
fn the_destination_of_the_events_must_be_given() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::at(directory.path().join("ipam.db"));
    store.add_pool(&NewPool { name: "top", cidrs: &["10.0.0.0/8"], ..NewPool::default() });
    let refused = |arguments: &[&str]| {
        let output = run(&store, arguments);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
        text(&output.stderr)
    };
    assert_eq!(
        refused(&["prune", "--events", "--keep", "1d"]),
        "error: No archive is set for the events. Set --archive FILE, or --no-archive if they may be lost forever.\n"
    );
    assert!(refused(&["prune", "--keep", "1d", "--archive", "x"]).contains("--events"));
    let place = directory.path().join("ipam.db").display().to_string();
    let said = refused(&["prune", "--events", "--keep", "0s", "--archive", &place]);
    assert!(said.starts_with(&format!("error: The archive {place} cannot be used. ")), "{said}");
    store.assert_sound();
    let said = answer(&store, &["prune", "--events", "--keep", "1d", "--no-archive"]);
    assert!(said.ends_with(": no event is that old; 3 events left.\n"), "{said}");
    answer(&store, &["prune", "--events", "--keep", "0s", "--no-archive"]);
    let (_, warning) = both(&store, &["events"]);
    assert!(warning.ends_with("are no longer in the store. Not all of them were archived.\n"), "{warning}");
}

/// The number of the last event that the store has forgotten.
fn forgotten(store: &Store) -> u64 {
    let mut mark = None;
    let looked = store.raw().read(&mut |snapshot| {
        mark = snapshot.get("meta/forgotten")?;
        Ok(())
    });
    let mark: Option<Value> = mark.filter(|_| looked.is_ok()).and_then(|mark| serde_json::from_slice(&mark).ok());
    mark.and_then(|mark| mark["sequence"].as_u64()).unwrap_or(0)
}

/// A store with a history of `count` events and a few more.
fn long(directory: &Path, count: u32) -> Store {
    let store = Store::at(directory.join("ipam.db"));
    let top = store.add_pool(&NewPool { name: "top", cidrs: &["10.0.0.0/8"], ..NewPool::default() });
    store.add_allocation(&top.meta.id, "net-0", "10.0.0.0/32");
    let export = answer(&store, &["export"]);
    let id = store.active().into_keys().next().unwrap();
    let line = export.lines().find(|line| line.starts_with(&format!("{{\"id\":\"{id}\""))).unwrap();
    let one = |n: u32| {
        let address = format!("10.{}.{}.{}/32", n >> 16, (n >> 8) & 255, n & 255);
        let line = line.replace(&id, &format!("ipam-pool-alloc-{n:017x}"));
        line.replace("10.0.0.0/32", &address).replace("\"net-0\"", &format!("\"net-{n}\""))
    };
    let all: Vec<String> = (1..count).map(one).chain([line.to_owned()]).collect();
    let file = directory.join("more.json");
    fs::write(&file, export.replace(line, &all.join(",\n"))).unwrap();
    answer(&store, &["import", "--merge", file.to_str().unwrap()]);
    store
}

#[test]
fn a_killed_prune_is_run_again_and_no_event_is_lost_or_duplicated() {
    let directory = tempfile::tempdir().unwrap();
    let store = long(directory.path(), 6_000);
    let before = store.active();
    let last = json(&store, &["status", "--json"])["last_event"]["sequence"].as_u64().unwrap();
    let file = directory.path().join("events.jsonl");
    let archive = file.to_str().unwrap();
    // With `0s` no event is too young, so that a later run also archives the events that a killed run wrote.
    let prune = ["prune", "--events", "--keep", "0s", "--archive", archive];
    let size = || fs::metadata(&file).map_or(0, |file| file.len());
    let mut killed = 0;
    let mut kill_when = |is_time: &dyn Fn() -> bool| {
        let mut child = tool(&store, &prune).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut is_over = false;
        wait_for("the time to kill it", || {
            is_over = child.try_wait().unwrap().is_some();
            is_over || is_time()
        });
        child.kill().unwrap();
        child.wait().unwrap();
        killed += u32::from(!is_over);
    };
    for bytes in [1, 400_000, 1_500_000] {
        kill_when(&|| size() >= bytes);
        assert_eq!(forgotten(&store), 0, "events are forgotten after all of them are archived");
        store.assert_sound();
    }
    for events in [1, 1_500, 3_000, 4_500] {
        let begin = forgotten(&store);
        kill_when(&|| forgotten(&store) >= events.max(begin + 1));
        store.assert_sound();
        answer(&store, &["check", "--archive", archive]);
        assert_eq!(store.active(), before);
    }
    assert!(killed >= 5, "{killed} were killed: the others had ended");
    answer(&store, &prune);
    assert!(forgotten(&store) >= last);
    assert_eq!(archived(&file), (1..=forgotten(&store)).collect::<Vec<_>>(), "each of them, once");
    assert_eq!(store.active(), before);
    answer(&store, &["check", "--archive", archive]);
    let told = json(&store, &["history", "10.0.0.0/32", "--match", "exact", "--json"]);
    assert_eq!(told["history"][0]["name"], "net-0");
}
