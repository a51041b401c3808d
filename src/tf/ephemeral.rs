//! Ephemeral resources: what exists for the length of one run and is in no plan and no state. The trait, and its
//! object-safe counterpart in terms of values.

use std::time::SystemTime;

use super::configuration::missing;
use super::lifecycle;
use super::merge::{merge_answer, merge_config, with_defaults};
use super::resource::{Private, Stop};
use super::{Diagnostics, Model, Path, Schema, Value};

/// An ephemeral resource while a run opens it.
#[derive(Debug)]
pub struct Open<M> {
    /// The configuration as the user wrote it, with defaults. All values are known.
    pub config: M,
    /// The values that the run gets. Values that the user wrote are set already and cannot be changed. The others are
    /// unknown. One may stay unknown only if the provider block or its default tags are unknown, as they can be in a plan:
    /// Terraform does not say which walk it is in, and 1.11 crashes when an apply uses an unknown value.
    pub result: M,
    /// What the run passes to the renewals and to the close.
    pub private: Private,
    /// When the run has to renew it; `None`: never.
    pub renew_at: Option<SystemTime>,
    /// Warnings for the user.
    pub warnings: Diagnostics,
    /// The request to stop early.
    pub stop: Stop,
}

/// The result of a renewal.
#[derive(Debug)]
pub struct Renewal {
    /// What the run passes to the next renewal. The close gets what the opening answered.
    pub private: Private,
    /// When the run has to renew it again; `None`: never.
    pub renew_at: Option<SystemTime>,
}

/// An ephemeral resource. One instance serves all `ephemeral` blocks of its type, from many threads at the same time.
/// Calls may block. Terraform opens it in a plan and again in the apply, and closes it at the end of each.
pub trait EphemeralResource: Send + Sync + 'static {
    /// The attributes.
    type Model: Model;
    /// The full type name, such as `ipam_lease`.
    const TYPE: &'static str;

    /// Terraform validates a configuration, with unknown values, and again right before it opens the resource. Must not
    /// access the store.
    fn validate(&self, config: &Self::Model) -> Diagnostics;

    /// Terraform opens the resource.
    ///
    /// # Errors
    /// The errors that the user has to correct. Nothing is open then, and nothing will be closed.
    fn open(&self, open: &mut Open<Self::Model>) -> Result<(), Diagnostics>;

    /// Terraform renews the resource, with the private data of the opening or of the last renewal.
    ///
    /// # Errors
    /// The reason why the resource is lost.
    fn renew(&self, private: Private) -> Result<Renewal, Diagnostics>;

    /// Terraform closes the resource, with the private data of the opening. Answers with warnings: the work of the run is
    /// done, and does not fail afterwards.
    fn close(&self, private: &Private) -> Diagnostics;
}

/// What a run gets when it opens an ephemeral resource.
#[derive(Debug)]
pub struct Opened {
    /// The values.
    pub result: Value,
    /// See [`Open::private`].
    pub private: Private,
    /// See [`Open::renew_at`].
    pub renew_at: Option<SystemTime>,
    /// Warnings for the user.
    pub warnings: Diagnostics,
}

/// An [`EphemeralResource`] in terms of values.
pub trait ErasedEphemeralResource: Send + Sync {
    /// The type name, such as `ipam_lease`.
    fn type_name(&self) -> &'static str;
    /// The schema of the resource.
    fn schema(&self) -> Schema;
    /// See [`EphemeralResource::validate`].
    fn validate(&self, config: &Value) -> Diagnostics;
    /// See [`EphemeralResource::open`].
    ///
    /// # Errors
    /// The errors that the user has to correct.
    fn open(&self, config: &Value, stop: Stop) -> Result<Opened, Diagnostics>;
    /// See [`EphemeralResource::renew`].
    ///
    /// # Errors
    /// The reason why the resource is lost.
    fn renew(&self, private: Private) -> Result<Renewal, Diagnostics>;
    /// See [`EphemeralResource::close`].
    fn close(&self, private: &Private) -> Diagnostics;
}

impl<E: EphemeralResource> ErasedEphemeralResource for E {
    fn type_name(&self) -> &'static str {
        E::TYPE
    }

    fn schema(&self) -> Schema {
        Schema { version: 0, block: E::Model::block() }
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let found = lifecycle::validate(&E::Model::block(), config, |model| EphemeralResource::validate(self, model));
        E::Model::block().hide_secret_paths(found)
    }

    fn open(&self, config: &Value, stop: Stop) -> Result<Opened, Diagnostics> {
        let block = E::Model::block();
        let opened = open(self, config, stop).map_err(|errors| block.hide_secret_paths(errors))?;
        Ok(Opened { warnings: block.hide_secret_paths(opened.warnings), ..opened })
    }

    fn renew(&self, private: Private) -> Result<Renewal, Diagnostics> {
        EphemeralResource::renew(self, private)
    }

    fn close(&self, private: &Private) -> Diagnostics {
        EphemeralResource::close(self, private)
    }
}

fn open<E: EphemeralResource>(resource: &E, config: &Value, stop: Stop) -> Result<Opened, Diagnostics> {
    let attributes = E::Model::block().attributes;
    // Values that an expression depends on are known only now, and may be null.
    missing(&E::Model::block(), config).into_result()?;
    // As with a new object: what the user wrote, defaults, and unknown values for the resource to fill in.
    let start = merge_config(&attributes, &Value::Null, config);
    let mut open = Open {
        config: E::Model::decode(&with_defaults(&attributes, config), &Path::root())?,
        result: E::Model::decode(&start, &Path::root())?,
        private: Private::new(),
        renew_at: None,
        warnings: Diagnostics::new(),
        stop,
    };
    resource.open(&mut open)?;
    let Open { result, private, renew_at, warnings, .. } = open;
    Ok(Opened { result: merge_answer(&attributes, config, &start, &result.encode()), private, renew_at, warnings })
}
