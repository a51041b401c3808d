//! The scan of the estate finds what boto3 finds, resource by resource and address by address.

use serde_json::{Value, json};
use terraform_provider_ipam::ipam::discovery::types::{DiscoveredCidr, PublicAddress, Sample, SeenType, Survey};

use super::estate::{ACCOUNTS, Estate, REGIONS};
use super::python;
use super::scanner::scan;

/// The samples without their times, which differ from scan to scan.
fn timeless(samples: Vec<Sample>) -> Vec<(String, String, Vec<DiscoveredCidr>, Vec<PublicAddress>)> {
    let of = |sample: Sample| {
        let mut sighting = sample.outcome.unwrap();
        for time in sighting.resources.iter_mut().map(|one| one.sampled_at.take()) {
            assert_eq!(time, Some(sample.taken_at));
        }
        for time in sighting.addresses.iter_mut().map(|one| one.sampled_at.take()) {
            assert_eq!(time, Some(sample.taken_at));
        }
        (sample.account_id, sample.region, sighting.resources, sighting.addresses)
    };
    samples.into_iter().map(of).collect()
}

/// Verifies that the scan and the script see the same in the part that `wish` describes. Returns what the script sees.
#[track_caller]
fn assert_seen(estate: &Estate, survey: &Survey, wish: &Value) -> Value {
    let mut question = estate.wish();
    question.as_object_mut().unwrap().extend(wish.as_object().unwrap().clone());
    let expected = python::run("expected.py", &["samples"], &question);
    assert_same(estate, survey, &expected);
    expected
}

/// Compares record by record, so that a failure shows the first difference of a place rather than two thousand records.
#[track_caller]
fn assert_same(estate: &Estate, survey: &Survey, expected: &Value) {
    let seen = timeless(scan(&estate.url(), survey));
    let places: Vec<_> = seen.iter().map(|(account, region, ..)| (account.as_str(), region.as_str())).collect();
    let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
    let says = expected.as_array().unwrap();
    let expected_places: Vec<_> = says.iter().map(|one| (text(one, "account_id"), text(one, "region"))).collect();
    assert_eq!(places, expected_places.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect::<Vec<_>>());
    for ((account, region, resources, addresses), says) in seen.iter().zip(says) {
        let expected: Vec<DiscoveredCidr> = serde_json::from_value(says["resources"].clone()).unwrap();
        for (found, expected) in resources.iter().zip(&expected) {
            assert_eq!(found, expected, "{account} {region}");
        }
        assert_eq!(resources.len(), expected.len(), "{account} {region}");
        let expected: Vec<PublicAddress> = serde_json::from_value(says["addresses"].clone()).unwrap();
        for (found, expected) in addresses.iter().zip(&expected) {
            assert_eq!(found, expected, "{account} {region}");
        }
        assert_eq!(addresses.len(), expected.len(), "{account} {region}");
    }
}

/// Numbers of resources and addresses in the samples.
fn counts(samples: &Value) -> (usize, usize) {
    let count = |name: &str| samples.as_array().unwrap().iter().map(|one| one[name].as_array().unwrap().len()).sum();
    (count("resources"), count("addresses"))
}

#[test]
fn all_of_the_estate_is_seen() {
    let estate = Estate::shared();
    let expected = estate.seen();
    assert_same(&estate, &Estate::survey(), expected);
    let (resources, addresses) = counts(expected);
    assert!(resources > 3_000 && addresses > 600, "the script saw only {resources} and {addresses}");
    let all = expected.to_string();
    for word in [
        "amazon-owned-eip",
        "amazon-owned-contig",
        "byoip",
        "ec2-public-ip",
        "service-managed-ip",
        "service-managed-byoip",
        "nat-gateway",
        "load-balancer",
        "relational-database-service",
        "disassociated",
        "ipv6-pool",
        "public-ipv4-pool",
    ] {
        assert!(all.contains(&format!("\"{word}\"")), "the estate has no {word}");
    }
}

#[test]
fn pages_of_any_size_make_the_same_list() {
    let estate = Estate::alone();
    estate.order(&json!({"order": "page", "items": 7}));
    let survey = Survey { operating_regions: [REGIONS[0].to_owned()].into(), ..Survey::default() };
    let wish = json!({"accounts": [{"id": ACCOUNTS[0], "role": null}], "regions": [REGIONS[0]]});
    assert_seen(&estate, &survey, &wish);
    estate.order(&json!({"order": "page", "items": 0}));
}

#[test]
fn only_the_requested_kinds_are_seen() {
    let estate = Estate::shared();
    for (kinds, words) in [
        (vec![SeenType::Vpc, SeenType::Subnet], json!(["vpc", "subnet"])),
        (vec![SeenType::Eip], json!(["eip"])),
        (vec![SeenType::Eni, SeenType::PublicIpv4Pool], json!(["eni", "public-ipv4-pool"])),
    ] {
        let survey = Survey {
            operating_regions: REGIONS[..1].iter().map(|region| (*region).to_owned()).collect(),
            resource_types: kinds.into_iter().collect(),
            ..Estate::survey()
        };
        let expected = assert_seen(&estate, &survey, &json!({"resource_types": words, "regions": &REGIONS[..1]}));
        assert!(counts(&expected).0 > 0, "{words}");
    }
}

#[test]
fn excluded_resources_are_not_seen() {
    let estate = Estate::shared();
    let mut survey = Estate::survey();
    survey.operating_regions = [REGIONS[1].to_owned()].into();
    let region = json!({"regions": [REGIONS[1]]});
    let all = assert_seen(&estate, &survey, &region);
    let vpc =
        all[0]["resources"].as_array().unwrap().iter().find(|one| {
            one["resource_type"] == "vpc" && one["tags"]["env"] == "prod" && one["cidr"] != "172.31.0.0/16"
        });
    let vpc = vpc.unwrap()["resource_id"].as_str().unwrap().to_owned();
    survey.exclusions.account_ids = [ACCOUNTS[2].to_owned()].into();
    survey.exclusions.resource_ids = [vpc.clone()].into();
    survey.exclusions.tags = [("env".to_owned(), "test".to_owned())].into();
    let exclusions = json!({"account_ids": [ACCOUNTS[2]], "resource_ids": [vpc], "tags": {"env": "test"}});
    let rest = assert_seen(&estate, &survey, &json!({"regions": [REGIONS[1]], "exclusions": exclusions}));
    assert_eq!((all.as_array().unwrap().len(), rest.as_array().unwrap().len()), (3, 2));
    assert!(counts(&rest).0 < counts(&all).0 * 2 / 3, "{:?} of {:?}", counts(&rest), counts(&all));
}
