//! The trait of actions: operations that a configuration starts when an object changes, or that a user starts by name.

use super::{Diagnostics, Model, Stop};

/// An action while it works: what it tells the user, and whether it should end.
pub struct Invocation<'a> {
    /// The request to end early.
    pub stop: Stop,
    /// Warnings for the user, shown after the action.
    pub warnings: Diagnostics,
    /// Shows a sentence, and answers whether the client still listens.
    show: &'a mut dyn FnMut(String) -> bool,
    is_heard: bool,
}

impl<'a> Invocation<'a> {
    /// An invocation whose progress goes to `show`, which answers whether the client still listens.
    pub fn new(stop: Stop, show: &'a mut dyn FnMut(String) -> bool) -> Self {
        Self { stop, warnings: Diagnostics::new(), show, is_heard: true }
    }

    /// Shows a sentence about the progress. It must not contain secrets.
    pub fn progress(&mut self, sentence: impl Into<String>) {
        self.is_heard = self.is_heard && (self.show)(sentence.into());
    }

    /// Whether the action should end soon, because the user interrupts the run or the client has gone.
    pub fn should_end(&self) -> bool {
        self.stop.is_requested() || !self.is_heard
    }
}

/// An action. One instance serves all `action` blocks of its type, from many threads at the same time. Calls may block.
/// An action has no state: only its arguments are known to Terraform.
pub trait Action: Send + Sync + 'static {
    /// The arguments.
    type Model: Model;
    /// The full type name, such as `ipam_backup`.
    const TYPE: &'static str;
    /// What to use in place of a deprecated action, as a sentence.
    const DEPRECATED: Option<&'static str> = None;

    /// Terraform validates a configuration, with unknown values. Must not access the store.
    fn validate(&self, config: &Self::Model) -> Diagnostics;

    /// Terraform plans an invocation. Values may be unknown. Must not change anything. Answers warnings about what the
    /// action would do.
    ///
    /// # Errors
    /// The errors that the user has to correct.
    fn plan(&self, config: &Self::Model) -> Result<Diagnostics, Diagnostics>;

    /// Terraform invokes the action: all values are known. The plan may be old, so everything is checked again.
    ///
    /// # Errors
    /// The reason of the failure.
    fn invoke(&self, config: &Self::Model, invocation: &mut Invocation<'_>) -> Result<(), Diagnostics>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_ends_when_the_run_is_interrupted_or_the_client_has_gone() {
        let mut heard = Vec::new();
        let mut show = |sentence: String| {
            heard.push(sentence);
            heard.len() < 2
        };
        let mut invocation = Invocation::new(Stop::default(), &mut show);
        invocation.progress("One.");
        assert!(!invocation.should_end());
        invocation.progress("Two.");
        assert!(invocation.should_end());
        invocation.progress("Three.");
        assert_eq!(heard, ["One.", "Two."]);

        let stop = Stop::default();
        let mut show = |_| true;
        let invocation = Invocation::new(stop.clone(), &mut show);
        assert!(!invocation.should_end());
        stop.request();
        assert!(invocation.should_end());
    }
}
