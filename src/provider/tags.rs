//! The arguments `tags`, `default_tags` and `tags_all`, which work as in the providers of the large clouds.

use std::collections::{BTreeMap, BTreeSet};

use crate::ipam::{Rules, Tags};
use crate::tf::{Attr, AttributeType, Diagnostics, Path, Tf, Value};

/// Tags whose values may be unknown while Terraform plans: `None` stands for such a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct OpenTags(BTreeMap<String, Option<String>>);

impl Attr for OpenTags {
    const HOLDS_UNKNOWN: bool = true;

    fn attribute_type() -> AttributeType {
        Tags::attribute_type()
    }

    fn from_value(value: &Value, at: &Path) -> Result<Self, Diagnostics> {
        let Value::Map(entries) = value else { return Tags::from_value(value, at).map(Self::from) };
        let is_unknown = |value: &Value| matches!(value, Value::Unknown);
        let known = entries.iter().filter(|(_, value)| !is_unknown(value));
        let mut tags =
            Self::from(Tags::from_value(&Value::Map(known.map(|(k, v)| (k.clone(), v.clone())).collect()), at)?);
        tags.0.extend(entries.iter().filter(|(_, value)| is_unknown(value)).map(|(key, _)| (key.clone(), None)));
        Ok(tags)
    }

    fn to_value(&self) -> Value {
        let value = |value: &Option<String>| value.clone().map_or(Value::Unknown, Value::String);
        Value::Map(self.0.iter().map(|(key, kept)| (key.clone(), value(kept))).collect())
    }
}

impl From<Tags> for OpenTags {
    fn from(tags: Tags) -> Self {
        Self(tags.into_iter().map(|(key, value)| (key, Some(value))).collect())
    }
}

/// The `default_tags` of the provider block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Defaults {
    tags: BTreeMap<String, Option<String>>,
    /// Even the keys are unknown.
    is_open: bool,
}

impl From<Tags> for Defaults {
    fn from(tags: Tags) -> Self {
        Self::from(Tf::Known(OpenTags::from(tags)))
    }
}

impl From<Tf<OpenTags>> for Defaults {
    fn from(tags: Tf<OpenTags>) -> Self {
        Self { is_open: tags.is_unknown(), tags: tags.cloned().unwrap_or_default().0 }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PlannedTags {
    /// The value of `tags_all`, which is unknown while any of its values is unknown.
    pub(super) all: Tf<Tags>,
    /// The tags whose values are known.
    pub(super) known: Tags,
    pending: Pending,
}

/// Keys whose values are known only after apply.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Pending {
    Keys(BTreeSet<String>),
    AllBut(BTreeSet<String>),
}

impl Pending {
    fn of(defaults: &Defaults, own: &Tf<Tags>) -> Self {
        let given: BTreeSet<String> = own.get().into_iter().flat_map(Tags::keys).cloned().collect();
        if own.is_unknown() || defaults.is_open {
            return Self::AllBut(given);
        }
        let open = defaults.tags.iter().filter(|(key, value)| value.is_none() && !given.contains(*key));
        Self::Keys(open.map(|(key, _)| key.clone()).collect())
    }

    fn contains(&self, key: &str) -> bool {
        match self {
            Self::Keys(keys) => keys.contains(key),
            Self::AllBut(keys) => !keys.contains(key),
        }
    }

    fn is_empty(&self) -> bool {
        matches!(self, Self::Keys(keys) if keys.is_empty())
    }
}

impl PlannedTags {
    /// Combines the default tags with the tags of the object, which is `own`.
    pub(super) fn new(defaults: &Defaults, own: &Tf<Tags>) -> Self {
        let of_defaults = defaults.tags.iter().filter_map(|(key, value)| Some((key.clone(), value.clone()?)));
        let known: Tags = of_defaults.chain(own.cloned().unwrap_or_default()).collect();
        let pending = Pending::of(defaults, own);
        Self { all: if pending.is_empty() { Tf::Known(known.clone()) } else { Tf::Unknown }, known, pending }
    }

    /// Whether any value is known only after apply.
    pub(super) fn is_pending(&self) -> bool {
        self.all.is_unknown()
    }

    /// Removes from `rules` the checks that are possible only at apply: whether a tag that is not known yet has the
    /// required value.
    pub(super) fn relax(&self, rules: &mut Rules) {
        rules.required_tags.retain(|key, _| !self.pending.contains(key));
    }
}

/// The tags that the store keeps: the default tags, overridden by the tags of the object.
pub(super) fn all(defaults: &Defaults, own: &Tf<Tags>) -> Tf<Tags> {
    PlannedTags::new(defaults, own).all
}

/// The tags of the object itself, derived from the tags that the store keeps: all tags except the default tags, unless
/// the state already has a default tag among the tags of the object. `before` contains `tags` and `tags_all` of the
/// state.
pub(super) fn own(defaults: &Defaults, kept: &Tags, (before, all_before): (&Tf<Tags>, &Tf<Tags>)) -> Tf<Tags> {
    let had = |key: &str| before.get().is_some_and(|tags| tags.contains_key(key));
    let is_default = |key: &String, value: &String| match defaults.tags.get(key) {
        Some(default) => default.as_ref().is_none_or(|default| default == value),
        // The state records which tags were default tags when it was written.
        None => defaults.is_open && all_before.get().is_some_and(|all| all.get(key) == Some(value)),
    };
    let own: Tags = kept
        .iter()
        .filter(|(key, value)| !is_default(key, value) || had(key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    if own.is_empty() && before.is_null() { Tf::Null } else { Tf::Known(own) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    fn defaults(pairs: &[(&str, &str)]) -> Defaults {
        tags(pairs).into()
    }

    /// The tags `team = net` and `build`, which is known after apply.
    fn half_known() -> Defaults {
        let entries = [("team", Value::String("net".into())), ("build", Value::Unknown)];
        let value = Value::Map(entries.map(|(key, value)| (key.to_owned(), value)).into());
        let read = OpenTags::from_value(&value, &Path::root()).unwrap();
        assert_eq!(read.to_value(), value);
        Tf::Known(read).into()
    }

    #[test]
    fn the_tags_of_an_object_override_default_tags() {
        let all = all(&defaults(&[("team", "net"), ("env", "dev")]), &Tf::Known(tags(&[("env", "prod")])));
        assert_eq!(all, Tf::Known(tags(&[("team", "net"), ("env", "prod")])));
    }

    #[test]
    fn a_default_whose_value_is_unknown_leaves_the_others_known() {
        let planned = PlannedTags::new(&half_known(), &Tf::Known(tags(&[("env", "prod")])));
        assert_eq!((&planned.all, planned.is_pending()), (&Tf::Unknown, true));
        assert_eq!(planned.known, tags(&[("team", "net"), ("env", "prod")]));
        let overruled = PlannedTags::new(&half_known(), &Tf::Known(tags(&[("build", "7")])));
        assert_eq!(overruled.all, Tf::Known(tags(&[("team", "net"), ("build", "7")])));
    }

    #[test]
    fn a_required_tag_is_left_to_apply_only_while_its_value_is_unknown() {
        let required = |planned: &PlannedTags| {
            let mut rules = Rules { required_tags: tags(&[("build", "7"), ("team", "x")]), ..Rules::default() };
            planned.relax(&mut rules);
            rules.required_tags.into_keys().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(required(&PlannedTags::new(&half_known(), &Tf::Null)), "team");
        assert_eq!(required(&PlannedTags::new(&Defaults::from(Tf::Unknown), &Tf::Null)), "");
        assert_eq!(required(&PlannedTags::new(&Defaults::default(), &Tf::Null)), "build team");
    }

    #[test]
    fn default_tags_are_not_read_back_as_tags_of_the_object() {
        let defaults = defaults(&[("team", "net")]);
        assert_eq!(own(&defaults, &tags(&[("team", "net")]), (&Tf::Null, &Tf::Null)), Tf::Null);
        let kept = tags(&[("team", "net"), ("env", "prod")]);
        assert_eq!(own(&defaults, &kept, (&Tf::Null, &Tf::Null)), Tf::Known(tags(&[("env", "prod")])));
        let repeated = own(&defaults, &kept, (&Tf::Known(kept.clone()), &Tf::Known(kept.clone())));
        assert_eq!(repeated, Tf::Known(kept.clone()), "the user repeats the default tag");
    }

    #[test]
    fn default_tags_that_are_unknown_are_not_read_back_as_tags_of_the_object() {
        let kept = tags(&[("team", "net"), ("build", "6"), ("env", "prod")]);
        let before = (Tf::Known(tags(&[("env", "prod")])), Tf::Known(kept.clone()));
        for defaults in [half_known(), Defaults::from(Tf::Unknown)] {
            assert_eq!(own(&defaults, &kept, (&before.0, &before.1)), before.0, "{defaults:?}");
        }
        let drifted = tags(&[("team", "x"), ("build", "6"), ("env", "prod")]);
        let own = own(&Defaults::from(Tf::Unknown), &drifted, (&before.0, &before.1));
        assert_eq!(own, Tf::Known(tags(&[("team", "x"), ("env", "prod")])));
    }

    #[test]
    fn a_tag_changed_outside_shows_as_drift() {
        let defaults = defaults(&[("team", "net")]);
        let own = own(&defaults, &tags(&[("team", "x")]), (&Tf::Null, &Tf::Null));
        assert_eq!(own, Tf::Known(tags(&[("team", "x")])));
    }
}
