//! Plans and states as JSON, queried by address: `ipam_allocation.app["web"].cidr`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// 2^63: the first whole number that does not fit into 64 bits with a sign.
const LOST_FROM: f64 = 9_223_372_036_854_775_808.0;

/// A saved plan (`terraform show -json`).
#[derive(Clone, Debug)]
pub struct Plan(Value);

impl Plan {
    pub fn new(json: Value) -> Self {
        Self(json)
    }

    /// Whether the program that made the plan changes digits of whole numbers of 2^63 and more when it reads the plan
    /// again: all releases before 1.9 do.
    pub fn loses_digits(&self) -> bool {
        let version = self.0["terraform_version"].as_str().expect("a plan has the version of its program");
        let mut parts = version.split('.').map(|part| part.parse::<u32>().expect("a release"));
        (parts.next(), parts.next()) < (Some(1), Some(9))
    }

    /// Whether `planned` is equal to `value`, as far as the plan can represent it.
    pub fn shows(&self, planned: &Value, value: &Value) -> bool {
        let large = |value: &Value| value.as_f64().filter(|number| *number >= LOST_FROM && self.loses_digits());
        match (large(planned), large(value)) {
            (Some(planned), Some(value)) => (planned / value - 1.0).abs() < 1e-15,
            _ => planned == value,
        }
    }

    /// Addresses of managed resources and their actions, without `no-op`. Several steps are joined: `delete create`.
    pub fn actions(&self) -> BTreeMap<String, String> {
        let changes = self.changes().filter(|change| change["mode"] == "managed");
        changes
            .map(|change| (text(&change["address"]), words(&change["change"]["actions"])))
            .filter(|(_, action)| action != "no-op")
            .collect()
    }

    /// Addresses of the resources of this provider that the plan creates or changes.
    pub fn written(&self) -> Vec<String> {
        let written = self.changes().filter(|change| !change["change"]["after"].is_null());
        let ours = written.filter(|change| change["mode"] == "managed" && text(&change["type"]).starts_with("ipam_"));
        ours.map(|change| text(&change["address"])).collect()
    }

    /// The planned value of an attribute; `None` when it is not known yet.
    #[track_caller]
    pub fn value(&self, place: &str) -> Option<&Value> {
        let (address, attribute) = split(place);
        let change = &self.change(address)["change"];
        let unknown = &change["after_unknown"];
        if contains_true(unknown) && (unknown == &Value::Bool(true) || contains_true(&unknown[attribute])) {
            return None;
        }
        let value = change["after"].get(attribute);
        Some(value.unwrap_or_else(|| panic!("the plan has no {place}: {change:#}")))
    }

    /// The text of an attribute, which must be known.
    #[track_caller]
    pub fn known(&self, place: &str) -> String {
        let value = self.value(place).unwrap_or_else(|| panic!("{place} is not known in the plan: {:#}", self.0));
        value.as_str().map_or_else(|| value.to_string(), str::to_owned)
    }

    /// All attributes of one resource that the plan does not know.
    #[track_caller]
    pub fn unknowns(&self, address: &str) -> BTreeSet<String> {
        let change = self.change(address);
        let unknown = change["change"]["after_unknown"].as_object().into_iter().flatten();
        unknown.filter(|(_, value)| contains_true(value)).map(|(name, _)| name.clone()).collect()
    }

    /// Every known attribute of one resource after the change.
    #[track_caller]
    pub fn known_attributes(&self, address: &str) -> BTreeMap<String, Value> {
        let unknown = self.unknowns(address);
        let after = self.change(address)["change"]["after"].as_object().cloned().unwrap_or_default();
        after.into_iter().filter(|(name, _)| !unknown.contains(name)).collect()
    }

    /// The value of an output after the change; `None` when it is not known yet.
    #[track_caller]
    pub fn output(&self, name: &str) -> Option<&Value> {
        let change = &self.0["output_changes"][name];
        assert!(!change.is_null(), "the plan has no output {name}: {:#}", self.0["output_changes"]);
        (!contains_true(&change["after_unknown"])).then(|| &change["after"])
    }

    /// Whether the plan changes neither resources nor outputs.
    pub fn is_empty(&self) -> bool {
        let outputs = self.0["output_changes"].as_object().into_iter().flatten();
        self.actions().is_empty()
            && outputs.map(|(_, change)| words(&change["actions"])).all(|action| action == "no-op")
    }

    fn changes(&self) -> impl Iterator<Item = &Value> {
        self.0["resource_changes"].as_array().into_iter().flatten()
    }

    #[track_caller]
    fn change(&self, address: &str) -> &Value {
        self.changes()
            .find(|change| change["address"] == address && change.get("deposed").is_none())
            .unwrap_or_else(|| panic!("{address} is not in the plan: {:#}", self.0["resource_changes"]))
    }
}

/// A state file.
#[derive(Clone, Debug)]
pub struct State(Value);

impl State {
    pub fn new(json: Value) -> Self {
        Self(json)
    }

    /// Every instance: address and attributes.
    pub fn instances(&self) -> BTreeMap<String, &Value> {
        let mut instances = BTreeMap::new();
        for resource in self.0["resources"].as_array().into_iter().flatten() {
            for instance in resource["instances"].as_array().into_iter().flatten() {
                if instance.get("deposed").is_none() {
                    instances.insert(address(resource, instance), &instance["attributes"]);
                }
            }
        }
        instances
    }

    /// The managed instances of one type: address and attributes.
    pub fn of_type(&self, type_name: &str) -> BTreeMap<String, &Value> {
        let prefix = format!("{type_name}.");
        self.instances().into_iter().filter(|(address, _)| address.starts_with(&prefix)).collect()
    }

    #[track_caller]
    pub fn value(&self, place: &str) -> &Value {
        let (address, attribute) = split(place);
        let instances = self.instances();
        let attributes =
            instances.get(address).unwrap_or_else(|| panic!("{address} is not in the state: {:?}", instances.keys()));
        attributes.get(attribute).unwrap_or_else(|| panic!("the state has no {place}: {attributes:#}"))
    }

    /// Text of an attribute.
    #[track_caller]
    pub fn text(&self, place: &str) -> String {
        let value = self.value(place);
        value.as_str().map_or_else(|| value.to_string(), str::to_owned)
    }

    pub fn output(&self, name: &str) -> &Value {
        &self.0["outputs"][name]["value"]
    }
}

fn address(resource: &Value, instance: &Value) -> String {
    let mode = if resource["mode"] == "data" { "data." } else { "" };
    let module = resource["module"].as_str().map(|module| format!("{module}.")).unwrap_or_default();
    let index = match instance.get("index_key") {
        Some(key) => format!("[{key}]"),
        None => String::new(),
    };
    format!("{module}{mode}{}.{}{index}", text(&resource["type"]), text(&resource["name"]))
}

/// `ipam_pool.top.cidr` is the attribute `cidr` of `ipam_pool.top`.
#[track_caller]
pub fn split(place: &str) -> (&str, &str) {
    place.rsplit_once('.').unwrap_or_else(|| panic!("{place:?} is not an address with an attribute"))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn words(actions: &Value) -> String {
    actions.as_array().into_iter().flatten().map(text).collect::<Vec<_>>().join(" ")
}

fn contains_true(value: &Value) -> bool {
    match value {
        Value::Bool(truth) => *truth,
        Value::Array(items) => items.iter().any(contains_true),
        Value::Object(entries) => entries.values().any(contains_true),
        _ => false,
    }
}
