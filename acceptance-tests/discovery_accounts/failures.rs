//! A failure in one account or Region is reported there, and the scan of the others goes on.

use std::sync::OnceLock;

use serde_json::{Value, json};
use terraform_provider_ipam::aws::{Ec2Scout, Keys, Settings};
use terraform_provider_ipam::backend::explain;
use terraform_provider_ipam::backend::scout::{Scout, Step};
use terraform_provider_ipam::ipam::discovery::types::{FailureCode, SeenType, Survey, SurveyRole};
use terraform_provider_ipam::ipam::{Error, Kind};
use test_servers::Ec2;

use super::estate::role;
use super::scanner::{failure, scan, seen, settings, try_scan};

/// Another server than that of the estate. It has a default VPC with its subnets in each account and Region, and one
/// item on a page. Each test uses other accounts.
fn server() -> &'static Ec2 {
    static SERVER: OnceLock<Ec2> = OnceLock::new();
    SERVER.get_or_init(|| {
        let server = Ec2::start();
        server.order(r#"{"order": "page", "items": 1}"#);
        server
    })
}

fn order(order: &Value) -> Value {
    serde_json::from_str(&server().order(&order.to_string())).unwrap()
}

/// Two Regions of one account.
fn survey(account: &str) -> Survey {
    Survey {
        operating_regions: ["eu-west-1", "us-east-1"].map(str::to_owned).into(),
        roles: vec![role(account)],
        ..Survey::default()
    }
}

/// Scans an account in which us-east-1 fails. Verifies that eu-west-1 was seen, and returns the code and message of the
/// failure.
#[track_caller]
fn told(account: &str, trouble: &Value) -> (FailureCode, String) {
    let mut rule = json!({"order": "trouble", "account": account, "region": "us-east-1"});
    rule.as_object_mut().unwrap().extend(trouble.as_object().unwrap().clone());
    order(&rule);
    let samples = scan(&server().endpoint(), &survey(account));
    assert_eq!(seen(&samples), [format!("{account} eu-west-1")]);
    let found = failure(&samples, account, "us-east-1");
    (found.code, found.message.clone().unwrap())
}

#[track_caller]
fn calls(account: &str, action: &str) -> usize {
    let calls = order(&json!({"order": "calls", "account": account}));
    calls["calls"].as_array().unwrap().iter().filter(|call| call["action"] == action).count()
}

#[test]
fn a_refused_role_is_requested_once_and_the_others_go_on() {
    let (closed, open) = (role("100000000001"), role("100000000002"));
    let why = "User: arn:aws:iam::123456789012:user/moto is not authorized to perform: sts:AssumeRole";
    order(
        &json!({"order": "trouble", "action": "AssumeRole", "role": closed.role_arn, "code": "AccessDenied", "message": why,
                  "status": 403}),
    );
    let survey = Survey { roles: vec![closed.clone(), open], ..survey("100000000001") };
    let samples = scan(&server().endpoint(), &survey);
    assert_eq!(seen(&samples), ["100000000002 eu-west-1", "100000000002 us-east-1"]);
    for region in ["eu-west-1", "us-east-1"] {
        let found = failure(&samples, "100000000001", region);
        assert_eq!(found.code, FailureCode::AssumeRole);
        let says = format!("AssumeRole of {} was refused: AccessDenied: {why}. Check that", closed.role_arn);
        assert!(found.message.as_ref().unwrap().starts_with(&says), "{found:?}");
    }
    assert_eq!(calls("100000000001", "DescribeVpcs"), 0);
    let asked = order(&json!({"order": "calls", "account": Ec2::HOME}));
    let of_role = asked["calls"].as_array().unwrap().iter().filter(|call| call["role"] == closed.role_arn.as_str());
    assert_eq!(of_role.count(), 1, "once for both Regions");
}

#[test]
fn a_region_that_is_not_enabled_is_reported() {
    let (code, message) = told(
        "100000000003",
        &json!({"code": "AuthFailure", "message": "AWS was not able to validate the provided access credentials",
                "status": 401}),
    );
    assert_eq!(code, FailureCode::Unauthorized);
    let says = "(AuthFailure): AWS was not able to validate the provided access credentials. If the same credentials \
                work in other Regions, account 100000000003 has not enabled us-east-1: enable the Region in the \
                account, or remove it from the operating Regions.";
    assert!(message.starts_with("EC2 refused Describe") && message.ends_with(says), "{message}");
}

#[test]
fn a_list_that_may_not_be_read_makes_no_partial_sample() {
    let trouble = json!({"code": "UnauthorizedOperation", "action": "DescribeNetworkInterfaces", "status": 403,
                         "message": "You are not authorized. Encoded authorization failure message: x7"});
    let (code, message) = told("100000000004", &trouble);
    let says = "EC2 refused DescribeNetworkInterfaces for account 100000000004 in us-east-1 (UnauthorizedOperation): \
                You are not authorized. Allow ec2:DescribeNetworkInterfaces in us-east-1 for the identity that scans \
                account 100000000004, or leave that kind of resource out of the resource types.";
    assert_eq!((code, message.as_str()), (FailureCode::Unauthorized, says));
    let less = Survey { resource_types: [SeenType::Vpc, SeenType::Subnet].into(), ..survey("100000000004") };
    assert_eq!(seen(&scan(&server().endpoint(), &less)).len(), 2, "as the message says");
}

#[test]
fn throttling_that_passes_is_waited_for_and_throttling_that_lasts_is_reported() {
    let throttled = json!({"code": "RequestLimitExceeded", "message": "Request limit exceeded.", "status": 503});
    let mut rule = json!({"order": "trouble", "account": "100000000005", "action": "DescribeSubnets", "times": 2});
    rule.as_object_mut().unwrap().extend(throttled.as_object().unwrap().clone());
    order(&rule);
    assert_eq!(seen(&scan(&server().endpoint(), &survey("100000000005"))).len(), 2);
    let (code, message) = told("100000000006", &throttled);
    assert_eq!(code, FailureCode::Throttling);
    assert!(
        message.contains("(RequestLimitExceeded): Request limit exceeded. EC2 still refused it after all"),
        "{message}"
    );
}

#[test]
fn a_page_token_that_expires_begins_the_list_again_once() {
    let account = "100000000007";
    let expire = |times: u32| {
        order(&json!({"order": "expire", "account": account, "region": "us-east-1", "action": "DescribeSubnets",
                      "times": times}));
    };
    let whole = scan(&server().endpoint(), &survey(account));
    expire(1);
    let again = scan(&server().endpoint(), &survey(account));
    let ids = |samples: &[terraform_provider_ipam::ipam::discovery::types::Sample]| -> Vec<String> {
        let all = samples.iter().flat_map(|sample| &sample.outcome.as_ref().unwrap().resources);
        all.map(|one| format!("{} {:?}", one.resource_id, one.cidr)).collect()
    };
    assert_eq!(ids(&again), ids(&whole));
    assert!(ids(&whole).len() > 4, "there are pages");
    expire(2);
    let samples = scan(&server().endpoint(), &survey(account));
    let found = failure(&samples, account, "us-east-1");
    assert_eq!((found.code, seen(&samples).len()), (FailureCode::Other, 1));
    let message = found.message.as_ref().unwrap();
    assert!(message.contains("(InvalidNextToken): The token has expired. The next scan tries again."), "{message}");
}

#[test]
fn a_region_that_does_not_support_a_list_has_an_empty_one() {
    for action in ["DescribeByoipCidrs", "DescribePublicIpv4Pools"] {
        order(&json!({"order": "trouble", "account": "100000000008", "action": action, "code": "UnsupportedOperation",
                      "message": "The functionality you requested is not available in this region."}));
    }
    assert_eq!(seen(&scan(&server().endpoint(), &survey("100000000008"))).len(), 2);
}

#[test]
fn a_missing_answer_is_reported_too() {
    let gone = test_servers::address_without_server();
    let settings = Settings {
        ec2_endpoint: Some(format!("http://{gone}")),
        max_retries: Some(0),
        ..settings(&server().endpoint())
    };
    let samples = try_scan(settings, &survey("100000000009")).unwrap();
    let found = failure(&samples, "100000000009", "eu-west-1");
    assert_eq!(found.code, FailureCode::Other);
    let message = found.message.as_ref().unwrap();
    assert!(message.starts_with("EC2 did not answer Describe") && message.contains("Check the network"), "{message}");
}

#[test]
fn each_account_is_scanned_once_and_an_excluded_one_never() {
    let mut survey = survey("100000000010");
    survey.own_account = true;
    survey.roles.extend([role(Ec2::HOME), role("100000000010"), role("100000000011")]);
    survey.exclusions.account_ids = ["100000000011".to_owned()].into();
    let samples = scan(&server().endpoint(), &survey);
    let says = [Ec2::HOME, "100000000010"].map(|id| [format!("{id} eu-west-1"), format!("{id} us-east-1")]).concat();
    let mut found = seen(&samples);
    found.sort();
    let mut says = says;
    says.sort();
    assert_eq!(found, says);
    assert_eq!(calls("100000000011", "DescribeVpcs"), 0);
}

#[test]
fn a_scan_without_roles_is_of_the_callers_account() {
    let own = Survey { roles: Vec::new(), ..survey("100000000012") };
    let samples = scan(&server().endpoint(), &own);
    assert_eq!(
        seen(&samples),
        [Ec2::HOME, Ec2::HOME]
            .iter()
            .zip(["eu-west-1", "us-east-1"])
            .map(|(id, region)| format!("{id} {region}"))
            .collect::<Vec<_>>()
    );
}

#[test]
fn an_error_of_the_callback_ends_the_scan() {
    let mut survey = survey("100000000013");
    survey.operating_regions.extend((1..40).map(|number| format!("eu-west-{number}")));
    let mut heard = 0;
    let error = Ec2Scout::new(settings(&server().endpoint())).scan(&survey, &mut |step| match step {
        Step::Targets(count) => {
            assert_eq!(count, 40);
            Ok(())
        }
        Step::Done(_) => {
            heard += 1;
            Err(Error::NotFound { kind: Kind::Scope, id: "full".to_owned() })
        }
    });
    assert_eq!(error, Err(Error::NotFound { kind: Kind::Scope, id: "full".to_owned() }));
    assert_eq!(heard, 1);
}

#[test]
fn without_credentials_there_is_no_scan_and_without_regions_none_are_needed() {
    let directory = tempfile::tempdir().unwrap();
    let profiles = directory.path().join("config");
    // A profile whose credentials come from a program that fails: no other source is tried then.
    std::fs::write(&profiles, "[profile broken]\ncredential_process = false\n").unwrap();
    let broken = Settings {
        profile: Some("broken".to_owned()),
        shared_config_files: vec![profiles.display().to_string()],
        ..Settings::default()
    };
    let error = try_scan(broken.clone(), &survey("100000000014")).unwrap_err();
    let told = explain(&error);
    assert_eq!(told.summary, "AWS refused Credentials: NoCredentials");
    assert!(
        told.detail.starts_with("No credentials for AWS were found. Set them in the provider's `aws` block"),
        "{told:?}"
    );
    assert_eq!(try_scan(broken, &Survey::default()).unwrap(), []);

    let wrong = Survey {
        roles: vec![SurveyRole { role_arn: "arn:aws:iam::1:role/x".to_owned(), external_id: None }],
        ..survey("100000000014")
    };
    let told = explain(&try_scan(settings(&server().endpoint()), &wrong).unwrap_err());
    assert!(told.detail.contains("is not the ARN of a role"), "{told:?}");
}

#[test]
fn keys_that_sts_refuses_are_reported_before_any_scan() {
    // The refusal is for this account only, so that other tests are not affected.
    let caller = "100000000015";
    let keys = super::python::run(
        "keys.py",
        &[],
        &json!({"url": server().endpoint(), "region": "eu-west-1", "role": role(caller).role_arn}),
    );
    let text = |name: &str| keys[name].as_str().unwrap().to_owned();
    let keys = Keys {
        access_key: text("aws_access_key_id"),
        secret_key: text("aws_secret_access_key"),
        token: Some(text("aws_session_token")),
    };
    order(&json!({"order": "trouble", "account": caller, "action": "GetCallerIdentity", "code": "ExpiredToken",
                  "message": "The security token included in the request is expired", "status": 403}));
    let own = Survey { roles: Vec::new(), ..survey(caller) };
    let error = try_scan(Settings { keys: Some(keys), ..settings(&server().endpoint()) }, &own).unwrap_err();
    let told = explain(&error);
    assert_eq!(told.summary, "AWS refused GetCallerIdentity: ExpiredToken");
    assert!(told.detail.starts_with("The security token included in the request is expired."), "{told:?}");
}
