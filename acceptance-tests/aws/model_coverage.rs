//! Every member that boto3 knows of the objects that only AWS has: it is set, or a table has the reason why not.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::scene::{HOME, Scene, text};

/// Members that are never set, and the reason.
const ABSENT: [(&str, &str, &str); 7] = [
    ("IpamPolicy", "StateMessage", "only with a failure"),
    ("IpamPrefixListResolver", "LastVersionCreationStatusMessage", "only with a failure"),
    ("IpamPrefixListResolverTarget", "StateMessage", "only with a failure"),
    ("Byoasn", "StatusMessage", "only with a failure"),
    ("ByoipCidr", "StatusMessage", "only with a failure"),
    ("ByoipCidr", "PoolId", "EC2's own pools are not played"),
    ("AsnAssociation", "StatusMessage", "only with a failure"),
];

fn items(answer: &Value, list: &str) -> Vec<Value> {
    answer[list].as_array().unwrap().clone()
}

/// Makes one object of each kind, with every member that it can have.
fn make(scene: &Scene) {
    let (home, ipam, proof) = (&scene.home, &scene.ipam["IpamId"], json!({"Message": "m", "Signature": "s"}));
    let discovery = &scene.ipam["DefaultResourceDiscoveryId"];
    let described = json!({"IpamResourceDiscoveryId": discovery, "Description": "all of it"});
    home.call("modify_ipam_resource_discovery", described);
    home.call("create_ipam_external_resource_verification_token", json!({"IpamId": ipam}));
    home.call("create_ipam_policy", json!({"IpamId": ipam}));
    let resolver = json!({"IpamId": ipam, "AddressFamily": "ipv4", "Description": "ours"});
    let resolver = home.call("create_ipam_prefix_list_resolver", resolver);
    let resolver = text(&resolver["IpamPrefixListResolver"]["IpamPrefixListResolverId"]);
    let target = json!({
        "IpamPrefixListResolverId": resolver, "PrefixListId": "pl-1", "PrefixListRegion": HOME,
        "TrackLatestVersion": false, "DesiredVersion": 1,
    });
    home.call("create_ipam_prefix_list_resolver_target", target);
    for _ in 0..2 {
        home.call("describe_ipam_prefix_list_resolver_targets", json!({}));
    }
    home.call("provision_ipam_byoasn", json!({"IpamId": ipam, "Asn": "64500", "AsnAuthorizationContext": proof}));
    let public = &scene.ipam["PublicDefaultScopeId"];
    let pool = scene.pool(json!({"IpamScopeId": public, "PublicIpSource": "byoip", "Locale": HOME}));
    let own = json!({"IpamPoolId": pool, "Cidr": "198.51.100.0/24", "CidrAuthorizationContext": proof});
    home.call("provision_ipam_pool_cidr", own);
    let outside = json!({"Cidr": "203.0.113.0/24", "CidrAuthorizationContext": proof, "Description": "ours"});
    home.call("provision_byoip_cidr", outside);
    home.call("associate_ipam_byoasn", json!({"Asn": "64500", "Cidr": "198.51.100.0/24"}));
}

#[test]
fn every_member_of_objects_that_only_aws_has_is_set_or_in_the_table() {
    let scene = Scene::new();
    make(&scene);
    let home = &scene.home;
    let list = |action: &str, list: &str| items(&home.call(action, json!({})), list);
    let cidrs = items(&home.call("describe_byoip_cidrs", json!({"MaxResults": 10})), "ByoipCidrs");
    let associations = cidrs.iter().flat_map(|cidr| items(cidr, "AsnAssociations")).collect();
    let rows = [
        ("IpamResourceDiscovery", list("describe_ipam_resource_discoveries", "IpamResourceDiscoveries")),
        (
            "IpamResourceDiscoveryAssociation",
            list("describe_ipam_resource_discovery_associations", "IpamResourceDiscoveryAssociations"),
        ),
        (
            "IpamExternalResourceVerificationToken",
            list("describe_ipam_external_resource_verification_tokens", "IpamExternalResourceVerificationTokens"),
        ),
        ("IpamPolicy", list("describe_ipam_policies", "IpamPolicies")),
        ("IpamPrefixListResolver", list("describe_ipam_prefix_list_resolvers", "IpamPrefixListResolvers")),
        (
            "IpamPrefixListResolverTarget",
            list("describe_ipam_prefix_list_resolver_targets", "IpamPrefixListResolverTargets"),
        ),
        ("Byoasn", list("describe_ipam_byoasn", "Byoasns")),
        ("ByoipCidr", cidrs),
        ("AsnAssociation", associations),
    ];
    for (shape, found) in rows {
        let filled: BTreeSet<&String> = found.iter().flat_map(|item| item.as_object().unwrap().keys()).collect();
        let absent = |member: &String| ABSENT.iter().any(|row| (row.0, row.1) == (shape, member.as_str()));
        for member in home.members(shape) {
            assert_ne!(filled.contains(&member), absent(&member), "{shape}.{member}: filled {filled:?}");
        }
    }
    scene.is_sound();
}
