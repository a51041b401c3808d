//! Look-up of objects by what a person types: a name, a path of names, or an address.

use crate::ipam::space::free;
use crate::ipam::storage::codec::{self, Record};
use crate::ipam::storage::{keys, names};
use crate::ipam::{Allocation, Cidr, Error, Kind, Pool, Reader, Result, Scope};

impl Reader<'_> {
    /// The scope with exactly this name; an active scope takes precedence over a hold.
    pub fn find_scope(&mut self, name: &str) -> Result<Option<Scope>> {
        self.named(keys::ROOT, name)
    }

    /// The allocation with exactly this name in exactly this pool; an active allocation takes precedence over a hold.
    pub fn find_allocation(&mut self, pool_id: &str, name: &str) -> Result<Option<Allocation>> {
        self.named(pool_id, name)
    }

    fn named<R: Record>(&mut self, parent: &str, name: &str) -> Result<Option<R>> {
        let entry = names::entry(self.snapshot, R::KIND, parent, name)?;
        for id in [entry.active, entry.planned].into_iter().flatten() {
            if let Some(record) = codec::live(self.snapshot, &id)? {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    /// The allocation of exactly this pool whose block contains `block`, including holds and the space of pools below.
    pub fn allocation_at(&mut self, pool_id: &str, block: &Cidr) -> Result<Option<Allocation>> {
        let entries = free::entries_over(self.snapshot, &keys::at_of(pool_id), block, 1)?;
        let entry = entries.into_iter().find(|entry| entry.cidr.contains(block));
        entry.map_or(Ok(None), |entry| codec::live(self.snapshot, &entry.id))
    }

    /// The pools, including holds, whose path is `path` or ends in it. Parents come before children, in the order of
    /// their paths.
    pub fn find_pool(&mut self, path: &str) -> Result<Vec<Pool>> {
        // Names may contain slashes, so any end of the path may be the name of the pool.
        let starts = path.match_indices('/').map(|(slash, _)| slash + 1).chain([0]);
        let mut found = Vec::new();
        for start in starts {
            for pool in self.pools_with_name(&path[start..])? {
                let whole = self.path_of(&pool)?;
                if whole == path || whole.ends_with(&format!("/{path}")) {
                    found.push((whole, pool));
                }
            }
        }
        found.sort_by(|(path_a, a), (path_b, b)| (path_a, &a.meta.id).cmp(&(path_b, &b.meta.id)));
        found.dedup_by(|(_, a), (_, b)| a.meta.id == b.meta.id);
        Ok(found.into_iter().map(|(_, pool)| pool).collect())
    }

    /// Names from the top-level pool down to the pool with this id, separated by `/`.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`].
    pub fn pool_path(&mut self, id: &str) -> Result<String> {
        match codec::live::<Pool>(self.snapshot, id)? {
            Some(pool) => self.path_of(&pool),
            None => Err(Error::NotFound { kind: Kind::Pool, id: id.to_owned() }),
        }
    }
}
