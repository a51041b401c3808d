//! What was seen in accounts, kept in a store of our own, and compared there with what pools have given out.
//!
//! A discovery says where to look. A look at one account in one Region is a sample, which replaces what the discovery
//! knew of that place. Sightings never touch free space, sums or the chain of events; discoveries and treatments do
//! write events, and so do the allocations that are imported from what was seen.
//!
//! | module | what |
//! |---|---|
//! | `kept` | what is kept of a sample, and every entry that follows from it |
//! | `discoveries`, `treatments` | the nouns that a configuration has |
//! | `sample` | from a look to the differences that it makes |
//! | `avoid`, `planned` | which blocks allocations by size keep off; pools that plan a live VPC |
//! | `listing` | what was seen, as it was seen |
//! | `forest`, `evaluate`, `overlaps`, `usage` | what was seen compared with pools: management, compliance, overlap, use |
//! | `reconcile` | allocations that are imported and released by themselves |
//! | `past` | who had a block when |
//! | `faults` | what can be wrong among all that, for the audit |

mod avoid;
mod discoveries;
mod evaluate;
mod faults;
mod forest;
mod kept;
mod listing;
mod overlaps;
mod past;
mod planned;
mod reconcile;
mod sample;
mod treatments;
mod usage;

pub(super) use avoid::{Avoided, outermost};
pub(super) use faults::of as faults;
pub(super) use kept::{Kept, entries_of_address, entries_of_past, entries_of_place, entries_of_sighted};
pub use kept::{Past, Place, SeenAddress, Sighted};
pub use reconcile::{Reconciled, Skip, Skipped};
pub(super) use sample::seen_head;
pub use sample::{Forgotten, Taken};
pub use treatments::{Treated, Treatment, Untreatable};
