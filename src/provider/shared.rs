//! What all resources and data sources share once the provider is configured.

use std::sync::{Arc, PoisonError, RwLock};

use crate::backend::Ipam;
use crate::tf::{Diagnostic, Diagnostics};

/// Shared by everything the provider offers.
#[derive(Default)]
pub struct Shared {
    ipam: RwLock<Option<Arc<dyn Ipam>>>,
}

impl Shared {
    /// Takes the configuration over.
    pub fn configure(&self, ipam: Arc<dyn Ipam>) {
        *self.ipam.write().unwrap_or_else(PoisonError::into_inner) = Some(ipam);
    }

    /// Where addresses are kept.
    ///
    /// # Errors
    /// When the provider is not configured.
    pub fn ipam(&self) -> Result<Arc<dyn Ipam>, Diagnostics> {
        self.ipam.read().unwrap_or_else(PoisonError::into_inner).clone().ok_or_else(|| {
            Diagnostic::error("The provider is not configured", "Terraform asked for data before it configured it.")
                .into()
        })
    }
}
