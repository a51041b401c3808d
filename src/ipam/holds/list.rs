//! Lists the holds of plans, and releases them before they expire.

use jiff::Timestamp;

use crate::ipam::history::log;
use crate::ipam::holds::standing;
use crate::ipam::storage::codec::{self, Record};
use crate::ipam::storage::keys::{self, HoldKind};
use crate::ipam::{Allocation, Env, Event, Kind, Ledger, Meta, Occupant, Pool, PoolCidr, Reader, Result, Run, Scope};
use crate::store::Order;

/// A hold of a plan: a new object, or the space that an allocation or a pool CIDR is planned to grow into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The object that is held, with its owner, its block and the run that requested it last.
    pub of: Occupant,
    /// Whether the hold is only the growth of an existing object.
    pub is_growth: bool,
    /// The time at which a plan first requested the hold; `None` for a growth, for which that time is not stored.
    pub since: Option<Timestamp>,
    /// The time from which any owner may reclaim the hold.
    pub expires_at: Timestamp,
}

/// A filter of holds. Every field restricts the result; `None` means any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HoldFilter {
    /// Exactly this owner.
    pub owner: Option<String>,
    /// This name, or this path from the top-level pool down.
    pub name: Option<String>,
    /// Origin of the plan: a part of the URL of the run, of the machine name or of the directory.
    pub run: Option<String>,
    /// Leaves out the holds that the present run may be about to use ([`Env::is_made_here`]).
    pub spares_this_run: bool,
}

impl HoldFilter {
    fn fits(&self, hold: &Hold, env: &Env<'_>) -> bool {
        let of = &hold.of;
        let is_run = |wanted: &String| of.run.as_deref().is_some_and(|run| is_made_at(run, wanted));
        self.owner.as_ref().is_none_or(|owner| *owner == of.owner)
            && self.name.as_ref().is_none_or(|name| *name == of.name || *name == of.path)
            && self.run.as_ref().is_none_or(is_run)
            && !(self.spares_this_run && env.is_made_here(of.run.as_deref()))
    }
}

fn is_made_at(run: &Run, wanted: &str) -> bool {
    let origin = &run.origin;
    [&origin.run_url, &origin.host, &origin.directory].into_iter().flatten().any(|text| text.contains(wanted))
}

/// Result of one step of a release of holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Released {
    /// The events of the holds that were released.
    pub events: Vec<Event>,
    /// Holds that pass the filter and stay, because they contain a hold of another owner, or a spared one.
    pub kept: Vec<Hold>,
    /// Position at which the next step continues; `None` at the end.
    pub next: Option<String>,
}

/// A hold with its key in the expiry index.
type KeyedHold = (String, Hold);

impl Reader<'_> {
    /// The holds that pass the filter. In each pool or scope, holds that expire first come first. Objects that are
    /// planned inside a planned pool are listed as well.
    pub fn list_holds(&mut self, filter: &HoldFilter) -> Result<Vec<Hold>> {
        let mut found = Vec::new();
        let mut from = String::new();
        loop {
            let (page, next) = self.holds_page(&from, filter, 256)?;
            found.extend(page.into_iter().map(|(_, hold)| hold));
            match next {
                Some(next) => from = next,
                None => return Ok(found),
            }
        }
    }

    /// The holds among the next `limit` entries after `from` that pass the filter, with their keys; and the position at
    /// which to continue.
    fn holds_page(
        &mut self,
        from: &str,
        filter: &HoldFilter,
        limit: usize,
    ) -> Result<(Vec<KeyedHold>, Option<String>)> {
        let range = keys::under(keys::HOLDS_BY_EXPIRY);
        let start = if from.is_empty() { range.0 } else { keys::after(from) };
        let entries = self.snapshot.scan(&start..&range.1, Order::Ascending, limit)?;
        let next = entries.last().filter(|_| entries.len() == limit).map(|(key, _)| key.clone());
        let mut page = Vec::new();
        for (key, _) in entries {
            if let Some(hold) = self.hold_at(&key)?.filter(|hold| filter.fits(hold, &self.env)) {
                page.push((key, hold));
            }
        }
        Ok((page, next))
    }

    /// The hold behind an entry of the expiry index; `None` for a block of a planned change of a pool, which is
    /// released with that change.
    fn hold_at(&mut self, key: &str) -> Result<Option<Hold>> {
        match keys::hold_of(key) {
            Some((HoldKind::Growth, id)) => {
                let allocation: Allocation = codec::expect(self.snapshot, id)?;
                let Some(of) = standing::growth_occupant(self.snapshot, &allocation)? else {
                    return Err(codec::corrupt(key, "no growth is planned"));
                };
                Ok(of.hold_expires_at.map(|expires_at| Hold { of, is_growth: true, since: None, expires_at }))
            }
            Some((HoldKind::Object(Kind::Allocation), id)) => self.new_at::<Allocation>(id),
            Some((HoldKind::Object(Kind::Pool), id)) => self.new_at::<Pool>(id),
            Some((HoldKind::Object(Kind::PoolCidr), id)) => self.new_at::<PoolCidr>(id),
            Some((HoldKind::Object(Kind::Scope), id)) => self.new_at::<Scope>(id),
            _ => Err(codec::corrupt(key, "not a hold")),
        }
    }

    fn new_at<R: Record>(&mut self, id: &str) -> Result<Option<Hold>> {
        let record: R = codec::expect(self.snapshot, id)?;
        let Meta { created_at, hold_expires_at, .. } = *record.meta();
        let Some(expires_at) = hold_expires_at else { return Ok(None) };
        let of = standing::occupant(self.snapshot, &record)?;
        Ok(Some(Hold { of, is_growth: false, since: Some(created_at), expires_at }))
    }
}

impl Ledger<'_> {
    /// Releases the holds among the next `limit` entries after `from` (`""`: from the first) that pass the filter. A
    /// planned pool or scope is released with everything that its owner has planned in it. It stays when it contains a
    /// hold of another owner.
    ///
    /// # Errors
    /// Returns [`crate::ipam::Error::Store`].
    pub fn release_holds(&mut self, filter: &HoldFilter, from: &str, limit: usize) -> Result<Released> {
        let before = log::head(self.tx)?.sequence;
        let (page, next) = self.reader().holds_page(from, filter, limit)?;
        let mut released = Released { next, ..Released::default() };
        for (key, hold) in page {
            // This hold was released together with an earlier one.
            if self.tx.get(&key)?.is_none() {
                continue;
            }
            self.env.released_owner = Some(hold.of.owner.clone());
            self.env.sparing = filter.spares_this_run;
            let is_released = self.reclaim_hold(&key)?;
            (self.env.released_owner, self.env.sparing) = (None, false);
            if !is_released {
                released.kept.push(hold);
            }
        }
        released.events = self.reader().events(before, usize::MAX)?;
        Ok(released)
    }
}
