//! Conversion of the SDK's types into records.

use std::collections::BTreeSet;

use aws_sdk_ec2::types as ec2;
use jiff::Timestamp;

use crate::backend::service::Asn;
use crate::ipam::{
    Allocation, AwsService, Cidr, Family, Kind, Meta, Pool, PoolCidr, Provision, PublicIpSource, ResourceType, Result,
    Rules, Scope, ScopeType, Size, SourceResource, SourceResourceType, Special, State, Strategy, Tags, Words,
};

use super::response::fault;
use super::tags;

/// Separates the ID of an allocation or pool CIDR from that of its pool: AWS cannot find the pool from the first ID
/// alone.
const OF: char = '_';

/// The ID by which the object can be found again.
pub(super) fn composite(id: &str, pool_id: &str) -> String {
    format!("{id}{OF}{pool_id}")
}

/// The two IDs in a composite ID. The second is `None` if the ID names no pool.
pub(super) fn parts(id: &str) -> (&str, Option<&str>) {
    id.split_once(OF).map_or((id, None), |(id, pool_id)| (id, Some(pool_id)))
}

/// A value that every valid answer of AWS contains.
pub(super) fn need<T>(value: Option<T>, what: &'static str) -> Result<T> {
    Ok(value.ok_or_else(|| fault("Describe", "UnexpectedAnswer", format!("the answer of AWS has no {what}")))?)
}

pub(super) fn cidr(text: Option<&str>) -> Result<Cidr> {
    let text = need(text, "CIDR")?;
    Ok(text.parse().map_err(|why: String| fault("Describe", "UnexpectedAnswer", why))?)
}

pub(super) fn asn(text: Option<&str>) -> Result<Asn> {
    let text = need(text, "AS number")?;
    Ok(text.parse().map_err(|why: String| fault("Describe", "UnexpectedAnswer", why))?)
}

fn meta(id: String, name: String, owner: Option<&str>) -> Meta {
    Meta {
        id,
        name,
        owner: owner.unwrap_or_default().to_owned(),
        state: State::Active,
        hold_expires_at: None,
        confirmed: true,
        // AWS does not report the time.
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
        replaces: None,
        replaces_also: Vec::new(),
        is_lease: false,
        is_reservation: false,
        is_resting: false,
        rests_until: None,
        run: None,
        in_the_way_of: None,
        waits_for: Vec::new(),
        arguments_kept_until: None,
        given_up_until: None,
    }
}

fn name(all: &Tags, otherwise: &str) -> String {
    all.get(tags::NAME).filter(|name| !name.trim().is_empty()).map_or(otherwise, String::as_str).to_owned()
}

/// A text, or `None` if it is empty: a request with an empty text removes the text in AWS.
pub(super) fn text(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(str::to_owned)
}

fn length(length: Option<i32>) -> Option<u8> {
    length.and_then(|length| u8::try_from(length).ok())
}

pub(super) fn scope(found: &ec2::IpamScope) -> Result<Scope> {
    let id = need(found.ipam_scope_id(), "scope id")?;
    let is_public = found.ipam_scope_type() == Some(&ec2::IpamScopeType::Public);
    let scope_type = if is_public { ScopeType::Public } else { ScopeType::Private };
    let is_default = found.is_default().unwrap_or(false);
    let all = tags::all(Some(found.tags()));
    let otherwise = if is_default { format!("default-{scope_type}") } else { id.to_owned() };
    Ok(Scope {
        meta: meta(id.to_owned(), name(&all, &otherwise), found.owner_id()),
        scope_type,
        is_default,
        description: text(found.description()),
        tags: tags::own(&all),
        ipam_id: found.ipam_arn().map(id_of_arn).map(str::to_owned),
    })
}

pub(super) fn family(family: &ec2::AddressFamily) -> Family {
    if *family == ec2::AddressFamily::Ipv6 { Family::Ipv6 } else { Family::Ipv4 }
}

/// The locale, unless it is the word of AWS for no locale.
pub(super) fn locale(found: &ec2::IpamPool) -> Option<&str> {
    found.locale().filter(|locale| *locale != "None")
}

/// The ID in an ARN.
pub(super) fn id_of_arn(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// The pool as a record. `present` are the blocks that are in the pool now, from its declaration or from other resources.
pub(super) fn pool(found: &ec2::IpamPool, present: &BTreeSet<Cidr>) -> Result<Pool> {
    let id = need(found.ipam_pool_id(), "pool id")?;
    let address_family = family(need(found.address_family(), "address family")?);
    let all = tags::all(Some(found.tags()));
    let (netmask_length, marked) = tags::marks(&all);
    let cidrs: BTreeSet<Cidr> = marked.intersection(present).copied().collect();
    let provision = match netmask_length {
        Some(length) => Provision::NetmaskLength(length),
        None if marked.is_empty() => Provision::Nothing,
        None => Provision::Cidrs(cidrs.clone()),
    };
    Ok(Pool {
        meta: meta(id.to_owned(), name(&all, id), found.owner_id()),
        scope_id: id_of_arn(need(found.ipam_scope_arn(), "scope")?).to_owned(),
        source_pool_id: found.source_ipam_pool_id().map(str::to_owned),
        depth: found.pool_depth().and_then(|depth| u32::try_from(depth).ok()).unwrap_or(1),
        address_family,
        locale: locale(found).map(str::to_owned),
        description: text(found.description()),
        rules: rules(found, address_family),
        strategy: Strategy::default(),
        tags: tags::own(&all),
        provision,
        cidrs,
        special: special(found),
        declaring: None,
    })
}

fn special(found: &ec2::IpamPool) -> Special {
    let resource = found.source_resource().and_then(|resource| {
        Some(SourceResource {
            resource_id: resource.resource_id()?.to_owned(),
            resource_owner: resource.resource_owner().unwrap_or_default().to_owned(),
            resource_region: resource.resource_region().unwrap_or_default().to_owned(),
            resource_type: SourceResourceType::from_text(resource.resource_type().map_or("vpc", |kind| kind.as_str())),
        })
    });
    Special {
        source_resource: resource,
        public_ip_source: found.public_ip_source().map(|source| PublicIpSource::from_text(source.as_str())),
        aws_service: found.aws_service().map(|service| AwsService::from_text(service.as_str())),
        publicly_advertisable: found.publicly_advertisable(),
        auto_import: found.auto_import().unwrap_or(false),
    }
}

/// The part of a request that makes a planning pool.
pub(super) fn source_resource(resource: &SourceResource) -> ec2::IpamPoolSourceResourceRequest {
    ec2::IpamPoolSourceResourceRequest::builder()
        .resource_id(&resource.resource_id)
        .resource_owner(&resource.resource_owner)
        .resource_region(&resource.resource_region)
        .resource_type(resource.resource_type.to_string().as_str().into())
        .build()
}

/// AWS finds the space of a VPC. When AWS does not find it, this text names the place to look at.
pub(super) fn about_resource(special: &Special) -> String {
    let Some(SourceResource { resource_id, resource_owner, resource_region, .. }) = &special.source_resource else {
        return String::new();
    };
    format!(
        "The pool plans the space of {resource_id} of account {resource_owner} in {resource_region}. Its CIDR must be \
         exactly one of the CIDRs of that VPC. {resource_region} must be an operating Region of the IPAM. The account \
         must be in the organization of the IPAM, or its resource discovery must be shared with the account of the \
         IPAM (AWS RAM) and associated. AWS finds a VPC that is new, or in another Region, after up to 30 minutes."
    )
}

/// Bounds cannot be removed in AWS, so bounds that allow everything count as no bounds.
fn rules(found: &ec2::IpamPool, family: Family) -> Rules {
    let required = found.allocation_resource_tags().iter();
    Rules {
        min_netmask_length: length(found.allocation_min_netmask_length()).filter(|min| *min > 0),
        max_netmask_length: length(found.allocation_max_netmask_length()).filter(|max| *max < family.bits()),
        default_netmask_length: length(found.allocation_default_netmask_length()),
        required_tags: required
            .filter_map(|tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned())))
            .collect(),
        ..Rules::default()
    }
}

pub(super) fn pool_cidr(found: &ec2::IpamPoolCidr, pool: &Pool) -> Result<PoolCidr> {
    let id = composite(need(found.ipam_pool_cidr_id(), "pool CIDR id")?, &pool.meta.id);
    let cidr = cidr(found.cidr())?;
    Ok(PoolCidr {
        meta: meta(id, cidr.to_string(), Some(&pool.meta.owner)),
        pool_id: pool.meta.id.clone(),
        cidr,
        inline: pool.cidrs.contains(&cidr),
        source_allocation_id: None,
        deferred: false,
    })
}

fn resource_type(found: Option<&ec2::IpamPoolAllocationResourceType>) -> ResourceType {
    found.map_or(ResourceType::Custom, |found| ResourceType::from_text(found.as_str()))
}

pub(super) fn allocation(found: &ec2::IpamPoolAllocation, pool_id: &str) -> Result<Allocation> {
    let id = need(found.ipam_pool_allocation_id(), "allocation id")?;
    let cidr = cidr(found.cidr())?;
    let all = tags::all(Some(found.tags()));
    let resource_type = resource_type(found.resource_type());
    let otherwise = found.resource_id().unwrap_or(id);
    Ok(Allocation {
        meta: meta(composite(id, pool_id), name(&all, otherwise), found.resource_owner()),
        pool_id: pool_id.to_owned(),
        cidr,
        size: Size::Cidr(cidr),
        disallowed_cidrs: BTreeSet::new(),
        resource_type,
        resource_id: found.resource_id().map(str::to_owned),
        description: text(found.description()),
        tags: tags::own(&all),
        growth: None,
        aggregate: None,
        waiting_growth: None,
        asked: None,
        imported: None,
        deferred: false,
        lifetime: crate::ipam::Lifetime::default(),
        address_sets: std::collections::BTreeMap::new(),
    })
}

/// The resource type of AWS for tags of this kind of object.
pub(super) fn tagged(kind: Kind) -> ec2::ResourceType {
    match kind {
        Kind::Scope => ec2::ResourceType::IpamScope,
        Kind::Pool | Kind::PoolCidr => ec2::ResourceType::IpamPool,
        // AWS keeps no history.
        Kind::Allocation | Kind::History => ec2::ResourceType::IpamPoolAllocation,
        // The treatment of a resource CIDR has no tags.
        Kind::Discovery | Kind::Treatment => ec2::ResourceType::IpamResourceDiscovery,
    }
}

#[cfg(test)]
#[path = "convert_tests.rs"]
mod tests;
