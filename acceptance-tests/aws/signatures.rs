//! Authentication of requests to the endpoint.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::json;

use super::endpoint::{Endpoint, Script};
use super::scene::Scene;

/// Sends one request unchanged. Returns the answer as text.
fn raw(endpoint: &Endpoint, head: &str, body: &str) -> String {
    let address = endpoint.url().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(&address).unwrap();
    let length = body.len();
    write!(
        stream,
        "POST / HTTP/1.1\r\nHost: {address}\r\n{head}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_request_without_a_good_signature_is_refused() {
    let scene = Scene::new();
    let calls = scene.endpoint.calls().len();
    let wrong = scene.home.with_secret("wrong");
    wrong.refused("describe_ipams", json!({}), "SignatureDoesNotMatch", "");
    let body = "Action=DescribeIpams&Version=2016-11-15";
    let scope = |scope: &str| {
        format!("Authorization: AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0\r\n")
    };
    for head in [
        String::new(),
        "Authorization: Basic abc\r\n".to_owned(),
        scope("AKIAX/20260101/us-east-1/ec2/aws4_request"),
        scope("AKIAX/20260101/us-east-1/s3/aws4_request"),
        scope("AKIAX/20260101/us-east-1"),
    ] {
        let answer = raw(&scene.endpoint, &head, body);
        assert!(answer.starts_with("HTTP/1.1 401") && answer.contains("<Code>AuthFailure</Code>"), "{head}: {answer}");
    }
    assert_eq!(scene.endpoint.calls().len(), calls, "an unsigned request does not count as a call");
}

#[test]
fn the_request_id_is_in_the_answer_its_header_and_the_record() {
    let scene = Scene::new();
    let answer = raw(&scene.endpoint, "", "Action=DescribeIpams&Version=2016-11-15");
    let after = |text: &str, end: &str| {
        let start = answer.split_once(text).unwrap_or_else(|| panic!("no {text} in {answer}")).1;
        start.split_once(end).unwrap().0.to_owned()
    };
    assert_eq!(after("x-amzn-requestid: ", "\r\n"), after("<RequestID>", "</RequestID>"));
    let answer = scene.home.raw(json!({"Action": "DescribeIpams", "Version": "2016-11-15"}));
    let last = scene.endpoint.calls().pop().unwrap();
    assert!(answer.contains(&format!("<requestId>{}</requestId>", last.request_id)), "{answer}");
}

#[test]
fn a_signature_of_another_time_is_expired() {
    let scene = Scene::new();
    for (skew, is_good) in [(0, true), (600, true), (1200, false), (-1200, false)] {
        scene.endpoint.script(Script { clock_skew_seconds: skew, ..Script::default() });
        match scene.home.try_call("describe_ipams", json!({})) {
            Ok(_) => assert!(is_good, "{skew}"),
            Err(refused) => assert_eq!((refused.code.as_str(), is_good), ("RequestExpired", false), "{skew}"),
        }
    }
}

#[test]
fn accounts_do_not_see_each_other() {
    let scene = Scene::new();
    let other = super::boto::Boto::new(&scene.endpoint, super::scene::OTHER_ACCOUNT, super::scene::HOME);
    assert_eq!(other.call("describe_ipams", json!({}))["Ipams"], json!([]));
    let by_id = json!({"IpamIds": [scene.ipam["IpamId"]]});
    other.refused("describe_ipams", by_id, "InvalidIpamId.NotFound", "");
}
