//! [`Scout`]: scans AWS accounts for a self-managed store.

use crate::ipam::Result;
use crate::ipam::discovery::types::{Sample, Survey};

/// Scans accounts. Calls block.
pub trait Scout: Send + Sync {
    /// Scans every account and Region that `survey` names (but not its files), several at a time. `found` gets the
    /// progress, and each sample as soon as it is there. An account or Region that cannot be scanned is a sample with a
    /// failure, and the others go on. When `found` answers an error, the scan ends with that error.
    ///
    /// # Errors
    /// When there are no credentials to scan with at all; the error of `found`.
    fn scan(&self, survey: &Survey, found: &mut dyn FnMut(Step) -> Result<()>) -> Result<()>;
}

/// The progress of a scan.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// The number of targets, which are pairs of account and Region, that will be scanned. Comes first, once.
    Targets(usize),
    /// One target was scanned.
    Done(Sample),
}
