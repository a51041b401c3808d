//! The filters that data sources and list resources share: their arguments, for [`model!`](crate::model), and which
//! objects pass them.

use std::collections::HashSet;
use std::sync::Arc;

use crate::backend::{AllocationFilter, Ipam, PoolFilter};
use crate::ipam::{
    Allocation, Cidr, Error, Family, Overview, OverviewQuery, Pool, PoolChoice, PoolOverview, ResourceType, Scope,
    ScopeChoice, ScopeType, Tags,
};
use crate::tf::Tf;

use super::glob::Glob;

/// The filters of scopes.
macro_rules! scope_filters {
    ([$($head:tt)*] [$($before:tt)*] [$($after:tt)*] [$($blocks:tt)*]) => { $crate::model! { $($head)* { $($before)*
        /// Pattern that the whole name must match: `*` stands for any number of characters, `?` for exactly one, and
        /// any other character for itself. The pattern is case-sensitive. Only scopes with a matching name are listed.
        name_pattern: String => optional(),
        /// Type of scope: `private` or `public`. Only scopes of this type are listed. Default: both.
        scope_type: $crate::ipam::ScopeType => optional(),
        /// Map of tags. Only scopes that have all of these tags, with the same values, are listed.
        tags: $crate::ipam::Tags => optional(),
    $($after)* } $($blocks)* } };
}
pub(super) use scope_filters;

/// The filters of pools.
macro_rules! pool_filters {
    ([$($head:tt)*] [$($before:tt)*] [$($after:tt)*] [$($blocks:tt)*]) => { $crate::model! { $($head)* { $($before)*
        /// ID of a scope. Only pools of this scope are listed, at any depth.
        ipam_scope_id: String => optional(),
        /// ID of a pool. Only pools directly below this pool are listed.
        source_ipam_pool_id: String => optional(),
        /// Pattern that the whole name must match: `*` stands for any number of characters, `?` for exactly one, and
        /// any other character for itself. The pattern is case-sensitive. Only pools with a matching name are listed.
        /// The path is not matched.
        name_pattern: String => optional(),
        /// Region or site. Only pools with this locale are listed.
        locale: String => optional(),
        /// Address family: `ipv4` or `ipv6`. Only pools of this family are listed. Default: both.
        address_family: $crate::ipam::Family => optional(),
        /// Map of tags. Only pools that have all of these tags, with the same values, are listed.
        tags: $crate::ipam::Tags => optional(),
        /// CIDR. Only pools with a provisioned CIDR that contains this whole CIDR are listed: every pool from the
        /// top-level pool down. The closest pool is the last one in the list with the largest `pool_depth`.
        contains_cidr: $crate::ipam::Cidr => optional(),
    $($after)* } $($blocks)* } };
}
pub(super) use pool_filters;

/// The filters of the CIDRs of resources that a discovery has found, except the Region, whose default differs.
macro_rules! resource_filters {
    ([$($head:tt)*] [$($before:tt)*] [$($after:tt)*] [$($blocks:tt)*]) => { $crate::model! { $($head)* { $($before)*
        /// ID of a resource. Only CIDRs of this resource are listed.
        resource_id: String => optional(),
        /// Type of resource, such as `vpc`, `subnet`, `eip`, `public-ipv4-pool`, `ipv6-pool`, `eni`, `anycast-ip-list`
        /// or `other`. Only resources of this type are listed.
        resource_type: $crate::backend::observation::SeenType => optional(),
        /// ID of an AWS account. Only resources of this account are listed.
        resource_owner_id: $crate::backend::service::AccountId => optional(),
        /// Map of tags. Only resources that have all of these tags, with the same values, are listed.
        resource_tags: $crate::ipam::Tags => optional(),
        /// ID of a VPC. Only this VPC and the resources in it are listed.
        vpc_id: String => optional(),
    $($after)* } $($blocks)* } };
}
pub(super) use resource_filters;

/// The filters of allocations.
macro_rules! allocation_filters {
    ([$($head:tt)*] [$($before:tt)*] [$($after:tt)*] [$($blocks:tt)*]) => { $crate::model! { $($head)* { $($before)*
        /// ID of a pool. Only allocations of this pool are listed, and not those of the pools below it.
        ipam_pool_id: String => optional(),
        /// Pattern that the whole name must match: `*` stands for any number of characters, `?` for exactly one, and
        /// any other character for itself. The pattern is case-sensitive. Only allocations with a matching name are
        /// listed.
        name_pattern: String => optional(),
        /// Map of tags. Only allocations that have all of these tags, with the same values, are listed.
        tags: $crate::ipam::Tags => optional(),
        /// CIDR. Only allocations that lie inside this CIDR are listed.
        within_cidr: $crate::ipam::Cidr => optional(),
        /// CIDR. Only allocations that contain this whole CIDR are listed.
        containing_cidr: $crate::ipam::Cidr => optional(),
        /// Owner (the provider argument `owner`). Only allocations of this owner are listed.
        owner: String => optional(),
    $($after)* } $($blocks)* } };
}
pub(super) use allocation_filters;

/// Whether `tags` has all of `wanted`, with the same values.
pub(super) fn has_tags(tags: &Tags, wanted: Option<&Tags>) -> bool {
    wanted.is_none_or(|wanted| wanted.iter().all(|(key, value)| tags.get(key) == Some(value)))
}

/// The scopes that a list contains.
pub(super) struct WantedScopes {
    pub(super) name: Option<Glob>,
    pub(super) scope_type: Option<ScopeType>,
    pub(super) tags: Option<Tags>,
}

/// [`WantedScopes`] of a model with [`scope_filters`].
macro_rules! wanted_scopes {
    ($config:expr) => {
        $crate::provider::filters::WantedScopes {
            name: $crate::provider::filters::glob(&$config.name_pattern),
            scope_type: $config.scope_type.cloned(),
            tags: $config.tags.cloned(),
        }
    };
}
pub(super) use wanted_scopes;

/// The pattern of an argument.
pub(super) fn glob(pattern: &Tf<String>) -> Option<Glob> {
    pattern.get().map(|pattern| Glob::new(pattern))
}

impl WantedScopes {
    pub(super) fn of(&self, ipam: &dyn Ipam, include_planned: bool) -> Result<Vec<Scope>, Error> {
        let mut scopes = ipam.list_scopes(include_planned)?;
        scopes.retain(|scope| {
            self.name.as_ref().is_none_or(|glob| glob.matches(&scope.meta.name))
                && self.scope_type.is_none_or(|scope_type| scope.scope_type == scope_type)
                && has_tags(&scope.tags, self.tags.as_ref())
        });
        Ok(scopes)
    }
}

/// The pools that a list contains.
pub(super) struct WantedPools {
    pub(super) scope_id: Option<String>,
    pub(super) source_pool_id: Option<String>,
    pub(super) name: Option<Glob>,
    pub(super) locale: Option<String>,
    pub(super) address_family: Option<Family>,
    pub(super) tags: Option<Tags>,
    pub(super) contains: Option<Cidr>,
}

/// [`WantedPools`] of a model with [`pool_filters`].
macro_rules! wanted_pools {
    ($config:expr) => {
        $crate::provider::filters::WantedPools {
            scope_id: $config.ipam_scope_id.cloned(),
            source_pool_id: $config.source_ipam_pool_id.cloned(),
            name: $crate::provider::filters::glob(&$config.name_pattern),
            locale: $config.locale.cloned(),
            address_family: $config.address_family.cloned(),
            tags: $config.tags.cloned(),
            contains: $config.contains_cidr.cloned(),
        }
    };
}
pub(super) use wanted_pools;

impl WantedPools {
    /// The pools, each before the pools below it, and the scopes that contain them.
    pub(super) fn of(&self, ipam: &dyn Ipam, include_planned: bool) -> Result<(Vec<PoolOverview>, Vec<Scope>), Error> {
        let pools = PoolChoice::Matching(PoolFilter {
            scope_id: self.scope_id.clone(),
            source_pool_id: self.source_pool_id.clone(),
            name: self.name.as_ref().and_then(Glob::exact),
            include_planned,
        });
        // With a CIDR, the CIDRs of the pools above count too.
        let keep =
            |pool: &Pool| self.contains.map_or_else(|| self.wants(pool), |cidr| pool.address_family == cidr.family());
        let Overview { scopes, mut pools, .. } =
            ipam.overview(&OverviewQuery { keep: &keep, scopes: ScopeChoice::OfPools, ..OverviewQuery::of(&pools) })?;
        if let Some(cidr) = &self.contains {
            pools = containing(pools, cidr);
            pools.retain(|one| self.wants(&one.pool));
        }
        Ok((pools, scopes))
    }

    fn wants(&self, pool: &Pool) -> bool {
        self.name.as_ref().is_none_or(|glob| glob.matches(&pool.meta.name))
            && self.locale.as_ref().is_none_or(|locale| pool.locale.as_ref() == Some(locale))
            && self.address_family.is_none_or(|family| pool.address_family == family)
            && has_tags(&pool.tags, self.tags.as_ref())
    }
}

/// The pools that contain a block. If a pool does not contain it, no pool below it does. `pools` has parents before
/// children.
fn containing(pools: Vec<PoolOverview>, cidr: &Cidr) -> Vec<PoolOverview> {
    let mut without: HashSet<String> = HashSet::new();
    let mut contains = |one: &PoolOverview| {
        let is_possible = one.pool.source_pool_id.as_ref().is_none_or(|source| !without.contains(source));
        let contains = is_possible && one.provisioned().any(|block| block.contains(cidr));
        if !contains {
            without.insert(one.pool.meta.id.clone());
        }
        contains
    };
    pools.into_iter().filter(|one| contains(one)).collect()
}

/// Number of allocations that a list reads at once.
const PAGE: usize = 256;

/// The allocations that a list contains.
#[derive(Clone)]
pub(super) struct WantedAllocations {
    pub(super) name: Option<Glob>,
    pub(super) tags: Option<Tags>,
    pub(super) within: Option<Cidr>,
    pub(super) containing: Option<Cidr>,
    pub(super) owner: Option<String>,
    pub(super) resource_type: Option<ResourceType>,
}

/// [`WantedAllocations`] of a model with [`allocation_filters`] and the argument `resource_type`.
macro_rules! wanted_allocations {
    ($config:expr) => {
        $crate::provider::filters::WantedAllocations {
            name: $crate::provider::filters::glob(&$config.name_pattern),
            tags: $config.tags.cloned(),
            within: $config.within_cidr.cloned(),
            containing: $config.containing_cidr.cloned(),
            owner: $config.owner.cloned(),
            resource_type: $config.resource_type.cloned(),
        }
    };
}
pub(super) use wanted_allocations;

impl WantedAllocations {
    /// The allocations of a pool, or of all pools, by pool and address.
    pub(super) fn of(
        &self,
        ipam: &dyn Ipam,
        pool_id: Option<String>,
        include_planned: bool,
    ) -> Result<Vec<Allocation>, Error> {
        let filter = AllocationFilter {
            pool_id,
            name: self.name.as_ref().and_then(Glob::exact),
            within: self.within,
            containing: self.containing,
            include_planned,
            include_pools: self.resource_type != Some(ResourceType::Custom),
        };
        let mut allocations = ipam.list_allocations(&filter)?;
        allocations.retain(|allocation| self.wants(allocation));
        Ok(allocations)
    }

    /// The active allocations of a pool by address. They are read page by page, while the iterator is asked, unless an index
    /// leads to the few that are wanted. A pool that is gone has none.
    pub(super) fn in_pages(
        &self,
        ipam: Arc<dyn Ipam>,
        pool_id: String,
    ) -> impl Iterator<Item = Result<Allocation, Error>> + use<> {
        let wanted = self.clone();
        let is_indexed = wanted.name.as_ref().and_then(Glob::exact).is_some()
            || wanted.within.is_some()
            || wanted.containing.is_some();
        let mut after: Option<Cidr> = None;
        let mut is_done = false;
        let pages = std::iter::from_fn(move || {
            if is_done {
                return None;
            }
            if is_indexed {
                is_done = true;
                return Some(match wanted.of(ipam.as_ref(), Some(pool_id.clone()), false) {
                    Err(Error::NotFound { .. }) => Ok(Vec::new()),
                    found => found,
                });
            }
            let page = ipam.allocations_page(&pool_id, after, PAGE);
            after = page.as_ref().ok().and_then(|page| page.last()).map(|last| last.cidr);
            is_done = after.is_none();
            Some(page.map(|mut page| {
                page.retain(|allocation| allocation.meta.is_listed(false) && wanted.wants(allocation));
                page
            }))
        });
        pages.flat_map(|page| match page {
            Ok(page) => page.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        })
    }

    fn wants(&self, allocation: &Allocation) -> bool {
        self.name.as_ref().is_none_or(|glob| glob.matches(&allocation.meta.name))
            && self.owner.as_ref().is_none_or(|owner| allocation.meta.owner == *owner)
            && self.resource_type.is_none_or(|resource_type| allocation.resource_type == resource_type)
            && has_tags(&allocation.tags, self.tags.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_given_tags_must_match() {
        let tags = |pairs: &[(&str, &str)]| -> Tags {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        let has = tags(&[("env", "prod"), ("team", "net")]);
        for (wanted, matches) in [
            (tags(&[]), true),
            (tags(&[("env", "prod")]), true),
            (tags(&[("env", "prod"), ("team", "net")]), true),
            (tags(&[("env", "test")]), false),
            (tags(&[("env", "prod"), ("cost", "1")]), false),
            (tags(&[("env", "")]), false),
        ] {
            assert_eq!(has_tags(&has, Some(&wanted)), matches, "{wanted:?}");
        }
        assert!(has_tags(&has, None));
    }
}
