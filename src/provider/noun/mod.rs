//! The framework of all resources. [`NounModel`] is the attributes of a noun, and [`Managed`] is the resource of any of
//! them. What differs between resources in general is the [`Life`] of their objects: the values of an object are
//! [`Assigned`] by the backend at apply, or [`Held`] for a plan.

mod assigned;
mod held;
mod import;
mod missing;
mod others;

pub(super) use assigned::{Assigned, AssignedModel, differs, name_of, named, of, service};
pub(super) use held::{Held, HeldModel, HeldPlan, check_rename, keep, show_planned};
pub(super) use import::check_import;

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use crate::backend::Noun;
use crate::ipam::{Error, Tags};
use crate::model;
use crate::tf::{Apply, Diagnostics, Model, MoveSource, Path, Plan, Resource, Stop, Tf, Value};

use super::attributes::HumanDuration;
use super::shared::Shared;
use super::{kept_arguments, moves};

model! {
    /// Time limits for operations. Within its limit, an operation retries while other clients keep the store busy, and
    /// waits until AWS has finished. Each value is a duration such as `30s`, `10m` or `1h30m`.
    pub(crate) struct Timeouts {
        /// Time limit for creating. Default: `5m`, unless this page names another default.
        create: HumanDuration => optional(),
        /// Time limit for changing. Default: `5m`, unless this page names another default.
        update: HumanDuration => optional(),
        /// Time limit for deleting. Default: `5m`, unless this page names another default.
        delete: HumanDuration => optional(),
    }
}

pub(super) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(300);

/// The part of a [`NounModel`] that is the same for all models, with the fields `id` and `timeouts`.
macro_rules! fields {
    () => {
        fn id(&self) -> &$crate::tf::Tf<String> {
            &self.id
        }

        fn timeouts(&self) -> &$crate::tf::Tf<$crate::provider::noun::Timeouts> {
            &self.timeouts
        }
    };
}

/// The same for models of objects with tags: `tags` and `tags_all` here, `tags` in the record.
macro_rules! fields_with_tags {
    () => {
        $crate::provider::noun::fields!();

        fn kept_tags(record: &<Self::Noun as $crate::backend::Noun>::Record) -> $crate::ipam::Tags {
            record.tags.clone()
        }

        fn tagged(&mut self) -> Option<$crate::provider::noun::Tagged<'_>> {
            let at = $crate::at!(Self, tags);
            Some($crate::provider::noun::Tagged { tags: &mut self.tags, tags_all: &mut self.tags_all, at })
        }
    };
}

pub(super) use {fields, fields_with_tags};

/// The attributes of a resource.
pub(super) trait NounModel: Model {
    /// The kind of object.
    type Noun: Noun;

    /// How plans treat the values of a new object.
    type Life: Life<Self>;

    /// The errors of the configuration; unknown values are accepted.
    fn check(&self) -> Diagnostics {
        Diagnostics::new()
    }

    /// Takes over the answer of the backend, without `tags`.
    fn fill(&mut self, record: &<Self::Noun as Noun>::Record);

    /// The tags in the answer of the backend, including a name that is kept as a tag; for nouns that have
    /// [`NounModel::tagged`].
    fn kept_tags(_record: &<Self::Noun as Noun>::Record) -> Tags {
        Tags::new()
    }

    /// `id`.
    fn id(&self) -> &Tf<String>;

    /// `timeouts`.
    fn timeouts(&self) -> &Tf<Timeouts>;

    /// The attributes about tags; `None` when the object has no tags.
    fn tagged(&mut self) -> Option<Tagged<'_>> {
        None
    }

    /// The attribute that an error is about. `self` is the configuration.
    fn attribute_for(&self, _error: &Error) -> Path {
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

/// The life of an object, from its first plan to its end. The methods are those of [`Resource`].
pub(super) trait Life<M: Model>: 'static {
    fn state_loaded(_shared: &Shared, _state: &serde_json::Value) {}

    fn plan_delete(_shared: &Shared, _id: &str) {}

    /// See [`Resource::plan_create`].
    ///
    /// # Errors
    /// The errors that the user has to correct.
    fn plan_create(shared: &Shared, plan: &mut Plan<M>) -> Result<(), Diagnostics>;

    /// See [`Resource::plan_update`].
    ///
    /// # Errors
    /// The errors that the user has to correct.
    fn plan_update(shared: &Shared, prior: &M, plan: &mut Plan<M>) -> Result<(), Diagnostics>;

    /// See [`Resource::may_keep`].
    fn may_keep(shared: &Shared, _argument: &str) -> bool {
        kept_arguments::may_keep(shared)
    }

    /// See [`Resource::create`].
    ///
    /// # Errors
    /// The reason of the failure.
    fn create(shared: &Shared, apply: &mut Apply<M>) -> Result<(), Diagnostics>;

    /// See [`Resource::update`].
    ///
    /// # Errors
    /// The reason of the failure.
    fn update(shared: &Shared, prior: &M, apply: &mut Apply<M>) -> Result<(), Diagnostics>;

    /// See [`Resource::delete`].
    ///
    /// # Errors
    /// The reason why the object still exists.
    fn delete(shared: &Shared, prior: &M, stop: &Stop) -> Result<(), Diagnostics>;

    /// See [`Resource::refresh`].
    ///
    /// # Errors
    /// Fails if the object cannot be read.
    fn refresh(shared: &Shared, state: M, warnings: &mut Diagnostics) -> Result<Option<M>, Diagnostics>;

    /// See [`Resource::import`].
    ///
    /// # Errors
    /// Fails if there is no such object.
    fn import(shared: &Shared, id: &str) -> Result<M, Diagnostics>;

    /// See [`Resource::imported`].
    fn imported(_shared: &Shared, _imported: &M) -> Diagnostics {
        Diagnostics::new()
    }
}

/// The resource of a noun.
pub(super) struct Managed<M>(Arc<Shared>, PhantomData<fn() -> M>);

impl<M> Managed<M> {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        Self(Arc::clone(shared), PhantomData)
    }
}

/// The time limit of an operation, or `usual` when `timeouts` does not set one.
fn patience<M: NounModel>(model: &M, which: impl Fn(&Timeouts) -> &Tf<HumanDuration>, usual: Duration) -> Duration {
    model.timeouts().get().and_then(|timeouts| which(timeouts).get()).map_or(usual, |duration| duration.0)
}

/// The ID, which every plan of a change has.
///
/// # Errors
/// A bug of Terraform.
pub(super) fn id_of<M: NounModel>(model: &M) -> Result<&String, Diagnostics> {
    model.id().known(Path::attribute("id"))
}

impl<M: NounModel> Resource for Managed<M> {
    type Model = M;
    const TYPE: &'static str = M::Noun::RESOURCE;

    fn service(&self) -> Option<String> {
        self.0.service()
    }

    fn validate(&self, config: &M) -> Diagnostics {
        config.check()
    }

    fn state_loaded(&self, state: &serde_json::Value) {
        M::Life::state_loaded(&self.0, state);
    }

    fn plan_delete(&self, id: &str) {
        M::Life::plan_delete(&self.0, id);
    }

    fn plan_create(&self, plan: &mut Plan<M>) -> Result<(), Diagnostics> {
        M::Life::plan_create(&self.0, plan)
    }

    fn plan_update(&self, prior: &M, plan: &mut Plan<M>) -> Result<(), Diagnostics> {
        M::Life::plan_update(&self.0, prior, plan)
    }

    fn may_keep(&self, argument: &str) -> bool {
        M::Life::may_keep(&self.0, argument)
    }

    fn stays(&self, prior: &Value) -> bool {
        kept_arguments::stays(&self.0, prior)
    }

    fn has_kept(&self, prior: &M, plan: &Plan<M>) -> bool {
        kept_arguments::has_kept(&self.0, prior.id(), plan)
    }

    fn create(&self, apply: &mut Apply<M>) -> Result<(), Diagnostics> {
        M::Life::create(&self.0, apply)
    }

    fn update(&self, prior: &M, apply: &mut Apply<M>) -> Result<(), Diagnostics> {
        M::Life::update(&self.0, prior, apply)
    }

    fn delete(&self, prior: &M, stop: &Stop) -> Result<(), Diagnostics> {
        M::Life::delete(&self.0, prior, stop)
    }

    fn read(&self, state: M) -> Result<Option<M>, Diagnostics> {
        self.refresh(state, &mut Diagnostics::new())
    }

    fn refresh(&self, state: M, warnings: &mut Diagnostics) -> Result<Option<M>, Diagnostics> {
        M::Life::refresh(&self.0, state, warnings)
    }

    fn import(&self, id: &str) -> Result<M, Diagnostics> {
        M::Life::import(&self.0, id)
    }

    fn imported(&self, imported: &M) -> Diagnostics {
        M::Life::imported(&self.0, imported)
    }

    fn move_from(&self, source: &MoveSource<'_>) -> Result<Option<M>, Diagnostics> {
        moves::from_aws(Self::TYPE, source)
    }
}
