//! Checks of what a request says about a pool, without a look at the store.

use std::collections::BTreeSet;

use crate::ipam::{Cidr, Error, Family, Provision, Result, RuleName, Rules};

/// Whether the blocks of a pool are those that were requested.
pub(in crate::ipam) fn provision_satisfied(provision: &Provision, cidrs: &BTreeSet<Cidr>) -> bool {
    match provision {
        Provision::Nothing => cidrs.is_empty(),
        Provision::Cidrs(wished) => wished == cidrs,
        Provision::NetmaskLength(length) => {
            cidrs.len() == 1 && cidrs.iter().all(|cidr| cidr.netmask_length() == *length)
        }
    }
}

/// Largest number of CIDRs that a pool can reserve.
const RESERVED_CIDRS_MAX: usize = 1000;
/// Largest number of CIDRs that a pool can give a priority, and that can be draining.
const ORDERED_CIDRS_MAX: usize = 1000;
/// Largest priority. It is filled last.
const PRIORITY_MAX: u32 = 65_535;
/// Largest number of addresses that a pool can reserve at one end of each CIDR.
const RESERVED_ADDRESSES_MAX: u32 = 65_536;

/// Checks that the rules of a pool agree with its family and with each other.
///
/// # Errors
/// Returns [`Error::BadRules`].
pub fn check_rules(rules: &Rules, family: Family) -> Result<()> {
    let named = [
        (RuleName::MinNetmaskLength, rules.min_netmask_length),
        (RuleName::MaxNetmaskLength, rules.max_netmask_length),
        (RuleName::DefaultNetmaskLength, rules.default_netmask_length),
    ];
    for (rule, length) in named {
        if let Some(length) = length.filter(|length| *length > family.bits()) {
            let why = format!("{length} is more than the {} bits of an {family} address", family.bits());
            return Err(Error::BadRules { rule, why });
        }
    }
    check_reserved(rules, family)?;
    check_order(rules, family)?;
    let (min, max) = (rules.min_netmask_length.unwrap_or(0), rules.max_netmask_length.unwrap_or(family.bits()));
    if min > max {
        let why = format!("{min} is more than allocation_max_netmask_length, which is {max}");
        return Err(Error::BadRules { rule: RuleName::MinNetmaskLength, why });
    }
    match rules.default_netmask_length {
        Some(length) if length < min => {
            let why = format!("{length} is less than allocation_min_netmask_length, which is {min}");
            Err(Error::BadRules { rule: RuleName::DefaultNetmaskLength, why })
        }
        Some(length) if length > max => {
            let why = format!("{length} is more than allocation_max_netmask_length, which is {max}");
            Err(Error::BadRules { rule: RuleName::DefaultNetmaskLength, why })
        }
        _ => Ok(()),
    }
}

fn check_reserved(rules: &Rules, family: Family) -> Result<()> {
    let wrong = |rule: RuleName, why: String| Err(Error::BadRules { rule, why });
    if let Some(cidr) = rules.reserved_cidrs.iter().find(|cidr| cidr.family() != family) {
        return wrong(RuleName::ReservedCidrs, format!("{cidr} is no {family} block, but the pool is {family}"));
    }
    if rules.reserved_cidrs.len() > RESERVED_CIDRS_MAX {
        let why = format!("{} CIDRs are more than {RESERVED_CIDRS_MAX}", rules.reserved_cidrs.len());
        return wrong(RuleName::ReservedCidrs, why);
    }
    for (rule, count) in [(RuleName::ReserveFirst, rules.reserve_first), (RuleName::ReserveLast, rules.reserve_last)] {
        if count > RESERVED_ADDRESSES_MAX {
            return wrong(rule, format!("{count} addresses are more than {RESERVED_ADDRESSES_MAX}"));
        }
    }
    Ok(())
}

fn check_order(rules: &Rules, family: Family) -> Result<()> {
    let wrong = |rule: RuleName, why: String| Err(Error::BadRules { rule, why });
    let (priorities, draining) = (&rules.cidr_priorities, &rules.draining_cidrs);
    let named = [
        (RuleName::CidrPriorities, priorities.len(), priorities.keys().find(|cidr| cidr.family() != family)),
        (RuleName::DrainingCidrs, draining.len(), draining.iter().find(|cidr| cidr.family() != family)),
    ];
    for (rule, count, other) in named {
        if let Some(cidr) = other {
            return wrong(rule, format!("{cidr} is no {family} block, but the pool is {family}"));
        }
        if count > ORDERED_CIDRS_MAX {
            return wrong(rule, format!("{count} CIDRs are more than {ORDERED_CIDRS_MAX}"));
        }
    }
    if let Some((cidr, priority)) = priorities.iter().find(|(_, priority)| **priority > PRIORITY_MAX) {
        let why = format!("the priority of {cidr} is {priority}, and priorities are numbers from 0 to {PRIORITY_MAX}");
        return wrong(RuleName::CidrPriorities, why);
    }
    // In this order, a block comes right after a block that contains it, or after other blocks inside that one.
    match priorities.keys().zip(priorities.keys().skip(1)).find(|(cidr, next)| cidr.overlaps(next)) {
        Some((cidr, next)) => {
            wrong(RuleName::CidrPriorities, format!("{next} lies in {cidr}, which has a priority too"))
        }
        None => Ok(()),
    }
}

/// Checks that the blocks which a pool provisions agree with its family, its place in the tree, and each other.
///
/// # Errors
/// Returns [`Error::FamilyMismatch`], [`Error::OwnOverlap`], [`Error::NoSourcePool`] or [`Error::NetmaskRange`].
pub(in crate::ipam) fn check_provision(provision: &Provision, family: Family, has_source: bool) -> Result<()> {
    match provision {
        Provision::Nothing => Ok(()),
        Provision::NetmaskLength(_) if !has_source => Err(Error::NoSourcePool),
        Provision::NetmaskLength(length) => check_range(*length, family),
        Provision::Cidrs(cidrs) => {
            let mut previous: Option<&Cidr> = None;
            for cidr in cidrs {
                check_family(cidr, family)?;
                // In this order, a block comes right after a block that contains it, or after other blocks inside that
                // one.
                if let Some(previous) = previous.filter(|previous| previous.overlaps(cidr)) {
                    return Err(Error::OwnOverlap { a: *previous, b: *cidr });
                }
                previous = Some(cidr);
            }
            Ok(())
        }
    }
}

/// Checks that a pool that imports discovered VPCs has a Region as its locale.
pub(in crate::ipam) fn check_auto_import(auto_import: bool, locale: Option<&str>) -> Result<()> {
    if auto_import && locale.is_none() { Err(Error::NoLocale) } else { Ok(()) }
}

pub(in crate::ipam) fn check_family(cidr: &Cidr, expected: Family) -> Result<()> {
    if cidr.family() == expected {
        return Ok(());
    }
    Err(Error::FamilyMismatch { cidr: Some(*cidr), expected, found: cidr.family() })
}

pub(in crate::ipam) fn check_range(netmask_length: u8, family: Family) -> Result<()> {
    if netmask_length <= family.bits() {
        return Ok(());
    }
    Err(Error::NetmaskRange { netmask_length, family })
}
