//! Requests and responses of a plan and an apply, in terms of values.

use super::resource::{Private, Stop};
use super::{Diagnostics, Path, Value};

/// See [`super::Plan`].
#[derive(Debug)]
pub struct PlanRequest {
    /// Null for a new object.
    pub prior: Value,
    /// Null for an object to destroy. Otherwise only `config` and `prior` are used, because the lifecycle merges them by
    /// the same rules as Terraform.
    pub proposed: Value,
    /// The configuration as the user wrote it.
    pub config: Value,
    /// Private data of the prior state, or of the first half of a replacement.
    pub prior_private: Private,
    /// Private data of the first plan, if the client carries it.
    pub first_plan: Option<Private>,
    /// Whether the client carries planned private data.
    pub carries_private: bool,
    /// Whether this is the second plan, inside an apply.
    pub committing: bool,
}

impl PlanRequest {
    /// The response that changes nothing, with these diagnostics.
    pub(super) fn unchanged(&self, diagnostics: Diagnostics) -> PlanResponse {
        let (planned, private) = (self.prior.clone(), self.prior_private.clone());
        PlanResponse { planned, replace: Vec::new(), private, diagnostics }
    }
}

/// The result of a plan.
#[derive(Debug)]
pub struct PlanResponse {
    /// The planned object.
    pub planned: Value,
    /// Attributes whose change requires a new object.
    pub replace: Vec<Path>,
    /// Private data for apply.
    pub private: Private,
    /// Errors and warnings.
    pub diagnostics: Diagnostics,
}

/// See [`super::Apply`].
#[derive(Debug)]
pub struct ApplyRequest {
    /// Null for a new object.
    pub prior: Value,
    /// Null for an object to delete.
    pub planned: Value,
    /// The configuration as the user wrote it.
    pub config: Value,
    /// Private data of the plan.
    pub private: Private,
    /// The request to stop early.
    pub stop: Stop,
}

/// The result of an apply.
#[derive(Debug)]
pub struct ApplyResponse {
    /// The object after the apply.
    pub state: Value,
    /// Private data of the state.
    pub private: Private,
    /// Errors and warnings.
    pub diagnostics: Diagnostics,
}
