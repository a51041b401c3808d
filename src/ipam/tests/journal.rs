//! Tests that the audit compares every record with the history.

use serde_json::{Value, json};

use crate::ipam::testing::*;
use crate::ipam::tests::discovery::{of, vpc};
use crate::ipam::*;
use crate::store::Tx;

/// A store with every kind of record, in every state that events record.
fn world() -> World {
    let mut world = World::new();
    let scope = ScopeSpec {
        name: "dmz".into(),
        scope_type: ScopeType::Private,
        description: Some("demilitarised".into()),
        tags: [("team".to_owned(), "network".to_owned())].into(),
        ipam_id: None,
    };
    world.write(|ledger| ledger.create_scope(&scope, &Planned::Unknown)).unwrap();
    let top = world.top("top", &["10.0.0.0/16"]);
    let inner = world.write(|ledger| ledger.create_pool(&below(&top, "eu", "/18"), &Planned::Unknown)).unwrap();
    let named =
        PoolCidrSpec { pool_id: inner.meta.id.clone(), name: Some("more".into()), size: size("/20"), proof: None };
    world.write(|ledger| ledger.create_pool_cidr(&named, &Planned::Unknown)).unwrap();
    let held = PoolCidrSpec { name: Some("held".into()), ..named };
    world.write(|ledger| ledger.plan_pool_cidr(&held, &terms())).unwrap();
    let web = world.create(&inner, "web", "/24").unwrap();
    world.write(|ledger| ledger.plan_resize(&web.meta.id, size("/23"), &terms())).unwrap();
    world.write(|ledger| ledger.confirm(&web.meta.id)).unwrap();
    world.plan(&inner, "held", "/24").unwrap();
    world.write(|ledger| ledger.plan_pool(&below(&top, "planned", "/20"), &terms())).unwrap();
    let discovery = world.discovery("all");
    world.sees(&discovery, &[vpc("vpc-1", "172.16.0.0/16")]);
    let ignored = Treatment { monitored: false, scope_id: None };
    world.write(|ledger| ledger.treat(&of("vpc-1", "172.16.0.0/16"), &ignored)).unwrap();
    world.check();
    world
}

const RECORDS: [&str; 6] = ["scope/", "pool/", "pool-cidr/", "allocation/", "discovery/", "treatment/"];

fn is_record(key: &str) -> bool {
    RECORDS.iter().any(|start| key.starts_with(start))
}

fn copy(world: &World) -> World {
    World { map: world.map.clone(), now: world.now, seed: 5, actor: world.actor.clone(), run: None }
}

fn findings(world: &mut World) -> Vec<Finding> {
    world.read(|reader| reader.check()).unwrap().findings
}

/// A value that a person could write into a field of a record.
fn other(field: &str, value: &Value) -> Value {
    match (field, value) {
        ("state", _) => json!("planned"),
        ("strategy", _) => json!("sparse"),
        ("scope_type", _) => json!("public"),
        ("rules", _) => json!({"min_netmask_length": 9, "max_netmask_length": 28}),
        ("tags", _) => json!({"team": "network"}),
        ("size", _) => json!({"netmask_length": 27}),
        ("provision", _) => json!({"netmask_length": 18}),
        ("disallowed_cidrs" | "cidrs", _) => json!(["10.0.255.0/24"]),
        ("resource_type", Value::String(text)) if text == "custom" => json!("vpc"),
        ("resource_type", _) => json!("subnet"),
        ("treatment", _) => json!({"monitored": true, "scope_id": "ipam-scope-0"}),
        (_, Value::Bool(found)) => json!(!found),
        (_, Value::Number(_)) => json!(7),
        (_, Value::String(text)) if text.ends_with('Z') => json!("2031-02-03T04:05:06Z"),
        (_, Value::String(text)) if text.parse::<Cidr>().is_ok() => json!("10.0.255.0/24"),
        (_, Value::String(_) | Value::Null) => json!("changed"),
        (_, Value::Object(fields)) => {
            let mut fields = fields.clone();
            fields.values_mut().for_each(|value| *value = other("", value));
            Value::Object(fields)
        }
        (_, Value::Array(_)) => json!([]),
    }
}

/// Whether a field may change without an event, or does not follow from events.
fn may_change(key: &str, record: &Value, field: &str) -> bool {
    let has = |name: &str, value: Value| record[name] == value;
    match field {
        // An object is confirmed without an event.
        "confirmed" => true,
        // No events record the blocks of a pool's own declaration, or the space of a pool.
        "updated_at" => {
            // Earlier versions renewed the hold of a pool CIDR without an event.
            has("inline", json!(true))
                || has("resource_type", json!("ipam-pool"))
                || key.starts_with("pool-cidr/") && has("state", json!("planned"))
        }
        "created_at" => has("inline", json!(true)) && has("source_allocation_id", Value::Null),
        // The version belongs to the format of the store.
        "v" => true,
        _ => false,
    }
}

#[test]
fn a_manually_changed_field_differs_from_the_last_event() {
    let world = world();
    let mut seen = 0;
    for (key, value) in world.map.entries().clone().iter().filter(|(key, _)| is_record(key)) {
        let record: Value = serde_json::from_slice(value).unwrap();
        for (field, found) in record.as_object().unwrap() {
            if may_change(key, &record, field) {
                continue;
            }
            let mut changed = record.clone();
            changed[field] = other(field, found);
            if changed == record {
                continue;
            }
            let mut damaged = copy(&world);
            damaged.map.put(key, serde_json::to_vec(&changed).unwrap()).unwrap();
            let found = findings(&mut damaged);
            assert!(!found.is_empty(), "{key}: {field} was changed unseen to {}", changed[field]);
            seen += 1;
        }
    }
    assert!(seen > 150, "{seen}");
}

#[test]
fn the_finding_names_what_differs_and_the_event() {
    let mut world = world();
    let record =
        world.map.entries().iter().find(|(_, value)| String::from_utf8_lossy(value).contains("\"name\":\"web\""));
    let (key, value) = record.map(|(key, value)| (key.clone(), value.clone())).unwrap();
    assert!(key.starts_with("allocation/"), "{key}");
    let text = String::from_utf8(value).unwrap().replace("\"owner\":\"us\"", "\"owner\":\"them\"");
    world.map.put(&key, text.replace("\"tags\":{}", "\"tags\":{\"a\":\"b\"}").into_bytes()).unwrap();
    let id = key.strip_prefix("allocation/").unwrap();
    let found = findings(&mut world);
    let last = world.read(|reader| reader.events(0, usize::MAX)).unwrap();
    let last = last.iter().rev().find(|event| event.id == id).unwrap().sequence;
    let what = format!("Its owner and tags are not what its last event, {last}, records.");
    assert_eq!(found, [Finding { place: id.to_owned(), what }]);
}

#[test]
fn a_record_without_an_event_is_a_finding_and_an_object_without_a_record_too() {
    let world = world();
    let is_scope =
        |key: &str, value: &[u8]| key.starts_with("scope/") && String::from_utf8_lossy(value).contains("\"dmz\"");
    let scope = world.map.entries().iter().find(|(key, value)| is_scope(key, value));
    let (key, value) = scope.map(|(key, value)| (key.clone(), value.clone())).unwrap();
    let id = key.strip_prefix("scope/").unwrap();
    let name = format!("name/scope/-/{}", "dmz");
    let mut gone = copy(&world);
    gone.map.delete(&key).unwrap();
    gone.map.delete(&name).unwrap();
    let found = findings(&mut gone);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].place, id);
    assert!(found[0].what.ends_with("records that it exists, but it does not exist."), "{found:?}");
    let mut added = copy(&world);
    let text = String::from_utf8(value).unwrap().replace(id, "ipam-scope-00").replace("\"dmz\"", "\"dmz2\"");
    added.map.put("scope/ipam-scope-00", text.into_bytes()).unwrap();
    added.map.put("name/scope/-/dmz2", br#"{"v":1,"active":"ipam-scope-00"}"#.to_vec()).unwrap();
    let what = "No event records it.".to_owned();
    assert_eq!(findings(&mut added), [Finding { place: "ipam-scope-00".into(), what }]);
    // The object was deleted, and then restored in the store manually.
    let mut back = copy(&world);
    back.write(|ledger| ledger.delete_scope(id)).unwrap();
    for (key, value) in world.map.entries().iter().filter(|(found, _)| **found == key || **found == name) {
        back.map.put(key, value.clone()).unwrap();
    }
    let found = findings(&mut back);
    assert!(found.len() == 1 && found[0].what.ends_with("records that it is gone."), "{found:?}");
}

#[test]
fn forgotten_events_make_no_findings_and_later_ones_are_still_compared() {
    let mut world = world();
    let last = world.read(|reader| reader.events(0, usize::MAX)).unwrap().pop().unwrap();
    let until = Until { sequence: last.sequence, hash: last.hash };
    world.write(|ledger| ledger.forget_events(&until, true, usize::MAX)).unwrap();
    world.check();
    world.wait(1);
    let pool = world.top("later", &["192.168.0.0/16"]);
    world.check();
    let key = format!("pool/{}", pool.meta.id);
    let text = String::from_utf8(world.map.entries()[&key].clone()).unwrap();
    world.map.put(&key, text.replace("best-fit", "random").into_bytes()).unwrap();
    let found = findings(&mut world);
    assert!(found.len() == 1 && found[0].what.starts_with("Its strategy is not what its last event, "), "{found:?}");
}

/// Earlier versions moved the expiry of a planned pool CIDR and of a planned growth without an event.
#[test]
fn changes_without_an_event_by_earlier_versions_are_not_findings() {
    let mut world = world();
    for (key, value) in world.map.entries().clone() {
        let Ok(mut record) = serde_json::from_slice::<Value>(&value) else { continue };
        let is_held = key.starts_with("pool-cidr/") && record["name"] == "held";
        let is_growing = key.starts_with("allocation/") && record["growth"].is_object();
        if !is_held && !is_growing {
            continue;
        }
        let at = if is_held { &mut record["hold_expires_at"] } else { &mut record["growth"]["expires_at"] };
        let before: jiff::Timestamp = at.as_str().unwrap().parse().unwrap();
        let after = before + std::time::Duration::from_secs(60);
        *at = json!(after);
        if is_held {
            let updated: jiff::Timestamp = record["updated_at"].as_str().unwrap().parse().unwrap();
            record["updated_at"] = json!(updated + std::time::Duration::from_secs(1));
        }
        let text = |at: jiff::Timestamp| format!("{at:.9}").replace(':', "");
        let indexes: Vec<String> = world
            .map
            .entries()
            .keys()
            .filter(|key| key.starts_with("expiry/") && key.contains(&text(before)))
            .cloned()
            .collect();
        let id = record["id"].as_str().unwrap().to_owned();
        for index in indexes.into_iter().filter(|index| index.ends_with(&id)) {
            world.map.delete(&index).unwrap();
            world.map.put(&index.replace(&text(before), &text(after)), Vec::new()).unwrap();
        }
        world.map.put(&key, serde_json::to_vec(&record).unwrap()).unwrap();
    }
    world.check();
}
