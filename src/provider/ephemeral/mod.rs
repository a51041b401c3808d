//! The ephemeral resources: one file each, and one line in [`all`].

mod lease;

use std::sync::Arc;

use crate::tf::ErasedEphemeralResource;

use super::shared::Shared;

/// All ephemeral resources.
pub(super) fn all(shared: &Arc<Shared>) -> Vec<Box<dyn ErasedEphemeralResource>> {
    vec![Box::new(lease::Lease(Arc::clone(shared)))]
}
