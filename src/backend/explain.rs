//! The texts for [`Error`]: each states what is wrong, what was requested, what exists, and what to do. No other module
//! writes these texts, so that a plan and the command line report the same.

use jiff::Timestamp;
use num_bigint::BigUint;

use crate::ipam::{Cidr, Error, Family, KeptOff, Kind, Occupant, RuleName, State};
use crate::store;

#[path = "explain_discovery.rs"]
mod discovery;
#[path = "explain_holds.rs"]
mod holds;
#[path = "explain_owners.rs"]
mod owners;
#[path = "explain_pool_change.rs"]
mod pool_change;
#[path = "explain_service.rs"]
mod service;

pub use holds::{held, made_at};

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
        Error::NotFound { kind, id } => not_found(*kind, id),
        Error::NameTaken { existing, asked_by } => owners::name_taken(existing, asked_by.as_deref()),
        Error::Staying { of, why } => owners::staying(of, why),
        Error::Overlap { cidr, with } => overlap(*cidr, with),
        Error::OutsidePool { cidr, pool_id, pool_name, provisioned } => {
            outside_pool(*cidr, &pool(pool_name, pool_id), provisioned)
        }
        Error::PoolExhausted { .. } => exhausted(error),
        Error::PoolEmpty { pool_id, pool_name } => (
            format!("Pool {pool_name:?} has no CIDR"),
            format!(
                "{} has nothing provisioned, so there is nothing to allocate from. Give it `cidrs` or \
                 `netmask_length`, or add an `ipam_pool_cidr`.",
                capital(&pool(pool_name, pool_id))
            ),
        ),
        Error::NetmaskRule { pool_id, pool_name, netmask_length, min, max } => {
            netmask_rule(&pool(pool_name, pool_id), *netmask_length, *min, *max)
        }
        Error::TagRule { pool_id, pool_name, key, required, found } => {
            tag_rule(&pool(pool_name, pool_id), key, required, found.as_deref())
        }
        Error::NoSize { pool_id, pool_name } => (
            "No size given".to_owned(),
            format!(
                "Neither `cidr` nor `netmask_length` is set, and {} has no `allocation_default_netmask_length`. Set one \
                 of the three.",
                pool(pool_name, pool_id)
            ),
        ),
        Error::InUse { kind, id, name, contents, more } => in_use(*kind, id, name, contents, *more),
        Error::HoldLost { .. } => holds::lost(error),
        Error::Across { cidr, contents, more } => pool_change::across(*cidr, contents, *more),
        Error::LocalesBelow { asked, below, more } => pool_change::locales_below(asked, below, *more),
        Error::Store(error) => store_error(error),
        Error::Service(fault) => service::refused(fault),
        Error::Pending(unfinished) => service::unfinished(unfinished),
        Error::Unsupported { what } => service::unsupported(*what),
        Error::Importing | Error::NotVacant => moving(error),
        Error::NoLocale => discovery::no_locale(),
        Error::NoDiscovery => discovery::none(),
        Error::ManyDiscoveries { there } => discovery::many(there),
        Error::Untreatable { of, why } => discovery::untreatable(of, *why),
        other => declaration(other),
    };
    Explanation { summary, detail }
}

/// Errors in the configuration of an object, independent of the content of the store.
fn declaration(error: &Error) -> (String, String) {
    match error {
        Error::BadRules { rule, why } => (
            format!("{} cannot be used", rule_attribute(*rule)),
            format!("{} Change `{}`.", sentence(why), rule_attribute(*rule)),
        ),
        Error::NetmaskRange { netmask_length, family } => (
            format!("/{netmask_length} is not possible here"),
            format!(
                "A netmask length of {netmask_length} was asked for. {} netmask lengths are 0 to {}, and a block \
                 cannot be larger than the block that it is taken from. Use a longer netmask length within that range.",
                family_word(*family),
                family.bits()
            ),
        ),
        Error::FamilyMismatch { cidr, expected, found } => (
            "Address families are mixed".to_owned(),
            format!(
                "{} is {}, but {} is needed here: a pool and everything in it has one address family. Use {} blocks, or \
                 a second pool for {}.",
                cidr.map_or_else(|| "The CIDR".to_owned(), |cidr| cidr.to_string()),
                family_word(*found),
                family_word(*expected),
                family_word(*expected),
                family_word(*found),
            ),
        ),
        Error::NoFamily => (
            "The pool's address family is not given".to_owned(),
            "A top-level pool without `cidrs` can be of either family. Set `address_family` to \"ipv4\" or \"ipv6\"."
                .to_owned(),
        ),
        Error::LocaleMismatch { source_pool_id, source_locale, asked } => (
            format!("Locale {asked:?} differs from the source pool's"),
            format!(
                "Source pool {source_pool_id} has locale {source_locale:?}, and all pools below it have the same \
                 locale. Leave `locale` out or set it to {source_locale:?}, or choose another source pool."
            ),
        ),
        Error::ScopeMismatch { source_pool_id, source_scope_id, asked } => (
            "The source pool is in another scope".to_owned(),
            format!(
                "Source pool {source_pool_id} is in scope {source_scope_id}, but scope {asked} was asked for. A pool is \
                 in its source pool's scope: leave `ipam_scope_id` out, or choose another source pool."
            ),
        ),
        Error::NoSourcePool => (
            "A top-level pool needs explicit CIDRs".to_owned(),
            "`netmask_length` takes a block out of a source pool, and this pool has none. Give the blocks in `cidrs`, or \
             set `source_ipam_pool_id`."
                .to_owned(),
        ),
        Error::OwnOverlap { a, b } => (
            format!("{a} and {b} overlap"),
            format!("Both were given for the same pool. Keep one of {a} and {b}."),
        ),
        Error::DefaultScope { id } => (
            "A default scope cannot be deleted".to_owned(),
            format!(
                "Scope {id} is one of the two default scopes that every store has. To stop managing it with Terraform, \
                 use `terraform state rm` or a `removed` block."
            ),
        ),
        Error::TooDeep { limit } => (
            "The pool tree is too deep".to_owned(),
            format!("Pools can be nested {limit} levels deep. Use a source pool nearer to the top."),
        ),
        Error::Fixed { kind, id, what } => (
            format!("The {what} of a {} cannot be changed", kind.word()),
            format!(
                "The {what} of {word} {id} is fixed when the {word} is created. Set it back to its old value, or replace \
                 the object (`terraform apply -replace=...`).",
                word = kind.word()
            ),
        ),
        // All other errors have functions of their own above; the debug form is a fallback.
        other => ("The request was refused".to_owned(), format!("{other:?}.")),
    }
}

fn not_found(kind: Kind, id: &str) -> (String, String) {
    let word = kind.word();
    (
        format!("No such {word}"),
        format!(
            "There is no {word} with id {id:?} in this store. It was deleted, it exists only in a plan, or it is in \
             another store. Check the id and the provider's `store`. If it exists only in a plan, apply that plan \
             first, or plan again if its hold has expired."
        ),
    )
}

fn overlap(cidr: Cidr, with: &[Occupant]) -> (String, String) {
    let all_held = !with.is_empty() && with.iter().all(|occupant| occupant.state != State::Active);
    let advice = if !with.is_empty() && with.iter().all(is_sibling) {
        "Choose another block for one of them."
    } else if all_held {
        &format!("Choose another block, or wait until these plans are applied. {}", holds::how_to_release(with))
    } else if with.iter().any(|occupant| occupant.kind != Kind::Allocation) {
        "Choose another block, or use another scope: scopes may hold the same addresses."
    } else {
        "Choose another block, or give `netmask_length` instead of `cidr` and let the pool choose."
    };
    (
        format!("{cidr} overlaps space that is taken"),
        format!("{cidr} shares addresses with:\n\n{}\n{advice}", occupants(with, 0)),
    )
}

fn outside_pool(cidr: Cidr, pool: &str, provisioned: &[Cidr]) -> (String, String) {
    let has = match provisioned {
        [] => "which has no CIDR".to_owned(),
        [one] => format!("which has {one}"),
        several => {
            let list: Vec<String> = several.iter().map(ToString::to_string).collect();
            format!("which has {}", list.join(", "))
        }
    };
    (
        format!("{cidr} is outside the pool"),
        format!(
            "{cidr} was asked for from {pool}, {has}. A block must lie inside one CIDR of its pool: choose a block \
             that does, or provision more space."
        ),
    )
}

fn exhausted(error: &Error) -> (String, String) {
    let Error::PoolExhausted {
        pool_id,
        pool_name,
        netmask_length,
        largest_free,
        free,
        disallowed,
        held,
        first_expiry,
        kept_off,
        lost,
    } = error
    else {
        return declaration(error);
    };
    let pool = pool(pool_name, pool_id);
    let mut detail = format!("A /{netmask_length} was asked for from {pool}. ");
    match (largest_free, disallowed) {
        (Some(largest), _) if kept_off.is_some() => detail.push_str(&format!(
            "{}, and the largest free block is {largest}.{}",
            are(free, "free"),
            kept_off.as_deref().map(kept_off_words).unwrap_or_default()
        )),
        (None, _) => detail.push_str("Nothing is free in it."),
        (Some(largest), true) => detail.push_str(&format!(
            "{}, and the largest free block is {largest}, but `disallowed_cidrs` rules out every block that is large \
             enough.",
            are(free, "free")
        )),
        (Some(largest), false) => detail.push_str(&format!(
            "{}; the largest free block is {largest} ({} of the free space), and a /{netmask_length} needs {} in \
             one block.",
            are(free, "free"),
            percent(&largest.address_count(), free),
            addresses(&largest_needed(largest.family(), *netmask_length)),
        )),
    }
    if *held > BigUint::ZERO {
        detail.push_str(&format!(" {} by plans of other owners or of this run", are(held, "held")));
        if let Some(expiry) = first_expiry {
            detail.push_str(&format!("; the first hold expires at {}", time(*expiry)));
        }
        detail.push('.');
    }
    if let Some(lost) = lost {
        detail.push_str(&holds::lost_by_the_way(lost));
    }
    let advice = match (largest_free, disallowed) {
        _ if kept_off.is_some() => {
            "Provision more space, ask for a smaller block, or set `cidr` if the allocation is for a resource that is \
             already there. To let allocations by size use the space of a resource, ignore its CIDR with \
             `ipam_resource_cidr`."
        }
        (_, true) => "Remove blocks from `disallowed_cidrs`, or provision more space.",
        (None, _) => "Provision more space, or release allocations.",
        (Some(_), false) => "Ask for a smaller block, provision more space, or release allocations.",
    };
    (format!("Pool {pool_name:?} has no free /{netmask_length}"), format!("{detail} {advice}"))
}

/// The reason why free space is not allocated.
fn kept_off_words(kept_off: &KeptOff) -> String {
    let seen: Vec<String> = kept_off
        .seen
        .iter()
        .map(|seen| format!("{} ({}, account {}, {})", seen.resource_id, seen.cidr, seen.account_id, seen.region))
        .collect();
    let seen = if seen.is_empty() { String::new() } else { format!(": {}", seen.join(", ")) };
    let rest = match kept_off.largest {
        Some(largest) => format!(". Outside the space of discovered resources, the largest free block is {largest}"),
        None => String::new(),
    };
    format!(
        " {} is large enough, but allocations by size avoid the space of discovered resources{seen}{rest}.",
        kept_off.block
    )
}

fn netmask_rule(pool: &str, asked: u8, min: Option<u8>, max: Option<u8>) -> (String, String) {
    match (min, max) {
        (Some(min), _) if asked < min => (
            format!("/{asked} is larger than the pool allows"),
            format!(
                "A /{asked} was asked for from {pool}, whose `allocation_min_netmask_length` is {min}: a /{min} is the \
                 largest block it gives out. Ask for /{min} or longer, or change the rule."
            ),
        ),
        (_, Some(max)) => (
            format!("/{asked} is smaller than the pool allows"),
            format!(
                "A /{asked} was asked for from {pool}, whose `allocation_max_netmask_length` is {max}: a /{max} is the \
                 smallest block it gives out. Ask for /{max} or shorter, or change the rule."
            ),
        ),
        _ => (
            format!("/{asked} is not allowed by the pool"),
            format!("A /{asked} was asked for from {pool}, whose rules do not allow it. Change the size or the rules."),
        ),
    }
}

fn tag_rule(pool: &str, key: &str, required: &str, found: Option<&str>) -> (String, String) {
    let (summary, found) = match found {
        None => (format!("The tag {key:?} is missing"), "there is no such tag".to_owned()),
        Some(value) => (format!("The tag {key:?} has a value the pool refuses"), format!("it is {value:?}")),
    };
    (
        summary,
        format!(
            "{} requires the tag {key:?} to be {required:?} on every allocation (`allocation_resource_tags`), and {found}. \
             Set it in `tags`, or in `default_tags` of the provider.",
            capital(pool)
        ),
    )
}

fn in_use(kind: Kind, id: &str, name: &str, contents: &[Occupant], more: u64) -> (String, String) {
    let word = kind.word();
    let advice = match kind {
        Kind::Pool => "Delete these first, or set `cascade = true` on the pool and apply that before deleting it.",
        Kind::Scope => "Delete its pools first, and destroy each `ipam_resource_cidr` that has moved a CIDR into it.",
        Kind::PoolCidr | Kind::Allocation | Kind::Discovery | Kind::Treatment | Kind::History => "Release these first.",
    };
    let release = holds::how_to_release(contents);
    let release = if release.is_empty() { release } else { format!(" {release}") };
    (
        format!("{} {name:?} is not empty", capital(word)),
        format!(
            "{} {name:?} ({id}) still contains:\n\n{}\n{advice}{release}",
            capital(word),
            occupants(contents, more)
        ),
    )
}

/// Errors about a store that is the target of an import.
fn moving(error: &Error) -> (String, String) {
    if matches!(error, Error::NotVacant) {
        return (
            "The store is not empty".to_owned(),
            "The store already has objects or a history. Nothing was changed. Import into a new store, or add \
             `--merge` to import only the objects that are missing."
                .to_owned(),
        );
    }
    (
        "An import into this store is running or was interrupted".to_owned(),
        "The store is incomplete, so nothing was read or changed. Wait until the import is done. If it was \
         interrupted, run it again (`terraform-provider-ipam import`)."
            .to_owned(),
    )
}

fn store_error(error: &store::Error) -> (String, String) {
    let (summary, detail) = match error {
        store::Error::Unavailable(why) => (
            "The store is not available",
            format!(
                "{} Nothing was changed. Check the store URL, and check that this user may read and write the store \
                 (for a file, its directory too). Then run again.",
                sentence(why)
            ),
        ),
        store::Error::Uncertain(why) => (
            "The store did not confirm the change",
            format!(
                "{} It is not known whether the change was saved. Run the same command again: it finds the changes \
                 that were saved and continues from there.",
                sentence(why)
            ),
        ),
        store::Error::ReadOnly(why) => (
            "The store is read-only",
            format!(
                "{} Nothing was changed. Give this user the right to write there (for a file, in its directory too), or use \
                 other credentials.",
                sentence(why)
            ),
        ),
        store::Error::Busy(how_long) => (
            "The store is busy",
            format!(
                "Other writers kept it busy for {how_long}. Nothing was changed. Run again. If the error persists, \
                 look for a process that keeps the store open."
            ),
        ),
        store::Error::Corrupt(why) => (
            "The store is damaged",
            format!(
                "{} Nothing was changed. Run `terraform-provider-ipam check` to see the extent of the damage, and \
                 restore the store from a backup.",
                sentence(why)
            ),
        ),
        store::Error::Newer { found, known } => (
            "The store was written by a newer version",
            format!(
                "The store has format version {found}, and this version of the provider supports versions up to \
                 {known}. Upgrade the provider. Nothing was changed."
            ),
        ),
        store::Error::Url(why) => (
            "The store URL is not understood",
            format!(
                "{} Stores are named like this: \"sqlite:ipam.db\", \"postgres://<user>@<host>/<database>\", \
                 \"s3://<bucket>/<prefix>\", \"file:///<directory>\".",
                sentence(why)
            ),
        ),
    };
    (summary.to_owned(), detail)
}

/// One line for each occupant, and one for those left out.
fn occupants(list: &[Occupant], more: u64) -> String {
    let mut lines: String = list.iter().map(|occupant| format!("  - {}\n", occupant_words(occupant))).collect();
    if more > 0 {
        lines.push_str(&format!("  - and {more} more\n"));
    }
    lines
}

/// Whether the occupant is another new object of a plan that may not write: it is not in the store.
fn is_sibling(occupant: &Occupant) -> bool {
    occupant.id.is_empty()
}

fn occupant_words(occupant: &Occupant) -> String {
    let block = occupant.cidr.map(|cidr| format!("{cidr}, ")).unwrap_or_default();
    if is_sibling(occupant) {
        return format!("{block}{} {:?}, which this plan creates too", occupant.kind.word(), occupant.path);
    }
    let state = match occupant.state {
        State::Active => "active".to_owned(),
        State::Planned => format!("planned{}, held{}", holds::made(occupant), until(occupant.hold_expires_at)),
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

fn pool(name: &str, id: &str) -> String {
    format!("pool {name:?} ({id})")
}

fn owner(owner: &str) -> String {
    if owner.is_empty() { "an unnamed owner".to_owned() } else { format!("owner {owner:?}") }
}

fn until(expiry: Option<Timestamp>) -> String {
    expiry.map(|at| format!(" until {}", time(at))).unwrap_or_default()
}

/// A time to the second, in UTC.
pub fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Says that so many addresses are something: "1 address is free".
fn are(count: &BigUint, what: &str) -> String {
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

fn largest_needed(family: Family, netmask_length: u8) -> BigUint {
    BigUint::from(1u8) << family.bits().saturating_sub(netmask_length)
}

fn family_word(family: Family) -> &'static str {
    match family {
        Family::Ipv4 => "IPv4",
        Family::Ipv6 => "IPv6",
    }
}

const fn rule_attribute(rule: RuleName) -> &'static str {
    match rule {
        RuleName::MinNetmaskLength => "allocation_min_netmask_length",
        RuleName::MaxNetmaskLength => "allocation_max_netmask_length",
        RuleName::DefaultNetmaskLength => "allocation_default_netmask_length",
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

/// `text` as a sentence: with a capital letter, unless it begins with a URL, and one full stop.
fn sentence(text: &str) -> String {
    let trimmed = text.trim().trim_end_matches('.');
    let begins_with_url = trimmed.split_whitespace().next().is_some_and(|word| word.contains("://"));
    if begins_with_url { format!("{trimmed}.") } else { format!("{}.", capital(trimmed)) }
}

#[cfg(test)]
#[path = "explain_tests.rs"]
mod tests;
