//! The texts for errors about objects of another owner.

use super::holds;
use super::words::{capital, leased, made, owner, resource_type, until};
use crate::ipam::{NO_OWNER, Occupant, State, Staying};

/// `Allocation "top/web" (ipam-pool-alloc-1, 10.0.0.0/24)`.
fn what(of: &Occupant) -> String {
    let block = of.cidr.map(|cidr| format!(", {cidr}")).unwrap_or_default();
    format!("{} {:?} ({}{block})", capital(of.kind.word()), of.path, of.id)
}

/// Recommends an import only for an object of the same owner, whose state may have been lost. An object of another
/// owner may be in the state of that owner.
pub(super) fn name_taken(existing: &Occupant, asked_by: Option<&str>) -> (String, String) {
    let (what, whose) = (what(existing), owner(&existing.owner));
    let others = asked_by.filter(|asker| *asker != existing.owner && existing.owner != NO_OWNER);
    let detail = match (existing.state, others) {
        (State::Active, Some(asker)) => format!(
            "{what} exists and belongs to {whose}. Choose another name, or ask owner {:?} to transfer it. A user who \
             may write to the store transfers it with `terraform-provider-ipam transfer {} --to {asker:?}`.",
            existing.owner, existing.id
        ),
        (State::Active, None) => format!(
            "{what} exists and belongs to {whose}. Choose another name, or bring it into this configuration:\n\n  terraform \
             import {}.NAME {}",
            resource_type(existing.kind),
            existing.id
        ),
        (State::Planned, _) if existing.is_lease => format!(
            "{what} is a lease of {whose}{}, and ends with that run. Two runs cannot have one lease at the same time. \
             Wait until that run has ended, or give each run a name of its own. If that run is dead, its lease ends at \
             that time, and `terraform-provider-ipam holds release --owner {:?} --name {:?}` ends it at once.",
            leased(existing),
            existing.owner,
            existing.name
        ),
        (State::Planned, _) if existing.is_reservation => format!(
            "{what} is reserved for {whose}{}: it is held without a plan. Choose another name, or ask for that block as the \
             same owner. \
             `terraform-provider-ipam release {}` ends the reservation.",
            until(existing.hold_expires_at),
            existing.id
        ),
        (State::Planned | State::Lapsed, _) => format!(
            "{what} is held for a plan of {whose}{}{}. Choose another name, or wait until that plan is applied. {}",
            made(existing),
            until(existing.hold_expires_at),
            holds::how_to_release(std::slice::from_ref(existing))
        ),
    };
    (format!("The name {:?} is taken", existing.name), detail)
}

/// The reason why an object cannot be given to another owner.
pub(super) fn staying(of: &Occupant, why: &Staying) -> (String, String) {
    let (what, word, name) = (what(of), of.kind.word(), &of.name);
    match why {
        Staying::Planned => (
            format!("The {word} {name:?} is only planned"),
            format!(
                "{what} is held for a plan of {}{}. It can be transferred once that plan is applied.",
                owner(&of.owner),
                until(of.hold_expires_at)
            ),
        ),
        Staying::Default => (
            format!("The {word} {name:?} belongs to no configuration"),
            format!("{what} is one of the two default scopes that every store has. It cannot be transferred."),
        ),
        Staying::OfPool { id } => (
            format!("The {word} {name:?} is part of a pool"),
            format!("{what} is the space of pool {id}, and is transferred with that pool. Transfer the pool."),
        ),
        Staying::NotOf { owner: said } => (
            format!("The {word} {name:?} belongs to another owner"),
            format!(
                "{what} belongs to {}, not to {said:?}. Nothing was transferred. Ask its owner. To transfer it anyway, \
                 name its owner with `--from`.",
                owner(&of.owner)
            ),
        ),
    }
}
