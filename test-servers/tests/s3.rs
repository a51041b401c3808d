//! The S3 server gives the guarantee that stores depend on: a PUT with a condition succeeds only if no object exists.

use std::io::{Read, Write};
use std::net::TcpStream;

use test_servers::S3;

const SIGNATURE: &str =
    "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";

/// Sends one request. Returns the status and the text of the answer.
fn ask(address: &str, method: &str, path: &str, header: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: {SIGNATURE}\r\n{header}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
}

#[test]
fn a_conditional_put_does_not_overwrite_an_object() {
    let server = S3::shared();
    let address = server.address();
    let key = format!("/{}/log/1", server.create_bucket());
    let put = |body| ask(&address, "PUT", &key, "If-None-Match: *\r\n", body).0;
    assert_eq!((put("first"), put("second")), (200, 412));
    assert!(ask(&address, "GET", &key, "", "").1.ends_with("first"));
}

#[test]
fn one_of_many_simultaneous_puts_wins() {
    let server = S3::shared();
    let address = server.address();
    let bucket = server.create_bucket();
    for round in 0..30 {
        let key = format!("/{bucket}/log/{round}");
        let statuses = std::thread::scope(|scope| {
            let put = || ask(&address, "PUT", &key, "If-None-Match: *\r\n", "body").0;
            let threads: Vec<_> = (0..16).map(|_| scope.spawn(put)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        let with = |wanted| statuses.iter().filter(|status| **status == wanted).count();
        assert_eq!((with(200), with(412)), (1, 15), "{statuses:?}");
    }
}

#[test]
fn buckets_are_new_and_a_missing_one_is_not_found() {
    let server = S3::shared();
    assert_ne!(server.create_bucket(), server.create_bucket());
    assert_eq!(ask(&server.address(), "GET", "/no-such-bucket/key", "", "").0, 404);
}

#[test]
fn a_killed_server_does_not_answer() {
    let server = S3::start();
    assert!(TcpStream::connect(server.address()).is_ok());
    server.kill();
    assert!(TcpStream::connect(server.address()).is_err());
}

#[test]
fn a_bucket_that_may_only_be_read_refuses_writes() {
    let server = S3::shared();
    let bucket = server.create_bucket();
    let status = |method, body| ask(&server.address(), method, &format!("/{bucket}/key"), "", body).0;
    assert_eq!(status("PUT", "body"), 200);
    server.set_writable(&bucket, false);
    assert_eq!([status("PUT", "other"), status("DELETE", ""), status("GET", "")], [403, 403, 200]);
    server.set_writable(&bucket, true);
    assert_eq!(status("PUT", "other"), 200);
}
