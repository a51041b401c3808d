//! What this process has learnt about the configuration it serves, beyond the single request.
//!
//! Terraform never tells a provider *which* resource it plans. Two questions need that all the same: whether two
//! resources of one configuration ask for the same name, and whether an object whose name is taken is the very one
//! that is about to be replaced. Both are answered from what Terraform said earlier in the same process.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::ipam::Cidr;

/// Memory of one walk: forgotten when the provider is configured anew.
#[derive(Debug, Default)]
pub(super) struct Session {
    memory: Mutex<Memory>,
    /// Rings when Terraform has shown another object of its state, or planned one to stay.
    shown: Condvar,
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

/// As many requests may wait for Terraform to show or plan another object.
pub(super) const WAITING_MAX: usize = 5;

/// A block that a new object takes over.
#[derive(Clone, Debug)]
struct Claim {
    /// Id of the object that has it.
    of: String,
    block: Cidr,
    /// Name of the new object.
    by: String,
}

#[derive(Debug)]
struct Memory {
    /// When Terraform last showed an object of its state, or when the walk began.
    last_shown: Instant,
    in_state: HashSet<String>,
    /// How many requests wait for Terraform to show or plan another object.
    waiting: usize,
    refreshed: bool,
    /// Objects that stay, and whether they give up their name.
    kept: HashMap<String, bool>,
    /// Objects that a plan deletes or replaces.
    going: HashSet<String>,
    /// Blocks that new objects take over, with the id of the object that has them and the name of the new one.
    claims: Vec<Claim>,
    succeeded: HashSet<String>,
    handed_out: HashSet<String>,
    adopted: HashSet<String>,
    made: Vec<String>,
    warned: HashSet<String>,
    /// Objects whose name or block a new object of this walk could not have.
    wanted: HashSet<String>,
    staying: HashSet<String>,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            last_shown: Instant::now(),
            in_state: HashSet::new(),
            waiting: 0,
            refreshed: false,
            kept: HashMap::new(),
            going: HashSet::new(),
            claims: Vec::new(),
            succeeded: HashSet::new(),
            handed_out: HashSet::new(),
            adopted: HashSet::new(),
            made: Vec::new(),
            warned: HashSet::new(),
            wanted: HashSet::new(),
            staying: HashSet::new(),
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
        *self.previews() = Previews::default();
    }

    /// The blocks that plans without holds have shown; whoever has this is alone in previewing.
    pub(super) fn previews(&self) -> MutexGuard<'_, Previews> {
        self.previews.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Terraform read a state with this object.
    pub(super) fn seen_in_state(&self, id: &str) {
        let mut memory = self.memory();
        memory.last_shown = Instant::now();
        memory.in_state.insert(id.to_owned());
        self.shown.notify_all();
    }

    /// Terraform refreshes an object. It does that in the walk of a plan and never in that of an apply.
    pub(super) fn refreshed(&self) {
        self.memory().refreshed = true;
    }

    /// Whether this is surely the walk of a plan. A plan without a refresh is not known, and a plan of new objects alone.
    pub(super) fn is_surely_planning(&self) -> bool {
        self.memory().refreshed
    }

    /// Whether so many requests wait that Terraform, which does ten things at a time, comes to a stop when more do.
    fn is_crowded(&self) -> bool {
        self.memory().waiting >= WAITING_MAX
    }

    /// Waits until `is_settled`, or until Terraform has shown no object of its state for `time`.
    fn wait_until(&self, time: Duration, is_settled: impl Fn(&Memory) -> bool) {
        let mut memory = self.memory();
        memory.waiting += 1;
        loop {
            let left = time.saturating_sub(memory.last_shown.elapsed());
            if is_settled(&memory) || left.is_zero() {
                break;
            }
            memory = self.shown.wait_timeout(memory, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        memory.waiting = memory.waiting.saturating_sub(1);
    }

    /// Whether the object is in this configuration's state. Terraform shows states in no order, between new objects: one that
    /// was not shown yet may come to light until Terraform has shown none for `time`.
    pub(super) fn is_in_state(&self, id: &str, time: Duration) -> bool {
        self.wait_until(time, |memory| memory.in_state.contains(id));
        self.memory().in_state.contains(id)
    }

    /// The same for an object that is surely in some state. Where many requests wait already, it counts as one of this
    /// configuration: they would keep Terraform from showing it. If it is not, the apply says so.
    pub(super) fn may_be_in_state(&self, id: &str, time: Duration) -> bool {
        if self.is_crowded() {
            self.memory().in_state.insert(id.to_owned());
        }
        self.is_in_state(id, time)
    }

    /// Terraform plans this object with its state, so it stays; `renamed`: under another name. `false` when another resource
    /// of this configuration was already planned to take over the name that it keeps.
    pub(super) fn keep(&self, id: &str, renamed: bool) -> bool {
        let mut memory = self.memory();
        memory.kept.insert(id.to_owned(), renamed);
        self.shown.notify_all();
        (renamed || !memory.succeeded.contains(id)) && !memory.adopted.contains(id)
    }

    /// A plan deletes or replaces this object.
    pub(super) fn goes(&self, id: &str) {
        let mut memory = self.memory();
        memory.kept.remove(id);
        memory.going.insert(id.to_owned());
        self.shown.notify_all();
    }

    /// Whether a plan deletes or replaces the object; `None` while nothing was planned for it: waits until
    /// Terraform has shown no object of its state for `time`.
    pub(super) fn is_going(&self, id: &str, time: Duration) -> Option<bool> {
        let time = if self.is_crowded() { Duration::ZERO } else { time };
        self.wait_until(time, |memory| memory.going.contains(id) || memory.kept.contains_key(id));
        let memory = self.memory();
        if memory.going.contains(id) { Some(true) } else { memory.kept.get(id).map(|_| false) }
    }

    /// All objects that plans delete or replace, once there are more than `known` of them, or Terraform has shown no object
    /// of its state for `time`.
    pub(super) fn all_going(&self, known: usize, time: Duration) -> Vec<String> {
        self.wait_until(time, |memory| memory.going.len() > known);
        self.memory().going.iter().cloned().collect()
    }

    /// A new object of this walk takes over `block` of the object `of`.
    pub(super) fn claim(&self, of: &str, block: Cidr, by: &str) {
        self.memory().claims.push(Claim { of: of.to_owned(), block, by: by.to_owned() });
    }

    /// The name of the new object that takes over addresses of `block`, which the object `of` keeps.
    pub(super) fn claimed(&self, of: &str, block: &Cidr) -> Option<(String, Cidr)> {
        let memory = self.memory();
        let claim = memory.claims.iter().find(|claim| claim.of == of && claim.block.overlaps(block))?;
        Some((claim.by.clone(), claim.block))
    }

    /// Whether a plan deletes or replaces the object, or the state has it and no plan keeps it. Terraform shows the state of what nothing depends on at the very
    /// start of the walk. It may plan the object a little later: that is waited for.
    pub(super) fn may_go(&self, id: &str, time: Duration) -> bool {
        const SHOWN: Duration = Duration::from_millis(300);
        let is_unplanned = || self.is_in_state(id, SHOWN.min(time)) && self.is_going(id, time).unwrap_or(true);
        self.is_going(id, Duration::ZERO).unwrap_or_else(is_unplanned)
    }

    /// A new object of this walk could not have the name or the block of this one. `true` when a plan gives it up all the same,
    /// and that came at the same time.
    pub(super) fn want(&self, id: &str) -> bool {
        let mut memory = self.memory();
        memory.wanted.insert(id.to_owned());
        memory.going.contains(id) || memory.kept.get(id) == Some(&true)
    }

    /// Whether a new object of this walk could not have the name or the block of this one.
    pub(super) fn is_wanted(&self, id: &str) -> bool {
        self.memory().wanted.contains(id)
    }

    /// Whether the object stays, under another name.
    pub(super) fn is_renamed(&self, id: &str) -> bool {
        self.memory().kept.get(id) == Some(&true)
    }

    /// A new object takes over this one's name, when it may: the old one is in this configuration's state, and either it is
    /// renamed or nothing was planned for it. It is then tainted, or its resource is gone from the configuration, or it is
    /// still to be renamed. Asked and noted in one step, because [`Session::keep`] may come at the same time.
    pub(super) fn succeed(&self, id: &str) -> bool {
        let mut memory = self.memory();
        let may = memory.in_state.contains(id) && memory.kept.get(id) != Some(&false);
        if may {
            memory.succeeded.insert(id.to_owned());
        }
        may
    }

    /// An earlier plan left a hold that takes over this one's name. It may, unless a plan of this walk keeps the object and its
    /// name.
    /// An apply asks before Terraform has shown it the object, so this does not depend on that.
    pub(super) fn take_over(&self, id: &str) -> bool {
        let mut memory = self.memory();
        let may = memory.kept.get(id) != Some(&false);
        if may {
            memory.succeeded.insert(id.to_owned());
        }
        may
    }

    /// A name in its place is for one new object. `false` when another one got it before: two resources of one
    /// configuration have the same name.
    pub(super) fn hand_out(&self, name: String) -> bool {
        self.memory().handed_out.insert(name)
    }

    /// Whether a new object of this walk has the name in its place.
    pub(super) fn is_handed_out(&self, name: &str) -> bool {
        self.memory().handed_out.contains(name)
    }

    /// A plan of this process found the object made already, and takes it over.
    pub(super) fn adopt(&self, id: &str) {
        self.memory().adopted.insert(id.to_owned());
    }

    /// Whether a plan of this process took the object over.
    pub(super) fn is_adopted(&self, id: &str) -> bool {
        self.memory().adopted.contains(id)
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
    pub(super) fn first_warning(&self, which: String) -> bool {
        self.memory().warned.insert(which)
    }

    /// An object of the state cannot be brought back into the store for want of the right to write.
    pub(super) fn stays(&self, id: &str) {
        self.memory().staying.insert(id.to_owned());
    }

    /// Whether that was said of this object.
    pub(super) fn is_staying(&self, id: &str) -> bool {
        self.memory().staying.contains(id)
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
        assert!(session.keep("b", false));
        assert!(!session.succeed("b"), "its own resource keeps it");
    }

    #[test]
    fn a_planned_replacement_takes_over_an_object_that_was_not_shown_unless_it_is_kept() {
        let session = Session::default();
        assert!(session.take_over("a"));
        assert!(!session.keep("a", false), "its name is given away");
        assert!(session.keep("b", false));
        assert!(!session.take_over("b"));
    }

    #[test]
    fn a_state_that_terraform_shows_later_is_waited_for_early_in_the_walk_only() {
        let session = Session::default();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| session.is_in_state("a", Duration::from_secs(60)));
            session.seen_in_state("a");
            assert!(waiting.join().unwrap());
        });
        assert!(!session.is_in_state("b", Duration::ZERO));
    }

    #[test]
    fn where_many_wait_an_object_counts_as_one_of_the_state() {
        let session = Session::default();
        let minute = Duration::from_secs(60);
        std::thread::scope(|scope| {
            for _ in 0..WAITING_MAX {
                scope.spawn(|| session.is_in_state("shown in the end", minute));
            }
            while !session.is_crowded() {
                std::thread::yield_now();
            }
            assert!(session.may_be_in_state("a", minute), "without a wait");
            assert_eq!(session.is_going("a", minute), None, "without a wait");
            session.seen_in_state("shown in the end");
        });
        assert!(!session.may_be_in_state("b", Duration::ZERO), "nothing waits any more");
    }

    #[test]
    fn an_object_of_the_state_may_go_until_a_plan_keeps_it() {
        let session = Session::default();
        assert!(!session.may_go("a", Duration::from_secs(60)), "not in this state");
        session.seen_in_state("a");
        assert!(session.may_go("a", Duration::ZERO));
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| session.may_go("a", Duration::from_secs(60)));
            session.keep("a", true);
            assert!(!waiting.join().unwrap());
        });
    }

    #[test]
    fn keeping_an_object_whose_name_was_taken_over_is_refused() {
        let session = Session::default();
        session.seen_in_state("a");
        session.succeed("a");
        assert!(!session.keep("a", false));
    }

    #[test]
    fn an_object_that_is_renamed_gives_its_name_to_a_new_one_whichever_is_planned_first() {
        let session = Session::default();
        session.seen_in_state("a");
        session.seen_in_state("b");
        assert!(session.succeed("a"));
        assert!(session.keep("a", true));
        assert!(session.keep("b", true));
        assert!(session.succeed("b") && session.take_over("b") && session.is_renamed("b"));
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
