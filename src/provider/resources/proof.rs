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
        /// `/`.
        signature: Secret => required().sensitive(),
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
            (Tf::Known(context), _) => {
                let (message, signature) = (context.message.cloned()?, context.signature.get()?.reveal());
                Some(Some(Proof::Certificate { message, signature }))
            }
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
    /// The errors of the attribute `name`. They point at the whole attribute, because Terraform shows the whole
    /// resource for a member. `about` checks the part that is signed for.
    pub(crate) fn check(&self, name: &str, about: impl FnOnce(&str) -> Option<String>) -> Diagnostics {
        let at = Path::attribute(name);
        let mut diagnostics = Diagnostics::new();
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
        if self.signature.get().is_some_and(|signature| !is_url_safe(&signature.reveal())) {
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
