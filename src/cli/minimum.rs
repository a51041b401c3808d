//! Sizes in numbers, for the commands that ask for a block by size.

use clap::Args;
use num_bigint::BigUint;

use super::arguments;
use super::failure::CommandFailure;
use crate::ipam::{Family, Minimum};

#[derive(Debug, Args)]
pub(super) struct Minimums {
    /// The smallest block with at least so many addresses.
    #[arg(long, value_name = "COUNT", value_parser = arguments::count,
        conflicts_with_all = ["netmask_length", "minimum_hosts"])]
    minimum_addresses: Option<BigUint>,
    /// The smallest block with room for so many hosts, which cannot have the first and the last address of an IPv4 block
    /// and the first one of an IPv6 block.
    #[arg(long, value_name = "COUNT", value_parser = arguments::count, conflicts_with = "netmask_length")]
    minimum_hosts: Option<BigUint>,
}

impl Minimums {
    /// Whether one of them is given.
    pub(super) const fn is_given(&self) -> bool {
        self.minimum_addresses.is_some() || self.minimum_hosts.is_some()
    }

    /// The netmask length that they ask for in a pool of this family.
    ///
    /// # Errors
    /// If no block of the family is large enough.
    pub(super) fn netmask_length(&self, family: Family) -> Result<Option<u8>, CommandFailure> {
        let addresses = self.minimum_addresses.clone().map(Minimum::Addresses);
        let Some(minimum) = addresses.or_else(|| self.minimum_hosts.clone().map(Minimum::Hosts)) else {
            return Ok(None);
        };
        minimum.netmask_length(family).map(Some).ok_or_else(|| {
            let (option, what) = match minimum {
                Minimum::Addresses(_) => ("--minimum-addresses", "addresses"),
                Minimum::Hosts(_) => ("--minimum-hosts", "hosts"),
            };
            let most = minimum.most(family);
            CommandFailure::Usage(format!(
                "{option} is wrong. The pool is {family}, and no block has more than {most} {what}."
            ))
        })
    }
}
