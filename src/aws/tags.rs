//! Tags: those of the user, and those that store data for which AWS has no attribute.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{ResourceType, Tag, TagSpecification};

use crate::ipam::{Cidr, Provision, Tags};

/// The tag that is the name.
pub(super) const NAME: &str = "Name";
/// The prefix of the tags of this provider.
pub(super) const OURS: &str = "ipam:";
/// The blocks in the declaration of a pool, which AWS does not distinguish from those of `ipam_pool_cidr`.
const CIDRS: &str = "ipam:cidrs";
/// The netmask length in the declaration of a pool.
const NETMASK_LENGTH: &str = "ipam:netmask-length";
/// Maximum length of the value of a tag.
const VALUE_MAX: usize = 256;

/// All tags of an object, including those of this provider.
pub(super) fn all(tags: Option<&[Tag]>) -> Tags {
    let pairs = tags.unwrap_or_default().iter();
    pairs.filter_map(|tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned()))).collect()
}

/// The tags of the user among all tags.
pub(super) fn own(all: &Tags) -> Tags {
    let is_own = |key: &str| key != NAME && !key.starts_with(OURS) && !key.starts_with("aws:");
    all.iter().filter(|(key, _)| is_own(key)).map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// The tags of the user and the name.
pub(super) fn named(name: &str, own: &Tags) -> Tags {
    let mut tags = own.clone();
    tags.insert(NAME.to_owned(), name.to_owned());
    tags
}

/// The tags for a request that creates an object.
pub(super) fn specification(kind: ResourceType, tags: &Tags) -> TagSpecification {
    TagSpecification::builder().resource_type(kind).set_tags(Some(request(tags))).build()
}

/// The same for optional tags; `None` if there are none.
pub(super) fn specifications(kind: ResourceType, tags: &Tags) -> Option<Vec<TagSpecification>> {
    (!tags.is_empty()).then(|| vec![specification(kind, tags)])
}

/// The value to send for a changed text. An empty value removes the text in AWS.
pub(super) fn changed_text(before: &Option<String>, after: &Option<String>) -> Option<String> {
    (before != after).then(|| after.clone().unwrap_or_default())
}

/// The tags in the form of a request.
pub(super) fn request(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// The tags to set and the tags to remove for a change. Tags of AWS itself cannot be removed.
pub(super) fn delta(before: &Tags, after: &Tags) -> (Tags, BTreeSet<String>) {
    let set = after.iter().filter(|(key, value)| before.get(*key) != Some(*value));
    let gone = before.keys().filter(|key| !after.contains_key(*key) && !key.starts_with("aws:"));
    (set.map(|(key, value)| (key.clone(), value.clone())).collect(), gone.cloned().collect())
}

/// Adds the provision in the declaration of a pool, and the resulting blocks.
pub(super) fn mark(tags: &mut Tags, provision: &Provision, cidrs: &BTreeSet<Cidr>) {
    if let Provision::NetmaskLength(length) = provision {
        tags.insert(NETMASK_LENGTH.to_owned(), length.to_string());
    }
    let mut parts: Vec<String> = Vec::new();
    for cidr in cidrs.iter().map(ToString::to_string) {
        match parts.last_mut() {
            Some(part) if part.len() + 1 + cidr.len() <= VALUE_MAX => {
                part.push(' ');
                part.push_str(&cidr);
            }
            _ => parts.push(cidr),
        }
    }
    for (position, part) in parts.into_iter().enumerate() {
        tags.insert(if position == 0 { CIDRS.to_owned() } else { format!("{CIDRS}:{position}") }, part);
    }
}

/// The values that [`mark`] has added.
pub(super) fn marks(tags: &Tags) -> (Option<u8>, BTreeSet<Cidr>) {
    let is_list = |key: &str| key.strip_prefix(CIDRS).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'));
    let lists = tags.iter().filter(|(key, _)| is_list(key)).map(|(_, list)| list);
    let cidrs = lists.flat_map(|list| list.split(' ')).filter_map(|text| text.parse().ok()).collect();
    (tags.get(NETMASK_LENGTH).and_then(|length| length.parse().ok()), cidrs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_tags_of_the_user_exclude_those_of_this_provider_and_of_aws() {
        let all = tags(&[("Name", "a"), ("ipam:cidrs", "10.0.0.0/8"), ("aws:x", "1"), ("team", "net")]);
        assert_eq!(own(&all), tags(&[("team", "net")]));
        assert_eq!(named("b", &own(&all)), tags(&[("Name", "b"), ("team", "net")]));
    }

    #[test]
    fn only_differences_are_set_and_removed() {
        let before = tags(&[("a", "1"), ("b", "2"), ("c", "3"), ("aws:x", "1")]);
        let (set, gone) = delta(&before, &tags(&[("a", "1"), ("b", "3"), ("d", "4")]));
        assert_eq!((set, gone), (tags(&[("b", "3"), ("d", "4")]), BTreeSet::from(["c".to_owned()])));
    }

    #[test]
    fn fifty_blocks_of_a_pool_fit_into_tags() {
        for count in [0, 1, 2, 50] {
            let cidrs: BTreeSet<Cidr> =
                (0..count).map(|n| format!("2001:db8:ffff:{n:x}::/64").parse().unwrap()).collect();
            let mut tags = Tags::new();
            mark(&mut tags, &Provision::Cidrs(cidrs.clone()), &cidrs);
            assert!(tags.values().all(|value| value.len() <= VALUE_MAX), "{tags:?}");
            assert_eq!(marks(&tags), (None, cidrs));
        }
        let mut tags = Tags::new();
        mark(&mut tags, &Provision::NetmaskLength(20), &BTreeSet::new());
        assert_eq!(marks(&tags), (Some(20), BTreeSet::new()));
    }
}
