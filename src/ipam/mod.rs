//! The allocation core: scopes, pools, provisioned CIDRs, allocations, holds and events. All decisions are made in a
//! transaction of the store.
//!
//! The core is synchronous and deterministic: the clock, ids and randomness come in through [`Env`]. It accesses a
//! store only through [`crate::store::Snapshot`] and [`crate::store::Tx`]. It knows neither Terraform nor I/O.
//!
//! [`Reader`] answers queries from a snapshot; [`Ledger`] decides and writes in a transaction. A method of `Ledger`
//! that fails may have written a part of its changes, so the caller must drop the transaction.
//!
//! | module | contents |
//! |---|---|
//! | `cidr`, `record`, `request`, `error` | data types |
//! | `keys`, `codec` | layout of the store |
//! | `free`, `place` | buddy blocks; choice of the block for a request |
//! | `book` | writes a record together with everything that follows from it |
//! | `names`, `holds`, `reclaim` | owners of names; standing of a plan; reclaiming of expired holds |
//! | `scopes`, `pools`, `pool_change`, `pool_cidrs`, `allocations`, `resize` | the operations, by kind of object |
//! | `transfer`, `restore` | transfer of an object to another owner; restoration of objects that are in a state and not in the store |
//! | `counters`, `events`, `find`, `list`, `insight` | sums, history, look-ups |
//! | `overview`, `pool_tree` | pools with all data about them, from one snapshot; their paths |
//! | `mark`, `witness` | removal of old events, and what is kept of them; comparison of archives and store |
//! | `history`, `trends` | past tenures of blocks, and past utilization of pools, both from the events |
//! | `records`, `record_faults`, `journal`, `check` | all records, faults among them, entries that follow from them, comparison with the history; audit |
//! | `seen`, `discovery` | data types of discoveries; sightings in the store, and their comparison with pools |
//! | `moving`, `upkeep` | import of records into a store; reclaiming of all expired holds, census |

mod allocations;
pub mod blocks;
mod book;
mod check;
mod cidr;
mod codec;
mod counters;
mod declaring;
mod discovery;
mod dry_run;
mod error;
mod events;
mod find;
mod free;
mod given_up;
mod held;
mod history;
mod holds;
mod in_place;
mod in_the_way;
mod insight;
mod journal;
mod keys;
mod list;
mod locales;
mod mark;
mod moving;
mod names;
mod notes;
mod overview;
mod place;
mod planned_space;
mod pool_change;
mod pool_cidrs;
mod pool_tree;
mod pools;
mod reclaim;
mod record;
mod record_faults;
mod records;
mod regroup;
mod request;
mod resize;
mod restore;
mod run;
mod scopes;
pub mod seen;
mod special;
mod transfer;
mod trends;
mod upkeep;
mod view;
mod witness;
mod words;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
pub(crate) mod tests;

pub use allocations::{check_length, check_tags};
pub use cidr::{Cidr, Family, address};
pub use discovery::{
    Forgotten, Past, Place, Reconciled, SeenAddress, Sighted, Skip, Skipped, Taken, Treated, Treatment, Untreatable,
};
pub use dry_run::DryRun;
pub use error::{
    Error, Fault, KeptOff, LostHold, Occupant, Result, RuleName, SeenThere, Space, Unfinished, Unsupported,
};
pub use events::{ACTIONS, Chain, EventFilter, blocks as event_blocks};
pub use held::{Hold, HoldFilter, Released};
pub use history::{HistoryQuery, Match, Tenure};
pub use journal::Journal;
pub use mark::{Mark, Remembered, Remnant, Until};
pub use moving::{Format, Merge, Vacancy, event_entry};
pub use overview::{Overview, OverviewQuery, PoolChoice, PoolOverview, Review, ReviewQuery, ScopeChoice};
pub use pool_tree::PoolTree;
pub use pools::check_rules;
pub use record::*;
pub use records::{Item, Records, Tally};
pub use request::*;
pub use restore::Missing;
pub use run::{CurrentRun, Origin, Run};
pub use scopes::NO_OWNER;
pub use seen::Discovery;
pub use special::*;
pub use transfer::{Staying, Transfer};
pub use trends::{Forecast, TrendPoint, forecast};
pub use upkeep::{Census, Collected};
pub use view::{Env, Ledger, Reader};
pub use witness::Witness;
pub(crate) use words::words;
pub use words::{Word, Words};
