//! What a backend can and cannot do.

/// Abilities of a backend. The provider reports the use of a missing ability as a diagnostic at plan time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Whether pools place allocations by any [`crate::ipam::Strategy`] and around reserved space, rather than by the
    /// service's own strategy only.
    pub strategies: bool,
    /// Whether there can be public scopes in addition to the default one.
    pub public_scopes: bool,
    /// Whether the survey of a discovery can be configured: its roles, its files, and the kinds of resources. Otherwise
    /// a discovery covers the organization, except the parts that are excluded.
    pub surveys: bool,
    /// Whether pools, their CIDRs and scopes can have settings that only AWS has ([`crate::ipam::OnlyAws`]).
    pub special: bool,
    /// Tags in which the backend keeps other attributes of an object (its name, ...). Users cannot set these tags.
    pub reserved_tags: ReservedTags,
}

/// Keys of tags in which a backend keeps other attributes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReservedTags {
    /// Exact keys.
    pub keys: &'static [&'static str],
    /// Prefixes of keys.
    pub prefixes: &'static [&'static str],
}

impl ReservedTags {
    /// The reserved key or prefix that `key` matches.
    pub fn hit(&self, key: &str) -> Option<&'static str> {
        let exact = self.keys.iter().find(|reserved| **reserved == key);
        exact.or_else(|| self.prefixes.iter().find(|prefix| key.starts_with(**prefix))).copied()
    }
}
