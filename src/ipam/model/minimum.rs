//! Sizes in numbers: the smallest block with at least so many addresses, or with room for so many hosts.

use num_bigint::BigUint;

use crate::ipam::Family;

/// A size as people count it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Minimum {
    /// At least so many addresses.
    Addresses(BigUint),
    /// At least so many addresses that hosts can have.
    Hosts(BigUint),
}

impl Minimum {
    /// The longest netmask length of a block that is large enough; `None` if no block of the family is.
    pub fn netmask_length(&self, family: Family) -> Option<u8> {
        let is_enough = |length: &u8| match self {
            Self::Addresses(number) => *number <= BigUint::from(1u8) << (family.bits() - length),
            Self::Hosts(number) => *number <= host_count(family, *length),
        };
        (0..=family.bits()).rev().find(is_enough)
    }

    /// The most that a block of the family can have.
    pub fn most(&self, family: Family) -> BigUint {
        match self {
            Self::Addresses(_) => BigUint::from(1u8) << family.bits(),
            Self::Hosts(_) => host_count(family, 0),
        }
    }

    /// The number itself.
    pub const fn number(&self) -> &BigUint {
        match self {
            Self::Addresses(number) | Self::Hosts(number) => number,
        }
    }
}

/// The number of addresses that hosts in a block can have. These are all but the first and the last one in IPv4, and all
/// but the first one in IPv6. The two smallest sizes have no such addresses (RFC 3021, RFC 6164).
fn host_count(family: Family, netmask_length: u8) -> BigUint {
    let kept: u8 = match family {
        _ if family.bits() - netmask_length <= 1 => 0,
        Family::Ipv4 => 2,
        Family::Ipv6 => 1,
    };
    (BigUint::from(1u8) << (family.bits() - netmask_length)) - kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_asks_for_the_smallest_block_that_has_it() {
        let addresses = |family: Family, number: u64| Minimum::Addresses(number.into()).netmask_length(family);
        let hosts = |family: Family, number: u64| Minimum::Hosts(number.into()).netmask_length(family);
        for (number, of_addresses, four, six) in [
            (1, 0, 0, 0),
            (2, 1, 1, 1),
            (3, 2, 3, 2),
            (4, 2, 3, 3),
            (6, 3, 3, 3),
            (7, 3, 4, 3),
            (254, 8, 8, 8),
            (255, 8, 9, 8),
            (256, 8, 9, 9),
            (257, 9, 9, 9),
            (500, 9, 9, 9),
        ] {
            assert_eq!(addresses(Family::Ipv4, number), Some(32 - of_addresses), "{number} addresses");
            assert_eq!(addresses(Family::Ipv6, number), Some(128 - of_addresses), "{number} addresses");
            assert_eq!(hosts(Family::Ipv4, number), Some(32 - four), "{number} hosts");
            assert_eq!(hosts(Family::Ipv6, number), Some(128 - six), "{number} hosts");
        }
    }

    #[test]
    fn no_block_of_a_family_has_more_than_all_of_it() {
        for family in [Family::Ipv4, Family::Ipv6] {
            for of in [Minimum::Addresses, Minimum::Hosts] {
                let most = of(0u8.into()).most(family);
                assert_eq!(of(most.clone()).netmask_length(family), Some(0));
                assert_eq!(of(most + 1u8).netmask_length(family), None);
            }
        }
    }
}
