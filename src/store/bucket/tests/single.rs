//! One object that belongs to no store.

use std::sync::atomic::{AtomicUsize, Ordering};

use test_servers::S3;

use super::super::single::BucketObject;
use super::*;
use crate::store::Written;

fn never() -> bool {
    false
}

fn object(url: &str) -> BucketObject {
    let variables = [("AWS_ACCESS_KEY_ID", KEY_ID), ("AWS_SECRET_ACCESS_KEY", SECRET)];
    let owned = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    BucketObject::with_environment(url, Environment::new(owned)).unwrap()
}

/// An object of the shared server that does not exist yet.
fn new_object(name: &str) -> BucketObject {
    let bucket = S3::shared().create_bucket();
    object(&format!("s3://{bucket}/{name}?endpoint=http://{}&region={}", S3::shared().address(), S3::REGION))
}

#[test]
fn an_object_is_created_once_and_replaced_when_asked() {
    let object = new_object("backups/with%20space/ipam.json");
    assert!(object.describe().ends_with("/backups/with space/ipam.json"), "{}", object.describe());
    assert_eq!(object.beginning(10), Ok(None));
    assert_eq!(object.write(b"first".to_vec(), false, &never), Ok(Written::Done));
    assert_eq!(object.write(b"second".to_vec(), false, &never), Ok(Written::Exists));
    assert_eq!(object.beginning(10), Ok(Some(b"first".to_vec())));
    assert_eq!(object.write(b"the third".to_vec(), true, &never), Ok(Written::Done));
    assert_eq!(object.beginning(5), Ok(Some(b"the t".to_vec())));
    assert_eq!(object.write(Vec::new(), true, &never), Ok(Written::Done));
    assert_eq!(object.beginning(5), Ok(Some(Vec::new())));
}

#[test]
fn a_write_ends_when_the_caller_asks_for_it() {
    // Nothing answers at this address.
    let object = object("s3://bucket/ipam.json?endpoint=http://192.0.2.1:9&region=eu-west-1");
    let asked = AtomicUsize::new(0);
    let soon = || asked.fetch_add(1, Ordering::SeqCst) > 2;
    let outcome = object.write(b"x".to_vec(), false, &soon);
    assert!(matches!(outcome, Ok(Written::Ended) | Err(_)), "{outcome:?}");
}

#[test]
fn a_bucket_that_does_not_exist_is_named() {
    let address = S3::shared().address();
    let object = object(&format!("s3://no-such-bucket/ipam.json?endpoint=http://{address}&region={}", S3::REGION));
    let Err(Error::Unavailable(words)) = object.write(b"x".to_vec(), false, &never) else { panic!("written") };
    assert!(words.contains("the bucket no-such-bucket does not exist"), "{words}");
    assert!(!words.contains(SECRET) && !words.contains(KEY_ID), "{words}");
}
