//! Public ranges that the account brings to AWS: provisioned into IPAM pools or outside of IPAM, moved, advertised,
//! withdrawn.
//!
//! A range outside of IPAM is in the home Region. A range in a pool is advertised in the Region of the pool's locale.

use std::collections::BTreeSet;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types as ec2;

use crate::backend::service::{ByoipCidrNoun, ByoipCidrRecord, ByoipCidrSpec, Keeps};
use crate::ipam::{Cidr, Error, Kind, Pool, Proof, Result, Size, Unfinished};

use super::super::AwsIpam;
use super::super::convert::{composite, text};
use super::super::memory::Wish;
use super::super::said::{Refusal, ask, fault};
use super::super::wait::{Look, What, unfinished, until};
use super::Stage;
use super::byoasns::asn;

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
    unfinished(What::of::<ByoipCidrNoun>(), id, &cidr.to_string())
}

/// The place of a range.
struct Place {
    /// Region in which the range can be advertised; `None` if its pool has no locale.
    region: Option<String>,
    pool: Option<Pool>,
}

impl AwsIpam {
    pub(super) async fn raw_byoips(&self, client: &Client) -> Result<Vec<ec2::ByoipCidr>, Refusal> {
        let found = client.describe_byoip_cidrs().max_results(100).into_paginator().items().send();
        ask("DescribeByoipCidrs", found.try_collect()).await
    }

    /// The range. If AWS lists several entries, one that is not deprovisioned and has not failed is preferred.
    pub(super) async fn raw_byoip(&self, client: &Client, cidr: &Cidr) -> Result<Option<ec2::ByoipCidr>, Refusal> {
        let mut found = self.raw_byoips(client).await?;
        found.retain(|one| one.cidr().and_then(|text| text.parse().ok()) == Some(*cidr));
        found.sort_by_key(is_gone);
        Ok(found.into_iter().next())
    }

    /// The ranges in all Regions in which the account's IPAM may have pools, each with its Region.
    pub(super) async fn all_byoips(&self) -> Result<Vec<(String, ec2::ByoipCidr)>> {
        let found =
            ask("DescribeIpams", self.clients.home().describe_ipams().into_paginator().items().send().try_collect());
        let ipams: Vec<ec2::Ipam> = found.await?;
        let operating = ipams.iter().flat_map(ec2::Ipam::operating_regions);
        let mut regions: BTreeSet<String> =
            operating.filter_map(|region| region.region_name().map(str::to_owned)).collect();
        regions.insert(self.clients.home_region().to_owned());
        let mut all = Vec::new();
        for region in regions {
            let found = self.raw_byoips(&self.clients.in_region(&region)).await?;
            all.extend(found.into_iter().filter(|found| !is_gone(found)).map(|found| (region.clone(), found)));
        }
        Ok(all)
    }

    /// The place of a range; `None` if the pool does not exist.
    async fn place_of_range(&self, pool_id: Option<&str>) -> Result<Option<Place>> {
        let home = || self.clients.home_region().to_owned();
        let Some(pool_id) = pool_id else { return Ok(Some(Place { region: Some(home()), pool: None })) };
        let Some(pool) = self.pool(pool_id).await? else { return Ok(None) };
        let region = pool.locale.clone().map(|locale| if locale == "global" { home() } else { locale });
        Ok(Some(Place { region, pool: Some(pool) }))
    }

    async fn the_place(&self, pool_id: Option<&str>) -> Result<Place> {
        let place = self.place_of_range(pool_id).await?;
        let id = pool_id.unwrap_or_default().to_owned();
        place.ok_or(Error::NotFound { kind: Kind::Pool, id })
    }

    fn record(&self, cidr: &Cidr, place: &Place, found: Option<&ec2::ByoipCidr>) -> Result<ByoipCidrRecord> {
        let of_pool = place.pool.as_ref().map(|pool| pool.meta.id.clone());
        let pool_id = of_pool.or_else(|| found.and_then(ec2::ByoipCidr::ipam_pool_id).map(str::to_owned));
        let asns = found.into_iter().flat_map(ec2::ByoipCidr::asn_associations);
        Ok(ByoipCidrRecord {
            id: id_of(cidr, pool_id.as_deref()),
            cidr: *cidr,
            region: place.region.clone().unwrap_or_else(|| self.clients.home_region().to_owned()),
            pool_id,
            state: found.map_or_else(|| "provisioned".to_owned(), state),
            status_message: found.and_then(ec2::ByoipCidr::status_message).map(str::to_owned),
            description: text(found.and_then(ec2::ByoipCidr::description)),
            network_border_group: found.and_then(ec2::ByoipCidr::network_border_group).map(str::to_owned),
            advertisement_type: found.and_then(ec2::ByoipCidr::advertisement_type).map(str::to_owned),
            asns: asns.map(|one| asn(one.asn())).collect::<Result<_>>()?,
        })
    }

    async fn make_range(&self, spec: &ByoipCidrSpec) -> Result<ByoipCidrRecord> {
        let place = self.the_place(spec.pool_id.as_deref()).await?;
        let id = id_of(&spec.cidr, spec.pool_id.as_deref());
        let wish = Wish::new(What::of::<ByoipCidrNoun>(), self.clients.home_region(), &id);
        if self.memory.begun(&wish).is_none() {
            self.begin_range(spec, &place).await?;
            self.memory.begin(&wish, &id);
        }
        let made = self.finish_range(spec, &place, &id).await;
        if !matches!(made, Err(Error::Pending(_))) {
            self.memory.end(&wish);
        }
        made
    }

    async fn begin_range(&self, spec: &ByoipCidrSpec, place: &Place) -> Result<()> {
        let outside = self.raw_byoip(&self.clients.home(), &spec.cidr).await?.filter(|found| !is_gone(found));
        if let Some(found) = outside.filter(|found| spec.pool_id.is_none() || found.ipam_pool_id().is_none()) {
            let (cidr, state) = (&spec.cidr, state(&found));
            let words = format!(
                "{cidr} is already in this account, in the state {state}. Import it by its CIDR without \
                 `ipam_pool_id`. If you set `ipam_pool_id` afterwards, it moves into the pool."
            );
            return Err(fault("ProvisionByoipCidr", "AlreadyExists", words).into());
        }
        if let Some(pool) = &place.pool {
            let wish = Wish::new(Kind::PoolCidr.into(), &pool.meta.id, &spec.cidr.to_string());
            if self.memory.begun(&wish).is_none() {
                self.require_absent(pool, spec.cidr).await?;
            }
            return self
                .begin_pool_cidr(&pool.meta.id, Size::Cidr(spec.cidr), spec.proof.as_ref(), &wish)
                .await
                .map(drop);
        }
        let Some(Proof::Certificate { message, signature }) = &spec.proof else {
            let words = "outside of IPAM, AWS accepts a range only with a signed message";
            return Err(fault("ProvisionByoipCidr", "MissingParameter", words).into());
        };
        let context = ec2::CidrAuthorizationContext::builder().message(message).signature(signature).build();
        let client = self.clients.home();
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
            Err(refusal) => match self.raw_byoip(&client, &spec.cidr).await {
                Ok(Some(found)) if !is_gone(&found) => Ok(()),
                _ => Err(refusal.into()),
            },
        }
    }

    async fn finish_range(&self, spec: &ByoipCidrSpec, place: &Place, id: &str) -> Result<ByoipCidrRecord> {
        if let Some(pool) = &place.pool {
            let wish = Wish::new(Kind::PoolCidr.into(), &pool.meta.id, &spec.cidr.to_string());
            if let Some(cidr_id) = self.memory.begun(&wish) {
                self.provisioned(&pool.meta.id, &cidr_id, Size::Cidr(spec.cidr), &wish).await?;
            }
        }
        self.turn(spec, place, id, spec.asn.is_some()).await
    }

    /// Advertises or withdraws the range as requested. `renumber`: the AS number may have changed, which AWS does not
    /// report.
    async fn turn(&self, spec: &ByoipCidrSpec, place: &Place, id: &str, renumber: bool) -> Result<ByoipCidrRecord> {
        let Some(region) = &place.region else {
            if spec.advertise {
                let words = "its pool has no locale, and AWS advertises in one Region: use a pool with a locale";
                return Err(fault("AdvertiseByoipCidr", "NoLocale", words).into());
            }
            return self.record(&spec.cidr, place, None);
        };
        let client = &self.clients.in_region(region);
        let asked = &Wish::new(What::of::<ByoipCidrNoun>(), id, &format!("{} {:?}", spec.advertise, spec.asn));
        let turned = until(&self.pace, unfinished_range(id, &spec.cidr), || async move {
            let Some(found) = self.raw_byoip(client, &spec.cidr).await? else {
                return Ok(Look::Wait("it is not listed yet".to_owned()));
            };
            match stage(&found) {
                Stage::Moving => return Ok(Look::Wait(state(&found))),
                Stage::Failed(why) => return Err(fault("ProvisionByoipCidr", "failed-provision", why).into()),
                Stage::Gone => return Ok(Look::Wait("its last entry is still the old one".to_owned())),
                Stage::Usable => {}
            }
            let is_advertised = found.state() == Some(&ec2::ByoipCidrState::Advertised);
            let was_asked = self.memory.begun(asked).is_some();
            let is_right = is_advertised == spec.advertise && (!(spec.advertise && renumber) || was_asked);
            if is_right {
                return Ok(Look::Ready(self.record(&spec.cidr, place, Some(&found))?));
            }
            if was_asked {
                return Ok(Look::Wait(format!("its state is still {}", state(&found))));
            }
            self.ask_to_turn(client, spec, renumber, asked).await
        })
        .await;
        if !matches!(turned, Err(Error::Pending(_))) {
            self.memory.end(asked);
        }
        turned
    }

    async fn ask_to_turn(
        &self,
        client: &Client,
        spec: &ByoipCidrSpec,
        renumber: bool,
        asked: &Wish,
    ) -> Result<Look<ByoipCidrRecord>> {
        let queue = self.memory.queue(ADVERTISING);
        let _turn = queue.lock().await;
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
            Ok(()) => self.memory.begin(asked, "asked"),
            Err(refusal) if is_too_soon(&refusal) => return Ok(Look::Wait(TOO_SOON.to_owned())),
            Err(refusal) => return Err(refusal.into()),
        }
        Ok(Look::Wait("AWS has accepted the request".to_owned()))
    }

    async fn change_range(&self, before: &ByoipCidrSpec, after: &ByoipCidrSpec) -> Result<ByoipCidrRecord> {
        let place = self.the_place(after.pool_id.as_deref()).await?;
        let id = id_of(&after.cidr, after.pool_id.as_deref());
        if before.pool_id.is_none()
            && let Some(pool) = &place.pool
        {
            self.move_range(after, pool, &id).await?;
        }
        self.turn(after, &place, &id, before.asn != after.asn).await
    }

    /// Moves a range that is outside of IPAM into the pool.
    async fn move_range(&self, spec: &ByoipCidrSpec, pool: &Pool, id: &str) -> Result<()> {
        let (action, cidr) = ("MoveByoipCidrToIpam", spec.cidr.to_string());
        let in_pool = || async {
            let found = self.present_raw_cidrs(&pool.meta.id).await?;
            Ok::<_, Error>(found.into_iter().find(|one| one.cidr() == Some(cidr.as_str())))
        };
        if in_pool().await?.is_none() {
            let owner = spec.pool_owner.as_ref().unwrap_or(&pool.meta.owner);
            let client = self.clients.home();
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
        until(&self.pace, unfinished_range(id, &spec.cidr), || async {
            use ec2::IpamPoolCidrState as State;
            let all = self.raw_pool_cidrs(&pool.meta.id).await?.unwrap_or_default();
            let last = all.iter().rfind(|one| one.cidr() == Some(cidr.as_str()));
            match last.and_then(ec2::IpamPoolCidr::state) {
                Some(State::Provisioned) => Ok(Look::Ready(())),
                Some(State::FailedImport) => {
                    let why = last.and_then(ec2::IpamPoolCidr::failure_reason).and_then(|reason| reason.message());
                    Err(fault(action, "failed-import", why.unwrap_or("AWS gave no reason")).into())
                }
                state => Ok(Look::Wait(state.map_or("it is not listed yet", |state| state.as_str()).to_owned())),
            }
        })
        .await
    }

    async fn range(&self, id: &str) -> Result<Option<ByoipCidrRecord>> {
        let (cidr, pool_id) = parts(id)?;
        let Some(place) = self.place_of_range(pool_id).await? else { return Ok(None) };
        let found = match &place.region {
            Some(region) => self.raw_byoip(&self.clients.in_region(region), &cidr).await?,
            None => None,
        };
        let found = found.filter(|found| !is_gone(found));
        let is_there = match &place.pool {
            Some(pool) => self.present_cidrs(&pool.meta.id).await?.contains(&cidr),
            None => found.is_some(),
        };
        is_there.then(|| self.record(&cidr, &place, found.as_ref())).transpose()
    }

    async fn drop_range(&self, id: &str) -> Result<()> {
        let (cidr, pool_id) = parts(id)?;
        let Some(place) = self.place_of_range(pool_id).await? else { return Ok(()) };
        if let Some(region) = &place.region {
            self.withdraw(&self.clients.in_region(region), &cidr, id).await?;
        }
        let Some(pool) = &place.pool else { return self.deprovision(&cidr, id).await };
        for found in self.raw_pool_cidrs(&pool.meta.id).await?.unwrap_or_default() {
            if found.cidr().and_then(|text| text.parse().ok()) == Some(cidr) {
                self.take_cidr(pool, &found).await?;
            }
        }
        Ok(())
    }

    /// Withdraws the range, because AWS does not deprovision a range that it advertises.
    async fn withdraw(&self, client: &Client, cidr: &Cidr, id: &str) -> Result<()> {
        use ec2::ByoipCidrState as State;
        until(&self.pace, unfinished_range(id, cidr), || async move {
            let found = self.raw_byoip(client, cidr).await?;
            match found.as_ref().and_then(ec2::ByoipCidr::state) {
                Some(State::Advertised) => {
                    let queue = self.memory.queue(ADVERTISING);
                    let _turn = queue.lock().await;
                    let request = client.withdraw_byoip_cidr().cidr(cidr.to_string());
                    match ask("WithdrawByoipCidr", request.send()).await {
                        Ok(_) => Ok(Look::Wait("AWS has accepted the request to withdraw it".to_owned())),
                        Err(refusal) if is_too_soon(&refusal) => Ok(Look::Wait(TOO_SOON.to_owned())),
                        // The read was late: the range is already being withdrawn.
                        Err(refusal) if refusal.is("IncorrectState") => {
                            Ok(Look::Wait("its state is changing".to_owned()))
                        }
                        Err(refusal) => Err(refusal.into()),
                    }
                }
                Some(State::PendingAdvertising | State::PendingWithdrawal | State::PendingProvision) => {
                    Ok(Look::Wait(found.as_ref().map(state).unwrap_or_default()))
                }
                _ => Ok(Look::Ready(())),
            }
        })
        .await
    }

    async fn deprovision(&self, cidr: &Cidr, id: &str) -> Result<()> {
        let (client, action) = (&self.clients.home(), "DeprovisionByoipCidr");
        let found = self.raw_byoip(client, cidr).await?;
        if found.is_some_and(|found| matches!(stage(&found), Stage::Usable | Stage::Failed(_)) && !is_gone(&found)) {
            ask(action, client.deprovision_byoip_cidr().cidr(cidr.to_string()).send()).await?;
        }
        until(&self.pace, unfinished_range(id, cidr), || async move {
            match self.raw_byoip(client, cidr).await? {
                None => Ok(Look::Ready(())),
                Some(found) if is_gone(&found) => Ok(Look::Ready(())),
                Some(found) => match stage(&found) {
                    Stage::Failed(why) => Err(fault(action, "failed-deprovision", why).into()),
                    _ => Ok(Look::Wait(state(&found))),
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

impl Keeps<ByoipCidrNoun> for AwsIpam {
    fn create(&self, spec: &ByoipCidrSpec) -> Result<ByoipCidrRecord> {
        self.run(self.make_range(spec))
    }

    fn get(&self, id: &str) -> Result<Option<ByoipCidrRecord>> {
        self.run(self.range(id))
    }

    fn list(&self) -> Result<Vec<ByoipCidrRecord>> {
        self.run(async {
            let mut all = Vec::new();
            for (region, found) in self.all_byoips().await? {
                let Ok(cidr) = found.cidr().unwrap_or_default().parse() else { continue };
                let place = Place { region: Some(region), pool: None };
                all.push(self.record(&cidr, &place, Some(&found))?);
            }
            Ok(all)
        })
    }

    fn update(&self, _id: &str, before: &ByoipCidrSpec, after: &ByoipCidrSpec) -> Result<ByoipCidrRecord> {
        self.run(self.change_range(before, after))
    }

    fn delete(&self, id: &str, _spec: &ByoipCidrSpec) -> Result<()> {
        self.run(self.drop_range(id))
    }
}
