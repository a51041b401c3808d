//! The texts for errors about space: blocks that are taken, full pools, sizes.

use jiff::Timestamp;
use num_bigint::BigUint;

use super::holds;
use super::words::{addresses, are, capital, family_word, is_sibling, number, occupants, percent, pool, time};
use crate::ipam::{Cidr, Exhausted, Family, KeptOff, Kind, Occupant, State};

pub(super) fn overlap(cidr: Cidr, with: &[Occupant]) -> (String, String) {
    let all_held = !with.is_empty() && with.iter().all(|occupant| occupant.state != State::Active);
    let advice = if !with.is_empty() && with.iter().all(is_sibling) {
        "Choose another block for one of them."
    } else if !with.is_empty() && with.iter().all(|occupant| occupant.is_resting) {
        "Choose another block, or wait until the rest ends. Only the last holder, an allocation of the same owner and name \
         in this pool, can have the block before."
    } else if all_held {
        &format!("Choose another block, or wait until these plans are applied. {}", holds::how_to_release(with))
    } else if with.iter().any(|occupant| occupant.kind != Kind::Allocation) {
        "Choose another block, or use another scope: scopes may hold the same addresses."
    } else {
        "Choose another block, or give `netmask_length` instead of `cidr` and let the pool choose."
    };
    (
        format!("{cidr} overlaps space that is taken"),
        format!("{cidr} shares addresses with:\n\n{}\n{advice}", occupants(with, 0)),
    )
}

/// A contiguous set has no room, and cannot grow in place.
pub(super) fn aggregate_full(aggregate: Cidr, netmask_length: u8, larger: Cidr, with: &[Occupant]) -> (String, String) {
    let why = if with.is_empty() {
        format!("{larger} is not free space of the pool")
    } else {
        format!("{larger} shares addresses with:\n\n{}", occupants(with, 0))
    };
    (
        format!("The set has no room for a /{netmask_length}"),
        format!(
            "The set is contiguous and has the block {aggregate}, where this member has no place. It cannot grow in \
             place: {why}\nA contiguous set never moves. Release what is in the way, remove or shrink members, or put new \
             members into another set."
        ),
    )
}

pub(super) fn outside_pool(cidr: Cidr, pool_id: &str, pool_name: &str, provisioned: &[Cidr]) -> (String, String) {
    let has = match provisioned {
        [] => "which has no CIDR".to_owned(),
        [one] => format!("which has {one}"),
        several => {
            let list: Vec<String> = several.iter().map(ToString::to_string).collect();
            format!("which has {}", list.join(", "))
        }
    };
    (
        format!("{cidr} is outside the pool"),
        format!(
            "{cidr} was asked for from {}, {has}. A block must lie inside one CIDR of its pool: choose a block that \
             does, or provision more space.",
            pool(pool_name, pool_id)
        ),
    )
}

pub(super) fn exhausted(exhausted: &Exhausted) -> (String, String) {
    let Exhausted {
        pool_id,
        pool_name,
        netmask_length,
        largest_free,
        free,
        reserved,
        disallowed,
        draining,
        resting,
        first_rest,
        held,
        first_expiry,
        kept_off,
        lost,
    } = exhausted;
    let pool = pool(pool_name, pool_id);
    let mut detail = format!("A /{netmask_length} was asked for from {pool}. ");
    match (largest_free, disallowed) {
        (Some(largest), _) if kept_off.is_some() => detail.push_str(&format!(
            "{}, and the largest free block is {largest}.{}",
            are(free, "free"),
            kept_off.as_deref().map(kept_off_words).unwrap_or_default()
        )),
        (None, _) if *reserved > BigUint::ZERO => detail.push_str("Only reserved addresses are free in it."),
        (None, _) => detail.push_str("Nothing is free in it."),
        (Some(largest), true) => detail.push_str(&format!(
            "{}, and the largest free block is {largest}, but `disallowed_cidrs` rules out every block that is large \
             enough.",
            are(free, "free")
        )),
        (Some(_), false) if draining.is_some() => detail.push_str(&draining_words(free, draining.as_deref())),
        (Some(largest), false) => detail.push_str(&format!(
            "{}; the largest free block is {largest} ({} of the free space), and a /{netmask_length} needs {} in \
             one block.",
            are(free, "free"),
            percent(&largest.address_count(), free),
            addresses(&largest_needed(largest.family(), *netmask_length)),
        )),
    }
    if largest_free.is_some() && *reserved > BigUint::ZERO {
        let verb = if *reserved == BigUint::from(1u8) { "is" } else { "are" };
        detail.push_str(&format!(
            " {} of the free addresses {verb} reserved by the rules of the pool.",
            number(reserved)
        ));
    }
    detail.push_str(&resting_words(resting, *first_rest));
    let held = if resting < held { held - resting } else { BigUint::ZERO };
    if held > BigUint::ZERO {
        detail.push_str(&format!(" {} by plans of other owners or of this run", are(&held, "held")));
        if let Some(expiry) = first_expiry {
            detail.push_str(&format!("; the first hold expires at {}", time(*expiry)));
        }
        detail.push('.');
    }
    if let Some(lost) = lost {
        detail.push_str(&holds::lost_by_the_way(lost));
    }
    let advice = advice(exhausted);
    (format!("Pool {pool_name:?} has no free /{netmask_length}"), format!("{detail} {advice}"))
}

/// What to do about a pool without room.
fn advice(found: &Exhausted) -> &'static str {
    match (found.largest_free, found.disallowed) {
        _ if found.kept_off.is_some() => {
            "Provision more space, ask for a smaller block, or set `cidr` if the allocation is for a resource that is \
             already there. To let allocations by size use the space of a resource, ignore its CIDR with \
             `ipam_resource_cidr`."
        }
        (Some(_), false) if found.draining.is_some() => {
            "Provision more space, set `cidr` for one particular block, or remove CIDRs from `draining_cidrs` of the pool."
        }
        (_, true) => "Remove blocks from `disallowed_cidrs`, or provision more space.",
        (None, _) => "Provision more space, or release allocations.",
        (Some(_), false) => "Ask for a smaller block, provision more space, or release allocations.",
    }
}

/// The free space that only requests for particular CIDRs get.
fn draining_words(free: &BigUint, draining: Option<&Cidr>) -> String {
    let block = draining.map(ToString::to_string).unwrap_or_default();
    format!(
        "{}, and {block} is large enough, but it is in a CIDR that the pool drains (`draining_cidrs`): allocations by size \
         get nothing there.",
        are(free, "free")
    )
}

/// What was released and rests.
fn resting_words(resting: &BigUint, first_rest: Option<Timestamp>) -> String {
    if *resting == BigUint::ZERO {
        return String::new();
    }
    let verb = if *resting == BigUint::from(1u8) { "rests" } else { "rest" };
    let until = first_rest.map(|end| format!("; the first rest ends at {}", time(end))).unwrap_or_default();
    format!(" {} {verb} in the quarantine of the pool{until}.", addresses(resting))
}

pub(super) fn pool_empty(pool_id: &str, pool_name: &str) -> (String, String) {
    (
        format!("Pool {pool_name:?} has no CIDR"),
        format!(
            "{} has nothing provisioned, so there is nothing to allocate from. Give it `cidrs` or `netmask_length`, or \
             add an `ipam_pool_cidr`.",
            capital(&pool(pool_name, pool_id))
        ),
    )
}

pub(super) fn no_size(pool_id: &str, pool_name: &str) -> (String, String) {
    (
        "No size given".to_owned(),
        format!(
            "Neither `cidr` nor `netmask_length` is set, and {} has no `allocation_default_netmask_length`. Set one of \
             the three.",
            pool(pool_name, pool_id)
        ),
    )
}

pub(super) fn netmask_range(netmask_length: u8, family: Family) -> (String, String) {
    (
        format!("/{netmask_length} is not possible here"),
        format!(
            "A netmask length of {netmask_length} was asked for. {} netmask lengths are 0 to {}, and a block cannot be \
             larger than the block that it is taken from. Use a longer netmask length within that range.",
            family_word(family),
            family.bits()
        ),
    )
}

/// The reason why free space is not allocated.
fn kept_off_words(kept_off: &KeptOff) -> String {
    let seen: Vec<String> = kept_off
        .seen
        .iter()
        .map(|seen| format!("{} ({}, account {}, {})", seen.resource_id, seen.cidr, seen.account_id, seen.region))
        .collect();
    let seen = if seen.is_empty() { String::new() } else { format!(": {}", seen.join(", ")) };
    let rest = match kept_off.largest {
        Some(largest) => format!(". Outside the space of discovered resources, the largest free block is {largest}"),
        None => String::new(),
    };
    format!(
        " {} is large enough, but allocations by size avoid the space of discovered resources{seen}{rest}.",
        kept_off.block
    )
}

fn largest_needed(family: Family, netmask_length: u8) -> BigUint {
    BigUint::from(1u8) << family.bits().saturating_sub(netmask_length)
}
