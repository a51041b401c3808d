//! The treatment of an object that a state contains and the store does not.

use std::fmt;
use std::str::FromStr;

use crate::text_attr;

/// The provider argument `on_missing`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum OnMissing {
    /// The object counts as deleted: the plan creates a new one.
    #[default]
    Create,
    /// The object is restored with its ID and block, if possible.
    Restore,
}

impl FromStr for OnMissing {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "create" => Ok(Self::Create),
            "restore" => Ok(Self::Restore),
            _ => Err(format!("{text:?} is not one of \"create\", \"restore\".")),
        }
    }
}

impl fmt::Display for OnMissing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Create => "create",
            Self::Restore => "restore",
        })
    }
}

text_attr!(OnMissing);
