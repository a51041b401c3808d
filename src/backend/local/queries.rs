//! Questions about a store that no single record answers: previews of plans, free space, the past.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::super::{FreeSpace, History, Made, New, Preview, Result};
use super::Local;
use super::previews::{Answer, Changed, Wanted};
use crate::ipam::{
    Allocation, AllocationSpec, Cidr, Event, EventFilter, HistoryQuery, Ledger, Mark, Pool, PoolChange, Provision,
    Reader, Resize, Size, Tenure, Terms, TrendPoint, Utilization,
};

impl Preview for Local {
    fn check_new(&self, new: New<'_>, terms: &Terms, growing: bool) -> Result<()> {
        match self.preview_beside_others(Wanted::new(new), terms) {
            // The same apply adds more space.
            Err(error) if growing && error.lacks_space() => Ok(()),
            tried => tried.map(drop),
        }
    }

    fn preview_new(&self, new: New<'_>, terms: &Terms) -> Result<Option<Made>> {
        // The first write makes the default scopes, and gives them their IDs.
        if is_in_default_scope(new) && self.read(|reader| reader.list_scopes(true))?.is_empty() {
            return Ok(None);
        }
        if let Some(pool_id) = by_size_in(new).filter(|_| terms.shown.is_none()) {
            // A block that is shown does not give way to a later request by CIDR.
            self.explicit_first.wait(pool_id);
        }
        let answer = self.preview_beside_others(Wanted::new(new), &Terms { shows: true, ..terms.clone() })?;
        Ok(answer.and_then(Answer::made))
    }

    fn preview_pool_change(&self, id: &str, change: &PoolChange, terms: &Terms) -> Result<Option<Pool>> {
        if terms.shows {
            let changed = Changed::Pool(id.to_owned(), Box::new(change.clone()));
            return self.preview_change(&changed, terms, |ledger, terms| ledger.plan_pool_change(id, change, terms));
        }
        self.read(|reader| reader.preview_pool_change(id, change, terms))
    }

    fn preview_allocation(&self, spec: &AllocationSpec, terms: &Terms) -> Result<Allocation> {
        self.read(|reader| reader.preview_allocation(spec, terms))
    }

    fn preview_resize(&self, id: &str, size: Size, terms: &Terms) -> Result<Resize> {
        if terms.shows {
            let resize = |ledger: &mut Ledger<'_>, terms: &Terms| {
                let resize = ledger.plan_resize(id, size, terms)?;
                Ok(Some(resize).filter(|resize| *resize != Resize::Replace))
            };
            let resize = self.preview_change(&Changed::Size(id.to_owned(), size), terms, resize)?;
            return Ok(resize.unwrap_or(Resize::Replace));
        }
        self.read(|reader| reader.preview_resize(id, size, terms))
    }
}

impl Local {
    /// Previews a new object together with the others of this plan. `Ok(None)`: it conflicts with others only because
    /// of the order of the requests.
    pub(super) fn preview_beside_others(&self, wanted: Wanted, terms: &Terms) -> Result<Option<Answer>> {
        let mut siblings = self.previews.lock();
        let answer = self.read(|reader| siblings.add(reader, wanted.clone(), terms))?;
        self.previews.has_shown(terms.shows);
        Ok(answer)
    }

    /// Previews a change that the plan shows, so that later previews take it into account.
    fn preview_change<T>(
        &self,
        changed: &Changed,
        terms: &Terms,
        change: impl Fn(&mut Ledger<'_>, &Terms) -> Result<Option<T>>,
    ) -> Result<Option<T>> {
        let mut siblings = self.previews.lock();
        let answer = self.read(|reader| siblings.change(reader, changed, terms, &change))?;
        self.previews.has_shown(true);
        Ok(answer)
    }

    /// [`Self::read`], with what the previews of this plan have shown: as in a plan that may write, what depends on a new
    /// object finds it.
    pub(super) fn look<T>(&self, mut body: impl FnMut(&mut Reader<'_>) -> Result<T>) -> Result<T> {
        if !self.previews.is_shown() {
            return self.read(body);
        }
        let mut siblings = self.previews.lock();
        self.read(|reader| siblings.look(reader, &mut body))
    }
}

fn is_in_default_scope(new: New<'_>) -> bool {
    matches!(new, New::Pool(spec) if spec.scope_id.is_none() && spec.source_pool_id.is_none())
}

/// The pool in which a new object is placed by size.
fn by_size_in(new: New<'_>) -> Option<&str> {
    match new {
        New::Pool(spec) if matches!(spec.provision, Provision::NetmaskLength(_)) => spec.source_pool_id.as_deref(),
        New::PoolCidr(spec) if !matches!(spec.size, Size::Cidr(_)) => Some(&spec.pool_id),
        New::Allocation(spec) if !matches!(spec.size, Size::Cidr(_)) => Some(&spec.pool_id),
        _ => None,
    }
}

impl FreeSpace for Local {
    fn preview_next(
        &self,
        pool_id: &str,
        netmask_length: Option<u8>,
        disallowed: &[Cidr],
        count: usize,
    ) -> Result<Vec<Cidr>> {
        self.look(|reader| reader.preview_next(pool_id, netmask_length, disallowed, count))
    }

    fn free_cidrs(&self, pool_id: &str, max_netmask_length: Option<u8>, limit: usize) -> Result<Vec<Cidr>> {
        self.look(|reader| reader.free_cidrs(pool_id, max_netmask_length, limit))
    }

    fn utilization(&self, pool_id: &str) -> Result<Utilization> {
        self.look(|reader| reader.utilization(pool_id))
    }
}

impl History for Local {
    fn events(&self, after: u64, limit: usize) -> Result<Vec<Event>> {
        self.read(|reader| reader.events(after, limit))
    }

    fn newest_events(&self, filter: &EventFilter, limit: usize) -> Result<Vec<Event>> {
        self.read(|reader| reader.newest_events(filter, limit))
    }

    fn mark(&self) -> Result<Option<Mark>> {
        self.read(|reader| reader.mark())
    }

    fn tenures(&self, query: &HistoryQuery) -> Result<Vec<Tenure>> {
        self.read(|reader| reader.history(query))
    }

    fn trend(&self, pool_id: &str, from: Timestamp, to: Timestamp, step: Duration) -> Result<Vec<TrendPoint>> {
        self.read(|reader| reader.trend(pool_id, from, to, step))
    }

    fn trends(&self, from: Timestamp, to: Timestamp, step: Duration) -> Result<BTreeMap<String, Vec<TrendPoint>>> {
        self.read(|reader| reader.trends(from, to, step))
    }
}
