//! Object-safe twins of the traits in [`super::resource`]: the protocol speaks values, resources speak structs.

use std::sync::Arc;

use super::resource::{Configure, DataSource, Function, MoveSource, Private, Resource, Stop};
use super::{Diagnostics, Model, Path, Schema, Value, lifecycle};

/// Terraform prints the lines that a diagnostic points at, secrets included: this one points at none.
fn unprinted<M: Model>(diagnostics: Diagnostics) -> Diagnostics {
    if diagnostics.is_empty() { diagnostics } else { diagnostics.beside_secrets(&M::block()) }
}

/// Everything a provider offers. Adding a resource, data source or function is one line where this is made.
pub struct Provider {
    /// The provider block.
    pub config: Box<dyn ErasedConfigure>,
    /// In any order.
    pub resources: Vec<Box<dyn ErasedResource>>,
    /// In any order.
    pub data_sources: Vec<Box<dyn ErasedDataSource>>,
    /// In any order.
    pub functions: Vec<Box<dyn Function>>,
    /// Raised by StopProvider.
    pub stop: Stop,
    /// Called once when Terraform says that it is done, so that it has taken up every answer. Must return within a
    /// second.
    pub finish: Arc<dyn Fn() + Send + Sync>,
}

impl Provider {
    /// The resource of that type.
    pub fn resource(&self, type_name: &str) -> Option<&dyn ErasedResource> {
        self.resources.iter().map(AsRef::as_ref).find(|resource| resource.type_name() == type_name)
    }

    /// The data source of that type.
    pub fn data_source(&self, type_name: &str) -> Option<&dyn ErasedDataSource> {
        self.data_sources.iter().map(AsRef::as_ref).find(|data_source| data_source.type_name() == type_name)
    }

    /// The function of that name.
    pub fn function(&self, name: &str) -> Option<&dyn Function> {
        self.functions.iter().map(AsRef::as_ref).find(|function| function.name() == name)
    }
}

/// See [`super::Plan`].
#[derive(Debug)]
pub struct PlanRequest {
    /// Null for a new object.
    pub prior: Value,
    /// Null for an object to destroy. Otherwise only `config` and `prior` are looked at: the rules by which
    /// Terraform merges them are the lifecycle's too.
    pub proposed: Value,
    /// What the user wrote.
    pub config: Value,
    /// Kept with the prior state, or by the first half of a replacement.
    pub prior_private: Private,
    /// Kept by the first plan, when the client carries it.
    pub first_plan: Option<Private>,
    /// Whether the client carries planned private data.
    pub carries_private: bool,
    /// Whether this is the second plan, inside an apply.
    pub committing: bool,
}

/// What a plan came to.
#[derive(Debug)]
pub struct PlanResponse {
    /// The planned object.
    pub planned: Value,
    /// Attributes whose change needs a new object.
    pub replace: Vec<Path>,
    /// Kept for apply.
    pub private: Private,
    /// Errors and warnings.
    pub diagnostics: Diagnostics,
}

/// See [`super::Apply`].
#[derive(Debug)]
pub struct ApplyRequest {
    /// Null for a new object.
    pub prior: Value,
    /// Null for an object to delete.
    pub planned: Value,
    /// What the user wrote.
    pub config: Value,
    /// Kept by the plan.
    pub private: Private,
    /// Raised when the user wants to stop.
    pub stop: Stop,
}

/// What an apply came to.
#[derive(Debug)]
pub struct ApplyResponse {
    /// The object as it is now.
    pub state: Value,
    /// Kept beside it.
    pub private: Private,
    /// Errors and warnings.
    pub diagnostics: Diagnostics,
}

/// [`Resource`] over values.
pub trait ErasedResource: Send + Sync {
    /// Such as `ipam_pool`.
    fn type_name(&self) -> &'static str;
    /// Its schema.
    fn schema(&self) -> Schema;
    /// See [`Resource::validate`].
    fn validate(&self, config: &Value) -> Diagnostics;
    /// Reads a stored state, of this version or an older one.
    ///
    /// # Errors
    /// When the state is not one, or of a newer version.
    fn upgrade(&self, version: i64, state: serde_json::Value) -> Result<Value, Diagnostics>;
    /// Plans.
    fn plan(&self, request: PlanRequest) -> PlanResponse;
    /// Applies.
    fn apply(&self, request: ApplyRequest) -> ApplyResponse;
    /// Refreshes; null when the object is gone. With warnings.
    ///
    /// # Errors
    /// When that cannot be found out.
    fn read(&self, state: &Value) -> Result<(Value, Diagnostics), Diagnostics>;
    /// Imports by id; with warnings about what was imported.
    ///
    /// # Errors
    /// When the id names nothing.
    fn import(&self, id: &str) -> Result<(Value, Diagnostics), Diagnostics>;
    /// Follows a `moved` block, from another type or from another address of this provider.
    ///
    /// # Errors
    /// When the other type cannot become this one.
    fn move_from(&self, source: &MoveSource<'_>) -> Result<Value, Diagnostics>;
}

impl<R: Resource> ErasedResource for R {
    fn type_name(&self) -> &'static str {
        R::TYPE
    }

    fn schema(&self) -> Schema {
        Schema { version: R::VERSION, block: R::Model::block() }
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        unprinted::<R::Model>(lifecycle::validate::<R::Model>(config, |model| Resource::validate(self, model)))
    }

    fn upgrade(&self, version: i64, state: serde_json::Value) -> Result<Value, Diagnostics> {
        lifecycle::upgrade(self, version, state)
    }

    fn plan(&self, request: PlanRequest) -> PlanResponse {
        let response = lifecycle::plan(self, request);
        PlanResponse { diagnostics: unprinted::<R::Model>(response.diagnostics), ..response }
    }

    fn apply(&self, request: ApplyRequest) -> ApplyResponse {
        let response = lifecycle::apply(self, request);
        ApplyResponse { diagnostics: unprinted::<R::Model>(response.diagnostics), ..response }
    }

    fn read(&self, state: &Value) -> Result<(Value, Diagnostics), Diagnostics> {
        let (state, warnings) = lifecycle::read(self, state).map_err(unprinted::<R::Model>)?;
        Ok((state, unprinted::<R::Model>(warnings)))
    }

    fn import(&self, id: &str) -> Result<(Value, Diagnostics), Diagnostics> {
        let (state, warnings) = lifecycle::import(self, id).map_err(unprinted::<R::Model>)?;
        Ok((state, unprinted::<R::Model>(warnings)))
    }

    fn move_from(&self, source: &MoveSource<'_>) -> Result<Value, Diagnostics> {
        lifecycle::move_from(self, source)
    }
}

/// [`DataSource`] over values.
pub trait ErasedDataSource: Send + Sync {
    /// Such as `ipam_pools`.
    fn type_name(&self) -> &'static str;
    /// Its schema.
    fn schema(&self) -> Schema;
    /// See [`DataSource::validate`].
    fn validate(&self, config: &Value) -> Diagnostics;
    /// Reads.
    ///
    /// # Errors
    /// Whatever the user has to change.
    fn read(&self, config: &Value) -> Result<Value, Diagnostics>;
}

impl<D: DataSource> ErasedDataSource for D {
    fn type_name(&self) -> &'static str {
        D::TYPE
    }

    fn schema(&self) -> Schema {
        Schema { version: 0, block: D::Model::block() }
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        unprinted::<D::Model>(lifecycle::validate::<D::Model>(config, |model| DataSource::validate(self, model)))
    }

    fn read(&self, config: &Value) -> Result<Value, Diagnostics> {
        lifecycle::read_data(self, config).map_err(unprinted::<D::Model>)
    }
}

/// [`Configure`] over values.
pub trait ErasedConfigure: Send + Sync {
    /// Schema of the provider block.
    fn schema(&self) -> Schema;
    /// See [`Configure::validate`].
    fn validate(&self, config: &Value) -> Diagnostics;
    /// Configures.
    ///
    /// # Errors
    /// Whatever the user has to change.
    fn configure(&self, config: &Value, terraform_version: &str) -> Result<(), Diagnostics>;
}

impl<C: Configure> ErasedConfigure for C {
    fn schema(&self) -> Schema {
        Schema { version: 0, block: C::Model::block() }
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        unprinted::<C::Model>(lifecycle::validate::<C::Model>(config, |model| Configure::validate(self, model)))
    }

    fn configure(&self, config: &Value, terraform_version: &str) -> Result<(), Diagnostics> {
        let model = C::Model::decode(config, &Path::root());
        let configured = model.and_then(|model| Configure::configure(self, model, terraform_version));
        configured.map_err(unprinted::<C::Model>)
    }
}
