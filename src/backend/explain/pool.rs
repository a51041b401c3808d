//! The texts for declarations of a pool that contradict themselves, the pool above or the pools below.

use super::words::{family_word, occupants, owner};
use crate::ipam::{Cidr, Family, Occupant};

/// One pool is to have both address families.
pub(super) fn families(cidr: Option<Cidr>, expected: Family, found: Family) -> (String, String) {
    (
        "Address families are mixed".to_owned(),
        format!(
            "{} is {}, but {} is needed here: a pool and everything in it has one address family. Use {} blocks, or \
             a second pool for {}.",
            cidr.map_or_else(|| "The CIDR".to_owned(), |cidr| cidr.to_string()),
            family_word(found),
            family_word(expected),
            family_word(expected),
            family_word(found),
        ),
    )
}

pub(super) fn no_family() -> (String, String) {
    (
        "The pool's address family is not given".to_owned(),
        "A top-level pool without `cidrs` can be of either family. Set `address_family` to \"ipv4\" or \"ipv6\"."
            .to_owned(),
    )
}

pub(super) fn no_source() -> (String, String) {
    (
        "A top-level pool needs explicit CIDRs".to_owned(),
        "`netmask_length` takes a block out of a source pool, and this pool has none. Give the blocks in `cidrs`, or \
         set `source_ipam_pool_id`."
            .to_owned(),
    )
}

pub(super) fn own_overlap(a: Cidr, b: Cidr) -> (String, String) {
    (format!("{a} and {b} overlap"), format!("Both were given for the same pool. Keep one of {a} and {b}."))
}

pub(super) fn too_deep(limit: u32) -> (String, String) {
    (
        "The pool tree is too deep".to_owned(),
        format!("Pools can be nested {limit} levels deep. Use a source pool nearer to the top."),
    )
}

pub(super) fn locale_of_source(source_id: &str, source_locale: &str, asked: &str) -> (String, String) {
    (
        format!("Locale {asked:?} differs from the source pool's"),
        format!(
            "Source pool {source_id} has locale {source_locale:?}, and all pools below it have the same locale. Leave \
             `locale` out or set it to {source_locale:?}, or choose another source pool."
        ),
    )
}

pub(super) fn scope_of_source(source_id: &str, source_scope_id: &str, asked: &str) -> (String, String) {
    (
        "The source pool is in another scope".to_owned(),
        format!(
            "Source pool {source_id} is in scope {source_scope_id}, but scope {asked} was asked for. A pool is in its \
             source pool's scope: leave `ipam_scope_id` out, or choose another source pool."
        ),
    )
}

/// The pools below have another locale than the one that the pool is to have.
pub(super) fn locales_below(asked: &str, below: &[(Occupant, String)], more: u64) -> (String, String) {
    let mut lines = String::new();
    for (pool, locale) in below {
        lines.push_str(&format!(
            "  - pool {:?} ({}), of {}, with locale {locale:?}\n",
            pool.path,
            pool.id,
            owner(&pool.owner)
        ));
    }
    if more > 0 {
        lines.push_str(&format!("  - and {more} more\n"));
    }
    (
        "Pools below have another locale".to_owned(),
        format!(
            "The pool cannot have locale {asked:?}: all pools below it must have the same locale, and these have \
             another one:\n\n{lines}\nSet `locale` to {asked:?} on these pools and apply that first, or leave `locale` \
             out here."
        ),
    )
}

/// An allocation lies across the blocks into which a block is split.
pub(super) fn across(cidr: Cidr, contents: &[Occupant], more: u64) -> (String, String) {
    (
        format!("{cidr} cannot be split"),
        format!(
            "Each allocation must lie inside one of the new blocks. These lie across several blocks:\n\n{}\nRelease \
             these first, or split {cidr} into blocks that contain them.",
            occupants(contents, more)
        ),
    )
}
