//! `ipam_ipam`: the root of everything that AWS IPAM keeps.

use std::collections::BTreeSet;

use crate::backend::service::{IpamNoun, IpamRecord, IpamSpec, MeteredAccount, Tier};
use crate::ipam::Tags;
use crate::tf::Diagnostics;
use crate::{at, model, text_attr};

use super::super::resources::{Timeouts, check_name};
use super::data::ServiceData;
use super::{ServiceModel, name_of, named};

text_attr!(Tier);
text_attr!(MeteredAccount);

model! {
    /// An IPAM of AWS: the root of scopes, pools and what is seen in accounts. There is one in each Region of an
    /// account; scopes and pools find it by themselves.
    pub(crate) struct IpamModel {
        /// Name of the IPAM, kept in its tag `Name`.
        name: String => optional(),
        /// Free text.
        description: String => optional(),
        /// Regions in which pools may have their `locale` and resources are looked at. The home Region belongs to them.
        operating_regions: BTreeSet<String> => required(),
        /// Such as `free` or `advanced`. AWS takes `advanced` when not set.
        tier: Tier => optional().computed(),
        /// Whether pools in private scopes may hold IPv6 global unicast space of one's own.
        enable_private_gua: bool => default(false),
        /// Such as `ipam-owner` or `resource-owner`: whose account is billed for active addresses.
        metered_account: MeteredAccount => optional().computed(),
        /// Whether destroying takes scopes, pools and allocations in private scopes along.
        cascade: bool => default(false),
        /// Tags of the IPAM.
        tags: Tags => optional(),
        /// Id of the IPAM.
        id: String => computed(),
        /// ARN of the IPAM.
        arn: String => computed(),
        /// Account that owns it.
        owner_id: String => computed(),
        /// Home Region.
        ipam_region: String => computed(),
        /// Scope of private space.
        private_default_scope_id: String => computed(),
        /// Scope of public space.
        public_default_scope_id: String => computed(),
        /// The resource discovery that came with it.
        default_resource_discovery_id: String => computed(),
        /// Association of that resource discovery.
        default_resource_discovery_association_id: String => computed(),
        /// Number of scopes in it.
        scope_count: u32 => computed(),
        /// `tags` and the provider's `default_tags`.
        tags_all: Tags => computed(),
    }
    blocks { timeouts: Timeouts }
}

impl ServiceModel for IpamModel {
    type Noun = IpamNoun;

    fn check(&self) -> Diagnostics {
        check_name(&self.name, at!(Self, name), true).into_iter().collect()
    }

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

model! {
    /// An IPAM that the account has.
    pub(crate) struct IpamFacts {
        /// Id.
        id: String => computed(),
        /// Its name; null when it has none.
        name: String => computed(),
        /// ARN.
        arn: String => computed(),
        /// Account that owns it.
        owner_id: String => computed(),
        /// Home Region.
        ipam_region: String => computed(),
        /// Free text.
        description: String => computed(),
        /// Regions in which pools may have their `locale`.
        operating_regions: BTreeSet<String> => computed(),
        /// Such as `free` or `advanced`.
        tier: Tier => computed(),
        /// Scope of private space.
        private_default_scope_id: String => computed(),
        /// Scope of public space.
        public_default_scope_id: String => computed(),
        /// The resource discovery that came with it.
        default_resource_discovery_id: String => computed(),
        /// Number of scopes in it.
        scope_count: u32 => computed(),
        /// Tags.
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
    /// Lists the IPAMs of the account in the provider's Region.
    pub(crate) struct IpamsModel {
        /// The IPAMs, by id.
        ipams: Vec<IpamFacts> => computed(),
    }
}

impl ServiceData for IpamsModel {
    type Noun = IpamNoun;
    const TYPE: &'static str = "ipam_ipams";

    fn answer(self, mut all: Vec<IpamRecord>) -> Result<Self, Diagnostics> {
        all.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(Self { ipams: all.into_iter().map(IpamFacts::of).collect::<Vec<_>>().into() })
    }
}
