//! Creation and deletion of pools.

use std::collections::BTreeSet;

use aws_sdk_ec2::types as ec2;

use crate::backend::Pools;
use crate::ipam::{
    Allocation, Cidr, Error, Family, Kind, Occupant, Planned, Pool, PoolChange, PoolFilter, PoolSpec, PoolTree,
    Provision, ResourceType, Result, Size, Strategy, Unfinished, Unsupported,
};

use super::AwsIpam;
use super::convert::{self, need};
use super::pending::RequestKey;
use super::pool_tree::in_order;
use super::response::{ask, fault};
use super::tags;
use super::wait::{self, Progress, uncrowded, until};

pub(super) fn unfinished(id: &str, name: &str) -> impl Fn(String) -> Unfinished + use<> {
    wait::unfinished(Kind::Pool.into(), id, name)
}

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

impl AwsIpam {
    pub(super) async fn make_pool(&self, spec: &PoolSpec) -> Result<Pool> {
        if spec.strategy != Strategy::default() {
            return Err(Error::Unsupported { what: Unsupported::Strategies });
        }
        let position = self.position(spec).await?;
        let key = RequestKey::new(Kind::Pool.into(), position.parent(), &spec.name);
        let queue = self.pending.queue(position.parent());
        let turn = queue.lock().await;
        let id = match self.pending.begun(&key) {
            Some(id) => id,
            None => self.begin_pool(spec, &position, &key).await?,
        };
        let made = self.usable_pool(&id, &spec.name, true).await;
        // The contents of the new pool do not concern its neighbours.
        drop(turn);
        let made = match made {
            Ok(_) => self.fill_pool(&id, &spec.provision).await,
            Err(error) => Err(error),
        };
        match &made {
            Err(Error::Pending(_)) => {}
            Ok(_) => self.pending.end(&key),
            Err(_) => {
                self.pending.end(&key);
                self.undo_pool(&id, &spec.name).await;
            }
        }
        made
    }

    pub(super) async fn position(&self, spec: &PoolSpec) -> Result<PoolPosition> {
        let source = match &spec.source_pool_id {
            Some(id) => Some(self.the_pool(id).await?),
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
                None => self.ipam().await?.private_scope.clone(),
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

    /// The other pool with that name in the same container. The pool `leaving` does not count.
    pub(super) async fn namesake(&self, container: &str, name: &str, leaving: Option<&str>) -> Result<Option<Pool>> {
        let is_it = |pool: &Pool| {
            pool.container() == container && pool.meta.name == name && Some(pool.meta.id.as_str()) != leaving
        };
        Ok(self.pool_names().await?.into_iter().find(is_it))
    }

    async fn begin_pool(&self, spec: &PoolSpec, position: &PoolPosition, key: &RequestKey) -> Result<String> {
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
            .client_token(self.pending.token(key));
        let answer = uncrowded(&self.pace, || ask("CreateIpamPool", request.clone().send())).await;
        self.pending.answered(key, &answer);
        let answer = answer.map_err(|refusal| refusal.adding(&convert::about_resource(special)))?;
        let id = need(answer.ipam_pool.and_then(|pool| pool.ipam_pool_id), "pool id")?;
        self.pending.begin(key, &id);
        Ok(id)
    }

    /// Waits until the pool can be used. A `new` pool may not be listed yet.
    pub(super) async fn usable_pool(&self, id: &str, name: &str, new: bool) -> Result<ec2::IpamPool> {
        use ec2::IpamPoolState as State;
        until(&self.pace, unfinished(id, name), || async move {
            let found = match self.raw_pool(id).await? {
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

    /// Provisions the parts of the pool's declaration that are missing.
    pub(super) async fn fill_pool(&self, id: &str, provision: &Provision) -> Result<Pool> {
        match provision {
            Provision::Nothing => {}
            Provision::Cidrs(cidrs) => {
                let present = self.present_cidrs(id).await?;
                let mut begun = Vec::new();
                for cidr in cidrs {
                    let key = RequestKey::new(Kind::PoolCidr.into(), id, &cidr.to_string());
                    if !present.contains(cidr) || self.pending.begun(&key).is_some() {
                        begun.push((self.begin_pool_cidr(id, Size::Cidr(*cidr), None, &key).await?, *cidr, key));
                    }
                }
                for (cidr_id, cidr, key) in begun {
                    self.provisioned(id, &cidr_id, Size::Cidr(cidr), &key).await?;
                }
            }
            Provision::NetmaskLength(length) => {
                let (_, marked) = self.marks_of(id).await?;
                if marked.is_empty() {
                    let key = RequestKey::new(Kind::PoolCidr.into(), id, &format!("/{length}"));
                    let size = Size::NetmaskLength(*length);
                    let cidr_id = self.begin_pool_cidr(id, size, None, &key).await?;
                    let made = self.provisioned(id, &cidr_id, size, &key).await?;
                    let cidrs = BTreeSet::from([convert::cidr(made.cidr())?]);
                    self.mark_pool(id, provision, &cidrs).await?;
                }
            }
        }
        self.the_pool(id).await
    }

    /// Deletes a new pool that cannot be completed, so that its name is free.
    async fn undo_pool(&self, id: &str, name: &str) {
        tracing::warn!(id, name, "taking the unfinished pool away again");
        let mut gone = self.drop_pool(id, false).await;
        for _ in 0..5 {
            if matches!(gone, Err(Error::Pending(_))) {
                gone = self.drop_pool(id, false).await;
            }
        }
        if let Err(error) = gone {
            tracing::warn!(id, name, ?error, "the unfinished pool is still there");
        }
    }

    pub(super) async fn drop_pool(&self, id: &str, cascade: bool) -> Result<()> {
        use ec2::IpamPoolState as State;
        let Some(found) = self.raw_pool(id).await? else { return Ok(()) };
        if matches!(found.state(), Some(State::DeleteInProgress | State::DeleteComplete)) {
            return self.pool_gone(id, id).await;
        }
        let pool = self.with_cidrs(&found).await?;
        if !cascade {
            self.require_empty(&pool).await?;
            self.take_cidrs(&pool).await?;
        }
        let request = self.clients.home().delete_ipam_pool().ipam_pool_id(id).set_cascade(cascade.then_some(true));
        let answer = uncrowded(&self.pace, || ask("DeleteIpamPool", request.clone().send())).await;
        match answer {
            Ok(_) => {}
            Err(refusal) if refusal.is_not_found() => {}
            Err(refusal) if refusal.is("DependencyViolation") => {
                self.require_empty(&pool).await?;
                // AWS finds contents that are no longer listed, or not yet.
                let waits_for = "AWS reports that it is not empty".to_owned();
                return Err(Error::Pending(unfinished(id, &pool.meta.name)(waits_for)));
            }
            Err(refusal) => return Err(refusal.into()),
        }
        self.pool_gone(id, &pool.meta.name).await
    }

    async fn pool_gone(&self, id: &str, name: &str) -> Result<()> {
        use ec2::IpamPoolState as State;
        until(&self.pace, unfinished(id, name), || async move {
            let found = self.raw_pool(id).await?;
            match found.as_ref().and_then(ec2::IpamPool::state) {
                None | Some(State::DeleteComplete) => Ok(Progress::Ready(())),
                Some(State::DeleteFailed) => {
                    let why = found.as_ref().and_then(ec2::IpamPool::state_message).unwrap_or("AWS gave no reason");
                    Err(fault("DeleteIpamPool", "delete-failed", why).into())
                }
                Some(state) => Ok(Progress::Wait(format!("its state is {state}"))),
            }
        })
        .await
    }

    /// Checks that the pool is empty. Waits for space that AWS holds for a resource, because AWS releases it late.
    async fn require_empty(&self, pool: &Pool) -> Result<()> {
        let id = &pool.meta.id;
        let below = self.pool_names().await.unwrap_or_default();
        let below = below.iter().filter(|child| child.source_pool_id.as_ref() == Some(id)).map(Occupant::from);
        let allocations = self.allocations_of(id).await?;
        let is_ours = |one: &&Allocation| one.resource_type == ResourceType::Custom;
        let custom = allocations.iter().filter(is_ours).filter(|one| !self.pending.is_released(&one.meta.id));
        let inside: Vec<Occupant> = below.chain(custom.map(Occupant::from)).collect();
        if !inside.is_empty() {
            let (contents, more) = super::usage::first_few(inside);
            let (id, name) = (id.clone(), pool.meta.name.clone());
            return Err(Error::InUse { kind: Kind::Pool, id, name, contents, more });
        }
        match allocations.first() {
            Some(held) => Err(self.still_held(held, "DeleteIpamPool", unfinished(id, &pool.meta.name))),
            None => Ok(()),
        }
    }
}

impl Pools for AwsIpam {
    fn create_pool(&self, spec: &PoolSpec, _planned: &Planned) -> Result<Pool> {
        self.run(self.make_pool(spec))
    }

    fn update_pool(&self, id: &str, change: &PoolChange) -> Result<Pool> {
        self.run(self.change_pool(id, change))
    }

    fn delete_pool(&self, id: &str, cascade: bool) -> Result<()> {
        self.run(self.drop_pool(id, cascade))
    }

    fn get_pool(&self, id: &str) -> Result<Option<Pool>> {
        self.run(self.pool(id))
    }

    fn list_pools(&self, filter: &PoolFilter) -> Result<Vec<Pool>> {
        self.run(async {
            let found = self.pools(|pool| filter.fits(pool)).await?;
            Ok(in_order(found, &PoolTree::new(&self.pool_names().await?)))
        })
    }

    fn find_pool(&self, wanted: &str) -> Result<Vec<Pool>> {
        self.run(async {
            let all = self.pool_names().await?;
            let tree = PoolTree::new(&all);
            let called: Vec<&str> =
                tree.called(wanted).into_iter().map(|position| all[position].meta.id.as_str()).collect();
            Ok(in_order(self.pools(|pool| called.contains(&pool.meta.id.as_str())).await?, &tree))
        })
    }

    fn pool_path(&self, id: &str) -> Result<String> {
        self.run(async {
            let pool = self.the_pool(id).await?;
            // An account that only uses a shared pool has no IPAM whose pools it could list.
            let all = if pool.source_pool_id.is_some() { self.pool_names().await? } else { Vec::new() };
            let others = all.iter().filter(|other| other.meta.id != id);
            let tree = PoolTree::new(others.chain([&pool]));
            Ok(tree.path(id).unwrap_or_default().to_owned())
        })
    }
}
