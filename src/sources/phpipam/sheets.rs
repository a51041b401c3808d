//! The sheets of a spreadsheet, as tables whose rows know their number.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{Data, Range, Reader, Xls};

use super::compound::{MAGIC, SECTOR, is_sound};
use crate::sources::Mistake;
use crate::sources::table::{Row, Table};

/// What begins an `.xlsx` or `.ods` file.
const ZIP: [u8; 4] = [b'P', b'K', 3, 4];

/// Whether a file begins as a spreadsheet does.
pub(super) fn is_spreadsheet(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC) || bytes.starts_with(&ZIP)
}

/// The sheets of a spreadsheet, in its order. Rows are counted as a spreadsheet shows them.
///
/// # Errors
/// It is not an `.xls` file.
pub(super) fn of_spreadsheet(bytes: &[u8]) -> Result<Vec<Table>, Mistake> {
    if bytes.starts_with(&ZIP) {
        return Err(Mistake::of_all("it is a spreadsheet in another format than .xls. Save it as .xls or as CSV."));
    }
    // The last sector may be shorter.
    let mut whole = bytes.to_vec();
    whole.resize(bytes.len().next_multiple_of(SECTOR), 0);
    let tables = if is_sound(&whole) {
        // The library panics on some damaged files.
        catch_unwind(AssertUnwindSafe(|| tables(&whole))).ok().flatten()
    } else {
        None
    };
    let words = "it is not a spreadsheet that can be read. Export it again, or save it as CSV.";
    tables.ok_or_else(|| Mistake::of_all(words))
}

fn tables(bytes: &[u8]) -> Option<Vec<Table>> {
    let mut workbook: Xls<_> = Xls::new(Cursor::new(bytes)).ok()?;
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
