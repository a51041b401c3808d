//! Resources that not every store has, one file each. Most of them exist only in a service such as AWS IPAM.
//! [`ServiceModel`] converts attributes into a [`Noun::Spec`], and a [`Noun::Record`] into attributes. [`Managed`] is
//! the resource for all of them.
//!
//! A service holds nothing for a plan: the values that it assigns are known after apply.

/// The part of a [`ServiceModel`] that is the same for all models, with the fields `id` and `timeouts`.
macro_rules! fields {
    () => {
        fn id(&self) -> &$crate::tf::Tf<String> {
            &self.id
        }

        fn timeouts(&self) -> &$crate::tf::Tf<$crate::provider::resources::Timeouts> {
            &self.timeouts
        }
    };
}

/// The same for models of objects with tags in AWS: `tags` and `tags_all` here, `tags` in the record.
macro_rules! fields_with_tags {
    () => {
        fields!();

        fn kept_tags(record: &<Self::Noun as $crate::backend::service::Noun>::Record) -> $crate::ipam::Tags {
            record.tags.clone()
        }

        fn tagged(&mut self) -> Option<$crate::provider::service::Tagged<'_>> {
            let at = $crate::at!(Self, tags);
            Some($crate::provider::service::Tagged { tags: &mut self.tags, tags_all: &mut self.tags_all, at })
        }
    };
}

mod association;
mod byoasn;
mod byoip;
mod data;
mod discovery;
mod discovery_rules;
mod ipam;
mod organization;
mod policy;
mod policy_enablement;
mod quotas;
mod resolver;
mod resolver_rules;
mod resolver_target;
mod resolver_versions;
mod resource_cidr;
mod token;

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use crate::backend::Ipam;
use crate::backend::service::{Keeps, Noun, Service};
use crate::ipam::{Error, Tags};
use crate::tf::{
    Apply, Diagnostic, Diagnostics, ErasedDataSource, ErasedResource, Model, MoveSource, Path, Plan, Resource, Stop,
    Tf, Value,
};

use super::attributes::HumanDuration;
use super::resources::{DEFAULT_TIMEOUT, Timeouts, without_region};
use super::shared::{Shared, within};
use super::{capabilities, errors, kept_arguments, moves, tags};

/// All resources of this module.
pub(super) fn all(shared: &Arc<Shared>) -> Vec<Box<dyn ErasedResource>> {
    vec![
        Box::new(Managed::<ipam::IpamModel>::new(shared)),
        Box::new(Managed::<policy::PolicyModel>::new(shared)),
        Box::new(Managed::<policy_enablement::EnablementModel>::new(shared)),
        Box::new(Managed::<resolver::ResolverModel>::new(shared)),
        Box::new(Managed::<resolver_target::TargetModel>::new(shared)),
        Box::new(Managed::<association::AssociationModel>::new(shared)),
        Box::new(Managed::<discovery::DiscoveryModel>::new(shared)),
        Box::new(Managed::<organization::AdminModel>::new(shared)),
        Box::new(Managed::<resource_cidr::ResourceCidrModel>::new(shared)),
        Box::new(Managed::<byoasn::ByoasnModel>::new(shared)),
        Box::new(Managed::<byoasn::ByoasnAssociationModel>::new(shared)),
        Box::new(Managed::<byoip::ByoipCidrModel>::new(shared)),
        Box::new(Managed::<token::TokenModel>::new(shared)),
    ]
}

/// All data sources of this module.
pub(super) fn all_data(shared: &Arc<Shared>) -> Vec<Box<dyn ErasedDataSource>> {
    vec![
        Box::new(data::Listed::<ipam::IpamsModel>::new(shared)),
        Box::new(data::Listed::<policy::PoliciesModel>::new(shared)),
        Box::new(data::Listed::<resolver::ResolversModel>::new(shared)),
        Box::new(resolver_versions::VersionsData(Arc::clone(shared))),
        Box::new(data::Listed::<association::AssociationsModel>::new(shared)),
        Box::new(data::Listed::<discovery::DiscoveriesModel>::new(shared)),
        Box::new(data::Listed::<byoasn::ByoasnsModel>::new(shared)),
        Box::new(data::Listed::<byoip::ByoipCidrsModel>::new(shared)),
        Box::new(data::Listed::<token::TokensModel>::new(shared)),
    ]
}

/// Attributes of a resource that only a service has.
pub(super) trait ServiceModel: Model {
    /// The kind of object in the service.
    type Noun: Noun;

    /// The time limit of an operation when `timeouts` does not set one.
    const PATIENCE: Duration = DEFAULT_TIMEOUT;

    /// The errors of the configuration; unknown values are accepted.
    fn check(&self) -> Diagnostics {
        Diagnostics::new()
    }

    /// The request to the service; `None` while a part of it is unknown.
    fn spec(&self) -> Option<<Self::Noun as Noun>::Spec>;

    /// Takes over the answer of the service, without its tags.
    fn fill(&mut self, record: &<Self::Noun as Noun>::Record);

    /// The tags in the answer of the service, including the name; for nouns that have [`ServiceModel::tagged`].
    fn kept_tags(_record: &<Self::Noun as Noun>::Record) -> Tags {
        Tags::new()
    }

    /// `id`.
    fn id(&self) -> &Tf<String>;

    /// `timeouts`.
    fn timeouts(&self) -> &Tf<Timeouts>;

    /// The attributes about tags; `None` when AWS keeps no tags of the object.
    fn tagged(&mut self) -> Option<Tagged<'_>> {
        None
    }

    /// Fills in the values that the store gives arguments that the user left out, if a plan knows them. `config` is the
    /// configuration as the user wrote it.
    fn settle(_config: &Self, _planned: &mut Self, _ipam: &dyn Ipam) {}

    /// Adjusts other attributes that change together with this change, after the framework has planned it and its tags.
    fn plan_change(_prior: &Self, _planned: &mut Self) {}

    /// Attributes whose change needs a new object, in addition to those that are declared with `replace()`.
    fn replaces(_prior: &Self, _planned: &Self) -> Vec<Path> {
        Vec::new()
    }

    /// Errors and warnings that the service can already report for the planned object. `prior` is `None` for a new
    /// object. Empty when the service gives no answer: the apply reports the error then.
    fn foresee(&self, _prior: Option<&Self>, _ipam: &dyn Ipam) -> Diagnostics {
        Diagnostics::new()
    }

    /// The reason why an existing object differs from the request.
    fn failure(_record: &<Self::Noun as Noun>::Record) -> Option<&Error> {
        None
    }

    /// The attribute that an error is about.
    fn place(&self, _error: &Error) -> Path {
        Path::root()
    }
}

/// The attributes about tags.
pub(super) struct Tagged<'a> {
    /// `tags`.
    pub(super) tags: &'a mut Tf<Tags>,
    /// `tags_all`.
    pub(super) tags_all: &'a mut Tf<Tags>,
    /// The path of `tags`.
    pub(super) at: Path,
}

/// The keeper of the noun, or an error of the plan that explains why there is none and what to do.
///
/// # Errors
/// On every store that has no such object.
pub(super) fn of<N: Noun>(ipam: &dyn Ipam) -> Result<&dyn Keeps<N>, Diagnostics> {
    N::keeper(ipam).ok_or_else(|| elsewhere::<N>(ipam))
}

/// The service, for questions that only a service answers.
///
/// # Errors
/// On every store that is not a service.
fn service<N: Noun>(ipam: &dyn Ipam) -> Result<&(dyn Service + 'static), Diagnostics> {
    ipam.service().ok_or_else(|| elsewhere::<N>(ipam))
}

fn elsewhere<N: Noun>(ipam: &dyn Ipam) -> Diagnostics {
    let detail = format!(
        "{} is for AWS IPAM (`store = \"aws-ipam\"`), and the store is {}. {}",
        N::RESOURCE,
        ipam.describe(),
        N::ELSEWHERE
    );
    Diagnostic::error(format!("There is no {} in this store", N::WORD), detail).into()
}

/// The resource of a noun.
pub(super) struct Managed<M>(Arc<Shared>, PhantomData<fn() -> M>);

impl<M: ServiceModel> Managed<M> {
    fn new(shared: &Arc<Shared>) -> Self {
        Self(Arc::clone(shared), PhantomData)
    }

    fn plan_tags(&self, plan: &mut Plan<M>) -> Result<(), Diagnostics> {
        let (configured, planned) = (self.0.configured()?, &mut plan.planned);
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

    /// Asks the service about the planned object. Warnings go into the plan.
    fn foresee(&self, prior: Option<&M>, plan: &mut Plan<M>) -> Result<(), Diagnostics> {
        let Some(configured) = self.0.configured()? else { return Ok(()) };
        let said = plan.planned.foresee(prior, configured.ipam.as_ref());
        if said.has_error() {
            return Err(said);
        }
        plan.warnings.append(said);
        Ok(())
    }

    /// Takes over the result. An object that differs from the request is in the state as well: a new one is then
    /// tainted, and AWS contains no object that Terraform does not know.
    fn reach(&self, apply: &mut Apply<M>, record: &<M::Noun as Noun>::Record) -> Result<(), Diagnostics> {
        self.show(&mut apply.state, record)?;
        let Some(error) = M::failure(record) else { return Ok(()) };
        apply.reached = Some(apply.state.clone());
        Err(errors::at(error, apply.state.place(error)))
    }

    fn show(&self, model: &mut M, record: &<M::Noun as Noun>::Record) -> Result<(), Diagnostics> {
        let configured = self.0.ready()?;
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
}

/// The time limit of the operation.
fn patience<M: ServiceModel>(model: &M, which: impl Fn(&Timeouts) -> &Tf<HumanDuration>) -> Duration {
    model.timeouts().get().and_then(|timeouts| which(timeouts).get()).map_or(M::PATIENCE, |duration| duration.0)
}

/// The tag that contains the name.
const NAME: &str = "Name";

/// `name`, from all tags.
fn name_of(kept: &Tags) -> Tf<String> {
    kept.get(NAME).filter(|name| !name.is_empty()).cloned().into()
}

/// All tags to store: `tags_all` and the name; `None` while one of them is unknown.
fn named(name: &Tf<String>, tags_all: &Tf<Tags>) -> Option<Tags> {
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
fn differs<M: ServiceModel>(prior: &M, planned: &M) -> bool {
    prior.spec() != planned.spec()
}

/// The ID, which every plan of a change has.
fn id_of<M: ServiceModel>(model: &M) -> Result<&String, Diagnostics> {
    model.id().known(Path::attribute("id"))
}

/// The request of a complete configuration.
fn whole<M: ServiceModel>(model: &M) -> Result<<M::Noun as Noun>::Spec, Diagnostics> {
    model.spec().ok_or_else(|| super::create::still_unknown(M::Noun::RESOURCE))
}

impl<M: ServiceModel> Resource for Managed<M> {
    type Model = M;
    const TYPE: &'static str = M::Noun::RESOURCE;

    fn service(&self) -> Option<String> {
        self.0.service()
    }

    fn validate(&self, config: &M) -> Diagnostics {
        config.check()
    }

    fn plan_create(&self, plan: &mut Plan<M>) -> Result<(), Diagnostics> {
        self.plan_tags(plan)?;
        self.foresee(None, plan)
    }

    fn plan_update(&self, prior: &M, plan: &mut Plan<M>) -> Result<(), Diagnostics> {
        self.plan_tags(plan)?;
        M::plan_change(prior, &mut plan.planned);
        plan.replace.extend(M::replaces(prior, &plan.planned));
        if let Some(configured) = self.0.configured()? {
            kept_arguments::note(&configured, prior.id(), plan);
        }
        self.foresee(Some(prior), plan)
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
        let ipam = self.0.ipam()?;
        let keeper = of::<M::Noun>(ipam.as_ref())?;
        let spec = whole(&apply.state)?;
        let patience = patience(&apply.state, |timeouts| &timeouts.create);
        let made = within(patience, &apply.stop, || keeper.create(&spec));
        let made = made.map_err(|error| errors::at(&error, apply.state.place(&error)))?;
        self.reach(apply, &made)
    }

    fn update(&self, prior: &M, apply: &mut Apply<M>) -> Result<(), Diagnostics> {
        let (before, after) = (whole(prior)?, whole(&apply.state)?);
        if before == after {
            // Only `timeouts` differ, and they are only in the state.
            return Ok(());
        }
        let ipam = self.0.ipam()?;
        let (keeper, id) = (of::<M::Noun>(ipam.as_ref())?, id_of(prior)?);
        let patience = patience(&apply.state, |timeouts| &timeouts.update);
        let changed = within(patience, &apply.stop, || keeper.update(id, &before, &after));
        let changed = changed.map_err(|error| errors::at(&error, apply.state.place(&error)))?;
        self.reach(apply, &changed)
    }

    fn delete(&self, prior: &M, stop: &Stop) -> Result<(), Diagnostics> {
        let ipam = self.0.ipam()?;
        let (keeper, id, spec) = (of::<M::Noun>(ipam.as_ref())?, id_of(prior)?, whole(prior)?);
        let patience = patience(prior, |timeouts| &timeouts.delete);
        within(patience, stop, || keeper.delete(id, &spec)).map_err(|error| errors::at(&error, Path::root()))
    }

    fn read(&self, mut state: M) -> Result<Option<M>, Diagnostics> {
        let ipam = self.0.ipam()?;
        let (keeper, id) = (of::<M::Noun>(ipam.as_ref())?, id_of(&state)?);
        let found = keeper.get(id).map_err(|error| errors::at(&error, Path::root()))?;
        let Some(found) = found else { return Ok(None) };
        self.show(&mut state, &found)?;
        Ok(Some(state))
    }

    fn import(&self, id: &str) -> Result<M, Diagnostics> {
        let ipam = self.0.ipam()?;
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
        self.show(&mut model, &found)?;
        Ok(model)
    }

    fn move_from(&self, source: &MoveSource<'_>) -> Result<Option<M>, Diagnostics> {
        moves::from_aws(Self::TYPE, source)
    }
}
