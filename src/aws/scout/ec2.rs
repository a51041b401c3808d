//! Values in answers of EC2 that blocks and public addresses have in common.

use std::net::IpAddr;

use aws_sdk_ec2::types as ec2;
use jiff::Timestamp;

use crate::ipam::{Cidr, Family, Tags};

/// The target of a scan, and its start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin<'a> {
    pub(super) account: &'a str,
    pub(super) region: &'a str,
    pub(super) taken_at: Timestamp,
}

pub(super) fn owned(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(str::to_owned)
}

pub(super) fn tags(found: &[ec2::Tag]) -> Tags {
    found.iter().filter_map(|tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned()))).collect()
}

/// The block of a single address.
pub(super) fn single(text: Option<&str>) -> Option<Cidr> {
    let (family, number) = match text?.parse::<IpAddr>().ok()? {
        IpAddr::V4(v4) => (Family::Ipv4, u128::from(u32::from(v4))),
        IpAddr::V6(v6) => (Family::Ipv6, u128::from(v6)),
    };
    Some(Cidr::around(family, number, family.bits()))
}

/// Whether the address is in a range that was brought to AWS: a range of this account, or a range of a public IPv4 pool,
/// which consists only of such ranges.
pub(super) fn is_brought(address: &Cidr, pool: Option<&str>, ranges: &[ec2::ByoipCidr]) -> bool {
    pool.is_some_and(|pool| pool.starts_with("ipv4pool-ec2-"))
        || ranges.iter().any(|range| {
            range.cidr().and_then(|cidr| cidr.parse::<Cidr>().ok()).is_some_and(|range| range.contains(address))
        })
}
