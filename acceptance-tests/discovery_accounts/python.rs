//! The scripts in `python/`: JSON in, JSON out.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;
use test_servers::Packages;

/// The same packages as those of the endpoint that plays AWS, so that they are fetched once.
const PACKAGES: &str = "boto3==1.44.5 botocore==1.44.5";

fn script(name: &str) -> Command {
    let mut command = Packages::of(PACKAGES).command();
    command.arg(format!("{}/acceptance-tests/discovery_accounts/python/{name}", env!("CARGO_MANIFEST_DIR")));
    // The script uses none of the user's settings, and leaves no file in the repository.
    command.env("AWS_CONFIG_FILE", "/dev/null").env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    command.env_remove("AWS_PROFILE").env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// The answer of a script to `wish`.
#[track_caller]
pub(crate) fn run(name: &str, arguments: &[&str], wish: &Value) -> Value {
    let mut command = script(name);
    let mut child =
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("python3 starts");
    child.stdin.take().unwrap().write_all(wish.to_string().as_bytes()).expect("the script reads");
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{name} failed: see above");
    serde_json::from_slice(&output.stdout).expect("the script answers in JSON")
}

/// Runs a script's own tests.
#[track_caller]
pub(crate) fn test(name: &str) {
    let output = script(name).output().expect("python3 starts");
    assert!(output.status.success(), "{name}:\n{}", String::from_utf8_lossy(&output.stderr));
}
