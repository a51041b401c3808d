//! Damaged stores: no command panics, and each of them ends.

use std::panic::{AssertUnwindSafe, catch_unwind};

use clap::Parser;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::backend::Local;
use crate::backend::testing::bounded;
use crate::ipam::tests::damage::{Entries, chain, damage};
use crate::ipam::tests::simulation::rich;

const READING: [&[&str]; 20] = [
    &["check"],
    &["events"],
    &["events", "--after", "0", "--limit", "1000"],
    &["events", "--owner", "red"],
    &["history"],
    &["history", "10.0.0.1"],
    &["report", "--json"],
    &["report", "--markdown"],
    &["tree"],
    &["tree", "--json"],
    &["allocations"],
    &["pools"],
    &["pools", "--json"],
    &["resources"],
    &["status"],
    &["gc", "--dry-run"],
    &["prune", "--events", "--keep", "1s", "--no-archive", "--dry-run"],
    // The last commands write.
    &["gc"],
    &["release", "top/web"],
    &["prune", "--events", "--keep", "1s", "--no-archive"],
];

fn good(seed: u64) -> (Entries, Timestamp) {
    let (entries, now) = rich(seed, 60);
    (entries.into_iter().collect(), now)
}

/// The output of a command on a store.
fn say(local: Local, arguments: &[&str]) -> Result<String, String> {
    let cli = Cli::try_parse_from([&[BINARY], arguments].concat()).unwrap();
    let target = Target::SelfManaged(Box::new(local));
    let page = match cli.command.as_ref().unwrap() {
        Command::Tree(options) => tree::page(target.ipam(), options),
        Command::Allocations(options) => allocations::page(target.ipam(), options),
        Command::Pools(options) => pools::page(target.ipam(), options),
        Command::Release(options) => release::page(target.ipam(), options),
        Command::Check(options) => check::page(&target, options),
        Command::Events(options) => events::page(target.ipam(), options),
        Command::History(options) => history::page(target.ipam(), options),
        Command::Resources(options) => resources::page(target.ipam(), options),
        Command::Report(options) => report::page(target.ipam(), options),
        Command::Status(format) => status::page(&target, *format),
        Command::Gc(options) => gc::page(target.self_managed("").unwrap(), options),
        Command::Prune(options) => prune::page(target.self_managed("").unwrap(), options),
        other => panic!("{other:?}"),
    };
    page.map(|page| page.text).map_err(|failure| failure.line())
}

/// Runs every command, and returns the findings of `check`.
fn survive(entries: &Entries, now: Timestamp, what: &str) -> Vec<Value> {
    let run = |name: &str, command: &dyn Fn() -> Result<String, String>| {
        let outcome = catch_unwind(AssertUnwindSafe(command));
        outcome.unwrap_or_else(|_| panic!("{name} panicked over {what}"))
    };
    for arguments in READING {
        let _ = run(&arguments.join(" "), &|| say(bounded(entries, now), arguments));
    }
    let exported = || match bounded(entries, now).export(&mut std::io::sink(), &mut |_, _, _| ()) {
        Ok(_) => Ok(String::new()),
        Err(stopped) => Err(CommandFailure::from(stopped).line()),
    };
    let _ = run("export", &exported);
    match run("check --json", &|| say(bounded(entries, now), &["check", "--json"])) {
        Ok(text) => serde_json::from_str::<Value>(&text).unwrap()["findings"].as_array().unwrap().clone(),
        Err(refusal) => vec![json!(refusal)],
    }
}

#[test]
fn no_command_panics_or_loops_forever_on_a_damaged_store() {
    let rounds: u64 = std::env::var("IPAM_DAMAGE_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(40);
    let stores: Vec<_> = (1..=3).map(good).collect();
    let mut must_show = 0;
    for round in 0..rounds {
        let (entries, now) = &stores[usize::try_from(round % 3).unwrap()];
        let mut damaged = entries.clone();
        let (what, shows) = damage(&mut damaged, round);
        let findings = survive(&damaged, *now, &format!("round {round}: {what}"));
        assert!(!shows || !findings.is_empty(), "check found nothing in round {round}: {what}");
        must_show += u64::from(shows);
    }
    assert!(must_show > rounds / 6, "{must_show}");
}

/// A store that contains such an entry, and the first of these entries with its JSON.
fn good_with(is_wanted: impl Fn(&str, &Value) -> bool) -> (Entries, Timestamp, String, Value) {
    let found = (1..20).find_map(|seed| {
        let (entries, now) = good(seed);
        let mut all =
            entries.iter().filter_map(|(key, value)| Some((key.clone(), serde_json::from_slice(value).ok()?)));
        let (key, value) = all.find(|(key, value)| is_wanted(key, value))?;
        Some((entries, now, key, value))
    });
    found.unwrap()
}

#[test]
fn a_growth_that_does_not_contain_its_block_is_a_finding() {
    let is_custom = |key: &str, value: &Value| {
        key.starts_with("allocation/") && value["state"] == "active" && value["resource_type"] == "custom"
    };
    let (mut entries, now, key, mut record) = good_with(is_custom);
    record["growth"] = json!({"cidr": "10.0.0.0/32", "expires_at": "2030-01-01T00:00:00Z"});
    entries.insert(key, record.to_string().into_bytes());
    let findings = survive(&entries, now, "a growth");
    assert!(findings.iter().any(|found| found["what"] == "It cannot grow to 10.0.0.0/32."), "{findings:?}");
}

#[test]
fn an_event_under_another_key_is_a_finding_and_ends_every_list_of_events() {
    for last in [false, true] {
        let (mut entries, now, key, mut event) = good_with(|key, _| key.starts_with("event/"));
        if last {
            // The largest sequence number.
            event["sequence"] = json!(u64::MAX);
            entries.insert(format!("event/{}", u64::MAX), event.to_string().into_bytes());
        } else {
            entries.insert(key.replacen("event/0", "event/f", 1), entries[&key].clone());
            entries.remove(&key);
        }
        assert!(!survive(&entries, now, "an event").is_empty());
        let events = say(bounded(&entries, now), &["events", "--after", "0", "--limit", "1000000"]);
        assert_eq!(events.is_err(), !last, "{events:?}");
    }
}

#[test]
fn deep_chains_and_cycles_of_pools_cause_no_stack_overflow() {
    for (count, ring) in [(50, false), (1000, false), (1, true), (3, true), (100, true)] {
        let (mut entries, now) = good(1);
        chain(&mut entries, count, ring);
        assert!(!survive(&entries, now, &format!("{count} pools, ring: {ring}")).is_empty());
        let tree = say(bounded(&entries, now), &["tree"]);
        if count > 100 {
            assert!(tree.unwrap_err().contains("below too many others"));
        }
    }
}

#[test]
fn a_damaged_record_is_named_and_its_content_is_not_shown() {
    let (mut entries, now, key, mut record) = good_with(|key, _| key.starts_with("allocation/"));
    let id = key.strip_prefix("allocation/").unwrap();
    for (field, value) in [("state", json!("s3cret")), ("cidr", json!("s3cret")), ("tags", json!("s3cret"))] {
        let before = std::mem::replace(&mut record[field], value);
        entries.insert(key.clone(), record.to_string().into_bytes());
        record[field] = before;
        for arguments in READING {
            let output = say(bounded(&entries, now), arguments);
            let (Ok(text) | Err(text)) = &output;
            assert!(!text.contains("s3cret"), "{arguments:?}: {text}");
        }
        let refusal = say(bounded(&entries, now), &["allocations"]).unwrap_err();
        assert!(refusal.contains(&format!("llocation/{id}: a damaged record")), "{refusal}");
    }
}
