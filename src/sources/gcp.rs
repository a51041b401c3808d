//! JSON of Google Cloud: `gcloud compute networks subnets list`, its aggregated list in the REST API, internal ranges,
//! allocated ranges of addresses, and the subnets and ranges in an export of Cloud Asset Inventory.
//!
//! The secondary ranges of subnets hold the pods and services of clusters, and are often the largest blocks.

use super::fields::utf8;
use super::json::Node;
use super::object::{Object, each};
use super::{Inventory, Mistake, Network, Resource, ResourceKind, Role, SourceFile};
use crate::ipam::{Cidr, Family, Tags};

const KINDS: &str = "subnets, internal ranges, addresses and assets";

/// What an object in a list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Subnet,
    InternalRange,
    /// An address, or a range of addresses that is allocated to a service.
    Address,
    /// An object of Cloud Asset Inventory, which has one of the others in it or is of no interest.
    Asset,
}

/// Whether the content has this layout.
pub fn recognises(bytes: &[u8]) -> bool {
    let Ok(objects) = utf8(bytes).and_then(list) else { return false };
    objects.nodes.first().is_some_and(|node| Object::of(*node).is_ok_and(|object| kind(&object).is_some()))
        || (objects.nodes.is_empty() && objects.is_certain)
}

/// The networks in a file.
pub fn read(file: &SourceFile<'_>) -> Inventory {
    let mut inventory = Inventory::default();
    match utf8(file.bytes).and_then(list) {
        Ok(objects) => {
            let mut others = 0;
            each(&mut inventory, objects.nodes, |inventory, object| add(inventory, object, &mut others));
            inventory.mistakes.extend(objects.mistakes);
            if others > 0 {
                let words = format!("{others} assets are neither subnets nor ranges of addresses, and are not read.");
                inventory.left_out.push(Mistake::of_all(words));
            }
        }
        Err(mistake) => inventory.mistakes.push(mistake),
    }
    inventory
}

/// The objects of a file.
#[derive(Default)]
struct Objects<'a> {
    nodes: Vec<Node<'a>>,
    /// A page that is missing, or a Region that could not be reached.
    mistakes: Vec<Mistake>,
    /// Whether the members around the list are those of Google Cloud.
    is_certain: bool,
}

fn list(text: &str) -> Result<Objects<'_>, Mistake> {
    let mut values = Node::sequence(text)?;
    let (Some(first), true) = (values.first().copied(), values.len() == 1) else {
        // Cloud Asset Inventory exports one object on each line.
        return Ok(Objects { nodes: values, ..Objects::default() });
    };
    if let Some(nodes) = first.elements() {
        return Ok(Objects { nodes, ..Objects::default() });
    }
    let object = Object::of(first).map_err(|_| Mistake::on(first.line, "it is neither an array nor an object."))?;
    let mut objects = Objects::default();
    if let Some(page) = object.get("nextPageToken").filter(|token| !token.is_empty_text()) {
        let words = "the list goes on: `nextPageToken` is not empty. Export all pages into files.";
        objects.mistakes.push(Mistake::on(page.line, words));
    }
    if object.list("unreachable").is_ok_and(|places| !places.is_empty()) {
        let words = "the list is not complete: `unreachable` names places that did not answer. Export it again.";
        objects.mistakes.push(Mistake::on(object.line, words));
    }
    let is_of_compute = object.text("kind").ok().flatten().is_some_and(|kind| kind.starts_with("compute#"));
    for name in ["internalRanges", "assets"] {
        if object.has(name) {
            objects.is_certain = true;
            objects.nodes.extend(object.list(name)?);
        }
    }
    match object.get("items").filter(|_| !objects.is_certain) {
        Some(items) => {
            objects.is_certain = is_of_compute;
            objects.nodes.extend(match items.elements() {
                Some(nodes) => nodes,
                None => aggregated(&Object::of(items)?, &mut objects.mistakes)?,
            });
        }
        None if objects.is_certain => {}
        None => objects.nodes.append(&mut values),
    }
    Ok(objects)
}

/// The subnets of an aggregated list: `{"regions/europe-west1": {"subnetworks": [...]}, ...}`.
fn aggregated<'a>(items: &Object<'a>, mistakes: &mut Vec<Mistake>) -> Result<Vec<Node<'a>>, Mistake> {
    let mut nodes = Vec::new();
    for place in items.names() {
        let Some(place) = items.object(place)? else { continue };
        let found = [place.list("subnetworks")?, place.list("addresses")?].concat();
        let warning = place.object("warning")?;
        let code = warning.map(|warning| warning.text("code")).transpose()?.flatten();
        if !matches!(code.as_deref(), None | Some("NO_RESULTS_ON_PAGE")) {
            mistakes
                .push(Mistake::on(place.line, "the list is not complete: this place has a warning. Export it again."));
        }
        nodes.extend(found);
    }
    Ok(nodes)
}

/// The kind of an object, from its kind, its links, or the members that only this kind has.
fn kind(object: &Object<'_>) -> Option<Kind> {
    let text = |name: &str| object.text(name).ok().flatten().unwrap_or_default();
    if object.has("assetType") || object.has("asset_type") {
        return Some(Kind::Asset);
    }
    let (link, name) = (text("selfLink"), text("name"));
    match text("kind").as_str() {
        "compute#subnetwork" => Some(Kind::Subnet),
        "compute#address" => Some(Kind::Address),
        _ if link.contains("/subnetworks/") => Some(Kind::Subnet),
        _ if link.contains("/addresses/") => Some(Kind::Address),
        _ if name.starts_with("projects/") && name.contains("/internalRanges/") => Some(Kind::InternalRange),
        _ => None,
    }
}

/// Adds the blocks of an object. `others` counts assets that have no blocks.
fn add(inventory: &mut Inventory, object: &Object<'_>, others: &mut usize) -> Result<(), Mistake> {
    match kind(object) {
        Some(Kind::Subnet) => subnet(inventory, object),
        Some(Kind::InternalRange) => internal_range(inventory, object),
        Some(Kind::Address) => address(inventory, object),
        Some(Kind::Asset) => asset(inventory, object, others),
        None => Err(Mistake::on(object.line, format!("it is none of {KINDS} of Google Cloud."))),
    }
}

/// An asset: the object itself is in `resource.data`.
fn asset(inventory: &mut Inventory, object: &Object<'_>, others: &mut usize) -> Result<(), Mistake> {
    let told = object.text("assetType")?.or(object.text("asset_type")?).unwrap_or_default();
    let read: fn(&mut Inventory, &Object<'_>) -> Result<(), Mistake> = match told.as_str() {
        "compute.googleapis.com/Subnetwork" => subnet,
        "compute.googleapis.com/Address" | "compute.googleapis.com/GlobalAddress" => address,
        "networkconnectivity.googleapis.com/InternalRange" => internal_range,
        _ => {
            *others += 1;
            return Ok(());
        }
    };
    let resource = object.object("resource")?;
    match resource.map(|resource| resource.object("data")).transpose()?.flatten() {
        Some(data) => read(inventory, &data),
        None => Err(Mistake::on(
            object.line,
            "the asset has no `resource.data`. Export with `--content-type=resource`: a search of resources has no CIDRs.",
        )),
    }
}

/// The part of a link after a word such as `projects`.
fn part_of<'a>(link: &'a str, word: &str) -> Option<&'a str> {
    let mut parts = link.split('/');
    parts.find(|part| *part == word)?;
    parts.next().filter(|part| !part.is_empty())
}

/// The path of a link, from `projects` on: the same in every version of the API.
fn path_of(link: &str) -> String {
    link.find("projects/").map_or(link, |at| &link[at..]).to_owned()
}

fn missing(object: &Object<'_>, name: &str) -> Mistake {
    Mistake::on(object.line, format!("`{name}` is missing."))
}

/// The internal range that a block was taken from, which has an object of its own.
fn range_of(object: &Object<'_>) -> Result<Option<String>, Mistake> {
    Ok(object.text("reservedInternalRange")?.map(|link| path_of(&link)))
}

fn subnet(inventory: &mut Inventory, object: &Object<'_>) -> Result<(), Mistake> {
    let link = object.text("selfLink")?.ok_or_else(|| missing(object, "selfLink"))?;
    let id = path_of(&link);
    let name = object.text("name")?;
    let mut tags = object.tags("labels")?;
    // The usual purpose says nothing.
    let purpose = object.text("purpose")?.filter(|purpose| purpose != "PRIVATE");
    tags.extend(purpose.map(|purpose| ("purpose".to_owned(), purpose)));
    let network = object.text("network")?.map(|link| path_of(&link));
    let facts = Facts {
        tags,
        description: object.text("description")?,
        region: part_of(&link, "regions").map(str::to_owned),
        account: part_of(&link, "projects").map(str::to_owned),
    };
    let mut found: Vec<Cidr> = Vec::new();
    for member in ["ipCidrRange", "ipv6CidrRange", "internalIpv6Prefix", "externalIpv6Prefix"] {
        let Some((line, cidr)) = object.block(member)? else { continue };
        if found.contains(&cidr) {
            continue;
        }
        found.push(cidr);
        inventory.networks.push(Network {
            source_id: range_of(object)?.filter(|_| member == "ipCidrRange").or_else(|| Some(id.clone())),
            name: name.clone(),
            resource: Some(Resource { kind: ResourceKind::Subnet, id: id.clone(), vpc_id: network.clone() }),
            ..facts.network((line, cidr), Role::Allocation)
        });
    }
    if found.is_empty() {
        return Err(missing(object, "ipCidrRange"));
    }
    let ranges = object.list("secondaryIpRanges")?;
    each(inventory, ranges, |inventory, range| {
        let block = range.block("ipCidrRange")?.ok_or_else(|| missing(range, "ipCidrRange"))?;
        let of_range = range.text("rangeName")?.unwrap_or_else(|| block.1.to_string());
        let id = format!("{id}/{of_range}");
        let name = name.as_ref().map_or_else(|| of_range.clone(), |name| format!("{name}-{of_range}"));
        inventory.networks.push(Network {
            source_id: range_of(range)?.or_else(|| Some(id.clone())),
            name: Some(name),
            resource: Some(Resource { kind: ResourceKind::Other, id, vpc_id: network.clone() }),
            ..facts.network(block, Role::Allocation)
        });
        Ok(())
    });
    Ok(())
}

/// What all blocks of an object have in common.
struct Facts {
    tags: Tags,
    description: Option<String>,
    region: Option<String>,
    account: Option<String>,
}

impl Facts {
    fn network(&self, (line, cidr): (u64, Cidr), role: Role) -> Network {
        Network {
            tags: self.tags.clone(),
            description: self.description.clone(),
            region: self.region.clone(),
            account: self.account.clone(),
            ..Network::new(line, cidr, role)
        }
    }
}

/// An internal range: space that is set aside in a network, for subnets or for what is outside of the network.
fn internal_range(inventory: &mut Inventory, object: &Object<'_>) -> Result<(), Mistake> {
    let path = object.text("name")?.ok_or_else(|| missing(object, "name"))?;
    let block = object.block("ipCidrRange")?.ok_or_else(|| missing(object, "ipCidrRange"))?;
    let role = match object.text("usage")?.as_deref() {
        None | Some("FOR_VPC" | "USAGE_UNSPECIFIED") => Role::Network,
        Some(_) => Role::Reserved,
    };
    let facts = Facts {
        tags: object.tags("labels")?,
        description: object.text("description")?,
        region: part_of(&path, "locations").filter(|location| *location != "global").map(str::to_owned),
        account: part_of(&path, "projects").map(str::to_owned),
    };
    inventory.networks.push(Network {
        name: path.rsplit('/').next().map(str::to_owned),
        source_id: Some(path),
        ..facts.network(block, role)
    });
    Ok(())
}

/// An address that is reserved: a range for a service such as Cloud SQL, or one address. Public ones are not networks of
/// the user.
fn address(inventory: &mut Inventory, object: &Object<'_>) -> Result<(), Mistake> {
    if object.text("addressType")?.as_deref() != Some("INTERNAL") {
        inventory.left_out.push(Mistake::on(object.line, "the address is not an internal one."));
        return Ok(());
    }
    let link = object.text("selfLink")?.ok_or_else(|| missing(object, "selfLink"))?;
    let node = object.get("address").ok_or_else(|| missing(object, "address"))?;
    let first = node.text().unwrap_or_default();
    let all = if first.contains(':') { Family::Ipv6.bits() } else { Family::Ipv4.bits() };
    let length = object.length("prefixLength")?.unwrap_or(all);
    let cidr = format!("{first}/{length}").parse::<Cidr>();
    let cidr = cidr.map_err(|_| Mistake::on(node.line, "`address` and `prefixLength` are not a CIDR."))?;
    let role = if length == all { Role::Address } else { Role::Allocation };
    let purpose = object.text("purpose")?;
    let mut tags = object.tags("labels")?;
    tags.extend(purpose.map(|purpose| ("purpose".to_owned(), purpose)));
    let facts = Facts {
        tags,
        description: object.text("description")?,
        region: part_of(&link, "regions").map(str::to_owned),
        account: part_of(&link, "projects").map(str::to_owned),
    };
    let id = path_of(&link);
    let vpc_id = object.text("network")?.map(|link| path_of(&link));
    inventory.networks.push(Network {
        name: object.text("name")?,
        source_id: Some(id.clone()),
        resource: Some(Resource { kind: ResourceKind::Other, id, vpc_id }),
        ..facts.network((node.line, cidr), role)
    });
    Ok(())
}

#[cfg(test)]
#[path = "gcp_tests.rs"]
mod tests;
