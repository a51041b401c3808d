//! Object-safe counterparts of the traits in [`super::resource`] and [`super::action`]: the protocol uses values, and resources use structs.

use std::sync::Arc;

use super::action::{Action, Invocation};
use super::ephemeral::ErasedEphemeralResource;
use super::list::ErasedListResource;
use super::requests::{ApplyRequest, ApplyResponse, PlanRequest, PlanResponse};
use super::resource::{Configure, DataSource, Function, MoveSource, Resource, Stop};
use super::{Diagnostics, Model, Path, Schema, Value, generate, lifecycle};

/// Everything that a provider offers. A new resource, data source or function needs one line where this struct is built.
pub struct Provider {
    /// The provider block.
    pub config: Box<dyn ErasedConfigure>,
    /// All resources, in any order.
    pub resources: Vec<Box<dyn ErasedResource>>,
    /// All data sources, in any order.
    pub data_sources: Vec<Box<dyn ErasedDataSource>>,
    /// All list resources, in any order. Each has the type name of a resource.
    pub list_resources: Vec<Box<dyn ErasedListResource>>,
    /// All ephemeral resources, in any order.
    pub ephemeral_resources: Vec<Box<dyn ErasedEphemeralResource>>,
    /// All actions, in any order.
    pub actions: Vec<Box<dyn ErasedAction>>,
    /// All functions, in any order.
    pub functions: Vec<Box<dyn Function>>,
    /// Set by StopProvider.
    pub stop: Stop,
    /// Called once when Terraform has finished and has received every answer. Must return within a second.
    pub finish: Arc<dyn Fn() + Send + Sync>,
}

impl Provider {
    /// The resource with this type name.
    pub fn resource(&self, type_name: &str) -> Option<&dyn ErasedResource> {
        self.resources.iter().map(AsRef::as_ref).find(|resource| resource.type_name() == type_name)
    }

    /// The data source with this type name.
    pub fn data_source(&self, type_name: &str) -> Option<&dyn ErasedDataSource> {
        self.data_sources.iter().map(AsRef::as_ref).find(|data_source| data_source.type_name() == type_name)
    }

    /// The list resource with this type name.
    pub fn list_resource(&self, type_name: &str) -> Option<&dyn ErasedListResource> {
        self.list_resources.iter().map(AsRef::as_ref).find(|list| list.type_name() == type_name)
    }

    /// The ephemeral resource with this type name.
    pub fn ephemeral_resource(&self, type_name: &str) -> Option<&dyn ErasedEphemeralResource> {
        self.ephemeral_resources.iter().map(AsRef::as_ref).find(|resource| resource.type_name() == type_name)
    }

    /// The action with this type name.
    pub fn action(&self, type_name: &str) -> Option<&dyn ErasedAction> {
        self.actions.iter().map(AsRef::as_ref).find(|action| action.type_name() == type_name)
    }

    /// The function with this name.
    pub fn function(&self, name: &str) -> Option<&dyn Function> {
        self.functions.iter().map(AsRef::as_ref).find(|function| function.name() == name)
    }
}

/// A [`Resource`] in terms of values.
pub trait ErasedResource: Send + Sync {
    /// The type name, such as `ipam_pool`.
    fn type_name(&self) -> &'static str;
    /// The schema of the resource.
    fn schema(&self) -> Schema;
    /// See [`Resource::validate`].
    fn validate(&self, config: &Value) -> Diagnostics;
    /// Reads a stored state of this version or an older one.
    ///
    /// # Errors
    /// Fails if the state is not valid, or has a newer version.
    fn upgrade(&self, version: i64, state: serde_json::Value) -> Result<Value, Diagnostics>;
    /// Plans a change.
    fn plan(&self, request: PlanRequest) -> PlanResponse;
    /// Applies a change.
    fn apply(&self, request: ApplyRequest) -> ApplyResponse;
    /// Refreshes an object, with warnings. The result is null if the object does not exist.
    ///
    /// # Errors
    /// Fails if the object cannot be read.
    fn read(&self, state: &Value) -> Result<(Value, Diagnostics), Diagnostics>;
    /// Imports an object by ID, with warnings about the imported object.
    ///
    /// # Errors
    /// Fails if there is no object with this ID.
    fn import(&self, id: &str) -> Result<(Value, Diagnostics), Diagnostics>;
    /// Performs a `moved` block, from another type or from another address of this provider.
    ///
    /// # Errors
    /// Fails if the other type cannot become this one.
    fn move_from(&self, source: &MoveSource<'_>) -> Result<Value, Diagnostics>;
    /// See [`Resource::is_candidate_id`].
    fn is_candidate_id(&self, id: &str) -> bool;
    /// The configuration of an object, as a user would write it. Without an object, all arguments are null.
    ///
    /// # Errors
    /// Fails if the state is not valid.
    fn configuration(&self, state: &Value) -> Result<Value, Diagnostics>;
}

impl<R: Resource> ErasedResource for R {
    fn type_name(&self) -> &'static str {
        R::TYPE
    }

    fn schema(&self) -> Schema {
        Schema { version: R::VERSION, block: R::Model::block().deprecated_for(R::DEPRECATED) }
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let block = ErasedResource::schema(self).block;
        R::Model::hide_secret_paths(lifecycle::validate(&block, config, |model| Resource::validate(self, model)))
    }

    fn upgrade(&self, version: i64, state: serde_json::Value) -> Result<Value, Diagnostics> {
        lifecycle::upgrade(self, version, state)
    }

    fn plan(&self, request: PlanRequest) -> PlanResponse {
        let response = lifecycle::plan(self, &request).unwrap_or_else(|errors| request.unchanged(errors));
        PlanResponse { diagnostics: R::Model::hide_secret_paths(response.diagnostics), ..response }
    }

    fn apply(&self, request: ApplyRequest) -> ApplyResponse {
        let response = lifecycle::apply(self, request);
        ApplyResponse { diagnostics: R::Model::hide_secret_paths(response.diagnostics), ..response }
    }

    fn read(&self, state: &Value) -> Result<(Value, Diagnostics), Diagnostics> {
        let (state, warnings) = lifecycle::read(self, state).map_err(R::Model::hide_secret_paths)?;
        Ok((state, R::Model::hide_secret_paths(warnings)))
    }

    fn import(&self, id: &str) -> Result<(Value, Diagnostics), Diagnostics> {
        let (state, warnings) = lifecycle::import(self, id).map_err(R::Model::hide_secret_paths)?;
        Ok((state, R::Model::hide_secret_paths(warnings)))
    }

    fn move_from(&self, source: &MoveSource<'_>) -> Result<Value, Diagnostics> {
        lifecycle::move_from(self, source)
    }

    fn is_candidate_id(&self, id: &str) -> bool {
        Resource::is_candidate_id(self, id)
    }

    fn configuration(&self, state: &Value) -> Result<Value, Diagnostics> {
        generate::configuration(self, state).map_err(R::Model::hide_secret_paths)
    }
}

/// A [`DataSource`] in terms of values.
pub trait ErasedDataSource: Send + Sync {
    /// The type name, such as `ipam_pools`.
    fn type_name(&self) -> &'static str;
    /// The schema of the data source.
    fn schema(&self) -> Schema;
    /// See [`DataSource::validate`].
    fn validate(&self, config: &Value) -> Diagnostics;
    /// Reads the data source.
    ///
    /// # Errors
    /// The errors that the user has to correct.
    fn read(&self, config: &Value) -> Result<Value, Diagnostics>;
}

impl<D: DataSource> ErasedDataSource for D {
    fn type_name(&self) -> &'static str {
        D::TYPE
    }

    fn schema(&self) -> Schema {
        Schema { version: 0, block: D::Model::block().deprecated_for(D::DEPRECATED) }
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let block = ErasedDataSource::schema(self).block;
        D::Model::hide_secret_paths(lifecycle::validate(&block, config, |model| DataSource::validate(self, model)))
    }

    fn read(&self, config: &Value) -> Result<Value, Diagnostics> {
        lifecycle::read_data(self, config).map_err(D::Model::hide_secret_paths)
    }
}

/// An [`Action`] in terms of values.
pub trait ErasedAction: Send + Sync {
    /// The type name, such as `ipam_backup`.
    fn type_name(&self) -> &'static str;
    /// The schema of the arguments.
    fn schema(&self) -> Schema;
    /// See [`Action::validate`].
    fn validate(&self, config: &Value) -> Diagnostics;
    /// See [`Action::plan`].
    fn plan(&self, config: &Value) -> Diagnostics;
    /// See [`Action::invoke`]. Answers the errors, and the warnings of the invocation.
    fn invoke(&self, config: &Value, invocation: &mut Invocation<'_>) -> Diagnostics;
}

impl<A: Action> ErasedAction for A {
    fn type_name(&self) -> &'static str {
        A::TYPE
    }

    fn schema(&self) -> Schema {
        Schema { version: 0, block: A::Model::block().deprecated_for(A::DEPRECATED) }
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let block = ErasedAction::schema(self).block;
        A::Model::hide_secret_paths(lifecycle::validate(&block, config, |model| Action::validate(self, model)))
    }

    fn plan(&self, config: &Value) -> Diagnostics {
        let planned = lifecycle::plan_action(self, config);
        A::Model::hide_secret_paths(planned.unwrap_or_else(|errors| errors))
    }

    fn invoke(&self, config: &Value, invocation: &mut Invocation<'_>) -> Diagnostics {
        let outcome = lifecycle::invoke_action(self, config, invocation);
        let mut diagnostics = std::mem::take(&mut invocation.warnings);
        diagnostics.append(outcome.err().unwrap_or_default());
        A::Model::hide_secret_paths(diagnostics)
    }
}

/// A [`Configure`] in terms of values.
pub trait ErasedConfigure: Send + Sync {
    /// The schema of the provider block.
    fn schema(&self) -> Schema;
    /// See [`Configure::validate`].
    fn validate(&self, config: &Value) -> Diagnostics;
    /// Configures the provider.
    ///
    /// # Errors
    /// The errors that the user has to correct.
    fn configure(&self, config: &Value, terraform_version: &str) -> Result<(), Diagnostics>;
}

impl<C: Configure> ErasedConfigure for C {
    fn schema(&self) -> Schema {
        Schema { version: 0, block: C::Model::block() }
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let block = C::Model::block();
        C::Model::hide_secret_paths(lifecycle::validate(&block, config, |model| Configure::validate(self, model)))
    }

    fn configure(&self, config: &Value, terraform_version: &str) -> Result<(), Diagnostics> {
        let model = C::Model::decode(config, &Path::root());
        let configured = model.and_then(|model| Configure::configure(self, model, terraform_version));
        configured.map_err(C::Model::hide_secret_paths)
    }
}
