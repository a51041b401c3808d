//! `ipam_pool`: reads one pool.

use std::sync::Arc;

use crate::backend::Ipam;
use crate::ipam::{Kind, Meta, Pool, ScopeType, State};
use crate::provider::shared::Shared;
use crate::tf::{DataSource, Diagnostics, Path};
use crate::{at, model};

use super::facts::{PoolFacts, pool_facts};
use super::lookup::{self, argument, explained, is_true};

model! {
    /// Reads one pool. Set one of `id`, `ipam_pool_id`, `path` and `name`. If no pool matches, or several do, reading
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
        /// ID of the scope that contains the pool. Narrows a look-up by `name` or `path`.
        ipam_scope_id: String => optional().computed(),
        /// ID of the source pool, from which the pool takes its CIDRs; null for a top-level pool. Narrows a look-up by
        /// `name` to pools directly below this pool.
        source_ipam_pool_id: String => optional().computed(),
        /// Type of the scope that contains the pool: `private` or `public`.
        ipam_scope_type: ScopeType => computed(),
        /// Whether a look-up by `name` or `path` also finds a pool that is only planned. Default: `false`.
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
        let mut diagnostics = lookup::exactly_one(Kind::Pool, &[id, pool_id, name(), path()]);
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
    let (asked, whole_path, here) = match (config.name.get(), config.path.get()) {
        (Some(name), _) => (name, false, at!(PoolModel, name)),
        (None, _) => (config.path.known(at!(PoolModel, path))?, true, at!(PoolModel, path)),
    };
    let mut named = Vec::new();
    let found = ipam.find_pool(asked).map_err(explained(here.clone()))?;
    for pool in found.into_iter().filter(|pool| pool.meta.state != State::Lapsed) {
        let path = ipam.pool_path(&pool.meta.id).map_err(explained(here.clone()))?;
        named.push((pool, path));
    }
    let pool = choose(named, asked, whole_path, config, &here)?;
    Ok((pool, here))
}

/// The one pool with the requested name or path.
fn choose(
    named: Vec<(Pool, String)>,
    asked: &str,
    whole_path: bool,
    config: &PoolModel,
    here: &Path,
) -> Result<Pool, Diagnostics> {
    let fits = |(pool, path): &(Pool, String)| {
        let named_so = if whole_path { path == asked } else { pool.meta.name == asked };
        named_so
            && config.ipam_scope_id.get().is_none_or(|scope| pool.scope_id == *scope)
            && config.source_ipam_pool_id.get().is_none_or(|source| pool.source_pool_id.as_ref() == Some(source))
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
        [] => Err(none_fits(asked, whole_path, &planned, &others, here)),
        many => {
            let advice = if whole_path {
                "Set ipam_scope_id to choose the scope, or use the id."
            } else {
                "Set path, ipam_scope_id or source_ipam_pool_id to choose one, or use the id."
            };
            Err(lookup::ambiguous(Kind::Pool, &pool_lines(many), advice, here.clone()))
        }
    }
}

fn none_fits(
    asked: &str,
    whole_path: bool,
    planned: &[(Pool, String)],
    others: &[(Pool, String)],
    here: &Path,
) -> Diagnostics {
    if let [(pool, _), ..] = planned {
        return lookup::only_planned(Kind::Pool, &pool.meta, here.clone());
    }
    let what = if whole_path { "whose whole path is" } else { "named" };
    let searched = if others.is_empty() { "in this store" } else { "in the given scope or source pool" };
    let mut detail = format!("There is no pool {what} {asked:?} {searched}.");
    if !others.is_empty() {
        detail = format!("{detail} These pools are elsewhere:\n{}", lookup::lines(&pool_lines(others)));
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
