//! Pools by path: `top/eu-west-1/prod`.

use super::failure::{CommandFailure, Status};
use crate::backend::{Ipam, PoolFilter};
use crate::ipam::{Kind, Pool, PoolTree};

/// The pool that `wanted` names: an id, a path, or the end of a path. Looks up the id and the names, not all pools.
pub(super) fn find(ipam: &dyn Ipam, wanted: &str) -> Result<Pool, CommandFailure> {
    if Kind::of_id(wanted) == Some(Kind::Pool)
        && let Some(pool) = ipam.get_pool(wanted)?
    {
        return Ok(pool);
    }
    let mut found = ipam.find_pool(wanted)?;
    match found.pop() {
        Some(pool) if found.is_empty() => Ok(pool),
        // The message has the order of the tree.
        _ => {
            let pools = ipam.list_pools(&PoolFilter { include_planned: true, ..PoolFilter::default() })?;
            choose(&pools, &PoolTree::new(&pools), wanted).cloned()
        }
    }
}

/// The pool of `pools` that `wanted` names.
fn choose<'a>(pools: &'a [Pool], tree: &PoolTree, wanted: &str) -> Result<&'a Pool, CommandFailure> {
    if let Some(pool) = pools.iter().find(|pool| pool.meta.id == wanted) {
        return Ok(pool);
    }
    match tree.called(wanted).as_slice() {
        [] => Err(missing(wanted)),
        [only] => Ok(&pools[*only]),
        several => {
            let list: Vec<String> = several
                .iter()
                .map(|position| &pools[*position].meta.id)
                .map(|id| format!("{} ({id})", tree.path(id).unwrap_or_default()))
                .collect();
            Err(CommandFailure::Usage(format!(
                "Several pools are called {wanted:?}: {}. Give one of the ids.",
                list.join(", ")
            )))
        }
    }
}

/// The failure for a pool that does not exist.
pub(super) fn missing(wanted: &str) -> CommandFailure {
    let line = format!("There is no pool {wanted:?} in this store. `tree` shows all pools.");
    CommandFailure::Said(Status::Missing, line)
}

/// ID of the scope that `wanted` names: a name, or an ID, which may be that of a deleted scope.
pub(super) fn scope_id(ipam: &dyn Ipam, wanted: &str) -> Result<String, CommandFailure> {
    if wanted.starts_with(Kind::Scope.id_prefix()) {
        return Ok(wanted.to_owned());
    }
    let found = ipam.find_scope(wanted)?.map(|scope| scope.meta.id);
    found.ok_or_else(|| missing_scope(wanted))
}

fn missing_scope(wanted: &str) -> CommandFailure {
    let line = format!("There is no scope {wanted:?} in this store. `tree` shows all scopes.");
    CommandFailure::Said(Status::Missing, line)
}

/// [`scope_id`] of a scope that exists.
pub(super) fn present_scope_id(ipam: &dyn Ipam, wanted: &str) -> Result<String, CommandFailure> {
    let id = scope_id(ipam, wanted)?;
    match ipam.get_scope(&id)? {
        Some(_) => Ok(id),
        None => Err(missing_scope(wanted)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::samples;
    use super::*;

    #[test]
    fn a_pool_is_found_by_id_path_and_end_of_path() {
        let pools = samples::pools();
        let tree = PoolTree::new(&pools);
        for wanted in ["ipam-pool-3", "top/eu/prod", "eu/prod"] {
            assert_eq!(choose(&pools, &tree, wanted).unwrap().meta.id, "ipam-pool-3", "{wanted}");
        }
    }

    #[test]
    fn a_missing_and_an_ambiguous_pool_are_errors() {
        let pools = samples::pools();
        let tree = PoolTree::new(&pools);
        let line = |wanted| choose(&pools, &tree, wanted).unwrap_err().line();
        assert_eq!(line("od"), "There is no pool \"od\" in this store. `tree` shows all pools.");
        assert_eq!(
            line("prod"),
            "Several pools are called \"prod\": top/eu/prod (ipam-pool-3), top/us/prod (ipam-pool-5). Give one of the ids."
        );
    }
}
