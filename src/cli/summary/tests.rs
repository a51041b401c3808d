//! Tests of the summary with plans as Terraform prints them. The acceptance tests make plans with a real Terraform.

use serde_json::{Value, json};

use super::changes::Changes;
use super::markdown;
use super::plan::Plan;

/// The change of one resource.
fn change(address: &str, actions: &[&str], before: Value, after: Value) -> Value {
    json!({
        "address": address,
        "mode": "managed",
        "type": address.split('.').next(),
        "change": {"actions": actions, "before": before, "after": after, "after_unknown": {}, "before_sensitive": {}, "after_sensitive": {}}
    })
}

fn read(changes: Vec<Value>) -> Changes {
    let plan = json!({"format_version": "1.2", "resource_changes": changes});
    Changes::of(&Plan::read(plan.to_string().as_bytes()).unwrap())
}

fn page(changes: &Changes) -> String {
    markdown::page(changes, None, 100)
}

/// The rows of one list of the JSON: before and after.
fn rows(changes: &Changes, list: &str) -> Vec<(String, Option<String>, Option<String>)> {
    let value = serde_json::to_value(changes).unwrap();
    let text = |row: &Value, name: &str| row[name].as_str().map(str::to_owned);
    let rows = value[list].as_array().unwrap().iter();
    rows.map(|row| (text(row, "resource").unwrap(), text(row, "before"), text(row, "after"))).collect()
}

fn row(resource: &str, before: Option<&str>, after: Option<&str>) -> (String, Option<String>, Option<String>) {
    (resource.to_owned(), before.map(str::to_owned), after.map(str::to_owned))
}

fn allocation(name: &str, cidr: &str) -> Value {
    json!({"name": name, "cidr": cidr, "ipam_pool_id": "ipam-pool-2"})
}

#[test]
fn blocks_are_taken_given_back_renumbered_and_resized() {
    let changes = read(vec![
        change("ipam_allocation.new", &["create"], Value::Null, allocation("new", "10.0.0.0/24")),
        change("ipam_allocation.gone", &["delete"], allocation("gone", "10.0.1.0/24"), Value::Null),
        change(
            "ipam_allocation.grows",
            &["update"],
            allocation("grows", "10.0.2.0/25"),
            allocation("grows", "10.0.2.0/24"),
        ),
        change(
            "ipam_allocation.moves",
            &["delete", "create"],
            allocation("moves", "10.0.3.0/25"),
            allocation("moves", "10.0.4.0/24"),
        ),
        change(
            "ipam_allocation.same",
            &["no-op"],
            allocation("same", "10.0.9.0/24"),
            allocation("same", "10.0.9.0/24"),
        ),
        change(
            "ipam_allocation.anew",
            &["create", "delete"],
            allocation("anew", "10.0.8.0/24"),
            allocation("anew", "10.0.8.0/24"),
        ),
    ]);
    assert_eq!(rows(&changes, "taken"), [row("ipam_allocation.new", None, Some("10.0.0.0/24"))]);
    assert_eq!(rows(&changes, "released"), [row("ipam_allocation.gone", Some("10.0.1.0/24"), None)]);
    assert_eq!(rows(&changes, "resized"), [row("ipam_allocation.grows", Some("10.0.2.0/25"), Some("10.0.2.0/24"))]);
    let moved = row("ipam_allocation.moves", Some("10.0.3.0/25"), Some("10.0.4.0/24"));
    assert_eq!(rows(&changes, "renumbered"), [moved]);
    let text = page(&changes);
    let order =
        ["1 block renumbered, 1 block given back", "[!CAUTION]", "### Renumbered", "### Given back", "### Taken"];
    let places: Vec<_> = order.iter().map(|part| text.find(part).unwrap_or_else(|| panic!("{part}: {text}"))).collect();
    assert!(places.is_sorted(), "the worst comes first: {text}");
    assert!(text.contains("### Other changes\n\n- ipam\\_allocation.anew: create, delete\n"), "{text}");
}

#[test]
fn members_of_a_set_are_compared_one_by_one() {
    let set = |cidrs: Value| json!({"name": "vpc", "ipam_pool_id": "ipam-pool-2", "cidrs": cidrs});
    let before = set(json!({"web": "10.0.0.0/24", "db": "10.0.1.0/24", "old": "10.0.2.0/24"}));
    let after = set(json!({"web": "10.0.0.0/24", "db": "10.0.4.0/23", "new": "10.0.3.0/24"}));
    let changes = read(vec![change("ipam_allocation_set.vpc", &["update"], before, after)]);
    let set = |member: &str| format!("ipam_allocation_set.vpc: {member}");
    assert_eq!(rows(&changes, "taken"), [row(&set("new"), None, Some("10.0.3.0/24"))]);
    assert_eq!(rows(&changes, "released"), [row(&set("old"), Some("10.0.2.0/24"), None)]);
    assert_eq!(rows(&changes, "renumbered"), [row(&set("db"), Some("10.0.1.0/24"), Some("10.0.4.0/23"))]);
    assert!(rows(&changes, "resized").is_empty());
}

#[test]
fn blocks_of_pools_are_compared_by_their_addresses() {
    let pool = |name: &str, cidrs: &[&str]| json!({"id": "ipam-pool-2", "name": name, "source_ipam_pool_id": "ipam-pool-1", "cidrs": cidrs});
    let changes = read(vec![
        change(
            "ipam_pool.many",
            &["update"],
            pool("a", &["10.0.0.0/16", "10.2.0.0/16", "10.9.0.0/16"]),
            pool("a", &["10.0.0.0/15", "10.3.0.0/16", "10.9.0.0/16"]),
        ),
        change("ipam_pool.one", &["delete", "create"], pool("b", &["10.4.0.0/16"]), pool("c", &["10.5.0.0/16"])),
    ]);
    assert_eq!(rows(&changes, "resized"), [row("ipam_pool.many", Some("10.0.0.0/16"), Some("10.0.0.0/15"))]);
    assert_eq!(rows(&changes, "released"), [row("ipam_pool.many", Some("10.2.0.0/16"), None)]);
    assert_eq!(rows(&changes, "taken"), [row("ipam_pool.many", None, Some("10.3.0.0/16"))]);
    assert_eq!(rows(&changes, "renumbered"), [row("ipam_pool.one", Some("10.4.0.0/16"), Some("10.5.0.0/16"))]);
    assert_eq!(rows(&changes, "renamed"), [row("ipam_pool.one", Some("b"), Some("c"))]);
}

#[test]
fn pools_are_called_by_their_paths_as_far_as_the_plan_contains_them() {
    let pool = |id: &str, name: &str, source: Value| json!({"id": id, "name": name, "source_ipam_pool_id": source, "cidrs": ["10.0.0.0/8"]});
    let same = |address: &str, pool: Value| change(address, &["no-op"], pool.clone(), pool);
    let text = page(&read(vec![
        same("ipam_pool.top", pool("ipam-pool-1", "top", Value::Null)),
        same("ipam_pool.below", pool("ipam-pool-2", "eu|west", json!("ipam-pool-1"))),
        change("ipam_allocation.a", &["create"], Value::Null, allocation("a", "10.0.0.0/24")),
        change(
            "ipam_allocation.b",
            &["create"],
            Value::Null,
            json!({"name": "b", "cidr": "10.0.1.0/24", "ipam_pool_id": "ipam-pool-7"}),
        ),
    ]));
    assert!(text.contains("| ipam\\_allocation.a | a | top/eu\\|west | 10.0.0.0/24 | 256 |"), "{text}");
    assert!(text.contains("| ipam\\_allocation.b | b | ipam-pool-7 | 10.0.1.0/24 | 256 |"), "{text}");
    // A damaged plan may contain a circle.
    let circle = pool("ipam-pool-2", "self", json!("ipam-pool-2"));
    page(&read(vec![
        same("ipam_pool.circle", circle),
        change("ipam_allocation.a", &["create"], Value::Null, allocation("a", "10.0.0.0/24")),
    ]));
}

#[test]
fn no_sensitive_value_is_printed() {
    let mut parts = Vec::new();
    let secret = |name: &str| json!({"name": name, "cidr": "10.66.0.0/24", "ipam_pool_id": "secret-pool"});
    let masks = [json!({"cidr": true, "name": true, "ipam_pool_id": true}), json!(true)];
    for (number, mask) in masks.iter().enumerate() {
        for actions in [&["create"][..], &["delete"], &["update"], &["forget"], &["delete", "create"]] {
            let mut one =
                change(&format!("ipam_allocation.s{number}"), actions, secret("secret-a"), secret("secret-b"));
            one["change"]["before_sensitive"] = mask.clone();
            one["change"]["after_sensitive"] = mask.clone();
            parts.push(one);
        }
    }
    let set = |key: &str| json!({"name": "set", "ipam_pool_id": "p", "cidrs": {key: "10.66.1.0/24"}});
    let mut one = change("ipam_allocation_set.s", &["update"], set("a"), set("b"));
    one["change"]["before_sensitive"] = json!({"cidrs": true});
    one["change"]["after_sensitive"] = json!({"cidrs": {"b": true}});
    parts.push(one);
    let pool = json!({"id": "x", "name": "pool", "cidrs": ["10.66.2.0/24"], "source_ipam_pool_id": null});
    let mut one = change("ipam_pool.s", &["create"], Value::Null, pool);
    one["change"]["after_sensitive"] = json!({"cidrs": [true]});
    parts.push(one);
    let changes = read(parts);
    let (text, json) = (page(&changes), serde_json::to_string(&changes).unwrap());
    for shown in [&text, &json] {
        assert!(!shown.contains("10.66.") && !shown.contains("secret-"), "{shown}");
        assert!(shown.contains("(sensitive)"), "{shown}");
    }
}

#[test]
fn values_that_are_not_known_yet_are_shown_as_such() {
    let mut new = change("ipam_allocation.new", &["create"], Value::Null, json!({"name": "new"}));
    new["change"]["after_unknown"] = json!({"cidr": true, "ipam_pool_id": true, "id": true});
    let mut moves =
        change("ipam_allocation.moves", &["delete", "create"], allocation("m", "10.0.0.0/24"), json!({"name": "m"}));
    moves["change"]["after_unknown"] = json!({"cidr": true, "ipam_pool_id": true});
    let mut set = change(
        "ipam_allocation_set.s",
        &["update"],
        json!({"name": "s", "cidrs": {"a": "10.0.1.0/24"}}),
        json!({"name": "s"}),
    );
    set["change"]["after_unknown"] = json!({"cidrs": true});
    let changes = read(vec![new, moves, set]);
    let unknown = Some("(known after apply)");
    assert_eq!(rows(&changes, "taken"), [row("ipam_allocation.new", None, unknown)]);
    let renumbered = [
        row("ipam_allocation.moves", Some("10.0.0.0/24"), unknown),
        row("ipam_allocation_set.s: a", Some("10.0.1.0/24"), unknown),
    ];
    assert_eq!(rows(&changes, "renumbered"), renumbered);
    assert!(page(&changes).contains("*(known after apply)*"));
}

#[test]
fn objects_of_other_providers_and_data_sources_do_not_count() {
    let mut data = change("ipam_pool.data", &["create"], Value::Null, json!({"cidrs": ["10.0.0.0/8"]}));
    data["mode"] = json!("data");
    let other = change("aws_vpc.main", &["delete"], json!({"cidr": "10.0.0.0/16"}), Value::Null);
    let changes = read(vec![data, other]);
    assert!(changes.is_empty());
    assert!(page(&changes).contains("\nNothing changes.\n"), "{}", page(&changes));
}

#[test]
fn long_tables_are_cut_and_say_so() {
    let new = |number: usize| {
        let address = format!("ipam_allocation.n{number}");
        change(&address, &["create"], Value::Null, allocation("n", &format!("10.0.{number}.0/24")))
    };
    let text = markdown::page(&read((0..12).map(new).collect()), None, 10);
    assert_eq!(text.matches("| ipam\\_allocation.n").count(), 10);
    assert!(text.contains("\n2 more.\n") && text.contains("12 blocks taken."), "{text}");
}

#[test]
fn a_plan_that_is_not_complete_says_so() {
    for more in [json!({"errored": true}), json!({"deferred_changes": [{}]})] {
        let mut plan = json!({"format_version": "1.2"});
        plan.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let changes = Changes::of(&Plan::read(plan.to_string().as_bytes()).unwrap());
        assert!(page(&changes).contains("[!WARNING]"));
    }
}

#[test]
fn other_input_is_refused_in_words_that_do_not_quote_it() {
    for (input, words) in [
        (&b"PK\x03\x04secret"[..], "terraform show -json"),
        (b"secret", "line 1, column 1"),
        (b"{\"secret\": 1}", "not the JSON of a plan"),
        (b"{\"format_version\": {\"secret\": 1}}", "not the JSON of a plan"),
        (b"{\"@level\": \"info\"}\n{\"secret\": 1}", "terraform plan -json"),
        (b"", "not the JSON of a plan"),
    ] {
        let refused = Plan::read(input).unwrap_err();
        assert!(refused.contains(words) && !refused.contains("secret"), "{refused}");
    }
}
