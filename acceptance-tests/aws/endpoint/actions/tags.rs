//! Tags of all kinds of objects.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::fault::{Fault, Result};
use super::super::thing::{Kind, Thing};
use super::super::world::{members, not_found};
use super::{Ask, Members};

const TAGS_MAX: usize = 50;
const KEY_MAX: usize = 128;
const VALUE_MAX: usize = 256;

/// Adds a list of keys and values to `tags`.
///
/// # Errors
/// Fails with `InvalidParameterValue` or `TagLimitExceeded`.
pub(super) fn add(tags: &mut BTreeMap<String, String>, list: Option<&Value>) -> Result<()> {
    for tag in list.and_then(Value::as_array).into_iter().flatten() {
        let part = |name: &str| tag[name].as_str().unwrap_or_default().to_owned();
        let (key, value) = (part("Key"), part("Value"));
        if key.is_empty() || key.starts_with("aws:") || key.chars().count() > KEY_MAX {
            return Err(Fault::value(format!("The tag key '{key}' is not valid.")));
        }
        if value.chars().count() > VALUE_MAX {
            return Err(Fault::value(format!("The value of the tag '{key}' is too long.")));
        }
        tags.insert(key, value);
    }
    match tags.len() > TAGS_MAX {
        true => Err(Fault::new("TagLimitExceeded", format!("A resource has at most {TAGS_MAX} tags."))),
        false => Ok(()),
    }
}

fn resources(ask: &Ask<'_>) -> Result<Vec<Thing>> {
    let find = |id: &String| {
        let kind = Kind::ALL.into_iter().filter(|kind| !kind.names().prefix.is_empty());
        let kind = kind.filter(|kind| id.starts_with(kind.names().prefix)).max_by_key(|kind| kind.names().prefix.len());
        let Some(kind) = kind.filter(|kind| !kind.names().resource_type.is_empty()) else {
            return Err(Fault::new("InvalidID", format!("The ID '{id}' is not valid.")));
        };
        let found = ask.world.require(kind, id, &ask.account, &ask.region)?;
        match found.account == ask.account {
            true => Ok(found.clone()),
            false => Err(not_found(kind, id)),
        }
    };
    ask.texts("ResourceId").iter().map(find).collect()
}

pub(super) fn create(ask: &mut Ask<'_>) -> Result<Members> {
    let list = ask.value("Tag");
    for thing in resources(ask)? {
        let mut tags = thing.tags;
        add(&mut tags, Some(&list))?;
        ask.world.get_mut(&thing.id).tags = tags;
    }
    Ok(Members::new())
}

/// Deletes tags: a key without a value matches every value, and a request without keys deletes all tags.
pub(super) fn delete(ask: &mut Ask<'_>) -> Result<Members> {
    let wanted = ask.structures("Tag");
    for thing in resources(ask)? {
        let goes = |key: &String, value: &String| {
            wanted.is_empty()
                || wanted.iter().any(|tag| {
                    tag.get("Key").is_some_and(|known| known == key.as_str())
                        && tag.get("Value").is_none_or(|known| known == value.as_str())
                })
        };
        ask.world.get_mut(&thing.id).tags.retain(|key, value| !goes(key, value));
    }
    Ok(Members::new())
}

pub(super) fn describe(ask: &mut Ask<'_>) -> Result<Members> {
    let mut bodies = Vec::new();
    for thing in &ask.world.things {
        if thing.account != ask.account || !ask.world.is_visible(thing, &ask.account, &ask.region) {
            continue;
        }
        let resource_type = thing.kind.names().resource_type;
        bodies.extend(thing.tags.iter().map(|(key, value)| {
            members(json!({"key": key, "value": value, "resourceId": thing.id, "resourceType": resource_type}))
        }));
    }
    ask.list_bodies("tagSet", &bodies)
}
