//! The choice of a pool for an allocation, and of a preferred block in it. The choice and the allocation are one
//! transaction, so no other request takes the room in between.
//!
//! The first candidate that can give the block gets the request, with free space and space of expired holds alone. Only
//! if none can, holds that earlier runs of the same owner left give way, in the same order. What has the name in one of
//! the candidates decides before that, so that a plan that is made again keeps its pool.

use std::mem;

use crate::ipam::discovery::exclusion::Avoided;
use crate::ipam::holds::standing::Standing;
use crate::ipam::space::placement::BlockRequest;
use crate::ipam::space::{free, reserved};
use crate::ipam::{
    Allocation, AllocationSpec, Candidates, Cidr, Error, Ledger, NoPool, Pool, PoolFilter, Reader, Result, State, Terms,
};
use crate::store::Overlay;

/// Holds that the request replaces, each with its pool.
type Replaced = Vec<(String, Standing<Allocation>)>;

/// What has the name of a request in one candidate.
pub(in crate::ipam) enum InCandidate {
    /// The hold or the object that the request gets.
    Ours,
    /// An object that the request gets if no candidate has its hold.
    Adoptable,
    /// A hold that the request replaces, wherever it is placed.
    Replaced(Box<Standing<Allocation>>),
    Nothing,
}

impl From<Standing<Allocation>> for InCandidate {
    fn from(standing: Standing<Allocation>) -> Self {
        match standing {
            Standing::Same(_) => Self::Ours,
            Standing::Adopt(_) => Self::Adoptable,
            standing @ Standing::Other(_) => Self::Replaced(Box::new(standing)),
            _ => Self::Nothing,
        }
    }
}

/// Whether another pool may be able to do what this one refused.
fn is_about_one_pool(error: &Error) -> bool {
    matches!(
        error,
        Error::PoolExhausted(_)
            | Error::PoolEmpty { .. }
            | Error::OutsidePool { .. }
            | Error::Overlap { .. }
            | Error::Reserved { .. }
            | Error::NetmaskRule { .. }
            | Error::TagRule { .. }
            | Error::NoSize { .. }
    )
}

impl Reader<'_> {
    /// The pools that a request may be placed in, in their order.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] or [`Error::HoldLost`] for a pool of a list, and [`Error::NoPool`] when there is none or
    /// they have both address families.
    fn candidates(&mut self, of: &Candidates) -> Result<Vec<Pool>> {
        let pools = match of {
            Candidates::Listed(ids) => ids.iter().map(|id| self.pool(id)).collect::<Result<Vec<_>>>()?,
            Candidates::Matching(selector) => {
                let scope_id = selector.scope_id.clone();
                let mut pools =
                    self.list_pools(&PoolFilter { scope_id, include_planned: true, ..PoolFilter::default() })?;
                pools.retain(|pool| selector.matches(pool) && self.counts(pool));
                pools.sort_by(|a, b| (&a.meta.name, &a.meta.id).cmp(&(&b.meta.name, &b.meta.id)));
                if pools.is_empty() {
                    return Err(Error::NoPool(Box::new(NoPool::NoMatch { selector: selector.clone() })));
                }
                pools
            }
        };
        let other = pools.iter().find(|pool| pool.address_family != pools[0].address_family);
        match other {
            Some(other) => {
                let (first, other) = (Box::new(pools[0].clone()), Box::new(other.clone()));
                Err(Error::NoPool(Box::new(NoPool::MixedFamilies { first, other })))
            }
            None => Ok(pools),
        }
    }

    /// Whether a pool counts for a selector: it exists, or the same run of its owner plans it.
    fn counts(&self, pool: &Pool) -> bool {
        let meta = &pool.meta;
        meta.state == State::Active
            || (meta.owner == self.env.actor.owner && self.env.is_of_this_run(meta.run.as_deref()))
    }

    /// The answer of [`Ledger::plan_allocation`] to a request that may be placed in several pools, when no write is needed
    /// for it; `None` otherwise.
    pub(in crate::ipam) fn find_hold_in_candidates(
        &mut self,
        spec: &AllocationSpec,
        candidates: &Candidates,
        terms: &Terms,
    ) -> Result<Option<Allocation>> {
        let pools = self.candidates(candidates)?;
        let (ours, _) = self
            .in_candidates(spec, &pools, |reader, spec| Ok(reader.allocation_standing(spec, None, terms)?.2.into()))?;
        match ours {
            Some(pool_id) => self.find_hold_allocation(&spec.in_pool(&pool_id), terms),
            None => Ok(None),
        }
    }

    /// The candidate that has what the request gets, and the holds in all candidates that it replaces, each with its pool.
    ///
    /// # Errors
    /// Returns the first error of `look` that is not about the rules of one pool, when no candidate has what the request
    /// gets.
    fn in_candidates(
        &mut self,
        spec: &AllocationSpec,
        pools: &[Pool],
        look: impl Fn(&mut Reader<'_>, &AllocationSpec) -> Result<InCandidate>,
    ) -> Result<(Option<String>, Replaced)> {
        let (mut adoptable, mut replaced, mut failed) = (None, Vec::new(), None);
        for pool in pools {
            let pool_id = &pool.meta.id;
            match look(self, &spec.in_pool(pool_id)) {
                Ok(InCandidate::Ours) => return Ok((Some(pool_id.clone()), Vec::new())),
                Ok(InCandidate::Adoptable) => adoptable = adoptable.or_else(|| Some(pool_id.clone())),
                Ok(InCandidate::Replaced(standing)) => replaced.push((pool_id.clone(), *standing)),
                Ok(InCandidate::Nothing) => {}
                Err(error @ Error::Store(_)) => return Err(error),
                Err(error) if is_about_one_pool(&error) => {}
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        match failed {
            Some(error) if adoptable.is_none() => Err(error),
            _ => Ok((adoptable, replaced)),
        }
    }

    /// Whether the preferred block is free in a pool, or only expired holds have addresses of it.
    fn is_preferred_free(&mut self, pool: &Pool, spec: &AllocationSpec) -> Result<bool> {
        let Some(block) = spec.preferred_cidr.filter(|block| block.family() == pool.address_family) else {
            return Ok(false);
        };
        if spec.disallowed_cidrs.iter().any(|avoid| avoid.overlaps(&block))
            || free::provisioned_around(self.snapshot, &pool.meta.id, &block)?.is_none()
            || self.planned_for_others(pool, &block)?.is_some()
            || reserved::over(self.snapshot, pool, &block)?.is_some()
            || pool.rules.draining(&block).is_some()
            || (Avoided::any(self.snapshot, &pool.scope_id, block.family())?
                && Avoided::off(self.snapshot, pool, &block, &block)?.is_some())
        {
            return Ok(false);
        }
        let spares = mem::replace(&mut self.env.only_expired, true);
        let is_clearable = self.is_clearable(&pool.meta.id, &block);
        self.env.only_expired = spares;
        is_clearable
    }
}

impl Ledger<'_> {
    /// Carries out a request in the first pool that can do it. `look`: what has the name of the request in one pool. `make`:
    /// the request in one pool.
    ///
    /// # Errors
    /// Returns [`Error::NoPool`] with the reason of each pool, and the errors of `look` and `make` that are not about one
    /// pool.
    pub(in crate::ipam) fn in_first_pool<T>(
        &mut self,
        (spec, candidates): (&AllocationSpec, &Candidates),
        terms: &Terms,
        look: impl Fn(&mut Reader<'_>, &AllocationSpec) -> Result<InCandidate>,
        make: impl Fn(&mut Ledger<'_>, &AllocationSpec) -> Result<T>,
    ) -> Result<T> {
        let mut pools = self.reader().candidates(candidates)?;
        let (ours, replaced) = self.reader().in_candidates(spec, &pools, look)?;
        if let Some(pool_id) = ours {
            return make(self, &spec.in_pool(&pool_id));
        }
        let mut has_preferred = Vec::new();
        for pool in &pools {
            if self.reader().is_preferred_free(&terms.future(pool.clone()), spec)? {
                has_preferred.push(pool.meta.id.clone());
            }
        }
        pools.sort_by_key(|pool| !has_preferred.contains(&pool.meta.id));
        let mut refusals = Vec::new();
        for only_expired in [true, false] {
            refusals.clear();
            for pool in &pools {
                let pool_id = &pool.meta.id;
                let attempt = self.attempt(only_expired, |ledger| make(ledger, &spec.in_pool(pool_id)));
                match attempt {
                    Ok(made) => {
                        for (_, standing) in replaced.into_iter().filter(|(of, _)| of != pool_id) {
                            self.clear_allocation(standing)?;
                        }
                        return Ok(made);
                    }
                    Err(error) if is_about_one_pool(&error) => refusals.push((pool.clone(), error)),
                    Err(error) => return Err(error),
                }
            }
        }
        Err(Error::NoPool(Box::new(NoPool::NoRoom { tried: refusals })))
    }

    /// Runs `work`, and keeps its writes only if it succeeds.
    fn attempt<T>(&mut self, only_expired: bool, work: impl FnOnce(&mut Ledger<'_>) -> Result<T>) -> Result<T> {
        let mut savepoint = Overlay::new(&mut *self.tx);
        let mut ledger = Ledger::new(&mut savepoint, self.env.reborrow());
        ledger.spared.clone_from(&self.spared);
        ledger.env.only_expired = only_expired;
        let made = work(&mut ledger)?;
        let displaced = mem::take(&mut ledger.displaced);
        savepoint.commit()?;
        self.displaced.extend(displaced);
        Ok(made)
    }

    /// The preferred block of a request, if it is free in this pool. Reclaims the expired holds there.
    ///
    /// # Errors
    /// The errors of the store.
    pub(in crate::ipam) fn take_preferred(
        &mut self,
        pool: &Pool,
        spec: &AllocationSpec,
        ask: &BlockRequest<'_>,
    ) -> Result<Option<Cidr>> {
        let preferred = spec.preferred_cidr.filter(|block| block.netmask_length() == ask.netmask_length);
        let Some(block) = preferred else { return Ok(None) };
        if !self.reader().is_preferred_free(pool, spec)? {
            return Ok(None);
        }
        self.clear_in_pool(pool, &block)?;
        Ok(Some(block))
    }
}
