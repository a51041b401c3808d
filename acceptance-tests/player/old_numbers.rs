//! Numbers as Terraform before 1.9 handles them (cty before 1.14.4). On the wire and in a plan, a number that a float
//! holds exactly is a float, unless it is a whole number that fits into 64 bits. It is read back with the 53 bits of a
//! float, and two numbers are equal when their shortest decimal texts are equal.

use rmpv::Value as Pack;
use terraform_provider_ipam::protocol::msgpack;
use terraform_provider_ipam::tf::{Number, Type, Value};

/// The versions of Terraform that the tests imitate.
pub const VERSIONS: [&str; 2] = ["1.5.7", "1.8.5"];

/// The float that replaces a number, if one does.
fn as_float(number: &Number) -> Option<f64> {
    let float = number.to_f64();
    (number.to_i64().is_none() && Number::from_f64(float).as_ref() == Some(number)).then_some(float)
}

/// Encodes a value as such a client sends it.
pub fn encode(value: &Value, ty: &Type) -> Vec<u8> {
    let exact = msgpack::encode(value, ty).unwrap();
    let packed = rmpv::decode::read_value(&mut &exact[..]).unwrap();
    let mut bytes = Vec::new();
    rmpv::encode::write_value(&mut bytes, &with_floats(packed, value)).unwrap();
    bytes
}

fn with_floats(packed: Pack, value: &Value) -> Pack {
    match (packed, value) {
        (packed, Value::Number(number)) => as_float(number).map_or(packed, Pack::F64),
        (Pack::Array(items), Value::List(values)) => {
            Pack::Array(items.into_iter().zip(values).map(|(item, value)| with_floats(item, value)).collect())
        }
        (Pack::Map(entries), Value::Map(_)) => {
            let entries = entries.into_iter().map(|(key, item)| {
                let item = with_floats(item, value.entry(key.as_str().unwrap()));
                (key, item)
            });
            Pack::Map(entries.collect())
        }
        (packed, _) => packed,
    }
}

/// A value as it comes back from a saved plan: a number that is kept as a float is read from its shortest text.
pub fn through_a_plan(value: &Value) -> Value {
    match value {
        Value::Number(number) => match as_float(number) {
            Some(float) => Value::Number(float.to_string().parse().unwrap()),
            None => value.clone(),
        },
        Value::List(items) => Value::List(items.iter().map(through_a_plan).collect()),
        Value::Map(entries) => {
            Value::Map(entries.iter().map(|(key, value)| (key.clone(), through_a_plan(value))).collect())
        }
        value => value.clone(),
    }
}
