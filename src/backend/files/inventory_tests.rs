//! Exports of other systems as files of a discovery.

use std::fs;

use super::tests::{LARGE, shown};
use super::*;
use crate::ipam::discovery::types::SeenType;

const AZURE: &str = include_str!("../../../examples/migrations/azure/vnets.json");
const GCP: &str = include_str!("../../../examples/migrations/google-cloud/subnets.json");
const RANGES: &str = include_str!("../../../examples/migrations/google-cloud/internal-ranges.json");
const VPCS: &str = include_str!("../../../examples/migrations/aws/vpcs.eu-central-1.json");

fn reading(name: &str, text: impl AsRef<[u8]>, format: Option<FileFormat>) -> Result<FileContent, String> {
    reading_within(&LARGE, name, text, format)
}

fn reading_within(
    limits: &Limits,
    name: &str,
    text: impl AsRef<[u8]>,
    format: Option<FileFormat>,
) -> Result<FileContent, String> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(name);
    fs::write(&path, text).unwrap();
    let wishes = Wishes { format, ..Wishes::default() };
    let read = read_within(limits, &path, &Below::new([directory.path()]), Timestamp::UNIX_EPOCH, wishes);
    let place = format!("{}/", directory.path().display());
    read.map_err(|why| match why {
        Unread::Wrong(words) | Unread::NotAllowed(words) => words.replace(&place, ""),
    })
}

#[test]
fn virtual_networks_are_vpcs_of_their_subscription_and_region() {
    let read = reading("azure.json", AZURE, None).unwrap();
    let at: Vec<_> = read.samples.iter().map(|one| (one.account_id.as_str(), one.region.as_str())).collect();
    let (shop, hub) = ("0b6a7f14-31d8-4c3f-8a56-77d1a9a4c022", "5f1c2c9e-8d0b-4b7e-9f43-2f6a1f0c7a11");
    assert_eq!(at, [(shop, "westeurope"), (hub, "westeurope")]);
    let resources = &read.samples[1].outcome.as_ref().unwrap().resources;
    let kinds: Vec<_> = resources.iter().map(|one| (one.resource_type, one.cidr.unwrap().to_string())).collect();
    assert_eq!(
        kinds,
        [
            (SeenType::Vpc, "10.64.0.0/16".to_owned()),
            (SeenType::Subnet, "10.64.0.0/26".to_owned()),
            (SeenType::Subnet, "10.64.1.0/24".to_owned()),
        ]
    );
    let (network, subnet) = (&resources[0], &resources[1]);
    assert!(network.resource_id.ends_with("/virtualNetworks/vnet-hub-weu"), "{network:?}");
    assert_eq!(
        (&network.vpc_id, &subnet.vpc_id),
        (&Some(network.resource_id.clone()), &Some(network.resource_id.clone()))
    );
    assert_eq!(network.tags.get("Name").map(String::as_str), Some("vnet-hub-weu"));
    assert_eq!(network.tags.get("env").map(String::as_str), Some("prod"));
}

#[test]
fn subnets_of_google_cloud_are_subnets_and_their_secondary_ranges_others() {
    let read = reading("gcp.json", GCP, None).unwrap();
    let network = "projects/corp-net-host/global/networks/corp";
    let subnet = "projects/corp-net-host/regions/europe-west1/subnetworks/gke-ew1";
    let of_region = &shown(&read.samples)[0];
    let expected = format!(
        "corp-net-host europe-west1: {subnet} subnet 10.96.0.0/22 {network} Name=gke-ew1; {subnet}/services other \
         10.96.16.0/20 {network} Name=gke-ew1-services; {subnet}/pods other 10.100.0.0/14 {network} Name=gke-ew1-pods"
    );
    assert_eq!(of_region, &expected);
}

/// An internal range is only a resource as long as no subnet is in it: it is space for subnets.
#[test]
fn space_that_is_divided_is_no_resource() {
    let both = format!("{}, {}", GCP.trim().trim_end_matches(']'), RANGES.trim().trim_start_matches('['));
    let blocks = |text: &str| -> Vec<String> {
        let read = reading("gcp.json", text, None).unwrap();
        let resources = read.samples.iter().flat_map(|one| &one.outcome.as_ref().unwrap().resources);
        resources.map(|one| one.cidr.unwrap().to_string()).collect()
    };
    assert_eq!(blocks(RANGES), ["10.96.0.0/19", "10.99.0.0/16"]);
    let all = blocks(&both);
    assert!(!all.contains(&"10.96.0.0/19".to_owned()) && all.contains(&"10.99.0.0/16".to_owned()), "{all:?}");
    let pools = include_str!("../../../examples/migrations/azure/ipam-pools.json");
    let read = reading("pools.json", pools, None).unwrap();
    assert_eq!(shown(&read.samples), ["pools none: "], "pools are space for networks");
}

#[test]
fn the_region_of_vpcs_is_in_the_name_of_their_file() {
    let told = |name: &str| reading(name, VPCS, None).unwrap().samples[0].region.clone();
    assert_eq!(told("vpcs.eu-central-1.json"), "eu-central-1");
    assert_eq!(told("vpcs.json"), "none");
}

#[test]
fn the_end_of_the_name_does_not_matter_for_exports_and_a_named_format_counts() {
    for name in ["azure.json", "azure.txt", "azure"] {
        assert_eq!(reading(name, AZURE, None).unwrap().samples.len(), 2, "{name}");
    }
    assert_eq!(reading("azure.json", AZURE, Some(FileFormat::Azure)).unwrap().samples.len(), 2);
    let words = reading("azure.json", AZURE, Some(FileFormat::Gcp)).unwrap_err();
    assert!(words.contains("it is none of subnets, internal ranges"), "{words}");
    let words = reading("azure.json", AZURE, Some(FileFormat::Ipam)).unwrap_err();
    assert!(words.contains("the name of a member is not known") && !words.contains("was not recognised"), "{words}");
    // Nothing tells an empty list apart.
    assert_eq!(shown(&reading("dc.json", "{\"value\": []}", Some(FileFormat::Azure)).unwrap().samples), ["dc none: "]);
}

#[test]
fn a_content_that_fits_no_format_or_two_is_refused_with_the_formats() {
    for (name, text) in [
        ("x.json", "{\"Buckets\": []}"),
        ("x.json", "[{\"type\": \"Microsoft.Compute/disks\"}]"),
        ("x.json", "{\"value\": []}"),
        ("x.json", "[{\"name\": \"office\"}]"),
        ("x.csv", "address,owner\n10.0.0.0/8,net\n"),
        ("x.json", "[{\"kind\":"),
    ] {
        let words = reading(name, text, None).unwrap_err();
        assert!(words.ends_with(format::NOT_RECOGNISED), "{text}: {words}");
    }
    let mixed = r#"{"Vpcs": [], "value": [{"type": "Microsoft.Network/virtualNetworks/subnets", "id": "x"}]}"#;
    let words = reading("x.json", mixed, None).unwrap_err();
    let says = "x.json cannot be read: its content fits several formats: aws, azure. Name the right one in `file_formats` of \
                the resource discovery.";
    assert_eq!(words, says);
    let read = reading("x.json", mixed, Some(FileFormat::Aws)).unwrap();
    assert_eq!(read.warnings.len(), 1, "{:?}", read.warnings);
}

#[test]
fn an_export_with_any_mistake_is_not_used_and_never_quoted() {
    let secret = "s3cret";
    let subnet = |cidr: &str, more: &str| {
        format!(
            "{{\"kind\": \"compute#subnetwork\", \"selfLink\": \"x/projects/{secret}/regions/r/subnetworks/{secret}\", \
                 \"ipCidrRange\": \"{cidr}\"{more}}}"
        )
    };
    for (text, says) in [
        (
            format!("[{},\n{}]", subnet("10.0.0.0/8", ""), subnet("10.0.0.1/8", "")),
            "line 2: `ipCidrRange` has host bits set.",
        ),
        (
            format!("[{},\n{}]", subnet("10.0.0.0/8", ""), subnet("10.0.0.0/8", "")),
            "line 2: the cidr of this resource in this account and Region is already on line 1.",
        ),
        (
            format!("[{}]", subnet("10.0.0.0/8", ", \"name\": \"s3cret\\u0007\"")),
            "line 1: the name has a control character",
        ),
        (
            format!("[{}]", subnet("10.0.0.0/8", &format!(", \"name\": \"{}\"", secret.repeat(50)))),
            "line 1: the name has more than 255 characters.",
        ),
        (format!("[{}]", subnet("10.0.0.0/8", &format!(", \"labels\": {{\"\": \"{secret}\"}}"))), "an empty key"),
        (format!("[{},\n\"{secret}\"]", subnet("10.0.0.0/8", "")), "line 2: it is not an object."),
    ] {
        let words = reading("gcp.json", &text, None).unwrap_err();
        assert!(words.contains(says) && words.contains("The file was not used."), "{words}");
        assert!(!words.contains(secret), "{words}");
    }
    let many: Vec<String> = (0..12).map(|_| subnet("10.0.0.1/8", "")).collect();
    let words = reading("gcp.json", format!("[{}]", many.join(",\n")), None).unwrap_err();
    assert!(words.contains("\n  line 10: ") && words.ends_with("\n  and more"), "{words}");
    let limits = Limits { rows: 1, ..LIMITS };
    let two = format!("[{}, {}]", subnet("10.0.0.0/8", ""), subnet("11.0.0.0/8", ""));
    let words = reading_within(&limits, "gcp.json", two, None).unwrap_err();
    assert!(words.contains("there are more than 1 resources."), "{words}");
}

#[test]
fn parts_that_are_left_out_are_warnings_with_their_line() {
    let text = r#"[{"kind": "compute#subnetwork", "selfLink": "x/projects/p/regions/r/subnetworks/s", "ipCidrRange":
        "10.0.0.0/8"},
        {"kind": "compute#address", "selfLink": "x/projects/p/global/addresses/w", "addressType": "EXTERNAL"}]"#;
    let read = reading("gcp.json", text, None).unwrap();
    let [warning] = read.warnings.as_slice() else { panic!("{:?}", read.warnings) };
    assert!(warning.ends_with("gcp.json: line 3: the address is not an internal one."), "{warning}");
}

/// Each file of the guides, and the format that its directory names.
#[test]
fn every_export_of_the_guides_is_recognised_as_one_format_and_read() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/migrations");
    let mut count = 0;
    for (directory, format) in [
        ("aws", FileFormat::Aws),
        ("azure", FileFormat::Azure),
        ("google-cloud", FileFormat::Gcp),
        ("infoblox", FileFormat::Infoblox),
        ("netbox", FileFormat::Netbox),
        ("phpipam", FileFormat::Phpipam),
    ] {
        for entry in fs::read_dir(root.join(directory)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if !["csv", "json", "xls"].iter().any(|end| path.extension().is_some_and(|have| have == *end)) {
                continue;
            }
            let bytes = fs::read(&path).unwrap();
            let recognised = reading(&name, &bytes, None).unwrap_or_else(|why| panic!("{why}"));
            let named = reading(&name, &bytes, Some(format)).unwrap();
            assert_eq!(recognised.samples, named.samples, "{name}");
            count += 1;
        }
    }
    assert!(count > 20, "{count}");
}
