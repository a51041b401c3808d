//! Writes that are kept in memory on top of a transaction or a snapshot: savepoints and dry runs.

use std::collections::BTreeMap;
use std::ops::{Bound, Range};

use super::{Entry, Error, Order, Snapshot, Tx};

/// A transaction whose writes stay in memory until [`Overlay::commit`]. When it is dropped, its writes are discarded.
///
/// Over a [`Tx`] it is a savepoint, over a [`Snapshot`] a dry run (which has no `commit`).
pub struct Overlay<'a, B: Snapshot + ?Sized> {
    base: &'a mut B,
    /// `None` is a deletion.
    writes: BTreeMap<String, Option<Vec<u8>>>,
}

impl<'a, B: Snapshot + ?Sized> Overlay<'a, B> {
    /// An overlay without writes.
    pub fn new(base: &'a mut B) -> Self {
        Self { base, writes: BTreeMap::new() }
    }

    /// An overlay with earlier writes, see [`Overlay::into_writes`].
    pub(crate) fn over(base: &'a mut B, writes: BTreeMap<String, Option<Vec<u8>>>) -> Self {
        Self { base, writes }
    }

    /// Whether nothing was written or deleted.
    pub fn is_clean(&self) -> bool {
        self.writes.is_empty()
    }

    /// The writes: a value, or `None` for a deletion.
    pub(crate) fn into_writes(self) -> BTreeMap<String, Option<Vec<u8>>> {
        self.writes
    }
}

impl<B: Tx + ?Sized> Overlay<'_, B> {
    /// Passes the writes to the base, in key order.
    ///
    /// # Errors
    /// The error of the base; some writes may then have reached it, so the base must be rolled back.
    pub fn commit(self) -> Result<(), Error> {
        for (key, write) in self.writes {
            match write {
                Some(value) => self.base.put(&key, value)?,
                None => self.base.delete(&key)?,
            }
        }
        Ok(())
    }
}

impl<B: Snapshot + ?Sized> Snapshot for Overlay<'_, B> {
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        match self.writes.get(key) {
            Some(write) => Ok(write.clone()),
            None => self.base.get(key),
        }
    }

    fn get_all(&mut self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, Error> {
        let below: Vec<String> = keys.iter().filter(|key| !self.writes.contains_key(*key)).cloned().collect();
        let mut below = self.base.get_all(&below)?.into_iter();
        let value = |key| match self.writes.get(key) {
            Some(write) => write.clone(),
            None => below.next().flatten(),
        };
        Ok(keys.iter().map(value).collect())
    }

    fn scan(&mut self, range: Range<&str>, order: Order, limit: usize) -> Result<Vec<Entry>, Error> {
        if range.start >= range.end || limit == 0 {
            return Ok(Vec::new());
        }
        let mut written: Vec<_> = self.writes.range::<str, _>(bounds(range.clone())).collect();
        if written.is_empty() {
            return self.base.scan(range, order, limit);
        }
        if order == Order::Descending {
            written.reverse();
        }
        // Each deletion hides at most one entry below, so this many more entries are enough to fill the limit.
        let hidden = written.iter().filter(|(_, write)| write.is_none()).count();
        let below = self.base.scan(range, order, limit.saturating_add(hidden))?;
        Ok(merge(below, &written, order, limit))
    }
}

/// `range` for a `BTreeMap`, which accepts a range of `str` only in this form.
pub(super) fn bounds(range: Range<&str>) -> (Bound<&str>, Bound<&str>) {
    (Bound::Included(range.start), Bound::Excluded(range.end))
}

/// Merges two sequences in `order`; of equal keys the written one counts.
fn merge(below: Vec<Entry>, written: &[(&String, &Option<Vec<u8>>)], order: Order, limit: usize) -> Vec<Entry> {
    let comes_first = |a: &str, b: &str| match order {
        Order::Ascending => a < b,
        Order::Descending => a > b,
    };
    let mut merged = Vec::new();
    let mut below = below.into_iter().peekable();
    let mut written = written.iter().peekable();
    while merged.len() < limit {
        let next_below = below.peek().map(|(key, _)| key.as_str());
        let Some((key, write)) = written.peek() else {
            merged.extend(below.take(limit - merged.len()));
            break;
        };
        if next_below.is_some_and(|below| comes_first(below, key)) {
            merged.extend(below.next());
            continue;
        }
        if next_below == Some(key.as_str()) {
            below.next();
        }
        if let Some(value) = write {
            merged.push(((*key).clone(), value.clone()));
        }
        written.next();
    }
    merged
}

impl<B: Snapshot + ?Sized> Tx for Overlay<'_, B> {
    fn put(&mut self, key: &str, value: Vec<u8>) -> Result<(), Error> {
        self.writes.insert(key.to_owned(), Some(value));
        Ok(())
    }

    fn delete(&mut self, key: &str) -> Result<(), Error> {
        self.writes.insert(key.to_owned(), None);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A base that is a plain map.
    #[derive(Clone, Default)]
    struct Plain(BTreeMap<String, Vec<u8>>);

    impl Snapshot for Plain {
        fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, Error> {
            Ok(self.0.get(key).cloned())
        }

        fn scan(&mut self, range: Range<&str>, order: Order, limit: usize) -> Result<Vec<Entry>, Error> {
            if range.start >= range.end {
                return Ok(Vec::new());
            }
            let mut found: Vec<_> =
                self.0.range::<str, _>(bounds(range)).map(|(k, v)| (k.clone(), v.clone())).collect();
            if order == Order::Descending {
                found.reverse();
            }
            found.truncate(limit);
            Ok(found)
        }
    }

    impl Tx for Plain {
        fn put(&mut self, key: &str, value: Vec<u8>) -> Result<(), Error> {
            self.0.insert(key.to_owned(), value);
            Ok(())
        }

        fn delete(&mut self, key: &str) -> Result<(), Error> {
            self.0.remove(key);
            Ok(())
        }
    }

    fn key() -> impl Strategy<Value = String> {
        "[a-f]{1,2}"
    }

    proptest! {
        #[test]
        fn an_overlay_reads_like_a_map_with_the_same_writes(
            start in proptest::collection::btree_map(key(), any::<Vec<u8>>(), 0..20),
            writes in proptest::collection::vec((key(), any::<Option<Vec<u8>>>()), 0..20),
            (from, to) in (key(), key()),
            limit in 0_usize..12,
        ) {
            let mut base = Plain(start.clone());
            let mut model = Plain(start);
            let mut overlay = Overlay::new(&mut base as &mut dyn Tx);
            for (key, value) in writes {
                match value {
                    Some(value) => { overlay.put(&key, value.clone())?; model.put(&key, value)?; }
                    None => { overlay.delete(&key)?; model.delete(&key)?; }
                }
            }
            for order in [Order::Ascending, Order::Descending] {
                prop_assert_eq!(overlay.scan(&from..&to, order, limit)?, model.scan(&from..&to, order, limit)?);
            }
            prop_assert_eq!(overlay.get(&from)?, model.get(&from)?);
            let some = [to, from, "a".to_owned(), "f".to_owned()];
            prop_assert_eq!(overlay.get_all(&some)?, model.get_all(&some)?);
            overlay.commit()?;
            prop_assert_eq!(base.0, model.0);
        }
    }

    #[test]
    fn a_dropped_overlay_leaves_no_trace() {
        let mut base = Plain::default();
        let mut overlay = Overlay::new(&mut base);
        assert!(overlay.is_clean());
        overlay.put("a", b"1".to_vec()).unwrap();
        assert!(!overlay.is_clean());
        drop(overlay);
        assert!(base.0.is_empty());
    }
}
