//! Which walk a plan belongs to: the user's, or the second one that an apply makes.
//!
//! Nothing in the protocol says so. Released Terraform allows deferrals in the apply walk only (terraform 1.9 to 1.15,
//! `internal/terraform/context_apply.go` and `context_plan.go`), and from 1.16 on sends what the first plan kept.

use std::sync::atomic::{AtomicBool, Ordering};

use super::wire::ClientCapabilities;

/// What the client's version says about its capabilities.
#[derive(Debug, Default)]
pub(super) struct Walk {
    deferrals_say_nothing: AtomicBool,
}

impl Walk {
    /// The client has said which version it is.
    pub(super) fn configured_by(&self, version: &str) {
        // OpenTofu 1.11.0 to 1.11.3 allows deferrals in every walk (internal/plugin6/grpc_provider.go). Terraform of
        // these versions cannot be told from it, and does without the better message for a hold that was lost.
        let ambiguous = matches!(version, "1.11.0" | "1.11.1" | "1.11.2" | "1.11.3");
        self.deferrals_say_nothing.store(ambiguous, Ordering::SeqCst);
    }

    /// Whether a plan is made by an apply.
    pub(super) fn is_committing(&self, capabilities: &ClientCapabilities, has_first_plan: bool) -> bool {
        let by_deferrals = capabilities.deferral_allowed && !self.deferrals_say_nothing.load(Ordering::SeqCst);
        has_first_plan || by_deferrals
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deferrals_mark_the_apply_walk_unless_the_client_allows_them_always() {
        let deferring = ClientCapabilities { deferral_allowed: true, ..Default::default() };
        let walk = Walk::default();
        for (version, committing) in
            [("1.11.4", true), ("1.11.3", false), ("1.11.0", false), ("1.15.9", true), ("1.12.0-dev", true)]
        {
            walk.configured_by(version);
            assert_eq!(walk.is_committing(&deferring, false), committing, "{version}");
            assert!(!walk.is_committing(&ClientCapabilities::default(), false), "{version}");
            assert!(walk.is_committing(&ClientCapabilities::default(), true), "{version}");
        }
    }
}
