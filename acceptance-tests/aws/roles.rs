//! Roles: the way for clients to get credentials for other accounts.

use serde_json::json;

use super::boto::Boto;
use super::endpoint::Credentials;
use super::scene::{ACCOUNT, HOME, OTHER_ACCOUNT, Scene, text};

fn role(name: &str) -> String {
    format!("arn:aws:iam::{OTHER_ACCOUNT}:role/{name}")
}

/// The keys in an answer of STS.
fn keys(answer: &serde_json::Value) -> Credentials {
    let keys = &answer["Credentials"];
    Credentials {
        access_key: text(&keys["AccessKeyId"]),
        secret_key: text(&keys["SecretAccessKey"]),
        session_token: Some(text(&keys["SessionToken"])),
    }
}

#[test]
fn a_role_is_in_its_own_account() {
    let scene = Scene::new();
    let sts = scene.home.sts();
    assert_eq!(sts.call("get_caller_identity", json!({}))["Account"], ACCOUNT);
    let made = sts.call("assume_role", json!({"RoleArn": role("network"), "RoleSessionName": "tests"}));
    let arn = format!("arn:aws:sts::{OTHER_ACCOUNT}:assumed-role/network/tests");
    assert_eq!(made["AssumedRoleUser"]["Arn"], arn.as_str());
    let there = Boto::with(&scene.endpoint, keys(&made), HOME);
    let ipam = there.call("create_ipam", json!({"OperatingRegions": [{"RegionName": HOME}]}));
    assert_eq!(ipam["Ipam"]["OwnerId"], OTHER_ACCOUNT);
    assert_eq!(there.sts().call("get_caller_identity", json!({}))["Account"], OTHER_ACCOUNT);
    let without = Credentials { session_token: None, ..keys(&made) };
    Boto::with(&scene.endpoint, without, HOME).refused("describe_ipams", json!({}), "AuthFailure", "security token");
    let call = scene.endpoint.calls().into_iter().find(|call| call.action == "AssumeRole").unwrap();
    assert_eq!((call.account.as_str(), &call.parameters["RoleSessionName"]), (ACCOUNT, &json!("tests")));
}

#[test]
fn a_token_of_another_identity_provider_is_good_for_a_role() {
    let scene = Scene::new();
    let asked = json!({"RoleArn": role("ci"), "RoleSessionName": "run", "WebIdentityToken": "from elsewhere"});
    let made = scene.home.sts().call("assume_role_with_web_identity", asked);
    let there = Boto::with(&scene.endpoint, keys(&made), HOME);
    assert_eq!(there.call("describe_ipams", json!({}))["Ipams"], json!([]));
}

#[test]
fn a_closed_role_and_an_invalid_one_are_refused() {
    let scene = Scene::new();
    scene.endpoint.close_role(&role("secret"));
    let sts = scene.home.sts();
    let closed = json!({"RoleArn": role("secret"), "RoleSessionName": "tests"});
    sts.refused("assume_role", closed, "AccessDenied", "not authorized");
    let wrong = json!({"RoleArn": "this-is-not-an-arn-of-a-role", "RoleSessionName": "tests"});
    sts.refused("assume_role", wrong, "ValidationError", "not the ARN");
    let unsigned = json!({"RoleArn": role("network"), "RoleSessionName": "tests"});
    sts.with_secret("wrong").refused("assume_role", unsigned, "SignatureDoesNotMatch", "");
}
