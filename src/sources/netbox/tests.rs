use proptest::prelude::*;

use super::super::layout::Layout;
use super::super::testing::{Csv, SCOPES, TAGS, assert_told, network, or_empty, shown, told};
use super::super::{Network, Role, SourceFile};
use super::*;

/// The examples in `examples/migrations/netbox`.
const AGGREGATES: &str = include_str!("../../../examples/migrations/netbox/aggregates.csv");
const VRFS: &str = include_str!("../../../examples/migrations/netbox/vrfs.csv");
const PREFIXES: &str = include_str!("../../../examples/migrations/netbox/prefixes.csv");
const RANGES: &str = include_str!("../../../examples/migrations/netbox/ip-ranges.csv");
const ADDRESSES: &str = include_str!("../../../examples/migrations/netbox/ip-addresses.csv");
const ANSWER: &str = include_str!("../../../examples/migrations/netbox/prefixes.json");

fn reading(text: &str) -> Inventory {
    read(&SourceFile { name: "export", bytes: text.as_bytes() })
}

#[test]
fn prefixes_become_pools_networks_and_reservations_with_tags() {
    let read = reading(PREFIXES);
    assert_eq!((told(&read.mistakes), told(&read.left_out)), (vec![], vec![]));
    let shown = shown(&read);
    for (at, says) in [
        (0, "2: Pool 10.20.0.0/16 in -, -, Berlin campus, role=Campus, site=Berlin, tenant=Example AG"),
        (
            2,
            "4: Network 10.20.1.0/24 in -, -, Berlin web servers, Cost center=4711, role=Servers, site=Berlin, \
             tags=dmz,production, tenant=Retail, tenant_group=Business, vlan=web (101), vlan_group=Berlin",
        ),
        (4, "6: Reserved 10.20.16.0/22 in -, -, For the laboratory in 2027, site=Berlin, status=reserved"),
        (
            5,
            "7: Reserved 10.20.20.0/24 in -, -, NAT of guests, is_pool=true, mark_utilized=true, role=NAT, site=Berlin",
        ),
        (10, "12: Pool 10.20.0.0/16 in partners, -, Partner networks, tenant=Example AG"),
    ] {
        assert_eq!(shown[at], says);
    }
    assert_eq!((shown.len(), read.networks[0].source_id.as_deref()), (12, Some("prefix-11")));
}

#[test]
fn aggregates_ranges_addresses_and_vrfs_are_told_by_their_columns() {
    let aggregates = reading(AGGREGATES);
    assert_eq!(
        shown(&aggregates)[0],
        "2: Pool 10.0.0.0/8 in -, -, Private addresses, date_added=2021-03-02, rir=RFC 1918"
    );
    assert_eq!(aggregates.networks[0].source_id.as_deref(), Some("aggregate-1"), "prefixes have an id 1 too");
    let ranges = reading(RANGES);
    let tags = "DHCP of Hamburg Wi-Fi, mark_populated=False, role=DHCP, tenant=Example AG";
    assert_eq!(
        shown(&ranges),
        [format!("2: Reserved 10.30.8.64/26 in -, -, {tags}"), format!("2: Reserved 10.30.8.128/26 in -, -, {tags}")]
    );
    let addresses = reading(ADDRESSES);
    assert_eq!(
        shown(&addresses)[3],
        "5: Address 10.20.4.5/32 in partners, pay-gw.example.com, Gateway to the payment partner, tenant=Example AG"
    );
    let vrfs = reading(VRFS);
    assert_eq!((vrfs.scopes.len(), vrfs.scopes[0].name.as_str(), vrfs.scopes[0].line), (1, "partners", 2));
    assert_eq!(vrfs.scopes[0].tags.get("rd").map(String::as_str), Some("65000:12"));
    for read in [aggregates, ranges, addresses, vrfs] {
        assert_eq!((told(&read.mistakes), told(&read.left_out)), (vec![], vec![]));
    }
}

#[test]
fn an_answer_of_the_api_says_the_same_as_the_table() {
    let read = reading(ANSWER);
    assert_eq!((told(&read.mistakes), told(&read.left_out)), (vec![], vec![]));
    assert_eq!(
        shown(&read),
        [
            "6: Pool 10.30.0.0/16 in -, -, Hamburg office, role=Campus, site=Hamburg, tenant=Example AG",
            "19: Network 10.30.8.0/24 in -, -, Hamburg Wi-Fi, cost_center=4713, role=Wi-Fi, site=Hamburg, tags=office, \
             tenant=Example AG, vlan=wifi (208)",
            "34: Network 10.20.4.0/24 in partners, -, Payment partner, cost_center=4720, status=deprecated",
        ]
    );
    let mut table = reading(PREFIXES).networks[6].clone();
    table.line = 6;
    assert_eq!(read.networks[0], table);
}

#[test]
fn other_objects_of_the_api_are_told_by_their_members() {
    let text = r#"[
        {"id": 1, "url": "u", "display": "x", "prefix": "10.0.0.0/8", "rir": {"id": 1, "name": "RFC 1918", "display": "R"}},
        {"id": 2, "url": "u", "start_address": "10.0.0.1/24", "end_address": "10.0.0.2/24", "status": {"value": "active",
         "label": "Active"}, "vrf": null, "mark_utilized": true},
        {"id": 3, "url": "u", "address": "10.0.0.9/24", "dns_name": "db.example.com", "vrf": {"name": "red", "rd": null},
         "status": {"value": "dhcp", "label": "DHCP"}, "assigned_object_type": "dcim.interface", "assigned_object_id": 4,
         "assigned_object": {"id": 4, "name": "eth0", "display": "eth0", "device": {"id": 1, "name": "db", "display": "db"}},
         "nat_inside": {"id": 7, "display": "10.1.0.9/24", "address": "10.1.0.9/24"}, "nat_outside": []},
        {"id": 4, "url": "u", "name": "red", "rd": "65000:1", "enforce_unique": true, "import_targets": [
         {"id": 1, "name": "65000:1"}, {"id": 2, "name": "65000:2"}], "description": "Red"},
        {"id": 5, "url": "u", "prefix": "10.9.0.0/16", "status": {"value": "active", "label": "Active"},
         "site": {"id": 1, "name": "Old site"}, "custom_fields": {"role": "x", "owners": ["a", "b"], "n": 7, "no": false}}]"#;
    let read = reading(text);
    assert_eq!(told(&read.mistakes), Vec::<String>::new());
    assert_eq!(
        shown(&read),
        [
            "2: Pool 10.0.0.0/8 in -, -, -, rir=RFC 1918",
            "3: Reserved 10.0.0.1/32 in -, -, -, mark_utilized=true",
            "3: Reserved 10.0.0.2/32 in -, -, -, mark_utilized=true",
            "5: Address 10.0.0.9/32 in red, db.example.com, -, device=db, interface=eth0, nat_inside=10.1.0.9/24, status=dhcp",
            "11: Network 10.9.0.0/16 in -, -, -, cf_role=x, n=7, no=False, owners=a,b, site=Old site",
        ]
    );
    assert_eq!(read.scopes[0].tags.get("import_targets").map(String::as_str), Some("65000:1,65000:2"));
}

#[test]
fn the_import_form_has_names_of_its_own() {
    let text = "prefix;vrf;status;scope_type;scope_name;is_pool;mark_utilized;description;cf_cost\n\
                10.0.0.0/24;red;container;dcim.location;Floor 3;false;false;Office;9\n";
    let read = reading(text);
    assert_eq!(shown(&read), ["2: Pool 10.0.0.0/24 in red, -, Office, cost=9, location=Floor 3"]);
    // Releases before 3.2 draw the depth, and the order of columns is free.
    let old = reading("Status\tDescription\tVRF\tPrefix\nActive\tx\tGlobal\t•  • 10.0.0.0/24\n");
    assert_eq!(shown(&old), ["2: Network 10.0.0.0/24 in -, -, x"]);
}

#[test]
fn every_mistake_of_a_table_is_told_with_its_line_and_nothing_is_quoted() {
    let text = "Prefix,Status,VRF,Tenant,Pool,s3cret\n\
                10.0.0.1/24,Active,Global,s3cret,False,\n\
                ,Active,Global,s3cret,False,\n\
                s3cret,Active,Global,s3cret,False,\n\
                10.0.0.0/24,Active,red (65000:1),s3cret,s3cret,\n\
                10.0.1.0/24,Active,red (65000:1),s3cret,False,\n\
                10.0.2.0/24,Active,red (65000:2),s3cret,False,\n\
                10.0.3.0/24,s3cret,Global,s3cret,False,\n\
                10.0.4.0/24,s3cret,Global,s3cret,False,\n";
    let read = reading(text);
    let expected = [
        (2, "host bits"),
        (3, "has no prefix"),
        (4, "not a CIDR"),
        (5, "is_pool is neither"),
        (7, "another route dist"),
    ];
    assert_told(&read, &expected);
    assert_eq!(
        told(&read.left_out),
        ["8: the status is not one of NetBox in English, here and 1 times more: a tag only."]
    );
    assert_told(&reading("Name,RD,Tenant\nred,65000:1,s3cret\nred,,s3cret\n"), &[(3, "the same name")]);
    assert_told(
        &reading("IP Address,Status,VRF,DNS Name\n10.0.0.300/24,s3cret,,s3cret\n10.0.0.3/33,s3cret,,s3cret\n"),
        &[(2, "not one such as"), (3, "not one such as")],
    );
    let ranges =
        "Start address,End address,Status,VRF\n10.0.0.9/24,10.0.0.1/24,Active,s3cret\n10.0.0.9/24,,Active,s3cret\n";
    assert_told(&reading(ranges), &[(2, "before the first"), (3, "no end address")]);
}

#[test]
fn a_header_in_another_language_says_what_to_do() {
    for header in [
        "Präfix,Status,Kinder,VRF,Auslastung,Mandant,Beschreibung",
        "Préfixe,Statut,Enfants,VRF,Utilisation,Locataire",
        "Prefix,Status,Kinderen,VRF,Gebruik,Huurder,Omschrijving",
        "プレフィックス,ステータス,子,VRF",
    ] {
        let read = reading(&format!("{header}\n10.0.0.0/8,Active\n"));
        assert_told(&read, &[(1, "language of NetBox to English")]);
        assert!(read.networks.is_empty(), "{header}");
    }
}

#[test]
fn every_mistake_of_an_answer_is_told_with_its_line_and_nothing_is_quoted() {
    let text = "{\"count\": 9, \"next\":\n\"https://s3cret\", \"previous\": null, \"results\": [\n\
                {\"id\": 1, \"url\": \"u\", \"prefix\": \"10.0.0.1/8\", \"status\": {\"value\": \"active\", \"label\": \"s3cret\"}},\n\
                {\"id\": 2, \"url\": \"u\", \"name\": \"s3cret\"},\n\
                {\"id\": 3, \"url\": \"u\", \"prefix\": \"10.0.0.0/8\", \"namespace\": {\"name\": \"s3cret\"}},\n\
                7]}";
    assert_told(
        &reading(text),
        &[
            (3, "host bits"),
            (2, "the page after it is missing"),
            (4, "not a prefix, an aggregate, a range, an address or a VRF"),
        ],
    );
    assert_told(&reading("{\"detail\": \"s3cret\"}"), &[(1, "not a prefix")]);
    assert_told(&reading("[\n{\"s3cret\": ]"), &[(2, "not JSON")]);
}

#[test]
fn pages_may_be_together_in_one_array() {
    let page = |next: &str, prefix: &str| {
        format!(
            "{{\"count\": 2, \"next\": {next}, \"previous\": null, \"results\": [{{\"id\": 1, \"url\": \"u\", \"prefix\": \"{prefix}\"}}]}}"
        )
    };
    let both = format!("[{},{}]", page("\"https://x/?offset=1\"", "10.0.0.0/8"), page("null", "172.16.0.0/12"));
    let read = reading(&both);
    assert_eq!((told(&read.mistakes), read.networks.len()), (vec![], 2));
    let first = format!("[{}]", page("\"https://x/?offset=1\"", "10.0.0.0/8"));
    assert_told(&reading(&first), &[(1, "the page after it is missing")]);
}

#[test]
fn only_files_of_netbox_are_recognised() {
    for text in [AGGREGATES, VRFS, PREFIXES, RANGES, ADDRESSES, ANSWER] {
        assert_eq!(Layout::recognised(text.as_bytes()), [Layout::Netbox], "{text}");
    }
    for text in [
        "",
        "{}",
        "[]",
        "prefix,name\n10.0.0.0/8,x\n",
        "Name,RD,Description\nred,,\n",
        "cidr,status,vrf\n",
        "{\"count\": 1, \"results\": [{\"id\": 1, \"url\": \"u\", \"name\": \"x\"}], \"next\": null}",
        "{\"results\": [{\"id\": 1, \"url\": \"u\", \"prefix\": \"10.0.0.0/8\", \"namespace\": {}}], \"count\": 1, \"next\": null}",
        "\u{ff}",
    ] {
        assert!(!recognises(text.as_bytes()), "{text}");
    }
}

const ROLES: &[Role] = &[Role::Pool, Role::Network, Role::Reserved];

/// What a status says that is not a role.
fn with_status(mut network: Network, line: u64, id: String) -> Network {
    if network.role == Role::Reserved {
        network.tags.insert("status".to_owned(), "reserved".to_owned());
    }
    Network { line, source_id: Some(id), ..network }
}

fn status(role: Role) -> &'static str {
    match role {
        Role::Pool => "Container",
        Role::Reserved => "Reserved",
        _ => "Active",
    }
}

proptest! {
    #[test]
    fn a_table_reads_back_as_it_was_written(
        networks in prop::collection::vec(network(ROLES), 0..12),
        separator in prop::sample::select(&[',', ';', '|', '\t'][..]),
        turn in 0..7usize,
    ) {
        let mut csv = Csv::new(separator);
        let mut columns = vec!["ID", "Prefix", "Status", "VRF", "Description", TAGS[0], TAGS[1]];
        columns.rotate_left(turn);
        csv.row(columns);
        let mut expected = Vec::new();
        for (id, network) in networks.into_iter().enumerate() {
            let tag = |key: &str| network.tags.get(key).map_or("", String::as_str);
            let vrf = match network.scope.as_deref() {
                None => "Global".to_owned(),
                Some(name) if name == SCOPES[0] => format!("{name} (65000:1)"),
                Some(name) => name.to_owned(),
            };
            let (id, cidr) = (id.to_string(), network.cidr.to_string());
            let mut row =
                vec![&id, &cidr, status(network.role), &vrf, or_empty(&network.description), tag(TAGS[0]), tag(TAGS[1])];
            row.rotate_left(turn);
            let line = csv.row(row);
            expected.push(with_status(network.clone(), line, format!("prefix-{id}")));
        }
        let read = reading(&csv.text);
        prop_assert_eq!(told(&read.mistakes), Vec::<String>::new());
        prop_assert_eq!(read.networks, expected);
    }

    #[test]
    fn an_answer_reads_back_as_it_was_written(networks in prop::collection::vec(network(ROLES), 0..12)) {
        let object = |(id, network): (usize, &Network)| {
            let status = status(network.role);
            let vrf = network.scope.as_ref().map(|name| serde_json::json!({"id": 1, "name": name, "display": "other"}));
            serde_json::json!({
                "id": id, "url": "u", "prefix": network.cidr.to_string(), "vrf": vrf, "description": network.description,
                "status": {"value": status.to_lowercase(), "label": status}, "custom_fields": network.tags,
            }).to_string()
        };
        let objects: Vec<String> = networks.iter().enumerate().map(object).collect();
        let text = format!("{{\"count\": 1, \"next\": null, \"results\": [\n{}]}}", objects.join(",\n"));
        let read = reading(&text);
        prop_assert_eq!(told(&read.mistakes), Vec::<String>::new());
        let expected = networks.into_iter().enumerate().map(|(id, network)| {
            with_status(network, id as u64 + 2, format!("prefix-{id}"))
        });
        prop_assert_eq!(read.networks, expected.collect::<Vec<_>>());
    }

    #[test]
    fn no_text_makes_the_reader_panic(
        text in "(Prefix|prefix|Status|VRF|RIR|,|;|\n|\"|10.0.0.0/8|Global|[a-z]|é|\\{|\\}|\\[|\\]|:){0,30}"
    ) {
        let _ = reading(&text);
        let _ = recognises(text.as_bytes());
    }
}
