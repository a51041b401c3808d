//! The attributes of scopes, pools and allocations in data sources.

use num_bigint::BigUint;

use crate::backend::Ipam;
use crate::ipam::{Allocation, Cidr, Error, Pool, Scope, ScopeType, State, Tags};
use crate::provider::attributes::HumanDuration;
use crate::provider::block_attributes::block_attributes;
use crate::provider::priorities::CidrPriorities;
use crate::tf::{Number, Tf};
use crate::{fill_block_attributes, model};

/// The facts about a pool, for [`model!`](crate::model). The three that can also be asked for are apart.
macro_rules! pool_facts {
    ([$($head:tt)*] [$($before:tt)*] [$($after:tt)*] [$($blocks:tt)*]) => { $crate::model! { $($head)* { $($before)*
        /// Description of the pool.
        description: String => computed(),
        /// List of all CIDRs of the pool, sorted by address, whether the pool itself or an `ipam_pool_cidr` provisions
        /// them.
        cidrs: Vec<$crate::ipam::Cidr> => computed(),
        /// CIDR of the pool, if `cidrs` has exactly one element; null otherwise.
        cidr: $crate::ipam::Cidr => computed(),
        /// Depth of the pool in the tree of pools: 1 for a top-level pool, and one more for each pool above.
        pool_depth: u32 => computed(),
        /// Smallest netmask length (the largest CIDR) that an allocation may have; null if there is no limit.
        allocation_min_netmask_length: u8 => computed(),
        /// Largest netmask length (the smallest CIDR) that an allocation may have; null if there is no limit.
        allocation_max_netmask_length: u8 => computed(),
        /// Netmask length of allocations that ask for no size; null if every allocation must ask for one.
        allocation_default_netmask_length: u8 => computed(),
        /// Map of tags that every allocation must have, with the same values.
        allocation_resource_tags: $crate::ipam::Tags => computed(),
        /// Which free space an allocation by `netmask_length` gets: `best-fit`, `first-fit`, `last-fit`, `sparse` or
        /// `random`.
        allocation_strategy: $crate::ipam::Strategy => computed(),
        /// Set of CIDRs that the pool reserves: no new object gets addresses in them.
        reserved_cidrs: std::collections::BTreeSet<$crate::ipam::Cidr> => computed(),
        /// Number of addresses that the pool reserves at the start of each of its CIDRs.
        reserve_first: u32 => computed(),
        /// Number of addresses that the pool reserves at the end of each of its CIDRs.
        reserve_last: u32 => computed(),
        /// Map of CIDRs to priorities: allocations by size get space with the lowest number that has room. Space in none of
        /// these CIDRs has the priority 100.
        cidr_priorities: $crate::provider::priorities::CidrPriorities => computed(),
        /// Set of CIDRs that are draining: no new allocation by size gets addresses in them.
        draining_cidrs: std::collections::BTreeSet<$crate::ipam::Cidr> => computed(),
        /// Time for which released space rests, for example `24h`; `0s` if it does not rest.
        quarantine: $crate::provider::attributes::HumanDuration => computed(),
        /// Owner of the pool: the provider argument `owner` of the configuration that it belongs to. With `aws-ipam`,
        /// the ID of the AWS account.
        owner: String => computed(),
        /// State of the pool: `active`, or `planned` while only a plan holds it.
        state: String => computed(),
        /// Time at which the hold of a planned pool expires, in RFC 3339 format; null for an active pool.
        hold_expires_at: String => computed(),
    $($after)* } $($blocks)* } };
}
pub(super) use pool_facts;

/// The facts about an allocation, after its CIDR, for [`model!`](crate::model).
macro_rules! allocation_facts {
    ([$($head:tt)*] [$($before:tt)*] [$($after:tt)*] [$($blocks:tt)*]) => { $crate::model! { $($head)* { $($before)*
        /// Netmask length of the CIDR.
        netmask_length: u8 => computed(),
        include block_attributes;
        /// Description of the allocation.
        description: String => computed(),
        /// Type of the allocation: `custom` if a configuration created it, `ipam-pool` for the space of a pool below,
        /// or the type of the resource that has the space, such as `vpc`.
        resource_type: String => computed(),
        /// ID of the pool or resource that has the space; null for `custom`.
        resource_id: String => computed(),
        /// Time from which `gc` releases the allocation, in RFC 3339 format; null for a permanent allocation.
        expires_at: String => computed(),
        /// Whether every release of the allocation is refused.
        prevent_release: bool => computed(),
        /// Map of the tags of the allocation.
        tags: $crate::ipam::Tags => computed(),
        /// Owner of the allocation: the provider argument `owner` of the configuration that it belongs to. With
        /// `aws-ipam`, the ID of the AWS account.
        owner: String => computed(),
        /// State of the allocation: `active`, or `planned` while only a plan holds it.
        state: String => computed(),
        /// Time at which the hold of a planned allocation expires, in RFC 3339 format; null for an active allocation.
        hold_expires_at: String => computed(),
    $($after)* } $($blocks)* } };
}
pub(super) use allocation_facts;

model! {
    /// The attributes of a scope.
    pub(super) struct ScopeFacts {
        /// ID of the scope.
        id: String => computed(),
        /// Name of the scope, unique in the store.
        name: String => computed(),
        /// Type of the scope: `private` or `public`.
        scope_type: ScopeType => computed(),
        /// Whether the scope is one of the two default scopes that every store has. A default scope cannot be deleted.
        is_default: bool => computed(),
        /// Description of the scope.
        description: String => computed(),
        /// Map of the tags of the scope.
        tags: Tags => computed(),
        /// Owner of the scope: the provider argument `owner` of the configuration that it belongs to, or `ipam` for a
        /// default scope. With `aws-ipam`, the ID of the AWS account.
        owner: String => computed(),
        /// State of the scope: `active`, or `planned` while only a plan holds it.
        state: String => computed(),
        /// Time at which the hold of a planned scope expires, in RFC 3339 format; null for an active scope.
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
    /// The attributes of a pool.
    pub(super) struct PoolFacts {
        /// ID of the pool.
        id: String => computed(),
        /// Name of the pool, unique among the pools with the same source pool, or among the top-level pools of the
        /// scope.
        name: String => computed(),
        /// Path of the pool: the names from the top-level pool down to this pool, joined by `/`.
        path: String => computed(),
        /// ID of the scope that contains the pool.
        ipam_scope_id: String => computed(),
        /// Type of the scope that contains the pool: `private` or `public`.
        ipam_scope_type: ScopeType => computed(),
        /// ID of the source pool, from which the pool takes its CIDRs; null for a top-level pool.
        source_ipam_pool_id: String => computed(),
        /// Address family of the pool: `ipv4` or `ipv6`.
        address_family: crate::ipam::Family => computed(),
        /// Region or site of the pool; null if the pool has none.
        locale: String => computed(),
        /// Map of the tags of the pool.
        tags: Tags => computed(),
        include pool_facts;
    }
}

impl PoolFacts {
    /// Reads the CIDRs, the path and the scope of the pool.
    pub(super) fn read(ipam: &dyn Ipam, pool: Pool) -> Result<Self, Error> {
        let path = ipam.pool_path(&pool.meta.id)?;
        let scope_type = ipam.get_scope(&pool.scope_id)?.map(|scope| scope.scope_type);
        let cidrs = provisioned(ipam, &pool)?;
        Ok(Self::of(pool, path, scope_type, cidrs))
    }

    pub(super) fn of(pool: Pool, path: String, scope_type: Option<ScopeType>, cidrs: Vec<Cidr>) -> Self {
        Self {
            path: path.into(),
            ipam_scope_type: scope_type.into(),
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
            reserved_cidrs: pool.rules.reserved_cidrs.into(),
            reserve_first: pool.rules.reserve_first.into(),
            reserve_last: pool.rules.reserve_last.into(),
            cidr_priorities: CidrPriorities(pool.rules.cidr_priorities).into(),
            draining_cidrs: pool.rules.draining_cidrs.into(),
            quarantine: HumanDuration(std::time::Duration::from_millis(pool.rules.quarantine_ms)).into(),
            allocation_strategy: pool.strategy.into(),
            tags: pool.tags.into(),
            owner: pool.meta.owner.into(),
            state: state_word(pool.meta.state).into(),
            hold_expires_at: pool.meta.hold_expires_at.map(|time| time.to_string()).into(),
        }
    }
}

/// The provisioned space of a pool, sorted by address. For an active pool, without CIDRs that are only planned.
fn provisioned(ipam: &dyn Ipam, pool: &Pool) -> Result<Vec<Cidr>, Error> {
    let with_planned = pool.meta.state == State::Planned;
    Ok(ipam.list_pool_cidrs(&pool.meta.id, with_planned)?.into_iter().map(|pool_cidr| pool_cidr.cidr).collect())
}

model! {
    /// The attributes of an allocation.
    pub(super) struct AllocationFacts {
        /// ID of the allocation.
        id: String => computed(),
        /// ID of the allocation, the same as `id`.
        ipam_pool_allocation_id: String => computed(),
        /// Name of the allocation, unique in the pool.
        name: String => computed(),
        /// ID of the pool from which the CIDR is allocated.
        ipam_pool_id: String => computed(),
        /// CIDR of the allocation.
        cidr: Cidr => computed(),
        include allocation_facts;
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
            expires_at: allocation.lifetime.expires_at().map(|time| time.to_string()).into(),
            prevent_release: allocation.lifetime.prevent_release.into(),
            tags: allocation.tags.into(),
            owner: allocation.meta.owner.into(),
            state: state_word(allocation.meta.state).into(),
            hold_expires_at: allocation.meta.hold_expires_at.map(|time| time.to_string()).into(),
            ..Self::default()
        };
        fill_block_attributes!(&mut facts, allocation.cidr);
        facts
    }
}

/// An exact number of addresses or objects.
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
