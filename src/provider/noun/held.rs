//! Objects that a plan can hold, so that it shows the values that apply will use.

use std::marker::PhantomData;
use std::sync::Arc;

use crate::backend::{Holdable, Noun};
use crate::ipam::{Error, Meta, State};
use crate::tf::{Apply, Diagnostics, MoveSource, Path, Plan, Resource, Stop, Value};

use super::held_model::{HeldModel, HeldPlan};
use super::import::{only, without_region};
use super::missing::{self, Found, Lost};
use super::{DEFAULT_TIMEOUT, Tagged, id_of, others, patience};
use crate::provider::shared::{Configured, Shared, once_emptied};
use crate::provider::{create, errors, hand_over, kept_arguments, moves, naming, rename, tags};

/// The object with what its record says.
fn show<M: HeldModel>(configured: &Configured, model: &mut M, record: &M::Noun) -> Result<(), Diagnostics> {
    model.fill(record);
    model.complete(configured.ipam.as_ref(), record)
}

/// [`show`] for a plan: `tags_all` may contain tags that are not known yet.
///
/// # Errors
/// The errors of the backend.
pub(in crate::provider) fn show_planned<M: HeldModel>(
    configured: &Configured,
    planned: &mut M,
    record: &M::Noun,
    tags: &tags::PlannedTags,
) -> Result<(), Diagnostics> {
    show(configured, planned, record)?;
    if let Some(Tagged { tags_all, .. }) = planned.tagged() {
        *tags_all = tags.all.clone();
    }
    Ok(())
}

/// [`show`] for a refresh or an import, with `tags`.
fn read<M: HeldModel>(configured: &Configured, model: &mut M, record: &M::Noun) -> Result<(), Diagnostics> {
    if let Some(Tagged { tags, tags_all, .. }) = model.tagged() {
        *tags = tags::own(&configured.default_tags, &M::kept_tags(record), (tags, tags_all));
    }
    show(configured, model, record)
}

/// The object as an import shows it.
///
/// # Errors
/// The errors of the backend.
pub(in crate::provider) fn imported<M: HeldModel>(configured: &Configured, record: &M::Noun) -> Result<M, Diagnostics> {
    let mut model = M::default();
    read(configured, &mut model, record)?;
    model.fill_imported(record);
    Ok(model)
}

/// An object that an import named before it existed: as it is now, if this owner has made it since then; `None` if it
/// cannot be made any longer.
fn read_candidate<M: HeldModel>(configured: &Configured, mut state: M) -> Result<Option<M>, Diagnostics> {
    let Some(id) = state.candidate_id() else { return Ok(None) };
    let ipam = configured.ipam.as_ref();
    let found = M::Noun::find(ipam, &id).map_err(|error| errors::at(&error, Path::root()))?;
    let is_own = |one: &M::Noun| one.meta().state == State::Active && Some(one.meta().owner.as_str()) == ipam.owner();
    if let Some(own) = found.iter().find(|one| is_own(one)) {
        read(configured, &mut state, own)?;
        return Ok(Some(state));
    }
    Ok(M::candidate(configured, &id)?.map(|_| state))
}

/// Sets `tags_all` to what the apply stores.
fn settle_tags<M: HeldModel>(configured: &Configured, model: &mut M) {
    if let Some(Tagged { tags, tags_all, .. }) = model.tagged() {
        *tags_all = tags::all(&configured.default_tags, tags);
    }
}

/// Terraform plans an object that exists. Unless the object is replaced or renamed, it keeps its name. `at` is the
/// attribute of the name.
///
/// # Errors
/// When a new object of this configuration got the name.
pub(in crate::provider) fn keep<M: HeldModel>(
    shared: &Shared,
    prior: &M,
    plan: &mut Plan<M>,
    at: Path,
) -> Result<(), Diagnostics> {
    let Some(id) = prior.id().get() else { return Ok(()) };
    let (stays, is_renamed) = (plan.replace.is_empty(), prior.name() != plan.planned.name());
    create::remember_replaced(&mut plan.private, id);
    if !stays {
        shared.session.goes(id);
    }
    if stays && !shared.session.keep(id, is_renamed) {
        return Err(naming::name_claimed(prior.name().get().map_or("", String::as_str)).at(at).into());
    }
    if !stays || is_renamed {
        hand_over::give_up(shared, id);
    }
    Ok(())
}

/// Refuses, at plan time, a new name that another object has: see [`rename::check`].
///
/// # Errors
/// At `at`, the attribute of the name.
pub(in crate::provider) fn check_rename<M: HeldModel>(
    shared: &Shared,
    prior: &M,
    committing: bool,
    taken_by: Result<Option<M::Noun>, Error>,
    at: Path,
) -> Result<(), Diagnostics> {
    let name = prior.called();
    rename::check(shared, &before(prior, &name)?, committing, taken_by, at)
}

/// The object before a change. `name` is its name.
fn before<'a, M: HeldModel>(prior: &'a M, name: &'a str) -> Result<rename::Before<'a>, Diagnostics> {
    Ok(rename::Before { id: id_of(prior)?, name, owner: prior.owner().get().map_or("", String::as_str) })
}

/// A refresh has read the object, so it is in a state. Best effort, because a plan may have no permission to write.
fn confirm(shared: &Shared, meta: &Meta) -> Result<(), Diagnostics> {
    shared.session.refreshed();
    if !meta.confirmed
        && let Some(Err(error)) = shared.ipam()?.holds().map(|holds| holds.confirm(&meta.id))
    {
        tracing::debug!(id = meta.id, ?error, "not confirmed");
    }
    if shared.session.is_adopted(&meta.id) {
        return Err(naming::adopted_too_early(meta).into());
    }
    Ok(())
}

/// The resource of a noun that a plan can hold.
pub(in crate::provider) struct HeldResource<M>(Arc<Shared>, PhantomData<fn() -> M>);

impl<M> HeldResource<M> {
    pub(in crate::provider) fn new(shared: &Arc<Shared>) -> Self {
        Self(Arc::clone(shared), PhantomData)
    }
}

impl<M: HeldPlan> HeldResource<M> {
    /// See [`HeldModel::settle_size`].
    fn settle_size(&self, plan: &mut Plan<M>) -> Result<(), Diagnostics> {
        match self.0.configured()? {
            Some(configured) => plan.config.settle_size(&configured),
            None => Ok(()),
        }
    }
}

impl<M: HeldPlan> Resource for HeldResource<M> {
    type Model = M;
    const TYPE: &'static str = M::Noun::RESOURCE;

    fn service(&self) -> Option<String> {
        self.0.service()
    }

    fn validate(&self, config: &M) -> Diagnostics {
        config.check()
    }

    fn state_loaded(&self, state: &serde_json::Value) {
        if let Some(id) = state.get("id").and_then(serde_json::Value::as_str) {
            self.0.session.seen_in_state(id);
        }
    }

    fn plan_delete(&self, prior: &Value) -> Result<(), Diagnostics> {
        M::check_delete(prior)?;
        if let Value::String(id) = prior.entry("id") {
            let shared = &*self.0;
            shared.session.goes(id);
            hand_over::give_up(shared, id);
            M::check_contents(shared, id)?;
        }
        Ok(())
    }

    fn plan_create(&self, plan: &mut Plan<M>) -> Result<(), Diagnostics> {
        self.settle_size(plan)?;
        M::plan_new(&self.0, plan).map_err(|errors| plan.config.explain_size(errors))
    }

    fn plan_update(&self, prior: &M, plan: &mut Plan<M>) -> Result<(), Diagnostics> {
        self.settle_size(plan)?;
        M::plan_change(&self.0, prior, plan).map_err(|errors| plan.config.explain_size(errors))
    }

    fn may_keep(&self, argument: &str) -> bool {
        M::may_keep(&self.0, argument)
    }

    fn stays(&self, prior: &Value) -> bool {
        kept_arguments::stays(&self.0, prior)
    }

    fn is_candidate(&self, state: &Value) -> bool {
        state.entry("id").is_null()
    }

    fn is_candidate_id(&self, id: &str) -> bool {
        M::is_candidate_id(id)
    }

    fn has_kept(&self, prior: &M, plan: &Plan<M>) -> bool {
        kept_arguments::has_kept(&self.0, prior.id(), plan)
    }

    fn create(&self, apply: &mut Apply<M>) -> Result<(), Diagnostics> {
        let shared = &*self.0;
        let configured = shared.ready()?;
        apply.config.settle_size(&configured)?;
        let state = &mut apply.state;
        settle_tags(&configured, state);
        let planned = state.planned(shared, &apply.private);
        apply.private.clear();
        let spec = state.spec(&apply.config).ok_or_else(|| create::still_unknown(M::Noun::RESOURCE))?;
        M::check_limits(&configured, &apply.config)?;
        let ipam = configured.ipam.as_ref();
        let work = create::once_free(shared, &configured, || M::Noun::create(ipam, &spec, &planned));
        let patience = patience(state, |timeouts| &timeouts.create, state.creation_timeout());
        let waits_for = || hand_over::waits_for::<M::Noun>(&configured, &planned);
        let made = hand_over::once_given_up(shared, (patience, &apply.stop), waits_for, work);
        let made = made.map_err(|error| {
            let diagnostics = errors::at(&error, apply.config.attribute_for(&error));
            M::explain_creation(hand_over::explain(diagnostics, &error, waits_for), &planned, &error)
        })?;
        if let Err(diagnostics) = show(&configured, state, &made) {
            // The next run adopts the object. A backend without holds adopts nothing, so there the object is in the state,
            // and tainted.
            apply.reached = ipam.holds().is_none().then(|| state.clone());
            return Err(diagnostics);
        }
        shared.session.made(&made.meta().id);
        state.keep_written(&apply.config);
        Ok(())
    }

    fn update(&self, prior: &M, apply: &mut Apply<M>) -> Result<(), Diagnostics> {
        let shared = &*self.0;
        let configured = shared.ready()?;
        let (state, ipam) = (&mut apply.state, configured.ipam.as_ref());
        settle_tags(&configured, state);
        if !state.differs(prior, &apply.config) {
            // Only arguments differ that steer the provider, such as `timeouts`. They are only in the state.
            return Ok(());
        }
        apply.config.settle_size(&configured)?;
        let requested = state.change(&apply.config).ok_or_else(|| create::still_unknown(M::Noun::RESOURCE))?;
        let (id, name) = (id_of(prior)?, prior.called());
        let before = before(prior, &name)?;
        let timeout = patience(state, |timeouts| &timeouts.update, DEFAULT_TIMEOUT);
        let (waits, stop) = ((timeout, shared.sibling_wait), &apply.stop);
        let waits_for = || M::waits_to_change(ipam, id);
        let change = |name: &str| {
            let change = M::Noun::renamed(&requested, name);
            let update = || once_emptied(waits, stop, || M::Noun::update(ipam, id, &change));
            hand_over::once_given_up(shared, (timeout, stop), waits_for, update)
        };
        match rename::carry_out(&before, &state.called(), waits, stop, change) {
            Ok(changed) => {
                shared.queue.progress();
                show(&configured, state, &changed)
            }
            Err((error, reached)) => {
                if let Some(reached) = reached {
                    let mut model = state.clone();
                    show(&configured, &mut model, &reached)?;
                    apply.reached = Some(model);
                }
                let diagnostics = errors::at(&error, apply.config.attribute_for(&error));
                Err(hand_over::explain(diagnostics, &error, waits_for))
            }
        }
    }

    fn delete(&self, prior: &M, stop: &Stop) -> Result<(), Diagnostics> {
        let shared = &*self.0;
        let (ipam, id) = (shared.ipam()?, id_of(prior)?);
        let timeout = patience(prior, |timeouts| &timeouts.delete, DEFAULT_TIMEOUT);
        once_emptied((timeout, shared.sibling_wait), stop, || prior.delete(ipam.as_ref(), id))
            .map_err(|error| errors::at(&error, Path::root()))?;
        shared.queue.progress();
        Ok(())
    }

    fn read(&self, mut state: M, warnings: &mut Diagnostics) -> Result<Option<M>, Diagnostics> {
        let shared = &*self.0;
        let configured = shared.ready()?;
        let ipam = configured.ipam.as_ref();
        if state.id().is_null() {
            return read_candidate(&configured, state);
        }
        let id = id_of(&state)?.clone();
        shared.session.reads(&id);
        let lost = Lost::new(M::Noun::KIND, &id, state.name(), state.owner(), state.missing());
        let found = missing::find((shared, &configured), &lost, || M::Noun::get(ipam, &id), warnings)?;
        let record = match found {
            Found::Here(found) => found,
            Found::Stays => return Ok(Some(state)),
            Found::Gone => return moves::not_here(ipam, M::Noun::RESOURCE, &id, state.is_bare()),
        };
        confirm(shared, record.meta())?;
        M::note_read(shared, &record);
        read(&configured, &mut state, &record)?;
        Ok(Some(state))
    }

    fn import(&self, id: &str) -> Result<M, Diagnostics> {
        let configured = self.0.ready()?;
        let ipam = configured.ipam.as_ref();
        let id = without_region(ipam, id);
        let found = M::Noun::find(ipam, id);
        let is_free = found.as_ref().is_ok_and(|found| found.iter().all(|one| one.meta().state != State::Active));
        if is_free && let Some(candidate) = M::candidate(&configured, id)? {
            return Ok(candidate);
        }
        let record = only(id, M::IMPORTED_BY, found)?;
        M::check_import(ipam, &record)?;
        imported(&configured, &record)
    }

    fn generated(&self, config: &mut M) {
        config.leave_out_what_follows();
    }

    fn imported(&self, imported: &M) -> Diagnostics {
        others::warn(&self.0, M::Noun::KIND, imported.id(), &imported.called(), imported.owner())
    }

    fn move_from(&self, source: &MoveSource<'_>) -> Result<Option<M>, Diagnostics> {
        moves::from_aws(Self::TYPE, source)
    }
}
