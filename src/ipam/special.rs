//! What pools and scopes can be in AWS only, but for `auto_import`. Own stores refuse it, so that their records are
//! without it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::words::{Word, words};

/// What only AWS has of a pool, and `auto_import`. Everything but that is fixed at creation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Special {
    /// The VPC whose space the pool plans.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_resource: Option<SourceResource>,
    /// Whose public space it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_ip_source: Option<PublicIpSource>,
    /// Services that may take addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aws_service: Option<AwsService>,
    /// Whether own IPv6 space may be advertised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub publicly_advertisable: Option<bool>,
    /// Whether resources that are found in the pool's space become its allocations.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub auto_import: bool,
}

impl Special {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The first of it that only AWS has.
    pub fn first(&self) -> Option<OnlyAws> {
        let all = [
            (self.source_resource.is_some(), OnlyAws::SourceResource),
            (self.public_ip_source.is_some(), OnlyAws::PublicIpSource),
            (self.aws_service.is_some(), OnlyAws::AwsService),
            (self.publicly_advertisable.is_some(), OnlyAws::PubliclyAdvertisable),
        ];
        all.into_iter().find(|(is_there, _)| *is_there).map(|(_, what)| what)
    }
}

/// A VPC, maybe of another account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceResource {
    /// `vpc-...`.
    pub resource_id: String,
    /// Account that it is in.
    pub resource_owner: String,
    /// Region that it is in.
    pub resource_region: String,
    /// What it is.
    pub resource_type: SourceResourceType,
}

/// What a pool can plan the space of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceResourceType {
    /// A VPC.
    Vpc,
    /// Another one of AWS's.
    Unlisted(Word),
}

/// Whose public space is in a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublicIpSource {
    /// Brought by the account.
    Byoip,
    /// Given by Amazon.
    Amazon,
    /// Another one of AWS's.
    Unlisted(Word),
}

/// Services that may take addresses out of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AwsService {
    /// EC2: Elastic IP addresses and what has them.
    Ec2,
    /// Services with anycast addresses, such as CloudFront.
    GlobalServices,
    /// Another one of AWS's.
    Unlisted(Word),
}

/// Proof that a public block is the account's. A signature is not shown in debug texts.
#[derive(Clone, PartialEq, Eq)]
pub enum Proof {
    /// Signed with the key whose certificate the registry shows (`remarks-x509`).
    Certificate { message: String, signature: String },
    /// A verification token in DNS (`dns-token`), by its id.
    Token(String),
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate { message, .. } => write!(f, "Certificate({message:?}, ..)"),
            Self::Token(id) => write!(f, "Token({id:?})"),
        }
    }
}

/// Members of pools, their CIDRs and scopes that only AWS has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnlyAws {
    /// `source_resource`
    SourceResource,
    /// `public_ip_source`
    PublicIpSource,
    /// `aws_service`
    AwsService,
    /// `publicly_advertisable`
    PubliclyAdvertisable,
    /// `ipam_id`
    IpamId,
    /// What proves that a block is one's own.
    CidrProof,
}

words!(SourceResourceType: Vpc = "vpc");
words!(PublicIpSource: Byoip = "byoip", Amazon = "amazon");
words!(AwsService: Ec2 = "ec2", GlobalServices = "global-services");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_special_is_stored_as_nothing_and_stored_words_are_the_configured_ones() {
        assert_eq!(serde_json::to_string(&Special::default()).unwrap(), "{}");
        assert_eq!(serde_json::from_str::<Special>("{}").unwrap(), Special::default());
        for source in [PublicIpSource::Byoip, PublicIpSource::Amazon] {
            assert_eq!(serde_json::to_value(source).unwrap(), source.to_string());
        }
        for service in [AwsService::Ec2, AwsService::GlobalServices] {
            assert_eq!(serde_json::to_value(service).unwrap(), service.to_string());
        }
        assert_eq!(serde_json::to_value(SourceResourceType::Vpc).unwrap(), SourceResourceType::Vpc.to_string());
    }

    #[test]
    fn a_proof_shows_no_signature() {
        let proof = Proof::Certificate { message: "1|aws|...".into(), signature: "c2lnbmVk".into() };
        assert!(!format!("{proof:?}").contains("c2lnbmVk"));
    }
}
