//! Scopes, pools, CIDRs and allocations of AWS IPAM.

use super::super::object::Object;
use super::super::{Inventory, Mistake, Network, PoolFacts, Resource, ResourceKind, Role, Rules, ScopeFacts};
use super::place::{Place, tags_of};
use crate::ipam::Tags;

/// The id in a member, which must be there.
fn id(object: &Object<'_>, name: &str) -> Result<String, Mistake> {
    object.text(name)?.ok_or_else(|| Mistake::on(object.line, format!("`{name}` is missing.")))
}

pub(super) fn scope(inventory: &mut Inventory, object: &Object<'_>) -> Result<(), Mistake> {
    let (name, tags) = tags_of(object, "Tags")?;
    inventory.described.scopes.push(ScopeFacts {
        line: object.line,
        id: id(object, "IpamScopeId")?,
        is_default: object.flag("IsDefault")?,
        is_public: object.text("IpamScopeType")?.as_deref() == Some("public"),
        name,
        description: object.text("Description")?,
        tags,
    });
    Ok(())
}

pub(super) fn pool(inventory: &mut Inventory, object: &Object<'_>) -> Result<(), Mistake> {
    let (name, tags) = tags_of(object, "Tags")?;
    let state = object.text("State")?.unwrap_or_default();
    if matches!(state.as_str(), "delete-complete" | "delete-in-progress" | "create-failed") {
        inventory.left_out.push(Mistake::on(object.line, "the pool is deleted, or was never created."));
        return Ok(());
    }
    let source = object.object("SourceResource")?;
    let (_, required_tags) = tags_with_name(object, "AllocationResourceTags")?;
    inventory.described.pools.push(PoolFacts {
        line: object.line,
        id: id(object, "IpamPoolId")?,
        parent_id: object.text("SourceIpamPoolId")?,
        scope_id: object.text("IpamScopeArn")?.and_then(|arn| arn.rsplit('/').next().map(str::to_owned)),
        is_public: object.text("IpamScopeType")?.as_deref() == Some("public"),
        resource_id: source.map(|source| source.text("ResourceId")).transpose()?.flatten(),
        name,
        description: object.text("Description")?,
        tags,
        region: object.text("Locale")?.filter(|locale| locale != "None"),
        account: object.text("OwnerId")?,
        rules: Rules {
            min_netmask_length: object.length("AllocationMinNetmaskLength")?,
            max_netmask_length: object.length("AllocationMaxNetmaskLength")?,
            default_netmask_length: object.length("AllocationDefaultNetmaskLength")?,
            auto_import: object.flag("AutoImport")?,
            required_tags,
        },
    });
    Ok(())
}

/// Tags in which `Name` is a tag like any other.
fn tags_with_name(object: &Object<'_>, list: &str) -> Result<(Option<String>, Tags), Mistake> {
    let (name, mut tags) = tags_of(object, list)?;
    tags.extend(name.clone().map(|name| ("Name".to_owned(), name)));
    Ok((name, tags))
}

/// The pool that an object without a pool belongs to.
fn pool_of(object: &Object<'_>, place: &Place) -> Result<String, Mistake> {
    let known = object.text("IpamPoolId")?.or_else(|| place.pool_id.clone());
    known.ok_or_else(|| {
        let words = "AWS does not print the pool of this object. Write the id of the pool into the name of the file, \
                     such as ipam-pool-0123456789abcdef0.json, or as `IpamPoolId` next to the list.";
        Mistake::on(object.line, words)
    })
}

pub(super) fn pool_cidr(inventory: &mut Inventory, object: &Object<'_>, place: &Place) -> Result<(), Mistake> {
    let pool_id = pool_of(object, place)?;
    let state = object.text("State")?.unwrap_or_else(|| "provisioned".to_owned());
    if !matches!(state.as_str(), "provisioned" | "pending-provision" | "pending-import") {
        inventory.left_out.push(Mistake::on(object.line, "the CIDR is not provisioned."));
        return Ok(());
    }
    let Some((line, cidr)) = object.block("Cidr")? else {
        return Err(Mistake::on(object.line, "`Cidr` is missing."));
    };
    inventory.networks.push(Network { source_id: Some(pool_id), ..Network::new(line, cidr, Role::Pool) });
    Ok(())
}

pub(super) fn allocation(inventory: &mut Inventory, object: &Object<'_>, place: &Place) -> Result<(), Mistake> {
    let pool_id = pool_of(object, place)?;
    let Some((line, cidr)) = object.block("Cidr")? else {
        return Err(Mistake::on(object.line, "`Cidr` is missing."));
    };
    let (name, tags) = tags_of(object, "Tags")?;
    let resource_id = object.text("ResourceId")?;
    let kind = match object.text("ResourceType")?.as_deref() {
        // The block is a CIDR of the pool below, whose own file may be missing.
        Some("ipam-pool") => {
            let pool =
                Network { source_id: resource_id, parent_id: Some(pool_id), ..Network::new(line, cidr, Role::Pool) };
            inventory.networks.push(pool);
            return Ok(());
        }
        Some("vpc") => ResourceKind::Vpc,
        Some("subnet") => ResourceKind::Subnet,
        _ => ResourceKind::Other,
    };
    let own_id = object.text("IpamPoolAllocationId")?;
    let resource = resource_id.map(|id| Resource { kind, vpc_id: (kind == ResourceKind::Vpc).then(|| id.clone()), id });
    inventory.networks.push(Network {
        source_id: own_id,
        parent_id: Some(pool_id),
        name,
        description: object.text("Description")?,
        tags,
        region: object.text("ResourceRegion")?,
        account: object.text("ResourceOwner")?,
        resource,
        ..Network::new(line, cidr, Role::Allocation)
    });
    Ok(())
}
