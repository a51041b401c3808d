//! AWS's own tutorials about VPCs, ranges and AS numbers that an account brings, with real terraform: planning the
//! space of a VPC (D), public ranges (K), AS numbers (L).

use serde_json::{Value, json};

use super::boto::Boto;
use super::endpoint::{Endpoint, Kind, Script};
use super::resources::of_account;
use super::scene::{ACCOUNT, HOME, text};
use crate::harness::Workspace;

const IPAM: &str = r#"
resource "ipam_ipam" "main" {
  operating_regions = ["us-east-1"]
}
"#;

const SIGNED: &str = "1|aws|111122223333|WHAT|20271231|SHA256|RSAPSS";

/// A signed message as an object.
fn signed(what: &str) -> String {
    format!("{{ message = {:?}, signature = \"c2lnbmVk-_~\" }}", SIGNED.replace("WHAT", what))
}

fn endpoint() -> Endpoint {
    let endpoint = Endpoint::start();
    endpoint.script(Script::default());
    endpoint
}

/// The values of one parameter in the successful calls of an action.
fn sent(endpoint: &Endpoint, action: &str, parameter: &str) -> Vec<Value> {
    let calls = endpoint.calls().into_iter().filter(|call| call.action == action && call.error.is_none());
    calls.map(|call| call.parameters.get(parameter).cloned().unwrap_or_default()).collect()
}

#[track_caller]
fn is_sound(endpoint: &Endpoint) {
    assert_eq!(endpoint.violations(), Vec::<String>::new());
    assert_eq!(endpoint.audit(), Vec::<String>::new());
}

/// Verifies that no object of this kind is left.
#[track_caller]
fn is_empty(endpoint: &Endpoint, kind: Kind) {
    let there = endpoint.things(kind).into_iter();
    let there: Vec<_> =
        there.filter(|thing| !["delete-complete", "deprovisioned"].contains(&thing.state.as_str())).collect();
    assert!(there.is_empty(), "{there:?}");
}

const PLANNED_VPC: &str = r#"
resource "ipam_pool" "vpc" {
  name           = "vpc"
  ipam_scope_id  = ipam_ipam.main.private_default_scope_id
  address_family = "ipv4"
  locale         = "us-east-1"
  cidrs          = ["10.0.0.0/20"]
  cascade        = true

  source_resource = {
    resource_id     = "vpc-0123456789abcdef0"
    resource_owner  = "111122223333"
    resource_region = "us-east-1"
    resource_type   = "vpc"
  }
}
"#;

const SUBNETS: &str = r#"
resource "ipam_pool" "subnets" {
  for_each            = toset(["private", "public"])
  name                = each.key
  source_ipam_pool_id = ipam_pool.vpc.id
  netmask_length      = 24
}

resource "ipam_allocation" "subnet" {
  for_each       = ipam_pool.subnets
  ipam_pool_id   = each.value.id
  name           = "a"
  netmask_length = 28
}

data "ipam_utilization" "private" {
  ipam_pool_id = ipam_allocation.subnet["private"].ipam_pool_id
}
"#;

#[test]
fn flow_d_subnets_are_planned_in_the_space_of_a_vpc_and_a_cascade_leaves_the_vpc() {
    let endpoint = endpoint();
    let workspace = Workspace::on(&of_account(&endpoint, ACCOUNT));
    workspace.configure(IPAM);
    let scope = workspace.apply().text("ipam_ipam.main.private_default_scope_id");
    workspace.configure(&[IPAM, PLANNED_VPC].concat());
    // AWS has not seen the VPC yet.
    let run = workspace.try_apply(&[]);
    run.fails().says(&[
        "cidr-not-available",
        "vpc-0123456789abcdef0",
        "exactly one of the CIDRs of that VPC",
        "30 minutes",
    ]);
    is_empty(&endpoint, Kind::Pool);
    let seen = json!({
        "ipamScopeId": scope, "resourceId": "vpc-0123456789abcdef0", "resourceCidr": "10.0.0.0/20",
        "resourceType": "vpc", "resourceOwnerId": ACCOUNT, "resourceRegion": HOME,
    });
    endpoint.seed("ipamResourceCidrSet", seen);
    workspace.configure(&[IPAM, PLANNED_VPC, SUBNETS].concat());
    let state = workspace.apply();
    workspace.assert_settled();
    let mut blocks = ["private", "public"].map(|name| state.text(&format!("ipam_pool.subnets[\"{name}\"].cidr")));
    blocks.sort();
    assert_eq!(blocks, ["10.0.0.0/24", "10.0.1.0/24"]);
    let subnet = state.text("ipam_allocation.subnet[\"private\"].cidr");
    assert!(subnet.ends_with("/28"), "{subnet}");
    assert_eq!(state.value("data.ipam_utilization.private.used_percent"), &json!(6.25));
    // Another user allocates space that is in no state.
    let home = Boto::new(&endpoint, ACCOUNT, HOME);
    let pool = state.text("ipam_pool.vpc.id");
    home.call("allocate_ipam_pool_cidr", json!({"IpamPoolId": pool, "NetmaskLength": 28}));
    workspace.configure(IPAM);
    workspace.apply();
    is_empty(&endpoint, Kind::Pool);
    is_empty(&endpoint, Kind::Allocation);
    let there = home.call("get_ipam_resource_cidrs", json!({"IpamScopeId": scope}));
    assert_eq!(there["IpamResourceCidrs"][0]["ResourceId"], "vpc-0123456789abcdef0");
    workspace.destroy();
    is_sound(&endpoint);
}

fn public_pools() -> String {
    let context = signed("198.51.100.0/24");
    format!(
        r#"{IPAM}
resource "ipam_external_resource_verification_token" "proof" {{
  ipam_id = ipam_ipam.main.id
  name    = "proof"
  cidrs   = ["203.0.113.0/24", "198.18.12.0/22"]
  tags    = {{ team = "net" }}
}}

resource "ipam_pool" "public" {{
  name             = "public"
  ipam_scope_id    = ipam_ipam.main.public_default_scope_id
  address_family   = "ipv4"
  public_ip_source = "byoip"
  aws_service      = "ec2"
}}

resource "ipam_pool_cidr" "by_token" {{
  ipam_pool_id                                 = ipam_pool.public.id
  cidr                                         = "203.0.113.0/24"
  verification_method                          = "dns-token"
  ipam_external_resource_verification_token_id = ipam_external_resource_verification_token.proof.id
}}

resource "ipam_pool_cidr" "by_certificate" {{
  ipam_pool_id               = ipam_pool.public.id
  cidr                       = "198.51.100.0/24"
  cidr_authorization_context = {context}
}}

resource "ipam_pool" "regional" {{
  name                = "regional"
  source_ipam_pool_id = ipam_pool.public.id
  locale              = "us-east-1"
  aws_service         = "ec2"
}}

resource "ipam_byoip_cidr" "site" {{
  cidr         = ipam_pool_cidr.by_token.cidr
  ipam_pool_id = ipam_pool.regional.id
  advertise    = false
}}
"#
    )
}

#[test]
fn flow_k_a_public_range_is_proven_provisioned_advertised_withdrawn_and_given_back() {
    let endpoint = endpoint();
    let workspace = Workspace::on(&of_account(&endpoint, ACCOUNT));
    workspace.configure(&public_pools());
    let state = workspace.apply();
    workspace.assert_settled();
    let token = |attribute: &str| state.text(&format!("ipam_external_resource_verification_token.proof.{attribute}"));
    assert_eq!(token("status"), "valid");
    let records = state.value("ipam_external_resource_verification_token.proof.dns_records").as_array().unwrap();
    let names: Vec<_> = records.iter().map(|record| text(&record["name"])).collect();
    let zones = ["12.18.198", "13.18.198", "14.18.198", "15.18.198", "113.0.203"];
    assert_eq!(names, zones.map(|zone| format!("{}.{zone}.in-addr.arpa", token("token_name"))));
    assert!(records.iter().all(|record| record["type"] == "TXT" && record["value"] == token("token_value").as_str()));
    let methods = sent(&endpoint, "ProvisionIpamPoolCidr", "VerificationMethod");
    assert!(methods.contains(&json!("dns-token")) && methods.contains(&json!("remarks-x509")), "{methods:?}");
    let id = state.text("ipam_byoip_cidr.site.id");
    assert_eq!(id, format!("203.0.113.0/24_{}", state.text("ipam_pool.regional.id")));

    let with_lists = public_pools().replace("advertise    = false", "advertise    = true")
        + "data \"ipam_byoip_cidrs\" \"all\" {\n  depends_on = [ipam_byoip_cidr.site]\n}\n\
           data \"ipam_external_resource_verification_tokens\" \"all\" {\n  ipam_id = ipam_ipam.main.id\n}\n";
    workspace.configure(&with_lists);
    assert_eq!(workspace.plan().actions()["ipam_byoip_cidr.site"], "update");
    let state = workspace.apply_saved();
    assert_eq!(
        (state.text("ipam_byoip_cidr.site.state"), state.text("ipam_byoip_cidr.site.id")),
        ("advertised".into(), id.clone())
    );
    assert_eq!(state.value("data.ipam_byoip_cidrs.all.byoip_cidrs")[0]["state"], "advertised");
    assert_eq!(state.value("data.ipam_external_resource_verification_tokens.all.tokens")[0]["name"], "proof");
    workspace.assert_settled();

    // Another user withdraws the range: the next plan advertises it again.
    let home = Boto::new(&endpoint, ACCOUNT, HOME);
    home.call("withdraw_byoip_cidr", json!({"Cidr": "203.0.113.0/24"}));
    home.call("describe_byoip_cidrs", json!({"MaxResults": 10}));
    assert_eq!(workspace.apply().text("ipam_byoip_cidr.site.state"), "advertised");

    let second = Workspace::on(&of_account(&endpoint, ACCOUNT));
    second.configure(&with_lists);
    for (address, id) in [
        ("ipam_ipam.main", state.text("ipam_ipam.main.id")),
        ("ipam_external_resource_verification_token.proof", token("id")),
        ("ipam_pool.public", "public".to_owned()),
        ("ipam_pool.regional", "public/regional".to_owned()),
        ("ipam_pool_cidr.by_token", state.text("ipam_pool_cidr.by_token.id")),
        ("ipam_pool_cidr.by_certificate", state.text("ipam_pool_cidr.by_certificate.id")),
        ("ipam_byoip_cidr.site", id),
    ] {
        second.import(address, &id);
    }
    let actions = second.plan().actions();
    for address in ["ipam_ipam.main", "ipam_pool.public", "ipam_pool.regional", "ipam_byoip_cidr.site"] {
        assert_eq!(actions.get(address), None, "{address}");
    }
    // The ranges that a token is for are known only in the state.
    assert_eq!(actions["ipam_external_resource_verification_token.proof"], "update");

    workspace.configure(&public_pools());
    assert_eq!(workspace.apply().text("ipam_byoip_cidr.site.state"), "provisioned");
    workspace.configure(&with_lists);
    workspace.apply();
    workspace.destroy();
    for kind in [Kind::Token, Kind::ByoipCidr, Kind::PoolCidr, Kind::Pool, Kind::Ipam] {
        is_empty(&endpoint, kind);
    }
    is_sound(&endpoint);
}

fn outside_of_ipam(more: &str) -> String {
    let context = signed("203.0.113.0/24");
    format!(
        r#"{IPAM}
resource "ipam_pool" "public" {{
  name             = "public"
  ipam_scope_id    = ipam_ipam.main.public_default_scope_id
  address_family   = "ipv4"
  public_ip_source = "byoip"
  locale           = "us-east-1"
}}

resource "ipam_byoip_cidr" "site" {{
  cidr                       = "203.0.113.0/24"
  advertise                  = true
  cidr_authorization_context = {context}
  {more}
}}
"#
    )
}

#[test]
fn flow_k_a_range_outside_of_ipam_is_advertised_and_moves_into_a_pool() {
    let endpoint = endpoint();
    let workspace = Workspace::on(&of_account(&endpoint, ACCOUNT));
    workspace.configure(&outside_of_ipam("description = \"ours\""));
    let state = workspace.apply();
    workspace.assert_settled();
    let of = |attribute: &str| state.text(&format!("ipam_byoip_cidr.site.{attribute}"));
    assert_eq!((of("id"), of("state"), of("region")), ("203.0.113.0/24".into(), "advertised".into(), HOME.into()));
    // Only a new range can have another description, so this is a replacement; a move into a pool is a change in place.
    workspace.configure(&outside_of_ipam("description = \"others\""));
    assert_eq!(workspace.plan().actions()["ipam_byoip_cidr.site"], "delete create");
    workspace.configure(&outside_of_ipam("ipam_pool_id = ipam_pool.public.id"));
    assert_eq!(workspace.plan().actions()["ipam_byoip_cidr.site"], "update");
    let moved = workspace.apply_saved();
    let pool = moved.text("ipam_pool.public.id");
    assert_eq!(moved.text("ipam_byoip_cidr.site.id"), format!("203.0.113.0/24_{pool}"));
    assert_eq!(sent(&endpoint, "MoveByoipCidrToIpam", "IpamPoolOwner"), [ACCOUNT]);
    workspace.assert_settled();
    workspace.destroy();
    assert_eq!(sent(&endpoint, "ProvisionByoipCidr", "Cidr"), ["203.0.113.0/24"]);
    for kind in [Kind::ByoipCidr, Kind::PoolCidr, Kind::Pool] {
        is_empty(&endpoint, kind);
    }
    is_sound(&endpoint);
}

#[test]
fn flow_k_a_range_outside_of_ipam_is_given_back() {
    let endpoint = endpoint();
    let workspace = Workspace::on(&of_account(&endpoint, ACCOUNT));
    workspace.configure(&outside_of_ipam(""));
    workspace.apply();
    let second = Workspace::on(&of_account(&endpoint, ACCOUNT));
    second.configure(&outside_of_ipam(""));
    // A second configuration of the same range gets the error that shows how to import the range.
    second.import("ipam_ipam.main", &workspace.state().text("ipam_ipam.main.id"));
    second.import("ipam_pool.public", "public");
    second.try_apply(&[]).fails().says(&[
        "203.0.113.0/24 is already in this account",
        "Import it",
        "ipam_byoip_cidr.site",
    ]);
    second.import("ipam_byoip_cidr.site", "203.0.113.0/24");
    second.apply();
    second.assert_settled();
    workspace.destroy();
    is_empty(&endpoint, Kind::ByoipCidr);
    assert_eq!(sent(&endpoint, "DeprovisionByoipCidr", "Cidr"), ["203.0.113.0/24"]);
    is_sound(&endpoint);
}

fn as_number(more: &str) -> String {
    let (range, number) = (signed("203.0.113.0/24"), signed("64496"));
    format!(
        r#"{IPAM}
resource "ipam_byoip_cidr" "site" {{
  cidr                       = "203.0.113.0/24"
  advertise                  = true
  cidr_authorization_context = {range}
  {more}
}}

resource "ipam_byoasn" "own" {{
  ipam_id                   = ipam_ipam.main.id
  asn                       = "AS64496"
  asn_authorization_context = {number}
}}

resource "ipam_byoasn_association" "site" {{
  asn  = ipam_byoasn.own.asn
  cidr = ipam_byoip_cidr.site.cidr
}}

data "ipam_byoasns" "all" {{
  depends_on = [ipam_byoasn.own]
}}
"#
    )
}

#[test]
fn flow_l_a_range_is_advertised_with_an_own_as_number_and_with_amazons_again() {
    let endpoint = endpoint();
    let workspace = Workspace::on(&of_account(&endpoint, ACCOUNT));
    workspace.configure(&as_number(""));
    let state = workspace.apply();
    workspace.assert_settled();
    let ipam = state.text("ipam_ipam.main.id");
    assert_eq!(state.text("ipam_byoasn.own.id"), format!("64496_{ipam}"));
    assert_eq!(state.text("ipam_byoasn_association.site.id"), format!("64496_203.0.113.0/24_{HOME}"));
    assert_eq!(state.value("data.ipam_byoasns.all.byoasns")[0]["asn"], "64496");
    workspace.configure(&as_number("asn = 64496"));
    assert_eq!(workspace.plan().actions()["ipam_byoip_cidr.site"], "update");
    workspace.apply_saved();
    workspace.assert_settled();
    let second = Workspace::on(&of_account(&endpoint, ACCOUNT));
    second.configure(&as_number("asn = 64496"));
    second.import("ipam_byoasn.own", &state.text("ipam_byoasn.own.id"));
    second.import("ipam_byoasn_association.site", "64496_203.0.113.0/24");
    assert_eq!(second.state().text("ipam_byoasn_association.site.region"), HOME);
    workspace.configure(&as_number(""));
    workspace.apply();
    workspace.assert_settled();
    assert_eq!(sent(&endpoint, "AdvertiseByoipCidr", "Asn"), [Value::Null, json!("64496"), json!("AWS")]);
    workspace.destroy();
    for kind in [Kind::AsnAssociation, Kind::Byoasn, Kind::ByoipCidr] {
        let there: Vec<_> = endpoint.things(kind).into_iter().map(|thing| thing.state).collect();
        assert!(there.iter().all(|state| ["deprovisioned", "disassociated"].contains(&state.as_str())), "{there:?}");
    }
    assert_eq!(sent(&endpoint, "DeprovisionIpamByoasn", "Asn"), ["64496"]);
    is_sound(&endpoint);
}
