//! The texts for an allocation for which no pool can be chosen.

use super::words::{addresses, capital, pool};
use crate::ipam::{Error, Exhausted, NoPool, Pool, PoolSelector};

/// Number of pools that a message names.
const NAMED_MAX: usize = 10;

/// `summary`: the summary of the error of one pool.
pub(super) fn no_pool(why: &NoPool, summary: impl Fn(&Error) -> String) -> (String, String) {
    match why {
        NoPool::NoRoom { tried } => no_room(tried, summary),
        NoPool::NoMatch { selector } => (
            "No pool matches".to_owned(),
            format!(
                "There is no pool with {}. A pool that the same configuration creates counts only if `depends_on` names \
                 it. Change the selector, or create such a pool.",
                properties(selector)
            ),
        ),
        NoPool::MixedFamilies { first, other } => (
            "The pools have both address families".to_owned(),
            format!(
                "{} is {}, and {} is {}. An allocation has one address family, so all pools that it may come from have \
                 the same. Leave out the pools of the other family.",
                capital(&called(first)),
                first.address_family,
                called(other),
                other.address_family
            ),
        ),
    }
}

fn no_room(tried: &[(Pool, Error)], summary: impl Fn(&Error) -> String) -> (String, String) {
    let mut lines: Vec<String> = tried
        .iter()
        .take(NAMED_MAX)
        .map(|(pool, error)| format!("- {}: {}", called(pool), reason(error, &summary)))
        .collect();
    if tried.len() > NAMED_MAX {
        lines.push(format!("- and {} more", tried.len() - NAMED_MAX));
    }
    (
        "No pool can give this block".to_owned(),
        format!(
            "None of the pools that the allocation may come from can give it:\n\n{}\n\nAsk for another size, provision \
             more space in one of these pools, or name another pool.",
            lines.join("\n")
        ),
    )
}

/// Why one pool cannot give the block, in one line.
fn reason(error: &Error, summary: impl Fn(&Error) -> String) -> String {
    match error {
        Error::PoolExhausted(Exhausted { netmask_length, free, largest_free: Some(largest), .. }) => {
            format!(
                "it has no free /{netmask_length}; {} are free, and the largest free block is {largest}.",
                addresses(free)
            )
        }
        Error::PoolExhausted(Exhausted { netmask_length, .. }) => {
            format!("it has no free /{netmask_length}; nothing is free in it.")
        }
        Error::PoolEmpty { .. } => "it has no CIDR.".to_owned(),
        _ => format!("{}.", summary(error)),
    }
}

fn called(one: &Pool) -> String {
    pool(&one.meta.name, &one.meta.id)
}

/// The properties that a selector asks for.
fn properties(selector: &PoolSelector) -> String {
    let PoolSelector { tags, locale, address_family, scope_id } = selector;
    let mut all: Vec<String> = tags.iter().map(|(key, value)| format!("the tag {key:?} = {value:?}")).collect();
    all.extend(locale.iter().map(|locale| format!("the locale {locale:?}")));
    all.extend(address_family.iter().map(|family| format!("the address family {family}")));
    all.extend(scope_id.iter().map(|scope| format!("the scope {scope}")));
    all.join(" and ")
}
