//! `ipam_pool`: reads one pool.

use std::sync::Arc;

use crate::backend::Ipam;
use crate::ipam::{Error, Family, Kind, Meta, Pool, ScopeType, State, Tags};
use crate::provider::filters::{WantedPools, has_tags};
use crate::provider::shared::Shared;
use crate::tf::{DataSource, Diagnostics, Path};
use crate::{at, model};

use super::facts::{PoolFacts, pool_facts};
use super::lookup::{self, argument, explained, is_true};

model! {
    /// Reads one pool. Set one of `id`, `ipam_pool_id` and `path`, or any of `name`, `tags`, `locale`, `address_family`,
    /// `ipam_scope_id` and `source_ipam_pool_id`, of which all must match. If no pool matches, or several do, reading
    /// fails. If several match, the error lists them.
    pub(super) struct PoolModel {
        /// ID of the pool. A look-up by ID also finds a planned pool.
        id: String => optional().computed(),
        /// ID of the pool, the same as `id`.
        ipam_pool_id: String => optional().computed(),
        /// Name of the pool. Names are unique only among the pools with the same source pool: set `ipam_scope_id` or
        /// `source_ipam_pool_id` as well to narrow the look-up.
        name: String => optional().computed(),
        /// Path of the pool: the names from the top-level pool down to this pool, joined by `/`, such as
        /// `top/eu-west-1/prod`. A look-up requires the whole path, so that a pool that is added elsewhere cannot make
        /// it ambiguous. If two scopes have the same path, set `ipam_scope_id` as well.
        path: String => optional().computed(),
        /// ID of the scope that contains the pool. Also narrows a look-up by `path`.
        ipam_scope_id: String => optional().computed(),
        /// ID of the source pool, from which the pool takes its CIDRs; null for a top-level pool. Only pools
        /// directly below this pool match.
        source_ipam_pool_id: String => optional().computed(),
        /// Type of the scope that contains the pool: `private` or `public`.
        ipam_scope_type: ScopeType => computed(),
        /// Address family of the pool: `ipv4` or `ipv6`. Only pools of this family match.
        address_family: Family => optional().computed(),
        /// Region or site of the pool; null if the pool has none. Only pools with this locale match.
        locale: String => optional().computed(),
        /// Map of tags of the pool. Only pools that have all of these tags, with the same values, match. If it is not
        /// set, it has all tags of the pool.
        tags: Tags => optional().computed(),
        /// Whether a look-up that is not by ID also finds a pool that is only planned. Default: `false`.
        include_planned: bool => default(false),
        include pool_facts;
    }
}

pub(super) struct PoolData(pub(super) Arc<Shared>);

impl DataSource for PoolData {
    type Model = PoolModel;
    const TYPE: &'static str = "ipam_pool";

    fn validate(&self, config: &PoolModel) -> Diagnostics {
        let by_id = || [argument!(PoolModel, config, id), argument!(PoolModel, config, ipam_pool_id)];
        let name = || argument!(PoolModel, config, name);
        let path = || argument!(PoolModel, config, path);
        let [id, pool_id] = by_id();
        let properties = || {
            [
                argument!(PoolModel, config, tags),
                argument!(PoolModel, config, locale),
                argument!(PoolModel, config, address_family),
                argument!(PoolModel, config, ipam_scope_id),
                argument!(PoolModel, config, source_ipam_pool_id),
            ]
        };
        let mut diagnostics = lookup::at_most_one_of(Kind::Pool, &[id, pool_id, name(), path()], &properties());
        let [tags, locale, family, ..] = properties();
        for property in [tags, locale, family] {
            let [id, pool_id] = by_id();
            diagnostics.append(lookup::only_beside(&property, &[name()], &[id, pool_id, path()]));
        }
        let scope = argument!(PoolModel, config, ipam_scope_id);
        diagnostics.append(lookup::only_beside(&scope, &[name(), path()], &by_id()));
        let source = argument!(PoolModel, config, source_ipam_pool_id);
        let [id, pool_id] = by_id();
        diagnostics.append(lookup::only_beside(&source, &[name()], &[id, pool_id, path()]));
        diagnostics
    }

    fn read(&self, config: PoolModel) -> Result<PoolModel, Diagnostics> {
        self.validate(&config).into_result()?;
        let ipam = self.0.ipam()?;
        let (pool, here) = find(ipam.as_ref(), &config)?;
        let facts = PoolFacts::read(ipam.as_ref(), pool).map_err(explained(here))?;
        Ok(PoolModel {
            id: facts.id.clone(),
            ipam_pool_id: facts.id,
            name: facts.name,
            path: facts.path,
            ipam_scope_id: facts.ipam_scope_id,
            ipam_scope_type: facts.ipam_scope_type,
            source_ipam_pool_id: facts.source_ipam_pool_id,
            include_planned: config.include_planned,
            address_family: facts.address_family,
            locale: facts.locale,
            description: facts.description,
            cidrs: facts.cidrs,
            cidr: facts.cidr,
            pool_depth: facts.pool_depth,
            allocation_min_netmask_length: facts.allocation_min_netmask_length,
            allocation_max_netmask_length: facts.allocation_max_netmask_length,
            allocation_default_netmask_length: facts.allocation_default_netmask_length,
            allocation_resource_tags: facts.allocation_resource_tags,
            allocation_strategy: facts.allocation_strategy,
            reserved_cidrs: facts.reserved_cidrs,
            reserve_first: facts.reserve_first,
            reserve_last: facts.reserve_last,
            cidr_priorities: facts.cidr_priorities,
            draining_cidrs: facts.draining_cidrs,
            quarantine: facts.quarantine,
            tags: facts.tags,
            owner: facts.owner,
            state: facts.state,
            hold_expires_at: facts.hold_expires_at,
        })
    }
}

/// The pool, and the argument that named it.
fn find(ipam: &dyn Ipam, config: &PoolModel) -> Result<(Pool, Path), Diagnostics> {
    let by_id = [(&config.id, at!(PoolModel, id)), (&config.ipam_pool_id, at!(PoolModel, ipam_pool_id))];
    for (id, here) in by_id {
        if let Some(id) = id.get() {
            return Ok((lookup::pool(ipam, id, here.clone())?, here));
        }
    }
    let asked = Asked::of(config)?;
    let here = asked.at(config);
    let found = asked.candidates(ipam, config).map_err(explained(here.clone()))?;
    let pool = choose(found, &asked, config, &here)?;
    Ok((pool, here))
}

/// What a look-up without an ID names the pool by.
enum Asked<'a> {
    Name(&'a str),
    Path(&'a str),
    /// Only properties, which several pools may have.
    Properties,
}

impl<'a> Asked<'a> {
    fn of(config: &'a PoolModel) -> Result<Self, Diagnostics> {
        Ok(match (config.name.get(), config.path.get()) {
            (Some(name), _) => Self::Name(name),
            (None, Some(path)) => Self::Path(path),
            (None, None) if config.name.is_unknown() => Self::Name(config.name.known(at!(PoolModel, name))?),
            (None, None) if config.path.is_unknown() => Self::Path(config.path.known(at!(PoolModel, path))?),
            (None, None) => Self::Properties,
        })
    }

    /// The argument to edit.
    fn at(&self, config: &PoolModel) -> Path {
        match self {
            Self::Name(_) => at!(PoolModel, name),
            Self::Path(_) => at!(PoolModel, path),
            Self::Properties if !config.tags.is_null() => at!(PoolModel, tags),
            Self::Properties if !config.locale.is_null() => at!(PoolModel, locale),
            Self::Properties if !config.address_family.is_null() => at!(PoolModel, address_family),
            Self::Properties if !config.source_ipam_pool_id.is_null() => at!(PoolModel, source_ipam_pool_id),
            Self::Properties => at!(PoolModel, ipam_scope_id),
        }
    }

    /// The pools among which the look-up chooses, each with its path.
    fn candidates(&self, ipam: &dyn Ipam, config: &PoolModel) -> Result<Vec<(Pool, String)>, Error> {
        let (Self::Name(asked) | Self::Path(asked)) = self else {
            let wanted = WantedPools {
                scope_id: config.ipam_scope_id.cloned(),
                source_pool_id: config.source_ipam_pool_id.cloned(),
                name: None,
                locale: config.locale.cloned(),
                address_family: config.address_family.cloned(),
                tags: config.tags.cloned(),
                contains: None,
            };
            let (pools, _) = wanted.of(ipam, true)?;
            return Ok(pools.into_iter().map(|one| (one.pool, one.path)).collect());
        };
        let mut named = Vec::new();
        for pool in ipam.find_pool(asked)?.into_iter().filter(|pool| pool.meta.state != State::Lapsed) {
            let path = ipam.pool_path(&pool.meta.id)?;
            named.push((pool, path));
        }
        Ok(named)
    }

    fn is_called_so(&self, pool: &Pool, path: &str) -> bool {
        match self {
            Self::Name(name) => pool.meta.name == *name,
            Self::Path(asked) => path == *asked,
            Self::Properties => true,
        }
    }

    /// How to choose one of several pools.
    const fn advice(&self) -> &'static str {
        match self {
            Self::Path(_) => "Set ipam_scope_id to choose the scope, or use the id.",
            Self::Name(_) => "Set path, ipam_scope_id or source_ipam_pool_id to choose one, or use the id.",
            Self::Properties => "Set more arguments, so that only one pool matches, or use the id.",
        }
    }
}

/// The one pool that matches.
fn choose(named: Vec<(Pool, String)>, asked: &Asked<'_>, config: &PoolModel, here: &Path) -> Result<Pool, Diagnostics> {
    let fits = |(pool, path): &(Pool, String)| {
        asked.is_called_so(pool, path)
            && config.ipam_scope_id.get().is_none_or(|scope| pool.scope_id == *scope)
            && config.source_ipam_pool_id.get().is_none_or(|source| pool.source_pool_id.as_ref() == Some(source))
            && config.locale.get().is_none_or(|locale| pool.locale.as_ref() == Some(locale))
            && config.address_family.get().is_none_or(|family| pool.address_family == *family)
            && has_tags(&pool.tags, config.tags.get())
    };
    let (fitting, others): (Vec<_>, Vec<_>) = named.into_iter().partition(fits);
    let (mut counting, planned): (Vec<_>, Vec<_>) =
        fitting.into_iter().partition(|(pool, _)| pool.meta.is_listed(false));
    if is_true(&config.include_planned) {
        // A hold with the same name in the same place is the replacement of the pool, and is not a second match.
        let scope_and_path = |(pool, path): &(Pool, String)| (pool.scope_id.clone(), path.clone());
        let known: Vec<_> = counting.iter().map(scope_and_path).collect();
        counting.extend(planned.iter().filter(|named| !known.contains(&scope_and_path(named))).cloned());
    }
    match counting.as_slice() {
        [(pool, _)] => Ok(pool.clone()),
        [] => Err(none_fits(asked, config, &planned, &others, here)),
        many => Err(lookup::ambiguous(Kind::Pool, &pool_lines(many), asked.advice(), here.clone())),
    }
}

fn none_fits(
    asked: &Asked<'_>,
    config: &PoolModel,
    planned: &[(Pool, String)],
    others: &[(Pool, String)],
    here: &Path,
) -> Diagnostics {
    if let [(pool, _), ..] = planned {
        return lookup::only_planned(Kind::Pool, &pool.meta, here.clone());
    }
    let has_properties = !(config.tags.is_null() && config.locale.is_null() && config.address_family.is_null());
    let (searched, there) = match (others.is_empty(), has_properties) {
        (true, _) => ("in this store", ""),
        (false, true) => ("with the given properties", "These pools have others"),
        (false, false) => ("in the given scope or source pool", "These pools are elsewhere"),
    };
    let mut detail = match asked {
        Asked::Name(name) => format!("There is no pool named {name:?} {searched}."),
        Asked::Path(path) => format!("There is no pool whose whole path is {path:?} {searched}."),
        Asked::Properties => "No pool of this store has all of the given properties.".to_owned(),
    };
    if !others.is_empty() {
        detail = format!("{detail} {there}:\n{}", lookup::lines(&pool_lines(others)));
    }
    lookup::no_such(Kind::Pool, detail, here.clone())
}

fn pool_lines(pools: &[(Pool, String)]) -> Vec<String> {
    let planned = |meta: &Meta| {
        if meta.is_listed(false) { String::new() } else { format!(", {}", lookup::planned_by(meta)) }
    };
    let line = |(pool, path): &(Pool, String)| {
        format!("{path} ({} in {}{})", pool.meta.id, pool.scope_id, planned(&pool.meta))
    };
    pools.iter().map(line).collect()
}
