//! What this process has learnt about the configuration it serves, beyond the single request.
//!
//! Terraform never tells a provider *which* resource it plans. Two questions need that all the same: whether two
//! resources of one configuration ask for the same name, and whether an object whose name is taken is the very one
//! that is about to be replaced. Both are answered from what Terraform said earlier in the same process.

use std::collections::HashSet;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long after the start of a walk Terraform may still show objects of its state for the first time. It begins
/// with all of them at once, in no order, between new ones.
const SHOWING: Duration = Duration::from_secs(1);

/// Memory of one walk: forgotten when the provider is configured anew.
#[derive(Debug, Default)]
pub(super) struct Session {
    memory: Mutex<Memory>,
    shown: Condvar,
}

#[derive(Debug)]
struct Memory {
    since: Instant,
    in_state: HashSet<String>,
    kept: HashSet<String>,
    succeeded: HashSet<String>,
    handed_out: HashSet<String>,
    warned: HashSet<&'static str>,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            since: Instant::now(),
            in_state: HashSet::new(),
            kept: HashSet::new(),
            succeeded: HashSet::new(),
            handed_out: HashSet::new(),
            warned: HashSet::new(),
        }
    }
}

impl Session {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets everything: a new walk begins (a debug server serves many).
    pub(super) fn forget(&self) {
        *self.memory() = Memory::default();
    }

    /// Terraform read a state with this object.
    pub(super) fn seen_in_state(&self, id: &str) {
        self.memory().in_state.insert(id.to_owned());
        self.shown.notify_all();
    }

    /// Whether the object is in this configuration's state, also when Terraform is only about to show it: a question
    /// early in the walk waits for that.
    pub(super) fn comes_to_light(&self, id: &str) -> bool {
        let memory = self.memory();
        let left = SHOWING.saturating_sub(memory.since.elapsed());
        let waited = self.shown.wait_timeout_while(memory, left, |memory| !memory.in_state.contains(id));
        waited.unwrap_or_else(PoisonError::into_inner).0.in_state.contains(id)
    }

    /// Whether the object is in this configuration's state.
    pub(super) fn is_in_state(&self, id: &str) -> bool {
        self.memory().in_state.contains(id)
    }

    /// Terraform plans this object with its state, so it stays. `false` when another resource of this configuration
    /// was already planned to take over its name, or was even given the object itself as one that an interrupted
    /// apply left behind: Terraform may plan that other resource before it shows this one's state.
    pub(super) fn keep(&self, id: &str) -> bool {
        let mut memory = self.memory();
        memory.kept.insert(id.to_owned());
        !memory.succeeded.contains(id) && !memory.handed_out.contains(id)
    }

    /// A new object takes over this one's name, when it may: the old one is in this configuration's state, and nothing
    /// was planned for it. It is then tainted, or its resource is gone from the configuration. Asked and noted in one
    /// step, because [`Session::keep`] may come at the same time.
    pub(super) fn succeed(&self, id: &str) -> bool {
        let mut memory = self.memory();
        let may = memory.in_state.contains(id) && !memory.kept.contains(id);
        if may {
            memory.succeeded.insert(id.to_owned());
        }
        may
    }

    /// A planned object is the answer to one resource. `false` when it was the answer to another one before, or is
    /// another one's that stays: two resources of one configuration have the same name.
    pub(super) fn hand_out(&self, id: &str) -> bool {
        let mut memory = self.memory();
        !memory.kept.contains(id) && memory.handed_out.insert(id.to_owned())
    }

    /// Whether the object was the answer to a resource that had none.
    pub(super) fn is_handed_out(&self, id: &str) -> bool {
        self.memory().handed_out.contains(id)
    }

    /// Whether this warning is said for the first time.
    pub(super) fn first_warning(&self, which: &'static str) -> bool {
        self.memory().warned.insert(which)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_in_the_state_that_nobody_plans_may_be_succeeded() {
        let session = Session::default();
        assert!(!session.succeed("a"), "not in this state");
        session.seen_in_state("a");
        session.seen_in_state("b");
        assert!(session.succeed("a"));
        assert!(session.keep("b"));
        assert!(!session.succeed("b"), "its own resource keeps it");
    }

    #[test]
    fn keeping_an_object_whose_name_was_taken_over_is_refused() {
        let session = Session::default();
        session.seen_in_state("a");
        assert!(session.succeed("a"));
        assert!(!session.keep("a"));
    }

    #[test]
    fn an_object_of_one_resource_is_never_given_to_another() {
        let session = Session::default();
        assert!(session.keep("a"));
        assert!(!session.hand_out("a"), "it stays with the one that has it");
        assert!(session.hand_out("b"));
        assert!(!session.keep("b"), "it was given away before its own resource was planned");
    }

    #[test]
    fn an_object_that_is_shown_a_little_later_is_waited_for() {
        let session = Session::default();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| session.comes_to_light("a"));
            session.seen_in_state("b");
            session.seen_in_state("a");
            assert!(waiting.join().unwrap());
        });
        assert!(!session.comes_to_light("c"), "nobody ever shows it");
    }

    #[test]
    fn one_hold_answers_one_resource_until_the_next_walk() {
        let session = Session::default();
        assert!(session.hand_out("a"));
        assert!(!session.hand_out("a"));
        session.forget();
        assert!(session.hand_out("a"));
    }
}
