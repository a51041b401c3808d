//! Checks of a new object at plan time. AWS holds nothing for a plan, but its lists show in advance most of the reasons
//! for which it would refuse the object at apply. Only lists are requested, because the identity of a plan may have no
//! other permission.

use std::collections::BTreeSet;

use crate::backend::New;
use crate::ipam::{
    Allocation, AllocationSpec, Cidr, Error, Family, Kind, Occupant, Pool, PoolCidrSpec, PoolSpec, Provision,
    ResourceType, Result, Rules, ScopeSpec, Size, check_tags,
};

use super::allocation::Allocations;
use super::allocation_create::BlockRequest;
use super::connection::Connection;
use super::pool::Pools;
use super::scope::{Scopes, name_taken};
use super::usage::PoolSpace;

/// The check of one new object.
pub(super) struct Preflight<'a> {
    pub(super) aws: &'a Connection,
    /// An object that is deleted in the same apply and gives up its name and space.
    pub(super) replaces: Option<&'a str>,
    /// Whether the pool gets space in the same apply. Its present space says little then.
    pub(super) growing: bool,
    /// The rules that the pool of the allocation gets in the same apply.
    pub(super) pool_rules: Option<&'a Rules>,
}

impl<'a> Preflight<'a> {
    const fn pools(&self) -> Pools<'a> {
        Pools { aws: self.aws }
    }

    fn is_leaving(&self, id: &str) -> bool {
        self.replaces == Some(id)
    }

    fn frees(&self, one: &Allocation) -> bool {
        self.is_leaving(&one.meta.id) || one.resource_id.as_deref().is_some_and(|id| self.is_leaving(id))
    }

    pub(super) async fn check(&self, new: New<'_>) -> Result<()> {
        match new {
            New::Scope(spec) => self.check_scope(spec).await,
            New::Pool(spec) => self.check_pool(spec).await,
            New::PoolCidr(spec) => self.check_pool_cidr(spec).await,
            New::Allocation(spec) => self.check_allocation(spec).await,
        }
    }

    async fn check_scope(&self, spec: &ScopeSpec) -> Result<()> {
        let all = Scopes { aws: self.aws }.list().await?;
        let other = all.iter().find(|scope| scope.meta.name == spec.name && !self.is_leaving(&scope.meta.id));
        other.map_or(Ok(()), |other| Err(name_taken(other)))
    }

    async fn check_allocation(&self, spec: &AllocationSpec) -> Result<()> {
        let pool = &self.pools().require_with_rules(&spec.pool_id, self.pool_rules).await?;
        let wanted = BlockRequest { pool, size: spec.size, disallowed: &spec.disallowed_cidrs };
        wanted.check()?;
        check_tags(&spec.tags, pool)?;
        let pool_space = self.space_after(&pool.meta.id).await?;
        let is_it = |one: &&Allocation| one.meta.name == spec.name && one.resource_type == ResourceType::Custom;
        if let Some(existing) = pool_space.allocations.iter().find(is_it) {
            return Err(Error::NameTaken { existing: existing.into(), asked_by: None });
        }
        if self.growing {
            return Ok(());
        }
        match (wanted.cidr(), wanted.netmask_length()) {
            (Some(cidr), _) => pool_space.require_free(pool, cidr),
            (None, Some(length)) => pool_space.require_room(pool, length, &spec.disallowed_cidrs),
            (None, None) => Ok(()),
        }
    }

    async fn check_pool(&self, spec: &PoolSpec) -> Result<()> {
        let position = self.pools().position(spec).await?;
        let scopes = Scopes { aws: self.aws };
        if let (None, Some(id)) = (&position.source, &spec.scope_id)
            && scopes.get(id).await?.is_none()
        {
            return Err(Error::NotFound { kind: Kind::Scope, id: id.clone() });
        }
        if let Some(existing) = self.pools().namesake(position.parent(), &spec.name, self.replaces).await? {
            return Err(Error::NameTaken { existing: (&existing).into(), asked_by: None });
        }
        if let Provision::Cidrs(cidrs) = &spec.provision {
            require_family(cidrs, position.family)?;
            require_apart(cidrs)?;
        }
        match (&position.source, &spec.provision) {
            (_, Provision::Nothing) => Ok(()),
            (Some(source), provision) => self.check_space(source, provision).await,
            (None, Provision::Cidrs(cidrs)) => self.require_vacant(&position.scope_id, cidrs).await,
            (None, Provision::NetmaskLength(_)) => Err(Error::NoSourcePool),
        }
    }

    async fn check_pool_cidr(&self, spec: &PoolCidrSpec) -> Result<()> {
        let pool = self.pools().require(&spec.pool_id).await?;
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
                let source = self.pools().require(source).await?;
                self.check_space(&source, &provision).await
            }
            (None, Provision::Cidrs(cidrs)) => self.require_vacant(&pool.scope_id, cidrs).await,
            (None, _) => Err(Error::NoSourcePool),
        }
    }

    /// Checks that the source has this space free.
    async fn check_space(&self, source: &Pool, provision: &Provision) -> Result<()> {
        if self.growing {
            return Ok(());
        }
        let pool_space = self.space_after(&source.meta.id).await?;
        match provision {
            Provision::Nothing => Ok(()),
            Provision::Cidrs(cidrs) => cidrs.iter().try_for_each(|cidr| pool_space.require_free(source, *cidr)),
            Provision::NetmaskLength(length) => pool_space.require_room(source, *length, &BTreeSet::new()),
        }
    }

    /// The space of the pool after the replaced object is deleted.
    async fn space_after(&self, pool_id: &str) -> Result<PoolSpace> {
        let mut allocations = Allocations { aws: self.aws }.list_in(pool_id).await?;
        allocations.retain(|one| !self.frees(one));
        Ok(PoolSpace::new(self.pools().present_cidrs(pool_id).await?, allocations))
    }

    /// Checks that no other top-level pool of the scope has any of these blocks.
    async fn require_vacant(&self, scope_id: &str, cidrs: &BTreeSet<Cidr>) -> Result<()> {
        let all = self.pools().list_without_cidrs().await?;
        let tops = all.iter().filter(|pool| {
            pool.source_pool_id.is_none() && pool.scope_id == scope_id && !self.is_leaving(&pool.meta.id)
        });
        for pool in tops {
            for present in self.pools().present_cidrs(&pool.meta.id).await? {
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
