//! What becomes of the columns of a file that are not known.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a discovery does with the columns of its files, or the members of JSON objects, that are not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UnknownColumns {
    /// Nothing of a file with one is taken.
    #[default]
    Refuse,
    /// They are tags of the resource, with the name of the column for a key.
    Tags,
    /// They are left out, and a warning says so.
    Ignore,
}

impl UnknownColumns {
    const ALL: [Self; 3] = [Self::Refuse, Self::Tags, Self::Ignore];

    /// Whether it is so as when nothing is said.
    pub(super) fn are_refused(&self) -> bool {
        *self == Self::Refuse
    }
}

impl fmt::Display for UnknownColumns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refuse => "refuse",
            Self::Tags => "tags",
            Self::Ignore => "ignore",
        })
    }
}

impl FromStr for UnknownColumns {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|one| one.to_string() == text);
        found.ok_or_else(|| format!("{text:?} is not one of \"refuse\", \"tags\" and \"ignore\"."))
    }
}
