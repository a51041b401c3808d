//! The core's types as attributes.

use std::fmt;
use std::str::FromStr;

use crate::ipam::{Cidr, Family, ScopeType, Strategy};
use crate::text_attr;

text_attr!(Cidr);
text_attr!(Family);
text_attr!(ScopeType);
text_attr!(Strategy);

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

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BestFit => "best-fit",
            Self::FirstFit => "first-fit",
            Self::LastFit => "last-fit",
            Self::Sparse => "sparse",
            Self::Random => "random",
        })
    }
}

impl FromStr for Strategy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::BestFit, Self::FirstFit, Self::LastFit, Self::Sparse, Self::Random];
        all.into_iter().find(|strategy| strategy.to_string() == text).ok_or_else(|| {
            format!("{text:?} is not a strategy: use one of best-fit, first-fit, last-fit, sparse, random.")
        })
    }
}
