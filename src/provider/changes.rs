//! What the plans of one walk change about pools, for what is planned after them: Terraform plans a pool before what
//! refers to it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::resources::Followed;

/// Memory of one walk: forgotten when the provider is configured anew.
#[derive(Debug, Default)]
pub(super) struct Changes(Mutex<HashMap<String, PoolAfter>>);

/// What a pool is going to be, where that differs from what the store says.
#[derive(Clone, Debug, Default)]
struct PoolAfter {
    locale: Option<Followed>,
}

impl Changes {
    fn pools(&self) -> MutexGuard<'_, HashMap<String, PoolAfter>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn forget(&self) {
        self.pools().clear();
    }

    /// A plan of this walk gives the pool this locale.
    pub(super) fn plan_locale(&self, pool_id: &str, locale: Followed) {
        self.pools().entry(pool_id.to_owned()).or_default().locale = Some(locale);
    }

    /// The locale that a plan of this walk gives the pool.
    pub(super) fn planned_locale(&self, pool_id: &str) -> Option<Followed> {
        self.pools().get(pool_id)?.locale.clone()
    }
}
