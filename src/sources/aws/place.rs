//! What the name of a file, and the members around a list, say about all objects in it.

use super::super::Mistake;
use super::super::object::Object;
use crate::ipam::Tags;

/// What a file says about all that is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// The pool that CIDRs and allocations belong to.
    pub(super) pool_id: Option<String>,
    /// The Region of VPCs.
    pub(super) region: Option<String>,
}

impl Place {
    /// Members of the file count more than its name.
    pub(super) fn of(object: &Object<'_>, name: &str) -> Result<Self, Mistake> {
        Ok(Self {
            pool_id: object.text("IpamPoolId")?.or_else(|| pool_id_in(name)),
            region: object.text("Region")?.or_else(|| region_in(name)),
        })
    }
}

/// Tags and the name in them. AWS keeps tags that begin with `aws:` for itself.
pub(super) fn tags_of(object: &Object<'_>, list: &str) -> Result<(Option<String>, Tags), Mistake> {
    let mut tags = Tags::new();
    for node in object.list(list)? {
        let pair = Object::of(node)?;
        let Some(key) = pair.text("Key")? else { return Err(Mistake::on(pair.line, "a tag has no `Key`.")) };
        if !key.starts_with("aws:") {
            tags.insert(key, pair.text("Value")?.unwrap_or_default());
        }
    }
    Ok((tags.remove("Name").filter(|name| !name.is_empty()), tags))
}

/// The id of a pool in the name of a file, such as `ipam-pool-0abc.json`.
fn pool_id_in(name: &str) -> Option<String> {
    const START: &str = "ipam-pool-";
    let id_at = |at: usize| {
        let rest = &name[at + START.len()..];
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let digits = &rest[..end];
        (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| format!("{START}{digits}"))
    };
    only(name.match_indices(START).filter_map(|(at, _)| id_at(at)))
}

/// The Region in the name of a file, such as `vpcs.eu-central-1.json`, or of a Local Zone, such as `us-west-2-lax-1`.
pub(super) fn region_in(name: &str) -> Option<String> {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    only(words.flat_map(|word| regions_in(&word.split('-').collect::<Vec<_>>())))
}

/// The last word of a Region before its number.
const DIRECTIONS: [&str; 9] =
    ["north", "south", "east", "west", "central", "northeast", "northwest", "southeast", "southwest"];

/// The Regions in words between hyphens: two letters (an area), perhaps another word, a direction, a digit.
fn regions_in(parts: &[&str]) -> Vec<String> {
    let is_word = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_digit = |part: &str| part.len() == 1 && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_region = |window: &[&str]| match window {
        [area, middle @ .., direction, digit] => {
            area.len() == 2
                && is_word(area)
                && middle.iter().all(|part| is_word(part))
                && DIRECTIONS.contains(direction)
                && is_digit(digit)
        }
        _ => false,
    };
    let mut found = Vec::new();
    let mut at = 0;
    while at < parts.len() {
        // Longer ones first: `us-gov-west-1` is one Region.
        let length = [4, 3].into_iter().find(|length| parts.get(at..at + length).is_some_and(is_region));
        found.extend(length.map(|length| parts[at..at + length].join("-")));
        at += length.unwrap_or(1);
    }
    found
}

/// The only one of several texts that may be equal.
fn only(mut texts: impl Iterator<Item = String>) -> Option<String> {
    let first = texts.next()?;
    texts.all(|text| text == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_file_tells_one_pool_and_one_region_or_none() {
        for (name, pool, region) in [
            ("ipam-pool-0abc.json", Some("ipam-pool-0abc"), None),
            ("cidrs-ipam-pool-0123456789abcdef0-eu.json", Some("ipam-pool-0123456789abcdef0"), None),
            ("ipam-pool-cidrs.json", None, None),
            ("ipam-pool-1.ipam-pool-2.json", None, None),
            ("ipam-pool-1.ipam-pool-1.json", Some("ipam-pool-1"), None),
            ("vpcs.eu-central-1.json", None, Some("eu-central-1")),
            ("prod-vpcs-us-gov-west-1.json", None, Some("us-gov-west-1")),
            ("vpcs_ap-southeast-2_111122223333.json", None, Some("ap-southeast-2")),
            ("us-east-1-and-us-west-2.json", None, None),
            ("us-east-1.us-west-2.json", None, None),
            ("my-vpcs-1.json", None, None),
        ] {
            assert_eq!((pool_id_in(name).as_deref(), region_in(name).as_deref()), (pool, region), "{name}");
        }
    }
}
