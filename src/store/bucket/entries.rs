//! The entries in memory, with snapshots that need no copy.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::ops::Range;
use std::sync::Arc;

use crate::store::overlay::bounds;
use crate::store::{Entry, Error, Order, Snapshot};

/// A key and its new value; `None` is a deletion.
pub(super) type Write = (Arc<str>, Option<Arc<[u8]>>);

/// A key and its value, shared with snapshots.
pub(super) type Shared = (Arc<str>, Arc<[u8]>);

type Base = BTreeMap<Arc<str>, Arc<[u8]>>;
/// `None` is a deletion.
type Recent = BTreeMap<Arc<str>, Option<Arc<[u8]>>>;

/// The number of writes that are collected before the whole map is copied for them.
const RECENT_MIN: usize = 10_000;

/// Ordered entries. A clone is a snapshot, and shares everything.
///
/// Writes go into the map itself when there is no snapshot of it. Otherwise they go into a small map on top, so that a
/// long read at the same time as a commit does not cause a copy of millions of entries.
#[derive(Clone, Default)]
pub(super) struct Entries {
    base: Arc<Base>,
    recent: Arc<Recent>,
    count: usize,
    bytes: u64,
}

impl Entries {
    /// Creates the entries from a list in the order of keys.
    pub(super) fn from_sorted(entries: Vec<Shared>) -> Self {
        let bytes = entries.iter().map(|(key, value)| size(key, value)).sum();
        let base: Base = entries.into_iter().collect();
        Self { count: base.len(), bytes, base: Arc::new(base), recent: Arc::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// The size of all keys and values in bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    fn value(&self, key: &str) -> Option<&Arc<[u8]>> {
        match self.recent.get(key) {
            Some(write) => write.as_ref(),
            None => self.base.get(key),
        }
    }

    pub(super) fn apply(&mut self, writes: Vec<Write>) {
        for (key, write) in &writes {
            if let Some(old) = self.value(key).map(|old| size(key, old)) {
                self.bytes -= old;
                self.count -= 1;
            }
            if let Some(new) = write {
                self.bytes += size(key, new);
                self.count += 1;
            }
        }
        let waiting = self.recent.len() + writes.len();
        if waiting > RECENT_MIN.max(self.base.len() / 4) {
            Arc::make_mut(&mut self.base);
        }
        match Arc::get_mut(&mut self.base) {
            Some(base) => {
                let recent = std::mem::take(&mut self.recent);
                let recent = Arc::try_unwrap(recent).unwrap_or_else(|shared| (*shared).clone());
                for (key, write) in recent.into_iter().chain(writes) {
                    match write {
                        Some(value) => base.insert(key, value),
                        None => base.remove(&key),
                    };
                }
            }
            None => Arc::make_mut(&mut self.recent).extend(writes),
        }
    }

    /// All entries, in the order of keys.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Arc<[u8]>)> {
        Merged { base: self.base.iter().peekable(), recent: self.recent.iter().peekable(), order: Order::Ascending }
    }
}

fn size(key: &str, value: &[u8]) -> u64 {
    (key.len() + value.len()) as u64
}

/// Merges two sequences with the same order; of equal keys the recent one counts.
struct Merged<B: Iterator, R: Iterator> {
    base: Peekable<B>,
    recent: Peekable<R>,
    order: Order,
}

impl<'a, B, R> Iterator for Merged<B, R>
where
    B: Iterator<Item = (&'a Arc<str>, &'a Arc<[u8]>)>,
    R: Iterator<Item = (&'a Arc<str>, &'a Option<Arc<[u8]>>)>,
{
    type Item = (&'a Arc<str>, &'a Arc<[u8]>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Some((recent, write)) = self.recent.peek().copied() else { return self.base.next() };
            if let Some((base, _)) = self.base.peek() {
                let base_is_first = match self.order {
                    Order::Ascending => *base < recent,
                    Order::Descending => *base > recent,
                };
                if base_is_first {
                    return self.base.next();
                }
                if *base == recent {
                    self.base.next();
                }
            }
            self.recent.next();
            if let Some(value) = write {
                return Some((recent, value));
            }
        }
    }
}

impl Snapshot for Entries {
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.value(key).map(|value| value.to_vec()))
    }

    fn scan(&mut self, range: Range<&str>, order: Order, limit: usize) -> Result<Vec<Entry>, Error> {
        if range.start >= range.end {
            return Ok(Vec::new());
        }
        let base = self.base.range::<str, _>(bounds(range.clone()));
        let recent = self.recent.range::<str, _>(bounds(range));
        let own = |(key, value): (&Arc<str>, &Arc<[u8]>)| (key.to_string(), value.to_vec());
        Ok(match order {
            Order::Ascending => {
                Merged { base: base.peekable(), recent: recent.peekable(), order }.take(limit).map(own).collect()
            }
            Order::Descending => Merged { base: base.rev().peekable(), recent: recent.rev().peekable(), order }
                .take(limit)
                .map(own)
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn entries_and_their_snapshots_read_like_maps(
            commits in proptest::collection::vec(
                (proptest::collection::btree_map("[a-e]{1,2}", any::<Option<Vec<u8>>>(), 0..6), any::<bool>()), 0..12),
            (from, to) in ("[a-e]{1,2}", "[a-e]{1,2}"),
            limit in 0_usize..9,
        ) {
            let mut entries = Entries::default();
            let mut model = BTreeMap::new();
            let mut held: Vec<(Entries, BTreeMap<String, Vec<u8>>)> = Vec::new();
            for (writes, hold) in commits {
                entries.apply(writes.iter().map(|(key, value)| (key.as_str().into(), value.clone().map(Into::into))).collect());
                for (key, value) in writes {
                    match value {
                        Some(value) => model.insert(key, value),
                        None => model.remove(&key),
                    };
                }
                if hold {
                    held.push((entries.clone(), model.clone()));
                }
            }
            held.push((entries, model));
            for (mut entries, model) in held {
                let all: Vec<_> = entries.iter().map(|(key, value)| (key.to_string(), value.to_vec())).collect();
                prop_assert_eq!(all, model.clone().into_iter().collect::<Vec<_>>());
                prop_assert_eq!(entries.len(), model.len());
                prop_assert_eq!(entries.bytes(), model.iter().map(|(key, value)| (key.len() + value.len()) as u64).sum::<u64>());
                let within: Vec<Entry> = model.into_iter().filter(|(key, _)| *key >= from && *key < to).collect();
                prop_assert_eq!(entries.scan(&from..&to, Order::Ascending, limit)?, within.iter().take(limit).cloned().collect::<Vec<_>>());
                prop_assert_eq!(entries.scan(&from..&to, Order::Descending, limit)?, within.iter().rev().take(limit).cloned().collect::<Vec<_>>());
            }
        }
    }
}
