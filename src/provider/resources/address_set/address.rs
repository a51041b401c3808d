//! A single IP address as an attribute type.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::text_attr;

/// An IP address, without a netmask length. Two spellings of one address mean the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Address(pub(super) IpAddr);

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| match text.split_once('/') {
            Some((address, _)) if address.parse::<IpAddr>().is_ok() => {
                format!("{text:?} has a netmask length. A member has a single address: write {address:?}.")
            }
            _ => format!("{text:?} is not an IP address such as 10.0.0.1 or 2001:db8::1."),
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

text_attr!(Address);

/// The name of the PTR record of an address.
pub(super) fn ptr_name(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, d] = v4.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(v6) => {
            let digits = format!("{:032x}", u128::from(v6));
            let reversed: Vec<String> = digits.chars().rev().map(String::from).collect();
            format!("{}.ip6.arpa", reversed.join("."))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ptr_names_are_those_of_rfc_1035_and_rfc_3596() {
        let table = [
            ("192.0.2.7", "7.2.0.192.in-addr.arpa"),
            ("2001:db8::7", "7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"),
        ];
        for (address, name) in table {
            assert_eq!(ptr_name(address.parse().unwrap()), name);
        }
    }

    #[test]
    fn an_address_with_a_netmask_length_is_refused_in_words() {
        assert!("10.0.0.1/24".parse::<Address>().unwrap_err().contains("write \"10.0.0.1\""));
        assert!("10.0.0".parse::<Address>().unwrap_err().contains("is not an IP address"));
        assert_eq!("2001:DB8:0::1".parse::<Address>().unwrap().to_string(), "2001:db8::1");
    }
}
