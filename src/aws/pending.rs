//! The requests that this process has sent to AWS, so that a repetition is not a second request.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use crate::backend::Noun;
use crate::ipam::{Error, Result};

use super::response::Refusal;
use super::wait::ObjectKind;

/// A new object: its kind, the object that contains it, and its name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct RequestKey {
    pub(super) kind: ObjectKind,
    pub(super) parent: String,
    pub(super) name: String,
}

impl RequestKey {
    pub(super) fn new(kind: ObjectKind, parent: &str, name: &str) -> Self {
        Self { kind, parent: parent.to_owned(), name: name.to_owned() }
    }
}

/// The data of this process about its requests.
#[derive(Debug, Default)]
pub(super) struct PendingRequests(Mutex<Requests>);

#[derive(Debug, Default)]
struct Requests {
    nonces: HashMap<RequestKey, u64>,
    begun: HashMap<RequestKey, String>,
    allocated: HashMap<String, Instant>,
    released: HashSet<String>,
    queues: HashMap<String, Arc<tokio::sync::Mutex<()>>>,
    locales: HashMap<String, Option<String>>,
}

impl PendingRequests {
    fn get(&self) -> MutexGuard<'_, Requests> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The client token by which AWS recognizes a repetition of the same request. It stays the same until the request was
    /// answered: a second object with the same name, after the first is deleted, is another request.
    pub(super) fn token(&self, key: &RequestKey) -> String {
        let nonce = *self.get().nonces.entry(key.clone()).or_insert_with(|| getrandom::u64().unwrap_or_default());
        let mut hash = Sha256::new();
        for part in [key.kind.word, &key.parent, &key.name, &format!("{nonce:016x}")] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        hash.finalize().iter().take(20).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Records that the request was answered, so that the next request gets another token.
    pub(super) fn answered<T>(&self, key: &RequestKey, answer: &Result<T, Refusal>) {
        let is_over = answer.as_ref().err().is_none_or(Refusal::is_certain);
        if is_over {
            self.get().nonces.remove(key);
        }
    }

    /// Records that AWS has accepted the request under this ID and is processing it.
    pub(super) fn begin(&self, key: &RequestKey, id: &str) {
        self.get().begun.insert(key.clone(), id.to_owned());
    }

    /// The ID under which AWS is processing the request.
    pub(super) fn begun(&self, key: &RequestKey) -> Option<String> {
        self.get().begun.get(key).cloned()
    }

    /// Records the result of the request. A request that AWS is still processing is kept.
    pub(super) fn finished<T>(&self, key: &RequestKey, result: &Result<T>) {
        if !matches!(result, Err(Error::Pending(_))) {
            self.get().begun.remove(key);
        }
    }

    /// Creates an object once: a repeated call, after [`Error::Pending`] or a lost answer, continues the same creation.
    /// `begin` requests the object with a client token and returns its ID. `finish` waits until the object can be used.
    pub(super) async fn create_once<N: Noun, Begun>(
        &self,
        parent: &str,
        name: &str,
        begin: impl FnOnce(String) -> Begun,
        finish: impl AsyncFnOnce(String) -> Result<N::Record>,
    ) -> Result<N::Record>
    where
        Begun: Future<Output = Result<String, Refusal>>,
    {
        let key = RequestKey::new(ObjectKind::of::<N>(), parent, name);
        let queue = self.queue(parent);
        let guard = queue.lock().await;
        let id = match self.begun(&key) {
            Some(id) => id,
            None => {
                let answer = begin(self.token(&key)).await;
                self.answered(&key, &answer);
                let id = answer?;
                self.begin(&key, &id);
                id
            }
        };
        drop(guard);
        let made = finish(id).await;
        self.finished(&key, &made);
        made
    }

    /// Records that this process allocated the block just now. Reads may not find it yet.
    pub(super) fn allocated(&self, id: &str) {
        self.get().allocated.insert(id.to_owned(), Instant::now());
    }

    pub(super) fn released(&self, id: &str) {
        let mut requests = self.get();
        requests.allocated.remove(id);
        requests.released.insert(id.to_owned());
    }

    /// Whether this process released the allocation, which AWS removes later.
    pub(super) fn is_released(&self, id: &str) -> bool {
        self.get().released.contains(id)
    }

    /// The time until which reads may not find the allocation yet.
    pub(super) fn unseen_until(&self, id: &str, lag: Duration) -> Option<Instant> {
        self.get().allocated.get(id).map(|at| *at + lag)
    }

    /// The lock for changes inside `parent`, which are made one at a time.
    pub(super) fn queue(&self, parent: &str) -> Arc<tokio::sync::Mutex<()>> {
        Arc::clone(self.get().queues.entry(parent.to_owned()).or_default())
    }

    /// The locale of a pool, which never changes: `Some(None)` for a pool without one.
    pub(super) fn locale(&self, pool_id: &str) -> Option<Option<String>> {
        self.get().locales.get(pool_id).cloned()
    }

    pub(super) fn has_locale(&self, pool_id: &str, locale: Option<&str>) {
        self.get().locales.insert(pool_id.to_owned(), locale.map(str::to_owned));
    }
}

/// Distinguishes two equal requests of one configuration where AWS does not require unique names: a repeated operation
/// runs on the same thread, and another operation at the same time does not.
pub(super) fn request_name(spec: &impl std::fmt::Debug) -> String {
    format!("{:?} {spec:?}", std::thread::current().id())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::response::fault;
    use crate::ipam::Kind;

    #[test]
    fn a_token_stays_the_same_until_the_request_was_answered() {
        let pending = PendingRequests::default();
        let key = RequestKey::new(Kind::Allocation.into(), "ipam-pool-1", "web");
        let first = pending.token(&key);
        assert_eq!(pending.token(&key), first);
        assert_ne!(pending.token(&RequestKey::new(Kind::Allocation.into(), "ipam-pool-2", "web")), first);
        pending.answered(&key, &Ok(()));
        let second = pending.token(&key);
        assert_ne!(second, first);
        pending.answered::<()>(&key, &Err(fault("AllocateIpamPoolCidr", "InvalidParameterValue", "no")));
        assert_ne!(pending.token(&key), second);
    }

    #[test]
    fn tokens_of_another_process_are_different() {
        let key = RequestKey::new(Kind::Pool.into(), "ipam-scope-1", "top");
        assert_ne!(PendingRequests::default().token(&key), PendingRequests::default().token(&key));
    }
}
