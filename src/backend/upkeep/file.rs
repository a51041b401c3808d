//! The export file: one JSON document with one object on each line, so that it can be streamed and compared.
//!
//! ```json
//! {"format":"terraform-provider-ipam/export","version":1,"program":"0.1.0","exported_at":"...","source":"SQLite file ...",
//! "scopes":[
//! {"id":"ipam-scope-...","name":"default-private",...}
//! ],
//! "pools":[...],"pool_cidrs":[...],"allocations":[...],"discoveries":[...],"treatments":[...],"places":[...],
//! "sightings":[...],"addresses":[...],"past":[...],"events":[...]}
//! ```
//!
//! The export of a store whose history was pruned has two more lists before the events, and version 2: `mark`, with the
//! one mark, and `remnants`. A file of version 1 has a history from its first event.
//!
//! The file contains the records of objects, not the keys under which a store keeps them. The order is that of ids and
//! of sequence numbers; two exports of the same content differ in the first line only. A file may have any white space,
//! but `format` and `version` must come before the lists.

use std::cell::Cell;
use std::fmt;
use std::io::{self, Read, Write};
use std::rc::Rc;

use jiff::Timestamp;
use serde::de::{DeserializeOwned, DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserializer, Serialize};
use serde_json::{Value, json};

use crate::ipam::{
    Allocation, Discovery, Event, Item, Kind, Mark, Past, Pool, PoolCidr, Remnant, ScannedTarget, Scope, SeenAddress,
    Sighted, Treated,
};

use super::json_mistake;

/// The value of `format`.
const FORMAT: &str = "terraform-provider-ipam/export";
/// Newest version that this program reads. It writes this version for a history whose beginning was pruned.
const VERSION: u64 = 2;
/// Version of a complete history, which older programs read too.
const WHOLE: u64 = 1;
/// The lists, in the order in which they are written.
const LISTS: [&str; 13] = [
    "scopes",
    "pools",
    "pool_cidrs",
    "allocations",
    "discoveries",
    "treatments",
    "places",
    "sightings",
    "addresses",
    "past",
    "mark",
    "remnants",
    "events",
];
/// The lists that are left out when they are empty: in files of stores without discoveries and with a complete history,
/// and in files of program versions that had neither discoveries nor pruning.
const OPTIONAL: std::ops::Range<usize> = 4..12;

/// Writes an export, item by item.
pub(super) struct Writer<W> {
    to: W,
    /// Index in [`LISTS`] of the list that is open.
    list: Option<usize>,
    is_empty: bool,
}

impl<W: Write> Writer<W> {
    /// Begins the file. `has_mark`: the items will include a mark.
    pub(super) fn new(mut to: W, exported_at: Timestamp, source: &str, has_mark: bool) -> io::Result<Self> {
        let header = [
            ("format", json!(FORMAT)),
            ("version", json!(if has_mark { VERSION } else { WHOLE })),
            ("program", json!(env!("CARGO_PKG_VERSION"))),
            ("exported_at", json!(exported_at)),
            ("source", json!(source)),
        ];
        to.write_all(b"{")?;
        for (index, (name, value)) in header.iter().enumerate() {
            write!(to, "{}\"{name}\":{value}", if index == 0 { "" } else { "," })?;
        }
        Ok(Self { to, list: None, is_empty: true })
    }

    /// Appends an item. Items come in the order of the lists.
    pub(super) fn write(&mut self, item: &Item) -> io::Result<()> {
        match item {
            Item::Scope(scope) => self.line(0, scope),
            Item::Pool(pool) => self.line(1, pool),
            Item::PoolCidr(pool_cidr) => self.line(2, pool_cidr),
            Item::Allocation(allocation) => self.line(3, allocation),
            Item::Discovery(discovery) => self.line(4, discovery),
            Item::Treatment(treated) => self.line(5, treated),
            Item::Target(target) => self.line(6, target),
            Item::Sighted(sighted) => self.line(7, sighted),
            Item::SeenAddress(address) => self.line(8, address),
            Item::Past(past) => self.line(9, past),
            Item::Mark(mark) => self.line(10, mark),
            Item::Remnant(remnant) => self.line(11, remnant),
            Item::Event(event) => self.line(12, event),
        }
    }

    fn line<T: Serialize>(&mut self, list: usize, object: &T) -> io::Result<()> {
        self.open(list)?;
        self.to.write_all(if self.is_empty { b"\n" } else { b",\n" })?;
        self.is_empty = false;
        Ok(serde_json::to_writer(&mut self.to, object)?)
    }

    /// Opens this list, and writes the required lists before it as empty ones.
    fn open(&mut self, list: usize) -> io::Result<()> {
        let first = self.list.map_or(0, |open| open + 1);
        for (next, name) in LISTS.iter().enumerate().take(list + 1).skip(first) {
            if next != list && OPTIONAL.contains(&next) {
                continue;
            }
            if next > 0 {
                self.to.write_all(if self.is_empty { b"]" } else { b"\n]" })?;
            }
            write!(self.to, ",\n\"{name}\":[")?;
            self.is_empty = true;
            self.list = Some(next);
        }
        Ok(())
    }

    /// Ends the file.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.open(LISTS.len() - 1)?;
        self.to.write_all(if self.is_empty { b"]}\n" } else { b"\n]}\n" })?;
        self.to.flush()?;
        Ok(self.to)
    }
}

/// Whether these first bytes are the beginning of an export. White space does not count, and the name of the format
/// comes first.
pub(super) fn is_beginning(bytes: &[u8]) -> bool {
    let dense: Vec<u8> = bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    dense.starts_with(format!("{{\"format\":\"{FORMAT}\"").as_bytes())
}

/// A mistake in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    /// Line of the file; the first is 1.
    pub(super) line: u64,
    /// The mistake, as a sentence.
    pub(super) what: String,
}

/// Receives the items of a file: the line on which an item ends, and the item or its mistake. Answers whether to
/// continue.
pub(super) type Sink<'a> = dyn FnMut(u64, Result<Item, String>) -> bool + 'a;

/// Reads an export. An object with a mistake is passed on as a mistake, and reading continues.
///
/// # Errors
/// The mistake that ended reading: not JSON, not an export, another version.
pub(super) fn read(from: impl Read, progress: &mut dyn FnMut(u64), sink: &mut Sink<'_>) -> Result<(), Mistake> {
    let place = Rc::new(Position { line: Cell::new(1), bytes: Cell::new(0) });
    let counting = Counting { from: io::BufReader::with_capacity(1 << 18, from), place: Rc::clone(&place) };
    let mut file = File { place: &place, progress, sink, stopped: false, refusal: None, header: [false; 2] };
    let mut deserializer = serde_json::Deserializer::from_reader(counting);
    let read = deserializer.deserialize_map(&mut file).and_then(|()| deserializer.end());
    if file.stopped {
        return Ok(());
    }
    let line = place.line.get();
    if let Some(what) = file.refusal {
        return Err(Mistake { line, what });
    }
    read.map_err(|error| Mistake { line, what: sentence_of(&error) })
}

/// The error of `serde_json`, as a sentence.
fn sentence_of(error: &serde_json::Error) -> String {
    let what = json_mistake::describe(error);
    if error.is_io() {
        return format!("The file cannot be read: {what}.");
    }
    if error.is_eof() {
        return format!("The file ends too early: {what}.");
    }
    format!("This is not the JSON of an export: {what}.")
}

/// The position of the reader.
struct Position {
    line: Cell<u64>,
    bytes: Cell<u64>,
}

/// Counts the bytes that are read. `serde_json` takes bytes one at a time and never too many, so the count is its
/// position.
struct Counting<R> {
    from: R,
    place: Rc<Position>,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(buffer)?;
        let lines = buffer.iter().take(count).filter(|byte| **byte == b'\n').count();
        self.place.line.set(self.place.line.get() + lines as u64);
        self.place.bytes.set(self.place.bytes.get() + count as u64);
        Ok(count)
    }
}

/// The document.
struct File<'a, 'b> {
    place: &'a Position,
    progress: &'a mut dyn FnMut(u64),
    sink: &'a mut Sink<'b>,
    stopped: bool,
    /// The reason why the file as a whole is refused.
    refusal: Option<String>,
    /// Whether format and version were read.
    header: [bool; 2],
}

impl File<'_, '_> {
    fn refuse<E: serde::de::Error>(&mut self, what: impl Into<String>) -> E {
        self.refusal = Some(what.into());
        E::custom("refused")
    }

    fn check_header<E: serde::de::Error>(&mut self, name: &str, value: &Value) -> Result<(), E> {
        match name {
            "format" if value == FORMAT => self.header[0] = true,
            "format" => return Err(self.refuse(format!("The file is not an export: its format is not \"{FORMAT}\"."))),
            _ => match value.as_u64() {
                Some(WHOLE | VERSION) => self.header[1] = true,
                Some(newer) if newer > VERSION => {
                    return Err(self.refuse(format!(
                        "The file was exported by a newer program, and this program reads exports up to version \
                         {VERSION}. Import the file with that program, or a later one."
                    )));
                }
                _ => return Err(self.refuse("The version of the export is not valid.")),
            },
        }
        Ok(())
    }

    fn item(&mut self, list: usize, value: Value) -> bool {
        let item = match list {
            0 => decode::<Scope>(value, Some(Kind::Scope)).map(Item::Scope),
            1 => decode::<Pool>(value, Some(Kind::Pool)).map(Item::Pool),
            2 => decode::<PoolCidr>(value, Some(Kind::PoolCidr)).map(Item::PoolCidr),
            3 => decode::<Allocation>(value, Some(Kind::Allocation)).map(Item::Allocation),
            4 => decode::<Discovery>(value, Some(Kind::Discovery)).map(Item::Discovery),
            5 => decode::<Treated>(value, Some(Kind::Treatment)).map(Item::Treatment),
            6 => decode_seen::<ScannedTarget>(value, "place").map(Item::Target),
            7 => decode_seen::<Sighted>(value, "sighting").map(|sighted| Item::Sighted(Box::new(sighted))),
            8 => decode_seen::<SeenAddress>(value, "address").map(|address| Item::SeenAddress(Box::new(address))),
            9 => decode_seen::<Past>(value, "sighting of the past").map(|past| Item::Past(Box::new(past))),
            10 => decode::<Mark>(value, None).map(|mark| Item::Mark(Box::new(mark))),
            11 => decode::<Remnant>(value, None).map(|remnant| Item::Remnant(Box::new(remnant))),
            _ => decode::<Event>(value, None).map(|event| Item::Event(Box::new(event))),
        };
        let go_on = (self.sink)(self.place.line.get(), item);
        (self.progress)(self.place.bytes.get());
        self.stopped |= !go_on;
        go_on
    }
}

impl<'de> Visitor<'de> for &mut File<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the object of an export")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = [false; LISTS.len()];
        while let Some(name) = map.next_key::<String>()? {
            if matches!(name.as_str(), "format" | "version") {
                let value: Value = map.next_value()?;
                self.check_header(&name, &value)?;
            } else if matches!(name.as_str(), "program" | "exported_at" | "source") {
                map.next_value::<Value>()?;
            } else if let Some(list) = LISTS.iter().position(|known| *known == name) {
                if self.header != [true; 2] {
                    return Err(
                        self.refuse("The file is not an export: it does not start with \"format\" and \"version\".")
                    );
                }
                if std::mem::replace(&mut seen[list], true) {
                    return Err(self.refuse(format!("The list \"{name}\" appears twice.")));
                }
                map.next_value_seed(List { file: &mut *self, list })?;
            } else {
                return Err(self.refuse("The file has a member that is not part of an export."));
            }
        }
        if self.header != [true; 2] {
            return Err(self.refuse("The file is not an export: \"format\" and \"version\" are missing."));
        }
        let needed = |index: &usize| !OPTIONAL.contains(index);
        let missing = (0..LISTS.len()).filter(needed).find(|index| !seen[*index]).map(|index| LISTS[index]);
        missing.map_or(Ok(()), |name| Err(self.refuse(format!("The list \"{name}\" is missing."))))
    }
}

/// One of the lists.
struct List<'a, 'b, 'c> {
    file: &'a mut File<'b, 'c>,
    list: usize,
}

impl<'de> DeserializeSeed<'de> for List<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for List<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the list of {}", LISTS[self.list])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(value) = list.next_element::<Value>()? {
            if !self.file.item(self.list, value) {
                return Err(A::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}

/// The object in `value`, when none of its content would be lost and its id has the form of its kind. The error does
/// not quote the content, except the id of an object.
fn decode<T: DeserializeOwned + Serialize>(value: Value, kind: Option<Kind>) -> Result<T, String> {
    let word = kind.map_or("entry of the history", Kind::word);
    let id = value.get("id").and_then(Value::as_str).unwrap_or_default();
    let name = match (kind, value.get("sequence").and_then(Value::as_u64)) {
        (None, Some(sequence)) => format!("event {sequence}"),
        (Some(kind), _) if is_generated(kind, id) => format!("{word} {id}"),
        _ => word.to_owned(),
    };
    let (object, given) = decode_named::<T>(&value, word, &name)?;
    if let Some(kind) = kind {
        if Kind::of_id(id) != Some(kind) || id.len() == kind.id_prefix().len() {
            return Err(format!("The id of a {word} must start with {:?}.", kind.id_prefix()));
        }
        // A discovery may have no name.
        if kind != Kind::Discovery && value.get("name").and_then(Value::as_str) == Some("") {
            return Err(format!("The {name} has no name."));
        }
    }
    whole(&name, given, object)
}

/// Whether the id has the form of ids that a store generates.
fn is_generated(kind: Kind, id: &str) -> bool {
    let generated = id.strip_prefix(kind.id_prefix()).filter(|_| kind != Kind::Treatment);
    generated.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// [`decode`] for sightings and other items of discoveries, which have no id.
fn decode_seen<T: DeserializeOwned + Serialize>(value: Value, word: &str) -> Result<T, String> {
    let (object, given) = decode_named::<T>(&value, word, word)?;
    whole(word, given, object)
}

fn decode_named<'v, T: DeserializeOwned>(
    value: &'v Value,
    word: &str,
    name: &str,
) -> Result<(T, &'v serde_json::Map<String, Value>), String> {
    let Value::Object(given) = value else {
        return Err(format!("A {word} must be an object."));
    };
    let object = serde_json::from_value(value.clone());
    let object = object.map_err(|error| format!("The {name} cannot be read: {}.", json_mistake::describe(&error)))?;
    Ok((object, given))
}

/// Requires that the object has all the content that was given.
fn whole<T: Serialize>(name: &str, given: &serde_json::Map<String, Value>, object: T) -> Result<T, String> {
    let understood = serde_json::to_value(&object).map_err(|error| format!("The {name}: {error}."))?;
    let is_lost = |(name, value): (&String, &Value)| {
        !matches!(value, Value::Null | Value::Bool(false)) && understood.get(name).is_none()
    };
    match given.iter().any(is_lost) {
        true => Err(format!("The {name} has an attribute that this version does not know.")),
        false => Ok(object),
    }
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
