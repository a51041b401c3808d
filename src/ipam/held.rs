//! What is held for plans: listing it, and giving it back before it expires.

use jiff::Timestamp;

use super::codec::{self, Record};
use super::events;
use super::{Allocation, Event, Ledger, Meta, Occupant, Pool, PoolCidr, Reader, Result, Run, Scope, holds, keys};
use crate::store::Order;

/// Something that a plan holds: a new object, or the space that an allocation or a pool CIDR is planned to grow into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// What it is of, with its owner, its block and the run that asked for it last.
    pub of: Occupant,
    /// Whether it is only the growth of an object that exists.
    pub is_growth: bool,
    /// When a plan first asked for it; `None` for a growth, of which that is not kept.
    pub since: Option<Timestamp>,
    /// When anybody may take it back.
    pub expires_at: Timestamp,
}

/// Which holds. Every field narrows; `None` means any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HoldFilter {
    /// Of exactly this owner.
    pub owner: Option<String>,
    /// Of this name, or of this path from the top-level pool down.
    pub name: Option<String>,
    /// Of the plans that were made where this says: a part of the URL of the run, of the machine or of the directory.
    pub run: Option<String>,
}

impl HoldFilter {
    fn fits(&self, hold: &Hold) -> bool {
        let of = &hold.of;
        let is_run = |wanted: &String| of.run.as_deref().is_some_and(|run| is_made_at(run, wanted));
        self.owner.as_ref().is_none_or(|owner| *owner == of.owner)
            && self.name.as_ref().is_none_or(|name| *name == of.name || *name == of.path)
            && self.run.as_ref().is_none_or(is_run)
    }
}

fn is_made_at(run: &Run, wanted: &str) -> bool {
    let origin = &run.origin;
    [&origin.run_url, &origin.host, &origin.directory].into_iter().flatten().any(|text| text.contains(wanted))
}

/// What one step of giving back came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Released {
    /// What was given back, in the words of the history.
    pub events: Vec<Event>,
    /// Those that fit and stay, because another owner's hold is in them.
    pub kept: Vec<Hold>,
    /// Where to go on; `None` at the end.
    pub next: Option<String>,
}

/// A hold with its key in the index of expiries.
type KeyedHold = (String, Hold);

impl Reader<'_> {
    /// The holds that fit, those that expire first of each pool or scope first. What is planned inside of a planned pool is
    /// listed as well.
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

    /// The holds that fit among the next `limit` entries after `from`, with their keys; and where to go on.
    fn holds_page(
        &mut self,
        from: &str,
        filter: &HoldFilter,
        limit: usize,
    ) -> Result<(Vec<KeyedHold>, Option<String>)> {
        let range = keys::under("expiry/");
        let start = if from.is_empty() { range.0 } else { keys::after(from) };
        let entries = self.snapshot.scan(&start..&range.1, Order::Ascending, limit)?;
        let next = entries.last().filter(|_| entries.len() == limit).map(|(key, _)| key.clone());
        let mut page = Vec::new();
        for (key, _) in entries {
            if let Some(hold) = self.hold_at(&key)?.filter(|hold| filter.fits(hold)) {
                page.push((key, hold));
            }
        }
        Ok((page, next))
    }

    /// The hold behind an entry of the index of expiries; `None` for a block of a pool's own planned change, which goes with
    /// that change.
    fn hold_at(&mut self, key: &str) -> Result<Option<Hold>> {
        match keys::hold_of(key) {
            Some((keys::GROWTH, id)) => {
                let allocation: Allocation = codec::expect(self.snapshot, id)?;
                let Some(of) = holds::growth_occupant(self.snapshot, &allocation)? else {
                    return Err(codec::corrupt(key, "no growth is planned"));
                };
                Ok(of.hold_expires_at.map(|expires_at| Hold { of, is_growth: true, since: None, expires_at }))
            }
            Some(("allocation", id)) => self.new_at::<Allocation>(id),
            Some(("pool", id)) => self.new_at::<Pool>(id),
            Some(("pool-cidr", id)) => self.new_at::<PoolCidr>(id),
            Some(("scope", id)) => self.new_at::<Scope>(id),
            _ => Err(codec::corrupt(key, "not a hold")),
        }
    }

    fn new_at<R: Record>(&mut self, id: &str) -> Result<Option<Hold>> {
        let record: R = codec::expect(self.snapshot, id)?;
        let Meta { created_at, hold_expires_at, .. } = *record.meta();
        let Some(expires_at) = hold_expires_at else { return Ok(None) };
        let of = holds::occupant(self.snapshot, &record)?;
        Ok(Some(Hold { of, is_growth: false, since: Some(created_at), expires_at }))
    }
}

impl Ledger<'_> {
    /// Gives back the holds that fit among the next `limit` entries after `from` (`""`: from the first). A planned pool or
    /// scope goes with what its owner has planned in it; one that another owner has a hold in stays.
    ///
    /// # Errors
    /// [`super::Error::Store`].
    pub fn release_holds(&mut self, filter: &HoldFilter, from: &str, limit: usize) -> Result<Released> {
        let before = events::head(self.tx)?.sequence;
        let (page, next) = self.reader().holds_page(from, filter, limit)?;
        let mut released = Released { next, ..Released::default() };
        for (key, hold) in page {
            // What went with something before it is gone.
            if self.tx.get(&key)?.is_none() {
                continue;
            }
            self.env.released_owner = Some(hold.of.owner.clone());
            let is_released = self.reclaim_hold(&key)?;
            self.env.released_owner = None;
            if !is_released {
                released.kept.push(hold);
            }
        }
        released.events = self.reader().events(before, usize::MAX)?;
        Ok(released)
    }
}
