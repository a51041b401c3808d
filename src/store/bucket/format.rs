//! The content of the objects: JSON with a version, compressed with zstd where that saves space.
//!
//! Every version that was ever written stays readable forever: there is one variant for each version, which is
//! converted to the newest. Objects of version 1 are kept in `samples/`, and a test reads them.

use std::fmt;
use std::io::{self, BufRead, BufReader, Write as _};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};

use super::entries::{Entries, Shared, Write};
use crate::store::Error;

/// The newest version of every kind of object.
pub(super) const VERSION: u64 = 1;

/// Smaller objects are not compressed: there is little to save, and a person can read them.
const PACKED_MIN: usize = 4096;

/// The compression level; 3 is zstd's own default (152 MB of entries became a checkpoint of 13.7 MB).
const LEVEL: i32 = 3;

const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// One object of the log.
#[derive(Debug, PartialEq)]
pub(super) struct Commit {
    /// Its number in the log; the first is 1.
    pub(super) number: u64,
    /// A random id of the attempt to write the commit, by which a writer recognizes its own commit.
    pub(super) id: String,
    /// The `id` of the commit before it; `None` for the first.
    pub(super) previous: Option<String>,
    /// The time when the commit was written, by the clock of the writer; only for information.
    pub(super) time: String,
    pub(super) writes: Vec<Write>,
}

/// All entries after a commit.
pub(super) struct Checkpoint {
    pub(super) number: u64,
    /// The `id` of that commit.
    pub(super) id: String,
    pub(super) entries: Entries,
}

/// The part of an object that is read first.
#[derive(Deserialize)]
struct Tag {
    version: u64,
}

#[derive(Serialize, Deserialize)]
struct CommitV1 {
    version: u64,
    number: u64,
    id: String,
    previous: Option<String>,
    time: String,
    writes: Vec<(Key, Value)>,
}

/// The first line of a checkpoint; each further line is an entry. It does not depend on the writer or the time: two
/// writers of the same checkpoint write the same bytes.
#[derive(Serialize, Deserialize)]
struct CheckpointV1 {
    version: u64,
    number: u64,
    id: String,
    /// Number of lines that follow.
    entries: usize,
}

#[derive(Serialize, Deserialize)]
struct FormatV1 {
    version: u64,
}

/// The object with the format version of a prefix.
pub(super) fn encode_format() -> Result<Vec<u8>, Error> {
    json(&FormatV1 { version: VERSION })
}

pub(super) fn check_format(bytes: &[u8], name: &str) -> Result<(), Error> {
    known_version(bytes, name)
}

impl Commit {
    pub(super) fn encode(self) -> Result<Vec<u8>, Error> {
        let writes = self.writes.into_iter().map(|(key, value)| (Key(key), Value(value))).collect();
        let Self { number, id, previous, time, .. } = self;
        pack(json(&CommitV1 { version: VERSION, number, id, previous, time, writes })?)
    }

    /// # Errors
    /// [`Error::Newer`], or [`Error::Corrupt`] with the `name` of the object.
    pub(super) fn decode(bytes: &[u8], name: &str) -> Result<Self, Error> {
        let bytes = unpack(bytes).map_err(|error| damaged(name, &error))?;
        known_version(&bytes, name)?;
        let found: CommitV1 = serde_json::from_slice(&bytes).map_err(|error| unreadable(name, &error))?;
        let writes = found.writes.into_iter().map(|(key, value)| (key.0, value.0)).collect();
        Ok(Self { number: found.number, id: found.id, previous: found.previous, time: found.time, writes })
    }
}

/// Writes a compressed checkpoint to `out`.
pub(super) fn write_checkpoint(out: impl io::Write, number: u64, id: &str, entries: &Entries) -> io::Result<()> {
    let mut packed = zstd::Encoder::new(out, LEVEL)?;
    packed.include_checksum(true)?;
    let mut packed = io::BufWriter::with_capacity(1 << 16, packed);
    let header = CheckpointV1 { version: VERSION, number, id: id.to_owned(), entries: entries.len() };
    serde_json::to_writer(&mut packed, &header)?;
    for (key, value) in entries.iter() {
        packed.write_all(b"\n")?;
        serde_json::to_writer(&mut packed, &(Key(Arc::clone(key)), Value(Some(Arc::clone(value)))))?;
    }
    packed.write_all(b"\n")?;
    packed.into_inner().map_err(io::IntoInnerError::into_error)?.finish()?;
    Ok(())
}

/// Reads the lines of a checkpoint one by one.
pub(super) struct CheckpointReader<'a> {
    lines: Box<dyn BufRead + 'a>,
    line: Vec<u8>,
    name: &'a str,
    pub(super) number: u64,
    pub(super) id: String,
    pub(super) entries: usize,
}

impl<'a> CheckpointReader<'a> {
    /// # Errors
    /// [`Error::Newer`], or [`Error::Corrupt`] with the `name` of the object.
    pub(super) fn new(bytes: &'a [u8], name: &'a str) -> Result<Self, Error> {
        let unpacked = zstd::Decoder::with_buffer(bytes).map_err(|error| damaged(name, &error))?;
        let mut lines = BufReader::with_capacity(1 << 16, unpacked);
        let mut line = Vec::new();
        lines.read_until(b'\n', &mut line).map_err(|error| damaged(name, &error))?;
        known_version(&line, name)?;
        let header: CheckpointV1 = serde_json::from_slice(&line).map_err(|error| unreadable(name, &error))?;
        let CheckpointV1 { number, id, entries, .. } = header;
        Ok(Self { lines: Box::new(lines), line, name, number, id, entries })
    }

    /// The next entry; `None` at the end.
    pub(super) fn next_entry(&mut self) -> Result<Option<Shared>, Error> {
        self.line.clear();
        self.lines.read_until(b'\n', &mut self.line).map_err(|error| damaged(self.name, &error))?;
        if self.line.is_empty() {
            return Ok(None);
        }
        let (key, value): (Key, Value) =
            serde_json::from_slice(&self.line).map_err(|error| unreadable(self.name, &error))?;
        let value = value.0.ok_or_else(|| damaged(self.name, &"an entry without a value"))?;
        Ok(Some((key.0, value)))
    }

    pub(super) fn read(mut self) -> Result<Checkpoint, Error> {
        let mut entries = Vec::with_capacity(self.entries.min(1 << 16));
        while let Some(entry) = self.next_entry()? {
            entries.push(entry);
        }
        if entries.len() != self.entries || !entries.is_sorted_by(|(a, _), (b, _)| a < b) {
            return Err(damaged(self.name, &"entries are missing or out of order"));
        }
        Ok(Checkpoint { number: self.number, id: self.id, entries: Entries::from_sorted(entries) })
    }
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value).map_err(|error| Error::Unavailable(format!("a change cannot be written down: {error}")))
}

fn known_version(bytes: &[u8], name: &str) -> Result<(), Error> {
    let tag: Tag = serde_json::from_slice(bytes).map_err(|error| unreadable(name, &error))?;
    match tag.version {
        1 => Ok(()),
        found if found > VERSION => Err(Error::Newer { found, known: VERSION }),
        found => Err(damaged(name, &format_args!("version {found} does not exist"))),
    }
}

/// The error does not quote the content, which may be a secret.
fn unreadable(name: &str, error: &serde_json::Error) -> Error {
    damaged(name, &format_args!("the JSON is not valid at line {}, column {}", error.line(), error.column()))
}

pub(super) fn damaged(name: &str, why: &dyn fmt::Display) -> Error {
    Error::Corrupt(format!("{name} is damaged: {why}"))
}

fn pack(bytes: Vec<u8>) -> Result<Vec<u8>, Error> {
    if bytes.len() < PACKED_MIN {
        return Ok(bytes);
    }
    let packed = zstd::Encoder::new(Vec::new(), LEVEL).and_then(|mut packed| {
        packed.include_checksum(true)?;
        packed.write_all(&bytes)?;
        packed.finish()
    });
    packed.map_err(|error| Error::Unavailable(format!("a change cannot be written down: {error}")))
}

fn unpack(bytes: &[u8]) -> io::Result<Vec<u8>> {
    if bytes.starts_with(&ZSTD_MAGIC) { zstd::decode_all(bytes) } else { Ok(bytes.to_vec()) }
}

struct Key(Arc<str>);

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Key, E> {
                Ok(Key(text.into()))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// Text as a string, other bytes as `{"base64":"..."}`, a deletion as `null`.
struct Value(Option<Arc<[u8]>>);

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(bytes) = &self.0 else { return serializer.serialize_none() };
        match std::str::from_utf8(bytes) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("base64", &BASE64.encode(bytes))?;
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string, null, or an object with base64")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
                Ok(Value(Some(text.as_bytes().into())))
            }

            fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
                Ok(Value(None))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
                let Some(("base64", text)) = map.next_entry::<&str, String>()? else {
                    return Err(de::Error::custom("a value of an unknown form"));
                };
                let bytes = BASE64.decode(text).map_err(de::Error::custom)?;
                Ok(Value(Some(bytes.into())))
            }
        }
        deserializer.deserialize_any(Any)
    }
}
