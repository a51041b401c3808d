//! The traits of managed resources, data sources, functions and the provider block, with the arguments of their methods.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Diagnostic, Diagnostics, Model, Path, Value};

/// The request to stop operations early, because the user interrupts the run or the process ends. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks all operations to stop soon.
    pub fn request(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether operations should stop soon.
    pub fn is_requested(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// Data that Terraform stores with a state or plan and never shows.
pub type Private = serde_json::Map<String, serde_json::Value>;

/// The plan of a new object or of a change, while a resource makes it.
#[derive(Debug)]
pub struct Plan<M> {
    /// The configuration as the user wrote it; computed attributes are null.
    pub config: M,
    /// The values that the plan will show. Values that the user wrote are set already and cannot be changed. The other
    /// values are unknown for a new object, and the prior values for an existing one. A value that stays unknown is shown
    /// as "known after apply".
    pub planned: M,
    /// Attributes whose change requires a new object, in addition to those declared with `replace()`.
    pub replace: Vec<Path>,
    /// Arguments that are not known yet and for which the plan keeps the prior value, see [`Resource::may_keep`].
    /// `config` and `planned` contain that value.
    pub kept: Vec<Path>,
    /// Input: the private data of the last apply or, in the second half of a replacement, of the first half. Output: the
    /// private data for apply.
    pub private: Private,
    /// The private data of the first plan, if the client can carry it to the second plan (protocol 6.11).
    pub first_plan: Option<Private>,
    /// Whether this client carries planned private data from the first plan to the second (protocol 6.11).
    pub carries_private: bool,
    /// Whether this is the second plan, which an apply makes. This is derived from the deferral capability, which
    /// released Terraform sets only in the apply walk (terraform 1.9 to 1.15, context_apply.go), or from `first_plan`.
    pub committing: bool,
    /// Warnings for the user.
    pub warnings: Diagnostics,
}

/// A change during its apply.
#[derive(Debug)]
pub struct Apply<M> {
    /// The values that the plan showed. Apply must fill in unknown values, and may not change known values.
    pub state: M,
    /// The configuration as the user wrote it.
    pub config: M,
    /// Input: the private data of the plan. Output: the private data of the state.
    pub private: Private,
    /// The object after an operation that failed before its end; `None` if nothing was created or changed.
    pub reached: Option<M>,
    /// Warnings for the user.
    pub warnings: Diagnostics,
    /// The request to stop early.
    pub stop: Stop,
}

/// A state of another resource type that a `moved` block turns into this one.
#[derive(Debug)]
pub struct MoveSource<'a> {
    /// Address of the provider, such as `registry.terraform.io/hashicorp/aws`. OpenTofu 1.10 gives `aws`, for any host
    /// and namespace.
    pub provider_address: &'a str,
    /// Type name, such as `aws_vpc_ipam_pool`.
    pub type_name: &'a str,
    /// Schema version of the state.
    pub schema_version: i64,
    /// The state.
    pub state: &'a serde_json::Value,
}

/// A managed resource. One instance serves all objects of its type, from many threads at the same time. Calls may block.
pub trait Resource: Send + Sync + 'static {
    /// The attributes.
    type Model: Model;
    /// The full type name, such as `ipam_pool`.
    const TYPE: &'static str;
    /// Version of the states that this resource writes.
    const VERSION: i64 = 0;
    /// What to use in place of a deprecated resource, as a sentence.
    const DEPRECATED: Option<&'static str> = None;

    /// The service that decides the results of a plan together with this provider; `None` if only this provider decides.
    fn service(&self) -> Option<String> {
        None
    }

    /// Terraform validates a configuration, with unknown values, and again before each plan. Must not access the store.
    fn validate(&self, config: &Self::Model) -> Diagnostics;

    /// Terraform is about to use a state, so the object is in this configuration's state. `state` may have an older
    /// version.
    fn state_loaded(&self, _state: &serde_json::Value) {}

    /// Terraform plans to delete the object with this state.
    fn plan_delete(&self, _prior: &Value) {}

    /// Whether the object with this state may be deleted, as far as a plan can know that.
    ///
    /// # Errors
    /// The reason why not.
    fn check_delete(&self, _prior: &Value) -> Result<(), Diagnostics> {
        Ok(())
    }

    /// Converts a state of an older version into the present version, as JSON.
    ///
    /// # Errors
    /// Fails if no release has written that version.
    fn upgrade(&self, version: i64, _state: serde_json::Value) -> Result<serde_json::Value, Diagnostics> {
        Err(Diagnostic::error(
            "Unknown state version",
            format!(
                "The state of this {} has version {version}, which no release of this provider has written.",
                Self::TYPE
            ),
        )
        .into())
    }

    /// Terraform plans a new object, also as the second half of a replacement.
    ///
    /// # Errors
    /// The errors that the user has to correct.
    fn plan_create(&self, plan: &mut Plan<Self::Model>) -> Result<(), Diagnostics>;

    /// Terraform plans an existing object, changed or not. Attributes declared with `replace()` have been compared.
    ///
    /// # Errors
    /// The errors that the user has to correct.
    fn plan_update(&self, prior: &Self::Model, plan: &mut Plan<Self::Model>) -> Result<(), Diagnostics>;

    /// Whether a plan may keep the prior value of an argument that forces a replacement while the new value is unknown.
    /// Otherwise the plan replaces the object.
    fn may_keep(&self, _argument: &str) -> bool {
        false
    }

    /// Whether the kept value is still valid when the plan is applied, because the object that it names stays.
    fn stays(&self, _prior: &Value) -> bool {
        true
    }

    /// Whether `plan` is the second plan of an object and the first plan kept arguments. Called only if an argument that
    /// may be kept is known and has changed.
    fn has_kept(&self, _prior: &Self::Model, _plan: &Plan<Self::Model>) -> bool {
        false
    }

    /// Whether a state is of an object that an import named before it existed. Its plans and its apply are those of a new
    /// object; for Terraform, the object changes in place.
    fn is_candidate(&self, _state: &Value) -> bool {
        false
    }

    /// Whether an identity may name an object that does not exist yet by this text, which is not its ID.
    fn is_candidate_id(&self, _id: &str) -> bool {
        false
    }

    /// Terraform creates the object.
    ///
    /// # Errors
    /// The reason of the failure. `apply.reached` is the object that exists nevertheless.
    fn create(&self, apply: &mut Apply<Self::Model>) -> Result<(), Diagnostics>;

    /// Terraform changes the object.
    ///
    /// # Errors
    /// The reason of the failure. `apply.reached` is the object as it is now; `None` if nothing was changed.
    fn update(&self, prior: &Self::Model, apply: &mut Apply<Self::Model>) -> Result<(), Diagnostics>;

    /// Terraform deletes the object. The deletion of an object that does not exist succeeds.
    ///
    /// # Errors
    /// The reason why the object still exists.
    fn delete(&self, prior: &Self::Model, stop: &Stop) -> Result<(), Diagnostics>;

    /// Terraform refreshes the object; `Ok(None)` if it does not exist.
    ///
    /// # Errors
    /// Fails if the object cannot be read.
    fn read(&self, state: Self::Model, warnings: &mut Diagnostics) -> Result<Option<Self::Model>, Diagnostics>;

    /// Terraform imports an object by ID, and then refreshes the state.
    ///
    /// # Errors
    /// Fails if the ID is malformed or there is no such object.
    fn import(&self, id: &str) -> Result<Self::Model, Diagnostics>;

    /// Removes arguments that follow from others, from a configuration that was generated from the state of an object. It
    /// has every argument with a value that is not a default.
    fn generated(&self, _config: &mut Self::Model) {}

    /// Warnings about an object that was just imported.
    fn imported(&self, _imported: &Self::Model) -> Diagnostics {
        Diagnostics::new()
    }

    /// Terraform performs a `moved` block from another type, or from this type of another provider. `Ok(None)` means that
    /// the other type cannot become this one. (A move of this type from another address of this provider does not call
    /// the resource.)
    ///
    /// # Errors
    /// Fails if the state is not valid for the other type.
    fn move_from(&self, _source: &MoveSource<'_>) -> Result<Option<Self::Model>, Diagnostics> {
        Ok(None)
    }
}

/// A data source. One instance serves all `data` blocks of its type, from many threads at the same time. Calls may block.
pub trait DataSource: Send + Sync + 'static {
    /// The attributes.
    type Model: Model;
    /// The full type name, such as `ipam_pools`.
    const TYPE: &'static str;
    /// What to use in place of a deprecated data source, as a sentence.
    const DEPRECATED: Option<&'static str> = None;

    /// Terraform validates a configuration, with unknown values. Must not access the store.
    fn validate(&self, config: &Self::Model) -> Diagnostics;

    /// Terraform reads the data source: all values in `config` are known. The answer must not contain an unknown value.
    ///
    /// # Errors
    /// The errors that the user has to correct, or the reason why the store does not answer.
    fn read(&self, config: Self::Model) -> Result<Self::Model, Diagnostics>;
}

/// The provider block.
pub trait Configure: Send + Sync + 'static {
    /// The attributes.
    type Model: Model;

    /// Terraform validates a configuration, with unknown values. Must not access the store.
    fn validate(&self, config: &Self::Model) -> Diagnostics;

    /// Terraform configures the provider, before all other calls except validation and functions. Values may be unknown
    /// during a plan.
    ///
    /// # Errors
    /// The errors that the user has to correct.
    fn configure(&self, config: Self::Model, terraform_version: &str) -> Result<(), Diagnostics>;
}

/// An error of a function, with the argument that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionError {
    /// The error, as a sentence.
    pub text: String,
    /// Position of the argument, from 0. A position at or after the number of fixed parameters is a variadic argument.
    pub argument: Option<usize>,
}

/// A parameter of a function.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Name in the documentation.
    pub name: &'static str,
    /// The type of the parameter.
    pub ty: super::Type,
    /// The description, in Markdown.
    pub description: &'static str,
    /// Whether the function accepts null.
    pub allow_null: bool,
}

/// The declaration of a function.
#[derive(Clone, Debug)]
pub struct Signature {
    /// The summary in one line.
    pub summary: &'static str,
    /// The description, in Markdown.
    pub description: &'static str,
    /// The fixed parameters, in order.
    pub parameters: Vec<Parameter>,
    /// A parameter after the fixed ones that may be repeated.
    pub variadic: Option<Parameter>,
    /// Type of the result.
    pub returns: super::Type,
}

/// A pure function: the same arguments give the same result, without a store or a configuration.
pub trait Function: Send + Sync + 'static {
    /// The name, without `provider::ipam::`.
    fn name(&self) -> &'static str;

    /// The parameters and the result.
    fn signature(&self) -> Signature;

    /// What to use in place of a deprecated function, as a sentence.
    fn deprecated(&self) -> Option<&'static str> {
        None
    }

    /// Terraform calls the function with known arguments.
    ///
    /// # Errors
    /// A sentence, on the invalid argument.
    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError>;
}
