//! Restores objects that are in a Terraform state and not in the store, because the store was restored from a backup
//! that is older than the state. The object gets its id and its block again, or the operation changes nothing.
//!
//! Only the history distinguishes an object that was never in this store from an object that was released. An object
//! that was released according to an event is not restored. The new event has the action `restore`. Objects of the same
//! name count as for a new object: a hold of the same owner is reclaimed.

use crate::ipam::history::log;
use crate::ipam::holds::standing::Standing;
use crate::ipam::operations::context::{Birth, UNPLANNED};
use crate::ipam::storage::codec::{self, Record};
use crate::ipam::storage::keys;
use crate::ipam::{
    Allocation, AllocationSpec, Cidr, Ledger, Pool, PoolCidr, PoolCidrSpec, PoolSpec, Reader, Result, Scope, ScopeSpec,
    State,
};
use crate::store::Order;

/// Events read at a time.
const PAGE: usize = 1024;

/// An object as it is in a Terraform state.
#[derive(Clone, Debug)]
pub enum Missing {
    Scope(ScopeSpec),
    /// A pool, with the block that its netmask length resulted in.
    Pool(Box<PoolSpec>, Option<Cidr>),
    PoolCidr(PoolCidrSpec),
    Allocation(AllocationSpec),
}

impl Missing {
    /// Id of the container: a pool or a scope.
    pub fn container(&self) -> Option<&str> {
        match self {
            Self::Scope(_) => None,
            Self::Pool(spec, _) => spec.source_pool_id.as_deref().or(spec.scope_id.as_deref()),
            Self::PoolCidr(spec) => Some(&spec.pool_id),
            Self::Allocation(spec) => Some(&spec.pool_id),
        }
    }
}

impl Reader<'_> {
    /// Whether an event shows that the object existed and was released.
    fn was_released(&mut self, id: &str) -> Result<bool> {
        let (mut start, end) = keys::under(keys::EVENTS);
        loop {
            let entries = self.snapshot.scan(&start..&end, Order::Ascending, PAGE)?;
            for (key, bytes) in &entries {
                // Most events are about other objects, and need not be decoded.
                if !std::str::from_utf8(bytes).is_ok_and(|text| text.contains(id)) {
                    continue;
                }
                let event = log::decode(key, bytes)?;
                if event.id == id && event.after.is_null() && event.before["state"] == "active" {
                    return Ok(true);
                }
            }
            match entries.last() {
                Some((key, _)) if entries.len() == PAGE => start = keys::after(key),
                _ => return Ok(false),
            }
        }
    }

    /// The standing of the name, if the restored object may have it.
    ///
    /// # Errors
    /// Returns [`crate::ipam::Error::NameTaken`] also for an object that an interrupted apply left behind, because it has
    /// another id.
    fn making_way<R: Record>(&mut self, standing: Standing<R>) -> Result<Standing<R>> {
        match standing {
            Standing::Adopt(found) => Err(self.name_taken(&found)?),
            Standing::Same(hold) => Ok(Standing::Other(hold)),
            standing => Ok(standing),
        }
    }
}

impl Ledger<'_> {
    /// Creates the object of a state again, with its id and block. `false`: an event shows that the object was
    /// released, so it is not restored. Does nothing when the object exists.
    ///
    /// # Errors
    /// Returns an error when a new object like this would break a rule; returns [`crate::ipam::Error::Overlap`] or
    /// [`crate::ipam::Error::OutsidePool`] when its space is not free.
    pub fn restore(&mut self, id: &str, missing: &Missing) -> Result<bool> {
        if self.reader().was_released(id)? {
            return Ok(false);
        }
        let birth = Birth::Active { id: Some(id.to_owned()) };
        self.env.restoring = true;
        let restored = match missing {
            Missing::Scope(spec) => self.restore_scope(id, spec, &birth),
            Missing::Pool(spec, cidr) => self.restore_pool(id, spec, *cidr, &birth),
            Missing::PoolCidr(spec) => self.restore_pool_cidr(id, spec, &birth),
            Missing::Allocation(spec) => self.restore_allocation(id, spec, &birth),
        };
        self.env.restoring = false;
        restored.map(|()| true)
    }

    fn restore_scope(&mut self, id: &str, spec: &ScopeSpec, birth: &Birth) -> Result<()> {
        match codec::load::<Scope>(self.tx, id)? {
            Some(found) if found.meta.state == State::Active => return Ok(()),
            // The backup was made between plan and apply.
            Some(hold) if hold.meta.is_live() => return self.activate_scope(&hold, spec).map(drop),
            Some(lapsed) => self.clear_scope(Standing::Lapsed(lapsed))?,
            None => {}
        }
        let standing = self.reader().scope_standing(spec, &UNPLANNED)?;
        let standing = self.reader().making_way(standing)?;
        self.clear_scope(standing)?;
        self.new_scope(spec, birth).map(drop)
    }

    fn restore_pool(&mut self, id: &str, spec: &PoolSpec, cidr: Option<Cidr>, birth: &Birth) -> Result<()> {
        match codec::load::<Pool>(self.tx, id)? {
            Some(found) if found.meta.state == State::Active => return Ok(()),
            Some(hold) if hold.meta.is_live() => return self.activate_pool(&hold, spec).map(drop),
            Some(lapsed) => self.clear_pool(Standing::Lapsed(lapsed))?,
            None => {}
        }
        let draft = self.reader().draft(spec)?;
        let standing = self.reader().pool_standing(spec, &draft, &UNPLANNED)?;
        let standing = self.reader().making_way(standing)?;
        self.require_active_container(spec.source_pool_id.as_deref(), &draft.scope_id)?;
        self.clear_pool(standing)?;
        self.new_pool(spec, &draft, birth, cidr).map(drop)
    }

    fn restore_pool_cidr(&mut self, id: &str, spec: &PoolCidrSpec, birth: &Birth) -> Result<()> {
        let pool = self.reader().check_pool_cidr(spec)?;
        match codec::load::<PoolCidr>(self.tx, id)? {
            Some(found) if found.meta.state == State::Active => return Ok(()),
            Some(hold) if hold.meta.is_live() => return self.commit_pool_cidr(&hold).map(drop),
            Some(lapsed) => self.clear_pool_cidr(&pool, Standing::Lapsed(lapsed))?,
            None => {}
        }
        let standing = self.reader().pool_cidr_standing(spec, &UNPLANNED)?;
        let standing = self.reader().making_way(standing)?;
        self.require_active_container(Some(&spec.pool_id), "")?;
        self.clear_pool_cidr(&pool, standing)?;
        self.new_pool_cidr(&pool, spec, spec.size, birth).map(drop)
    }

    fn restore_allocation(&mut self, id: &str, spec: &AllocationSpec, birth: &Birth) -> Result<()> {
        match codec::load::<Allocation>(self.tx, id)? {
            Some(found) if found.meta.state == State::Active => return Ok(()),
            Some(hold) if hold.meta.is_live() => return self.activate_allocation(&hold, spec).map(drop),
            Some(lapsed) => self.clear_allocation(Standing::Lapsed(lapsed))?,
            None => {}
        }
        let (pool, wanted, standing) = self.reader().allocation_standing(spec, None, &UNPLANNED)?;
        let standing = self.reader().making_way(standing)?;
        self.require_active_container(Some(&spec.pool_id), "")?;
        self.clear_allocation(standing)?;
        self.new_allocation(&pool, spec, wanted, birth).map(drop)
    }
}
