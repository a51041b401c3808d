//! Answers of NetBox's API: pages, arrays of pages, and arrays of objects.

use serde_json::Value;

use super::columns::{Kind, kind_of};
use super::record::{Collector, Record};
use crate::sources::json::Node;
use crate::sources::{Inventory, Mistake};

type Members<'a> = Vec<(String, Node<'a>)>;

/// The networks in an answer, or in several of them in one array.
pub(super) fn read(text: &str) -> Inventory {
    let mut reading = Reading::default();
    match Node::of(text) {
        Ok(node) => reading.any(node, true),
        Err(mistake) => reading.collector.refuse(mistake),
    }
    reading.finish()
}

/// Whether the first object of the text is one of NetBox's API.
pub(super) fn is_of_netbox(text: &str) -> bool {
    Node::of(text).is_ok_and(|node| first_is_of_netbox(node, 3))
}

fn first_is_of_netbox(node: Node<'_>, depth: usize) -> bool {
    if depth == 0 {
        return false;
    }
    if let Some(elements) = node.elements() {
        return elements.first().is_some_and(|first| first_is_of_netbox(*first, depth - 1));
    }
    let Ok(Some(members)) = node.members() else { return false };
    let has = |key: &str| members.iter().any(|(name, _)| name == key);
    match member(&members, "results") {
        Some(results) if has("count") && has("next") => match results.elements() {
            Some(results) if results.is_empty() => true,
            Some(results) => first_is_of_netbox(results[0], 1),
            None => false,
        },
        Some(_) => false,
        None => has("id") && has("url") && kind(&members).is_some(),
    }
}

/// What an object is. Nautobot has namespaces in place of VRFs.
fn kind(members: &Members<'_>) -> Option<Kind> {
    let names = members.iter().map(|(name, _)| name.as_str());
    if members.iter().any(|(name, _)| name == "namespace") { None } else { kind_of(names) }
}

fn member<'a>(members: &Members<'a>, key: &str) -> Option<Node<'a>> {
    members.iter().find(|(name, _)| name == key).map(|(_, node)| *node)
}

#[derive(Default)]
struct Reading {
    collector: Collector,
    /// Lines of objects that are something else.
    others: Vec<u64>,
}

impl Reading {
    /// Reads an array, a page or an object. `is_last`: no other page follows.
    fn any(&mut self, node: Node<'_>, is_last: bool) {
        if let Some(elements) = node.elements() {
            let last = elements.len().saturating_sub(1);
            for (at, element) in elements.into_iter().enumerate() {
                self.any(element, at == last);
            }
            return;
        }
        match node.members() {
            Ok(Some(members)) => match member(&members, "results").and_then(Node::elements) {
                Some(results) => self.page(&members, &results, is_last),
                None => self.object(node.line, &members),
            },
            Ok(None) => self.others.push(node.line),
            Err(mistake) => self.collector.refuse(mistake),
        }
    }

    fn page(&mut self, members: &Members<'_>, results: &[Node<'_>], is_last: bool) {
        for result in results {
            self.any(*result, true);
        }
        if let Some(next) = member(members, "next").filter(|next| is_last && next.text().is_some()) {
            let words = "it is one page of several, and the page after it is missing. Ask for all with ?limit=0, or put all \
                         pages into one array: jq -s . page1.json page2.json.";
            self.collector.refuse(Mistake::on(next.line, words));
        }
    }

    fn object(&mut self, line: u64, members: &Members<'_>) {
        let Some(kind) = kind(members) else { return self.others.push(line) };
        let mut record = Record::on(line);
        for (name, node) in members {
            match name.as_str() {
                "custom_fields" => self.custom_fields(*node, &mut record),
                // The object `scope` has the name.
                "scope_id" => {}
                "assigned_object" => assigned(*node, &mut record),
                "vrf" => vrf(*node, &mut record),
                "vlan" => record.add(name, &shown(&node.value(), &["display", "name"])),
                _ => record.add(name, &shown(&node.value(), &["name", "display"])),
            }
        }
        self.collector.take(kind, &record);
    }

    fn custom_fields(&mut self, node: Node<'_>, record: &mut Record) {
        match node.members() {
            Ok(members) => {
                for (name, node) in members.into_iter().flatten() {
                    record.add(&format!("cf_{name}"), &shown(&node.value(), &["name", "display"]));
                }
            }
            Err(mistake) => self.collector.refuse(mistake),
        }
    }

    fn finish(mut self) -> Inventory {
        if let Some(first) = self.others.first() {
            let words = match self.others.len() {
                1 => "it is not a prefix, an aggregate, a range, an address or a VRF of NetBox.".to_owned(),
                count => format!(
                    "it is not a prefix, an aggregate, a range, an address or a VRF of NetBox, and {} more are not.",
                    count - 1
                ),
            };
            self.collector.refuse(Mistake::on(*first, words));
        }
        self.collector.finish()
    }
}

/// The VRF. Its route distinguisher goes into the field that a VRF has for it.
fn vrf(node: Node<'_>, record: &mut Record) {
    let value = node.value();
    record.add("vrf", &shown(&value, &["name", "display"]));
    if let Some(distinguisher) = value.get("rd").and_then(Value::as_str) {
        record.add("rd", distinguisher);
    }
}

/// The interface that an address is on, and what the interface belongs to.
fn assigned(node: Node<'_>, record: &mut Record) {
    let value = node.value();
    record.add("interface", &shown(&value, &["name", "display"]));
    for owner in ["device", "virtual_machine"] {
        if let Some(owned) = value.get(owner) {
            record.add(owner, &shown(owned, &["name", "display"]));
        }
    }
}

/// The text that a table shows for a value. A choice has a `value`; another object has one of the `names`.
fn shown(value: &Value, names: &[&str]) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(yes) => if *yes { "True" } else { "False" }.to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Array(elements) => elements
            .iter()
            .map(|element| shown(element, names))
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join(","),
        Value::Object(members) => {
            let choice = members.get("value").filter(|_| members.contains_key("label"));
            let named = names.iter().find_map(|name| members.get(*name));
            choice.or(named).map_or_else(String::new, |value| shown(value, names))
        }
    }
}
