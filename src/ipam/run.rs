//! Which run of Terraform a hold is for, and whose holds make way for what a plan asks for.
//!
//! A hold makes way when it has expired. It also makes way for the owner who made it, when another run asks: nobody is
//! kept out by a plan of their own. What the present run was shown stays.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Allocation, Env, Meta, State};

/// One run of Terraform: the processes of this provider that one terraform keeps running at the same time. A configuration
/// with aliases has several of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The process of this provider, and which of its configurations; no two have the same.
    pub process: String,
    /// The process that started it, which is terraform or tofu; empty when it cannot be known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub parent: String,
    /// Where the plan was made.
    #[serde(flatten)]
    pub origin: Origin,
}

/// Where a plan is made, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// URL of the CI run, when the environment names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_url: Option<String>,
    /// Name of the machine, when it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The directory that terraform runs in, when it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
}

/// The run that asks now.
pub struct CurrentRun {
    /// Which it is.
    pub run: Run,
    /// Whether the process of another run still serves it. Asked only about runs with the same parent.
    pub is_alive: Box<dyn Fn(&Run) -> bool + Send + Sync>,
}

impl CurrentRun {
    /// Whether what was held for `run` is held for this one. `applying`: what one terraform has planned it applies with
    /// another process, so that all of its processes count.
    fn includes(&self, run: &Run, applying: bool) -> bool {
        let own = &self.run;
        let is_sibling = !own.parent.is_empty() && own.parent == run.parent;
        own.process == run.process || (is_sibling && (applying || (self.is_alive)(run)))
    }
}

impl Env<'_> {
    /// Whether what is held for `run` is held for the present one. Outside of Terraform there is no run, and every hold
    /// stays until it expires.
    pub(super) fn is_of_this_run(&self, run: Option<&Run>) -> bool {
        let Some(current) = self.run else { return true };
        run.is_some_and(|run| current.includes(run, self.applying))
    }

    fn makes_way(&self, owner: &str, expires_at: Option<Timestamp>, run: Option<&Run>) -> bool {
        // A part of something larger has no expiry of its own, and is not taken back alone.
        let Some(expiry) = expires_at else { return false };
        let is_released = self.released_owner.as_deref() == Some(owner);
        is_released || expiry <= self.now || (owner == self.actor.owner && !self.is_of_this_run(run))
    }

    /// Whether this is a hold that may be taken back for what is asked for now.
    pub(super) fn is_reclaimable(&self, meta: &Meta) -> bool {
        meta.state == State::Planned && self.makes_way(&meta.owner, meta.hold_expires_at, meta.run.as_deref())
    }

    /// Whether an allocation has a planned growth that may be taken back.
    pub(super) fn is_growth_reclaimable(&self, allocation: &Allocation) -> bool {
        allocation.growth.as_ref().is_some_and(|growth| {
            self.makes_way(&allocation.meta.owner, Some(growth.expires_at), growth.run.as_deref())
        })
    }

    /// The run to write into a hold that is asked for now.
    pub(super) fn asking(&self) -> Option<Box<Run>> {
        self.run.map(|current| Box::new(current.run.clone()))
    }
}
