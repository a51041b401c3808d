//! The tables in a file of Infoblox, row by row: which header a row has, and what its fields are called.

use std::collections::BTreeMap;

use crate::sources::table::{self, Row};
use crate::sources::{Mistake, fields};

/// What begins the name of a table in the first field of its header.
const HEADER: &str = "header-";

/// The tables that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A routing domain.
    NetworkView,
    /// Space that networks are in.
    Container,
    /// A network.
    Network,
    /// A range in a network, for DHCP.
    Range,
    /// An address, for DHCP.
    FixedAddress,
    /// One address of a host.
    HostAddress,
    /// A host with all its addresses.
    HostRecord,
    /// Another table.
    Other,
}

impl Kind {
    fn named(name: &str) -> Self {
        match name.to_lowercase().as_str() {
            "networkview" => Self::NetworkView,
            "networkcontainer" | "ipv6networkcontainer" => Self::Container,
            "network" | "ipv6network" => Self::Network,
            "dhcprange" | "ipv6dhcprange" => Self::Range,
            "fixedaddress" | "ipv6fixedaddress" => Self::FixedAddress,
            "hostaddress" | "ipv6hostaddress" => Self::HostAddress,
            "hostrecord" => Self::HostRecord,
            _ => Self::Other,
        }
    }
}

/// The header that rows of one table follow.
#[derive(Clone, Debug)]
struct Header {
    line: u64,
    kind: Kind,
    /// The names of the fields, without the asterisk of those that are needed.
    columns: Vec<String>,
}

/// A row of a table that is read.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// The line where it begins, counted from 1.
    pub(super) line: u64,
    /// The table.
    pub(super) kind: Kind,
    texts: Vec<(String, String)>,
}

impl Entry {
    /// The text of a field, unless it is empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.fields().find(|(column, _)| column.eq_ignore_ascii_case(name)).map(|(_, text)| text)
    }

    /// The fields that are not empty.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts.iter().map(|(column, text)| (column.as_str(), text.as_str()))
    }
}

/// All that a file has.
#[derive(Debug, Default)]
pub(super) struct Tables {
    /// The rows of the tables that are read.
    pub(super) entries: Vec<Entry>,
    /// Rows that cannot be read.
    pub(super) mistakes: Vec<Mistake>,
    /// Tables that are not read.
    pub(super) left_out: Vec<Mistake>,
}

/// The tables in a text.
///
/// # Errors
/// It is not CSV.
pub(super) fn read(text: &str) -> Result<Tables, Mistake> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let rows = table::records(text, separator(text))?;
    let mut headers: BTreeMap<String, Header> = BTreeMap::new();
    let (mut tables, mut others) = (Tables::default(), BTreeMap::<u64, usize>::new());
    for row in rows {
        // An export has comments in front of its tables.
        let Some(first) = row.texts.first().filter(|first| !first.starts_with('#')) else { continue };
        let name = first.to_lowercase();
        if let Some(name) = name.strip_prefix(HEADER) {
            match header(&row, name) {
                Ok(header) => drop(headers.insert(name.to_owned(), header)),
                Err(mistake) => tables.mistakes.push(mistake),
            }
            continue;
        }
        match headers.get(&name) {
            None => tables.mistakes.push(Mistake::on(row.line, no_header(headers.is_empty()))),
            Some(header) if header.kind == Kind::Other => *others.entry(header.line).or_default() += 1,
            Some(header) => match entry(row, header) {
                Ok(entry) => tables.entries.push(entry),
                Err(mistake) => tables.mistakes.push(mistake),
            },
        }
    }
    for (line, count) in others {
        let rows = if count == 1 { "its row has".to_owned() } else { format!("its {count} rows have") };
        tables.left_out.push(Mistake::on(line, format!("the table that begins here is not read: {rows} no blocks.")));
    }
    Ok(tables)
}

/// Whether a text begins with the header of a table.
pub(super) fn begin(text: &str) -> bool {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let first =
        first_line(text).split([',', ';', '\t', '|', ' ']).next().unwrap_or_default().trim_matches('"').to_lowercase();
    first.strip_prefix(HEADER).is_some_and(|name| !name.is_empty())
}

fn first_line(text: &str) -> &str {
    text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#')).unwrap_or_default()
}

fn separator(text: &str) -> u8 {
    table::separator(first_line(text))
}

fn no_header(is_first: bool) -> &'static str {
    if is_first {
        "no header is above it. A file of Infoblox has a header row such as header-network,address*,netmask*."
    } else {
        "no header is above it that begins with header- and the word in its first field."
    }
}

fn header(row: &Row, name: &str) -> Result<Header, Mistake> {
    let columns: Vec<String> =
        row.texts[1..].iter().map(|column| column.trim_end_matches('*').trim().to_owned()).collect();
    let is_twice = |(at, column): (usize, &String)| {
        !column.is_empty() && columns[..at].iter().any(|before| before.eq_ignore_ascii_case(column))
    };
    if columns.iter().enumerate().any(is_twice) {
        return Err(Mistake::on(row.line, "the header has the same column twice."));
    }
    Ok(Header { line: row.line, kind: Kind::named(name), columns })
}

fn entry(row: Row, header: &Header) -> Result<Entry, Mistake> {
    let texts = &row.texts[1..];
    // An empty last cell keeps its separator.
    let count = texts.iter().rposition(|text| !text.is_empty()).map_or(0, |last| last + 1);
    if count > header.columns.len() {
        let words = format!(
            "it has {count} fields, and its header on line {} has {}. Quote a field that contains the separator.",
            header.line,
            header.columns.len()
        );
        return Err(Mistake::on(row.line, words));
    }
    let named = header.columns.iter().zip(texts).filter(|(column, text)| !column.is_empty() && !text.is_empty());
    let texts = named.map(|(column, text)| (column.clone(), text.clone())).collect();
    Ok(Entry { line: row.line, kind: header.kind, texts })
}

/// Whether a field says yes.
pub(super) fn is_yes(text: Option<&str>) -> bool {
    text.and_then(fields::yes_or_no) == Some(true)
}
