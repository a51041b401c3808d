//! Layout of the keys in the store. No other module builds or parses keys.
//!
//! Keys are UTF-8 text, parts separated by `/`; numbers have a fixed width, so that the order of bytes is the order of
//! numbers. Ids and names are percent-encoded where they hold anything but letters, digits and `-_.~`, so that a name
//! cannot change the structure of a key.
//!
//! | key | value |
//! |---|---|
//! | `scope/<id>`, `pool/<id>`, `pool-cidr/<id>`, `allocation/<id>` | the record (JSON with a version tag) |
//! | `name/<kind>/<parent>/<name>` | the objects that have the name: `{"active": id, "planned": id}`; parent is `-` for scopes, the source pool or scope for pools, the pool for the others |
//! | `free/<pool>/<host bits, 3 digits>/<first address>` | empty; a free block, never mergeable with its buddy |
//! | `at/<pool>/<first address>` | id and block (planned growth included) of the allocation that starts there |
//! | `provisioned/<pool>/<first address>` | id and block of a pool CIDR |
//! | `top/<scope>/<family>/<first address>` | id and block of a pool CIDR of a top-level pool |
//! | `child/<scope or source pool>/<pool>` | empty |
//! | `pool-named/<name>/<pool>` | empty |
//! | `expiry/<container>/<time>/<kind>/<id>` | empty; holds by expiry. Container: the pool whose space is held, the scope for top-level pools, `-` for scopes |
//! | `lapsed/<container>/<time>/<kind>/<id>` | empty; lapsed holds by the time they lapsed |
//! | `deferred/<pool>/<kind>/<id>` | empty; holds that take no space until their predecessor is gone |
//! | `loan/<time>/<id>` | empty; allocations by the end of their loan |
//! | `aggregate/<pool>/<first address>/<host bits, 3 digits>/<allocation>` | id and aggregate of a member of a contiguous set |
//! | `resting/<pool>/<end>/<allocation>` | id and block; space that rests, by the end of the rest |
//! | `rest-of/<pool>/<owner>/<name>/<allocation>` | empty; the same by the last holder |
//! | `count/<pool>` | addresses and numbers of allocations, as decimal text |
//! | `default/<private or public>` | id of a default scope |
//! | `discovery/<id>`, `treatment/<id>` | the record |
//! | `place/<discovery>/<account>/<region>` | state of the scans of a target |
//! | `sighting/<discovery>/<account>/<region>/<block>/<resource>` | a block that was seen on a resource; `-/-/-` is a resource without a block |
//! | `address/<discovery>/<account>/<region>/<address>` | a public address that was seen |
//! | `seen-at/<block>/<discovery>/<account>/<region>/<resource>` | empty; sightings by block |
//! | `avoiding/<scope>/<block>/<discovery>/<account>/<region>/<resource>` | empty; sightings that allocations avoid |
//! | `avoided/<scope>/<family>/<first address>` | the distinct blocks among those that no other one contains |
//! | `past/<block>/<from>/<to>/<scope>/<discovery>/<account>/<region>/<resource>` | a resource that had a block and no longer has it |
//! | `ended/<to>/<key in past>` | empty; the same, by its end |
//! | `imported/<resource>/<allocation>` | empty; allocations that a discovery imported |
//! | `event/<sequence, 20 digits>` | one entry of the history |
//! | `remnant/<id>` | what is kept of an object from removed events: the position of a pool, and tenures that had not ended |
//! | `meta/event` | sequence and hash of the last event |
//! | `meta/seen` | number of scans so far |
//! | `meta/forgotten` | the mark: sequence, hash and time of the last event that was removed, if one was |
//! | `meta/format` | format version; `importing <name>` until an import into an empty store is complete |
//!
//! A block is `<family>/<first address>/<netmask length, 3 digits>`. Addresses have 8 (IPv4) or 32 (IPv6) hexadecimal
//! digits. Times are UTC with nine decimals. The space of a pool below and the blocks that a pool's own declaration
//! provisions have no name entry: they are found by address.

use std::fmt::Write as _;
use std::ops::Range;

use jiff::Timestamp;

use crate::ipam::{Cidr, Family, Kind, ScopeType};

/// Sorts after every part of a key, because [`part`] returns no larger character.
const LAST: &str = "\u{7f}";
/// Sorts after every key.
pub(in crate::ipam) const END: &str = LAST;

pub(in crate::ipam) const FORMAT: &str = "meta/format";
pub(in crate::ipam) const EVENT_HEAD: &str = "meta/event";
pub(in crate::ipam) const SEEN_HEAD: &str = "meta/seen";
pub(in crate::ipam) const MARK: &str = "meta/forgotten";
/// Prefixes of all entries of one kind.
pub(in crate::ipam) const META: &str = "meta/";
pub(in crate::ipam) const DEFAULT_SCOPES: &str = "default/";
pub(in crate::ipam) const SCOPES: &str = "scope/";
pub(in crate::ipam) const SCOPE_NAMES: &str = "name/scope/-/";
pub(in crate::ipam) const DISCOVERIES: &str = "discovery/";
pub(in crate::ipam) const EVENTS: &str = "event/";
pub(in crate::ipam) const REMNANTS: &str = "remnant/";
pub(in crate::ipam) const NAMES: &str = "name/";
pub(in crate::ipam) const COUNTS: &str = "count/";
pub(in crate::ipam) const ALL_FREE: &str = "free/";
pub(in crate::ipam) const HOLDS_BY_EXPIRY: &str = "expiry/";
pub(in crate::ipam) const LAPSED: &str = "lapsed/";
pub(in crate::ipam) const LOANS: &str = "loan/";
pub(in crate::ipam) const AGGREGATES: &str = "aggregate/";
pub(in crate::ipam) const RESTING: &str = "resting/";
/// Container of the holds of scopes, and parent of the names of scopes.
pub(in crate::ipam) const ROOT: &str = "-";

/// First parts of the keys of entries that follow from records. The store must have exactly these entries.
pub(in crate::ipam) const DERIVED: [&str; 18] = [
    "at",
    "aggregate",
    "provisioned",
    "top",
    "child",
    "pool-named",
    "expiry",
    "lapsed",
    "deferred",
    "loan",
    "resting",
    "rest-of",
    "free",
    "imported",
    "seen-at",
    "avoiding",
    "avoided",
    "ended",
];

/// Encodes `text` so that it can be one part of a key.
pub(in crate::ipam) fn part(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

/// Reads text that [`part`] encoded; `None` for any other text.
pub(in crate::ipam) fn decoded(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let hex = [rest.next()?, rest.next()?];
        bytes.push(u8::from_str_radix(std::str::from_utf8(&hex).ok()?, 16).ok()?);
    }
    String::from_utf8(bytes).ok()
}

/// The range of all keys that start with `prefix` (which ends in a slash).
pub(in crate::ipam) fn under(prefix: &str) -> (String, String) {
    (prefix.to_owned(), format!("{prefix}{LAST}"))
}

/// The first possible key after `key`. Keys contain no character that is smaller than the appended one.
pub(in crate::ipam) fn after(key: &str) -> String {
    format!("{key}\u{1}")
}

/// A pair as a range to scan.
pub(in crate::ipam) fn range(pair: &(String, String)) -> Range<&str> {
    &pair.0..&pair.1
}

/// The word for a kind inside keys.
pub(in crate::ipam) const fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Scope => "scope",
        Kind::Pool => "pool",
        Kind::PoolCidr => "pool-cidr",
        Kind::Allocation => "allocation",
        Kind::Discovery => "discovery",
        Kind::Treatment => "treatment",
        Kind::History => "history",
    }
}

pub(in crate::ipam) fn record(kind: Kind, id: &str) -> String {
    format!("{}/{}", kind_word(kind), part(id))
}

pub(in crate::ipam) fn name(kind: Kind, parent: &str, name: &str) -> String {
    format!("name/{}/{}/{}", kind_word(kind), part(parent), part(name))
}

/// An address as fixed-width text.
pub(in crate::ipam) fn address(family: Family, number: u128) -> String {
    match family {
        Family::Ipv4 => format!("{number:08x}"),
        Family::Ipv6 => format!("{number:032x}"),
    }
}

pub(in crate::ipam) fn free(pool: &str, block: &Cidr) -> String {
    free_at(pool, block.family(), block.host_bits(), block.first())
}

/// The key of a free block of this size and address.
pub(in crate::ipam) fn free_at(pool: &str, family: Family, host_bits: u8, first: u128) -> String {
    format!("free/{}/{host_bits:03}/{}", part(pool), address(family, first))
}

/// Prefix of all free blocks of a pool.
pub(in crate::ipam) fn free_of(pool: &str) -> String {
    format!("free/{}/", part(pool))
}

/// Prefix of the free blocks of one size.
pub(in crate::ipam) fn free_level(pool: &str, host_bits: u8) -> String {
    format!("free/{}/{host_bits:03}/", part(pool))
}

/// The block that a free key stands for; `None` when it is not such a key.
pub(in crate::ipam) fn free_block(key: &str, family: Family) -> Option<Cidr> {
    let mut parts = key.rsplit('/');
    let first = u128::from_str_radix(parts.next()?, 16).ok()?;
    let host_bits: u8 = parts.next()?.parse().ok()?;
    let netmask_length = family.bits().checked_sub(host_bits)?;
    let block = Cidr::around(family, first, netmask_length);
    // Any other spelling has a position in the index that differs from its size and address.
    key.ends_with(&format!("/{host_bits:03}/{}", address(family, block.first()))).then_some(block)
}

pub(in crate::ipam) fn at(pool: &str, family: Family, first: u128) -> String {
    format!("at/{}/{}", part(pool), address(family, first))
}

pub(in crate::ipam) fn at_of(pool: &str) -> String {
    format!("at/{}/", part(pool))
}

/// Prefix of the aggregates of a pool.
pub(in crate::ipam) fn aggregates_of(pool: &str) -> String {
    format!("{AGGREGATES}{}/", part(pool))
}

/// Prefix of the aggregates that begin at this address, the largest of which is the last.
pub(in crate::ipam) fn aggregates_at(pool: &str, family: Family, first: u128) -> String {
    format!("{AGGREGATES}{}/{}/", part(pool), address(family, first))
}

/// Prefix of the entries of one aggregate.
pub(in crate::ipam) fn aggregates_of_block(pool: &str, block: &Cidr) -> String {
    format!("{}{:03}/", aggregates_at(pool, block.family(), block.first()), block.host_bits())
}

/// The entry of a member of the set that has the aggregate `block`.
pub(in crate::ipam) fn aggregate(pool: &str, block: &Cidr, member: &str) -> String {
    format!("{}{}", aggregates_of_block(pool, block), part(member))
}

pub(in crate::ipam) fn provisioned(pool: &str, family: Family, first: u128) -> String {
    format!("provisioned/{}/{}", part(pool), address(family, first))
}

pub(in crate::ipam) fn provisioned_of(pool: &str) -> String {
    format!("provisioned/{}/", part(pool))
}

pub(in crate::ipam) fn top(scope: &str, family: Family, first: u128) -> String {
    format!("top/{}/{family}/{}", part(scope), address(family, first))
}

pub(in crate::ipam) fn top_of(scope: &str, family: Family) -> String {
    format!("top/{}/{family}/", part(scope))
}

pub(in crate::ipam) fn child(parent: &str, pool: &str) -> String {
    format!("child/{}/{}", part(parent), part(pool))
}

pub(in crate::ipam) fn children_of(parent: &str) -> String {
    format!("child/{}/", part(parent))
}

pub(in crate::ipam) fn pool_named(name: &str, pool: &str) -> String {
    format!("pool-named/{}/{}", part(name), part(pool))
}

pub(in crate::ipam) fn pools_named(name: &str) -> String {
    format!("pool-named/{}/", part(name))
}

/// A time as fixed-width text.
pub(in crate::ipam) fn time(time: Timestamp) -> String {
    format!("{time:.9}").replace(':', "")
}

/// The word for the growth of an allocation in the expiry index, where other entries have the kind of an object.
pub(in crate::ipam) const GROWTH: &str = "growth";

pub(in crate::ipam) fn expiry(container: &str, at: Timestamp, what: &str, id: &str) -> String {
    format!("expiry/{}/{}/{what}/{}", part(container), time(at), part(id))
}

pub(in crate::ipam) fn expiry_of(container: &str) -> String {
    format!("expiry/{}/", part(container))
}

/// Whether the time in a key in `expiry/` or `lapsed/` is `now` or earlier.
pub(in crate::ipam) fn is_due(key: &str, now: Timestamp) -> bool {
    key.split('/').nth(2).is_some_and(|at| at <= time(now).as_str())
}

/// What a key in `expiry/` or `lapsed/` stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ipam) enum HoldKind {
    /// The planned growth of an allocation.
    Growth,
    /// A planned or lapsed object.
    Object(Kind),
}

/// The kind and the id of the hold of a key in `expiry/` or `lapsed/`; `None` when the key names no kind.
pub(in crate::ipam) fn hold_of(key: &str) -> Option<(HoldKind, &str)> {
    let mut parts = key.rsplit('/');
    let (id, word) = (parts.next()?, parts.next()?);
    let is_named = |kind: &Kind| kind_word(*kind) == word;
    let kind = match [Kind::Scope, Kind::Pool, Kind::PoolCidr, Kind::Allocation].into_iter().find(is_named) {
        Some(kind) => HoldKind::Object(kind),
        None if word == GROWTH => HoldKind::Growth,
        None => return None,
    };
    Some((kind, id))
}

pub(in crate::ipam) fn lapsed(container: &str, at: Timestamp, kind: Kind, id: &str) -> String {
    format!("lapsed/{}/{}/{}/{}", part(container), time(at), kind_word(kind), part(id))
}

pub(in crate::ipam) fn resting(pool: &str, end: Timestamp, allocation: &str) -> String {
    format!("{}{}/{}", resting_of(pool), time(end), part(allocation))
}

pub(in crate::ipam) fn resting_of(pool: &str) -> String {
    format!("{RESTING}{}/", part(pool))
}

/// The rests of a pool that end at `now` or earlier.
pub(in crate::ipam) fn resting_until(pool: &str, now: Timestamp) -> (String, String) {
    let prefix = resting_of(pool);
    (prefix.clone(), format!("{prefix}{}/{LAST}", time(now)))
}

/// The time in a key in `resting/`.
pub(in crate::ipam) fn time_of(key: &str) -> Option<Timestamp> {
    let text = key.split('/').nth(2)?;
    let (minutes, seconds) = (text.len().checked_sub(15)?, text.len().checked_sub(13)?);
    format!("{}:{}:{}", text.get(..minutes)?, text.get(minutes..seconds)?, text.get(seconds..)?).parse().ok()
}

pub(in crate::ipam) fn rest_of(pool: &str, owner: &str, name: &str, allocation: &str) -> String {
    format!("{}{}", rests_of_name(pool, owner, name), part(allocation))
}

pub(in crate::ipam) fn rests_of_name(pool: &str, owner: &str, name: &str) -> String {
    format!("{}{}/", rests_of_owner(pool, owner), part(name))
}

pub(in crate::ipam) fn rests_of_owner(pool: &str, owner: &str) -> String {
    format!("rest-of/{}/{}/", part(pool), part(owner))
}

pub(in crate::ipam) fn loan(end: Timestamp, allocation: &str) -> String {
    format!("{LOANS}{}/{}", time(end), part(allocation))
}

/// The loans that end at `now` or earlier.
pub(in crate::ipam) fn loans_until(now: Timestamp) -> (String, String) {
    (LOANS.to_owned(), format!("{LOANS}{}/{LAST}", time(now)))
}

pub(in crate::ipam) fn lapsed_of(container: &str) -> String {
    format!("lapsed/{}/", part(container))
}

/// The lapsed holds of a container that lapsed before `time`.
pub(in crate::ipam) fn lapsed_before(container: &str, before: Timestamp) -> (String, String) {
    let prefix = lapsed_of(container);
    (prefix.clone(), format!("{prefix}{}", time(before)))
}

pub(in crate::ipam) fn deferred(pool: &str, kind: Kind, id: &str) -> String {
    format!("deferred/{}/{}/{}", part(pool), kind_word(kind), part(id))
}

pub(in crate::ipam) fn deferred_in(pool: &str, kind: Kind) -> String {
    format!("deferred/{}/{}/", part(pool), kind_word(kind))
}

pub(in crate::ipam) fn count(pool: &str) -> String {
    format!("count/{}", part(pool))
}

pub(in crate::ipam) const fn default_scope(scope_type: ScopeType) -> &'static str {
    match scope_type {
        ScopeType::Private => "default/private",
        ScopeType::Public => "default/public",
    }
}

pub(in crate::ipam) fn remnant(id: &str) -> String {
    format!("remnant/{}", part(id))
}

pub(in crate::ipam) fn event(sequence: u64) -> String {
    format!("event/{sequence:020}")
}

/// The second part of a key, as it is stored: the pool, in an index of pools.
pub(in crate::ipam) fn second(key: &str) -> &str {
    key.split('/').nth(1).unwrap_or_default()
}

/// The last part of a key, as it is stored.
pub(in crate::ipam) fn tail(key: &str) -> &str {
    key.rsplit('/').next().unwrap_or(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_change_the_structure_of_a_key() {
        for text in ["a/b", "..", "\u{0}", "%2F", "ü", "", " "] {
            let key = name(Kind::Pool, "p", text);
            assert_eq!(key.matches('/').count(), 3, "{key}");
            assert!(key.bytes().all(|byte| byte.is_ascii_graphic()), "{key}");
        }
        for text in ["a/b", "ü", "%2F"] {
            assert_eq!(decoded(&part(text)).as_deref(), Some(text));
        }
        assert_ne!(part("a/b"), part("a%2Fb"));
    }

    #[test]
    fn byte_order_is_numeric_order() {
        let block = |text: &str| text.parse::<Cidr>().unwrap();
        let small = free("p", &block("10.0.0.0/32"));
        let large = free("p", &block("0.0.0.0/0"));
        let larger = free("q", &block("::/0"));
        assert!(small < large && large < larger);
        assert!(free("p", &block("9.0.0.0/8")) < free("p", &block("10.0.0.0/8")));
        let early = Timestamp::from_second(1).unwrap();
        let late = Timestamp::new(1, 1).unwrap();
        assert!(time(early) < time(late));
        assert_eq!(time(early).len(), time(late).len());
    }

    #[test]
    fn no_key_sorts_between_a_key_and_its_successor() {
        let next = name(Kind::Pool, "p", "n0");
        let key = name(Kind::Pool, "p", "n");
        assert!(key < after(&key) && after(&key) < next);
        assert!(after(&key) < name(Kind::Pool, "p", "n "), "encoded");
    }

    #[test]
    fn free_key_reads_back_as_its_block() {
        for text in ["0.0.0.0/0", "10.1.2.3/32", "::/0", "2001:db8::1/128"] {
            let block: Cidr = text.parse().unwrap();
            assert_eq!(free_block(&free("p", &block), block.family()), Some(block));
        }
    }

    #[test]
    fn a_hold_that_expires_now_is_due_and_a_later_one_is_not() {
        let now = Timestamp::from_second(100).unwrap();
        let later = expiry("p", Timestamp::new(100, 1).unwrap(), "allocation", "x");
        assert!(!is_due(&later, now));
        assert!(is_due(&expiry("p", now, "allocation", "x"), now));
    }
}
