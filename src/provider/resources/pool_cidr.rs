//! `ipam_pool_cidr`: a CIDR provisioned into a pool, in addition to the CIDRs in the declaration of the pool.

use std::time::Duration;

use crate::backend::{Ipam, New, Noun, PoolCidrChange};
use crate::ipam::{Cidr, Error, Kind, Missing, OnlyAws, PoolCidr, PoolCidrSpec, Size, Unsupported};
use crate::tf::{Diagnostic, Diagnostics, Path, Plan, Tf};
use crate::{at, fill_block_attributes, model};

use super::super::block_attributes::block_attributes;
use super::super::create::Request;
use super::super::noun::{
    DEFAULT_TIMEOUT, HeldModel, HeldPlan, NounModel, Timeouts, check_import, check_rename, fields, keep,
};
use super::super::service_blocks::{self, Wanted};
use super::super::shared::{Configured, Shared};
use super::super::{capabilities, errors, hand_over, holding, kept_arguments};
use super::pool_keeps::check_pool_keeps;
use super::proof::{AuthorizationContext, CidrProof, PROOF_TIMEOUT, VerificationMethod};
use super::replaced::Replaced;
use super::{agreement, check_length, check_name};

model! {
    /// Manages a CIDR that is provisioned into a pool. The `cidr_priorities` and the `draining_cidrs` of the pool hold for it,
    /// too. If the CIDRs are known when the pool is declared, the argument
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
        include block_attributes;
    }
    blocks { timeouts: Timeouts }
}

impl PoolCidrModel {
    /// `None` while a value that the placement needs is unknown.
    fn request(config: &Self) -> Option<PoolCidrSpec> {
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

    fn name_at(config: &Self) -> Path {
        if config.name.is_null() { at!(Self, cidr) } else { at!(Self, name) }
    }
}

impl NounModel for PoolCidrModel {
    type Noun = PoolCidr;

    fn check(&self) -> Diagnostics {
        let mut diagnostics: Diagnostics = check_name(&self.name, at!(Self, name), true).into_iter().collect();
        let length_at = at!(Self, netmask_length);
        diagnostics.extend(agreement::of_cidr(&self.cidr, &self.netmask_length, length_at));
        if self.cidr.is_null() && self.netmask_length.is_null() {
            diagnostics.push(
                Diagnostic::error(
                    "Missing size",
                    "Set cidr for one particular block, or netmask_length (with a name) for any block of that size.",
                )
                .at(at!(Self, cidr)),
            );
        }
        diagnostics.extend(check_length(&self.netmask_length, None, at!(Self, netmask_length)));
        diagnostics.append(self.proof().check(self.cidr.get()));
        if self.netmask_length.is_known() && self.cidr.is_null() && !self.proof().is_absent() {
            let why = "A proof is for one particular block: set `cidr`, or leave the proof out.";
            diagnostics.push(Diagnostic::error("Proof without a block", why).at(self.proof().attribute()));
        }
        diagnostics
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

    fields!();

    /// No configuration that Terraform prints has the signature of a proof, and the message is an error without it.
    fn leave_out_what_follows(&mut self) {
        self.netmask_length = Tf::Null;
        self.cidr_authorization_context = Tf::Null;
    }

    fn attribute_for(&self, error: &Error) -> Path {
        match error {
            Error::NameTaken { .. } | Error::HoldLost { .. } => Self::name_at(self),
            Error::NotFound { kind: Kind::Pool, .. } => at!(Self, ipam_pool_id),
            Error::Unsupported { what: Unsupported::OnlyAws(_) } => self.proof().attribute(),
            Error::FamilyMismatch { .. } => at!(Self, cidr),
            // If the configuration has only the size, an earlier plan showed the block.
            Error::Overlap { .. }
            | Error::Reserved { .. }
            | Error::OutsidePool { .. }
            | Error::NetmaskRange { .. }
            | Error::PoolExhausted { .. }
            | Error::NoSourcePool
            | Error::Service(_)
            | Error::PoolEmpty { .. } => {
                if self.cidr.is_known() {
                    at!(Self, cidr)
                } else {
                    at!(Self, netmask_length)
                }
            }
            _ => Path::root(),
        }
    }
}

impl HeldModel for PoolCidrModel {
    const IMPORTED_BY: &'static str = "id (ipam-pool-cidr-...) or by cidr_pool, such as 10.1.0.0/16_top/eu-west-1";

    fn owner(&self) -> &Tf<String> {
        &self.owner
    }

    fn name(&self) -> &Tf<String> {
        &self.name
    }

    fn called(&self) -> String {
        self.name.cloned().or_else(|| self.cidr.get().map(Cidr::to_string)).unwrap_or_default()
    }

    fn is_bare(&self) -> bool {
        self.cidr.is_null()
    }

    fn creation_timeout(&self) -> Duration {
        if self.proof().is_absent() { DEFAULT_TIMEOUT } else { PROOF_TIMEOUT }
    }

    fn spec(&self, config: &Self) -> Option<PoolCidrSpec> {
        let mut spec = Self::request(config)?;
        if spec.name.is_none() && matches!(spec.size, Size::NetmaskLength(_)) {
            // Two requests for the same size without a name must stay different for a service that receives each
            // request more than once.
            spec.name = Some(format!("{:016x}", getrandom::u64().unwrap_or_default()));
        }
        Some(spec)
    }

    fn change(&self, _config: &Self) -> Option<PoolCidrChange> {
        Some(PoolCidrChange { name: self.called() })
    }

    /// The proof is only in the state, as `timeouts` are.
    fn differs(&self, prior: &Self, _config: &Self) -> bool {
        prior.name != self.name
    }

    fn delete(&self, ipam: &dyn Ipam, id: &str) -> Result<(), Error> {
        ipam.delete_pool_cidr(id)
    }

    fn keep_written(&mut self, config: &Self) {
        self.name = config.name.clone();
    }

    fn missing(&self) -> Option<Missing> {
        let size = Size::Cidr(*self.cidr.get()?);
        let (pool_id, name) = (self.ipam_pool_id.cloned()?, self.name.cloned());
        Some(Missing::PoolCidr(PoolCidrSpec { pool_id, name, size, proof: None }))
    }

    fn check_import(_ipam: &dyn Ipam, found: &PoolCidr) -> Result<(), Diagnostics> {
        if found.inline {
            let detail =
                format!("{} was provisioned by pool {} itself: import that pool instead.", found.cidr, found.pool_id);
            return Err(Diagnostic::error("This CIDR belongs to the configuration of its pool", detail).into());
        }
        check_import(PoolCidr::WORD, &found.meta)
    }
}

/// Checks that the source pool keeps the block.
fn check_source(shared: &Shared, configured: &Configured, prior: &PoolCidrModel) -> Result<(), Diagnostics> {
    let (Some(pool_id), Some(cidr)) = (prior.ipam_pool_id.get(), prior.cidr.get()) else { return Ok(()) };
    if !shared.changes.is_any_regrouped() {
        return Ok(());
    }
    let at = || at!(PoolCidrModel, ipam_pool_id);
    let pool = configured.ipam.get_pool(pool_id).map_err(|error| errors::at(&error, at()))?;
    let source_id = pool.and_then(|pool| pool.source_pool_id);
    source_id.map_or(Ok(()), |source_id| check_pool_keeps(shared, &source_id, cidr, at()))
}

/// Shows the block of a new CIDR by size in a service.
fn show_block(request: &Request<'_>, plan: &mut Plan<PoolCidrModel>, spec: &PoolCidrSpec) -> Result<(), Diagnostics> {
    let Size::NetmaskLength(netmask_length) = spec.size else { return Ok(()) };
    let pool = request.configured.ipam.get_pool(&spec.pool_id);
    let pool = pool.map_err(|error| errors::at(&error, (request.attribute_for)(&error)))?;
    let Some(source_pool_id) = pool.and_then(|pool| pool.source_pool_id) else { return Ok(()) };
    // Without a name, only the request itself tells two blocks of the same size apart.
    let name = spec.name.clone().unwrap_or_else(|| format!("{:016x}", getrandom::u64().unwrap_or_default()));
    let wanted = Wanted { source_pool_id: &source_pool_id, netmask_length, name: &name };
    if let Some(cidr) = service_blocks::show(request, plan, New::PoolCidr(spec), &wanted)? {
        fill_block_attributes!(&mut plan.planned, cidr);
    }
    Ok(())
}

/// Reports in the plan that another object has the name.
fn check_name_is_free(
    shared: &Shared,
    configured: &Configured,
    prior: &PoolCidrModel,
    plan: &Plan<PoolCidrModel>,
) -> Result<(), Diagnostics> {
    if plan.planned.name == prior.name || plan.planned.name.is_unknown() || configured.ipam.holds().is_none() {
        return Ok(());
    }
    plan.config.require_name()?;
    let (Some(pool_id), Some(cidr)) = (prior.ipam_pool_id.get(), prior.cidr.get()) else { return Ok(()) };
    let cidr = cidr.to_string();
    let name = plan.planned.name.get().unwrap_or(&cidr);
    let has_it = |one: &PoolCidr| !one.inline && one.meta.name == *name;
    let all = configured.ipam.list_pool_cidrs(pool_id, true);
    let taken_by = all.map(|all| all.into_iter().find(has_it));
    let at = PoolCidrModel::name_at(&plan.config);
    check_rename(shared, prior, plan.committing, taken_by, at)
}

impl HeldPlan for PoolCidrModel {
    fn plan_new(shared: &Shared, plan: &mut Plan<Self>) -> Result<(), Diagnostics> {
        let Some(configured) = shared.configured()? else { return Ok(()) };
        if configured.ipam.holds().is_some() {
            plan.config.require_name()?;
        }
        if !plan.config.proof().is_absent() {
            capabilities::only_aws(&configured, OnlyAws::CidrProof, plan.config.proof().attribute())?;
        }
        if let Some(cidr) = plan.config.cidr.get() {
            fill_block_attributes!(&mut plan.planned, *cidr);
        }
        let Some(spec) = Self::request(&plan.config) else { return Ok(()) };
        let config = plan.config.clone();
        let request = Request {
            shared,
            configured: &configured,
            name_at: Self::name_at(&config),
            attribute_for: &|error| config.attribute_for(error),
            pool_rules: None,
            candidate_rules: std::collections::BTreeMap::new(),
        };
        let Some(held) = holding::hold_or_check::<_, PoolCidr>(&request, plan, &spec)? else {
            show_block(&request, plan, &spec)?;
            shared.changes.plan_growth(&spec.pool_id);
            return Ok(());
        };
        shared.changes.plan_resource(&held.pool_id, held.cidr);
        plan.planned.fill(&held);
        Ok(())
    }

    fn plan_change(shared: &Shared, prior: &Self, plan: &mut Plan<Self>) -> Result<(), Diagnostics> {
        if plan.config.cidr.is_known() && plan.planned.cidr == prior.cidr {
            // A netmask length that is not known yet agrees with the block, or is an error later.
            plan.replace.retain(|path| *path != at!(Self, netmask_length));
        }
        let stays = plan.replace.is_empty();
        if let (true, Some(configured)) = (stays, shared.configured()?) {
            check_source(shared, &configured, prior)?;
            check_name_is_free(shared, &configured, prior, plan)?;
            kept_arguments::note(&configured, &prior.id, plan);
        }
        let blocks = prior.cidr.get().into_iter().copied().collect();
        Replaced { word: "pool CIDR", id: &prior.id, name: &prior.name, blocks, more: "" }.warn(plan);
        keep(shared, prior, plan, Self::name_at(prior))?;
        let blocks = prior.cidr.get().filter(|_| stays).into_iter().copied().collect();
        hand_over::check_kept(shared, &prior.id, &blocks, at!(Self, cidr))
    }
}
