//! The sheets of a spreadsheet, as tables whose rows know their number. A CSV text is one sheet.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{Data, Range, Reader, open_workbook_auto_from_rs};

use crate::sources::Mistake;
use crate::sources::table::{Row, Table};

/// What begins an `.xls` file.
const XLS: [u8; 8] = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];

/// What begins an `.xlsx` or `.ods` file.
const ZIP: [u8; 4] = [b'P', b'K', 3, 4];

/// The length of a sector of an `.xls` file.
const SECTOR: usize = 512;

/// Whether a file begins as a spreadsheet does.
pub(super) fn is_spreadsheet(bytes: &[u8]) -> bool {
    bytes.starts_with(&XLS) || bytes.starts_with(&ZIP)
}

/// The sheets of a spreadsheet, in its order. Rows are counted as a spreadsheet shows them.
///
/// # Errors
/// It is not a spreadsheet.
pub(super) fn of_spreadsheet(bytes: &[u8]) -> Result<Vec<Table>, Mistake> {
    // The library panics when a file ends inside a sector, and on some damaged files.
    let mut whole = bytes.to_vec();
    whole.resize(bytes.len().next_multiple_of(SECTOR), 0);
    let bytes = if bytes.starts_with(&XLS) { whole.as_slice() } else { bytes };
    catch_unwind(AssertUnwindSafe(|| tables(bytes)))
        .ok()
        .flatten()
        .ok_or_else(|| Mistake::of_all("it is not a spreadsheet that can be read. Export it again, or save it as CSV."))
}

fn tables(bytes: &[u8]) -> Option<Vec<Table>> {
    let mut workbook = open_workbook_auto_from_rs(Cursor::new(bytes)).ok()?;
    let mut tables = Vec::new();
    for name in workbook.sheet_names() {
        tables.extend(table(&workbook.worksheet_range(&name).ok()?));
    }
    Some(tables)
}

fn table(range: &Range<Data>) -> Option<Table> {
    let (first, _) = range.start()?;
    let mut rows = range.rows().zip(u64::from(first) + 1..).filter_map(|(cells, line)| {
        let texts: Vec<String> = cells.iter().map(text).collect();
        texts.iter().any(|text| !text.is_empty()).then_some(Row { line, texts })
    });
    let columns = rows.next()?.texts;
    Some(Table { columns, rows: rows.collect() })
}

/// The text of a cell. phpIPAM writes each text that is a number as a number.
fn text(cell: &Data) -> String {
    match cell {
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text.trim().to_owned(),
        Data::Int(number) => number.to_string(),
        // A whole number has no point this way.
        Data::Float(number) => number.to_string(),
        Data::Bool(yes) => yes.to_string(),
        Data::DateTime(time) => time.as_f64().to_string(),
        Data::Error(_) | Data::Empty => String::new(),
    }
}
