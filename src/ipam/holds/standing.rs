//! The standing of a request by name: its own hold, the hold of another owner, an active object, or none of these.

use jiff::Timestamp;

use crate::ipam::operations::context::{LEVELS_MAX, TOO_DEEP};
use crate::ipam::space::free;
use crate::ipam::storage::codec::{self, BlockEntry, Record};
use crate::ipam::storage::{keys, names};
use crate::ipam::{
    Allocation, Cidr, Error, Kind, LostHold, Meta, Occupant, Planned, Pool, PoolCidr, Reader, ResourceType, Result,
    State, Terms,
};
use crate::store::Snapshot;

/// Number of objects in the way that an error names.
pub(in crate::ipam) const NAMED_IN_ERRORS: usize = 10;

/// The object that has the name of a request, if there is one.
#[derive(Clone, Debug)]
pub(in crate::ipam) enum Standing<R> {
    /// There is no object in the way: place a new one.
    Vacant,
    /// The request's own hold for the same size.
    Same(R),
    /// An active object that matches the request and is not in the state of its owner.
    Adopt(R),
    /// The request's own hold for another size.
    Other(R),
    /// Another owner's hold that has expired, or a lease that is over.
    Foreign(R),
    /// The request's own hold, whose space was given to another object.
    Lapsed(R),
}

impl<R: Record> Standing<R> {
    /// The block that the new hold avoids, because the old hold was in the way there.
    pub(in crate::ipam) fn avoided(&self) -> Option<Cidr> {
        match self {
            Self::Other(hold) => hold.meta().in_the_way_of,
            _ => None,
        }
    }
}

impl Reader<'_> {
    /// The error for a hold of a plan that is gone or lapsed.
    pub(in crate::ipam) fn lost<R: Record>(&mut self, id: &str, name: &str) -> Result<Error> {
        match codec::load::<R>(self.snapshot, id)? {
            Some(hold) => self.hold_lost(&hold),
            None => Ok(self.hold_gone(R::KIND, id, name)),
        }
    }

    /// Checks that no other creation used the hold that a plan showed.
    ///
    /// # Errors
    /// Returns [`Error::NameTaken`].
    pub(in crate::ipam) fn is_still_ours<R: Record>(&mut self, held: &R, planned: &Planned) -> Result<()> {
        if matches!(planned, Planned::Fresh(_)) && held.meta().state == State::Active {
            return Err(self.name_taken(held)?);
        }
        Ok(())
    }

    /// The standing of a request for `name` in `parent`. `satisfies` decides whether a record matches the request.
    ///
    /// # Errors
    /// Returns [`Error::NameTaken`], and [`Error::HoldLost`] in a committing plan whose hold has changed.
    pub(in crate::ipam) fn standing<R: Record>(
        &mut self,
        parent: &str,
        name: &str,
        terms: &Terms,
        satisfies: &dyn Fn(&R) -> bool,
    ) -> Result<Standing<R>> {
        let entry = names::entry(self.snapshot, R::KIND, parent, name)?;
        let owner = &self.env.actor.owner;
        // What a plan showed without a hold is the hold of that plan and no other.
        let is_shown = |meta: &Meta| terms.shown.as_ref().is_none_or(|shown| shown.id == meta.id);
        let is_second_of_hold = terms.committing && terms.shown.is_none();
        let mut standing = Standing::Vacant;
        if let Some(id) = &entry.planned {
            let hold: R = codec::expect(self.snapshot, id)?;
            let meta = hold.meta();
            let own = meta.owner == *owner;
            standing = match meta.state {
                State::Planned if meta.is_lease && !self.env.is_reclaimable(meta) => {
                    return Err(self.name_taken(&hold)?);
                }
                State::Planned if meta.is_lease => Standing::Foreign(hold),
                State::Lapsed if meta.is_lease && own => Standing::Lapsed(hold),
                State::Planned if own && is_shown(meta) && satisfies(&hold) && !self.must_move(&hold, terms) => {
                    Standing::Same(hold)
                }
                State::Planned if own && self.is_reserved(meta) => return Err(self.name_taken(&hold)?),
                State::Planned if own && !is_second_of_hold => Standing::Other(hold),
                State::Lapsed if own && !is_second_of_hold => Standing::Lapsed(hold),
                State::Planned | State::Lapsed if own => return Err(self.hold_lost(&hold)?),
                State::Planned if meta.is_expired(self.env.now) => Standing::Foreign(hold),
                State::Planned => return Err(self.name_taken(&hold)?),
                State::Lapsed | State::Active => Standing::Vacant,
            };
        }
        let Some(id) = &entry.active else { return Ok(standing) };
        let active: R = codec::expect(self.snapshot, id)?;
        let successor = terms.replaces.as_ref() == Some(id)
            || matches!(&standing, Standing::Same(hold) if hold.meta().replaces.as_ref() == Some(id));
        if successor {
            return Ok(standing);
        }
        let adoptable =
            active.meta().owner == *owner && !active.meta().confirmed && is_shown(active.meta()) && satisfies(&active);
        if adoptable && !matches!(standing, Standing::Same(_)) {
            return Ok(Standing::Adopt(active));
        }
        Err(self.name_taken(&active)?)
    }

    /// Whether a hold is a reservation that a command made, which no plan replaces by another size.
    fn is_reserved(&self, hold: &Meta) -> bool {
        hold.is_reservation && !hold.is_expired(self.env.now)
    }

    /// The block that an earlier plan showed for a new object without a hold; `None` if there was no such plan or the
    /// object has not exactly one block.
    ///
    /// # Errors
    /// Returns [`Error::HoldLost`] when the request asks for something else by now.
    pub(in crate::ipam) fn shown_block(
        &self,
        kind: Kind,
        name: &str,
        terms: &Terms,
        fits: impl FnOnce(&Cidr) -> bool,
    ) -> Result<Option<Cidr>> {
        let Some(shown) = &terms.shown else { return Ok(None) };
        match shown.cidr {
            Some(block) if !fits(&block) => Err(self.hold_gone(kind, &shown.id, name)),
            block => Ok(block),
        }
    }

    /// Whether a hold has to be placed anew: it was in the way of an explicit block in an earlier plan and another
    /// block will do, or it waits for space that is not released any more.
    fn must_move<R: Record>(&self, hold: &R, terms: &Terms) -> bool {
        let meta = hold.meta();
        let was_in_the_way = meta.in_the_way_of.is_some() && !self.env.is_of_this_run(meta.run.as_deref());
        let waits = terms.place_anew && !meta.waits_for.is_empty();
        !terms.committing && (was_in_the_way || waits)
    }

    /// The answer to a plan that needs no write: a hold for the same size and run with at least half of its time left,
    /// or an object to adopt. `details` sets the attributes of the request that are not part of the size.
    pub(in crate::ipam) fn answer<R: Record>(
        &self,
        standing: Standing<R>,
        terms: &Terms,
        details: &dyn Fn(&mut R),
    ) -> Option<R> {
        match standing {
            // Differing attributes of the request are written when the plan is applied.
            Standing::Adopt(mut record) => {
                details(&mut record);
                Some(record)
            }
            Standing::Same(hold) => {
                let mut wished = hold.clone();
                self.renew(&mut wished, terms, details);
                (wished == hold).then_some(hold)
            }
            _ => None,
        }
    }

    /// Updates a hold for the same size: it now belongs to the present run. Its expiry moves only when less than half of
    /// its time is left.
    pub(in crate::ipam) fn renew<R: Record>(&self, hold: &mut R, terms: &Terms, details: &dyn Fn(&mut R)) {
        let before = hold.clone();
        details(hold);
        let now = self.env.now;
        let is_of_this_run = self.env.is_of_this_run(hold.meta().run.as_deref());
        let meta = hold.meta_mut();
        if let Some(expiry) = meta.hold_expires_at {
            meta.hold_expires_at = Some(renewed(expiry, now, terms));
        }
        if terms.replaces.is_some() {
            meta.replaces.clone_from(&terms.replaces);
        }
        if *hold != before {
            hold.meta_mut().updated_at = now;
        }
        if !is_of_this_run {
            hold.meta_mut().run = self.env.asking();
        }
        // A reservation that a plan takes up is a part of the plan.
        hold.meta_mut().is_reservation = false;
    }

    pub(in crate::ipam) fn name_taken<R: Record>(&mut self, record: &R) -> Result<Error> {
        let asked_by = Some(self.env.actor.owner.clone());
        Ok(Error::NameTaken { existing: occupant(self.snapshot, record)?, asked_by })
    }

    /// The error for a hold that differs from what the plan showed.
    pub(in crate::ipam) fn hold_lost<R: Record>(&mut self, hold: &R) -> Result<Error> {
        let meta = hold.meta();
        let now_held_by = match hold.block() {
            Some(block) if R::KIND == Kind::Allocation => self.occupants(hold.parent(), &block, &meta.id)?,
            Some(block) => {
                let pool: Option<Pool> = codec::load(self.snapshot, hold.parent())?;
                pool.map_or(Ok(Vec::new()), |pool| self.occupants_around(&pool, &block))?
            }
            None => Vec::new(),
        };
        Ok(Error::HoldLost {
            kind: R::KIND,
            id: meta.id.clone(),
            name: meta.name.clone(),
            cidr: hold.block(),
            expired_at: meta.hold_expires_at.filter(|expiry| *expiry <= self.env.now),
            now_held_by,
        })
    }

    /// Details of the lapsed hold that the request found, if it found one.
    pub(in crate::ipam) fn lost_hold<R: Record>(&mut self, standing: &Standing<R>) -> Result<Option<LostHold>> {
        let Standing::Lapsed(hold) = standing else { return Ok(None) };
        if hold.meta().is_lease {
            return Ok(None);
        }
        let pool: Option<Pool> =
            if R::KIND == Kind::Pool { codec::load(self.snapshot, &hold.meta().id)? } else { None };
        let error = match pool {
            Some(pool) => self.pool_lost(&pool)?,
            None => self.hold_lost(hold)?,
        };
        let Error::HoldLost { cidr, expired_at, now_held_by, .. } = error else { return Ok(None) };
        Ok(Some(LostHold { cidr, expired_at, now_held_by }))
    }

    /// The same as [`Self::hold_lost`] for a pool, which has any number of blocks.
    pub(in crate::ipam) fn pool_lost(&mut self, pool: &Pool) -> Result<Error> {
        let mut error = self.hold_lost(pool)?;
        if let Error::HoldLost { cidr, now_held_by, .. } = &mut error {
            *cidr = pool.cidrs.first().copied();
            for block in &pool.cidrs {
                let room = NAMED_IN_ERRORS.saturating_sub(now_held_by.len());
                now_held_by.extend(self.occupants_around(pool, block)?.into_iter().take(room));
            }
        }
        Ok(error)
    }

    /// The error for a hold of which only the id in the plan is left.
    pub(in crate::ipam) fn hold_gone(&self, kind: Kind, id: &str, name: &str) -> Error {
        Error::HoldLost {
            kind,
            id: id.to_owned(),
            name: name.to_owned(),
            cidr: None,
            expired_at: None,
            now_held_by: Vec::new(),
        }
    }

    /// Objects that have addresses of `block` in a pool, except the object with the id `except`.
    pub(in crate::ipam) fn occupants(&mut self, pool_id: &str, block: &Cidr, except: &str) -> Result<Vec<Occupant>> {
        let entries = free::entries_over(self.snapshot, &keys::at_of(pool_id), block, NAMED_IN_ERRORS)?;
        let others: Vec<BlockEntry> = entries.into_iter().filter(|entry| entry.id != except).collect();
        self.occupants_at(&others)
    }

    /// The objects behind these entries of a pool: the first few.
    pub(in crate::ipam) fn occupants_at(&mut self, entries: &[BlockEntry]) -> Result<Vec<Occupant>> {
        let mut occupants = Vec::new();
        for entry in entries.iter().take(NAMED_IN_ERRORS) {
            let allocation: Allocation = codec::expect(self.snapshot, &entry.id)?;
            occupants.push(occupant(self.snapshot, &allocation)?);
        }
        Ok(occupants)
    }

    /// The top-level pools of a scope that have addresses of `block`.
    pub(in crate::ipam) fn top_occupants(&mut self, scope_id: &str, block: &Cidr) -> Result<Vec<Occupant>> {
        let prefix = keys::top_of(scope_id, block.family());
        let entries = free::entries_over(self.snapshot, &prefix, block, NAMED_IN_ERRORS)?;
        self.top_occupants_at(&entries)
    }

    /// The top-level pools behind these entries of a scope: the first few.
    pub(in crate::ipam) fn top_occupants_at(&mut self, entries: &[BlockEntry]) -> Result<Vec<Occupant>> {
        let mut occupants = Vec::new();
        for entry in entries.iter().take(NAMED_IN_ERRORS) {
            let pool_cidr: PoolCidr = codec::expect(self.snapshot, &entry.id)?;
            occupants.push(occupant(self.snapshot, &pool_cidr)?);
        }
        Ok(occupants)
    }

    /// Objects that have addresses of `block` in the source pool of `pool`, or in its scope for a top-level pool.
    pub(in crate::ipam) fn occupants_around(&mut self, pool: &Pool, block: &Cidr) -> Result<Vec<Occupant>> {
        match &pool.source_pool_id {
            Some(source) => self.occupants(source, block, ""),
            None => self.top_occupants(&pool.scope_id, block),
        }
    }

    /// Names from the top-level pool down to this pool, separated by `/`.
    pub fn path_of(&mut self, pool: &Pool) -> Result<String> {
        path(self.snapshot, pool)
    }
}

/// The expiry of a hold that is requested again: moved when less than half of the time is left.
pub(in crate::ipam) fn renewed(expiry: Timestamp, now: Timestamp, terms: &Terms) -> Timestamp {
    let half = now.saturating_add(terms.hold / 2).unwrap_or(Timestamp::MAX);
    if expiry < half { crate::ipam::operations::context::expiry(now, terms) } else { expiry }
}

pub(in crate::ipam) fn path(snapshot: &mut dyn Snapshot, pool: &Pool) -> Result<String> {
    let mut names = vec![pool.meta.name.clone()];
    let mut above = pool.source_pool_id.clone();
    while let Some(id) = above {
        let Some(pool) = codec::load::<Pool>(snapshot, &id)? else { break };
        names.push(pool.meta.name.clone());
        above = pool.source_pool_id;
        if names.len() > LEVELS_MAX {
            return Err(codec::corrupt(&keys::record(Kind::Pool, &id), TOO_DEEP));
        }
    }
    names.reverse();
    Ok(names.join("/"))
}

/// The space that an allocation is planned to grow into, described for a message as a separate hold; `None` without a
/// growth.
pub(in crate::ipam) fn growth_occupant(
    snapshot: &mut dyn Snapshot,
    allocation: &Allocation,
) -> Result<Option<Occupant>> {
    let Some(growth) = &allocation.growth else { return Ok(None) };
    let (cidr, hold_expires_at, run) = (Some(growth.cidr), Some(growth.expires_at), growth.run.clone());
    Ok(Some(Occupant { cidr, hold_expires_at, run, ..occupant(snapshot, allocation)? }))
}

/// `record`, described for a message. Space that a pool below takes is described as that pool.
pub(in crate::ipam) fn occupant<R: Record>(snapshot: &mut dyn Snapshot, record: &R) -> Result<Occupant> {
    let meta = record.meta();
    let path = match R::KIND {
        Kind::Scope | Kind::Discovery | Kind::Treatment | Kind::History => meta.name.clone(),
        Kind::Pool => match codec::load::<Pool>(snapshot, &meta.id)? {
            Some(pool) => path(snapshot, &pool)?,
            None => meta.name.clone(),
        },
        Kind::Allocation | Kind::PoolCidr => match codec::load::<Pool>(snapshot, record.parent())? {
            Some(pool) => format!("{}/{}", path(snapshot, &pool)?, meta.name),
            None => meta.name.clone(),
        },
    };
    if let Some((pool, pool_cidr)) = behind(snapshot, record)? {
        // A block that is planned for an existing pool is described as a separate hold.
        let is_of_the_pool = pool_cidr.meta.state == State::Active || pool.meta.state != State::Active;
        if pool_cidr.inline && is_of_the_pool {
            return Ok(Occupant { cidr: record.block(), ..occupant(snapshot, &pool)? });
        }
        if pool_cidr.meta.id != meta.id {
            return Ok(Occupant { cidr: record.block(), ..occupant(snapshot, &pool_cidr)? });
        }
    }
    Ok(Occupant { path, ..Occupant::named(R::KIND, meta, record.block()) })
}

/// The pool CIDR behind a record that only follows from it: the space of a pool in the pool above, or a block of the
/// pool's own declaration.
fn behind<R: Record>(snapshot: &mut dyn Snapshot, record: &R) -> Result<Option<(Pool, PoolCidr)>> {
    let (pool_id, block) = match R::KIND {
        Kind::Allocation => {
            let allocation: Option<Allocation> = codec::load(snapshot, &record.meta().id)?;
            let below = allocation.filter(|allocation| allocation.resource_type == ResourceType::IpamPool);
            (below.and_then(|below| below.resource_id), record.block())
        }
        Kind::PoolCidr => {
            let inline = codec::load::<PoolCidr>(snapshot, &record.meta().id)?.filter(|found| found.inline);
            (inline.map(|inline| inline.pool_id), record.block())
        }
        _ => return Ok(None),
    };
    let (Some(pool_id), Some(block)) = (pool_id, block) else { return Ok(None) };
    let Some(pool) = codec::load::<Pool>(snapshot, &pool_id)? else { return Ok(None) };
    let Some(entry) = free::provisioned_around(snapshot, &pool_id, &block)? else { return Ok(None) };
    Ok(codec::load::<PoolCidr>(snapshot, &entry.id)?.map(|pool_cidr| (pool, pool_cidr)))
}
