//! The framework of all resources. [`NounModel`] is the attributes of a noun. There are two kinds of resources: the
//! values of a new object are held for a plan ([`HeldResource`]), or the backend assigns them at apply
//! ([`AssignedResource`]).

mod assigned;
mod held;
mod held_model;
mod import;
mod missing;
mod others;

pub(super) use assigned::{AssignedModel, AssignedResource, differs, name_of, named, of, service};
pub(super) use held::{HeldResource, check_rename, imported, keep, show_planned};
pub(super) use held_model::{HeldModel, HeldPlan};
pub(super) use import::check_import;
pub(super) use missing::{Found, Lost, find as find_lost};
pub(super) use others::warn as warn_of_other_owner;

use std::time::Duration;

use crate::backend::Noun;
use crate::ipam::{Error, Tags};
use crate::model;
use crate::tf::{Diagnostics, Model, Path, Tf};

use super::attributes::HumanDuration;

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

pub(in crate::provider) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(300);

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

    /// Removes arguments that follow from others, from a configuration that was generated from a state.
    fn leave_out_what_follows(&mut self) {}

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
