//! `ipam_address_history`: who had a block when.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::backend::observation::{ComplianceStatus, HistoryQuestion, HistoryRecord, OverlapStatus, PastType};
use crate::ipam::Cidr;
use crate::provider::attributes::{HumanDuration, Time};
use crate::provider::shared::Shared;
use crate::tf::{DataSource, Diagnostic, Diagnostics, Path, wrong_value};
use crate::{at, model};

use super::{NO_SCOPE, explained, moment, seen_once};

model! {
    /// A resource had the block for a time.
    pub(super) struct RecordFacts {
        /// Id of the resource.
        resource_id: String => computed(),
        /// Its name; null when it had none.
        resource_name: String => computed(),
        /// What it was: `vpc`, `subnet`, `eip`, `network-interface`, `instance` or `other`.
        resource_type: PastType => computed(),
        /// Its account. Network interfaces of NAT gateways and functions belong to `amazon-aws`.
        resource_owner_id: String => computed(),
        /// Its Region.
        resource_region: String => computed(),
        /// The block.
        resource_cidr: Cidr => computed(),
        /// Whether it kept the rules of its pool: `compliant`, `noncompliant`, `unmanaged` or `ignored`.
        resource_compliance_status: ComplianceStatus => computed(),
        /// Whether another block shared addresses with it: `overlapping`, `nonoverlapping` or `ignored`.
        resource_overlap_status: OverlapStatus => computed(),
        /// VPC that it was or was in.
        vpc_id: String => computed(),
        /// When it was first seen so, as RFC 3339 time: up to some minutes after it became so.
        sampled_start_time: Time => computed(),
        /// When it was last seen so, as RFC 3339 time; null while it is so.
        sampled_end_time: Time => computed(),
        /// Whether it is so now.
        is_current: bool => computed(),
    }
}

impl RecordFacts {
    fn of(found: HistoryRecord) -> Self {
        Self {
            is_current: found.last_sampled.is_none().into(),
            resource_id: found.resource_id.into(),
            resource_name: found.resource_name.into(),
            resource_type: found.resource_type.into(),
            resource_owner_id: found.owner_id.into(),
            resource_region: found.region.into(),
            resource_cidr: found.cidr.into(),
            resource_compliance_status: found.compliance.into(),
            resource_overlap_status: found.overlap.into(),
            vpc_id: found.vpc_id.into(),
            sampled_start_time: moment(found.first_sampled),
            sampled_end_time: moment(found.last_sampled),
        }
    }
}

model! {
    /// Tells who had a block, or a single address, in a window of time. Only exactly this block counts: a /16 does not
    /// show its /24s. What nobody watched is an empty list. Up to three years are kept.
    pub(super) struct HistoryModel {
        /// The block; for a single address with `/32` or `/128`.
        cidr: Cidr => required(),
        /// The scope; the default private one when not set.
        ipam_scope_id: String => optional().computed(),
        /// Only in this VPC.
        vpc_id: String => optional(),
        /// Begin of the window, as RFC 3339 time; as far back as there is something when not set.
        start_time: Time => optional(),
        /// End of the window, as RFC 3339 time; now when not set.
        end_time: Time => optional(),
        /// Instead of the two: a window of this length that ends now, such as `24h`.
        last: HumanDuration => optional(),
        /// Only what is so now.
        current_only: bool => default(false),
        /// What was seen, the earliest first.
        history_records: Vec<RecordFacts> => computed(),
    }
}

pub(super) struct HistoryData(pub(super) Arc<Shared>);

impl DataSource for HistoryData {
    type Model = HistoryModel;
    const TYPE: &'static str = "ipam_address_history";

    fn validate(&self, config: &HistoryModel) -> Diagnostics {
        check_window(config)
    }

    fn read(&self, config: HistoryModel) -> Result<HistoryModel, Diagnostics> {
        let ipam = self.0.ipam()?;
        let (from, to) = window(&config, ipam.now());
        let question = HistoryQuestion {
            cidr: *config.cidr.known(at!(HistoryModel, cidr))?,
            scope_id: config.ipam_scope_id.cloned(),
            vpc_id: config.vpc_id.cloned(),
            from,
            to,
        };
        let observation = super::of(ipam.as_ref())?;
        let found = observation.address_history(&question);
        // Before the first write there is no default scope either.
        if found.as_ref().map_or(true, |found| found.records.is_empty()) {
            let oldest = observation.oldest_sample().map_err(explained(&[], Path::root()))?;
            seen_once(ipam.as_ref(), oldest, None)?;
        }
        let found = found.map_err(explained(&[(NO_SCOPE, at!(HistoryModel, ipam_scope_id))], Path::root()))?;
        let current_only = config.current_only.cloned().unwrap_or(false);
        let records = found.records.into_iter().filter(|one| one.last_sampled.is_none() || !current_only);
        Ok(HistoryModel {
            ipam_scope_id: found.scope_id.into(),
            history_records: records.map(RecordFacts::of).collect::<Vec<_>>().into(),
            ..config
        })
    }
}

fn check_window(config: &HistoryModel) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    if let (Some(start), Some(end)) = (config.start_time.get(), config.end_time.get())
        && end < start
    {
        let detail = format!("The window ends at {end}, before it begins at {start}.");
        diagnostics.append(wrong_value(&at!(HistoryModel, end_time), detail));
    }
    for (is_given, name) in [(config.start_time.is_known(), "start_time"), (config.end_time.is_known(), "end_time")] {
        if is_given && config.last.is_known() {
            let detail = format!("{name} and last both define the window. Keep one of them.");
            diagnostics.push(Diagnostic::error("Contradicting windows", detail).at(at!(HistoryModel, last)));
        }
    }
    diagnostics
}

/// Begin and end, where there are some.
fn window(config: &HistoryModel, now: Timestamp) -> (Option<Timestamp>, Option<Timestamp>) {
    let start = config.start_time.get().map(|moment| moment.0);
    let Some(last) = config.last.get() else { return (start, config.end_time.get().map(|moment| moment.0)) };
    let length = SignedDuration::try_from(last.0).unwrap_or(SignedDuration::MAX);
    (now.checked_sub(length).ok(), Some(now))
}
