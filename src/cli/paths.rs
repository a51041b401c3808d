//! Pools by path: `top/eu-west-1/prod`.

use std::collections::HashMap;

use super::failure::CommandFailure;
use crate::backend::Ipam;
use crate::ipam::{Kind, Pool};

/// Path of every pool by its id. `pools` has parents before children, as the backend lists them.
pub(super) fn of(pools: &[Pool]) -> HashMap<String, String> {
    let mut paths: HashMap<String, String> = HashMap::new();
    for pool in pools {
        let above = pool.source_pool_id.as_ref().and_then(|id| paths.get(id));
        let path = above.map_or_else(|| pool.meta.name.clone(), |above| format!("{above}/{}", pool.meta.name));
        paths.insert(pool.meta.id.clone(), path);
    }
    paths
}

/// The pool that `wanted` names: an id, a path, or the end of a path.
pub(super) fn find<'a>(
    pools: &'a [Pool],
    paths: &HashMap<String, String>,
    wanted: &str,
) -> Result<&'a Pool, CommandFailure> {
    if let Some(pool) = pools.iter().find(|pool| pool.meta.id == wanted) {
        return Ok(pool);
    }
    let end = format!("/{wanted}");
    let matches = |pool: &&Pool| paths.get(&pool.meta.id).is_some_and(|path| path == wanted || path.ends_with(&end));
    let found: Vec<&Pool> = pools.iter().filter(matches).collect();
    match found.as_slice() {
        [] => Err(CommandFailure::Usage(format!("There is no pool {wanted:?} in this store. `tree` shows all pools."))),
        [pool] => Ok(pool),
        several => {
            let list: Vec<String> = several
                .iter()
                .map(|pool| format!("{} ({})", paths.get(&pool.meta.id).map_or("", String::as_str), pool.meta.id))
                .collect();
            Err(CommandFailure::Usage(format!(
                "Several pools are called {wanted:?}: {}. Give one of the ids.",
                list.join(", ")
            )))
        }
    }
}

/// ID of the scope that `wanted` names: a name, or an ID, which may be that of a deleted scope.
pub(super) fn scope_id(ipam: &dyn Ipam, wanted: &str) -> Result<String, CommandFailure> {
    if wanted.starts_with(Kind::Scope.id_prefix()) {
        return Ok(wanted.to_owned());
    }
    let found = ipam.find_scope(wanted)?.map(|scope| scope.meta.id);
    found.ok_or_else(|| {
        CommandFailure::Usage(format!("There is no scope {wanted:?} in this store. `tree` shows all scopes."))
    })
}

/// [`scope_id`] of a scope that exists.
pub(super) fn present_scope_id(ipam: &dyn Ipam, wanted: &str) -> Result<String, CommandFailure> {
    let id = scope_id(ipam, wanted)?;
    match ipam.get_scope(&id)? {
        Some(_) => Ok(id),
        None => {
            Err(CommandFailure::Usage(format!("There is no scope {wanted:?} in this store. `tree` shows all scopes.")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::samples;
    use super::*;

    #[test]
    fn a_pool_is_found_by_id_path_and_end_of_path() {
        let pools = samples::pools();
        let paths = of(&pools);
        for wanted in ["ipam-pool-3", "top/eu/prod", "eu/prod"] {
            assert_eq!(find(&pools, &paths, wanted).unwrap().meta.id, "ipam-pool-3", "{wanted}");
        }
    }

    #[test]
    fn a_missing_and_an_ambiguous_pool_are_errors() {
        let pools = samples::pools();
        let paths = of(&pools);
        let line = |wanted| find(&pools, &paths, wanted).unwrap_err().line();
        assert_eq!(line("od"), "There is no pool \"od\" in this store. `tree` shows all pools.");
        assert_eq!(
            line("prod"),
            "Several pools are called \"prod\": top/eu/prod (ipam-pool-3), top/us/prod (ipam-pool-5). Give one of the ids."
        );
    }
}
