//! `ipam_pool_cidr`: a CIDR provisioned into a pool, in addition to the CIDRs in the declaration of the pool.

use std::sync::Arc;

use crate::backend::{New, Terms, find};
use crate::ipam::{Cidr, Error, Family, Kind, Missing, OnlyAws, PoolCidr, PoolCidrSpec, Size, Unsupported};
use crate::tf::{Apply, Diagnostic, Diagnostics, MoveSource, Number, Path, Plan, Resource, Stop, Tf, Value};
use crate::{at, fill_block_attributes, model};

use super::super::shared::{Configured, Shared, once_emptied};
use super::super::{capabilities, create, errors, hand_over, kept_arguments, moves, rename};
use super::missing::{self, Found, Lost};
use super::pool_change::check_kept;
use super::proof::{AuthorizationContext, CidrProof, PROOF_TIMEOUT, VerificationMethod};
use super::replaced::Replaced;
use super::{
    DEFAULT_TIMEOUT, Timeouts, carry_out, check_import, check_length, check_name, confirm, id_of, keep, only,
    state_loaded, timeout, timeout_or,
};
use super::{agreement, others};

model! {
    /// Manages a CIDR that is provisioned into a pool. If the CIDRs are known when the pool is declared, the argument
    /// `cidrs` or `netmask_length` of `ipam_pool` is simpler. Changes are made in place, except where an argument says
    /// that a change replaces the pool CIDR. With `aws-ipam`, a public CIDR may need a proof that you own it: the
    /// default of `timeouts.create` is then 3 hours. AWS documents two hours for provisioning, and up to a week for a
    /// CIDR that will be advertised.
    pub(crate) struct PoolCidrModel {
        /// ID of the pool into which the CIDR is provisioned. A change replaces the pool CIDR.
        ipam_pool_id: String => required().replace(),
        /// CIDR to provision. If `netmask_length` is set as well, it must be the netmask length of this CIDR. A change
        /// replaces the pool CIDR.
        cidr: Cidr => optional().computed().replace(),
        /// Netmask length of a CIDR to provision from the source pool, or from Amazon for a pool with
        /// `public_ip_source = "amazon"`. Required if `cidr` is not set. Requires a `name` on a self-managed store. A
        /// change replaces the pool CIDR.
        netmask_length: u8 => optional().computed().replace(),
        /// Name by which the plan finds its hold again, unique among the CIDRs of the pool. Required with
        /// `netmask_length` on a self-managed store. Default: the CIDR. AWS has no such name: with `aws-ipam`, the name
        /// is optional and only in the state.
        name: String => optional(),
        /// Signed message that proves that you own a public CIDR. Only with `aws-ipam`. AWS reads it only when the CIDR
        /// is provisioned: a later change affects only the state.
        cidr_authorization_context: AuthorizationContext => optional(),
        /// Method by which AWS verifies the proof: `remarks-x509` (a signed message) or `dns-token` (a token in DNS).
        /// Only with `aws-ipam`. Default: the method of the given proof. AWS reads it only when the CIDR is
        /// provisioned: a later change affects only the state.
        verification_method: VerificationMethod => optional(),
        /// ID of the `ipam_external_resource_verification_token` whose DNS records prove that you own a public CIDR.
        /// Only with `aws-ipam`. AWS reads it only when the CIDR is provisioned: a later change affects only the state.
        ipam_external_resource_verification_token_id: String => optional(),
        /// ID of the pool CIDR.
        id: String => computed(),
        /// ID of the pool CIDR without the ID of the pool. With `aws-ipam`, `id` consists of this ID, an underscore and
        /// the ID of the pool. On a self-managed store, it is the same as `id`.
        ipam_pool_cidr_id: String => computed(),
        /// Owner of the pool CIDR: the provider argument `owner` of the configuration that it belongs to. With
        /// `aws-ipam`, the ID of the AWS account.
        owner: String => computed(),
        /// Address family of the CIDR: `ipv4` or `ipv6`.
        address_family: Family => computed(),
        /// Network address of the CIDR, which is the same as `first_address`.
        network: String => computed(),
        /// Netmask in dotted decimal form; null for IPv6.
        netmask: String => computed(),
        /// First address of the CIDR.
        first_address: String => computed(),
        /// Last address of the CIDR.
        last_address: String => computed(),
        /// Exact number of addresses in the CIDR.
        address_count: Number => computed(),
        /// Names of the reverse DNS zones that cover the CIDR, at octet (IPv4) or nibble (IPv6) boundaries.
        reverse_zones: Vec<String> => computed(),
    }
    blocks { timeouts: Timeouts }
}

pub(in crate::provider) struct PoolCidrResource(pub(in crate::provider) Arc<Shared>);

impl PoolCidrModel {
    /// `None` while a value that the placement needs is unknown.
    fn spec(config: &Self) -> Option<PoolCidrSpec> {
        let size = match (&config.cidr, &config.netmask_length) {
            (Tf::Known(cidr), _) => Size::Cidr(*cidr),
            (Tf::Null, Tf::Known(length)) => Size::NetmaskLength(*length),
            _ => return None,
        };
        if config.name.is_unknown() {
            return None;
        }
        let proof = config.proof().proof()?;
        Some(PoolCidrSpec { pool_id: config.ipam_pool_id.cloned()?, name: config.name.cloned(), size, proof })
    }

    const fn proof(&self) -> CidrProof<'_> {
        CidrProof {
            context: &self.cidr_authorization_context,
            method: &self.verification_method,
            token: &self.ipam_external_resource_verification_token_id,
        }
    }

    /// A plan that holds the block that it shows has to find it again.
    fn require_name(&self) -> Result<(), Diagnostics> {
        if !(self.netmask_length.is_known() && self.cidr.is_null() && self.name.is_null()) {
            return Ok(());
        }
        let why = "netmask_length requires a name: the provider uses it to find the block that the plan showed.";
        Err(Diagnostic::error("Missing name", why).at(at!(Self, name)).into())
    }

    fn fill(&mut self, pool_cidr: &PoolCidr) {
        self.ipam_pool_id = pool_cidr.pool_id.clone().into();
        // In the store, a block without a given name has its own text as its name.
        if pool_cidr.meta.name != pool_cidr.cidr.to_string() {
            self.name = pool_cidr.meta.name.clone().into();
        }
        self.id = pool_cidr.meta.id.clone().into();
        self.ipam_pool_cidr_id = super::own_id(&pool_cidr.meta.id).into();
        self.owner = pool_cidr.meta.owner.clone().into();
        fill_block_attributes!(self, pool_cidr.cidr);
    }

    /// This object of a state, in case it is not in the store.
    fn lost<'a>(&'a self, id: &'a str) -> Lost<'a> {
        let (name, proof) = (self.name.cloned(), None);
        let spec = || {
            let size = Size::Cidr(*self.cidr.get()?);
            Some(PoolCidrSpec { pool_id: self.ipam_pool_id.cloned()?, name, size, proof })
        };
        Lost::new(Kind::PoolCidr, id, &self.name, &self.owner, spec().map(Missing::PoolCidr))
    }

    fn name_at(config: &Self) -> Path {
        if config.name.is_null() { at!(Self, cidr) } else { at!(Self, name) }
    }

    fn place(config: &Self, error: &Error) -> Path {
        match error {
            Error::NameTaken { .. } | Error::HoldLost { .. } => Self::name_at(config),
            Error::NotFound { kind: Kind::Pool, .. } => at!(Self, ipam_pool_id),
            Error::Unsupported { what: Unsupported::OnlyAws(_) } => config.proof().place(),
            Error::Overlap { .. } | Error::OutsidePool { .. } | Error::FamilyMismatch { .. } => at!(Self, cidr),
            Error::NetmaskRange { .. }
            | Error::PoolExhausted { .. }
            | Error::NoSourcePool
            | Error::Service(_)
            | Error::PoolEmpty { .. } => {
                if config.cidr.is_known() {
                    at!(Self, cidr)
                } else {
                    at!(Self, netmask_length)
                }
            }
            _ => Path::root(),
        }
    }
}

impl PoolCidrResource {
    /// Checks that the source pool keeps the block.
    fn check_source(&self, configured: &Configured, prior: &PoolCidrModel) -> Result<(), Diagnostics> {
        let (Some(pool_id), Some(cidr)) = (prior.ipam_pool_id.get(), prior.cidr.get()) else { return Ok(()) };
        if !self.0.changes.is_any_regrouped() {
            return Ok(());
        }
        let at = || at!(PoolCidrModel, ipam_pool_id);
        let pool = configured.ipam.get_pool(pool_id).map_err(|error| errors::at(&error, at()))?;
        let source_id = pool.and_then(|pool| pool.source_pool_id);
        source_id.map_or(Ok(()), |source_id| check_kept(&self.0, &source_id, cidr, at()))
    }

    /// Reports in the plan that another object has the name.
    fn check_rename(
        &self,
        configured: &Configured,
        prior: &PoolCidrModel,
        plan: &Plan<PoolCidrModel>,
    ) -> Result<(), Diagnostics> {
        if plan.planned.name == prior.name || plan.planned.name.is_unknown() || !configured.ipam.capabilities().holds {
            return Ok(());
        }
        plan.config.require_name()?;
        let (Some(pool_id), Some(cidr)) = (prior.ipam_pool_id.get(), prior.cidr.get()) else { return Ok(()) };
        let cidr = cidr.to_string();
        let before = rename::Before {
            id: id_of(&prior.id)?,
            name: prior.name.get().unwrap_or(&cidr),
            owner: prior.owner.known(at!(PoolCidrModel, owner))?,
        };
        let name = plan.planned.name.get().unwrap_or(&cidr);
        let has_it = |one: &PoolCidr| !one.inline && one.meta.name == *name;
        let all = configured.ipam.list_pool_cidrs(pool_id, true);
        let taken_by = all.map(|all| all.into_iter().find(has_it));
        let at = PoolCidrModel::name_at(&plan.config);
        rename::check(&self.0, &before, plan.committing, taken_by, at)
    }
}

impl Resource for PoolCidrResource {
    type Model = PoolCidrModel;
    const TYPE: &'static str = "ipam_pool_cidr";

    fn service(&self) -> Option<String> {
        self.0.service()
    }

    fn validate(&self, config: &PoolCidrModel) -> Diagnostics {
        let mut diagnostics: Diagnostics =
            check_name(&config.name, at!(PoolCidrModel, name), true).into_iter().collect();
        let length_at = at!(PoolCidrModel, netmask_length);
        diagnostics.extend(agreement::of_cidr(&config.cidr, &config.netmask_length, length_at));
        if config.cidr.is_null() && config.netmask_length.is_null() {
            diagnostics.push(
                Diagnostic::error(
                    "Missing size",
                    "Set cidr for one particular block, or netmask_length (with a name) for any block of that size.",
                )
                .at(at!(PoolCidrModel, cidr)),
            );
        }
        diagnostics.extend(check_length(&config.netmask_length, None, at!(PoolCidrModel, netmask_length)));
        diagnostics.append(config.proof().check(config.cidr.get()));
        if config.netmask_length.is_known() && config.cidr.is_null() && !config.proof().is_absent() {
            let why = "A proof is for one particular block: set `cidr`, or leave the proof out.";
            diagnostics.push(Diagnostic::error("Proof without a block", why).at(config.proof().place()));
        }
        diagnostics
    }

    fn state_loaded(&self, state: &serde_json::Value) {
        state_loaded(&self.0, state);
    }

    fn plan_delete(&self, id: &str) {
        self.0.session.goes(id);
        hand_over::give_up(&self.0, id);
    }

    fn plan_create(&self, plan: &mut Plan<PoolCidrModel>) -> Result<(), Diagnostics> {
        let Some(configured) = self.0.configured()? else { return Ok(()) };
        if configured.ipam.capabilities().holds {
            plan.config.require_name()?;
        }
        if !plan.config.proof().is_absent() {
            capabilities::only_aws(&configured, OnlyAws::CidrProof, plan.config.proof().place())?;
        }
        if let Some(cidr) = plan.config.cidr.get() {
            fill_block_attributes!(&mut plan.planned, *cidr);
        }
        let Some(spec) = PoolCidrModel::spec(&plan.config) else { return Ok(()) };
        let config = plan.config.clone();
        let place = |error: &Error| PoolCidrModel::place(&config, error);
        if configured.plan_hold.is_zero() {
            let name_at = PoolCidrModel::name_at(&config);
            create::look(&self.0, &configured, plan, New::PoolCidr(&spec), name_at, place)?;
            self.0.changes.plan_growth(&spec.pool_id);
            return Ok(());
        }
        let hold = |terms: &Terms| configured.ipam.plan_pool_cidr(&spec, terms);
        let name_at = PoolCidrModel::name_at(&config);
        let Some(held) = create::plan(&self.0, &configured, plan, name_at, place, hold)? else {
            let name_at = PoolCidrModel::name_at(&config);
            create::look(&self.0, &configured, plan, New::PoolCidr(&spec), name_at, place)?;
            self.0.changes.plan_growth(&spec.pool_id);
            return Ok(());
        };
        self.0.changes.plan_resource(&held.pool_id, held.cidr);
        plan.planned.fill(&held);
        Ok(())
    }

    fn plan_update(&self, prior: &PoolCidrModel, plan: &mut Plan<PoolCidrModel>) -> Result<(), Diagnostics> {
        if plan.config.cidr.is_known() && plan.planned.cidr == prior.cidr {
            // A netmask length that is not known yet agrees with the block, or is an error later.
            plan.replace.retain(|path| *path != at!(PoolCidrModel, netmask_length));
        }
        let stays = plan.replace.is_empty();
        if let (true, Some(configured)) = (stays, self.0.configured()?) {
            self.check_source(&configured, prior)?;
            self.check_rename(&configured, prior, plan)?;
            kept_arguments::note(&configured, &prior.id, plan);
        }
        let blocks = prior.cidr.get().into_iter().copied().collect();
        Replaced { word: "pool CIDR", id: &prior.id, name: &prior.name, blocks, more: "" }.warn(plan);
        keep(
            &self.0,
            &mut plan.private,
            &prior.id,
            (&prior.name, &plan.planned.name),
            PoolCidrModel::name_at(prior),
            stays,
        )?;
        let blocks = prior.cidr.get().filter(|_| stays).into_iter().copied().collect();
        hand_over::check_kept(&self.0, &prior.id, &blocks, at!(PoolCidrModel, cidr))
    }

    fn may_keep(&self, _argument: &str) -> bool {
        kept_arguments::may_keep(&self.0)
    }

    fn stays(&self, prior: &Value) -> bool {
        kept_arguments::stays(&self.0, prior)
    }

    fn has_kept(&self, prior: &PoolCidrModel, plan: &Plan<PoolCidrModel>) -> bool {
        kept_arguments::has_kept(&self.0, &prior.id, plan)
    }

    fn create(&self, apply: &mut Apply<PoolCidrModel>) -> Result<(), Diagnostics> {
        let configured = self.0.ready()?;
        let state = &mut apply.state;
        let planned = create::planned(&self.0, state.id.get());
        apply.private.clear();
        let mut spec = PoolCidrModel::spec(&apply.config).ok_or_else(|| create::still_unknown(Self::TYPE))?;
        if spec.name.is_none() && matches!(spec.size, Size::NetmaskLength(_)) {
            // Two requests for the same size without a name must stay different for a service that receives each
            // request more than once.
            spec.name = Some(format!("{:016x}", getrandom::u64().unwrap_or_default()));
        }
        let work = create::once_free(&self.0, &configured, || configured.ipam.create_pool_cidr(&spec, &planned));
        let usual = if spec.proof.is_some() { PROOF_TIMEOUT } else { DEFAULT_TIMEOUT };
        let patience = timeout_or(&state.timeouts, |timeouts| &timeouts.create, usual);
        let waits_for = || hand_over::waits_for::<PoolCidr>(&configured, &planned);
        let pool_cidr = hand_over::once_given_up(&self.0, (patience, &apply.stop), waits_for, work);
        let pool_cidr = pool_cidr.map_err(|error| {
            let said = errors::at(&error, PoolCidrModel::place(&apply.config, &error));
            hand_over::explain(said, &error, &waits_for())
        })?;
        self.0.session.made(&pool_cidr.meta.id);
        state.fill(&pool_cidr);
        state.name = apply.config.name.clone();
        Ok(())
    }

    fn update(&self, prior: &PoolCidrModel, apply: &mut Apply<PoolCidrModel>) -> Result<(), Diagnostics> {
        if prior.name == apply.state.name {
            // Only `timeouts` and the proof differ, and they are only in the state.
            return Ok(());
        }
        let configured = self.0.ready()?;
        let (id, cidr) = (id_of(&prior.id)?, prior.cidr.known(at!(PoolCidrModel, cidr))?.to_string());
        let (before, after) = (prior.name.get().unwrap_or(&cidr), apply.state.name.get().unwrap_or(&cidr));
        let before = rename::Before { id, name: before, owner: prior.owner.known(at!(PoolCidrModel, owner))? };
        let patience = (timeout(&apply.state.timeouts, |timeouts| &timeouts.update), &apply.stop);
        let rename = |name: &str| {
            configured.ipam.rename_pool_cidr(id, Some(name).filter(|name| *name != cidr)).map(|()| name.to_owned())
        };
        carry_out(&self.0, &before, after, patience, rename).map(drop).map_err(|(error, reached)| {
            apply.reached = reached.map(|name| PoolCidrModel { name: name.into(), ..apply.state.clone() });
            errors::at(&error, PoolCidrModel::place(&apply.config, &error))
        })
    }

    fn delete(&self, prior: &PoolCidrModel, stop: &Stop) -> Result<(), Diagnostics> {
        let (ipam, id) = (self.0.ipam()?, id_of(&prior.id)?);
        let patience = (timeout(&prior.timeouts, |timeouts| &timeouts.delete), self.0.sibling_wait);
        once_emptied(patience, stop, || ipam.delete_pool_cidr(id)).map_err(|error| errors::at(&error, Path::root()))?;
        self.0.queue.progress();
        Ok(())
    }

    fn read(&self, state: PoolCidrModel) -> Result<Option<PoolCidrModel>, Diagnostics> {
        self.refresh(state, &mut Diagnostics::new())
    }

    fn refresh(
        &self,
        mut state: PoolCidrModel,
        warnings: &mut Diagnostics,
    ) -> Result<Option<PoolCidrModel>, Diagnostics> {
        let configured = self.0.ready()?;
        let id = id_of(&state.id)?.clone();
        let get = || configured.ipam.get_pool_cidr(&id);
        let found =
            missing::find((&self.0, &configured), &state.lost(&id), |found: &PoolCidr| &found.meta, get, warnings)?;
        let pool_cidr = match found {
            Found::Here(found) => found,
            Found::Stays => return Ok(Some(state)),
            Found::Gone => return moves::not_here(configured.ipam.as_ref(), Self::TYPE, &id, state.cidr.is_null()),
        };
        confirm(&self.0, &pool_cidr.meta)?;
        state.fill(&pool_cidr);
        Ok(Some(state))
    }

    fn move_from(&self, source: &MoveSource<'_>) -> Result<Option<PoolCidrModel>, Diagnostics> {
        moves::from_aws(Self::TYPE, source)
    }

    fn import(&self, id: &str) -> Result<PoolCidrModel, Diagnostics> {
        let ipam = self.0.ipam()?;
        let id = super::without_region(ipam.as_ref(), id);
        let forms = "id (ipam-pool-cidr-...) or by cidr_pool, such as 10.1.0.0/16_top/eu-west-1";
        let found = find::pool_cidrs(ipam.as_ref(), id);
        let pool_cidr = only(("pool CIDR", id, forms), found, |one| &one.meta)?;
        if pool_cidr.inline {
            let detail = format!(
                "{} was provisioned by pool {} itself: import that pool instead.",
                pool_cidr.cidr, pool_cidr.pool_id
            );
            return Err(Diagnostic::error("This CIDR belongs to the configuration of its pool", detail).into());
        }
        check_import("pool CIDR", &pool_cidr.meta)?;
        let mut model = PoolCidrModel::default();
        model.fill(&pool_cidr);
        Ok(model)
    }

    fn imported(&self, imported: &PoolCidrModel) -> Diagnostics {
        let cidr = imported.cidr.get().map(ToString::to_string).unwrap_or_default();
        others::warn(&self.0, Kind::PoolCidr, &imported.id, imported.name.get().unwrap_or(&cidr), &imported.owner)
    }
}
