//! What this process has learnt about the configuration it serves, beyond the single request.
//!
//! Terraform never tells a provider *which* resource it plans. Two questions need that all the same: whether two
//! resources of one configuration ask for the same name, and whether an object whose name is taken is the very one
//! that is about to be replaced. Both are answered from what Terraform said earlier in the same process.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::ipam::Cidr;

/// Memory of one walk: forgotten when the provider is configured anew.
#[derive(Debug, Default)]
pub(super) struct Session {
    memory: Mutex<Memory>,
    previews: Mutex<Previews>,
}

/// Blocks that plans without holds have shown, each with its pool: the next one must be another.
#[derive(Debug, Default)]
pub(super) struct Previews(Vec<(String, Cidr)>);

impl Previews {
    pub(super) fn add(&mut self, pool_id: &str, cidr: Cidr) {
        self.0.push((pool_id.to_owned(), cidr));
    }

    pub(super) fn of(&self, pool_id: &str) -> BTreeSet<Cidr> {
        self.0.iter().filter(|(pool, _)| pool == pool_id).map(|(_, cidr)| *cidr).collect()
    }
}

/// How often is looked whether Terraform has come to another resource.
const GLANCE: Duration = Duration::from_millis(20);

#[derive(Debug, Default)]
struct Memory {
    in_state: HashSet<String>,
    kept: HashSet<String>,
    succeeded: HashSet<String>,
    handed_out: HashSet<String>,
    adopted: HashSet<String>,
    made: Vec<String>,
    warned: HashSet<&'static str>,
}

impl Session {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets everything: a new walk begins (a debug server serves many).
    pub(super) fn forget(&self) {
        *self.memory() = Memory::default();
        *self.previews() = Previews::default();
    }

    /// The blocks that plans without holds have shown; whoever has this is alone in previewing.
    pub(super) fn previews(&self) -> MutexGuard<'_, Previews> {
        self.previews.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Terraform read a state with this object.
    pub(super) fn seen_in_state(&self, id: &str) {
        self.memory().in_state.insert(id.to_owned());
    }

    /// Whether the object is in this configuration's state. Terraform reads states in the order of its walk, so that
    /// one which is not seen yet gets some `time` to show up.
    pub(super) fn is_in_state(&self, id: &str, time: Duration) -> bool {
        let deadline = Instant::now() + time;
        loop {
            if self.memory().in_state.contains(id) {
                return true;
            }
            if Instant::now() >= deadline {
                return false;
            }
            std::thread::sleep(GLANCE);
        }
    }

    /// Terraform plans this object with its state, so it stays. `false` when another resource of this configuration
    /// was already planned to take over its name.
    pub(super) fn keep(&self, id: &str) -> bool {
        let mut memory = self.memory();
        memory.kept.insert(id.to_owned());
        !memory.succeeded.contains(id)
    }

    /// A new object takes over this one's name. `false` when it may not: the old one is not in this configuration's
    /// state, or was planned to stay. It may when the old one is tainted, or its resource is gone from the
    /// configuration. For `time` see [`Session::is_in_state`].
    pub(super) fn succeed(&self, id: &str, time: Duration) -> bool {
        if !self.is_in_state(id, time) {
            return false;
        }
        // In one go: the old one may be planned at this very moment.
        let mut memory = self.memory();
        let may = !memory.kept.contains(id);
        if may {
            memory.succeeded.insert(id.to_owned());
        }
        may
    }

    /// It does not after all.
    pub(super) fn leave(&self, id: &str) {
        self.memory().succeeded.remove(id);
    }

    /// A name in its place is for one new object. `false` when another one got it before: two resources of one
    /// configuration have the same name.
    pub(super) fn hand_out(&self, name: String) -> bool {
        self.memory().handed_out.insert(name)
    }

    /// A plan of this process found the object made already, and takes it over.
    pub(super) fn adopt(&self, id: &str) {
        self.memory().adopted.insert(id.to_owned());
    }

    /// An apply of this process made the object.
    pub(super) fn made(&self, id: &str) {
        self.memory().made.push(id.to_owned());
    }

    /// What was made.
    pub(super) fn all_made(&self) -> Vec<String> {
        self.memory().made.clone()
    }

    /// Whether it is this process's doing, or with its knowledge, when the object exists before it is created.
    pub(super) fn may_exist(&self, id: &str) -> bool {
        let memory = self.memory();
        memory.adopted.contains(id) || memory.made.iter().any(|made| made == id)
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
    fn an_object_that_stays_is_not_succeeded() {
        let session = Session::default();
        assert!(!session.succeed("a", Duration::ZERO), "not in this state");
        session.seen_in_state("a");
        assert!(session.keep("a"));
        assert!(!session.succeed("a", Duration::ZERO), "its own resource keeps it");
    }

    #[test]
    fn a_state_that_terraform_reads_later_is_waited_for() {
        let session = Session::default();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| session.succeed("a", Duration::from_secs(60)));
            session.seen_in_state("a");
            assert!(waiting.join().unwrap());
        });
    }

    #[test]
    fn keeping_an_object_whose_name_was_taken_over_is_refused() {
        let session = Session::default();
        session.seen_in_state("a");
        assert!(session.succeed("a", Duration::ZERO));
        assert!(!session.keep("a"));
        session.leave("a");
        assert!(session.keep("a"));
    }

    #[test]
    fn one_hold_answers_one_resource_until_the_next_walk() {
        let session = Session::default();
        assert!(session.hand_out("a".into()));
        assert!(!session.hand_out("a".into()));
        session.forget();
        assert!(session.hand_out("a".into()));
    }
}
