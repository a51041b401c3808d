//! Allocations, except their creation.

use std::time::Instant;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types as ec2;

use crate::ipam::{
    Allocation, AllocationChange, AllocationFilter, Cidr, Error, Kind, PoolTree, Resize, ResourceType, Result, Size,
    Unfinished, check_tags,
};

use super::connection::Connection;
use super::convert::{self, composite, parts};
use super::pool::Pools;
use super::pool_tree::in_order;
use super::response::{Refusal, ask, fault, the_one};
use super::tags;
use super::wait::{self, Progress, retry_concurrent, until};

/// The error code for space that AWS still holds when the user does not want to wait.
const STILL_HELD: &str = "StillHeld";

/// The allocations from pools.
#[derive(Clone, Copy)]
pub(super) struct Allocations<'a> {
    pub(super) aws: &'a Connection,
}

impl<'a> Allocations<'a> {
    pub(super) const fn pools(&self) -> Pools<'a> {
        Pools { aws: self.aws }
    }

    /// The client for the allocations of a pool; `None` if the pool does not exist.
    pub(super) async fn client(&self, pool_id: &str) -> Result<Option<Client>, Refusal> {
        if self.aws.pending.locale(pool_id).is_none() {
            self.pools().describe(pool_id).await?;
        }
        let locale = self.aws.pending.locale(pool_id);
        // Pools with the locale `global` are read in the home Region.
        let region = |locale: Option<String>| locale.filter(|locale| locale != "global");
        Ok(locale.map(|locale| match region(locale) {
            Some(region) => self.aws.clients.in_region(&region),
            None => self.aws.clients.home(),
        }))
    }

    /// One or all allocations of a pool; `None` if the pool does not exist.
    async fn describe(&self, pool_id: &str, id: Option<&str>) -> Result<Option<Vec<ec2::IpamPoolAllocation>>, Refusal> {
        let Some(client) = self.client(pool_id).await? else { return Ok(None) };
        let request =
            client.get_ipam_pool_allocations().ipam_pool_id(pool_id).set_ipam_pool_allocation_id(id.map(str::to_owned));
        match ask("GetIpamPoolAllocations", request.into_paginator().items().send().try_collect()).await {
            Err(refusal) if refusal.is_not_found() => Ok(None),
            answer => answer.map(Some),
        }
    }

    /// The allocations of a pool, sorted by address; empty if the pool does not exist.
    pub(super) async fn list_in(&self, pool_id: &str) -> Result<Vec<Allocation>> {
        let found = self.describe(pool_id, None).await?.unwrap_or_default();
        let found: Result<Vec<_>> = found.iter().map(|one| convert::allocation(one, pool_id)).collect();
        let mut found = found?;
        found.sort_by_key(|one| (one.cidr.family(), one.cidr.first(), one.cidr.netmask_length()));
        Ok(found)
    }

    /// The allocation in that pool, as AWS reports it at once.
    pub(super) async fn get_in(&self, pool_id: &str, id: &str) -> Result<Option<Allocation>> {
        let found = self.describe(pool_id, Some(id)).await?.unwrap_or_default();
        let one = the_one(found, id, ec2::IpamPoolAllocation::ipam_pool_allocation_id)?;
        one.as_ref().map(|one| convert::allocation(one, pool_id)).transpose()
    }

    /// The composite ID. Searches all pools if `id` is the ID of AWS alone; `None` if no pool has it.
    async fn composite_id(&self, id: &str) -> Result<Option<String>> {
        if parts(id).1.is_some() {
            return Ok(Some(id.to_owned()));
        }
        for pool in self.pools().list_without_cidrs().await? {
            if self.get_in(&pool.meta.id, id).await?.is_some() {
                return Ok(Some(composite(id, &pool.meta.id)));
            }
        }
        Ok(None)
    }

    /// The allocation; `None` if it does not exist. For an allocation that this process just made, waits until AWS shows
    /// it.
    pub(super) async fn get(&self, id: &str) -> Result<Option<Allocation>> {
        let Some(whole) = self.composite_id(id).await? else { return Ok(None) };
        let (own, Some(pool_id)) = parts(&whole) else { return Ok(None) };
        let mut pause = self.aws.pace.first;
        loop {
            let found = self.get_in(pool_id, own).await?;
            let may_be_unseen = self.aws.pending.unseen_until(&whole, self.aws.pace.read_lag);
            if found.is_some() || may_be_unseen.is_none_or(|until| Instant::now() > until) {
                return Ok(found);
            }
            tracing::info!(id, "AWS does not show the new allocation yet");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(self.aws.pace.longest);
        }
    }

    pub(super) async fn list(&self, filter: &AllocationFilter) -> Result<Vec<Allocation>> {
        let pool_ids: Vec<String> = match &filter.pool_id {
            Some(id) => vec![id.clone()],
            None => {
                let all = self.pools().list_without_cidrs().await?;
                let tree = PoolTree::new(&all);
                in_order(all, &tree).into_iter().map(|pool| pool.meta.id).collect()
            }
        };
        let mut found = Vec::new();
        for id in pool_ids {
            found.extend(self.list_in(&id).await?.into_iter().filter(|one| filter.fits(one)));
        }
        Ok(found)
    }

    /// The custom allocation with that name.
    pub(super) async fn find(&self, pool_id: &str, name: &str) -> Result<Option<Allocation>> {
        let is_it = |one: &Allocation| one.resource_type == ResourceType::Custom && one.meta.name == name;
        Ok(self.list_in(pool_id).await?.into_iter().find(is_it))
    }

    /// The allocation of the pool that contains all of `address`.
    pub(super) async fn at(&self, pool_id: &str, address: Cidr) -> Result<Option<Allocation>> {
        Ok(self.list_in(pool_id).await?.into_iter().find(|one| one.cidr.contains(&address)))
    }

    pub(super) async fn update(&self, id: &str, change: &AllocationChange) -> Result<Allocation> {
        let gone = || Error::NotFound { kind: Kind::Allocation, id: id.to_owned() };
        let before = self.get(id).await?.ok_or_else(gone)?;
        let (own, pool_id) = (parts(&before.meta.id).0.to_owned(), before.pool_id.clone());
        let client = self.client(&pool_id).await?.ok_or_else(gone)?;
        if change.name != before.meta.name
            && let Some(other) = self.find(&pool_id, &change.name).await?
        {
            return Err(Error::NameTaken { existing: (&other).into(), asked_by: None });
        }
        if change.tags != before.tags {
            check_tags(&change.tags, &self.pools().require(&pool_id).await?)?;
        }
        if change.description != before.description {
            let description = change.description.clone().unwrap_or_default();
            let request = client.modify_ipam_pool_allocation().ipam_pool_allocation_id(&own).description(description);
            ask("ModifyIpamPoolAllocation", request.send()).await?;
        }
        let old = tags::named(&before.meta.name, &before.tags);
        self.aws.retag(&client, &own, &old, &tags::named(&change.name, &change.tags)).await?;
        let mut after = before;
        after.meta.name.clone_from(&change.name);
        after.tags.clone_from(&change.tags);
        after.description.clone_from(&change.description);
        after.disallowed_cidrs.clone_from(&change.disallowed_cidrs);
        Ok(after)
    }

    /// AWS cannot change the size of an allocation, so another size is always a replacement.
    pub(super) async fn preview_resize(&self, id: &str, size: Size) -> Result<Resize> {
        let gone = || Error::NotFound { kind: Kind::Allocation, id: id.to_owned() };
        let now = self.get(id).await?.ok_or_else(gone)?;
        let stays = match size {
            Size::Cidr(cidr) => cidr == now.cidr,
            Size::NetmaskLength(length) => length == now.cidr.netmask_length(),
            Size::Default => true,
        };
        Ok(if stays { Resize::InPlace(now.cidr) } else { Resize::Replace })
    }

    pub(super) async fn delete(&self, id: &str) -> Result<()> {
        let Some(whole) = self.composite_id(id).await? else { return Ok(()) };
        let (own, Some(pool_id)) = parts(&whole) else { return Ok(()) };
        let Some(found) = self.get(&whole).await? else { return Ok(()) };
        let Some(client) = self.client(pool_id).await? else { return Ok(()) };
        let request = client
            .release_ipam_pool_allocation()
            .ipam_pool_id(pool_id)
            .ipam_pool_allocation_id(own)
            .cidr(found.cidr.to_string());
        match retry_concurrent(&self.aws.pace, || ask("ReleaseIpamPoolAllocation", request.clone().send())).await {
            Ok(_) => {}
            Err(refusal) if refusal.is_not_found() => {}
            // The allocation was released before, or AWS is already releasing it.
            Err(refusal) if refusal.says("InvalidParameterCombination", "No allocation found") => {}
            Err(refusal) => return Err(refusal.into()),
        }
        self.aws.pending.released(&whole);
        if !self.aws.waits_for_release {
            return Ok(());
        }
        let unfinished = wait::unfinished(Kind::Allocation.into(), &whole, &found.meta.name);
        until(&self.aws.pace, unfinished, || async move {
            match self.get_in(pool_id, own).await? {
                None => Ok(Progress::Ready(())),
                Some(held) => Ok(Progress::Wait(format!("it is released, but AWS still holds {}", held.cidr))),
            }
        })
        .await
    }

    /// The error for an object that cannot be deleted yet, because AWS still holds a block in it. AWS releases such
    /// blocks late. The provider waits for that unless the user does not want it.
    pub(super) fn still_held(
        &self,
        held: &Allocation,
        action: &'static str,
        unfinished: impl Fn(String) -> Unfinished,
    ) -> Error {
        if held.resource_type == ResourceType::Custom {
            return Error::Pending(unfinished(format!("{} is released, but AWS still holds it", held.cidr)));
        }
        let what = held.resource_id.as_deref().unwrap_or("a resource");
        let words = format!("AWS still holds {} for {} {what}", held.cidr, held.resource_type);
        if self.aws.waits_for_release {
            return Error::Pending(unfinished(format!(
                "{words}; AWS releases it some time after the resource is deleted"
            )));
        }
        let why =
            "The provider does not wait, because `wait_for_release` is false in the `aws` block: apply again later";
        fault(action, STILL_HELD, format!("{words}. {why}")).into()
    }
}
