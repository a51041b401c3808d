//! Signature version 4: finds the caller and the Region of a request, and verifies the signature.

use std::collections::BTreeMap;

use aws_lc_rs::{digest, hmac};
use jiff::{SignedDuration, Timestamp};

use super::fault::{Fault, Result};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Largest difference between the time of a signature and the current time.
const SKEW_MAX: SignedDuration = SignedDuration::from_mins(15);

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Signed {
    pub(crate) method: String,
    pub(crate) path: String,
    /// Names in lower case; values of the same name are joined with commas.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// The content of a signature, before it is verified.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    pub(crate) access_key: String,
    pub(crate) region: String,
    date: String,
    service: String,
    signed_headers: String,
    signature: String,
}

impl Claim {
    /// # Errors
    /// Fails with `AuthFailure` for a request without a signature of this form.
    pub(crate) fn of(request: &Signed, wanted: &str) -> Result<Self> {
        let missing = || auth_failure("The request has no signature of version 4.");
        let header = request.headers.get("authorization").ok_or_else(missing)?;
        let fields: BTreeMap<&str, &str> = header
            .strip_prefix(ALGORITHM)
            .ok_or_else(missing)?
            .split(',')
            .filter_map(|field| field.trim().split_once('='))
            .collect();
        let field = |name: &str| fields.get(name).copied().ok_or_else(missing);
        let scope: Vec<&str> = field("Credential")?.split('/').collect();
        let [access_key, date, region, service, "aws4_request"] = scope[..] else {
            return Err(auth_failure("The credential scope is not well-formed."));
        };
        if service != wanted {
            return Err(auth_failure(format!("The credential scope is for {service}, this is {wanted}.")));
        }
        Ok(Self {
            access_key: access_key.to_owned(),
            region: region.to_owned(),
            date: date.to_owned(),
            service: service.to_owned(),
            signed_headers: field("SignedHeaders")?.to_owned(),
            signature: field("Signature")?.to_owned(),
        })
    }

    /// # Errors
    /// Fails with `RequestExpired` or `SignatureDoesNotMatch`.
    pub(crate) fn verify(&self, request: &Signed, secret: &str, now: Timestamp) -> Result<()> {
        let made = request.headers.get("x-amz-date").map(String::as_str).unwrap_or_default();
        let time = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", made)
            .ok()
            .and_then(|time| time.to_zoned(jiff::tz::TimeZone::UTC).ok())
            .ok_or_else(|| auth_failure("X-Amz-Date is missing or not well-formed."))?;
        if now.duration_since(time.timestamp()).abs() > SKEW_MAX || !made.starts_with(&self.date) {
            return Err(Fault::new("RequestExpired", format!("The request was signed at {made}; it is {now} now.")));
        }
        let canonical = self.canonical(request);
        let scope = format!("{}/{}/{}/aws4_request", self.date, self.region, self.service);
        let to_sign = format!("{ALGORITHM}\n{made}\n{scope}\n{}", hash(canonical.as_bytes()));
        let key = [&self.date, &self.region, &self.service, "aws4_request"]
            .iter()
            .fold(format!("AWS4{secret}").into_bytes(), |key, part| sign(&key, part.as_bytes()));
        if hex(&sign(&key, to_sign.as_bytes())) == self.signature {
            return Ok(());
        }
        let message = "The signature that was calculated is not the one in the request: check the secret access key.";
        Err(Fault::new("SignatureDoesNotMatch", message).with_status(403))
    }

    fn canonical(&self, request: &Signed) -> String {
        let header = |name: &str| {
            let value = request.headers.get(name).map(String::as_str).unwrap_or_default();
            format!("{name}:{}\n", value.split_whitespace().collect::<Vec<_>>().join(" "))
        };
        let headers: String = self.signed_headers.split(';').map(header).collect();
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let body = hash(&request.body);
        format!("{}\n{path}\n{query}\n{headers}\n{}\n{body}", request.method, self.signed_headers)
    }
}

pub(crate) fn auth_failure(message: impl Into<String>) -> Fault {
    Fault::new("AuthFailure", message).with_status(401)
}

fn sign(key: &[u8], data: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), data).as_ref().to_vec()
}

fn hash(data: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, data).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
