//! CSV with a header row, as in RFC 4180, whose rows know their line.

use csv::{ErrorKind, ReaderBuilder, StringRecord, Trim};

use super::{Mistake, quotes};

/// The rows of a CSV text, and the names of its columns.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// The names of the columns, as they stand in the header.
    pub columns: Vec<String>,
    /// The rows below the header, without those that have only separators.
    pub rows: Vec<Row>,
}

/// A row of a table.
#[derive(Clone, Debug)]
pub struct Row {
    /// The line where it begins, counted from 1.
    pub line: u64,
    /// The text of each column, without blanks around it. A row may have fewer texts than the table has columns.
    pub texts: Vec<String>,
}

impl Table {
    /// The table in a CSV text. The separator is the one of comma, semicolon, tab and pipe that is most often in the
    /// header, which is the first line. A byte order mark is skipped.
    ///
    /// # Errors
    /// A quote is wrong, or a row has more fields than the header.
    pub fn of(text: &str) -> Result<Self, Mistake> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let separator = separator(text.lines().next().unwrap_or_default());
        let mut records = records(text, separator)?.into_iter();
        let Some(header) = records.next() else { return Ok(Self::default()) };
        let columns = header.texts;
        let rows: Vec<Row> = records.collect();
        if let Some(row) = rows.iter().find(|row| row.texts.len() > columns.len()) {
            let words = format!(
                "it has {} fields, and the header has {}. Quote a field that contains the separator.",
                row.texts.len(),
                columns.len()
            );
            return Err(Mistake::on(row.line, words));
        }
        Ok(Self { columns, rows })
    }

    /// The position of the column with one of these names, in any case of the letters. The first name that fits counts.
    pub fn column(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| self.columns.iter().position(|column| column.eq_ignore_ascii_case(name)))
    }
}

impl Row {
    /// The text of a column; `None` if it is empty.
    pub fn text(&self, column: Option<usize>) -> Option<&str> {
        self.texts.get(column?).map(String::as_str).filter(|text| !text.is_empty())
    }
}

/// The separator that a header has most often. Of equal counts, the first of comma, semicolon, tab and pipe.
pub fn separator(header: &str) -> u8 {
    let count = |separator: &u8| header.bytes().filter(|byte| byte == separator).count();
    // Of equal counts, `max_by_key` takes the last one.
    [b'|', b'\t', b';', b','].into_iter().max_by_key(count).unwrap_or(b',')
}

/// All lines of a CSV text as rows of texts, without those that have only separators. Rows may differ in length.
///
/// # Errors
/// A quote is wrong.
pub fn records(text: &str, separator: u8) -> Result<Vec<Row>, Mistake> {
    quotes::check(text, separator)?;
    let reader = ReaderBuilder::new()
        .delimiter(separator)
        .has_headers(false)
        .flexible(true)
        .trim(Trim::All)
        .from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for record in reader.into_records() {
        let record: StringRecord = record.map_err(|error| match error.kind() {
            ErrorKind::Utf8 { pos: Some(at), .. } => Mistake::on(at.line(), "it is not UTF-8."),
            // The message of the library may quote the file.
            _ => Mistake::of_all("it is not CSV."),
        })?;
        let line = record.position().map_or(0, csv::Position::line);
        if !record.iter().all(str::is_empty) {
            rows.push(Row { line, texts: record.iter().map(str::to_owned).collect() });
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_know_their_lines_and_columns() {
        let table =
            Table::of("\u{feff}Prefix;VRF;\"De;scription\"\n;;\n10.0.0.0/8; red;\"two\nlines\"\n10.0.0.0/9\n").unwrap();
        assert_eq!(table.columns, ["Prefix", "VRF", "De;scription"]);
        assert_eq!(table.column(&["cidr", "prefix"]), Some(0));
        let [first, second] = table.rows.as_slice() else { panic!("{table:?}") };
        assert_eq!((first.line, first.text(table.column(&["vrf"]))), (3, Some("red")));
        assert_eq!((second.line, second.text(Some(1))), (5, None));
    }

    #[test]
    fn rows_that_do_not_fit_are_refused() {
        assert_eq!(Table::of("a,b\n1,2\n1,2,3\n").unwrap_err().line, Some(3));
        assert_eq!(Table::of("a,b\n1,\"2\n").unwrap_err().line, Some(2));
        assert!(Table::of("").unwrap().rows.is_empty());
    }
}
