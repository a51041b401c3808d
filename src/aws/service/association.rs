//! Associations of resource discoveries with IPAMs.

use aws_sdk_ec2::types as ec2;

use crate::backend::service::{AssociationNoun, AssociationRecord, AssociationSpec};
use crate::ipam::Result;

use super::super::connection::Connection;
use super::super::convert::need;
use super::super::response::{Refusal, ask, fault, or_nothing, the_one};
use super::super::tags;
use super::super::wait::Stateful;
use super::keeper::AsyncKeeps;

const DESCRIBE: &str = "DescribeIpamResourceDiscoveryAssociations";

fn record(found: &ec2::IpamResourceDiscoveryAssociation) -> Result<AssociationRecord> {
    let id = found.ipam_resource_discovery_association_id();
    Ok(AssociationRecord {
        id: need(id, "resource discovery association id")?.to_owned(),
        arn: found.ipam_resource_discovery_association_arn().unwrap_or_default().to_owned(),
        owner_id: found.owner_id().unwrap_or_default().to_owned(),
        ipam_id: need(found.ipam_id(), "IPAM id")?.to_owned(),
        ipam_arn: found.ipam_arn().unwrap_or_default().to_owned(),
        ipam_region: found.ipam_region().unwrap_or_default().to_owned(),
        discovery_id: need(found.ipam_resource_discovery_id(), "resource discovery id")?.to_owned(),
        is_default: found.is_default().unwrap_or(false),
        state: state(found).to_owned(),
        discovery_status: found.resource_discovery_status().map(|status| status.as_str().to_owned()),
        tags: tags::all(Some(found.tags())),
    })
}

fn state(found: &ec2::IpamResourceDiscoveryAssociation) -> &str {
    found.state().map_or("", ec2::IpamResourceDiscoveryAssociationState::as_str)
}

/// The associations of resource discoveries with IPAMs.
#[derive(Clone, Copy)]
pub(in crate::aws) struct Associations<'a> {
    pub(in crate::aws) aws: &'a Connection,
}

impl Associations<'_> {
    async fn describe(&self, id: &str) -> Result<Option<ec2::IpamResourceDiscoveryAssociation>, Refusal> {
        let request = self.aws.clients.home().describe_ipam_resource_discovery_associations();
        let request = request.ipam_resource_discovery_association_ids(id).into_paginator().items();
        let found = or_nothing(ask(DESCRIBE, request.send().try_collect()).await)?;
        the_one(found, id, ec2::IpamResourceDiscoveryAssociation::ipam_resource_discovery_association_id)
    }

    /// Waits until the IPAM uses the results of the discovery. A `new` association may not be listed yet.
    async fn wait_until_usable(&self, id: &str, new: bool) -> Result<AssociationRecord> {
        record(&self.aws.pace.wait_until_usable::<AssociationNoun, _, _>(id, new, || self.describe(id)).await?)
    }

    async fn begin(&self, spec: &AssociationSpec, token: String) -> Result<String, Refusal> {
        let kind = ec2::ResourceType::IpamResourceDiscoveryAssociation;
        let request = self
            .aws
            .clients
            .home()
            .associate_ipam_resource_discovery()
            .ipam_id(&spec.ipam_id)
            .ipam_resource_discovery_id(&spec.discovery_id)
            .set_tag_specifications(tags::specifications(kind, &spec.tags))
            .client_token(token);
        let answer = ask("AssociateIpamResourceDiscovery", request.send()).await?;
        let made = answer.ipam_resource_discovery_association;
        made.and_then(|made| made.ipam_resource_discovery_association_id).ok_or_else(|| {
            fault("AssociateIpamResourceDiscovery", "UnexpectedAnswer", "the answer of AWS has no association id")
        })
    }
}

impl AsyncKeeps<AssociationNoun> for Associations<'_> {
    async fn create(&self, spec: &AssociationSpec) -> Result<AssociationRecord> {
        let begin = |token| self.begin(spec, token);
        let finish = async |id: String| self.wait_until_usable(&id, true).await;
        let pending = &self.aws.pending;
        pending.create_once::<AssociationNoun, _>(&spec.ipam_id, &spec.discovery_id, begin, finish).await
    }

    async fn get(&self, id: &str) -> Result<Option<AssociationRecord>> {
        let found = self.describe(id).await?.filter(Stateful::is_there);
        found.as_ref().map(record).transpose()
    }

    async fn list(&self) -> Result<Vec<AssociationRecord>> {
        let request = self.aws.clients.home().describe_ipam_resource_discovery_associations().into_paginator();
        let found: Vec<ec2::IpamResourceDiscoveryAssociation> =
            ask(DESCRIBE, request.items().send().try_collect()).await?;
        found.iter().filter(|found| found.is_there()).map(record).collect()
    }

    async fn update(&self, id: &str, before: &AssociationSpec, after: &AssociationSpec) -> Result<AssociationRecord> {
        self.aws.retag(&self.aws.clients.home(), id, &before.tags, &after.tags).await?;
        self.wait_until_usable(id, false).await
    }

    async fn delete(&self, id: &str, _spec: &AssociationSpec) -> Result<()> {
        let found = self.describe(id).await?;
        if found.as_ref().is_some_and(|found| found.is_default() == Some(true)) {
            let why = format!(
                "{id} was created with its IPAM and is deleted with it. Remove it from the state with a `removed` \
                 block that has `lifecycle {{ destroy = false }}`."
            );
            return Err(fault("DisassociateIpamResourceDiscovery", "DefaultAssociation", why).into());
        }
        if found.is_some_and(|found| !found.is_going()) {
            let request = self.aws.clients.home().disassociate_ipam_resource_discovery();
            match ask("DisassociateIpamResourceDiscovery", request.ipam_resource_discovery_association_id(id).send())
                .await
            {
                Err(refusal) if !refusal.is_not_found() => return Err(refusal.into()),
                _ => {}
            }
        }
        self.aws.pace.wait_until_gone::<AssociationNoun, _, _>(id, || self.describe(id)).await
    }
}
