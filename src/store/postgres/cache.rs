//! Caches the entries that a transaction has read. A snapshot never changes, so nothing is read twice.
//!
//! Each query to the server is a round trip, and the core makes dozens of them for one allocation. So a query fetches
//! more than was asked for, and the cache keeps all of it: keys, and intervals of which all entries are known. Later
//! reads inside these intervals are answered from memory.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Included, Unbounded};
use std::ops::Range;

use crate::store::overlay::bounds;
use crate::store::{Entry, Error, Order, Snapshot};

/// The minimum number of entries that a query fetches: a scan for one entry is often followed by one for the next.
const PAGE_MIN: usize = 32;
/// The maximum number of entries that a query fetches, so that a statement never takes long.
const PAGE_MAX: usize = 4096;
/// The maximum size of the cache, in bytes of keys and values; a larger cache is emptied.
const BYTES_MAX: usize = 16 << 20;

/// The maximum number of keys that are recorded as read.
const ASKED_MAX: usize = 256;

/// A snapshot on a server.
pub(super) trait Remote {
    /// At most `limit` entries of `range`, in `order`. The bounds do not contain NUL.
    fn page(&mut self, range: Range<&str>, order: Order, limit: usize) -> Result<Vec<Entry>, Error>;

    /// The entry at `key`, if it exists, and the one after it, in the order of keys. `key` does not contain NUL.
    fn around(&mut self, key: &str) -> Result<Vec<Entry>, Error>;

    /// The entries at these keys, in any order. The keys do not contain NUL.
    fn those(&mut self, keys: &[String]) -> Result<Vec<Entry>, Error>;
}

/// A snapshot with a cache.
pub(super) struct Cached<R> {
    remote: R,
    /// Entries that exist.
    known: BTreeMap<String, Vec<u8>>,
    /// Disjoint intervals, from start to end (exclusive), of which `known` has every entry.
    complete: BTreeMap<String, String>,
    bytes: usize,
    /// The first keys that were read.
    asked: BTreeSet<String>,
}

impl<R: Remote> Cached<R> {
    pub(super) fn new(remote: R) -> Self {
        Self { remote, known: BTreeMap::new(), complete: BTreeMap::new(), bytes: 0, asked: BTreeSet::new() }
    }

    /// Fetches all of these keys at once, because they will be read one by one.
    pub(super) fn prefetch(&mut self, keys: &[String]) -> Result<(), Error> {
        if keys.is_empty() {
            return Ok(());
        }
        let mut found: BTreeMap<String, Vec<u8>> = self.remote.those(keys)?.into_iter().collect();
        for key in keys {
            let entry = found.remove_entry(key);
            self.learn(key, &after(key), entry.into_iter().collect());
        }
        Ok(())
    }

    /// The keys that were read, at most [`ASKED_MAX`].
    pub(super) fn asked(&mut self) -> BTreeSet<String> {
        std::mem::take(&mut self.asked)
    }

    /// The remote snapshot.
    pub(super) fn into_remote(self) -> R {
        self.remote
    }

    /// The value of a key, if it is known; the outer `None` means that the key was never read.
    fn recall(&self, key: &str) -> Option<Option<&Vec<u8>>> {
        self.end_of_known(key).map(|_| self.known.get(key))
    }

    /// Removes from `writes` those that would change nothing, as far as the cache knows.
    pub(super) fn without_idle(
        &self,
        mut writes: BTreeMap<String, Option<Vec<u8>>>,
    ) -> BTreeMap<String, Option<Vec<u8>>> {
        writes.retain(|key, write| self.recall(key) != Some(write.as_ref()));
        writes
    }

    /// The end of the interval of known entries that `position` is in.
    fn end_of_known(&self, position: &str) -> Option<&str> {
        let (_, end) = self.complete.range::<str, _>((Unbounded, Included(position))).next_back()?;
        (position < end.as_str()).then_some(end)
    }

    /// The start of the interval of known entries that ends at `position` or after it, and starts before it.
    fn start_of_known(&self, position: &str) -> Option<&str> {
        let (start, end) = self.complete.range::<str, _>((Unbounded, Excluded(position))).next_back()?;
        (position <= end.as_str()).then_some(start)
    }

    /// Records that `entries` are all entries from `start` to `end`.
    fn learn(&mut self, start: &str, end: &str, entries: Vec<Entry>) {
        let (mut start, mut end) = (start.to_owned(), end.to_owned());
        // Merge the intervals that this one touches.
        if let Some((before, reach)) = self.complete.range::<str, _>((Unbounded, Included(start.as_str()))).next_back()
            && *reach >= start
        {
            if *reach > end {
                end.clone_from(reach);
            }
            start.clone_from(before);
        }
        let whole = (Included(start.as_str()), Included(end.as_str()));
        let touched: Vec<String> = self.complete.range::<str, _>(whole).map(|(start, _)| start.clone()).collect();
        for inner in touched {
            if let Some(reach) = self.complete.remove(&inner)
                && reach > end
            {
                end = reach;
            }
        }
        self.bytes += start.len() + end.len();
        self.complete.insert(start, end);
        for (key, value) in entries {
            self.bytes += key.len() + value.len();
            self.known.insert(key, value);
        }
    }

    /// Empties the cache when it is too large. Must not be called while an answer is being built.
    fn make_room(&mut self) {
        if self.bytes > BYTES_MAX {
            self.known.clear();
            self.complete.clear();
            self.bytes = 0;
        }
    }

    fn fetch_up(&mut self, start: &str, end: &str, wanted: usize) -> Result<(), Error> {
        let limit = wanted.clamp(PAGE_MIN, PAGE_MAX);
        // Fetch up to the end of the directory: the next read is often about a neighbour.
        let end = &end.max(&end_of_directory(start)).to_owned();
        let entries = self.remote.page(start..end, Order::Ascending, limit)?;
        let end = match entries.last() {
            Some((last, _)) if entries.len() >= limit => after(last),
            _ => end.to_owned(),
        };
        self.learn(start, &end, entries);
        Ok(())
    }

    fn fetch_down(&mut self, start: &str, end: &str, wanted: usize) -> Result<(), Error> {
        let limit = wanted.clamp(PAGE_MIN, PAGE_MAX);
        let entries = self.remote.page(start..end, Order::Descending, limit)?;
        let start = match entries.last() {
            Some((last, _)) if entries.len() >= limit => last.clone(),
            _ => start.to_owned(),
        };
        self.learn(&start, end, entries);
        Ok(())
    }

    fn scan_up(&mut self, range: Range<&str>, limit: usize) -> Result<Vec<Entry>, Error> {
        let (mut found, mut position) = (Vec::new(), range.start.to_owned());
        while position.as_str() < range.end && found.len() < limit {
            let Some(end) = self.end_of_known(&position) else {
                self.make_room();
                self.fetch_up(&position, range.end, limit - found.len())?;
                continue;
            };
            let end = end.min(range.end).to_owned();
            let known = self.known.range::<str, _>(bounds(&position..&end));
            found.extend(known.take(limit - found.len()).map(|(key, value)| (key.clone(), value.clone())));
            position = end;
        }
        Ok(found)
    }

    fn scan_down(&mut self, range: Range<&str>, limit: usize) -> Result<Vec<Entry>, Error> {
        let (mut found, mut position) = (Vec::new(), range.end.to_owned());
        while range.start < position.as_str() && found.len() < limit {
            let Some(start) = self.start_of_known(&position) else {
                self.make_room();
                self.fetch_down(range.start, &position, limit - found.len())?;
                continue;
            };
            let start = start.max(range.start).to_owned();
            let known = self.known.range::<str, _>(bounds(&start..&position)).rev();
            found.extend(known.take(limit - found.len()).map(|(key, value)| (key.clone(), value.clone())));
            position = start;
        }
        Ok(found)
    }
}

impl<R: Remote> Snapshot for Cached<R> {
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        if key.contains('\0') {
            return Ok(None);
        }
        if self.asked.len() < ASKED_MAX {
            self.asked.insert(key.to_owned());
        }
        if let Some(answer) = self.recall(key) {
            return Ok(answer.cloned());
        }
        self.make_room();
        let entries = self.remote.around(key)?;
        // After the last entry there is no known end of an interval, so only the key itself is known.
        let end = entries.last().map_or_else(|| after(key), |(last, _)| after(last));
        self.learn(key, &end, entries);
        Ok(self.known.get(key).cloned())
    }

    fn get_all(&mut self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, Error> {
        let mut found = Vec::with_capacity(keys.len());
        for page in keys.chunks(PAGE_MAX) {
            self.make_room();
            let is_unknown = |key: &&String| !key.contains('\0') && self.recall(key).is_none();
            let unknown: Vec<String> = page.iter().filter(is_unknown).cloned().collect();
            self.prefetch(&unknown)?;
            found.extend(page.iter().map(|key| self.known.get(key).cloned()));
        }
        Ok(found)
    }

    fn scan(&mut self, range: Range<&str>, order: Order, limit: usize) -> Result<Vec<Entry>, Error> {
        let (start, end) = (bound(range.start), bound(range.end));
        if start >= end {
            return Ok(Vec::new());
        }
        match order {
            Order::Ascending => self.scan_up(&start..&end, limit),
            Order::Descending => self.scan_down(&start..&end, limit),
        }
    }
}

/// The smallest possible key after `key`: keys do not contain NUL.
fn after(key: &str) -> String {
    format!("{key}\u{1}")
}

/// The first key after all keys in the same directory as `key`, that is, with the same text up to the last `/`.
fn end_of_directory(key: &str) -> String {
    match key.rsplit_once('/') {
        // `0` is the character after `/`.
        Some((directory, _)) => format!("{directory}0"),
        None => String::new(),
    }
}

/// A bound without NUL that divides keys in the same way, because keys do not contain NUL.
fn bound(text: &str) -> String {
    match text.split_once('\0') {
        Some((before, _)) => after(before),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A map that counts the queries to it.
    #[derive(Default)]
    struct Far {
        entries: BTreeMap<String, Vec<u8>>,
        asked: usize,
    }

    impl Remote for Far {
        fn page(&mut self, range: Range<&str>, order: Order, limit: usize) -> Result<Vec<Entry>, Error> {
            assert!(range.start < range.end && !range.start.contains('\0') && !range.end.contains('\0'));
            self.asked += 1;
            let found = self.entries.range::<str, _>(bounds(range)).map(|(key, value)| (key.clone(), value.clone()));
            Ok(match order {
                Order::Ascending => found.take(limit).collect(),
                Order::Descending => found.rev().take(limit).collect(),
            })
        }

        fn around(&mut self, key: &str) -> Result<Vec<Entry>, Error> {
            self.asked += 1;
            let found = self
                .entries
                .range::<str, _>((Included(key), Unbounded))
                .map(|(key, value)| (key.clone(), value.clone()));
            Ok(found.take(2).collect())
        }

        fn those(&mut self, keys: &[String]) -> Result<Vec<Entry>, Error> {
            self.asked += 1;
            Ok(keys.iter().filter_map(|key| Some((key.clone(), self.entries.get(key)?.clone()))).collect())
        }
    }

    fn far(keys: impl IntoIterator<Item = String>) -> Far {
        Far { entries: keys.into_iter().map(|key| (key.clone(), key.into_bytes())).collect(), asked: 0 }
    }

    #[derive(Clone, Debug)]
    enum Question {
        Prefetch(Vec<String>),
        Get(String),
        GetAll(Vec<String>),
        Scan(String, String, bool, usize),
    }

    fn question() -> impl Strategy<Value = Question> {
        let key = || "[a-c\u{1}\\x00/]{0,4}";
        prop_oneof![
            proptest::collection::vec("[a-c\u{1}/]{1,4}", 0..5).prop_map(Question::Prefetch),
            key().prop_map(Question::Get),
            proptest::collection::vec(key(), 0..5).prop_map(Question::GetAll),
            (key(), key(), any::<bool>(), 0_usize..70).prop_map(|(a, b, up, limit)| Question::Scan(a, b, up, limit)),
        ]
    }

    proptest! {
        #[test]
        fn a_cached_snapshot_answers_like_the_snapshot(
            keys in proptest::collection::btree_set("[a-c\u{1}/]{1,4}", 0..150),
            questions in proptest::collection::vec(question(), 1..40),
        ) {
            let plain = far(keys.clone()).entries;
            let mut cached = Cached::new(far(keys));
            for question in questions {
                match &question {
                    Question::Prefetch(keys) => cached.prefetch(keys)?,
                    Question::Get(key) => prop_assert_eq!(cached.get(key)?, plain.get(key).cloned(), "{:?}", key),
                    Question::GetAll(keys) => {
                        let wanted: Vec<_> = keys.iter().map(|key| plain.get(key).cloned()).collect();
                        prop_assert_eq!(cached.get_all(keys)?, wanted, "{:?}", keys);
                    }
                    Question::Scan(from, to, up, limit) => {
                        let order = if *up { Order::Ascending } else { Order::Descending };
                        let mut wanted: Vec<Entry> = plain.iter()
                            .filter(|(key, _)| **key >= *from && **key < *to)
                            .map(|(key, value)| (key.clone(), value.clone())).collect();
                        if !up { wanted.reverse(); }
                        wanted.truncate(*limit);
                        prop_assert_eq!(cached.scan(from..to, order, *limit)?, wanted, "{:?}", question);
                    }
                }
                // What was fetched once is never fetched again.
                let asked = cached.remote.asked;
                match question {
                    Question::Prefetch(keys) => keys.iter().try_for_each(|key| cached.get(key).map(|_| ()))?,
                    Question::Get(key) => drop(cached.get(&key)?),
                    Question::GetAll(keys) => drop(cached.get_all(&keys)?),
                    Question::Scan(from, to, up, limit) => {
                        let order = if up { Order::Ascending } else { Order::Descending };
                        cached.scan(&from..&to, order, limit)?;
                    }
                }
                prop_assert_eq!(cached.remote.asked, asked);
            }
        }
    }

    #[test]
    fn one_read_in_a_gap_answers_for_all_of_it() {
        let mut cached = Cached::new(far(["name/a".to_owned(), "name/z".to_owned()]));
        for n in 0..256 {
            assert_eq!(cached.get(&format!("name/net-{n:03}")).unwrap(), None);
        }
        assert_eq!(cached.remote.asked, 1);
    }

    #[test]
    fn many_keys_are_read_in_few_queries() {
        let mut cached = Cached::new(far((0..10_000).map(|n| format!("k{n:05}"))));
        let keys: Vec<String> = (0..10_000).rev().map(|n| format!("k{n:05}")).collect();
        let found = cached.get_all(&keys).unwrap();
        assert!(keys.iter().zip(found).all(|(key, value)| value.as_deref() == Some(key.as_bytes())));
        assert_eq!(cached.remote.asked, 3);
    }

    #[test]
    fn scans_for_one_entry_walk_over_a_page_without_another_query() {
        let mut cached = Cached::new(far((0..100).map(|n| format!("free/{n:03}"))));
        for limit in 1..PAGE_MIN {
            assert_eq!(cached.scan("free/".."free0", Order::Ascending, limit).unwrap().len(), limit);
        }
        assert_eq!(cached.remote.asked, 1);
        assert_eq!(cached.scan("free/".."free0", Order::Descending, 1).unwrap()[0].0, "free/099");
        assert_eq!(cached.remote.asked, 2);
    }

    #[test]
    fn long_scans_are_read_in_pages_and_memory_is_bounded() {
        let mut remote = far((0..20_000).map(|n| format!("k{n:05}")));
        remote.entries.values_mut().for_each(|value| *value = vec![b'x'; 2000]);
        let mut cached = Cached::new(remote);
        assert_eq!(cached.scan("k".."l", Order::Ascending, usize::MAX).unwrap().len(), 20_000);
        assert_eq!(cached.scan("k".."l", Order::Descending, usize::MAX).unwrap().len(), 20_000);
        assert!(cached.bytes <= BYTES_MAX + PAGE_MAX * 2100, "{}", cached.bytes);
    }

    #[test]
    fn writes_that_change_nothing_are_left_out() {
        let mut cached = Cached::new(far(["a".to_owned(), "b".to_owned()]));
        cached.scan("a".."c", Order::Ascending, 9).unwrap();
        let writes = [("a", Some("a")), ("aa", None), ("b", Some("new")), ("x", None), ("y", Some("1"))];
        let writes = writes.map(|(key, value)| (key.to_owned(), value.map(|value| value.as_bytes().to_vec())));
        let left: Vec<String> = cached.without_idle(writes.into()).into_keys().collect();
        assert_eq!(left, ["b", "x", "y"]);
    }
}
