//! Resource discoveries, and their associations with IPAMs.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use crate::backend::Noun;
use crate::ipam::Tags;
use crate::ipam::discovery::types::Survey;

use super::AccountId;

/// A resource discovery.
#[derive(Debug)]
pub enum DiscoveryNoun {}

impl Noun for DiscoveryNoun {
    const WORD: &'static str = "resource discovery";
    const RESOURCE: &'static str = "ipam_resource_discovery";
    type Spec = DiscoverySpec;
    type Record = DiscoveryRecord;
}

/// A part of an organization: `o-.../r-.../ou-.../` for one organizational unit, `*` at the end to include all units
/// below it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntityPath(String);

impl EntityPath {
    /// Whether this path covers everything that `other` covers.
    pub fn covers(&self, other: &Self) -> bool {
        match self.0.strip_suffix('*') {
            Some(root) => other.0.starts_with(root),
            None => self == other,
        }
    }
}

impl fmt::Display for EntityPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for EntityPath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts: Vec<&str> = text.split('/').collect();
        let end = parts.pop();
        let is_id = |id: &str, prefix: &str| {
            let rest = id.strip_prefix(prefix).unwrap_or_default();
            !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        let is_path = match parts.as_slice() {
            [organization, root, units @ ..] => {
                is_id(organization, "o-")
                    && is_id(root, "r-")
                    && !units.is_empty()
                    && units.iter().all(|unit| is_id(unit, "ou-"))
            }
            _ => false,
        };
        if is_path && matches!(end, Some("" | "*")) {
            return Ok(Self(text.to_owned()));
        }
        Err(format!(
            "{text:?} is not the path of an organizational unit. Write the ids of the organization, its root and the \
             units down to the unit that you mean: \"o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/\". Add \"/*\" at the end to \
             include all units below it."
        ))
    }
}

/// A role in an account: `arn:aws:iam::<account>:role/<name>`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RoleArn(String);

impl RoleArn {
    /// The account that the role is in.
    pub fn account_id(&self) -> &str {
        self.0.split(':').nth(4).unwrap_or_default()
    }
}

impl fmt::Display for RoleArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for RoleArn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let is_role = match parts.as_slice() {
            ["arn", partition, "iam", "", account, resource] => {
                let name = resource.strip_prefix("role/").unwrap_or_default();
                (*partition == "aws" || partition.starts_with("aws-"))
                    && account.parse::<AccountId>().is_ok()
                    && !name.is_empty()
                    && !name.ends_with('/')
                    && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"/+=,.@_-".contains(&b))
            }
            _ => false,
        };
        if is_role {
            return Ok(Self(text.to_owned()));
        }
        Err(format!(
            "{text:?} is not the ARN of a role. Write it as in IAM: \"arn:aws:iam::111122223333:role/discovery\"."
        ))
    }
}

/// The configuration of a discovery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscoverySpec {
    /// The name; several discoveries may have the same name.
    pub name: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// The survey: the accounts, Regions, files and kinds of resources. A service uses only the Regions of it.
    pub survey: Survey,
    /// Parts of the organization that are excluded. None of them covers another. Only a service has exclusions.
    pub exclusions: BTreeSet<EntityPath>,
    /// Tags, without the name.
    pub tags: Tags,
}

/// A discovery as the backend keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscoveryRecord {
    /// `ipam-res-disco-...`.
    pub id: String,
    /// ARN, when the discovery is in AWS.
    pub arn: Option<String>,
    /// Account, when the discovery is in AWS.
    pub owner_id: Option<String>,
    /// Home Region, when the discovery is in AWS.
    pub region: Option<String>,
    /// Whether AWS created it together with an IPAM.
    pub is_default: bool,
    /// See [`DiscoverySpec`].
    pub name: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// See [`DiscoverySpec`].
    pub survey: Survey,
    /// See [`DiscoverySpec`].
    pub exclusions: BTreeSet<EntityPath>,
    /// Tags, without the name.
    pub tags: Tags,
}

/// An association, which makes an IPAM use the results of a discovery.
#[derive(Debug)]
pub enum AssociationNoun {}

impl Noun for AssociationNoun {
    const WORD: &'static str = "resource discovery association";
    const RESOURCE: &'static str = "ipam_resource_discovery_association";
    type Spec = AssociationSpec;
    type Record = AssociationRecord;
}

/// The configuration of an association.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssociationSpec {
    /// The IPAM.
    pub ipam_id: String,
    /// The discovery, which may be in another account.
    pub discovery_id: String,
    /// Tags.
    pub tags: Tags,
}

/// An association as AWS reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssociationRecord {
    /// `ipam-res-disco-assoc-...`.
    pub id: String,
    /// ARN.
    pub arn: String,
    /// Account.
    pub owner_id: String,
    /// The IPAM.
    pub ipam_id: String,
    /// ARN of the IPAM.
    pub ipam_arn: String,
    /// Home Region of the IPAM.
    pub ipam_region: String,
    /// The discovery.
    pub discovery_id: String,
    /// Whether AWS created it together with the IPAM.
    pub is_default: bool,
    /// The state that AWS reports, such as `associate-complete`.
    pub state: String,
    /// `active`; `not-found` when the discovery is gone or not shared any more.
    pub discovery_status: Option<String>,
    /// Tags.
    pub tags: Tags,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_organizational_units_are_read() {
        for (text, is_right) in [
            ("o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/", true),
            ("o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/ou-ab12-22222222/", true),
            ("o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*", true),
            ("o-a1b2c3d4e5/r-ab12/ou-ab12-11111111", false),
            ("o-a1b2c3d4e5/r-ab12/", false),
            ("o-a1b2c3d4e5/ou-ab12-11111111/", false),
            ("r-ab12/ou-ab12-11111111/", false),
            ("o-/r-ab12/ou-ab12-11111111/", false),
            ("o-A/r-ab12/ou-ab12-11111111/", false),
            ("ou-ab12-11111111", false),
            ("", false),
        ] {
            assert_eq!(text.parse::<EntityPath>().is_ok(), is_right, "{text:?}");
        }
    }

    #[test]
    fn arns_of_roles_are_read() {
        for (text, is_right) in [
            ("arn:aws:iam::111122223333:role/discovery", true),
            ("arn:aws:iam::111122223333:role/network/ipam_discovery+1@x", true),
            ("arn:aws-cn:iam::111122223333:role/discovery", true),
            ("arn:aws-us-gov:iam::111122223333:role/discovery", true),
            ("arn:aws:iam::111122223333:role/", false),
            ("arn:aws:iam::111122223333:user/ann", false),
            ("arn:aws:iam::11112222333:role/discovery", false),
            ("arn:aws:iam::11112222333x:role/discovery", false),
            ("arn:aws:iam:eu-west-1:111122223333:role/discovery", false),
            ("arn:aws:sts::111122223333:role/discovery", false),
            ("arn:aws:iam::111122223333:role/a b", false),
            ("arn:gcp:iam::111122223333:role/discovery", false),
            ("discovery", false),
            ("", false),
        ] {
            let account = text.parse::<RoleArn>().ok().map(|arn| arn.account_id().to_owned());
            assert_eq!(account.as_deref(), is_right.then_some("111122223333"), "{text:?}");
        }
    }

    #[test]
    fn a_path_with_a_star_covers_all_below_it() {
        let path = |text: &str| text.parse::<EntityPath>().unwrap();
        let (all, one, below) = (path("o-1/r-1/ou-1/*"), path("o-1/r-1/ou-1/"), path("o-1/r-1/ou-1/ou-2/"));
        assert!(all.covers(&one) && all.covers(&below) && all.covers(&all));
        assert!(!one.covers(&below) && !one.covers(&all) && !below.covers(&one));
        assert!(!all.covers(&path("o-1/r-1/ou-11/")));
    }
}
