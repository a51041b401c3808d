//! `ipam_external_resource_verification_token`: a proof through DNS that the account owns a public range.

use std::collections::BTreeSet;

use crate::backend::service::{TokenNoun, TokenRecord, TokenSpec};
use crate::ipam::{Cidr, Family, Tags, blocks};
use crate::tf::{Diagnostic, Diagnostics, Tf};
use crate::{at, model};

use super::super::noun::{AssignedModel, NounModel, Timeouts, fields_with_tags, name_of, named};
use super::super::resources::check_name;
use super::data::ServiceData;

model! {
    /// A DNS record to create.
    pub(crate) struct DnsRecord {
        /// Full name of the record, without a dot at the end.
        name: String => computed(),
        /// Type of the record: `TXT`.
        r#type: String => computed(),
        /// Text of the record.
        value: String => computed(),
    }
}

model! {
    /// Manages a verification token of AWS (only with the store `aws-ipam`). The token is a random value. As a text
    /// record in the reverse DNS zones of a public range, it proves that you own the range. A token is valid for 72
    /// hours, for any number of ranges, and an IPAM can have 100 tokens. After a token has expired, create a new one
    /// for another range with `terraform apply -replace`. A self-managed store needs no proof, and has no tokens.
    /// Changes are made in place, except where an argument says that a change replaces the token.
    pub(crate) struct TokenModel {
        /// ID of the IPAM to which the ranges are brought. A change replaces the token.
        ipam_id: String => required().replace(),
        /// Name of the token, which is the value of its tag `Name`.
        name: String => optional(),
        /// Set of CIDRs to verify: IPv4 up to /24, IPv6 up to /60. `dns_records` contains the DNS records for them.
        cidrs: BTreeSet<Cidr> => optional(),
        /// Map of tags for the token.
        tags: Tags => optional(),
        /// ID of the token.
        id: String => computed(),
        /// ARN of the token.
        arn: String => computed(),
        /// Home Region of the IPAM.
        ipam_region: String => computed(),
        /// First label of the names of the DNS records.
        token_name: String => computed(),
        /// Text of the DNS records.
        token_value: String => computed(),
        /// Time at which the token expires, in RFC 3339 format.
        not_after: String => computed(),
        /// Status of the token: `valid` or `expired`.
        status: String => computed(),
        /// List of the DNS records to create for `cidrs`, in the order of the CIDRs: one record in the zone of each
        /// octet-aligned (IPv4) or nibble-aligned (IPv6) part of each CIDR.
        dns_records: Vec<DnsRecord> => computed(),
        /// All tags of the token: `tags` and the `default_tags` of the provider.
        tags_all: Tags => computed(),
    }
    blocks { timeouts: Timeouts }
}

/// The longest netmask length of a range that AWS accepts.
const fn longest(family: Family) -> u8 {
    match family {
        Family::Ipv4 => 24,
        Family::Ipv6 => 60,
    }
}

impl TokenModel {
    /// The records for the CIDRs; unknown while a part of them is unknown.
    fn records(&self) -> Tf<Vec<DnsRecord>> {
        let none = BTreeSet::new();
        let cidrs = match &self.cidrs {
            Tf::Unknown => return Tf::Unknown,
            Tf::Null => &none,
            Tf::Known(cidrs) => cidrs,
        };
        let (Tf::Known(name), Tf::Known(value)) = (&self.token_name, &self.token_value) else { return Tf::Unknown };
        let zones = cidrs.iter().flat_map(|cidr| blocks::reverse_zones(*cidr));
        let record = |zone| DnsRecord {
            name: format!("{name}.{zone}").into(),
            r#type: "TXT".to_owned().into(),
            value: value.clone().into(),
        };
        zones.map(record).collect::<Vec<_>>().into()
    }
}

impl NounModel for TokenModel {
    type Noun = TokenNoun;

    fn check(&self) -> Diagnostics {
        let mut diagnostics: Diagnostics = check_name(&self.name, at!(Self, name), true).into_iter().collect();
        for cidr in self.cidrs.get().into_iter().flatten() {
            let longest = longest(cidr.family());
            if cidr.netmask_length() > longest {
                let why = format!(
                    "{cidr} is smaller than /{longest}, and AWS does not accept smaller {} ranges.",
                    cidr.family()
                );
                diagnostics.push(Diagnostic::error("Range too small", why).at(at!(Self, cidrs)));
            }
        }
        diagnostics
    }

    fn fill(&mut self, record: &TokenRecord) {
        self.ipam_id = record.ipam_id.clone().into();
        self.name = name_of(&record.tags);
        self.id = record.id.clone().into();
        self.arn = record.arn.clone().into();
        self.ipam_region = record.region.clone().into();
        self.token_name = record.token_name.clone().into();
        self.token_value = record.token_value.clone().into();
        self.not_after = record.not_after.clone().into();
        self.status = record.status.clone().into();
        self.dns_records = self.records();
    }

    fields_with_tags!();
}

impl AssignedModel for TokenModel {
    fn spec(&self) -> Option<TokenSpec> {
        if self.name.is_unknown() {
            return None;
        }
        Some(TokenSpec { ipam_id: self.ipam_id.cloned()?, tags: named(&self.name, &self.tags_all)? })
    }

    fn plan_change(prior: &Self, planned: &mut Self) {
        if planned.cidrs != prior.cidrs {
            planned.dns_records = planned.records();
        }
    }
}

model! {
    /// The attributes of a verification token of the account.
    pub(crate) struct TokenFacts {
        /// ID of the token.
        id: String => computed(),
        /// Name of the token; null if it has none.
        name: String => computed(),
        /// ARN of the token.
        arn: String => computed(),
        /// ID of the IPAM that the token is for.
        ipam_id: String => computed(),
        /// First label of the names of the DNS records.
        token_name: String => computed(),
        /// Text of the DNS records.
        token_value: String => computed(),
        /// Time at which the token expires, in RFC 3339 format.
        not_after: String => computed(),
        /// Status of the token: `valid` or `expired`.
        status: String => computed(),
        /// Map of the tags of the token.
        tags: Tags => computed(),
    }
}

model! {
    /// Lists the verification tokens of the account, including expired ones (only with the store `aws-ipam`). A
    /// self-managed store has no tokens.
    pub(crate) struct TokensModel {
        /// ID of an IPAM. Only tokens of this IPAM are listed.
        ipam_id: String => optional(),
        /// List of the tokens, sorted by ID.
        tokens: Vec<TokenFacts> => computed(),
    }
}

impl ServiceData for TokensModel {
    type Noun = TokenNoun;
    const TYPE: &'static str = "ipam_external_resource_verification_tokens";

    fn fill(mut self, mut all: Vec<TokenRecord>) -> Result<Self, Diagnostics> {
        all.retain(|record| self.ipam_id.get().is_none_or(|ipam_id| record.ipam_id == *ipam_id));
        all.sort_by(|a, b| a.id.cmp(&b.id));
        let facts = |record: TokenRecord| TokenFacts {
            name: name_of(&record.tags),
            id: record.id.into(),
            arn: record.arn.into(),
            ipam_id: record.ipam_id.into(),
            token_name: record.token_name.into(),
            token_value: record.token_value.into(),
            not_after: record.not_after.into(),
            status: record.status.into(),
            tags: record.tags.into(),
        };
        self.tokens = all.into_iter().map(facts).collect::<Vec<_>>().into();
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(cidr: &str) -> Vec<String> {
        let model = TokenModel {
            cidrs: BTreeSet::from([cidr.parse().unwrap()]).into(),
            token_name: "86950620".to_owned().into(),
            token_value: "a34597c3".to_owned().into(),
            ..TokenModel::default()
        };
        let Tf::Known(records) = model.records() else { panic!("unknown") };
        let is_text = |record: &DnsRecord| {
            record.r#type == Tf::Known("TXT".to_owned()) && record.value == Tf::Known("a34597c3".to_owned())
        };
        assert!(records.iter().all(is_text));
        records.into_iter().map(|record| record.name.cloned().unwrap()).collect()
    }

    #[test]
    fn each_octet_or_nibble_boundary_of_a_range_has_a_record() {
        assert_eq!(names("203.0.113.0/24"), ["86950620.113.0.203.in-addr.arpa"]);
        assert_eq!(
            names("198.18.12.0/22"),
            ["12", "13", "14", "15"].map(|octet| format!("86950620.{octet}.18.198.in-addr.arpa"))
        );
        assert_eq!(names("198.18.0.0/16"), ["86950620.18.198.in-addr.arpa"]);
        assert_eq!(names("2001:db8::/40"), ["86950620.0.0.8.b.d.0.1.0.0.2.ip6.arpa"]);
        assert_eq!(
            names("2001:db8:80::/42"),
            ["8", "9", "a", "b"].map(|nibble| format!("86950620.{nibble}.0.0.8.b.d.0.1.0.0.2.ip6.arpa"))
        );
        let of_56 = names("2001:db8:0:1000::/56");
        let labels: Vec<_> = of_56[0].split('.').collect();
        assert_eq!((of_56.len(), labels.len()), (1, 1 + 14 + 2), "{of_56:?}");
        assert_eq!(names("2001:db8:0:1000::/54").len(), 4);
    }

    #[test]
    fn records_are_unknown_until_the_token_is_known() {
        let model = TokenModel { token_name: Tf::Unknown, ..TokenModel::default() };
        assert_eq!(model.records(), Tf::Unknown);
    }
}
