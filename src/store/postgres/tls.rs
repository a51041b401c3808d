//! TLS with the meaning of libpq's `sslmode`, on rustls.
//!
//! There are two differences from libpq, both documented: where certificates are verified and no root file is given,
//! the roots of the operating system are trusted; and a name must be among the alternative names of the certificate,
//! because its common name does not count.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem, pem::PemObject};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::settings::{Roots, Settings, SslMode};
use crate::store::Error;

/// TLS with the trusted roots and the client certificate of the settings.
///
/// # Errors
/// [`Error::Unavailable`] for certificate files that cannot be used.
pub(super) fn connector(settings: &Settings, mode: SslMode) -> Result<MakeRustlsConnect, Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let roots = match (&settings.roots, mode) {
        (Roots::File(path), _) => Some(roots_in(path)?),
        (Roots::System, _) | (Roots::Default, SslMode::VerifyCa | SslMode::VerifyFull) => Some(roots_of_system()?),
        (Roots::Default, _) => None,
    };
    let verifier = Verifier { provider: Arc::clone(&provider), roots, checks_name: mode == SslMode::VerifyFull };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Unavailable(format!("TLS cannot be set up: {error}")))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let config = match (&settings.certificate, &settings.key) {
        (None, _) => builder.with_no_client_auth(),
        (Some(path), None) => {
            return Err(Error::Unavailable(format!(
                "there is a client certificate ({}) but no key for it: set sslkey or PGSSLKEY to the file of the key",
                path.display()
            )));
        }
        (Some(certificate), Some(key)) => builder
            .with_client_auth_cert(certificates_in(certificate)?, key_in(key)?)
            .map_err(|error| Error::Unavailable(format!("{} cannot be used: {error}", certificate.display())))?,
    };
    Ok(MakeRustlsConnect::new(config))
}

fn certificates_in(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let unusable = |why: String| Error::Unavailable(format!("the certificates in {} {why}", path.display()));
    // Other messages of the library quote lines of the file.
    let unreadable = |error: pem::Error| match error {
        pem::Error::Io(error) => unusable(format!("cannot be read: {error}")),
        _ => unusable("cannot be used: the file is not in PEM format".to_owned()),
    };
    let found =
        CertificateDer::pem_file_iter(path).map_err(unreadable)?.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    if found.is_empty() {
        return Err(unusable("cannot be used: the file has no certificates in PEM format".to_owned()));
    }
    Ok(found)
}

/// The private key of the client certificate. Errors never quote the content of the file.
fn key_in(path: &Path) -> Result<PrivateKeyDer<'static>, Error> {
    let unusable = |why: &str| Error::Unavailable(format!("the private key {} {why}", path.display()));
    let metadata = fs::metadata(path).map_err(|error| unusable(&format!("cannot be read: {error}")))?;
    if super::passfile::is_open_to_others(&metadata) {
        return Err(unusable("can be read by other users: run chmod 0600 on it"));
    }
    PrivateKeyDer::from_pem_file(path).map_err(|_| unusable("is not a key in PEM format without a passphrase"))
}

fn roots_in(path: &Path) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates_in(path)? {
        roots.add(certificate).map_err(|error| {
            Error::Unavailable(format!("a certificate in {} cannot be trusted: {error}", path.display()))
        })?;
    }
    Ok(roots)
}

fn roots_of_system() -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::debug!(%error, "a part of the system's root certificates cannot be read");
    }
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        return Err(Error::Unavailable(
            "the system has no root certificates to verify the server with: install them, or name a file with \
             sslrootcert or PGSSLROOTCERT"
                .to_owned(),
        ));
    }
    Ok(roots)
}

/// Verifies as much as the mode requires, and always that the server has the key of its certificate.
#[derive(Debug)]
struct Verifier {
    provider: Arc<CryptoProvider>,
    /// The trusted roots; `None`: any certificate is accepted.
    roots: Option<RootCertStore>,
    checks_name: bool,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(roots) = &self.roots {
            let certificate = ParsedCertificate::try_from(end_entity)?;
            let algorithms = self.provider.signature_verification_algorithms.all;
            verify_server_cert_signed_by_trust_anchor(&certificate, roots, intermediates, now, algorithms)?;
            if self.checks_name {
                verify_server_name(&certificate, server_name)?;
            }
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// The advice after a handshake that failed.
pub(super) fn advice(error: &rustls::Error) -> &'static str {
    match error {
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => {
            "the server's certificate is for another name: connect by a name in it, or, if the network is trusted, use \
             sslmode=verify-ca"
        }
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "the server's certificate is not from a trusted authority: set sslrootcert or PGSSLROOTCERT to the file \
             with the certificate of the authority"
        }
        rustls::Error::InvalidCertificate(_) => "the server's certificate is not accepted: renew it",
        _ => {
            "the server and the client do not agree on TLS: check the server's ssl settings and the client certificate"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificates_is_refused_and_not_quoted() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("root.crt");
        for text in [
            "s3cret\n",
            "-----BEGIN s3cret\ns3cret\n",
            "-----BEGIN s3cret-----\nTUlJ\n",
            "-----BEGIN CERTIFICATE-----\ns3cret!\n-----END CERTIFICATE-----\n",
        ] {
            std::fs::write(&path, text).unwrap();
            let Err(Error::Unavailable(words)) = roots_in(&path).map(drop) else { panic!("accepted: {text}") };
            assert!(words.contains("root.crt"), "{words}");
            let quoted = format!("{:?}", b"s3cret");
            assert!(!words.contains("s3cret") && !words.contains(quoted.trim_matches(['[', ']'])), "{words}");
        }
        let Err(Error::Unavailable(words)) = roots_in(&directory.path().join("none")).map(drop) else {
            panic!("accepted")
        };
        assert!(words.contains("cannot be read"), "{words}");
    }
}
