//! The texts for refused address sets.

use num_bigint::BigUint;

use super::words::{addresses, owner, until};
use crate::ipam::{
    ADDRESSES_MAX, AddressError, AddressFault, AddressHolder, Cidr, NO_OWNER, Occupant, RuleName, address_range,
};

/// `Allocation "top/web" (ipam-pool-alloc-1, 10.0.0.0/24)`.
fn of(allocation: &Occupant) -> String {
    let block = allocation.cidr.map(|cidr| format!(", {cidr}")).unwrap_or_default();
    format!("allocation {:?} ({}{block})", allocation.path, allocation.id)
}

/// The set that has an address or a name.
fn set(by: &AddressHolder) -> String {
    let member = if by.member.is_empty() { String::new() } else { format!("the member {:?} of ", by.member) };
    format!("{member}the address set {:?} ({}) of {}", by.set_name, by.set_id, owner(&by.owner))
}

/// Whether the set has it, or a plan holds it.
fn has(by: &AddressHolder) -> String {
    match by.held_until {
        Some(_) => format!("A plan holds it for {}{}.", set(by), until(by.held_until)),
        None => format!("It belongs to {}.", set(by)),
    }
}

fn argument(rule: RuleName) -> &'static str {
    match rule {
        RuleName::ReserveFirst => "reserve_first",
        RuleName::ReserveLast => "reserve_last",
        _ => "reserved_cidrs",
    }
}

pub(super) fn refused(error: &AddressError) -> (String, String) {
    let AddressError { allocation, fault } = error;
    let place = of(allocation);
    let (summary, detail) = match fault {
        AddressFault::Family { expected } => (
            format!("The allocation has no {expected} addresses"),
            format!("The {place} has addresses of the other family. Give the id of an {expected} allocation."),
        ),
        AddressFault::NotForAddresses { resource_type } => (
            "This allocation is not for addresses".to_owned(),
            format!(
                "The {place} is the space of a resource of the type {resource_type}. Allocate a block in that pool, and take the \
                 addresses from there."
            ),
        ),
        AddressFault::Outside { member, address } => (
            format!("{address} is not in the allocation"),
            format!("The member {member:?} asks for {address}. The {place} does not contain it."),
        ),
        AddressFault::Reserved { member, address, pool, reserved, rule } => (
            format!("{address} is reserved"),
            format!(
                "The member {member:?} asks for {address}. The pool {pool:?} reserves {reserved} by `{}`. Choose another \
                 address, or leave the address out.",
                argument(*rule)
            ),
        ),
        AddressFault::Taken { member, address, by, .. } => (
            format!("{address} is taken"),
            format!(
                "The member {member:?} asks for {address} in the {place}. {} Choose another address, or leave the address out. If \
                 an earlier plan showed this address, plan again.",
                has(by)
            ),
        ),
        AddressFault::Exhausted { member, usable, held } => exhausted(&place, allocation.cidr, member, *usable, *held),
        AddressFault::NameTaken { by, asked_by, .. } => name_taken(&place, by, asked_by),
        AddressFault::TooMany { count } => (
            "Too many addresses in one allocation".to_owned(),
            format!(
                "The {place} would have {count} named addresses, and it can have {ADDRESSES_MAX}. Divide them among several \
                 allocations."
            ),
        ),
        AddressFault::InUse { becomes, sets, more } => in_use(&place, allocation, *becomes, sets, *more),
    };
    (summary, detail)
}

fn exhausted(place: &str, block: Option<Cidr>, member: &str, usable: u128, held: u64) -> (String, String) {
    let range = block.map(|block| address_range(&block)).unwrap_or_default();
    let usable = addresses(&BigUint::from(usable));
    let held = if held == 0 { String::new() } else { format!(" Plans hold {held} of them.") };
    (
        format!("There is no free address for the member {member:?}"),
        format!(
            "The {place} has {usable} for hosts{range}, and each of them has a name, is reserved, or is asked for by another \
             member.{held} Remove members, or give the allocation a shorter netmask length."
        ),
    )
}

fn name_taken(place: &str, by: &AddressHolder, asked_by: &str) -> (String, String) {
    let summary = format!("The name {:?} is taken", by.set_name);
    let there = format!("The {place} has {}", set(by));
    let detail = match by.held_until {
        Some(_) => format!(
            "{there}, which is held for a plan{}. Choose another name, or wait until that plan is applied.",
            until(by.held_until)
        ),
        None if by.owner == asked_by || by.owner == NO_OWNER => format!(
            "{there}. Choose another name, or bring it into this configuration:\n\n  terraform import \
             ipam_address_set.NAME {}",
            by.set_id
        ),
        None => format!("{there}. Choose another name."),
    };
    (summary, detail)
}

fn in_use(
    place: &str,
    allocation: &Occupant,
    becomes: Option<Cidr>,
    sets: &[AddressHolder],
    more: u64,
) -> (String, String) {
    let mut lines: String = sets
        .iter()
        .map(|one| {
            let AddressHolder { set_name, set_id, member, .. } = one;
            format!("  - address set {set_name:?} ({set_id}), of {}, with the member {member:?}\n", owner(&one.owner))
        })
        .collect();
    if more > 0 {
        lines.push_str(&format!("  - and {more} more\n"));
    }
    let name = &allocation.name;
    match becomes {
        Some(block) => (
            format!("Addresses are in the way of {block}"),
            format!(
                "The {place} is to become {block}. These sets have addresses outside of it:\n\n{lines}\nRelease these addresses in \
                 an apply before that."
            ),
        ),
        None => (
            format!("The allocation {name:?} is in use"),
            format!("The {place} is to be released. These sets have addresses in it:\n\n{lines}\nRelease them first."),
        ),
    }
}
