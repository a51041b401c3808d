//! What all resources and data sources share once the provider is configured.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use crate::backend::Ipam;
use crate::ipam::{Error, Tags};
use crate::store;
use crate::tf::{Diagnostic, Diagnostics, Stop};

use super::session::Session;

/// The configured provider.
pub(super) struct Configured {
    /// Where addresses are kept.
    pub(super) ipam: Arc<dyn Ipam>,
    /// How long plans hold what they show; zero: they hold nothing.
    pub(super) plan_hold: Duration,
    /// Added to every object's tags.
    pub(super) default_tags: Tags,
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
    /// How long a resource waits for another one of the same configuration, to be read or to give up a name.
    pub(super) sibling_wait: Duration,
}

const SIBLING_WAIT: Duration = Duration::from_secs(3);

impl Default for Shared {
    fn default() -> Self {
        Self { setup: RwLock::new(Setup::NotYet), session: Session::default(), sibling_wait: SIBLING_WAIT }
    }
}

impl Shared {
    /// Takes the configuration over; `None` when it is not wholly known.
    pub(super) fn configure(&self, configured: Option<Configured>) {
        self.session.forget();
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
                std::thread::sleep(Duration::from_millis(100));
            }
            answer => return answer,
        }
    }
}
