//! `tags`, `default_tags` and `tags_all`, as people know them from the cloud providers.

use crate::ipam::Tags;
use crate::tf::Tf;

/// What the store keeps: the defaults, overruled by the object's own.
pub(super) fn all(default_tags: &Tags, own: &Tf<Tags>) -> Tf<Tags> {
    match own {
        Tf::Unknown => Tf::Unknown,
        Tf::Null => Tf::Known(default_tags.clone()),
        Tf::Known(own) => Tf::Known(default_tags.iter().chain(own).map(|(k, v)| (k.clone(), v.clone())).collect()),
    }
}

/// The object's own tags, told from what the store keeps: everything but the defaults, unless the state already
/// had a default as its own.
pub(super) fn own(default_tags: &Tags, kept: &Tags, before: &Tf<Tags>) -> Tf<Tags> {
    let had = |key: &str| before.get().is_some_and(|tags| tags.contains_key(key));
    let own: Tags = kept
        .iter()
        .filter(|(key, value)| default_tags.get(*key) != Some(value) || had(key))
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

    #[test]
    fn own_tags_overrule_defaults() {
        let all = all(&tags(&[("team", "net"), ("env", "dev")]), &Tf::Known(tags(&[("env", "prod")])));
        assert_eq!(all, Tf::Known(tags(&[("team", "net"), ("env", "prod")])));
    }

    #[test]
    fn defaults_are_not_read_back_as_own_tags() {
        let defaults = tags(&[("team", "net")]);
        assert_eq!(own(&defaults, &tags(&[("team", "net")]), &Tf::Null), Tf::Null);
        let kept = tags(&[("team", "net"), ("env", "prod")]);
        assert_eq!(own(&defaults, &kept, &Tf::Null), Tf::Known(tags(&[("env", "prod")])));
        assert_eq!(own(&defaults, &kept, &Tf::Known(kept.clone())), Tf::Known(kept.clone()), "repeated by the user");
    }

    #[test]
    fn a_tag_changed_outside_shows_as_drift() {
        let defaults = tags(&[("team", "net")]);
        assert_eq!(own(&defaults, &tags(&[("team", "x")]), &Tf::Null), Tf::Known(tags(&[("team", "x")])));
    }
}
