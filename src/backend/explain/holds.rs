//! The texts about holds: their owner, their plan, when they expire, and how to release them.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::words::{is_sibling, occupants, time, until};
use crate::ipam::{Cidr, Kind, LostHold, Occupant, State};

/// A hold, for the middle of a sentence: its object, and when it expires.
pub fn held(hold: &Occupant) -> String {
    let block = hold.cidr.map(|cidr| format!("{cidr} for ")).unwrap_or_default();
    format!("{block}{} {:?}{}", hold.kind.word(), hold.path, until(hold.hold_expires_at))
}

/// The commands that release the holds among these occupants; empty when there are none.
pub(super) fn how_to_release(list: &[Occupant]) -> String {
    let held = list.iter().filter(|occupant| occupant.state == State::Planned && !is_sibling(occupant));
    let held = held.filter(|occupant| !occupant.is_lease && !occupant.is_resting);
    let owners: BTreeSet<&str> = held.map(|occupant| occupant.owner.as_str()).collect();
    if owners.is_empty() {
        return String::new();
    }
    let commands: Vec<String> =
        owners.iter().map(|owner| format!("`terraform-provider-ipam holds release --owner {owner:?}`")).collect();
    format!(
        "Holds whose plans will not be applied can be released with {}. A hold of your own earlier plan never blocks a \
         plan. If the owner is your own, another resource of this run has asked for the same block or name: plan \
         again, and a resource that was placed by size moves to another block.",
        commands.join(", ")
    )
}

/// The fate of the block that an earlier plan showed.
pub(super) fn lost_by_the_way(lost: &LostHold) -> String {
    let block = lost.cidr.map_or_else(|| "space".to_owned(), |cidr| cidr.to_string());
    let until = lost.expired_at.map(|at| format!(" until {}", time(at))).unwrap_or_default();
    let holders = match lost.now_held_by.as_slice() {
        [] => "The block has gone to another object since then. ".to_owned(),
        holders => format!("These objects have it now:\n\n{}\n", occupants(holders, 0)),
    };
    format!(
        " An earlier plan held {block} for this{until}. {holders}If you are applying that plan, nothing was changed: \
         free space in the pool and plan again."
    )
}

/// The hold of a plan is not what the plan showed.
pub(super) fn lost(
    kind: Kind,
    id: &str,
    name: &str,
    cidr: Option<Cidr>,
    expired_at: Option<Timestamp>,
    now_held_by: &[Occupant],
) -> (String, String) {
    let word = kind.word();
    // A hold that neither expired nor lost its space was replaced by another hold: its block is not the one that the
    // plan showed.
    let is_same = expired_at.is_some() || !now_held_by.is_empty();
    let block = cidr.filter(|_| is_same).map(|cidr| format!(" with {cidr}")).unwrap_or_default();
    let why = match expired_at {
        Some(at) => format!("Its hold expired at {}.", time(at)),
        None => {
            "A later plan of the same owner took its place, it was released, or the plan could not write it.".to_owned()
        }
    };
    let holders = if now_held_by.is_empty() {
        " ".to_owned()
    } else {
        format!(" The space is now taken by:\n\n{}\n", occupants(now_held_by, 0))
    };
    (
        format!("The plan's hold for {word} {name:?} is gone"),
        format!(
            "The plan showed {word} {name:?} ({id}){block}. {why}{holders}Nothing was changed. Plan again; a longer \
             `plan_hold` in the provider block gives more time between plan and apply."
        ),
    )
}
