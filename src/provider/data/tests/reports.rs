//! The report as a data source.

use super::*;

#[test]
fn a_report_is_a_text_in_each_format() {
    let world = World::new();
    let content = |config: &[(&str, Value)]| get(&world.read("ipam_report", config), "content");
    assert!(content(&[]).starts_with("# IPAM report\n"));
    let json: serde_json::Value = serde_json::from_str(&content(&[("format", "json".into())])).unwrap();
    assert_eq!(json["pools"].as_array().unwrap().len(), 7);
    let csv = content(&[("format", "csv".into())]);
    assert_eq!(csv.lines().count(), 4, "the header, web, db and next: {csv}");
    assert_eq!(csv, content(&[("format", "csv".into())]), "the CSV changes only with its content");
    let pools = content(&[("format", "csv".into()), ("table", "pools".into()), ("ipam_pool_id", id(&world.eu))]);
    assert_eq!(pools.lines().count(), 3, "the header, eu and prod: {pools}");
    let of_lab = content(&[("format", "csv".into()), ("table", "pools".into()), ("ipam_scope_id", id(&world.lab))]);
    assert_eq!(of_lab.lines().count(), 2, "{of_lab}");
}

#[test]
fn problems_are_listed() {
    let world = World::new();
    let found = world.read("ipam_report", &[]);
    assert_eq!(each(&found, "problems", "severity"), ["note"]);
    assert_eq!(each(&found, "problems", "topic"), ["overlap"]);
    assert_eq!(each(&found, "problems", "place"), [world.lab_top.as_str()]);
    assert_eq!(each(&world.read("ipam_report", &[("ipam_pool_id", id(&world.eu))]), "problems", "what"), [""; 0]);
}

#[test]
fn an_unknown_report_is_refused_on_its_argument() {
    let world = World::new();
    for (config, at, words) in [
        (("format", "pdf".into()), "format", "\"pdf\" is not one of markdown, json, csv."),
        (("table", "events".into()), "table", "\"events\" is not one of allocations, pools."),
        (("ipam_pool_id", "ipam-pool-0".into()), "ipam_pool_id", "There is no pool with id"),
        (("ipam_scope_id", id(&world.top)), "ipam_scope_id", "is the id of a pool"),
    ] {
        let (path, reported) = world.refused("ipam_report", &[config]);
        assert!(path == at && reported.contains(words), "{path}: {reported}");
    }
}
