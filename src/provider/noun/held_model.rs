//! The attributes of an object that a plan can hold, and its plans.

use std::time::Duration;

use crate::backend::{Holdable, Ipam, Noun, Planned};
use crate::ipam::{Error, GivenUp, Missing};
use crate::tf::{Diagnostics, Plan, Private, Tf, Value};

use super::import::check_import;
use super::{DEFAULT_TIMEOUT, NounModel};
use crate::provider::shared::{Configured, Shared};
use crate::provider::shown::{Carried, plan_again};
use crate::provider::{create, kept_arguments};

/// The attributes of an object that a plan can hold.
pub(in crate::provider) trait HeldModel: NounModel<Noun: Holdable> {
    /// What an import may name, in words.
    const IMPORTED_BY: &'static str;

    /// `owner`.
    fn owner(&self) -> &Tf<String>;

    /// `name`.
    fn name(&self) -> &Tf<String>;

    /// The name of the object in the store; empty while it is unknown.
    fn called(&self) -> String {
        self.name().cloned().unwrap_or_default()
    }

    /// Whether the state has nothing of the object but its id, after a `moved` block.
    fn is_bare(&self) -> bool {
        self.name().is_null()
    }

    /// Whether a plan keeps this argument while it is unknown.
    fn may_keep(shared: &Shared, _argument: &str) -> bool {
        kept_arguments::may_keep(shared)
    }

    /// The default time limit of the creation.
    fn creation_timeout(&self) -> Duration {
        DEFAULT_TIMEOUT
    }

    /// The request for a new object; `None` while a part of it is unknown. In an apply, `config` tells what the user
    /// wrote.
    fn spec(&self, config: &Self) -> Option<<Self::Noun as Noun>::Spec>;

    /// The request for a change to what `self` says; `None` while a part of it is unknown.
    fn change(&self, config: &Self) -> Option<<Self::Noun as Holdable>::Change>;

    /// Whether an update changes anything in the store.
    fn differs(&self, prior: &Self, config: &Self) -> bool {
        prior.change(config) != self.change(config)
    }

    /// Puts the netmask length into a configuration that asks for a size in other words.
    ///
    /// # Errors
    /// At the argument, and those of reading the pool.
    fn settle_size(&mut self, _configured: &Configured) -> Result<(), Diagnostics> {
        Ok(())
    }

    /// Adds to errors about the size how the configuration led to it.
    fn explain_size(&self, errors: Diagnostics) -> Diagnostics {
        errors
    }

    /// Refuses arguments that the store does not have, when an apply learns them.
    ///
    /// # Errors
    /// At the argument.
    fn check_limits(_configured: &Configured, _config: &Self) -> Result<(), Diagnostics> {
        Ok(())
    }

    /// What the plan showed of a new object.
    fn planned(&self, shared: &Shared, private: &Private) -> Planned {
        // The second plan has refused data that cannot be read.
        match Carried::of(private).ok().flatten() {
            Some(Carried { id, cidr: Some(cidr), .. }) => Planned::Previewed { id, cidr },
            _ => create::planned(shared, self.id().get()),
        }
    }

    /// Adds to an error of the creation what the plan showed.
    fn explain_creation(diagnostics: Diagnostics, planned: &Planned, error: &Error) -> Diagnostics {
        let is_about_space = match error {
            Error::Overlap { .. } | Error::Reserved { .. } => true,
            Error::Service(fault) => fault.space.is_some(),
            _ => false,
        };
        match planned {
            Planned::Previewed { cidr, .. } if is_about_space => plan_again(diagnostics, Some(*cidr)),
            _ => diagnostics,
        }
    }

    /// The space that a change waits for, which the same apply releases.
    ///
    /// # Errors
    /// The errors of the backend.
    fn waits_to_change(_ipam: &dyn Ipam, _id: &str) -> Result<Vec<GivenUp>, Error> {
        Ok(Vec::new())
    }

    /// Deletes the object.
    ///
    /// # Errors
    /// The errors of the backend.
    fn delete(&self, ipam: &dyn Ipam, id: &str) -> Result<(), Error>;

    /// Refuses the plan of a deletion, by the state of the object.
    ///
    /// # Errors
    /// At the attribute that prevents it.
    fn check_delete(_prior: &Value) -> Result<(), Diagnostics> {
        Ok(())
    }

    /// Refuses the plan of a deletion while other objects are in this one and stay.
    ///
    /// # Errors
    /// What is in the object and stays.
    fn check_contents(_shared: &Shared, _id: &str) -> Result<(), Diagnostics> {
        Ok(())
    }

    /// Fills in what the record of the object does not contain.
    ///
    /// # Errors
    /// The errors of the backend.
    fn complete(&mut self, _ipam: &dyn Ipam, _record: &Self::Noun) -> Result<(), Diagnostics> {
        Ok(())
    }

    /// Puts back what the user wrote and a record cannot tell.
    fn keep_written(&mut self, _config: &Self) {}

    /// What restores an object that the store does not have; `None` while the state does not contain enough, and for an
    /// object that is not created on its own.
    fn missing(&self) -> Option<Missing>;

    /// Remembers what a refresh read, for later plans of this walk.
    fn note_read(_shared: &Shared, _record: &Self::Noun) {}

    /// Whether the object can be imported as this resource.
    ///
    /// # Errors
    /// The reason why not.
    fn check_import(_ipam: &dyn Ipam, record: &Self::Noun) -> Result<(), Diagnostics> {
        check_import(Self::Noun::WORD, record.meta())
    }

    /// The object that an import with this text makes, if it does not exist yet.
    ///
    /// # Errors
    /// The errors of the backend.
    fn candidate(_configured: &Configured, _id: &str) -> Result<Option<Self>, Diagnostics> {
        Ok(None)
    }

    /// What an import named the object by, if it does not exist yet.
    fn candidate_id(&self) -> Option<String> {
        None
    }

    /// Whether an identity may name an object that does not exist yet by this text.
    fn is_candidate_id(_id: &str) -> bool {
        false
    }

    /// Takes over arguments that only an import reads.
    fn fill_imported(&mut self, _record: &Self::Noun) {}
}

/// The plans of an object that a plan can hold. They are not in [`HeldModel`], so that the attributes do not depend on
/// their plans.
pub(in crate::provider) trait HeldPlan: HeldModel {
    /// Plans a new object, by a hold where the store has holds.
    ///
    /// # Errors
    /// The errors that the user has to correct.
    fn plan_new(shared: &Shared, plan: &mut Plan<Self>) -> Result<(), Diagnostics>;

    /// Plans a change to an object.
    ///
    /// # Errors
    /// The errors that the user has to correct.
    fn plan_change(shared: &Shared, prior: &Self, plan: &mut Plan<Self>) -> Result<(), Diagnostics>;
}
