//! Discoveries in a self-managed store: stores sightings, and compares them with the allocations of pools.
//!
//! A discovery names the targets to scan. The scan of one target (an account in a Region) returns a sample, which
//! replaces the previous sightings of the discovery at that target. Sightings never change free space, sums or the
//! chain of events. Discoveries and treatments do write events, and so do the allocations that are imported from
//! sightings.
//!
//! | module | contents |
//! |---|---|
//! | `types`, `enums`, `columns` | data types: what a discovery scans, what a scan returns, answers |
//! | `stored` | stored results of samples, and every entry that follows from them |
//! | `discoveries`, `treated`, `treatments` | the objects of a configuration |
//! | `sample` | the differences that a sample makes in the store |
//! | `exclusion`, `vpc_pools` | blocks that allocations by size avoid; pools that divide the space of an existing VPC |
//! | `listing` | lists of sightings |
//! | `forest`, `evaluation`, `evaluate`, `overlaps`, `usage` | comparison of sightings with pools: management, compliance, overlap, usage |
//! | `reconcile` | allocations that are imported and released automatically |
//! | `unallocated` | blocks that no allocation covers, and the pools in which one can |
//! | `past` | past sightings of a block |
//! | `faults` | faults among these entries, for the audit |

pub(super) mod columns;
mod discoveries;
mod enums;
mod evaluate;
mod evaluation;
pub(super) mod exclusion;
mod faults;
mod forest;
mod formats;
mod listing;
mod overlaps;
mod past;
mod reconcile;
mod sample;
pub(super) mod stored;
mod treated;
mod treatments;
pub mod types;
mod unallocated;
mod usage;
pub(super) mod vpc_pools;

pub(super) use exclusion::{Avoided, outermost};
pub(super) use faults::of as faults;
pub use reconcile::{Reconciled, Skip, Skipped, id_in_name};
pub(super) use sample::seen_head;
pub use sample::{Forgotten, SampleChanges};
pub use stored::{Past, ScannedTarget, SeenAddress, Sighted};
pub(super) use stored::{Stored, entries_of_address, entries_of_past, entries_of_sighted, entries_of_target};
pub use treated::{Treated, Treatment};
pub use unallocated::{NoPlace, Unallocated, Unplaced};
