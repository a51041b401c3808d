//! From what a person types to an object: an id, a name, or a path of names.

use super::codec::{self, Record};
use super::holds::occupant;
use super::scopes::kind_of;
use super::{Allocation, Kind, Lookup, Pool, PoolCidr, Reader, Result, Scope, State, names};

impl Reader<'_> {
    /// Pools of this name anywhere, without holds, by scope and path.
    pub fn find_pools_named(&mut self, name: &str) -> Result<Vec<Pool>> {
        let filter = super::PoolFilter { name: Some(name.to_owned()), ..super::PoolFilter::default() };
        self.list_pools(&filter)
    }

    /// The scope with this id or name.
    pub fn find_scope(&mut self, text: &str) -> Result<Lookup<Scope>> {
        if kind_of(text) == Some(Kind::Scope)
            && let Some(scope) = codec::live(self.snapshot, text)?
        {
            return Ok(Lookup::One(scope));
        }
        let found = self.list_scopes(false)?.into_iter().filter(|scope| scope.meta.name == text).collect();
        self.lookup(found)
    }

    /// The pool with this id, this name, or this path of names (`top/eu`), which may start at any pool or at a
    /// scope. When a path fits several pools, the one that it names from the very top is meant.
    pub fn find_pool(&mut self, text: &str) -> Result<Lookup<Pool>> {
        let found = self.pools_at(text)?;
        self.lookup(found)
    }

    /// The allocation with this id, or whose pool's id, name or path stands before its name: `top/eu/web`.
    pub fn find_allocation_at(&mut self, text: &str) -> Result<Lookup<Allocation>> {
        self.in_pool(text)
    }

    /// The pool CIDR with this id, or whose pool's id, name or path stands before its name: `top/10.0.0.0/16`.
    pub fn find_pool_cidr(&mut self, text: &str) -> Result<Lookup<PoolCidr>> {
        self.in_pool(text)
    }

    fn in_pool<R: Record>(&mut self, text: &str) -> Result<Lookup<R>> {
        if kind_of(text) == Some(R::KIND)
            && let Some(record) = codec::live(self.snapshot, text)?
        {
            return Ok(Lookup::One(record));
        }
        let mut found: Vec<R> = Vec::new();
        for (slash, _) in text.match_indices('/') {
            let (pool, name) = (&text[..slash], &text[slash + 1..]);
            for pool in self.pools_at(pool)? {
                let entry = names::entry(self.snapshot, R::KIND, &pool.meta.id, name)?;
                if let Some(id) = entry.active {
                    found.push(codec::expect(self.snapshot, &id)?);
                }
            }
        }
        self.lookup(found)
    }

    fn lookup<R: Record>(&mut self, mut found: Vec<R>) -> Result<Lookup<R>> {
        if found.len() > 1 {
            let occupants = found.iter().map(|record| occupant(self.snapshot, record));
            return Ok(Lookup::Ambiguous(occupants.collect::<Result<_>>()?));
        }
        Ok(found.pop().map_or(Lookup::Missing, Lookup::One))
    }

    /// The active pools that `text` may mean, of which there should be one.
    fn pools_at(&mut self, text: &str) -> Result<Vec<Pool>> {
        let mut found: Vec<Pool> = Vec::new();
        for (first, rest) in splits(text) {
            let mut starts = self.pools_with_name(first)?;
            if kind_of(first) == Some(Kind::Pool) {
                starts.extend(codec::live::<Pool>(self.snapshot, first)?);
            }
            for start in starts {
                self.descend(start, rest, &mut found)?;
            }
            let Some(rest) = rest else { continue };
            for scope in self.list_scopes(false)? {
                if scope.meta.name == first || scope.meta.id == first {
                    self.children_at(&scope.meta.id, rest, &mut found)?;
                }
            }
        }
        found.retain(|pool| pool.meta.state == State::Active);
        found.sort_by(|a, b| a.meta.id.cmp(&b.meta.id));
        found.dedup_by(|a, b| a.meta.id == b.meta.id);
        let mut whole = Vec::new();
        for pool in &found {
            if self.path_of(pool)? == text {
                whole.push(pool.clone());
            }
        }
        Ok(if whole.is_empty() { found } else { whole })
    }

    /// Adds what is at `rest` below `pool`: the pool itself when there is no rest.
    fn descend(&mut self, pool: Pool, rest: Option<&str>, found: &mut Vec<Pool>) -> Result<()> {
        match rest {
            None => found.push(pool),
            Some(rest) => self.children_at(&pool.meta.id, rest, found)?,
        }
        Ok(())
    }

    fn children_at(&mut self, container: &str, path: &str, found: &mut Vec<Pool>) -> Result<()> {
        for (name, rest) in splits(path) {
            let entry = names::entry(self.snapshot, Kind::Pool, container, name)?;
            if let Some(id) = entry.active {
                let pool = codec::expect(self.snapshot, &id)?;
                self.descend(pool, rest, found)?;
            }
        }
        Ok(())
    }
}

/// Every way to split a path into a first name and the rest: names may hold slashes themselves.
fn splits(path: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    let inner = path.match_indices('/').map(move |(slash, _)| (&path[..slash], Some(&path[slash + 1..])));
    inner.chain(std::iter::once((path, None)))
}
