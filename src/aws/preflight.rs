//! Checks of a new object at plan time. AWS holds nothing for a plan, but its lists show in advance most of the reasons
//! for which it would refuse the object at apply. Only lists are requested, because the identity of a plan may have no
//! other permission.

use std::collections::BTreeSet;

use crate::backend::{New, Terms};
use crate::ipam::{
    Allocation, AllocationSpec, Cidr, Error, Exhausted, Family, Kind, Occupant, Pool, PoolCidrSpec, PoolSpec,
    Provision, ResourceType, Result, Size, blocks, check_tags,
};

use super::AwsIpam;
use super::allocation::BlockRequest;
use super::usage::{PoolSpace, first_few};

/// Facts about the same apply, in addition to the request.
struct SameApply<'a> {
    /// An object that is deleted in the same apply and gives up its name and space.
    replaces: Option<&'a str>,
    /// Whether the pool gets space in the same apply. Its present space says little then.
    growing: bool,
}

impl SameApply<'_> {
    fn is_leaving(&self, id: &str) -> bool {
        self.replaces == Some(id)
    }

    fn frees(&self, one: &Allocation) -> bool {
        self.is_leaving(&one.meta.id) || one.resource_id.as_deref().is_some_and(|id| self.is_leaving(id))
    }
}

impl AwsIpam {
    pub(super) async fn preflight(&self, new: New<'_>, terms: &Terms, growing: bool) -> Result<()> {
        let same_apply = SameApply { replaces: terms.replaces.as_deref(), growing };
        match new {
            New::Scope(spec) => {
                let all = self.scopes().await?;
                let other =
                    all.iter().find(|scope| scope.meta.name == spec.name && !same_apply.is_leaving(&scope.meta.id));
                other.map_or(Ok(()), |other| Err(super::scope::name_taken(other)))
            }
            New::Pool(spec) => self.preflight_pool(spec, &same_apply).await,
            New::PoolCidr(spec) => self.preflight_pool_cidr(spec, &same_apply).await,
            New::Allocation(spec) => {
                let mut pool = self.the_pool(&spec.pool_id).await?;
                if let Some(rules) = &terms.pool_rules {
                    pool.rules.clone_from(rules);
                }
                self.preflight_allocation(spec, &pool, &same_apply).await
            }
        }
    }

    async fn preflight_allocation(&self, spec: &AllocationSpec, pool: &Pool, same_apply: &SameApply<'_>) -> Result<()> {
        let wanted = BlockRequest { pool, size: spec.size, disallowed: &spec.disallowed_cidrs };
        wanted.check()?;
        check_tags(&spec.tags, pool)?;
        let pool_space = self.space_after(&pool.meta.id, same_apply).await?;
        let is_it = |one: &&Allocation| one.meta.name == spec.name && one.resource_type == ResourceType::Custom;
        if let Some(existing) = pool_space.allocations.iter().find(is_it) {
            return Err(Error::NameTaken { existing: existing.into(), asked_by: None });
        }
        if same_apply.growing {
            return Ok(());
        }
        match (wanted.cidr(), wanted.netmask_length()) {
            (Some(cidr), _) => pool_space.require_free(pool, cidr),
            (None, Some(length)) => pool_space.require_room(pool, length, &spec.disallowed_cidrs),
            (None, None) => Ok(()),
        }
    }

    async fn preflight_pool(&self, spec: &PoolSpec, same_apply: &SameApply<'_>) -> Result<()> {
        let position = self.position(spec).await?;
        if let (None, Some(id)) = (&position.source, &spec.scope_id)
            && self.scope(id).await?.is_none()
        {
            return Err(Error::NotFound { kind: Kind::Scope, id: id.clone() });
        }
        if let Some(existing) = self.namesake(position.parent(), &spec.name, same_apply.replaces).await? {
            return Err(Error::NameTaken { existing: (&existing).into(), asked_by: None });
        }
        if let Provision::Cidrs(cidrs) = &spec.provision {
            require_family(cidrs, position.family)?;
            require_apart(cidrs)?;
        }
        match (&position.source, &spec.provision) {
            (_, Provision::Nothing) => Ok(()),
            (Some(source), provision) => self.preflight_space(source, provision, same_apply).await,
            (None, Provision::Cidrs(cidrs)) => self.require_vacant(&position.scope_id, cidrs, same_apply).await,
            (None, Provision::NetmaskLength(_)) => Err(Error::NoSourcePool),
        }
    }

    async fn preflight_pool_cidr(&self, spec: &PoolCidrSpec, same_apply: &SameApply<'_>) -> Result<()> {
        let pool = self.the_pool(&spec.pool_id).await?;
        let provision = match spec.size {
            Size::Cidr(cidr) => Provision::Cidrs([cidr].into()),
            Size::NetmaskLength(length) => Provision::NetmaskLength(length),
            Size::Default => Provision::Nothing,
        };
        if let Provision::Cidrs(cidrs) = &provision {
            require_family(cidrs, pool.address_family)?;
        }
        match (&pool.source_pool_id, &provision) {
            (Some(source), _) => {
                let source = self.the_pool(source).await?;
                self.preflight_space(&source, &provision, same_apply).await
            }
            (None, Provision::Cidrs(cidrs)) => self.require_vacant(&pool.scope_id, cidrs, same_apply).await,
            (None, _) => Err(Error::NoSourcePool),
        }
    }

    /// Checks that the source has this space free.
    async fn preflight_space(&self, source: &Pool, provision: &Provision, same_apply: &SameApply<'_>) -> Result<()> {
        if same_apply.growing {
            return Ok(());
        }
        let pool_space = self.space_after(&source.meta.id, same_apply).await?;
        match provision {
            Provision::Nothing => Ok(()),
            Provision::Cidrs(cidrs) => cidrs.iter().try_for_each(|cidr| pool_space.require_free(source, *cidr)),
            Provision::NetmaskLength(length) => pool_space.require_room(source, *length, &BTreeSet::new()),
        }
    }

    /// The space of the pool after the replaced object is deleted.
    async fn space_after(&self, pool_id: &str, same_apply: &SameApply<'_>) -> Result<PoolSpace> {
        let mut allocations = self.allocations_of(pool_id).await?;
        allocations.retain(|one| !same_apply.frees(one));
        Ok(PoolSpace::new(self.present_cidrs(pool_id).await?, allocations))
    }

    /// Checks that no other top-level pool of the scope has any of these blocks.
    async fn require_vacant(&self, scope_id: &str, cidrs: &BTreeSet<Cidr>, same_apply: &SameApply<'_>) -> Result<()> {
        let all = self.pool_names().await?;
        let tops = all.iter().filter(|pool| {
            pool.source_pool_id.is_none() && pool.scope_id == scope_id && !same_apply.is_leaving(&pool.meta.id)
        });
        for pool in tops {
            for present in self.present_cidrs(&pool.meta.id).await? {
                if let Some(cidr) = cidrs.iter().find(|cidr| cidr.overlaps(&present)) {
                    let with = vec![Occupant { cidr: Some(present), ..pool.into() }];
                    return Err(Error::Overlap { cidr: *cidr, with });
                }
            }
        }
        Ok(())
    }
}

fn require_family(cidrs: &BTreeSet<Cidr>, expected: Family) -> Result<()> {
    let other = cidrs.iter().find(|cidr| cidr.family() != expected);
    other.map_or(Ok(()), |cidr| Err(Error::FamilyMismatch { cidr: Some(*cidr), expected, found: cidr.family() }))
}

fn require_apart(cidrs: &BTreeSet<Cidr>) -> Result<()> {
    // The blocks are sorted by their first addresses: a block that overlaps any later block overlaps the next one.
    let pairs = cidrs.iter().zip(cidrs.iter().skip(1));
    let overlapping = pairs.into_iter().find(|(a, b)| a.overlaps(b));
    overlapping.map_or(Ok(()), |(a, b)| Err(Error::OwnOverlap { a: *a, b: *b }))
}

impl PoolSpace {
    /// Checks that the block is in the pool and not allocated.
    pub(super) fn require_free(&self, pool: &Pool, cidr: Cidr) -> Result<()> {
        self.require_some(pool)?;
        let (pool_id, pool_name) = (pool.meta.id.clone(), pool.meta.name.clone());
        if !self.provisioned.iter().any(|block| block.contains(&cidr)) {
            let provisioned = self.provisioned.iter().copied().collect();
            return Err(Error::OutsidePool { cidr, pool_id, pool_name, provisioned });
        }
        let with: Vec<_> = self.allocations.iter().filter(|one| one.cidr.overlaps(&cidr)).map(Occupant::from).collect();
        if with.is_empty() { Ok(()) } else { Err(Error::Overlap { cidr, with: first_few(with).0 }) }
    }

    /// Checks that a block of this size is free and not disallowed.
    fn require_room(&self, pool: &Pool, netmask_length: u8, disallowed: &BTreeSet<Cidr>) -> Result<()> {
        self.require_some(pool)?;
        let has_room = |free: &[Cidr]| free.iter().any(|block| block.netmask_length() <= netmask_length);
        let allowed = blocks::subtract(self.free.iter().copied(), disallowed.iter().copied()).unwrap_or_default();
        if has_room(&allowed) {
            return Ok(());
        }
        Err(Error::PoolExhausted(Exhausted {
            kept_off: None,
            lost: None,
            pool_id: pool.meta.id.clone(),
            pool_name: pool.meta.name.clone(),
            netmask_length,
            largest_free: self.largest_free(),
            free: Self::sum(&self.free),
            disallowed: has_room(&self.free),
            held: num_bigint::BigUint::ZERO,
            first_expiry: None,
        }))
    }

    fn require_some(&self, pool: &Pool) -> Result<()> {
        let (pool_id, pool_name) = (pool.meta.id.clone(), pool.meta.name.clone());
        if self.provisioned.is_empty() { Err(Error::PoolEmpty { pool_id, pool_name }) } else { Ok(()) }
    }
}
