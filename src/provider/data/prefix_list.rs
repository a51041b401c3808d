//! `ipam_prefix_list`: the CIDRs of pools or allocations, joined, for routing and filtering.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::backend::{Ipam, PoolFilter};
use crate::ipam::{Allocation, Cidr, Error, Family, OverviewQuery, Pool, PoolChoice, PoolOverview, Tags, blocks};
use crate::provider::filters::{glob, has_tags};
use crate::provider::shared::Shared;
use crate::tf::{DataSource, Diagnostic, Diagnostics, Path};
use crate::{at, model};

use super::lookup::{self, explained, is_true};
use super::scope;

/// The sources of a list.
const SOURCES: [&str; 2] = ["pool-cidrs", "allocations"];

model! {
    /// The attributes of an entry.
    pub(super) struct PrefixListEntry {
        /// CIDR of the entry.
        cidr: Cidr => computed(),
        /// Names of the pools or allocations in the CIDR, sorted by address and shortened to 255 characters, which is
        /// the limit of a managed prefix list.
        description: String => computed(),
    }
}

model! {
    /// Joins the CIDRs of pools or allocations into as few CIDRs as possible: entries for route tables, transit
    /// gateways, AWS Direct Connect, security groups and firewalls. A joined CIDR contains only addresses of its parts.
    /// Each argument narrows the list; without arguments, the list contains the provisioned IPv4 space of all pools.
    pub(super) struct PrefixListModel {
        /// Source of the list: `pool-cidrs` (the default) for the CIDRs that are provisioned into pools, or
        /// `allocations` for the CIDRs that are allocated from them, without the space of pools below.
        source: String => default("pool-cidrs"),
        /// ID of a pool. Only this pool and all pools below it are covered.
        ipam_pool_id: String => optional(),
        /// ID of a scope. Only pools of this scope are covered.
        ipam_scope_id: String => optional(),
        /// Region or site. Only pools with this locale are covered.
        locale: String => optional(),
        /// Address family of the list: `ipv4` (the default) or `ipv6`.
        address_family: Family => default("ipv4"),
        /// Pattern that the whole name must match: `*` stands for any number of characters, `?` for exactly one, and
        /// any other character for itself. The pattern is case-sensitive. Only pools or allocations with a matching
        /// name are listed.
        name_pattern: String => optional(),
        /// Map of tags. Only pools or allocations that have all of these tags, with the same values, are listed.
        tags: Tags => optional(),
        /// Whether the list also covers pools and allocations that are only planned. Default: `false`.
        include_planned: bool => default(false),
        /// Whether to join CIDRs. Default: `true`. With `false`, each CIDR is a separate entry.
        aggregate: bool => default(true),
        /// Maximum number of entries, such as the quota of a route table. If the list has more entries, the plan fails.
        /// Default: no limit.
        max_entries: u64 => optional(),
        /// List of the entries, sorted by address.
        entries: Vec<PrefixListEntry> => computed(),
        /// List of the CIDRs of the entries, in the order of `entries`.
        cidrs: Vec<Cidr> => computed(),
    }
}

/// A CIDR, and the name of its pool or allocation.
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
            lookup::pool(ipam, id, at!(PrefixListModel, ipam_pool_id))?;
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

/// All requested CIDRs, sorted by address.
fn listed(ipam: &dyn Ipam, config: &PrefixListModel) -> Result<Vec<Named>, Error> {
    let glob = glob(&config.name_pattern);
    let fits = |name: &str, tags: &Tags| {
        glob.as_ref().is_none_or(|glob| glob.matches(name)) && has_tags(tags, config.tags.get())
    };
    let of_allocations = config.source.get().is_some_and(|source| source == "allocations");
    let include_planned = is_true(&config.include_planned);
    let mut found = Vec::new();
    for one in pools(ipam, config, of_allocations)? {
        if of_allocations {
            let wanted = |one: &Allocation| one.meta.is_listed(include_planned) && fits(&one.meta.name, &one.tags);
            found.extend(one.taking_space().filter(wanted).map(|one| (one.cidr, one.meta.name)));
        } else if fits(&one.pool.meta.name, &one.pool.tags) {
            found.extend(one.provisioned().map(|cidr| (cidr, one.pool.meta.name.clone())));
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// The pools that the list covers.
fn pools(ipam: &dyn Ipam, config: &PrefixListModel, allocations: bool) -> Result<Vec<PoolOverview>, Error> {
    let (scope_id, include_planned) = (config.ipam_scope_id.get(), is_true(&config.include_planned));
    let choice = match config.ipam_pool_id.get() {
        Some(id) => PoolChoice::Under(id.clone()),
        None => {
            PoolChoice::Matching(PoolFilter { scope_id: scope_id.cloned(), include_planned, ..PoolFilter::default() })
        }
    };
    let keep = |pool: &Pool| {
        pool.meta.is_listed(include_planned)
            && scope_id.is_none_or(|id| pool.scope_id == *id)
            && config.locale.get().is_none_or(|locale| pool.locale.as_ref() == Some(locale))
            && config.address_family.get().is_none_or(|family| pool.address_family == *family)
    };
    Ok(ipam.overview(&OverviewQuery { keep: &keep, allocations, ..OverviewQuery::of(&choice) })?.pools)
}

/// Longest description that a managed prefix list accepts.
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
