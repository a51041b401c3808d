//! Passwords, keys and tokens are planted, every program logs as much as it can, and no output may contain them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use test_servers::{Postgres, S3, address_without_server};

use crate::harness::each::each;
use crate::harness::store::Store;
use crate::harness::terraform::{self, Running};
use crate::harness::{PROVIDER, Workspace};

const POOL: &str = "resource \"ipam_pool\" \"top\" {\n  name  = \"top\"\n  cidrs = [\"10.0.0.0/8\"]\n}\n";

/// The warning about a password in a URL.
const PASSWORD_IN_URL: &str = "A password in the store URL";

/// A part of every planted secret, and of no other text.
const MARK: &str = "pLaNtEd";

/// A store, and the secrets of its configuration.
struct Planted {
    name: &'static str,
    store: Store,
    /// Files into which the test itself writes a secret; they are not searched.
    files: Vec<(&'static str, String)>,
    works: bool,
}

impl Planted {
    fn new(name: &'static str, store: Store) -> Self {
        Self { name, store, files: Vec::new(), works: false }
    }

    fn working(self) -> Self {
        Self { works: true, ..self }
    }

    fn file(mut self, name: &'static str, text: String) -> Self {
        self.files.push((name, text));
        self
    }
}

fn secret(what: &str) -> String {
    format!("{MARK}-{what}-0123456789")
}

/// A new database, and the role that owns it and has a secret as password.
struct Role {
    server: String,
    name: String,
    database: String,
}

impl Role {
    fn new() -> Self {
        let server = Postgres::shared();
        let database = server.create_database();
        let name = format!("role_{database}");
        server.admin(&format!("CREATE ROLE {name} LOGIN PASSWORD '{}'", secret("password")));
        server.admin(&format!("ALTER DATABASE {database} OWNER TO {name}"));
        Self { server: format!("127.0.0.1:{}", server.port()), name, database }
    }

    /// The URL with `password` after the name of the role: `:password` or an empty text.
    fn url(&self, password: &str) -> String {
        format!("postgres://{}{password}@{}/{}?sslmode=disable", self.name, self.server, self.database)
    }

    /// A line of a password file.
    fn line(&self, password: &str) -> String {
        format!("{}:{}:{}:{password}\n", self.server, self.database, self.name)
    }
}

fn of_postgres() -> Vec<Planted> {
    let (right, wrong) = (secret("password"), secret("wrong"));
    let role = Role::new();
    let in_url = Store::of(role.url(&format!(":{right}")));
    let wrong_in_url = Store::of(role.url(&format!(":{wrong}")));
    let wrong_in_variable = Store::of(role.url("")).with("PGPASSWORD", &wrong);
    let wrong_in_file = Store::of(role.url("")).with("PGPASSFILE", "passfile");
    let wrong_line = role.line(&wrong);
    let in_variable = Store::of(Role::new().url("")).with("PGPASSWORD", &right);
    let other = Role::new();
    let in_file = Store::of(other.url("")).with("PGPASSFILE", "passfile");
    let (server, password, no_server) = (role.server, right, address_without_server());
    vec![
        Planted::new("password in the URL", in_url).working(),
        Planted::new("password in PGPASSWORD", in_variable).working(),
        Planted::new("password file", in_file).file("passfile", other.line(&password)).working(),
        Planted::new("wrong password in the URL", wrong_in_url),
        Planted::new("wrong password in PGPASSWORD", wrong_in_variable),
        Planted::new("wrong password in the file", wrong_in_file).file("passfile", wrong_line),
        Planted::new(
            "password for a server that is not there",
            Store::of(format!("postgres://me:{password}@{no_server}/ipam?sslmode=disable")),
        ),
        Planted::new("password as a parameter", Store::of(format!("postgres://{server}/ipam?password={password}"))),
        Planted::new(
            "unknown parameter with a secret",
            Store::of(format!("postgres://me@{server}/ipam?token={}", secret("token"))),
        ),
        Planted::new(
            "password with everything that a URL could trip over",
            Store::of(format!("postgres://me:{MARK}@/?#:{MARK}@{server}/ipam?sslmode=disable#{MARK}")),
        ),
    ]
}

fn of_buckets() -> Vec<Planted> {
    let server = S3::shared();
    let bucket = server.create_bucket();
    let s3 = |endpoint: &str, bucket: &str| {
        Store::of(format!("s3://{bucket}/plan?region={}&endpoint={endpoint}", S3::REGION))
            .with("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
            .with("AWS_SECRET_ACCESS_KEY", &secret("aws-key"))
            .with("AWS_SESSION_TOKEN", &secret("aws-token"))
    };
    let no_server = format!("http://{}", address_without_server());
    vec![
        Planted::new("AWS key and token", s3(&server.endpoint(), &bucket)).working(),
        Planted::new("AWS key for a bucket that is not there", s3(&server.endpoint(), "no-such-bucket")),
        Planted::new("AWS key for a server that is not there", s3(&no_server, "bucket")),
        Planted::new(
            "AWS key in the URL",
            Store::of(format!("s3://AKIA:{}@bucket/plan?region=x", secret("aws-key"))),
        ),
        Planted::new(
            "Azure account key",
            Store::of(format!("az://container/plan?account=acme&endpoint={no_server}"))
                .with("AZURE_STORAGE_ACCOUNT_KEY", &format!("{MARK}AAAAAAAAAAAAAAAAAAAAAAAA")),
        ),
        Planted::new(
            "Azure account key that is no base64",
            Store::of(format!("az://container/plan?account=acme&endpoint={no_server}"))
                .with("AZURE_STORAGE_ACCOUNT_KEY", &format!("{MARK}!!")),
        ),
        Planted::new(
            "key of a Google service account",
            Store::of("gs://bucket/plan").with(
                "GOOGLE_SERVICE_ACCOUNT_KEY",
                &format!(
                    "{{\"client_email\":\"me@example.com\",\"private_key\":\"-----BEGIN PRIVATE KEY-----\\n{MARK}\\n-----END \
                     PRIVATE KEY-----\\n\",\"private_key_id\":\"{MARK}\"}}"
                ),
            ),
        ),
        Planted::new(
            "key file of a Google service account",
            Store::of("gs://bucket/plan").with("GOOGLE_APPLICATION_CREDENTIALS", "key.json"),
        )
        .file("key.json", format!("{{\"type\":\"service_account\",\"private_key\":\"{MARK}\"}}")),
    ]
}

/// Sets every variable that makes the provider, Terraform or a library log.
fn talkative(command: &mut Command) -> &mut Command {
    for (name, value) in [
        ("TF_LOG", "TRACE"),
        ("TF_LOG_CORE", "TRACE"),
        ("TF_LOG_PROVIDER", "TRACE"),
        ("TF_LOG_PROVIDER_IPAM", "TRACE"),
        ("TF_LOG_PATH", "terraform.log"),
        ("RUST_LOG", "trace"),
        ("RUST_BACKTRACE", "full"),
    ] {
        command.env(name, value);
    }
    command
}

/// All output, by its source.
type Said = BTreeMap<String, String>;

/// Adds the files of a directory that the test did not write: logs, states, plans.
fn add_files(said: &mut Said, directory: &Path, own: &[&str]) {
    for entry in fs::read_dir(directory).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() {
            add_files(said, &entry.path(), &[]);
        } else if !own.contains(&name.as_str()) {
            said.insert(
                entry.path().display().to_string(),
                String::from_utf8_lossy(&fs::read(entry.path()).unwrap()).into_owned(),
            );
        }
    }
}

fn terraform_says(workspace: &Workspace, arguments: &[&str], works: bool, said: &mut Said) {
    let mut command = workspace.command(arguments);
    talkative(&mut command);
    let run = Running::start(command).wait();
    assert_eq!(run.is_success(), works, "{}", run.text());
    // A secret in the environment is never printed.
    assert!(!run.text().contains(PASSWORD_IN_URL), "{}", run.text());
    said.insert(format!("terraform {arguments:?}"), run.text());
}

/// Adds the output of the commands of the program, with the store in the environment and as an argument.
fn tool_says(workspace: &Workspace, said: &mut Said) {
    let url = workspace.store().url().to_owned();
    let questions: [&[&str]; 8] = [
        &["tree"],
        &["check"],
        &["events"],
        &["allocations"],
        &["--help"],
        &["tree", "--help"],
        &["tree", "--nonsense"],
        &["tree", "--store", &url],
    ];
    for arguments in questions {
        let mut command = Command::new(PROVIDER);
        terraform::clean(&mut command);
        workspace.store().tell(talkative(&mut command));
        command.args(arguments).current_dir(workspace.path()).env("HOME", workspace.path()).stdin(Stdio::null());
        let output = command.output().unwrap();
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        // A secret that a user typed into the command line is not repeated either.
        said.insert(format!("tool {:?}", arguments[..arguments.len().min(2)].join(" ")), text);
    }
}

fn check(planted: &Planted) {
    let workspace = Workspace::on(&planted.store);
    workspace.configure(POOL);
    for (name, text) in &planted.files {
        use std::os::unix::fs::PermissionsExt;
        workspace.write(name, text);
        // A password file that others may read is not used.
        fs::set_permissions(workspace.path().join(name), fs::Permissions::from_mode(0o600)).unwrap();
    }
    let mut said = Said::new();
    terraform_says(&workspace, &["plan", "-input=false", "-out=plan"], planted.works, &mut said);
    terraform_says(&workspace, &["plan", "-input=false", "-json"], planted.works, &mut said);
    terraform_says(&workspace, &["apply", "-input=false", "-auto-approve"], planted.works, &mut said);
    tool_says(&workspace, &mut said);
    let own: Vec<_> = planted.files.iter().map(|(name, _)| *name).collect();
    add_files(&mut said, workspace.path(), &own);
    assert!(said.keys().any(|name| name.ends_with("terraform.log")), "no log: {:?}", said.keys());
    for (who, text) in &said {
        let line = text.lines().find(|line| line.contains(MARK));
        assert!(line.is_none(), "{who} repeats a secret: {}", line.unwrap_or_default());
    }
}

fn check_all(list: &[Planted]) {
    each(list, |planted| planted.name.to_owned(), check);
}

#[test]
fn no_output_contains_a_secret_of_postgres() {
    check_all(&of_postgres());
}

#[test]
fn no_output_contains_a_secret_of_a_bucket() {
    check_all(&of_buckets());
}

/// A password may come from a variable that Terraform knows to be sensitive.
#[test]
fn no_output_contains_a_sensitive_variable() {
    let url = Role::new().url(":${var.password}");
    for (password, works) in [(secret("password"), true), (secret("wrong"), false)] {
        let workspace = Workspace::new();
        workspace.configure(&format!(
            "variable \"password\" {{\n  sensitive = true\n}}\n\nprovider \"ipam\" {{\n  store = \"{url}\"\n}}\n\n{POOL}"
        ));
        let mut said = Said::new();
        for arguments in [&["plan", "-input=false"][..], &["apply", "-input=false", "-auto-approve"]] {
            let mut command = workspace.command(arguments);
            talkative(&mut command).env("TF_VAR_password", &password);
            let run = Running::start(command).wait();
            assert_eq!(run.is_success(), works, "{}", run.text());
            said.insert(format!("terraform {arguments:?}"), run.text());
        }
        add_files(&mut said, workspace.path(), &[]);
        for (who, text) in &said {
            let line = text.lines().find(|line| line.contains(MARK));
            assert!(line.is_none(), "{who} repeats a secret: {}", line.unwrap_or_default());
        }
    }
}

/// Arguments of the provider block, the text next to it, whether it works, and the expected message.
struct Literal {
    arguments: String,
    body: String,
    works: bool,
    says: &'static [&'static str],
}

fn literal(arguments: impl Into<String>, works: bool, says: &'static [&'static str]) -> Literal {
    Literal { arguments: arguments.into(), body: POOL.to_owned(), works, says }
}

fn literals() -> Vec<Literal> {
    let (right, wrong) = (secret("password"), secret("wrong"));
    let (role, other) = (Role::new(), Role::new());
    let store = |url: &str, password: &str| format!("  store = {url:?}\n  store_password = {password:?}\n");
    let url = |url: &str| format!("  store = {url:?}\n");
    let signed = format!(
        "{POOL}\nresource \"ipam_pool_cidr\" \"x\" {{\n  ipam_pool_id = ipam_pool.top.id\n  cidr = \"203.0.113.0/24\"\n  \
         cidr_authorization_context = {{\n    message = \"1|aws|111122223333|203.0.113.0/24|20300101|SHA256|RSAPSS\"\n    \
         signature = \"{} \"\n  }}\n}}\n",
        secret("signature")
    );
    vec![
        literal(url(&role.url(&format!(":{right}"))), true, &[PASSWORD_IN_URL, "store_password", "PGPASSWORD"]),
        literal(url(&role.url(&format!(":{wrong}"))), false, &[PASSWORD_IN_URL, "argument `store`", "not available"]),
        literal(url(&format!("postgres://{}/ipam?password={wrong}", role.server)), false, &[PASSWORD_IN_URL]),
        literal(
            url(&format!("postgres:host=127.0.0.1 password={wrong}")),
            false,
            &[PASSWORD_IN_URL, "argument `store`"],
        ),
        literal(
            url(&format!("s3://AKIA:{wrong}@bucket/plan?region=x")),
            false,
            &["contains credentials", "argument `store`"],
        ),
        literal(url(&format!("mysql://me:{wrong}@db.example/ipam")), false, &["argument `store`"]),
        literal(store(&other.url(""), &right), true, &[]),
        literal(store(&role.url(""), &wrong), false, &["argument `store`", "not available"]),
        literal(store(&role.url(&format!(":{wrong}")), &right), false, &["Two passwords"]),
        literal(store("sqlite:ipam.db", &right), false, &["An argument that is not used", "argument `store_password`"]),
        literal(
            format!(
                "  store = \"sqlite:ipam.db\"\n  aws {{\n    secret_key = {right:?}\n    token = {wrong:?}\n  }}\n"
            ),
            false,
            &[],
        ),
        Literal { body: signed, ..literal("  store = \"sqlite:ipam.db\"\n", false, &["Malformed signature"]) },
    ]
}

/// Terraform prints the line of the argument that a message is about. Terraform's own log of the configuration is not
/// searched, because the provider cannot change it.
#[test]
fn no_output_contains_a_secret_of_the_configuration() {
    each(
        &literals(),
        |literal| literal.arguments.clone(),
        |literal| {
            let workspace = Workspace::new();
            workspace.configure(&format!("provider \"ipam\" {{\n{}}}\n{}", literal.arguments, literal.body));
            let mut said = Said::new();
            for arguments in [
                &["validate", "-no-color"][..],
                &["plan", "-input=false", "-no-color"],
                &["plan", "-input=false", "-json"],
                &["apply", "-input=false", "-no-color", "-auto-approve"],
            ] {
                let mut command = workspace.command(arguments);
                command.env("TF_LOG_PROVIDER", "TRACE").env("TF_LOG_PATH", "terraform.log").env("RUST_LOG", "trace");
                let run = Running::start(command).wait();
                if arguments[0] == "apply" {
                    assert_eq!(run.is_success(), literal.works, "{}", run.text());
                }
                let run =
                    if arguments[0] == "plan" && !arguments.contains(&"-json") { run.says(literal.says) } else { run };
                let is_warned = run.text().contains(PASSWORD_IN_URL);
                assert!(
                    !is_warned || literal.says.contains(&PASSWORD_IN_URL) || literal.arguments.contains('@'),
                    "{}",
                    run.text()
                );
                said.insert(format!("terraform {arguments:?}"), run.text());
            }
            add_files(&mut said, workspace.path(), &["main.tf"]);
            for (who, text) in &said {
                let line = text.lines().find(|line| line.contains(MARK));
                assert!(line.is_none(), "{who} repeats a secret: {}", line.unwrap_or_default());
            }
        },
    );
}
