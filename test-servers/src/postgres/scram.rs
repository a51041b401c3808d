//! Verifiers of passwords, the form in which a server keeps them.

use aws_lc_rs::{digest, hmac};
use base64::prelude::{BASE64_STANDARD, Engine as _};

/// The verifier of `password` after RFC 5803, with a single round of hashing.
///
/// The password is random, so that it cannot be guessed. The usual 4096 rounds take half a second for every login of a
/// program that was built without optimization; on a busy machine that is longer than the time limit of a login.
pub(crate) fn verifier(password: &str) -> String {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).expect("the operating system has random bytes");
    let sign = |key: &[u8], text: &[u8]| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text);
    let salted = sign(password.as_bytes(), &[&salt[..], &[0, 0, 0, 1]].concat());
    let client = sign(salted.as_ref(), b"Client Key");
    let server = sign(salted.as_ref(), b"Server Key");
    let stored = digest::digest(&digest::SHA256, client.as_ref());
    let [salt, stored, server] = [&salt[..], stored.as_ref(), server.as_ref()].map(|part| BASE64_STANDARD.encode(part));
    format!("SCRAM-SHA-256$1:{salt}${stored}:{server}")
}
