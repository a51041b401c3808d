//! `ipam_pool_cidr`: a CIDR provisioned into a pool, beside those that the pool's own declaration provisions.

use std::sync::Arc;

use crate::backend::{New, Terms, find};
use crate::ipam::{Cidr, Error, Family, Kind, Missing, OnlyAws, PoolCidr, PoolCidrSpec, Size, Unsupported};
use crate::tf::{Apply, Diagnostic, Diagnostics, MoveSource, Number, Path, Plan, Resource, Stop, Tf, Value};
use crate::{at, fill_facts, model};

use super::super::shared::{Configured, Shared, once_emptied};
use super::super::{create, errors, hand_over, kept_arguments, limits, moves, rename};
use super::missing::{self, Found, Lost};
use super::pool_change::check_kept;
use super::proof::{AuthorizationContext, CidrProof, PROOF_TIMEOUT, VerificationMethod};
use super::replaced::Replaced;
use super::{
    DEFAULT_TIMEOUT, Timeouts, carry_out, check_import, check_length, check_name, confirm, id_of, keep, only, seen,
    timeout, timeout_or,
};
use super::{agreement, others};

model! {
    /// A CIDR provisioned into a pool. For blocks that are known when the pool is declared, the pool's own `cidrs` or
    /// `netmask_length` is simpler.
    pub(crate) struct PoolCidrModel {
        /// Pool to provision into.
        ipam_pool_id: String => required().replace(),
        /// Exactly this block. A `netmask_length` beside it must be the block's own.
        cidr: Cidr => optional().computed().replace(),
        /// A block of this size out of the pool's source pool. Needs a `name`.
        netmask_length: u8 => optional().computed().replace(),
        /// What the plan finds its hold by: needed with `netmask_length`, unique among the pool's CIDRs. A change is in
        /// place. AWS knows no such name: with `store = "aws-ipam"` it is not needed, and is nowhere but in the state.
        name: String => optional(),
        /// In AWS, the signed message that proves that a public block is yours. Only looked at when the block is
        /// provisioned: another one changes nothing but the state.
        cidr_authorization_context: AuthorizationContext => optional(),
        /// In AWS, how the proof is verified: `remarks-x509` (a signed message) or `dns-token` (a token in DNS). Told from
        /// the proof that is given when not set.
        verification_method: VerificationMethod => optional(),
        /// In AWS, the `ipam_external_resource_verification_token` whose records in DNS prove that a public block is yours.
        /// Like the signed message, only looked at when the block is provisioned. With either proof, creating may take 3
        /// hours when `timeouts` say nothing; AWS says two hours, and up to a week for what is to be advertised.
        ipam_external_resource_verification_token_id: String => optional(),
        /// Id of the pool CIDR.
        id: String => computed(),
        /// The id without the pool's: in AWS the `id` is this one, an underscore and the id of the pool; elsewhere the
        /// two are the same.
        ipam_pool_cidr_id: String => computed(),
        /// The configuration that made it.
        owner: String => computed(),
        /// `ipv4` or `ipv6`.
        address_family: Family => computed(),
        /// Network address, which is also the first one.
        network: String => computed(),
        /// Netmask in dotted form; null for IPv6.
        netmask: String => computed(),
        /// First address of the block.
        first_address: String => computed(),
        /// Last address of the block.
        last_address: String => computed(),
        /// Number of addresses in the block, exact.
        address_count: Number => computed(),
        /// Reverse DNS zones that cover the block, at octet (IPv4) or nibble (IPv6) boundaries.
        reverse_zones: Vec<String> => computed(),
    }
    blocks { timeouts: Timeouts }
}

pub(in crate::provider) struct PoolCidrResource(pub(in crate::provider) Arc<Shared>);

impl PoolCidrModel {
    /// `None` while something that the placement needs is unknown.
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

    /// Plans that hold what they show have to find it again.
    fn require_name(&self) -> Result<(), Diagnostics> {
        if !(self.netmask_length.is_known() && self.cidr.is_null() && self.name.is_null()) {
            return Ok(());
        }
        let why = "netmask_length requires a name: the provider uses it to find the block that the plan showed.";
        Err(Diagnostic::error("Missing name", why).at(at!(Self, name)).into())
    }

    fn fill(&mut self, pool_cidr: &PoolCidr) {
        self.ipam_pool_id = pool_cidr.pool_id.clone().into();
        // A block that was given without a name goes by its own text in the store.
        if pool_cidr.meta.name != pool_cidr.cidr.to_string() {
            self.name = pool_cidr.meta.name.clone().into();
        }
        self.id = pool_cidr.meta.id.clone().into();
        self.ipam_pool_cidr_id = super::own_id(&pool_cidr.meta.id).into();
        self.owner = pool_cidr.meta.owner.clone().into();
        fill_facts!(self, pool_cidr.cidr);
    }

    /// This object of a state, in case that it is not in the store.
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
    /// That the pool which the block comes from keeps it.
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

    /// A name that somebody else has is told in the plan.
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

    fn seen(&self, state: &serde_json::Value) {
        seen(&self.0, state);
    }

    fn plan_delete(&self, id: &str) {
        self.0.session.goes(id);
    }

    fn plan_create(&self, plan: &mut Plan<PoolCidrModel>) -> Result<(), Diagnostics> {
        let Some(configured) = self.0.configured()? else { return Ok(()) };
        if configured.ipam.capabilities().holds {
            plan.config.require_name()?;
        }
        if !plan.config.proof().is_absent() {
            limits::only_aws(&configured, OnlyAws::CidrProof, plan.config.proof().place())?;
        }
        if let Some(cidr) = plan.config.cidr.get() {
            fill_facts!(&mut plan.planned, *cidr);
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
            // A netmask length that is not known yet says the same, or is an error later.
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
            // So that two of a size, both without a name, are two to a service that is asked more than once.
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
            // Only `timeouts` and the proof are others, and those are nowhere but in the state.
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
