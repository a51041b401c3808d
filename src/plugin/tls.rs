//! Mutual TLS between two processes that share no certificate authority: each presents a self-signed certificate, and
//! each accepts only the certificate that it received in the handshake of go-plugin.

use std::sync::Arc;

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime, pem::PemObject};
use rustls::server::NoServerSessionStorage;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme};

/// The TLS side of one run of the plugin.
pub(super) struct Tls {
    pub(super) config: Arc<ServerConfig>,
    /// The certificate that the client must expect.
    pub(super) certificate: CertificateDer<'static>,
}

impl Tls {
    /// Creates a certificate for this run. `client_certificate` (PEM) is the certificate that clients must present.
    pub(super) fn new(client_certificate: &str) -> Result<Self, String> {
        let expected = CertificateDer::from_pem_slice(client_certificate.as_bytes())
            .map_err(|error| format!("PLUGIN_CLIENT_CERT contains no certificate: {error}."))?;
        let (certificate, key) =
            own_certificate().map_err(|error| format!("No certificate can be created: {error}."))?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = OneClient { expected: expected.into_owned(), provider: Arc::clone(&provider) };
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map(|builder| builder.with_client_cert_verifier(Arc::new(verifier)))
            .and_then(|builder| builder.with_single_cert(vec![certificate.clone()], key))
            .map_err(|error| format!("TLS cannot be set up: {error}."))?;
        // Newer clients refuse a connection that does not agree on HTTP/2.
        config.alpn_protocols = vec![b"h2".to_vec()];
        // A plugin has one connection in its life, so sessions are never resumed.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Self { config: Arc::new(config), certificate })
    }
}

fn own_certificate() -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), rcgen::Error> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let mut params = CertificateParams::new(["localhost".to_owned()])?;
    params.distinguished_name.push(DnType::CommonName, "localhost");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let certificate = params.self_signed(&key)?;
    Ok((certificate.der().clone(), PrivatePkcs8KeyDer::from(key.serialize_der()).into()))
}

/// Accepts only one client certificate. That certificate is self-signed and a CA, which the usual verifiers refuse.
#[derive(Debug)]
struct OneClient {
    expected: CertificateDer<'static>,
    provider: Arc<CryptoProvider>,
}

impl ClientCertVerifier for OneClient {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if *end_entity == self.expected {
            Ok(ClientCertVerified::assertion())
        } else {
            Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_client_certificate_is_an_error_and_not_plaintext() {
        for rubbish in
            ["x", "-----BEGIN CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"]
        {
            let error = Tls::new(rubbish).err().unwrap();
            assert!(error.starts_with("PLUGIN_CLIENT_CERT contains no certificate"), "{error}");
        }
    }
}
