use super::*;

fn read(text: &str, more: &[&str]) -> Inventory {
    let mut attributes = Attributes::default();
    more.iter().for_each(|text| attributes.add(text).unwrap());
    super::read(&SourceFile { name: "x.tfstate", bytes: text.as_bytes() }, &attributes)
}

fn told(inventory: &Inventory) -> Vec<String> {
    let one = |network: &Network| {
        format!("{} {} {} {:?}", network.line, network.name.as_deref().unwrap_or_default(), network.cidr, network.role)
    };
    inventory.networks.iter().map(one).collect()
}

const STATE: &str = r#"{"version": 4, "resources": [
 {"mode": "data", "type": "aws_vpc", "name": "other", "instances": [{"attributes": {"cidr_block": "10.9.0.0/16"}}]},
 {"mode": "managed", "type": "aws_vpc", "name": "main", "instances": [
  {"attributes": {"id": "vpc-1", "cidr_block": "10.0.0.0/16", "ipv6_cidr_block": "", "tags": {"Name": "prod", "env": "p"}}}]},
 {"mode": "managed", "type": "aws_subnet", "name": "private", "instances": [
  {"index_key": 0, "attributes": {"id": "subnet-1", "vpc_id": "vpc-1", "cidr_block": "10.0.1.0/24"}},
  {"index_key": "b", "attributes": {"id": "subnet-2", "vpc_id": "vpc-1",
    "cidr_block": "10.0.2.1/24"}}]},
 {"mode": "managed", "type": "my_net", "name": "x", "instances": [{"attributes": {"parts": [{"block": "10.1.0.0/24"}]}}]}
]}"#;

#[test]
fn attributes_of_a_state_hold_blocks() {
    let inventory = read(STATE, &["my_net.parts.block=pool"]);
    assert_eq!(
        told(&inventory),
        ["4 prod 10.0.0.0/16 Network", "6 private-0 10.0.1.0/24 Network", "9 x 10.1.0.0/24 Pool"]
    );
    let words =
        "aws_subnet.private-b, attribute cidr_block: the cidr has host bits set. Write the first address of the block.";
    assert_eq!(inventory.mistakes, [Mistake::on(8, words)]);
    assert_eq!(inventory.networks[0].tags, [("env".to_owned(), "p".to_owned())].into());
    let subnet = inventory.networks[1].resource.as_ref().unwrap();
    assert_eq!((subnet.id.as_str(), subnet.vpc_id.as_deref()), ("subnet-1", Some("vpc-1")));
}

#[test]
fn what_show_prints_is_read_with_all_modules() {
    let text = r#"{"format_version": "1.0", "values": {"root_module": {
 "resources": [{"mode": "managed", "type": "azurerm_virtual_network", "name": "hub", "values":
   {"name": "hub", "id": "/net", "address_space": ["10.0.0.0/16", "10.8.0.0/16"],
    "subnet": [{"name": "a", "address_prefixes": ["10.0.1.0/24"]}, {"name": "b", "address_prefix": "10.0.2.0/24"}]}}],
 "child_modules": [{"child_modules": [{"resources": [
  {"mode": "managed", "type": "azurerm_subnet", "name": "a", "values": {"id": "/s", "name": "a", "address_prefixes": ["10.0.1.0/24"]}},
  {"mode": "managed", "type": "google_compute_subnetwork", "name": "g", "index": 0, "values": {"name": "gke", "id": "g",
   "ip_cidr_range": "10.4.0.0/20", "secondary_ip_range": [{"range_name": "pods", "ip_cidr_range": "10.16.0.0/14"}]}}]}]}]}}}"#;
    let inventory = read(text, &[]);
    assert_eq!(inventory.mistakes, []);
    assert_eq!(
        told(&inventory),
        [
            "3 hub 10.0.0.0/16 Network",
            "3 hub 10.8.0.0/16 Network",
            "4 b 10.0.2.0/24 Network",
            "6 a 10.0.1.0/24 Network",
            "8 gke 10.4.0.0/20 Network",
            "8 gke-pods 10.16.0.0/14 Network"
        ]
    );
}

#[test]
fn only_states_are_recognised() {
    assert!(recognises(STATE.as_bytes()));
    assert!(recognises(br#"{"format_version": "1.2", "planned_values": {"root_module": {}}}"#));
    for other in ["", "[]", "{}", r#"{"version": 3, "modules": []}"#, r#"{"Vpcs": []}"#, "cidr\n"] {
        assert!(!recognises(other.as_bytes()), "{other}");
    }
    assert!(read("{}", &[]).mistakes[0].words.contains("neither a state"));
    let none = read(r#"{"version": 4, "resources": []}"#, &[]);
    assert!(none.mistakes[0].words.contains("--attribute"));
}

#[test]
fn an_attribute_has_a_type() {
    for text in ["prefix", ".x", "my_net.", "my_net.x=secret"] {
        assert!(Attributes::default().add(text).is_err(), "{text}");
    }
}
