//! Reads CSV as in RFC 4180: a header row, separators, and quotes around fields that contain separators, quotes or line
//! ends. The separator is a comma, a semicolon or a tab: the one with which the header has a column `cidr`.

use csv::{ErrorKind, ReaderBuilder, StringRecord, Trim};

use super::row::{Column, Fields, Lines};
use crate::ipam::discovery::types::UnknownColumns;
use crate::sources::{Mistake, quotes};

const ADVICE: &str = "The first line names the columns, such as cidr,name,account,region.";

/// The lines below the header.
///
/// # Errors
/// The header is missing or wrong, or there is a mistake in the quotes.
pub(super) fn rows(text: &str, unknown: UnknownColumns) -> Result<Lines<'_>, Mistake> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let separator = separator(text);
    quotes::check(text, separator)?;
    let mut reader =
        ReaderBuilder::new().delimiter(separator).has_headers(false).trim(Trim::All).from_reader(text.as_bytes());
    let mut header = StringRecord::new();
    if !reader.read_record(&mut header).map_err(|error| fault_of(&error, separator))? {
        return Err(Mistake::of_all(format!("the header is missing. {ADVICE}")));
    }
    let line = header.position().map_or(1, csv::Position::line);
    let columns = columns(&header, unknown).map_err(|words| Mistake::on(line, words))?;
    let warnings = ignored(&columns).into_iter().collect();
    let lines = reader.into_records().filter(|record| !record.as_ref().is_ok_and(is_empty));
    let lines = lines.map(move |record| match record {
        Ok(record) => Ok(fields(&record, &columns)),
        Err(error) => Err(fault_of(&error, separator)),
    });
    Ok(Lines { warnings, lines: Box::new(lines) })
}

/// Whether the first line has the column `cidr`.
pub(super) fn is_known(text: &str) -> bool {
    let header = text.strip_prefix('\u{feff}').unwrap_or(text).lines().next().unwrap_or_default();
    header.split(char::from(separator(header))).any(is_cidr)
}

fn is_cidr(name: &str) -> bool {
    name.trim().trim_matches('"') == "cidr"
}

/// The separator with which the header has the column `cidr`, and the most columns. A comma when no separator fits.
fn separator(text: &str) -> u8 {
    let header = text.lines().next().unwrap_or_default();
    let rank = |separator: u8| {
        let names = header.split(char::from(separator));
        (names.clone().any(is_cidr), names.count())
    };
    // Of equal ranks, the last one counts.
    [b'\t', b';', b','].into_iter().max_by_key(|separator| rank(*separator)).unwrap_or(b',')
}

fn columns(header: &StringRecord, unknown: UnknownColumns) -> Result<Vec<Column>, String> {
    let mut columns = Vec::new();
    for (index, name) in header.iter().enumerate() {
        let column = Column::of(name, &format!("the name of column {}", index + 1), unknown);
        let column = column.map_err(|words| match name.contains('/') || name.is_empty() {
            true => format!("the header is missing: {words} {ADVICE}"),
            false => words,
        })?;
        match &column {
            Column::Known(known) if columns.contains(&column) => {
                return Err(format!("the column {known:?} appears twice."));
            }
            Column::Tag(_) if columns.contains(&column) => {
                return Err(format!("column {} has the same name as another column.", index + 1));
            }
            _ => columns.push(column),
        }
    }
    match columns.contains(&Column::Known("cidr")) {
        true => Ok(columns),
        false => Err(format!("the column \"cidr\" is missing. {ADVICE}")),
    }
}

/// The warning about columns that are left out. It gives their numbers, because their names are content of the file.
fn ignored(columns: &[Column]) -> Option<String> {
    let numbers: Vec<String> = columns
        .iter()
        .zip(1..)
        .filter(|(column, _)| **column == Column::Ignored)
        .map(|(_, number): (_, usize)| number.to_string())
        .collect();
    match numbers.as_slice() {
        [] => None,
        [one] => Some(format!("The name of column {one} is not known, and the column was ignored.")),
        several => Some(format!("The names of columns {} are not known, and they were ignored.", several.join(", "))),
    }
}

/// Whether a line has only separators on it, as spreadsheets leave behind.
fn is_empty(record: &StringRecord) -> bool {
    record.iter().all(str::is_empty)
}

fn fields(record: &StringRecord, columns: &[Column]) -> Fields {
    let mut fields = Fields { line: record.position().map_or(0, csv::Position::line), ..Fields::default() };
    for (column, text) in columns.iter().zip(record).filter(|(_, text)| !text.is_empty()) {
        match column {
            Column::Known(known) => drop(fields.texts.insert(known, text.to_owned())),
            Column::Tag(key) => drop(fields.more_tags.insert(key.clone(), text.to_owned())),
            Column::Ignored => {}
        }
    }
    fields
}

fn fault_of(error: &csv::Error, separator: u8) -> Mistake {
    let (word, example) = match separator {
        b';' => ("semicolon", ": \"a; b\""),
        b'\t' => ("tab", ""),
        _ => ("comma", ": \"a, b\""),
    };
    match error.kind() {
        ErrorKind::UnequalLengths { pos, expected_len, len } => Mistake::on(
            pos.as_ref().map_or(0, csv::Position::line),
            format!(
                "it has {len} field{}, and the header has {expected_len}. Quote a field that has a {word}{example}.",
                if *len == 1 { "" } else { "s" }
            ),
        ),
        // The message of the library may quote the file.
        _ => Mistake::of_all("it is not CSV."),
    }
}
