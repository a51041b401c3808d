//! Data types of discoveries: where a discovery scans, what a scan returns, and the answers to queries about it.
//!
//! All of this is sampled: it shows resources as they were at the time of a scan, not as they are now. A discovered
//! block is not an allocated block: sightings are stored separately from allocations, and compared with them on
//! request.

pub use super::columns::UnknownColumns;
pub use super::enums::{
    AddressService, AddressType, AssociationStatus, AttachmentStatus, ComplianceStatus, FailureCode, IpSource,
    ManagementState, OverlapStatus, PastType, SeenType,
};
pub use super::formats::FileFormat;
pub use crate::ipam::model::resource_cidr::ResourceCidrId;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ipam::{Cidr, Meta, Tags};

/// A resource discovery of a self-managed store: the accounts, Regions and files to scan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discovery {
    /// Id and other common attributes. The name need not be unique, and is empty when there is none.
    #[serde(flatten)]
    pub meta: Meta,
    /// Free text.
    pub description: Option<String>,
    /// The targets of the scans.
    pub survey: Survey,
    /// Tags.
    pub tags: Tags,
}

/// The targets of a discovery, and the resources to look for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Survey {
    /// Regions of AWS; when empty, the discovery scans no account of AWS.
    pub operating_regions: BTreeSet<String>,
    /// One role for each account; when empty, the discovery scans the account of its credentials.
    pub roles: Vec<SurveyRole>,
    /// With roles: whether to scan the account of the credentials too.
    pub own_account: bool,
    /// Types of resources; when empty, all types.
    pub resource_types: BTreeSet<SeenType>,
    /// Resources to leave out.
    pub exclusions: Exclusions,
    /// Paths of files with resources outside of AWS (CSV or JSON).
    pub files: BTreeSet<String>,
    /// The formats of those files whose content does not tell it, by their paths.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub file_formats: BTreeMap<String, FileFormat>,
    /// Treatment of unknown columns of those files.
    #[serde(skip_serializing_if = "UnknownColumns::are_refused")]
    pub unknown_columns: UnknownColumns,
    /// Whether allocations by size avoid the VPCs that the discovery has seen and that no pool manages.
    pub avoided: bool,
}

/// A role that a discovery assumes to scan an account.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SurveyRole {
    /// `arn:aws:iam::<account>:role/<name>`.
    pub role_arn: String,
    /// The external id that the owner of the role requires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
}

/// Resources that a discovery leaves out: those that match any of these fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Exclusions {
    /// Accounts, by their ids.
    pub account_ids: BTreeSet<String>,
    /// Ids of resources, such as VPCs (with everything in them) and subnets.
    pub resource_ids: BTreeSet<String>,
    /// Resources with one of these tags and values.
    pub tags: Tags,
}

/// The result of one scan of a target, which is an account in a Region.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The account; for a file, the account in the file or the name of the file.
    pub account_id: String,
    /// The Region; for a file, the Region in the file, or `none`.
    pub region: String,
    /// The time at which the scan began.
    pub taken_at: Timestamp,
    /// All resources of the target, or the reason why the scan failed.
    pub outcome: Result<Sighting, Failure>,
}

/// All resources that were seen in an account in a Region.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sighting {
    /// Blocks on resources. A VPC with several blocks has several items, and so does an interface with several
    /// addresses.
    pub resources: Vec<DiscoveredCidr>,
    /// Public addresses.
    pub addresses: Vec<PublicAddress>,
}

/// The discovery, and the Region, that a query is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DiscoveryFilter {
    /// Id of a resource discovery; `None`: the default discovery.
    pub discovery_id: Option<String>,
    /// `None`: every Region that the discovery scans.
    pub region: Option<String>,
}

/// The answer to a query about the sightings of a discovery.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen<T> {
    /// The discovery.
    pub discovery_id: String,
    /// The Regions of the answer, in order.
    pub regions: Vec<String>,
    /// The items of the answer.
    pub items: Vec<T>,
    /// The time of the oldest sample in the answer, if the backend reports it.
    pub oldest_sample: Option<Timestamp>,
}

/// An account in a Region, and the state of its scans.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscoveredAccount {
    pub account_id: String,
    pub region: String,
    /// Position of the account in its organization.
    pub organizational_unit_id: Option<String>,
    /// The failure of the last scan; `None` when it succeeded.
    pub failure: Option<Failure>,
    pub last_attempt: Option<Timestamp>,
    pub last_success: Option<Timestamp>,
}

impl DiscoveredAccount {
    /// A target of which no scan ever succeeded, and the reason.
    pub fn unseen(account_id: &str, region: &str, failure: Option<Failure>) -> Self {
        Self {
            account_id: account_id.to_owned(),
            region: region.to_owned(),
            organizational_unit_id: None,
            failure,
            last_attempt: None,
            last_success: None,
        }
    }
}

/// The reason why a scan of an account failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    pub code: FailureCode,
    /// The message of the backend.
    pub message: Option<String>,
}

/// A block on a resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DiscoveredCidr {
    pub region: String,
    pub resource_id: String,
    pub resource_type: SeenType,
    pub owner_id: Option<String>,
    pub cidr: Option<Cidr>,
    pub ip_source: Option<IpSource>,
    pub tags: Tags,
    /// Part of the block that is in use, from 0 to 1; `None` when it is not computed.
    pub usage: Option<f64>,
    pub vpc_id: Option<String>,
    pub subnet_id: Option<String>,
    /// Attachment of a network interface.
    pub attachment: Option<AttachmentStatus>,
    /// The instance that a network interface is attached to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_id: Option<String>,
    pub availability_zone_id: Option<String>,
    pub sampled_at: Option<Timestamp>,
}

/// A public address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicAddress {
    pub address: IpAddr,
    pub region: String,
    pub address_type: AddressType,
    pub association: Option<AssociationStatus>,
    pub owner_id: Option<String>,
    /// Id of the Elastic IP address.
    pub allocation_id: Option<String>,
    pub service: Option<AddressService>,
    /// ARN or id of the resource of that service.
    pub service_resource: Option<String>,
    pub vpc_id: Option<String>,
    pub subnet_id: Option<String>,
    pub public_ipv4_pool_id: Option<String>,
    pub network_interface_id: Option<String>,
    pub network_interface_description: Option<String>,
    pub instance_id: Option<String>,
    pub network_border_group: Option<String>,
    /// Names by id.
    pub security_groups: BTreeMap<String, String>,
    pub tags: Tags,
    pub sampled_at: Option<Timestamp>,
}

impl PublicAddress {
    /// Whether the address costs money and is not used by any resource, so that it can be released without effect.
    pub fn is_idle(&self) -> bool {
        use AddressType::{AmazonOwnedContig, AmazonOwnedEip, Byoip};
        self.association == Some(AssociationStatus::Disassociated)
            && matches!(self.address_type, AmazonOwnedEip | AmazonOwnedContig | Byoip)
    }
}

/// A filter of blocks of resources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceFilter {
    /// `None`: all scopes.
    pub scope_id: Option<String>,
    pub pool_id: Option<String>,
    pub resource_id: Option<String>,
    pub resource_type: Option<SeenType>,
    pub owner_id: Option<String>,
    pub region: Option<String>,
    pub vpc_id: Option<String>,
    /// Only resources with all of these tags and values.
    pub tags: Tags,
    pub within: Option<Cidr>,
    pub management: Option<ManagementState>,
    pub compliance: Option<ComplianceStatus>,
    pub overlap: Option<OverlapStatus>,
}

impl ResourceFilter {
    /// Whether a block passes the filter.
    pub fn passes(&self, found: &ResourceCidr) -> bool {
        is_or_any(&self.scope_id, Some(&found.scope_id))
            && is_or_any(&self.pool_id, found.pool_id.as_ref())
            && is_or_any(&self.resource_id, Some(&found.resource_id))
            && is_or_any(&self.resource_type, Some(&found.resource_type))
            && is_or_any(&self.owner_id, found.owner_id.as_ref())
            && is_or_any(&self.region, Some(&found.region))
            && is_or_any(&self.vpc_id, found.vpc_id.as_ref())
            && self.tags.iter().all(|(key, value)| found.tags.get(key) == Some(value))
            && self.within.is_none_or(|block| block.contains(&found.cidr))
            && is_or_any(&self.management, found.management.as_ref())
            && is_or_any(&self.compliance, found.compliance.as_ref())
            && is_or_any(&self.overlap, found.overlap.as_ref())
    }
}

fn is_or_any<T: PartialEq>(wanted: &Option<T>, found: Option<&T>) -> bool {
    wanted.as_ref().is_none_or(|wanted| found == Some(wanted))
}

/// A block of a resource in a scope.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceCidr {
    pub scope_id: String,
    /// The pool that it was allocated from.
    pub pool_id: Option<String>,
    pub region: String,
    pub owner_id: Option<String>,
    pub resource_id: String,
    pub resource_name: Option<String>,
    pub resource_type: SeenType,
    pub cidr: Cidr,
    pub tags: Tags,
    /// Part of the block that is in use, from 0 to 1; `None` when it is not computed.
    pub usage: Option<f64>,
    pub compliance: Option<ComplianceStatus>,
    pub management: Option<ManagementState>,
    pub overlap: Option<OverlapStatus>,
    /// The reasons why the block is noncompliant, one sentence each; empty when the backend does not report them.
    pub reasons: Vec<String>,
    /// The objects that share addresses with the block, in words; empty when the backend does not report them.
    pub overlaps_with: Vec<String>,
    pub vpc_id: Option<String>,
    pub availability_zone_id: Option<String>,
}

/// A query for the resources that had exactly this block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryQuestion {
    /// The block. Larger and smaller blocks do not count.
    pub cidr: Cidr,
    /// `None`: the default private scope.
    pub scope_id: Option<String>,
    /// Only in this VPC.
    pub vpc_id: Option<String>,
    /// Start of the window; `None`: the beginning of the stored history.
    pub from: Option<Timestamp>,
    /// End of the window; `None`: now.
    pub to: Option<Timestamp>,
}

/// Answer to a [`HistoryQuestion`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// The scope that was asked about.
    pub scope_id: String,
    /// The records, the earliest first.
    pub records: Vec<HistoryRecord>,
}

/// A period in which a resource had the block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryRecord {
    pub owner_id: Option<String>,
    pub region: Option<String>,
    pub resource_type: PastType,
    pub resource_id: String,
    pub resource_name: Option<String>,
    pub cidr: Cidr,
    pub compliance: Option<ComplianceStatus>,
    pub overlap: Option<OverlapStatus>,
    pub vpc_id: Option<String>,
    /// The time at which the resource was first seen with the block.
    pub first_sampled: Option<Timestamp>,
    /// The time at which it was last seen with the block; `None` when it still has it.
    pub last_sampled: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipam::Words;

    fn vpc() -> ResourceCidr {
        ResourceCidr {
            scope_id: "ipam-scope-1".into(),
            pool_id: Some("ipam-pool-1".into()),
            region: "us-east-1".into(),
            owner_id: Some("111122223333".into()),
            resource_id: "vpc-1".into(),
            resource_name: None,
            resource_type: SeenType::Vpc,
            cidr: "10.0.0.0/16".parse().unwrap(),
            tags: [("team".to_owned(), "net".to_owned())].into(),
            usage: Some(0.5),
            compliance: Some(ComplianceStatus::Compliant),
            management: Some(ManagementState::Managed),
            overlap: Some(OverlapStatus::Nonoverlapping),
            reasons: Vec::new(),
            overlaps_with: Vec::new(),
            vpc_id: Some("vpc-1".into()),
            availability_zone_id: None,
        }
    }

    #[test]
    fn every_part_of_a_filter_narrows() {
        let text = |text: &str| Some(text.to_owned());
        let tags = |value: &str| Tags::from([("team".to_owned(), value.to_owned())]);
        let any = ResourceFilter::default();
        assert!(any.passes(&vpc()));
        let cases: [(&str, ResourceFilter, ResourceFilter); 12] = [
            (
                "scope",
                ResourceFilter { scope_id: text("ipam-scope-1"), ..any.clone() },
                ResourceFilter { scope_id: text("ipam-scope-2"), ..any.clone() },
            ),
            (
                "pool",
                ResourceFilter { pool_id: text("ipam-pool-1"), ..any.clone() },
                ResourceFilter { pool_id: text("ipam-pool-2"), ..any.clone() },
            ),
            (
                "resource",
                ResourceFilter { resource_id: text("vpc-1"), ..any.clone() },
                ResourceFilter { resource_id: text("vpc-2"), ..any.clone() },
            ),
            (
                "type",
                ResourceFilter { resource_type: Some(SeenType::Vpc), ..any.clone() },
                ResourceFilter { resource_type: Some(SeenType::Subnet), ..any.clone() },
            ),
            (
                "owner",
                ResourceFilter { owner_id: text("111122223333"), ..any.clone() },
                ResourceFilter { owner_id: text("444455556666"), ..any.clone() },
            ),
            (
                "Region",
                ResourceFilter { region: text("us-east-1"), ..any.clone() },
                ResourceFilter { region: text("eu-west-1"), ..any.clone() },
            ),
            (
                "VPC",
                ResourceFilter { vpc_id: text("vpc-1"), ..any.clone() },
                ResourceFilter { vpc_id: text("vpc-2"), ..any.clone() },
            ),
            (
                "tags",
                ResourceFilter { tags: tags("net"), ..any.clone() },
                ResourceFilter { tags: tags("web"), ..any.clone() },
            ),
            (
                "within",
                ResourceFilter { within: "10.0.0.0/8".parse().ok(), ..any.clone() },
                ResourceFilter { within: "10.0.0.0/24".parse().ok(), ..any.clone() },
            ),
            (
                "management",
                ResourceFilter { management: Some(ManagementState::Managed), ..any.clone() },
                ResourceFilter { management: Some(ManagementState::Ignored), ..any.clone() },
            ),
            (
                "compliance",
                ResourceFilter { compliance: Some(ComplianceStatus::Compliant), ..any.clone() },
                ResourceFilter { compliance: Some(ComplianceStatus::Noncompliant), ..any.clone() },
            ),
            (
                "overlap",
                ResourceFilter { overlap: Some(OverlapStatus::Nonoverlapping), ..any.clone() },
                ResourceFilter { overlap: Some(OverlapStatus::Overlapping), ..any },
            ),
        ];
        for (what, fits, fits_not) in cases {
            assert!(fits.passes(&vpc()), "{what}");
            assert!(!fits_not.passes(&vpc()), "{what}");
        }
    }

    #[test]
    fn words_read_as_they_are_written_and_wrong_ones_list_the_right_ones() {
        for word in ["vpc", "public-ipv4-pool", "eni", "other", "lambda-network-connector"] {
            assert_eq!(word.parse::<SeenType>().map(|found| found.to_string()), Ok(word.to_owned()));
        }
        let error = ManagementState::listed("unknown").unwrap_err();
        assert_eq!(error, "\"unknown\" is not one of managed, unmanaged, ignored.");
    }
}
