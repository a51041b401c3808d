use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::layout::Layout;
use super::super::testing::{Csv, SCOPES, TAGS, assert_told, network, or_empty, shown, told};
use super::super::{Network, Role, SourceFile};
use super::*;

/// The examples in `examples/migrations/phpipam`; `make_xls.py` there writes the spreadsheets.
const SUBNETS: &[u8] = include_bytes!("../../../examples/migrations/phpipam/subnets.xls");
const ADDRESSES: &[u8] = include_bytes!("../../../examples/migrations/phpipam/addresses.xls");
const ANSWERS: &str = include_str!("../../../examples/migrations/phpipam/api.json");

fn reading(bytes: impl AsRef<[u8]>) -> Inventory {
    read(&SourceFile { name: "export", bytes: bytes.as_ref() })
}

#[test]
fn a_spreadsheet_of_subnets_is_read_with_its_numbers_and_folders() {
    let read = reading(SUBNETS);
    assert_eq!((told(&read.mistakes), told(&read.left_out)), (vec![], vec![]));
    let shown = shown(&read);
    assert_eq!(shown.len(), 9);
    for (at, says) in [
        (0, "2: Network 10.20.0.0/16 in -, -, Berlin campus, section=Berlin"),
        (
            2,
            "4: Network 10.20.2.0/24 in -, -, Berlin databases, two racks, cost_center=4711, customer=Retail, section=Berlin, \
             vlan=102, vlan_domain=default",
        ),
        (3, "6: Network 10.20.0.0/16 in partners, -, Partner networks, folder=Partners, section=Berlin"),
        (
            8,
            "11: Network 2001:db8:40:1::/64 in -, -, Hamburg Wi-Fi, IPv6, section=Hamburg, vlan=208, vlan_domain=default",
        ),
    ] {
        assert_eq!(shown[at], says);
    }
}

#[test]
fn a_spreadsheet_of_addresses_is_read() {
    let read = reading(ADDRESSES);
    assert_eq!(told(&read.mistakes), Vec::<String>::new());
    assert_eq!(
        shown(&read),
        [
            "2: Address 10.20.1.1/32 in -, gw-web.example.com, Router, gateway=true, owner=Network team, section=Berlin",
            "3: Address 10.20.1.10/32 in -, web-1.example.com, First web server, mac=00:50:56:9a:11:10, owner=Retail, \
             section=Berlin",
            "4: Address 10.20.4.5/32 in partners, pay-gw.example.com, Gateway to the payment partner, section=Berlin",
        ]
    );
}

#[test]
fn answers_of_the_api_name_each_other_by_number() {
    let read = reading(ANSWERS);
    assert_eq!((told(&read.mistakes), told(&read.left_out)), (vec![], vec![]));
    assert_eq!(
        shown(&read),
        [
            "12: Network 10.20.0.0/16 in -, -, Berlin campus, section=Berlin",
            "14: Network 10.20.1.0/24 in -, -, Berlin web servers, cost_center=4711, section=Berlin, vlan=101",
            "15: Reserved 10.20.16.0/22 in -, -, For the laboratory in 2027, section=Berlin",
            "16: Network 10.20.0.0/16 in partners, -, Partner networks, folder=Partners, section=Berlin",
            "17: Network 10.20.4.0/24 in partners, -, Payment partner, cost_center=4720, section=Berlin",
            "23: Address 10.20.1.1/32 in -, gw-web.example.com, Router, gateway=true, owner=Network team, section=Berlin",
            "24: Address 10.20.1.10/32 in -, web-1.example.com, First web server, mac=00:50:56:9a:11:10, owner=Retail, \
             section=Berlin",
            "25: Address 10.20.4.5/32 in partners, pay-gw.example.com, Gateway to the payment partner, section=Berlin",
        ]
    );
    let ids = read.networks.iter().map(|one| (one.source_id.as_deref(), one.parent_id.as_deref())).collect::<Vec<_>>();
    assert_eq!(ids[..2], [(Some("7"), None), (Some("8"), Some("7"))]);
    assert_eq!(ids[3..6], [(Some("11"), None), (Some("12"), Some("11")), (None, None)], "a folder is not a parent");
    assert_eq!((read.scopes.len(), read.scopes[0].name.as_str()), (1, "partners"));
}

#[test]
fn rows_of_the_database_have_decimal_numbers_and_names_of_tables() {
    let text = r#"{"subnets": [{"id": 1, "subnet": "168427520", "mask": 16, "sectionId": 1, "vrfId": 3, "masterSubnetId": 0,
         "isFolder": false, "isFull": true},
        {"id": 2, "subnet": "336395549904799703390415618052362076160", "mask": "64", "masterSubnetId": "9"}],
        "vrf": [{"vrfId": 3, "name": "red", "rd": "1:1"}], "ipaddresses": [{"id": 1, "subnetId": 1, "ip_addr": "168427521"}],
        "vlans": [{"vlanId": 4, "domainId": 1, "number": 7, "name": "x"}], "sections": [], "time": 1}"#;
    let read = reading(text);
    assert_eq!(told(&read.mistakes), Vec::<String>::new());
    assert_eq!(
        shown(&read),
        [
            "1: Reserved 10.10.0.0/16 in red, -, -",
            "3: Network fd13:6d20:29dc:cf27::/64 in -, -, -",
            "4: Address 10.10.0.1/32 in red, -, -"
        ]
    );
    assert_eq!(read.networks[1].parent_id, None, "the master is not in the file");
    assert!(told(&read.left_out)[0].starts_with("1: here and in other objects, a section or a VLAN"));
}

#[test]
fn the_template_of_an_import_and_a_table_of_vrfs_are_read() {
    let template = "Section;Subnet;Mask;Description;VLAN;Domain;VRF;cost\nBerlin;10.0.0.0;255.255.255.0;Web;7;lab;red;9\n\
                    Berlin;2001:db8::;/32;;NA;;;\n";
    assert_eq!(
        shown(&reading(template)),
        [
            "2: Network 10.0.0.0/24 in red, -, Web, cost=9, section=Berlin, vlan=7, vlan_domain=lab",
            "3: Network 2001:db8::/32 in -, -, -, section=Berlin"
        ]
    );
    let vrfs = reading("Name,RD,Description\nred,65000:1,Red\n");
    assert_eq!((vrfs.scopes[0].name.as_str(), vrfs.scopes[0].description.as_deref()), ("red", Some("Red")));
}

#[test]
fn every_mistake_of_a_table_is_told_with_its_line_and_nothing_is_quoted() {
    let text = "Section,Subnet,Mask,Description\ns3cret,10.0.0.1,24,s3cret\ns3cret,,24,\ns3cret,10.0.0.0,,\ns3cret,s3cret,24,\n";
    let expected = [(2, "host bits"), (3, "no subnet"), (4, "without a netmask length"), (5, "not a CIDR")];
    assert_told(&reading(text), &expected);
    assert_told(
        &reading("IP Address,Section\n,s3cret\ns3cret,s3cret\n"),
        &[(2, "no IP address"), (3, "not one such as")],
    );
    assert_told(&reading("Name,RD\nred,s3cret\nred,s3cret\n"), &[(3, "the same name")]);
    let read = reading("Abschnitt,Subnetz,s3cret\na,10.0.0.0/8,s3cret\n");
    assert!(told(&read.mistakes)[0].contains("with phpIPAM in English"), "{read:?}");
    let read = reading([&SUBNETS[..512], b"s3cret"].concat());
    assert!(told(&read.mistakes)[0].contains("not a spreadsheet that can be read"), "{read:?}");
}

#[test]
fn every_mistake_of_answers_is_told_with_its_line_and_nothing_is_quoted() {
    let text = r#"[{"code": 401, "success": false, "message": "s3cret"},
        {"id": "1", "subnet": "10.0.0.1", "mask": "8", "sectionId": "0", "masterSubnetId": "0"},
        {"id": "2", "subnet": "10.0.0.0", "mask": "8", "sectionId": "0", "vrfId": "s3cret", "masterSubnetId": "0"},
        {"id": "3", "subnet": "99999999999999999999999999999999999999999", "mask": "8", "masterSubnetId": "0"},
        {"id": "4", "subnet": "10.0.0.0", "mask": null, "masterSubnetId": "0"},
        {"id": "5", "ip": "10.0.0.1", "subnetId": "77"}, "s3cret", {"s3cret": 1},
        {"id": "6", "name": "red", "rd": "s3cret"},
        {"id": "7", "name": "red", "rd": "s3cret"}]"#;
    let expected = [
        (1, "an answer that tells of an error"),
        (6, "not an object"),
        (6, "not a subnet, a folder"),
        (2, "host bits"),
        (3, "its VRF is not in the file"),
        (4, "too large"),
        (5, "no mask"),
        (6, "its subnet, whose VRF it has"),
        (8, "the same name"),
    ];
    assert_told(&reading(text), &expected);
    assert_eq!(told(&reading("[]").mistakes).len(), 1);
    assert_told(&reading("[\ns3cret]"), &[(2, "not JSON")]);
}

#[test]
fn only_files_of_phpipam_are_recognised() {
    for bytes in [SUBNETS, ADDRESSES, ANSWERS.as_bytes(), b"Section,Subnet,Mask\n", b"Name,RD,Description\n"] {
        assert_eq!(Layout::recognised(bytes), [Layout::Phpipam], "{}", String::from_utf8_lossy(bytes));
    }
    let broken = [&SUBNETS[..512], b"x"].concat();
    for bytes in
        [b"" as &[u8], b"{}", b"[]", b"subnet,mask\n", b"[{\"subnet\": \"10.0.0.0\", \"mask\": \"8\"}]", &broken]
    {
        assert!(!recognises(bytes), "{}", String::from_utf8_lossy(bytes));
    }
}

/// phpIPAM writes a name in place of the number of an object.
fn in_tables(network: &Network, csv: &mut Csv) -> u64 {
    let tag = |key: &str| network.tags.get(key).map_or("", String::as_str);
    let vrf = or_empty(&network.scope);
    let cidr = network.cidr.to_string();
    let (subnet, address) = match network.role {
        Role::Address => ("", cidr.split('/').next().unwrap()),
        _ => (cidr.as_str(), ""),
    };
    let block = if address.is_empty() { subnet } else { address };
    csv.row([block, or_empty(&network.name), or_empty(&network.description), vrf, tag(TAGS[0]), tag(TAGS[1])])
}

fn in_answers(id: usize, network: &Network) -> Value {
    let (first, length) = (network.cidr.first(), network.cidr.netmask_length());
    let vrf = network.scope.as_ref().map_or(0, |name| 1 + SCOPES.iter().position(|scope| scope == name).unwrap());
    let mut object = json!({
        "id": id.to_string(), "subnet": first.to_string(), "mask": length, "sectionId": "0", "masterSubnetId": "0",
        "vrfId": vrf, "description": network.description, "isFull": network.role == Role::Reserved,
    });
    for (key, value) in &network.tags {
        object[format!("custom_{key}")] = json!(value);
    }
    object
}

proptest! {
    #[test]
    fn tables_read_back_as_they_were_written(
        subnets in prop::collection::vec(network(&[Role::Network]), 0..10),
        addresses in prop::collection::vec(network(&[Role::Address]), 0..10),
        separator in prop::sample::select(&[',', ';', '\t'][..]),
    ) {
        for (networks, block) in [(subnets, "Subnet"), (addresses, "IP Address")] {
            let mut csv = Csv::new(separator);
            csv.row([block, "Hostname", "Description", "VRF", TAGS[0], TAGS[1]]);
            let with_line = |network: Network| Network { line: in_tables(&network, &mut csv), ..network };
            let expected: Vec<Network> = networks.into_iter().map(with_line).collect();
            let read = reading(&csv.text);
            prop_assert_eq!(told(&read.mistakes), Vec::<String>::new());
            prop_assert_eq!(read.networks, expected);
        }
    }

    #[test]
    fn answers_read_back_as_they_were_written(
        networks in prop::collection::vec(network(&[Role::Network, Role::Reserved]), 1..10),
    ) {
        let vrfs: Vec<Value> =
            SCOPES.iter().zip(1..).map(|(name, id)| json!({"vrfId": id.to_string(), "name": name, "rd": null})).collect();
        let objects: Vec<String> =
            networks.iter().enumerate().map(|(id, network)| in_answers(id, network).to_string()).collect();
        let text = format!("{{\"vrfs\": {},\n\"subnets\": [\n{}]}}", json!(vrfs), objects.join(",\n"));
        let read = reading(&text);
        prop_assert_eq!(told(&read.mistakes), Vec::<String>::new());
        let with_ids = |(id, network): (usize, Network)| Network { line: id as u64 + 3, source_id: Some(id.to_string()), ..network };
        prop_assert_eq!(read.networks, networks.into_iter().enumerate().map(with_ids).collect::<Vec<_>>());
    }

    #[test]
    fn a_damaged_spreadsheet_is_read_or_refused(
        at in prop::collection::vec((0..SUBNETS.len(), any::<u8>()), 1..6), end in 0..=SUBNETS.len(),
    ) {
        let mut bytes = SUBNETS.to_vec();
        for (at, byte) in at {
            bytes[at] = byte;
        }
        bytes.truncate(end.max(600));
        let _ = reading(&bytes);
        let _ = recognises(&bytes);
    }
}
