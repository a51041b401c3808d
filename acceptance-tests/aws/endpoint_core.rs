//! IPAM, scopes, pools, CIDRs, allocations: each is created, used and deleted, and every member of their answers is
//! checked.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::endpoint::Kind;
use super::scene::{ACCOUNT, AWAY, HOME, OTHER_ACCOUNT, Scene, release_of, text};

#[test]
fn a_tree_goes_up_and_down() {
    let scene = Scene::new();
    let (top, leaf) = scene.tree();
    let made = scene.allocate(&leaf, 24);
    assert_eq!((&made["Cidr"], &made["ResourceOwner"]), (&json!("10.0.0.0/24"), &json!(ACCOUNT)));
    assert_eq!(scene.allocated(&leaf), ["10.0.0.0/24"]);
    assert_eq!(scene.allocated(&top), ["10.0.0.0/16"]);
    let in_use = scene.home.call("deprovision_ipam_pool_cidr", json!({"IpamPoolId": leaf, "Cidr": "10.0.0.0/16"}));
    assert_eq!(in_use["IpamPoolCidr"]["State"], "pending-deprovision");
    assert_eq!(scene.pool_cidrs(&leaf)[0]["FailureReason"]["Message"], "The CIDR has one or more allocations.");
    scene.release(&leaf, &made);
    for (pool, cidr) in [(&leaf, "10.0.0.0/16"), (&top, "10.0.0.0/8")] {
        scene.home.call("deprovision_ipam_pool_cidr", json!({"IpamPoolId": pool, "Cidr": cidr}));
        assert_eq!(scene.pool_cidrs(pool)[0]["State"], "deprovisioned");
        assert_eq!(scene.allocated(&top), Vec::<String>::new());
        let gone = scene.home.call("delete_ipam_pool", json!({"IpamPoolId": pool}));
        assert_eq!(gone["IpamPool"]["State"], "delete-in-progress");
    }
    scene.home.call("delete_ipam", json!({"IpamId": scene.ipam["IpamId"]}));
    assert_eq!(scene.home.call("describe_ipams", json!({}))["Ipams"], json!([]));
    scene.is_sound();
}

#[test]
fn space_is_given_out_from_the_lowest_address_and_comes_back() {
    let scene = Scene::new();
    let (_, leaf) = scene.tree();
    let first = scene.allocate(&leaf, 24);
    assert_eq!(scene.allocate(&leaf, 23)["Cidr"], "10.0.2.0/23");
    let by_cidr = json!({"IpamPoolId": leaf, "Cidr": "10.0.1.0/24"});
    assert_eq!(scene.home.call("allocate_ipam_pool_cidr", by_cidr)["IpamPoolAllocation"]["Cidr"], "10.0.1.0/24");
    scene.release(&leaf, &first);
    assert_eq!(scene.allocate(&leaf, 24)["Cidr"], "10.0.0.0/24");
    let avoiding = json!({"IpamPoolId": leaf, "NetmaskLength": 24, "DisallowedCidrs": ["10.0.4.0/22"]});
    let made = scene.home.call("allocate_ipam_pool_cidr", avoiding);
    assert_eq!(made["IpamPoolAllocation"]["Cidr"], "10.0.8.0/24");
    let within = json!({"IpamPoolId": leaf, "NetmaskLength": 24, "AllowedCidrs": ["10.0.128.0/17"]});
    let made = scene.home.call("allocate_ipam_pool_cidr", within);
    assert_eq!(made["IpamPoolAllocation"]["Cidr"], "10.0.128.0/24");
    scene.is_sound();
}

#[test]
fn a_preview_reserves_nothing() {
    let scene = Scene::new();
    let (_, leaf) = scene.tree();
    let preview = json!({"IpamPoolId": leaf, "NetmaskLength": 20, "PreviewNextCidr": true});
    for _ in 0..2 {
        let shown = scene.home.call("allocate_ipam_pool_cidr", preview.clone())["IpamPoolAllocation"].clone();
        assert_eq!((&shown["Cidr"], &shown["IpamPoolAllocationId"]), (&json!("10.0.0.0/20"), &Value::Null));
    }
    assert_eq!(scene.allocated(&leaf), Vec::<String>::new());
    scene.allocate(&leaf, 24);
    let shown = scene.home.call("allocate_ipam_pool_cidr", preview)["IpamPoolAllocation"].clone();
    assert_eq!(shown["Cidr"], "10.0.16.0/20");
    scene.is_sound();
}

#[test]
fn the_default_netmask_length_counts_when_no_size_is_given() {
    let scene = Scene::new();
    let (top, _) = scene.tree();
    let pool = scene.pool(json!({
        "SourceIpamPoolId": top, "Locale": HOME, "AllocationMinNetmaskLength": 20,
        "AllocationDefaultNetmaskLength": 26, "AllocationMaxNetmaskLength": 28,
    }));
    scene.provision(&pool, "10.1.0.0/16");
    let allocate = |size: Value| {
        let mut arguments = json!({"IpamPoolId": pool});
        arguments.as_object_mut().unwrap().extend(size.as_object().unwrap().clone());
        scene.home.try_call("allocate_ipam_pool_cidr", arguments)
    };
    assert_eq!(allocate(json!({})).unwrap()["IpamPoolAllocation"]["Cidr"], "10.1.0.0/26");
    for size in [json!({"NetmaskLength": 19}), json!({"NetmaskLength": 29}), json!({"Cidr": "10.1.128.0/18"})] {
        assert_eq!(allocate(size).unwrap_err().code, "InvalidParameterValue");
    }
    let clear = json!({"IpamPoolId": pool, "ClearAllocationDefaultNetmaskLength": true});
    scene.home.call("modify_ipam_pool", clear);
    assert_eq!(allocate(json!({})).unwrap_err().code, "InvalidParameterCombination");
    scene.home.call("modify_ipam_pool", json!({"IpamPoolId": pool, "AllocationMinNetmaskLength": 16}));
    assert!(allocate(json!({"NetmaskLength": 17})).is_ok());
    scene.is_sound();
}

#[test]
fn an_allocation_changes_its_description_and_tags_in_place() {
    let scene = Scene::new();
    let (_, leaf) = scene.tree();
    let made = scene.allocate(&leaf, 24);
    let id = &made["IpamPoolAllocationId"];
    let described = json!({"IpamPoolAllocationId": id, "Description": "the lab <&> more"});
    let changed = scene.home.call("modify_ipam_pool_allocation", described)["IpamPoolAllocation"].clone();
    assert_eq!(changed["Description"], "the lab <&> more");
    scene.home.call("create_tags", json!({"Resources": [id], "Tags": [{"Key": "Name", "Value": "lab"}]}));
    let read = || {
        scene.home.call("describe_ipam_pool_allocations", json!({"IpamPoolAllocationIds": [id]}))["IpamPoolAllocations"]
            [0]
        .clone()
    };
    assert_eq!(read()["Tags"], json!([{"Key": "Name", "Value": "lab"}]));
    scene.home.call("delete_tags", json!({"Resources": [id], "Tags": [{"Key": "Name"}]}));
    scene.home.call("modify_ipam_pool_allocation", json!({"IpamPoolAllocationId": id}));
    assert_eq!((&read()["Tags"], &read()["Description"]), (&json!([]), &Value::Null));
    scene.is_sound();
}

#[test]
fn a_shared_pool_is_used_by_the_other_account_and_listed_for_its_owner() {
    let scene = Scene::new();
    let (_, leaf) = scene.tree();
    let other = super::boto::Boto::new(&scene.endpoint, OTHER_ACCOUNT, HOME);
    let arguments = json!({"IpamPoolId": leaf, "NetmaskLength": 24});
    other.refused("allocate_ipam_pool_cidr", arguments.clone(), "InvalidIpamPoolId.NotFound", &leaf);
    scene.endpoint.share(&leaf, OTHER_ACCOUNT);
    let made = other.call("allocate_ipam_pool_cidr", arguments)["IpamPoolAllocation"].clone();
    assert_eq!(made["ResourceOwner"], OTHER_ACCOUNT);
    assert_eq!(scene.allocated(&leaf), ["10.0.0.0/24"]);
    let own = |boto: &super::boto::Boto| {
        let found = boto.call("describe_ipam_pool_allocations", json!({}))["IpamPoolAllocations"].clone();
        found.as_array().unwrap().iter().filter(|found| found["ResourceType"] == "custom").count()
    };
    assert_eq!((own(&scene.home), own(&other)), (0, 1));
    other.refused("delete_ipam_pool", json!({"IpamPoolId": leaf}), "UnauthorizedOperation", &leaf);
    scene.release(&leaf, &made);
    scene.is_sound();
}

#[test]
fn operating_regions_come_and_go_unless_a_pool_is_there() {
    let scene = Scene::new();
    scene.tree();
    let modify = |list: &str, region: &str| {
        let arguments = json!({"IpamId": scene.ipam["IpamId"], list: [{"RegionName": region}]});
        scene.home.try_call("modify_ipam", arguments).map(|answer| answer["Ipam"]["OperatingRegions"].clone())
    };
    let named = |names: &[&str]| names.iter().map(|name| json!({"RegionName": name})).collect::<Value>();
    let central = "eu-central-1";
    assert_eq!(modify("AddOperatingRegions", central).unwrap(), named(&[HOME, AWAY, central]));
    assert_eq!(modify("AddOperatingRegions", central).unwrap(), named(&[HOME, AWAY, central]));
    assert_eq!(modify("RemoveOperatingRegions", AWAY).unwrap(), named(&[HOME, central]));
    assert_eq!(modify("RemoveOperatingRegions", HOME).unwrap_err().code, "DependencyViolation");
    assert_eq!(modify("RemoveOperatingRegions", "mars-1").unwrap_err().code, "InvalidParameterValue");
    scene.is_sound();
}

#[test]
fn cascade_takes_everything_in_a_private_scope() {
    let scene = Scene::new();
    let (top, leaf) = scene.tree();
    scene.allocate(&leaf, 24);
    scene.home.refused("delete_ipam_pool", json!({"IpamPoolId": top}), "DependencyViolation", &leaf);
    let other = scene.pool(json!({}));
    scene.provision(&other, "172.16.0.0/12");
    scene.home.call("delete_ipam_pool", json!({"IpamPoolId": top, "Cascade": true}));
    let left = scene.home.call("describe_ipam_pools", json!({}))["IpamPools"].clone();
    assert_eq!(left.as_array().unwrap().iter().map(|pool| text(&pool["IpamPoolId"])).collect::<Vec<_>>(), [other]);
    assert!(scene.endpoint.things(Kind::Allocation).is_empty());
    let ipam = &scene.ipam["IpamId"];
    scene.home.refused("delete_ipam", json!({"IpamId": ipam}), "DependencyViolation", "ipam-pool-");
    scene.home.call("delete_ipam", json!({"IpamId": ipam, "Cascade": true}));
    assert!(scene.endpoint.things(Kind::Pool).is_empty());
    scene.is_sound();
}

/// Members that are never set, and the reason.
const ABSENT: [(&str, &str, &str); 5] = [
    ("Ipam", "StateMessage", "only with a failure"),
    ("IpamPool", "StateMessage", "only with a failure"),
    ("IpamPool", "PubliclyAdvertisable", "only in public pools: see public_pools_show_the_members_that_only_they_have"),
    ("IpamPool", "AwsService", "only in public pools"),
    ("IpamPool", "PublicIpSource", "only in public pools"),
];

#[test]
fn every_member_that_boto3_knows_has_the_value_of_the_world() {
    let scene = Scene::new();
    let (top, leaf) = scene.tree();
    fill(&scene, &top, &leaf);
    let lists = [
        ("Ipam", "DescribeIpams", "describe_ipams", "ipamSet", "Ipams", Kind::Ipam),
        ("IpamScope", "DescribeIpamScopes", "describe_ipam_scopes", "ipamScopeSet", "IpamScopes", Kind::Scope),
        ("IpamPool", "DescribeIpamPools", "describe_ipam_pools", "ipamPoolSet", "IpamPools", Kind::Pool),
        ("IpamPoolCidr", "GetIpamPoolCidrs", "get_ipam_pool_cidrs", "ipamPoolCidrSet", "IpamPoolCidrs", Kind::PoolCidr),
        (
            "IpamPoolAllocation",
            "DescribeIpamPoolAllocations",
            "describe_ipam_pool_allocations",
            "ipamPoolAllocationSet",
            "IpamPoolAllocations",
            Kind::Allocation,
        ),
    ];
    for (shape, action, method, set, list, kind) in lists {
        let arguments = if kind == Kind::PoolCidr { json!({"IpamPoolId": leaf}) } else { json!({}) };
        let parsed = scene.home.call(method, arguments)[list].as_array().unwrap().clone();
        let is_listed = |id: &str| kind != Kind::PoolCidr || scene.endpoint.parent_of(id) == leaf;
        let ids = scene.endpoint.things(kind).into_iter().map(|thing| thing.id).filter(|id| is_listed(id));
        let world: Vec<Value> = ids.map(|id| scene.endpoint.as_clients_see(action, set, &id)).collect();
        assert_eq!(parsed, world, "{shape}");
        let filled: BTreeSet<&String> = parsed.iter().flat_map(|found| found.as_object().unwrap().keys()).collect();
        let absent = |member: &String| ABSENT.iter().any(|row| (row.0, row.1) == (shape, member.as_str()));
        for member in scene.home.members(shape) {
            assert_ne!(filled.contains(&member), absent(&member), "{shape}.{member}: filled {filled:?}");
        }
    }
    scene.is_sound();
}

/// Sets every member that private space has.
fn fill(scene: &Scene, top: &str, leaf: &str) {
    let tags = |kind: &str| json!([{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": kind}]}]);
    scene.home.call("modify_ipam", json!({"IpamId": scene.ipam["IpamId"], "Description": "ours"}));
    let authority = json!({"Type": "infoblox", "ExternalResourceIdentifier": "blox"});
    let scope = json!({
        "IpamId": scene.ipam["IpamId"], "Description": "the lab's", "TagSpecifications": tags("ipam-scope"),
        "ExternalAuthorityConfiguration": authority,
    });
    scene.home.call("create_ipam_scope", scope);
    scene.pool(json!({
        "SourceIpamPoolId": top, "Locale": AWAY, "Description": "far", "AutoImport": true,
        "AllocationMinNetmaskLength": 20, "AllocationMaxNetmaskLength": 28, "AllocationDefaultNetmaskLength": 24,
        "AllocationResourceTags": [{"Key": "team", "Value": "net"}], "TagSpecifications": tags("ipam-pool"),
        "SourceResource": {
            "ResourceId": "vpc-1", "ResourceType": "vpc", "ResourceRegion": AWAY, "ResourceOwner": ACCOUNT,
        },
    }));
    let described = json!({
        "IpamPoolId": leaf, "NetmaskLength": 24, "Description": "a lab",
        "TagSpecifications": tags("ipam-pool-allocation"),
    });
    scene.home.call("allocate_ipam_pool_cidr", described);
    scene.home.call("provision_ipam_pool_cidr", json!({"IpamPoolId": leaf, "NetmaskLength": 16}));
    scene.provision(leaf, "192.168.0.0/16");
}

#[test]
fn public_pools_show_the_members_that_only_they_have() {
    let scene = Scene::new();
    let public = &scene.ipam["PublicDefaultScopeId"];
    let pool = json!({
        "IpamScopeId": public, "AddressFamily": "ipv6", "PublicIpSource": "byoip", "PubliclyAdvertisable": true,
        "AwsService": "ec2", "Locale": HOME,
    });
    let made = scene.home.call("create_ipam_pool", pool)["IpamPool"].clone();
    assert_eq!(
        (&made["PubliclyAdvertisable"], &made["AwsService"], &made["PublicIpSource"], &made["IpamScopeType"]),
        (&json!(true), &json!("ec2"), &json!("byoip"), &json!("public"))
    );
    let pool = &made["IpamPoolId"];
    let bare = json!({"IpamPoolId": pool, "Cidr": "2001:db8::/48"});
    let words = "CIDR Authorization Context";
    scene.home.refused("provision_ipam_pool_cidr", bare, "InvalidParameterCombination", words);
    let proven = json!({
        "IpamPoolId": pool, "Cidr": "2001:db8::/48", "CidrAuthorizationContext": {"Message": "m", "Signature": "s"},
    });
    scene.home.call("provision_ipam_pool_cidr", proven);
    assert_eq!(scene.pool_cidrs(&text(pool))[0]["State"], "provisioned");
    let amazon = json!({
        "IpamScopeId": public, "AddressFamily": "ipv4", "PublicIpSource": "amazon", "Locale": HOME,
    });
    let amazon = scene.home.call("create_ipam_pool", amazon)["IpamPool"]["IpamPoolId"].clone();
    scene.home.call("provision_ipam_pool_cidr", json!({"IpamPoolId": amazon, "NetmaskLength": 29}));
    assert_eq!(scene.pool_cidrs(&text(&amazon))[0]["Cidr"], "203.0.113.0/29");
    scene.is_sound();
}

#[test]
fn a_planning_pool_has_the_space_of_its_resource() {
    let scene = Scene::new();
    let (_, leaf) = scene.tree();
    let planning = scene.pool(json!({
        "SourceIpamPoolId": leaf, "Locale": HOME,
        "SourceResource": {
            "ResourceId": "vpc-7", "ResourceType": "vpc", "ResourceRegion": HOME, "ResourceOwner": ACCOUNT,
        },
    }));
    scene.provision(&planning, "10.0.0.0/20");
    assert_eq!(scene.pool_cidrs(&planning)[0]["FailureReason"]["Code"], "cidr-not-available");
    scene.endpoint.seed(
        "ipamResourceCidrSet",
        json!({"ipamScopeId": scene.scope, "resourceId": "vpc-7", "resourceCidr": "10.0.0.0/20", "resourceType": "vpc"}),
    );
    scene.provision(&planning, "10.0.0.0/20");
    assert_eq!(scene.pool_cidrs(&planning)[1]["State"], "provisioned");
    let subnets = scene.pool(json!({"SourceIpamPoolId": planning, "Locale": HOME}));
    scene.provision(&subnets, "10.0.8.0/21");
    assert_eq!(scene.pool_cidrs(&subnets)[0]["State"], "provisioned");
    scene.home.call("delete_ipam_pool", json!({"IpamPoolId": planning, "Cascade": true}));
    assert_eq!(scene.allocated(&leaf), Vec::<String>::new());
    scene.is_sound();
}

#[test]
fn a_released_allocation_cannot_be_released_again() {
    let scene = Scene::new();
    let (_, leaf) = scene.tree();
    let made = scene.allocate(&leaf, 24);
    scene.release(&leaf, &made);
    let again = release_of(&leaf, &made);
    scene.home.refused("release_ipam_pool_allocation", again, "InvalidParameterCombination", "No allocation found");
    scene.is_sound();
}
