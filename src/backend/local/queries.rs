//! Questions about a store that no single record answers: previews of plans, free space, the past.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::super::{FreeSpace, History, New, Preview, Result};
use super::Local;
use crate::ipam::{
    Allocation, AllocationSpec, Cidr, Error, Event, EventFilter, HistoryQuery, Mark, Pool, PoolChange, Resize, Size,
    Tenure, Terms, TrendPoint, Utilization,
};

impl Preview for Local {
    fn check_new(&self, new: New<'_>, terms: &Terms, growing: bool) -> Result<()> {
        match self.preview_beside_others(new, terms, false) {
            // The same apply adds more space.
            Err(Error::PoolExhausted { .. } | Error::PoolEmpty { .. } | Error::OutsidePool { .. }) if growing => Ok(()),
            tried => tried.map(drop),
        }
    }

    fn preview_pool_change(&self, id: &str, change: &PoolChange, terms: &Terms) -> Result<Option<Pool>> {
        self.read(|reader| reader.preview_pool_change(id, change, terms))
    }

    fn preview_allocation(&self, spec: &AllocationSpec, terms: &Terms) -> Result<Allocation> {
        if !terms.committing
            && let Some(allocation) = self.preview_beside_others(New::Allocation(spec), terms, true)?
        {
            return Ok(allocation);
        }
        // In an apply, the other new objects are in the store by now, or come later.
        self.read(|reader| reader.preview_allocation(spec, terms))
    }

    fn preview_resize(&self, id: &str, size: Size, terms: &Terms) -> Result<Resize> {
        self.read(|reader| reader.preview_resize(id, size, terms))
    }
}

impl Local {
    /// Previews a new object together with the others of this plan; answers its hold in memory, if it is an allocation.
    /// `shows`: later previews do not change its block.
    fn preview_beside_others(&self, new: New<'_>, terms: &Terms, shows: bool) -> Result<Option<Allocation>> {
        let mut siblings = self.previews.lock();
        self.read(|reader| siblings.add(reader, new, terms, shows))
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
        self.read(|reader| reader.preview_next(pool_id, netmask_length, disallowed, count))
    }

    fn free_cidrs(&self, pool_id: &str, max_netmask_length: Option<u8>, limit: usize) -> Result<Vec<Cidr>> {
        self.read(|reader| reader.free_cidrs(pool_id, max_netmask_length, limit))
    }

    fn utilization(&self, pool_id: &str) -> Result<Utilization> {
        self.read(|reader| reader.utilization(pool_id))
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
