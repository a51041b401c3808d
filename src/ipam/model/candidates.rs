//! The pools that an allocation may come from, when the request does not name one pool.

use serde::{Deserialize, Serialize};

use crate::ipam::{Cidr, Family, Pool, Tags};

/// The maximum number of pools in a list. A plan may have to look for room in all of them.
pub const LISTED_MAX: usize = 100;

/// The pools that a request may be placed in. The first pool that can give the block does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Candidates {
    /// The pools with these ids, in this order.
    Listed(Vec<String>),
    /// All pools that match, by name and then by id.
    Matching(PoolSelector),
}

/// The properties of pools. `None` means any.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolSelector {
    /// Tags that the pool must have, with the same values.
    pub tags: Tags,
    pub locale: Option<String>,
    pub address_family: Option<Family>,
    pub scope_id: Option<String>,
}

impl PoolSelector {
    /// Whether the pool has all of these properties.
    pub fn matches(&self, pool: &Pool) -> bool {
        self.tags.iter().all(|(key, value)| pool.tags.get(key) == Some(value))
            && self.locale.as_ref().is_none_or(|locale| pool.locale.as_ref() == Some(locale))
            && self.address_family.is_none_or(|family| pool.address_family == family)
            && self.scope_id.as_ref().is_none_or(|scope| pool.scope_id == *scope)
    }
}

/// The part of a request that decides, beside its size, where the hold is placed. A plan that asks for something else
/// places the hold anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The pools that the hold was chosen from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidates: Option<Candidates>,
    /// The block that the hold was to have if it was free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferred_cidr: Option<Cidr>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipam::testing::World;

    #[test]
    fn a_selector_matches_only_when_everything_matches() {
        let mut pool = World::new().top("p", &["10.0.0.0/16"]);
        pool.tags = [("env".to_owned(), "prod".to_owned()), ("team".to_owned(), "net".to_owned())].into();
        pool.locale = Some("eu-west-1".to_owned());
        let tags = |pairs: &[(&str, &str)]| -> Tags {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        let any = PoolSelector::default;
        for (selector, matches) in [
            (any(), true),
            (PoolSelector { tags: tags(&[("env", "prod")]), ..any() }, true),
            (PoolSelector { tags: tags(&[("env", "prod"), ("team", "web")]), ..any() }, false),
            (PoolSelector { locale: Some("eu-west-1".to_owned()), ..any() }, true),
            (PoolSelector { locale: Some("us-east-1".to_owned()), ..any() }, false),
            (PoolSelector { address_family: Some(Family::Ipv6), ..any() }, false),
            (PoolSelector { scope_id: Some(pool.scope_id.clone()), ..any() }, true),
            (PoolSelector { scope_id: Some("ipam-scope-1".to_owned()), ..any() }, false),
        ] {
            assert_eq!(selector.matches(&pool), matches, "{selector:?}");
        }
    }
}
