//! How a block that was seen on a resource is treated: whether it is watched, and in which scope it counts.

use std::fmt;
use std::str::FromStr;

use crate::ipam::Cidr;

use super::super::observation::{ManagementState, SeenType};
use super::Noun;

/// The treatment of a block on a resource.
#[derive(Debug)]
pub enum ResourceCidrNoun {}

impl Noun for ResourceCidrNoun {
    const WORD: &'static str = "resource CIDR";
    const RESOURCE: &'static str = "ipam_resource_cidr";
    const ELSEWHERE: &'static str =
        "An own store has seen no resources that it could ignore or move. Leave the resource out.";
    type Spec = ResourceCidrSpec;
    type Record = ResourceCidrRecord;
}

/// Which block of which resource: `vpc-1_10.0.0.0/16_us-east-1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceCidrId {
    /// Such as `vpc-...`.
    pub resource_id: String,
    /// Its block.
    pub cidr: Cidr,
    /// Its Region.
    pub region: String,
}

impl fmt::Display for ResourceCidrId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}_{}", self.resource_id, self.cidr, self.region)
    }
}

impl FromStr for ResourceCidrId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.split('_').collect();
        let [resource_id, cidr, region] = parts.as_slice() else {
            return Err(format!(
                "{text:?} is not a resource id, its CIDR and its Region, joined by _, such as \
                 \"vpc-0123456789abcdef0_10.0.0.0/16_us-east-1\"."
            ));
        };
        Ok(Self { resource_id: (*resource_id).to_owned(), cidr: cidr.parse()?, region: (*region).to_owned() })
    }
}

/// What a configuration says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceCidrSpec {
    /// Of what.
    pub of: ResourceCidrId,
    /// Whether it is watched; else it is ignored.
    pub monitored: bool,
    /// The scope that it is to be in; `None`: where it is.
    pub scope_id: Option<String>,
    /// The scope that it goes back to; `None`: the one it was found in.
    pub original_scope_id: Option<String>,
}

/// A block of a resource as AWS answers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceCidrRecord {
    /// Of what.
    pub of: ResourceCidrId,
    /// The scope that it is in.
    pub scope_id: String,
    /// The scope that it was in before this call moved it.
    pub found_in: String,
    /// `None`: AWS does not say.
    pub management: Option<ManagementState>,
    /// What it is on.
    pub resource_type: SeenType,
    /// Account of the resource.
    pub owner_id: Option<String>,
    /// The pool that it is allocated from.
    pub pool_id: Option<String>,
}

impl ResourceCidrRecord {
    /// Whether it is watched.
    pub fn is_monitored(&self) -> bool {
        self.management != Some(ManagementState::Ignored)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_names_resource_block_and_region() {
        let text = "vpc-1_10.0.0.0/16_us-east-1";
        let id: ResourceCidrId = text.parse().unwrap();
        assert_eq!(
            (id.resource_id.as_str(), id.region.as_str(), id.to_string().as_str()),
            ("vpc-1", "us-east-1", text)
        );
        for (wrong, says) in [
            ("vpc-1", "joined by _"),
            ("vpc-1_10.0.0.0/16", "joined by _"),
            ("vpc-1_10.0.0.1/16_us-east-1", "host bits"),
        ] {
            assert!(wrong.parse::<ResourceCidrId>().unwrap_err().contains(says), "{wrong}");
        }
    }
}
