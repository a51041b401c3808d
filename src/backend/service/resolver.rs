//! Prefix list resolvers: rules that select CIDRs, the versions of their results, and prefix lists that follow a
//! version.

use crate::ipam::discovery::types::SeenType;
use crate::ipam::{Cidr, Error, Family, Result, Tags, Word, words};

use crate::backend::Noun;

/// A resolver.
#[derive(Debug)]
pub enum ResolverNoun {}

impl Noun for ResolverNoun {
    const WORD: &'static str = "prefix list resolver";
    const RESOURCE: &'static str = "ipam_prefix_list_resolver";
    type Spec = ResolverSpec;
    type Record = ResolverRecord;
}

/// The source of the CIDRs of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RuleType {
    /// One CIDR that the configuration gives.
    StaticCidr,
    /// CIDRs provisioned into pools.
    IpamPoolCidr,
    /// CIDRs of discovered resources.
    IpamResourceCidr,
    /// Another value that AWS reports.
    Unlisted(Word),
}

words!(RuleType: StaticCidr = "static-cidr", IpamPoolCidr = "ipam-pool-cidr", IpamResourceCidr = "ipam-resource-cidr");

/// The comparison of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// The property is the same.
    Equals,
    /// The property is different.
    NotEquals,
    /// The CIDR lies inside; for CIDRs only.
    SubnetOf,
    /// Another value that AWS reports.
    Unlisted(Word),
}

words!(Operation: Equals = "equals", NotEquals = "not-equals", SubnetOf = "subnet-of");

/// The property that a condition compares, and the value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Property {
    /// Pool that the CIDR is provisioned into.
    IpamPoolId(String),
    /// Id of the resource.
    ResourceId(String),
    /// Account of the resource.
    ResourceOwner(String),
    /// Region of the resource.
    ResourceRegion(String),
    /// A tag of the resource: key and value.
    ResourceTag(String, String),
    /// The CIDR itself.
    Cidr(Cidr),
    /// A property for which this release has no argument: AWS reported another one.
    Unlisted,
}

/// A condition that a CIDR must meet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Condition {
    /// The comparison.
    pub operation: Operation,
    /// The property and the value.
    pub property: Property,
}

/// A rule that selects CIDRs. A resolver selects the CIDRs of all its rules.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResolverRule {
    /// One CIDR.
    Static(Cidr),
    /// The CIDRs of the pools in a scope that meet all conditions.
    Pool {
        /// The scope.
        scope_id: String,
        /// Every condition must be met.
        conditions: Vec<Condition>,
    },
    /// The CIDRs of the resources in a scope that meet all conditions.
    Resource {
        /// The scope.
        scope_id: String,
        /// Kind of resource.
        resource: SeenType,
        /// Every condition must be met.
        conditions: Vec<Condition>,
    },
    /// A rule of a type that is not listed here, with the arguments of the other types that it has.
    Unlisted {
        /// The type.
        rule_type: Word,
        /// A CIDR.
        static_cidr: Option<Cidr>,
        /// A scope.
        scope_id: Option<String>,
        /// Kind of resource.
        resource: Option<SeenType>,
        /// Conditions.
        conditions: Vec<Condition>,
    },
}

/// The configuration of a resolver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolverSpec {
    /// `None`: the IPAM that the provider works with.
    pub ipam_id: Option<String>,
    /// Family of all CIDRs that the resolver selects.
    pub address_family: Family,
    /// Free text.
    pub description: Option<String>,
    /// Without rules, its versions are empty.
    pub rules: Vec<ResolverRule>,
    /// Tags, including the name.
    pub tags: Tags,
}

/// A resolver as AWS reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolverRecord {
    /// `ipam-pl-resolver-...`, or another form that AWS chooses.
    pub id: String,
    /// ARN.
    pub arn: String,
    /// Account.
    pub owner_id: String,
    /// Home Region.
    pub region: String,
    /// IPAM that it belongs to.
    pub ipam_id: String,
    /// See [`ResolverSpec`].
    pub address_family: Family,
    /// Free text.
    pub description: Option<String>,
    /// See [`ResolverSpec`].
    pub rules: Vec<ResolverRule>,
    /// `pending`, `success` or `failure`; `None` before the first version.
    pub last_version_creation_status: Option<String>,
    /// The reason for that status.
    pub last_version_creation_status_message: Option<String>,
    /// Tags, including the name.
    pub tags: Tags,
    /// The reason why the object exists but differs from its configuration.
    pub failure: Option<Error>,
}

/// A target: a prefix list that follows a resolver.
#[derive(Debug)]
pub enum TargetNoun {}

impl Noun for TargetNoun {
    const WORD: &'static str = "prefix list resolver target";
    const RESOURCE: &'static str = "ipam_prefix_list_resolver_target";
    type Spec = TargetSpec;
    type Record = TargetRecord;
}

/// The version of a resolver that a prefix list follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follows {
    /// Always the newest version.
    Latest,
    /// One version.
    Version(i64),
}

/// The configuration of a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetSpec {
    /// The resolver.
    pub resolver_id: String,
    /// The customer-managed prefix list.
    pub prefix_list_id: String,
    /// Region of the prefix list.
    pub prefix_list_region: String,
    /// The version that the prefix list follows.
    pub follows: Follows,
    /// Tags, including the name.
    pub tags: Tags,
}

/// A target as AWS reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetRecord {
    /// Id.
    pub id: String,
    /// ARN.
    pub arn: String,
    /// Account.
    pub owner_id: String,
    /// See [`TargetSpec`].
    pub resolver_id: String,
    /// See [`TargetSpec`].
    pub prefix_list_id: String,
    /// See [`TargetSpec`].
    pub prefix_list_region: String,
    /// See [`TargetSpec`].
    pub follows: Follows,
    /// Version that the prefix list has; `None` before the first.
    pub last_synced_version: Option<i64>,
    /// The state that AWS reports, such as `sync-complete`.
    pub state: String,
    /// The reason for the state.
    pub state_message: Option<String>,
    /// Tags, including the name.
    pub tags: Tags,
    /// The reason why the object exists but differs from its configuration.
    pub failure: Option<Error>,
}

/// Reads the results of resolvers.
pub trait ResolverVersions: Send + Sync {
    /// Numbers of the versions that AWS still keeps, ascending; `None` when the resolver does not exist.
    ///
    /// # Errors
    /// The errors of the service.
    fn resolver_versions(&self, resolver_id: &str) -> Result<Option<Vec<i64>>>;

    /// The CIDRs of one version, by address.
    ///
    /// # Errors
    /// The errors of the service, also when there is no such version.
    fn resolver_version_entries(&self, resolver_id: &str, version: i64) -> Result<Vec<Cidr>>;
}
