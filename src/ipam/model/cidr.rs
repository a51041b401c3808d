//! Address blocks: a network in canonical form, and the arithmetic of buddies.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::IpNet;
use num_bigint::BigUint;
use serde::{Deserialize, Serialize};

/// Address family of a pool or block; a pool holds one family only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// IPv4, 32 address bits.
    Ipv4,
    /// IPv6, 128 address bits.
    Ipv6,
}

impl Family {
    /// Address bits: 32 or 128.
    pub const fn bits(self) -> u8 {
        match self {
            Self::Ipv4 => 32,
            Self::Ipv6 => 128,
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
        })
    }
}

impl FromStr for Family {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "ipv4" => Ok(Self::Ipv4),
            "ipv6" => Ok(Self::Ipv6),
            _ => Err(format!("{text:?} is not an address family: use \"ipv4\" or \"ipv6\".")),
        }
    }
}

/// A block of addresses in CIDR form, without host bits. Blocks are ordered by family, then by first address, and
/// larger blocks come first.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cidr {
    family: Family,
    first: u128,
    netmask_length: u8,
}

impl Cidr {
    /// The block of `netmask_length` that contains `address` (a number: 10.0.0.1 = 0x0a000001).
    ///
    /// # Panics
    /// Panics when `netmask_length` exceeds the bits of the family. That is a programming error: callers check lengths
    /// before.
    pub const fn around(family: Family, address: u128, netmask_length: u8) -> Self {
        assert!(netmask_length <= family.bits());
        let host_bits = family.bits() - netmask_length;
        Self { family, first: address & !host_mask(host_bits), netmask_length }
    }

    /// Address family.
    pub const fn family(&self) -> Family {
        self.family
    }

    /// Netmask length, 0 to 32 or 128.
    pub const fn netmask_length(&self) -> u8 {
        self.netmask_length
    }

    /// Address bits left to the hosts: 32 or 128 less the netmask length.
    pub const fn host_bits(&self) -> u8 {
        self.family.bits() - self.netmask_length
    }

    /// First address, as a number.
    pub const fn first(&self) -> u128 {
        self.first
    }

    /// Last address, as a number.
    pub const fn last(&self) -> u128 {
        self.first | host_mask(self.host_bits())
    }

    /// First address.
    pub fn first_address(&self) -> IpAddr {
        address(self.family, self.first)
    }

    /// Last address.
    pub fn last_address(&self) -> IpAddr {
        address(self.family, self.last())
    }

    /// Number of addresses, exact also for `::/0`.
    pub fn address_count(&self) -> BigUint {
        BigUint::from(1u8) << self.host_bits()
    }

    /// Whether every address of `other` is in this block.
    pub const fn contains(&self, other: &Self) -> bool {
        self.family as u8 == other.family as u8 && self.first <= other.first && other.last() <= self.last()
    }

    /// Whether the two blocks share an address. If they do, one contains the other.
    pub const fn overlaps(&self, other: &Self) -> bool {
        self.contains(other) || other.contains(self)
    }

    /// The block of `netmask_length` that contains this block. With a longer netmask length, it is the first such block
    /// inside this block, at most a single address.
    pub const fn resized(&self, netmask_length: u8) -> Self {
        let bits = self.family.bits();
        Self::around(self.family, self.first, if netmask_length > bits { bits } else { netmask_length })
    }

    /// The two halves, lower first; none for a single address.
    pub const fn halves(&self) -> Option<(Self, Self)> {
        if self.host_bits() == 0 {
            return None;
        }
        let lower = self.resized(self.netmask_length + 1);
        Some((lower, lower.buddy()))
    }

    /// The other half of the block that is one bit shorter.
    ///
    /// # Panics
    /// Panics for a netmask length of 0, which has no buddy.
    pub const fn buddy(&self) -> Self {
        assert!(self.netmask_length > 0);
        Self { first: self.first ^ (1 << self.host_bits()), ..*self }
    }

    /// The first block of this netmask length in this block that shares no address with a block in `avoid`.
    pub fn first_apart(&self, netmask_length: u8, avoid: &BTreeSet<Self>) -> Option<Self> {
        let mut block = Self::around(self.family(), self.first(), netmask_length);
        loop {
            let Some(obstacle) = avoid.iter().find(|obstacle| obstacle.overlaps(&block)) else { return Some(block) };
            let next = obstacle.last().max(block.last());
            if next >= self.last() {
                return None;
            }
            block = Self::around(self.family(), next + 1, netmask_length);
        }
    }
}

const fn host_mask(host_bits: u8) -> u128 {
    if host_bits >= 128 { u128::MAX } else { (1 << host_bits) - 1 }
}

/// The address with this number.
pub fn address(family: Family, number: u128) -> IpAddr {
    match family {
        #[expect(clippy::cast_possible_truncation, reason = "IPv4 numbers have 32 bits")]
        Family::Ipv4 => IpAddr::V4(Ipv4Addr::from(number as u32)),
        Family::Ipv6 => IpAddr::V6(Ipv6Addr::from(number)),
    }
}

impl From<IpNet> for Cidr {
    fn from(net: IpNet) -> Self {
        let (family, number) = match net.network() {
            IpAddr::V4(v4) => (Family::Ipv4, u128::from(u32::from(v4))),
            IpAddr::V6(v6) => (Family::Ipv6, u128::from(v6)),
        };
        Self { family, first: number, netmask_length: net.prefix_len() }
    }
}

impl FromStr for Cidr {
    type Err = String;

    /// Reads `10.0.0.0/8` or `2001:db8::/32`. The error is a sentence for the user.
    fn from_str(text: &str) -> Result<Self, String> {
        let Some((address, _)) = text.split_once('/') else {
            return Err(match text.parse::<IpAddr>() {
                Ok(IpAddr::V4(_)) => {
                    format!(
                        "{text:?} is an address without a netmask length. For this one address write \"{text}/32\"."
                    )
                }
                Ok(IpAddr::V6(_)) => {
                    format!(
                        "{text:?} is an address without a netmask length. For this one address write \"{text}/128\"."
                    )
                }
                Err(_) => format!("{text:?} is not a CIDR such as 10.0.0.0/16 or 2001:db8::/32."),
            });
        };
        // The parser of networks is more lenient than the parser of addresses. Some programs read an octet with a
        // leading zero as octal.
        let length = &text[address.len() + 1..];
        let is_plain =
            length.bytes().all(|byte| byte.is_ascii_digit()) && (length.len() == 1 || !length.starts_with('0'));
        let net = text.parse::<IpNet>().ok().filter(|_| is_plain && address.parse::<IpAddr>().is_ok());
        let net = net.ok_or_else(|| match address.parse::<IpAddr>() {
            Ok(IpAddr::V4(_)) => format!("{text:?} has no netmask length from 0 to 32 after the slash."),
            Ok(IpAddr::V6(_)) => format!("{text:?} has no netmask length from 0 to 128 after the slash."),
            Err(_) => format!("{text:?} is not a CIDR such as 10.0.0.0/16 or 2001:db8::/32."),
        })?;
        let cidr = Self::from(net.trunc());
        if net.addr() != net.network() {
            return Err(format!("{text:?} has host bits set: the /{} block it lies in is {cidr}.", net.prefix_len()));
        }
        Ok(cidr)
    }
}

impl TryFrom<String> for Cidr {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Cidr> for String {
    fn from(cidr: Cidr) -> Self {
        cidr.to_string()
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first_address(), self.netmask_length)
    }
}

impl fmt::Debug for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Ord for Cidr {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.family, self.first, self.netmask_length).cmp(&(other.family, other.first, other.netmask_length))
    }
}

impl PartialOrd for Cidr {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cidr(text: &str) -> Cidr {
        text.parse().unwrap()
    }

    #[test]
    fn text_reads_back_as_itself() {
        for text in ["0.0.0.0/0", "10.0.0.0/8", "255.255.255.255/32", "::/0", "2001:db8::/32", "::1/128"] {
            assert_eq!(cidr(text).to_string(), text);
            let json = serde_json::to_string(&cidr(text)).unwrap();
            assert_eq!(serde_json::from_str::<Cidr>(&json).unwrap(), cidr(text));
        }
    }

    #[test]
    fn invalid_blocks_are_refused_in_words() {
        let table = [
            ("10.0.0.1/24", "host bits set: the /24 block it lies in is 10.0.0.0/24"),
            ("10.0.0.1", "For this one address write \"10.0.0.1/32\""),
            ("::1", "For this one address write \"::1/128\""),
            ("10.0.0.0/33", "no netmask length from 0 to 32"),
            ("::/129", "no netmask length from 0 to 128"),
            ("10.0.0.0/", "no netmask length"),
            ("10.0.0.0/08", "no netmask length"),
            ("10.0.0.0/+8", "no netmask length"),
            ("2001:db8::/032", "no netmask length"),
            ("010.0.0.0/8", "is not a CIDR"),
            ("10.0.0.00/8", "is not a CIDR"),
            ("ten", "is not a CIDR"),
            ("ten/8", "is not a CIDR"),
            ("", "is not a CIDR"),
        ];
        for (text, part) in table {
            let error = text.parse::<Cidr>().unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn first_and_last_hold_at_the_edges() {
        assert_eq!(cidr("::/0").last(), u128::MAX);
        assert_eq!(cidr("0.0.0.0/0").last(), u128::from(u32::MAX));
        assert_eq!(cidr("255.255.255.255/32").first(), cidr("255.255.255.255/32").last());
        assert_eq!(cidr("::/0").address_count(), BigUint::from(1u8) << 128u8);
        assert_eq!(cidr("10.0.0.0/31").address_count(), BigUint::from(2u8));
    }

    #[test]
    fn buddies_are_the_two_halves() {
        for text in ["0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/31", "::/0", "2001:db8::/127"] {
            let (lower, upper) = cidr(text).halves().unwrap();
            assert_eq!((lower.buddy(), upper.buddy()), (upper, lower));
            assert!(cidr(text).contains(&lower) && cidr(text).contains(&upper) && !lower.overlaps(&upper));
            assert_eq!(upper.resized(cidr(text).netmask_length()), cidr(text));
        }
        assert_eq!(cidr("10.0.0.0/32").halves(), None);
    }

    #[test]
    fn order_is_by_address_then_larger_first_and_families_stay_apart() {
        let mut blocks = ["::/0", "10.0.0.0/9", "10.0.0.0/8", "9.0.0.0/8"].map(cidr);
        blocks.sort_unstable();
        assert_eq!(blocks, ["9.0.0.0/8", "10.0.0.0/8", "10.0.0.0/9", "::/0"].map(cidr));
        assert!(!cidr("0.0.0.0/0").overlaps(&cidr("::/0")));
    }

    #[test]
    fn a_block_apart_from_others_is_the_first_one_that_fits() {
        let cidr = |text: &str| text.parse::<Cidr>().unwrap();
        for (within, length, avoid, expected) in [
            ("10.0.0.0/24", 24, &[][..], Some("10.0.0.0/24")),
            ("10.0.0.0/24", 26, &["10.0.0.0/28"], Some("10.0.0.64/26")),
            ("10.0.0.0/24", 25, &["10.0.0.0/28", "10.0.0.255/32"], None),
            ("10.0.0.0/24", 26, &["10.0.0.0/25"], Some("10.0.0.128/26")),
            ("10.0.0.0/24", 26, &["10.0.0.0/8"], None),
            ("255.255.255.0/24", 25, &["255.255.255.0/25"], Some("255.255.255.128/25")),
        ] {
            let found = cidr(within).first_apart(length, &avoid.iter().map(|text| cidr(text)).collect());
            assert_eq!(found, expected.map(cidr), "/{length} in {within} without {avoid:?}");
        }
    }
}
