//! Creations that wait until other objects of the same apply give up their space.

use std::collections::BTreeSet;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Creations that wait for space. Terraform performs ten operations at a time, so many waiting creations would block the
/// deletions that they wait for. In that case the newest creations give up.
#[derive(Default)]
pub(super) struct Queue {
    line: Mutex<Line>,
    /// Notified when an object was deleted or changed.
    bell: Condvar,
}

struct Line {
    next: u64,
    waiting: BTreeSet<u64>,
    /// Time of the last deletion or change, or when a creation last gave up.
    last_progress: Instant,
}

impl Default for Line {
    fn default() -> Self {
        Self { next: 0, waiting: BTreeSet::new(), last_progress: Instant::now() }
    }
}

/// Number of waiting creations from which they count as a crowd.
const CROWD: usize = 8;
/// How long a crowd waits for progress before its newest creation gives up.
const CROWD_PATIENCE: Duration = Duration::from_secs(10);
/// How long a creation waits for a notification before it checks again.
const GLANCE: Duration = Duration::from_millis(500);

impl Queue {
    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the waiting creations, because an object was deleted or changed.
    pub(super) fn progress(&self) {
        self.line().last_progress = Instant::now();
        self.bell.notify_all();
    }

    pub(super) fn enter(&self) -> Ticket<'_> {
        let mut line = self.line();
        line.next += 1;
        let number = line.next;
        if line.waiting.is_empty() {
            line.last_progress = Instant::now();
        }
        line.waiting.insert(number);
        Ticket { queue: self, number }
    }
}

/// A place in the queue, which the creation leaves when the ticket is dropped.
pub(super) struct Ticket<'a> {
    queue: &'a Queue,
    number: u64,
}

impl Ticket<'_> {
    /// Waits for a change. Returns `false` if this creation has to give up.
    pub(super) fn wait(&self) -> bool {
        let mut line = self.queue.line();
        let is_crowded = line.waiting.len() >= CROWD && line.last_progress.elapsed() >= CROWD_PATIENCE;
        if is_crowded && line.waiting.last() == Some(&self.number) {
            line.last_progress = Instant::now();
            return false;
        }
        let waited = self.queue.bell.wait_timeout(line, GLANCE);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        true
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.queue.line().waiting.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn the_newest_waiting_creation_of_a_crowd_gives_up_without_progress() {
        let queue = Queue::default();
        let tickets: Vec<_> = (0..CROWD).map(|_| queue.enter()).collect();
        let age = |by: Duration| queue.line().last_progress -= by;
        age(CROWD_PATIENCE);
        assert!(tickets[0].wait(), "an older one stays");
        assert!(!tickets[CROWD - 1].wait());
        assert!(tickets[CROWD - 1].wait(), "only one creation at a time gives up");
        age(CROWD_PATIENCE);
        queue.progress();
        assert!(tickets[CROWD - 1].wait(), "something was deleted");
        age(CROWD_PATIENCE);
        let fewer = tickets.into_iter().skip(1).collect::<Vec<_>>();
        assert!(fewer[CROWD - 2].wait(), "the queue is not crowded");
    }

    #[test]
    fn a_waiting_creation_is_woken_by_progress() {
        let queue = Queue::default();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| queue.enter().wait());
            while queue.line().waiting.is_empty() && !waiting.is_finished() {
                thread::yield_now();
            }
            queue.progress();
            assert!(waiting.join().unwrap());
        });
        assert!(queue.line().waiting.is_empty(), "the creation left the queue");
    }
}
