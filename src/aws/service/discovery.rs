//! Resource discoveries. AWS creates them without exclusions, which are added afterwards.

use std::collections::BTreeSet;

use aws_sdk_ec2::types as ec2;

use crate::backend::Noun;
use crate::backend::service::{DiscoveryNoun, DiscoveryRecord, DiscoverySpec, EntityPath};
use crate::ipam::discovery::types::Survey;
use crate::ipam::{Error, Result, Tags};

use super::super::connection::Connection;
use super::super::convert::{need, text};
use super::super::response::{Refusal, ask, fault, or_nothing, the_one};
use super::super::tags;
use super::super::wait::{Stateful, retry_concurrent};
use super::ipam::{added, removed, some};
use super::keeper::AsyncKeeps;

fn record(found: &ec2::IpamResourceDiscovery) -> Result<DiscoveryRecord> {
    let regions = found.operating_regions().iter();
    let paths = found.organizational_unit_exclusions().iter().filter_map(|one| one.organizations_entity_path());
    let mut tags = tags::all(Some(found.tags()));
    let regions = regions.filter_map(|region| region.region_name().map(str::to_owned)).collect();
    let unreadable = |why: String| Error::from(fault("DescribeIpamResourceDiscoveries", "UnexpectedAnswer", why));
    Ok(DiscoveryRecord {
        id: need(found.ipam_resource_discovery_id(), "resource discovery id")?.to_owned(),
        arn: text(found.ipam_resource_discovery_arn()),
        owner_id: text(found.owner_id()),
        region: text(found.ipam_resource_discovery_region()),
        is_default: found.is_default().unwrap_or(false),
        description: text(found.description()),
        survey: Survey { operating_regions: regions, ..Survey::default() },
        exclusions: paths.map(|path| path.parse().map_err(unreadable)).collect::<Result<_>>()?,
        name: tags.remove(tags::NAME).filter(|name| !name.is_empty()),
        tags,
    })
}

/// The tags in AWS, which include the name.
fn all_tags(spec: &DiscoverySpec) -> Tags {
    let name = spec.name.iter().map(|name| (tags::NAME.to_owned(), name.clone()));
    spec.tags.clone().into_iter().chain(name).collect()
}

fn exclusion(path: &EntityPath) -> ec2::AddIpamOrganizationalUnitExclusion {
    ec2::AddIpamOrganizationalUnitExclusion::builder().organizations_entity_path(path.to_string()).build()
}

fn no_exclusion(path: &EntityPath) -> ec2::RemoveIpamOrganizationalUnitExclusion {
    ec2::RemoveIpamOrganizationalUnitExclusion::builder().organizations_entity_path(path.to_string()).build()
}

/// The error, with the remark that the discovery exists nevertheless.
fn half_made(refusal: Refusal, id: &str) -> Error {
    let mut error = Error::from(refusal);
    if let Error::Service(fault) = &mut error {
        let resource = DiscoveryNoun::RESOURCE;
        fault.message.push_str(&format!(" {id} was created nevertheless: terraform import {resource}.NAME {id}"));
    }
    error
}

/// The resource discoveries of the account.
#[derive(Clone, Copy)]
pub(in crate::aws) struct Discoveries<'a> {
    pub(in crate::aws) aws: &'a Connection,
}

impl Discoveries<'_> {
    pub(in crate::aws) async fn describe(&self, id: &str) -> Result<Option<ec2::IpamResourceDiscovery>, Refusal> {
        let request = self.aws.clients.home().describe_ipam_resource_discoveries().ipam_resource_discovery_ids(id);
        let found = request.into_paginator().items().send().try_collect();
        let found = or_nothing(ask("DescribeIpamResourceDiscoveries", found).await)?;
        the_one(found, id, ec2::IpamResourceDiscovery::ipam_resource_discovery_id)
    }

    /// Waits until the discovery can be used. A `new` discovery may not be listed yet.
    async fn wait_until_usable(&self, id: &str, new: bool) -> Result<DiscoveryRecord> {
        record(&self.aws.pace.wait_until_usable::<DiscoveryNoun, _, _>(id, new, || self.describe(id)).await?)
    }

    async fn begin(&self, spec: &DiscoverySpec, token: String) -> Result<String, Refusal> {
        let request = self
            .aws
            .clients
            .home()
            .create_ipam_resource_discovery()
            .set_description(spec.description.clone())
            .set_operating_regions(some(spec.survey.operating_regions.iter().map(|region| added(region)).collect()))
            .set_tag_specifications(tags::specifications(ec2::ResourceType::IpamResourceDiscovery, &all_tags(spec)))
            .client_token(token);
        let answer = ask("CreateIpamResourceDiscovery", request.send()).await?;
        let id = answer.ipam_resource_discovery.and_then(|made| made.ipam_resource_discovery_id);
        id.ok_or_else(|| {
            fault("CreateIpamResourceDiscovery", "UnexpectedAnswer", "the answer of AWS has no resource discovery id")
        })
    }

    /// Adds the values that a creation request cannot contain. If AWS refuses them, the discovery is deleted again, because
    /// an account can have only one.
    async fn finish(&self, id: &str, spec: &DiscoverySpec) -> Result<DiscoveryRecord> {
        let made = self.wait_until_usable(id, true).await?;
        if made.exclusions == spec.exclusions {
            return Ok(made);
        }
        let Err(refusal) = self.exclude(id, &made.exclusions, &spec.exclusions).await else {
            return self.wait_until_usable(id, false).await;
        };
        let is_taken_back =
            refusal.is_certain() && matches!(self.delete(id, spec).await, Ok(()) | Err(Error::Pending(_)));
        Err(if is_taken_back { refusal.into() } else { half_made(refusal, id) })
    }

    async fn exclude(&self, id: &str, old: &BTreeSet<EntityPath>, new: &BTreeSet<EntityPath>) -> Result<(), Refusal> {
        let request = self
            .aws
            .clients
            .home()
            .modify_ipam_resource_discovery()
            .ipam_resource_discovery_id(id)
            .set_add_organizational_unit_exclusions(some(new.difference(old).map(exclusion).collect()))
            .set_remove_organizational_unit_exclusions(some(old.difference(new).map(no_exclusion).collect()));
        retry_concurrent(&self.aws.pace, || ask("ModifyIpamResourceDiscovery", request.clone().send())).await.map(drop)
    }
}

impl AsyncKeeps<DiscoveryNoun> for Discoveries<'_> {
    async fn create(&self, spec: &DiscoverySpec) -> Result<DiscoveryRecord> {
        let home = self.aws.clients.home_region();
        let begin = |token| self.begin(spec, token);
        let finish = async |id: String| self.finish(&id, spec).await;
        self.aws.pending.create_once::<DiscoveryNoun, _>(home, "", begin, finish).await
    }

    async fn get(&self, id: &str) -> Result<Option<DiscoveryRecord>> {
        let found = self.describe(id).await?.filter(Stateful::is_there);
        found.as_ref().map(record).transpose()
    }

    async fn list(&self) -> Result<Vec<DiscoveryRecord>> {
        let request = self.aws.clients.home().describe_ipam_resource_discoveries().into_paginator().items().send();
        let found: Vec<ec2::IpamResourceDiscovery> =
            ask("DescribeIpamResourceDiscoveries", request.try_collect()).await?;
        found.iter().filter(|found| found.is_there()).map(record).collect()
    }

    async fn update(&self, id: &str, before: &DiscoverySpec, after: &DiscoverySpec) -> Result<DiscoveryRecord> {
        let (old, new) = (&before.survey.operating_regions, &after.survey.operating_regions);
        let request = self
            .aws
            .clients
            .home()
            .modify_ipam_resource_discovery()
            .ipam_resource_discovery_id(id)
            .set_description(tags::changed_text(&before.description, &after.description))
            .set_add_operating_regions(some(new.difference(old).map(|region| added(region)).collect()))
            .set_remove_operating_regions(some(old.difference(new).map(|region| removed(region)).collect()));
        if (&before.description, old) != (&after.description, new) {
            retry_concurrent(&self.aws.pace, || ask("ModifyIpamResourceDiscovery", request.clone().send())).await?;
            self.wait_until_usable(id, false).await?;
        }
        if before.exclusions != after.exclusions {
            self.exclude(id, &before.exclusions, &after.exclusions).await?;
        }
        self.aws.retag(&self.aws.clients.home(), id, &all_tags(before), &all_tags(after)).await?;
        self.wait_until_usable(id, false).await
    }

    async fn delete(&self, id: &str, _spec: &DiscoverySpec) -> Result<()> {
        let found = self.describe(id).await?;
        if found.as_ref().is_some_and(|found| found.is_default() == Some(true)) {
            let why = format!(
                "{id} was created with its IPAM and is deleted with it. Remove it from the state with a `removed` \
                 block that has `lifecycle {{ destroy = false }}`."
            );
            return Err(fault("DeleteIpamResourceDiscovery", "DefaultResourceDiscovery", why).into());
        }
        if found.is_some_and(|found| !found.is_going()) {
            let request = self.aws.clients.home().delete_ipam_resource_discovery().ipam_resource_discovery_id(id);
            match ask("DeleteIpamResourceDiscovery", request.send()).await {
                Err(refusal) if !refusal.is_not_found() => return Err(refusal.into()),
                _ => {}
            }
        }
        self.aws.pace.wait_until_gone::<DiscoveryNoun, _, _>(id, || self.describe(id)).await
    }
}
