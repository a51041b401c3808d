//! Stores on a server that cannot be used: each is reported soon, on the provider block, with the way to repair it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use test_servers::{Postgres, Proxy, S3, address_without_server};

use crate::harness::Workspace;
use crate::harness::diagnostics::Diagnostic;
use crate::harness::each::each;
use crate::harness::store::{NewPool, Store};
use crate::harness::terraform::Running;

/// Longest time from the start of Terraform to the diagnostic, even on a busy machine. A store that used up its whole
/// time limit would take longer.
const LIMIT: Duration = Duration::from_secs(25);

const POOL: &str = "resource \"ipam_pool\" \"top\" {\n  name  = \"top\"\n  cidrs = [\"10.0.0.0/8\"]\n}\n";

/// A store that cannot be used, and its message.
struct Mistake {
    name: &'static str,
    store: Store,
    summary: &'static str,
    /// Parts of the detail: the problem, and the way to repair it.
    detail: Vec<&'static str>,
    is_unprivileged: bool,
}

fn mistake(name: &'static str, store: Store, summary: &'static str, detail: &[&'static str]) -> Mistake {
    Mistake { name, store, summary, detail: detail.to_vec(), is_unprivileged: false }
}

fn check(mistake: &Mistake) {
    let mut workspace = Workspace::on(&mistake.store);
    if mistake.is_unprivileged {
        workspace = workspace.without_privileges();
    }
    workspace.configure(&format!("provider \"ipam\" {{\n  store = {:?}\n}}\n{POOL}", mistake.store.url()));
    // The store is named in the configuration only: no variable of the environment may name it.
    let mut command = workspace.command(&["plan", "-input=false", "-json"]);
    command.env_remove("IPAM_STORE");
    let running = Running::start(command);
    let start = Instant::now();
    let run = running.wait().fails();
    let elapsed = start.elapsed();
    println!("{}: {elapsed:?}", mistake.name);

    let errors: Vec<_> = run.diagnostics().into_iter().filter(Diagnostic::is_error).collect();
    assert_eq!(errors.len(), 1, "one mistake, one error: {errors:#?}\n{}", run.stderr);
    let error = &errors[0];
    assert_eq!(error.summary, mistake.summary, "{error:#?}");
    for part in &mistake.detail {
        assert!(error.detail.contains(part), "{part:?} is not in the detail: {error:#?}");
    }
    assert_eq!(error.attribute, None, "{error:#?}");
    assert!(error.detail.contains("argument `store`"), "{error:#?}");
    assert!(elapsed < LIMIT, "reported after {elapsed:?}: {error:#?}");
}

fn check_all(mistakes: &[Mistake]) {
    each(mistakes, |mistake| mistake.name.to_owned(), check);
}

const NOT_AVAILABLE: &str = "The store is not available";
const NOT_UNDERSTOOD: &str = "The store URL is not understood";

#[test]
fn a_bucket_that_cannot_be_used() {
    let server = S3::shared();
    let bucket = server.create_bucket();
    let s3 = |endpoint: &str, bucket: &str| {
        let url = format!("s3://{bucket}/plan?region={}&endpoint=http://{endpoint}", S3::REGION);
        Store::of(url).with("AWS_ACCESS_KEY_ID", "tests").with("AWS_SECRET_ACCESS_KEY", "tests")
    };
    let stalled = Proxy::to(&server.address());
    stalled.stall();
    let refusals = [
        ("InvalidAccessKeyId", 403, "The AWS Access Key Id you provided does not exist in our records."),
        ("SignatureDoesNotMatch", 403, "The request signature we calculated does not match."),
        ("AccessDenied", 403, "Access Denied"),
        ("RequestTimeTooSkewed", 403, "The difference between the request time and the current time is too large."),
        ("AuthorizationHeaderMalformed", 400, "the region 'us-east-1' is wrong; expecting 'eu-west-1'"),
        ("PermanentRedirect", 301, "The bucket must be addressed using the specified endpoint."),
    ];
    let refusing = refusals.map(|(code, status, message)| {
        let proxy = Proxy::to(&server.address());
        let xml = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>");
        proxy.answer_with(status, &xml, 1000);
        proxy
    });
    let [key, signature, denied, skewed, region, redirect] =
        refusing.each_ref().map(|proxy| s3(&proxy.address(), &bucket));
    let anonymous = Store::of(format!("s3://{bucket}/plan?region=us-east-1&endpoint={}", server.endpoint()));
    check_all(&[
        mistake(
            "missing bucket",
            s3(&server.address(), "no-such-bucket"),
            NOT_AVAILABLE,
            &["no-such-bucket", "does not exist: create it"],
        ),
        mistake(
            "server that is not there",
            s3(&address_without_server(), &bucket),
            NOT_AVAILABLE,
            &["s3://", "cannot be reached", "Check the store URL"],
        ),
        mistake(
            "server that does not answer",
            s3(&stalled.address(), &bucket),
            NOT_AVAILABLE,
            &["s3://", "did not answer in time", "Check the store URL"],
        ),
        mistake("unknown key", key, NOT_AVAILABLE, &["check AWS_ACCESS_KEY_ID"]),
        mistake("wrong secret", signature, NOT_AVAILABLE, &["AWS_SECRET_ACCESS_KEY"]),
        mistake("no right to read", denied, NOT_AVAILABLE, &["AccessDenied", "s3:GetObject"]),
        mistake("clock that is wrong", skewed, NOT_AVAILABLE, &["RequestTimeTooSkewed", "clock"]),
        mistake("wrong region", region, NOT_AVAILABLE, &["expecting 'eu-west-1'", "region"]),
        mistake("bucket elsewhere", redirect, NOT_AVAILABLE, &["region"]),
        mistake("no credentials", anonymous, NOT_AVAILABLE, &["AWS_ACCESS_KEY_ID"]),
        mistake(
            "unknown parameter",
            Store::of(format!("s3://{bucket}/plan?regoin=us-east-1")),
            NOT_UNDERSTOOD,
            &["a parameter that s3 stores do not have", "region"],
        ),
        mistake("credentials in the URL", Store::of("s3://me:secret@bucket/plan"), NOT_UNDERSTOOD, &["environment"]),
        mistake("no bucket", Store::of("s3:///plan"), NOT_UNDERSTOOD, &["s3://bucket/prefix"]),
    ]);
}

#[test]
fn a_directory_that_cannot_be_used() {
    let scratch = tempfile::tempdir().unwrap();
    let place = |name: &str| scratch.path().join(name);
    let store = |path: &Path| Store::of(format!("file://{}", path.display()));
    fs::write(place("letter"), "not a directory").unwrap();
    fs::create_dir(place("sealed")).unwrap();
    fs::set_permissions(place("sealed"), fs::Permissions::from_mode(0o555)).unwrap();
    check_all(&[
        mistake("file in the place of the directory", store(&place("letter")), NOT_AVAILABLE, &["letter", "directory"]),
        mistake("file in the way", store(&place("letter/plan")), NOT_AVAILABLE, &["letter", "directory"]),
        mistake("relative path", Store::of("file:plan"), NOT_UNDERSTOOD, &["file:///path/of/directory"]),
        mistake("host", Store::of("file://host/plan"), NOT_UNDERSTOOD, &["file:///path/of/directory"]),
        mistake(
            "unknown parameter",
            Store::of("file:///plan?sync=1"),
            NOT_UNDERSTOOD,
            &["a parameter that file stores do not have"],
        ),
    ]);
    assert_eq!(fs::read_to_string(place("letter")).unwrap(), "not a directory");
}

/// The directory is empty and cannot be written: as with every read-only store, the plan shows what it can and reports
/// why it cannot show more. Only the apply fails.
#[test]
fn a_directory_that_may_not_be_written() {
    let scratch = tempfile::tempdir().unwrap();
    let sealed = scratch.path().join("sealed");
    fs::create_dir(&sealed).unwrap();
    fs::set_permissions(&sealed, fs::Permissions::from_mode(0o555)).unwrap();
    let workspace = Workspace::on(&Store::of(format!("file://{}/plan", sealed.display()))).without_privileges();
    workspace.configure(POOL);
    workspace.try_apply(&[]).fails().says(&["sealed", "write"]);
    fs::set_permissions(&sealed, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(fs::read_dir(&sealed).unwrap().count(), 0);
    workspace.apply();
    workspace.assert_settled();
}

/// The certificate of an authority that signed no certificate of the server.
fn other_authority(directory: &Path) -> String {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = authority.self_signed(&KeyPair::generate().unwrap()).unwrap();
    let path = directory.join("other.pem");
    fs::write(&path, certificate.pem()).unwrap();
    path.display().to_string()
}

/// Makes a role with the password `secret`, and a new database whose store gives the role no rights and has the pool
/// `top`. Returns the role and the database.
fn stranger(server: &Postgres) -> (String, String) {
    let database = server.create_database();
    let store = Store::of(server.url(&database));
    store.add_pool(&NewPool { name: "top", cidrs: &["10.0.0.0/8"], ..NewPool::default() });
    let role = format!("stranger_{database}");
    server.admin(&format!("CREATE ROLE {role} LOGIN PASSWORD 'secret'"));
    (role, database)
}

#[test]
fn a_postgres_server_that_cannot_be_used() {
    let server = Postgres::shared();
    let address = format!("127.0.0.1:{}", server.port());
    let database = server.create_database();
    let (role, strange) = stranger(server);
    let (excluded, closed) = stranger(server);
    server.admin(&format!("REVOKE CONNECT ON DATABASE {closed} FROM PUBLIC"));
    let stalled = Proxy::to(&address);
    stalled.stall();
    let at = |place: &str| Store::of(format!("postgres://{place}"));
    let good = server.url(&database);
    check_all(&[
        mistake(
            "server that is not there",
            at(&format!("me:secret@{}/ipam?sslmode=disable", address_without_server())),
            NOT_AVAILABLE,
            &["refused", "127.0.0.1"],
        ),
        mistake(
            "server that does not answer",
            at(&format!("me:secret@{}/ipam?sslmode=disable", stalled.address())),
            NOT_AVAILABLE,
            &["127.0.0.1"],
        ),
        mistake(
            "wrong password",
            at(&format!("{role}:wrong@{address}/{database}?sslmode=disable")),
            NOT_AVAILABLE,
            &["password authentication failed", "PGPASSWORD"],
        ),
        mistake(
            "no password",
            at(&format!("{role}@{address}/{database}?sslmode=disable")),
            NOT_AVAILABLE,
            &["requires a password", "PGPASSWORD"],
        ),
        mistake("missing database", Store::of(server.url("no_such")), NOT_AVAILABLE, &["no_such", "createdb"]),
        mistake(
            "no right to connect",
            at(&format!("{excluded}:secret@{address}/{closed}?sslmode=disable")),
            NOT_AVAILABLE,
            &["GRANT CONNECT ON DATABASE"],
        ),
        mistake(
            "no right to read",
            at(&format!("{role}:secret@{address}/{strange}?sslmode=disable")),
            NOT_AVAILABLE,
            &["GRANT USAGE ON SCHEMA"],
        ),
        mistake(
            "unknown parameter",
            Store::of(format!("{good}&sslmod=disable")),
            NOT_UNDERSTOOD,
            &["sslmod", "sslmode"],
        ),
        mistake(
            "bad sslmode",
            Store::of(good.replace("=disable", "=maybe")),
            NOT_UNDERSTOOD,
            &["sslmode", "verify-full"],
        ),
        mistake(
            "no host that can be found",
            at("me:secret@no-such-host.invalid/ipam"),
            NOT_AVAILABLE,
            &["no-such-host.invalid"],
        ),
    ]);
}

#[test]
fn a_postgres_server_whose_tls_cannot_be_trusted() {
    let server = Postgres::start();
    let database = server.create_database();
    let scratch = tempfile::tempdir().unwrap();
    let (root, other) = (server.tls_root().display().to_string(), other_authority(scratch.path()));
    let base = server.url(&database);
    let url = |host: &str, mode: &str, root: &str| {
        let text = base.replace("127.0.0.1", host).replace("sslmode=disable", &format!("sslmode={mode}"));
        Store::of(if root.is_empty() { text } else { format!("{text}&sslrootcert={root}") })
    };
    let workspace = Workspace::on(&url("localhost", "verify-full", &root));
    workspace.configure(POOL);
    workspace.apply();
    check_all(&[
        mistake("authority of somebody else", url("localhost", "verify-full", &other), NOT_AVAILABLE, &["sslrootcert"]),
        mistake(
            "name of somebody else",
            url("127.0.0.1", "verify-full", &root),
            NOT_AVAILABLE,
            &["127.0.0.1", "sslmode=verify-ca"],
        ),
        mistake(
            "no authority file",
            url("localhost", "verify-full", "/no/such/file"),
            NOT_AVAILABLE,
            &["/no/such/file"],
        ),
    ]);
    server.admin("ALTER SYSTEM SET ssl = off");
    server.admin("SELECT pg_reload_conf()");
    crate::harness::store::wait_for("TLS to be off", || server.admin("SHOW ssl") == "off");
    check_all(&[mistake(
        "server without TLS",
        url("localhost", "verify-full", &root),
        NOT_AVAILABLE,
        &["does not offer TLS", "sslmode"],
    )]);
}
