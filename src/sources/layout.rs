//! The layouts of files, by name and by content.

use super::csv::Columns;
use super::terraform::Attributes;
use super::{Inventory, SourceFile, aws, azure, csv, gcp, infoblox, netbox, phpipam, terraform};

/// The layout of a file: the system that exported it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layout {
    /// A table with columns that the caller names.
    Csv,
    /// NetBox: CSV or JSON.
    Netbox,
    /// Infoblox NIOS: CSV.
    Infoblox,
    /// phpIPAM: a spreadsheet, CSV or JSON.
    Phpipam,
    /// The AWS command line: JSON.
    Aws,
    /// The Azure command line: JSON.
    Azure,
    /// The Google Cloud command line: JSON.
    Gcp,
    /// A state of Terraform, or what `terraform show -json` prints.
    Terraform,
}

/// What the reader of a layout has to know besides the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The columns of [`Layout::Csv`].
    pub columns: Columns,
    /// The attributes of [`Layout::Terraform`] that hold blocks.
    pub attributes: Attributes,
}

impl Layout {
    /// All layouts.
    pub const ALL: [Self; 8] =
        [Self::Csv, Self::Netbox, Self::Infoblox, Self::Phpipam, Self::Aws, Self::Azure, Self::Gcp, Self::Terraform];

    /// The name in arguments.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Netbox => "netbox",
            Self::Infoblox => "infoblox",
            Self::Phpipam => "phpipam",
            Self::Aws => "aws",
            Self::Azure => "azure",
            Self::Gcp => "gcp",
            Self::Terraform => "terraform",
        }
    }

    /// The layout with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|layout| layout.name() == name)
    }

    /// The layouts that a content may have. A table without known columns has none, so [`Layout::Csv`] is never among them.
    pub fn recognised(bytes: &[u8]) -> Vec<Self> {
        Self::ALL.into_iter().filter(|layout| layout.recognises(bytes)).collect()
    }

    /// Whether the content has this layout, and no other system writes such a file.
    pub fn recognises(self, bytes: &[u8]) -> bool {
        match self {
            Self::Csv => false,
            Self::Netbox => netbox::recognises(bytes),
            Self::Infoblox => infoblox::recognises(bytes),
            Self::Phpipam => phpipam::recognises(bytes),
            Self::Aws => aws::recognises(bytes),
            Self::Azure => azure::recognises(bytes),
            Self::Gcp => gcp::recognises(bytes),
            Self::Terraform => terraform::recognises(bytes),
        }
    }

    /// The networks in a file with this layout.
    pub fn read(self, file: &SourceFile<'_>, options: &Options) -> Inventory {
        match self {
            Self::Csv => csv::read(file, &options.columns),
            Self::Netbox => netbox::read(file),
            Self::Infoblox => infoblox::read(file),
            Self::Phpipam => phpipam::read(file),
            Self::Aws => aws::read(file),
            Self::Azure => azure::read(file),
            Self::Gcp => gcp::read(file),
            Self::Terraform => terraform::read(file, &options.attributes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layout_has_a_name_of_its_own() {
        for layout in Layout::ALL {
            assert_eq!(Layout::named(layout.name()), Some(layout));
        }
        assert_eq!(Layout::named("excel"), None);
    }
}
