//! Scopes: plan, create, update and delete them; and the two default scopes of every store.

use crate::ipam::history::log;
use crate::ipam::holds::standing::{NAMED_IN_ERRORS, Standing, occupant};
use crate::ipam::model::event::Action;
use crate::ipam::operations::context::{Birth, UNPLANNED};
use crate::ipam::storage::codec;
use crate::ipam::storage::{index, keys, names};
use crate::ipam::{
    Error, Kind, Ledger, OnlyAws, Planned, Reader, Result, Scope, ScopeChange, ScopeSpec, State, Terms, Unsupported,
};

fn details(spec: &ScopeSpec) -> impl Fn(&mut Scope) + '_ {
    |scope| {
        scope.description.clone_from(&spec.description);
        scope.tags.clone_from(&spec.tags);
    }
}

impl Reader<'_> {
    /// The answer of [`Ledger::plan_scope`] when no write is needed for it; `None` otherwise.
    pub fn find_hold_scope(&mut self, spec: &ScopeSpec, terms: &Terms) -> Result<Option<Scope>> {
        let standing = self.scope_standing(spec, terms)?;
        Ok(self.answer(standing, terms, &details(spec)))
    }

    pub(in crate::ipam) fn scope_standing(&mut self, spec: &ScopeSpec, terms: &Terms) -> Result<Standing<Scope>> {
        if spec.ipam_id.is_some() {
            return Err(Error::Unsupported { what: Unsupported::OnlyAws(OnlyAws::IpamId) });
        }
        let satisfies = |scope: &Scope| scope.scope_type == spec.scope_type && !scope.is_default;
        self.standing(keys::ROOT, &spec.name, terms, &satisfies)
    }
}

impl Ledger<'_> {
    pub(super) fn write_new_scope(&mut self, scope: &Scope) -> Result<()> {
        index::write_scope(self.tx, None, Some(scope))?;
        names::enter(self.tx, scope)?;
        let action = if scope.meta.state == State::Active { self.env.creation() } else { Action::Hold };
        log::append(self.tx, &self.env, action, None, Some(scope))
    }

    fn change_scope(&mut self, action: Action, before: &Scope, after: Scope) -> Result<Scope> {
        if *before != after {
            index::write_scope(self.tx, Some(before), Some(&after))?;
            log::append(self.tx, &self.env, action, Some(before), Some(&after))?;
        }
        Ok(after)
    }

    /// Holds a new scope.
    ///
    /// # Errors
    /// Returns [`Error::NameTaken`] or [`Error::HoldLost`].
    pub fn plan_scope(&mut self, spec: &ScopeSpec, terms: &Terms) -> Result<Scope> {
        match self.reader().scope_standing(spec, terms)? {
            Standing::Adopt(mut scope) => {
                details(spec)(&mut scope);
                Ok(scope)
            }
            Standing::Same(hold) => {
                let mut renewed = hold.clone();
                self.reader().renew(&mut renewed, terms, &details(spec));
                self.change_scope(Action::Hold, &hold, renewed)
            }
            standing => {
                self.clear_scope(standing)?;
                self.new_scope(spec, &Birth::hold(self.env.now, terms))
            }
        }
    }

    /// Removes objects that are in the way of a new scope of the same name.
    pub(in crate::ipam) fn clear_scope(&mut self, standing: Standing<Scope>) -> Result<()> {
        match standing {
            Standing::Foreign(hold) => match self.try_lapse_scope(&hold)? {
                true => Ok(()),
                false => Err(self.reader().name_taken(&hold)?),
            },
            Standing::Other(old) | Standing::Lapsed(old) => {
                self.note_displaced(&old)?;
                self.remove_scope(&old)
            }
            _ => Ok(()),
        }
    }

    pub(in crate::ipam) fn new_scope(&mut self, spec: &ScopeSpec, birth: &Birth) -> Result<Scope> {
        let meta = self.new_meta(Kind::Scope, &spec.name, birth)?;
        let scope = Scope {
            meta,
            scope_type: spec.scope_type,
            is_default: false,
            description: spec.description.clone(),
            tags: spec.tags.clone(),
            ipam_id: None,
        };
        self.write_new_scope(&scope)?;
        Ok(scope)
    }

    /// Turns a hold into a scope, or creates a scope without a hold.
    ///
    /// # Errors
    /// Returns [`Error::HoldLost`] or [`Error::NameTaken`].
    pub fn create_scope(&mut self, spec: &ScopeSpec, planned: &Planned) -> Result<Scope> {
        let id = match planned {
            Planned::Unknown => None,
            Planned::Held(id) | Planned::Fresh(id) => {
                let held: Option<Scope> = codec::live(self.tx, id)?;
                let Some(held) = held else { return Err(self.reader().lost::<Scope>(id, &spec.name)?) };
                self.reader().is_still_ours(&held, planned)?;
                return self.activate_scope(&held, spec);
            }
            Planned::Previewed { id, .. } => {
                if let Some(scope) = codec::live::<Scope>(self.tx, id)? {
                    return self.activate_scope(&scope, spec);
                }
                Some(id.clone())
            }
        };
        match self.reader().scope_standing(spec, &UNPLANNED)? {
            Standing::Adopt(found) | Standing::Same(found) => self.activate_scope(&found, spec),
            standing => {
                self.clear_scope(standing)?;
                self.new_scope(spec, &Birth::Active { id })
            }
        }
    }

    pub(in crate::ipam) fn activate_scope(&mut self, held: &Scope, spec: &ScopeSpec) -> Result<Scope> {
        let was_active = held.meta.state == State::Active;
        let mut active = if was_active { held.clone() } else { self.reader().with_name(held)? };
        details(spec)(&mut active);
        if !was_active {
            names::enter(self.tx, &active)?;
        }
        self.change_scope(if was_active { Action::Update } else { self.env.creation() }, held, active)
    }

    /// Changes name, description and tags.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] or [`Error::NameTaken`].
    pub fn update_scope(&mut self, id: &str, change: &ScopeChange) -> Result<Scope> {
        let before: Scope = codec::require(self.tx, id)?;
        self.clear_name(&before, &change.name)?;
        let mut after = before.clone();
        after.meta.name.clone_from(&change.name);
        after.description.clone_from(&change.description);
        after.tags.clone_from(&change.tags);
        if after == before {
            return Ok(after);
        }
        after.meta.updated_at = self.env.now;
        names::rename(self.tx, &before, &after)?;
        self.change_scope(Action::Update, &before, after)
    }

    /// Deletes a scope that has no pools and to which no block of a VPC is moved. Succeeds when the scope is gone
    /// already.
    ///
    /// # Errors
    /// Returns [`Error::DefaultScope`] or [`Error::InUse`].
    pub fn delete_scope(&mut self, id: &str) -> Result<()> {
        let Some(scope) = codec::load::<Scope>(self.tx, id)? else { return Ok(()) };
        if scope.is_default {
            return Err(Error::DefaultScope { id: id.to_owned() });
        }
        self.remove_scope(&scope)
    }

    fn remove_scope(&mut self, scope: &Scope) -> Result<()> {
        let pools = self.reader().children(&scope.meta.id)?;
        let mut contents = Vec::new();
        for pool in &pools {
            if !self.reader().is_leftover(pool)? {
                contents.push(pool);
            }
        }
        let moved = self.reader().moved_to(&scope.meta.id)?;
        if !contents.is_empty() || !moved.is_empty() {
            let more = (contents.len() + moved.len()).saturating_sub(NAMED_IN_ERRORS) as u64;
            let pools = contents.into_iter().map(|pool| occupant(self.tx, pool)).take(NAMED_IN_ERRORS);
            let mut contents = pools.collect::<Result<Vec<_>>>()?;
            let room = NAMED_IN_ERRORS.saturating_sub(contents.len());
            for treated in moved.iter().take(room) {
                contents.push(occupant(self.tx, treated)?);
            }
            let (id, name) = (scope.meta.id.clone(), scope.meta.name.clone());
            return Err(Error::InUse { kind: Kind::Scope, id, name, contents, more });
        }
        for pool in &pools {
            self.remove_pool(pool, Action::Delete)?;
        }
        self.purge_all(&scope.meta.id)?;
        names::leave(self.tx, scope)?;
        index::write_scope(self.tx, Some(scope), None)?;
        log::append(self.tx, &self.env, Action::Delete, Some(scope), None)
    }
}
