//! The errors of a configuration of a set that need no store. Unknown values are accepted.

use std::collections::BTreeMap;

use crate::at;
use crate::ipam::{Cidr, Family, MEMBERS_MAX, SetSpec};
use crate::tf::{Diagnostic, Diagnostics, Tf};

use super::super::{agreement, check_length, check_name, other_family};
use super::{MemberModel, SetModel, member_at};

/// All errors of the configuration.
pub(super) fn check(config: &SetModel) -> Diagnostics {
    let mut diagnostics: Diagnostics = check_name(&config.name, at!(SetModel, name), false).into_iter().collect();
    let disallowed_at = at!(SetModel, disallowed_cidrs);
    let disallowed = config.disallowed_cidrs.get();
    if let Some(family) = disallowed.and_then(|blocks| blocks.first()).map(Cidr::family) {
        diagnostics.extend(other_family(disallowed, family, "the others are").map(|wrong| wrong.at(disallowed_at)));
    }
    let Some(members) = config.members.get() else { return diagnostics };
    diagnostics.extend(check_count(members.len()));
    for (key, member) in members {
        check_member(config, key, member, &mut diagnostics);
    }
    check_together(members, &mut diagnostics);
    diagnostics
}

fn check_count(count: usize) -> Option<Diagnostic> {
    let (summary, detail) = match count {
        0 => ("The set has no members", "Add a member, or remove the set.".to_owned()),
        1..=MEMBERS_MAX => return None,
        _ => (
            "The set has too many members",
            format!("It has {count} members, and a set has at most {MEMBERS_MAX}. Divide it into several sets."),
        ),
    };
    Some(Diagnostic::error(summary, detail).at(at!(SetModel, members)))
}

fn check_member(config: &SetModel, key: &str, member: &MemberModel, diagnostics: &mut Diagnostics) {
    let at = member_at(key);
    let own = check_name(&Tf::Known(key.to_owned()), at.clone(), false);
    let whole = match config.name.get() {
        Some(set) if own.is_none() => check_name(&Tf::Known(SetSpec::member_name(set, key)), at.clone(), true),
        _ => None,
    };
    diagnostics.extend(own.or(whole));
    diagnostics.extend(agreement::of_cidr(&member.cidr, &member.netmask_length, at.then("netmask_length")));
    diagnostics.extend(member.check_minimums(&at));
    diagnostics.extend(agreement::of_disallowed(&member.cidr, &config.disallowed_cidrs, at.then("cidr")));
    diagnostics.extend(check_length(&member.netmask_length, None, at.then("netmask_length")));
}

/// Compares the members with each other: blocks of one family that do not overlap.
fn check_together(members: &BTreeMap<String, MemberModel>, diagnostics: &mut Diagnostics) {
    let given = members.iter().filter_map(|(key, member)| Some((*member.cidr.get()?, key.as_str())));
    let mut blocks: Vec<(Cidr, &str)> = given.collect();
    // Of two blocks that overlap, the first in the order of the names is right, and the error is on the other.
    let Some((first, named)) = blocks.first().copied() else { return };
    for (block, key) in blocks.iter().filter(|(block, _)| block.family() != first.family()) {
        let (family, others): (Family, Family) = (block.family(), first.family());
        let detail =
            format!("{block} is {family}, and {first} of {named:?} is {others}. A pool has one address family.");
        let wrong = Diagnostic::error("Members of two address families", detail);
        diagnostics.push(wrong.at(member_at(key).then("cidr")));
    }
    blocks.sort_by_key(|(block, _)| (block.first(), block.netmask_length()));
    let mut around: Option<(Cidr, &str)> = None;
    for (block, key) in blocks {
        match around.filter(|(other, _)| other.overlaps(&block)) {
            Some((other, holder)) => {
                let (wrong, right, taken) = if key < holder { (holder, key, block) } else { (key, holder, other) };
                let detail = format!(
                    "The members {right:?} and {wrong:?} ask for CIDRs that overlap: {right:?} has {taken}. Give one of \
                     them another CIDR, or a `netmask_length`."
                );
                let conflict = Diagnostic::error("Members overlap", detail);
                diagnostics.push(conflict.at(member_at(wrong).then("cidr")));
            }
            None => around = Some((block, key)),
        }
    }
}
