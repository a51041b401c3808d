//! References inside nested objects of a configuration.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::tf::Value;

/// The configuration with the known values that `${address.attribute}` stands for inside nested objects.
pub(super) fn resolved(json: &Json, objects: &BTreeMap<String, Value>) -> Json {
    let mut all = json.clone();
    for inner in all.as_object_mut().into_iter().flat_map(serde_json::Map::values_mut).filter(|one| one.is_object()) {
        resolve(inner, objects);
    }
    all
}

fn resolve(json: &mut Json, objects: &BTreeMap<String, Value>) {
    if let Json::Object(fields) = json {
        fields.values_mut().for_each(|field| resolve(field, objects));
    }
    let reference = json.as_str().and_then(|text| text.strip_prefix("${")?.strip_suffix('}')?.rsplit_once('.'));
    let Some((address, attribute)) = reference else { return };
    let object = objects.get(address).unwrap_or_else(|| panic!("no {address} yet"));
    let Value::String(text) = object.entry(attribute) else { panic!("{address}.{attribute} is not a known text") };
    *json = text.clone().into();
}
