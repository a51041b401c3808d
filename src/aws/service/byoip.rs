//! Public ranges that the account brings to AWS: provisioned into IPAM pools or outside of IPAM, moved, advertised,
//! withdrawn.
//!
//! A range outside of IPAM is in the home Region. A range in a pool is advertised in the Region of the pool's locale.

use std::collections::BTreeSet;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types as ec2;

use crate::backend::service::{ByoipCidrNoun, ByoipCidrRecord, ByoipCidrSpec};
use crate::ipam::{Cidr, Error, Kind, Pool, Proof, Result, Size, Unfinished};

use super::super::connection::Connection;
use super::super::convert::{asn, composite, text};
use super::super::pending::RequestKey;
use super::super::pool::Pools;
use super::super::pool_cidr::PoolCidrs;
use super::super::response::{Refusal, ask, fault};
use super::super::wait::{ObjectKind, Progress, Stage, unfinished, until};
use super::keeper::AsyncKeeps;

/// The word for the AS number of Amazon.
const AMAZON: &str = "AWS";
/// The queue for calls that advertise or withdraw, which are made one at a time: AWS requires ten seconds between two
/// calls.
const ADVERTISING: &str = "advertising";

fn id_of(cidr: &Cidr, pool_id: Option<&str>) -> String {
    pool_id.map_or_else(|| cidr.to_string(), |pool_id| composite(&cidr.to_string(), pool_id))
}

/// The parts of an ID: `<cidr>` or `<cidr>_<pool>`.
fn parts(id: &str) -> Result<(Cidr, Option<&str>)> {
    let (cidr, pool_id) = super::super::convert::parts(id);
    let malformed = |why: String| fault("DescribeByoipCidrs", "MalformedId", format!("{id:?}: {why}"));
    Ok((cidr.parse().map_err(malformed)?, pool_id))
}

fn stage(found: &ec2::ByoipCidr) -> Stage {
    Stage::of_brought(found.state().map(ec2::ByoipCidrState::as_str), found.status_message())
}

fn is_gone(found: &ec2::ByoipCidr) -> bool {
    use ec2::ByoipCidrState as State;
    matches!(found.state(), Some(State::Deprovisioned | State::FailedProvision))
}

fn state(found: &ec2::ByoipCidr) -> String {
    found.state().map_or("provisioned", |state| state.as_str()).to_owned()
}

fn unfinished_range(id: &str, cidr: &Cidr) -> impl Fn(String) -> Unfinished + use<> {
    unfinished(ObjectKind::of::<ByoipCidrNoun>(), id, &cidr.to_string())
}

/// The pool or the Region that has a range.
struct RangeLocation {
    /// Region in which the range can be advertised; `None` if its pool has no locale.
    region: Option<String>,
    pool: Option<Pool>,
}

/// The ranges that the account brought.
#[derive(Clone, Copy)]
pub(in crate::aws) struct ByoipCidrs<'a> {
    pub(in crate::aws) aws: &'a Connection,
}

impl<'a> ByoipCidrs<'a> {
    const fn pools(&self) -> Pools<'a> {
        Pools { aws: self.aws }
    }

    const fn pool_cidrs(&self) -> PoolCidrs<'a> {
        PoolCidrs { aws: self.aws }
    }

    /// The ranges in the Region of the client.
    async fn describe_in(&self, client: &Client) -> Result<Vec<ec2::ByoipCidr>, Refusal> {
        let found = client.describe_byoip_cidrs().max_results(100).into_paginator().items().send();
        ask("DescribeByoipCidrs", found.try_collect()).await
    }

    /// The range. If AWS lists several entries, one that is not deprovisioned and has not failed is preferred.
    pub(super) async fn describe(&self, client: &Client, cidr: &Cidr) -> Result<Option<ec2::ByoipCidr>, Refusal> {
        let mut found = self.describe_in(client).await?;
        found.retain(|one| one.cidr().and_then(|text| text.parse().ok()) == Some(*cidr));
        found.sort_by_key(is_gone);
        Ok(found.into_iter().next())
    }

    /// The ranges in all Regions in which the account's IPAM may have pools, each with its Region.
    pub(super) async fn describe_all(&self) -> Result<Vec<(String, ec2::ByoipCidr)>> {
        let found = ask(
            "DescribeIpams",
            self.aws.clients.home().describe_ipams().into_paginator().items().send().try_collect(),
        );
        let ipams: Vec<ec2::Ipam> = found.await?;
        let operating = ipams.iter().flat_map(ec2::Ipam::operating_regions);
        let mut regions: BTreeSet<String> =
            operating.filter_map(|region| region.region_name().map(str::to_owned)).collect();
        regions.insert(self.aws.clients.home_region().to_owned());
        let mut all = Vec::new();
        for region in regions {
            let found = self.describe_in(&self.aws.clients.in_region(&region)).await?;
            all.extend(found.into_iter().filter(|found| !is_gone(found)).map(|found| (region.clone(), found)));
        }
        Ok(all)
    }

    /// The pool or the Region of a range; `None` if the pool does not exist.
    async fn location(&self, pool_id: Option<&str>) -> Result<Option<RangeLocation>> {
        let home = || self.aws.clients.home_region().to_owned();
        let Some(pool_id) = pool_id else { return Ok(Some(RangeLocation { region: Some(home()), pool: None })) };
        let Some(pool) = self.pools().get(pool_id).await? else { return Ok(None) };
        let region = pool.locale.clone().map(|locale| if locale == "global" { home() } else { locale });
        Ok(Some(RangeLocation { region, pool: Some(pool) }))
    }

    fn record(&self, cidr: &Cidr, location: &RangeLocation, found: Option<&ec2::ByoipCidr>) -> Result<ByoipCidrRecord> {
        let of_pool = location.pool.as_ref().map(|pool| pool.meta.id.clone());
        let pool_id = of_pool.or_else(|| found.and_then(ec2::ByoipCidr::ipam_pool_id).map(str::to_owned));
        let asns = found.into_iter().flat_map(ec2::ByoipCidr::asn_associations);
        Ok(ByoipCidrRecord {
            id: id_of(cidr, pool_id.as_deref()),
            cidr: *cidr,
            region: location.region.clone().unwrap_or_else(|| self.aws.clients.home_region().to_owned()),
            pool_id,
            state: found.map_or_else(|| "provisioned".to_owned(), state),
            status_message: found.and_then(ec2::ByoipCidr::status_message).map(str::to_owned),
            description: text(found.and_then(ec2::ByoipCidr::description)),
            network_border_group: found.and_then(ec2::ByoipCidr::network_border_group).map(str::to_owned),
            advertisement_type: found.and_then(ec2::ByoipCidr::advertisement_type).map(str::to_owned),
            asns: asns.map(|one| asn(one.asn())).collect::<Result<_>>()?,
        })
    }

    async fn begin(&self, spec: &ByoipCidrSpec, location: &RangeLocation) -> Result<()> {
        let outside = self.describe(&self.aws.clients.home(), &spec.cidr).await?.filter(|found| !is_gone(found));
        if let Some(found) = outside.filter(|found| spec.pool_id.is_none() || found.ipam_pool_id().is_none()) {
            let (cidr, state) = (&spec.cidr, state(&found));
            let words = format!(
                "{cidr} is already in this account, in the state {state}. Import it by its CIDR without \
                 `ipam_pool_id`. If you set `ipam_pool_id` afterwards, it moves into the pool."
            );
            return Err(fault("ProvisionByoipCidr", "AlreadyExists", words).into());
        }
        if let Some(pool) = &location.pool {
            let key = RequestKey::new(Kind::PoolCidr.into(), &pool.meta.id, &spec.cidr.to_string());
            if self.aws.pending.begun(&key).is_none() {
                self.pool_cidrs().require_absent(pool, spec.cidr).await?;
            }
            let (size, proof) = (Size::Cidr(spec.cidr), spec.proof.as_ref());
            return self.pool_cidrs().begin(&pool.meta.id, size, proof, &key).await.map(drop);
        }
        let Some(Proof::Certificate { message, signature }) = &spec.proof else {
            let words = "outside of IPAM, AWS accepts a range only with a signed message";
            return Err(fault("ProvisionByoipCidr", "MissingParameter", words).into());
        };
        let context = ec2::CidrAuthorizationContext::builder().message(message).signature(signature).build();
        let client = self.aws.clients.home();
        let request = client
            .provision_byoip_cidr()
            .cidr(spec.cidr.to_string())
            .cidr_authorization_context(context)
            .set_description(spec.description.clone())
            .set_publicly_advertisable(spec.publicly_advertisable)
            .set_network_border_group(spec.network_border_group.clone());
        match ask("ProvisionByoipCidr", request.send()).await {
            Ok(_) => Ok(()),
            // The call has no client token, and may have been carried out although its answer was lost.
            Err(refusal) => match self.describe(&client, &spec.cidr).await {
                Ok(Some(found)) if !is_gone(&found) => Ok(()),
                _ => Err(refusal.into()),
            },
        }
    }

    /// Advertises or withdraws the range as requested. `renumber`: the AS number may have changed, which AWS does not
    /// report.
    async fn set_advertised(
        &self,
        spec: &ByoipCidrSpec,
        location: &RangeLocation,
        id: &str,
        renumber: bool,
    ) -> Result<ByoipCidrRecord> {
        let Some(region) = &location.region else {
            if spec.advertise {
                let words = "its pool has no locale, and AWS advertises in one Region: use a pool with a locale";
                return Err(fault("AdvertiseByoipCidr", "NoLocale", words).into());
            }
            return self.record(&spec.cidr, location, None);
        };
        let client = &self.aws.clients.in_region(region);
        let asked =
            &RequestKey::new(ObjectKind::of::<ByoipCidrNoun>(), id, &format!("{} {:?}", spec.advertise, spec.asn));
        let done = until(&self.aws.pace, unfinished_range(id, &spec.cidr), || async move {
            let Some(found) = self.describe(client, &spec.cidr).await? else {
                return Ok(Progress::Wait("it is not listed yet".to_owned()));
            };
            match stage(&found) {
                Stage::Moving => return Ok(Progress::Wait(state(&found))),
                Stage::Failed(why) => return Err(fault("ProvisionByoipCidr", "failed-provision", why).into()),
                Stage::Gone => return Ok(Progress::Wait("its last entry is still the old one".to_owned())),
                Stage::Usable => {}
            }
            let is_advertised = found.state() == Some(&ec2::ByoipCidrState::Advertised);
            let was_asked = self.aws.pending.begun(asked).is_some();
            let is_right = is_advertised == spec.advertise && (!(spec.advertise && renumber) || was_asked);
            if is_right {
                return Ok(Progress::Ready(self.record(&spec.cidr, location, Some(&found))?));
            }
            if was_asked {
                return Ok(Progress::Wait(format!("its state is still {}", state(&found))));
            }
            self.request_advertisement(client, spec, renumber, asked).await
        })
        .await;
        self.aws.pending.finished(asked, &done);
        done
    }

    async fn request_advertisement(
        &self,
        client: &Client,
        spec: &ByoipCidrSpec,
        renumber: bool,
        asked: &RequestKey,
    ) -> Result<Progress<ByoipCidrRecord>> {
        let queue = self.aws.pending.queue(ADVERTISING);
        let _guard = queue.lock().await;
        let cidr = spec.cidr.to_string();
        let answer = if spec.advertise {
            let number = spec.asn.map(|asn| asn.to_string());
            let number = number.or_else(|| renumber.then(|| AMAZON.to_owned()));
            let request = client.advertise_byoip_cidr().cidr(cidr).set_asn(number);
            ask("AdvertiseByoipCidr", request.send()).await.map(drop)
        } else {
            ask("WithdrawByoipCidr", client.withdraw_byoip_cidr().cidr(cidr).send()).await.map(drop)
        };
        match answer {
            Ok(()) => self.aws.pending.begin(asked, "asked"),
            Err(refusal) if is_too_soon(&refusal) => return Ok(Progress::Wait(TOO_SOON.to_owned())),
            Err(refusal) => return Err(refusal.into()),
        }
        Ok(Progress::Wait("AWS has accepted the request".to_owned()))
    }

    /// Moves a range that is outside of IPAM into the pool.
    async fn move_into_pool(&self, spec: &ByoipCidrSpec, pool: &Pool, id: &str) -> Result<()> {
        let (action, cidr) = ("MoveByoipCidrToIpam", spec.cidr.to_string());
        let in_pool = || async {
            let found = self.pools().describe_present_cidrs(&pool.meta.id).await?;
            Ok::<_, Error>(found.into_iter().find(|one| one.cidr() == Some(cidr.as_str())))
        };
        if in_pool().await?.is_none() {
            let owner = spec.pool_owner.as_ref().unwrap_or(&pool.meta.owner);
            let client = self.aws.clients.home();
            let request =
                client.move_byoip_cidr_to_ipam().cidr(&cidr).ipam_pool_id(&pool.meta.id).ipam_pool_owner(owner);
            let refused = ask(action, request.send()).await.err();
            // As for provisioning, the answer may have been lost.
            if let Some(refusal) = refused
                && in_pool().await?.is_none()
            {
                return Err(refusal.into());
            }
        }
        until(&self.aws.pace, unfinished_range(id, &spec.cidr), || async {
            use ec2::IpamPoolCidrState as State;
            let all = self.pools().describe_cidrs(&pool.meta.id).await?.unwrap_or_default();
            let last = all.iter().rfind(|one| one.cidr() == Some(cidr.as_str()));
            match last.and_then(ec2::IpamPoolCidr::state) {
                Some(State::Provisioned) => Ok(Progress::Ready(())),
                Some(State::FailedImport) => {
                    let why = last.and_then(ec2::IpamPoolCidr::failure_reason).and_then(|reason| reason.message());
                    Err(fault(action, "failed-import", why.unwrap_or("AWS gave no reason")).into())
                }
                state => Ok(Progress::Wait(state.map_or("it is not listed yet", |state| state.as_str()).to_owned())),
            }
        })
        .await
    }

    /// Withdraws the range, because AWS does not deprovision a range that it advertises.
    async fn withdraw(&self, client: &Client, cidr: &Cidr, id: &str) -> Result<()> {
        use ec2::ByoipCidrState as State;
        until(&self.aws.pace, unfinished_range(id, cidr), || async move {
            let found = self.describe(client, cidr).await?;
            match found.as_ref().and_then(ec2::ByoipCidr::state) {
                Some(State::Advertised) => {
                    let queue = self.aws.pending.queue(ADVERTISING);
                    let _guard = queue.lock().await;
                    let request = client.withdraw_byoip_cidr().cidr(cidr.to_string());
                    match ask("WithdrawByoipCidr", request.send()).await {
                        Ok(_) => Ok(Progress::Wait("AWS has accepted the request to withdraw it".to_owned())),
                        Err(refusal) if is_too_soon(&refusal) => Ok(Progress::Wait(TOO_SOON.to_owned())),
                        // The read was late: the range is already being withdrawn.
                        Err(refusal) if refusal.is("IncorrectState") => {
                            Ok(Progress::Wait("its state is changing".to_owned()))
                        }
                        Err(refusal) => Err(refusal.into()),
                    }
                }
                Some(State::PendingAdvertising | State::PendingWithdrawal | State::PendingProvision) => {
                    Ok(Progress::Wait(found.as_ref().map(state).unwrap_or_default()))
                }
                _ => Ok(Progress::Ready(())),
            }
        })
        .await
    }

    async fn deprovision(&self, cidr: &Cidr, id: &str) -> Result<()> {
        let (client, action) = (&self.aws.clients.home(), "DeprovisionByoipCidr");
        let found = self.describe(client, cidr).await?;
        if found.is_some_and(|found| matches!(stage(&found), Stage::Usable | Stage::Failed(_)) && !is_gone(&found)) {
            ask(action, client.deprovision_byoip_cidr().cidr(cidr.to_string()).send()).await?;
        }
        until(&self.aws.pace, unfinished_range(id, cidr), || async move {
            match self.describe(client, cidr).await? {
                None => Ok(Progress::Ready(())),
                Some(found) if is_gone(&found) => Ok(Progress::Ready(())),
                Some(found) => match stage(&found) {
                    Stage::Failed(why) => Err(fault(action, "failed-deprovision", why).into()),
                    _ => Ok(Progress::Wait(state(&found))),
                },
            }
        })
        .await
    }
}

const TOO_SOON: &str = "AWS accepts one call to advertise or withdraw every ten seconds";

/// AWS reports this with the error code for throttling.
fn is_too_soon(refusal: &Refusal) -> bool {
    refusal.is("RequestLimitExceeded") || refusal.is("EC2ThrottledException")
}

fn no_pool(pool_id: Option<&str>) -> Error {
    Error::NotFound { kind: Kind::Pool, id: pool_id.unwrap_or_default().to_owned() }
}

impl AsyncKeeps<ByoipCidrNoun> for ByoipCidrs<'_> {
    async fn create(&self, spec: &ByoipCidrSpec) -> Result<ByoipCidrRecord> {
        let pool_id = spec.pool_id.as_deref();
        let location = self.location(pool_id).await?.ok_or_else(|| no_pool(pool_id))?;
        let id = id_of(&spec.cidr, pool_id);
        let pending = &self.aws.pending;
        let key = RequestKey::new(ObjectKind::of::<ByoipCidrNoun>(), self.aws.clients.home_region(), &id);
        if pending.begun(&key).is_none() {
            self.begin(spec, &location).await?;
            pending.begin(&key, &id);
        }
        let made = async {
            if let Some(pool) = &location.pool {
                let key = RequestKey::new(Kind::PoolCidr.into(), &pool.meta.id, &spec.cidr.to_string());
                if let Some(cidr_id) = pending.begun(&key) {
                    let size = Size::Cidr(spec.cidr);
                    self.pool_cidrs().wait_until_provisioned(&pool.meta.id, &cidr_id, size, &key).await?;
                }
            }
            self.set_advertised(spec, &location, &id, spec.asn.is_some()).await
        }
        .await;
        pending.finished(&key, &made);
        made
    }

    async fn get(&self, id: &str) -> Result<Option<ByoipCidrRecord>> {
        let (cidr, pool_id) = parts(id)?;
        let Some(location) = self.location(pool_id).await? else { return Ok(None) };
        let found = match &location.region {
            Some(region) => self.describe(&self.aws.clients.in_region(region), &cidr).await?,
            None => None,
        };
        let found = found.filter(|found| !is_gone(found));
        let is_there = match &location.pool {
            Some(pool) => self.pools().present_cidrs(&pool.meta.id).await?.contains(&cidr),
            None => found.is_some(),
        };
        is_there.then(|| self.record(&cidr, &location, found.as_ref())).transpose()
    }

    async fn list(&self) -> Result<Vec<ByoipCidrRecord>> {
        let mut all = Vec::new();
        for (region, found) in self.describe_all().await? {
            let Ok(cidr) = found.cidr().unwrap_or_default().parse() else { continue };
            let location = RangeLocation { region: Some(region), pool: None };
            all.push(self.record(&cidr, &location, Some(&found))?);
        }
        Ok(all)
    }

    async fn update(&self, _id: &str, before: &ByoipCidrSpec, after: &ByoipCidrSpec) -> Result<ByoipCidrRecord> {
        let pool_id = after.pool_id.as_deref();
        let location = self.location(pool_id).await?.ok_or_else(|| no_pool(pool_id))?;
        let id = id_of(&after.cidr, pool_id);
        if before.pool_id.is_none()
            && let Some(pool) = &location.pool
        {
            self.move_into_pool(after, pool, &id).await?;
        }
        self.set_advertised(after, &location, &id, before.asn != after.asn).await
    }

    async fn delete(&self, id: &str, _spec: &ByoipCidrSpec) -> Result<()> {
        let (cidr, pool_id) = parts(id)?;
        let Some(location) = self.location(pool_id).await? else { return Ok(()) };
        if let Some(region) = &location.region {
            self.withdraw(&self.aws.clients.in_region(region), &cidr, id).await?;
        }
        let Some(pool) = &location.pool else { return self.deprovision(&cidr, id).await };
        for found in self.pools().describe_cidrs(&pool.meta.id).await?.unwrap_or_default() {
            if found.cidr().and_then(|text| text.parse().ok()) == Some(cidr) {
                self.pool_cidrs().deprovision(pool, &found).await?;
            }
        }
        Ok(())
    }
}
