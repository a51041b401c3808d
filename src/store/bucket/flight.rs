//! Combines the refreshes of several callers that wait at the same time into one.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::state::State;
use crate::store::Error;

/// Shares the result of a refresh between the callers that came before it began.
#[derive(Default)]
pub(super) struct Flight {
    runs: Mutex<Runs>,
    ended: Condvar,
}

#[derive(Default)]
struct Runs {
    /// Number of runs that have begun; the last one may still be running.
    begun: u64,
    under_way: bool,
    /// The outcome of the last run that ended, and its number.
    last: Option<(u64, Result<State, Error>)>,
    waiting: usize,
}

impl Flight {
    /// The outcome of a run of `refresh` that began after this call did; another caller may make that run.
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
        // Only code of this module runs under the lock.
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Runs {
    fn has(&self, needed: u64) -> bool {
        self.last.as_ref().is_some_and(|(number, _)| *number >= needed)
    }

    /// An unused state must not be kept: it would force the next commit to copy the entries instead of changing them.
    fn forget_when_unused(&mut self) {
        if self.waiting == 0 {
            self.last = None;
        }
    }
}

/// Ends a run, also one that panics: the callers that wait for it must not wait forever.
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    fn state(number: u64) -> State {
        State { number, ..State::default() }
    }

    #[test]
    fn a_run_that_began_before_a_call_does_not_answer_the_call() {
        let flight = Flight::default();
        let runs = AtomicU64::new(0);
        let (began, has_begun) = mpsc::channel();
        let (go_on, may_go_on) = mpsc::channel::<()>();
        thread::scope(|scope| {
            let first = scope.spawn(|| {
                flight.share(move || {
                    began.send(()).unwrap();
                    may_go_on.recv().unwrap();
                    Ok(state(1))
                })
            });
            has_begun.recv().unwrap();
            let ask = || flight.share(|| Ok(state(2 + runs.fetch_add(1, Ordering::Relaxed))));
            let later: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
            while flight.lock().waiting < 8 {
                thread::yield_now();
            }
            go_on.send(()).unwrap();
            assert_eq!(first.join().unwrap().unwrap().number, 1);
            for answer in later {
                assert!(answer.join().unwrap().unwrap().number >= 2);
            }
        });
        assert!(runs.into_inner() <= 2, "eight waiting callers share one run");
        assert!(flight.lock().last.is_none(), "an unused state is not kept");
    }

    #[test]
    fn a_run_that_panics_leaves_no_caller_waiting() {
        let flight = Flight::default();
        let panicked = thread::scope(|scope| scope.spawn(|| flight.share(|| panic!("as asked"))).join().is_err());
        assert!(panicked);
        assert_eq!(flight.share(|| Ok(state(7))).unwrap().number, 7);
    }
}
