use super::super::{SourceFile, aws, gcp};
use super::*;

macro_rules! aws_files {
    ($($name:literal),+ $(,)?) => {
        [$(aws::read(&SourceFile {
            name: $name,
            bytes: include_bytes!(concat!("../../examples/migrations/aws/", $name)),
        })),+]
    };
}

/// `role block name < parent`, in order.
fn shown(inventories: &[Inventory]) -> Vec<String> {
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let network = |one: &Network| {
        let parent = text(&one.parent_id).chars().skip("ipam-pool-".len()).take(3).collect::<String>();
        format!("{:?} {} {} < {parent}", one.role, one.cidr, text(&one.name))
    };
    let mut all: Vec<_> = inventories.iter().flat_map(|inventory| &inventory.networks).map(network).collect();
    all.sort();
    all
}

#[test]
fn the_commands_of_aws_together_give_pools_with_names_and_vpcs_with_tags_once_each() {
    let mut files = aws_files![
        "vpcs.eu-central-1.json",
        "allocations-ipam-pool-0a10000000000000a.json",
        "allocations-ipam-pool-0b20000000000000b.json",
        "allocations-ipam-pool-0c30000000000000c.json",
        "cidrs-ipam-pool-0a10000000000000a.json",
        "cidrs-ipam-pool-0b20000000000000b.json",
        "cidrs-ipam-pool-0c30000000000000c.json",
        "subnets.json",
        "pools.json",
        "scopes.json",
    ];
    join(&mut files);
    let expected = [
        "Allocation 10.32.0.0/24 shop-a < ",
        "Allocation 10.32.1.0/24 shop-b < ",
        "Allocation 10.35.0.0/16 - < 0b2",
        "Network 10.32.0.0/20 shop < 0b2",
        "Network 10.32.16.0/20 billing < 0b2",
        "Pool 10.32.0.0/11 aws < ",
        "Pool 10.32.0.0/14 prod-eu-central-1 < 0a1",
        "Pool 10.40.0.0/14 prod-eu-central-1 < 0a1",
        "Pool 10.60.0.0/16 lab < 0a1",
    ];
    assert_eq!(shown(&files), expected);
    let all: Vec<&Network> = files.iter().flat_map(|file| &file.networks).collect();
    assert!(all.iter().all(|one| one.scope.is_none()), "the default scope");
    let find = |name: &str| *all.iter().find(|one| one.name.as_deref() == Some(name)).unwrap();
    assert_eq!(find("billing").tags.len(), 2);
    assert_eq!(find("prod-eu-central-1").rules.default_netmask_length, Some(20));
    assert!(files.iter().all(|file| file.mistakes.is_empty() && file.scopes.is_empty()));
}

#[test]
fn the_order_of_the_files_does_not_matter() {
    let files = || {
        aws_files![
            "vpcs.eu-central-1.json",
            "allocations-ipam-pool-0b20000000000000b.json",
            "allocations-ipam-pool-0a10000000000000a.json",
            "cidrs-ipam-pool-0b20000000000000b.json",
            "pools.json",
        ]
    };
    let mut forwards = files();
    join(&mut forwards);
    let mut backwards = files();
    backwards.reverse();
    join(&mut backwards);
    assert_eq!(shown(&forwards), shown(&backwards));
}

#[test]
fn other_scopes_keep_their_name_and_public_pools_are_apart() {
    let scope = |id: &str, kind: &str, default: bool, name: &str| {
        format!(
            "{{\"IpamScopeId\": \"{id}\", \"IpamScopeType\": \"{kind}\", \"IsDefault\": {default}, \"Description\": \"x\", \
             \"Tags\": [{{\"Key\": \"Name\", \"Value\": \"{name}\"}}]}}"
        )
    };
    let pool = |id: &str, scope: &str, kind: &str| {
        format!(
            "{{\"IpamPoolId\": \"{id}\", \"IpamScopeArn\": \"arn:aws:ec2::1:ipam-scope/{scope}\", \"IpamScopeType\": \
             \"{kind}\"}}"
        )
    };
    let cidr = |pool: &str, cidr: &str| format!("{{\"IpamPoolId\": \"{pool}\", \"Cidr\": \"{cidr}\"}}");
    let pools = [
        pool("p1", "s1", "private"),
        pool("p2", "s2", "private"),
        pool("p3", "s3", "public"),
        pool("p4", "s1", "private"),
    ];
    let cidrs = [cidr("p1", "10.0.0.0/8"), cidr("p2", "10.0.0.0/8"), cidr("p3", "3.0.0.0/24")];
    let scopes =
        [scope("s1", "private", true, ""), scope("s2", "private", false, "lab"), scope("s3", "public", true, "")];
    let resources = "\"Vpcs\": [{\"VpcId\": \"v\", \"CidrBlock\": \"10.1.0.0/16\"}], \"Subnets\": [{\"SubnetId\": \"s\", \
                     \"VpcId\": \"v\", \"CidrBlock\": \"10.1.1.0/24\"}], \"IpamPoolAllocations\": [{\"IpamPoolId\": \"p2\", \
                     \"Cidr\": \"10.1.0.0/16\", \"ResourceId\": \"v\", \"ResourceType\": \"vpc\"}]";
    let text = |with_scopes: bool| {
        let scopes = if with_scopes { scopes.join(",") } else { String::new() };
        format!(
            "{{\"IpamPools\": [{}], \"IpamPoolCidrs\": [{}], \"IpamScopes\": [{scopes}], {resources}}}",
            pools.join(","),
            cidrs.join(",")
        )
    };
    let told = |with_scopes: bool| {
        let text = text(with_scopes);
        let mut files = [aws::read(&SourceFile { name: "all.json", bytes: text.as_bytes() })];
        join(&mut files);
        assert_eq!(files[0].mistakes, []);
        let scopes: Vec<_> = files[0].networks.iter().map(|one| format!("{} {:?}", one.cidr, one.scope)).collect();
        (scopes, files[0].scopes.len(), files[0].left_out.clone())
    };
    let (networks, scopes, left_out) = told(true);
    let expected = [
        "10.0.0.0/8 None",
        "10.0.0.0/8 Some(\"lab\")",
        "3.0.0.0/24 Some(\"public\")",
        "10.1.0.0/16 Some(\"lab\")",
        "10.1.1.0/24 Some(\"lab\")",
    ];
    assert_eq!((networks, scopes), (expected.map(str::to_owned).to_vec(), 1));
    assert_eq!(left_out, [Mistake::on(1, "none of the files has a CIDR of this pool.")]);
    // Without the list of scopes, the id is the name when there are several.
    assert_eq!(told(false).0[..2], ["10.0.0.0/8 Some(\"s1\")", "10.0.0.0/8 Some(\"s2\")"]);
}

#[test]
fn a_pool_that_plans_the_subnets_of_a_vpc_stands_for_that_vpc() {
    let text = r#"{"IpamPools": [{"IpamPoolId": "p1"}, {"IpamPoolId": "p2", "SourceIpamPoolId": "p1",
        "SourceResource": {"ResourceId": "vpc-1", "ResourceType": "vpc", "ResourceRegion": "x", "ResourceOwner": "1"}}],
        "IpamPoolCidrs": [{"IpamPoolId": "p1", "Cidr": "10.0.0.0/8"}, {"IpamPoolId": "p2", "Cidr": "10.1.0.0/16"}],
        "IpamPoolAllocations": [{"IpamPoolId": "p1", "Cidr": "10.1.0.0/16", "ResourceId": "vpc-1", "ResourceType": "vpc"}],
        "Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.1.0.0/16", "Tags": [{"Key": "Name", "Value": "shop"}]}]}"#;
    let mut files = [aws::read(&SourceFile { name: "all.json", bytes: text.as_bytes() })];
    join(&mut files);
    let [_, pool] = files[0].networks.as_slice() else { panic!("{:#?}", files[0].networks) };
    assert_eq!((pool.role, pool.name.as_deref(), pool.parent_id.as_deref()), (Role::Pool, Some("shop"), Some("p1")));
}

#[test]
fn a_vpc_that_is_listed_twice_stays_twice() {
    let vpc = r#"{"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.1.0.0/16"}]}"#;
    let file = |name| aws::read(&SourceFile { name, bytes: vpc.as_bytes() });
    let mut files = [file("a.json"), file("b.json")];
    join(&mut files);
    assert_eq!(files.iter().map(|file| file.networks.len()).collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn a_subnet_from_an_internal_range_with_the_same_block_is_one_network() {
    let range = r#"[{"name": "projects/p/locations/global/internalRanges/a", "ipCidrRange": "10.0.0.0/20", "usage": "FOR_VPC",
        "description": "first"}]"#;
    let subnet = r#"[{"selfLink": "https://x/projects/p/regions/r/subnetworks/s", "name": "s", "ipCidrRange": "10.0.0.0/20",
        "reservedInternalRange": "https://networkconnectivity.googleapis.com/v1/projects/p/locations/global/internalRanges/a"}]"#;
    let file = |text: &str| gcp::read(&SourceFile { name: "x.json", bytes: text.as_bytes() });
    for (one, other, name) in [(range, subnet, "a"), (subnet, range, "s")] {
        let mut files = [file(one), file(other)];
        join(&mut files);
        let [network] = files[0].networks.as_slice() else { panic!("{files:?}") };
        assert!(files[1].networks.is_empty(), "{files:?}");
        assert_eq!((network.name.as_deref(), network.description.as_deref()), (Some(name), Some("first")));
        assert!(network.resource.is_some() && network.role == Role::Network);
    }
}
