//! What not every release of a client can do.
//!
//! Most of what a release lacks never reaches a provider: the client itself refuses an `action` block, the identity in an
//! `import` block, or a function of a provider that it does not know. What a provider can do in another way, it does
//! (see `digits` and `walk`). What is left is here.

use crate::tf::Diagnostic;

/// A release of a client: the first two numbers of its version. OpenTofu goes on from the numbers of Terraform.
pub(super) type Release = (u64, u64);

/// The first release of Terraform that plans a destroy with the provider (protocol 6.3). Every release of OpenTofu does.
const PLANS_A_DESTROY: Release = (1, 3);

/// The release in the text of a version; `None` if it cannot be read.
pub(super) fn parsed(version: &str) -> Option<Release> {
    let mut parts = version.split('.').map(|part| part.parse::<u64>().ok());
    parts.next().flatten().zip(parts.next().flatten())
}

/// The warning about a client that does not tell the provider what the apply will destroy. A client whose version cannot
/// be read is taken to be new.
pub(super) fn hides_destroys(version: &str) -> Option<Diagnostic> {
    let (major, minor) = parsed(version).filter(|release| *release < PLANS_A_DESTROY)?;
    let (since_major, since_minor) = PLANS_A_DESTROY;
    Some(Diagnostic::warning(
        format!("This provider works best with Terraform {since_major}.{since_minor} or later, or OpenTofu"),
        format!(
            "This is Terraform {major}.{minor}. Only from {since_major}.{since_minor} on, Terraform tells a provider in the \
             plan what the apply will destroy. The plan gives the addresses of destroyed objects to new ones, and so has \
             to know them. Without that, a new object may have to wait for the next apply."
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_lacks_something_learns_which_release_has_it() {
        for version in ["1.3.0", "1.11.4", "1.16.0-rc2", "1.6.0", "2.0.0", "", "dev"] {
            assert_eq!(hides_destroys(version), None, "{version}");
        }
        for (version, release) in [("1.2.9", "1.2"), ("1.0.0-beta1", "1.0"), ("0.15.5", "0.15")] {
            let warning = hides_destroys(version).unwrap();
            assert_eq!(warning.summary, "This provider works best with Terraform 1.3 or later, or OpenTofu");
            assert!(warning.detail.starts_with(&format!("This is Terraform {release}. ")), "{}", warning.detail);
        }
    }
}
