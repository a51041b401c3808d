//! The operations of a self-managed store for its administrators.

use std::io::Write;

use crate::backend::administration::{Administration, Exported, Progress, ReleasedHolds, Stopped};
use crate::backend::local::{Progress as ScanProgress, Scans};
use crate::backend::{Local, Result};
use crate::ipam::{Hold, HoldFilter};

impl Administration for Local {
    fn discover(&self, which: Option<&str>, progress: ScanProgress<'_>) -> Result<Scans> {
        Self::discover(self, which, progress)
    }

    fn list_holds(&self, filter: &HoldFilter) -> Result<Vec<Hold>> {
        Self::list_holds(self, filter)
    }

    fn release_holds(&self, filter: &HoldFilter) -> Result<ReleasedHolds> {
        Self::release_holds(self, filter)
    }

    fn export(&self, to: &mut dyn Write, progress: &mut Progress<'_>) -> std::result::Result<Exported, Stopped> {
        Self::export(self, to, progress)
    }
}
