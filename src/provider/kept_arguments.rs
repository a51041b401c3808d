//! Arguments that a plan keeps because their new values are not known yet, see
//! [`tf::Resource::may_keep`](crate::tf::Resource::may_keep).
//!
//! The second plan, in the apply, has to know that the first one kept them. If the client reports which walk it is in, an
//! existing object is never replaced in the second walk: its replacement is planned as a new object there. For the other
//! clients, the plan leaves a note next to the object in the store. A refresh in the same process proves that this is the
//! user's plan, which may replace the object. Without a refresh, the note decides, once. AWS IPAM cannot store such a
//! note, so those clients refuse another value on AWS IPAM themselves.

use crate::tf::{Plan, Tf, Value};

use super::shared::{Configured, Shared};

/// Whether plans keep arguments. They do once the provider is configured.
pub(super) fn may_keep(shared: &Shared) -> bool {
    matches!(shared.configured(), Ok(Some(_)))
}

/// Whether the object whose ID is `prior`, if there is one, stays. The object does not stay if this walk replaces it, or
/// if the state of this configuration contains it and no planned resource keeps it: it is tainted, or its resource was
/// removed.
pub(super) fn stays(shared: &Shared, prior: &Value) -> bool {
    let Value::String(id) = prior else { return true };
    !shared.session.may_go(id, shared.sibling_wait)
}

/// Whether this is the second plan of an object, and the first one kept arguments.
pub(super) fn has_kept<M>(shared: &Shared, id: &Tf<String>, plan: &Plan<M>) -> bool {
    if plan.committing {
        return true;
    }
    if shared.session.is_surely_planning() {
        return false;
    }
    let (Ok(ipam), Some(id)) = (shared.ipam(), id.get()) else { return false };
    let Some(holds) = ipam.holds() else { return false };
    holds.take_kept_arguments(id).unwrap_or_else(|error| {
        tracing::debug!(id, ?error, "whether a plan keeps arguments was not read");
        false
    })
}

/// Leaves the note for the second plan. Failures are only logged: without the note, Terraform itself refuses another
/// value, and nothing is changed either.
pub(super) fn note<M>(configured: &Configured, id: &Tf<String>, plan: &Plan<M>) {
    let is_needed = !plan.kept.is_empty() && plan.replace.is_empty() && !plan.carries_private && !plan.committing;
    let (Some(id), Some(holds)) = (id.get().filter(|_| is_needed), configured.holds()) else { return };
    if let Err(error) = holds.keep_arguments(id, configured.plan_hold) {
        tracing::debug!(id, ?error, "not noted that a plan keeps arguments");
    }
}
