//! botocore's model of the actions: requests are read with it, and answers are checked against it.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::{Map, Value};
use test_servers::Packages;

use super::fault::{Fault, Result};

/// boto3 and the model that it contains.
pub(crate) const PACKAGES: &str = "boto3==1.44.5 botocore==1.44.5";

#[derive(Debug, Deserialize)]
pub(crate) struct Operation {
    pub(crate) input: Shape,
    pub(crate) output: Shape,
}

/// A type, with the types inside it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Shape {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    pub(crate) members: BTreeMap<String, Member>,
    pub(crate) member: Option<Box<Shape>>,
    #[serde(default, rename = "enum")]
    words: Vec<String>,
    min: Option<i64>,
    max: Option<i64>,
}

/// A member of a structure, by its name on the wire.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Member {
    /// The name that clients use.
    pub(crate) name: String,
    required: bool,
    pub(crate) shape: Shape,
}

/// All actions about IPAM, and about tags.
#[derive(Debug)]
pub(crate) struct Model(BTreeMap<String, Operation>);

impl Model {
    /// The model of this process, read at its first use.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Model> = OnceLock::new();
        SHARED.get_or_init(|| {
            let script = concat!(env!("CARGO_MANIFEST_DIR"), "/acceptance-tests/aws/python/model.py");
            let output = Packages::of(PACKAGES).command().arg(script).output().expect("python3 starts");
            assert!(output.status.success(), "model.py: {}", String::from_utf8_lossy(&output.stderr));
            Model(serde_json::from_slice(&output.stdout).expect("model.py prints JSON"))
        })
    }

    pub(crate) fn operation(&self, action: &str) -> Option<&Operation> {
        self.0.get(action)
    }

    pub(crate) fn actions(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// Parameters of a request, split at the dots of their names.
#[derive(Debug, Default)]
struct Node {
    text: Option<String>,
    inside: BTreeMap<String, Node>,
}

impl Operation {
    /// The parameters of a request, with their types, by their names on the wire.
    ///
    /// # Errors
    /// Fails with `UnknownParameter`, `MissingParameter` or `InvalidParameterValue` if the model does not allow the
    /// request.
    pub(crate) fn read(&self, form: &[(String, String)]) -> Result<Map<String, Value>> {
        let mut tree = Node::default();
        for (name, text) in form.iter().filter(|(name, _)| name != "Action" && name != "Version") {
            let leaf = name.split('.').fold(&mut tree, |node, part| node.inside.entry(part.to_owned()).or_default());
            leaf.text = Some(text.clone());
        }
        match decode(&tree, &self.input, "")? {
            Value::Object(members) => Ok(members),
            _ => Err(Fault::internal("the input is no structure")),
        }
    }

    /// Checks that clients would understand every member of an answer.
    ///
    /// # Errors
    /// Fails with the place and the problem, in words.
    pub(crate) fn check_answer(&self, members: &Map<String, Value>) -> Result<(), String> {
        check(&Value::Object(members.clone()), &self.output, "")
    }

    /// The members of the items in a list answer.
    pub(crate) fn listed(&self, set: &str) -> Option<&BTreeMap<String, Member>> {
        Some(&self.output.members.get(set)?.shape.member.as_ref()?.members)
    }
}

impl Shape {
    /// A value with the names that clients use in place of those on the wire, without null members.
    pub(crate) fn as_clients_see(&self, value: &Value) -> Value {
        match value {
            Value::Object(members) => {
                let seen = members.iter().filter(|(_, value)| !value.is_null()).map(|(wire, value)| {
                    let member = &self.members[wire];
                    (member.name.clone(), member.shape.as_clients_see(value))
                });
                Value::Object(seen.collect())
            }
            Value::Array(items) => {
                let inside = self.member.as_ref().expect("a list has members");
                items.iter().map(|item| inside.as_clients_see(item)).collect()
            }
            other => other.clone(),
        }
    }
}

fn decode(node: &Node, shape: &Shape, path: &str) -> Result<Value> {
    match shape.kind.as_str() {
        "structure" => decode_structure(node, shape, path),
        "list" => decode_list(node, shape, path),
        _ => match (&node.text, node.inside.is_empty()) {
            (Some(text), true) => decode_scalar(text, shape, path),
            _ => Err(unknown(path)),
        },
    }
}

fn unknown(path: &str) -> Fault {
    Fault::new("UnknownParameter", format!("The parameter {path} is not recognized."))
}

fn decode_structure(node: &Node, shape: &Shape, path: &str) -> Result<Value> {
    if node.text.is_some() {
        return Err(unknown(path));
    }
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    let mut members = Map::new();
    for (name, inside) in &node.inside {
        let member = shape.members.get(name).ok_or_else(|| unknown(&below(name)))?;
        members.insert(name.clone(), decode(inside, &member.shape, &below(name))?);
    }
    let missing = shape.members.iter().find(|(name, member)| member.required && !members.contains_key(*name));
    if let Some((name, _)) = missing {
        let what = format!("The request must contain the parameter {}.", below(name));
        return Err(Fault::new("MissingParameter", what));
    }
    Ok(Value::Object(members))
}

fn decode_list(node: &Node, shape: &Shape, path: &str) -> Result<Value> {
    // An empty list is sent as its name alone.
    if node.text.as_ref().is_some_and(|text| !text.is_empty()) {
        return Err(unknown(path));
    }
    let inside = shape.member.as_ref().ok_or_else(|| Fault::internal("a list without a member"))?;
    let mut items = BTreeMap::new();
    for (number, item) in &node.inside {
        let place: usize = number.parse().map_err(|_| unknown(&format!("{path}.{number}")))?;
        items.insert(place, decode(item, inside, &format!("{path}.{number}"))?);
    }
    let count = i64::try_from(items.len()).unwrap_or(i64::MAX);
    if shape.max.is_some_and(|max| count > max) || shape.min.is_some_and(|min| count < min) {
        return Err(Fault::value(format!("{path} has {count} members, which is out of range.")));
    }
    Ok(items.into_values().collect())
}

fn decode_scalar(text: &str, shape: &Shape, path: &str) -> Result<Value> {
    let invalid = || Fault::value(format!("Value ({text}) for parameter {path} is invalid."));
    match shape.kind.as_str() {
        "boolean" => text.parse::<bool>().map(Value::from).map_err(|_| invalid()),
        "integer" | "long" => {
            let number: i64 = text.parse().map_err(|_| invalid())?;
            let fits = shape.min.is_none_or(|min| min <= number) && shape.max.is_none_or(|max| number <= max);
            if fits { Ok(number.into()) } else { Err(invalid()) }
        }
        "timestamp" => text.parse::<jiff::Timestamp>().map(|_| text.into()).map_err(|_| invalid()),
        _ => {
            let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
            let fits = shape.min.is_none_or(|min| min <= length) && shape.max.is_none_or(|max| length <= max);
            let known = shape.words.is_empty() || shape.words.iter().any(|word| word == text);
            if fits && known { Ok(text.into()) } else { Err(invalid()) }
        }
    }
}

fn check(value: &Value, shape: &Shape, path: &str) -> Result<(), String> {
    let wrong = || Err(format!("{path} = {value} is no {}", shape.kind));
    match (value, shape.kind.as_str()) {
        (Value::Null, _) => Ok(()),
        (Value::Object(members), "structure") => members.iter().try_for_each(|(name, value)| {
            let member = shape.members.get(name).ok_or_else(|| format!("{path}.{name} is not in the model"))?;
            check(value, &member.shape, &format!("{path}.{name}"))
        }),
        (Value::Array(items), "list") => {
            let inside = shape.member.as_ref().ok_or("a list without a member")?;
            items.iter().try_for_each(|item| check(item, inside, &format!("{path}.item")))
        }
        (Value::String(text), "string") => match shape.words.is_empty() || shape.words.contains(text) {
            true => Ok(()),
            false => Err(format!("{path} = {text:?} is not one of {:?}", shape.words)),
        },
        (Value::String(text), "timestamp") if text.parse::<jiff::Timestamp>().is_ok() => Ok(()),
        (Value::Bool(_), "boolean") => Ok(()),
        (Value::Number(number), "integer" | "long") if number.is_i64() => Ok(()),
        (Value::Number(_), "double" | "float") => Ok(()),
        _ => wrong(),
    }
}
