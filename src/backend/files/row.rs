//! What a line says of a resource.

use std::collections::BTreeMap;
use std::net::IpAddr;

use jiff::Timestamp;

use crate::ipam::seen::{DiscoveredCidr, SeenType};
use crate::ipam::{Cidr, Family, Tags, Words};

use super::Fault;

/// Names of columns, and of members of JSON objects.
pub(super) const COLUMNS: [&str; 9] =
    ["cidr", "resource_id", "resource_type", "name", "account", "region", "vpc_id", "description", "tags"];

/// The tag that is a resource's name, in AWS and here.
const NAME: &str = "Name";
/// The tag that carries a description: what was seen has no other place for it.
const DESCRIPTION: &str = "Description";

/// For what a line leaves empty.
#[derive(Clone, Copy, Debug)]
pub(super) struct Defaults<'a> {
    pub(super) account: &'a str,
    pub(super) region: &'a str,
    pub(super) taken_at: Timestamp,
}

/// The texts of a line by column, without those that are empty.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields {
    pub(super) line: u64,
    pub(super) texts: BTreeMap<&'static str, String>,
    /// From JSON, where tags are an object.
    pub(super) tags: Tags,
}

/// A line that is right.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) line: u64,
    pub(super) account: String,
    pub(super) resource: DiscoveredCidr,
}

/// The column of this name; `which` says in words whose name it is, when there is none.
pub(super) fn column(name: &str, which: &str) -> Result<&'static str, String> {
    let found = COLUMNS.into_iter().find(|known| *known == name);
    found.ok_or_else(|| format!("{which} is not known: the columns are {}.", COLUMNS.join(", ")))
}

/// The block of a line.
fn block(text: &str) -> Result<Cidr, &'static str> {
    let is_address = |text: &str| text.parse::<IpAddr>().is_ok();
    text.parse().map_err(|_| match text.split_once('/') {
        None if is_address(text) => {
            "the cidr is an address without a netmask length. For one address write it with /32 or /128."
        }
        Some((address, length)) if is_address(address) && has_host_bits(address, length) => {
            "the cidr has host bits set. Write the first address of the block."
        }
        Some((address, _)) if is_address(address) => {
            "the cidr has no netmask length from 0 to 32 (IPv6: 128) after the slash."
        }
        _ => "the cidr is none such as 10.0.0.0/16 or 2001:db8::/32.",
    })
}

/// Whether only the bits of the address are wrong.
fn has_host_bits(address: &str, length: &str) -> bool {
    let is_whole = |family: Family| length.parse().is_ok_and(|length: u8| length <= family.bits());
    is_whole(if address.contains(':') { Family::Ipv6 } else { Family::Ipv4 })
}

impl Row {
    pub(super) fn of(fields: &Fields, defaults: &Defaults<'_>) -> Result<Self, Fault> {
        let wrong = |words: String| Fault::on(fields.line, words);
        let get = |name: &str| fields.texts.get(name).cloned();
        let cidr = get("cidr").ok_or_else(|| wrong("the cidr is missing.".to_owned()))?;
        let cidr = block(&cidr).map_err(|words| wrong(words.to_owned()))?;
        let kind = get("resource_type").map_or(Ok(SeenType::Other), |word| SeenType::listed(&word));
        let resource_type =
            kind.map_err(|_: String| wrong(format!("the resource_type is none of {}.", SeenType::list())))?;
        let mut tags = fields.tags.clone();
        if let Some(text) = get("tags") {
            tags.extend(parse_tags(&text).map_err(|words| wrong(words.to_owned()))?);
        }
        let name = get("name").or_else(|| tags.get(NAME).cloned());
        for (key, value) in [(NAME, name.clone()), (DESCRIPTION, get("description"))] {
            tags.extend(value.map(|value| (key.to_owned(), value)));
        }
        let resource_id = get("resource_id").or(name).unwrap_or_else(|| cidr.to_string());
        let region = get("region").unwrap_or_else(|| defaults.region.to_owned());
        if region.contains('_') {
            let words =
                "has a _, which joins resource, block and Region in the id of the block: write it with - instead.";
            return Err(wrong(format!("the region {words}")));
        }
        let account = get("account").unwrap_or_else(|| defaults.account.to_owned());
        let resource = DiscoveredCidr {
            region,
            vpc_id: get("vpc_id").or_else(|| (resource_type == SeenType::Vpc).then(|| resource_id.clone())),
            subnet_id: (resource_type == SeenType::Subnet).then(|| resource_id.clone()),
            resource_id,
            resource_type,
            owner_id: Some(account.clone()),
            cidr: Some(cidr),
            ip_source: None,
            tags,
            usage: None,
            attachment: None,
            instance_id: None,
            availability_zone_id: None,
            sampled_at: Some(defaults.taken_at),
        };
        Ok(Self { line: fields.line, account, resource })
    }

    /// Two lines with the same are one too many.
    pub(super) fn key(&self) -> (String, String, String, String) {
        let block = self.resource.cidr.map(|cidr| cidr.to_string()).unwrap_or_default();
        (self.account.clone(), self.resource.region.clone(), self.resource.resource_id.clone(), block)
    }

    pub(super) fn said_before(first: u64) -> String {
        format!("the cidr of this resource in this account and Region is on line {first} already.")
    }
}

/// `key=value;key=value`.
fn parse_tags(text: &str) -> Result<Tags, &'static str> {
    let mut tags = Tags::new();
    for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let key = key.trim();
        if key.is_empty() || !part.contains('=') {
            return Err("the tags are not key=value;key=value.");
        }
        if tags.insert(key.to_owned(), value.trim().to_owned()).is_some() {
            return Err("the tags have a key twice.");
        }
    }
    Ok(tags)
}
