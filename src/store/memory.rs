//! A store in the memory of this process, for tests. It is optimistic, so that conflicts really happen.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::backoff::{Backoff, PATIENCE};
use super::overlay::{Overlay, bounds};
use super::{Entry, Error, Order, ReadBody, Snapshot, Store, WriteBody};

/// The number of commits that are kept to find conflicts; a transaction that began before all of them runs again.
const RECENT_COMMITS_MAX: usize = 1024;

type Entries = BTreeMap<Arc<str>, Arc<[u8]>>;

/// Entries in memory. A write records what it read, and conflicts when another commit has changed any of it.
pub struct Memory {
    state: Mutex<State>,
    patience: Duration,
}

#[derive(Default)]
struct State {
    entries: Arc<Entries>,
    /// Number of commits so far.
    version: u64,
    /// The keys that each of the last commits wrote, oldest first; the last one made `version`.
    recent: VecDeque<Vec<Arc<str>>>,
}

impl Default for Memory {
    fn default() -> Self {
        Self { state: Mutex::default(), patience: PATIENCE }
    }
}

impl Memory {
    /// The store that all callers in this process that use this name share; it lives as long as the process.
    pub fn shared(name: &str) -> Arc<Self> {
        static SHARED: LazyLock<Mutex<BTreeMap<String, Arc<Memory>>>> = LazyLock::new(Mutex::default);
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(shared.entry(name.to_owned()).or_default())
    }

    /// Number of commits so far.
    pub fn commits(&self) -> u64 {
        self.lock().version
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Only code of this module runs under the lock, so the state is consistent even when the lock is poisoned.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self) -> MemorySnapshot {
        let state = self.lock();
        MemorySnapshot {
            entries: Arc::clone(&state.entries),
            version: state.version,
            keys_read: Vec::new(),
            ranges_read: Vec::new(),
        }
    }

    /// Commits unless another writer changed something in `snapshot` since it began; answers whether it committed.
    fn commit(&self, snapshot: MemorySnapshot, writes: BTreeMap<String, Option<Vec<u8>>>) -> bool {
        let mut state = self.lock();
        if state.changed_since(&snapshot) {
            return false;
        }
        if writes.is_empty() {
            return true;
        }
        // Without this reference the map is changed in place, unless another snapshot has it.
        drop(snapshot);
        let writes: Vec<(Arc<str>, _)> = writes.into_iter().map(|(key, write)| (key.into(), write)).collect();
        state.recent.push_back(writes.iter().map(|(key, _)| Arc::clone(key)).collect());
        if state.recent.len() > RECENT_COMMITS_MAX {
            state.recent.pop_front();
        }
        state.version += 1;
        let entries = Arc::make_mut(&mut state.entries);
        for (key, write) in writes {
            match write {
                Some(value) => entries.insert(key, value.into()),
                None => entries.remove(&key),
            };
        }
        true
    }
}

impl State {
    fn changed_since(&self, snapshot: &MemorySnapshot) -> bool {
        let newer = usize::try_from(self.version - snapshot.version).unwrap_or(usize::MAX);
        if newer > self.recent.len() {
            return true;
        }
        self.recent.iter().rev().take(newer).flatten().any(|key| snapshot.has_read(key))
    }
}

impl Store for Memory {
    fn read(&self, body: &mut ReadBody<'_>) -> Result<(), Error> {
        body(&mut self.begin())
    }

    fn write(&self, body: &mut WriteBody<'_>) -> Result<(), Error> {
        let mut backoff = Backoff::new(self.patience);
        loop {
            let mut snapshot = self.begin();
            let mut tx = Overlay::new(&mut snapshot);
            if !body(&mut tx)? {
                return Ok(());
            }
            let writes = tx.into_writes();
            if self.commit(snapshot, writes) {
                return Ok(());
            }
            backoff.wait(&self.describe())?;
        }
    }

    fn describe(&self) -> String {
        "memory of this process".to_owned()
    }

    fn kind(&self) -> &'static str {
        "memory"
    }
}

/// The entries at `version`, and the keys and ranges that were read.
struct MemorySnapshot {
    entries: Arc<Entries>,
    version: u64,
    keys_read: Vec<String>,
    /// Start and end (exclusive) of the ranges that scans read.
    ranges_read: Vec<(String, String)>,
}

impl MemorySnapshot {
    fn has_read(&self, key: &str) -> bool {
        self.keys_read.iter().any(|read| read == key)
            || self.ranges_read.iter().any(|(start, end)| start.as_str() <= key && key < end.as_str())
    }
}

impl Snapshot for MemorySnapshot {
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        self.keys_read.push(key.to_owned());
        Ok(self.entries.get(key).map(|value| value.to_vec()))
    }

    fn scan(&mut self, range: Range<&str>, order: Order, limit: usize) -> Result<Vec<Entry>, Error> {
        if range.start >= range.end || limit == 0 {
            return Ok(Vec::new());
        }
        let own = |(key, value): (&Arc<str>, &Arc<[u8]>)| (key.to_string(), value.to_vec());
        let entries = self.entries.range::<str, _>(bounds(range.clone()));
        let found: Vec<Entry> = match order {
            Order::Ascending => entries.take(limit).map(own).collect(),
            Order::Descending => entries.rev().take(limit).map(own).collect(),
        };
        // A scan that reached the limit has not read anything beyond its last entry.
        let last = found.last().filter(|_| found.len() == limit).map(|(key, _)| key.clone());
        let seen = match (last, order) {
            (None, _) => (range.start.to_owned(), range.end.to_owned()),
            (Some(last), Order::Ascending) => (range.start.to_owned(), last + "\0"),
            (Some(last), Order::Descending) => (last, range.end.to_owned()),
        };
        self.ranges_read.push(seen);
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::store::suite::suite!({
        let memory = Arc::new(Memory::default());
        move || Arc::clone(&memory) as Arc<dyn Store>
    });

    #[test]
    fn a_write_whose_reads_changed_runs_again() {
        let store = Memory::default();
        let mut runs = 0;
        store
            .write(&mut |tx| {
                runs += 1;
                assert!(tx.scan("a".."b", Order::Ascending, 10)?.len() < 2);
                if runs == 1 {
                    store.write(&mut |other| other.put("a1", Vec::new()).map(|()| true))?;
                }
                tx.put("z", Vec::new())?;
                Ok(true)
            })
            .unwrap();
        assert_eq!((runs, store.commits()), (2, 2));
    }

    #[test]
    fn a_write_to_another_key_is_not_a_conflict() {
        let store = Memory::default();
        let mut runs = 0;
        store
            .write(&mut |tx| {
                runs += 1;
                tx.get("a")?;
                store.write(&mut |other| other.put("b", Vec::new()).map(|()| true))?;
                tx.put("z", Vec::new())?;
                Ok(true)
            })
            .unwrap();
        assert_eq!(runs, 1);
    }
}
