//! VPCs and subnets.

use super::super::object::{Object, block};
use super::super::{Inventory, Mistake, Network, Resource, ResourceKind, Role};
use super::place::{Place, region_in, tags_of};
use crate::ipam::Cidr;

pub(super) fn vpc(inventory: &mut Inventory, object: &Object<'_>, place: &Place) -> Result<(), Mistake> {
    let Some(id) = object.text("VpcId")? else { return Err(Mistake::on(object.line, "`VpcId` is missing.")) };
    let region = object.text("Region")?.or_else(|| place.region.clone());
    let blocks = blocks(inventory, object, "CidrBlockAssociationSet")?;
    let resource = Resource { kind: ResourceKind::Vpc, vpc_id: Some(id.clone()), id };
    add(inventory, object, Role::Network, blocks, region, resource)
}

pub(super) fn subnet(inventory: &mut Inventory, object: &Object<'_>, place: &Place) -> Result<(), Mistake> {
    let Some(id) = object.text("SubnetId")? else { return Err(Mistake::on(object.line, "`SubnetId` is missing.")) };
    // arn:aws:ec2:eu-central-1:111122223333:subnet/subnet-1
    let arn = object.text("SubnetArn")?.unwrap_or_default();
    let region = arn.split(':').nth(3).filter(|region| !region.is_empty()).map(str::to_owned);
    let zone = object.text("AvailabilityZone")?;
    let region = region.or_else(|| place.region.clone()).or_else(|| zone.as_deref().and_then(region_of_zone));
    let blocks = blocks(inventory, object, "CidrBlockAssociationSet")?;
    let resource = Resource { kind: ResourceKind::Subnet, id, vpc_id: object.text("VpcId")? };
    add(inventory, object, Role::Allocation, blocks, region, resource)
}

/// The Region of an Availability Zone, such as `eu-central-1a`. Names of Local Zones are longer and begin with it too.
fn region_of_zone(zone: &str) -> Option<String> {
    region_in(zone.trim_end_matches(|c: char| c.is_ascii_lowercase()))
}

/// The blocks of a VPC or a subnet. `CidrBlock` is also the first IPv4 association of a VPC.
fn blocks(inventory: &mut Inventory, object: &Object<'_>, ipv4: &str) -> Result<Vec<(u64, Cidr)>, Mistake> {
    let mut found: Vec<(u64, Cidr)> = Vec::new();
    let mut count = 0;
    for (list, member, state) in
        [(ipv4, "CidrBlock", "CidrBlockState"), ("Ipv6CidrBlockAssociationSet", "Ipv6CidrBlock", "Ipv6CidrBlockState")]
    {
        for node in object.list(list)? {
            count += 1;
            let association = Object::of(node)?;
            let state = association.object(state)?.map(|state| state.text("State")).transpose()?.flatten();
            if !matches!(state.as_deref(), None | Some("associated" | "associating")) {
                inventory.left_out.push(Mistake::on(association.line, "the CIDR is not associated."));
                continue;
            }
            match association.get(member).map(|node| block(node, member)) {
                Some(Ok(block)) => found.push(block),
                Some(Err(mistake)) => inventory.mistakes.push(mistake),
                None => inventory.mistakes.push(Mistake::on(association.line, format!("`{member}` is missing."))),
            }
        }
    }
    if let Some((line, cidr)) = object.block("CidrBlock")? {
        count += 1;
        if found.iter().all(|(_, known)| *known != cidr) {
            found.insert(0, (line, cidr));
        }
    }
    match count {
        0 => Err(Mistake::on(object.line, "`CidrBlock` is missing.")),
        _ => Ok(found),
    }
}

fn add(
    inventory: &mut Inventory,
    object: &Object<'_>,
    role: Role,
    blocks: Vec<(u64, Cidr)>,
    region: Option<String>,
    resource: Resource,
) -> Result<(), Mistake> {
    let (name, tags) = tags_of(object, "Tags")?;
    let account = object.text("OwnerId")?;
    inventory.networks.extend(blocks.into_iter().map(|(line, cidr)| Network {
        source_id: Some(resource.id.clone()),
        name: name.clone(),
        tags: tags.clone(),
        region: region.clone(),
        account: account.clone(),
        resource: Some(resource.clone()),
        ..Network::new(line, cidr, role)
    }));
    Ok(())
}
