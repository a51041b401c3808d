//! A service that has every noun, for tests: the nouns that only a service has are configurations in memory, and the
//! others are in a store.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::Timestamp;

use crate::backend::observation::Observation;
use crate::backend::prelude::*;
use crate::backend::service::*;
use crate::backend::{Capabilities, Local, Made, New, Noun, PoolCidrChange, ReservedTags};
use crate::ipam::*;

/// Objects of one noun.
pub(in crate::provider) struct Objects<N: Noun> {
    made: AtomicU64,
    /// Each object with its number.
    by_id: Mutex<BTreeMap<String, (u64, N::Spec)>>,
}

impl<N: Noun> Default for Objects<N> {
    fn default() -> Self {
        Self { made: AtomicU64::default(), by_id: Mutex::default() }
    }
}

impl<N: Noun> Objects<N> {
    fn by_id(&self) -> MutexGuard<'_, BTreeMap<String, (u64, N::Spec)>> {
        self.by_id.lock().unwrap()
    }
}

/// A noun whose objects follow from their configuration.
trait Simulated: Noun {
    /// The id of an object. `number` is another one for each object.
    fn id_for(spec: &Self::Spec, number: u64) -> String;
    fn record(id: &str, spec: &Self::Spec) -> Self::Record;
    fn objects(all: &Everything) -> &Objects<Self>;
}

impl<N: Simulated> Keeps<N> for Simulation {
    fn create(&self, spec: &N::Spec) -> Result<N::Record> {
        let objects = N::objects(&self.all);
        let number = objects.made.fetch_add(1, Ordering::SeqCst);
        let id = N::id_for(spec, number);
        objects.by_id().insert(id.clone(), (number, spec.clone()));
        Ok(N::record(&id, spec))
    }

    fn get(&self, id: &str) -> Result<Option<N::Record>> {
        Ok(N::objects(&self.all).by_id().get(id).map(|(_, spec)| N::record(id, spec)))
    }

    fn list(&self) -> Result<Vec<N::Record>> {
        Ok(N::objects(&self.all).by_id().iter().map(|(id, (_, spec))| N::record(id, spec)).collect())
    }

    fn update(&self, id: &str, _before: &N::Spec, after: &N::Spec) -> Result<N::Record> {
        let mut objects = N::objects(&self.all).by_id();
        let (number, _) = objects.remove(id).unwrap();
        // The configuration is a part of the id of some objects.
        let id = N::id_for(after, number);
        objects.insert(id.clone(), (number, after.clone()));
        Ok(N::record(&id, after))
    }

    fn delete(&self, id: &str, _spec: &N::Spec) -> Result<()> {
        N::objects(&self.all).by_id().remove(id);
        Ok(())
    }
}

const REGION: &str = "eu-west-1";
const ACCOUNT: &str = "111122223333";

fn text(word: &str) -> String {
    word.to_owned()
}

macro_rules! simulated {
    ($($field:ident: $Noun:ident, |$of:ident, $number:ident| $id_for:expr, |$id:ident, $spec:ident| $record:expr;)*) => {
        /// All objects of a service.
        #[derive(Default)]
        pub(in crate::provider) struct Everything {
            $($field: Objects<$Noun>,)*
        }

        $(impl Simulated for $Noun {
            fn id_for($of: &Self::Spec, $number: u64) -> String {
                $id_for
            }

            fn record($id: &str, $spec: &Self::Spec) -> Self::Record {
                $record
            }

            fn objects(all: &Everything) -> &Objects<Self> {
                &all.$field
            }
        })*
    };
}

simulated! {
    ipams: IpamNoun, |_spec, number| format!("ipam-{number}"), |id, spec| IpamRecord {
        id: text(id),
        arn: format!("arn:{id}"),
        owner_id: text(ACCOUNT),
        region: text(REGION),
        description: spec.description.clone(),
        operating_regions: spec.operating_regions.clone(),
        tier: spec.tier.unwrap_or(Tier::Advanced),
        enable_private_gua: spec.enable_private_gua,
        metered_account: spec.metered_account.unwrap_or(MeteredAccount::IpamOwner),
        private_default_scope_id: format!("{id}-private"),
        public_default_scope_id: format!("{id}-public"),
        default_resource_discovery_id: None,
        default_resource_discovery_association_id: None,
        scope_count: 2,
        tags: spec.tags.clone(),
    };
    policies: PolicyNoun, |_spec, number| format!("ipam-policy-{number}"), |id, spec| PolicyRecord {
        id: text(id),
        arn: format!("arn:{id}"),
        owner_id: text(ACCOUNT),
        region: text(REGION),
        ipam_id: spec.ipam_id.clone().unwrap_or_else(|| text("ipam-0")),
        rules: spec.rules.clone(),
        tags: spec.tags.clone(),
        failure: None,
    };
    enablements: EnablementNoun, |spec, _number| spec.id(), |_id, spec| Enabled {
        enablement: spec.clone(),
        managed_by: None,
    };
    resolvers: ResolverNoun, |_spec, number| format!("ipam-res-{number}"), |id, spec| ResolverRecord {
        id: text(id),
        arn: format!("arn:{id}"),
        owner_id: text(ACCOUNT),
        region: text(REGION),
        ipam_id: spec.ipam_id.clone().unwrap_or_else(|| text("ipam-0")),
        address_family: spec.address_family,
        description: spec.description.clone(),
        rules: spec.rules.clone(),
        last_version_creation_status: None,
        last_version_creation_status_message: None,
        tags: spec.tags.clone(),
        failure: None,
    };
    targets: TargetNoun, |_spec, number| format!("ipam-target-{number}"), |id, spec| TargetRecord {
        id: text(id),
        arn: format!("arn:{id}"),
        owner_id: text(ACCOUNT),
        resolver_id: spec.resolver_id.clone(),
        prefix_list_id: spec.prefix_list_id.clone(),
        prefix_list_region: spec.prefix_list_region.clone(),
        follows: spec.follows,
        last_synced_version: None,
        state: text("sync-complete"),
        state_message: None,
        tags: spec.tags.clone(),
        failure: None,
    };
    associations: AssociationNoun, |_spec, number| format!("ipam-assoc-{number}"), |id, spec| AssociationRecord {
        id: text(id),
        arn: format!("arn:{id}"),
        owner_id: text(ACCOUNT),
        ipam_id: spec.ipam_id.clone(),
        ipam_arn: format!("arn:{}", spec.ipam_id),
        ipam_region: text(REGION),
        discovery_id: spec.discovery_id.clone(),
        is_default: false,
        state: text("associate-complete"),
        discovery_status: None,
        tags: spec.tags.clone(),
    };
    discoveries: DiscoveryNoun, |_spec, number| format!("ipam-res-disco-{number}"), |id, spec| DiscoveryRecord {
        id: text(id),
        arn: Some(format!("arn:{id}")),
        owner_id: Some(text(ACCOUNT)),
        region: Some(text(REGION)),
        is_default: false,
        name: spec.name.clone(),
        description: spec.description.clone(),
        survey: spec.survey.clone(),
        exclusions: spec.exclusions.clone(),
        tags: spec.tags.clone(),
    };
    admins: AdminNoun, |spec, _number| spec.account_id.to_string(), |_id, spec| AdminRecord {
        account_id: spec.account_id.clone(),
    };
    resource_cidrs: ResourceCidrNoun, |spec, _number| spec.of.to_string(), |_id, spec| ResourceCidrRecord {
        of: spec.of.clone(),
        scope_id: spec.scope_id.clone().unwrap_or_else(|| text("ipam-scope-0")),
        found_in: text("ipam-scope-0"),
        management: Some(if spec.monitored { discovery::types::ManagementState::Unmanaged } else { discovery::types::ManagementState::Ignored }),
        resource_type: discovery::types::SeenType::Vpc,
        owner_id: Some(text(ACCOUNT)),
        pool_id: None,
    };
    byoasns: ByoasnNoun, |spec, _number| format!("{}_{}", spec.asn, spec.ipam_id), |id, spec| ByoasnRecord {
        id: text(id),
        asn: spec.asn,
        ipam_id: spec.ipam_id.clone(),
        state: text("provisioned"),
        status_message: None,
    };
    byoasn_associations: ByoasnAssociationNoun, |spec, _number| format!("{}_{}", spec.asn, spec.cidr),
        |id, spec| ByoasnAssociationRecord {
            id: text(id),
            asn: spec.asn,
            cidr: spec.cidr,
            region: spec.region.clone().unwrap_or_else(|| text(REGION)),
            state: text("associated"),
        };
    byoip_cidrs: ByoipCidrNoun, |spec, _number| spec.cidr.to_string(), |id, spec| ByoipCidrRecord {
        id: text(id),
        cidr: spec.cidr,
        region: text(REGION),
        pool_id: spec.pool_id.clone(),
        state: text(if spec.advertise { "advertised" } else { "provisioned" }),
        status_message: None,
        description: spec.description.clone(),
        network_border_group: spec.network_border_group.clone().or_else(|| Some(text(REGION))),
        advertisement_type: None,
        asns: spec.asn.into_iter().collect(),
    };
    tokens: TokenNoun, |_spec, number| format!("ipam-token-{number}"), |id, spec| TokenRecord {
        id: text(id),
        arn: format!("arn:{id}"),
        ipam_id: spec.ipam_id.clone(),
        region: text(REGION),
        token_name: format!("name-{id}"),
        token_value: format!("value-{id}"),
        not_after: None,
        status: text("valid"),
        tags: spec.tags.clone(),
    };
}

/// The service: every noun in memory, and a store for the rest.
pub(in crate::provider) struct Simulation {
    pub(in crate::provider) store: Local,
    pub(in crate::provider) all: Arc<Everything>,
}

impl ResolverVersions for Simulation {
    fn resolver_versions(&self, _resolver_id: &str) -> Result<Option<Vec<i64>>> {
        Ok(Some(vec![1]))
    }

    fn resolver_version_entries(&self, _resolver_id: &str, _version: i64) -> Result<Vec<Cidr>> {
        Ok(Vec::new())
    }
}

macro_rules! from_the_store {
    ($($Part:ident { $(fn $method:ident($($argument:ident: $Type:ty),*) -> $Answer:ty;)* })*) => {$(
        impl $Part for Simulation {
            $(fn $method(&self, $($argument: $Type),*) -> Result<$Answer> {
                self.store.$method($($argument),*)
            })*
        }
    )*};
}

from_the_store! {
    Scopes {
        fn create_scope(spec: &ScopeSpec, planned: &Planned) -> Scope;
        fn update_scope(id: &str, change: &ScopeChange) -> Scope;
        fn delete_scope(id: &str) -> ();
        fn get_scope(id: &str) -> Option<Scope>;
        fn list_scopes(include_planned: bool) -> Vec<Scope>;
        fn find_scope(name: &str) -> Option<Scope>;
    }
    Pools {
        fn create_pool(spec: &PoolSpec, planned: &Planned) -> Pool;
        fn update_pool(id: &str, change: &PoolChange) -> Pool;
        fn delete_pool(id: &str, cascade: bool) -> ();
        fn get_pool(id: &str) -> Option<Pool>;
        fn list_pools(filter: &PoolFilter) -> Vec<Pool>;
        fn find_pool(path: &str) -> Vec<Pool>;
        fn pool_path(id: &str) -> String;
    }
    PoolCidrs {
        fn create_pool_cidr(spec: &PoolCidrSpec, planned: &Planned) -> PoolCidr;
        fn update_pool_cidr(id: &str, change: &PoolCidrChange) -> PoolCidr;
        fn delete_pool_cidr(id: &str) -> ();
        fn get_pool_cidr(id: &str) -> Option<PoolCidr>;
        fn list_pool_cidrs(pool_id: &str, include_planned: bool) -> Vec<PoolCidr>;
    }
    Allocations {
        fn create_allocation(spec: &AllocationSpec, planned: &Planned) -> Allocation;
        fn update_allocation(id: &str, change: &AllocationChange) -> Allocation;
        fn delete_allocation(id: &str) -> ();
        fn get_allocation(id: &str) -> Option<Allocation>;
        fn list_allocations(filter: &AllocationFilter) -> Vec<Allocation>;
        fn find_allocation(pool_id: &str, name: &str) -> Option<Allocation>;
        fn allocation_at(pool_id: &str, address: Cidr) -> Option<Allocation>;
    }
    Preview {
        fn check_new(new: New<'_>, terms: &Terms, growing: bool) -> ();
        fn preview_new(new: New<'_>, terms: &Terms) -> Option<Made>;
        fn preview_pool_change(id: &str, change: &PoolChange, terms: &Terms) -> Option<Pool>;
        fn preview_allocation(spec: &AllocationSpec, terms: &Terms) -> Allocation;
        fn preview_resize(id: &str, size: Size, terms: &Terms) -> Resize;
    }
    FreeSpace {
        fn preview_next(id: &str, length: Option<u8>, disallowed: &[Cidr], count: usize) -> Vec<Cidr>;
        fn free_cidrs(pool_id: &str, longest: Option<u8>, limit: usize) -> Vec<Cidr>;
        fn utilization(pool_id: &str) -> Utilization;
    }
}

impl Ipam for Simulation {
    fn capabilities(&self) -> Capabilities {
        let reserved_tags = ReservedTags { keys: &["Name"], prefixes: &[] };
        Capabilities { surveys: false, reserved_tags, ..self.store.capabilities() }
    }

    fn holds(&self) -> Option<&dyn Holds> {
        Some(&self.store)
    }

    fn history(&self) -> Option<&dyn History> {
        Some(&self.store)
    }

    fn service(&self) -> Option<&(dyn Service + 'static)> {
        Some(self)
    }

    fn observation(&self) -> Option<&(dyn Observation + 'static)> {
        Some(&self.store)
    }

    fn overview(&self, query: &OverviewQuery<'_>) -> Result<Overview> {
        self.store.overview(query)
    }

    fn check(&self) -> Result<Audit> {
        self.store.check()
    }

    fn owner(&self) -> Option<&str> {
        Ipam::owner(&self.store)
    }

    fn now(&self) -> Timestamp {
        self.store.now()
    }

    fn describe(&self) -> String {
        self.store.describe()
    }
}
