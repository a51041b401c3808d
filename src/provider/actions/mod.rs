//! The actions: one file each, and one line in [`all`].
//!
//! An action runs in the apply of a configuration that its author controls, with the rights of the user who applies it. Its
//! messages go into logs, so they name files and objects, and never quote what is in a file.

mod attended;
mod backup;
mod discover;
mod release_holds;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::tf::ErasedAction;

use super::shared::Shared;

/// All actions.
pub(super) fn all(shared: &Arc<Shared>) -> Vec<Box<dyn ErasedAction>> {
    vec![
        Box::new(backup::BackupAction(Arc::clone(shared))),
        Box::new(discover::DiscoverAction(Arc::clone(shared))),
        Box::new(release_holds::ReleaseHoldsAction(Arc::clone(shared))),
    ]
}
