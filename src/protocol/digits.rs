//! Numbers that old clients cannot carry through a plan.
//!
//! cty before 1.14.4 (Terraform before 1.9, OpenTofu before 1.7) writes a whole number that fits no 64-bit integer as a
//! float into a plan when a float holds it exactly, reads it back with the 53 bits of a float, and compares numbers by
//! their shortest decimal text. So 2^64 comes back as 18446744073709550000, and the second plan, in the apply, is
//! "inconsistent" with the first. States are JSON, and keep every digit.
//!
//! Therefore an attribute with such a number is unknown in what these clients are given of a change. The value goes to
//! apply in the plan's private data, so that no resource need know of this: it gets the plan that it made.

use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::msgpack;
use crate::tf::{Diagnostics, Number, Private, Type, Value};

/// Of the private data of a plan: attributes that are unknown in it and are not to the provider, as msgpack in base64.
const WITHHELD: &str = "withheld_numbers";

/// The first release, of Terraform and of OpenTofu alike, whose plans keep every digit. OpenTofu 1.7 and 1.8 keep them
/// too; nothing but the version says who the client is, and Terraform 1.7 and 1.8 do not.
const FIRST_EXACT: (u64, u64) = (1, 9);

/// What the client's version says about its plans.
#[derive(Debug, Default)]
pub(super) struct Digits {
    are_lost: AtomicBool,
}

impl Digits {
    /// The client has said which version it is. One that says nothing intelligible is given what every client can carry.
    pub(super) fn configured_by(&self, version: &str) {
        let mut parts = version.split('.').map(|part| part.parse::<u64>().ok());
        let release = parts.next().flatten().zip(parts.next().flatten());
        self.are_lost.store(release.is_none_or(|release| release < FIRST_EXACT), Ordering::SeqCst);
    }

    /// Makes unknown what the client would lose, and keeps it in `private`. A plan without a change stands: its object
    /// has to be the one in the state.
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
            // What the user wrote has to stand as written.
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

/// Takes what was withheld out of the private data, which no resource is to see.
pub(super) fn forget(private: &mut Private) -> Option<serde_json::Value> {
    private.remove(WITHHELD)
}

/// The plan as the provider made it, with what `private` has of it; and that is no longer there.
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

/// Whether a number goes into the plan as a float whose shortest text is not the number. What no float holds exactly
/// goes as text, and stays.
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
    fn clients_before_1_9_and_those_that_do_not_say_lose_digits() {
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
    fn a_change_is_planned_without_them_and_applied_with_them() {
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
        assert_eq!(private, Private::from_iter([("own".to_owned(), 1.into())]), "nothing stays in private data");
    }

    #[test]
    fn what_is_not_changed_what_the_user_wrote_and_what_a_later_client_gets_stand() {
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
    fn what_has_become_known_since_is_not_overwritten() {
        let mut private = Private::new();
        let planned = object(&[("count", number("18446744073709551616"))]);
        of("1.5.7").withhold((&Value::Null, &Value::Null), planned, &mut private, &ty()).unwrap();
        let known = object(&[("count", 5.into())]);
        assert_eq!(restored(known.clone(), &mut private, &ty()), known);
    }
}
