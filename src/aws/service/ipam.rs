//! The IPAM itself.

use aws_sdk_ec2::types as ec2;

use crate::backend::service::{IpamNoun, IpamRecord, IpamSpec, MeteredAccount, Tier};
use crate::ipam::{Result, Words};

use super::super::connection::Connection;
use super::super::convert::{need, text};
use super::super::response::{Refusal, ask, fault, or_nothing, the_one};
use super::super::tags;
use super::super::wait::{Stateful, retry_concurrent};
use super::keeper::AsyncKeeps;

fn record(found: &ec2::Ipam) -> Result<IpamRecord> {
    let regions = found.operating_regions().iter();
    Ok(IpamRecord {
        id: need(found.ipam_id(), "IPAM id")?.to_owned(),
        arn: found.ipam_arn().unwrap_or_default().to_owned(),
        owner_id: found.owner_id().unwrap_or_default().to_owned(),
        region: found.ipam_region().unwrap_or_default().to_owned(),
        description: text(found.description()),
        operating_regions: regions.filter_map(|region| region.region_name().map(str::to_owned)).collect(),
        tier: found.tier().map_or(Tier::Advanced, |tier| Tier::from_text(tier.as_str())),
        enable_private_gua: found.enable_private_gua().unwrap_or(false),
        metered_account: found
            .metered_account()
            .map_or(MeteredAccount::IpamOwner, |account| MeteredAccount::from_text(account.as_str())),
        private_default_scope_id: need(found.private_default_scope_id(), "default scope")?.to_owned(),
        public_default_scope_id: need(found.public_default_scope_id(), "default scope")?.to_owned(),
        default_resource_discovery_id: found.default_resource_discovery_id().map(str::to_owned),
        default_resource_discovery_association_id: found.default_resource_discovery_association_id().map(str::to_owned),
        scope_count: found.scope_count().and_then(|count| u32::try_from(count).ok()).unwrap_or(0),
        tags: tags::all(Some(found.tags())),
    })
}

fn tier(tier: Tier) -> ec2::IpamTier {
    tier.to_string().as_str().into()
}

fn metered(account: MeteredAccount) -> ec2::IpamMeteredAccount {
    account.to_string().as_str().into()
}

pub(super) fn added(region: &str) -> ec2::AddIpamOperatingRegion {
    ec2::AddIpamOperatingRegion::builder().region_name(region).build()
}

pub(super) fn removed(region: &str) -> ec2::RemoveIpamOperatingRegion {
    ec2::RemoveIpamOperatingRegion::builder().region_name(region).build()
}

/// The items, or `None` in place of an empty list, which must not be sent.
pub(super) fn some<T>(items: Vec<T>) -> Option<Vec<T>> {
    Some(items).filter(|items| !items.is_empty())
}

/// The IPAMs of the account.
#[derive(Clone, Copy)]
pub(in crate::aws) struct Ipams<'a> {
    pub(in crate::aws) aws: &'a Connection,
}

impl Ipams<'_> {
    async fn describe(&self, id: &str) -> Result<Option<ec2::Ipam>, Refusal> {
        let found = self.aws.clients.home().describe_ipams().ipam_ids(id).into_paginator().items().send();
        let found = or_nothing(ask("DescribeIpams", found.try_collect()).await)?;
        the_one(found, id, ec2::Ipam::ipam_id)
    }

    /// Waits until the IPAM can be used. A `new` IPAM may not be listed yet.
    async fn wait_until_usable(&self, id: &str, new: bool) -> Result<IpamRecord> {
        record(&self.aws.pace.wait_until_usable::<IpamNoun, _, _>(id, new, || self.describe(id)).await?)
    }

    async fn begin(&self, spec: &IpamSpec, token: String) -> Result<String, Refusal> {
        let request = self
            .aws
            .clients
            .home()
            .create_ipam()
            .set_description(spec.description.clone())
            .set_operating_regions(some(spec.operating_regions.iter().map(|region| added(region)).collect()))
            .set_tier(spec.tier.map(tier))
            .set_enable_private_gua(spec.enable_private_gua.then_some(true))
            .set_metered_account(spec.metered_account.map(metered))
            .set_tag_specifications(tags::specifications(ec2::ResourceType::Ipam, &spec.tags))
            .client_token(token);
        let answer = ask("CreateIpam", request.send()).await?;
        let id = answer.ipam.and_then(|ipam| ipam.ipam_id);
        id.ok_or_else(|| fault("CreateIpam", "UnexpectedAnswer", "the answer of AWS has no IPAM id"))
    }
}

impl AsyncKeeps<IpamNoun> for Ipams<'_> {
    async fn create(&self, spec: &IpamSpec) -> Result<IpamRecord> {
        let home = self.aws.clients.home_region();
        let begin = |token| self.begin(spec, token);
        let finish = async |id: String| self.wait_until_usable(&id, true).await;
        self.aws.pending.create_once::<IpamNoun, _>(home, "", begin, finish).await
    }

    async fn get(&self, id: &str) -> Result<Option<IpamRecord>> {
        let found = self.describe(id).await?.filter(Stateful::is_there);
        found.as_ref().map(record).transpose()
    }

    async fn list(&self) -> Result<Vec<IpamRecord>> {
        let request = self.aws.clients.home().describe_ipams().into_paginator().items().send();
        let found: Vec<ec2::Ipam> = ask("DescribeIpams", request.try_collect()).await?;
        found.iter().filter(|found| found.is_there()).map(record).collect()
    }

    async fn update(&self, id: &str, before: &IpamSpec, after: &IpamSpec) -> Result<IpamRecord> {
        let (old, new) = (&before.operating_regions, &after.operating_regions);
        let request = self
            .aws
            .clients
            .home()
            .modify_ipam()
            .ipam_id(id)
            .set_description(tags::changed_text(&before.description, &after.description))
            .set_add_operating_regions(some(new.difference(old).map(|region| added(region)).collect()))
            .set_remove_operating_regions(some(old.difference(new).map(|region| removed(region)).collect()))
            .set_tier(after.tier.filter(|_| after.tier != before.tier).map(tier))
            .set_enable_private_gua(
                (after.enable_private_gua != before.enable_private_gua).then_some(after.enable_private_gua),
            )
            .set_metered_account(
                after.metered_account.filter(|_| after.metered_account != before.metered_account).map(metered),
            );
        let same = IpamSpec { tags: before.tags.clone(), cascade: before.cascade, ..after.clone() };
        if same != *before {
            retry_concurrent(&self.aws.pace, || ask("ModifyIpam", request.clone().send())).await?;
        }
        self.aws.retag(&self.aws.clients.home(), id, &before.tags, &after.tags).await?;
        self.wait_until_usable(id, false).await
    }

    async fn delete(&self, id: &str, spec: &IpamSpec) -> Result<()> {
        if self.describe(id).await?.is_some_and(|found| !found.is_going()) {
            let request = self.aws.clients.home().delete_ipam().ipam_id(id).set_cascade(spec.cascade.then_some(true));
            match ask("DeleteIpam", request.send()).await {
                Err(refusal) if !refusal.is_not_found() => return Err(refusal.into()),
                _ => {}
            }
        }
        self.aws.pace.wait_until_gone::<IpamNoun, _, _>(id, || self.describe(id)).await
    }
}
