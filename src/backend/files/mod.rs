//! Reads resources outside of AWS from files: on premises, in other clouds.
//!
//! A file is CSV with a header row, or JSON: an array of objects with the same names. Or it is what another system exports:
//! `sources/` reads that, and the content says which system it is. A file lists all resources of its
//! accounts and Regions, so a file with any mistake in it is not used at all. The user who wrote the path into the
//! store may not have the right to read the file. So messages name file, line and column, but never quote the content
//! of the file.

mod csv;
mod format;
mod inventory;
mod json;
mod open;
mod row;
mod unread;

use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::path::Path;

use jiff::Timestamp;

use crate::ipam::discovery::types::{DiscoveredCidr, FileFormat, Sample, Sighting, UnknownColumns};

use crate::sources::{Mistake, SourceFile, lines_in};
use format::Reading;
pub use open::{Below, open_regular, require_file};
use row::{Defaults, Lines, Row};
pub use unread::Unread;

/// Limits of a file. A larger file is not a list that is kept by hand: a store is made for up to a million resources,
/// and each has about 64 bytes in a file.
#[derive(Clone, Copy, Debug)]
struct Limits {
    bytes: u64,
    rows: usize,
}

const LIMITS: Limits = Limits { bytes: 64 << 20, rows: 1_000_000 };
/// The maximum number of wrong lines in one message.
const FAULTS_MAX: usize = 10;

/// The Region of resources whose line does not name one.
pub const NO_REGION: &str = "none";

/// The content of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FileContent {
    /// One sample for each account and Region in the file, in order.
    pub samples: Vec<Sample>,
    /// The parts of the file that were left out: a sentence for each, with the name of the file.
    pub warnings: Vec<String>,
}

/// How a discovery wants a file to be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// What to do about columns that are not known.
    pub unknown_columns: UnknownColumns,
    /// The format of the file; `None`: the content tells.
    pub format: Option<FileFormat>,
}

/// Reads a file. A file without resources is an empty sample of the
/// account that is named like the file, so that earlier resources of that account count as gone.
///
/// # Errors
/// Sentences that name the file and the wrong lines, the first ten of them.
pub fn read(path: &Path, below: &Below, taken_at: Timestamp, wishes: Wishes) -> Result<FileContent, Unread> {
    read_within(&LIMITS, path, below, taken_at, wishes)
}

/// The account of resources whose lines do not name one: the name of the file.
pub fn account_of(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn read_within(
    limits: &Limits,
    path: &Path,
    below: &Below,
    taken_at: Timestamp,
    wishes: Wishes,
) -> Result<FileContent, Unread> {
    let name = path.display();
    let file = open::open(path, below)?;
    let unreadable = |why: String| Unread::Wrong(format!("{name} cannot be read: {why}"));
    let bytes = bytes(limits, file).map_err(unreadable)?;
    let is_json = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("json"));
    let reading = format::of(&bytes, is_json, wishes.format).map_err(unreadable)?;
    let account_id = account_of(path);
    let defaults = Defaults { account: &account_id, region: NO_REGION, taken_at };
    let rows = match reading {
        Reading::Other(layout) => {
            let short = path.file_name().unwrap_or_default().to_string_lossy();
            inventory::rows(layout, &SourceFile { name: &short, bytes: &bytes })
                .and_then(|lines| rows(limits, lines, &defaults))
        }
        Reading::Own | Reading::Guess => {
            let text = text(&bytes).map_err(unreadable)?;
            own_rows(limits, text, is_json, wishes.unknown_columns, &defaults)
        }
    };
    match rows {
        Ok((rows, warnings)) => Ok(FileContent {
            samples: samples(rows, &defaults),
            warnings: warnings.into_iter().map(|warning| format!("{name}: {warning}")).collect(),
        }),
        Err(faults) => {
            let hint = if reading == Reading::Guess { format!("\n{}", format::NOT_RECOGNISED) } else { String::new() };
            Err(Unread::Wrong(format!("{}{hint}", not_used(&name.to_string(), &faults))))
        }
    }
}

/// The rows of a file with the columns of this program.
fn own_rows(
    limits: &Limits,
    text: &str,
    is_json: bool,
    unknown: UnknownColumns,
    defaults: &Defaults<'_>,
) -> Result<(Vec<Row>, Vec<String>), Vec<Mistake>> {
    if let Some(fault) = control_character(text) {
        return Err(vec![fault]);
    }
    let lines = if is_json { json::rows(text, unknown) } else { csv::rows(text, unknown) };
    lines.map_err(|fault| vec![fault]).and_then(|lines| rows(limits, lines, defaults))
}

fn bytes(limits: &Limits, file: impl Read) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    // Does not rely on the size that the file system reports: files grow.
    let read = file.take(limits.bytes + 1).read_to_end(&mut bytes).map_err(|error| format!("{error}."))?;
    if read as u64 > limits.bytes {
        let limit = limits.bytes >> 20;
        return Err(format!("it is larger than {limit} MiB. Split it, for example by account, into several files."));
    }
    Ok(bytes)
}

fn text(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|error| {
        let line = 1 + lines_in(&bytes[..error.valid_up_to()]);
        format!("line {line} is not UTF-8. Save the file in that encoding.")
    })
}

/// The first control character that plain text does not contain. A file with one is truncated or is not a text file.
fn control_character(text: &str) -> Option<Mistake> {
    let at = text.find(|c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))?;
    let what = if text[at..].starts_with('\0') { "a NUL byte" } else { "a control character" };
    Some(Mistake::on(1 + lines_in(&text.as_bytes()[..at]), format!("there is {what}. Save the file as plain text.")))
}

/// The rows of all lines, and the warnings about parts that were left out; or all mistakes.
fn rows(limits: &Limits, lines: Lines<'_>, defaults: &Defaults<'_>) -> Result<(Vec<Row>, Vec<String>), Vec<Mistake>> {
    let Lines { mut warnings, lines } = lines;
    let (mut rows, mut faults, mut ignored) = (Vec::new(), Vec::new(), 0);
    let mut seen: HashMap<(String, String, String, String), u64> = HashMap::new();
    for fields in lines {
        match fields.and_then(|fields| Ok((fields.ignored, Row::of(&fields, defaults)?))) {
            Ok((left_out, of_line)) => {
                ignored += left_out;
                for row in of_line {
                    match seen.insert(row.key(), row.line) {
                        Some(first) => faults.push(Mistake::on(row.line, Row::said_before(first))),
                        None => rows.push(row),
                    }
                }
            }
            Err(fault) => faults.push(fault),
        }
        if rows.len() > limits.rows {
            let words =
                format!("there are more than {} resources. Split the file, for example by account.", limits.rows);
            return Err(vec![Mistake::of_all(words)]);
        }
        if faults.len() > FAULTS_MAX {
            break;
        }
    }
    if ignored > 0 {
        let members = if ignored == 1 { "1 member whose name is" } else { "members whose names are" };
        let number = if ignored == 1 { String::new() } else { format!("{ignored} ") };
        warnings.push(format!("{number}{members} not known {} ignored.", if ignored == 1 { "was" } else { "were" }));
    }
    if faults.is_empty() { Ok((rows, warnings)) } else { Err(faults) }
}

fn samples(rows: Vec<Row>, defaults: &Defaults<'_>) -> Vec<Sample> {
    let mut by_target: BTreeMap<(String, String), Vec<DiscoveredCidr>> = BTreeMap::new();
    if rows.is_empty() {
        by_target.insert((defaults.account.to_owned(), defaults.region.to_owned()), Vec::new());
    }
    for row in rows {
        by_target.entry((row.account.clone(), row.resource.region.clone())).or_default().push(row.resource);
    }
    let sample = |((account_id, region), mut resources): ((String, String), Vec<DiscoveredCidr>)| {
        resources.sort_by(|a, b| (a.cidr, &a.resource_id).cmp(&(b.cidr, &b.resource_id)));
        let outcome = Ok(Sighting { resources, addresses: Vec::new() });
        Sample { account_id, region, taken_at: defaults.taken_at, outcome }
    };
    by_target.into_iter().map(sample).collect()
}

/// One mistake as a sentence, several as a list.
fn not_used(name: &str, faults: &[Mistake]) -> String {
    let words = |fault: &Mistake| match fault.line {
        Some(line) => format!("line {line}: {}", fault.words),
        None => fault.words.clone(),
    };
    let nothing = "The file was not used.";
    if let [fault] = faults {
        return format!("{name}, {} {nothing}", words(fault));
    }
    let mut lines: Vec<String> = faults.iter().take(FAULTS_MAX).map(|fault| format!("  {}", words(fault))).collect();
    if faults.len() > FAULTS_MAX {
        lines.push("  and more".to_owned());
    }
    format!("{name} has errors. {nothing}\n{}", lines.join("\n"))
}

#[cfg(test)]
mod inventory_tests;
#[cfg(test)]
mod tests;
