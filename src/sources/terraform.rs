//! The state of a configuration that writes its blocks by hand: a state file (version 4), or what `terraform show -json`
//! prints of a state or a plan.
//!
//! Blocks are in attributes. The table names attributes of types, and the caller can add more, so that a provider that
//! is not in the table can be read too.

use std::collections::BTreeSet;

use super::fields::utf8;
use super::json::Node;
use super::{Inventory, Mistake, Network, Resource, ResourceKind, Role, SourceFile, blocks, csv};
use crate::ipam::Tags;

/// An attribute that holds blocks: type, path (lists are passed through), role, kind of the resource.
type Known = (&'static str, &'static str, Role, ResourceKind);

const KNOWN: [Known; 31] = [
    ("aws_vpc", "cidr_block", Role::Network, ResourceKind::Vpc),
    ("aws_vpc", "ipv6_cidr_block", Role::Network, ResourceKind::Vpc),
    ("aws_vpc_ipv4_cidr_block_association", "cidr_block", Role::Network, ResourceKind::Vpc),
    ("aws_vpc_ipv6_cidr_block_association", "ipv6_cidr_block", Role::Network, ResourceKind::Vpc),
    ("aws_subnet", "cidr_block", Role::Network, ResourceKind::Subnet),
    ("aws_subnet", "ipv6_cidr_block", Role::Network, ResourceKind::Subnet),
    ("aws_vpc_ipam_pool_cidr", "cidr", Role::Pool, ResourceKind::Other),
    ("aws_vpc_ipam_pool_cidr_allocation", "cidr", Role::Network, ResourceKind::Other),
    ("azurerm_virtual_network", "address_space", Role::Network, ResourceKind::Vpc),
    ("azurerm_subnet", "address_prefixes", Role::Network, ResourceKind::Subnet),
    // The subnets that are written inside the network. Older versions of the provider list all subnets there.
    ("azurerm_virtual_network", "subnet.address_prefixes", Role::Network, ResourceKind::Subnet),
    ("azurerm_virtual_network", "subnet.address_prefix", Role::Network, ResourceKind::Subnet),
    ("google_compute_network", "internal_ipv6_range", Role::Network, ResourceKind::Vpc),
    ("google_compute_subnetwork", "ip_cidr_range", Role::Network, ResourceKind::Subnet),
    ("google_compute_subnetwork", "secondary_ip_range.ip_cidr_range", Role::Network, ResourceKind::Other),
    ("google_compute_subnetwork", "ipv6_cidr_range", Role::Network, ResourceKind::Subnet),
    ("google_network_connectivity_internal_range", "ip_cidr_range", Role::Reserved, ResourceKind::Other),
    ("openstack_networking_subnetpool_v2", "prefixes", Role::Pool, ResourceKind::Other),
    ("openstack_networking_subnet_v2", "cidr", Role::Network, ResourceKind::Subnet),
    ("nsxt_policy_ip_block", "cidr", Role::Pool, ResourceKind::Other),
    ("nsxt_policy_segment", "subnet.network", Role::Network, ResourceKind::Subnet),
    ("oci_core_vcn", "cidr_blocks", Role::Network, ResourceKind::Vpc),
    ("oci_core_subnet", "cidr_block", Role::Network, ResourceKind::Subnet),
    ("alicloud_vpc", "cidr_block", Role::Network, ResourceKind::Vpc),
    ("alicloud_vswitch", "cidr_block", Role::Network, ResourceKind::Subnet),
    ("digitalocean_vpc", "ip_range", Role::Network, ResourceKind::Vpc),
    ("hcloud_network", "ip_range", Role::Network, ResourceKind::Vpc),
    ("hcloud_network_subnet", "ip_range", Role::Network, ResourceKind::Subnet),
    ("ibm_is_subnet", "ipv4_cidr_block", Role::Network, ResourceKind::Subnet),
    ("ibm_is_vpc_address_prefix", "cidr", Role::Network, ResourceKind::Vpc),
    ("scaleway_vpc_private_network", "ipv4_subnet.subnet", Role::Network, ResourceKind::Subnet),
];

/// Attributes with the id of the network that a subnet is in.
const NETWORK_IDS: [&str; 5] = ["vpc_id", "vpc", "vcn_id", "network_id", "network"];

/// Attributes beside those of the table that hold blocks, as the caller names them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes(Vec<(String, String, Role)>);

impl Attributes {
    /// Adds `TYPE.ATTRIBUTE`, or `TYPE.ATTRIBUTE=ROLE`. Attributes inside blocks follow behind a dot.
    ///
    /// # Errors
    /// The text is not of that form.
    pub fn add(&mut self, text: &str) -> Result<(), String> {
        let (path, word) = text.split_once('=').map_or((text, None), |(path, word)| (path, Some(word)));
        let role = word.map_or(Some(Role::Network), csv::role);
        let role = role.ok_or_else(|| format!("{text:?} ends with a role that does not exist, such as pool."))?;
        match path.split_once('.') {
            Some((of, attribute)) if !of.is_empty() && !attribute.is_empty() => {
                self.0.push((of.to_owned(), attribute.to_owned(), role));
                Ok(())
            }
            _ => Err(format!("{text:?} is not a type with an attribute, such as my_network.prefix.")),
        }
    }

    /// The attributes of a type: path, role and kind.
    fn of<'a>(&'a self, of: &'a str) -> impl Iterator<Item = (&'a str, Role, ResourceKind)> {
        let own = self.0.iter().filter(move |(known, ..)| known == of);
        let known = KNOWN.iter().filter(move |(known, ..)| *known == of);
        own.map(|(_, path, role)| (path.as_str(), *role, ResourceKind::Other))
            .chain(known.map(|(_, path, role, kind)| (*path, *role, *kind)))
    }
}

/// Whether the content has this layout.
pub fn recognises(bytes: &[u8]) -> bool {
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    Node::of(text).is_ok_and(|whole| Form::of(whole).is_ok_and(|form| form.is_some()))
}

/// The two forms of the file.
enum Form<'a> {
    /// The list `resources` of a state file.
    State(Node<'a>),
    /// The root module of what `terraform show -json` prints.
    Shown(Node<'a>),
}

impl<'a> Form<'a> {
    fn of(whole: Node<'a>) -> Result<Option<Self>, Mistake> {
        if member(whole, "version")?.and_then(Node::text).as_deref() == Some("4")
            && let Some(resources) = member(whole, "resources")?
        {
            return Ok(Some(Self::State(resources)));
        }
        if member(whole, "format_version")?.is_none() {
            return Ok(None);
        }
        for values in ["planned_values", "values"] {
            if let Some(values) = member(whole, values)? {
                return Ok(member(values, "root_module")?.map(Self::Shown));
            }
        }
        Ok(None)
    }
}

/// The member of an object; `None` if it is missing or `null`.
fn member<'a>(object: Node<'a>, name: &str) -> Result<Option<Node<'a>>, Mistake> {
    let members = object.members()?.unwrap_or_default();
    let found = members.into_iter().find(|(key, _)| key == name).map(|(_, node)| node);
    Ok(found.filter(|node| !node.value().is_null()))
}

fn text_of(object: Node<'_>, name: &str) -> Result<Option<String>, Mistake> {
    Ok(member(object, name)?.and_then(Node::text))
}

/// One instance of a resource.
struct Instance<'a> {
    line: u64,
    of: String,
    /// The name in the configuration, with the index of the instance.
    label: String,
    values: Node<'a>,
}

/// The networks in a state.
pub fn read(file: &SourceFile<'_>, attributes: &Attributes) -> Inventory {
    let mut inventory = Inventory::default();
    match instances(file.bytes) {
        Ok(instances) => {
            for instance in &instances {
                if let Err(mistake) = add(&mut inventory, instance, attributes) {
                    inventory.mistakes.push(mistake);
                }
            }
            drop_repeated(&mut inventory);
            if inventory.networks.is_empty() && inventory.mistakes.is_empty() {
                let words = "no resource has an attribute that is known to hold blocks. Name one, such as \
                             --attribute my_network.prefix.";
                inventory.mistakes.push(Mistake::of_all(words));
            }
        }
        Err(mistake) => inventory.mistakes.push(mistake),
    }
    inventory
}

fn instances(bytes: &[u8]) -> Result<Vec<Instance<'_>>, Mistake> {
    let whole = Node::of(utf8(bytes)?)?;
    let mut instances = Vec::new();
    match Form::of(whole)? {
        Some(Form::State(resources)) => {
            for resource in resources.elements().unwrap_or_default() {
                of_state(resource, &mut instances)?;
            }
        }
        Some(Form::Shown(root)) => {
            let mut open = vec![root];
            while let Some(module) = open.pop() {
                for resource in member(module, "resources")?.and_then(Node::elements).unwrap_or_default() {
                    instances.extend(of_shown(resource)?);
                }
                open.extend(member(module, "child_modules")?.and_then(Node::elements).unwrap_or_default());
            }
            instances.sort_by_key(|instance| instance.line);
        }
        None => {
            let words = "it is neither a state of version 4 nor what `terraform show -json` prints.";
            return Err(Mistake::of_all(words));
        }
    }
    Ok(instances)
}

/// Whether the configuration manages the resource. A data source reads what another one manages.
fn is_managed(resource: Node<'_>) -> Result<bool, Mistake> {
    Ok(text_of(resource, "mode")?.as_deref() == Some("managed"))
}

fn label(resource: Node<'_>, index: Option<Node<'_>>) -> Result<String, Mistake> {
    let name = text_of(resource, "name")?.unwrap_or_default();
    Ok(match index.and_then(Node::text) {
        Some(index) => format!("{name}-{index}"),
        None => name,
    })
}

fn of_state<'a>(resource: Node<'a>, instances: &mut Vec<Instance<'a>>) -> Result<(), Mistake> {
    if !is_managed(resource)? {
        return Ok(());
    }
    let of = text_of(resource, "type")?.unwrap_or_default();
    for instance in member(resource, "instances")?.and_then(Node::elements).unwrap_or_default() {
        let Some(values) = member(instance, "attributes")? else { continue };
        let label = label(resource, member(instance, "index_key")?)?;
        instances.push(Instance { line: instance.line, of: of.clone(), label, values });
    }
    Ok(())
}

fn of_shown(resource: Node<'_>) -> Result<Option<Instance<'_>>, Mistake> {
    let Some(values) = member(resource, "values")?.filter(|_| is_managed(resource).unwrap_or_default()) else {
        return Ok(None);
    };
    let of = text_of(resource, "type")?.unwrap_or_default();
    Ok(Some(Instance { line: resource.line, of, label: label(resource, member(resource, "index")?)?, values }))
}

/// The values at a path. Lists on the way are passed through.
fn at<'a>(node: Node<'a>, path: &str) -> Result<Vec<(Node<'a>, Node<'a>)>, Mistake> {
    let mut found = vec![(node, node)];
    for name in path.split('.') {
        let mut next = Vec::new();
        for (_, value) in found {
            for object in value.elements().unwrap_or_else(|| vec![value]) {
                next.extend(member(object, name)?.map(|inner| (object, inner)));
            }
        }
        found = next;
    }
    let flat = found.into_iter().flat_map(|(around, value)| {
        let values = value.elements().unwrap_or_else(|| vec![value]);
        values.into_iter().map(move |value| (around, value))
    });
    Ok(flat.collect())
}

fn add(inventory: &mut Inventory, instance: &Instance<'_>, attributes: &Attributes) -> Result<(), Mistake> {
    let values = instance.values;
    let tags = tags(values)?;
    for (path, role, kind) in attributes.of(&instance.of) {
        for (around, value) in at(values, path)? {
            let Some(text) = value.text() else { continue };
            let Ok(cidrs) = blocks::of(&text).map_err(|words| {
                let (of, label) = (&instance.of, &instance.label);
                let words = format!("{of}.{label}, attribute {path}: {words}");
                inventory.mistakes.push(Mistake::on(value.line, words));
            }) else {
                continue;
            };
            let is_inner = path.contains('.');
            let inner = if is_inner { name(around)? } else { None };
            let own = || name(values).map(|found| found.unwrap_or_else(|| instance.label.clone()));
            let called = match inner {
                Some(inner) if kind == ResourceKind::Subnet => inner,
                Some(inner) => format!("{}-{inner}", own()?),
                None => own()?,
            };
            let id = text_of(values, "id")?.filter(|_| !is_inner);
            let vpc_id = network_id(values)?.filter(|_| kind != ResourceKind::Vpc);
            inventory.networks.extend(cidrs.into_iter().map(|cidr| Network {
                name: Some(called.clone()),
                description: None,
                source_id: id.as_ref().map(|id| format!("{}/{id}", instance.of)),
                resource: id.clone().map(|id| Resource { kind, id, vpc_id: vpc_id.clone() }),
                tags: tags.clone(),
                region: text_of(values, "region").ok().flatten().map(last_part),
                ..Network::new(value.line, cidr, role)
            }));
        }
    }
    Ok(())
}

/// Google Cloud names networks and Regions by URLs.
fn last_part(text: String) -> String {
    text.rsplit('/').next().unwrap_or_default().to_owned()
}

fn network_id(values: Node<'_>) -> Result<Option<String>, Mistake> {
    for name in NETWORK_IDS {
        if let Some(id) = text_of(values, name)? {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// The name: a tag `Name`, or an attribute.
fn name(values: Node<'_>) -> Result<Option<String>, Mistake> {
    let tag = member(values, "tags")?.map(|tags| text_of(tags, "Name")).transpose()?.flatten();
    for attribute in ["name", "display_name", "range_name", "vpc_name", "vswitch_name"] {
        if tag.is_some() {
            break;
        }
        if let Some(name) = text_of(values, attribute)? {
            return Ok(Some(name));
        }
    }
    Ok(tag)
}

/// Tags or labels, without the name.
fn tags(values: Node<'_>) -> Result<Tags, Mistake> {
    let mut tags = Tags::new();
    for attribute in ["tags_all", "tags", "labels", "freeform_tags"] {
        let Some(members) = member(values, attribute)?.map(Node::members).transpose()?.flatten() else { continue };
        tags.extend(members.into_iter().filter_map(|(key, node)| Some((key, node.text()?))));
    }
    tags.remove("Name");
    Ok(tags)
}

/// The same block of a subnet may be a resource of its own and be listed by its network too: the resource counts.
fn drop_repeated(inventory: &mut Inventory) {
    let own: BTreeSet<_> =
        inventory.networks.iter().filter(|one| one.resource.is_some()).map(|network| network.cidr).collect();
    inventory.networks.retain(|network| network.resource.is_some() || !own.contains(&network.cidr));
}

#[cfg(test)]
#[path = "terraform_tests.rs"]
mod tests;
