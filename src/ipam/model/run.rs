//! Runs of Terraform.

use serde::{Deserialize, Serialize};

/// One run of Terraform: the processes of this provider that one terraform process keeps running at the same time. A
/// configuration with aliases has several of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Identifies the provider process and one of its configurations; unique.
    pub process: String,
    /// Identifies the parent process, which is terraform or tofu; empty when it is not known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub parent: String,
    /// The place where the plan was made.
    #[serde(flatten)]
    pub origin: Origin,
}

/// The place where a plan was made, in terms that people recognize.
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

/// The present run.
pub struct CurrentRun {
    /// The run itself.
    pub run: Run,
    /// Whether the process of another run is still alive. Called only for runs with the same parent.
    pub is_alive: Box<dyn Fn(&Run) -> bool + Send + Sync>,
}

impl CurrentRun {
    /// Whether `run` was served by another process of the same terraform process, which has ended.
    pub(in crate::ipam) fn outlives(&self, run: &Run) -> bool {
        let own = &self.run;
        let is_sibling = !own.parent.is_empty() && own.parent == run.parent;
        is_sibling && own.process != run.process && !(self.is_alive)(run)
    }

    /// Whether a hold of `run` counts as a hold of this run. `applying`: one terraform applies its plan with another
    /// provider process, so that all of its processes count.
    pub(in crate::ipam) fn includes(&self, run: &Run, applying: bool) -> bool {
        let own = &self.run;
        let is_sibling = !own.parent.is_empty() && own.parent == run.parent;
        own.process == run.process || (is_sibling && (applying || (self.is_alive)(run)))
    }
}
