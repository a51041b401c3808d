//! Objects whose values the backend assigns at apply: a plan shows them as known after apply. Most of these nouns exist
//! only in a service such as AWS IPAM.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use crate::backend::service::{Keeps, Kept, Service};
use crate::backend::{Ipam, Noun};
use crate::ipam::{Error, Tags};
use crate::tf::{Apply, Diagnostic, Diagnostics, MoveSource, Path, Plan, Resource, Stop, Tf, Value};

use super::import::without_region;
use super::{DEFAULT_TIMEOUT, NounModel, Tagged, id_of, patience};
use crate::provider::shared::{Shared, within};
use crate::provider::{capabilities, create, errors, kept_arguments, moves, tags};

/// The attributes of an object whose values are known after apply.
pub(in crate::provider) trait AssignedModel: NounModel<Noun: Kept> {
    /// The time limit of an operation when `timeouts` does not set one.
    const PATIENCE: Duration = DEFAULT_TIMEOUT;

    /// The request to the backend; `None` while a part of it is unknown.
    fn spec(&self) -> Option<<Self::Noun as Noun>::Spec>;

    /// Fills in the values that the store gives arguments that the user left out, if a plan knows them. `config` is the
    /// configuration as the user wrote it.
    fn settle(_config: &Self, _planned: &mut Self, _ipam: &dyn Ipam) {}

    /// Adjusts other attributes that change together with this change, after the framework has planned it and its tags.
    fn plan_change(_prior: &Self, _planned: &mut Self) {}

    /// Attributes whose change needs a new object, in addition to those that are declared with `replace()`.
    fn replaces(_prior: &Self, _planned: &Self) -> Vec<Path> {
        Vec::new()
    }

    /// Errors and warnings that the backend can already report for the planned object. `prior` is `None` for a new
    /// object. Empty when the backend gives no answer: the apply reports the error then.
    fn preflight(&self, _prior: Option<&Self>, _ipam: &dyn Ipam) -> Diagnostics {
        Diagnostics::new()
    }

    /// The reason why an existing object differs from the request.
    fn failure(_record: &<Self::Noun as Noun>::Record) -> Option<&Error> {
        None
    }
}

/// The keeper of the noun, or an error of the plan that explains why there is none and what to do.
///
/// # Errors
/// On every store that has no such object.
pub(in crate::provider) fn of<N: Kept>(ipam: &dyn Ipam) -> Result<&dyn Keeps<N>, Diagnostics> {
    N::keeper(ipam).ok_or_else(|| elsewhere::<N>(ipam))
}

/// The service, for questions that only a service answers.
///
/// # Errors
/// On every store that is not a service.
pub(in crate::provider) fn service<N: Kept>(ipam: &dyn Ipam) -> Result<&(dyn Service + 'static), Diagnostics> {
    ipam.service().ok_or_else(|| elsewhere::<N>(ipam))
}

fn elsewhere<N: Kept>(ipam: &dyn Ipam) -> Diagnostics {
    let detail = format!(
        "{} is for AWS IPAM (`store = \"aws-ipam\"`), and the store is {}. {}",
        N::RESOURCE,
        ipam.describe(),
        N::ELSEWHERE
    );
    Diagnostic::error(format!("There is no {} in this store", N::WORD), detail).into()
}

/// The tag that contains the name.
const NAME: &str = "Name";

/// `name`, from all tags.
pub(in crate::provider) fn name_of(kept: &Tags) -> Tf<String> {
    kept.get(NAME).filter(|name| !name.is_empty()).cloned().into()
}

/// All tags to store: `tags_all` and the name; `None` while one of them is unknown.
pub(in crate::provider) fn named(name: &Tf<String>, tags_all: &Tf<Tags>) -> Option<Tags> {
    let mut all = tags_all.cloned()?;
    match name {
        Tf::Unknown => return None,
        Tf::Null => {}
        Tf::Known(name) => {
            all.insert(NAME.to_owned(), name.clone());
        }
    }
    Some(all)
}

/// Whether more than `timeouts` differs. In that case, AWS determines the computed values again.
pub(in crate::provider) fn differs<M: AssignedModel>(prior: &M, planned: &M) -> bool {
    prior.spec() != planned.spec()
}

/// The request of a complete configuration.
fn whole<M: AssignedModel>(model: &M) -> Result<<M::Noun as Noun>::Spec, Diagnostics> {
    model.spec().ok_or_else(|| create::still_unknown(M::Noun::RESOURCE))
}

fn plan_tags<M: AssignedModel>(shared: &Shared, plan: &mut Plan<M>) -> Result<(), Diagnostics> {
    let (configured, planned) = (shared.configured()?, &mut plan.planned);
    if let Some(configured) = &configured {
        of::<M::Noun>(configured.ipam.as_ref())?;
        M::settle(&plan.config, planned, configured.ipam.as_ref());
    }
    let Some(Tagged { tags, tags_all, at }) = planned.tagged() else { return Ok(()) };
    let Some(configured) = configured else {
        // The default tags are not known either.
        *tags_all = Tf::Unknown;
        return Ok(());
    };
    *tags_all = tags::all(&configured.default_tags, tags);
    capabilities::tags(&configured, tags.get().unwrap_or(&Tags::new()), at)
}

/// Asks the backend about the planned object. Warnings go into the plan.
fn preflight<M: AssignedModel>(shared: &Shared, prior: Option<&M>, plan: &mut Plan<M>) -> Result<(), Diagnostics> {
    let Some(configured) = shared.configured()? else { return Ok(()) };
    let diagnostics = plan.planned.preflight(prior, configured.ipam.as_ref());
    if diagnostics.has_error() {
        return Err(diagnostics);
    }
    plan.warnings.append(diagnostics);
    Ok(())
}

/// Takes over the result. An object that differs from the request is in the state as well: a new one is then tainted,
/// and AWS contains no object that Terraform does not know.
fn reach<M: AssignedModel>(
    shared: &Shared,
    apply: &mut Apply<M>,
    record: &<M::Noun as Noun>::Record,
) -> Result<(), Diagnostics> {
    show(shared, &mut apply.state, record)?;
    let Some(error) = M::failure(record) else { return Ok(()) };
    apply.reached = Some(apply.state.clone());
    Err(errors::at(error, apply.state.attribute_for(error)))
}

fn show<M: AssignedModel>(
    shared: &Shared,
    model: &mut M,
    record: &<M::Noun as Noun>::Record,
) -> Result<(), Diagnostics> {
    let configured = shared.ready()?;
    model.fill(record);
    let kept = M::kept_tags(record);
    if let Some(Tagged { tags, tags_all, .. }) = model.tagged() {
        let reserved = configured.ipam.capabilities().reserved_tags;
        let shown: Tags = kept.into_iter().filter(|(key, _)| reserved.hit(key).is_none()).collect();
        *tags = tags::own(&configured.default_tags, &shown, (tags, tags_all));
        *tags_all = shown.into();
    }
    Ok(())
}

/// The resource of a noun whose values are known after apply.
pub(in crate::provider) struct AssignedResource<M>(Arc<Shared>, PhantomData<fn() -> M>);

impl<M> AssignedResource<M> {
    pub(in crate::provider) fn new(shared: &Arc<Shared>) -> Self {
        Self(Arc::clone(shared), PhantomData)
    }
}

impl<M: AssignedModel> Resource for AssignedResource<M> {
    type Model = M;
    const TYPE: &'static str = M::Noun::RESOURCE;

    fn service(&self) -> Option<String> {
        self.0.service()
    }

    fn validate(&self, config: &M) -> Diagnostics {
        config.check()
    }

    fn plan_create(&self, plan: &mut Plan<M>) -> Result<(), Diagnostics> {
        let shared = &*self.0;
        plan_tags(shared, plan)?;
        preflight(shared, None, plan)
    }

    fn plan_update(&self, prior: &M, plan: &mut Plan<M>) -> Result<(), Diagnostics> {
        let shared = &*self.0;
        plan_tags(shared, plan)?;
        M::plan_change(prior, &mut plan.planned);
        plan.replace.extend(M::replaces(prior, &plan.planned));
        if let Some(configured) = shared.configured()? {
            kept_arguments::note(&configured, prior.id(), plan);
        }
        preflight(shared, Some(prior), plan)
    }

    fn may_keep(&self, _argument: &str) -> bool {
        kept_arguments::may_keep(&self.0)
    }

    fn stays(&self, prior: &Value) -> bool {
        kept_arguments::stays(&self.0, prior)
    }

    fn has_kept(&self, prior: &M, plan: &Plan<M>) -> bool {
        kept_arguments::has_kept(&self.0, prior.id(), plan)
    }

    fn create(&self, apply: &mut Apply<M>) -> Result<(), Diagnostics> {
        let shared = &*self.0;
        let ipam = shared.ipam()?;
        let keeper = of::<M::Noun>(ipam.as_ref())?;
        let spec = whole(&apply.state)?;
        let patience = patience(&apply.state, |timeouts| &timeouts.create, M::PATIENCE);
        let made = within(patience, &apply.stop, || keeper.create(&spec));
        let made = made.map_err(|error| errors::at(&error, apply.state.attribute_for(&error)))?;
        reach(shared, apply, &made)
    }

    fn update(&self, prior: &M, apply: &mut Apply<M>) -> Result<(), Diagnostics> {
        let shared = &*self.0;
        let (before, after) = (whole(prior)?, whole(&apply.state)?);
        if before == after {
            // Only `timeouts` differ, and they are only in the state.
            return Ok(());
        }
        let ipam = shared.ipam()?;
        let (keeper, id) = (of::<M::Noun>(ipam.as_ref())?, id_of(prior)?);
        let patience = patience(&apply.state, |timeouts| &timeouts.update, M::PATIENCE);
        let changed = within(patience, &apply.stop, || keeper.update(id, &before, &after));
        let changed = changed.map_err(|error| errors::at(&error, apply.state.attribute_for(&error)))?;
        reach(shared, apply, &changed)
    }

    fn delete(&self, prior: &M, stop: &Stop) -> Result<(), Diagnostics> {
        let ipam = self.0.ipam()?;
        let (keeper, id, spec) = (of::<M::Noun>(ipam.as_ref())?, id_of(prior)?, whole(prior)?);
        let patience = patience(prior, |timeouts| &timeouts.delete, M::PATIENCE);
        within(patience, stop, || keeper.delete(id, &spec)).map_err(|error| errors::at(&error, Path::root()))
    }

    fn read(&self, mut state: M, _warnings: &mut Diagnostics) -> Result<Option<M>, Diagnostics> {
        let shared = &*self.0;
        let ipam = shared.ipam()?;
        let (keeper, id) = (of::<M::Noun>(ipam.as_ref())?, id_of(&state)?);
        let found = keeper.get(id).map_err(|error| errors::at(&error, Path::root()))?;
        let Some(found) = found else { return Ok(None) };
        show(shared, &mut state, &found)?;
        Ok(Some(state))
    }

    fn import(&self, id: &str) -> Result<M, Diagnostics> {
        let shared = &*self.0;
        let ipam = shared.ipam()?;
        let keeper = of::<M::Noun>(ipam.as_ref())?;
        let id = without_region(ipam.as_ref(), id);
        let found = keeper.get(id).map_err(|error| errors::at(&error, Path::root()))?;
        let Some(found) = found else {
            let detail = match ipam.service() {
                Some(_) => format!("AWS has no {} {id:?} in this account and Region.", M::Noun::WORD),
                None => format!("There is no {} {id:?} in {}.", M::Noun::WORD, ipam.describe()),
            };
            return Err(Diagnostic::error(format!("No such {}", M::Noun::WORD), detail).into());
        };
        let mut model = M::default();
        show(shared, &mut model, &found)?;
        Ok(model)
    }

    fn generated(&self, config: &mut M) {
        config.leave_out_what_follows();
    }

    fn move_from(&self, source: &MoveSource<'_>) -> Result<Option<M>, Diagnostics> {
        moves::from_aws(Self::TYPE, source)
    }
}
