//! What is shown of scopes, pools and allocations.

use std::collections::HashMap;

use num_bigint::BigUint;

use crate::backend::Ipam;
use crate::ipam::{Allocation, Cidr, Error, Family, Pool, Scope, ScopeType, State, Strategy, Tags};
use crate::tf::{Number, Tf};
use crate::{fill_facts, model};

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
        /// Type of that scope: `private` or `public`.
        ipam_scope_type: ScopeType => computed(),
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
        /// The pool's block, when `cidrs` has exactly one; null otherwise.
        cidr: Cidr => computed(),
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
    /// Asks for the pool's CIDRs, and for what `places` does not know yet.
    pub(super) fn of(ipam: &dyn Ipam, pool: Pool, places: &mut Places) -> Result<Self, Error> {
        let cidrs = provisioned(ipam, &pool)?;
        Ok(Self {
            path: places.path(ipam, &pool)?.into(),
            ipam_scope_type: places.scope_type(ipam, &pool.scope_id)?.into(),
            cidr: if let [only] = cidrs.as_slice() { Tf::Known(*only) } else { Tf::Null },
            cidrs: cidrs.into(),
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

/// Where pools are: their paths and the types of their scopes. Each is asked for once at most, and the path of a
/// pool right below a known one not at all.
#[derive(Default)]
pub(super) struct Places {
    paths: HashMap<String, String>,
    scope_types: HashMap<String, Option<ScopeType>>,
}

impl Places {
    /// Names from the top-level pool down to this one, joined by `/`.
    pub(super) fn path(&mut self, ipam: &dyn Ipam, pool: &Pool) -> Result<String, Error> {
        let path = match &pool.source_pool_id {
            None => pool.meta.name.clone(),
            Some(source) => format!("{}/{}", self.path_of(ipam, source)?, pool.meta.name),
        };
        self.paths.insert(pool.meta.id.clone(), path.clone());
        Ok(path)
    }

    fn path_of(&mut self, ipam: &dyn Ipam, id: &str) -> Result<String, Error> {
        if let Some(path) = self.paths.get(id) {
            return Ok(path.clone());
        }
        let path = ipam.pool_path(id)?;
        self.paths.insert(id.to_owned(), path.clone());
        Ok(path)
    }

    fn scope_type(&mut self, ipam: &dyn Ipam, scope_id: &str) -> Result<Option<ScopeType>, Error> {
        if let Some(scope_type) = self.scope_types.get(scope_id) {
            return Ok(*scope_type);
        }
        let scope_type = ipam.get_scope(scope_id)?.map(|scope| scope.scope_type);
        self.scope_types.insert(scope_id.to_owned(), scope_type);
        Ok(scope_type)
    }
}

model! {
    /// A block taken out of a pool.
    pub(super) struct AllocationFacts {
        /// Id of the allocation.
        id: String => computed(),
        /// The same as `id`.
        ipam_pool_allocation_id: String => computed(),
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
        /// Network address, which is also the first one.
        network: String => computed(),
        /// Netmask in dotted form; null for IPv6.
        netmask: String => computed(),
        /// First address of the block.
        first_address: String => computed(),
        /// Last address of the block.
        last_address: String => computed(),
        /// Number of addresses in the block, exact for IPv6 too.
        address_count: Number => computed(),
        /// Reverse DNS zones that cover the block, at octet (IPv4) or nibble (IPv6) boundaries.
        reverse_zones: Vec<String> => computed(),
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
        let mut facts = Self {
            id: allocation.meta.id.clone().into(),
            ipam_pool_allocation_id: allocation.meta.id.into(),
            name: allocation.meta.name.into(),
            ipam_pool_id: allocation.pool_id.into(),
            description: allocation.description.into(),
            resource_type: allocation.resource_type.to_string().into(),
            resource_id: allocation.resource_id.into(),
            tags: allocation.tags.into(),
            owner: allocation.meta.owner.into(),
            state: state_word(allocation.meta.state).into(),
            hold_expires_at: allocation.meta.hold_expires_at.map(|time| time.to_string()).into(),
            ..Self::default()
        };
        fill_facts!(&mut facts, allocation.cidr);
        facts
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
