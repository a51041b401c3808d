//! The texts for changes of a pool that cannot be carried out.

use crate::ipam::{Cidr, Occupant};

use super::{occupants, owner};

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
