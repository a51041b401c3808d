//! What a managed resource is to Terraform.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Diagnostic, Diagnostics, Model, Path, Value};

/// Says when the user wants the operation to stop. Cheap to copy.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks everything to stop soon.
    pub fn request(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether to stop.
    pub fn is_requested(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// Data that Terraform keeps beside a state or plan and shows to nobody.
pub type Private = serde_json::Map<String, serde_json::Value>;

/// A plan in the making: of a new object, or of a change.
#[derive(Debug)]
pub struct Plan<M> {
    /// What the user wrote; computed attributes are null.
    pub config: M,
    /// What the plan will show. What the user wrote stands here already and cannot be changed; the rest is unknown
    /// for a new object, and as before for an old one. Whatever is left unknown is shown as "known after apply".
    pub planned: M,
    /// Attributes whose change needs a new object, beside those declared `replace()`.
    pub replace: Vec<Path>,
    /// Arguments that are not known yet and for which the plan keeps the prior value, see [`Resource::may_keep`]. `config` and
    /// `planned` have that value.
    pub kept: Vec<Path>,
    /// In: what the last apply or, in the second half of a replacement, the first half kept. Out: kept for apply.
    pub private: Private,
    /// What the first plan kept, when the client can carry that to the second (protocol 6.11).
    pub first_plan: Option<Private>,
    /// Whether this client carries planned private data from the first plan to the second (protocol 6.11).
    pub carries_private: bool,
    /// Whether this is the second plan, made by an apply. Told from the deferral capability, which released
    /// Terraform sets in the apply walk only (terraform 1.9 to 1.15, context_apply.go), or from `first_plan`.
    pub committing: bool,
    /// Warnings for the user.
    pub warnings: Diagnostics,
}

/// A change being carried out.
#[derive(Debug)]
pub struct Apply<M> {
    /// What the plan showed; unknown values are to be filled in. What was known may not change.
    pub state: M,
    /// What the user wrote.
    pub config: M,
    /// In: what the plan kept. Out: kept beside the state.
    pub private: Private,
    /// When the operation fails half-way: how far it came. `None`: nothing was reached.
    pub reached: Option<M>,
    /// Warnings for the user.
    pub warnings: Diagnostics,
    /// Whether the user wants to stop.
    pub stop: Stop,
}

/// A state of another resource type that a `moved` block turns into this one.
#[derive(Debug)]
pub struct MoveSource<'a> {
    /// Such as `registry.terraform.io/hashicorp/aws`. OpenTofu 1.10 gives `aws`, whatever host and namespace are.
    pub provider_address: &'a str,
    /// Such as `aws_vpc_ipam_pool`.
    pub type_name: &'a str,
    /// Schema version of the state.
    pub schema_version: i64,
    /// The state.
    pub state: &'a serde_json::Value,
}

/// A managed resource. One instance serves all objects of its type, from many threads at once. Calls may block.
pub trait Resource: Send + Sync + 'static {
    /// Its attributes.
    type Model: Model;
    /// Its full name, such as `ipam_pool`.
    const TYPE: &'static str;
    /// Version of the state it writes.
    const VERSION: i64 = 0;

    /// Who else than this provider decides what comes of a plan; `None`: nobody.
    fn service(&self) -> Option<String> {
        None
    }

    /// Terraform validates, with unknown values, and again before each plan. May not touch the store.
    fn validate(&self, config: &Self::Model) -> Diagnostics;

    /// A state is about to be used: the object is in this configuration's state. `state` may be of an older version.
    fn seen(&self, _state: &serde_json::Value) {}

    /// Terraform plans to delete the object with this id.
    fn plan_delete(&self, _id: &str) {}

    /// Turns a state of an older version into the present one, as JSON.
    ///
    /// # Errors
    /// When that version was never written.
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
    /// Whatever the user has to change.
    fn plan_create(&self, plan: &mut Plan<Self::Model>) -> Result<(), Diagnostics>;

    /// Terraform plans an object that exists, changed or not. Attributes declared `replace()` have been compared.
    ///
    /// # Errors
    /// Whatever the user has to change.
    fn plan_update(&self, prior: &Self::Model, plan: &mut Plan<Self::Model>) -> Result<(), Diagnostics>;

    /// Whether a plan may keep the prior value of an argument that forces a replacement, when its value is not known yet.
    /// Otherwise the plan replaces the object.
    fn may_keep(&self, _argument: &str) -> bool {
        false
    }

    /// Whether such a value is still good when the plan is applied: what it names stays.
    fn stays(&self, _prior: &Value) -> bool {
        true
    }

    /// Whether `plan` is the second plan of an object, and the first one kept arguments. Asked only when an argument that
    /// may be kept is known and another one than before.
    fn has_kept(&self, _prior: &Self::Model, _plan: &Plan<Self::Model>) -> bool {
        false
    }

    /// Terraform creates the object.
    ///
    /// # Errors
    /// Why it failed; `apply.reached` says what is there all the same.
    fn create(&self, apply: &mut Apply<Self::Model>) -> Result<(), Diagnostics>;

    /// Terraform changes the object.
    ///
    /// # Errors
    /// Why it failed; `apply.reached` says what is there now (`None`: all as before).
    fn update(&self, prior: &Self::Model, apply: &mut Apply<Self::Model>) -> Result<(), Diagnostics>;

    /// Terraform deletes the object; deleting what is gone is success.
    ///
    /// # Errors
    /// Why it is still there.
    fn delete(&self, prior: &Self::Model, stop: &Stop) -> Result<(), Diagnostics>;

    /// Terraform refreshes the object; `Ok(None)` when it is gone.
    ///
    /// # Errors
    /// When that cannot be found out.
    fn read(&self, state: Self::Model) -> Result<Option<Self::Model>, Diagnostics>;

    /// The same, where a refresh has something to say: warnings.
    ///
    /// # Errors
    /// When that cannot be found out.
    fn refresh(&self, state: Self::Model, _warnings: &mut Diagnostics) -> Result<Option<Self::Model>, Diagnostics> {
        self.read(state)
    }

    /// Terraform imports by id; the state is then refreshed.
    ///
    /// # Errors
    /// When the id is malformed or names nothing.
    fn import(&self, id: &str) -> Result<Self::Model, Diagnostics>;

    /// What the user should know of an object that was just imported: warnings.
    fn imported(&self, _imported: &Self::Model) -> Diagnostics {
        Diagnostics::new()
    }

    /// Terraform follows a `moved` block from another type, or from this type of another provider. `Ok(None)`: that type
    /// cannot become this one. (This very type from another address of this provider is no matter of the resource.)
    ///
    /// # Errors
    /// When the state is not what that type writes.
    fn move_from(&self, _source: &MoveSource<'_>) -> Result<Option<Self::Model>, Diagnostics> {
        Ok(None)
    }
}

/// A data source. One instance serves all, from many threads at once. Calls may block.
pub trait DataSource: Send + Sync + 'static {
    /// Its attributes.
    type Model: Model;
    /// Its full name, such as `ipam_pools`.
    const TYPE: &'static str;

    /// Terraform validates, with unknown values. May not touch the store.
    fn validate(&self, config: &Self::Model) -> Diagnostics;

    /// Terraform reads: everything in `config` is known. The answer may hold nothing unknown.
    ///
    /// # Errors
    /// Whatever the user has to change, or why the store does not answer.
    fn read(&self, config: Self::Model) -> Result<Self::Model, Diagnostics>;
}

/// The provider block.
pub trait Configure: Send + Sync + 'static {
    /// Its attributes.
    type Model: Model;

    /// Terraform validates, with unknown values. May not touch the store.
    fn validate(&self, config: &Self::Model) -> Diagnostics;

    /// Terraform configures, before anything else but validation and functions. Values may be unknown while planning.
    ///
    /// # Errors
    /// Whatever the user has to change.
    fn configure(&self, config: Self::Model, terraform_version: &str) -> Result<(), Diagnostics>;
}

/// An error of a function, with the argument it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionError {
    /// A sentence.
    pub text: String,
    /// 0-based; at or after the number of fixed parameters it is one of the variadic ones.
    pub argument: Option<usize>,
}

/// A parameter of a function.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Name in the documentation.
    pub name: &'static str,
    /// Its type.
    pub ty: super::Type,
    /// Markdown.
    pub description: &'static str,
    /// Whether null is passed on.
    pub allow_null: bool,
}

/// What Terraform is told about a function.
#[derive(Clone, Debug)]
pub struct Signature {
    /// One line.
    pub summary: &'static str,
    /// Markdown.
    pub description: &'static str,
    /// In order.
    pub parameters: Vec<Parameter>,
    /// After them, any number of times.
    pub variadic: Option<Parameter>,
    /// Type of the answer.
    pub returns: super::Type,
}

/// A pure function: the same arguments give the same answer, without store or configuration.
pub trait Function: Send + Sync + 'static {
    /// Its name, without `provider::ipam::`.
    fn name(&self) -> &'static str;

    /// Parameters and result.
    fn signature(&self) -> Signature;

    /// Terraform calls it with known arguments.
    ///
    /// # Errors
    /// A sentence, on the argument that is wrong.
    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError>;
}
