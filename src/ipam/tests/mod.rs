//! Tests of the core through its public operations.

mod allocations;
mod audit;
mod changes;
mod cost;
pub(crate) mod damage;
pub(crate) mod discovery;
mod forgetting;
mod history;
mod holds;
mod journal;
mod locales;
mod lookups;
mod model;
mod names;
mod notes;
mod planned_space;
mod planning_again;
mod pools;
mod runs;
pub(crate) mod simulation;
