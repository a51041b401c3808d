//! The script that derives which resources of the estate are managed, compliant and free of overlaps: its own tests,
//! and its results for the estate.

use serde_json::{Value, json};

use super::estate::{Estate, REGIONS};
use super::python;

#[test]
fn the_script_that_derives_findings_passes_its_own_tests() {
    python::test("findings_test.py");
}

#[test]
fn the_estate_has_overlaps_wrong_sizes_and_missing_tags() {
    let estate = Estate::shared();
    let samples = estate.seen();
    let rules = json!({"min_netmask_length": 16, "max_netmask_length": 18, "required_tags": {"team": "network"}});
    let vpcs: Vec<&Value> = samples
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|sample| sample["resources"].as_array().unwrap())
        .filter(|one| one["resource_type"] == "vpc" && one["cidr"].as_str().unwrap().starts_with("10."))
        .collect();
    let allocation = |(number, vpc): (usize, &&Value)| {
        json!({"id": format!("a-{number}"), "name": "x", "pool_id": "p", "cidr": vpc["cidr"], "resource_type": "vpc",
               "resource_id": vpc["resource_id"]})
    };
    let world = json!({
        "scopes": [
            {"id": "private", "scope_type": "private", "is_default": true},
            {"id": "public", "scope_type": "public", "is_default": true},
        ],
        "pools": [{"id": "p", "name": "p", "scope_id": "private", "locale": REGIONS[0], "rules": rules}],
        "pool_cidrs": [{"pool_id": "p", "cidr": "10.0.0.0/8"}],
        "allocations": vpcs.iter().enumerate().map(allocation).collect::<Vec<_>>(),
        "samples": samples,
    });
    let found = python::run("expected.py", &["findings"], &world);
    let found = found.as_array().unwrap();
    let has = |name: &str, value: &str| found.iter().filter(|one| one[name] == value).count();
    assert!(has("overlap", "overlapping") > 20 && has("overlap", "nonoverlapping") > 2_000);
    assert!(has("management", "managed") > 100 && has("compliance", "noncompliant") > 50);
    for reason in ["netmask_length", "tag team", "locale"] {
        assert!(found.iter().any(|one| one["reasons"].as_array().unwrap().contains(&json!(reason))), "{reason}");
    }
}
