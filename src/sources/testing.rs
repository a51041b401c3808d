//! What the tests of readers share: an inventory as lines of text, random networks, and CSV as other systems write it.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::{Inventory, Mistake, Network, Role};
use crate::ipam::{Cidr, Family, Tags};

/// The keys of tags that random networks have.
pub(super) const TAGS: [&str; 2] = ["Cost center", "Building"];

/// The routing domains of random networks.
pub(super) const SCOPES: [&str; 2] = ["red", "blue net (old)"];

/// One line for each network: what tests compare.
pub(super) fn shown(inventory: &Inventory) -> Vec<String> {
    inventory.networks.iter().map(one_line).collect()
}

fn one_line(network: &Network) -> String {
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let mut line = format!("{}: {:?} {} in {}", network.line, network.role, network.cidr, text(&network.scope));
    let _ = write!(line, ", {}, {}", text(&network.name), text(&network.description));
    for (key, value) in &network.tags {
        let _ = write!(line, ", {key}={value}");
    }
    line
}

/// Mistakes as `line: words`.
pub(super) fn told(mistakes: &[Mistake]) -> Vec<String> {
    let line = |one: &Mistake| one.line.map(|line| format!("{line}: ")).unwrap_or_default();
    mistakes.iter().map(|one| format!("{}{}", line(one), one.words)).collect()
}

/// Requires these mistakes, of which each begins with a line and has some words, and no mark of the file in them.
pub(super) fn assert_told(inventory: &Inventory, expected: &[(u64, &str)]) {
    let told = told(&inventory.mistakes);
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for (told, (line, words)) in told.iter().zip(expected) {
        assert!(told.starts_with(&format!("{line}: ")) && told.contains(words), "{line}, {words}: {told}");
    }
    let all = format!("{:?}{:?}", inventory.mistakes, inventory.left_out);
    assert!(!all.contains("s3cret"), "the file is quoted: {all}");
}

/// A text as people write it, with all that CSV and JSON have to escape.
fn text() -> impl Strategy<Value = String> {
    "[a-zA-Zäß€][a-zA-Z ,;|\"\n\\\\'ß=$%{}]{0,12}[a-z.]"
}

fn block() -> impl Strategy<Value = Cidr> {
    (any::<u128>(), any::<bool>(), 0..=128u8).prop_map(|(address, is_ipv4, length)| {
        let (family, bits, least) = if is_ipv4 { (Family::Ipv4, 32, 0) } else { (Family::Ipv6, 128, 1) };
        // Numbers below 2^32 are IPv4 in some systems.
        let address = if is_ipv4 { address >> 96 } else { address | 1 << 127 };
        Cidr::around(family, address, length.clamp(least, bits))
    })
}

/// A network with one of the roles. Addresses are one address, and only they have a name.
pub(super) fn network(roles: &'static [Role]) -> impl Strategy<Value = Network> {
    let scope = prop::option::of(prop::sample::select(&SCOPES[..]));
    let tags = prop::collection::btree_map(prop::sample::select(&TAGS[..]), text(), 0..=2);
    let parts = (block(), prop::sample::select(roles), scope, prop::option::of("[a-z][a-z0-9.-]{0,9}[a-z]"));
    (parts, prop::option::of(text()), tags).prop_map(|((cidr, role, scope, name), description, tags)| {
        let is_address = role == Role::Address;
        let cidr = if is_address { cidr.resized(cidr.family().bits()) } else { cidr };
        Network {
            scope: scope.map(str::to_owned),
            name: name.filter(|_| is_address),
            description,
            tags: tags.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Tags>(),
            ..Network::new(0, cidr, role)
        }
    })
}

/// Writes rows as CSV, and the line on which each of them begins.
pub(super) struct Csv {
    /// The text.
    pub(super) text: String,
    separator: char,
    line: u64,
}

impl Csv {
    /// No rows yet.
    pub(super) fn new(separator: char) -> Self {
        Self { text: String::new(), separator, line: 1 }
    }

    /// Adds a row, and tells its line.
    pub(super) fn row<'a>(&mut self, texts: impl IntoIterator<Item = &'a str>) -> u64 {
        let line = self.line;
        let quoted = |text: &str| {
            let is_plain = text.chars().all(|c| c.is_alphanumeric() || " ./:*-_()".contains(c));
            if is_plain { text.to_owned() } else { format!("\"{}\"", text.replace('"', "\"\"")) }
        };
        let texts: Vec<String> = texts.into_iter().map(quoted).collect();
        self.text.push_str(&texts.join(&self.separator.to_string()));
        self.text.push('\n');
        self.line = 1 + self.text.matches('\n').count() as u64;
        line
    }
}

/// The text of an option.
pub(super) fn or_empty(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or_default()
}
