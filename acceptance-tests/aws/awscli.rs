//! awscli as a client.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use test_servers::Packages;

use super::endpoint::{Endpoint, Script};
use super::scene::{ACCOUNT, HOME};

/// awscli brings its own version of botocore.
const PACKAGES: &str = "awscli==1.46.3";

/// Runs one command of awscli. Returns its output, or its error message.
fn aws(endpoint: &Endpoint, command: &str) -> Result<Value, String> {
    let credentials = endpoint.credentials(ACCOUNT);
    let environment: BTreeMap<&str, &str> = [
        ("AWS_ACCESS_KEY_ID", credentials.access_key.as_str()),
        ("AWS_SECRET_ACCESS_KEY", &credentials.secret_key),
        ("AWS_DEFAULT_REGION", HOME),
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
        ("AWS_DEFAULT_OUTPUT", "json"),
        ("AWS_PAGER", ""),
    ]
    .into();
    let mut python = Packages::of(PACKAGES).command();
    let words = command.split(' ').map(|word| word.replace('_', " "));
    python.args(["-m", "awscli", "ec2", "--endpoint-url", &endpoint.url()]).args(words);
    let output = python.envs(environment).env_remove("AWS_PROFILE").output().expect("python3 starts");
    match output.status.success() {
        true if output.stdout.is_empty() => Ok(Value::Null),
        true => Ok(serde_json::from_slice(&output.stdout).expect("awscli prints JSON")),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

#[test]
fn awscli_makes_a_pool_and_allocates_from_it() {
    let endpoint = Endpoint::start();
    endpoint.script(Script::at_once());
    let run = |command: String| aws(&endpoint, &command).unwrap_or_else(|said| panic!("{command}: {said}"));
    let ipam =
        run(format!("create-ipam --operating-regions RegionName={HOME} --description the_network"))["Ipam"].clone();
    assert_eq!((&ipam["OwnerId"], &ipam["Description"]), (&json!(ACCOUNT), &json!("the network")));
    let scope = ipam["PrivateDefaultScopeId"].as_str().unwrap();
    let pool = run(format!(
        "create-ipam-pool --ipam-scope-id {scope} --address-family ipv4 --locale {HOME} --tag-specifications \
         ResourceType=ipam-pool,Tags=[{{Key=Name,Value=lab}}]"
    ));
    let pool = pool["IpamPool"]["IpamPoolId"].as_str().unwrap();
    run(format!("provision-ipam-pool-cidr --ipam-pool-id {pool} --cidr 10.0.0.0/16"));
    let made = run(format!("allocate-ipam-pool-cidr --ipam-pool-id {pool} --netmask-length 24"));
    assert_eq!(made["IpamPoolAllocation"]["Cidr"], "10.0.0.0/24");
    let named = run("describe-ipam-pools --filters Name=tag:Name,Values=lab".to_owned());
    assert_eq!(named["IpamPools"][0]["IpamPoolId"], pool);
    let said = aws(&endpoint, &format!("delete-ipam-pool --ipam-pool-id {pool}")).unwrap_err();
    assert!(said.contains("(DependencyViolation)"), "{said}");
}
