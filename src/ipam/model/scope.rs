//! Scopes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ipam::{Meta, Tags};

/// Type of a scope: whether its space is meant for the internet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScopeType {
    /// Space that is not reachable from the internet.
    Private,
    /// Globally unique space.
    Public,
}

impl fmt::Display for ScopeType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Private => "private",
            Self::Public => "public",
        })
    }
}

impl FromStr for ScopeType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "private" => Ok(Self::Private),
            "public" => Ok(Self::Public),
            _ => Err(format!("{text:?} is not a scope type: use \"private\" or \"public\".")),
        }
    }
}

/// A scope. Inside a scope, top-level pools may not overlap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// Id, name, owner, state.
    #[serde(flatten)]
    pub meta: Meta,
    /// Private or public.
    pub scope_type: ScopeType,
    /// Whether this is one of the two scopes that every store has and that cannot be deleted.
    pub is_default: bool,
    /// Free text.
    pub description: Option<String>,
    /// Tags.
    pub tags: Tags,
    /// The IPAM of the scope; `None` in a self-managed store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipam_id: Option<String>,
}

/// The attributes of a scope that the caller chooses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeSpec {
    /// Unique in the store.
    pub name: String,
    /// Private or public; fixed at creation.
    pub scope_type: ScopeType,
    /// Free text.
    pub description: Option<String>,
    /// Tags.
    pub tags: Tags,
    /// In AWS, the IPAM to create the scope in; `None`: the only IPAM that exists.
    pub ipam_id: Option<String>,
}

/// Changeable attributes of a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeChange {
    pub name: String,
    pub description: Option<String>,
    pub tags: Tags,
}
