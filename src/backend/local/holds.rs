//! The holds of plans, and the notes on records about Terraform states and plans.

use std::sync::PoisonError;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::super::{Holds, Ipam, Result};
use super::Local;
use super::objects::pool_cidr_name;
use crate::ipam::{
    Allocation, AllocationSpec, Candidates, Cidr, Error, Kind, Ledger, Missing, Occupant, Pool, PoolChange, PoolCidr,
    PoolCidrSpec, PoolSpec, Provision, Reader, Resize, Resting, Rules, Scope, ScopeSpec, Size, State, Terms,
};
use crate::store;

impl Holds for Local {
    fn plan_scope(&self, spec: &ScopeSpec, terms: &Terms) -> Result<Scope> {
        let find = |reader: &mut Reader<'_>, terms: &Terms| reader.find_hold_scope(spec, terms);
        let wish = spec.clone();
        self.plan(Turn::by_name(&spec.name), terms, find, move |ledger, terms| ledger.plan_scope(&wish, terms))
    }

    fn plan_pool(&self, spec: &PoolSpec, terms: &Terms) -> Result<Pool> {
        let find = |reader: &mut Reader<'_>, terms: &Terms| reader.find_hold_pool(spec, terms);
        let wish = spec.clone();
        let is_by_size = matches!(spec.provision, Provision::NetmaskLength(_));
        let turn = Turn::in_pool(&spec.name, spec.source_pool_id.as_deref().filter(|_| is_by_size));
        self.plan(turn, terms, find, move |ledger, terms| ledger.plan_pool(&wish, terms))
    }

    fn plan_pool_change(&self, id: &str, change: &PoolChange, terms: &Terms) -> Result<Option<Pool>> {
        let find = |reader: &mut Reader<'_>, _: &Terms| Ok(reader.find_pool_change(id, change)?.map(Some));
        let (id, wish) = (id.to_owned(), change.clone());
        self.plan(Turn::by_name(&change.name), terms, find, move |ledger, terms| {
            ledger.plan_pool_change(&id, &wish, terms)
        })
    }

    fn in_the_way(&self, id: &str, provision: &Provision, goes: &dyn Fn(&str, bool) -> bool) -> Result<()> {
        self.read(|reader| reader.in_the_way(id, provision, goes))
    }

    fn in_reserved(&self, id: &str, rules: &Rules) -> Result<Vec<Occupant>> {
        self.read(|reader| reader.in_reserved(id, rules))
    }

    fn resting(&self, pool_id: &str) -> Result<Vec<Resting>> {
        let gone = || Error::NotFound { kind: Kind::Pool, id: pool_id.to_owned() };
        self.look(|reader| {
            let pool = reader.get_pool(pool_id)?.ok_or_else(gone)?;
            reader.resting(&pool)
        })
    }

    fn plan_pool_cidr(&self, spec: &PoolCidrSpec, terms: &Terms) -> Result<PoolCidr> {
        let find = |reader: &mut Reader<'_>, terms: &Terms| reader.find_hold_pool_cidr(spec, terms);
        let wish = spec.clone();
        let by_size = (!matches!(spec.size, Size::Cidr(_))).then_some(spec.pool_id.as_str());
        let turn = Turn::in_pool(&pool_cidr_name(spec), by_size);
        self.plan(turn, terms, find, move |ledger, terms| ledger.plan_pool_cidr(&wish, terms))
    }

    fn plan_allocation(&self, spec: &AllocationSpec, terms: &Terms) -> Result<Allocation> {
        let find = |reader: &mut Reader<'_>, terms: &Terms| reader.find_hold_allocation(spec, terms);
        let wish = spec.clone();
        let pool_id = match spec.undecided() {
            Some(Candidates::Listed(ids)) => ids.first().map_or("", String::as_str),
            _ => spec.pool_id.as_str(),
        };
        let by_size = (!matches!(spec.size, Size::Cidr(_))).then_some(pool_id);
        let turn = Turn::in_pool(&spec.name, by_size);
        self.plan(turn, terms, find, move |ledger, terms| ledger.plan_allocation(&wish, terms))
    }

    fn open_lease(&self, spec: &AllocationSpec, duration: Duration) -> Result<Allocation> {
        let wish = spec.clone();
        self.write(&spec.name, move |ledger| ledger.open_lease(&wish, duration))
    }

    fn renew_lease(&self, id: &str, name: &str, duration: Duration) -> Result<Allocation> {
        let (renewed, called) = (id.to_owned(), name.to_owned());
        self.write(name, move |ledger| ledger.renew_lease(&renewed, &called, duration))
    }

    fn close_lease(&self, id: &str) -> Result<()> {
        let closed = id.to_owned();
        self.write(id, move |ledger| ledger.close_lease(&closed))
    }

    fn plan_resize(&self, id: &str, size: Size, terms: &Terms) -> Result<Resize> {
        let find = |reader: &mut Reader<'_>, terms: &Terms| reader.find_resize(id, size, terms);
        let grown = id.to_owned();
        self.plan(Turn::by_name(id), terms, find, move |ledger, terms| ledger.plan_resize(&grown, size, terms))
    }

    fn displaced(&self) -> Vec<Occupant> {
        std::mem::take(&mut *self.author.displaced.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn restore(&self, id: &str, missing: &Missing) -> Result<bool> {
        let (lost, wish) = (id.to_owned(), missing.clone());
        match self.write(id, move |ledger| ledger.restore(&lost, &wish)) {
            // An object that cannot be restored at all is reported without the right to write, too.
            Err(Error::Store(store::Error::ReadOnly(why))) => {
                match self.imagine(|ledger| {
                    ledger.initialize()?;
                    ledger.restore(id, missing)
                })? {
                    true => Err(Error::Store(store::Error::ReadOnly(why))),
                    false => Ok(false),
                }
            }
            answer => answer,
        }
    }

    fn confirm(&self, id: &str) -> Result<()> {
        // Every refresh calls this; only the first call for an object writes.
        if !self.read(|reader| reader.needs_confirmation(id))? {
            return Ok(());
        }
        let seen = id.to_owned();
        self.write(id, move |ledger| ledger.confirm(&seen))
    }

    fn confirm_all(&self, ids: &[String]) -> Result<()> {
        let Some(first) = ids.first() else { return Ok(()) };
        let seen = ids.to_vec();
        self.write(first, move |ledger| seen.iter().try_for_each(|id| ledger.confirm(id)))
    }

    fn keep_arguments(&self, id: &str, hold: Duration) -> Result<()> {
        let still_good = |until: Timestamp| {
            until.duration_since(self.now()) * 2 > SignedDuration::try_from(hold).unwrap_or_default()
        };
        let is_noted = |reader: &mut Reader<'_>| Ok(reader.arguments_kept_until(id)?.is_some_and(still_good));
        // As with holds: the note is written again when half of its time has passed. An id that is not one of a store's
        // records has no notes.
        if Kind::of_id(id).is_none() || self.read(is_noted)? {
            return Ok(());
        }
        let kept = id.to_owned();
        self.write(id, move |ledger| ledger.keep_arguments(&kept, hold))
    }

    fn take_kept_arguments(&self, id: &str) -> Result<bool> {
        if self.read(|reader| reader.arguments_kept_until(id))?.is_none() {
            return Ok(false);
        }
        let kept = id.to_owned();
        if let Err(error) = self.write(id, move |ledger| ledger.forget_kept_arguments(&kept)) {
            tracing::debug!(id, ?error, "the note that a plan keeps arguments was not removed");
        }
        Ok(true)
    }

    fn give_up(&self, id: &str, hold: Duration) -> Result<()> {
        let given_up = id.to_owned();
        self.write(id, move |ledger| ledger.give_up(&given_up, hold))
    }

    fn is_given_up(&self, id: &str) -> Result<bool> {
        self.read(|reader| reader.is_given_up(id))
    }
}

/// The turn of a request among those that are planned at the same time.
pub(super) struct Turn<'a> {
    /// Requests of one group run in the order of this text.
    sort_key: String,
    /// The pool in which a new object is placed by size. If the pool is itself only planned, the first such objects wait
    /// a moment for requests by CIDR.
    by_size_in: Option<&'a str>,
}

impl<'a> Turn<'a> {
    /// Requests take their turns in the order of names.
    fn by_name(name: &str) -> Self {
        Self { sort_key: name.to_owned(), by_size_in: None }
    }

    /// Requests by CIDR come before requests by size in `by_size_in`.
    pub(super) fn in_pool(name: &str, by_size_in: Option<&'a str>) -> Self {
        let rank = u8::from(by_size_in.is_some());
        Self { sort_key: format!("{rank} {name}"), by_size_in }
    }
}

impl Local {
    /// The answer of `find`, which does not write, or else the answer of `plan`, which does.
    ///
    /// An error of `find` is ignored: a store that was never written has no default scopes yet, and the write reclaims
    /// holds in the way.
    pub(super) fn plan<T, F>(
        &self,
        turn: Turn<'_>,
        terms: &Terms,
        mut find: impl FnMut(&mut Reader<'_>, &Terms) -> Result<Option<T>>,
        plan: F,
    ) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Ledger<'_>, &Terms) -> Result<T> + Send + Sync + 'static,
    {
        let mut waits_in = None;
        let found = self.read(|reader| {
            reader.in_apply(terms.committing);
            let found = find(reader, terms)?;
            waits_in = match turn.by_size_in {
                Some(pool_id) if found.is_none() && !terms.committing => reader.get_pool(pool_id)?,
                _ => None,
            };
            Ok(found)
        });
        match found {
            Ok(Some(found)) => return Ok(found),
            Err(Error::Store(error)) => return Err(Error::Store(error)),
            Ok(None) | Err(_) => {}
        }
        if let Some(pool) = waits_in.filter(|pool| pool.meta.state == State::Planned) {
            self.explicit_first.wait(&pool.meta.id);
        }
        let for_write = terms.clone();
        let made = self.write_again(&turn.sort_key, terms.committing, move |ledger, _| plan(ledger, &for_write));
        for (cidr, with) in made.as_ref().err().map(Error::overlaps).unwrap_or_default() {
            self.mark_in_the_way(&turn.sort_key, cidr, with);
        }
        made
    }

    /// Marks the holds of this owner that were placed by size and are in the way of a block requested by CIDR: they
    /// move elsewhere at the next plan. This is best effort, because the plan has failed already.
    fn mark_in_the_way(&self, name: &str, wished: Cidr, with: &[Occupant]) {
        let owner = &self.author().actor.owner;
        let own = with.iter().filter(|occupant| occupant.state == State::Planned && occupant.owner == *owner);
        let ids: Vec<String> = own.map(|occupant| occupant.id.clone()).collect();
        if ids.is_empty() {
            return;
        }
        if let Err(error) = self.write(name, move |ledger| ledger.mark_in_the_way(&ids, wished)) {
            tracing::debug!(?error, place = self.describe(), "not marked");
        }
    }
}
