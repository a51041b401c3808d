//! Checks of a new object at plan time. AWS holds nothing for a plan, but its lists show in advance most of the reasons
//! for which it would refuse the object at apply. Only lists are requested, because the identity of a plan may have no
//! other permission.

use std::collections::BTreeSet;

use crate::backend::{New, Terms};
use crate::ipam::{
    Allocation, AllocationSpec, Cidr, Error, Family, Kind, Occupant, Pool, PoolCidrSpec, PoolSpec, Provision,
    ResourceType, Result, Size, blocks, check_tags,
};

use super::AwsIpam;
use super::allocations::Ask;
use super::scopes;
use super::space::{Ground, first_few};

/// Facts about the same apply, in addition to the request.
struct Outlook<'a> {
    /// An object that is deleted in the same apply and gives up its name and space.
    replaces: Option<&'a str>,
    /// Whether the pool gets space in the same apply. Its present space says little then.
    growing: bool,
}

impl Outlook<'_> {
    fn is_leaving(&self, id: &str) -> bool {
        self.replaces == Some(id)
    }

    fn frees(&self, one: &Allocation) -> bool {
        self.is_leaving(&one.meta.id) || one.resource_id.as_deref().is_some_and(|id| self.is_leaving(id))
    }
}

impl AwsIpam {
    pub(super) async fn speaks_against(&self, new: New<'_>, terms: &Terms, growing: bool) -> Result<()> {
        let outlook = Outlook { replaces: terms.replaces.as_deref(), growing };
        match new {
            New::Scope(spec) => {
                let all = self.scopes().await?;
                let other =
                    all.iter().find(|scope| scope.meta.name == spec.name && !outlook.is_leaving(&scope.meta.id));
                other.map_or(Ok(()), |other| Err(scopes::taken(other)))
            }
            New::Pool(spec) => self.foresee_pool(spec, &outlook).await,
            New::PoolCidr(spec) => self.foresee_pool_cidr(spec, &outlook).await,
            New::Allocation(spec) => {
                let mut pool = self.the_pool(&spec.pool_id).await?;
                if let Some(rules) = &terms.pool_rules {
                    pool.rules.clone_from(rules);
                }
                self.foresee_new_allocation(spec, &pool, &outlook).await
            }
        }
    }

    async fn foresee_new_allocation(&self, spec: &AllocationSpec, pool: &Pool, outlook: &Outlook<'_>) -> Result<()> {
        let wanted = Ask { pool, size: spec.size, disallowed: &spec.disallowed_cidrs };
        wanted.check()?;
        check_tags(&spec.tags, pool)?;
        let ground = self.ground_after(&pool.meta.id, outlook).await?;
        let is_it = |one: &&Allocation| one.meta.name == spec.name && one.resource_type == ResourceType::Custom;
        if let Some(existing) = ground.allocations.iter().find(is_it) {
            return Err(Error::NameTaken { existing: existing.into(), asked_by: None });
        }
        if outlook.growing {
            return Ok(());
        }
        match (wanted.cidr(), wanted.netmask_length()) {
            (Some(cidr), _) => ground.require_free(pool, cidr),
            (None, Some(length)) => ground.require_room(pool, length, &spec.disallowed_cidrs),
            (None, None) => Ok(()),
        }
    }

    async fn foresee_pool(&self, spec: &PoolSpec, outlook: &Outlook<'_>) -> Result<()> {
        let place = self.place(spec).await?;
        if let (None, Some(id)) = (&place.source, &spec.scope_id)
            && self.scope(id).await?.is_none()
        {
            return Err(Error::NotFound { kind: Kind::Scope, id: id.clone() });
        }
        if let Some(existing) = self.namesake(place.parent(), &spec.name, outlook.replaces).await? {
            return Err(Error::NameTaken { existing: (&existing).into(), asked_by: None });
        }
        if let Provision::Cidrs(cidrs) = &spec.provision {
            require_family(cidrs, place.family)?;
            require_apart(cidrs)?;
        }
        match (&place.source, &spec.provision) {
            (_, Provision::Nothing) => Ok(()),
            (Some(source), provision) => self.foresee_space(source, provision, outlook).await,
            (None, Provision::Cidrs(cidrs)) => self.require_vacant(&place.scope_id, cidrs, outlook).await,
            (None, Provision::NetmaskLength(_)) => Err(Error::NoSourcePool),
        }
    }

    async fn foresee_pool_cidr(&self, spec: &PoolCidrSpec, outlook: &Outlook<'_>) -> Result<()> {
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
                self.foresee_space(&source, &provision, outlook).await
            }
            (None, Provision::Cidrs(cidrs)) => self.require_vacant(&pool.scope_id, cidrs, outlook).await,
            (None, _) => Err(Error::NoSourcePool),
        }
    }

    /// Checks that the source has this space free.
    async fn foresee_space(&self, source: &Pool, provision: &Provision, outlook: &Outlook<'_>) -> Result<()> {
        if outlook.growing {
            return Ok(());
        }
        let ground = self.ground_after(&source.meta.id, outlook).await?;
        match provision {
            Provision::Nothing => Ok(()),
            Provision::Cidrs(cidrs) => cidrs.iter().try_for_each(|cidr| ground.require_free(source, *cidr)),
            Provision::NetmaskLength(length) => ground.require_room(source, *length, &BTreeSet::new()),
        }
    }

    /// The space of the pool after the replaced object is deleted.
    async fn ground_after(&self, pool_id: &str, outlook: &Outlook<'_>) -> Result<Ground> {
        let mut allocations = self.allocations_of(pool_id).await?;
        allocations.retain(|one| !outlook.frees(one));
        Ok(Ground::new(self.present_cidrs(pool_id).await?, allocations))
    }

    /// Checks that no other top-level pool of the scope has any of these blocks.
    async fn require_vacant(&self, scope_id: &str, cidrs: &BTreeSet<Cidr>, outlook: &Outlook<'_>) -> Result<()> {
        let all = self.pool_names().await?;
        let tops = all.iter().filter(|pool| {
            pool.source_pool_id.is_none() && pool.scope_id == scope_id && !outlook.is_leaving(&pool.meta.id)
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

impl Ground {
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
        Err(Error::PoolExhausted {
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
        })
    }

    fn require_some(&self, pool: &Pool) -> Result<()> {
        let (pool_id, pool_name) = (pool.meta.id.clone(), pool.meta.name.clone());
        if self.provisioned.is_empty() { Err(Error::PoolEmpty { pool_id, pool_name }) } else { Ok(()) }
    }
}
