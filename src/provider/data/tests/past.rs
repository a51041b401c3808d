//! Data sources about the past.

use super::*;
use crate::backend::upkeep::ForgetMode;

#[test]
fn events_are_narrowed_by_every_argument() {
    let world = World::new();
    let found = |config: &[(&str, Value)]| each(&world.read("ipam_events", config), "events", "action");
    let all = found(&[]);
    assert!(all.len() > 10 && all.iter().filter(|action| *action == "hold").count() == 1, "{all:?}");
    assert_eq!(found(&[("max_results", Value::Number(2.into()))]).len(), 2, "the newest");
    assert_eq!(found(&[("owner", "team/none".into())]), [""; 0]);
    assert_eq!(found(&[("object_id", id(&world.eu_prod))]), ["create"]);
    assert_eq!(found(&[("action", "delete".into())]), [""; 0]);
    assert_eq!(found(&[("start_time", "2100-01-01T00:00:00Z".into())]), [""; 0]);
    let of_eu = world.read("ipam_events", &[("object_id", id(&world.eu_prod))]);
    assert_eq!(each(&of_eu, "events", "name"), ["prod"]);
    assert_eq!(each(&of_eu, "events", "object_type"), ["pool"]);
    assert_eq!(each(&of_eu, "events", "cidrs_after"), ["[10.0.0.0/24]"]);
    let in_block = world.read("ipam_events", &[("cidr", "10.0.0.7/32".into())]);
    assert!(each(&in_block, "events", "object_id").contains(&world.eu_prod));
}

#[test]
fn the_history_of_a_pool_ends_in_its_present_state() {
    let world = World::new();
    let past = world.read("ipam_utilization_history", &[("ipam_pool_id", id(&world.eu_prod)), ("step", "240h".into())]);
    let now = world.read("ipam_utilization", &[("ipam_pool_id", id(&world.eu_prod))]);
    let times = each(&past, "points", "time");
    assert_eq!(times.len(), 4, "{times:?}");
    for sum in ["provisioned", "used", "used_percent"] {
        assert_eq!(each(&past, "points", sum).last(), Some(&get(&now, sum)), "{sum}");
    }
    assert_eq!(each(&past, "points", "used")[0], "0", "the pool was empty thirty days ago");
}

#[test]
fn a_wrong_window_is_refused_on_the_argument() {
    let world = World::new();
    let pool = ("ipam_pool_id", id(&world.eu_prod));
    let window = |start: &str, end: &str, step: &str| {
        vec![pool.clone(), ("start_time", start.into()), ("end_time", end.into()), ("step", step.into())]
    };
    for (config, at, words) in [
        (window("2026-02-01T00:00:00Z", "2026-01-01T00:00:00Z", "1h"), "end_time", "An empty window"),
        (window("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", "0s"), "step", "No step"),
        (window("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", "1s"), "step", "Too many points"),
    ] {
        let (path, reported) = world.refused("ipam_utilization_history", &config);
        assert!(path == at && reported.contains(words), "{path}: {reported}");
    }
}

#[test]
fn events_that_were_forgotten_are_reported_as_unknown() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", directory.path().join("ipam.db").display());
    let world = World::at(&url, "tests");
    let trend = [("ipam_pool_id", id(&world.eu_prod)), ("step", "240h".into())];
    assert_eq!(get(&world.read("ipam_events", &[]), "known_since"), "null");
    assert_eq!(get(&world.read("ipam_utilization_history", &trend), "known_since"), "null");
    let local = Local::open(&url, None, Actor { owner: "auditor".to_owned(), ..Actor::default() }).unwrap();
    let mode = ForgetMode { keep: Duration::ZERO, archive: None, dry_run: false };
    let mark = local.prune_events(mode, &mut |_, _, _| ()).unwrap().mark.unwrap();
    let events = world.read("ipam_events", &[]);
    assert_eq!(
        (each(&events, "events", "action"), get(&events, "known_since")),
        (vec!["prune".into()], mark.time.to_string())
    );
    assert_eq!(
        (each(&events, "events", "object_type"), each(&events, "events", "owner")),
        (vec!["history".into()], vec!["auditor".into()])
    );
    let past = world.read("ipam_utilization_history", &trend);
    assert_eq!(
        (each(&past, "points", "used"), get(&past, "known_since")),
        (vec!["32".to_owned()], mark.time.to_string())
    );
    let used = get(&world.read("ipam_utilization", &[("ipam_pool_id", id(&world.eu_prod))]), "used");
    assert_eq!(used, "32", "the present state is still known");
    assert_eq!(each(&world.read("ipam_events", &[("action", "prune".into())]), "events", "action"), ["prune"]);
}
