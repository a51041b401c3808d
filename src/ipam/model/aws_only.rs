//! Attributes of pools and scopes that only AWS has, and `auto_import`. A self-managed store refuses all of them except
//! `auto_import`, so its records do not contain them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ipam::model::text_enum::{Word, words};

/// Attributes of a pool that only AWS has, and `auto_import`. All except `auto_import` are fixed at creation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Special {
    /// The VPC whose space the pool divides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_resource: Option<SourceResource>,
    /// Origin of public space.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_ip_source: Option<PublicIpSource>,
    /// Services that may take addresses from the pool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aws_service: Option<AwsService>,
    /// Whether IPv6 space that the user brought may be advertised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub publicly_advertisable: Option<bool>,
    /// Whether resources that are found in the space of the pool become its allocations.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub auto_import: bool,
}

impl Special {
    /// Whether no attribute is set.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The first attribute that only AWS has, if any is set.
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

/// A VPC, possibly of another account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceResource {
    /// Id of the VPC, `vpc-...`.
    pub resource_id: String,
    /// Account of the VPC.
    pub resource_owner: String,
    /// Region of the VPC.
    pub resource_region: String,
    /// Type of the resource.
    pub resource_type: SourceResourceType,
}

/// Types of resources whose space a pool can divide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceResourceType {
    /// A VPC.
    Vpc,
    /// Another word of AWS.
    Unlisted(Word),
}

/// Origin of the public space in a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublicIpSource {
    /// Space that the account brought to AWS.
    Byoip,
    /// Space of Amazon.
    Amazon,
    /// Another word of AWS.
    Unlisted(Word),
}

/// Services that may take addresses from a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AwsService {
    /// EC2: Elastic IP addresses and the resources that use them.
    Ec2,
    /// Services with anycast addresses, such as CloudFront.
    GlobalServices,
    /// Another word of AWS.
    Unlisted(Word),
}

/// Proof that a public block belongs to the account. Debug output does not show the signature.
#[derive(Clone, PartialEq, Eq)]
pub enum Proof {
    /// A message that is signed with the key whose certificate the registry shows (`remarks-x509`).
    Certificate { message: String, signature: String },
    /// Id of a verification token in DNS (`dns-token`).
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

/// Attributes of pools, their CIDRs and scopes that only AWS has.
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
    /// The proof that a block belongs to the account.
    CidrProof,
}

words!(SourceResourceType: Vpc = "vpc");
words!(PublicIpSource: Byoip = "byoip", Amazon = "amazon");
words!(AwsService: Ec2 = "ec2", GlobalServices = "global-services");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_special_is_stored_as_nothing_and_stored_words_are_the_configured_ones() {
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
