//! The resources that had a block, with the times.

use aws_sdk_ec2::primitives::DateTime;
use aws_sdk_ec2::types as ec2;
use jiff::Timestamp;

use crate::backend::observation::{History, HistoryQuestion, HistoryRecord, PastType};
use crate::ipam::Result;

use super::super::convert::{cidr, need};
use super::super::response::{ask, fault};
use super::{Observations, owned, time, word};

const ACTION: &str = "GetIpamAddressHistory";

fn record(found: &ec2::IpamAddressHistoryRecord) -> Result<HistoryRecord> {
    Ok(HistoryRecord {
        owner_id: owned(found.resource_owner_id()),
        region: owned(found.resource_region()),
        resource_type: word(found.resource_type().map(ec2::IpamAddressHistoryResourceType::as_str))
            .unwrap_or(PastType::Other),
        resource_id: need(found.resource_id(), "resource id")?.to_owned(),
        resource_name: owned(found.resource_name()),
        cidr: cidr(found.resource_cidr())?,
        compliance: word(found.resource_compliance_status().map(ec2::IpamComplianceStatus::as_str)),
        overlap: word(found.resource_overlap_status().map(ec2::IpamOverlapStatus::as_str)),
        vpc_id: owned(found.vpc_id()),
        first_sampled: time(found.sampled_start_time()),
        last_sampled: time(found.sampled_end_time()),
    })
}

/// # Errors
/// Fails for a time that AWS cannot represent.
fn asked(time: Option<Timestamp>) -> Result<Option<DateTime>> {
    let Some(time) = time else { return Ok(None) };
    let converted = DateTime::from_nanos(time.as_nanosecond());
    Ok(Some(
        converted
            .map_err(|_| fault(ACTION, "InvalidParameterValue", format!("AWS does not accept the time {time}")))?,
    ))
}

impl Observations<'_> {
    pub(in crate::aws) async fn history(&self, question: &HistoryQuestion) -> Result<History> {
        let scope_id = match &question.scope_id {
            Some(id) => id.clone(),
            None => self.aws.ipam().await?.private_scope.clone(),
        };
        let request = self
            .aws
            .clients
            .home()
            .get_ipam_address_history()
            .cidr(question.cidr.to_string())
            .ipam_scope_id(&scope_id)
            .set_vpc_id(question.vpc_id.clone())
            .set_start_time(asked(question.from)?)
            .set_end_time(asked(question.to)?);
        let found: Vec<ec2::IpamAddressHistoryRecord> =
            ask(ACTION, request.into_paginator().items().send().try_collect()).await?;
        let mut records = found.iter().map(record).collect::<Result<Vec<_>>>()?;
        records.sort_by(|a, b| {
            let key = |one: &HistoryRecord| (one.first_sampled, one.resource_type, one.resource_id.clone());
            key(a).cmp(&key(b))
        });
        Ok(History { scope_id, records })
    }
}
