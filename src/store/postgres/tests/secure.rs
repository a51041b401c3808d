//! Tests of TLS with a real server.

use rcgen::{CertificateParams, KeyPair};

use super::*;

fn url(host: &str, parameters: &str) -> String {
    static DATABASE: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
        let database = server().create_database();
        write_one(&store_in(&database)).unwrap();
        database
    });
    let url = server().url(&DATABASE);
    let (login, _) = url.split_once('@').unwrap();
    format!("{login}@{host}:{}/{}?{parameters}&connect_timeout=60", server().port(), *DATABASE)
}

/// Whether the session is encrypted; or the error, when there is no session.
fn encrypted(host: &str, parameters: &str) -> Result<bool, String> {
    let store = store_at(&url(host, parameters));
    let mut session = match store.connect() {
        Ok(session) => session,
        Err(Stop::Failed(Error::Unavailable(why)) | Stop::Lost(why)) => return Err(why),
        Err(other) => panic!("{other:?}"),
    };
    let answer = session.column("SELECT ssl FROM pg_catalog.pg_stat_ssl WHERE pid = pg_backend_pid()", Step::Read);
    Ok(answer.unwrap() == ["t"])
}

/// An unrelated certificate authority, as a file.
fn another_root() -> (tempfile::TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("other.crt");
    let mut parameters = CertificateParams::new(Vec::new()).unwrap();
    parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let root = parameters.self_signed(&KeyPair::generate().unwrap()).unwrap();
    std::fs::write(&path, root.pem()).unwrap();
    let text = path.to_str().unwrap().to_owned();
    (directory, text)
}

#[test]
fn every_mode_behaves_as_in_libpq() {
    let root = server().tls_root();
    let root = root.display();
    let (_directory, other) = another_root();
    for (host, parameters, outcome) in [
        ("localhost", "sslmode=disable".to_owned(), Ok(false)),
        ("localhost", "sslmode=allow".to_owned(), Ok(false)),
        ("localhost", "sslmode=prefer".to_owned(), Ok(true)),
        ("localhost", String::new(), Ok(true)),
        ("localhost", "sslmode=require".to_owned(), Ok(true)),
        ("127.0.0.1", "sslmode=require".to_owned(), Ok(true)),
        // With a root file, `require` verifies the authority too.
        ("127.0.0.1", format!("sslmode=require&sslrootcert={root}"), Ok(true)),
        ("127.0.0.1", format!("sslmode=require&sslrootcert={other}"), Err("not from a trusted authority")),
        ("127.0.0.1", format!("sslmode=verify-ca&sslrootcert={root}"), Ok(true)),
        ("localhost", format!("sslmode=verify-ca&sslrootcert={other}"), Err("not from a trusted authority")),
        ("localhost", format!("sslmode=verify-full&sslrootcert={root}"), Ok(true)),
        ("127.0.0.1", format!("sslmode=verify-full&sslrootcert={root}"), Err("is for another name")),
        // The file replaces the roots of the system; without a file, those are used.
        ("localhost", format!("sslmode=verify-full&sslrootcert={other}"), Err("not from a trusted authority")),
        ("localhost", "sslmode=verify-full&sslrootcert=system".to_owned(), Err("")),
        ("localhost", "sslmode=verify-ca".to_owned(), Err("")),
        // `hostaddr` gives the address, and the host is the name to verify.
        ("localhost", format!("hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert={root}"), Ok(true)),
        ("localhost", "sslmode=verify-full&sslrootcert=/no/such/file".to_owned(), Err("/no/such/file")),
        ("localhost", format!("sslmode=require&sslcert={root}&sslkey={root}"), Err("private key")),
        ("localhost", "sslmode=require&channel_binding=require".to_owned(), Ok(true)),
        ("localhost", "sslmode=disable&channel_binding=require".to_owned(), Err("channel binding")),
    ] {
        let found = encrypted(host, &parameters);
        match (&found, outcome) {
            (Ok(found), Ok(wanted)) => assert_eq!(*found, wanted, "{host} {parameters}"),
            (Err(text), Err(words)) => assert!(text.contains(words), "{host} {parameters}: {text}"),
            _ => panic!("{host} {parameters}: {found:?}"),
        }
    }
}

#[test]
fn prefer_falls_back_and_require_does_not() {
    // As in libpq, `prefer` treats a failed verification like a server without TLS.
    let (_directory, other) = another_root();
    assert_eq!(encrypted("localhost", &format!("sslmode=prefer&sslrootcert={other}")), Ok(false));
    let outcome = encrypted("localhost", &format!("sslmode=require&sslrootcert={other}"));
    assert!(outcome.unwrap_err().contains("sslrootcert or PGSSLROOTCERT"));
}
