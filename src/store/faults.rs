//! A store that fails on purpose, over any other store. Tests use it to show that a retry converges.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use super::overlay::Overlay;
use super::{Entry, Error, Order, ReadBody, Snapshot, Store, Tx, WriteBody};

/// A fault of one write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No fault.
    None,
    /// The store cannot be reached.
    Unreachable,
    /// The connection is lost at this call of the body (0 for the first call); the body gets the error.
    Lost(usize),
    /// Another writer wins: the body runs a second time.
    Conflict,
    /// The change is committed, but reported as uncertain.
    DoneButUncertain,
    /// The change is lost, and reported as uncertain.
    NotDoneButUncertain,
}

/// The source of the next fault.
enum Source {
    /// These faults, then none.
    Script(VecDeque<Fault>),
    /// Each write draws a fault from the state of a SplitMix64 generator.
    Seed(u64),
}

/// A [`Store`] whose writes fail as requested. Reads are passed on.
pub struct Faulty {
    inner: Arc<dyn Store>,
    source: Mutex<Source>,
}

impl Faulty {
    /// Fails the next writes with these faults, one for each write, and then no more.
    pub fn script(inner: Arc<dyn Store>, faults: impl IntoIterator<Item = Fault>) -> Self {
        Self { inner, source: Mutex::new(Source::Script(faults.into_iter().collect())) }
    }

    /// Fails about two of three writes, in an order that depends on `seed` alone.
    pub fn seeded(inner: Arc<dyn Store>, seed: u64) -> Self {
        Self { inner, source: Mutex::new(Source::Seed(seed)) }
    }

    /// Replaces the faults: these come next, and then none.
    pub fn set(&self, faults: impl IntoIterator<Item = Fault>) {
        *self.source.lock().unwrap_or_else(PoisonError::into_inner) = Source::Script(faults.into_iter().collect());
    }

    fn next(&self) -> Fault {
        match &mut *self.source.lock().unwrap_or_else(PoisonError::into_inner) {
            Source::Script(faults) => faults.pop_front().unwrap_or(Fault::None),
            Source::Seed(state) => match draw(state) % 15 {
                0 | 1 => Fault::Unreachable,
                2 | 3 => Fault::Lost(usize::try_from(draw(state) % 40).unwrap_or(0)),
                4 | 5 => Fault::Conflict,
                6 | 7 => Fault::DoneButUncertain,
                8 | 9 => Fault::NotDoneButUncertain,
                _ => Fault::None,
            },
        }
    }
}

/// The next number of SplitMix64.
fn draw(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Store for Faulty {
    fn read(&self, body: &mut ReadBody<'_>) -> Result<(), Error> {
        self.inner.read(body)
    }

    fn write(&self, body: &mut WriteBody<'_>) -> Result<(), Error> {
        match self.next() {
            Fault::None => self.inner.write(body),
            Fault::Unreachable => Err(Error::Unavailable("a fault was asked for".to_owned())),
            Fault::Lost(calls_left) => self.inner.write(&mut |tx| body(&mut Fragile { inner: tx, calls_left })),
            Fault::Conflict => self.inner.write(&mut |tx| {
                body(&mut Overlay::new(tx))?;
                body(tx)
            }),
            Fault::DoneButUncertain => {
                self.inner.write(body)?;
                Err(Error::Uncertain("a fault was asked for after the commit".to_owned()))
            }
            Fault::NotDoneButUncertain => {
                self.inner.write(&mut |tx| body(tx).map(|_| false))?;
                Err(Error::Uncertain("a fault was asked for before the commit".to_owned()))
            }
        }
    }

    fn describe(&self) -> String {
        self.inner.describe()
    }

    fn kind(&self) -> &'static str {
        self.inner.kind()
    }
}

/// A transaction that is lost after a number of calls.
struct Fragile<'a> {
    inner: &'a mut dyn Tx,
    calls_left: usize,
}

impl Fragile<'_> {
    fn step(&mut self) -> Result<&mut dyn Tx, Error> {
        let Some(left) = self.calls_left.checked_sub(1) else {
            return Err(Error::Unavailable("a fault was asked for in the middle".to_owned()));
        };
        self.calls_left = left;
        Ok(self.inner)
    }
}

impl Snapshot for Fragile<'_> {
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        self.step()?.get(key)
    }

    fn scan(&mut self, range: Range<&str>, order: Order, limit: usize) -> Result<Vec<Entry>, Error> {
        self.step()?.scan(range, order, limit)
    }
}

impl Tx for Fragile<'_> {
    fn put(&mut self, key: &str, value: Vec<u8>) -> Result<(), Error> {
        self.step()?.put(key, value)
    }

    fn delete(&mut self, key: &str) -> Result<(), Error> {
        self.step()?.delete(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::memory::Memory;

    fn written_with(fault: Fault) -> (Result<(), Error>, bool, u32) {
        let store = Faulty::script(Arc::new(Memory::default()), [fault]);
        let mut runs = 0;
        let outcome = store.write(&mut |tx| {
            runs += 1;
            tx.get("a")?;
            tx.put("a", Vec::new())?;
            Ok(true)
        });
        let mut kept = false;
        store.read(&mut |snapshot| snapshot.get("a").map(|value| kept = value.is_some())).unwrap();
        (outcome, kept, runs)
    }

    #[test]
    fn each_fault_does_what_its_name_says() {
        assert_eq!(written_with(Fault::None), (Ok(()), true, 1));
        assert_eq!(written_with(Fault::Conflict), (Ok(()), true, 2));
        assert!(matches!(written_with(Fault::Unreachable), (Err(Error::Unavailable(_)), false, 0)));
        assert!(matches!(written_with(Fault::Lost(1)), (Err(Error::Unavailable(_)), false, 1)));
        assert!(matches!(written_with(Fault::DoneButUncertain), (Err(Error::Uncertain(_)), true, 1)));
        assert!(matches!(written_with(Fault::NotDoneButUncertain), (Err(Error::Uncertain(_)), false, 1)));
    }

    #[test]
    fn a_seed_gives_the_same_faults_again() {
        let faults = |seed| {
            let store = Faulty::seeded(Arc::new(Memory::default()), seed);
            (0..50).map(|_| store.next()).collect::<Vec<_>>()
        };
        assert_eq!(faults(7), faults(7));
        assert_ne!(faults(7), faults(8));
    }
}
