//! Prefix list resolvers: rules that choose CIDRs, versions of what they come to, and prefix lists that follow.

use crate::ipam::seen::SeenType;
use crate::ipam::{Cidr, Error, Family, Result, Tags, Word, words};

use super::Noun;

const ELSEWHERE: &str = "A resolver keeps EC2 prefix lists up to date with AWS IPAM, which does not know the objects \
                         of another store. Leave the resource out, and fill an aws_ec2_managed_prefix_list with the \
                         CIDRs of ipam_pool and ipam_allocation.";

/// A resolver.
#[derive(Debug)]
pub enum ResolverNoun {}

impl Noun for ResolverNoun {
    const WORD: &'static str = "prefix list resolver";
    const RESOURCE: &'static str = "ipam_prefix_list_resolver";
    const ELSEWHERE: &'static str = ELSEWHERE;
    type Spec = ResolverSpec;
    type Record = ResolverRecord;

    kept_by_a_service!();
}

/// Where a rule takes CIDRs from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RuleType {
    /// One CIDR that is written down.
    StaticCidr,
    /// CIDRs provisioned into pools.
    IpamPoolCidr,
    /// CIDRs of resources that IPAM sees.
    IpamResourceCidr,
    /// Another one of AWS's.
    Unlisted(Word),
}

words!(RuleType: StaticCidr = "static-cidr", IpamPoolCidr = "ipam-pool-cidr", IpamResourceCidr = "ipam-resource-cidr");

/// How a condition compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// Is the same.
    Equals,
    /// Is another.
    NotEquals,
    /// Lies inside; of CIDRs only.
    SubnetOf,
    /// Another one of AWS's.
    Unlisted(Word),
}

words!(Operation: Equals = "equals", NotEquals = "not-equals", SubnetOf = "subnet-of");

/// What a condition compares.
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
    /// One that this release has no argument for: AWS said something else.
    Unlisted,
}

/// What a CIDR must fulfil.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Condition {
    /// How.
    pub operation: Operation,
    /// With what.
    pub property: Property,
}

/// Chooses CIDRs. One that any rule of a resolver chooses is in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResolverRule {
    /// This one.
    Static(Cidr),
    /// Those of the pools in a scope that fulfil all conditions.
    Pool {
        /// The scope.
        scope_id: String,
        /// All must be fulfilled.
        conditions: Vec<Condition>,
    },
    /// Those of the resources in a scope that fulfil all conditions.
    Resource {
        /// The scope.
        scope_id: String,
        /// Kind of resource.
        resource: SeenType,
        /// All must be fulfilled.
        conditions: Vec<Condition>,
    },
    /// One of a type that is not listed here, with those arguments of the others that it has.
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

/// What a configuration says of a resolver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolverSpec {
    /// `None`: the IPAM that the provider works with.
    pub ipam_id: Option<String>,
    /// Family of all CIDRs that it chooses.
    pub address_family: Family,
    /// Free text.
    pub description: Option<String>,
    /// Without rules its versions are empty.
    pub rules: Vec<ResolverRule>,
    /// Tags, the name among them.
    pub tags: Tags,
}

/// A resolver as AWS answers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolverRecord {
    /// `ipam-pl-resolver-...` or what AWS chooses.
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
    /// Why it is that.
    pub last_version_creation_status_message: Option<String>,
    /// Tags, the name among them.
    pub tags: Tags,
    /// Why it is not what was asked for, though it is there.
    pub failure: Option<Error>,
}

/// That a prefix list follows a resolver.
#[derive(Debug)]
pub enum TargetNoun {}

impl Noun for TargetNoun {
    const WORD: &'static str = "prefix list resolver target";
    const RESOURCE: &'static str = "ipam_prefix_list_resolver_target";
    const ELSEWHERE: &'static str = ELSEWHERE;
    type Spec = TargetSpec;
    type Record = TargetRecord;

    kept_by_a_service!();
}

/// Which version of a resolver a prefix list is to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follows {
    /// The newest one, always.
    Latest,
    /// This one.
    Version(i64),
}

/// What a configuration says of a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetSpec {
    /// The resolver.
    pub resolver_id: String,
    /// The prefix list, of a customer.
    pub prefix_list_id: String,
    /// Region of the prefix list.
    pub prefix_list_region: String,
    /// What the prefix list is to have.
    pub follows: Follows,
    /// Tags, the name among them.
    pub tags: Tags,
}

/// A target as AWS answers it.
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
    /// AWS's word for how it is, such as `sync-complete`.
    pub state: String,
    /// Why it is so.
    pub state_message: Option<String>,
    /// Tags, the name among them.
    pub tags: Tags,
    /// Why it is not what was asked for, though it is there.
    pub failure: Option<Error>,
}

/// Reads what resolvers have come to.
pub trait ResolverVersions: Send + Sync {
    /// Numbers of the versions that AWS still keeps, rising; `None` without the resolver.
    ///
    /// # Errors
    /// What the service refused.
    fn resolver_versions(&self, resolver_id: &str) -> Result<Option<Vec<i64>>>;

    /// The CIDRs of one version, by address.
    ///
    /// # Errors
    /// What the service refused, among it that there is no such version.
    fn resolver_version_entries(&self, resolver_id: &str, version: i64) -> Result<Vec<Cidr>>;
}
