//! Formats of the files of a discovery.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The format of a file of a discovery, if its content alone does not tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileFormat {
    /// The columns of this program, as CSV or JSON.
    Ipam,
    /// Exports of NetBox.
    Netbox,
    /// Exports of Infoblox NIOS.
    Infoblox,
    /// Exports of phpIPAM.
    Phpipam,
    /// JSON of the AWS command line.
    Aws,
    /// JSON of the Azure command line.
    Azure,
    /// JSON of the Google Cloud command line.
    Gcp,
    /// States of Terraform.
    Terraform,
}

impl FileFormat {
    /// All formats.
    pub const ALL: [Self; 8] =
        [Self::Ipam, Self::Netbox, Self::Infoblox, Self::Phpipam, Self::Aws, Self::Azure, Self::Gcp, Self::Terraform];
}

impl fmt::Display for FileFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ipam => "ipam",
            Self::Netbox => "netbox",
            Self::Infoblox => "infoblox",
            Self::Phpipam => "phpipam",
            Self::Aws => "aws",
            Self::Azure => "azure",
            Self::Gcp => "gcp",
            Self::Terraform => "terraform",
        })
    }
}

impl FromStr for FileFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|one| one.to_string() == text);
        let words = || Self::ALL.map(|one| format!("\"{one}\"")).join(", ");
        found.ok_or_else(|| format!("{text:?} is not one of {}.", words()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_has_one_word() {
        for format in FileFormat::ALL {
            assert_eq!(format.to_string().parse(), Ok(format));
            assert_eq!(serde_json::to_value(format).unwrap(), format.to_string());
        }
        assert!("excel".parse::<FileFormat>().unwrap_err().contains("\"ipam\", \"netbox\""));
    }
}
