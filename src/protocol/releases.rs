//! What not every release of a client can do. A client that lacks something gets a warning that names the releases which
//! can.
//!
//! Most of what a release lacks never reaches a provider: the client itself refuses an `action` block, the identity in an
//! `import` block, or a function of a provider that it does not know. What a provider can do in another way, it does
//! (see `digits` and `walk`). What is left is here.

use crate::tf::Diagnostic;

/// A release of a client: the first two numbers of its version. OpenTofu goes on from the numbers of Terraform.
pub(super) type Release = (u64, u64);

/// Something that a client can do from a release on.
pub(super) struct Ability {
    /// What the client does, after its name: "tells ...".
    does: &'static str,
    /// Why the provider needs it, as a sentence.
    why: &'static str,
    /// The first release of Terraform. Every release of OpenTofu can do what the Terraform that it began with could.
    since: Release,
}

/// Protocol 6.3. Without it, blocks cannot be handed over within a plan.
pub(super) const PLAN_OF_A_DESTROY: Ability = Ability {
    does: "tells a provider in the plan what the apply will destroy",
    why: "The plan gives the addresses of destroyed objects to new ones, and so has to know them.",
    since: (1, 3),
};

/// The release in the text of a version; `None` if it cannot be read.
pub(super) fn parsed(version: &str) -> Option<Release> {
    let mut parts = version.split('.').map(|part| part.parse::<u64>().ok());
    parts.next().flatten().zip(parts.next().flatten())
}

/// The warning about a client that is known to lack an ability. A client whose version cannot be read is taken to be new.
pub(super) fn lacking(ability: &Ability, version: &str) -> Option<Diagnostic> {
    let (major, minor) = parsed(version).filter(|release| *release < ability.since)?;
    let (since_major, since_minor) = ability.since;
    Some(Diagnostic::warning(
        format!("This provider works best with Terraform {since_major}.{since_minor} or later, or OpenTofu"),
        format!(
            "This is Terraform {major}.{minor}. Only from {since_major}.{since_minor} on, Terraform {}. {} Without that, a new \
             object may have to wait for the next apply.",
            ability.does, ability.why
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_lacks_something_learns_which_release_has_it() {
        for version in ["1.3.0", "1.11.4", "1.16.0-rc2", "1.6.0", "2.0.0", "", "dev"] {
            assert_eq!(lacking(&PLAN_OF_A_DESTROY, version), None, "{version}");
        }
        for (version, release) in [("1.2.9", "1.2"), ("1.0.0-beta1", "1.0"), ("0.15.5", "0.15")] {
            let warning = lacking(&PLAN_OF_A_DESTROY, version).unwrap();
            assert_eq!(warning.summary, "This provider works best with Terraform 1.3 or later, or OpenTofu");
            assert!(warning.detail.starts_with(&format!("This is Terraform {release}. ")), "{}", warning.detail);
        }
    }
}
