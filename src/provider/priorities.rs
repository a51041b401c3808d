//! The attribute `cidr_priorities`: a map of CIDRs to numbers.

use std::collections::BTreeMap;

use crate::ipam::Cidr;
use crate::tf::{Attr, AttributeType, Diagnostics, Path, Value, wrong_value};

/// Priorities by CIDR. Two spellings of a CIDR are the same key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct CidrPriorities(pub(super) BTreeMap<Cidr, u32>);

impl Attr for CidrPriorities {
    fn attribute_type() -> AttributeType {
        BTreeMap::<String, u32>::attribute_type()
    }

    fn from_value(value: &Value, at: &Path) -> Result<Self, Diagnostics> {
        let mut diagnostics = Diagnostics::new();
        let mut priorities = BTreeMap::new();
        for (text, priority) in BTreeMap::<String, u32>::from_value(value, at)? {
            match text.parse::<Cidr>() {
                Err(why) => diagnostics.append(wrong_value(&at.key(&text), why)),
                Ok(cidr) if priorities.insert(cidr, priority).is_some() => {
                    let why = format!("{text:?} is the same CIDR as another key, {cidr}. Leave one of them out.");
                    diagnostics.append(wrong_value(&at.key(&text), why));
                }
                Ok(_) => {}
            }
        }
        diagnostics.into_result().map(|()| Self(priorities))
    }

    fn to_value(&self) -> Value {
        Value::Map(self.0.iter().map(|(cidr, priority)| (cidr.to_string(), priority.to_value())).collect())
    }

    fn canonical(value: &Value) -> Value {
        let key = |text: &String| text.parse::<Cidr>().map_or_else(|_| text.clone(), |cidr| cidr.to_string());
        match value {
            Value::Map(entries) => {
                Value::Map(entries.iter().map(|(text, priority)| (key(text), priority.clone())).collect())
            }
            other => other.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_cidrs_in_any_spelling_and_no_cidr_comes_twice() {
        let read = |keys: &[&str]| {
            let entries = keys.iter().map(|key| ((*key).to_owned(), 7u32.to_value()));
            CidrPriorities::from_value(&Value::Map(entries.collect()), &Path::attribute("it"))
        };
        let expected = CidrPriorities([("2001:db8::/32".parse().unwrap(), 7)].into());
        assert_eq!(read(&["2001:DB8:0::/32"]), Ok(expected));
        for (keys, wrong, why) in [
            (&["2001:db8::/32", "2001:DB8::/32"][..], "2001:db8::/32", "is the same CIDR as another key"),
            (&["10.0.0.1/24"], "10.0.0.1/24", "has host bits set"),
            (&["east"], "east", "is not a CIDR"),
        ] {
            let errors = read(keys).unwrap_err();
            let error = errors.iter().next().unwrap();
            assert_eq!(error.path, Path::attribute("it").key(wrong));
            assert!(error.detail.contains(why), "{}", error.detail);
        }
    }

    #[test]
    fn spellings_of_one_cidr_mean_the_same() {
        let map = |key: &str| CidrPriorities::canonical(&Value::Map([(key.to_owned(), 7u32.to_value())].into()));
        assert_eq!(map("2001:DB8::/32"), map("2001:db8:0::/32"));
        assert_ne!(map("2001:db8::/32"), map("2001:db8::/33"));
    }
}
