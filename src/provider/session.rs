//! The knowledge of this process about the configuration that it serves, beyond a single request.
//!
//! Terraform never sends a provider the name of the *resource* that it plans. Two questions depend on the resource
//! nevertheless: whether two resources of one configuration ask for the same name, and whether an object whose name is
//! taken is the object that is about to be replaced. Both are answered from earlier requests of Terraform to the same
//! process.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::ipam::Cidr;

/// The knowledge about one walk. It is discarded when the provider is configured again.
#[derive(Debug, Default)]
pub(super) struct Session {
    memory: Mutex<Memory>,
    /// Notified when Terraform has shown another object of its state, or has planned to keep one.
    shown: Condvar,
    previews: Mutex<Previews>,
}

/// Blocks that plans without holds have shown, each with its pool and the name of the new object. Another object must
/// get another block.
#[derive(Debug, Default)]
pub(super) struct Previews(HashMap<(String, String), Cidr>);

impl Previews {
    pub(super) fn add(&mut self, pool_id: &str, name: &str, cidr: Cidr) {
        self.0.insert((pool_id.to_owned(), name.to_owned()), cidr);
    }

    /// The blocks of the pool that plans have shown for objects with other names.
    pub(super) fn of_others(&self, pool_id: &str, name: &str) -> BTreeSet<Cidr> {
        self.0.iter().filter(|((pool, by), _)| pool == pool_id && by != name).map(|(_, cidr)| *cidr).collect()
    }
}

/// Maximum number of requests that wait for Terraform to show or plan another object.
pub(super) const WAITING_MAX: usize = 5;

/// A block that a new object takes over.
#[derive(Clone, Debug)]
struct Claim {
    /// ID of the object that has the block.
    of: String,
    block: Cidr,
    /// Name of the new object.
    by: String,
}

/// A name of a new object.
#[derive(Debug)]
struct Reservation {
    /// ID of the object that the same resource has until then.
    replaced: Option<String>,
    /// Terraform has read that object since, so it plans the same resource again.
    is_planned_again: bool,
}

impl Reservation {
    fn is_of(&self, replaced: Option<&str>) -> bool {
        self.is_planned_again || (replaced.is_some() && self.replaced.as_deref() == replaced)
    }
}

#[derive(Debug)]
struct Memory {
    /// When Terraform last showed an object of its state, or when the walk began.
    last_shown: Instant,
    in_state: HashSet<String>,
    /// Number of requests that wait for Terraform to show or plan another object.
    waiting: usize,
    refreshed: bool,
    /// Objects that stay, and whether each of them gives up its name.
    kept: HashMap<String, bool>,
    /// Objects that a plan deletes or replaces.
    going: HashSet<String>,
    /// Blocks that new objects take over.
    claims: Vec<Claim>,
    /// Objects whose names new objects get.
    names_given_away: HashSet<String>,
    /// Names of new objects.
    reserved_names: HashMap<String, Reservation>,
    adopted: HashSet<String>,
    made: Vec<String>,
    warned: HashSet<String>,
    /// Objects whose name or block a new object of this walk needs and could not have.
    wanted: HashSet<String>,
    staying: HashSet<String>,
    read_only: bool,
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
            names_given_away: HashSet::new(),
            reserved_names: HashMap::new(),
            adopted: HashSet::new(),
            made: Vec::new(),
            warned: HashSet::new(),
            wanted: HashSet::new(),
            staying: HashSet::new(),
            read_only: false,
        }
    }
}

impl Session {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Discards all knowledge because a new walk begins (a debug server serves many walks).
    pub(super) fn forget(&self) {
        *self.memory() = Memory::default();
        *self.previews() = Previews::default();
    }

    /// The blocks that plans without holds have shown. Only one caller at a time can hold the guard and choose a preview.
    pub(super) fn previews(&self) -> MutexGuard<'_, Previews> {
        self.previews.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records that Terraform has read a state that contains this object.
    pub(super) fn seen_in_state(&self, id: &str) {
        let mut memory = self.memory();
        memory.last_shown = Instant::now();
        memory.in_state.insert(id.to_owned());
        self.shown.notify_all();
    }

    /// Records that Terraform refreshes an object. It does that in the walk of a plan, and never in the walk of an apply.
    pub(super) fn refreshed(&self) {
        self.memory().refreshed = true;
    }

    /// Whether this is certainly the walk of a plan. A plan without a refresh is not recognized, and neither is a plan
    /// that has only new objects.
    pub(super) fn is_surely_planning(&self) -> bool {
        self.memory().refreshed
    }

    /// Whether the maximum number of requests waits. Terraform performs ten operations at a time, so it would stall if
    /// more requests waited.
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

    /// Whether the object is in this configuration's state. Terraform shows states in no fixed order, between new
    /// objects, so this function waits for the object until Terraform has shown no object for `time`.
    pub(super) fn is_in_state(&self, id: &str, time: Duration) -> bool {
        self.wait_until(time, |memory| memory.in_state.contains(id));
        self.memory().in_state.contains(id)
    }

    /// Like [`Session::is_in_state`], for an object that is certainly in some state. When many requests wait already, the
    /// object counts as one of this configuration, because another waiting request would keep Terraform from showing it.
    /// If that assumption is wrong, apply reports it.
    pub(super) fn may_be_in_state(&self, id: &str, time: Duration) -> bool {
        if self.is_crowded() {
            self.memory().in_state.insert(id.to_owned());
        }
        self.is_in_state(id, time)
    }

    /// Records that Terraform plans this object with its state, so the object stays. `renamed` means that it stays under
    /// another name. Returns `false` if another resource of this configuration was already planned to take over the name
    /// that the object keeps.
    pub(super) fn keep(&self, id: &str, renamed: bool) -> bool {
        let mut memory = self.memory();
        memory.kept.insert(id.to_owned(), renamed);
        self.shown.notify_all();
        (renamed || !memory.names_given_away.contains(id)) && !memory.adopted.contains(id)
    }

    /// Records that a plan deletes or replaces this object.
    pub(super) fn goes(&self, id: &str) {
        let mut memory = self.memory();
        memory.kept.remove(id);
        memory.going.insert(id.to_owned());
        self.shown.notify_all();
    }

    /// Whether a plan deletes or replaces the object. Waits for a plan of the object until Terraform has shown no object
    /// of its state for `time`, and then returns `None`.
    pub(super) fn is_going(&self, id: &str, time: Duration) -> Option<bool> {
        let time = if self.is_crowded() { Duration::ZERO } else { time };
        self.wait_until(time, |memory| memory.going.contains(id) || memory.kept.contains_key(id));
        let memory = self.memory();
        if memory.going.contains(id) { Some(true) } else { memory.kept.get(id).map(|_| false) }
    }

    /// All objects that plans delete or replace. Waits until there are more than `known` of them, or until Terraform has
    /// shown no object of its state for `time`.
    pub(super) fn all_going(&self, known: usize, time: Duration) -> Vec<String> {
        self.wait_until(time, |memory| memory.going.len() > known);
        self.memory().going.iter().cloned().collect()
    }

    /// Records that a new object of this walk, named `by`, takes over `block` of the object `of`.
    pub(super) fn claim(&self, of: &str, block: Cidr, by: &str) {
        self.memory().claims.push(Claim { of: of.to_owned(), block, by: by.to_owned() });
    }

    /// The name and the block of the new object that takes over addresses of `block`, which the object `of` keeps.
    pub(super) fn claimed(&self, of: &str, block: &Cidr) -> Option<(String, Cidr)> {
        let memory = self.memory();
        let claim = memory.claims.iter().find(|claim| claim.of == of && claim.block.overlaps(block))?;
        Some((claim.by.clone(), claim.block))
    }

    /// Whether a plan deletes or replaces the object, or the state contains the object and no plan keeps it. Terraform
    /// shows the state of resources without dependents at the very start of the walk. It may plan the object a little
    /// later, so this function waits for that plan.
    pub(super) fn may_go(&self, id: &str, time: Duration) -> bool {
        const SHOWN: Duration = Duration::from_millis(300);
        let is_unplanned = || self.is_in_state(id, SHOWN.min(time)) && self.is_going(id, time).unwrap_or(true);
        self.is_going(id, Duration::ZERO).unwrap_or_else(is_unplanned)
    }

    /// Records that a new object of this walk could not have the name or the block of this object. Returns `true` if a
    /// plan gave up the object at the same time.
    pub(super) fn want(&self, id: &str) -> bool {
        let mut memory = self.memory();
        memory.wanted.insert(id.to_owned());
        memory.going.contains(id) || memory.kept.get(id) == Some(&true)
    }

    /// Whether a new object of this walk could not have the name or the block of this object.
    pub(super) fn is_wanted(&self, id: &str) -> bool {
        self.memory().wanted.contains(id)
    }

    /// Whether the object stays under another name.
    pub(super) fn is_renamed(&self, id: &str) -> bool {
        self.memory().kept.get(id) == Some(&true)
    }

    /// Gives the name of this object to a new object, if that is allowed: this object must be in this configuration's
    /// state, and must either be renamed or have no plan yet. Without a plan, the object is tainted, or its resource was
    /// removed from the configuration, or its rename is planned later. The check and the record are one step, because
    /// [`Session::keep`] may run at the same time.
    pub(super) fn give_name_away(&self, id: &str) -> bool {
        let mut memory = self.memory();
        let may = memory.in_state.contains(id) && memory.kept.get(id) != Some(&false);
        if may {
            memory.names_given_away.insert(id.to_owned());
        }
        may
    }

    /// Gives the name of this object to the hold of an earlier plan, unless a plan of this walk keeps the object and its
    /// name. The answer does not depend on the state, because an apply asks before Terraform has shown the object.
    pub(super) fn give_name_to_hold(&self, id: &str) -> bool {
        let mut memory = self.memory();
        let may = memory.kept.get(id) != Some(&false);
        if may {
            memory.names_given_away.insert(id.to_owned());
        }
        may
    }

    /// Reserves a name for one new object. `key` is from [`name_key`](super::naming::name_key). Returns `false` if another
    /// new object has reserved it already: two resources of one configuration have the same name. `replaced`: the object
    /// that the same resource has until then, because a client may plan a resource twice in one walk.
    pub(super) fn reserve_name(&self, key: String, replaced: Option<&str>) -> bool {
        match self.memory().reserved_names.entry(key) {
            Entry::Vacant(free) => {
                free.insert(Reservation { replaced: replaced.map(str::to_owned), is_planned_again: false });
                true
            }
            Entry::Occupied(mut taken) => {
                let is_same = taken.get().is_of(replaced);
                taken.get_mut().is_planned_again = false;
                is_same
            }
        }
    }

    /// Records which object a new object replaces that has reserved its name, when only its plan found that out: the
    /// object is tainted.
    pub(super) fn reserved_in_place_of(&self, key: &str, id: Option<&str>) {
        if let Some(name) = self.memory().reserved_names.get_mut(key)
            && name.replaced.is_none()
        {
            name.replaced = id.map(str::to_owned);
        }
    }

    /// Whether a new object of this walk has reserved the name, except for the resource that has the object `replaced`.
    pub(super) fn is_name_reserved(&self, key: &str, replaced: Option<&str>) -> bool {
        self.memory().reserved_names.get(key).is_some_and(|taken| !taken.is_of(replaced))
    }

    /// Records that Terraform reads an object of its state. With `-minimal-refresh` (Terraform 1.17), it plans a resource,
    /// reads the object and plans the resource again. The plan of a tainted object does not tell which object it
    /// replaces, so the new object gets the name that it reserved before.
    pub(super) fn reads(&self, id: &str) {
        for name in self.memory().reserved_names.values_mut() {
            name.is_planned_again |= name.replaced.as_deref() == Some(id);
        }
    }

    /// Records that this run can read the store but not write to it.
    pub(super) fn cannot_write(&self) {
        self.memory().read_only = true;
    }

    /// Whether [`Session::cannot_write`] was called.
    pub(super) fn is_read_only(&self) -> bool {
        self.memory().read_only
    }

    /// Records that a plan of this process found an object that exists already, and adopts it.
    pub(super) fn adopt(&self, id: &str) {
        self.memory().adopted.insert(id.to_owned());
    }

    /// Whether a plan of this process adopted the object.
    pub(super) fn is_adopted(&self, id: &str) -> bool {
        self.memory().adopted.contains(id)
    }

    /// Records that an apply of this process created the object.
    pub(super) fn made(&self, id: &str) {
        self.memory().made.push(id.to_owned());
    }

    /// All objects that applies of this process created.
    pub(super) fn all_made(&self) -> Vec<String> {
        self.memory().made.clone()
    }

    /// Whether the object may exist before its creation, because this process created or adopted it.
    pub(super) fn may_exist(&self, id: &str) -> bool {
        let memory = self.memory();
        memory.adopted.contains(id) || memory.made.iter().any(|made| made == id)
    }

    /// Whether this warning has not been given before.
    pub(super) fn first_warning(&self, which: String) -> bool {
        self.memory().warned.insert(which)
    }

    /// Records that an object of the state cannot be restored because the permission to write to the store is missing.
    pub(super) fn stays(&self, id: &str) {
        self.memory().staying.insert(id.to_owned());
    }

    /// Whether [`Session::stays`] was called for this object.
    pub(super) fn is_staying(&self, id: &str) -> bool {
        self.memory().staying.contains(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_in_the_state_without_a_plan_gives_its_name_to_a_new_object() {
        let session = Session::default();
        assert!(!session.give_name_away("a"), "not in this state");
        session.seen_in_state("a");
        session.seen_in_state("b");
        assert!(session.give_name_away("a"));
        assert!(session.keep("b", false));
        assert!(!session.give_name_away("b"), "its own resource keeps it");
    }

    #[test]
    fn a_planned_replacement_takes_over_an_object_that_was_not_shown_unless_it_is_kept() {
        let session = Session::default();
        assert!(session.give_name_to_hold("a"));
        assert!(!session.keep("a", false), "another resource takes over its name");
        assert!(session.keep("b", false));
        assert!(!session.give_name_to_hold("b"));
    }

    #[test]
    fn a_state_that_terraform_shows_later_is_waited_for_only_early_in_the_walk() {
        let session = Session::default();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| session.is_in_state("a", Duration::from_secs(60)));
            session.seen_in_state("a");
            assert!(waiting.join().unwrap());
        });
        assert!(!session.is_in_state("b", Duration::ZERO));
    }

    #[test]
    fn when_many_requests_wait_an_object_counts_as_one_of_the_state() {
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
        assert!(!session.may_be_in_state("b", Duration::ZERO), "no request waits now");
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
        session.give_name_away("a");
        assert!(!session.keep("a", false));
    }

    #[test]
    fn a_renamed_object_gives_its_name_to_a_new_one_whichever_is_planned_first() {
        let session = Session::default();
        session.seen_in_state("a");
        session.seen_in_state("b");
        assert!(session.give_name_away("a"));
        assert!(session.keep("a", true));
        assert!(session.keep("b", true));
        assert!(session.give_name_away("b") && session.give_name_to_hold("b") && session.is_renamed("b"));
    }

    #[test]
    fn one_hold_serves_only_one_resource_until_the_next_walk() {
        let session = Session::default();
        assert!(session.reserve_name("a".into(), None));
        assert!(!session.reserve_name("a".into(), None));
        session.forget();
        assert!(session.reserve_name("a".into(), None));
    }

    #[test]
    fn a_resource_that_is_planned_again_after_a_read_of_its_object_keeps_its_name() {
        let session = Session::default();
        assert!(session.reserve_name("a".into(), None));
        session.reserved_in_place_of("a", Some("old"));
        assert!(session.is_name_reserved("a", None));
        session.reads("other");
        assert!(!session.reserve_name("a".into(), None), "another resource");
        session.reads("old");
        assert!(!session.is_name_reserved("a", None));
        assert!(session.reserve_name("a".into(), None));
        assert!(!session.reserve_name("a".into(), None), "another resource");
        assert!(session.reserve_name("a".into(), Some("old")), "a replacement tells which object it replaces");
    }
}
