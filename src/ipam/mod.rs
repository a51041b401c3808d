//! The allocation core: scopes, pools, provisioned CIDRs, allocations, holds and events. All decisions are made in a
//! transaction of the store.
//!
//! The core is synchronous and deterministic: the clock, ids and randomness come in through [`Env`]. It accesses a
//! store only through [`crate::store::Snapshot`] and [`crate::store::Tx`]. It knows neither Terraform nor I/O.
//!
//! [`Reader`] answers queries from a snapshot; [`Ledger`] decides and writes in a transaction. A method of `Ledger`
//! that fails may have written a part of its changes, so the caller must drop the transaction.
//!
//! | room | contents | invariant |
//! |---|---|---|
//! | `model` | objects, requests, errors, events | plain data: no store, no decision |
//! | `storage` | keys, encoding, the entries that follow from a record, names, sums | a key is built nowhere else; a record and its entries are written together |
//! | `space` | arithmetic of blocks, free blocks of a pool, choice of a block | free blocks are aligned, disjoint and as large as possible |
//! | `operations` | what can be done to scopes, pools, CIDRs and allocations | every change appends an event in the same transaction |
//! | `holds` | what plans leave, when it gives way, what waits for space | a hold of another owner stays until it expires |
//! | `queries` | look-ups, lists, utilization, overview | a query writes nothing, and costs what it returns |
//! | `history` | the chain of events, tenures, trends, removal of old events | what is kept can be verified, whatever was removed |
//! | `audit` | all records together: check, import, maintenance | the audit trusts no entry of the store |
//! | `discovery` | sightings: stored, compared with pools, imported | a sighting changes no free space and no sum |

mod audit;
pub mod discovery;
mod history;
mod holds;
mod model;
mod operations;
mod queries;
mod space;
mod storage;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
pub(crate) mod tests;

pub use audit::dataset::{Item, Records, Tally};
pub use audit::import::{Merge, Vacancy, event_entry};
pub use audit::maintenance::{Census, Collected};
pub use discovery::types::Discovery;
pub use discovery::{
    Forgotten, NoPlace, Past, Reconciled, SampleChanges, ScannedTarget, SeenAddress, Sighted, Skip, Skipped, Treated,
    Treatment, Unallocated, Unplaced,
};
pub use history::archive_proof::Witness;
pub use history::chain::Chain;
pub use history::journal::Journal;
pub use history::log::{EventFilter, blocks as event_blocks};
pub use history::mark::{Mark, Remembered, Until};
pub use history::tenure::{Remnant, Tenure};
pub use history::timeline::{HistoryQuery, Match};
pub use history::trends::{Forecast, TrendPoint, forecast};
pub use holds::list::{Hold, HoldFilter, Released};
pub use holds::rest::Resting;
pub use model::address_set::*;
pub use model::allocation::*;
pub use model::allocation_set::*;
pub use model::aws_only::*;
pub use model::candidates::*;
pub use model::cidr::{Cidr, Family, address};
pub use model::dual_stack::*;
pub use model::error::{
    Error, Exhausted, Fault, KeptOff, LostHold, NoPool, Occupant, OnlySelfManaged, Result, RuleName, SeenThere, Space,
    Staying, Unfinished, Unsupported, Untreatable,
};
pub use model::event::{ACTIONS, Actor, Event};
pub use model::lifetime::*;
pub use model::minimum::Minimum;
pub use model::object::*;
pub use model::pool::*;
pub use model::pool_cidr::*;
pub use model::pool_tree::PoolTree;
pub use model::request::*;
pub use model::run::{CurrentRun, Origin, Run};
pub use model::scope::*;
pub(crate) use model::text_enum::words;
pub use model::text_enum::{Word, Words};
pub use operations::allocation::{check_length, check_tags};
pub use operations::context::{Env, Ledger, Reader};
pub use operations::dry_run::DryRun;
pub use operations::lifetime::{Overdue, Stays};
pub use operations::pool_rules::check_rules;
pub use operations::restore::Missing;
pub use operations::transfer::Transfer;
pub use operations::unplanned::{Granted, answers};
pub use queries::overview::{
    Overview, OverviewQuery, PoolChoice, PoolOverview, Review, ReviewQuery, ScopeChoice, Trends,
};
pub use space::{blocks, relations};
pub use storage::format::Format;
