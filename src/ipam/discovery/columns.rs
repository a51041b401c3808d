//! Treatment of unknown columns in the files of a discovery.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The way in which a discovery treats unknown columns of its files, or unknown members of JSON objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UnknownColumns {
    /// The file is refused.
    #[default]
    Refuse,
    /// They become tags of the resource, with the name of the column as the key.
    Tags,
    /// They are left out with a warning.
    Ignore,
}

impl UnknownColumns {
    const ALL: [Self; 3] = [Self::Refuse, Self::Tags, Self::Ignore];

    /// Whether this is the default, which is to refuse the file.
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
