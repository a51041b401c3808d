//! Checks the quotes of a CSV file against RFC 4180 before the file is parsed. The CSV parser accepts a quote that is
//! never closed: it would take the rest of the file, and the resources in it, as one field.

use super::Mistake;

/// The position of the scan.
enum At {
    /// Before the first character of a field.
    Begin,
    /// In a field without quotes.
    Plain,
    /// In a field with quotes, which were opened on that line.
    Quoted(u64),
    /// After a quote in a field with quotes: either the field ends here, or the quote is the first of two.
    Behind(u64),
}

/// Requires that every field with a quote begins and ends with one, and that each quote inside is doubled.
///
/// # Errors
/// The line on which a quote is wrong.
pub fn check(text: &str, separator: u8) -> Result<(), Mistake> {
    let (mut at, mut line) = (At::Begin, 1);
    for byte in text.bytes() {
        let ends = byte == separator || byte == b'\n' || byte == b'\r';
        at = match (at, byte) {
            (At::Begin, b'"') => At::Quoted(line),
            (At::Plain, b'"') => {
                let words = "a quote is in a field that does not begin with a quote. Put the whole field in quotes, \
                             and write each quote inside it twice.";
                return Err(Mistake::on(line, words));
            }
            (At::Quoted(opened), b'"') => At::Behind(opened),
            (At::Behind(opened), b'"') | (At::Quoted(opened), _) => At::Quoted(opened),
            (_, _) if ends => At::Begin,
            (At::Behind(opened), _) => return Err(Mistake::on(opened, ends_inside(opened, line))),
            (At::Begin | At::Plain, _) => At::Plain,
        };
        line += u64::from(byte == b'\n');
    }
    match at {
        At::Quoted(opened) => Err(Mistake::on(opened, "a quote is opened and never closed.")),
        At::Begin | At::Plain | At::Behind(_) => Ok(()),
    }
}

fn ends_inside(opened: u64, line: u64) -> String {
    let place = if line == opened { String::new() } else { format!(" on line {line}") };
    format!("a quote is opened, and closed{place} before the end of its field. Write each quote inside a field twice.")
}
