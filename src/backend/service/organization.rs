//! The account that administers IPAM for an organization.

use std::fmt;
use std::str::FromStr;

use crate::backend::Noun;

/// The account that administers IPAM for an organization.
#[derive(Debug)]
pub enum AdminNoun {}

impl Noun for AdminNoun {
    const WORD: &'static str = "organization admin account";
    const RESOURCE: &'static str = "ipam_organization_admin_account";
    type Spec = AdminSpec;
    type Record = AdminRecord;
}

/// Id of an AWS account: twelve digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AccountId(String);

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for AccountId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()) {
            return Ok(Self(text.to_owned()));
        }
        let hint = match text.bytes().all(|b| b.is_ascii_digit()) && (1..12).contains(&text.len()) {
            true => " Write it in quotes: a number loses its leading zeros.",
            false => "",
        };
        Err(format!("{text:?} is not the id of an AWS account, which has twelve digits.{hint}"))
    }
}

/// The configuration of the administrator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminSpec {
    /// A member account of the organization.
    pub account_id: AccountId,
}

/// The known data about the administrator. AWS does not report the account, so this is the requested one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminRecord {
    /// The account.
    pub account_id: AccountId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_accounts_have_twelve_digits() {
        for (text, says) in [
            ("11112222333", "leading zeros"),
            ("1111222233334", "twelve digits."),
            ("1111-2222-33", "twelve digits."),
            ("", "twelve digits."),
        ] {
            let error = text.parse::<AccountId>().unwrap_err();
            assert!(error.contains(says), "{error}");
        }
        assert_eq!("012345678901".parse::<AccountId>().map(|id| id.to_string()), Ok("012345678901".to_owned()));
    }
}
