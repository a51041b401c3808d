//! Features that only AWS has: discovery, BYOIP addresses and AS numbers, policies, resolvers, delegation.

use std::time::Duration;

use serde_json::{Value, json};

use super::boto::Boto;
use super::endpoint::{Delay, Script};
use super::scene::{ACCOUNT, AWAY, HOME, OTHER_ACCOUNT, Scene, text};

const PROOF: &str = "a proof";

fn proof() -> Value {
    json!({"Message": PROOF, "Signature": PROOF})
}

/// The texts of one member of the items in a list.
fn column(answer: &Value, list: &str, member: &str) -> Vec<String> {
    answer[list].as_array().unwrap().iter().map(|item| text(&item[member])).collect()
}

#[test]
fn a_discovery_is_shared_associated_and_looked_at() {
    let scene = Scene::new();
    let other = Boto::new(&scene.endpoint, OTHER_ACCOUNT, HOME);
    let made = other.call("create_ipam_resource_discovery", json!({"OperatingRegions": [{"RegionName": HOME}]}));
    let id = text(&made["IpamResourceDiscovery"]["IpamResourceDiscoveryId"]);
    other.refused("create_ipam_resource_discovery", json!({}), "ResourceLimitExceeded", "");
    let associate = json!({"IpamId": scene.ipam["IpamId"], "IpamResourceDiscoveryId": id});
    let code = "InvalidIpamResourceDiscoveryId.NotFound";
    scene.home.refused("associate_ipam_resource_discovery", associate.clone(), code, &id);
    scene.endpoint.share(&id, ACCOUNT);
    let made =
        scene.home.call("associate_ipam_resource_discovery", associate)["IpamResourceDiscoveryAssociation"].clone();
    assert_eq!((&made["State"], &made["IsDefault"]), (&json!("associate-in-progress"), &json!(false)));
    let list = "describe_ipam_resource_discovery_associations";
    let found = scene.home.call(list, json!({}));
    assert_eq!(column(&found, "IpamResourceDiscoveryAssociations", "State"), ["associate-complete"; 2]);
    scene.endpoint.seed(
        "ipamDiscoveredAccountSet",
        json!({"_ipamResourceDiscoveryId": id, "accountId": OTHER_ACCOUNT, "discoveryRegion": HOME,
            "failureReason": {"code": "throttling-failure", "message": "Too often."}}),
    );
    scene.endpoint.seed(
        "ipamDiscoveredResourceCidrSet",
        json!({"ipamResourceDiscoveryId": id, "resourceRegion": HOME, "resourceId": "vpc-1", "ipUsage": 0.25}),
    );
    scene.endpoint.seed(
        "ipamDiscoveredPublicAddressSet",
        json!({"ipamResourceDiscoveryId": id, "addressRegion": HOME, "address": "203.0.113.9",
            "sampleTime": "2026-01-02T03:04:05Z"}),
    );
    let accounts = json!({"IpamResourceDiscoveryId": id, "DiscoveryRegion": HOME});
    let found = scene.home.pages("get_ipam_discovered_accounts", accounts)[0].clone();
    assert_eq!(found["IpamDiscoveredAccounts"][0]["FailureReason"]["Code"], "throttling-failure");
    let nowhere = json!({"IpamResourceDiscoveryId": id, "DiscoveryRegion": AWAY});
    assert_eq!(scene.home.call("get_ipam_discovered_accounts", nowhere)["IpamDiscoveredAccounts"], json!([]));
    let cidrs = json!({"IpamResourceDiscoveryId": id, "ResourceRegion": HOME});
    let found = scene.home.call("get_ipam_discovered_resource_cidrs", cidrs);
    assert_eq!(found["IpamDiscoveredResourceCidrs"][0]["IpUsage"], 0.25);
    let addresses = json!({"IpamResourceDiscoveryId": id, "AddressRegion": HOME});
    let found = scene.home.call("get_ipam_discovered_public_addresses", addresses);
    assert_eq!(found["OldestSampleTime"], "2026-01-02 03:04:05+00:00");
    other.refused("delete_ipam_resource_discovery", json!({"IpamResourceDiscoveryId": id}), "DependencyViolation", "");
    let association = json!({"IpamResourceDiscoveryAssociationId": made["IpamResourceDiscoveryAssociationId"]});
    scene.home.call("disassociate_ipam_resource_discovery", association);
    other.call("delete_ipam_resource_discovery", json!({"IpamResourceDiscoveryId": id}));
    scene.is_sound();
}

#[test]
fn a_discovery_leaves_out_parts_of_an_organization_that_do_not_overlap() {
    let scene = Scene::new();
    let id = &scene.ipam["DefaultResourceDiscoveryId"];
    let modify = |more: Value| {
        let mut arguments = json!({"IpamResourceDiscoveryId": id});
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        scene.home.try_call("modify_ipam_resource_discovery", arguments)
    };
    let add = |path: &str| modify(json!({"AddOrganizationalUnitExclusions": [{"OrganizationsEntityPath": path}]}));
    add("o-1/r-1/ou-1/*").unwrap();
    assert_eq!(add("o-1/r-1/ou-1/ou-2/").unwrap_err().code, "InvalidParameterValue");
    add("o-1/r-1/ou-3/").unwrap();
    let found = modify(json!({"AddOperatingRegions": [{"RegionName": "eu-central-1"}], "Description": "all"})).unwrap();
    let found = &found["IpamResourceDiscovery"];
    assert_eq!(column(found, "OrganizationalUnitExclusions", "OrganizationsEntityPath").len(), 2);
    assert_eq!(column(found, "OperatingRegions", "RegionName"), [HOME, AWAY, "eu-central-1"]);
    scene.is_sound();
}

#[test]
fn resources_are_listed_ignored_and_moved() {
    let scene = Scene::new();
    let second = scene.home.call("create_ipam_scope", json!({"IpamId": scene.ipam["IpamId"]}));
    let second = text(&second["IpamScope"]["IpamScopeId"]);
    let vpc = |id: &str, cidr: &str| {
        json!({"ipamScopeId": scene.scope, "resourceId": id, "resourceCidr": cidr, "resourceRegion": HOME,
            "resourceType": "vpc", "resourceOwnerId": ACCOUNT, "managementState": "unmanaged",
            "complianceStatus": "unmanaged", "overlapStatus": "overlapping", "ipUsage": 0.5,
            "resourceTagSet": [{"key": "team", "value": id}]})
    };
    scene.endpoint.seed("ipamResourceCidrSet", vpc("vpc-1", "10.0.0.0/16"));
    scene.endpoint.seed("ipamResourceCidrSet", vpc("vpc-2", "10.0.0.0/20"));
    let list = |more: Value| {
        let mut arguments = json!({"IpamScopeId": scene.scope});
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        column(&scene.home.call("get_ipam_resource_cidrs", arguments), "IpamResourceCidrs", "ResourceId")
    };
    assert_eq!(list(json!({})), ["vpc-1", "vpc-2"]);
    assert_eq!(list(json!({"ResourceTag": {"Key": "team", "Value": "vpc-2"}})), ["vpc-2"]);
    assert_eq!(list(json!({"Filters": [{"Name": "resource-cidr", "Values": ["*/16"]}]})), ["vpc-1"]);
    let change = |monitored: bool, more: Value| {
        let mut arguments = json!({
            "ResourceId": "vpc-1", "ResourceCidr": "10.0.0.0/16", "ResourceRegion": HOME,
            "CurrentIpamScopeId": scene.scope, "Monitored": monitored,
        });
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        scene.home.call("modify_ipam_resource_cidr", arguments)["IpamResourceCidr"].clone()
    };
    assert_eq!(change(false, json!({}))["ManagementState"], "ignored");
    assert_eq!(change(true, json!({}))["ManagementState"], "unmanaged");
    assert_eq!(change(true, json!({"DestinationIpamScopeId": second}))["IpamScopeId"], second.as_str());
    assert_eq!(list(json!({})), ["vpc-2"]);
    scene.is_sound();
}

#[test]
fn history_is_of_exactly_one_cidr_in_a_window() {
    let scene = Scene::new();
    let record = |id: &str, cidr: &str, start: &str, end: Option<&str>| {
        json!({"_ipamScopeId": scene.scope, "resourceId": id, "resourceCidr": cidr, "resourceType": "vpc",
            "sampledStartTime": start, "sampledEndTime": end})
    };
    for (id, cidr, start, end) in [
        ("vpc-1", "10.0.0.0/16", "2026-01-01T00:00:00Z", Some("2026-02-01T00:00:00Z")),
        ("vpc-2", "10.0.0.0/16", "2026-03-01T00:00:00Z", None),
        ("subnet-1", "10.0.0.0/24", "2026-01-01T00:00:00Z", None),
    ] {
        scene.endpoint.seed("historyRecordSet", record(id, cidr, start, end));
    }
    let ask = |more: Value| {
        let mut arguments = json!({"IpamScopeId": scene.scope, "Cidr": "10.0.0.0/16"});
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        column(&scene.home.call("get_ipam_address_history", arguments), "HistoryRecords", "ResourceId")
    };
    assert_eq!(ask(json!({})), ["vpc-1", "vpc-2"]);
    assert_eq!(ask(json!({"EndTime": "2026-02-15T00:00:00Z"})), ["vpc-1"]);
    assert_eq!(ask(json!({"StartTime": "2026-02-15T00:00:00Z"})), ["vpc-2"]);
    assert_eq!(ask(json!({"Cidr": "10.0.0.0/8"})), Vec::<String>::new());
    scene.is_sound();
}

/// A public pool tree with 198.51.100.0/24 in the home Region.
fn public_leaf(scene: &Scene) -> String {
    let public = &scene.ipam["PublicDefaultScopeId"];
    let top = scene.pool(json!({"IpamScopeId": public, "PublicIpSource": "byoip"}));
    let token =
        scene.home.call("create_ipam_external_resource_verification_token", json!({"IpamId": scene.ipam["IpamId"]}));
    let token = &token["IpamExternalResourceVerificationToken"]["IpamExternalResourceVerificationTokenId"];
    let proven = json!({
        "IpamPoolId": top, "Cidr": "198.51.100.0/24", "VerificationMethod": "dns-token",
        "IpamExternalResourceVerificationTokenId": token,
    });
    scene.home.call("provision_ipam_pool_cidr", proven);
    let leaf = scene.pool(json!({
        "IpamScopeId": public, "PublicIpSource": "byoip", "SourceIpamPoolId": top, "Locale": HOME, "AwsService": "ec2",
    }));
    scene.provision(&leaf, "198.51.100.0/24");
    leaf
}

#[test]
fn a_public_cidr_of_a_pool_is_advertised_and_withdrawn() {
    let scene = Scene::new();
    let leaf = public_leaf(&scene);
    scene.endpoint.script(Script {
        advertise: Delay::Reads(1),
        advertise_rest: Duration::from_secs(10),
        ..Script::at_once()
    });
    let state = || column(&scene.home.call("describe_byoip_cidrs", json!({"MaxResults": 10})), "ByoipCidrs", "State");
    assert_eq!(state(), ["provisioned"]);
    let cidr = json!({"Cidr": "198.51.100.0/24"});
    scene.home.refused("withdraw_byoip_cidr", cidr.clone(), "IncorrectState", "provisioned");
    let made = scene.home.call("advertise_byoip_cidr", cidr.clone())["ByoipCidr"].clone();
    assert_eq!((&made["State"], &made["IpamPoolId"]), (&json!("pending-advertising"), &json!(leaf)));
    assert_eq!([state(), state()].concat(), ["pending-advertising", "advertised"]);
    let gone = json!({"IpamPoolId": leaf, "Cidr": "198.51.100.0/24"});
    scene.home.call("deprovision_ipam_pool_cidr", gone.clone());
    assert_eq!(scene.pool_cidrs(&leaf)[0]["FailureReason"]["Message"], "The CIDR is advertised.");
    scene.home.refused("withdraw_byoip_cidr", cidr.clone(), "RequestLimitExceeded", "");
    scene.endpoint.advance(Duration::from_secs(10));
    scene.home.call("withdraw_byoip_cidr", cidr);
    assert_eq!([state(), state()].concat(), ["pending-withdrawal", "provisioned"]);
    scene.home.call("deprovision_ipam_pool_cidr", gone);
    assert_eq!(scene.pool_cidrs(&leaf)[0]["State"], "deprovisioned");
    assert_eq!(state(), Vec::<String>::new());
    scene.is_sound();
}

#[test]
fn a_byoip_cidr_outside_ipam_moves_into_a_pool() {
    let scene = Scene::new();
    let public = &scene.ipam["PublicDefaultScopeId"];
    let own = json!({"Cidr": "203.0.113.0/24", "CidrAuthorizationContext": proof(), "Description": "ours"});
    scene.home.call("provision_byoip_cidr", own);
    let pool = scene.pool(json!({"IpamScopeId": public, "PublicIpSource": "byoip", "Locale": HOME}));
    let moved = json!({"Cidr": "203.0.113.0/24", "IpamPoolId": pool, "IpamPoolOwner": ACCOUNT});
    assert_eq!(scene.home.call("move_byoip_cidr_to_ipam", moved)["ByoipCidr"]["IpamPoolId"], pool.as_str());
    assert_eq!(scene.pool_cidrs(&pool)[0]["State"], "provisioned");
    let there = json!({"Cidr": "203.0.113.0/24"});
    scene.home.refused("deprovision_byoip_cidr", there, "InvalidParameterValue", "IPAM pool");
    scene.home.call("provision_byoip_cidr", json!({"Cidr": "192.0.2.0/24", "CidrAuthorizationContext": proof()}));
    let gone = scene.home.call("deprovision_byoip_cidr", json!({"Cidr": "192.0.2.0/24"}));
    assert_eq!(gone["ByoipCidr"]["State"], "pending-deprovision");
    let small = json!({"Cidr": "192.0.2.0/25", "CidrAuthorizationContext": proof()});
    scene.home.refused("provision_byoip_cidr", small, "InvalidParameterValue", "more specific");
    scene.is_sound();
}

#[test]
fn an_own_as_number_is_associated_and_advertised() {
    let scene = Scene::new();
    public_leaf(&scene);
    let ipam = &scene.ipam["IpamId"];
    let asn = json!({"IpamId": ipam, "Asn": "AS64500", "AsnAuthorizationContext": proof()});
    assert_eq!(scene.home.call("provision_ipam_byoasn", asn)["Byoasn"]["Asn"], "64500");
    let both = json!({"Asn": "64500", "Cidr": "198.51.100.0/24"});
    scene.home.refused("advertise_byoip_cidr", both.clone(), "InvalidParameterValue", "not associated");
    scene.home.call("associate_ipam_byoasn", both.clone());
    scene.home.call("advertise_byoip_cidr", both.clone());
    let found = scene.home.call("describe_byoip_cidrs", json!({"MaxResults": 10}))["ByoipCidrs"][0].clone();
    assert_eq!(found["AsnAssociations"][0]["State"], "associated");
    scene.home.call("advertise_byoip_cidr", json!({"Cidr": "198.51.100.0/24", "Asn": "AWS"}));
    let asn = json!({"IpamId": ipam, "Asn": "64500"});
    scene.home.refused("deprovision_ipam_byoasn", asn.clone(), "IncorrectState", "still associated");
    scene.home.call("disassociate_ipam_byoasn", both);
    scene.home.call("deprovision_ipam_byoasn", asn);
    let states = || column(&scene.home.call("describe_ipam_byoasn", json!({})), "Byoasns", "State");
    assert_eq!(states(), ["deprovisioned"]);
    scene.endpoint.advance(Duration::from_secs(7 * 24 * 3600));
    assert_eq!(states(), Vec::<String>::new());
    scene.is_sound();
}

#[test]
fn a_token_is_valid_for_three_days() {
    let scene = Scene::new();
    let made =
        scene.home.call("create_ipam_external_resource_verification_token", json!({"IpamId": scene.ipam["IpamId"]}));
    let token = made["IpamExternalResourceVerificationToken"].clone();
    assert_eq!(token["Status"], "valid");
    scene.endpoint.advance(Duration::from_secs(72 * 3600));
    let found = scene.home.call("describe_ipam_external_resource_verification_tokens", json!({}));
    let found = &found["IpamExternalResourceVerificationTokens"][0];
    assert_eq!((&found["Status"], &found["TokenValue"]), (&json!("expired"), &token["TokenValue"]));
    let id = &token["IpamExternalResourceVerificationTokenId"];
    let pool = scene.pool(json!({"IpamScopeId": scene.ipam["PublicDefaultScopeId"], "PublicIpSource": "byoip"}));
    let proven = json!({
        "IpamPoolId": pool, "Cidr": "198.51.100.0/24", "IpamExternalResourceVerificationTokenId": id,
        "VerificationMethod": "dns-token",
    });
    scene.home.refused("provision_ipam_pool_cidr", proven, "InvalidParameterValue", "expired");
    let gone = json!({"IpamExternalResourceVerificationTokenId": id});
    scene.home.call("delete_ipam_external_resource_verification_token", gone.clone());
    let code = "InvalidIpamExternalResourceVerificationTokenId.NotFound";
    scene.home.refused("delete_ipam_external_resource_verification_token", gone, code, "");
    scene.is_sound();
}

#[test]
fn a_policy_has_rules_and_takes_the_place_of_another() {
    let scene = Scene::new();
    let leaf = public_leaf(&scene);
    let policy = || {
        let made = scene.home.call("create_ipam_policy", json!({"IpamId": scene.ipam["IpamId"]}));
        text(&made["IpamPolicy"]["IpamPolicyId"])
    };
    let (first, second) = (policy(), policy());
    let rules =
        |rules: Value| json!({"IpamPolicyId": first, "Locale": HOME, "ResourceType": "eip", "AllocationRules": rules});
    let made = scene.home.call("modify_ipam_policy_allocation_rules", rules(json!([{"SourceIpamPoolId": leaf}])));
    assert_eq!(made["IpamPolicyDocument"]["AllocationRules"][0]["SourceIpamPoolId"], leaf.as_str());
    let wrong = rules(json!([{"SourceIpamPoolId": "ipam-pool-0"}]));
    scene.home.refused("modify_ipam_policy_allocation_rules", wrong, "InvalidIpamPoolId.NotFound", "");
    let asked = json!({"IpamPolicyId": first, "ResourceType": "eip"});
    let found = scene.home.call("get_ipam_policy_allocation_rules", asked);
    assert_eq!(found["IpamPolicyDocuments"].as_array().unwrap().len(), 1);
    for id in [&first, &second] {
        scene.home.call("enable_ipam_policy", json!({"IpamPolicyId": id}));
        assert_eq!(scene.home.call("get_enabled_ipam_policy", json!({}))["IpamPolicyId"], id.as_str());
    }
    scene.home.refused("disable_ipam_policy", json!({"IpamPolicyId": first}), "InvalidParameterValue", "not enabled");
    scene.home.refused("delete_ipam_policy", json!({"IpamPolicyId": second}), "DependencyViolation", "");
    let unit = json!({"IpamPolicyId": first, "OrganizationTargetId": "ou-1"});
    scene.home.refused("enable_ipam_policy", unit.clone(), "UnauthorizedOperation", "");
    scene.endpoint.management_account(OTHER_ACCOUNT);
    let management = Boto::new(&scene.endpoint, OTHER_ACCOUNT, HOME);
    let delegated = json!({"DelegatedAdminAccountId": ACCOUNT});
    management.call("enable_ipam_organization_admin_account", delegated.clone());
    scene.home.call("enable_ipam_policy", unit);
    let targets = scene.home.call("get_ipam_policy_organization_targets", json!({"IpamPolicyId": first}));
    assert_eq!(column(&targets, "OrganizationTargets", "OrganizationTargetId"), ["ou-1"]);
    assert_eq!(scene.home.call("disable_ipam_policy", json!({"IpamPolicyId": second}))["Return"], true);
    scene.home.call("delete_ipam_policy", json!({"IpamPolicyId": second}));
    management.call("disable_ipam_organization_admin_account", delegated.clone());
    let code = "IpamOrganizationAccountNotRegistered";
    management.refused("disable_ipam_organization_admin_account", delegated.clone(), code, "");
    scene.home.refused("enable_ipam_organization_admin_account", delegated, "UnauthorizedOperation", "");
    let itself = json!({"DelegatedAdminAccountId": OTHER_ACCOUNT});
    management.refused("enable_ipam_organization_admin_account", itself, "InvalidParameterValue", "");
    scene.is_sound();
}

#[test]
fn a_resolver_makes_versions_and_prefix_lists_follow() {
    let scene = Scene::new();
    scene.tree();
    let rules = json!([
        {"RuleType": "static-cidr", "StaticCidr": "192.0.2.0/24", "Conditions": []},
        {
            "RuleType": "ipam-resource-cidr", "IpamScopeId": scene.scope, "ResourceType": "vpc",
            "Conditions": [
                {"Operation": "subnet-of", "Cidr": "10.0.0.0/8"},
                {"Operation": "not-equals", "ResourceId": "vpc-3"},
            ],
        },
        {
            "RuleType": "ipam-pool-cidr", "IpamScopeId": scene.scope,
            "Conditions": [{"Operation": "equals", "Cidr": "10.0.0.0/16"}],
        },
    ]);
    let made = json!({"IpamId": scene.ipam["IpamId"], "AddressFamily": "ipv4", "Rules": rules});
    let made = scene.home.call("create_ipam_prefix_list_resolver", made)["IpamPrefixListResolver"].clone();
    let id = text(&made["IpamPrefixListResolverId"]);
    let found = scene.home.call("get_ipam_prefix_list_resolver_rules", json!({"IpamPrefixListResolverId": id}));
    assert_eq!(found["Rules"], rules);
    let entries = |version: u32| {
        let arguments = json!({"IpamPrefixListResolverId": id, "IpamPrefixListResolverVersion": version});
        column(&scene.home.call("get_ipam_prefix_list_resolver_version_entries", arguments), "Entries", "Cidr")
    };
    assert_eq!(entries(1), ["10.0.0.0/16", "192.0.2.0/24"]);
    let target = |more: Value| {
        let mut arguments = json!({
            "IpamPrefixListResolverId": id, "PrefixListId": "pl-1", "PrefixListRegion": HOME,
        });
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let made = scene.home.call("create_ipam_prefix_list_resolver_target", arguments);
        text(&made["IpamPrefixListResolverTarget"]["IpamPrefixListResolverTargetId"])
    };
    let follower = target(json!({"TrackLatestVersion": true}));
    let pinned = target(json!({"TrackLatestVersion": false, "DesiredVersion": 1}));
    let state = |id: &str| {
        let answer = scene
            .home
            .call("describe_ipam_prefix_list_resolver_targets", json!({"IpamPrefixListResolverTargetIds": [id]}));
        let found = answer["IpamPrefixListResolverTargets"][0].clone();
        (text(&found["State"]), found["LastSyncedVersion"].as_u64())
    };
    let complete = |version: u64| ("sync-complete".to_owned(), Some(version));
    for id in [&follower, &pinned] {
        assert_eq!(state(id).0, "create-complete");
        assert_eq!(state(id), complete(1));
    }
    for (vpc, cidr) in [("vpc-1", "10.9.0.0/16"), ("vpc-2", "172.16.0.0/16"), ("vpc-3", "10.8.0.0/16")] {
        scene.endpoint.seed(
            "ipamResourceCidrSet",
            json!({"ipamScopeId": scene.scope, "resourceId": vpc, "resourceCidr": cidr, "resourceType": "vpc"}),
        );
    }
    assert_eq!(state(&follower), ("sync-in-progress".to_owned(), Some(1)));
    assert_eq!([state(&follower), state(&pinned)], [complete(2), complete(1)]);
    assert_eq!(entries(2), ["10.0.0.0/16", "10.9.0.0/16", "192.0.2.0/24"]);
    let versions = scene.home.call("get_ipam_prefix_list_resolver_versions", json!({"IpamPrefixListResolverId": id}));
    assert_eq!(versions["IpamPrefixListResolverVersions"], json!([{"Version": 1}, {"Version": 2}]));
    let back = json!({"IpamPrefixListResolverTargetId": follower, "TrackLatestVersion": false, "DesiredVersion": 1});
    scene.home.call("modify_ipam_prefix_list_resolver_target", back);
    assert_eq!(state(&follower).0, "modify-complete");
    assert_eq!(state(&follower), complete(1));
    let gone = json!({"IpamPrefixListResolverId": id});
    scene.home.refused("delete_ipam_prefix_list_resolver", gone.clone(), "DependencyViolation", "");
    for target in [follower, pinned] {
        let gone = json!({"IpamPrefixListResolverTargetId": target});
        scene.home.call("delete_ipam_prefix_list_resolver_target", gone);
    }
    scene.home.call("delete_ipam_prefix_list_resolver", gone);
    scene.is_sound();
}

#[test]
fn a_vpc_takes_space_and_gives_it_back_late() {
    let scene = Scene::new();
    let (_, leaf) = scene.tree();
    scene.endpoint.script(Script { release: Delay::Time(Duration::from_secs(1800)), ..Script::at_once() });
    scene.endpoint.take(&leaf, "vpc", "vpc-1", "10.0.0.0/20");
    let found =
        scene.home.call("get_ipam_pool_allocations", json!({"IpamPoolId": leaf}))["IpamPoolAllocations"][0].clone();
    assert_eq!((&found["ResourceType"], &found["ResourceId"]), (&json!("vpc"), &json!("vpc-1")));
    let release = super::scene::release_of(&leaf, &found);
    scene.home.refused("release_ipam_pool_allocation", release, "InvalidParameterValue", "not a custom allocation");
    scene.endpoint.resource_gone("vpc-1");
    assert_eq!(scene.allocated(&leaf), ["10.0.0.0/20"]);
    scene.endpoint.advance(Duration::from_secs(1800));
    assert_eq!(scene.allocated(&leaf), Vec::<String>::new());
    scene.is_sound();
}
