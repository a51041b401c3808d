//! One question for everybody who waits for its answer.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::State;
use crate::store::Error;

/// Shares the result of a refresh between the callers that came before it began.
#[derive(Default)]
pub(super) struct Flight {
    runs: Mutex<Runs>,
    ended: Condvar,
}

#[derive(Default)]
struct Runs {
    /// Begun so far; the last of them may still be under way.
    begun: u64,
    under_way: bool,
    /// The outcome of the last that ended, and its number.
    last: Option<(u64, Result<State, Error>)>,
    waiting: usize,
}

impl Flight {
    /// The outcome of a run of `refresh` that began after this call did: perhaps one that another caller makes.
    pub(super) fn share(&self, refresh: impl FnOnce() -> Result<State, Error>) -> Result<State, Error> {
        let mut runs = self.lock();
        let needed = runs.begun + 1;
        runs.waiting += 1;
        while runs.under_way && !runs.has(needed) {
            runs = self.ended.wait(runs).unwrap_or_else(PoisonError::into_inner);
        }
        runs.waiting -= 1;
        if let Some((number, outcome)) = &runs.last
            && *number >= needed
        {
            let outcome = outcome.clone();
            runs.forget_when_unused();
            return outcome;
        }
        runs.begun += 1;
        runs.under_way = true;
        let number = runs.begun;
        drop(runs);
        let mut landing = Landing { flight: self, number, outcome: None };
        let outcome = refresh();
        landing.outcome = Some(outcome.clone());
        outcome
    }

    fn lock(&self) -> MutexGuard<'_, Runs> {
        // Nothing of others runs under the lock.
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Runs {
    fn has(&self, needed: u64) -> bool {
        self.last.as_ref().is_some_and(|(number, _)| *number >= needed)
    }

    /// A state that is kept for nobody would make the next commit copy instead of change.
    fn forget_when_unused(&mut self) {
        if self.waiting == 0 {
            self.last = None;
        }
    }
}

/// Ends a run, also one that panics: the callers behind it must not wait for ever.
struct Landing<'a> {
    flight: &'a Flight,
    number: u64,
    outcome: Option<Result<State, Error>>,
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        let mut runs = self.flight.lock();
        runs.under_way = false;
        runs.last = self.outcome.take().map(|outcome| (self.number, outcome));
        runs.forget_when_unused();
        self.flight.ended.notify_all();
    }
}
