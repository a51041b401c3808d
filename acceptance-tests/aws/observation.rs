//! Resources and addresses that AWS has found in accounts, as the data sources show them through real terraform.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::boto::Boto;
use super::endpoint::{Endpoint, Script};
use super::resources::of_account;
use super::scene::{ACCOUNT, AWAY, HOME, OTHER_ACCOUNT, text};
use crate::harness::Workspace;

/// An account with an IPAM in two Regions, and a configuration of it. Lists have two items on a page.
struct Seen {
    endpoint: Endpoint,
    ipam: Value,
    workspace: Workspace,
}

impl Seen {
    fn new() -> Self {
        let endpoint = Endpoint::start();
        endpoint.script(Script { page_max: 2, ..Script::at_once() });
        let home = Boto::new(&endpoint, ACCOUNT, HOME);
        let regions = json!([{"RegionName": HOME}, {"RegionName": AWAY}]);
        let ipam = home.call("create_ipam", json!({"OperatingRegions": regions}))["Ipam"].clone();
        let workspace = Workspace::on(&of_account(&endpoint, ACCOUNT));
        Self { endpoint, ipam, workspace }
    }

    /// Adds items that AWS finds itself.
    fn seed(&self, set: &str, items: impl IntoIterator<Item = Value>) {
        for item in items {
            self.endpoint.seed(set, item);
        }
    }

    /// Applies a configuration, and verifies that a new plan is empty. Returns its outputs.
    #[track_caller]
    fn outputs(&self, body: &str) -> impl Fn(&str) -> Value + use<> {
        self.workspace.configure(body);
        let state = self.workspace.apply();
        self.workspace.assert_settled();
        move |name| state.output(name).clone()
    }

    #[track_caller]
    fn is_sound(&self) {
        assert_eq!(self.endpoint.violations(), Vec::<String>::new());
    }
}

fn with(mut item: Value, more: Value) -> Value {
    item.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    item
}

/// A record of a resource that had a CIDR for a time.
fn record(kind: &str, id: &str, cidr: &str, start: &str, end: Option<&str>) -> Value {
    json!({"resourceOwnerId": ACCOUNT, "resourceRegion": HOME, "resourceType": kind, "resourceId": id,
        "resourceCidr": cidr, "resourceComplianceStatus": "unmanaged", "resourceOverlapStatus": "nonoverlapping",
        "sampledStartTime": start, "sampledEndTime": end})
}

const JAN: &str = "2026-01-01T00:05:00Z";
const FEB: &str = "2026-02-01T00:05:00Z";
const MAR: &str = "2026-03-01T00:05:00Z";

/// Seven questions of the user guide, each a data source.
const QUESTIONS: &str = r#"
data "ipam_address_history" "one_address" {
  cidr       = "10.0.1.5/32"
  start_time = "2026-01-15T00:00:00Z"
  end_time   = "2026-01-16T00:00:00Z"
}

data "ipam_address_history" "exact" {
  cidr = "10.0.1.0/24"
}

data "ipam_address_history" "in_turn" {
  cidr = "10.0.0.0/16"
}

data "ipam_address_history" "first_of_both" {
  cidr     = "10.0.0.0/16"
  end_time = "2026-02-15T00:00:00Z"
}

data "ipam_address_history" "of_vpc" {
  cidr   = "10.0.0.0/16"
  vpc_id = "vpc-2"
}

data "ipam_address_history" "yesterday" {
  cidr = "10.9.0.0/16"
  last = "24h"
}

data "ipam_address_history" "now" {
  cidr         = "10.0.0.0/16"
  current_only = true
}

data "ipam_address_history" "whole" {
  cidr = "10.0.0.0/8"
}

data "ipam_address_history" "nobody" {
  cidr = "192.0.2.7/32"
}

locals {
  answers = {
    one_address   = data.ipam_address_history.one_address.history_records
    exact         = data.ipam_address_history.exact.history_records
    in_turn       = data.ipam_address_history.in_turn.history_records
    first_of_both = data.ipam_address_history.first_of_both.history_records
    of_vpc        = data.ipam_address_history.of_vpc.history_records
    yesterday     = data.ipam_address_history.yesterday.history_records
    now           = data.ipam_address_history.now.history_records
    whole         = data.ipam_address_history.whole.history_records
    nobody        = data.ipam_address_history.nobody.history_records
  }
}

output "ids" {
  value = { for question, records in local.answers : question => [for one in records : one.resource_id] }
}

output "turns" {
  value = [for one in local.answers.in_turn : "${one.sampled_start_time} ${coalesce(one.sampled_end_time, "-")} ${one.is_current}"]
}

output "overlaps" {
  value = [for one in local.answers.yesterday : "${one.resource_id} ${one.resource_overlap_status} ${one.resource_compliance_status}"]
}

output "whose" {
  value = local.answers.one_address[0].resource_owner_id
}

output "scope" {
  value = data.ipam_address_history.exact.ipam_scope_id
}
"#;

#[test]
fn flow_i_seven_questions_to_the_history_of_addresses() {
    let seen = Seen::new();
    let hours_ago = |hours| (Timestamp::now() - SignedDuration::from_hours(hours)).to_string();
    let overlapping = json!({"resourceOverlapStatus": "overlapping", "resourceComplianceStatus": "noncompliant"});
    let set = "historyRecordSet";
    seen.seed(
        set,
        [
            // An instance and its network interface have the same address; addresses of NAT gateways belong to AWS.
            with(record("instance", "i-1", "10.0.1.5/32", JAN, Some(FEB)), json!({"resourceOwnerId": "amazon-aws"})),
            record("network-interface", "eni-1", "10.0.1.5/32", JAN, Some(FEB)),
            record("network-interface", "eni-2", "10.0.1.5/32", MAR, None),
            record("subnet", "subnet-1", "10.0.1.0/24", JAN, None),
            with(record("vpc", "vpc-2", "10.0.0.0/16", MAR, None), json!({"vpcId": "vpc-2"})),
            with(record("vpc", "vpc-1", "10.0.0.0/16", JAN, Some(FEB)), json!({"vpcId": "vpc-1"})),
            with(record("vpc", "vpc-8", "10.9.0.0/16", &hours_ago(300), Some(&hours_ago(100))), overlapping.clone()),
            with(record("vpc", "vpc-9", "10.9.0.0/16", &hours_ago(200), None), overlapping.clone()),
            with(record("vpc", "vpc-10", "10.9.0.0/16", &hours_ago(20), Some(&hours_ago(10))), overlapping),
        ],
    );
    let output = seen.outputs(QUESTIONS);
    assert_eq!(
        output("ids"),
        json!({
            "one_address": ["eni-1", "i-1"],
            "exact": ["subnet-1"],
            "in_turn": ["vpc-1", "vpc-2"],
            "first_of_both": ["vpc-1"],
            "of_vpc": ["vpc-2"],
            "yesterday": ["vpc-9", "vpc-10"],
            "now": ["vpc-2"],
            "whole": [],
            "nobody": [],
        })
    );
    assert_eq!(output("turns"), json!([format!("{JAN} {FEB} false"), format!("{MAR} - true")]));
    assert_eq!(output("overlaps"), json!(["vpc-9 overlapping noncompliant", "vpc-10 overlapping noncompliant"]));
    assert_eq!((output("whose"), output("scope")), (json!(ACCOUNT), seen.ipam["PrivateDefaultScopeId"].clone()));
    seen.is_sound();
}

#[test]
fn flow_i_a_move_ends_the_record_in_the_old_scope_and_begins_one_in_the_new() {
    let seen = Seen::new();
    seen.seed("historyRecordSet", [record("vpc", "vpc-1", "10.0.0.0/16", JAN, None)]);
    seen.seed(
        "ipamResourceCidrSet",
        [json!({"resourceId": "vpc-1", "resourceCidr": "10.0.0.0/16", "resourceRegion": HOME, "resourceType": "vpc",
            "managementState": "unmanaged"})],
    );
    let output = seen.outputs(
        r#"
resource "ipam_scope" "lab" {
  name = "lab"
}

resource "ipam_resource_cidr" "vpc" {
  resource_id     = "vpc-1"
  resource_cidr   = "10.0.0.0/16"
  resource_region = "us-east-1"
  ipam_scope_id   = ipam_scope.lab.id
}

data "ipam_address_history" "old" {
  cidr          = ipam_resource_cidr.vpc.resource_cidr
  ipam_scope_id = ipam_resource_cidr.vpc.original_ipam_scope_id
}

data "ipam_address_history" "new" {
  cidr          = ipam_resource_cidr.vpc.resource_cidr
  ipam_scope_id = ipam_resource_cidr.vpc.ipam_scope_id
}

output "old" {
  value = data.ipam_address_history.old.history_records[*].is_current
}

output "new" {
  value = data.ipam_address_history.new.history_records[*].is_current
}

output "hand_over" {
  value = data.ipam_address_history.old.history_records[0].sampled_end_time == data.ipam_address_history.new.history_records[0].sampled_start_time
}
"#,
    );
    assert_eq!((output("old"), output("new"), output("hand_over")), (json!([false]), json!([true]), json!(true)));
    seen.is_sound();
}

/// A public address in a Region.
fn address(address: &str, kind: &str, associated: bool, region: &str) -> Value {
    json!({"address": address, "addressType": kind, "addressRegion": region, "addressOwnerId": ACCOUNT,
        "associationStatus": if associated { "associated" } else { "disassociated" }, "sampleTime": FEB})
}

const INSIGHTS: &str = r#"
data "ipam_discovered_public_addresses" "all" {}

data "ipam_discovered_public_addresses" "at_home" {
  address_region = "us-east-1"
}

data "ipam_discovered_public_addresses" "nat" {
  service          = "nat-gateway"
  address_owner_id = "111122223333"
}

output "by_type" {
  value = data.ipam_discovered_public_addresses.all.count_by_type
}

output "by_service" {
  value = data.ipam_discovered_public_addresses.all.count_by_service
}

output "counts" {
  value = [for one in [data.ipam_discovered_public_addresses.all, data.ipam_discovered_public_addresses.at_home,
    data.ipam_discovered_public_addresses.nat] : [one.total_count, one.associated_count, one.disassociated_count]]
}

output "idle" {
  value = data.ipam_discovered_public_addresses.all.idle_addresses
}

output "release" {
  value = { for one in data.ipam_discovered_public_addresses.all.addresses : one.address => one.address_allocation_id if one.is_idle }
}

output "nat" {
  value = data.ipam_discovered_public_addresses.nat.addresses[0]
}

output "oldest" {
  value = [data.ipam_discovered_public_addresses.all.oldest_sample_time, data.ipam_discovered_public_addresses.at_home.oldest_sample_time]
}

output "discovery" {
  value = data.ipam_discovered_public_addresses.all.ipam_resource_discovery_id
}
"#;

#[test]
fn flow_j_public_addresses_are_counted_and_idle_ones_are_named() {
    let seen = Seen::new();
    let nat = json!({"service": "nat-gateway", "serviceResource": "nat-1", "vpcId": "vpc-1", "subnetId": "subnet-1",
        "networkInterfaceId": "eni-1", "networkInterfaceDescription": "NAT", "networkBorderGroup": HOME,
        "addressAllocationId": "eipalloc-1", "securityGroupSet": [{"groupId": "sg-1", "groupName": "all"}],
        "tags": {"eipTagSet": [{"key": "team", "value": "net"}]}});
    let service = |word: &str| json!({"service": word});
    seen.seed(
        "ipamDiscoveredPublicAddressSet",
        [
            with(address("203.0.113.10", "amazon-owned-eip", true, HOME), nat),
            with(address("203.0.113.9", "amazon-owned-eip", false, HOME), json!({"addressAllocationId": "eipalloc-2"})),
            address("203.0.113.77", "ec2-public-ip", true, HOME),
            with(address("198.51.100.1", "byoip", false, HOME), json!({"addressAllocationId": "eipalloc-3"})),
            with(address("198.51.100.2", "service-managed-byoip", true, HOME), service("load-balancer")),
            with(address("192.0.2.1", "service-managed-ip", true, AWAY), service("global-accelerator")),
            with(address("192.0.2.2", "service-managed-ip", true, AWAY), service("load-balancer")),
            address("192.0.2.3", "amazon-owned-contig", true, AWAY),
            with(address("192.0.2.4", "anycast-ip-list-ip", true, AWAY), json!({"sampleTime": JAN})),
        ],
    );
    let output = seen.outputs(INSIGHTS);
    assert_eq!(
        output("by_type"),
        json!({"amazon-owned-eip": 2, "ec2-public-ip": 1, "byoip": 1, "service-managed-byoip": 1,
            "service-managed-ip": 2, "amazon-owned-contig": 1, "anycast-ip-list-ip": 1})
    );
    assert_eq!(output("by_service"), json!({"nat-gateway": 1, "load-balancer": 2, "global-accelerator": 1}));
    assert_eq!(output("counts"), json!([[9, 7, 2], [5, 3, 2], [1, 1, 0]]));
    assert_eq!(output("idle"), json!(["198.51.100.1", "203.0.113.9"]));
    assert_eq!(output("release"), json!({"198.51.100.1": "eipalloc-3", "203.0.113.9": "eipalloc-2"}));
    let nat = output("nat");
    for (attribute, value) in [
        ("address", json!("203.0.113.10")),
        ("service_resource", json!("nat-1")),
        ("security_groups", json!({"sg-1": "all"})),
        ("tags", json!({"team": "net"})),
        ("sample_time", json!(FEB)),
        ("instance_id", Value::Null),
    ] {
        assert_eq!(nat[attribute], value, "{attribute}");
    }
    assert_eq!(output("oldest"), json!([JAN, FEB]));
    assert_eq!(output("discovery"), seen.ipam["DefaultResourceDiscoveryId"]);
    seen.is_sound();
}

const ACCOUNTS: &str = r#"
data "ipam_discovered_accounts" "all" {}

data "ipam_discovered_accounts" "failing" {
  failing_only = true
}

data "ipam_discovered_accounts" "away" {
  discovery_region = "eu-west-1"
}

output "all" {
  value = [for one in data.ipam_discovered_accounts.all.accounts : "${one.account_id} ${one.discovery_region} ${one.is_failing}"]
}

output "ids" {
  value = data.ipam_discovered_accounts.all.account_ids
}

output "failing" {
  value = data.ipam_discovered_accounts.failing.accounts
}

output "away" {
  value = data.ipam_discovered_accounts.away.account_ids
}
"#;

#[test]
fn accounts_show_when_they_were_scanned_and_why_a_scan_failed() {
    let seen = Seen::new();
    let account = |id: &str, region: &str| {
        json!({"accountId": id, "discoveryRegion": region, "lastAttemptedDiscoveryTime": FEB,
            "lastSuccessfulDiscoveryTime": FEB})
    };
    let failing = json!({"failureReason": {"code": "assume-role-failure", "message": "There is no role."},
        "lastSuccessfulDiscoveryTime": JAN, "organizationalUnitId": "ou-1"});
    seen.seed(
        "ipamDiscoveredAccountSet",
        [
            account("777788889999", HOME),
            with(account(OTHER_ACCOUNT, HOME), failing),
            account(ACCOUNT, HOME),
            account(ACCOUNT, AWAY),
        ],
    );
    let output = seen.outputs(ACCOUNTS);
    let all = [
        "111122223333 eu-west-1 false",
        "111122223333 us-east-1 false",
        "444455556666 us-east-1 true",
        "777788889999 us-east-1 false",
    ];
    assert_eq!(output("all"), json!(all));
    assert_eq!(output("ids"), json!([ACCOUNT, OTHER_ACCOUNT, "777788889999"]));
    assert_eq!(output("away"), json!([ACCOUNT]));
    assert_eq!(
        output("failing"),
        json!([{"account_id": OTHER_ACCOUNT, "discovery_region": HOME, "organizational_unit_id": "ou-1",
            "is_failing": true, "failure_code": "assume-role-failure", "failure_message": "There is no role.",
            "last_attempted_discovery_time": FEB, "last_successful_discovery_time": JAN}])
    );
    seen.is_sound();
}

#[test]
fn samples_of_aws_that_are_too_old_fail_the_plan_that_asks_for_newer_ones() {
    let seen = Seen::new();
    let account = |region: &str, looked: &str| {
        json!({"accountId": ACCOUNT, "discoveryRegion": region, "lastAttemptedDiscoveryTime": looked,
            "lastSuccessfulDiscoveryTime": looked})
    };
    seen.seed("ipamDiscoveredAccountSet", [account(HOME, FEB), account(AWAY, &Timestamp::now().to_string())]);
    let in_region = |region: &str| {
        format!(
            "data \"ipam_discovered_resource_cidrs\" \"seen\" {{\n  resource_region = \"{region}\"\n  max_age = \"24h\"\n}}\n\
             output \"count\" {{\n  value = length(data.ipam_discovered_resource_cidrs.seen.resource_cidrs)\n}}\n"
        )
    };
    assert_eq!(seen.outputs(&in_region(AWAY))("count"), json!(0));
    seen.workspace.configure(&in_region(HOME));
    let words = [
        "The last samples of AWS IPAM are too old",
        "from the last 24h",
        ACCOUNT,
        HOME,
        "Wait for the next scan",
        "max_age",
    ];
    seen.workspace.try_plan(&[]).fails().says(&words);
    seen.is_sound();
}

const RESOURCES: &str = r#"
data "ipam_resource_cidrs" "all" {}

data "ipam_resource_cidrs" "overlapping" {
  overlap_status = "overlapping"
  resource_type  = "vpc"
}

data "ipam_resource_cidrs" "of_pool" {
  ipam_pool_id = POOL
}

data "ipam_resource_cidrs" "tagged" {
  resource_tags     = { team = "net", env = "prod" }
  resource_owner_id = "111122223333"
}

data "ipam_resource_cidrs" "wrong" {
  compliance_status = "noncompliant"
  management_state  = "managed"
}

data "ipam_resource_cidrs" "public" {
  ipam_scope_id = PUBLIC
}

data "ipam_discovered_resource_cidrs" "interfaces" {
  resource_type = "eni"
}

data "ipam_discovered_resource_cidrs" "in_vpc" {
  vpc_id      = "vpc-1"
  within_cidr = "10.0.0.0/16"
}

output "ids" {
  value = { for name, found in {
    all = data.ipam_resource_cidrs.all, overlapping = data.ipam_resource_cidrs.overlapping,
    of_pool = data.ipam_resource_cidrs.of_pool, tagged = data.ipam_resource_cidrs.tagged,
    wrong = data.ipam_resource_cidrs.wrong, public = data.ipam_resource_cidrs.public,
  } : name => found.resource_cidrs[*].resource_id }
}

output "usage" {
  value = { for one in data.ipam_resource_cidrs.all.resource_cidrs : one.resource_id => [one.ip_usage, one.ip_usage_percent] }
}

output "cidrs" {
  value = data.ipam_resource_cidrs.all.cidrs
}

output "interfaces" {
  value = data.ipam_discovered_resource_cidrs.interfaces.resource_cidrs
}

output "in_vpc" {
  value = data.ipam_discovered_resource_cidrs.in_vpc.cidrs
}
"#;

/// A CIDR of a resource, in a default scope.
fn resource(kind: &str, id: &str, cidr: &str, more: Value) -> Value {
    let item = json!({"resourceId": id, "resourceCidr": cidr, "resourceRegion": HOME, "resourceType": kind,
        "resourceOwnerId": ACCOUNT, "managementState": "unmanaged", "complianceStatus": "unmanaged",
        "overlapStatus": "nonoverlapping"});
    with(item, more)
}

#[test]
fn resources_are_compared_with_pools_and_with_each_other() {
    let seen = Seen::new();
    let home = Boto::new(&seen.endpoint, ACCOUNT, HOME);
    let pool = json!({"IpamScopeId": seen.ipam["PrivateDefaultScopeId"], "AddressFamily": "ipv4"});
    let pool = text(&home.call("create_ipam_pool", pool)["IpamPool"]["IpamPoolId"]);
    let managed = json!({"ipamPoolId": pool, "managementState": "managed", "complianceStatus": "noncompliant",
        "ipUsage": 0.29});
    let overlapping = json!({"overlapStatus": "overlapping"});
    let tags = |env: &str| json!({"resourceTagSet": [{"key": "team", "value": "net"}, {"key": "env", "value": env}]});
    seen.seed(
        "ipamResourceCidrSet",
        [
            with(resource("vpc", "vpc-1", "10.0.0.0/16", managed), tags("prod")),
            with(resource("vpc", "vpc-2", "10.1.0.0/16", overlapping.clone()), tags("test")),
            resource("vpc", "vpc-3", "10.1.0.0/16", overlapping.clone()),
            resource("subnet", "subnet-3", "10.1.1.0/24", with(overlapping, json!({"ipUsage": 1.0}))),
            resource("eip", "eip-1", "203.0.113.9/32", json!({})),
        ],
    );
    let interface = json!({"resourceId": "eni-1", "resourceType": "eni", "resourceRegion": AWAY, "vpcId": "vpc-1",
        "resourceOwnerId": ACCOUNT, "resourceCidr": "10.0.1.5/32", "ipSource": "none", "subnetId": "subnet-1",
        "networkInterfaceAttachmentStatus": "in-use", "availabilityZoneId": "euw1-az1", "sampleTime": JAN});
    let subnet = json!({"resourceId": "subnet-1", "resourceType": "subnet", "resourceRegion": AWAY, "vpcId": "vpc-1",
        "resourceCidr": "10.0.1.0/24", "ipUsage": 0.004});
    let other = json!({"resourceId": "vpc-2", "resourceType": "vpc", "resourceRegion": HOME, "vpcId": "vpc-2"});
    seen.seed("ipamDiscoveredResourceCidrSet", [interface, subnet, other]);
    let public = &seen.ipam["PublicDefaultScopeId"];
    let output = seen.outputs(&RESOURCES.replace("POOL", &format!("{pool:?}")).replace("PUBLIC", &public.to_string()));
    assert_eq!(
        output("ids"),
        json!({
            "all": ["vpc-1", "vpc-2", "vpc-3", "subnet-3", "eip-1"],
            "overlapping": ["vpc-2", "vpc-3"],
            "of_pool": ["vpc-1"],
            "tagged": ["vpc-1"],
            "wrong": ["vpc-1"],
            "public": ["eip-1"],
        })
    );
    let nothing = json!([null, null]);
    assert_eq!(
        output("usage"),
        json!({"vpc-1": [0.29, 29], "vpc-2": nothing, "vpc-3": nothing, "subnet-3": [1, 100], "eip-1": nothing})
    );
    assert_eq!(output("cidrs"), json!(["10.0.0.0/16", "10.1.0.0/16", "10.1.1.0/24", "203.0.113.9/32"]));
    assert_eq!(
        output("interfaces"),
        json!([{"resource_id": "eni-1", "resource_type": "eni", "resource_region": AWAY, "vpc_id": "vpc-1",
            "resource_owner_id": ACCOUNT, "resource_cidr": "10.0.1.5/32", "ip_source": "none",
            "subnet_id": "subnet-1", "network_interface_attachment_status": "in-use",
            "availability_zone_id": "euw1-az1", "sample_time": JAN, "resource_tags": {}, "ip_usage": null,
            "ip_usage_percent": null}])
    );
    assert_eq!(output("in_vpc"), json!(["10.0.1.0/24", "10.0.1.5/32"]));
    seen.is_sound();
}

#[test]
fn missing_objects_are_reported_on_the_argument_that_names_them() {
    let seen = Seen::new();
    let sources = [
        ("ipam_discovered_accounts", "ipam_resource_discovery_id", "ipam-res-disco-0"),
        ("ipam_discovered_resource_cidrs", "ipam_resource_discovery_id", "ipam-res-disco-0"),
        ("ipam_discovered_public_addresses", "ipam_resource_discovery_id", "ipam-res-disco-0"),
        ("ipam_resource_cidrs", "ipam_scope_id", "ipam-scope-0"),
        ("ipam_resource_cidrs", "ipam_pool_id", "ipam-pool-0"),
        ("ipam_address_history", "ipam_scope_id", "ipam-scope-0"),
    ];
    let mut body = String::new();
    for (number, (kind, attribute, id)) in sources.iter().enumerate() {
        let cidr = if *kind == "ipam_address_history" { "  cidr = \"10.0.0.0/8\"\n" } else { "" };
        body += &format!("data \"{kind}\" \"x{number}\" {{\n{cidr}  {attribute} = {id:?}\n}}\n");
    }
    seen.workspace.configure(&body);
    let told = seen.workspace.plan_messages(&[]).fails().diagnostics();
    for (number, (kind, attribute, id)) in sources.iter().enumerate() {
        let address = format!("data.{kind}.x{number}");
        let of_it: Vec<_> = told.iter().filter(|told| told.address.as_ref() == Some(&address)).collect();
        let [only] = of_it.as_slice() else { panic!("{address}: {told:?}") };
        assert_eq!(only.attribute.as_deref(), Some(*attribute), "{only:?}");
        assert!(only.detail.contains(id), "{only:?}");
    }
    seen.is_sound();
}
