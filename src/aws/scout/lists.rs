//! The lists of EC2, read page by page.

use std::future::Future;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types as ec2;

use crate::ipam::discovery::types::{SeenType, Survey};

use super::super::pages::all_pages;
use super::super::response::{Refusal, ask};

/// The largest page size of EC2. Without a page size, EC2 returns thousands of entries at once, throttles such calls
/// more, and refuses them for large accounts.
const PAGE: i32 = 1000;
/// The largest page size of DescribeByoipCidrs.
const BYOIP_PAGE: i32 = 100;
/// The largest page size of DescribePublicIpv4Pools.
const POOLS_PAGE: i32 = 10;

/// Error codes of EC2 for a list that a Region does not have.
const NOT_HERE: [&str; 4] = ["InvalidAction", "OperationNotSupported", "Unsupported", "UnsupportedOperation"];

/// Whether the survey covers resources of this type. Public addresses have the type `eip`.
pub(super) fn wants(survey: &Survey, kind: SeenType) -> bool {
    survey.resource_types.is_empty() || survey.resource_types.contains(&kind)
}

/// The lists that a scan requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WantedLists {
    pub(super) vpcs: bool,
    pub(super) subnets: bool,
    pub(super) interfaces: bool,
    pub(super) addresses: bool,
    pub(super) pools: bool,
    pub(super) byoip: bool,
}

impl WantedLists {
    /// All lists that contain the types, and the lists with the tags of excluded resources: the exclusion of a VPC also
    /// excludes its contents.
    pub(super) fn of(survey: &Survey) -> Self {
        let wants = |kind| wants(survey, kind);
        let addresses = wants(SeenType::Eip);
        let interfaces = wants(SeenType::Eni) || addresses;
        let by_tags = !survey.exclusions.tags.is_empty();
        let subnets = wants(SeenType::Subnet) || (by_tags && interfaces);
        Self {
            vpcs: wants(SeenType::Vpc) || (by_tags && subnets),
            subnets,
            interfaces,
            addresses,
            pools: wants(SeenType::PublicIpv4Pool),
            byoip: addresses || wants(SeenType::Ipv6Pool),
        }
    }
}

/// All lists of EC2 for one account and Region.
#[derive(Debug, Default)]
pub(super) struct Lists {
    pub(super) vpcs: Vec<ec2::Vpc>,
    pub(super) subnets: Vec<ec2::Subnet>,
    pub(super) interfaces: Vec<ec2::NetworkInterface>,
    pub(super) addresses: Vec<ec2::Address>,
    pub(super) pools: Vec<ec2::PublicIpv4Pool>,
    pub(super) byoip: Vec<ec2::ByoipCidr>,
}

impl Lists {
    /// Requests all lists at the same time.
    ///
    /// # Errors
    /// The first refusal: a part is never taken for the whole.
    pub(super) async fn ask(client: &Client, wanted: WantedLists) -> Result<Self, Refusal> {
        let (vpcs, subnets, interfaces, addresses, pools, byoip) = tokio::try_join!(
            when(wanted.vpcs, vpcs(client)),
            when(wanted.subnets, subnets(client)),
            when(wanted.interfaces, interfaces(client)),
            when(wanted.addresses, addresses(client)),
            when(wanted.pools, pools(client)),
            when(wanted.byoip, byoip(client)),
        )?;
        Ok(Self { vpcs, subnets, interfaces, addresses, pools, byoip })
    }
}

async fn when<T>(is_wanted: bool, list: impl Future<Output = Result<Vec<T>, Refusal>>) -> Result<Vec<T>, Refusal> {
    if is_wanted { list.await } else { Ok(Vec::new()) }
}

async fn vpcs(client: &Client) -> Result<Vec<ec2::Vpc>, Refusal> {
    all_pages(|token| {
        let request = client.describe_vpcs().max_results(PAGE).set_next_token(token);
        async move {
            let page = ask("DescribeVpcs", request.send()).await?;
            Ok((page.vpcs.unwrap_or_default(), page.next_token))
        }
    })
    .await
}

async fn subnets(client: &Client) -> Result<Vec<ec2::Subnet>, Refusal> {
    all_pages(|token| {
        let request = client.describe_subnets().max_results(PAGE).set_next_token(token);
        async move {
            let page = ask("DescribeSubnets", request.send()).await?;
            Ok((page.subnets.unwrap_or_default(), page.next_token))
        }
    })
    .await
}

async fn interfaces(client: &Client) -> Result<Vec<ec2::NetworkInterface>, Refusal> {
    all_pages(|token| {
        let request = client.describe_network_interfaces().max_results(PAGE).set_next_token(token);
        async move {
            let page = ask("DescribeNetworkInterfaces", request.send()).await?;
            Ok((page.network_interfaces.unwrap_or_default(), page.next_token))
        }
    })
    .await
}

/// EC2 does not divide this list into pages.
async fn addresses(client: &Client) -> Result<Vec<ec2::Address>, Refusal> {
    Ok(ask("DescribeAddresses", client.describe_addresses().send()).await?.addresses.unwrap_or_default())
}

async fn pools(client: &Client) -> Result<Vec<ec2::PublicIpv4Pool>, Refusal> {
    let list = all_pages(|token| {
        let request = client.describe_public_ipv4_pools().max_results(POOLS_PAGE).set_next_token(token);
        async move {
            let page = ask("DescribePublicIpv4Pools", request.send()).await?;
            Ok((page.public_ipv4_pools.unwrap_or_default(), page.next_token))
        }
    });
    or_none(list.await)
}

async fn byoip(client: &Client) -> Result<Vec<ec2::ByoipCidr>, Refusal> {
    let list = all_pages(|token| {
        let request = client.describe_byoip_cidrs().max_results(BYOIP_PAGE).set_next_token(token);
        async move {
            let page = ask("DescribeByoipCidrs", request.send()).await?;
            Ok((page.byoip_cidrs.unwrap_or_default(), page.next_token))
        }
    });
    or_none(list.await)
}

/// A list, or an empty list in a Region that does not support it.
fn or_none<T>(list: Result<Vec<T>, Refusal>) -> Result<Vec<T>, Refusal> {
    list.or_else(|refusal| {
        if refusal.code().is_some_and(|code| NOT_HERE.contains(&code)) { Ok(Vec::new()) } else { Err(refusal) }
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::response::fault;
    use super::*;

    #[test]
    fn a_list_that_a_region_does_not_have_is_empty() {
        let refused = |code: &str| or_none::<u8>(Err(fault("DescribeByoipCidrs", code, "no")));
        assert_eq!(refused("UnsupportedOperation").unwrap(), Vec::<u8>::new());
        assert!(refused("UnauthorizedOperation").is_err());
    }

    #[test]
    fn only_the_lists_that_the_types_need_are_requested() {
        let of = |kinds: &[SeenType], tags: bool| {
            let mut survey = Survey { resource_types: kinds.iter().copied().collect(), ..Survey::default() };
            if tags {
                survey.exclusions.tags.insert("env".into(), "test".into());
            }
            let WantedLists { vpcs, subnets, interfaces, addresses, pools, byoip } = WantedLists::of(&survey);
            [vpcs, subnets, interfaces, addresses, pools, byoip].map(u8::from)
        };
        assert_eq!(of(&[], false), [1, 1, 1, 1, 1, 1]);
        assert_eq!(of(&[SeenType::Vpc], true), [1, 0, 0, 0, 0, 0]);
        assert_eq!(of(&[SeenType::Subnet], false), [0, 1, 0, 0, 0, 0]);
        assert_eq!(of(&[SeenType::Subnet], true), [1, 1, 0, 0, 0, 0]);
        assert_eq!(of(&[SeenType::Eni], true), [1, 1, 1, 0, 0, 0]);
        assert_eq!(of(&[SeenType::Eip], false), [0, 0, 1, 1, 0, 1]);
        assert_eq!(of(&[SeenType::PublicIpv4Pool], false), [0, 0, 0, 0, 1, 0]);
    }
}
