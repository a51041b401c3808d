//! The allocation core: scopes, pools, provisioned CIDRs, allocations, holds, events, decided on a transaction.
//!
//! Synchronous and deterministic: the clock, ids and randomness come in through [`Env`]. Of a store it sees
//! only [`crate::store::Tx`]. It knows neither Terraform nor I/O.

pub mod blocks;
mod cidr;
mod error;
mod record;

pub use cidr::{Cidr, Family, address};
pub use error::{Error, Occupant, RuleName};
pub use record::*;
