//! All records of a store together: check, export and import, maintenance.

pub(super) mod check;
pub(super) mod dataset;
pub(super) mod import;
pub(super) mod invariants;
pub(super) mod maintenance;
