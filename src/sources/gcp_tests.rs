use super::*;

const SUBNETS: &str = include_str!("../../examples/migrations/google-cloud/subnets.json");
const RANGES: &str = include_str!("../../examples/migrations/google-cloud/internal-ranges.json");

fn reading(text: &str) -> Inventory {
    read(&SourceFile { name: "gcp.json", bytes: text.as_bytes() })
}

/// `role block name region`.
fn shown(read: &Inventory) -> Vec<String> {
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let network = |one: &Network| format!("{:?} {} {} {}", one.role, one.cidr, text(&one.name), text(&one.region));
    read.networks.iter().map(network).collect()
}

const OF_SUBNETS: [&str; 6] = [
    "Allocation 10.96.0.0/22 gke-ew1 europe-west1",
    "Allocation 10.100.0.0/14 gke-ew1-pods europe-west1",
    "Allocation 10.96.16.0/20 gke-ew1-services europe-west1",
    "Allocation 10.97.0.0/24 batch-ew4 europe-west4",
    "Allocation fd20:4a1:9b37::/64 batch-ew4 europe-west4",
    "Allocation 10.97.8.0/23 proxies-ew4 europe-west4",
];

#[test]
fn subnets_are_read_with_their_secondary_ranges_and_ipv6() {
    let read = reading(SUBNETS);
    assert_eq!((&read.mistakes, &read.left_out), (&vec![], &vec![]));
    assert_eq!(shown(&read), OF_SUBNETS);
    let of = |index: usize| read.networks[index].resource.clone().unwrap();
    let network = Some("projects/corp-net-host/global/networks/corp".to_owned());
    let id = "projects/corp-net-host/regions/europe-west1/subnetworks/gke-ew1".to_owned();
    assert_eq!(of(0), Resource { kind: ResourceKind::Subnet, id: id.clone(), vpc_id: network.clone() });
    assert_eq!(of(1), Resource { kind: ResourceKind::Other, id: format!("{id}/pods"), vpc_id: network });
    assert_eq!(read.networks[0].account.as_deref(), Some("corp-net-host"));
    assert_eq!(read.networks[0].tags, Tags::new());
    assert_eq!(read.networks[5].tags.get("purpose").map(String::as_str), Some("REGIONAL_MANAGED_PROXY"));
    assert_eq!((read.networks[0].line, read.networks[1].line), (8, 18));
}

#[test]
fn an_aggregated_list_and_assets_have_the_same_subnets() {
    let list: serde_json::Value = serde_json::from_str(SUBNETS).unwrap();
    let aggregated = serde_json::json!({"kind": "compute#subnetworkAggregatedList", "items": {
        "regions/asia-east1": {"warning": {"code": "NO_RESULTS_ON_PAGE", "message": "none"}},
        "regions/europe-west1": {"subnetworks": [list[0]]},
        "regions/europe-west4": {"subnetworks": [list[1], list[2]]},
    }});
    assert_eq!(shown(&reading(&aggregated.to_string())), OF_SUBNETS);
    let asset = |data: &serde_json::Value, member: &str| {
        serde_json::json!({"name": "//compute.googleapis.com/x", member: "compute.googleapis.com/Subnetwork",
            "ancestors": ["projects/1"], "resource": {"version": "v1", "data": data}})
    };
    let network =
        serde_json::json!({"name": "//compute.googleapis.com/n", "asset_type": "compute.googleapis.com/Network"});
    let of_gcloud: Vec<_> = list.as_array().unwrap().iter().map(|data| asset(data, "assetType")).collect();
    let mut lines: Vec<_> = list.as_array().unwrap().iter().map(|data| asset(data, "asset_type").to_string()).collect();
    lines.push(network.to_string());
    for text in [serde_json::Value::from(of_gcloud).to_string(), lines.join("\n")] {
        assert!(recognises(text.as_bytes()));
        let read = reading(&text);
        assert_eq!((shown(&read), read.mistakes), (OF_SUBNETS.map(str::to_owned).to_vec(), vec![]));
    }
    let left_out = reading(&lines.join("\n")).left_out;
    assert!(left_out[0].words.starts_with("1 assets are neither"), "{left_out:?}");
}

#[test]
fn internal_ranges_are_space_for_subnets_or_reserved_and_allocated_ranges_are_allocations() {
    let read = reading(RANGES);
    assert_eq!(shown(&read), ["Network 10.96.0.0/19 clusters-ew1 -", "Reserved 10.99.0.0/16 lyon -"]);
    assert_eq!(shown(&reading(&format!("{{\"internalRanges\": {RANGES}}}"))), shown(&read));
    let addresses = r#"[{"kind": "compute#address", "selfLink": "https://x/projects/p/global/addresses/sql",
         "name": "sql", "address": "10.50.0.0", "prefixLength": 16, "addressType": "INTERNAL", "purpose": "VPC_PEERING"},
        {"kind": "compute#address", "selfLink": "https://x/projects/p/regions/europe-west1/addresses/lb", "name": "lb",
         "address": "10.96.0.9", "addressType": "INTERNAL", "purpose": "GCE_ENDPOINT"},
        {"kind": "compute#address", "selfLink": "https://x/projects/p/global/addresses/www", "address": "34.1.2.3",
         "addressType": "EXTERNAL"}]"#;
    let read = reading(addresses);
    assert_eq!(shown(&read), ["Allocation 10.50.0.0/16 sql -", "Address 10.96.0.9/32 lb europe-west1"]);
    assert_eq!(read.left_out[0].line, Some(5));
}

#[test]
fn every_mistake_of_a_file_is_found_with_its_line_and_nothing_is_quoted() {
    let text = r#"[{"kind": "compute#subnetwork", "selfLink": "s3cret", "ipCidrRange": "10.0.0.1/24"},
        {"kind": "compute#subnetwork", "selfLink": "s3cret", "ipCidrRange": "10.0.0.0/24", "secondaryIpRanges": [
            {"rangeName": "s3cret", "ipCidrRange": "s3cret"},
            {"rangeName": "s3cret"}]},
        {"kind": "s3cret"},
        {"kind": "compute#subnetwork", "ipCidrRange": "10.0.1.0/24"},
        {"assetType": "compute.googleapis.com/Subnetwork", "name": "s3cret"}]"#;
    let read = reading(text);
    let lines: Vec<_> = read.mistakes.iter().map(|one| one.line.unwrap()).collect();
    assert_eq!(lines, [1, 3, 4, 5, 6, 7], "{:#?}", read.mistakes);
    let says =
        ["host bits", "is not a CIDR", "`ipCidrRange` is missing", "none of subnets", "`selfLink`", "--content-type"];
    for (mistake, says) in read.mistakes.iter().zip(says) {
        assert!(mistake.words.contains(says), "{mistake:?}");
        assert!(!mistake.words.contains("s3cret"), "{mistake:?}");
    }
    for (text, says) in [
        ("{\"internalRanges\": [], \"nextPageToken\": \"s3cret\"}", "nextPageToken"),
        ("{\"internalRanges\": [], \"unreachable\": [\"s3cret\"]}", "unreachable"),
        (
            "{\"kind\": \"compute#subnetworkAggregatedList\", \"items\": {\"regions/x\": {\"warning\": {\"code\": \
             \"UNREACHABLE\"}}}}",
            "this place has a warning",
        ),
    ] {
        let read = reading(text);
        assert!(read.mistakes[0].words.contains(says), "{text}: {read:?}");
    }
}

#[test]
fn only_lists_of_google_cloud_are_recognised() {
    let empty = "{\"kind\": \"compute#subnetworkAggregatedList\", \"items\": {}}";
    for text in [SUBNETS, RANGES, empty, "{\"internalRanges\": []}"] {
        assert!(recognises(text.as_bytes()), "{text}");
    }
    for text in ["", "[]", "{}", "{\"items\": []}", "[{\"kind\": \"storage#bucket\"}]", "[{\"cidr\": \"10.0.0.0/8\"}]"]
    {
        assert!(!recognises(text.as_bytes()), "{text}");
    }
}
