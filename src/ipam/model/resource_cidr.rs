//! The id of a block that was seen on a resource.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ipam::Cidr;

/// Identifies one block of one resource: `vpc-1_10.0.0.0/16_us-east-1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ResourceCidrId {
    /// Id of the resource, such as `vpc-...`.
    pub resource_id: String,
    /// Block of the resource.
    pub cidr: Cidr,
    /// Region of the resource.
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
        // Split from the right, because ids of resources outside of AWS may contain `_`.
        let parts: Vec<&str> = text.rsplitn(3, '_').collect();
        let [region, cidr, resource_id] = parts.as_slice() else {
            return Err(format!(
                "{text:?} is not a resource id, its CIDR and its Region, joined by _, such as \
                 \"vpc-0123456789abcdef0_10.0.0.0/16_us-east-1\"."
            ));
        };
        Ok(Self { resource_id: (*resource_id).to_owned(), cidr: cidr.parse()?, region: (*region).to_owned() })
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
        let id: ResourceCidrId = "my_net_10.0.0.0/16_none".parse().unwrap();
        assert_eq!((id.resource_id.as_str(), id.region.as_str()), ("my_net", "none"));
        for (wrong, says) in [
            ("vpc-1", "joined by _"),
            ("vpc-1_10.0.0.0/16", "joined by _"),
            ("vpc-1_10.0.0.1/16_us-east-1", "host bits"),
        ] {
            assert!(wrong.parse::<ResourceCidrId>().unwrap_err().contains(says), "{wrong}");
        }
    }
}
