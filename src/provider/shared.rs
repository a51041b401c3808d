//! What all resources and data sources share once the provider is configured.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use crate::backend::Ipam;
use crate::ipam::Error;
use crate::store;
use crate::tf::{Diagnostic, Diagnostics, Stop};

use super::changes::Changes;
use super::hand_over::Queue;
use super::on_missing::OnMissing;
use super::session::Session;
use super::tags::Defaults;

/// The configured provider.
pub(super) struct Configured {
    /// Where addresses are kept.
    pub(super) ipam: Arc<dyn Ipam>,
    /// How long plans hold what they show; zero: they hold nothing.
    pub(super) plan_hold: Duration,
    /// Added to every object's tags. Values may be unknown while Terraform plans.
    pub(super) default_tags: Defaults,
    /// What becomes of an object that the store does not have.
    pub(super) on_missing: OnMissing,
}

enum Setup {
    NotYet,
    /// The configuration depends on values that are known only after apply.
    Unknown,
    Done(Arc<Configured>),
}

/// Shared by everything the provider offers.
pub(super) struct Shared {
    setup: RwLock<Setup>,
    /// What this process has learnt about the configuration it serves.
    pub(super) session: Session,
    /// What the plans of this walk change about pools.
    pub(super) changes: Changes,
    /// New objects that wait for the block of another one.
    pub(super) queue: Queue,
    /// How long a resource waits for another one of the same configuration: to be read, to give up a name, to go.
    pub(super) sibling_wait: Duration,
}

const SIBLING_WAIT: Duration = Duration::from_secs(3);
/// Before an operation is tried again.
const AGAIN: Duration = Duration::from_millis(100);

impl Default for Shared {
    fn default() -> Self {
        Self {
            setup: RwLock::new(Setup::NotYet),
            session: Session::default(),
            changes: Changes::default(),
            queue: Queue::default(),
            sibling_wait: SIBLING_WAIT,
        }
    }
}

impl Shared {
    /// Takes the configuration over; `None` when it is not wholly known.
    pub(super) fn configure(&self, configured: Option<Configured>) {
        self.session.forget();
        self.changes.forget();
        let setup = configured.map_or(Setup::Unknown, |configured| Setup::Done(Arc::new(configured)));
        *self.setup.write().unwrap_or_else(PoisonError::into_inner) = setup;
    }

    /// The configuration, `None` while it depends on unknown values.
    ///
    /// # Errors
    /// When Terraform has not configured the provider.
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
    /// When there is none, or it depends on values that are not known yet.
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

    /// Terraform is done in order, so that it has taken up every answer: what was made is in its state. Best effort:
    /// otherwise the next refresh says the same.
    pub(super) fn finish(&self) {
        let Ok(Some(configured)) = self.configured() else { return };
        if let Err(error) = configured.ipam.confirm_all(&self.session.all_made()) {
            tracing::debug!(?error, "not confirmed");
        }
    }

    /// Where addresses are kept.
    ///
    /// # Errors
    /// See [`Shared::ready`].
    pub(super) fn ipam(&self) -> Result<Arc<dyn Ipam>, Diagnostics> {
        Ok(Arc::clone(&self.ready()?.ipam))
    }

    /// The service that keeps addresses, in words; `None` when it is a store of our own.
    pub(super) fn service(&self) -> Option<String> {
        let ipam = self.ipam().ok()?;
        ipam.service().map(|_| ipam.describe())
    }
}

/// Runs `work` again while the store is busy or not done, until `timeout` has passed or the user wants to stop.
///
/// # Errors
/// What `work` answered last.
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
            answer => return answer,
        }
    }
}

/// Runs a deletion, or a change that gives space up, again, as [`within`] does, and also while something is still inside that may go in the same apply:
/// Terraform destroys at once whatever does not refer to each other. Contents that stay the same for `sibling_wait` stay.
///
/// # Errors
/// What `work` answered last.
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
            Err(error @ (Error::InUse { .. } | Error::Across { .. })) => error,
            answer => return answer,
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
    fn what_goes_in_the_same_apply_is_waited_for() {
        // Longer than the wait in all, and something goes each time.
        let (outcome, asked) = delete(|asked| if asked < 8 { Err(in_use(8 - asked)) } else { Ok(()) });
        assert_eq!((outcome, asked), (Ok(()), 8));
    }

    #[test]
    fn what_stays_is_told_before_long() {
        let began = Instant::now();
        let (outcome, asked) = delete(|_| Err(in_use(1)));
        assert_eq!(outcome, Err(in_use(1)));
        assert!(asked > 1 && began.elapsed() >= SIBLING_WAIT, "{asked} in {:?}", began.elapsed());
    }
}
