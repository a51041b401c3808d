//! Events: the entries of the history.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ipam::Kind;

/// The actor of an operation, for events and ownership.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// Provider argument `owner`.
    pub owner: String,
    /// Operating system user, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// URL of the CI run, when the environment names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_url: Option<String>,
}

/// One entry of the history. The hash covers everything else in it and the previous hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Number of the event; 1 for the first.
    pub sequence: u64,
    /// Time of the event.
    pub time: Timestamp,
    /// Actor of the event.
    pub actor: Actor,
    /// `hold`, `create`, `update`, `resize`, `delete`, `expire`, `release` (a hold, before it expired), `import`, `rest`, `prune`.
    pub action: String,
    /// Kind of the object.
    pub kind: Kind,
    /// Id of the object.
    pub id: String,
    /// The record before, `null` for a new one.
    pub before: serde_json::Value,
    /// The record after, `null` for a deleted one.
    pub after: serde_json::Value,
    /// `hash` of the previous event; empty for the first.
    pub previous_hash: String,
    /// SHA-256, hexadecimal.
    pub hash: String,
}

/// The kind of change that an event records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ipam) enum Action {
    Hold,
    Create,
    Update,
    Resize,
    Delete,
    Expire,
    /// A hold was released before it expired.
    Release,
    Import,
    /// The object was transferred to another owner.
    Transfer,
    /// The object was in a Terraform state but not in the store, and was created again.
    Restore,
    /// Released space began to rest.
    Rest,
    /// Old events were removed.
    Prune,
}

/// The words of all actions, as they are stored in events.
pub const ACTIONS: [&str; 12] = {
    use Action::{Create, Delete, Expire, Hold, Import, Prune, Release, Resize, Rest, Restore, Transfer, Update};
    [
        Hold.word(),
        Create.word(),
        Update.word(),
        Resize.word(),
        Delete.word(),
        Expire.word(),
        Release.word(),
        Import.word(),
        Transfer.word(),
        Restore.word(),
        Rest.word(),
        Prune.word(),
    ]
};

impl Action {
    pub(in crate::ipam) const fn word(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Create => "create",
            Self::Update => "update",
            Self::Resize => "resize",
            Self::Delete => "delete",
            Self::Expire => "expire",
            Self::Release => "release",
            Self::Import => "import",
            Self::Transfer => "transfer",
            Self::Restore => "restore",
            Self::Rest => "rest",
            Self::Prune => "prune",
        }
    }
}
