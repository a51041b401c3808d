use super::*;

const VNETS: &str = include_str!("../../examples/migrations/azure/vnets.json");
const POOLS: &str = include_str!("../../examples/migrations/azure/ipam-pools.json");
const STATIC: &str = include_str!("../../examples/migrations/azure/static-cidrs.json");

fn reading(text: &str) -> Inventory {
    read(&SourceFile { name: "azure.json", bytes: text.as_bytes() })
}

/// `line: role block name region account`.
fn shown(read: &Inventory) -> Vec<String> {
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let account = |one: &Network| text(&one.account).chars().take(4).collect::<String>();
    let network = |one: &Network| {
        let (name, region) = (text(&one.name), text(&one.region));
        format!("{}: {:?} {} {name} {region} {}", one.line, one.role, one.cidr, account(one))
    };
    read.networks.iter().map(network).collect()
}

/// The same list as the REST API writes it: `properties` around what the command line flattens.
fn as_rest(text: &str) -> String {
    let mut list: serde_json::Value = serde_json::from_str(text).unwrap();
    let nest = |object: &mut serde_json::Value, names: &[&str]| {
        let members = object.as_object_mut().unwrap();
        members.remove("resourceGroup");
        let inner = names.iter().filter_map(|name| Some(((*name).to_owned(), members.remove(*name)?)));
        let inner = inner.collect::<serde_json::Map<_, _>>();
        members.insert("properties".to_owned(), inner.into());
    };
    for network in list.as_array_mut().unwrap() {
        for subnet in network["subnets"].as_array_mut().unwrap() {
            nest(subnet, &["addressPrefix", "addressPrefixes", "delegations", "provisioningState"]);
        }
        nest(network, &["addressSpace", "subnets", "virtualNetworkPeerings", "provisioningState"]);
    }
    serde_json::json!({ "value": list }).to_string()
}

#[test]
fn virtual_networks_and_their_subnets_are_read_from_the_command_line_and_the_rest_api() {
    let read = reading(VNETS);
    assert_eq!((&read.mistakes, &read.left_out), (&vec![], &vec![]));
    let expected = [
        "5: Network 10.64.0.0/16 vnet-hub-weu westeurope 5f1c",
        "19: Allocation 10.64.0.0/26 GatewaySubnet westeurope 5f1c",
        "29: Allocation 10.64.1.0/24 snet-shared westeurope 5f1c",
        "49: Network 10.65.0.0/20 vnet-shop westeurope 0b6a",
        "50: Network fd6b:41c5:7a10::/48 vnet-shop westeurope 0b6a",
        "65: Allocation 10.65.0.0/24 snet-web westeurope 0b6a",
        "66: Allocation fd6b:41c5:7a10::/64 snet-web westeurope 0b6a",
        "77: Allocation 10.65.4.0/22 snet-aks westeurope 0b6a",
    ];
    assert_eq!(shown(&read), expected);
    let without_lines =
        |read: Inventory| -> Vec<Network> { read.networks.into_iter().map(|one| Network { line: 0, ..one }).collect() };
    let rest = reading(&as_rest(VNETS));
    assert_eq!(without_lines(rest), without_lines(read.clone()));
    let (network, subnet) = (read.networks[0].resource.as_ref().unwrap(), read.networks[1].resource.as_ref().unwrap());
    assert_eq!((network.kind, subnet.kind), (ResourceKind::Vpc, ResourceKind::Subnet));
    assert_eq!(
        (subnet.vpc_id.as_ref(), subnet.id.as_str()),
        (Some(&network.id), format!("{}/subnets/GatewaySubnet", network.id).as_str())
    );
    assert_eq!(read.networks[0].tags.get("cost-centre").map(String::as_str), Some("4711"));
}

#[test]
fn one_virtual_network_and_a_list_of_subnets_alone_are_read() {
    let one: serde_json::Value = serde_json::from_str(VNETS).unwrap();
    let text = one[0].to_string();
    assert_eq!(reading(&text).networks.len(), 3);
    let subnets = one[1]["subnets"].to_string();
    let read = reading(&subnets);
    assert!(recognises(subnets.as_bytes()) && recognises(text.as_bytes()));
    let of = read.networks[0].resource.as_ref().unwrap();
    assert!(of.vpc_id.as_ref().unwrap().ends_with("/virtualNetworks/vnet-shop"), "{of:?}");
}

#[test]
fn ipam_pools_have_their_parents_and_static_cidrs_their_pool() {
    let pools = reading(POOLS);
    assert_eq!(pools.mistakes, []);
    let [top, spokes, _] = pools.networks.as_slice() else { panic!("{pools:?}") };
    assert_eq!((top.role, spokes.role, &top.parent_id), (Role::Pool, Role::Pool, &None));
    assert_eq!(spokes.parent_id, top.source_id);
    assert_eq!((spokes.name.as_deref(), &spokes.description), (Some("azure-weu-spokes"), &None), "no display name");
    let fixed = reading(STATIC);
    let [amsterdam] = fixed.networks.as_slice() else { panic!("{fixed:?}") };
    assert_eq!((&amsterdam.parent_id, amsterdam.name.as_deref()), (&top.source_id, Some("amsterdam")));
    assert_eq!(amsterdam.description.as_deref(), Some("Data centre in Amsterdam."));
    let association = r#"[{"resourceId": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v",
        "poolId": "/subscriptions/S/x/ipamPools/P", "addressPrefixes": ["10.1.0.0/24"], "reservedPrefixes": null}]"#;
    let read = reading(association);
    let [network] = read.networks.as_slice() else { panic!("{read:?}") };
    assert_eq!(
        (network.name.as_deref(), network.parent_id.as_deref()),
        (Some("v"), Some("/subscriptions/s/x/ipampools/p"))
    );
}

#[test]
fn every_mistake_of_a_file_is_found_with_its_line_and_nothing_is_quoted() {
    let text = r#"{"value": [
        {"type": "Microsoft.Network/virtualNetworks", "id": "/subscriptions/s3cret/x", "addressSpace": {"addressPrefixes":
            ["10.0.0.1/16", "10.1.0.0/16",
             "s3cret"]}},
        {"type": "s3cret"},
        {"type": "Microsoft.Network/virtualNetworks", "addressSpace": {}},
        {"type": "Microsoft.Network/networkManagers/ipamPools", "id": "s3cret", "properties": "s3cret"}],
        "nextLink": "https://s3cret"}"#;
    let read = reading(text);
    let lines: Vec<_> = read.mistakes.iter().map(|one| one.line.unwrap()).collect();
    assert_eq!(lines, [3, 4, 5, 6, 7, 8], "{:#?}", read.mistakes);
    let says =
        ["host bits", "is not a CIDR", "none of virtual networks", "`id` is missing", "not an object", "nextLink"];
    for (mistake, says) in read.mistakes.iter().zip(says) {
        assert!(mistake.words.contains(says), "{mistake:?}");
        assert!(!mistake.words.contains("s3cret"), "{mistake:?}");
    }
}

#[test]
fn only_lists_of_azure_are_recognised() {
    for text in [VNETS, POOLS, STATIC, &as_rest(VNETS)] {
        assert!(recognises(text.as_bytes()), "{text}");
    }
    for text in
        ["[]", "{}", "{\"value\": []}", "[{\"type\": \"Microsoft.Compute/disks\"}]", "[{\"cidr\": \"10.0.0.0/8\"}]"]
    {
        assert!(!recognises(text.as_bytes()), "{text}");
    }
}
