//! The blocks that a text names: a CIDR, an address with a dotted netmask, or a range of addresses.

use std::net::{IpAddr, Ipv4Addr};

use crate::ipam::blocks::range_to_cidrs;
use crate::ipam::{Cidr, Family};

/// The blocks of a text: one block, except for a range that is not a block by itself.
///
/// # Errors
/// The mistake, without the text.
pub fn of(text: &str) -> Result<Vec<Cidr>, &'static str> {
    if let Some((first, last)) = text.split_once('-') {
        return range(first.trim(), last.trim());
    }
    let (address, length) = match text.split_once('/').or_else(|| text.split_once(char::is_whitespace)) {
        Some((address, length)) => (address.trim(), length.trim()),
        None => return block(text).map(|block| vec![block]),
    };
    let Ok(netmask) = length.parse::<Ipv4Addr>() else { return block(text).map(|block| vec![block]) };
    if address.parse::<Ipv4Addr>().is_err() {
        return Err("the cidr has a dotted netmask after an address that is not IPv4.");
    }
    let bits = u32::from(netmask);
    if bits.leading_ones() + bits.trailing_zeros() != 32 {
        return Err("the cidr has an invalid netmask. Write a netmask such as 255.255.255.0.");
    }
    block(&format!("{address}/{}", bits.leading_ones())).map(|block| vec![block])
}

fn range(first: &str, last: &str) -> Result<Vec<Cidr>, &'static str> {
    let number = |text: &str| match text.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => Ok((Family::Ipv4, u128::from(u32::from(address)))),
        Ok(IpAddr::V6(address)) => Ok((Family::Ipv6, u128::from(address))),
        Err(_) => Err("the cidr is not a range such as 10.0.0.10-10.0.0.20."),
    };
    let ((family, first), (other, last)) = (number(first)?, number(last)?);
    if family != other {
        return Err("the cidr is a range from one address family to the other.");
    }
    if last < first {
        return Err("the cidr is a range whose last address is before the first.");
    }
    Ok(range_to_cidrs(family, first, last))
}

fn block(text: &str) -> Result<Cidr, &'static str> {
    let is_address = |text: &str| text.parse::<IpAddr>().is_ok();
    text.parse().map_err(|_| match text.split_once('/') {
        None if is_address(text) => {
            "the cidr is an address without a netmask length. For a single address, add /32 or /128."
        }
        Some((address, length)) if is_address(address) && has_host_bits(address, length) => {
            "the cidr has host bits set. Write the first address of the block."
        }
        Some((address, _)) if is_address(address) => {
            "the cidr has no netmask length from 0 to 32 (IPv6: 128) after the slash."
        }
        _ => {
            "the cidr is not a CIDR such as 10.0.0.0/16 or 2001:db8::/32, an address with a netmask such as \
             10.0.0.0/255.255.0.0, or a range such as 10.0.0.10-10.0.0.20."
        }
    })
}

/// Whether the only mistake is in the host bits of the address.
fn has_host_bits(address: &str, length: &str) -> bool {
    let is_plain = length.bytes().all(|byte| byte.is_ascii_digit()) && !(length.len() > 1 && length.starts_with('0'));
    let is_whole = |family: Family| length.parse().is_ok_and(|length: u8| length <= family.bits());
    is_plain && is_whole(if address.contains(':') { Family::Ipv6 } else { Family::Ipv4 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, &'static str> {
        of(text).map(|blocks| blocks.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn blocks_are_read_in_all_their_forms() {
        for (text, says) in [
            ("10.0.0.0/16", "10.0.0.0/16"),
            ("10.0.0.0/255.255.0.0", "10.0.0.0/16"),
            ("10.0.0.0 255.255.255.252", "10.0.0.0/30"),
            ("10.0.0.7/255.255.255.255", "10.0.0.7/32"),
            ("0.0.0.0/0.0.0.0", "0.0.0.0/0"),
            ("10.0.0.10-10.0.0.20", "10.0.0.10/31 10.0.0.12/30 10.0.0.16/30 10.0.0.20/32"),
            ("10.0.0.0 - 10.0.0.255", "10.0.0.0/24"),
            ("10.0.0.7-10.0.0.7", "10.0.0.7/32"),
            ("2001:db8::1-2001:db8::3", "2001:db8::1/128 2001:db8::2/127"),
        ] {
            assert_eq!(read(text), Ok(says.to_owned()), "{text}");
        }
    }

    #[test]
    fn text_that_is_not_a_block_is_refused_with_the_reason() {
        for (text, says) in [
            ("10.0.0.1/255.255.0.0", "host bits"),
            ("10.0.0.0/255.0.255.0", "an invalid netmask"),
            ("10.0.0.0/0.0.255.255", "an invalid netmask"),
            ("2001:db8::/255.255.0.0", "that is not IPv4"),
            ("10.0.0.20-10.0.0.10", "before the first"),
            ("10.0.0.20-2001:db8::", "one address family"),
            ("10.0.0.10-20", "not a range"),
            ("010.0.0.0-10.0.0.1", "not a range"),
            ("10.0.0.0/8-10.1.0.0/16", "not a range"),
            ("10.0.0.0", "without a netmask length"),
            ("10.0.0.0/08", "no netmask length"),
            ("10.0.0.0 /8x", "not a CIDR such as"),
            ("ten", "not a CIDR such as"),
        ] {
            assert!(read(text).unwrap_err().contains(says), "{text}: {:?}", read(text));
        }
    }
}
