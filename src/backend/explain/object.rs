//! The texts for errors about an object as such: it is missing, has contents, or cannot be changed.

use super::holds;
use super::words::{capital, occupants};
use crate::ipam::{Kind, Occupant};

pub(super) fn not_found(kind: Kind, id: &str) -> (String, String) {
    let word = kind.word();
    (
        format!("No such {word}"),
        format!(
            "There is no {word} with id {id:?} in this store. It was deleted, it exists only in a plan, or it is in \
             another store. Check the id and the provider's `store`. If it exists only in a plan, apply that plan \
             first, or plan again if its hold has expired."
        ),
    )
}

pub(super) fn in_use(kind: Kind, id: &str, name: &str, contents: &[Occupant], more: u64) -> (String, String) {
    let word = kind.word();
    let advice = match kind {
        Kind::Pool => "Delete these first, or set `cascade = true` on the pool and apply that before deleting it.",
        Kind::Scope => "Delete its pools first, and destroy each `ipam_resource_cidr` that has moved a CIDR into it.",
        Kind::PoolCidr | Kind::Allocation | Kind::Discovery | Kind::Treatment | Kind::History => "Release these first.",
    };
    let release = holds::how_to_release(contents);
    let release = if release.is_empty() { release } else { format!(" {release}") };
    (
        format!("{} {name:?} is not empty", capital(word)),
        format!(
            "{} {name:?} ({id}) still contains:\n\n{}\n{advice}{release}",
            capital(word),
            occupants(contents, more)
        ),
    )
}

pub(super) fn default_scope(id: &str) -> (String, String) {
    (
        "A default scope cannot be deleted".to_owned(),
        format!(
            "Scope {id} is one of the two default scopes that every store has. To stop managing it with Terraform, use \
             `terraform state rm` or a `removed` block."
        ),
    )
}

/// The request changes an attribute that is fixed at creation.
pub(super) fn fixed(kind: Kind, id: &str, what: &str) -> (String, String) {
    let word = kind.word();
    (
        format!("The {what} of a {word} cannot be changed"),
        format!(
            "The {what} of {word} {id} is fixed when the {word} is created. Set it back to its old value, or replace \
             the object (`terraform apply -replace=...`)."
        ),
    )
}
