//! `ipam_address_history`: the resources that had a CIDR.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::backend::observation::{ComplianceStatus, HistoryQuestion, HistoryRecord, OverlapStatus, PastType};
use crate::ipam::Cidr;
use crate::provider::attributes::{HumanDuration, Time};
use crate::provider::shared::Shared;
use crate::tf::{DataSource, Diagnostic, Diagnostics, Path, wrong_value};
use crate::{at, model};

use super::conversion::{NO_SCOPE, explained, moment, of};
use super::freshness::check_scanned;

model! {
    /// The attributes of a record: a resource had the CIDR for a time.
    pub(super) struct RecordFacts {
        /// ID of the resource.
        resource_id: String => computed(),
        /// Name of the resource; null if it had none.
        resource_name: String => computed(),
        /// Type of the resource: `vpc`, `subnet`, `eip`, `network-interface`, `instance` or `other`.
        resource_type: PastType => computed(),
        /// ID of the AWS account that owned the resource. Network interfaces of NAT gateways and functions belong to
        /// `amazon-aws`.
        resource_owner_id: String => computed(),
        /// Region of the resource.
        resource_region: String => computed(),
        /// CIDR of the resource.
        resource_cidr: Cidr => computed(),
        /// Whether the resource kept the rules of its pool: `compliant`, `noncompliant`, `unmanaged` or `ignored`. On a
        /// self-managed store, null unless `is_current` is true.
        resource_compliance_status: ComplianceStatus => computed(),
        /// Whether another resource shared addresses with the CIDR: `overlapping`, `nonoverlapping` or `ignored`. On a
        /// self-managed store, null unless `is_current` is true.
        resource_overlap_status: OverlapStatus => computed(),
        /// ID of the VPC that the resource was, or that contained it.
        vpc_id: String => computed(),
        /// Time at which a scan first found the resource with the CIDR, in RFC 3339 format. The resource may have had
        /// the CIDR some minutes before.
        sampled_start_time: Time => computed(),
        /// Time at which a scan last found the resource with the CIDR, in RFC 3339 format; null while the resource has
        /// the CIDR.
        sampled_end_time: Time => computed(),
        /// Whether the resource has the CIDR now.
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
    /// Lists the resources that had a CIDR, or a single address, in a window of time. Only resources with exactly this
    /// CIDR are listed: a /16 does not show its /24s. If no scan found such a resource, the list is empty. On a
    /// self-managed store, reading fails before the first scan. The history is kept for up to three years. It contains
    /// the samples of AWS IPAM, or the results of the scans of a self-managed store.
    pub(super) struct HistoryModel {
        /// CIDR. For a single address, append `/32` or `/128`.
        cidr: Cidr => required(),
        /// ID of the scope. Default: the default private scope.
        ipam_scope_id: String => optional().computed(),
        /// ID of a VPC. Only this VPC and the resources in it are listed.
        vpc_id: String => optional(),
        /// Start of the window, in RFC 3339 format. Default: the start of the history.
        start_time: Time => optional(),
        /// End of the window, in RFC 3339 format. Default: now.
        end_time: Time => optional(),
        /// Length of a window that ends now: a duration such as `24h`. Conflicts with `start_time` and `end_time`.
        last: HumanDuration => optional(),
        /// Whether to list only resources that have the CIDR now. Default: `false`.
        current_only: bool => default(false),
        /// List of the records, the earliest first.
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
        let observation = of(ipam.as_ref())?;
        let found = observation.address_history(&question);
        // Before the first write, the store has no default scope either.
        if found.as_ref().map_or(true, |found| found.records.is_empty()) {
            let oldest = observation.oldest_sample().map_err(explained(&[], Path::root()))?;
            check_scanned(ipam.as_ref(), oldest, None)?;
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

/// Start and end of the window, if it has them.
fn window(config: &HistoryModel, now: Timestamp) -> (Option<Timestamp>, Option<Timestamp>) {
    let start = config.start_time.get().map(|moment| moment.0);
    let Some(last) = config.last.get() else { return (start, config.end_time.get().map(|moment| moment.0)) };
    let length = SignedDuration::try_from(last.0).unwrap_or(SignedDuration::MAX);
    (now.checked_sub(length).ok(), Some(now))
}
