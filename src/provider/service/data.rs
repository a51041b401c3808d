//! Data sources over objects that only a service has. [`ServiceData`] has their attributes, and [`Listed`] is
//! the data source for all of them.

use std::marker::PhantomData;
use std::sync::Arc;

use crate::backend::Noun;
use crate::backend::service::Kept;
use crate::tf::{DataSource, Diagnostics, Model, Path};

use super::super::errors;
use super::super::noun::of;
use super::super::shared::Shared;

/// Attributes of a data source that reads one or all objects of a noun.
pub(super) trait ServiceData: Model {
    /// The noun of the list.
    type Noun: Kept;
    /// The full type name, such as `ipam_ipams`.
    const TYPE: &'static str;

    /// The errors of the configuration; unknown values are accepted.
    fn check(&self) -> Diagnostics {
        Diagnostics::new()
    }

    /// Fills in the objects that the configuration asks for. `all` is every object that is visible to the account.
    ///
    /// # Errors
    /// At the argument that matches no object, or several when it must match one.
    fn fill(self, all: Vec<<Self::Noun as Noun>::Record>) -> Result<Self, Diagnostics>;
}

/// The data source.
pub(super) struct Listed<M>(Arc<Shared>, PhantomData<fn() -> M>);

impl<M> Listed<M> {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        Self(Arc::clone(shared), PhantomData)
    }
}

impl<M: ServiceData> DataSource for Listed<M> {
    type Model = M;
    const TYPE: &'static str = M::TYPE;

    fn validate(&self, config: &M) -> Diagnostics {
        config.check()
    }

    fn read(&self, config: M) -> Result<M, Diagnostics> {
        let ipam = self.0.ipam()?;
        let all = of::<M::Noun>(ipam.as_ref())?.list().map_err(|error| errors::at(&error, Path::root()))?;
        config.fill(all)
    }
}
