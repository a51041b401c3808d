use super::super::{Resource, ResourceKind, Role, SourceFile};
use super::*;
use crate::ipam::Tags;

/// The answers of the examples in `examples/migrations/aws`.
const POOLS: &str = include_str!("../../../examples/migrations/aws/pools.json");
const VPCS: &str = include_str!("../../../examples/migrations/aws/vpcs.eu-central-1.json");
const SUBNETS: &str = include_str!("../../../examples/migrations/aws/subnets.json");

fn reading(name: &str, text: &str) -> Inventory {
    read(&SourceFile { name, bytes: text.as_bytes() })
}

fn words(mistakes: &[Mistake]) -> Vec<String> {
    let line = |one: &Mistake| one.line.map(|line| format!("{line}: ")).unwrap_or_default();
    mistakes.iter().map(|one| format!("{}{}", line(one), one.words)).collect()
}

#[test]
fn pools_are_described_with_their_rules_and_tags() {
    let read = reading("pools.json", POOLS);
    assert_eq!((read.mistakes, read.networks), (vec![], vec![]));
    let [top, eu, lab] = read.described.pools.as_slice() else { panic!() };
    assert_eq!((top.name.as_deref(), &top.region, &top.parent_id), (Some("aws"), &None, &None));
    assert_eq!((eu.region.as_deref(), eu.parent_id.as_deref()), (Some("eu-central-1"), Some(top.id.as_str())));
    assert_eq!(eu.rules.required_tags, Tags::from([("env".to_owned(), "prod".to_owned())]));
    assert_eq!(
        (
            eu.rules.min_netmask_length,
            eu.rules.default_netmask_length,
            eu.rules.max_netmask_length,
            eu.rules.auto_import
        ),
        (Some(16), Some(20), Some(24), true)
    );
    assert_eq!(eu.tags, Tags::from([("team".to_owned(), "network".to_owned())]));
    assert_eq!(lab.description, None, "AWS prints an empty text");
}

#[test]
fn the_pool_of_cidrs_and_allocations_is_in_the_name_of_the_file_or_in_a_member() {
    let cidrs = r#"{"IpamPoolCidrs": [{"Cidr": "10.0.0.0/8", "State": "provisioned"},
        {"Cidr": "10.0.0.0/9", "State": "failed-provision"}]}"#;
    let read = reading("ipam-pool-0abc.json", cidrs);
    let [network] = read.networks.as_slice() else { panic!("{read:?}") };
    assert_eq!((network.source_id.as_deref(), network.role), (Some("ipam-pool-0abc"), Role::Pool));
    assert_eq!(words(&read.left_out), ["2: the CIDR is not provisioned."]);
    let with_member = cidrs.replacen('{', "{\"IpamPoolId\": \"ipam-pool-9\", ", 1);
    assert_eq!(reading("ipam-pool-0abc.json", &with_member).networks[0].source_id.as_deref(), Some("ipam-pool-9"));
    let unknown = reading("cidrs.json", cidrs);
    assert!(unknown.networks.is_empty() && unknown.mistakes.len() == 2);
    assert!(unknown.mistakes[0].words.contains("ipam-pool-0123456789abcdef0.json"), "{:?}", unknown.mistakes);
}

#[test]
fn an_allocation_names_its_resource_and_one_of_a_pool_is_a_cidr_of_that_pool() {
    let read = reading(
        "ipam-pool-1.json",
        r#"{"IpamPoolAllocations": [
            {"Cidr": "10.0.0.0/16", "IpamPoolAllocationId": "ipam-pool-alloc-1", "ResourceId": "vpc-1",
             "ResourceType": "vpc", "ResourceRegion": "eu-central-1", "ResourceOwner": "222233334444"},
            {"Cidr": "10.1.0.0/16", "IpamPoolAllocationId": "ipam-pool-alloc-2", "ResourceId": "ipam-pool-2",
             "ResourceType": "ipam-pool", "ResourceOwner": "222233334444"},
            {"Cidr": "10.2.0.0/16", "IpamPoolAllocationId": "ipam-pool-alloc-3", "ResourceType": "custom",
             "Description": "later", "ResourceOwner": "222233334444", "Tags": [{"Key": "Name", "Value": "spare"}]}]}"#,
    );
    assert_eq!(read.mistakes, []);
    let [vpc, pool, custom] = read.networks.as_slice() else { panic!("{read:?}") };
    let resource = Resource { kind: ResourceKind::Vpc, id: "vpc-1".to_owned(), vpc_id: Some("vpc-1".to_owned()) };
    assert_eq!((&vpc.resource, vpc.parent_id.as_deref()), (&Some(resource), Some("ipam-pool-1")));
    assert_eq!(
        (vpc.line, vpc.region.as_deref(), vpc.account.as_deref()),
        (2, Some("eu-central-1"), Some("222233334444"))
    );
    assert_eq!((pool.role, pool.source_id.as_deref()), (Role::Pool, Some("ipam-pool-2")));
    assert_eq!((custom.name.as_deref(), custom.description.as_deref()), (Some("spare"), Some("later")));
    assert_eq!((&custom.resource, custom.source_id.as_deref()), (&None, Some("ipam-pool-alloc-3")));
}

#[test]
fn vpcs_have_all_their_blocks_and_subnets_their_region() {
    let vpcs = reading("vpcs.eu-central-1.json", VPCS);
    let shown: Vec<_> = vpcs.networks.iter().map(|one| (one.cidr.to_string(), one.name.clone().unwrap())).collect();
    assert_eq!(
        shown,
        [("10.32.0.0/20".to_owned(), "shop".to_owned()), ("10.32.16.0/20".to_owned(), "billing".to_owned())]
    );
    assert_eq!(vpcs.networks[0].region.as_deref(), Some("eu-central-1"));
    assert_eq!(vpcs.networks[0].tags, Tags::from([("env".to_owned(), "prod".to_owned())]), "without those of AWS");
    let subnets = reading("subnets.json", SUBNETS);
    let [one, _] = subnets.networks.as_slice() else { panic!() };
    let of = one.resource.as_ref().unwrap();
    assert_eq!((of.kind, of.vpc_id.as_deref()), (ResourceKind::Subnet, Some("vpc-0aa1111111111111a")));
    assert_eq!((one.region.as_deref(), one.role), (Some("eu-central-1"), Role::Allocation));
    let both = reading(
        "x.json",
        r#"{"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "CidrBlockAssociationSet": [
            {"CidrBlock": "10.0.0.0/16", "CidrBlockState": {"State": "associated"}},
            {"CidrBlock": "10.1.0.0/16", "CidrBlockState": {"State": "associated"}},
            {"CidrBlock": "10.2.0.0/16", "CidrBlockState": {"State": "disassociated"}}],
            "Ipv6CidrBlockAssociationSet": [
            {"Ipv6CidrBlock": "2a05:d014:1::/56", "Ipv6CidrBlockState": {"State": "associated"}}]}],
            "Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1", "AvailabilityZone": "us-west-2-lax-1a",
            "Ipv6CidrBlockAssociationSet": [{"Ipv6CidrBlock": "2a05:d014:1::/64"}]}]}"#,
    );
    let blocks: Vec<_> = both.networks.iter().map(|one| one.cidr.to_string()).collect();
    assert_eq!(blocks, ["10.0.0.0/16", "10.1.0.0/16", "2a05:d014:1::/56", "2a05:d014:1::/64"]);
    assert_eq!(words(&both.left_out), ["4: the CIDR is not associated."]);
    assert_eq!(both.networks[3].region.as_deref(), Some("us-west-2"), "the Region of a Local Zone");
}

#[test]
fn every_mistake_of_a_file_is_found_with_its_line_and_nothing_is_quoted() {
    let read = reading(
        "s3cret.json",
        "{\"Vpcs\": [{\"VpcId\": \"vpc-1\", \"CidrBlock\": \"10.0.0.1/16\"},\n{\"CidrBlock\": \"s3cret\"},\n7,\n{\"VpcId\": \
         \"vpc-2\", \"CidrBlock\": \"s3cret\"},\n{\"VpcId\": \"vpc-3\"}],\n\"Subnets\": [{\"SubnetId\": \"s\", \
         \"CidrBlock\": \"10.0.0.0/24\", \"Tags\": {\"s3cret\": 1}}],\n\"NextToken\": \"s3cret\", \"s3cret\": 1}",
    );
    let told = words(&read.mistakes);
    let expected = [
        "7: the list goes on: `NextToken` is not empty.",
        "1: `CidrBlock` has host bits set.",
        "2: `VpcId` is missing.",
        "3: it is not an object.",
        "4: `CidrBlock` is not a CIDR such as",
        "5: `CidrBlock` is missing.",
        "6: `Tags` is not an array.",
    ];
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for (told, starts) in told.iter().zip(expected) {
        assert!(told.starts_with(starts), "{told}");
    }
    assert!(words(&read.left_out)[0].starts_with("1 members beside IpamPools, "));
    assert!(!format!("{:?}{:?}", read.mistakes, read.left_out).contains("s3cret"));
}

#[test]
fn only_lists_of_aws_are_recognised() {
    for text in [POOLS, VPCS, SUBNETS, "\u{feff}{\"Vpcs\": []}"] {
        assert!(recognises(text.as_bytes()), "{text}");
    }
    for text in ["[]", "{}", "{\"Vpcs\": {}}", "{\"vpcs\": []}", "{\"Vpcs\": [", "Vpcs", "\u{ff}"] {
        assert!(!recognises(text.as_bytes()), "{text}");
    }
    let wrong = reading("x.json", "{\"Buckets\": []}").mistakes;
    assert!(wrong[0].words.contains("IpamPools, IpamPoolCidrs"), "{wrong:?}");
}
