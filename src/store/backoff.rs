//! Waits for other writers, for a bounded time and with jitter, so that the same writers do not collide again.

use std::thread;
use std::time::{Duration, Instant};

use super::Error;

/// The time that a store waits for its turn before it answers [`Error::Busy`].
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The factor by which a store waits longer while it sees that other writers make progress.
#[cfg(feature = "object-storage")]
const PROGRESS: u32 = 10;

const DELAY_FIRST: Duration = Duration::from_micros(500);
const DELAY_MAX: Duration = Duration::from_millis(50);

/// The time that one call may wait.
pub(crate) struct Backoff {
    started: Instant,
    patience: Duration,
    delay: Duration,
}

impl Backoff {
    pub(crate) fn new(patience: Duration) -> Self {
        Self { started: Instant::now(), patience, delay: DELAY_FIRST }
    }

    /// Continues at once: the caller has waited for its turn somewhere else.
    ///
    /// # Errors
    /// [`Error::Busy`] when the time is used up.
    #[cfg(feature = "postgres")]
    pub(crate) fn go_on(&mut self, store: &str) -> Result<(), Error> {
        match self.left() {
            Duration::ZERO => Err(self.used_up(store)),
            _ => Ok(()),
        }
    }

    /// Waits after another writer went first. The store is not stuck then, so the time is ten times as long.
    ///
    /// # Errors
    /// [`Error::Busy`] when that time is used up.
    #[cfg(feature = "object-storage")]
    pub(crate) fn wait_behind_others(&mut self, store: &str) -> Result<(), Error> {
        let mut patient = Self { patience: self.patience * PROGRESS, ..*self };
        patient.wait(store)?;
        self.delay = patient.delay;
        Ok(())
    }

    fn left(&self) -> Duration {
        self.patience.saturating_sub(self.started.elapsed())
    }

    fn used_up(&self, store: &str) -> Error {
        Error::Busy(format!("{:?} ({store})", self.patience))
    }

    /// Sleeps for a random time that grows with each call.
    ///
    /// # Errors
    /// [`Error::Busy`] when the time is used up.
    pub(crate) fn wait(&mut self, store: &str) -> Result<(), Error> {
        let left = self.left();
        if left.is_zero() {
            return Err(self.used_up(store));
        }
        // Half of the delay is fixed, so that a waiter never spins; half is random, so that two waiters do not retry in
        // lockstep.
        let delay = self.delay / 2 + self.delay.mul_f64(fraction() / 2.0);
        thread::sleep(delay.min(left));
        self.delay = (self.delay * 2).min(DELAY_MAX);
        Ok(())
    }
}

/// A number from 0 to 1. Without a source of randomness all waiters wait equally long, which is still correct.
fn fraction() -> f64 {
    f64::from(getrandom::u32().unwrap_or(u32::MAX)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_ends_with_busy_when_the_time_is_used_up() {
        let mut backoff = Backoff::new(Duration::from_millis(5));
        let outcome = (0..1000).find_map(|_| backoff.wait("somewhere").err());
        assert_eq!(outcome, Some(Error::Busy("5ms (somewhere)".to_owned())));
    }

    #[cfg(feature = "object-storage")]
    #[test]
    fn waiting_lasts_longer_while_others_make_progress() {
        let mut backoff = Backoff::new(Duration::from_millis(5));
        let outcome = (0..1000).find_map(|_| backoff.wait_behind_others("somewhere").err());
        assert_eq!(outcome, Some(Error::Busy("50ms (somewhere)".to_owned())));
    }
}
