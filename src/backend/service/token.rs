//! Tokens that prove by DNS that a range is one's own.

use crate::ipam::Tags;

use super::Noun;

/// A verification token.
#[derive(Debug)]
pub enum TokenNoun {}

impl Noun for TokenNoun {
    const WORD: &'static str = "verification token";
    const RESOURCE: &'static str = "ipam_external_resource_verification_token";
    const ELSEWHERE: &'static str = "A self-managed store accepts public space without a proof, so there is nothing to \
                                     verify. Leave the resource out.";
    type Spec = TokenSpec;
    type Record = TokenRecord;

    kept_by_a_service!();
}

/// What a configuration says of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenSpec {
    /// IPAM that it is for.
    pub ipam_id: String,
    /// Tags, the name among them.
    pub tags: Tags,
}

/// A token as AWS answers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRecord {
    /// `ipam-ext-res-ver-token-...`.
    pub id: String,
    /// ARN.
    pub arn: String,
    /// IPAM that it is for.
    pub ipam_id: String,
    /// Home Region of the IPAM.
    pub region: String,
    /// First label of the records in DNS.
    pub token_name: String,
    /// Text of the records in DNS.
    pub token_value: String,
    /// When it expires, RFC 3339.
    pub not_after: Option<String>,
    /// `valid` or `expired`.
    pub status: String,
    /// Tags, the name among them.
    pub tags: Tags,
}
