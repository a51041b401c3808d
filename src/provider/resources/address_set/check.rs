//! The errors of a configuration of an address set that need no store. Unknown values are accepted.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::at;
use crate::ipam::{ADDRESSES_MAX, Family};
use crate::tf::{Diagnostic, Diagnostics, Tf};

use super::super::check_name;
use super::{AddressSetModel, HostModel, member_at};

const FAMILIES: [(Family, &str); 2] = [(Family::Ipv4, "ipv4_address"), (Family::Ipv6, "ipv6_address")];

/// All errors of the configuration.
pub(super) fn check(config: &AddressSetModel) -> Diagnostics {
    let mut diagnostics: Diagnostics =
        check_name(&config.name, at!(AddressSetModel, name), false).into_iter().collect();
    check_allocations(config, &mut diagnostics);
    if let Some(wrong) = config.domain.get().and_then(|domain| fault_of_domain(domain)) {
        diagnostics.push(Diagnostic::error("Invalid domain", wrong).at(at!(AddressSetModel, domain)));
    }
    let Some(members) = config.members.get() else { return diagnostics };
    diagnostics.extend(check_count(members.len()));
    for (member, host) in members {
        check_member(config, member, host, &mut diagnostics);
    }
    check_together(members, &mut diagnostics);
    diagnostics
}

fn check_allocations(config: &AddressSetModel, diagnostics: &mut Diagnostics) {
    let (v4, v6) = (&config.ipv4_allocation_id, &config.ipv6_allocation_id);
    if v4.is_null() && v6.is_null() {
        let detail = "Set `ipv4_allocation_id`, `ipv6_allocation_id`, or both.";
        diagnostics
            .push(Diagnostic::error("The set has no allocation", detail).at(at!(AddressSetModel, ipv4_allocation_id)));
    }
    for (id, at) in [(v4, at!(AddressSetModel, ipv4_allocation_id)), (v6, at!(AddressSetModel, ipv6_allocation_id))] {
        if id.get().is_some_and(|id| id.trim().is_empty()) {
            diagnostics.push(Diagnostic::error("The ID is empty", "Give the ID of an allocation.").at(at));
        }
    }
    if v4.is_known() && v4 == v6 {
        let detail =
            "An allocation has one address family. Give the IPv4 and the IPv6 allocation, or leave one of them out.";
        diagnostics.push(
            Diagnostic::error("One allocation for two families", detail).at(at!(AddressSetModel, ipv6_allocation_id)),
        );
    }
}

fn check_count(count: usize) -> Option<Diagnostic> {
    let (summary, detail) = match count {
        0 => ("The set has no members", "Add a member, or remove the set.".to_owned()),
        1..=ADDRESSES_MAX => return None,
        _ => (
            "The set has too many members",
            format!("It has {count} members, and a set has at most {ADDRESSES_MAX}. Divide it into several sets."),
        ),
    };
    Some(Diagnostic::error(summary, detail).at(at!(AddressSetModel, members)))
}

fn check_member(config: &AddressSetModel, member: &str, host: &HostModel, diagnostics: &mut Diagnostics) {
    let at = member_at(member);
    let own = check_name(&Tf::Known(member.to_owned()), at.clone(), false);
    let label = config.domain.is_known().then(|| fault_of_labels(member)).flatten();
    let label =
        label.map(|why| Diagnostic::error("Invalid host name", format!("With a `domain`, {why}")).at(at.clone()));
    diagnostics.extend(own.or(label));
    for (family, argument) in FAMILIES {
        let Some(address) = host.wish(family).get() else { continue };
        let is_other = address.0.is_ipv4() != (family == Family::Ipv4);
        let wrong = if is_other {
            Some(("Wrong address family", format!("{address} is not an {family} address.")))
        } else if config.allocation_id(family).is_null() {
            let detail = format!(
                "The set has no {family} addresses. Set `{family}_allocation_id`, or remove `{argument}` from the member \
                 {member:?}."
            );
            Some(("An address without an allocation", detail))
        } else {
            None
        };
        diagnostics.extend(wrong.map(|(summary, detail)| Diagnostic::error(summary, detail).at(at.then(argument))));
    }
}

/// Refuses two members with one address: the second in the order of the names is wrong.
fn check_together(members: &BTreeMap<String, HostModel>, diagnostics: &mut Diagnostics) {
    let mut seen: BTreeMap<IpAddr, &str> = BTreeMap::new();
    for (member, host) in members {
        for (family, argument) in FAMILIES {
            let Some(address) = host.wish(family).get() else { continue };
            if let Some(first) = seen.get(&address.0).filter(|first| **first != member.as_str()) {
                let detail = format!("The members {first:?} and {member:?} both ask for {address}.");
                let twice = Diagnostic::error(format!("{address} is asked for twice"), detail);
                diagnostics.push(twice.at(member_at(member).then(argument)));
            }
            seen.entry(address.0).or_insert(member);
        }
    }
}

/// The fault of a domain, as a sentence.
fn fault_of_domain(domain: &str) -> Option<String> {
    if domain.ends_with('.') {
        return Some(format!("{domain:?} ends with a dot. Leave the dot out."));
    }
    fault_of_labels(domain)
}

/// The fault of a name in the DNS, as a sentence.
fn fault_of_labels(name: &str) -> Option<String> {
    let is_good = |label: &str| {
        let inside = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        (1..=63).contains(&label.len()) && label.chars().all(inside) && !label.starts_with('-') && !label.ends_with('-')
    };
    if name.len() <= 200 && name.split('.').all(is_good) {
        return None;
    }
    Some(format!(
        "{name:?} is not a name for the DNS: it consists of parts of 1 to 63 letters, digits and hyphens, with dots between \
         them, and has at most 200 characters."
    ))
}
