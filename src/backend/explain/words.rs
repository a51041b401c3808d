//! Parts of sentences that several texts share: objects, times, numbers.

use jiff::Timestamp;
use num_bigint::BigUint;

use crate::ipam::{Family, Kind, Occupant, Origin, State, Tally};

/// One line for each occupant, and one for those left out.
pub(super) fn occupants(list: &[Occupant], more: u64) -> String {
    let mut lines: String = list.iter().map(|occupant| format!("  - {}\n", occupant_words(occupant))).collect();
    if more > 0 {
        lines.push_str(&format!("  - and {more} more\n"));
    }
    lines
}

/// Whether the occupant is another new object of a plan that may not write: it is not in the store.
pub(super) fn is_sibling(occupant: &Occupant) -> bool {
    occupant.id.is_empty()
}

fn occupant_words(occupant: &Occupant) -> String {
    let block = occupant.cidr.map(|cidr| format!("{cidr}, ")).unwrap_or_default();
    if is_sibling(occupant) {
        return format!("{block}{} {:?}, which this plan creates too", occupant.kind.word(), occupant.path);
    }
    let state = match occupant.state {
        State::Active => "active".to_owned(),
        State::Planned if occupant.is_resting => {
            let until = until(occupant.hold_expires_at);
            let why = format!("released, resting{until} in the quarantine of its pool");
            return format!(
                "{block}{} {:?}, of {}, {why}",
                occupant.kind.word(),
                occupant.path,
                owner(&occupant.owner)
            );
        }
        State::Planned if occupant.is_lease => format!("leased{}", leased(occupant)),
        State::Planned if occupant.is_reservation => format!("reserved{}", until(occupant.hold_expires_at)),
        State::Planned => format!("planned{}, held{}", made(occupant), until(occupant.hold_expires_at)),
        State::Lapsed => "planned, hold reclaimed".to_owned(),
    };
    format!(
        "{block}{} {:?} ({}), of {}, {state}",
        occupant.kind.word(),
        occupant.path,
        occupant.id,
        owner(&occupant.owner)
    )
}

/// The place where a plan was made, to follow "made".
pub fn made_at(origin: &Origin) -> String {
    match origin {
        Origin { run_url: Some(url), .. } => format!("by the run {url}"),
        Origin { host: Some(host), directory: Some(directory), .. } => format!("in {directory} on {host}"),
        Origin { directory: Some(directory), .. } => format!("in {directory}"),
        Origin { host: Some(host), .. } => format!("on {host}"),
        _ => "elsewhere".to_owned(),
    }
}

/// The origin of a hold, if it is known: " (made in /srv/net on build-1)".
pub(super) fn made(hold: &Occupant) -> String {
    hold.run.as_ref().map(|run| format!(" (made {})", made_at(&run.origin))).unwrap_or_default()
}

/// The run that has a lease, and the end of the lease: " to a run in /srv/net on build-1 until ...".
pub(super) fn leased(lease: &Occupant) -> String {
    let run = lease.run.as_ref().map(|run| format!(" to a run {}", made_at(&run.origin))).unwrap_or_default();
    format!("{run}{}", until(lease.hold_expires_at))
}

pub(super) fn pool(name: &str, id: &str) -> String {
    format!("pool {name:?} ({id})")
}

pub(super) fn owner(owner: &str) -> String {
    if owner.is_empty() { "an unnamed owner".to_owned() } else { format!("owner {owner:?}") }
}

pub(super) fn until(expiry: Option<Timestamp>) -> String {
    expiry.map(|at| format!(" until {}", time(at))).unwrap_or_default()
}

/// A time to the second, in UTC.
pub fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Says that so many addresses are something: "1 address is free".
pub(super) fn are(count: &BigUint, what: &str) -> String {
    let verb = if *count == BigUint::from(1u8) { "is" } else { "are" };
    format!("{} {verb} {what}", addresses(count))
}

/// A number of addresses: exact while it is short enough to read, a power of two beyond.
pub fn addresses(count: &BigUint) -> String {
    let one = BigUint::from(1u8);
    if *count == one {
        return "1 address".to_owned();
    }
    format!("{} addresses", number(count))
}

/// A count: exact up to 2^50, beyond that as a power of two.
pub fn number(count: &BigUint) -> String {
    let power = count.bits().saturating_sub(1);
    if power < 50 {
        return count.to_string();
    }
    if count.trailing_zeros() == Some(power) { format!("2^{power}") } else { format!("over 2^{power}") }
}

/// A number of things.
pub fn count(number: u64, word: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {word}{plural}")
}

/// Numbers of objects in words.
pub fn tally(tally: &Tally) -> String {
    let mut words = vec![
        count(tally.scopes, "scope"),
        count(tally.pools, "pool"),
        count(tally.pool_cidrs, "pool CIDR"),
        count(tally.allocations, "allocation"),
    ];
    // Holds and discoveries are counted only if there are any.
    if tally.holds > 0 {
        words.push(count(tally.holds, "hold"));
    }
    let looked = [
        (tally.discoveries, "resource discovery", "resource discoveries"),
        (tally.treatments, "treatment", "treatments"),
        (tally.seen, "sighting", "sightings"),
    ];
    let looked = looked.into_iter().filter(|(number, ..)| *number > 0);
    words.extend(looked.map(|(number, one, many)| format!("{number} {}", if number == 1 { one } else { many })));
    words.join(", ")
}

/// `part` of `whole` in percent with one decimal, rounded half up. Only zero is 0.0% and only all of `whole` is 100.0%:
/// values that would round to these are `<0.1%` and `>99.9%`.
pub fn percent(part: &BigUint, whole: &BigUint) -> String {
    if *whole == BigUint::ZERO {
        return "0.0%".to_owned();
    }
    let per_mille = (part * 2000u32 + whole) / (whole * 2u32);
    let tenths = u64::try_from(per_mille).unwrap_or(u64::MAX);
    if tenths == 0 && *part != BigUint::ZERO {
        return "<0.1%".to_owned();
    }
    if tenths == 1000 && part < whole {
        return ">99.9%".to_owned();
    }
    format!("{}.{}%", tenths / 10, tenths % 10)
}

pub(super) fn family_word(family: Family) -> &'static str {
    match family {
        Family::Ipv4 => "IPv4",
        Family::Ipv6 => "IPv6",
    }
}

/// The resource type in Terraform for a kind.
pub const fn resource_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Scope => "ipam_scope",
        Kind::Pool => "ipam_pool",
        Kind::PoolCidr => "ipam_pool_cidr",
        Kind::Allocation => "ipam_allocation",
        Kind::Discovery => "ipam_resource_discovery",
        Kind::Treatment => "ipam_resource_cidr",
        Kind::History => "ipam_events",
    }
}

pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// `text` as a sentence: with a capital letter, unless it begins with a URL or the name of a file, and one full stop.
pub fn sentence(text: &str) -> String {
    let trimmed = text.trim().trim_end_matches('.');
    let begins_with_name = trimmed.split_whitespace().next().is_some_and(|word| word.contains(['/', '\\', '.']));
    if begins_with_name { format!("{trimmed}.") } else { format!("{}.", capital(trimmed)) }
}
