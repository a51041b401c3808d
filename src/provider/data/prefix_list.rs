//! `ipam_prefix_list`: the blocks of pools or allocations, joined, for whoever routes or filters.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use crate::backend::{AllocationFilter, Ipam, PoolFilter};
use crate::ipam::{Allocation, Cidr, Error, Family, Pool, ResourceType, Tags, blocks};
use crate::provider::shared::Shared;
use crate::tf::{DataSource, Diagnostic, Diagnostics, Path};
use crate::{at, model};

use super::facts::provisioned;
use super::glob::Glob;
use super::{explained, is_true, lookup, scope};

/// What makes the list.
const SOURCES: [&str; 2] = ["pool-cidrs", "allocations"];

model! {
    /// One entry of the list.
    pub(super) struct PrefixListEntry {
        /// The block.
        cidr: Cidr => computed(),
        /// Names of what is in it, in order, shortened to 255 characters: fits a managed prefix list.
        description: String => computed(),
    }
}

model! {
    /// The blocks of pools or of allocations, joined into as few as possible: entries for route tables, transit
    /// gateways, Direct Connect, security groups and firewalls. A joined block never has an address that is not in one
    /// of its parts. Every argument narrows what is listed; without any it is the provisioned space of every pool.
    pub(super) struct PrefixListModel {
        /// `pool-cidrs` (the default): the CIDRs provisioned into pools; or `allocations`: what is allocated out of them,
        /// the space of pools below not counted.
        source: String => default("pool-cidrs"),
        /// Only this pool and all pools below it.
        ipam_pool_id: String => optional(),
        /// Only pools of this scope.
        ipam_scope_id: String => optional(),
        /// Only pools of this locale.
        locale: String => optional(),
        /// `ipv4` (the default) or `ipv6`: a list has one family.
        address_family: Family => default("ipv4"),
        /// Only pools or allocations whose whole name matches: `*` stands for any characters, also none, `?` for exactly
        /// one, everything else for itself. Case counts.
        name_pattern: String => optional(),
        /// Only pools or allocations that have all of these tags, with these values.
        tags: Tags => optional(),
        /// Also what is only planned.
        include_planned: bool => default(false),
        /// Whether to join blocks; otherwise each is an entry of its own.
        aggregate: bool => default(true),
        /// Most entries that the list may have, such as the quota of a route table; more is an error of the plan.
        max_entries: u64 => optional(),
        /// The entries, by address.
        entries: Vec<PrefixListEntry> => computed(),
        /// Their blocks, in the same order.
        cidrs: Vec<Cidr> => computed(),
    }
}

/// A block and what is in it.
type Named = (Cidr, String);

pub(super) struct PrefixListData(pub(super) Arc<Shared>);

impl DataSource for PrefixListData {
    type Model = PrefixListModel;
    const TYPE: &'static str = "ipam_prefix_list";

    fn validate(&self, config: &PrefixListModel) -> Diagnostics {
        let mut diagnostics = Diagnostics::new();
        if let Some(source) = config.source.get().filter(|source| !SOURCES.contains(&source.as_str())) {
            let why = format!("{source:?} is not one of {}.", SOURCES.join(", "));
            diagnostics.push(Diagnostic::error("No such source", why).at(at!(PrefixListModel, source)));
        }
        diagnostics
    }

    fn read(&self, config: PrefixListModel) -> Result<PrefixListModel, Diagnostics> {
        let ipam = self.0.ipam()?;
        let ipam = ipam.as_ref();
        if let Some(id) = config.ipam_scope_id.get() {
            scope::scope(ipam, id, at!(PrefixListModel, ipam_scope_id))?;
        }
        if let Some(id) = config.ipam_pool_id.get() {
            super::pool(ipam, id, at!(PrefixListModel, ipam_pool_id))?;
        }
        let named = listed(ipam, &config).map_err(explained(Path::root()))?;
        let cidrs: Vec<Cidr> = if is_true(&config.aggregate) {
            blocks::merge(named.iter().map(|(cidr, _)| *cidr))
        } else {
            named.iter().map(|(cidr, _)| *cidr).collect::<BTreeSet<_>>().into_iter().collect()
        };
        check_length(&config, cidrs.len())?;
        let entries = cidrs.iter().map(|cidr| entry(*cidr, &named)).collect::<Vec<_>>();
        Ok(PrefixListModel { entries: entries.into(), cidrs: cidrs.into(), ..config })
    }
}

fn check_length(config: &PrefixListModel, length: usize) -> Result<(), Diagnostics> {
    let Some(most) = config.max_entries.cloned().filter(|most| u64::try_from(length).unwrap_or(u64::MAX) > *most)
    else {
        return Ok(());
    };
    let why = format!(
        "The list has {length} entries, and {most} are allowed. Choose fewer blocks, or raise max_entries (and the \
         quota of the prefix list or route table). The provider never joins blocks into a block that has other \
         addresses."
    );
    Err(Diagnostic::error("Too many entries", why).at(at!(PrefixListModel, max_entries)).into())
}

/// Every block that is wanted, by address.
fn listed(ipam: &dyn Ipam, config: &PrefixListModel) -> Result<Vec<Named>, Error> {
    let glob = config.name_pattern.get().map(|pattern| Glob::new(pattern));
    let fits = |name: &str, tags: &Tags| {
        glob.as_ref().is_none_or(|glob| glob.matches(name)) && lookup::has_tags(tags, config.tags.get())
    };
    let of_allocations = config.source.get().is_some_and(|source| source == "allocations");
    let mut found = Vec::new();
    for pool in pools(ipam, config)? {
        if of_allocations {
            let wanted =
                |one: &Allocation| one.resource_type != ResourceType::IpamPool && fits(&one.meta.name, &one.tags);
            let filter = AllocationFilter {
                pool_id: Some(pool.meta.id.clone()),
                include_planned: is_true(&config.include_planned),
                ..AllocationFilter::default()
            };
            let all = ipam.list_allocations(&filter)?;
            found.extend(all.into_iter().filter(wanted).map(|one| (one.cidr, one.meta.name)));
        } else if fits(&pool.meta.name, &pool.tags) {
            found.extend(provisioned(ipam, &pool)?.into_iter().map(|cidr| (cidr, pool.meta.name.clone())));
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// The pools to look into.
fn pools(ipam: &dyn Ipam, config: &PrefixListModel) -> Result<Vec<Pool>, Error> {
    let filter = PoolFilter {
        scope_id: config.ipam_scope_id.cloned(),
        include_planned: is_true(&config.include_planned),
        ..PoolFilter::default()
    };
    let mut below: HashSet<String> = config.ipam_pool_id.cloned().into_iter().collect();
    let mut found = ipam.list_pools(&filter)?;
    // Parents come before their children, so one pass finds all below.
    found.retain(|pool| {
        let is_below = config.ipam_pool_id.is_null()
            || below.contains(&pool.meta.id)
            || pool.source_pool_id.as_ref().is_some_and(|source| below.contains(source));
        if is_below {
            below.insert(pool.meta.id.clone());
        }
        is_below
            && config.locale.get().is_none_or(|locale| pool.locale.as_ref() == Some(locale))
            && config.address_family.get().is_none_or(|family| pool.address_family == *family)
    });
    Ok(found)
}

/// Longest description that a managed prefix list takes.
const DESCRIPTION_MAX: usize = 255;

fn entry(cidr: Cidr, named: &[Named]) -> PrefixListEntry {
    let start = named.partition_point(|(other, _)| other.first() < cidr.first());
    let inside = named[start..].iter().take_while(|(other, _)| other.first() <= cidr.last());
    let mut names: Vec<&str> = Vec::new();
    for (_, name) in inside.filter(|(other, _)| cidr.contains(other)) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let mut description = names.join(", ");
    if description.chars().count() > DESCRIPTION_MAX {
        description = description.chars().take(DESCRIPTION_MAX - 3).chain("...".chars()).collect();
    }
    PrefixListEntry { cidr: cidr.into(), description: description.into() }
}
