//! Sentences for changes of a pool that cannot be carried out.

use crate::ipam::Occupant;

use super::owner;

/// Pools below carry another locale than the pool is to have.
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
            "The pool cannot have locale {asked:?}: all pools below it would carry the same, and these have another \
             one:\n\n{lines}\nSet `locale` to {asked:?} there first and apply that, or leave it out here."
        ),
    )
}
