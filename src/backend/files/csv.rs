//! CSV as in RFC 4180: a header row, commas, quotes around what has commas, quotes or line ends.

use csv::{ErrorKind, ReaderBuilder, StringRecord, Trim};

use super::Fault;
use super::row::{Fields, column};

/// The lines below the header.
///
/// # Errors
/// The header is missing or wrong.
pub(super) fn rows(text: &str) -> Result<Box<dyn Iterator<Item = Result<Fields, Fault>> + '_>, Fault> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = ReaderBuilder::new().has_headers(false).trim(Trim::All).from_reader(text.as_bytes());
    let mut header = StringRecord::new();
    let there_is = reader.read_record(&mut header).map_err(|error| said(&error))?;
    let advice = "The first line names the columns, such as cidr,name,account,region.";
    if !there_is {
        return Err(Fault::of_all(format!("the header is missing. {advice}")));
    }
    let line = header.position().map_or(1, csv::Position::line);
    let mut columns = Vec::new();
    for (index, name) in header.iter().enumerate() {
        let known = column(name, &format!("the name of column {}", index + 1));
        let known = known.map_err(|words| match name.contains('/') || name.is_empty() {
            true => Fault::on(line, format!("the header is missing: {words} {advice}")),
            false => Fault::on(line, words),
        })?;
        if columns.contains(&known) {
            return Err(Fault::on(line, format!("the column {known:?} is there twice.")));
        }
        columns.push(known);
    }
    if !columns.contains(&"cidr") {
        return Err(Fault::on(line, format!("the column \"cidr\" is missing. {advice}")));
    }
    let lines = reader.into_records().filter(|record| !record.as_ref().is_ok_and(is_empty));
    Ok(Box::new(lines.map(move |record| record.map_err(|error| said(&error)).map(|record| fields(&record, &columns)))))
}

/// A line with nothing on it but commas, as spreadsheets leave behind.
fn is_empty(record: &StringRecord) -> bool {
    record.iter().all(str::is_empty)
}

fn fields(record: &StringRecord, columns: &[&'static str]) -> Fields {
    let texts = columns.iter().zip(record).filter(|(_, text)| !text.is_empty());
    Fields {
        line: record.position().map_or(0, csv::Position::line),
        texts: texts.map(|(column, text)| (*column, text.to_owned())).collect(),
        ..Fields::default()
    }
}

fn said(error: &csv::Error) -> Fault {
    match error.kind() {
        ErrorKind::UnequalLengths { pos, expected_len, len } => Fault::on(
            pos.as_ref().map_or(0, csv::Position::line),
            format!(
                "it has {len} field{}, the header {expected_len}. Quote a field that has a comma: \"a, b\".",
                if *len == 1 { "" } else { "s" }
            ),
        ),
        // What the library says may quote the file.
        _ => Fault::of_all("it is not CSV."),
    }
}
