//! Verification tokens, which prove by DNS that an account controls a range.

use crate::ipam::Tags;

use crate::backend::Noun;

/// A verification token.
#[derive(Debug)]
pub enum TokenNoun {}

impl Noun for TokenNoun {
    const WORD: &'static str = "verification token";
    const RESOURCE: &'static str = "ipam_external_resource_verification_token";
    type Spec = TokenSpec;
    type Record = TokenRecord;
}

/// The configuration of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenSpec {
    /// The IPAM that the token is for.
    pub ipam_id: String,
    /// Tags, including the name.
    pub tags: Tags,
}

/// A token as AWS reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRecord {
    /// `ipam-ext-res-ver-token-...`.
    pub id: String,
    /// ARN.
    pub arn: String,
    /// The IPAM that the token is for.
    pub ipam_id: String,
    /// Home Region of the IPAM.
    pub region: String,
    /// First label of the records in DNS.
    pub token_name: String,
    /// Text of the records in DNS.
    pub token_value: String,
    /// The time when the token expires (RFC 3339).
    pub not_after: Option<String>,
    /// `valid` or `expired`.
    pub status: String,
    /// Tags, including the name.
    pub tags: Tags,
}
