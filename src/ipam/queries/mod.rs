//! Answers from a snapshot, which change nothing.

pub(super) mod list;
pub(super) mod lookup;
pub(super) mod overview;
pub(super) mod utilization;
