//! Group commit: writes that arrive together share one transaction of the store, each with its own outcome.
//!
//! Terraform asks for ten objects at once; committed one by one they would cost ten round trips to the disk. The first
//! caller leads the group: it waits a moment for others, runs all requests in the order of their names inside one
//! transaction of the store, and hands out the outcomes. A caller that was alone several times in a row does not wait
//! any more. The group has no thread of its own, so it needs no shutdown.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::ipam::Error;
use crate::store::{self, Overlay, Snapshot, Store, Tx};

use super::Result;

/// The maximum number of requests in one transaction.
pub const GROUP_SIZE_MAX: usize = 256;
/// A group is closed when no request joined it for this long.
const QUIET: Duration = Duration::from_micros(500);
/// A group is closed after this long even when more requests keep coming.
const GATHERING_MAX: Duration = Duration::from_millis(3);
/// After this many groups of one request in a row, a caller does not wait for others.
const LONELY_GROUPS: u32 = 4;
/// After this long without a request, the next request may be the first of many.
const IDLE: Duration = Duration::from_millis(50);

/// A store whose writes are grouped.
pub struct Group {
    store: Arc<dyn Store>,
    queue: Mutex<Queue>,
    /// Notified when a request joins the queue and when a group is done.
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<Box<dyn Request>>,
    /// Whether a caller gathers or runs a group.
    led: bool,
    /// Number of groups of one request in a row that were done while no other request waited.
    lonely: u32,
    /// The time when the last group was done.
    done_at: Option<Instant>,
}

impl Queue {
    /// Whether others are likely to join the request that waits.
    fn expects_company(&self) -> bool {
        let idle = self.done_at.is_none_or(|done_at| done_at.elapsed() > IDLE);
        self.waiting.len() > 1 || self.lonely < LONELY_GROUPS || idle
    }
}

/// A member of a group, independent of the type of its answer.
trait Request: Send {
    /// Members run in the order of this key.
    fn sort_key(&self) -> &str;
    /// Runs the body in a savepoint and answers whether it wrote anything. An error is one of the store, and ends the
    /// whole transaction.
    fn run(&mut self, tx: &mut dyn Tx) -> std::result::Result<bool, store::Error>;
    /// Hands out the outcome of the last run, or the failure of the transaction around it.
    fn finish(self: Box<Self>, transaction: std::result::Result<(), store::Error>);
}

/// The result of a run of a body.
enum Outcome<T> {
    Returned(Box<Result<T>>),
    Panicked(Box<dyn Any + Send>),
}

/// The place where a caller finds its outcome.
type Slot<T> = Arc<Mutex<Option<Outcome<T>>>>;

struct Member<T, F> {
    sort_key: String,
    body: F,
    outcome: Option<Outcome<T>>,
    slot: Slot<T>,
}

impl Group {
    /// Groups the writes to `store`.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, queue: Mutex::default(), changed: Condvar::new() }
    }

    /// Runs `body` in a transaction, perhaps together with others, and answers when it is committed.
    ///
    /// Requests that arrive together run in the order of `sort_key`, and each sees the writes of those before it. An
    /// error of `body` rolls back its own writes only. `body` may run several times; the last run counts.
    ///
    /// # Errors
    /// The error of `body`, or [`Error::Store`] when the transaction around it failed.
    ///
    /// # Panics
    /// When `body` panics; its writes are rolled back, those of the other requests are not.
    pub fn write<T, F>(&self, sort_key: &str, body: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&mut dyn Tx) -> Result<T> + Send + 'static,
    {
        let slot = Slot::<T>::default();
        let member = Member { sort_key: sort_key.to_owned(), body, outcome: None, slot: Arc::clone(&slot) };
        let mut queue = self.lock();
        queue.waiting.push(Box::new(member));
        self.changed.notify_all();
        loop {
            // Checked under the queue's lock, which a leader takes after it filled the slots: no wake-up is missed.
            if let Some(outcome) = slot.lock().unwrap_or_else(PoisonError::into_inner).take() {
                return match outcome {
                    Outcome::Returned(result) => *result,
                    Outcome::Panicked(payload) => resume_unwind(payload),
                };
            }
            queue = if queue.led {
                self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner)
            } else {
                self.lead(queue)
            };
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // Bodies run outside the lock and their panics are caught, so the state under the lock is always consistent.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gathers one group and runs it. The caller's own request is in it unless 256 requests came before.
    fn lead<'a>(&'a self, mut queue: MutexGuard<'a, Queue>) -> MutexGuard<'a, Queue> {
        queue.led = true;
        if queue.expects_company() {
            queue = self.gather(queue);
        }
        let size = queue.waiting.len().min(GROUP_SIZE_MAX);
        let mut members: Vec<_> = queue.waiting.drain(..size).collect();
        drop(queue);
        members.sort_by(|a, b| a.sort_key().cmp(b.sort_key()));
        let outcome = self.transact(&mut members);
        for member in members {
            member.finish(outcome.clone());
        }
        let mut queue = self.lock();
        queue.led = false;
        queue.lonely = if size == 1 && queue.waiting.is_empty() { queue.lonely.saturating_add(1) } else { 0 };
        queue.done_at = Some(Instant::now());
        self.changed.notify_all();
        queue
    }

    /// Waits until no more requests join, but not longer than [`GATHERING_MAX`].
    fn gather<'a>(&self, mut queue: MutexGuard<'a, Queue>) -> MutexGuard<'a, Queue> {
        let started = Instant::now();
        let mut joined_at = started;
        let mut size = queue.waiting.len();
        while size < GROUP_SIZE_MAX && started.elapsed() < GATHERING_MAX {
            let Some(left) = QUIET.checked_sub(joined_at.elapsed()) else { break };
            queue = self.changed.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner).0;
            if queue.waiting.len() > size {
                size = queue.waiting.len();
                joined_at = Instant::now();
            }
        }
        queue
    }

    fn transact(&self, members: &mut [Box<dyn Request>]) -> std::result::Result<(), store::Error> {
        let mut run = |tx: &mut dyn Tx| {
            let mut wrote = false;
            for member in &mut *members {
                wrote |= member.run(tx)?;
            }
            Ok(wrote)
        };
        // A panic in a store must not leave the other callers waiting forever.
        catch_unwind(AssertUnwindSafe(|| self.store.write(&mut run)))
            .unwrap_or_else(|_| Err(store::Error::Uncertain("the store panicked".to_owned())))
    }
}

impl<T, F> Request for Member<T, F>
where
    T: Send,
    F: FnMut(&mut dyn Tx) -> Result<T> + Send,
{
    fn sort_key(&self) -> &str {
        &self.sort_key
    }

    fn run(&mut self, tx: &mut dyn Tx) -> std::result::Result<bool, store::Error> {
        let mut savepoint = Overlay::new(tx);
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.body)(&mut savepoint)));
        let mut wrote = false;
        self.outcome = Some(match outcome {
            Ok(Ok(value)) => {
                wrote = !savepoint.is_clean();
                savepoint.commit()?;
                Outcome::Returned(Box::new(Ok(value)))
            }
            // The transaction itself is broken, or the store wants to run it again.
            Ok(Err(Error::Store(error))) if !is_about_content(&error) => return Err(error),
            Ok(Err(error)) => Outcome::Returned(Box::new(Err(error))),
            Err(payload) => Outcome::Panicked(payload),
        });
        Ok(wrote)
    }

    fn finish(self: Box<Self>, transaction: std::result::Result<(), store::Error>) {
        let outcome = match (transaction, self.outcome) {
            (_, Some(panicked @ Outcome::Panicked(_))) => panicked,
            (Ok(()), Some(outcome)) => outcome,
            (Err(error), _) => Outcome::Returned(Box::new(Err(Error::Store(error)))),
            (Ok(()), None) => {
                let what = "the store committed without running the request".to_owned();
                Outcome::Returned(Box::new(Err(Error::Store(store::Error::Uncertain(what)))))
            }
        };
        *self.slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
    }
}

/// Whether `error` is about data that one request read, so that other requests of the group may succeed.
fn is_about_content(error: &store::Error) -> bool {
    matches!(error, store::Error::Corrupt(_) | store::Error::Newer { .. } | store::Error::Url(_))
}

/// Reads are not grouped: they do not wait, and no request waits for them.
impl Group {
    /// Runs `body` on a snapshot.
    ///
    /// # Errors
    /// The error of `body`, or [`Error::Store`].
    pub fn read<T>(&self, mut body: impl FnMut(&mut dyn Snapshot) -> Result<T>) -> Result<T> {
        let mut outcome = None;
        self.store.read(&mut |snapshot| {
            outcome = Some(body(snapshot));
            Ok(())
        })?;
        outcome.unwrap_or_else(|| Err(Error::Store(store::Error::Unavailable("the store ran no read".to_owned()))))
    }

    /// The store underneath.
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::thread;

    use super::*;
    use crate::ipam::Kind;
    use crate::store::Order;
    use crate::store::faults::{Fault, Faulty};
    use crate::store::memory::Memory;

    fn not_found(id: &str) -> Error {
        Error::NotFound { kind: Kind::Pool, id: id.to_owned() }
    }

    /// Puts `key` with the number of entries that exist already.
    fn append(tx: &mut dyn Tx, key: &str) -> Result<usize> {
        let before = tx.scan("k/".."k0", Order::Ascending, usize::MAX)?.len();
        tx.put(&format!("k/{key}"), before.to_string().into_bytes())?;
        Ok(before)
    }

    fn keys(group: &Group) -> Vec<String> {
        let entries = group.read(|snapshot| Ok(snapshot.scan("k/".."k0", Order::Ascending, usize::MAX)?)).unwrap();
        entries.into_iter().map(|(key, _)| key["k/".len()..].to_owned()).collect()
    }

    /// Runs `work` on many threads that start together. A first group is held back until all threads have joined the
    /// queue.
    fn together<T: Send>(group: &Group, threads: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
        let blocked = Arc::new(Barrier::new(2));
        let release = Arc::clone(&blocked);
        thread::scope(|scope| {
            let gate = scope.spawn(move || {
                let mut met = false;
                group.write("gate", move |_| {
                    // No request can join the group once it runs; the second meeting at the barrier ends it.
                    if !std::mem::replace(&mut met, true) {
                        release.wait();
                        release.wait();
                    }
                    Ok(())
                })
            });
            blocked.wait();
            let work = &work;
            let workers: Vec<_> = (0..threads).map(|n| scope.spawn(move || work(n))).collect();
            while group.lock().waiting.len() < threads {
                thread::yield_now();
            }
            blocked.wait();
            gate.join().unwrap().unwrap();
            workers.into_iter().map(|worker| worker.join().unwrap()).collect()
        })
    }

    #[test]
    fn requests_that_arrive_together_share_a_commit_and_run_in_name_order() {
        let memory = Arc::new(Memory::default());
        let group = Group::new(Arc::clone(&memory) as Arc<dyn Store>);
        let positions = together(&group, 64, |n| {
            // Threads start in one order, names sort in the other.
            let name = format!("{:03}", 63 - n);
            group.write(&name.clone(), move |tx| append(tx, &name)).unwrap()
        });
        assert_eq!(positions, (0..64).rev().collect::<Vec<_>>());
        assert_eq!(memory.commits(), 1);
    }

    #[test]
    fn threads_without_a_gate_need_far_fewer_commits_than_requests() {
        let memory = Arc::new(Memory::default());
        let group = Group::new(Arc::clone(&memory) as Arc<dyn Store>);
        thread::scope(|scope| {
            for thread in 0..64 {
                let group = &group;
                scope.spawn(move || {
                    for n in 0..10 {
                        let name = format!("{thread:02}-{n}");
                        group.write(&name.clone(), move |tx| append(tx, &name)).unwrap();
                    }
                });
            }
        });
        assert_eq!(keys(&group).len(), 640);
        assert!(memory.commits() <= 160, "{} commits for 640 requests", memory.commits());
    }

    #[test]
    fn a_caller_that_is_alone_several_times_in_a_row_does_not_wait() {
        let group = Group::new(Arc::new(Memory::default()));
        let write = |n: u32| group.write(&n.to_string(), move |tx| append(tx, &n.to_string())).unwrap();
        assert!(group.lock().expects_company());
        for n in 0..LONELY_GROUPS {
            write(n);
        }
        // If this test was held up, the group would expect other requests again.
        group.lock().done_at = Some(Instant::now() + IDLE);
        assert!(!group.lock().expects_company());
        group.lock().done_at = Instant::now().checked_sub(2 * IDLE);
        assert!(group.lock().expects_company(), "after a pause");
        together(&group, 2, |n| write(100 + u32::try_from(n).unwrap()));
        group.lock().done_at = Some(Instant::now() + IDLE);
        assert!(group.lock().expects_company(), "two came together");
    }

    #[test]
    fn a_group_has_at_most_256_members() {
        let memory = Arc::new(Memory::default());
        let group = Group::new(Arc::clone(&memory) as Arc<dyn Store>);
        together(&group, 300, |n| group.write(&n.to_string(), move |tx| append(tx, &n.to_string())).unwrap());
        assert_eq!(keys(&group).len(), 300);
        assert_eq!(memory.commits(), 2);
    }

    #[test]
    fn an_error_rolls_back_its_own_writes_only() {
        let group = Group::new(Arc::new(Memory::default()));
        let outcomes = together(&group, 9, |n| {
            group.write(&n.to_string(), move |tx| {
                append(tx, &n.to_string())?;
                if n % 3 == 0 { Err(not_found(&n.to_string())) } else { Ok(n) }
            })
        });
        for (n, outcome) in outcomes.into_iter().enumerate() {
            assert_eq!(outcome, if n % 3 == 0 { Err(not_found(&n.to_string())) } else { Ok(n) });
        }
        assert_eq!(keys(&group), ["1", "2", "4", "5", "7", "8"]);
    }

    #[test]
    fn a_panic_reaches_its_caller_only() {
        let group = Group::new(Arc::new(Memory::default()));
        let outcomes = together(&group, 8, |n| {
            catch_unwind(AssertUnwindSafe(|| {
                group.write(&n.to_string(), move |tx| {
                    append(tx, &n.to_string())?;
                    assert_ne!(n, 3, "as asked");
                    Ok(n)
                })
            }))
        });
        for (n, outcome) in outcomes.into_iter().enumerate() {
            assert_eq!(outcome.ok(), (n != 3).then_some(Ok(n)));
        }
        assert_eq!(keys(&group), ["0", "1", "2", "4", "5", "6", "7"]);
        assert_eq!(group.write("after", |tx| append(tx, "after")), Ok(7));
    }

    #[test]
    fn when_the_store_fails_every_member_gets_the_error() {
        for (fault, kept) in [(Fault::DoneButUncertain, 4), (Fault::NotDoneButUncertain, 0), (Fault::Lost(2), 0)] {
            // The first entry is for the gate.
            let group = Group::new(Arc::new(Faulty::script(Arc::new(Memory::default()), [Fault::None, fault])));
            let outcomes = together(&group, 4, |n| group.write(&n.to_string(), move |tx| append(tx, &n.to_string())));
            for outcome in outcomes {
                let told = matches!(
                    (&outcome, fault),
                    (Err(Error::Store(store::Error::Unavailable(_))), Fault::Lost(_))
                        | (Err(Error::Store(store::Error::Uncertain(_))), Fault::DoneButUncertain)
                        | (Err(Error::Store(store::Error::Uncertain(_))), Fault::NotDoneButUncertain)
                );
                assert!(told, "{fault:?}: {outcome:?}");
            }
            assert_eq!(keys(&group).len(), kept, "{fault:?}");
        }
    }

    #[test]
    fn a_conflict_runs_the_bodies_again_and_the_last_run_counts() {
        let group = Group::new(Arc::new(Faulty::script(Arc::new(Memory::default()), [Fault::Conflict])));
        let runs = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&runs);
        let last = group.write("a", move |tx| {
            append(tx, "a")?;
            Ok(counted.fetch_add(1, Ordering::Relaxed) + 1)
        });
        assert_eq!(last, Ok(2));
        assert_eq!(keys(&group), ["a"]);
    }

    #[test]
    fn damage_that_one_request_meets_fails_that_request_only() {
        let group = Group::new(Arc::new(Memory::default()));
        let damage = Error::Store(store::Error::Corrupt("one record".to_owned()));
        let outcomes = together(&group, 3, |n| {
            let damage = damage.clone();
            group.write(&n.to_string(), move |tx| {
                append(tx, &n.to_string())?;
                if n == 1 { Err(damage.clone()) } else { Ok(n) }
            })
        });
        assert_eq!(outcomes, [Ok(0), Err(damage.clone()), Ok(2)]);
        assert_eq!(keys(&group), ["0", "2"]);
    }

    #[test]
    fn requests_that_write_nothing_do_not_commit() {
        let memory = Arc::new(Memory::default());
        let group = Group::new(Arc::clone(&memory) as Arc<dyn Store>);
        assert_eq!(group.write("a", |tx| Ok(tx.get("k/a")?)), Ok(None));
        assert_eq!(memory.commits(), 0);
    }
}
