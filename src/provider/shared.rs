//! The configured provider and the knowledge that all resources and data sources share.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use crate::backend::{Holds, Ipam};
use crate::ipam::{AddressError, AddressFault, Error};
use crate::store;
use crate::tf::{Diagnostic, Diagnostics, Stop};

use super::changes::Changes;
use super::leases::Leases;
use super::on_missing::OnMissing;
use super::queue::Queue;
use super::session::Session;
use super::tags::Defaults;

/// The configured provider.
pub(super) struct Configured {
    /// The store or the service that keeps the addresses.
    pub(super) ipam: Arc<dyn Ipam>,
    /// How long plans hold the values that they show; zero means that plans hold nothing.
    pub(super) plan_hold: Duration,
    /// Tags that are added to those of every object. Their values may be unknown while Terraform plans.
    pub(super) default_tags: Defaults,
    /// The treatment of an object that is in the state and not in the store.
    pub(super) on_missing: OnMissing,
}

impl Configured {
    /// The holds of plans; `None` where plans hold nothing.
    pub(super) fn holds(&self) -> Option<&dyn Holds> {
        self.ipam.holds().filter(|_| !self.plan_hold.is_zero())
    }
}

enum Setup {
    NotYet,
    /// The configuration depends on values that are known only after apply.
    Unknown,
    Done(Arc<Configured>),
}

/// The data that all resources, data sources and functions of the provider share.
pub(super) struct Shared {
    setup: RwLock<Setup>,
    /// The knowledge of this process about the configuration that it serves.
    pub(super) session: Session,
    /// The changes to pools that the plans of this walk make.
    pub(super) changes: Changes,
    /// The leases that this process has open.
    pub(super) leases: Leases,
    /// New objects that wait for the block of another object.
    pub(super) queue: Queue,
    /// How long a resource waits for another resource of the same configuration: for its read, the release of its name,
    /// or its deletion.
    pub(super) sibling_wait: Duration,
}

const SIBLING_WAIT: Duration = Duration::from_secs(3);
/// Pause before an operation is tried again.
const AGAIN: Duration = Duration::from_millis(100);

impl Default for Shared {
    fn default() -> Self {
        Self {
            setup: RwLock::new(Setup::NotYet),
            session: Session::default(),
            changes: Changes::default(),
            leases: Leases::default(),
            queue: Queue::default(),
            sibling_wait: SIBLING_WAIT,
        }
    }
}

impl Shared {
    /// Sets the configuration; `None` if parts of it are unknown.
    pub(super) fn configure(&self, configured: Option<Configured>) {
        self.session.forget();
        self.changes.forget();
        let setup = configured.map_or(Setup::Unknown, |configured| Setup::Done(Arc::new(configured)));
        *self.setup.write().unwrap_or_else(PoisonError::into_inner) = setup;
    }

    /// The configuration; `None` while it depends on unknown values.
    ///
    /// # Errors
    /// Fails if Terraform has not configured the provider.
    pub(super) fn configured(&self) -> Result<Option<Arc<Configured>>, Diagnostics> {
        match &*self.setup.read().unwrap_or_else(PoisonError::into_inner) {
            Setup::NotYet => Err(Diagnostic::error(
                "The provider is not configured",
                "Terraform asked for an object before it configured the provider. This is a bug: please report it.",
            )
            .into()),
            Setup::Unknown => Ok(None),
            Setup::Done(configured) => Ok(Some(Arc::clone(configured))),
        }
    }

    /// The configuration.
    ///
    /// # Errors
    /// Fails if the provider is not configured, or if its configuration depends on values that are not known yet.
    pub(super) fn ready(&self) -> Result<Arc<Configured>, Diagnostics> {
        self.configured()?.ok_or_else(|| {
            Diagnostic::error(
                "The provider configuration is not known yet",
                "An argument of the provider block depends on something that is known only after apply. Apply that \
                 first (terraform apply -target=...), or write the value out.",
            )
            .into()
        })
    }

    /// Marks all objects that this process created as present in a state, and ends the leases that Terraform has not
    /// closed. Terraform has finished in order, so it has received every answer. Failures are only logged: the next
    /// refresh marks the objects as well, and leases end by themselves.
    pub(super) fn finish(&self) {
        let Ok(Some(configured)) = self.configured() else { return };
        let confirmed = configured.ipam.holds().map(|holds| holds.confirm_all(&self.session.all_made()));
        if let Some(Err(error)) = confirmed {
            tracing::debug!(?error, "not confirmed");
        }
        for id in self.leases.take() {
            if let Some(Err(error)) = configured.ipam.holds().map(|holds| holds.close_lease(&id)) {
                tracing::debug!(id, ?error, "not released");
            }
        }
    }

    /// The store or the service that keeps the addresses.
    ///
    /// # Errors
    /// The same as those of [`Shared::ready`].
    pub(super) fn ipam(&self) -> Result<Arc<dyn Ipam>, Diagnostics> {
        Ok(Arc::clone(&self.ready()?.ipam))
    }

    /// The description of the service that keeps the addresses; `None` for a self-managed store.
    pub(super) fn service(&self) -> Option<String> {
        let ipam = self.ipam().ok()?;
        ipam.service().map(|_| ipam.describe())
    }
}

/// Repeats `work` while the store is busy or an operation is pending, until `timeout` has passed or the user interrupts
/// the run.
///
/// # Errors
/// The last error of `work`.
pub(super) fn within<T>(
    timeout: Duration,
    stop: &Stop,
    mut work: impl FnMut() -> Result<T, Error>,
) -> Result<T, Error> {
    let deadline = Instant::now() + timeout;
    loop {
        match work() {
            Err(Error::Store(store::Error::Busy(_)) | Error::Pending(_))
                if Instant::now() < deadline && !stop.is_requested() =>
            {
                std::thread::sleep(AGAIN);
            }
            result => return result,
        }
    }
}

/// Whether an object still has contents in the space that it gives up.
fn is_in_use(error: &Error) -> bool {
    let is_by_addresses = |error: &AddressError| matches!(error.fault, AddressFault::InUse { .. });
    match error {
        Error::InUse { .. } | Error::Across { .. } => true,
        Error::Addresses(error) => is_by_addresses(error),
        _ => false,
    }
}

/// Repeats a deletion, or a change that gives up space, as [`within`] does, and also while the object still has contents
/// that may be deleted in the same apply: Terraform deletes objects that do not refer to each other at the same time.
/// Gives up when the contents have not changed for `sibling_wait`.
///
/// # Errors
/// The last error of `work`.
pub(super) fn once_emptied<T>(
    (timeout, sibling_wait): (Duration, Duration),
    stop: &Stop,
    mut work: impl FnMut() -> Result<T, Error>,
) -> Result<T, Error> {
    let deadline = Instant::now() + timeout;
    let mut last: Option<(Error, Instant)> = None;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let error = match within(left, stop, &mut work) {
            Err(error) if is_in_use(&error) => error,
            result => return result,
        };
        let since = match last {
            Some((before, since)) if before == error => since,
            _ => Instant::now(),
        };
        if since.elapsed() >= sibling_wait || left.is_zero() || stop.is_requested() {
            return Err(error);
        }
        last = Some((error, since));
        std::thread::sleep(AGAIN);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipam::Kind;

    const SIBLING_WAIT: Duration = Duration::from_millis(300);

    fn in_use(more: u64) -> Error {
        Error::InUse { kind: Kind::PoolCidr, id: "c".into(), name: "c".into(), contents: Vec::new(), more }
    }

    fn delete(mut answers: impl FnMut(u64) -> Result<(), Error>) -> (Result<(), Error>, u64) {
        let mut asked = 0;
        let outcome = once_emptied((Duration::from_secs(60), SIBLING_WAIT), &Stop::default(), || {
            asked += 1;
            answers(asked)
        });
        (outcome, asked)
    }

    #[test]
    fn contents_that_the_same_apply_deletes_are_waited_for() {
        // The deletions take longer in total than the wait, but each attempt finds fewer contents.
        let (outcome, asked) = delete(|asked| if asked < 8 { Err(in_use(8 - asked)) } else { Ok(()) });
        assert_eq!((outcome, asked), (Ok(()), 8));
    }

    #[test]
    fn contents_that_stay_are_reported_soon() {
        let began = Instant::now();
        let (outcome, asked) = delete(|_| Err(in_use(1)));
        assert_eq!(outcome, Err(in_use(1)));
        assert!(asked > 1 && began.elapsed() >= SIBLING_WAIT, "{asked} in {:?}", began.elapsed());
    }
}
