//! The resources that AWS has found in accounts, one file for each kind of request.
//!
//! Discoveries are read one Region at a time. An answer comes in pages, and all of them are read.

mod accounts;
mod history;
mod public_addresses;
mod resources;

use aws_sdk_ec2::primitives::DateTime;
use aws_sdk_ec2::types as ec2;
use jiff::Timestamp;

use crate::backend::observation::{DiscoveryFilter, Seen};
use crate::ipam::{Result, Tags, Words};

use super::connection::Connection;
use super::response::fault;
use super::service::discovery::Discoveries;

/// The value of a word from AWS; `None` if AWS reported none.
fn word<T: Words>(text: Option<&str>) -> Option<T> {
    text.map(T::from_text)
}

fn time(time: Option<&DateTime>) -> Option<Timestamp> {
    let time = time?;
    let nanoseconds = i32::try_from(time.subsec_nanos()).ok()?;
    Timestamp::new(time.secs(), nanoseconds).ok()
}

fn owned(text: Option<&str>) -> Option<String> {
    text.map(str::to_owned)
}

fn resource_tags(found: &[ec2::IpamResourceTag]) -> Tags {
    let pairs = found.iter();
    pairs.filter_map(|tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned()))).collect()
}

/// A discovery and the Regions to read.
struct DiscoveryRegions {
    discovery_id: String,
    regions: Vec<String>,
}

impl DiscoveryRegions {
    fn seen<T>(self, items: Vec<T>) -> Seen<T> {
        Seen { discovery_id: self.discovery_id, regions: self.regions, items, oldest_sample: None }
    }
}

/// The results of the discoveries.
#[derive(Clone, Copy)]
pub(in crate::aws) struct Observations<'a> {
    pub(in crate::aws) aws: &'a Connection,
}

impl Observations<'_> {
    async fn discovery(&self, filter: &DiscoveryFilter) -> Result<DiscoveryRegions> {
        let discovery_id = match &filter.discovery_id {
            Some(id) => id.clone(),
            None => self.default_discovery().await?,
        };
        if let Some(region) = &filter.region {
            return Ok(DiscoveryRegions { discovery_id, regions: vec![region.clone()] });
        }
        let found = Discoveries { aws: self.aws }.describe(&discovery_id).await?.ok_or_else(|| {
            let code = "InvalidIpamResourceDiscoveryId.NotFound";
            let why =
                format!("the account has no resource discovery {discovery_id} in {}", self.aws.clients.home_region());
            fault("DescribeIpamResourceDiscoveries", code, why)
        })?;
        let mut regions: Vec<String> =
            found.operating_regions().iter().filter_map(|region| owned(region.region_name())).collect();
        regions.sort();
        Ok(DiscoveryRegions { discovery_id, regions })
    }

    async fn default_discovery(&self) -> Result<String> {
        let chosen = self.aws.ipam().await?;
        Ok(chosen.discovery.clone().ok_or_else(|| {
            let why = format!("{} has no default resource discovery: set the id of one", chosen.id);
            fault("DescribeIpams", "WhichResourceDiscovery", why)
        })?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::observation::SeenType;

    #[test]
    fn a_word_that_only_aws_knows_is_kept() {
        let round_trip = |text| word::<SeenType>(text).map(|word| word.to_string());
        for text in [Some("vpc"), Some("balloon"), None] {
            assert_eq!(round_trip(text).as_deref(), text);
        }
    }

    #[test]
    fn times_keep_their_fractions_of_seconds() {
        let at = DateTime::from_secs_and_nanos(1_700_000_000, 250_000_000);
        assert_eq!(time(Some(&at)).map(|time| time.to_string()), Some("2023-11-14T22:13:20.25Z".to_owned()));
        assert_eq!(time(None), None);
    }
}
