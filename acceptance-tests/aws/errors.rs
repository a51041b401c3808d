//! Refused requests, and the codes of their errors.

use serde_json::{Value, json};

use super::endpoint::{Quotas, Script, missing_actions};
use super::scene::{AWAY, HOME, Scene, text};

#[test]
fn unknown_ids_are_not_found() {
    let scene = Scene::new();
    let rows = [
        ("describe_ipams", json!({"IpamIds": ["ipam-0"]}), "InvalidIpamId.NotFound"),
        ("modify_ipam", json!({"IpamId": "ipam-0", "Description": "x"}), "InvalidIpamId.NotFound"),
        ("create_ipam_scope", json!({"IpamId": "ipam-0"}), "InvalidIpamId.NotFound"),
        ("describe_ipam_scopes", json!({"IpamScopeIds": ["ipam-scope-0"]}), "InvalidIpamScopeId.NotFound"),
        (
            "create_ipam_pool",
            json!({"IpamScopeId": "ipam-scope-0", "AddressFamily": "ipv4"}),
            "InvalidIpamScopeId.NotFound",
        ),
        ("delete_ipam_scope", json!({"IpamScopeId": "ipam-scope-0"}), "InvalidIpamScopeId.NotFound"),
        ("describe_ipam_pools", json!({"IpamPoolIds": ["ipam-pool-0"]}), "InvalidIpamPoolId.NotFound"),
        (
            "create_ipam_pool",
            scene.pool_arguments(json!({"SourceIpamPoolId": "ipam-pool-0"})),
            "InvalidIpamPoolId.NotFound",
        ),
        (
            "provision_ipam_pool_cidr",
            json!({"IpamPoolId": "ipam-pool-0", "Cidr": "10.0.0.0/8"}),
            "InvalidIpamPoolId.NotFound",
        ),
        ("get_ipam_pool_cidrs", json!({"IpamPoolId": "ipam-pool-0"}), "InvalidIpamPoolId.NotFound"),
        (
            "allocate_ipam_pool_cidr",
            json!({"IpamPoolId": "ipam-pool-0", "NetmaskLength": 24}),
            "InvalidIpamPoolId.NotFound",
        ),
        (
            "describe_ipam_pool_allocations",
            json!({"IpamPoolAllocationIds": ["ipam-pool-alloc-0"]}),
            "InvalidIpamPoolAllocationId.NotFound",
        ),
        (
            "modify_ipam_pool_allocation",
            json!({"IpamPoolAllocationId": "ipam-pool-alloc-0"}),
            "InvalidIpamPoolAllocationId.NotFound",
        ),
        (
            "create_tags",
            json!({"Resources": ["ipam-pool-0"], "Tags": [{"Key": "a", "Value": "b"}]}),
            "InvalidIpamPoolId.NotFound",
        ),
        ("create_tags", json!({"Resources": ["what-0"], "Tags": [{"Key": "a", "Value": "b"}]}), "InvalidID"),
    ];
    for (action, arguments, code) in rows {
        scene.home.refused(action, arguments, code, "");
    }
    // Objects in the home Region are not found in another Region.
    let ipam = json!({"IpamIds": [scene.ipam["IpamId"]]});
    scene.away().refused("describe_ipams", ipam, "InvalidIpamId.NotFound", "");
}

#[test]
fn values_that_do_not_fit_are_refused() {
    let scene = Scene::new();
    let (top, leaf) = scene.tree();
    let second = scene.home.call("create_ipam_scope", json!({"IpamId": scene.ipam["IpamId"]}));
    let second = text(&second["IpamScope"]["IpamScopeId"]);
    let pool = |more: Value| ("create_ipam_pool", scene.pool_arguments(more));
    let allocate = |more: Value| {
        let mut arguments = json!({"IpamPoolId": leaf});
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ("allocate_ipam_pool_cidr", arguments)
    };
    let provision = |more: Value| {
        let (_, arguments) = allocate(more);
        ("provision_ipam_pool_cidr", arguments)
    };
    let rows = [
        (pool(json!({"Locale": "mars-1"})), "operating Region"),
        (pool(json!({"SourceIpamPoolId": leaf, "Locale": AWAY})), "does not match the locale"),
        (pool(json!({"SourceIpamPoolId": leaf})), "does not match the locale"),
        (pool(json!({"SourceIpamPoolId": top, "IpamScopeId": second})), "is not in the scope"),
        (pool(json!({"SourceIpamPoolId": top, "AddressFamily": "ipv6"})), "is of the family ipv4"),
        (pool(json!({"AllocationMinNetmaskLength": 28, "AllocationMaxNetmaskLength": 20})), "MinNetmaskLength"),
        (pool(json!({"AllocationMinNetmaskLength": 40})), "MinNetmaskLength"),
        (pool(json!({"TagSpecifications": [{"ResourceType": "ipam", "Tags": []}]})), "taggable"),
        (allocate(json!({"NetmaskLength": 8})), "too big"),
        (allocate(json!({"NetmaskLength": 77})), "out of range"),
        (allocate(json!({"Cidr": "10.99.0.0/24"})), "not in the CIDRs"),
        (allocate(json!({"Cidr": "10.0.0.1/24"})), "host bits"),
        (allocate(json!({"Cidr": "fd80::/64"})), "family"),
        (provision(json!({"Cidr": "fd80::/64"})), "family"),
        (provision(json!({"Cidr": "ten"})), "not a CIDR"),
        (("allocate_ipam_pool_cidr", json!({"IpamPoolId": top, "NetmaskLength": 24})), "no locale"),
        (("delete_ipam_scope", json!({"IpamScopeId": scene.scope})), "default scope"),
        (("deprovision_ipam_pool_cidr", json!({"IpamPoolId": leaf, "Cidr": "10.9.0.0/16"})), "is not provisioned"),
        (("describe_ipam_pools", json!({"Filters": [{"Name": "colour", "Values": ["red"]}]})), "filter 'colour'"),
        (("create_tags", json!({"Resources": [leaf], "Tags": [{"Key": "aws:x", "Value": ""}]})), "aws:x"),
    ];
    for ((action, arguments), words) in rows {
        scene.home.refused(action, arguments, "InvalidParameterValue", words);
    }
    scene.home.call("allocate_ipam_pool_cidr", json!({"IpamPoolId": leaf, "Cidr": "10.0.0.0/24"}));
    let taken = json!({"IpamPoolId": leaf, "Cidr": "10.0.0.128/25"});
    scene.home.refused("allocate_ipam_pool_cidr", taken, "InvalidParameterValue", "overlaps");
    scene.is_sound();
}

#[test]
fn parameters_that_do_not_go_together_are_refused() {
    let scene = Scene::new();
    let (top, leaf) = scene.tree();
    let pool = |more: Value| ("create_ipam_pool", scene.pool_arguments(more));
    let allocate = |more: Value| {
        let mut arguments = json!({"IpamPoolId": leaf});
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ("allocate_ipam_pool_cidr", arguments)
    };
    let rows = [
        (allocate(json!({})), "empty CIDR and Netmask Length for a pool with no default"),
        (allocate(json!({"Cidr": "10.0.0.0/24", "NetmaskLength": 24})), "not both"),
        (allocate(json!({"Cidr": "10.0.0.0/24", "DisallowedCidrs": ["10.0.0.0/28"]})), "go with a NetmaskLength"),
        (pool(json!({"PubliclyAdvertisable": true})), "can only contain PubliclyAdvertisable if"),
        (pool(json!({"AutoImport": true})), "AutoImport"),
        (pool(json!({"PublicIpSource": "byoip"})), "PublicIpSource"),
        (("provision_ipam_pool_cidr", json!({"IpamPoolId": leaf})), "either a Cidr or a NetmaskLength"),
        (("provision_ipam_pool_cidr", json!({"IpamPoolId": top, "NetmaskLength": 9})), "source pool"),
        (("modify_ipam_pool", json!({"IpamPoolId": leaf})), "must contain a modification to the ipam pool"),
        (("modify_ipam", json!({"IpamId": scene.ipam["IpamId"]})), "must contain a modification"),
        (("modify_ipam_scope", json!({"IpamScopeId": scene.scope})), "must contain a modification"),
        (
            (
                "release_ipam_pool_allocation",
                json!({"IpamPoolId": leaf, "Cidr": "10.0.0.0/24", "IpamPoolAllocationId": "ipam-pool-alloc-0"}),
            ),
            "No allocation found",
        ),
    ];
    for ((action, arguments), words) in rows {
        scene.home.refused(action, arguments, "InvalidParameterCombination", words);
    }
    scene.is_sound();
}

#[test]
fn allocations_are_asked_for_in_the_region_of_the_locale() {
    let scene = Scene::new();
    let (_, leaf) = scene.tree();
    let made = scene.allocate(&leaf, 24);
    let rows = [
        ("allocate_ipam_pool_cidr", json!({"IpamPoolId": leaf, "NetmaskLength": 24})),
        ("get_ipam_pool_allocations", json!({"IpamPoolId": leaf})),
        ("release_ipam_pool_allocation", super::scene::release_of(&leaf, &made)),
    ];
    for (action, arguments) in rows {
        scene.away().refused(action, arguments, "InvalidParameterValue", "is not in the current region");
    }
}

#[test]
fn quotas_are_kept() {
    let scene = Scene::new();
    let quotas =
        Quotas { scopes_per_ipam: 3, pools_per_scope: 3, cidrs_per_pool: 1, pool_depth: 2, ..Quotas::default() };
    scene.endpoint.script(Script { quotas, ..Script::at_once() });
    let (_, leaf) = scene.tree();
    let code = "ResourceLimitExceeded";
    let deeper = scene.pool_arguments(json!({"SourceIpamPoolId": leaf, "Locale": HOME}));
    scene.home.refused("create_ipam_pool", deeper, code, "as deep as");
    scene.pool(json!({}));
    scene.home.refused("create_ipam_pool", scene.pool_arguments(json!({})), code, "as many pools");
    let scope = json!({"IpamId": scene.ipam["IpamId"]});
    scene.home.call("create_ipam_scope", scope.clone());
    scene.home.refused("create_ipam_scope", scope, code, "as many scopes");
    scene.home.refused("create_ipam", json!({}), code, "has an IPAM");
    scene.provision(&leaf, "10.7.0.0/16");
    assert_eq!(scene.pool_cidrs(&leaf)[1]["FailureReason"]["Code"], "limit-exceeded");
    scene.is_sound();
}

#[test]
fn the_free_tier_has_its_conditions() {
    let scene = Scene::new();
    let (top, _) = scene.tree();
    let free = json!({"IpamId": scene.ipam["IpamId"], "Tier": "free"});
    scene.home.refused("modify_ipam", free.clone(), "IncorrectState", "private scopes");
    scene.home.call("delete_ipam_pool", json!({"IpamPoolId": top, "Cascade": true}));
    scene.home.call("modify_ipam", free);
    let scope = json!({"IpamId": scene.ipam["IpamId"]});
    scene.home.refused("create_ipam_scope", scope, "InvalidParameterValue", "advanced tier");
    let elsewhere = scene.pool_arguments(json!({"IpamScopeId": scene.ipam["PublicDefaultScopeId"], "Locale": AWAY}));
    scene.home.refused("create_ipam_pool", elsewhere, "InvalidParameterValue", "free tier");
    scene.is_sound();
}

#[test]
fn private_ipv6_space_has_its_ranges() {
    let scene = Scene::new();
    let pool = scene.pool(json!({"AddressFamily": "ipv6"}));
    for (cidr, is_taken) in [("fd80::/48", true), ("fd00::/48", false), ("fd81::/61", false), ("2001:db8::/32", false)]
    {
        let arguments = json!({"IpamPoolId": pool, "Cidr": cidr});
        assert_eq!(scene.home.try_call("provision_ipam_pool_cidr", arguments).is_ok(), is_taken, "{cidr}");
    }
    let gua = json!({"IpamId": scene.ipam["IpamId"], "EnablePrivateGua": true});
    scene.home.call("modify_ipam", gua);
    scene.provision(&pool, "2001:db8::/32");
    scene.is_sound();
}

#[test]
fn requests_outside_of_the_model_are_refused_and_recorded() {
    let scene = Scene::new();
    let rows = [
        (json!({"Action": "CreateIpam", "Colour": "red"}), "UnknownParameter"),
        (json!({"Action": "CreateIpam", "OperatingRegion.1.Name": "x"}), "UnknownParameter"),
        (json!({"Action": "CreateIpam", "OperatingRegion.x.RegionName": "x"}), "UnknownParameter"),
        (json!({"Action": "CreateIpam", "Description.1": "x"}), "UnknownParameter"),
        (json!({"Action": "CreateIpam", "Tier": "gold"}), "InvalidParameterValue"),
        (json!({"Action": "CreateIpam", "EnablePrivateGua": "perhaps"}), "InvalidParameterValue"),
        (json!({"Action": "CreateIpamPool", "AddressFamily": "ipv4"}), "MissingParameter"),
        (json!({"Action": "DescribeIpams", "MaxResults": "4"}), "InvalidParameterValue"),
    ];
    for (form, code) in &rows {
        let mut form = form.clone();
        form["Version"] = "2016-11-15".into();
        let answer = scene.home.raw(form.clone());
        assert!(answer.contains(&format!("<Code>{code}</Code>")), "{form}: {answer}");
    }
    assert_eq!(scene.endpoint.take_violations().len(), rows.len());
    let unknown = json!({"Action": "RunInstances", "Version": "2016-11-15"});
    assert!(scene.home.raw(unknown).contains("<Code>InvalidAction</Code>"));
    let old = json!({"Action": "DescribeIpams", "Version": "2014-01-01"});
    assert!(scene.home.raw(old).contains("<Code>NoSuchVersion</Code>"));
    assert!(scene.home.raw(json!({"Version": "2016-11-15"})).contains("<Code>MissingAction</Code>"));
}

/// A test fails because of violations without asking for them: it fails unless it takes them.
#[test]
fn an_endpoint_with_violations_of_the_model_fails_its_test() {
    let scene = Scene::new();
    scene.home.raw(json!({"Action": "DescribeIpams", "Colour": "red", "Version": "2016-11-15"}));
    let failed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(scene))).unwrap_err();
    let said = crate::harness::each::words(&*failed);
    assert!(said.contains("DescribeIpams") && said.contains("Colour"), "{said}");
}

/// EC2's own pools of public addresses, which do not belong to IPAM, and the newest part of the API (routes, RPKI),
/// which hashicorp/aws does not support either.
const NOT_PLAYED: [&str; 22] = [
    "BatchModifyIpamRoutingPolicyRegistrations",
    "CreateIpamInternetRegistryAssociation",
    "CreateIpamRoutingPolicyRegistration",
    "CreatePublicIpv4Pool",
    "DeleteIpamInternetRegistryAssociation",
    "DeleteIpamRoutingPolicyRegistration",
    "DeletePublicIpv4Pool",
    "DeprovisionPublicIpv4PoolCidr",
    "DescribeIpamInternetRegistryAssociations",
    "DescribeIpv6Pools",
    "DescribePublicIpv4Pools",
    "EnableIpamInternetRegistryAssociation",
    "GetAssociatedIpv6PoolCidrs",
    "GetIpamDiscoveredRoutes",
    "GetIpamInternetRegistryAssociationAsns",
    "GetIpamInternetRegistryAssociationCidrs",
    "GetIpamRouteOriginAuthorizations",
    "GetIpamRouteProtectionFindings",
    "GetIpamRoutingPolicyRegistrationDeltas",
    "GetIpamRoutingPolicyRegistrations",
    "ModifyIpamRoutingPolicyRegistration",
    "ProvisionPublicIpv4PoolCidr",
];

#[test]
fn actions_that_are_not_played_are_in_a_list() {
    assert_eq!(missing_actions(), NOT_PLAYED);
}
