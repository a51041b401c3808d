//! The EC2 server has the features that moto lacks: pages, BYOIP ranges, and failures.

use std::io::{Read, Write};
use std::net::TcpStream;

use test_servers::Ec2;

/// Makes one call with keys that the server did not issue. Returns the status and the text of the answer.
fn ask(server: &Ec2, region: &str, form: &str) -> (u16, String) {
    let address = server.endpoint().replace("http://", "");
    let mut stream = TcpStream::connect(&address).unwrap();
    write!(
        stream,
        "POST / HTTP/1.1\r\nHost: {address}\r\nAuthorization: AWS4-HMAC-SHA256 Credential=me/20260101/{region}/ec2/aws4_request, \
         SignedHeaders=host, Signature=0\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{form}",
        form.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
}

/// The texts of all elements with this tag.
fn all(answer: &str, tag: &str) -> Vec<String> {
    let (begin, end) = (format!("<{tag}>"), format!("</{tag}>"));
    answer.split(&begin).skip(1).map(|rest| rest.split(&end).next().unwrap().to_owned()).collect()
}

/// The form of a call of this action.
fn form(action: &str, more: &str) -> String {
    format!("Action={action}&Version=2016-11-15{more}")
}

#[test]
fn lists_have_pages_and_tokens_that_can_expire() {
    let (server, region) = (Ec2::shared(), "eu-west-1");
    for number in 0..7 {
        let (status, answer) = ask(server, region, &form("CreateVpc", &format!("&CidrBlock=10.{number}.0.0/16")));
        assert_eq!(status, 200, "{answer}");
    }
    let first = ask(server, region, &form("DescribeVpcs", "&MaxResults=5")).1;
    let token = all(&first, "nextToken").remove(0);
    let rest = ask(server, region, &form("DescribeVpcs", &format!("&MaxResults=5&NextToken={token}"))).1;
    let mut seen = [all(&first, "vpcId"), all(&rest, "vpcId")].concat();
    assert_eq!((seen.len(), all(&rest, "nextToken").len()), (8, 0), "with the default one");
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 8);
    server.order(&format!(
        r#"{{"order": "expire", "account": "{}", "region": "{region}", "action": "DescribeVpcs", "times": 1}}"#,
        Ec2::HOME
    ));
    let with_token = form("DescribeVpcs", &format!("&MaxResults=5&NextToken={token}"));
    let (status, expired) = ask(server, region, &with_token);
    assert_eq!((status, all(&expired, "Code")), (400, vec!["InvalidNextToken".to_owned()]));
    assert_eq!(ask(server, region, &with_token).0, 200);
    for (wrong, code) in [
        (form("DescribeVpcs", "&MaxResults=4"), "InvalidParameterValue"),
        (form("DescribeByoipCidrs", ""), "MissingParameter"),
        (form("DescribeSubnets", &format!("&MaxResults=5&NextToken={token}")), "InvalidNextToken"),
    ] {
        assert_eq!(all(&ask(server, region, &wrong).1, "Code"), [code], "{wrong}");
    }
}

#[test]
fn ranges_and_failures_belong_to_their_account_and_region() {
    let server = Ec2::shared();
    let place = format!(r#""account": "{}", "region": "us-east-2""#, Ec2::HOME);
    server.order(&format!(r#"{{"order": "byoip", {place}, "ranges": [{{"Cidr": "198.51.100.0/24"}}]}}"#));
    let ranges = form("DescribeByoipCidrs", "&MaxResults=100");
    assert_eq!(all(&ask(server, "us-east-2", &ranges).1, "cidr"), ["198.51.100.0/24"]);
    assert_eq!(all(&ask(server, "us-west-1", &ranges).1, "cidr"), Vec::<String>::new());
    server.order(&format!(r#"{{"order": "trouble", {place}, "code": "AuthFailure", "status": 401, "times": 2}}"#));
    let call = || ask(server, "us-east-2", &ranges).0;
    assert_eq!((ask(server, "us-west-1", &ranges).0, call(), call(), call()), (200, 401, 401, 200));
}

#[test]
#[should_panic(expected = "ValueError: dance")]
fn an_unknown_order_is_reported() {
    Ec2::shared().order(r#"{"order": "dance"}"#);
}
