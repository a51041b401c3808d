//! Numbers that old clients cannot keep in a plan.
//!
//! cty before 1.14.4 (Terraform before 1.9, OpenTofu before 1.7) writes a whole number that does not fit into a 64-bit
//! integer as a float into a plan if a float represents it exactly. It reads the number back with the 53 bits of a float,
//! and compares numbers by their shortest decimal text. So 2^64 comes back as 18446744073709550000, and the second plan,
//! in the apply, is "inconsistent" with the first. States are JSON, and keep every digit.
//!
//! Therefore these clients receive a planned change in which an attribute with such a number is unknown. The value is
//! passed to apply in the private data of the plan. Resources do not notice: apply receives the plan that the resource
//! made.

use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{msgpack, releases};
use crate::tf::{Diagnostics, Number, Private, Type, Value};

/// Key in the private data of a plan. The value contains the attributes that are unknown only for the client, as msgpack
/// in base64.
const WITHHELD: &str = "withheld_numbers";

/// The first release, of Terraform and of OpenTofu alike, whose plans keep every digit. The plans of OpenTofu 1.7 and 1.8
/// keep them as well, but those of Terraform 1.7 and 1.8 do not, and only the version identifies the client.
const FIRST_EXACT: (u64, u64) = (1, 9);

/// The properties of the client's plans, according to its version.
#[derive(Debug, Default)]
pub(super) struct Digits {
    are_lost: AtomicBool,
}

impl Digits {
    /// Records the version of the client. A client whose version is not readable receives only numbers that every client
    /// can keep.
    pub(super) fn configured_by(&self, version: &str) {
        let release = releases::parsed(version);
        self.are_lost.store(release.is_none_or(|release| release < FIRST_EXACT), Ordering::SeqCst);
    }

    /// Makes numbers unknown that the client would change, and keeps them in `private`. A plan without a change is
    /// returned as it is, because its object must be equal to the one in the state.
    pub(super) fn withhold(
        &self,
        (prior, config): (&Value, &Value),
        planned: Value,
        private: &mut Private,
        ty: &Type,
    ) -> Result<Value, Diagnostics> {
        let Value::Map(mut entries) = planned else { return Ok(planned) };
        if !self.are_lost.load(Ordering::SeqCst) || *prior == Value::Map(entries.clone()) {
            return Ok(Value::Map(entries));
        }
        let mut withheld = Private::new();
        for (name, value) in &mut entries {
            // Values that the user wrote must not change.
            if config.entry(name).is_null() && has_lost(value) {
                let bytes = super::value::encode(value, attribute(ty, name))?.msgpack;
                withheld.insert(name.clone(), STANDARD.encode(bytes).into());
                *value = Value::Unknown;
            }
        }
        if !withheld.is_empty() {
            private.insert(WITHHELD.to_owned(), withheld.into());
        }
        Ok(Value::Map(entries))
    }
}

/// Removes the withheld values from the private data, because no resource may see them.
pub(super) fn forget(private: &mut Private) -> Option<serde_json::Value> {
    private.remove(WITHHELD)
}

/// The plan as the provider made it, with the withheld values from `private`, which are removed there.
pub(super) fn restored(planned: Value, private: &mut Private, ty: &Type) -> Value {
    let (Some(withheld), Value::Map(entries)) = (forget(private), &planned) else { return planned };
    let mut entries = entries.clone();
    for (name, text) in withheld.as_object().into_iter().flatten() {
        let bytes = text.as_str().and_then(|text| STANDARD.decode(text).ok());
        let value = bytes.and_then(|bytes| msgpack::decode(&bytes, attribute(ty, name)).ok());
        if let (Some(entry @ Value::Unknown), Some(value)) = (entries.get_mut(name), value) {
            *entry = value;
        }
    }
    Value::Map(entries)
}

/// The type of an attribute of an object.
fn attribute<'a>(ty: &'a Type, name: &str) -> &'a Type {
    match ty {
        Type::Object(attributes, _) => attributes.get(name).unwrap_or(&Type::Dynamic),
        _ => &Type::Dynamic,
    }
}

fn has_lost(value: &Value) -> bool {
    match value {
        Value::Unknown | Value::Null | Value::Bool(_) | Value::String(_) => false,
        Value::Number(number) => is_lost(number),
        Value::List(items) => items.iter().any(has_lost),
        Value::Map(entries) => entries.values().any(has_lost),
        Value::Dynamic(inner) => has_lost(&inner.1),
    }
}

/// Whether a plan contains a number as a float whose shortest text is not the number. A number that no float represents
/// exactly is written as text, and keeps its digits.
fn is_lost(number: &Number) -> bool {
    if number.to_i64().is_some() || !matches!(number, Number::Finite(_)) {
        return false;
    }
    let float = number.to_f64();
    let as_float = Number::from_f64(float);
    as_float.as_ref() == Some(number) && float.to_string().parse::<Number>().as_ref() != Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Value {
        Value::Number(text.parse().unwrap())
    }

    fn object(entries: &[(&str, Value)]) -> Value {
        Value::Map(entries.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
    }

    fn ty() -> Type {
        Type::object([("count", Type::Number), ("counts", Type::list(Type::Number)), ("name", Type::String)])
    }

    fn of(version: &str) -> Digits {
        let digits = Digits::default();
        digits.configured_by(version);
        digits
    }

    #[test]
    fn a_number_is_lost_when_a_float_holds_it_and_its_shortest_text_is_another() {
        let lost = ["18446744073709551616", "9223372036854775808", "340282366920938463463374607431768211456"];
        let kept = [
            "0",
            "9223372036854775807",
            "4611686018427387904",
            "18446744073709551615",
            "18446744073709551617",
            "12.5",
            "33.33",
            "10000000000000000000",
        ];
        for text in lost {
            assert!(has_lost(&number(text)), "{text}");
        }
        for text in kept {
            assert!(!has_lost(&number(text)), "{text}");
        }
        assert!(!has_lost(&Value::Number(Number::PositiveInfinity)));
    }

    #[test]
    fn clients_before_1_9_and_clients_without_a_version_lose_digits() {
        let table = [
            ("1.5.7", true),
            ("1.6.3", true),
            ("1.8.11", true),
            ("0.15.0", true),
            ("", true),
            ("dev", true),
            ("1.9.0", false),
            ("1.10.0-rc1", false),
            ("1.16.0-rc2", false),
            ("2.0.0", false),
        ];
        for (version, are_lost) in table {
            assert_eq!(of(version).are_lost.load(Ordering::SeqCst), are_lost, "{version:?}");
        }
    }

    #[test]
    fn a_change_is_planned_without_large_numbers_and_applied_with_them() {
        let big = number("18446744073709551616");
        let planned = object(&[
            ("count", big.clone()),
            ("counts", Value::List(vec![1.into(), big.clone(), Value::Unknown])),
            ("name", "a".into()),
        ]);
        let config = object(&[("count", Value::Null), ("counts", Value::Null), ("name", "a".into())]);
        let mut private = Private::from_iter([("own".to_owned(), 1.into())]);
        let shown = of("1.5.7").withhold((&Value::Null, &config), planned.clone(), &mut private, &ty()).unwrap();
        let expected = object(&[("count", Value::Unknown), ("counts", Value::Unknown), ("name", "a".into())]);
        assert_eq!(shown, expected);
        assert_eq!(restored(shown, &mut private, &ty()), planned);
        assert_eq!(private, Private::from_iter([("own".to_owned(), 1.into())]), "no withheld values");
    }

    #[test]
    fn unchanged_values_values_of_the_user_and_values_for_later_clients_are_not_withheld() {
        let big = number("18446744073709551616");
        let planned = object(&[("count", big.clone()), ("counts", Value::Null), ("name", "a".into())]);
        let wrote = object(&[("count", big), ("counts", Value::Null), ("name", "a".into())]);
        let open = object(&[("count", Value::Null), ("counts", Value::Null), ("name", "a".into())]);
        for (version, prior, config) in
            [("1.5.7", &planned, &open), ("1.5.7", &Value::Null, &wrote), ("1.9.0", &Value::Null, &open)]
        {
            let mut private = Private::new();
            let shown = of(version).withhold((prior, config), planned.clone(), &mut private, &ty()).unwrap();
            assert_eq!((shown, private), (planned.clone(), Private::new()), "{version}");
        }
        let nothing = of("1.5.7").withhold((&planned, &Value::Null), Value::Null, &mut Private::new(), &ty()).unwrap();
        assert_eq!(nothing, Value::Null);
    }

    #[test]
    fn values_that_became_known_since_the_plan_are_not_overwritten() {
        let mut private = Private::new();
        let planned = object(&[("count", number("18446744073709551616"))]);
        of("1.5.7").withhold((&Value::Null, &Value::Null), planned, &mut private, &ty()).unwrap();
        let known = object(&[("count", 5.into())]);
        assert_eq!(restored(known.clone(), &mut private, &ty()), known);
    }
}
