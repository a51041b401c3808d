//! The resources of the nouns that every store has, and what the plans of several resources check.

pub(super) mod address_set;
mod agreement;
pub(super) mod allocation;
mod allocation_contents;
mod allocation_plan;
mod allocation_resize;
pub(super) mod allocation_set;
pub(super) mod candidate;
mod choice;
pub(super) mod dual_stack;
mod growth;
mod lifetime;
pub(super) mod pool;
mod pool_arguments;
mod pool_change;
pub(super) mod pool_cidr;
mod pool_keeps;
mod pool_noun;
mod pool_plan;
mod pool_sizes;
mod pool_special;
pub(super) mod proof;
mod replaced;
mod reserved;
pub(super) mod scope;
mod source_resource;

use std::collections::BTreeSet;

use crate::ipam::{Cidr, Family};
use crate::tf::{Diagnostic, Path, Tf};

/// Checks a name.
pub(super) fn check_name(name: &Tf<String>, at: Path, may_hold_slash: bool) -> Option<Diagnostic> {
    name_fault(name.get()?, may_hold_slash).map(|why| Diagnostic::error("Invalid name", why).at(at))
}

/// The fault of a name, as a sentence. Objects are found again by their names, so a name must not be empty, and paths
/// must be readable.
pub(super) fn name_fault(name: &str, may_hold_slash: bool) -> Option<&'static str> {
    Some(if name.trim().is_empty() {
        "The name is empty."
    } else if name.trim() != name {
        "The name begins or ends with white space."
    } else if name.chars().count() > 255 {
        "The name has more than 255 characters."
    } else if name.chars().any(char::is_control) {
        "The name contains a control character."
    } else if name.contains('/') && !may_hold_slash {
        "The name contains a slash, which separates the names in a path such as \"top/eu-west-1\"."
    } else {
        return None;
    })
}

/// The ID from the service. The ID of this provider may end with the ID of the pool.
fn own_id(id: &str) -> String {
    id.split_once('_').map_or(id, |(own, _)| own).to_owned()
}

/// Refuses a block that is not of this family; `whose` is the subject of the sentence, with a verb.
pub(super) fn other_family(blocks: Option<&BTreeSet<Cidr>>, family: Family, whose: &str) -> Option<Diagnostic> {
    let other = blocks?.iter().find(|block| block.family() != family)?;
    let detail = format!("{other} is {}, and {whose} {family}, so it has no effect. Remove it.", other.family());
    Some(Diagnostic::error("Blocks of another address family", detail))
}

/// Checks that a netmask length is within the bits of the address family.
fn check_length(length: &Tf<u8>, family: Option<Family>, at: Path) -> Option<Diagnostic> {
    let length = *length.get()?;
    let bits = family.map_or(128, Family::bits);
    let which = family.map_or_else(String::new, |family| format!(" for {family}"));
    (length > bits).then(|| {
        Diagnostic::error(
            "Netmask length out of range",
            format!("{length} is not a netmask length{which}: netmask lengths are 0 to {bits}."),
        )
        .at(at)
    })
}
