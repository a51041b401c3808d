//! Public ranges of one's own, advertised by AWS.

use std::collections::BTreeSet;

use crate::ipam::{Cidr, Proof};

use super::{Asn, Noun};

/// A public range that an account brought.
#[derive(Debug)]
pub enum ByoipCidrNoun {}

impl Noun for ByoipCidrNoun {
    const WORD: &'static str = "BYOIP range";
    const RESOURCE: &'static str = "ipam_byoip_cidr";
    const ELSEWHERE: &'static str = "A self-managed store accepts public space without a proof, and does not advertise \
                                     it. Use `ipam_pool_cidr`, or `cidrs` of a pool in a public scope.";
    type Spec = ByoipCidrSpec;
    type Record = ByoipCidrRecord;

    kept_by_a_service!();
}

/// What a configuration says of a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByoipCidrSpec {
    /// The range.
    pub cidr: Cidr,
    /// IPAM pool that it is provisioned into; `None`: it is outside of IPAM, in the home Region.
    pub pool_id: Option<String>,
    /// Account of the pool; `None`: as AWS says.
    pub pool_owner: Option<String>,
    /// Looked at when it is provisioned; none for space of a source pool.
    pub proof: Option<Proof>,
    /// Free text, of a range outside of IPAM.
    pub description: Option<String>,
    /// Whether an IPv6 range outside of IPAM may be advertised.
    pub publicly_advertisable: Option<bool>,
    /// Where a range outside of IPAM is advertised; `None`: in the whole Region.
    pub network_border_group: Option<String>,
    /// Whether AWS advertises it.
    pub advertise: bool,
    /// With which number; `None`: Amazon's.
    pub asn: Option<Asn>,
}

/// A range as AWS answers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByoipCidrRecord {
    /// `<cidr>`, or `<cidr>_<pool>`.
    pub id: String,
    /// The range.
    pub cidr: Cidr,
    /// Region that it can be advertised in.
    pub region: String,
    /// IPAM pool that it is in.
    pub pool_id: Option<String>,
    /// AWS's word for how far it is.
    pub state: String,
    /// AWS's reason, when there is one.
    pub status_message: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// Where it is advertised.
    pub network_border_group: Option<String>,
    /// `regional` or `global`.
    pub advertisement_type: Option<String>,
    /// Numbers that may advertise it.
    pub asns: BTreeSet<Asn>,
}

impl ByoipCidrRecord {
    /// Whether it is advertised, or about to be.
    pub fn is_advertised(&self) -> bool {
        matches!(self.state.as_str(), "advertised" | "pending-advertising")
    }
}
