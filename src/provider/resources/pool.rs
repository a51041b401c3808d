//! `ipam_pool`: a collection of CIDRs, and the rules for allocations from them.

use std::collections::BTreeSet;

use crate::backend::PoolChange;
use crate::ipam::{
    AwsService, Cidr, Family, PoolSpec, Provision, PublicIpSource, Rules, ScopeType, Special, Strategy, Tags,
};
use crate::tf::{Path, Tf};
use crate::{at, model, text_attr};

use super::super::attributes::HumanDuration;
use super::super::minimum::{Count, Minimums};
use super::super::noun::Timeouts;
use super::super::priorities::CidrPriorities;
use super::source_resource::SourceResourceModel;

text_attr!(PublicIpSource);
text_attr!(AwsService);

model! {
    /// Manages a pool, which is a collection of CIDRs with rules for allocations from them. The configuration gives a
    /// top-level pool its CIDRs; a pool with a `source_ipam_pool_id` takes its CIDRs from that pool. Changes are made
    /// in place, except where an argument says that a change replaces the pool.
    pub(crate) struct PoolModel {
        /// Name of the pool, unique among the pools with the same source pool, or among the top-level pools of the
        /// scope.
        name: String => required(),
        /// ID of the scope that contains the pool. Default: the scope of the source pool, or the default private scope
        /// for a top-level pool. A pool with a source pool is always in the scope of that pool. A change replaces the
        /// pool.
        ipam_scope_id: String => optional().computed().replace(),
        /// ID of the source pool, from which the pool takes its CIDRs. Not set for a top-level pool. A change replaces
        /// the pool.
        source_ipam_pool_id: String => optional().replace(),
        /// Address family of the pool: `ipv4` or `ipv6`. Default: the family of the source pool or of `cidrs`; required
        /// if there is neither. A change replaces the pool.
        address_family: Family => optional().computed().replace(),
        /// Region or site of the pool, such as `eu-west-1`. Default: the locale of the source pool. All pools below a
        /// pool with a locale have the same locale. On a self-managed store, the locale is a label: a change is made in
        /// place, and the pools below change with it. A pool without a locale cannot get one that differs from the
        /// locale of a pool below. When the argument is removed, the pool keeps its locale. With `aws-ipam`, a change
        /// replaces the pool, and only pools with a locale can contain allocations.
        locale: String => optional().computed().replace(),
        /// Set of CIDRs to provision: any CIDRs for a top-level pool, otherwise CIDRs of the source pool. CIDRs can be
        /// added, and removed while they contain no allocation. On a self-managed store, CIDRs can also be merged,
        /// split, enlarged and shrunk in place, if every allocation lies in one of the new CIDRs. If something is in
        /// the way, the plan fails. A change of `cidrs` never replaces the pool.
        cidrs: BTreeSet<Cidr> => optional().computed(),
        /// Netmask length of one CIDR to provision from the source pool, or from Amazon with
        /// `public_ip_source = "amazon"`. Together with `cidrs`, it must be the netmask length of the only CIDR. A
        /// change is made in place when the space for it is free, or when the same apply releases it, and replaces the
        /// pool otherwise. With `aws-ipam`, a change of the size replaces the pool.
        netmask_length: u8 => optional(),
        /// Smallest number of addresses of one CIDR to provision, in place of `netmask_length`: the CIDR gets the longest
        /// netmask length that is enough, such as a /15 for 100000 addresses in IPv4. Another number that leads to the same
        /// netmask length changes nothing. Otherwise the change is made as one of `netmask_length`. Only one of `cidrs`,
        /// `netmask_length`, `minimum_addresses` and `minimum_hosts` can be set.
        minimum_addresses: Count => optional(),
        /// Smallest number of hosts that the CIDR must have room for, in place of `netmask_length`, as with
        /// `minimum_addresses`. Hosts can have all addresses of a CIDR except the first and the last one in IPv4, and except
        /// the first one in IPv6; all addresses of a /31, /32, /127 and /128. The number counts hosts of the CIDR as a whole:
        /// allocations from the pool and `reserve_first`, `reserve_last` and `reserved_cidrs` take from it.
        minimum_hosts: Count => optional(),
        /// Smallest netmask length (the largest CIDR) that an allocation may have. Default: no limit.
        allocation_min_netmask_length: u8 => optional(),
        /// Largest netmask length (the smallest CIDR) that an allocation may have. Default: no limit.
        allocation_max_netmask_length: u8 => optional(),
        /// Netmask length of allocations that ask for no size. Default: none, so each allocation must set `cidr`,
        /// `netmask_length`, `minimum_addresses` or `minimum_hosts`.
        allocation_default_netmask_length: u8 => optional(),
        /// Map of tags that every allocation must have, with the same values.
        allocation_resource_tags: Tags => optional(),
        /// Which free space an allocation by `netmask_length` gets: `best-fit` (the default, the smallest free space
        /// that is large enough), `first-fit` (the lowest address), `last-fit` (the highest address), `sparse` (with
        /// room to grow behind each allocation, RFC 3531) or `random`. With `aws-ipam`, only `best-fit` is allowed,
        /// because AWS chooses the space.
        allocation_strategy: Strategy => default("best-fit"),
        /// Set of CIDRs that the pool reserves, at most 1,000: no new allocation and no new pool below gets addresses in
        /// them, neither by size nor by `cidr`. What has such addresses already keeps them. A reserved CIDR may be
        /// larger than a CIDR of the pool, or outside of all of them. Default: none. Not with `aws-ipam`.
        reserved_cidrs: BTreeSet<Cidr> => optional(),
        /// Number of addresses that the pool reserves at the start of each of its CIDRs, for example for the network
        /// address and a gateway: from 0 to 65536. They are not given out, just as `reserved_cidrs`. Default: 0. Not
        /// with `aws-ipam`.
        reserve_first: u32 => optional(),
        /// Number of addresses that the pool reserves at the end of each of its CIDRs, for example for the broadcast
        /// address: from 0 to 65536. They are not given out, just as `reserved_cidrs`. Default: 0. Not with `aws-ipam`.
        reserve_last: u32 => optional(),
        /// Map of CIDRs to priorities, from 0 to 65535, at most 1,000: allocations by size, and pools below by
        /// `netmask_length`, get space with the lowest number that has room. Space in none of these CIDRs has the priority
        /// 100. Within one priority, `allocation_strategy` decides. A key is usually a CIDR of the pool, whether `cidrs` or
        /// an `ipam_pool_cidr` provisions it; it may also be a part of one, or contain several. Keys must not overlap. A
        /// request for a particular `cidr` is not affected, and a change moves nothing. Not with `aws-ipam`.
        cidr_priorities: CidrPriorities => optional(),
        /// Set of CIDRs that are draining, at most 1,000: no new allocation by size and no new pool below by
        /// `netmask_length` gets addresses in them. What is there stays and can still be resized, and a request for a
        /// particular `cidr` is not affected. A draining CIDR is usually a CIDR of the pool; it may also be a part of one, or
        /// contain several. Default: none. Not with `aws-ipam`.
        draining_cidrs: BTreeSet<Cidr> => optional(),
        /// Time for which the CIDR of an allocation rests after its release, for example `24h`: no other allocation gets
        /// it, neither by size nor by `cidr`, except that of the last holder (with the same owner and name), which gets
        /// the same CIDR again if the size fits. An apply may pass on what it releases itself. A shorter time also counts
        /// for what rests already, and a longer one from then on. Space that pools below give back does not rest.
        /// Default: `0s`. Not with `aws-ipam`.
        quarantine: HumanDuration => optional(),
        /// Description of the pool.
        description: String => optional(),
        /// Whether deleting the pool also deletes everything in it. Default: `false`. AWS supports this in private
        /// scopes, and for pools with a `source_resource`; the VPC is not deleted.
        cascade: bool => default(false),
        /// VPC whose address space the pool plans: the CIDR of the pool must be exactly one of the CIDRs of the VPC.
        /// Only with `aws-ipam`. AWS may take up to half an hour to find the VPC, so the default of `timeouts.create`
        /// is 35 minutes for such a pool. A change replaces the pool.
        source_resource: SourceResourceModel => optional().computed().replace(),
        /// Source of the addresses of a pool in a public scope, such as `byoip` or `amazon`. Only with `aws-ipam`. A
        /// change replaces the pool.
        public_ip_source: PublicIpSource => optional().computed().replace(),
        /// AWS service that may use the addresses of a pool in a public scope, such as `ec2`, or `global-services` for
        /// anycast addresses. Only with `aws-ipam`. A change replaces the pool.
        aws_service: AwsService => optional().computed().replace(),
        /// Whether the IPv6 addresses of the pool, which you bring to AWS, can be advertised. Only with `aws-ipam`, and
        /// only with `address_family = "ipv6"` and `public_ip_source = "byoip"` in the public scope. A change replaces
        /// the pool.
        publicly_advertisable: bool => optional().computed().replace(),
        /// Whether VPCs that are found in the address space of the pool become its allocations automatically. Default:
        /// `false`. Requires a `locale`, which is the Region of the VPCs. On a self-managed store, an
        /// `ipam_resource_discovery` finds the VPCs, and they become allocations at the end of a scan, for example by
        /// the command `discover`.
        auto_import: bool => optional(),
        /// Map of tags for the pool.
        tags: Tags => optional(),
        /// ID of the pool.
        id: String => computed(),
        /// CIDR of the pool, if `cidrs` has exactly one element; null otherwise.
        cidr: Cidr => computed(),
        /// Depth of the pool in the tree of pools: 1 for a top-level pool, and one more for each pool above.
        pool_depth: u32 => computed(),
        /// Type of the scope that contains the pool: `private` or `public`.
        ipam_scope_type: ScopeType => computed(),
        /// Owner of the pool: the provider argument `owner` of the configuration that it belongs to. With `aws-ipam`,
        /// the ID of the AWS account.
        owner: String => computed(),
        /// All tags of the pool: `tags` and the `default_tags` of the provider.
        tags_all: Tags => computed(),
    }
    blocks { timeouts: Timeouts }
}

impl PoolModel {
    pub(super) fn rules(&self) -> Option<Rules> {
        let unknown = self.allocation_min_netmask_length.is_unknown()
            || self.allocation_max_netmask_length.is_unknown()
            || self.allocation_default_netmask_length.is_unknown()
            || self.allocation_resource_tags.is_unknown()
            || self.reserved_cidrs.is_unknown()
            || self.reserve_first.is_unknown()
            || self.reserve_last.is_unknown()
            || self.cidr_priorities.is_unknown()
            || self.draining_cidrs.is_unknown()
            || self.quarantine.is_unknown();
        (!unknown).then(|| Rules {
            min_netmask_length: self.allocation_min_netmask_length.cloned(),
            max_netmask_length: self.allocation_max_netmask_length.cloned(),
            default_netmask_length: self.allocation_default_netmask_length.cloned(),
            required_tags: self.allocation_resource_tags.cloned().unwrap_or_default(),
            reserved_cidrs: self.reserved_cidrs.cloned().unwrap_or_default(),
            reserve_first: self.reserve_first.cloned().unwrap_or_default(),
            reserve_last: self.reserve_last.cloned().unwrap_or_default(),
            cidr_priorities: self.cidr_priorities.cloned().unwrap_or_default().0,
            draining_cidrs: self.draining_cidrs.cloned().unwrap_or_default(),
            quarantine_ms: self
                .quarantine
                .get()
                .map_or(0, |time| u64::try_from(time.0.as_millis()).unwrap_or(u64::MAX)),
        })
    }

    /// `None` while a value that the placement needs is unknown.
    pub(super) fn request(&self, config: &Self, tags: &Tags) -> Option<PoolSpec> {
        let unknown = config.ipam_scope_id.is_unknown()
            || config.source_ipam_pool_id.is_unknown()
            || config.address_family.is_unknown()
            || config.locale.is_unknown()
            || config.description.is_unknown();
        if unknown {
            return None;
        }
        Some(PoolSpec {
            name: config.name.cloned()?,
            scope_id: config.ipam_scope_id.cloned(),
            source_pool_id: config.source_ipam_pool_id.cloned(),
            address_family: config.address_family.cloned(),
            locale: config.locale.cloned(),
            description: config.description.cloned(),
            rules: config.rules()?,
            strategy: self.allocation_strategy.cloned()?,
            tags: tags.clone(),
            provision: config.requested_provision()?,
            special: config.special()?,
        })
    }

    pub(super) fn change_with(&self, config: &Self, tags: &Tags) -> Option<PoolChange> {
        if self.description.is_unknown() || self.auto_import.is_unknown() {
            return None;
        }
        Some(PoolChange {
            name: self.name.cloned()?,
            description: self.description.cloned(),
            rules: self.rules()?,
            strategy: self.allocation_strategy.cloned()?,
            tags: tags.clone(),
            provision: self.provision_by(config)?,
            auto_import: self.auto_import.cloned().unwrap_or(false),
            locale: self.locale.cloned(),
        })
    }

    /// Fills in the values that follow from the configuration alone.
    pub(super) fn fill_from_config(&mut self, config: &Self) {
        match config.requested_provision() {
            Some(Provision::Cidrs(cidrs)) => self.fill_cidrs(&cidrs),
            Some(Provision::Nothing) => self.fill_cidrs(&BTreeSet::new()),
            Some(Provision::NetmaskLength(_)) | None => {}
        }
        if let (Tf::Null, Some(first)) = (&config.address_family, config.cidrs.get().and_then(BTreeSet::first)) {
            self.address_family = first.family().into();
        }
        if config.source_ipam_pool_id.is_null() {
            self.pool_depth = 1.into();
            self.locale = config.locale.clone();
            if config.ipam_scope_id.is_null() {
                self.ipam_scope_type = ScopeType::Private.into();
            }
        }
    }

    pub(super) fn fill_cidrs(&mut self, cidrs: &BTreeSet<Cidr>) {
        self.cidrs = cidrs.clone().into();
        self.cidr = match cidrs.len() {
            1 => cidrs.first().copied().into(),
            _ => Tf::Null,
        };
    }

    /// The blocks will change.
    pub(super) fn forget_blocks(&mut self) {
        self.cidrs = Tf::Unknown;
        self.cidr = Tf::Unknown;
    }

    /// The provision that a configuration asks for. Blocks take precedence over a netmask length, which must agree with
    /// them.
    pub(super) fn requested_provision(&self) -> Option<Provision> {
        match &self.cidrs {
            Tf::Unknown => None,
            Tf::Known(cidrs) if !cidrs.is_empty() => Some(Provision::Cidrs(cidrs.clone())),
            _ => self.provision(),
        }
    }

    /// The provision of a plan or a state. There, a netmask length takes precedence over `cidrs`, which then contains
    /// the resulting block. When `config` names both, the blocks take precedence here as well.
    pub(super) fn provision_by(&self, config: &Self) -> Option<Provision> {
        let names_both = !config.cidrs.is_null() && !config.netmask_length.is_null();
        if names_both { self.requested_provision() } else { self.provision() }
    }

    /// The provision of a plan or a state, when the configuration does not name both `cidrs` and a netmask length.
    pub(super) fn provision(&self) -> Option<Provision> {
        match (self.size(), &self.cidrs) {
            (Tf::Unknown, _) => None,
            (Tf::Known(length), _) => Some(Provision::NetmaskLength(length)),
            (Tf::Null, Tf::Unknown) => None,
            (Tf::Null, Tf::Known(cidrs)) if !cidrs.is_empty() => Some(Provision::Cidrs(cidrs.clone())),
            (Tf::Null, _) => Some(Provision::Nothing),
        }
    }

    pub(super) fn minimums(&self) -> Minimums {
        Minimums { addresses: self.minimum_addresses.clone(), hosts: self.minimum_hosts.clone() }
    }

    /// The netmask length of the block by size, however it is asked for.
    fn size(&self) -> Tf<u8> {
        if !self.netmask_length.is_null() {
            return self.netmask_length.clone();
        }
        self.minimums().netmask_length(self.address_family.cloned(), &Path::root()).unwrap_or(Tf::Unknown)
    }

    /// The attribute to edit for another size.
    pub(super) fn size_at(&self) -> Path {
        self.minimums().attribute(&Path::root()).unwrap_or(at!(Self, netmask_length))
    }

    /// `None` while a part of it is unknown.
    pub(super) fn special(&self) -> Option<Special> {
        let source_resource = match &self.source_resource {
            Tf::Unknown => return None,
            Tf::Null => None,
            Tf::Known(resource) => Some(resource.resource()?),
        };
        let unknown = self.public_ip_source.is_unknown()
            || self.aws_service.is_unknown()
            || self.publicly_advertisable.is_unknown()
            || self.auto_import.is_unknown();
        (!unknown).then(|| Special {
            source_resource,
            public_ip_source: self.public_ip_source.cloned(),
            aws_service: self.aws_service.cloned(),
            publicly_advertisable: self.publicly_advertisable.cloned(),
            auto_import: self.auto_import.cloned().unwrap_or(false),
        })
    }

    pub(super) fn fill_special(&mut self, special: &Special) {
        self.source_resource = special.source_resource.as_ref().map(SourceResourceModel::of).into();
        self.public_ip_source = special.public_ip_source.into();
        self.aws_service = special.aws_service.into();
        self.publicly_advertisable = special.publicly_advertisable.into();
        // A missing value and `false` mean the same.
        if special.auto_import || !self.auto_import.is_null() {
            self.auto_import = special.auto_import.into();
        }
    }

    /// Whether the pool plans a VPC. AWS finds a VPC after up to half an hour, so creating such a pool has a longer
    /// default time limit.
    pub(super) const fn is_planning(&self) -> bool {
        self.source_resource.is_known()
    }
}
