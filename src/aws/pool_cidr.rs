//! CIDRs in pools.

use aws_sdk_ec2::types as ec2;

use crate::ipam::{
    Allocation, Cidr, Error, Kind, Occupant, Planned, Pool, PoolCidr, PoolCidrSpec, Proof, PublicIpSource,
    ResourceType, Result, Size, Unfinished,
};

use super::allocation::Allocations;
use super::connection::Connection;
use super::convert::{self, composite, need, parts};
use super::pending::RequestKey;
use super::pool::Pools;
use super::response::{ask, fault};
use super::usage::first_few;
use super::wait::{self, Progress, retry_concurrent, until};

fn unfinished(id: &str, name: &str) -> impl Fn(String) -> Unfinished + use<> {
    wait::unfinished(Kind::PoolCidr.into(), id, name)
}

fn words(size: Size) -> String {
    match size {
        Size::Cidr(cidr) => cidr.to_string(),
        Size::NetmaskLength(length) => format!("/{length}"),
        Size::Default => String::new(),
    }
}

const fn block(size: Size) -> Option<Cidr> {
    match size {
        Size::Cidr(cidr) => Some(cidr),
        _ => None,
    }
}

/// The proof that a block belongs to the account, in the form of a request: the method, the certificate, the token.
type ProofParts = (Option<ec2::VerificationMethod>, Option<ec2::IpamCidrAuthorizationContext>, Option<String>);

fn proof_parts(proof: Option<&Proof>) -> ProofParts {
    match proof {
        None => (None, None, None),
        Some(Proof::Token(id)) => (Some(ec2::VerificationMethod::DnsToken), None, Some(id.clone())),
        Some(Proof::Certificate { message, signature }) => {
            let context = ec2::IpamCidrAuthorizationContext::builder().message(message).signature(signature).build();
            (Some(ec2::VerificationMethod::RemarksX509), Some(context), None)
        }
    }
}

/// The CIDRs of pools.
#[derive(Clone, Copy)]
pub(super) struct PoolCidrs<'a> {
    pub(super) aws: &'a Connection,
}

impl<'a> PoolCidrs<'a> {
    const fn pools(&self) -> Pools<'a> {
        Pools { aws: self.aws }
    }

    pub(super) async fn create(&self, spec: &PoolCidrSpec, planned: &Planned) -> Result<PoolCidr> {
        let pool = self.pools().require(&spec.pool_id).await?;
        let is_amazon = pool.special.public_ip_source == Some(PublicIpSource::Amazon);
        if pool.source_pool_id.is_none() && !is_amazon && block(spec.size).is_none() {
            return Err(Error::NoSourcePool);
        }
        let name = spec.name.clone().unwrap_or_else(|| words(spec.size));
        let key = RequestKey::new(Kind::PoolCidr.into(), &spec.pool_id, &name);
        let size = planned.block().map_or(spec.size, Size::Cidr);
        if self.aws.pending.begun(&key).is_none()
            && let Some(cidr) = block(size)
        {
            self.require_absent(&pool, cidr).await?;
        }
        let id = self.begin(&spec.pool_id, size, spec.proof.as_ref(), &key).await?;
        let found = self.wait_until_provisioned(&spec.pool_id, &id, size, &key).await?;
        let mut made = convert::pool_cidr(&found, &pool)?;
        made.meta.name = name;
        Ok(made)
    }

    pub(super) async fn require_absent(&self, pool: &Pool, cidr: Cidr) -> Result<()> {
        let present = self.pools().describe_present_cidrs(&pool.meta.id).await?;
        let text = cidr.to_string();
        let Some(found) = present.iter().find(|one| one.cidr() == Some(&text)) else { return Ok(()) };
        let existing = convert::pool_cidr(found, pool)?;
        Err(Error::NameTaken {
            existing: Occupant {
                path: format!("{}/{text}", pool.meta.name),
                ..Occupant::named(Kind::PoolCidr, &existing.meta, Some(cidr))
            },
            asked_by: None,
        })
    }

    /// Requests the CIDR, and returns the ID that AWS gave it.
    pub(super) async fn begin(
        &self,
        pool_id: &str,
        size: Size,
        proof: Option<&Proof>,
        key: &RequestKey,
    ) -> Result<String> {
        if let Some(id) = self.aws.pending.begun(key) {
            return Ok(id);
        }
        let length = match size {
            Size::NetmaskLength(length) => Some(i32::from(length)),
            _ => None,
        };
        let (method, context, token) = proof_parts(proof);
        let request = self
            .aws
            .clients
            .home()
            .provision_ipam_pool_cidr()
            .ipam_pool_id(pool_id)
            .set_cidr(block(size).map(|cidr| cidr.to_string()))
            .set_netmask_length(length)
            .set_verification_method(method)
            .set_cidr_authorization_context(context)
            .set_ipam_external_resource_verification_token_id(token)
            .client_token(self.aws.pending.token(key));
        let answer = retry_concurrent(&self.aws.pace, || ask("ProvisionIpamPoolCidr", request.clone().send())).await;
        self.aws.pending.answered(key, &answer);
        let answer = match answer {
            Ok(answer) => answer,
            Err(refusal) => {
                let words = self.about_resource(pool_id).await;
                let space = self.source_space(pool_id, size).await;
                return Err(refusal.adding(&words).about(space));
            }
        };
        let id = need(answer.ipam_pool_cidr.and_then(|one| one.ipam_pool_cidr_id), "pool CIDR id")?;
        self.aws.pending.begin(key, &id);
        Ok(id)
    }

    /// The sentence about the resource whose space a planning pool plans; empty for any other pool.
    async fn about_resource(&self, pool_id: &str) -> String {
        let pool = self.pools().get(pool_id).await.ok().flatten();
        pool.map_or_else(String::new, |pool| convert::about_resource(&pool.special))
    }

    /// The free space at the source of the pool's space.
    async fn source_space(&self, pool_id: &str, size: Size) -> Option<crate::ipam::Space> {
        let pool = self.pools().get(pool_id).await.ok()??;
        let source = self.pools().get(&pool.source_pool_id?).await.ok()??;
        self.pools().space(&source, block(size)).await
    }

    /// Waits until the CIDR is in the pool. AWS reports the reason of a failure before it changes the state.
    pub(super) async fn wait_until_provisioned(
        &self,
        pool_id: &str,
        id: &str,
        size: Size,
        key: &RequestKey,
    ) -> Result<ec2::IpamPoolCidr> {
        let made = until(&self.aws.pace, unfinished(&composite(id, pool_id), &words(size)), || async move {
            let listed = self.pools().describe_cidrs(pool_id).await?;
            let Some(found) = listed.into_iter().flatten().find(|one| one.ipam_pool_cidr_id() == Some(id)) else {
                return Ok(Progress::Wait("it is not listed yet".to_owned()));
            };
            self.progress_of(pool_id, found, size).await
        })
        .await;
        self.aws.pending.finished(key, &made);
        let made = made?;
        let cidr = convert::cidr(made.cidr())?;
        let is_asked = match size {
            Size::Cidr(asked) => asked == cidr,
            Size::NetmaskLength(length) => cidr.netmask_length() == length,
            Size::Default => true,
        };
        if !is_asked {
            let text = format!("{} was asked for, and AWS provisioned {cidr}", words(size));
            return Err(fault("ProvisionIpamPoolCidr", "UnexpectedAnswer", text).into());
        }
        Ok(made)
    }

    async fn progress_of(
        &self,
        pool_id: &str,
        found: ec2::IpamPoolCidr,
        size: Size,
    ) -> Result<Progress<ec2::IpamPoolCidr>> {
        use ec2::IpamPoolCidrState as State;
        let state = found.state().map_or("unknown", ec2::IpamPoolCidrState::as_str);
        let why = found.failure_reason();
        if let Some(code) = why.and_then(ec2::IpamPoolCidrFailureReason::code) {
            let message = why.and_then(ec2::IpamPoolCidrFailureReason::message).unwrap_or("AWS gave no reason");
            let space = self.source_space(pool_id, size).await;
            let words = self.about_resource(pool_id).await;
            return Err(fault("ProvisionIpamPoolCidr", code.as_str(), message).adding(&words).about(space));
        }
        match found.state() {
            Some(State::Provisioned) => Ok(Progress::Ready(found)),
            Some(State::PendingProvision | State::PendingImport) => Ok(Progress::Wait(format!("its state is {state}"))),
            _ => {
                let words = format!("the CIDR is in the state {state}, and AWS gave no reason");
                Err(fault("ProvisionIpamPoolCidr", state, words).into())
            }
        }
    }

    /// The ID of AWS and the pool. Searches all pools if `id` is the ID of AWS alone; `None` if no pool has it.
    async fn parts_of(&self, id: &str) -> Result<Option<(String, String)>> {
        if let (own, Some(pool_id)) = parts(id) {
            return Ok(Some((own.to_owned(), pool_id.to_owned())));
        }
        for pool in self.pools().list_without_cidrs().await? {
            let listed = self.pools().describe_cidrs(&pool.meta.id).await?.unwrap_or_default();
            if listed.iter().any(|one| one.ipam_pool_cidr_id() == Some(id)) {
                return Ok(Some((id.to_owned(), pool.meta.id)));
            }
        }
        Ok(None)
    }

    pub(super) async fn get(&self, id: &str) -> Result<Option<PoolCidr>> {
        let Some((own, pool_id)) = self.parts_of(id).await? else { return Ok(None) };
        let listed = self.pools().describe_present_cidrs(&pool_id).await?;
        // The block identifies the CIDR as well as the ID of AWS does: hashicorp/aws keeps the block.
        let is_it = |one: &&ec2::IpamPoolCidr| one.ipam_pool_cidr_id() == Some(&own) || one.cidr() == Some(&own);
        let Some(found) = listed.iter().find(is_it) else { return Ok(None) };
        match self.pools().get(&pool_id).await? {
            Some(pool) => convert::pool_cidr(found, &pool).map(Some),
            None => Ok(None),
        }
    }

    pub(super) async fn list(&self, pool_id: &str) -> Result<Vec<PoolCidr>> {
        let Some(pool) = self.pools().get(pool_id).await? else { return Ok(Vec::new()) };
        let found = self.pools().describe_present_cidrs(pool_id).await?;
        let listed = found.iter().filter(|one| one.cidr().is_some());
        let mut listed = listed.map(|one| convert::pool_cidr(one, &pool)).collect::<Result<Vec<_>>>()?;
        listed.sort_by_key(|one| (one.cidr.first(), one.cidr.netmask_length()));
        Ok(listed)
    }

    pub(super) async fn delete(&self, id: &str) -> Result<()> {
        let Some((own, pool_id)) = self.parts_of(id).await? else { return Ok(()) };
        let listed = self.pools().describe_cidrs(&pool_id).await?.unwrap_or_default();
        let Some(found) = listed.into_iter().find(|one| one.ipam_pool_cidr_id() == Some(&own)) else { return Ok(()) };
        let Some(pool) = self.pools().get(&pool_id).await? else { return Ok(()) };
        self.deprovision(&pool, &found).await
    }

    /// Removes all space from the pool.
    pub(super) async fn deprovision_all(&self, pool: &Pool) -> Result<()> {
        for found in self.pools().describe_cidrs(&pool.meta.id).await?.unwrap_or_default() {
            self.deprovision(pool, &found).await?;
        }
        Ok(())
    }

    /// Deprovisions one block, and waits until AWS has removed it.
    pub(super) async fn deprovision(&self, pool: &Pool, found: &ec2::IpamPoolCidr) -> Result<()> {
        use ec2::IpamPoolCidrState as State;
        let own = need(found.ipam_pool_cidr_id(), "pool CIDR id")?;
        if matches!(found.state(), Some(State::Deprovisioned | State::FailedProvision | State::FailedImport)) {
            return Ok(());
        }
        let cidr = convert::cidr(found.cidr())?;
        if found.state() != Some(&State::PendingDeprovision) {
            self.require_unused(pool, own, cidr).await?;
            let client = self.aws.clients.home();
            let request = client.deprovision_ipam_pool_cidr().ipam_pool_id(&pool.meta.id).cidr(cidr.to_string());
            match retry_concurrent(&self.aws.pace, || ask("DeprovisionIpamPoolCidr", request.clone().send())).await {
                Ok(_) => {}
                // The block is already being deprovisioned.
                Err(refusal) if refusal.is("IncorrectState") || refusal.is_not_found() => {}
                Err(refusal) => return Err(refusal.into()),
            }
        }
        until(&self.aws.pace, unfinished(&composite(own, &pool.meta.id), &cidr.to_string()), || async move {
            let listed = self.pools().describe_cidrs(&pool.meta.id).await?;
            let found = listed.into_iter().flatten().find(|one| one.ipam_pool_cidr_id() == Some(own));
            match found.as_ref().and_then(ec2::IpamPoolCidr::state) {
                None | Some(State::Deprovisioned) => Ok(Progress::Ready(())),
                Some(State::FailedDeprovision) => {
                    self.require_unused(pool, own, cidr).await?;
                    let why = found.as_ref().and_then(ec2::IpamPoolCidr::failure_reason);
                    let why = why.and_then(ec2::IpamPoolCidrFailureReason::message).unwrap_or("AWS gave no reason");
                    Err(fault("DeprovisionIpamPoolCidr", "failed-deprovision", why).into())
                }
                Some(state) => Ok(Progress::Wait(format!("its state is {state}"))),
            }
        })
        .await
    }

    /// Checks that nothing in the block is allocated. Waits for space that AWS holds for a resource, because AWS releases
    /// it late.
    async fn require_unused(&self, pool: &Pool, own: &str, cidr: Cidr) -> Result<()> {
        let allocations = Allocations { aws: self.aws };
        let mut inside = allocations.list_in(&pool.meta.id).await?;
        inside.retain(|one| one.cidr.overlaps(&cidr));
        let (id, name) = (composite(own, &pool.meta.id), cidr.to_string());
        let is_ours = |kind| matches!(kind, ResourceType::Custom | ResourceType::IpamPool);
        let stays = |one: &&Allocation| is_ours(one.resource_type) && !self.aws.pending.is_released(&one.meta.id);
        let ours: Vec<_> = inside.iter().filter(stays).collect();
        if !ours.is_empty() {
            let (contents, more) = first_few(ours.into_iter().map(Occupant::from).collect());
            return Err(Error::InUse { kind: Kind::PoolCidr, id, name, contents, more });
        }
        match inside.first() {
            Some(held) => Err(allocations.still_held(held, "DeprovisionIpamPoolCidr", unfinished(&id, &name))),
            None => Ok(()),
        }
    }
}
