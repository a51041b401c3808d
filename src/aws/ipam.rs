//! AWS IPAM as a backend: the composition of all nouns. Each call runs one future of the noun that it is about.

use jiff::Timestamp;

use crate::backend::observation::{
    DiscoveredAccount, DiscoveredCidr, DiscoveryFilter, History, HistoryQuestion, Observation, PublicAddress,
    ResourceCidr, ResourceFilter, Seen,
};
use crate::backend::service::{
    AdminNoun, AssociationNoun, ByoasnAssociationNoun, ByoasnNoun, ByoipCidrNoun, DiscoveryNoun, EnablementNoun,
    IpamNoun, Keeps, PolicyNoun, ResolverNoun, ResolverVersions, ResourceCidrNoun, Service, TargetNoun, TokenNoun,
};
use crate::backend::{self, Capabilities, FreeSpace, Ipam, New, Noun, Preview, ReservedTags};
use crate::ipam::{
    Allocation, AllocationChange, AllocationFilter, AllocationSpec, Audit, Cidr, Error, Overview, OverviewQuery,
    Planned, Pool, PoolChange, PoolCidr, PoolCidrSpec, PoolFilter, PoolSpec, Resize, Result, Scope, ScopeChange,
    ScopeSpec, Size, Terms, Utilization,
};
use crate::runtime::block_on;
use crate::store;

use super::allocation::Allocations;
use super::connection::Connection;
use super::observation::Observations;
use super::overview::PoolLists;
use super::pool::Pools;
use super::pool_cidr::PoolCidrs;
use super::preflight::Preflight;
use super::scope::Scopes;
use super::service;
use super::service::keeper::AsyncKeeps;
use super::settings::Settings;
use super::tags::{NAME, OURS};
use super::wait::Pace;

/// The value of `store` for AWS IPAM.
pub const STORE: &str = "aws-ipam";

/// The backend for AWS IPAM.
#[derive(Debug)]
pub struct AwsIpam {
    aws: Connection,
}

impl AwsIpam {
    /// Finds the credentials and the Region. No request is sent to the IPAM yet: an account that only uses pools that are
    /// shared with it has no IPAM.
    ///
    /// # Errors
    /// The missing settings, as sentences without secrets.
    pub fn open(settings: &Settings, pace: Pace) -> Result<Self, String> {
        Ok(Self { aws: Connection::open(settings, pace)? })
    }

    const fn scopes(&self) -> Scopes<'_> {
        Scopes { aws: &self.aws }
    }

    const fn pools(&self) -> Pools<'_> {
        Pools { aws: &self.aws }
    }

    const fn pool_cidrs(&self) -> PoolCidrs<'_> {
        PoolCidrs { aws: &self.aws }
    }

    const fn allocations(&self) -> Allocations<'_> {
        Allocations { aws: &self.aws }
    }

    const fn observations(&self) -> Observations<'_> {
        Observations { aws: &self.aws }
    }
}

/// Runs a read or an operation to its end.
fn run<T, E: Into<Error>>(work: impl Future<Output = Result<T, E>>) -> Result<T> {
    let done = block_on(work).map_err(|no_thread| Error::Store(store::Error::Unavailable(no_thread.to_string())))?;
    done.map_err(Into::into)
}

impl Ipam for AwsIpam {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            strategies: false,
            public_scopes: false,
            surveys: false,
            special: true,
            reserved_tags: ReservedTags { keys: &[NAME], prefixes: &[OURS, "aws:"] },
        }
    }

    fn service(&self) -> Option<&(dyn Service + 'static)> {
        Some(self)
    }

    fn observation(&self) -> Option<&(dyn Observation + 'static)> {
        Some(self)
    }

    fn check(&self) -> Result<Audit> {
        run(PoolLists::new(&self.aws).audit())
    }

    fn overview(&self, query: &OverviewQuery<'_>) -> Result<Overview> {
        run(PoolLists::new(&self.aws).overview(query))
    }

    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn describe(&self) -> String {
        let ipam = self.aws.ipam_id.as_deref().unwrap_or("the only IPAM");
        format!("{STORE} ({ipam} in {})", self.aws.clients.home_region())
    }
}

impl backend::Scopes for AwsIpam {
    fn create_scope(&self, spec: &ScopeSpec, _planned: &Planned) -> Result<Scope> {
        run(self.scopes().create(spec))
    }

    fn update_scope(&self, id: &str, change: &ScopeChange) -> Result<Scope> {
        run(self.scopes().update(id, change))
    }

    fn delete_scope(&self, id: &str) -> Result<()> {
        run(self.scopes().delete(id))
    }

    fn get_scope(&self, id: &str) -> Result<Option<Scope>> {
        run(self.scopes().get(id))
    }

    fn list_scopes(&self, _include_planned: bool) -> Result<Vec<Scope>> {
        run(self.scopes().list())
    }

    fn find_scope(&self, name: &str) -> Result<Option<Scope>> {
        run(self.scopes().find(name))
    }
}

impl backend::Pools for AwsIpam {
    fn create_pool(&self, spec: &PoolSpec, planned: &Planned) -> Result<Pool> {
        run(self.pools().create(spec, planned))
    }

    fn update_pool(&self, id: &str, change: &PoolChange) -> Result<Pool> {
        run(self.pools().update(id, change))
    }

    fn delete_pool(&self, id: &str, cascade: bool) -> Result<()> {
        run(self.pools().delete(id, cascade))
    }

    fn get_pool(&self, id: &str) -> Result<Option<Pool>> {
        run(self.pools().get(id))
    }

    fn list_pools(&self, filter: &PoolFilter) -> Result<Vec<Pool>> {
        run(self.pools().list(filter))
    }

    fn find_pool(&self, path: &str) -> Result<Vec<Pool>> {
        run(self.pools().find(path))
    }

    fn pool_path(&self, id: &str) -> Result<String> {
        run(self.pools().path(id))
    }
}

impl backend::PoolCidrs for AwsIpam {
    fn create_pool_cidr(&self, spec: &PoolCidrSpec, planned: &Planned) -> Result<PoolCidr> {
        run(self.pool_cidrs().create(spec, planned))
    }

    fn delete_pool_cidr(&self, id: &str) -> Result<()> {
        run(self.pool_cidrs().delete(id))
    }

    fn get_pool_cidr(&self, id: &str) -> Result<Option<PoolCidr>> {
        run(self.pool_cidrs().get(id))
    }

    fn list_pool_cidrs(&self, pool_id: &str, _include_planned: bool) -> Result<Vec<PoolCidr>> {
        run(self.pool_cidrs().list(pool_id))
    }
}

impl backend::Allocations for AwsIpam {
    fn create_allocation(&self, spec: &AllocationSpec, planned: &Planned) -> Result<Allocation> {
        run(self.allocations().create(spec, planned))
    }

    fn update_allocation(&self, id: &str, change: &AllocationChange) -> Result<Allocation> {
        run(self.allocations().update(id, change))
    }

    fn delete_allocation(&self, id: &str) -> Result<()> {
        run(self.allocations().delete(id))
    }

    fn get_allocation(&self, id: &str) -> Result<Option<Allocation>> {
        run(self.allocations().get(id))
    }

    fn list_allocations(&self, filter: &AllocationFilter) -> Result<Vec<Allocation>> {
        run(self.allocations().list(filter))
    }

    fn find_allocation(&self, pool_id: &str, name: &str) -> Result<Option<Allocation>> {
        run(self.allocations().find(pool_id, name))
    }

    fn allocation_at(&self, pool_id: &str, address: Cidr) -> Result<Option<Allocation>> {
        run(self.allocations().at(pool_id, address))
    }
}

impl Preview for AwsIpam {
    fn check_new(&self, new: New<'_>, terms: &Terms, growing: bool) -> Result<()> {
        let (replaces, pool_rules) = (terms.replaces.as_deref(), terms.pool_rules.as_ref());
        run(Preflight { aws: &self.aws, replaces, growing, pool_rules }.check(new))
    }

    fn preview_pool_change(&self, id: &str, change: &PoolChange, _terms: &Terms) -> Result<Option<Pool>> {
        run(self.pools().preview_change(id, change))
    }

    fn preview_allocation(&self, spec: &AllocationSpec, terms: &Terms) -> Result<Allocation> {
        run(self.allocations().preview(spec, terms.pool_rules.as_ref()))
    }

    fn preview_resize(&self, id: &str, size: Size, _terms: &Terms) -> Result<Resize> {
        run(self.allocations().preview_resize(id, size))
    }
}

impl FreeSpace for AwsIpam {
    fn preview_next(
        &self,
        pool_id: &str,
        netmask_length: Option<u8>,
        disallowed: &[Cidr],
        count: usize,
    ) -> Result<Vec<Cidr>> {
        run(self.allocations().next_blocks(pool_id, netmask_length, disallowed, count))
    }

    fn free_cidrs(&self, pool_id: &str, max_netmask_length: Option<u8>, limit: usize) -> Result<Vec<Cidr>> {
        run(self.pools().free_cidrs(pool_id, max_netmask_length, limit))
    }

    fn utilization(&self, pool_id: &str) -> Result<Utilization> {
        run(self.pools().utilization(pool_id))
    }
}

impl Observation for AwsIpam {
    fn discovered_accounts(&self, filter: &DiscoveryFilter) -> Result<Seen<DiscoveredAccount>> {
        run(self.observations().accounts(filter))
    }

    fn discovered_resource_cidrs(&self, filter: &DiscoveryFilter) -> Result<Seen<DiscoveredCidr>> {
        run(self.observations().discovered_cidrs(filter))
    }

    fn discovered_public_addresses(&self, filter: &DiscoveryFilter) -> Result<Seen<PublicAddress>> {
        run(self.observations().public_addresses(filter))
    }

    fn resource_cidrs(&self, filter: &ResourceFilter) -> Result<Vec<ResourceCidr>> {
        run(self.observations().resource_cidrs(filter))
    }

    fn address_history(&self, question: &HistoryQuestion) -> Result<History> {
        run(self.observations().history(question))
    }
}

impl ResolverVersions for AwsIpam {
    fn resolver_versions(&self, resolver_id: &str) -> Result<Option<Vec<i64>>> {
        run(service::resolver::Resolvers { aws: &self.aws }.version_numbers(resolver_id))
    }

    fn resolver_version_entries(&self, resolver_id: &str, version: i64) -> Result<Vec<Cidr>> {
        run(service::resolver::Resolvers { aws: &self.aws }.version_entries(resolver_id, version))
    }
}

/// Implements [`Keeps`] for the nouns that only a service has, each by the struct in its file in `service/`.
macro_rules! keeps {
    ($($Noun:ident => $file:ident::$Keeper:ident),+ $(,)?) => {$(
        impl Keeps<$Noun> for AwsIpam {
            fn create(&self, spec: &<$Noun as Noun>::Spec) -> Result<<$Noun as Noun>::Record> {
                run(service::$file::$Keeper { aws: &self.aws }.create(spec))
            }

            fn get(&self, id: &str) -> Result<Option<<$Noun as Noun>::Record>> {
                run(service::$file::$Keeper { aws: &self.aws }.get(id))
            }

            fn list(&self) -> Result<Vec<<$Noun as Noun>::Record>> {
                run(service::$file::$Keeper { aws: &self.aws }.list())
            }

            fn update(
                &self,
                id: &str,
                before: &<$Noun as Noun>::Spec,
                after: &<$Noun as Noun>::Spec,
            ) -> Result<<$Noun as Noun>::Record> {
                run(service::$file::$Keeper { aws: &self.aws }.update(id, before, after))
            }

            fn delete(&self, id: &str, spec: &<$Noun as Noun>::Spec) -> Result<()> {
                run(service::$file::$Keeper { aws: &self.aws }.delete(id, spec))
            }
        }
    )+};
}

keeps! {
    AdminNoun => organization::Admins,
    AssociationNoun => association::Associations,
    ByoasnAssociationNoun => byoasn_association::ByoasnAssociations,
    ByoasnNoun => byoasn::Byoasns,
    ByoipCidrNoun => byoip::ByoipCidrs,
    DiscoveryNoun => discovery::Discoveries,
    EnablementNoun => policy_enablement::Enablements,
    IpamNoun => ipam::Ipams,
    PolicyNoun => policy::Policies,
    ResolverNoun => resolver::Resolvers,
    ResourceCidrNoun => resource_cidr::ResourceCidrs,
    TargetNoun => resolver_target::ResolverTargets,
    TokenNoun => token::Tokens,
}
