//! Exports of Infoblox NIOS: CSV with several tables in one file.
//!
//! A network view is a routing domain. A container is a pool, a network is a pool or an allocation, a range for DHCP is
//! reserved, and hosts and fixed addresses are addresses. Extensible attributes (`EA-`) become tags.

mod tables;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::{Inventory, Mistake, Network, Role, Scope, SourceFile, fields};
use crate::ipam::{Cidr, Tags};
use tables::{Entry, Kind, Tables};

/// The network view that every grid has, in lower case.
const DEFAULT_VIEW: &str = "default";

/// What begins the name of an extensible attribute.
const ATTRIBUTE: &str = "EA-";

/// Fields that become tags as well.
const TAGS: [&str; 4] = ["rir_organization", "rir_registration_status", "vlans", "mac_address"];

/// Fields that the reader uses.
const USED: [&str; 16] = [
    "address",
    "netmask",
    "cidr",
    "start_address",
    "end_address",
    "ip_address",
    "network_view",
    "name",
    "comment",
    "fqdn",
    "addresses",
    "ipv6_addresses",
    "parent",
    "import-action",
    "disabled",
    "view",
];

/// Whether the content has this layout.
pub fn recognises(bytes: &[u8]) -> bool {
    fields::utf8(bytes).is_ok_and(tables::begin)
}

/// The networks in a file.
pub fn read(file: &SourceFile<'_>) -> Inventory {
    match fields::utf8(file.bytes).and_then(tables::read) {
        Ok(tables) => read_tables(tables),
        Err(mistake) => Inventory { mistakes: vec![mistake], ..Inventory::default() },
    }
}

fn read_tables(tables: Tables) -> Inventory {
    let mut reading = Reading::default();
    reading.inventory.mistakes = tables.mistakes;
    reading.inventory.left_out = tables.left_out;
    for entry in &tables.entries {
        if entry.text("import-action").is_some_and(|action| action.to_lowercase().starts_with('d')) {
            let words = "its import-action deletes an object, so the row is left out.";
            reading.inventory.left_out.push(Mistake::on(entry.line, words));
            continue;
        }
        if let Err(words) = reading.take(entry) {
            reading.inventory.mistakes.push(Mistake::on(entry.line, words));
        }
    }
    reading.finish()
}

/// A host address is in the table of hosts and in that of addresses: view, block and name tell that it is the same.
type HostKey = (Option<String>, Cidr, Option<String>);

#[derive(Default)]
struct Reading {
    inventory: Inventory,
    /// The position of each host address among the networks.
    hosts: BTreeMap<HostKey, usize>,
    /// Lines of rows with fields that are not read.
    unread: BTreeSet<u64>,
}

impl Reading {
    fn take(&mut self, entry: &Entry) -> Result<(), &'static str> {
        let needed = |name: &str, words: &'static str| entry.text(name).ok_or(words);
        let (cidrs, role, name) = match entry.kind {
            Kind::NetworkView => return self.view(entry),
            Kind::Container | Kind::Network => {
                let address = needed("address", "it has no address.")?;
                let netmask = entry.text("netmask").or(entry.text("cidr"));
                let role = if entry.kind == Kind::Container { Role::Pool } else { Role::Network };
                (vec![fields::block(address, netmask)?], role, None)
            }
            Kind::Range if entry.text("start_address").is_none() && entry.text("parent").is_some() => {
                self.leave_out(entry, "it is a range of delegated prefixes without addresses, so it is left out.");
                return Ok(());
            }
            Kind::Range => {
                let first = needed("start_address", "it has no start_address.")?;
                let last = needed("end_address", "it has no end_address.")?;
                (fields::range(first, last)?, Role::Reserved, entry.text("name"))
            }
            Kind::FixedAddress if entry.text("ip_address").is_none() && entry.text("parent").is_some() => {
                self.leave_out(entry, "it is a delegated prefix without an address, so it is left out.");
                return Ok(());
            }
            Kind::FixedAddress => {
                let address = needed("ip_address", "it has no ip_address.")?;
                (vec![fields::host(address)?], Role::Address, entry.text("name"))
            }
            Kind::HostAddress => {
                let address = needed("address", "it has no address.")?;
                (vec![fields::host(address)?], Role::Address, entry.text("parent"))
            }
            Kind::HostRecord => (host_addresses(entry)?, Role::Address, entry.text("fqdn")),
            Kind::Other => return Ok(()),
        };
        self.note_unread(entry);
        for cidr in cidrs {
            self.add(entry.kind, network(entry, cidr, role, name));
        }
        Ok(())
    }

    fn view(&mut self, entry: &Entry) -> Result<(), &'static str> {
        let name = entry.text("name").ok_or("it has no name.")?;
        if self.inventory.scopes.iter().any(|scope| scope.name == name) {
            return Err("a network view above has the same name.");
        }
        if !name.eq_ignore_ascii_case(DEFAULT_VIEW) {
            let description = entry.text("comment").map(str::to_owned);
            let scope = Scope { line: entry.line, name: name.to_owned(), description, tags: tags(entry) };
            self.inventory.scopes.push(scope);
        }
        Ok(())
    }

    fn add(&mut self, kind: Kind, network: Network) {
        if !matches!(kind, Kind::HostAddress | Kind::HostRecord) {
            self.inventory.networks.push(network);
            return;
        }
        let key = (network.scope.clone(), network.cidr, network.name.as_ref().map(|name| name.to_lowercase()));
        match self.hosts.get(&key) {
            Some(at) => {
                let known = &mut self.inventory.networks[*at];
                known.description = known.description.take().or(network.description);
                for (key, value) in network.tags {
                    known.tags.entry(key).or_insert(value);
                }
            }
            None => {
                self.hosts.insert(key, self.inventory.networks.len());
                self.inventory.networks.push(network);
            }
        }
    }

    fn leave_out(&mut self, entry: &Entry, words: &str) {
        self.inventory.left_out.push(Mistake::on(entry.line, words));
    }

    fn note_unread(&mut self, entry: &Entry) {
        let is_option = |name: &str| {
            let is_known = USED.iter().chain(&TAGS).any(|known| known.eq_ignore_ascii_case(name));
            !is_known && !is_attribute(name) && !starts_with(name, "EAInherited-")
        };
        // An option that was never set is FALSE or an empty field.
        if entry.fields().any(|(name, text)| is_option(name) && fields::yes_or_no(text) != Some(false)) {
            self.unread.insert(entry.line);
        }
    }

    fn finish(mut self) -> Inventory {
        if let Some(first) = self.unread.first() {
            let words = match self.unread.len() {
                1 => "its options of DHCP, DNS and discovery are not read.".to_owned(),
                count => {
                    format!("options of DHCP, DNS and discovery are not read, here and in {} rows more.", count - 1)
                }
            };
            self.inventory.left_out.push(Mistake::on(*first, words));
        }
        self.inventory
    }
}

fn network(entry: &Entry, cidr: Cidr, role: Role, name: Option<&str>) -> Network {
    let view = entry.text("network_view").filter(|view| !view.eq_ignore_ascii_case(DEFAULT_VIEW));
    Network {
        scope: view.map(str::to_owned),
        name: name.map(str::to_owned),
        description: entry.text("comment").map(str::to_owned),
        tags: tags(entry),
        ..Network::new(entry.line, cidr, role)
    }
}

fn tags(entry: &Entry) -> Tags {
    let mut tags = Tags::new();
    for (name, text) in entry.fields() {
        if is_attribute(name) {
            fields::put(&mut tags, name[ATTRIBUTE.len()..].trim(), text);
        } else if let Some(key) = TAGS.iter().find(|key| key.eq_ignore_ascii_case(name)) {
            fields::put(&mut tags, key, text);
        }
    }
    if tables::is_yes(entry.text("disabled")) {
        fields::put(&mut tags, "disabled", "true");
    }
    tags
}

fn is_attribute(name: &str) -> bool {
    starts_with(name, ATTRIBUTE) && name.len() > ATTRIBUTE.len()
}

fn starts_with(name: &str, prefix: &str) -> bool {
    name.get(..prefix.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(prefix))
}

/// The addresses of a host: lists with commas.
fn host_addresses(entry: &Entry) -> Result<Vec<Cidr>, &'static str> {
    let lists = ["addresses", "ipv6_addresses"].into_iter().filter_map(|name| entry.text(name));
    let texts = lists.flat_map(|list| list.split([',', ';'])).map(str::trim).filter(|text| !text.is_empty());
    let cidrs = texts.map(fields::host).collect::<Result<Vec<_>, _>>()?;
    if cidrs.is_empty() { Err("it has no addresses.") } else { Ok(cidrs) }
}
