//! Attributes that prove that a public block or an AS number belongs to the account.

use crate::ipam::{Cidr, Proof};
use crate::tf::{Diagnostic, Diagnostics, Path, Tf};
use crate::{model, text_attr};

use super::super::aws::Secret;

model! {
    /// Signed message that proves that you own a CIDR or an AS number: `1|aws|ACCOUNT|WHAT|YYYYMMDD|SHA256|RSAPSS`,
    /// signed with the private key of the certificate in the record of the internet registry.
    pub(crate) struct AuthorizationContext {
        /// Message in plain text: `1|aws|ACCOUNT|WHAT|YYYYMMDD|SHA256|RSAPSS`. WHAT is the CIDR or the AS number, and
        /// the date is the last day on which AWS may accept the message.
        message: String => required(),
        /// Signature of the message: RSASSA-PSS with SHA-256, in Base64 with `-`, `_` and `~` instead of `+`, `=` and
        /// `/`. Exactly one of `signature` and `signature_wo` is required.
        signature: Secret => optional().sensitive(),
        /// The same as `signature`, but in no plan and no state. It may come from an ephemeral value. Needs Terraform
        /// 1.11 or OpenTofu 1.11.
        signature_wo: Secret => optional().sensitive().write_only(),
        /// Version of `signature_wo`, such as `1`. No plan sees a change of `signature_wo`: change the version to record
        /// that there is another signature.
        signature_wo_version: u32 => optional(),
    }
}

/// How AWS verifies a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VerificationMethod {
    /// By the certificate in the remarks of the registry.
    RemarksX509,
    /// By a token in DNS.
    DnsToken,
}

impl std::fmt::Display for VerificationMethod {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::RemarksX509 => "remarks-x509",
            Self::DnsToken => "dns-token",
        })
    }
}

impl std::str::FromStr for VerificationMethod {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "remarks-x509" => Ok(Self::RemarksX509),
            "dns-token" => Ok(Self::DnsToken),
            _ => Err(format!("{text:?} is not a verification method: use \"remarks-x509\" or \"dns-token\".")),
        }
    }
}

text_attr!(VerificationMethod);

/// The attributes that prove the ownership of a block.
pub(crate) struct CidrProof<'a> {
    pub(crate) context: &'a Tf<AuthorizationContext>,
    pub(crate) method: &'a Tf<VerificationMethod>,
    pub(crate) token: &'a Tf<String>,
}

/// Default time limit for AWS to verify and provision. AWS documents two hours, and up to a week for a block that will
/// be advertised.
pub(crate) const PROOF_TIMEOUT: std::time::Duration = std::time::Duration::from_hours(3);

const CONTEXT: &str = "cidr_authorization_context";
const METHOD: &str = "verification_method";
const TOKEN: &str = "ipam_external_resource_verification_token_id";

impl CidrProof<'_> {
    /// Whether none of the attributes is set.
    pub(crate) const fn is_absent(&self) -> bool {
        self.context.is_null() && self.method.is_null() && self.token.is_null()
    }

    /// The attribute that an error about the proof points at.
    pub(crate) fn attribute(&self) -> Path {
        Path::attribute(match (self.context, self.token) {
            (Tf::Null, Tf::Null) => METHOD,
            (Tf::Null, _) => TOKEN,
            _ => CONTEXT,
        })
    }

    /// The proof; `None` while it is unknown.
    pub(crate) fn proof(&self) -> Option<Option<Proof>> {
        match (self.context, self.token) {
            (Tf::Known(context), _) => context.proof(),
            (Tf::Null, Tf::Known(token)) => Some(Some(Proof::Token(token.clone()))),
            (Tf::Null, Tf::Null) => Some(None),
            _ => None,
        }
    }

    /// The errors of the attributes; unknown values are accepted.
    pub(crate) fn check(&self, cidr: Option<&Cidr>) -> Diagnostics {
        let mut diagnostics = Diagnostics::new();
        if let Tf::Known(context) = self.context {
            diagnostics.append(context.check(CONTEXT, |what| match (what.parse::<Cidr>(), cidr) {
                (Ok(signed), Some(cidr)) if signed != *cidr => {
                    Some(format!("It is signed for {signed}, and the block here is {cidr}."))
                }
                (Err(why), _) => Some(why),
                _ => None,
            }));
        }
        if self.context.is_known() && self.token.is_known() {
            let why = "A block is proven either by a signed message or by a token in DNS. Leave one of \
                       cidr_authorization_context and ipam_external_resource_verification_token_id out.";
            diagnostics.push(Diagnostic::error("Two proofs", why).at(Path::attribute(TOKEN)));
        }
        let wrong = match self.method {
            Tf::Known(VerificationMethod::RemarksX509) if self.context.is_null() => {
                Some("remarks-x509 needs the signed message in cidr_authorization_context.")
            }
            Tf::Known(VerificationMethod::DnsToken) if self.token.is_null() => {
                Some("dns-token needs the id of a token in ipam_external_resource_verification_token_id.")
            }
            _ => None,
        };
        diagnostics.extend(wrong.map(|why| Diagnostic::error("Missing proof", why).at(Path::attribute(METHOD))));
        diagnostics
    }
}

impl AuthorizationContext {
    /// The proof; `None` while it is unknown, and `Some(None)` in a state, which does not have the write-only signature.
    pub(crate) fn proof(&self) -> Option<Option<Proof>> {
        let message = self.message.cloned()?;
        let signature = match (&self.signature, &self.signature_wo) {
            (Tf::Known(signature), _) | (_, Tf::Known(signature)) => signature.reveal(),
            (Tf::Null, Tf::Null) => return Some(None),
            _ => return None,
        };
        Some(Some(Proof::Certificate { message, signature }))
    }

    /// The error of a configuration that does not have exactly one signature.
    fn wrong_number(&self, name: &str) -> Option<Diagnostic> {
        let (summary, why) = match (&self.signature, &self.signature_wo) {
            (Tf::Null, Tf::Null) => (
                "Missing signature",
                format!("{name} has a message without its signature. Set `signature_wo`, or `signature`."),
            ),
            (Tf::Known(_), Tf::Known(_)) => (
                "Two signatures",
                format!(
                    "{name} has both `signature` and `signature_wo`. Keep one: only `signature_wo` stays out of the state."
                ),
            ),
            (_, Tf::Null) if self.signature_wo_version.is_known() => (
                "A version without a signature",
                format!(
                    "{name} has `signature_wo_version` and not `signature_wo`, whose version it is. Leave the version out."
                ),
            ),
            _ => return None,
        };
        Some(Diagnostic::error(summary, why).at(Path::attribute(name)))
    }

    /// The errors of the attribute `name`. They point at the whole attribute, because Terraform shows the whole
    /// resource for a member. `about` checks the part that is signed for.
    pub(crate) fn check(&self, name: &str, about: impl FnOnce(&str) -> Option<String>) -> Diagnostics {
        let at = Path::attribute(name);
        let mut diagnostics: Diagnostics = self.wrong_number(name).into_iter().collect();
        if let Some(why) = self.message.get().and_then(|message| wrong_message(message, about)) {
            let why = format!(
                "The `message` in {name} is wrong. {why} A message has the form \
                 1|aws|ACCOUNT|WHAT|YYYYMMDD|SHA256|RSAPSS, such as \
                 1|aws|111122223333|198.51.100.0/24|20271231|SHA256|RSAPSS."
            );
            diagnostics.push(Diagnostic::error("Malformed message", why).at(at.clone()));
        }
        let is_url_safe = |text: &str| {
            !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || ['-', '_', '~'].contains(&c))
        };
        let mut given = [&self.signature, &self.signature_wo].into_iter().filter_map(Tf::get);
        if given.any(|signature| !is_url_safe(&signature.reveal())) {
            let why = "The `signature` does not have the form that AWS requires: one line of Base64 with -, _ and ~ in \
                       place of +, = and /. Pipe it through openssl base64 | tr -- '+=/' '-_~' | tr -d '\\n'.";
            diagnostics.push(Diagnostic::error("Malformed signature", why).at(at));
        }
        diagnostics
    }
}

fn wrong_message(message: &str, about: impl FnOnce(&str) -> Option<String>) -> Option<String> {
    let parts: Vec<&str> = message.split('|').collect();
    let [version, service, account, what, date, hash, signature] = parts[..] else {
        return Some(format!("It has {} parts separated by |, and must have 7.", parts.len()));
    };
    let has_digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    if (version, service) != ("1", "aws") {
        return Some("It does not begin with 1|aws.".to_owned());
    }
    if !has_digits(account, 12) {
        return Some(format!("{account:?} is not the id of an account, which has 12 digits."));
    }
    if !(has_digits(date, 8) && is_date(date)) {
        return Some(format!("{date:?} is not a date in the form YYYYMMDD."));
    }
    if (hash, signature) != ("SHA256", "RSAPSS") {
        return Some("It does not end with SHA256|RSAPSS.".to_owned());
    }
    about(what)
}

/// Whether eight digits are a date of the calendar.
fn is_date(digits: &str) -> bool {
    let part = |from: usize, to: usize| digits.get(from..to).and_then(|part| part.parse::<i8>().ok());
    let year = digits.get(..4).and_then(|year| year.parse().ok());
    match (year, part(4, 6), part(6, 8)) {
        (Some(year), Some(month), Some(day)) => jiff::civil::Date::new(year, month, day).is_ok(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(signature: Tf<&str>, write_only: Tf<&str>) -> AuthorizationContext {
        let secret = |text: Tf<&str>| match text {
            Tf::Known(text) => Tf::Known(Secret::new(text)),
            Tf::Unknown => Tf::Unknown,
            Tf::Null => Tf::Null,
        };
        AuthorizationContext {
            message: Tf::Known("1|aws|111122223333|198.51.100.0/24|20271231|SHA256|RSAPSS".to_owned()),
            signature: secret(signature),
            signature_wo: secret(write_only),
            signature_wo_version: Tf::Null,
        }
    }

    #[test]
    fn a_signature_is_given_once_and_in_one_of_two_ways() {
        let summaries = |context: &AuthorizationContext| -> Vec<String> {
            context.check("context", |_| None).into_iter().map(|found| found.summary).collect()
        };
        for (signature, write_only, summary) in [
            (Tf::Known("c2ln"), Tf::Null, None),
            (Tf::Null, Tf::Known("c2ln"), None),
            (Tf::Null, Tf::Unknown, None),
            (Tf::Unknown, Tf::Known("c2ln"), None),
            (Tf::Null, Tf::Null, Some("Missing signature")),
            (Tf::Known("c2ln"), Tf::Known("c2ln"), Some("Two signatures")),
            (Tf::Null, Tf::Known("a+b="), Some("Malformed signature")),
        ] {
            assert_eq!(summaries(&signed(signature, write_only)), summary.into_iter().collect::<Vec<_>>());
        }
        let version = AuthorizationContext { signature_wo_version: 1.into(), ..signed(Tf::Known("c2ln"), Tf::Null) };
        assert_eq!(summaries(&version), ["A version without a signature"]);
    }

    #[test]
    fn either_signature_is_the_proof_and_a_state_has_none() {
        let proof = |signature, write_only| signed(signature, write_only).proof();
        for (signature, write_only) in [(Tf::Known("c2ln"), Tf::Null), (Tf::Null, Tf::Known("c2ln"))] {
            let Some(Some(Proof::Certificate { signature, .. })) = proof(signature, write_only) else { panic!() };
            assert_eq!(signature, "c2ln");
        }
        assert_eq!(proof(Tf::Null, Tf::Null), Some(None));
        assert_eq!(proof(Tf::Null, Tf::Unknown), None);
    }

    #[test]
    fn a_message_is_split_into_its_parts() {
        let none = |_: &str| None;
        let good = "1|aws|111122223333|198.51.100.0/24|20271231|SHA256|RSAPSS";
        assert_eq!(wrong_message(good, none), None);
        for (from, to, words) in [
            ("|RSAPSS", "", "6 parts"),
            ("1|aws", "2|aws", "does not begin"),
            ("111122223333", "1111", "12 digits"),
            ("20271231", "20271331", "not a date"),
            ("20271231", "31.12.27", "not a date"),
            ("SHA256", "SHA1", "does not end"),
        ] {
            let why = wrong_message(&good.replace(from, to), none).unwrap();
            assert!(why.contains(words), "{why}");
        }
        assert_eq!(wrong_message(good, |what| Some(what.to_owned())).as_deref(), Some("198.51.100.0/24"));
    }
}
