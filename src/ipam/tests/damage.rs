//! Damages stores at random, for tests of all code that reads them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::ipam::testing::dice;

/// Keys and values of a store.
pub(crate) type Entries = BTreeMap<String, Vec<u8>>;

/// Kinds of entries for which the audit must report a changed value.
const AUDITED: [&str; 7] = ["scope", "pool", "pool-cidr", "allocation", "discovery", "treatment", "event"];
/// Attributes that may change without an event.
const UNTOLD: [&str; 5] = ["confirmed", "updated_at", "created_at", "hold_expires_at", "growth"];

/// Damages one to three entries and describes the damage. The second part of the result is whether an audit must find
/// it.
pub(crate) fn damage(entries: &mut Entries, seed: u64) -> (String, bool) {
    let mut seed = seed;
    let mut roll = |sides: usize| usize::try_from(dice(&mut seed) % sides.max(1) as u64).unwrap();
    let (mut said, mut shows) = (String::new(), false);
    for _ in 0..=roll(3) {
        let key = entries.keys().nth(roll(entries.len())).unwrap().clone();
        let how = roll(6);
        let is_audited = AUDITED.contains(&key.split('/').next().unwrap());
        let did = match how {
            0 => {
                entries.remove(&key);
                // Lapsed holds are removed without an event.
                String::new()
            }
            1 => {
                let other = spoiled(&key, &mut roll);
                let value = entries.remove(&key).unwrap();
                entries.insert(other.clone(), value);
                shows |= is_audited && other != key;
                other
            }
            2 => {
                let others: Vec<&String> = entries.keys().collect();
                let other = others[roll(others.len())].clone();
                let value = entries[&other].clone();
                entries.insert(key.clone(), value);
                other
            }
            3 => {
                let value = entries.get_mut(&key).unwrap();
                if !value.is_empty() {
                    let at = roll(value.len());
                    value[at] = u8::try_from(roll(256)).unwrap();
                }
                String::from_utf8_lossy(value).into_owned()
            }
            _ => match serde_json::from_slice::<Value>(&entries[&key]) {
                Ok(mut record @ Value::Object(_)) => {
                    let ids: Vec<String> = ids(entries);
                    let (field, is_other) = spoil(&mut record, &ids, &mut roll);
                    shows |= is_audited && is_other && !UNTOLD.contains(&field.as_str()) && field != "v";
                    let text = record.to_string();
                    entries.insert(key.clone(), text.clone().into_bytes());
                    format!("{field}: {text}")
                }
                _ => {
                    entries.insert(key.clone(), b"18446744073709551615".to_vec());
                    "a number".to_owned()
                }
            },
        };
        said.push_str(&format!("\n{how} {key} {did}"));
    }
    (said, shows)
}

fn ids(entries: &Entries) -> Vec<String> {
    entries
        .keys()
        .filter(|key| key.starts_with("pool/") || key.starts_with("scope/"))
        .map(|key| key[5..].trim_matches('/').to_owned())
        .collect()
}

/// A key with one letter changed.
fn spoiled(key: &str, roll: &mut dyn FnMut(usize) -> usize) -> String {
    let mut letters: Vec<char> = key.chars().collect();
    let at = roll(letters.len());
    letters[at] = ['0', '9', 'f', 'z', '/', '~', '%'][roll(7)];
    letters.into_iter().collect()
}

/// Sets one field, at any depth, to a value that may be the worst of its kind. Returns the outermost field, and whether
/// its value changed.
fn spoil(record: &mut Value, ids: &[String], roll: &mut dyn FnMut(usize) -> usize) -> (String, bool) {
    let fields = record.as_object_mut().unwrap();
    let name = fields.keys().nth(roll(fields.len())).unwrap().clone();
    let field = fields.get_mut(&name).unwrap();
    let before = field.clone();
    match field {
        Value::Object(inner) if !inner.is_empty() && roll(3) > 0 => {
            spoil(field, ids, roll);
        }
        _ => *field = nasty(&before, ids, roll),
    }
    let is_other = *field != before;
    (name, is_other)
}

fn nasty(before: &Value, ids: &[String], roll: &mut dyn FnMut(usize) -> usize) -> Value {
    let text = |texts: &[&str], roll: &mut dyn FnMut(usize) -> usize| json!(texts[roll(texts.len())]);
    match before {
        _ if roll(6) == 0 => Value::Null,
        Value::Number(_) => {
            [json!(0), json!(1), json!(200), json!(u64::MAX), json!(u32::MAX), json!(-1)][roll(6)].clone()
        }
        Value::Bool(found) => json!(!found),
        Value::String(found) if found.contains('/') || found.is_empty() => {
            text(&["0.0.0.0/0", "::/0", "10.0.0.0/32", "255.255.255.255/32", "ffff::/16", "10.0.0.0/9"], roll)
        }
        Value::String(found) if found.ends_with('Z') => {
            text(&["-009999-01-02T01:59:59Z", "9999-12-30T22:00:00Z", "1970-01-01T00:00:00Z"], roll)
        }
        Value::String(found) if found.starts_with("ipam-") && !ids.is_empty() => json!(ids[roll(ids.len())]),
        Value::String(found) if found.bytes().all(|byte| byte.is_ascii_digit()) => {
            json!(["0", "340282366920938463463374607431768211457", "1"][roll(3)])
        }
        Value::String(_) => text(&["", "planned", "lapsed", "active", "ipv6", "random", "sparse", "x/\u{1}y"], roll),
        Value::Null => match roll(3) {
            0 if !ids.is_empty() => json!(ids[roll(ids.len())]),
            1 => json!({"cidr": "10.0.0.0/32", "expires_at": "9999-12-30T22:00:00Z"}),
            _ => json!("eu"),
        },
        Value::Array(_) => json!(["10.0.0.0/8", "::/0"]),
        Value::Object(_) => json!({"netmask_length": 200}),
    }
}

/// Adds `count` pools, each inside the one before it, below the first pool of the store. With `ring`, the last one
/// contains itself.
pub(crate) fn chain(entries: &mut Entries, count: usize, ring: bool) {
    let find =
        |start: &str| entries.iter().find(|(key, _)| key.starts_with(start)).map(|(_, value)| value.clone()).unwrap();
    let pool: Value = serde_json::from_slice(&find("pool/")).unwrap();
    let (sums, mut above) = (find("count/"), pool["id"].as_str().unwrap().to_owned());
    let mut add = |id: &str, above: &str, depth: usize| {
        let mut below = pool.clone();
        below["id"] = json!(id);
        below["name"] = json!(id);
        below["source_pool_id"] = json!(above);
        below["depth"] = json!(depth);
        entries.insert(format!("pool/{id}"), below.to_string().into_bytes());
        entries.insert(format!("child/{above}/{id}"), Vec::new());
        entries.insert(format!("count/{id}"), sums.clone());
    };
    for number in 0..count {
        let id = format!("ipam-pool-c{number:05}");
        add(&id, &above, number + 2);
        above = id;
    }
    if ring {
        let last = format!("ipam-pool-c{:05}", count - 1);
        add("ipam-pool-c00000", &last, 2);
    }
}
