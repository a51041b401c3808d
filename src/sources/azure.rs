//! JSON of Azure: `az network vnet list`, the same list of the REST API, and the IPAM pools of Virtual Network Manager
//! with their static CIDRs and the resources in them.
//!
//! The command line writes a bare array and, for most types, the members of `properties` next to the others. The REST
//! API writes `{"value": [...]}`. Both are read.

use super::fields::utf8;
use super::json::Node;
use super::object::{Object, block, each};
use super::{Inventory, Mistake, Network, Resource, ResourceKind, Role, SourceFile};
use crate::ipam::{Cidr, Tags};

const KINDS: &str = "virtual networks, subnets, IPAM pools, static CIDRs and associated resources of IPAM pools";

/// What an object in a list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    VirtualNetwork,
    Subnet,
    Pool,
    StaticCidr,
    /// A resource that has a block of an IPAM pool.
    Association,
}

/// Whether the content has this layout.
pub fn recognises(bytes: &[u8]) -> bool {
    let Ok((objects, _)) = utf8(bytes).and_then(list) else { return false };
    objects.first().is_some_and(|node| Object::of(*node).is_ok_and(|object| kind(&object).is_some()))
}

/// The networks in a file.
pub fn read(file: &SourceFile<'_>) -> Inventory {
    let mut inventory = Inventory::default();
    match utf8(file.bytes).and_then(list) {
        Ok((objects, next)) => {
            each(&mut inventory, objects, add);
            inventory.mistakes.extend(next.map(|node| {
                Mistake::on(node.line, "the list goes on: `nextLink` is not empty. Export all pages into files.")
            }));
        }
        Err(mistake) => inventory.mistakes.push(mistake),
    }
    inventory
}

/// The objects of a list, and the link to the next page.
fn list(text: &str) -> Result<(Vec<Node<'_>>, Option<Node<'_>>), Mistake> {
    let node = Node::of(text)?;
    if let Some(objects) = node.elements() {
        return Ok((objects, None));
    }
    let object = Object::of(node).map_err(|_| Mistake::on(node.line, "it is neither an array nor an object."))?;
    match object.has("value") {
        true => Ok((object.list("value")?, object.get("nextLink").filter(|link| !link.is_empty_text()))),
        // `az network vnet show` prints one object.
        false => Ok((vec![node], None)),
    }
}

/// The members of an object: its own, and those in `properties`.
struct Item<'a> {
    own: Object<'a>,
    properties: Option<Object<'a>>,
}

impl<'a> Item<'a> {
    fn of(object: &Object<'a>) -> Result<Self, Mistake> {
        Ok(Self { own: object.clone(), properties: object.object("properties")? })
    }

    /// The object that has a member.
    fn with(&self, name: &str) -> &Object<'a> {
        self.properties.as_ref().filter(|properties| properties.has(name)).unwrap_or(&self.own)
    }

    fn text(&self, name: &str) -> Result<Option<String>, Mistake> {
        self.with(name).text(name)
    }

    /// The blocks of a list, and of a member that has only one; those that cannot be read are mistakes.
    fn blocks(&self, inventory: &mut Inventory, list: &str, one: &str) -> Result<Vec<(u64, Cidr)>, Mistake> {
        let nodes = self.with(list).list(list)?;
        if nodes.is_empty() {
            return Ok(self.with(one).block(one)?.into_iter().collect());
        }
        let found = nodes.into_iter().map(|node| block(node, list));
        Ok(found.filter_map(|block| block.map_err(|mistake| inventory.mistakes.push(mistake)).ok()).collect())
    }
}

/// The kind of an object, from its type, its id, or the members that only this kind has.
fn kind(object: &Object<'_>) -> Option<Kind> {
    let properties = object.object("properties").ok().flatten();
    let has = |name: &str| object.has(name) || properties.as_ref().is_some_and(|properties| properties.has(name));
    if object.has("poolId") && object.has("resourceId") {
        return Some(Kind::Association);
    }
    let told = object.text("type").ok().flatten().or_else(|| object.text("id").ok().flatten().map(|id| type_of(&id)));
    match told?.to_ascii_lowercase().as_str() {
        "microsoft.network/virtualnetworks" if has("addressSpace") => Some(Kind::VirtualNetwork),
        "microsoft.network/virtualnetworks/subnets" => Some(Kind::Subnet),
        "microsoft.network/networkmanagers/ipampools" => Some(Kind::Pool),
        "microsoft.network/networkmanagers/ipampools/staticcidrs" => Some(Kind::StaticCidr),
        _ => None,
    }
}

/// `Microsoft.Network/virtualNetworks/subnets` of an id such as
/// `/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/s`.
fn type_of(id: &str) -> String {
    let Some(at) = id.to_ascii_lowercase().rfind("/providers/") else { return String::new() };
    let mut parts = id[at + "/providers/".len()..].split('/');
    let namespace = parts.next().unwrap_or_default().to_owned();
    parts.step_by(2).fold(namespace, |so_far, part| format!("{so_far}/{part}"))
}

/// The part of an id after a word such as `subscriptions`.
fn part_of<'a>(id: &'a str, word: &str) -> Option<&'a str> {
    let mut parts = id.split('/');
    parts.find(|part| part.eq_ignore_ascii_case(word))?;
    parts.next().filter(|part| !part.is_empty())
}

/// The id without its last type and name: that of the virtual network of a subnet.
fn parent_of(id: &str) -> Option<String> {
    let (rest, _) = id.rsplit_once('/')?;
    rest.rsplit_once('/').map(|(parent, _)| parent.to_owned())
}

fn add(inventory: &mut Inventory, object: &Object<'_>) -> Result<(), Mistake> {
    let Some(kind) = kind(object) else {
        return Err(Mistake::on(object.line, format!("it is none of {KINDS} of Azure.")));
    };
    let item = Item::of(object)?;
    match kind {
        Kind::VirtualNetwork => virtual_network(inventory, &item),
        Kind::Subnet => subnet(inventory, &item, None),
        Kind::Pool => pool(inventory, &item),
        Kind::StaticCidr => static_cidr(inventory, &item),
        Kind::Association => association(inventory, &item),
    }
}

/// What all blocks of an object have in common.
struct Facts {
    id: String,
    name: Option<String>,
    tags: Tags,
    region: Option<String>,
    account: Option<String>,
}

impl Facts {
    fn of(item: &Item<'_>) -> Result<Self, Mistake> {
        let id = item.own.text("id")?.ok_or_else(|| Mistake::on(item.own.line, "`id` is missing."))?;
        // The portal writes `West Europe`, and the API `westeurope`.
        let region = item.own.text("location")?.map(|location| location.replace(' ', "").to_ascii_lowercase());
        Ok(Self {
            name: item.own.text("name")?,
            tags: item.own.tags("tags")?,
            region,
            account: part_of(&id, "subscriptions").map(str::to_owned),
            id,
        })
    }

    fn network(&self, (line, cidr): (u64, Cidr), role: Role) -> Network {
        Network {
            source_id: Some(self.id.to_ascii_lowercase()),
            name: self.name.clone(),
            tags: self.tags.clone(),
            region: self.region.clone(),
            account: self.account.clone(),
            ..Network::new(line, cidr, role)
        }
    }
}

fn virtual_network(inventory: &mut Inventory, item: &Item<'_>) -> Result<(), Mistake> {
    let facts = Facts::of(item)?;
    let space = item.with("addressSpace").object("addressSpace")?;
    let space = space.ok_or_else(|| Mistake::on(item.own.line, "`addressSpace` is missing."))?;
    let space = Item { own: space, properties: None };
    let resource = Resource { kind: ResourceKind::Vpc, id: facts.id.clone(), vpc_id: Some(facts.id.clone()) };
    for block in space.blocks(inventory, "addressPrefixes", "addressPrefix")? {
        let network = facts.network(block, Role::Network);
        inventory.networks.push(Network { resource: Some(resource.clone()), ..network });
    }
    let subnets = item.with("subnets").list("subnets")?;
    each(inventory, subnets, |inventory, object| subnet(inventory, &Item::of(object)?, Some(&facts)));
    Ok(())
}

/// A subnet of a virtual network, or of a list of subnets alone.
fn subnet(inventory: &mut Inventory, item: &Item<'_>, around: Option<&Facts>) -> Result<(), Mistake> {
    let own = Facts::of(item)?;
    let vpc_id = around.map(|network| network.id.clone()).or_else(|| parent_of(&own.id));
    let region = own.region.clone().or_else(|| around.and_then(|network| network.region.clone()));
    let resource = Resource { kind: ResourceKind::Subnet, id: own.id.clone(), vpc_id };
    let blocks = item.blocks(inventory, "addressPrefixes", "addressPrefix")?;
    inventory.networks.extend(blocks.into_iter().map(|block| Network {
        region: region.clone(),
        resource: Some(resource.clone()),
        ..own.network(block, Role::Allocation)
    }));
    Ok(())
}

fn pool(inventory: &mut Inventory, item: &Item<'_>) -> Result<(), Mistake> {
    let facts = Facts::of(item)?;
    // The parent is a pool of the same network manager.
    let parent_id = item.text("parentPoolName")?.and_then(|name| {
        facts.id.rsplit_once('/').map(|(siblings, _)| format!("{siblings}/{name}").to_ascii_lowercase())
    });
    let name = item.text("displayName")?.or_else(|| facts.name.clone());
    let description = item.text("description")?;
    let blocks = item.blocks(inventory, "addressPrefixes", "addressPrefix")?;
    inventory.networks.extend(blocks.into_iter().map(|block| Network {
        parent_id: parent_id.clone(),
        name: name.clone(),
        description: description.clone(),
        ..facts.network(block, Role::Pool)
    }));
    Ok(())
}

fn static_cidr(inventory: &mut Inventory, item: &Item<'_>) -> Result<(), Mistake> {
    let facts = Facts::of(item)?;
    let description = item.text("description")?;
    let blocks = item.blocks(inventory, "addressPrefixes", "addressPrefix")?;
    inventory.networks.extend(blocks.into_iter().map(|block| Network {
        parent_id: parent_of(&facts.id).map(|id| id.to_ascii_lowercase()),
        description: description.clone(),
        ..facts.network(block, Role::Allocation)
    }));
    Ok(())
}

fn association(inventory: &mut Inventory, item: &Item<'_>) -> Result<(), Mistake> {
    let missing = |name: &str| Mistake::on(item.own.line, format!("`{name}` is missing."));
    let id = item.own.text("resourceId")?.ok_or_else(|| missing("resourceId"))?;
    let pool_id = item.own.text("poolId")?.ok_or_else(|| missing("poolId"))?.to_ascii_lowercase();
    let (kind, vpc_id) = match type_of(&id).to_ascii_lowercase().as_str() {
        "microsoft.network/virtualnetworks" => (ResourceKind::Vpc, Some(id.clone())),
        "microsoft.network/virtualnetworks/subnets" => (ResourceKind::Subnet, parent_of(&id)),
        // Pools below list their own prefixes.
        "microsoft.network/networkmanagers/ipampools" => return Ok(()),
        _ => (ResourceKind::Other, None),
    };
    let description = item.text("description")?;
    let blocks = item.blocks(inventory, "addressPrefixes", "addressPrefix")?;
    // A subnet is in its virtual network, which is in the pool.
    let parent_id = (kind != ResourceKind::Subnet).then_some(pool_id);
    inventory.networks.extend(blocks.into_iter().map(|(line, cidr)| Network {
        parent_id: parent_id.clone(),
        name: id.rsplit('/').next().map(str::to_owned),
        description: description.clone(),
        account: part_of(&id, "subscriptions").map(str::to_owned),
        resource: Some(Resource { kind, id: id.clone(), vpc_id: vpc_id.clone() }),
        ..Network::new(line, cidr, Role::Allocation)
    }));
    Ok(())
}

#[cfg(test)]
#[path = "azure_tests.rs"]
mod tests;
