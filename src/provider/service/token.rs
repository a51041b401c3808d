//! `ipam_external_resource_verification_token`: proof by DNS that a public range is one's own.

use std::collections::BTreeSet;

use crate::backend::service::{TokenNoun, TokenRecord, TokenSpec};
use crate::ipam::{Cidr, Family, Tags, blocks};
use crate::tf::{Diagnostic, Diagnostics, Tf};
use crate::{at, model};

use super::super::resources::{Timeouts, check_name};
use super::data::ServiceData;
use super::{ServiceModel, name_of, named};

model! {
    /// A record to create in DNS.
    pub(crate) struct DnsRecord {
        /// Full name, without a dot at the end.
        name: String => computed(),
        /// `TXT`.
        r#type: String => computed(),
        /// The text.
        value: String => computed(),
    }
}

model! {
    /// A verification token of AWS: a random value that proves, as a text in the reverse zones of a public range, that
    /// the range is yours. It is valid for 72 hours, for any number of ranges; an IPAM has 100 at most. When it has
    /// expired and another range is to come, make a new one with `terraform apply -replace`.
    pub(crate) struct TokenModel {
        /// IPAM that the ranges are brought to.
        ipam_id: String => required().replace(),
        /// Name of the token, kept in its tag `Name`.
        name: String => optional(),
        /// Ranges to verify; `dns_records` are those for them. IPv4 up to /24, IPv6 up to /60.
        cidrs: BTreeSet<Cidr> => optional(),
        /// Tags of the token.
        tags: Tags => optional(),
        /// Id of the token.
        id: String => computed(),
        /// ARN of the token.
        arn: String => computed(),
        /// Home Region of the IPAM.
        ipam_region: String => computed(),
        /// First label of the records in DNS.
        token_name: String => computed(),
        /// Text of the records in DNS.
        token_value: String => computed(),
        /// When it expires, as RFC 3339 time.
        not_after: String => computed(),
        /// `valid` or `expired`.
        status: String => computed(),
        /// The records to create for `cidrs`: one in the zone of each octet-aligned (IPv4) or nibble-aligned (IPv6) part
        /// of each range. In order of the ranges.
        dns_records: Vec<DnsRecord> => computed(),
        /// `tags` and the provider's `default_tags`.
        tags_all: Tags => computed(),
    }
    blocks { timeouts: Timeouts }
}

/// Longest netmask that AWS takes a range with.
const fn longest(family: Family) -> u8 {
    match family {
        Family::Ipv4 => 24,
        Family::Ipv6 => 60,
    }
}

impl TokenModel {
    /// The records for the ranges; unknown while something of them is.
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

impl ServiceModel for TokenModel {
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

    fn spec(&self) -> Option<TokenSpec> {
        if self.name.is_unknown() {
            return None;
        }
        Some(TokenSpec { ipam_id: self.ipam_id.cloned()?, tags: named(&self.name, &self.tags_all)? })
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

    fn plan_change(prior: &Self, planned: &mut Self) {
        if planned.cidrs != prior.cidrs {
            planned.dns_records = planned.records();
        }
    }
}

model! {
    /// A verification token that the account has.
    pub(crate) struct TokenFacts {
        /// Id.
        id: String => computed(),
        /// Its name; null when it has none.
        name: String => computed(),
        /// ARN.
        arn: String => computed(),
        /// IPAM that it is for.
        ipam_id: String => computed(),
        /// First label of the records in DNS.
        token_name: String => computed(),
        /// Text of the records in DNS.
        token_value: String => computed(),
        /// When it expires, as RFC 3339 time.
        not_after: String => computed(),
        /// `valid` or `expired`.
        status: String => computed(),
        /// Tags.
        tags: Tags => computed(),
    }
}

model! {
    /// Lists the verification tokens of the account, expired ones too.
    pub(crate) struct TokensModel {
        /// Only those of this IPAM.
        ipam_id: String => optional(),
        /// The tokens, by id.
        tokens: Vec<TokenFacts> => computed(),
    }
}

impl ServiceData for TokensModel {
    type Noun = TokenNoun;
    const TYPE: &'static str = "ipam_external_resource_verification_tokens";

    fn answer(mut self, mut all: Vec<TokenRecord>) -> Result<Self, Diagnostics> {
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
    fn records_wait_for_the_token() {
        let model = TokenModel { token_name: Tf::Unknown, ..TokenModel::default() };
        assert_eq!(model.records(), Tf::Unknown);
    }
}
