//! Creation of pools.

use std::collections::BTreeSet;

use aws_sdk_ec2::types as ec2;

use crate::ipam::{Cidr, Error, Family, Kind, Planned, Pool, PoolSpec, Provision, Result, Size, Strategy, Unsupported};

use super::convert::{self, need};
use super::pending::RequestKey;
use super::pool::{Pools, unfinished};
use super::pool_cidr::PoolCidrs;
use super::response::{ask, fault};
use super::tags;
use super::wait::{Progress, retry_concurrent, until};

/// The scope and the source pool of a new pool, and the values that it takes from them.
pub(super) struct PoolPosition {
    pub(super) scope_id: String,
    pub(super) source: Option<Pool>,
    pub(super) family: Family,
    locale: Option<String>,
}

impl PoolPosition {
    pub(super) fn parent(&self) -> &str {
        self.source.as_ref().map_or(&self.scope_id, |source| &source.meta.id)
    }
}

impl Pools<'_> {
    pub(super) async fn create(&self, spec: &PoolSpec, planned: &Planned) -> Result<Pool> {
        if spec.strategy != Strategy::default() {
            return Err(Error::Unsupported { what: Unsupported::Strategies });
        }
        let position = self.position(spec).await?;
        let key = RequestKey::new(Kind::Pool.into(), position.parent(), &spec.name);
        let queue = self.aws.pending.queue(position.parent());
        let guard = queue.lock().await;
        let id = match self.aws.pending.begun(&key) {
            Some(id) => id,
            None => self.begin(spec, &position, &key).await?,
        };
        let made = self.wait_until_usable(&id, &spec.name, true).await;
        // The contents of the new pool do not concern its neighbours.
        drop(guard);
        let made = match made {
            Ok(_) => self.provision(&id, &spec.provision, planned.block()).await,
            Err(error) => Err(error),
        };
        self.aws.pending.finished(&key, &made);
        if made.as_ref().is_err_and(|error| !matches!(error, Error::Pending(_))) {
            self.undo_create(&id, &spec.name).await;
        }
        made
    }

    pub(super) async fn position(&self, spec: &PoolSpec) -> Result<PoolPosition> {
        let source = match &spec.source_pool_id {
            Some(id) => Some(self.require(id).await?),
            None => None,
        };
        let of_cidrs = match &spec.provision {
            Provision::Cidrs(cidrs) => cidrs.first().map(Cidr::family),
            _ => None,
        };
        let above = source.as_ref().map(|source| source.address_family);
        let family = spec.address_family.or(above).or(of_cidrs).ok_or(Error::NoFamily)?;
        if let Some(expected) = above.filter(|above| *above != family) {
            return Err(Error::FamilyMismatch { cidr: None, expected, found: family });
        }
        let Some(source) = source else {
            let scope_id = match &spec.scope_id {
                Some(id) => id.clone(),
                None => self.aws.ipam().await?.private_scope.clone(),
            };
            return Ok(PoolPosition { scope_id, source: None, family, locale: spec.locale.clone() });
        };
        if let Some(asked) = spec.scope_id.clone().filter(|asked| *asked != source.scope_id) {
            let (source_pool_id, source_scope_id) = (source.meta.id, source.scope_id);
            return Err(Error::ScopeMismatch { source_pool_id, source_scope_id, asked });
        }
        if let (Some(above), Some(asked)) = (&source.locale, &spec.locale)
            && above != asked
        {
            let (source_locale, asked) = (above.clone(), asked.clone());
            return Err(Error::LocaleMismatch { source_pool_id: source.meta.id, source_locale, asked });
        }
        let locale = spec.locale.clone().or_else(|| source.locale.clone());
        Ok(PoolPosition { scope_id: source.scope_id.clone(), source: Some(source), family, locale })
    }

    async fn begin(&self, spec: &PoolSpec, position: &PoolPosition, key: &RequestKey) -> Result<String> {
        if let Some(existing) = self.namesake(position.parent(), &spec.name, None).await? {
            return Err(Error::NameTaken { existing: (&existing).into(), asked_by: None });
        }
        let mut all = tags::named(&spec.name, &spec.tags);
        let cidrs = match &spec.provision {
            Provision::Cidrs(cidrs) => cidrs.clone(),
            _ => BTreeSet::new(),
        };
        tags::mark(&mut all, &spec.provision, &cidrs);
        let family = match position.family {
            Family::Ipv4 => ec2::AddressFamily::Ipv4,
            Family::Ipv6 => ec2::AddressFamily::Ipv6,
        };
        let special = &spec.special;
        let required = spec.rules.required_tags.iter();
        let required: Vec<_> =
            required.map(|(key, value)| ec2::RequestIpamResourceTag::builder().key(key).value(value).build()).collect();
        let request = self
            .aws
            .clients
            .home()
            .create_ipam_pool()
            .ipam_scope_id(&position.scope_id)
            .set_source_ipam_pool_id(spec.source_pool_id.clone())
            .address_family(family)
            .set_locale(position.locale.clone())
            .set_description(spec.description.clone())
            .set_allocation_min_netmask_length(spec.rules.min_netmask_length.map(i32::from))
            .set_allocation_max_netmask_length(spec.rules.max_netmask_length.map(i32::from))
            .set_allocation_default_netmask_length(spec.rules.default_netmask_length.map(i32::from))
            .set_allocation_resource_tags(Some(required).filter(|required| !required.is_empty()))
            .set_source_resource(special.source_resource.as_ref().map(convert::source_resource))
            .set_public_ip_source(special.public_ip_source.map(|source| source.to_string().as_str().into()))
            .set_aws_service(special.aws_service.map(|service| service.to_string().as_str().into()))
            .set_publicly_advertisable(special.publicly_advertisable)
            .set_auto_import(special.auto_import.then_some(true))
            .tag_specifications(tags::specification(convert::tagged(Kind::Pool), &all))
            .client_token(self.aws.pending.token(key));
        let answer = retry_concurrent(&self.aws.pace, || ask("CreateIpamPool", request.clone().send())).await;
        self.aws.pending.answered(key, &answer);
        let answer = answer.map_err(|refusal| refusal.adding(&convert::about_resource(special)))?;
        let id = need(answer.ipam_pool.and_then(|pool| pool.ipam_pool_id), "pool id")?;
        self.aws.pending.begin(key, &id);
        Ok(id)
    }

    /// Waits until the pool can be used. A `new` pool may not be listed yet.
    pub(super) async fn wait_until_usable(&self, id: &str, name: &str, new: bool) -> Result<ec2::IpamPool> {
        use ec2::IpamPoolState as State;
        until(&self.aws.pace, unfinished(id, name), || async move {
            let found = match self.describe(id).await? {
                Some(found) => found,
                None if new => return Ok(Progress::Wait("it is not listed yet".to_owned())),
                None => return Err(Error::NotFound { kind: Kind::Pool, id: id.to_owned() }),
            };
            match found.state() {
                Some(State::CreateComplete | State::ModifyComplete) | None => Ok(Progress::Ready(found)),
                Some(state @ (State::CreateInProgress | State::ModifyInProgress | State::RestoreInProgress)) => {
                    Ok(Progress::Wait(format!("its state is {state}")))
                }
                Some(state) => {
                    let why = found.state_message().unwrap_or("AWS gave no reason");
                    let words = format!("pool {id} is in the state {state}: {why}");
                    Err(fault("DescribeIpamPools", state.as_str(), words).into())
                }
            }
        })
        .await
    }

    /// Provisions the parts of the pool's declaration that are missing. `shown` is the block that the plan showed for a
    /// declaration by size.
    pub(super) async fn provision(&self, id: &str, provision: &Provision, shown: Option<Cidr>) -> Result<Pool> {
        let pool_cidrs = PoolCidrs { aws: self.aws };
        match provision {
            Provision::Nothing => {}
            Provision::Cidrs(cidrs) => {
                let present = self.present_cidrs(id).await?;
                let mut begun = Vec::new();
                for cidr in cidrs {
                    let key = RequestKey::new(Kind::PoolCidr.into(), id, &cidr.to_string());
                    if !present.contains(cidr) || self.aws.pending.begun(&key).is_some() {
                        begun.push((pool_cidrs.begin(id, Size::Cidr(*cidr), None, &key).await?, *cidr, key));
                    }
                }
                for (cidr_id, cidr, key) in begun {
                    pool_cidrs.wait_until_provisioned(id, &cidr_id, Size::Cidr(cidr), &key).await?;
                }
            }
            Provision::NetmaskLength(length) => {
                let (_, marked) = self.marks(id).await?;
                if marked.is_empty() {
                    let key = RequestKey::new(Kind::PoolCidr.into(), id, &format!("/{length}"));
                    let size = shown.map_or(Size::NetmaskLength(*length), Size::Cidr);
                    let cidr_id = pool_cidrs.begin(id, size, None, &key).await?;
                    let made = pool_cidrs.wait_until_provisioned(id, &cidr_id, size, &key).await?;
                    let cidrs = BTreeSet::from([convert::cidr(made.cidr())?]);
                    self.mark(id, provision, &cidrs).await?;
                }
            }
        }
        self.require(id).await
    }

    /// The declaration of a pool, from its tags.
    async fn marks(&self, id: &str) -> Result<(Option<u8>, BTreeSet<Cidr>)> {
        let found = self.describe(id).await?;
        Ok(tags::marks(&tags::all(found.as_ref().map(ec2::IpamPool::tags))))
    }

    /// Stores in the tags of a pool its declaration and the resulting blocks.
    pub(super) async fn mark(&self, id: &str, provision: &Provision, cidrs: &BTreeSet<Cidr>) -> Result<()> {
        let Some(found) = self.describe(id).await? else { return Ok(()) };
        let before = tags::all(Some(found.tags()));
        let mut after = before.clone();
        after.retain(|key, _| !key.starts_with(tags::OURS));
        tags::mark(&mut after, provision, cidrs);
        Ok(self.aws.retag(&self.aws.clients.home(), id, &before, &after).await?)
    }

    /// Deletes a new pool that cannot be completed, so that its name is free.
    async fn undo_create(&self, id: &str, name: &str) {
        tracing::warn!(id, name, "deleting the unfinished pool again");
        let mut gone = self.delete(id, false).await;
        for _ in 0..5 {
            if matches!(gone, Err(Error::Pending(_))) {
                gone = self.delete(id, false).await;
            }
        }
        if let Err(error) = gone {
            tracing::warn!(id, name, ?error, "the unfinished pool is still there");
        }
    }
}
