//! The texts for [`Error`]: each states what is wrong, what was requested, what exists, and what to do. No other module
//! writes these texts, so that a plan and the command line report the same.

use crate::ipam::Error;

mod address_sets;
mod choice;
mod discovery;
mod holds;
mod lifetime;
mod object;
mod owners;
mod pool;
mod rules;
mod service;
mod space;
mod store;
#[cfg(test)]
mod tests;
mod words;

pub use holds::held;
pub use words::{addresses, capital, count, made_at, number, percent, resource_type, sentence, tally, time};

/// An error in words for users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The problem; short, without a full stop.
    pub summary: String,
    /// The request, the objects that exist, and what to do; whole sentences.
    pub detail: String,
}

/// The explanation of `error`.
pub fn explain(error: &Error) -> Explanation {
    let (summary, detail) = match error {
        Error::NotFound { kind, id } => object::not_found(*kind, id),
        Error::InUse { kind, id, name, contents, more } => object::in_use(*kind, id, name, contents, *more),
        Error::DefaultScope { id } => object::default_scope(id),
        Error::Fixed { kind, id, what } => object::fixed(*kind, id, what),
        Error::NameTaken { existing, asked_by } => owners::name_taken(existing, asked_by.as_deref()),
        Error::Staying { of, why } => owners::staying(of, why),
        Error::HoldLost { kind, id, name, cidr, expired_at, now_held_by } => {
            holds::lost(*kind, id, name, *cidr, *expired_at, now_held_by)
        }
        Error::Overlap { cidr, with } => space::overlap(*cidr, with),
        Error::OutsidePool { cidr, pool_id, pool_name, provisioned } => {
            space::outside_pool(*cidr, pool_id, pool_name, provisioned)
        }
        Error::Reserved { cidr, pool_id, pool_name, reserved, rule } => {
            rules::reserved(*cidr, pool_id, pool_name, *reserved, *rule)
        }
        Error::AggregateFull { aggregate, netmask_length, larger, with } => {
            space::aggregate_full(*aggregate, *netmask_length, *larger, with)
        }
        Error::PoolExhausted(exhausted) => space::exhausted(exhausted),
        Error::NoPool(why) => choice::no_pool(why, |error| explain(error).summary),
        Error::PoolEmpty { pool_id, pool_name } => space::pool_empty(pool_id, pool_name),
        Error::NoSize { pool_id, pool_name } => space::no_size(pool_id, pool_name),
        Error::NetmaskRange { netmask_length, family } => space::netmask_range(*netmask_length, *family),
        Error::NetmaskRule { pool_id, pool_name, netmask_length, min, max } => {
            rules::netmask(pool_id, pool_name, *netmask_length, *min, *max)
        }
        Error::TagRule { pool_id, pool_name, key, required, found } => {
            rules::tag(pool_id, pool_name, key, required, found.as_deref())
        }
        Error::BadRules { rule, why } => rules::contradiction(*rule, why),
        Error::FamilyMismatch { cidr, expected, found } => pool::families(*cidr, *expected, *found),
        Error::NoFamily => pool::no_family(),
        Error::NoSourcePool => pool::no_source(),
        Error::OwnOverlap { a, b } => pool::own_overlap(*a, *b),
        Error::Protected { id, name, cidr } => lifetime::protected(id, name, *cidr),
        Error::LoanOver { expires_at, now } => lifetime::over(*expires_at, *now),
        Error::TooDeep { limit } => pool::too_deep(*limit),
        Error::LocaleMismatch { source_pool_id, source_locale, asked } => {
            pool::locale_of_source(source_pool_id, source_locale, asked)
        }
        Error::LocalesBelow { asked, below, more } => pool::locales_below(asked, below, *more),
        Error::ScopeMismatch { source_pool_id, source_scope_id, asked } => {
            pool::scope_of_source(source_pool_id, source_scope_id, asked)
        }
        Error::Across { cidr, contents, more } => pool::across(*cidr, contents, *more),
        Error::NoLocale => discovery::no_locale(),
        Error::NoDiscovery => discovery::none(),
        Error::ManyDiscoveries { there } => discovery::many(there),
        Error::Untreatable { of, why } => discovery::untreatable(of, *why),
        Error::Addresses(error) => address_sets::refused(error),
        // Terraform shows the line of all members, so the words name the one.
        Error::OfMember { key, error } => {
            let Explanation { summary, detail } = explain(error);
            (format!("Member {key:?}: {summary}"), detail)
        }
        Error::Store(error) => store::failed(error),
        Error::Importing => store::importing(),
        Error::NotVacant => store::not_vacant(),
        Error::Service(fault) => service::refused(fault),
        Error::Pending(unfinished) => service::unfinished(unfinished),
        Error::Unsupported { what } => service::unsupported(*what),
    };
    Explanation { summary, detail }
}
