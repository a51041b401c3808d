//! `ipam_ipam`: the root of everything in AWS IPAM.

use std::collections::BTreeSet;

use crate::backend::service::{IpamNoun, IpamRecord, IpamSpec, MeteredAccount, Tier};
use crate::ipam::Tags;
use crate::tf::Diagnostics;
use crate::{at, model, text_attr};

use super::super::noun::{AssignedModel, NounModel, Timeouts, fields_with_tags, name_of, named};
use super::super::resources::check_name;
use super::data::ServiceData;

text_attr!(Tier);
text_attr!(MeteredAccount);

model! {
    /// Manages an AWS IPAM, which contains scopes and pools and monitors accounts (only with the store `aws-ipam`).
    /// There is one in each Region of an account, and scopes and pools find it automatically. A self-managed store
    /// needs no IPAM, because it has its two default scopes from the start. Changes are made in place.
    pub(crate) struct IpamModel {
        /// Name of the IPAM, which is the value of its tag `Name`.
        name: String => optional(),
        /// Description of the IPAM.
        description: String => optional(),
        /// Set of the Regions that pools may have as their `locale`, and in which IPAM monitors resources. The set must
        /// contain the home Region.
        operating_regions: BTreeSet<String> => required(),
        /// Tier of the IPAM, such as `free` or `advanced`. Default: `advanced`, which AWS sets.
        tier: Tier => optional().computed(),
        /// Whether pools in private scopes may contain IPv6 global unicast addresses that you own. Default: `false`.
        enable_private_gua: bool => default(false),
        /// AWS account that is charged for active addresses, such as `ipam-owner` or `resource-owner`. Default: AWS
        /// chooses it.
        metered_account: MeteredAccount => optional().computed(),
        /// Whether destroying the IPAM also deletes its private scopes, and the pools and allocations in private
        /// scopes. Default: `false`.
        cascade: bool => default(false),
        /// Map of tags for the IPAM.
        tags: Tags => optional(),
        /// ID of the IPAM.
        id: String => computed(),
        /// ARN of the IPAM.
        arn: String => computed(),
        /// ID of the AWS account that owns the IPAM.
        owner_id: String => computed(),
        /// Home Region of the IPAM.
        ipam_region: String => computed(),
        /// ID of the default private scope.
        private_default_scope_id: String => computed(),
        /// ID of the default public scope.
        public_default_scope_id: String => computed(),
        /// ID of the resource discovery that was created together with the IPAM.
        default_resource_discovery_id: String => computed(),
        /// ID of the association of that resource discovery with the IPAM.
        default_resource_discovery_association_id: String => computed(),
        /// Number of scopes in the IPAM.
        scope_count: u32 => computed(),
        /// All tags of the IPAM: `tags` and the `default_tags` of the provider.
        tags_all: Tags => computed(),
    }
    blocks { timeouts: Timeouts }
}

impl NounModel for IpamModel {
    type Noun = IpamNoun;

    fn check(&self) -> Diagnostics {
        check_name(&self.name, at!(Self, name), true).into_iter().collect()
    }

    fn fill(&mut self, record: &IpamRecord) {
        self.name = name_of(&record.tags);
        self.description = record.description.clone().into();
        self.operating_regions = record.operating_regions.clone().into();
        self.tier = record.tier.into();
        self.enable_private_gua = record.enable_private_gua.into();
        self.metered_account = record.metered_account.into();
        if self.cascade.is_null() {
            self.cascade = false.into();
        }
        self.id = record.id.clone().into();
        self.arn = record.arn.clone().into();
        self.owner_id = record.owner_id.clone().into();
        self.ipam_region = record.region.clone().into();
        self.private_default_scope_id = record.private_default_scope_id.clone().into();
        self.public_default_scope_id = record.public_default_scope_id.clone().into();
        self.default_resource_discovery_id = record.default_resource_discovery_id.clone().into();
        self.default_resource_discovery_association_id =
            record.default_resource_discovery_association_id.clone().into();
        self.scope_count = record.scope_count.into();
    }

    fields_with_tags!();
}

impl AssignedModel for IpamModel {
    fn spec(&self) -> Option<IpamSpec> {
        let unknown = self.description.is_unknown() || self.name.is_unknown();
        (!unknown).then_some(())?;
        Some(IpamSpec {
            description: self.description.cloned(),
            operating_regions: self.operating_regions.cloned()?,
            tier: self.tier.cloned(),
            enable_private_gua: self.enable_private_gua.cloned()?,
            metered_account: self.metered_account.cloned(),
            cascade: self.cascade.cloned().unwrap_or(false),
            tags: named(&self.name, &self.tags_all)?,
        })
    }
}

model! {
    /// The attributes of an IPAM of the account.
    pub(crate) struct IpamFacts {
        /// ID of the IPAM.
        id: String => computed(),
        /// Name of the IPAM; null if it has none.
        name: String => computed(),
        /// ARN of the IPAM.
        arn: String => computed(),
        /// ID of the AWS account that owns the IPAM.
        owner_id: String => computed(),
        /// Home Region of the IPAM.
        ipam_region: String => computed(),
        /// Description of the IPAM.
        description: String => computed(),
        /// Set of the Regions that pools may have as their `locale`.
        operating_regions: BTreeSet<String> => computed(),
        /// Tier of the IPAM, such as `free` or `advanced`.
        tier: Tier => computed(),
        /// ID of the default private scope.
        private_default_scope_id: String => computed(),
        /// ID of the default public scope.
        public_default_scope_id: String => computed(),
        /// ID of the resource discovery that was created together with the IPAM.
        default_resource_discovery_id: String => computed(),
        /// Number of scopes in the IPAM.
        scope_count: u32 => computed(),
        /// Map of the tags of the IPAM.
        tags: Tags => computed(),
    }
}

impl IpamFacts {
    fn of(record: IpamRecord) -> Self {
        Self {
            name: name_of(&record.tags),
            id: record.id.into(),
            arn: record.arn.into(),
            owner_id: record.owner_id.into(),
            ipam_region: record.region.into(),
            description: record.description.into(),
            operating_regions: record.operating_regions.into(),
            tier: record.tier.into(),
            private_default_scope_id: record.private_default_scope_id.into(),
            public_default_scope_id: record.public_default_scope_id.into(),
            default_resource_discovery_id: record.default_resource_discovery_id.into(),
            scope_count: record.scope_count.into(),
            tags: record.tags.into(),
        }
    }
}

model! {
    /// Lists the AWS IPAMs of the account in the Region of the provider (only with the store `aws-ipam`). A
    /// self-managed store has no IPAM.
    pub(crate) struct IpamsModel {
        /// List of the IPAMs, sorted by ID.
        ipams: Vec<IpamFacts> => computed(),
    }
}

impl ServiceData for IpamsModel {
    type Noun = IpamNoun;
    const TYPE: &'static str = "ipam_ipams";

    fn fill(self, mut all: Vec<IpamRecord>) -> Result<Self, Diagnostics> {
        all.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(Self { ipams: all.into_iter().map(IpamFacts::of).collect::<Vec<_>>().into() })
    }
}
