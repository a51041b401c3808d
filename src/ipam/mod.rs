//! The allocation core: scopes, pools, provisioned CIDRs, allocations, holds, events, decided on a transaction.
//!
//! Synchronous and deterministic: the clock, ids and randomness come in through [`Env`]. Of a store it sees
//! only [`crate::store::Snapshot`] and [`crate::store::Tx`]. It knows neither Terraform nor I/O.
//!
//! [`Reader`] answers questions from a snapshot; [`Ledger`] decides and writes in a transaction. A method of
//! `Ledger` that fails may have written half of what it meant to: whoever runs it drops the transaction then.
//!
//! | module | what |
//! |---|---|
//! | `cidr`, `record`, `request`, `error` | the nouns |
//! | `keys`, `codec` | layout of the store |
//! | `free`, `place` | buddy blocks; which block a request gets |
//! | `book` | writes a record together with everything that follows from it |
//! | `names`, `holds`, `reclaim` | who has a name; standing of a plan; taking expired holds back |
//! | `scopes`, `pools`, `pool_change`, `pool_cidrs`, `allocations`, `resize` | the operations, by noun |
//! | `transfer`, `restore` | giving an object to another owner; bringing back what a state knows and the store does not |
//! | `counters`, `events`, `find`, `list`, `insight` | sums, history, look-ups |
//! | `mark`, `witness` | forgetting the beginning of the history, what is remembered of it; archives and store as one history |
//! | `history`, `trends` | who had which block when, and how full a pool was, told from the events |
//! | `records`, `record_faults`, `journal`, `check` | all records, what is wrong among them, what follows from them, what the history says of them; audit |
//! | `seen`, `discovery` | what was seen in accounts: the nouns; what is kept of it, compared with pools |
//! | `moving`, `upkeep` | bringing records into a store; taking back all expired holds, counting |

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
mod place;
mod planned_space;
mod pool_change;
mod pool_cidrs;
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
pub use pools::check_rules;
pub use record::*;
pub use records::{Item, Records, Tally};
pub use request::*;
pub use restore::Missing;
pub use run::{CurrentRun, Origin, Run};
pub use scopes::NOBODY;
pub use seen::Discovery;
pub use special::*;
pub use transfer::{Staying, Transfer};
pub use trends::{Forecast, TrendPoint, forecast};
pub use upkeep::{Census, Collected};
pub use view::{Env, Ledger, Reader};
pub use witness::Witness;
pub(crate) use words::words;
pub use words::{Word, Words};
