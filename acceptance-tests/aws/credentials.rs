//! The provider block's `aws`: every way to get credentials for an account, through real terraform.

use serde_json::json;

use super::boto::Boto;
use super::endpoint::{Call, Trouble};
use super::scene::{ACCOUNT, HOME, OTHER_ACCOUNT, Scene, text};
use crate::harness::Workspace;
use crate::harness::store::Store;

const THIRD_ACCOUNT: &str = "777788889999";

fn role(account: &str, name: &str) -> String {
    format!("arn:aws:iam::{account}:role/{name}")
}

/// A scene with an IPAM in the other account too. Returns the id of that IPAM as well.
fn scene() -> (Scene, String) {
    let scene = Scene::new();
    let other = Boto::new(&scene.endpoint, OTHER_ACCOUNT, HOME);
    let ipam = other.call("create_ipam", json!({"OperatingRegions": [{"RegionName": HOME}]}));
    let scope = text(&ipam["Ipam"]["PrivateDefaultScopeId"]);
    (scene, scope)
}

/// A configuration that reads the default scope, with `aws` as its `aws` block.
fn configuration(aws: &str) -> String {
    format!(
        "provider \"ipam\" {{\n  store = \"aws-ipam\"\n  aws {{\n{aws}\n  }}\n}}\ndata \"ipam_scope\" \"it\" {{\n  name = \
         \"default-private\"\n}}\noutput \"id\" {{\n  value = data.ipam_scope.it.id\n}}\n"
    )
}

/// The keys of the account, and the endpoints of EC2 and STS.
fn keys(scene: &Scene) -> String {
    let credentials = scene.endpoint.credentials(ACCOUNT);
    format!(
        "region = {HOME:?}\naccess_key = {:?}\nsecret_key = {:?}\nendpoints = {{ ec2 = {url:?}, sts = {url:?} }}\n",
        credentials.access_key,
        credentials.secret_key,
        url = scene.endpoint.url()
    )
}

#[track_caller]
fn scope_seen(workspace: &Workspace, aws: &str) -> String {
    workspace.configure(&configuration(aws));
    text(workspace.apply().output("id"))
}

fn calls(scene: &Scene, action: &str) -> Vec<Call> {
    scene.endpoint.calls().into_iter().filter(|call| call.action == action).collect()
}

#[test]
fn a_role_is_assumed_and_then_another_one_by_it() {
    let (scene, there) = scene();
    let workspace = Workspace::new();
    let network = role(OTHER_ACCOUNT, "network");
    let one = format!(
        "{}assume_role {{\n  role_arn = {network:?}\n  session_name = \"tests\"\n  external_id = \"xyz\"\n  duration = \
         \"30m\"\n}}\n",
        keys(&scene)
    );
    assert_eq!(scope_seen(&workspace, &one), there);
    let asked = calls(&scene, "AssumeRole").remove(0);
    let said = ["RoleSessionName", "ExternalId", "DurationSeconds"].map(|name| asked.parameters[name].clone());
    assert_eq!((asked.account.as_str(), json!(said)), (ACCOUNT, json!(["tests", "xyz", "1800"])));

    let (first, before) = (role(THIRD_ACCOUNT, "door"), calls(&scene, "AssumeRole").len());
    let chain = format!(
        "{}assume_role {{\n  role_arn = {first:?}\n}}\nassume_role {{\n  role_arn = {network:?}\n}}\n",
        keys(&scene)
    );
    assert_eq!(scope_seen(&workspace, &chain), there);
    let by: Vec<_> = calls(&scene, "AssumeRole").split_off(before);
    assert!(by.iter().any(|call| call.account == THIRD_ACCOUNT && call.parameters["RoleArn"] == network.as_str()));
    assert!(by.iter().all(|call| call.account != ACCOUNT || call.parameters["RoleArn"] == first.as_str()));
    assert_eq!(scene.endpoint.violations(), Vec::<String>::new());
}

#[test]
fn a_refused_role_is_reported_without_secrets() {
    let (scene, _) = scene();
    let closed = role(OTHER_ACCOUNT, "secret");
    scene.endpoint.close_role(&closed);
    let workspace = Workspace::new();
    workspace.configure(&configuration(&format!("{}assume_role {{\n  role_arn = {closed:?}\n}}\n", keys(&scene))));
    let secret = scene.endpoint.credentials(ACCOUNT).secret_key;
    let words = ["AWS cannot be used", "AccessDenied", &format!("not authorized to assume {closed}")];
    workspace.try_plan(&[]).fails().says(&words).never_says(&secret);
}

#[test]
fn a_token_file_of_another_identity_provider_gives_a_role() {
    let (scene, there) = scene();
    let store = Store::of("aws-ipam").with("AWS_ENDPOINT_URL", &scene.endpoint.url());
    let workspace = Workspace::on(&store);
    workspace.write("token", "a token of the pipeline");
    let token = workspace.path().join("token");
    let aws = format!(
        "region = {HOME:?}\nassume_role_with_web_identity {{\n  role_arn = {:?}\n  session_name = \"run\"\n  \
         web_identity_token_file = {:?}\n}}\n",
        role(OTHER_ACCOUNT, "ci"),
        token.display().to_string()
    );
    assert_eq!(scope_seen(&workspace, &aws), there);
    let asked = calls(&scene, "AssumeRoleWithWebIdentity").remove(0);
    let said = ["RoleSessionName", "WebIdentityToken"].map(|name| asked.parameters[name].clone());
    assert_eq!(json!(said), json!(["run", "a token of the pipeline"]));
    std::fs::remove_file(token).unwrap();
    workspace.try_plan(&[]).fails().says(&["AWS cannot be used"]).never_says("a token of the pipeline");
}

#[test]
fn a_profile_comes_from_the_shared_files() {
    let (scene, _) = scene();
    let workspace = Workspace::new();
    let credentials = scene.endpoint.credentials(ACCOUNT);
    workspace.write(
        "credentials",
        &format!(
            "[net]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
            credentials.access_key, credentials.secret_key
        ),
    );
    workspace.write("config", &format!("[profile net]\nregion = {HOME}\nendpoint_url = {}\n", scene.endpoint.url()));
    let file = |name: &str| workspace.path().join(name).display().to_string();
    let aws = |profile: &str| {
        format!(
            "profile = {profile:?}\nshared_config_files = [{:?}]\nshared_credentials_files = [{:?}]\n",
            file("config"),
            file("credentials")
        )
    };
    assert_eq!(scope_seen(&workspace, &aws("net")), scene.scope);
    workspace.configure(&configuration(&aws("nobody")));
    workspace.try_plan(&[]).fails().says(&["AWS cannot be used"]).never_says(&credentials.secret_key);
}

#[test]
fn temporary_credentials_need_their_session_token() {
    let (scene, there) = scene();
    let sts = scene.home.sts();
    let made = sts.call("assume_role", json!({"RoleArn": role(OTHER_ACCOUNT, "net"), "RoleSessionName": "tests"}));
    let made = &made["Credentials"];
    let aws = |token: &str| {
        format!(
            "region = {HOME:?}\naccess_key = {}\nsecret_key = {}\n{token}endpoints = {{ ec2 = {:?} }}\n",
            made["AccessKeyId"],
            made["SecretAccessKey"],
            scene.endpoint.url()
        )
    };
    let workspace = Workspace::new();
    assert_eq!(scope_seen(&workspace, &aws(&format!("token = {}\n", made["SessionToken"]))), there);
    workspace.configure(&configuration(&aws("")));
    workspace
        .try_plan(&[])
        .fails()
        .says(&["AuthFailure", "security token"])
        .never_says(&text(&made["SecretAccessKey"]));
    workspace.configure(&configuration(&aws("").replace("access_key = ", "token = ")));
    workspace.try_plan(&[]).fails().says(&["Incomplete credentials"]);
}

#[test]
fn the_wrong_region_has_no_ipam_and_the_error_names_the_region() {
    let (scene, _) = scene();
    let workspace = Workspace::new();
    workspace.configure(&configuration(&keys(&scene).replace(HOME, "ap-south-1")));
    workspace.try_plan(&[]).fails().says(&["There is no IPAM in ap-south-1", "set `region` in the `aws` block"]);
}

#[test]
fn throttled_calls_are_repeated_as_often_as_the_block_allows() {
    let (scene, _) = scene();
    let workspace = Workspace::new();
    for mode in ["standard", "adaptive"] {
        scene.endpoint.trouble("DescribeIpams", 2, Trouble::Throttle);
        let aws = format!("{}retry_mode = {mode:?}\nmax_retries = 3\n", keys(&scene));
        assert_eq!(scope_seen(&workspace, &aws), scene.scope, "{mode}");
    }
    scene.endpoint.trouble("DescribeIpams", 2, Trouble::Throttle);
    workspace.configure(&configuration(&format!("{}retry_mode = \"adaptive\"\nmax_retries = 0\n", keys(&scene))));
    workspace.try_plan(&[]).fails().says(&["RequestLimitExceeded"]);
    workspace.configure(&configuration(&format!("{}retry_mode = \"legacy\"\n", keys(&scene))));
    workspace.try_plan(&[]).fails().says(&["\"legacy\" is not a retry mode: use \"standard\" or \"adaptive\""]);
}
