//! What is shown of scopes, pools and allocations.

use std::collections::HashMap;

use num_bigint::BigUint;

use crate::backend::Ipam;
use crate::ipam::{Allocation, Cidr, Error, Family, Pool, ResourceType, Scope, ScopeType, State, Strategy, Tags};
use crate::model;
use crate::tf::{Number, Tf};

model! {
    /// A scope: one overlap domain.
    pub(super) struct ScopeFacts {
        /// Id of the scope.
        id: String => computed(),
        /// Name, unique in the store.
        name: String => computed(),
        /// `private` or `public`.
        scope_type: ScopeType => computed(),
        /// Whether this is one of the two scopes that every store has and that cannot be deleted.
        is_default: bool => computed(),
        /// Free text.
        description: String => computed(),
        /// Tags.
        tags: Tags => computed(),
        /// Owner: the configuration that made it (provider argument `owner`).
        owner: String => computed(),
        /// `active`, or `planned` while it is only held by a plan.
        state: String => computed(),
        /// Until when the hold of a planned scope lasts, as RFC 3339 time; null for an active one.
        hold_expires_at: String => computed(),
    }
}

impl ScopeFacts {
    pub(super) fn of(scope: Scope) -> Self {
        Self {
            id: scope.meta.id.into(),
            name: scope.meta.name.into(),
            scope_type: scope.scope_type.into(),
            is_default: scope.is_default.into(),
            description: scope.description.into(),
            tags: scope.tags.into(),
            owner: scope.meta.owner.into(),
            state: state_word(scope.meta.state).into(),
            hold_expires_at: scope.meta.hold_expires_at.map(|time| time.to_string()).into(),
        }
    }
}

model! {
    /// A pool: space, and the rules for giving it out.
    pub(super) struct PoolFacts {
        /// Id of the pool.
        id: String => computed(),
        /// Name, unique among the pools of the same source pool (of the scope, for a top-level pool).
        name: String => computed(),
        /// Names from the top-level pool down to this one, joined by `/`.
        path: String => computed(),
        /// Scope that the pool is in.
        ipam_scope_id: String => computed(),
        /// Pool whose space this one divides; null for a top-level pool.
        source_ipam_pool_id: String => computed(),
        /// `ipv4` or `ipv6`.
        address_family: Family => computed(),
        /// Region or site; null when the pool is bound to none.
        locale: String => computed(),
        /// Free text.
        description: String => computed(),
        /// Every CIDR provisioned into the pool, by its own declaration or by `ipam_pool_cidr`, in order of address.
        cidrs: Vec<Cidr> => computed(),
        /// Depth in the pool tree: 1 for a top-level pool.
        pool_depth: u32 => computed(),
        /// Smallest netmask length, that is, the largest block, that may be allocated; null for no rule.
        allocation_min_netmask_length: u8 => computed(),
        /// Largest netmask length, that is, the smallest block, that may be allocated; null for no rule.
        allocation_max_netmask_length: u8 => computed(),
        /// Netmask length of an allocation that asks for none; null when each has to ask.
        allocation_default_netmask_length: u8 => computed(),
        /// Tags that every allocation must carry, with these values.
        allocation_resource_tags: Tags => computed(),
        /// Which free block an allocation by size gets: `best-fit`, `first-fit`, `last-fit`, `sparse` or `random`.
        allocation_strategy: Strategy => computed(),
        /// Tags.
        tags: Tags => computed(),
        /// Owner: the configuration that made it (provider argument `owner`).
        owner: String => computed(),
        /// `active`, or `planned` while it is only held by a plan.
        state: String => computed(),
        /// Until when the hold of a planned pool lasts, as RFC 3339 time; null for an active one.
        hold_expires_at: String => computed(),
    }
}

impl PoolFacts {
    /// Asks for the pool's path and CIDRs.
    pub(super) fn of(ipam: &dyn Ipam, pool: Pool, paths: &mut Paths) -> Result<Self, Error> {
        Ok(Self {
            path: paths.of(ipam, &pool)?.into(),
            cidrs: provisioned(ipam, &pool)?.into(),
            id: pool.meta.id.into(),
            name: pool.meta.name.into(),
            ipam_scope_id: pool.scope_id.into(),
            source_ipam_pool_id: pool.source_pool_id.into(),
            address_family: pool.address_family.into(),
            locale: pool.locale.into(),
            description: pool.description.into(),
            pool_depth: pool.depth.into(),
            allocation_min_netmask_length: pool.rules.min_netmask_length.into(),
            allocation_max_netmask_length: pool.rules.max_netmask_length.into(),
            allocation_default_netmask_length: pool.rules.default_netmask_length.into(),
            allocation_resource_tags: pool.rules.required_tags.into(),
            allocation_strategy: pool.strategy.into(),
            tags: pool.tags.into(),
            owner: pool.meta.owner.into(),
            state: state_word(pool.meta.state).into(),
            hold_expires_at: pool.meta.hold_expires_at.map(|time| time.to_string()).into(),
        })
    }
}

/// The provisioned space of a pool by address; of an active pool without what is only planned to be added.
pub(super) fn provisioned(ipam: &dyn Ipam, pool: &Pool) -> Result<Vec<Cidr>, Error> {
    let with_planned = pool.meta.state == State::Planned;
    Ok(ipam.list_pool_cidrs(&pool.meta.id, with_planned)?.into_iter().map(|pool_cidr| pool_cidr.cidr).collect())
}

/// Paths of pools; each pool's is asked for once at most, and not at all below one that is known.
#[derive(Default)]
pub(super) struct Paths(HashMap<String, String>);

impl Paths {
    pub(super) fn of(&mut self, ipam: &dyn Ipam, pool: &Pool) -> Result<String, Error> {
        let path = match &pool.source_pool_id {
            None => pool.meta.name.clone(),
            Some(source) => format!("{}/{}", self.by_id(ipam, source)?, pool.meta.name),
        };
        self.0.insert(pool.meta.id.clone(), path.clone());
        Ok(path)
    }

    pub(super) fn by_id(&mut self, ipam: &dyn Ipam, id: &str) -> Result<String, Error> {
        if let Some(path) = self.0.get(id) {
            return Ok(path.clone());
        }
        let path = ipam.pool_path(id)?;
        self.0.insert(id.to_owned(), path.clone());
        Ok(path)
    }
}

model! {
    /// A block taken out of a pool.
    pub(super) struct AllocationFacts {
        /// Id of the allocation.
        id: String => computed(),
        /// Name, unique in the pool.
        name: String => computed(),
        /// Pool that the block comes from.
        ipam_pool_id: String => computed(),
        /// The block, in CIDR form.
        cidr: Cidr => computed(),
        /// Netmask length of the block.
        netmask_length: u8 => computed(),
        /// `ipv4` or `ipv6`.
        address_family: Family => computed(),
        /// First address of the block.
        first_address: String => computed(),
        /// Last address of the block.
        last_address: String => computed(),
        /// Number of addresses in the block, exact for IPv6 too.
        address_count: Number => computed(),
        /// Free text.
        description: String => computed(),
        /// What it is for: `custom`, made by a configuration, or `ipam-pool`, the space of a pool below.
        resource_type: String => computed(),
        /// For `ipam-pool` the id of that pool; null for `custom`.
        resource_id: String => computed(),
        /// Tags.
        tags: Tags => computed(),
        /// Owner: the configuration that made it (provider argument `owner`).
        owner: String => computed(),
        /// `active`, or `planned` while it is only held by a plan.
        state: String => computed(),
        /// Until when the hold of a planned allocation lasts, as RFC 3339 time; null for an active one.
        hold_expires_at: String => computed(),
    }
}

impl AllocationFacts {
    pub(super) fn of(allocation: Allocation) -> Self {
        let cidr = allocation.cidr;
        Self {
            id: allocation.meta.id.into(),
            name: allocation.meta.name.into(),
            ipam_pool_id: allocation.pool_id.into(),
            cidr: cidr.into(),
            netmask_length: cidr.netmask_length().into(),
            address_family: cidr.family().into(),
            first_address: cidr.first_address().to_string().into(),
            last_address: cidr.last_address().to_string().into(),
            address_count: count(cidr.address_count()),
            description: allocation.description.into(),
            resource_type: resource_type_word(allocation.resource_type).to_owned().into(),
            resource_id: allocation.resource_id.into(),
            tags: allocation.tags.into(),
            owner: allocation.meta.owner.into(),
            state: state_word(allocation.meta.state).into(),
            hold_expires_at: allocation.meta.hold_expires_at.map(|time| time.to_string()).into(),
        }
    }
}

/// A number of addresses or things, exactly.
pub(super) fn count(number: impl Into<BigUint>) -> Tf<Number> {
    Tf::Known(Number::from(number.into()))
}

pub(super) fn state_word(state: State) -> String {
    match state {
        State::Planned => "planned",
        State::Lapsed => "lapsed",
        State::Active => "active",
    }
    .to_owned()
}

/// Every resource type.
pub(super) const RESOURCE_TYPES: [ResourceType; 2] = [ResourceType::Custom, ResourceType::IpamPool];

pub(super) const fn resource_type_word(resource_type: ResourceType) -> &'static str {
    match resource_type {
        ResourceType::Custom => "custom",
        ResourceType::IpamPool => "ipam-pool",
    }
}
