//! Tests of the core through its public operations.

mod allocations;
mod audit;
mod changes;
mod cost;
pub(crate) mod damage;
mod declaring;
pub(crate) mod discovery;
mod forgetting;
mod given_up;
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
mod restore;
mod runs;
mod sets;
pub(crate) mod simulation;
mod transfer;
