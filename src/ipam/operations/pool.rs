//! Pools: plan, create and delete them, with their contents.

use std::collections::BTreeSet;

use crate::ipam::history::log;
use crate::ipam::holds::reclaim;
use crate::ipam::holds::standing::Standing;
use crate::ipam::model::event::Action;
use crate::ipam::operations::context::{Birth, DEPTH_LIMIT, UNPLANNED};
use crate::ipam::operations::pool_rules::{check_auto_import, check_provision, check_rules, provision_satisfied};
use crate::ipam::storage::{codec, index, keys, names};
use crate::ipam::{
    Allocation, Cidr, Error, Family, Kind, Ledger, Planned, Pool, PoolCidr, PoolSpec, Provision, Reader, Result, Scope,
    ScopeType, Size, Special, State, Terms, Unsupported,
};

/// A requested pool, with all attributes that follow from its source pool or scope filled in.
#[derive(Clone, Debug)]
pub(in crate::ipam) struct Draft {
    pub(in crate::ipam) scope_id: String,
    depth: u32,
    address_family: Family,
    locale: Option<String>,
}

impl Draft {
    fn container<'a>(&'a self, spec: &'a PoolSpec) -> &'a str {
        spec.source_pool_id.as_deref().unwrap_or(&self.scope_id)
    }
}

fn details(spec: &PoolSpec) -> impl Fn(&mut Pool) + '_ {
    |pool| {
        pool.description.clone_from(&spec.description);
        pool.rules.clone_from(&spec.rules);
        pool.strategy = spec.strategy;
        pool.tags.clone_from(&spec.tags);
        pool.provision.clone_from(&spec.provision);
        pool.special.auto_import = spec.special.auto_import;
    }
}

impl Reader<'_> {
    /// The answer of [`Ledger::plan_pool`] when no write is needed for it; `None` otherwise.
    pub fn find_hold_pool(&mut self, spec: &PoolSpec, terms: &Terms) -> Result<Option<Pool>> {
        let draft = self.draft(spec)?;
        let standing = self.pool_standing(spec, &draft, terms)?;
        Ok(self.answer(standing, terms, &details(spec)))
    }

    pub(in crate::ipam) fn pool_standing(
        &mut self,
        spec: &PoolSpec,
        draft: &Draft,
        terms: &Terms,
    ) -> Result<Standing<Pool>> {
        let satisfies = |pool: &Pool| {
            pool.scope_id == draft.scope_id
                && pool.address_family == draft.address_family
                && pool.locale == draft.locale
                && provision_satisfied(&spec.provision, &pool.cidrs)
        };
        let standing = self.standing(draft.container(spec), &spec.name, terms, &satisfies);
        match standing {
            Err(Error::HoldLost { id, .. }) => {
                let pool: Pool = codec::expect(self.snapshot, &id)?;
                Err(self.pool_lost(&pool)?)
            }
            standing => standing,
        }
    }

    /// Checks everything about a requested pool that does not depend on free space.
    pub(in crate::ipam) fn draft(&mut self, spec: &PoolSpec) -> Result<Draft> {
        if let Some(what) = spec.special.first() {
            return Err(Error::Unsupported { what: Unsupported::OnlyAws(what) });
        }
        let source = match &spec.source_pool_id {
            Some(id) => Some(self.pool(id)?),
            None => None,
        };
        let draft = match &source {
            Some(source) => draft_inside(spec, source)?,
            None => self.draft_on_top(spec)?,
        };
        check_auto_import(spec.special.auto_import, draft.locale.as_deref())?;
        check_rules(&spec.rules, draft.address_family)?;
        check_provision(&spec.provision, draft.address_family, source.is_some())?;
        Ok(draft)
    }

    fn draft_on_top(&mut self, spec: &PoolSpec) -> Result<Draft> {
        let scope_id = match &spec.scope_id {
            Some(id) => match codec::load::<Scope>(self.snapshot, id)? {
                Some(scope) if scope.meta.is_live() => scope.meta.id,
                Some(lapsed) => return Err(self.hold_lost(&lapsed)?),
                None => return Err(Error::NotFound { kind: Kind::Scope, id: id.clone() }),
            },
            None => self.default_scope(ScopeType::Private)?,
        };
        let given = match &spec.provision {
            Provision::Cidrs(cidrs) => cidrs.first().map(Cidr::family),
            _ => None,
        };
        let address_family = spec.address_family.or(given).ok_or(Error::NoFamily)?;
        Ok(Draft { scope_id, depth: 1, address_family, locale: spec.locale.clone() })
    }
}

fn draft_inside(spec: &PoolSpec, source: &Pool) -> Result<Draft> {
    let source_pool_id = source.meta.id.clone();
    if let Some(asked) = spec.scope_id.clone().filter(|asked| *asked != source.scope_id) {
        return Err(Error::ScopeMismatch { source_pool_id, source_scope_id: source.scope_id.clone(), asked });
    }
    if let Some(found) = spec.address_family.filter(|family| *family != source.address_family) {
        return Err(Error::FamilyMismatch { cidr: None, expected: source.address_family, found });
    }
    if let (Some(above), Some(asked)) = (&source.locale, &spec.locale)
        && above != asked
    {
        let (source_locale, asked) = (above.clone(), asked.clone());
        return Err(Error::LocaleMismatch { source_pool_id, source_locale, asked });
    }
    if source.depth >= DEPTH_LIMIT {
        return Err(Error::TooDeep { limit: DEPTH_LIMIT });
    }
    Ok(Draft {
        scope_id: source.scope_id.clone(),
        depth: source.depth + 1,
        address_family: source.address_family,
        locale: spec.locale.clone().or_else(|| source.locale.clone()),
    })
}

impl Ledger<'_> {
    /// Holds a new pool and its space.
    ///
    /// # Errors
    /// Returns an error when the request breaks a rule, and [`Error::NameTaken`], [`Error::Overlap`],
    /// [`Error::OutsidePool`], [`Error::PoolExhausted`] or [`Error::HoldLost`].
    pub fn plan_pool(&mut self, spec: &PoolSpec, terms: &Terms) -> Result<Pool> {
        let draft = self.reader().draft(spec)?;
        match self.reader().pool_standing(spec, &draft, terms)? {
            Standing::Adopt(mut pool) => {
                details(spec)(&mut pool);
                Ok(pool)
            }
            Standing::Same(hold) => {
                let mut renewed = hold.clone();
                self.reader().renew(&mut renewed, terms, &details(spec));
                self.change_pool(Action::Hold, &hold, renewed)
            }
            standing => {
                let lost = self.reader().lost_hold(&standing)?;
                self.avoided = standing.avoided();
                self.given_up = terms.all_given_up();
                self.source_rules.clone_from(&terms.pool_rules);
                self.clear_pool(standing)?;
                let exact = self.reader().shown_block(Kind::Pool, &spec.name, terms, |block| match spec.provision {
                    Provision::NetmaskLength(length) => block.netmask_length() == length,
                    _ => true,
                })?;
                let made = self.new_pool(spec, &draft, &Birth::hold(self.env.now, terms), exact);
                made.map_err(|error| error.after_losing(lost))
            }
        }
    }

    pub(in crate::ipam) fn clear_pool(&mut self, standing: Standing<Pool>) -> Result<()> {
        match standing {
            Standing::Foreign(hold) => match self.try_lapse_pool(&hold)? {
                true => Ok(()),
                false => Err(self.reader().name_taken(&hold)?),
            },
            Standing::Other(old) => {
                self.check_unused(&old)?;
                self.note_displaced(&old)?;
                self.remove_pool(&old, Action::Delete)
            }
            Standing::Lapsed(old) => self.remove_pool(&old, Action::Delete),
            _ => Ok(()),
        }
    }

    pub(in crate::ipam) fn change_pool(&mut self, action: Action, before: &Pool, after: Pool) -> Result<Pool> {
        if *before != after {
            index::write_pool(self.tx, Some(before), Some(&after))?;
            log::append(self.tx, &self.env, action, Some(before), Some(&after))?;
        }
        Ok(after)
    }

    /// Writes a new pool with its blocks. `exact`: the block that a preview showed for a pool by netmask length.
    pub(in crate::ipam) fn new_pool(
        &mut self,
        spec: &PoolSpec,
        draft: &Draft,
        birth: &Birth,
        exact: Option<Cidr>,
    ) -> Result<Pool> {
        let mut pool = Pool {
            meta: self.new_meta(Kind::Pool, &spec.name, birth)?,
            scope_id: draft.scope_id.clone(),
            source_pool_id: spec.source_pool_id.clone(),
            depth: draft.depth,
            address_family: draft.address_family,
            locale: draft.locale.clone(),
            description: spec.description.clone(),
            rules: spec.rules.clone(),
            strategy: spec.strategy,
            tags: spec.tags.clone(),
            provision: spec.provision.clone(),
            cidrs: BTreeSet::new(),
            special: Special { auto_import: spec.special.auto_import, ..Special::default() },
            declaring: None,
        };
        let sizes: Vec<Size> = match (&spec.provision, exact) {
            (Provision::Nothing, _) => Vec::new(),
            (Provision::Cidrs(cidrs), _) => cidrs.iter().copied().map(Size::Cidr).collect(),
            (Provision::NetmaskLength(_), Some(cidr)) => vec![Size::Cidr(cidr)],
            (Provision::NetmaskLength(length), None) => vec![Size::NetmaskLength(*length)],
        };
        let inline = birth.with_new_id();
        for size in sizes {
            let pool_cidr = self.provision(&pool, None, size, &inline)?;
            pool.cidrs.insert(pool_cidr.cidr);
        }
        pool.meta.waits_for = std::mem::take(&mut self.waits_for);
        index::write_pool(self.tx, None, Some(&pool))?;
        names::enter(self.tx, &pool)?;
        let action = if pool.meta.state == State::Active { self.env.creation() } else { Action::Hold };
        log::append(self.tx, &self.env, action, None, Some(&pool))?;
        Ok(pool)
    }

    /// Turns a hold into a pool, or creates a pool without a hold.
    ///
    /// # Errors
    /// Returns the errors of [`Ledger::plan_pool`].
    pub fn create_pool(&mut self, spec: &PoolSpec, planned: &Planned) -> Result<Pool> {
        let (id, exact) = match planned {
            Planned::Unknown => (None, None),
            Planned::Held(id) | Planned::Fresh(id) => {
                return match codec::load::<Pool>(self.tx, id)? {
                    Some(held) if held.meta.is_live() => {
                        self.reader().is_still_ours(&held, planned)?;
                        self.activate_pool(&held, spec)
                    }
                    Some(lapsed) => Err(self.reader().pool_lost(&lapsed)?),
                    None => Err(self.reader().hold_gone(Kind::Pool, id, &spec.name)),
                };
            }
            Planned::Previewed { id, cidr } => {
                if let Some(pool) = codec::live::<Pool>(self.tx, id)? {
                    return self.activate_pool(&pool, spec);
                }
                (Some(id.clone()), Some(*cidr))
            }
        };
        let draft = self.reader().draft(spec)?;
        match self.reader().pool_standing(spec, &draft, &UNPLANNED)? {
            Standing::Adopt(found) | Standing::Same(found) => self.activate_pool(&found, spec),
            standing => {
                self.require_active_container(spec.source_pool_id.as_deref(), &draft.scope_id)?;
                self.clear_pool(standing)?;
                self.new_pool(spec, &draft, &Birth::Active { id }, exact)
            }
        }
    }

    /// Checks that an active object can be in this pool or scope, which must not be a hold.
    pub(in crate::ipam) fn require_active_container(&mut self, pool_id: Option<&str>, scope_id: &str) -> Result<()> {
        let (kind, id, state) = match pool_id {
            Some(id) => (Kind::Pool, id, codec::require::<Pool>(self.tx, id)?.meta.state),
            None => (Kind::Scope, scope_id, codec::require::<Scope>(self.tx, scope_id)?.meta.state),
        };
        if state == State::Active {
            return Ok(());
        }
        Err(Error::NotFound { kind, id: id.to_owned() })
    }

    pub(in crate::ipam) fn activate_pool(&mut self, held: &Pool, spec: &PoolSpec) -> Result<Pool> {
        check_rules(&spec.rules, held.address_family)?;
        check_auto_import(spec.special.auto_import, held.locale.as_deref())?;
        if held.meta.state == State::Active {
            let mut after = held.clone();
            details(spec)(&mut after);
            return self.change_pool(Action::Update, held, after);
        }
        if !provision_satisfied(&spec.provision, &held.cidrs) {
            return Err(self.reader().pool_lost(held)?);
        }
        self.require_active_container(held.source_pool_id.as_deref(), &held.scope_id)?;
        self.delete_replaced(held)?;
        let mut active = self.reader().with_name(held)?;
        details(spec)(&mut active);
        for pool_cidr in codec::pool_cidrs(self.tx, &held.meta.id)? {
            if pool_cidr.inline {
                self.activate_pool_cidr(held, &pool_cidr)?;
            }
        }
        names::enter(self.tx, &active)?;
        self.change_pool(self.env.creation(), held, active)
    }

    /// Deletes a pool. `cascade` also deletes everything inside. Succeeds when the pool is gone already.
    ///
    /// # Errors
    /// Returns [`Error::InUse`] without `cascade` when the pool has contents. Expired holds and holds of the same owner
    /// do not count.
    pub fn delete_pool(&mut self, id: &str, cascade: bool) -> Result<()> {
        let Some(pool) = codec::load::<Pool>(self.tx, id)? else { return Ok(()) };
        if !cascade {
            self.check_unused(&pool)?;
        }
        self.remove_pool(&pool, Action::Delete)
    }

    fn check_unused(&mut self, pool: &Pool) -> Result<()> {
        let (contents, more) = self.reader().contents(pool)?;
        if contents.is_empty() {
            return Ok(());
        }
        let (id, name) = (pool.meta.id.clone(), pool.meta.name.clone());
        Err(Error::InUse { kind: Kind::Pool, id, name, contents, more })
    }

    /// Removes a pool from the store with everything in it.
    pub(in crate::ipam) fn remove_pool(&mut self, pool: &Pool, action: Action) -> Result<()> {
        self.empty_pool(pool, action)?;
        names::leave(self.tx, pool)?;
        index::write_pool(self.tx, Some(pool), None)?;
        log::append(self.tx, &self.env, action, Some(pool), None)
    }

    /// Removes everything in a pool from the store: pools below, allocations, CIDRs, lapsed holds.
    pub(in crate::ipam) fn empty_pool(&mut self, pool: &Pool, action: Action) -> Result<()> {
        let pool_id = &pool.meta.id;
        for child in self.reader().below(pool)? {
            self.remove_pool(&child, action)?;
        }
        for allocation in codec::deferred::<Allocation>(self.tx, pool_id)? {
            self.drop_allocation(&allocation, action)?;
        }
        loop {
            let page = self.reader().allocations_page(pool_id, None, None, reclaim::PAGE)?;
            if page.is_empty() {
                break;
            }
            for (_, allocation) in &page {
                allocation.check_release()?;
                self.drop_allocation(allocation, action)?;
            }
        }
        let mut pool_cidrs = codec::pool_cidrs(self.tx, pool_id)?;
        pool_cidrs.extend(codec::deferred::<PoolCidr>(self.tx, pool_id)?);
        for pool_cidr in &pool_cidrs {
            index::remove_pool_cidr(self.tx, pool, pool_cidr)?;
            if !pool_cidr.inline {
                log::append(self.tx, &self.env, action, Some(pool_cidr), None)?;
            }
        }
        self.purge_all(pool_id)?;
        Ok(self.tx.delete(&keys::count(pool_id))?)
    }

    pub(in crate::ipam) fn drop_allocation(&mut self, allocation: &Allocation, action: Action) -> Result<()> {
        index::remove_allocation(self.tx, allocation)?;
        log::append(self.tx, &self.env, action, Some(allocation), None)
    }
}
