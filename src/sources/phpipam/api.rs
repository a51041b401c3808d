//! Answers of phpIPAM's API, and rows of its database as JSON: subnets, folders, addresses, VRFs, sections, VLANs.
//!
//! These objects name each other by number, so a file has to have all of them: one object or one array of answers.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::columns::is_unset;
use super::numbers::dotted;
use crate::ipam::Tags;
use crate::sources::json::Node;
use crate::sources::{Inventory, Mistake, Network, Role, Scope, fields};

/// Members of subnets and addresses that say nothing about a block, that are read, or that are numbers of other tables.
const USED: [&str; 53] = [
    "id",
    "subnet",
    "mask",
    "sectionId",
    "description",
    "linked_subnet",
    "firewallAddressObject",
    "vrfId",
    "masterSubnetId",
    "allowRequests",
    "vlanId",
    "showName",
    "device",
    "deviceId",
    "permissions",
    "pingSubnet",
    "discoverSubnet",
    "resolveDNS",
    "DNSrecursive",
    "DNSrecords",
    "nameserverId",
    "timeserverId",
    "scanAgent",
    "customer_id",
    "isFolder",
    "isFull",
    "isPool",
    "state",
    "tag",
    "threshold",
    "location",
    "locationId",
    "editDate",
    "lastScan",
    "lastDiscovery",
    "links",
    "usage",
    "calculation",
    "gateway",
    "gatewayId",
    "nameservers",
    "ip",
    "ip_addr",
    "subnetId",
    "hostname",
    "is_gateway",
    "lastSeen",
    "excludePing",
    "PTRignore",
    "PTR",
    "NSrecord",
    "switch",
    "custom_fields",
];

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Subnet,
    Address,
    Vrf,
    Section,
    Vlan,
}

/// One object with its texts.
#[derive(Debug)]
struct Object {
    line: u64,
    kind: Kind,
    texts: BTreeMap<String, String>,
}

impl Object {
    fn text(&self, name: &str) -> Option<&str> {
        self.texts.get(name).map(String::as_str)
    }

    /// The number of another object; `None` for 0, which means none.
    fn number(&self, name: &str) -> Option<&str> {
        self.text(name).filter(|number| *number != "0")
    }

    fn id(&self, name: &str) -> Option<&str> {
        self.text(name).or(self.text("id"))
    }
}

/// Whether the text is an answer of phpIPAM.
pub(super) fn is_of_phpipam(text: &str) -> bool {
    Node::of(text).is_ok_and(|node| first_is_of_phpipam(node, 4))
}

fn first_is_of_phpipam(node: Node<'_>, depth: usize) -> bool {
    if depth == 0 {
        return false;
    }
    if let Some(elements) = node.elements() {
        return elements.first().is_some_and(|first| first_is_of_phpipam(*first, depth - 1));
    }
    let Ok(Some(members)) = node.members() else { return false };
    match kind(&members) {
        Some(Kind::Subnet | Kind::Address | Kind::Section) => true,
        Some(Kind::Vrf) => has(&members, "sections"),
        Some(Kind::Vlan) => has(&members, "domainId"),
        None => members.iter().any(|(_, node)| first_is_of_phpipam(*node, depth - 1)),
    }
}

fn has(members: &[(String, Node<'_>)], key: &str) -> bool {
    members.iter().any(|(name, _)| name == key)
}

fn kind(members: &[(String, Node<'_>)]) -> Option<Kind> {
    let has = |key: &str| has(members, key);
    if has("subnet") && has("mask") && (has("masterSubnetId") || has("sectionId")) {
        Some(Kind::Subnet)
    } else if has("subnetId") && (has("ip") || has("ip_addr")) {
        Some(Kind::Address)
    } else if has("name") && has("masterSection") {
        Some(Kind::Section)
    } else if has("number") && (has("domainId") || has("vlanId")) {
        Some(Kind::Vlan)
    } else if has("name") && has("rd") && !has("url") {
        Some(Kind::Vrf)
    } else {
        None
    }
}

/// The networks in a text.
pub(super) fn read(text: &str) -> Inventory {
    let mut found = Found::default();
    match Node::of(text) {
        Ok(node) => found.search(node),
        Err(mistake) => found.inventory.mistakes.push(mistake),
    }
    if found.objects.is_empty() && found.inventory.mistakes.is_empty() {
        let words = "it has no objects of phpIPAM, such as those that its API answers for /subnets/.";
        found.inventory.mistakes.push(Mistake::of_all(words));
    }
    found.resolve()
}

#[derive(Default)]
struct Found {
    objects: Vec<Object>,
    inventory: Inventory,
}

impl Found {
    fn search(&mut self, node: Node<'_>) {
        if let Some(elements) = node.elements() {
            return elements.into_iter().for_each(|element| self.search(element));
        }
        let members = match node.members() {
            Ok(Some(members)) => members,
            Ok(None) => return self.refuse(node.line, "it is not an object of phpIPAM."),
            Err(mistake) => return self.inventory.mistakes.push(mistake),
        };
        if let Some(kind) = kind(&members) {
            return self.take(node.line, kind, &members);
        }
        let is_answer = has(&members, "success") && has(&members, "code");
        if is_answer
            && members.iter().any(|(name, node)| name == "success" && !matches!(node.value(), Value::Bool(true)))
        {
            return self.refuse(node.line, "it is an answer that tells of an error. Ask the API again.");
        }
        let parts: Vec<_> = members.into_iter().filter(|(_, node)| is_composed(*node)).collect();
        if parts.is_empty() {
            return self
                .refuse(node.line, "it is not a subnet, a folder, an address, a VRF, a section or a VLAN of phpIPAM.");
        }
        parts.into_iter().for_each(|(_, node)| self.search(node));
    }

    fn take(&mut self, line: u64, kind: Kind, members: &[(String, Node<'_>)]) {
        let mut texts = BTreeMap::new();
        for (name, node) in members {
            match node.members() {
                Ok(Some(inner)) if name == "custom_fields" => {
                    let inner = inner.into_iter().filter_map(|(name, node)| Some((name, text(node)?)));
                    texts.extend(inner);
                }
                Err(mistake) => self.inventory.mistakes.push(mistake),
                Ok(_) => texts.extend(text(*node).map(|text| (name.clone(), text))),
            }
        }
        self.objects.push(Object { line, kind, texts });
    }

    fn refuse(&mut self, line: u64, words: &str) {
        self.inventory.mistakes.push(Mistake::on(line, words));
    }

    fn resolve(self) -> Inventory {
        let Self { objects, inventory } = self;
        let mut resolver = Resolver { names: Names::of(&objects), inventory, unnamed: Vec::new() };
        for object in &objects {
            let taken = match object.kind {
                Kind::Subnet if is_unset(object.text("isFolder")) => resolver.subnet(object),
                Kind::Address => resolver.address(object),
                Kind::Vrf => resolver.vrf(object),
                // Subnets carry their names.
                Kind::Subnet | Kind::Section | Kind::Vlan => Ok(()),
            };
            if let Err(words) = taken {
                resolver.inventory.mistakes.push(Mistake::on(object.line, words));
            }
        }
        resolver.finish()
    }
}

fn is_composed(node: Node<'_>) -> bool {
    matches!(node.value(), Value::Array(_) | Value::Object(_))
}

fn text(node: Node<'_>) -> Option<String> {
    match node.value() {
        Value::Bool(yes) => Some(yes.to_string()),
        _ => node.text(),
    }
}

/// The objects that others name by number.
struct Names<'a> {
    subnets: BTreeMap<&'a str, &'a Object>,
    vrfs: BTreeMap<&'a str, &'a str>,
    sections: BTreeMap<&'a str, &'a str>,
    vlans: BTreeMap<&'a str, &'a str>,
}

impl<'a> Names<'a> {
    fn of(objects: &'a [Object]) -> Self {
        let of_kind = |kind: Kind| objects.iter().filter(move |object| object.kind == kind);
        let named = |kind: Kind, id: &'static str, name: &'static str| {
            of_kind(kind).filter_map(|object| Some((object.id(id)?, object.text(name)?))).collect()
        };
        Self {
            subnets: of_kind(Kind::Subnet).filter_map(|subnet| Some((subnet.id("id")?, subnet))).collect(),
            vrfs: named(Kind::Vrf, "vrfId", "name"),
            sections: named(Kind::Section, "id", "name"),
            vlans: named(Kind::Vlan, "vlanId", "number"),
        }
    }

    /// The folder that a subnet is directly in, and the nearest subnet around it that is not a folder.
    fn around(&self, subnet: &'a Object) -> (Option<&'a str>, Option<&'a str>) {
        let (mut folder, mut at, mut seen) = (None, subnet, BTreeSet::new());
        while let Some((id, master)) = at.number("masterSubnetId").and_then(|id| Some((id, *self.subnets.get(id)?))) {
            if is_unset(master.text("isFolder")) {
                return (folder, Some(id));
            }
            folder = folder.or(master.text("description"));
            if !seen.insert(id) {
                break;
            }
            at = master;
        }
        (folder, None)
    }
}

struct Resolver<'a> {
    names: Names<'a>,
    inventory: Inventory,
    /// Lines of objects whose section or VLAN is not in the file.
    unnamed: Vec<u64>,
}

impl<'a> Resolver<'a> {
    fn subnet(&mut self, subnet: &'a Object) -> Result<(), &'static str> {
        let address = dotted(subnet.text("subnet").ok_or("it has no subnet.")?)?;
        let mask = subnet.text("mask").ok_or("it has no mask.")?;
        let cidr = fields::block(&address, Some(mask))?;
        let (folder, parent) = self.names.around(subnet);
        let scope = self.scope(subnet)?;
        let mut tags = self.tags(subnet);
        fields::put(&mut tags, "folder", folder.unwrap_or_default());
        if let Some(vlan) = subnet.number("vlanId") {
            self.name(&mut tags, "vlan", self.names.vlans.get(vlan).copied(), subnet.line);
        }
        self.section(&mut tags, subnet, subnet.line);
        let role = if is_unset(subnet.text("isFull")) { Role::Network } else { Role::Reserved };
        self.inventory.networks.push(Network {
            scope,
            source_id: subnet.id("id").map(str::to_owned),
            parent_id: parent.map(str::to_owned),
            description: subnet.text("description").map(str::to_owned),
            tags,
            ..Network::new(subnet.line, cidr, role)
        });
        Ok(())
    }

    fn address(&mut self, address: &'a Object) -> Result<(), &'static str> {
        let text = address.text("ip").or(address.text("ip_addr")).ok_or("it has no ip.")?;
        let cidr = fields::host(&dotted(text)?)?;
        let subnet = address.number("subnetId").and_then(|id| self.names.subnets.get(id).copied());
        let subnet = subnet.ok_or(
            "its subnet, whose VRF it has, is not in the file. Put the answers for /subnets/, /vrfs/ and /addresses/ into one \
             array: jq -s . subnets.json vrfs.json addresses.json.",
        )?;
        let scope = self.scope(subnet)?;
        let mut tags = self.tags(address);
        self.section(&mut tags, subnet, address.line);
        if !is_unset(address.text("is_gateway")) {
            fields::put(&mut tags, "gateway", "true");
        }
        self.inventory.networks.push(Network {
            scope,
            name: address.text("hostname").map(str::to_owned),
            description: address.text("description").map(str::to_owned),
            tags,
            ..Network::new(address.line, cidr, Role::Address)
        });
        Ok(())
    }

    fn vrf(&mut self, vrf: &Object) -> Result<(), &'static str> {
        let name = vrf.text("name").ok_or("it has no name.")?;
        if self.inventory.scopes.iter().any(|scope| scope.name == name) {
            return Err("a VRF above has the same name. Give each VRF a name of its own in phpIPAM.");
        }
        let mut tags = Tags::new();
        fields::put(&mut tags, "rd", vrf.text("rd").unwrap_or_default());
        let description = vrf.text("description").map(str::to_owned);
        self.inventory.scopes.push(Scope { line: vrf.line, name: name.to_owned(), description, tags });
        Ok(())
    }

    fn scope(&self, subnet: &Object) -> Result<Option<String>, &'static str> {
        let Some(id) = subnet.number("vrfId") else { return Ok(None) };
        let name = self.names.vrfs.get(id).ok_or(
            "its VRF is not in the file. Put the answers for /subnets/ and /vrfs/ into one array: jq -s . subnets.json \
             vrfs.json.",
        )?;
        Ok(Some((*name).to_owned()))
    }

    fn section(&mut self, tags: &mut Tags, subnet: &Object, line: u64) {
        if let Some(section) = subnet.number("sectionId") {
            self.name(tags, "section", self.names.sections.get(section).copied(), line);
        }
    }

    fn name(&mut self, tags: &mut Tags, key: &str, name: Option<&str>, line: u64) {
        match name {
            Some(name) => fields::put(tags, key, name),
            None => self.unnamed.push(line),
        }
    }

    fn tags(&self, object: &Object) -> Tags {
        let mut tags = Tags::new();
        for (name, text) in object.texts.iter().filter(|(name, _)| !USED.contains(&name.as_str())) {
            fields::put(&mut tags, name.strip_prefix("custom_").unwrap_or(name), text);
        }
        tags
    }

    fn finish(mut self) -> Inventory {
        if let Some(first) = self.unnamed.first() {
            let words = "here and in other objects, a section or a VLAN is not in the file, so it is no tag. Add the answers for \
                         /sections/ and /vlans/ to the array.";
            self.inventory.left_out.push(Mistake::on(*first, words));
        }
        self.inventory
    }
}
