//! The walk that a plan belongs to: the plan of the user, or the second plan that an apply makes.
//!
//! The protocol does not contain this information. Released Terraform allows deferrals only in the apply walk (terraform
//! 1.9 to 1.15, `internal/terraform/context_apply.go` and `context_plan.go`), and from 1.16 on sends the private data of
//! the first plan.

use std::sync::atomic::{AtomicBool, Ordering};

use super::wire::ClientCapabilities;

/// The meaning of the client's capabilities, according to its version.
#[derive(Debug, Default)]
pub(super) struct Walk {
    deferrals_say_nothing: AtomicBool,
}

impl Walk {
    /// Records the version of the client.
    pub(super) fn configured_by(&self, version: &str) {
        // OpenTofu 1.11.0 to 1.11.3 allows deferrals in every walk (internal/plugin6/grpc_provider.go). Terraform of the
        // same versions cannot be distinguished from it, so it does not get the better message about a lost hold.
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
