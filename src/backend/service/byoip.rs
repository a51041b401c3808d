//! Public ranges that accounts bring to AWS, which advertises them.

use std::collections::BTreeSet;

use crate::ipam::{Cidr, Proof};

use super::Asn;
use crate::backend::Noun;

/// A public range that an account brought.
#[derive(Debug)]
pub enum ByoipCidrNoun {}

impl Noun for ByoipCidrNoun {
    const WORD: &'static str = "BYOIP range";
    const RESOURCE: &'static str = "ipam_byoip_cidr";
    type Spec = ByoipCidrSpec;
    type Record = ByoipCidrRecord;
}

/// The configuration of a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByoipCidrSpec {
    /// The range.
    pub cidr: Cidr,
    /// IPAM pool that the range is provisioned into; `None`: the range is outside of IPAM, in the home Region.
    pub pool_id: Option<String>,
    /// Account of the pool; `None`: the account that AWS reports.
    pub pool_owner: Option<String>,
    /// The proof of ownership, which is used when the range is provisioned; `None` for space of a source pool.
    pub proof: Option<Proof>,
    /// Description of a range outside of IPAM.
    pub description: Option<String>,
    /// Whether an IPv6 range outside of IPAM may be advertised.
    pub publicly_advertisable: Option<bool>,
    /// The network border group in which a range outside of IPAM is advertised; `None`: the whole Region.
    pub network_border_group: Option<String>,
    /// Whether AWS advertises it.
    pub advertise: bool,
    /// The AS number that advertises the range; `None`: the number of Amazon.
    pub asn: Option<Asn>,
}

/// A range as AWS reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByoipCidrRecord {
    /// `<cidr>`, or `<cidr>_<pool>`.
    pub id: String,
    /// The range.
    pub cidr: Cidr,
    /// The Region in which the range can be advertised.
    pub region: String,
    /// IPAM pool that the range is in.
    pub pool_id: Option<String>,
    /// The state that AWS reports.
    pub state: String,
    /// The reason for the state, when AWS gives one.
    pub status_message: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// The network border group in which the range is advertised.
    pub network_border_group: Option<String>,
    /// `regional` or `global`.
    pub advertisement_type: Option<String>,
    /// AS numbers that may advertise the range.
    pub asns: BTreeSet<Asn>,
}

impl ByoipCidrRecord {
    /// Whether the range is advertised, or about to be.
    pub fn is_advertised(&self) -> bool {
        matches!(self.state.as_str(), "advertised" | "pending-advertising")
    }
}
