//! AS numbers that accounts bring to AWS, and the ranges that they may advertise.

use std::fmt;
use std::str::FromStr;

use crate::ipam::{Cidr, Proof};

use crate::backend::Noun;

/// An AS number that an account brought.
#[derive(Debug)]
pub enum ByoasnNoun {}

impl Noun for ByoasnNoun {
    const WORD: &'static str = "AS number";
    const RESOURCE: &'static str = "ipam_byoasn";
    type Spec = ByoasnSpec;
    type Record = ByoasnRecord;
}

/// An AS number that may advertise a range.
#[derive(Debug)]
pub enum ByoasnAssociationNoun {}

impl Noun for ByoasnAssociationNoun {
    const WORD: &'static str = "association of an AS number";
    const RESOURCE: &'static str = "ipam_byoasn_association";
    type Spec = ByoasnAssociationSpec;
    type Record = ByoasnAssociationRecord;
}

/// An autonomous system number: 1 to 4294967294, without the reserved ones (23456, 65535).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asn(u32);

/// Numbers that no autonomous system has (RFC 7607, RFC 6793, RFC 7300).
const NOBODYS: [u32; 4] = [0, 23_456, 65_535, u32::MAX];

impl FromStr for Asn {
    type Err = String;

    /// Reads `64496` or `AS64496`.
    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.strip_prefix("AS").unwrap_or(text);
        let is_plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        match digits.parse::<u32>().ok().filter(|_| is_plain) {
            None => {
                Err(format!("{text:?} is not an AS number: AS numbers are 1 to 4294967294, such as 64496 or AS64496."))
            }
            Some(number) if NOBODYS.contains(&number) => {
                Err(format!("{number} is reserved: no autonomous system has this number."))
            }
            Some(number) => Ok(Self(number)),
        }
    }
}

impl fmt::Display for Asn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The configuration of an AS number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByoasnSpec {
    /// The IPAM that the number is brought to.
    pub ipam_id: String,
    /// The number.
    pub asn: Asn,
    /// The proof of ownership, which is used when the number is provisioned; `None` after an import.
    pub proof: Option<Proof>,
}

/// An AS number as AWS reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByoasnRecord {
    /// `<asn>_<ipam>`.
    pub id: String,
    /// The number.
    pub asn: Asn,
    /// The IPAM that the number is in.
    pub ipam_id: String,
    /// The state that AWS reports.
    pub state: String,
    /// The reason for the state, when AWS gives one.
    pub status_message: Option<String>,
}

/// The configuration of an association.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByoasnAssociationSpec {
    /// The number.
    pub asn: Asn,
    /// The range.
    pub cidr: Cidr,
    /// The Region of the range; `None`: the home Region.
    pub region: Option<String>,
}

/// An association as AWS reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByoasnAssociationRecord {
    /// `<asn>_<cidr>_<region>`.
    pub id: String,
    /// The number.
    pub asn: Asn,
    /// The range.
    pub cidr: Cidr,
    /// The Region of the range.
    pub region: String,
    /// The state that AWS reports.
    pub state: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_numbers_are_read_with_and_without_letters() {
        for (text, number) in [("1", 1), ("64496", 64_496), ("AS64496", 64_496), ("4294967294", 4_294_967_294)] {
            assert_eq!(text.parse(), Ok(Asn(number)), "{text}");
        }
        for text in ["", "AS", "as1", "1.10", "-1", "+1", "4294967296", "ten"] {
            assert!(text.parse::<Asn>().unwrap_err().contains("not an AS number"), "{text}");
        }
        for text in ["0", "23456", "65535", "4294967295"] {
            assert!(text.parse::<Asn>().unwrap_err().contains("reserved"), "{text}");
        }
    }
}
