//! `ipam_lease`: a block for the length of one run.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::backend::{Holds, explain};
use crate::ipam::{Allocation, AllocationSpec, Cidr, Error, Kind, OnlySelfManaged, Tags, Unsupported};
use crate::store;
use crate::tf::{Diagnostic, Diagnostics, EphemeralResource, Open, Path, Private, Renewal, wrong_value};
use crate::{at, fill_block_attributes, model};

use super::super::attributes::{HumanDuration, Time};
use super::super::block_attributes::block_attributes;
use super::super::noun::NounModel;
use super::super::resources::allocation::AllocationModel;
use super::super::shared::{Configured, Shared, within};
use super::super::tags::PlannedTags;
use super::super::{capabilities, errors, naming};

/// The shortest and the longest duration of a lease.
const SHORTEST: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_hours(24);
/// How long the opening waits for a store that is busy.
const BUSY_MAX: Duration = Duration::from_secs(60);

model! {
    /// Leases a CIDR from a pool for the length of one run, such as the addresses of a test environment that the same
    /// run removes again. No plan and no state contains the CIDR.
    ///
    /// Terraform opens the lease in each plan and again in each apply, and releases it at the end. While the run goes
    /// on, the lease is renewed. When the run dies, the lease ends by itself after `duration`, and the space is free.
    /// The next run of the same `owner` gets the same CIDR for the same name if it is still free.
    ///
    /// Two runs never have one CIDR at the same time. A name is one lease: while one run has it, another run that opens a
    /// lease of that name in the same pool fails, and the error says which run has it and until when. For runs that may
    /// overlap, make the name different in each run.
    ///
    /// Every self-managed store has leases. A lease is also taken with `plan_hold = "0s"`, because the run uses the CIDR.
    /// A plan needs the permission to write to the store for the same reason. With `aws-ipam` there are no leases,
    /// because an allocation in AWS does not end by itself. Needs Terraform 1.10 or OpenTofu 1.11.
    pub(super) struct LeaseModel {
        /// ID of the pool from which the CIDR is leased.
        ipam_pool_id: String => required(),
        /// Name of the lease, unique in the pool among allocations and leases.
        name: String => required(),
        /// CIDR to lease. If `netmask_length` is set as well, it must be the netmask length of this CIDR. If neither is
        /// set, the lease has the `allocation_default_netmask_length` of the pool.
        cidr: Cidr => optional().computed(),
        /// Netmask length of the CIDR to lease. The `allocation_strategy` of the pool chooses the place.
        netmask_length: u8 => optional().computed(),
        /// Set of CIDRs that a lease by `netmask_length` must not use, and that `cidr` must not overlap.
        disallowed_cidrs: BTreeSet<Cidr> => optional(),
        /// Description of the lease.
        description: String => optional(),
        /// Map of tags for the lease. `tags_all` must contain the `allocation_resource_tags` of the pool.
        tags: Tags => optional(),
        /// How long the lease lasts when its run does not renew it any more, from `10s` to `24h`. Default: `10m`. The run
        /// renews it after half of this time.
        duration: HumanDuration => default("10m"),
        /// ID of the lease. The next run gets another one.
        id: String => computed(),
        /// Owner of the lease: the provider argument `owner`.
        owner: String => computed(),
        /// Time at which the lease ends if the run never renews it, in RFC 3339 format. Later renewals do not change this
        /// value.
        expires_at: Time => computed(),
        include block_attributes;
        /// All tags of the lease: `tags` and the `default_tags` of the provider.
        tags_all: Tags => computed(),
    }
}

impl LeaseModel {
    /// The allocation that would ask for the same block, by the same rules and with the same names of arguments.
    fn as_allocation(&self) -> AllocationModel {
        AllocationModel {
            ipam_pool_id: self.ipam_pool_id.clone(),
            name: self.name.clone(),
            cidr: self.cidr.clone(),
            netmask_length: self.netmask_length.clone(),
            disallowed_cidrs: self.disallowed_cidrs.clone(),
            description: self.description.clone(),
            tags: self.tags.clone(),
            ..AllocationModel::default()
        }
    }

    fn fill(&mut self, lease: &Allocation) {
        fill_block_attributes!(&mut *self, lease.cidr);
        self.id = lease.meta.id.clone().into();
        self.owner = lease.meta.owner.clone().into();
        self.expires_at = lease.meta.hold_expires_at.map(Time).into();
        self.tags_all = lease.tags.clone().into();
    }
}

/// What the renewals and the close know of a lease.
#[derive(Serialize, Deserialize)]
struct Kept {
    id: String,
    name: String,
    cidr: String,
    duration_ms: u64,
    /// The end of the lease if it is not renewed again.
    until: Timestamp,
}

const KEPT: &str = "lease";

impl Kept {
    /// `None`: nothing was opened, or the private data is not of this provider.
    fn of(private: &Private) -> Option<Self> {
        serde_json::from_value(private.get(KEPT)?.clone()).ok()
    }

    fn private(&self) -> Private {
        let value = serde_json::to_value(self).unwrap_or_default();
        [(KEPT.to_owned(), value)].into_iter().collect()
    }

    const fn duration(&self) -> Duration {
        Duration::from_millis(self.duration_ms)
    }
}

/// The time to renew a lease that lasts this long from now: half of it leaves time for a store that does not answer.
fn renewal_after(duration: Duration) -> Option<SystemTime> {
    SystemTime::now().checked_add(duration / 2)
}

pub(super) struct Lease(pub(super) Arc<Shared>);

/// The holds of the store, which leases are.
fn holds(configured: &Configured) -> Result<&dyn Holds, Diagnostics> {
    configured.ipam.holds().ok_or_else(|| {
        errors::at(&Error::Unsupported { what: Unsupported::OnlySelfManaged(OnlySelfManaged::Leases) }, Path::root())
    })
}

impl EphemeralResource for Lease {
    type Model = LeaseModel;
    const TYPE: &'static str = "ipam_lease";

    fn validate(&self, config: &LeaseModel) -> Diagnostics {
        let mut diagnostics = config.as_allocation().check();
        if let Some(HumanDuration(duration)) = config.duration.get()
            && !(SHORTEST..=LONGEST).contains(duration)
        {
            let detail = format!("{} is not a duration from 10s to 24h.", HumanDuration(*duration));
            diagnostics.append(wrong_value(&at!(LeaseModel, duration), detail));
        }
        // Terraform validates again before it opens the lease, when the provider is configured.
        if let Ok(Some(configured)) = self.0.configured() {
            diagnostics.gather(holds(&configured).map(|_| ()));
        }
        diagnostics
    }

    fn open(&self, open: &mut Open<LeaseModel>) -> Result<(), Diagnostics> {
        let Some(configured) = self.0.configured()? else { return Ok(()) };
        let holds = holds(&configured)?;
        let tags = PlannedTags::new(&configured.default_tags, &open.config.tags);
        capabilities::tags(&configured, &tags.known, at!(LeaseModel, tags))?;
        let allocation = open.config.as_allocation();
        let spec = AllocationModel::size(&allocation).and_then(|size| allocation.request(size, &tags.known));
        let (Some(spec), false) = (spec, tags.is_pending()) else { return Ok(()) };
        let key = naming::name_key(Kind::Allocation, &spec.pool_id, &spec.name);
        if !self.0.session.reserve_name(key, None) {
            return Err(naming::name_claimed(&spec.name).at(at!(LeaseModel, name)).into());
        }
        let duration = open.config.duration.known(at!(LeaseModel, duration))?.0;
        match within(BUSY_MAX, &open.stop, || holds.open_lease(&spec, duration)) {
            Ok(lease) => {
                self.opened(open, &lease, duration);
                Ok(())
            }
            Err(Error::Store(store::Error::ReadOnly(why))) => Err(not_opened(&spec, &why).into()),
            Err(error) => Err(errors::at(&error, allocation.attribute_for(&error))),
        }
    }

    fn renew(&self, private: Private) -> Result<Renewal, Diagnostics> {
        let Some(kept) = Kept::of(&private) else { return Ok(Renewal { private, renew_at: None }) };
        let (configured, duration) = (self.0.ready()?, kept.duration());
        match holds(&configured)?.renew_lease(&kept.id, &kept.name, duration) {
            Ok(lease) => {
                let until = lease.meta.hold_expires_at.unwrap_or(kept.until);
                Ok(Renewal { private: Kept { until, ..kept }.private(), renew_at: renewal_after(duration) })
            }
            // There is time for another attempt.
            Err(Error::Store(error)) if is_passing(&error) && Timestamp::now() < kept.until => {
                tracing::warn!(?error, lease = kept.id, "The lease was not renewed, which is tried again");
                Ok(Renewal { private, renew_at: renewal_after(duration / 4) })
            }
            Err(error) => Err(lost(&kept, &error).into()),
        }
    }

    fn close(&self, private: &Private) -> Diagnostics {
        let Some(kept) = Kept::of(private) else { return Diagnostics::new() };
        let closed = self.0.ready().and_then(|configured| {
            let end = |error: Error| Diagnostics::from(not_closed(&kept, &error));
            holds(&configured)?.close_lease(&kept.id).map_err(end)
        });
        self.0.leases.close(&kept.id);
        closed.err().unwrap_or_default()
    }
}

impl Lease {
    fn opened(&self, open: &mut Open<LeaseModel>, lease: &Allocation, duration: Duration) {
        self.0.leases.open(&lease.meta.id);
        open.result.fill(lease);
        let kept = Kept {
            id: lease.meta.id.clone(),
            name: lease.meta.name.clone(),
            cidr: lease.cidr.to_string(),
            duration_ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
            until: lease.meta.hold_expires_at.unwrap_or(Timestamp::MAX),
        };
        open.private = kept.private();
        open.renew_at = renewal_after(duration);
    }
}

/// Whether a later attempt may succeed.
const fn is_passing(error: &store::Error) -> bool {
    use store::Error::{Busy, Unavailable, Uncertain};
    matches!(error, Busy(_) | Unavailable(_) | Uncertain(_))
}

/// The error of a run that may not write. Unknown values would do for a plan, but a run does not say whether it applies.
fn not_opened(spec: &AllocationSpec, why: &str) -> Diagnostic {
    Diagnostic::error(
        "A lease needs the permission to write",
        format!(
            "This run can read the store but cannot write to it, so it cannot lease a CIDR for {:?}. A plan opens the lease \
             as an apply does. Plan with credentials that can write, or leave the lease out where they cannot: with `count`, \
             for example. ({why})",
            spec.name
        ),
    )
}

fn lost(kept: &Kept, error: &Error) -> Diagnostic {
    let explanation = explain(error);
    let why = match error {
        Error::HoldLost { .. } => {
            "It had ended, and another request took its space or its name, or `holds release` ended it.".to_owned()
        }
        _ => format!("{}. {}", explanation.summary, explanation.detail),
    };
    Diagnostic::error(
        format!("The lease {:?} is lost", kept.name),
        format!(
            "This run had {} ({}) until {}, and could not renew it. {why} Others may use this space now: do not rely on \
             what this run has made in it, and run again. A longer `duration` bridges longer failures.",
            kept.cidr,
            kept.id,
            explain::time(kept.until)
        ),
    )
}

/// The warning about a lease that is not renewed any more, and that stays for a while.
fn not_closed(kept: &Kept, error: &Error) -> Diagnostic {
    let explanation = explain(error);
    Diagnostic::warning(
        format!("The lease {:?} was not released", kept.name),
        format!(
            "{} ({}) stays taken until the lease ends by itself, at most {} after its last renewal. {}. {}",
            kept.cidr,
            kept.id,
            HumanDuration(kept.duration()),
            explanation.summary,
            explanation.detail
        ),
    )
}
