//! A certificate for the server, and the authority that signed it.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};

/// File of the certificate authority.
pub(crate) const ROOT: &str = "root.pem";
/// File of the server's certificate.
pub(crate) const CERTIFICATE: &str = "server.pem";
/// File of the server's key.
pub(crate) const KEY: &str = "server.key";

/// Writes all three into `directory`. The name of the server is `localhost` only: `127.0.0.1` is a wrong name.
pub(crate) fn write(directory: &Path) {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    authority.distinguished_name.push(DnType::CommonName, "test-servers authority");
    let key = || KeyPair::generate().expect("a key can be made");
    let authority = CertifiedIssuer::self_signed(authority, key()).expect("a certificate can be signed");

    let mut server = CertificateParams::new(vec!["localhost".to_owned()]).expect("localhost is a name");
    server.distinguished_name.push(DnType::CommonName, "localhost");
    let server_key = key();
    let certificate = server.signed_by(&server_key, &authority).expect("a certificate can be signed");

    let write =
        |name: &str, text: String| fs::write(directory.join(name), text).expect("a scratch directory can be written");
    write(ROOT, authority.pem());
    write(CERTIFICATE, certificate.pem());
    write(KEY, server_key.serialize_pem());
    // The server refuses a key that other users may read.
    fs::set_permissions(directory.join(KEY), fs::Permissions::from_mode(0o600))
        .expect("the permissions of the key can be set");
}

/// Switches TLS on in the server's configuration, with the files in `directory`.
pub(crate) fn configure(configuration: &Path, directory: &Path) {
    let file = |name: &str| directory.join(name).display().to_string();
    let text = format!("ssl = on\nssl_cert_file = '{}'\nssl_key_file = '{}'\n", file(CERTIFICATE), file(KEY));
    let opened = fs::File::options().append(true).open(configuration);
    opened.and_then(|mut file| file.write_all(text.as_bytes())).expect("the configuration was just made");
}
