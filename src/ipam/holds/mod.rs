//! What plans leave in a store: holds and notes, and when they give way.

pub(super) mod declaring;
pub(super) mod exhausted;
pub(super) mod explicit_first;
pub(super) mod given_up;
pub(super) mod lapse;
pub(super) mod lease;
pub(super) mod list;
pub(super) mod notes;
pub(super) mod planned_space;
pub(super) mod precedence;
pub(super) mod reclaim;
pub(super) mod replacement;
pub(super) mod rest;
pub(super) mod standing;
