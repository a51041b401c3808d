//! A transaction that goes nowhere: reads a snapshot, keeps writes to itself. A preview is a plan made on it.

use std::collections::BTreeMap;
use std::ops::{Bound, Range};

use crate::store::{Entry, Error, Order, Snapshot, Tx};

/// Snapshot with changes on top.
pub(super) struct Scratch<'a> {
    base: &'a mut dyn Snapshot,
    /// Written values; `None` for what was deleted.
    changes: BTreeMap<String, Option<Vec<u8>>>,
}

impl<'a> Scratch<'a> {
    pub(super) fn new(base: &'a mut dyn Snapshot) -> Self {
        Self { base, changes: BTreeMap::new() }
    }
}

impl Snapshot for Scratch<'_> {
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        match self.changes.get(key) {
            Some(change) => Ok(change.clone()),
            None => self.base.get(key),
        }
    }

    fn scan(&mut self, range: Range<&str>, order: Order, limit: usize) -> Result<Vec<Entry>, Error> {
        if range.start >= range.end {
            return Ok(Vec::new());
        }
        let bounds = (Bound::Included(range.start), Bound::Excluded(range.end));
        let changes = self.changes.range::<str, _>(bounds);
        // Every deletion in the range may hide one entry of the base, so that many more are read.
        let hidden = changes.clone().filter(|(_, change)| change.is_none()).count();
        let mut merged: BTreeMap<String, Vec<u8>> =
            self.base.scan(range, order, limit.saturating_add(hidden))?.into_iter().collect();
        for (key, change) in changes {
            match change {
                Some(value) => merged.insert(key.clone(), value.clone()),
                None => merged.remove(key),
            };
        }
        Ok(match order {
            Order::Ascending => merged.into_iter().take(limit).collect(),
            Order::Descending => merged.into_iter().rev().take(limit).collect(),
        })
    }
}

impl Tx for Scratch<'_> {
    fn put(&mut self, key: &str, value: Vec<u8>) -> Result<(), Error> {
        self.changes.insert(key.to_owned(), Some(value));
        Ok(())
    }

    fn delete(&mut self, key: &str) -> Result<(), Error> {
        self.changes.insert(key.to_owned(), None);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipam::testing::Map;

    #[test]
    fn scans_see_changes_and_the_base_stays_as_it_was() {
        let mut base = Map::default();
        for key in ["a", "b", "c", "d"] {
            base.put(key, key.into()).unwrap();
        }
        let mut scratch = Scratch::new(&mut base);
        scratch.delete("a").unwrap();
        scratch.delete("d").unwrap();
        scratch.put("bb", "new".into()).unwrap();
        let keys = |entries: Vec<Entry>| entries.into_iter().map(|(key, _)| key).collect::<Vec<_>>();
        assert_eq!(keys(scratch.scan("a".."z", Order::Ascending, 2).unwrap()), ["b", "bb"]);
        assert_eq!(keys(scratch.scan("a".."z", Order::Descending, 2).unwrap()), ["c", "bb"]);
        assert_eq!(scratch.get("a").unwrap(), None);
        assert_eq!(base.len(), 4);
    }
}
