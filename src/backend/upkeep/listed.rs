//! Status and export of a backend that is not a self-managed store but can list its objects.

use std::collections::{BTreeSet, HashMap};
use std::io::Write;

use crate::backend::{AllocationFilter, Ipam, PoolFilter, Result};
use crate::ipam::{Allocation, Census, Finding, Item, Meta, Pool, PoolCidr, Records, ResourceType, Scope};

use super::file::Writer;
use super::{Exported, Progress, Status, Stopped};

/// The status of the backend. Lists everything, allocations too: there are no sums to read.
///
/// # Errors
/// The errors of the backend.
pub fn status(ipam: &dyn Ipam, kind: &'static str) -> Result<Status> {
    let listed = Listed::read(ipam, &mut |_, _, _| ())?;
    let own = listed.allocations.iter().filter(|one| one.resource_type != ResourceType::IpamPool);
    let census = Census {
        scopes: listed.scopes.len() as u64,
        pools: listed.pools.len() as u64,
        pool_cidrs: listed.pool_cidrs.len() as u64,
        allocations: own.count() as u64,
        ..Census::default()
    };
    let place = ipam.describe();
    let (format_version, last_event, mark, facts) = (None, None, None, Vec::new());
    Ok(Status { place, kind, format_version, census, last_event, events: 0, mark, facts })
}

/// Writes everything that is listed, with its ids, in the form of a self-managed store: the export can be imported into
/// one. It has no history. Also answers the findings that an import would report, for example when the lists were read
/// while objects changed.
///
/// # Errors
/// [`Stopped::Output`] or [`Stopped::Refused`]; the output until then is not an export.
pub fn export(
    ipam: &dyn Ipam,
    to: &mut dyn Write,
    progress: &mut Progress<'_>,
) -> std::result::Result<(Exported, Vec<Finding>), Stopped> {
    let records = Listed::read(ipam, progress)?.into_records();
    let exported = Exported { records: records.tally(), events: 0 };
    let mut writer = Writer::new(to, ipam.now(), &ipam.describe(), false).map_err(Stopped::Output)?;
    let mut outcome = Ok(());
    records.each(&mut |item| {
        if outcome.is_ok() {
            outcome = writer.write(&item);
        }
    });
    outcome.and_then(|()| writer.finish().map(drop)).map_err(Stopped::Output)?;
    Ok((exported, records.faults_as_whole()))
}

/// All objects that are listed.
struct Listed {
    scopes: Vec<Scope>,
    pools: Vec<Pool>,
    pool_cidrs: Vec<PoolCidr>,
    allocations: Vec<Allocation>,
}

impl Listed {
    fn read(ipam: &dyn Ipam, progress: &mut Progress<'_>) -> Result<Self> {
        let scopes = ipam.list_scopes(false)?;
        let pools = ipam.list_pools(&PoolFilter::default())?;
        let total = Some(pools.len() as u64);
        let (mut pool_cidrs, mut allocations) = (Vec::new(), Vec::new());
        for (done, pool) in pools.iter().enumerate() {
            progress("pools", done as u64, total);
            let id = &pool.meta.id;
            pool_cidrs.extend(ipam.list_pool_cidrs(id, false)?);
            let filter =
                AllocationFilter { pool_id: Some(id.clone()), include_pools: true, ..AllocationFilter::default() };
            allocations.extend(ipam.list_allocations(&filter)?);
        }
        Ok(Self { scopes, pools, pool_cidrs, allocations })
    }

    /// The records of a self-managed store: names are unique in their place, and the CIDRs of a pool have the ids of
    /// their allocations in the source pool.
    fn into_records(mut self) -> Records {
        unique(self.scopes.iter_mut().map(|scope| (String::new(), &mut scope.meta)));
        unique(self.pools.iter_mut().map(|pool| (pool.container().to_owned(), &mut pool.meta)));
        let named = self.allocations.iter_mut().filter(|one| one.resource_type != ResourceType::IpamPool);
        unique(named.map(|one| (one.pool_id.clone(), &mut one.meta)));
        self.link();
        let mut records = Records::default();
        let scopes = self.scopes.into_iter().map(Item::Scope);
        let pools = self.pools.into_iter().map(Item::Pool);
        let rest = self.pool_cidrs.into_iter().map(Item::PoolCidr);
        let all = scopes.chain(pools).chain(rest).chain(self.allocations.into_iter().map(Item::Allocation));
        all.for_each(|item| {
            records.admit(item);
        });
        records
    }

    fn link(&mut self) {
        let sources: HashMap<&str, &str> = self
            .pools
            .iter()
            .filter_map(|pool| Some((pool.meta.id.as_str(), pool.source_pool_id.as_deref()?)))
            .collect();
        let of_pools = self.allocations.iter().filter(|one| one.resource_type == ResourceType::IpamPool);
        let by_place: HashMap<_, &str> = of_pools
            .map(|one| ((one.pool_id.as_str(), one.resource_id.as_deref(), one.cidr), one.meta.id.as_str()))
            .collect();
        for pool_cidr in &mut self.pool_cidrs {
            let pool = pool_cidr.pool_id.as_str();
            let found = sources.get(pool).and_then(|source| by_place.get(&(*source, Some(pool), pool_cidr.cidr)));
            pool_cidr.source_allocation_id = found.map(|id| (*id).to_owned());
        }
    }
}

/// Appends the id to the name of each object whose name is already used in its place.
fn unique<'a>(named: impl Iterator<Item = (String, &'a mut Meta)>) {
    let mut taken: BTreeSet<(String, String)> = BTreeSet::new();
    for (place, meta) in named {
        if !taken.insert((place.clone(), meta.name.clone())) {
            meta.name = format!("{} ({})", meta.name, meta.id);
            taken.insert((place, meta.name.clone()));
        }
    }
}
