use proptest::prelude::*;

use super::super::SourceFile;
use super::super::layout::Layout;
use super::super::testing::{Csv, TAGS as KEYS, assert_told, network, or_empty, shown, told};
use super::*;

/// The example in `examples/migrations/infoblox`.
const NETWORKS: &str = include_str!("../../../examples/migrations/infoblox/networks.csv");

fn reading(text: &str) -> Inventory {
    read(&SourceFile { name: "export.csv", bytes: text.as_bytes() })
}

#[test]
fn all_tables_with_blocks_are_read_from_one_file() {
    let read = reading(NETWORKS);
    assert_eq!(told(&read.mistakes), Vec::<String>::new());
    assert_eq!(
        shown(&read),
        [
            "5: Pool 10.0.0.0/8 in -, -, Private addresses",
            "6: Pool 10.20.0.0/16 in -, -, Berlin campus, Site=Berlin",
            "7: Pool 10.20.0.0/16 in partners, -, Partner networks",
            "9: Network 10.20.1.0/24 in -, -, Berlin web servers, Cost Center=4711, Site=Berlin",
            "10: Network 10.20.2.0/24 in -, -, Berlin databases, two racks, Cost Center=4711, Site=Berlin",
            "11: Network 10.20.4.0/24 in partners, -, Payment partner, Cost Center=4720",
            "13: Network 10.30.8.0/24 in -, -, Hamburg Wi-Fi, VLAN=208",
            "15: Pool 2001:db8:40::/48 in -, -, Berlin campus",
            "17: Network 2001:db8:40:1::/64 in -, -, Berlin web servers, Site=Berlin",
            "19: Reserved 10.30.8.64/26 in -, hamburg-wifi, DHCP of Hamburg Wi-Fi",
            "19: Reserved 10.30.8.128/26 in -, hamburg-wifi, DHCP of Hamburg Wi-Fi",
            "21: Address 10.20.2.20/32 in -, db-1, First database server, mac_address=00:50:56:9a:11:20",
            "23: Address 10.20.1.10/32 in -, web-1.example.com, First web server, Owner=Retail",
            "24: Address 10.20.1.11/32 in -, web-2.example.com, Second web server, Owner=Retail",
        ]
    );
    let [view] = read.scopes.as_slice() else { panic!("{:?}", read.scopes) };
    assert_eq!((view.line, view.name.as_str()), (3, "partners"));
    assert_eq!(view.description.as_deref(), Some("Networks of partners behind the firewall"));
    assert_eq!(
        told(&read.left_out),
        [
            "28: the table that begins here is not read: its row has no blocks.",
            "9: options of DHCP, DNS and discovery are not read, here and in 7 rows more.",
        ]
    );
}

#[test]
fn the_case_of_words_and_the_separator_do_not_matter() {
    let text = "# Exported by admin\nHEADER-NETWORK;ADDRESS*;NETMASK*;EA-Gateway;Comment\n\
                NETWORK;10.251.133.128;255.255.255.192;10.251.133.129;\n\
                Network;10.176.80.0/22;;;Office;;\n\
                HEADER-HostRecord;FQDN*;ADDRESSES;ipv6_addresses\n\
                HostRecord;h1.example.com;172.20.2.21, 172.20.2.22;2001:db8::21\n";
    let read = reading(text);
    assert_eq!(told(&read.mistakes), Vec::<String>::new());
    assert_eq!(
        shown(&read),
        [
            "3: Network 10.251.133.128/26 in -, -, -, Gateway=10.251.133.129",
            "4: Network 10.176.80.0/22 in -, -, Office",
            "6: Address 172.20.2.21/32 in -, h1.example.com, -",
            "6: Address 172.20.2.22/32 in -, h1.example.com, -",
            "6: Address 2001:db8::21/128 in -, h1.example.com, -",
        ]
    );
}

#[test]
fn each_header_counts_for_the_rows_below_it_until_the_next_one_of_its_table() {
    let text = "header-network,address*,netmask*,EA-Old\nheader-networkcontainer,netmask*,address*\nnetwork,10.0.0.0,24,a\n\
                networkcontainer,8,10.0.0.0\nheader-network,netmask*,EA-New,address*\nnetwork,24,b,10.0.1.0\n";
    assert_eq!(
        shown(&reading(text)),
        [
            "3: Network 10.0.0.0/24 in -, -, -, Old=a",
            "4: Pool 10.0.0.0/8 in -, -, -",
            "6: Network 10.0.1.0/24 in -, -, -, New=b"
        ]
    );
}

#[test]
fn every_mistake_is_told_with_its_line_and_nothing_is_quoted() {
    let text = "network,10.0.0.0,24,s3cret\n\
                header-network,address*,netmask*,comment,comment\n\
                header-network,address*,netmask*,comment,network_view\n\
                network,10.0.0.1,255.255.255.0,s3cret,\n\
                network,10.0.0.0,255.0.255.0,s3cret,\n\
                network,,255.255.255.0,s3cret,\n\
                network,10.0.0.0,,s3cret,\n\
                network,10.0.0.0,24,s3cret,default,s3cret\n\
                network,10.0.0.0/16,24,s3cret,default\n\
                s3cret,10.0.0.0,24\n\
                header-dhcprange,start_address*,end_address*\n\
                dhcprange,10.0.0.9,10.0.0.1\n\
                dhcprange,10.0.0.9,\n\
                header-hostrecord,fqdn*,addresses\n\
                hostrecord,s3cret,\"10.0.0.1,s3cret\"\n\
                hostrecord,s3cret,\n\
                header-networkview,name*\n\
                networkview,s3cret\n\
                networkview,s3cret\n";
    let read = reading(text);
    let expected = [
        (1, "no header is above it. A file"),
        (2, "the same column twice"),
        (8, "it has 5 fields, and its header on line 3 has 4"),
        (10, "no header is above it that begins"),
        (4, "host bits"),
        (5, "invalid netmask"),
        (6, "no address"),
        (7, "without a netmask length"),
        (9, "another one in a column"),
        (12, "before the first"),
        (13, "no end_address"),
        (15, "not one such as"),
        (16, "no addresses"),
        (19, "the same name"),
    ];
    assert_told(&read, &expected);
    assert_told(&reading("header-network,address*,netmask*\nnetwork,\"10.0.0.0,24\n"), &[(2, "never closed")]);
}

#[test]
fn rows_that_delete_and_prefixes_without_addresses_are_left_out() {
    let text = "header-network,import-action,address*,netmask*\nnetwork,D,10.0.0.0,24\nnetwork,IM,10.0.1.0,24\n\
                header-ipv6dhcprange,address_type,parent,start_address,end_address\n\
                ipv6dhcprange,PREFIX,2000::/16,,\nipv6dhcprange,ADDRESS,2000::/16,2000::,2000::3\n";
    let read = reading(text);
    assert_eq!(shown(&read), ["3: Network 10.0.1.0/24 in -, -, -", "6: Reserved 2000::/126 in -, -, -"]);
    assert_eq!(
        told(&read.left_out)[..2],
        [
            "2: its import-action deletes an object, so the row is left out.",
            "5: it is a range of delegated prefixes without addresses, so it is left out.",
        ]
    );
}

#[test]
fn only_files_of_infoblox_are_recognised() {
    assert_eq!(Layout::recognised(NETWORKS.as_bytes()), [Layout::Infoblox]);
    assert!(recognises(b"\xef\xbb\xbf\"HEADER-NETWORK\";\"ADDRESS*\"\n"));
    for text in ["", "header,address\n", "header-,address\n", "address,header-network\n", "{}", "\u{ff}"] {
        assert!(!recognises(text.as_bytes()), "{text}");
    }
}

proptest! {
    #[test]
    fn a_file_reads_back_as_it_was_written(
        networks in prop::collection::vec(network(&[Role::Pool, Role::Network, Role::Reserved, Role::Address]), 0..16),
        separator in prop::sample::select(&[',', ';', '\t'][..]),
        is_loud in any::<bool>(),
    ) {
        let mut csv = Csv::new(separator);
        let attributes = KEYS.map(|key| format!("EA-{key}"));
        let mut expected = Vec::new();
        for network in networks {
            let tag = |key: &str| network.tags.get(key).map_or("", String::as_str);
            let is_ipv4 = network.cidr.family() == crate::ipam::Family::Ipv4;
            let (first, last) = (network.cidr.first_address().to_string(), network.cidr.last_address().to_string());
            let length = network.cidr.netmask_length().to_string();
            let (table, columns, texts) = match network.role {
                Role::Pool if is_ipv4 => ("networkcontainer", vec!["address*", "netmask*"], vec![first, length]),
                Role::Pool => ("ipv6networkcontainer", vec!["address*", "cidr*"], vec![first, length]),
                Role::Reserved => ("dhcprange", vec!["start_address*", "end_address*"], vec![first, last]),
                Role::Address => {
                    let name = or_empty(&network.name).to_owned();
                    ("fixedaddress", vec!["ip_address*", "name"], vec![first, name])
                }
                _ if is_ipv4 => ("network", vec!["address*", "netmask*"], vec![first, length]),
                _ => ("ipv6network", vec!["address*", "cidr*"], vec![first, length]),
            };
            let table = if is_loud { table.to_uppercase() } else { table.to_owned() };
            let header = format!("header-{table}");
            let others = ["comment", "network_view", &attributes[0], &attributes[1], "EAInherited-Site"];
            csv.row(std::iter::once(header.as_str()).chain(columns).chain(others));
            let view = network.scope.as_deref().unwrap_or("default");
            let others = [or_empty(&network.description), view, tag(KEYS[0]), tag(KEYS[1]), "INHERIT"];
            let line = csv.row(std::iter::once(table.as_str()).chain(texts.iter().map(String::as_str)).chain(others));
            expected.push(Network { line, ..network });
        }
        let read = reading(&csv.text);
        prop_assert_eq!(told(&read.mistakes), Vec::<String>::new());
        prop_assert_eq!(read.networks, expected);
    }

    #[test]
    fn no_text_makes_the_reader_panic(
        text in "(header-network|network|hostrecord|header-hostrecord|address|addresses|,|,|;|\n|\"|10.0.0.0/8|[a-z]|EA-|é){0,30}"
    ) {
        let _ = reading(&text);
        let _ = recognises(text.as_bytes());
    }
}
