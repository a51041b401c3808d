//! Creation and previews of allocations.

use std::collections::BTreeSet;

use crate::ipam::{
    Allocation, AllocationSpec, Cidr, Error, Kind, Planned, Pool, Result, Rules, Size, Unsupported, check_tags,
};

use super::allocation::Allocations;
use super::convert::{self, need, parts};
use super::pending::RequestKey;
use super::response::{Refusal, ask, fault};
use super::tags;
use super::wait::{self, Progress, retry_concurrent, until};

/// A request for a block.
pub(super) struct BlockRequest<'a> {
    pub(super) pool: &'a Pool,
    pub(super) size: Size,
    pub(super) disallowed: &'a BTreeSet<Cidr>,
}

impl BlockRequest<'_> {
    pub(super) const fn cidr(&self) -> Option<Cidr> {
        match self.size {
            Size::Cidr(cidr) => Some(cidr),
            _ => None,
        }
    }

    pub(super) fn netmask_length(&self) -> Option<u8> {
        match self.size {
            Size::Cidr(cidr) => Some(cidr.netmask_length()),
            Size::NetmaskLength(length) => Some(length),
            Size::Default => self.pool.rules.default_netmask_length,
        }
    }

    /// Checks the request against the rules of the pool before AWS is asked.
    pub(super) fn check(&self) -> Result<()> {
        let (pool_id, pool_name) = (self.pool.meta.id.clone(), self.pool.meta.name.clone());
        if self.pool.locale.is_none() {
            return Err(Error::Unsupported { what: Unsupported::NoLocale });
        }
        let expected = self.pool.address_family;
        if let Some(cidr) = self.cidr().filter(|cidr| cidr.family() != expected) {
            return Err(Error::FamilyMismatch { cidr: Some(cidr), expected, found: cidr.family() });
        }
        let Some(netmask_length) = self.netmask_length() else { return Err(Error::NoSize { pool_id, pool_name }) };
        if netmask_length > expected.bits() {
            return Err(Error::NetmaskRange { netmask_length, family: expected });
        }
        let (min, max) = (self.pool.rules.min_netmask_length, self.pool.rules.max_netmask_length);
        if min.is_some_and(|min| netmask_length < min) || max.is_some_and(|max| netmask_length > max) {
            return Err(Error::NetmaskRule { pool_id, pool_name, netmask_length, min, max });
        }
        Ok(())
    }

    fn is_answered_by(&self, cidr: Cidr) -> bool {
        match self.size {
            Size::Cidr(asked) => asked == cidr,
            _ => {
                let is_kept_off = self.disallowed.iter().any(|block| block.overlaps(&cidr));
                !is_kept_off && self.netmask_length().is_none_or(|length| length == cidr.netmask_length())
            }
        }
    }

    /// The request in words.
    fn words(&self) -> String {
        let asked = match (self.cidr(), self.netmask_length()) {
            (Some(cidr), _) => format!("cidr {cidr}"),
            (None, Some(length)) => format!("netmask_length {length}"),
            (None, None) => "a block".to_owned(),
        };
        let avoided: Vec<_> = self.disallowed.iter().map(ToString::to_string).collect();
        if avoided.is_empty() { asked } else { format!("{asked} outside of {}", avoided.join(", ")) }
    }
}

impl Allocations<'_> {
    /// The block that AWS would allocate now. Its ID is empty, because AWS assigns the ID at the allocation.
    pub(super) async fn preview(&self, spec: &AllocationSpec, rules: Option<&Rules>) -> Result<Allocation> {
        let pool = &self.pools().require_with_rules(&spec.pool_id, rules).await?;
        let wanted = BlockRequest { pool, size: spec.size, disallowed: &spec.disallowed_cidrs };
        wanted.check()?;
        check_tags(&spec.tags, pool)?;
        let cidr = match wanted.cidr() {
            Some(cidr) => {
                // AWS previews blocks only by size, so a given block is checked against the lists.
                self.pools().allocated_space(&pool.meta.id).await?.require_free(pool, cidr)?;
                cidr
            }
            None => self.next_free(&wanted).await?,
        };
        let raw = aws_sdk_ec2::types::IpamPoolAllocation::builder()
            .ipam_pool_allocation_id(String::new())
            .cidr(cidr.to_string())
            .set_tags(Some(tags::request(&tags::named(&spec.name, &spec.tags))))
            .set_description(spec.description.clone())
            .build();
        let mut previewed = convert::allocation(&raw, &pool.meta.id)?;
        previewed.meta.id = String::new();
        previewed.size = spec.size;
        Ok(previewed)
    }

    /// The place that AWS itself previews for a block of that size.
    async fn next_free(&self, wanted: &BlockRequest<'_>) -> Result<Cidr> {
        let gone = || Error::NotFound { kind: Kind::Pool, id: wanted.pool.meta.id.clone() };
        let client = self.client(&wanted.pool.meta.id).await?.ok_or_else(gone)?;
        let request = client
            .allocate_ipam_pool_cidr()
            .ipam_pool_id(&wanted.pool.meta.id)
            .set_netmask_length(wanted.netmask_length().map(i32::from))
            .set_disallowed_cidrs(disallowed(wanted.disallowed))
            .preview_next_cidr(true);
        match ask("AllocateIpamPoolCidr", request.send()).await {
            Ok(answer) => convert::cidr(answer.ipam_pool_allocation.as_ref().and_then(|one| one.cidr())),
            Err(refusal) => Err(self.no_room(refusal, wanted).await),
        }
    }

    async fn no_room(&self, refusal: Refusal, wanted: &BlockRequest<'_>) -> Error {
        if refusal.is_not_found() {
            return Error::NotFound { kind: Kind::Pool, id: wanted.pool.meta.id.clone() };
        }
        let is_about_space = refusal.is("InvalidParameterValue") || refusal.is("InsufficientCidrBlocks");
        let space = if is_about_space && !refusal.says("InvalidParameterValue", "current region") {
            self.pools().space(wanted.pool, wanted.cidr()).await
        } else {
            None
        };
        refusal.about(space)
    }

    pub(super) async fn create(&self, spec: &AllocationSpec, planned: &Planned) -> Result<Allocation> {
        let pool = self.pools().require(&spec.pool_id).await?;
        let nothing = BTreeSet::new();
        let wanted = match planned {
            // Only the block that the plan showed.
            Planned::Previewed { cidr, .. } => {
                BlockRequest { pool: &pool, size: Size::Cidr(*cidr), disallowed: &nothing }
            }
            _ => BlockRequest { pool: &pool, size: spec.size, disallowed: &spec.disallowed_cidrs },
        };
        wanted.check()?;
        check_tags(&spec.tags, &pool)?;
        let key = RequestKey::new(Kind::Allocation.into(), &spec.pool_id, &spec.name);
        // Without the queue, two allocations with the same name would both find the name free.
        let queue = self.aws.pending.queue(&format!("{} {}", key.parent, key.name));
        let _guard = queue.lock().await;
        if let Some(existing) = self.find(&spec.pool_id, &spec.name).await? {
            return Err(Error::NameTaken { existing: (&existing).into(), asked_by: None });
        }
        self.allocate(spec, &wanted, &key).await
    }

    async fn allocate(&self, spec: &AllocationSpec, wanted: &BlockRequest<'_>, key: &RequestKey) -> Result<Allocation> {
        let gone = || Error::NotFound { kind: Kind::Pool, id: spec.pool_id.clone() };
        let client = self.client(&spec.pool_id).await?.ok_or_else(gone)?;
        let length = if wanted.cidr().is_some() { None } else { wanted.netmask_length() };
        let all = tags::named(&spec.name, &spec.tags);
        let request = client
            .allocate_ipam_pool_cidr()
            .ipam_pool_id(&spec.pool_id)
            .set_cidr(wanted.cidr().map(|cidr| cidr.to_string()))
            .set_netmask_length(length.map(i32::from))
            .set_disallowed_cidrs(disallowed(wanted.disallowed).filter(|_| wanted.cidr().is_none()))
            .set_description(spec.description.clone())
            .tag_specifications(tags::specification(convert::tagged(Kind::Allocation), &all))
            .client_token(self.aws.pending.token(key));
        let answer = retry_concurrent(&self.aws.pace, || ask("AllocateIpamPoolCidr", request.clone().send())).await;
        self.aws.pending.answered(key, &answer);
        let answer = match answer {
            Ok(answer) => need(answer.ipam_pool_allocation, "allocation")?,
            Err(refusal) => return Err(self.no_room(refusal, wanted).await),
        };
        let mut made = convert::allocation(&answer, &spec.pool_id)?;
        self.aws.pending.allocated(&made.meta.id);
        if !wanted.is_answered_by(made.cidr) {
            return Err(self.release_unexpected(&made, wanted).await);
        }
        self.wait_until_listed(&made, &spec.pool_id).await;
        // The answer may leave out values that were requested and accepted.
        made.meta.name.clone_from(&spec.name);
        made.tags.clone_from(&spec.tags);
        made.description.clone_from(&spec.description);
        made.size = spec.size;
        made.disallowed_cidrs.clone_from(&spec.disallowed_cidrs);
        Ok(made)
    }

    /// The error when AWS allocated a block other than the requested one. The block is released again, so that nothing is
    /// left that is in no state.
    async fn release_unexpected(&self, made: &Allocation, wanted: &BlockRequest<'_>) -> Error {
        let gone = self.delete(&made.meta.id).await;
        let then = match gone {
            Ok(()) | Err(Error::Pending(_)) => "The provider released it again".to_owned(),
            Err(error) => {
                tracing::warn!(id = made.meta.id, ?error, "what was not asked for is still there");
                "The provider could not release it: release it by hand".to_owned()
            }
        };
        let words =
            format!("AWS was asked for {}, and answered with {} ({}). {then}", wanted.words(), made.cidr, made.meta.id);
        fault("AllocateIpamPoolCidr", "UnexpectedAnswer", words).into()
    }

    /// Waits until AWS lists the new allocation, so that the next read in this run or in the next run finds it. Failures
    /// are only logged, because the allocation exists in any case.
    async fn wait_until_listed(&self, made: &Allocation, pool_id: &str) {
        let (id, name) = (&made.meta.id, &made.meta.name);
        let unfinished = wait::unfinished(Kind::Allocation.into(), id, name);
        let listed = until(&self.aws.pace, unfinished, || async move {
            match self.get_in(pool_id, parts(id).0).await? {
                Some(_) => Ok(Progress::Ready(())),
                None => Ok(Progress::Wait("it is not listed yet".to_owned())),
            }
        });
        if let Err(error) = listed.await {
            tracing::warn!(id, ?error, "allocated, and AWS does not list it yet");
        }
    }

    /// The blocks that successive allocations of that size would get.
    pub(super) async fn next_blocks(
        &self,
        pool_id: &str,
        netmask_length: Option<u8>,
        disallowed: &[Cidr],
        count: usize,
    ) -> Result<Vec<Cidr>> {
        let pool = self.pools().require(pool_id).await?;
        let size = netmask_length.map_or(Size::Default, Size::NetmaskLength);
        let mut avoid: BTreeSet<Cidr> = disallowed.iter().copied().collect();
        let mut blocks = Vec::new();
        while blocks.len() < count {
            let wanted = BlockRequest { pool: &pool, size, disallowed: &avoid };
            wanted.check()?;
            match self.next_free(&wanted).await {
                Ok(block) => {
                    avoid.insert(block);
                    blocks.push(block);
                }
                // The pool has no more blocks of that size.
                Err(Error::Service(fault)) if fault.space.is_some() => break,
                Err(error) => return Err(error),
            }
        }
        Ok(blocks)
    }
}

fn disallowed(blocks: &BTreeSet<Cidr>) -> Option<Vec<String>> {
    (!blocks.is_empty()).then(|| blocks.iter().map(ToString::to_string).collect())
}
