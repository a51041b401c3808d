//! Conversion of records to bytes and back. Every record is JSON with a version tag, and records of older versions stay
//! readable.

use num_bigint::BigUint;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::ipam::storage::keys;
use crate::ipam::{Allocation, Cidr, Error, Kind, Meta, Pool, PoolCidr, ResourceType, Result, Scope};
use crate::store::{self, Entry, Order, Snapshot};

/// Version of the records that this program writes, and the newest version that it reads.
pub(in crate::ipam) const VERSION: u64 = 1;

/// The start of a value of this version, as [`encode`] writes it.
const PREFIX: &[u8] = b"{\"v\":1,";

/// Entries and records read at a time.
const PAGE: usize = 1024;

/// An object that has an id and is stored as one record.
pub(in crate::ipam) trait Record: Serialize + DeserializeOwned + Clone + PartialEq {
    const KIND: Kind;
    fn meta(&self) -> &Meta;
    fn meta_mut(&mut self) -> &mut Meta;
    /// Container in which the name is unique.
    fn parent(&self) -> &str;
    /// Whether the record has an entry in the name index. A record that follows from another object has none.
    fn is_named(&self) -> bool {
        true
    }
    /// The block of the record, when it has exactly one.
    fn block(&self) -> Option<Cidr> {
        None
    }
}

/// Implements [`Record`] for a type with a field `meta`.
macro_rules! record {
    ($type:ident, $kind:ident, $self:ident, parent: $parent:expr $(, named: $named:expr)? $(, block: $block:expr)?) => {
        impl $crate::ipam::storage::codec::Record for $type {
            const KIND: $crate::ipam::Kind = $crate::ipam::Kind::$kind;
            fn meta(&self) -> &$crate::ipam::Meta {
                &self.meta
            }
            fn meta_mut(&mut self) -> &mut $crate::ipam::Meta {
                &mut self.meta
            }
            fn parent(&$self) -> &str {
                $parent
            }
            $(fn is_named(&$self) -> bool {
                $named
            })?
            $(fn block(&$self) -> Option<$crate::ipam::Cidr> {
                Some($block)
            })?
        }
    };
}
pub(in crate::ipam) use record;

record!(Scope, Scope, self, parent: keys::ROOT);
record!(Pool, Pool, self, parent: self.container());
record!(PoolCidr, PoolCidr, self, parent: &self.pool_id, named: !self.inline, block: self.cidr);
record!(
    Allocation,
    Allocation,
    self,
    parent: &self.pool_id,
    named: self.resource_type != ResourceType::IpamPool && !self.meta.is_resting,
    block: self.cidr
);

/// Encodes a value as JSON text that begins with the version.
pub(in crate::ipam) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>> {
    let text = serde_json::to_string(value).map_err(|error| corrupt("a value to write", &error.to_string()))?;
    let rest = text.strip_prefix('{').unwrap_or(&text);
    Ok(format!("{{\"v\":{VERSION},{rest}").into_bytes())
}

/// Decodes `bytes`, the value of `key`.
///
/// # Errors
/// Returns [`store::Error::Newer`] for a later version, and [`store::Error::Corrupt`] for any other fault.
pub(in crate::ipam) fn decode<T: DeserializeOwned>(key: &str, bytes: &[u8]) -> Result<T> {
    #[derive(Deserialize)]
    struct Tagged {
        v: u64,
    }
    // Nearly every value begins like this, and need not be parsed twice.
    if bytes.starts_with(PREFIX)
        && let Ok(value) = serde_json::from_slice(bytes)
    {
        return Ok(value);
    }
    let tagged: Tagged = serde_json::from_slice(bytes).map_err(|error| unreadable(key, &error))?;
    match tagged.v {
        VERSION => serde_json::from_slice(bytes).map_err(|error| unreadable(key, &error)),
        0 => Err(corrupt(key, "version 0 never existed")),
        found => Err(Error::Store(store::Error::Newer { found, known: VERSION })),
    }
}

/// An error that names the key and the position of the damage in its value. The value itself is not shown, because it
/// may be a secret.
pub(in crate::ipam) fn unreadable(key: &str, error: &serde_json::Error) -> Error {
    let why = match error.classify() {
        serde_json::error::Category::Data => "a damaged record: it has unexpected content",
        _ => "a damaged record: it is not JSON",
    };
    corrupt(key, &format!("{why}, column {}", error.column()))
}

/// An error that names the key and the reason.
pub(in crate::ipam) fn corrupt(key: &str, why: &str) -> Error {
    Error::Store(store::Error::Corrupt(format!("{key}: {why}")))
}

/// The value of `key`, or `None` when the key does not exist.
pub(in crate::ipam) fn read<T: DeserializeOwned>(snapshot: &mut dyn Snapshot, key: &str) -> Result<Option<T>> {
    snapshot.get(key)?.map(|bytes| decode(key, &bytes)).transpose()
}

/// The record with this id in any state.
pub(in crate::ipam) fn load<R: Record>(snapshot: &mut dyn Snapshot, id: &str) -> Result<Option<R>> {
    read(snapshot, &keys::record(R::KIND, id))
}

/// The record with this id. An index refers to it, so it must exist.
pub(in crate::ipam) fn expect<R: Record>(snapshot: &mut dyn Snapshot, id: &str) -> Result<R> {
    load(snapshot, id)?.ok_or_else(|| missing(&keys::record(R::KIND, id)))
}

/// The records with these ids, in their order. An index refers to each of them, so they must exist.
pub(in crate::ipam) fn expect_all<R: Record>(snapshot: &mut dyn Snapshot, ids: &[String]) -> Result<Vec<R>> {
    let mut records = Vec::with_capacity(ids.len());
    for page in ids.chunks(PAGE) {
        let keys: Vec<String> = page.iter().map(|id| keys::record(R::KIND, id)).collect();
        for (key, bytes) in keys.iter().zip(snapshot.get_all(&keys)?) {
            records.push(decode(key, &bytes.ok_or_else(|| missing(key))?)?);
        }
    }
    Ok(records)
}

/// [`expect_all`] for the last parts of these keys.
pub(in crate::ipam) fn expect_tails<R: Record>(snapshot: &mut dyn Snapshot, entries: &[Entry]) -> Result<Vec<R>> {
    let ids: Vec<String> = entries.iter().map(|(key, _)| keys::tail(key).to_owned()).collect();
    expect_all(snapshot, &ids)
}

fn missing(key: &str) -> Error {
    corrupt(key, "an index names it, but it is missing")
}

/// The record with this id, or `None` when it is gone or a lapsed hold.
pub(in crate::ipam) fn live<R: Record>(snapshot: &mut dyn Snapshot, id: &str) -> Result<Option<R>> {
    Ok(load::<R>(snapshot, id)?.filter(|record| record.meta().is_live()))
}

/// [`live`] for several ids, in their order.
pub(in crate::ipam) fn live_all<R: Record>(snapshot: &mut dyn Snapshot, ids: &[String]) -> Result<Vec<Option<R>>> {
    let mut records = Vec::with_capacity(ids.len());
    for page in ids.chunks(PAGE) {
        let keys: Vec<String> = page.iter().map(|id| keys::record(R::KIND, id)).collect();
        for (key, bytes) in keys.iter().zip(snapshot.get_all(&keys)?) {
            let found = bytes.map(|bytes| decode::<R>(key, &bytes)).transpose()?;
            records.push(found.filter(|record| record.meta().is_live()));
        }
    }
    Ok(records)
}

/// The record with this id.
///
/// # Errors
/// Returns [`Error::NotFound`].
pub(in crate::ipam) fn require<R: Record>(snapshot: &mut dyn Snapshot, id: &str) -> Result<R> {
    live(snapshot, id)?.ok_or_else(|| Error::NotFound { kind: R::KIND, id: id.to_owned() })
}

/// Passes every entry under `prefix` (which ends in a slash) to `sink`, one page at a time, as long as `sink` returns
/// `true`. Returns whether it did until the end.
pub(in crate::ipam) fn each_under(
    snapshot: &mut dyn Snapshot,
    prefix: &str,
    sink: &mut dyn FnMut(&str, &[u8]) -> Result<bool>,
) -> Result<bool> {
    let (mut start, end) = keys::under(prefix);
    loop {
        let entries = snapshot.scan(&start..&end, Order::Ascending, PAGE)?;
        for (key, bytes) in &entries {
            if !sink(key, bytes)? {
                return Ok(false);
            }
        }
        match entries.last() {
            Some((last, _)) if entries.len() == PAGE => start = keys::after(last),
            _ => return Ok(true),
        }
    }
}

/// All CIDRs of a pool that take space, by address. There are few of them, because a person configured each of them.
pub(in crate::ipam) fn pool_cidrs(snapshot: &mut dyn Snapshot, pool_id: &str) -> Result<Vec<PoolCidr>> {
    let range = keys::under(&keys::provisioned_of(pool_id));
    let entries = snapshot.scan(keys::range(&range), Order::Ascending, usize::MAX)?;
    expect_all(snapshot, &ids_of_entries(&entries)?)
}

/// The ids in entries of an index by address.
pub(in crate::ipam) fn ids_of_entries(entries: &[Entry]) -> Result<Vec<String>> {
    entries.iter().map(|(key, bytes)| Ok(decode::<BlockEntry>(key, bytes)?.id)).collect()
}

/// The holds of one kind in a pool that take no space yet.
pub(in crate::ipam) fn deferred<R: Record>(snapshot: &mut dyn Snapshot, pool_id: &str) -> Result<Vec<R>> {
    let range = keys::under(&keys::deferred_in(pool_id, R::KIND));
    let entries = snapshot.scan(keys::range(&range), Order::Ascending, usize::MAX)?;
    expect_tails(snapshot, &entries)
}

/// An entry of an index by address: the id of an object and its block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::ipam) struct BlockEntry {
    pub(in crate::ipam) id: String,
    pub(in crate::ipam) cidr: Cidr,
}

/// Serializes large numbers as decimal text, because many JSON readers cannot read them as numbers.
pub(in crate::ipam) mod decimal {
    use super::BigUint;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(number: &BigUint, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BigUint, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Sample {
        name: String,
    }

    #[test]
    fn version_stands_first_and_reads_back() {
        let sample = Sample { name: "x".into() };
        let bytes = encode(&sample).unwrap();
        assert_eq!(String::from_utf8(bytes.clone()).unwrap(), r#"{"v":1,"name":"x"}"#);
        assert!(bytes.starts_with(PREFIX));
        assert_eq!(decode::<Sample>("k", &bytes).unwrap(), sample);
    }

    #[test]
    fn the_version_may_stand_anywhere() {
        for bytes in [&br#"{"name":"x","v":1}"#[..], br#" { "v": 1, "name": "x" }"#] {
            assert_eq!(decode::<Sample>("k", bytes).unwrap(), Sample { name: "x".into() });
        }
    }

    #[test]
    fn newer_version_is_named_as_such() {
        let error = decode::<Sample>("k", br#"{"v":2,"shape":"unknown"}"#).unwrap_err();
        assert_eq!(error, Error::Store(store::Error::Newer { found: 2, known: 1 }));
    }

    #[test]
    fn the_error_of_a_damaged_value_names_the_key() {
        for bytes in [&b"\xff\xff"[..], b"{}", b"{\"v\":1}", b"", br#"{"v":0,"name":"x"}"#] {
            let Error::Store(store::Error::Corrupt(text)) = decode::<Sample>("pool/x", bytes).unwrap_err() else {
                panic!("not corrupt: {bytes:?}");
            };
            assert!(text.starts_with("pool/x: "), "{text}");
        }
    }

    #[test]
    fn records_of_version_1_stay_readable() {
        let pool = br#"{"v":1,"id":"ipam-pool-0","name":"top","owner":"o","state":"active","confirmed":true,
            "created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z","scope_id":"ipam-scope-0",
            "source_pool_id":null,"depth":1,"address_family":"ipv4","locale":null,"description":null,
            "rules":{"min_netmask_length":8},"strategy":"best-fit","tags":{},
            "provision":{"cidrs":["10.0.0.0/8"]},"cidrs":["10.0.0.0/8"]}"#;
        let pool: Pool = decode("pool/ipam-pool-0", pool).unwrap();
        assert_eq!(pool.rules.min_netmask_length, Some(8));
        let allocation = br#"{"v":1,"id":"ipam-pool-alloc-0","name":"a","owner":"o","state":"planned",
            "hold_expires_at":"2026-01-01T01:00:00Z","confirmed":false,"created_at":"2026-01-01T00:00:00Z",
            "updated_at":"2026-01-01T00:00:00Z","pool_id":"ipam-pool-0","cidr":"10.0.0.0/24",
            "size":{"netmask_length":24},"disallowed_cidrs":[],"resource_type":"custom","resource_id":null,
            "description":null,"tags":{}}"#;
        let allocation: Allocation = decode("allocation/ipam-pool-alloc-0", allocation).unwrap();
        assert_eq!(allocation.size, crate::ipam::Size::NetmaskLength(24));
    }
}
