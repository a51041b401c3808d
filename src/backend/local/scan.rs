//! The results of the scans of discoveries.

use super::super::observation::Failure;
use crate::ipam::discovery::types::Discovery;
use crate::ipam::{Error, Reconciled, Result, SampleChanges};

/// An account and a Region; for a file, those that its lines name.
pub(super) type TargetName = (String, String);

/// The result of the scans of [`crate::backend::Local::discover`].
#[derive(Debug)]
pub struct Scans {
    /// The scan of each discovery, in the order of names.
    pub discoveries: Vec<DiscoveryScan>,
    /// The allocations that pools imported and released because of the scans.
    pub reconciled: Reconciled,
}

impl Scans {
    /// Whether every target was scanned.
    pub fn is_complete(&self) -> bool {
        self.discoveries.iter().all(DiscoveryScan::is_complete)
    }
}

/// The scan of one discovery.
#[derive(Debug)]
pub struct DiscoveryScan {
    pub discovery: Discovery,
    /// The reason why no account could be scanned.
    pub trouble: Option<Error>,
    /// Each target, in order.
    pub targets: Vec<TargetScan>,
    /// Targets that the discovery does not cover any more. The store forgot them and their sightings.
    pub forgotten: Vec<TargetName>,
    /// Parts of the files that were left out, a sentence for each.
    pub warnings: Vec<String>,
}

impl DiscoveryScan {
    /// Whether every target was scanned.
    pub fn is_complete(&self) -> bool {
        self.trouble.is_none() && self.targets.iter().all(|target| target.outcome.is_ok())
    }
}

/// The result of the scan of one target.
#[derive(Clone, Debug)]
pub struct TargetScan {
    pub account_id: String,
    pub region: String,
    pub outcome: Result<SightingCounts, Failure>,
    /// Whether the result is in the store. It is not when the settings of this process do not allow reading the file,
    /// because other processes may be allowed to.
    pub is_kept: bool,
}

/// The numbers of sightings of a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SightingCounts {
    pub resources: u64,
    pub addresses: u64,
    /// The numbers of sightings that are new, changed, and gone.
    pub changes: SampleChanges,
}

/// The progress of a scan: the number of targets that are done, and the number of all targets.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64);
