//! Flow O: the pools from which services get public addresses, through real terraform.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::boto::Boto;
use super::endpoint::{Call, Delay, Endpoint, Kind, Script, Trouble};
use super::resources::of_account;
use super::scene::{ACCOUNT, HOME, OTHER_ACCOUNT, text};
use crate::harness::Workspace;

const POOLS: &str = r#"
resource "ipam_ipam" "main" {
  operating_regions = ["us-east-1", "eu-west-1"]
}

resource "ipam_pool" "first" {
  name           = "first"
  ipam_scope_id  = ipam_ipam.main.public_default_scope_id
  address_family = "ipv4"
  locale         = "us-east-1"
}

resource "ipam_pool" "second" {
  name           = "second"
  ipam_scope_id  = ipam_ipam.main.public_default_scope_id
  address_family = "ipv4"
  locale         = "us-east-1"
}

resource "ipam_pool" "away" {
  name           = "away"
  ipam_scope_id  = ipam_ipam.main.public_default_scope_id
  address_family = "ipv4"
  locale         = "eu-west-1"
}
"#;

const EIP: &str = r#"{
    resource_type        = "eip"
    locale               = "us-east-1"
    source_ipam_pool_ids = [ipam_pool.first.id, ipam_pool.second.id]
  }"#;
const NAT_AWAY: &str = r#"{
    resource_type        = "rnat"
    locale               = "eu-west-1"
    source_ipam_pool_ids = [ipam_pool.away.id]
  }"#;
const ALB: &str = r#"{
    resource_type        = "alb"
    locale               = "us-east-1"
    source_ipam_pool_ids = [ipam_pool.second.id]
  }"#;

/// The policy `own` with these rules.
fn policy(rules: &[&str]) -> String {
    let rules = rules.join(", ");
    format!(
        "{POOLS}\nresource \"ipam_policy\" \"own\" {{\n  name = \"own first\"\n  ipam_id = ipam_ipam.main.id\n  \
         allocation_rule = [{rules}]\n  tags = {{ team = \"net\" }}\n}}\n"
    )
}

const ENABLED: &str = r#"
resource "ipam_policy_enablement" "here" {
  ipam_policy_id = ipam_policy.own.id
}
"#;

fn start() -> (Endpoint, Workspace) {
    let endpoint = Endpoint::start();
    endpoint.script(Script::default());
    let workspace = Workspace::on(&of_account(&endpoint, ACCOUNT));
    (endpoint, workspace)
}

/// Parameters of the calls of an action after the first `before` calls of all actions.
fn since(endpoint: &Endpoint, before: usize, action: &str) -> Vec<Value> {
    let is_it = |call: &Call| call.action == action;
    endpoint.calls().into_iter().skip(before).filter(is_it).map(|call| Value::Object(call.parameters)).collect()
}

/// Resource type, locale and pools of every rule in AWS.
fn rules(home: &Boto, id: &str) -> Vec<Value> {
    let found = home.call("get_ipam_policy_allocation_rules", json!({"IpamPolicyId": id}));
    let of = |document: &Value| {
        let pools = document["AllocationRules"].as_array().unwrap().iter();
        json!([
            document["ResourceType"],
            document["Locale"],
            pools.map(|rule| &rule["SourceIpamPoolId"]).collect::<Vec<_>>()
        ])
    };
    found["IpamPolicyDocuments"].as_array().unwrap().iter().map(of).collect()
}

fn enabled(home: &Boto) -> Value {
    home.call("get_enabled_ipam_policy", json!({}))["IpamPolicyId"].clone()
}

#[track_caller]
fn nothing_is_left(endpoint: &Endpoint, kinds: &[Kind]) {
    for kind in kinds {
        let left: Vec<_> =
            endpoint.things(*kind).into_iter().filter(|thing| thing.state != "delete-complete").collect();
        assert!(left.is_empty(), "{left:?}");
    }
    assert_eq!(endpoint.violations(), Vec::<String>::new());
}

#[test]
fn flow_o_each_service_and_locale_has_its_pools_in_order_and_only_changes_are_sent() {
    let (endpoint, workspace) = start();
    let home = Boto::new(&endpoint, ACCOUNT, HOME);
    workspace.configure(&policy(&[EIP, NAT_AWAY, ALB]));
    let made = workspace.apply();
    workspace.assert_settled();
    let id = made.text("ipam_policy.own.id");
    let pool = |name: &str| made.text(&format!("ipam_pool.{name}.id"));
    let wanted = json!(["eip", HOME, [pool("first"), pool("second")]]);
    assert!(rules(&home, &id).contains(&wanted), "overflow goes to the second: {:?}", rules(&home, &id));
    assert_eq!(rules(&home, &id).len(), 3);

    // The pools are in the other order, and a rule is missing; the order of the rules does not matter.
    let before = endpoint.calls().len();
    let turned = EIP.replace("ipam_pool.first.id, ipam_pool.second.id", "ipam_pool.second.id, ipam_pool.first.id");
    workspace.configure(&policy(&[NAT_AWAY, &turned]));
    let changed = workspace.apply();
    workspace.assert_settled();
    assert_eq!(changed.text("ipam_policy.own.id"), id, "changed in place");
    let calls = since(&endpoint, before, "ModifyIpamPolicyAllocationRules");
    let gone = json!({"IpamPolicyId": id, "Locale": HOME, "ResourceType": "alb"});
    let pools = json!([{"SourceIpamPoolId": pool("second")}, {"SourceIpamPoolId": pool("first")}]);
    let set = json!({"IpamPolicyId": id, "Locale": HOME, "ResourceType": "eip", "AllocationRule": pools});
    assert_eq!(calls, [gone, set]);

    // Only tags change: no rule is sent.
    let before = endpoint.calls().len();
    workspace.configure(&policy(&[NAT_AWAY, &turned]).replace("own first", "own only"));
    workspace.apply();
    workspace.assert_settled();
    assert_eq!(since(&endpoint, before, "ModifyIpamPolicyAllocationRules"), Vec::<Value>::new());

    // A change from outside is reverted.
    home.call(
        "modify_ipam_policy_allocation_rules",
        json!({"IpamPolicyId": id, "Locale": HOME, "ResourceType": "eip", "AllocationRules": []}),
    );
    assert_eq!(workspace.plan().actions().get("ipam_policy.own").map(String::as_str), Some("update"));
    workspace.apply_saved();
    workspace.assert_settled();
    assert_eq!(rules(&home, &id).len(), 2);

    let second = Workspace::on(&of_account(&endpoint, ACCOUNT));
    second.configure(
        "data \"ipam_policies\" \"all\" {}\noutput \"all\" {\n  value = data.ipam_policies.all.ipam_policies\n}\n",
    );
    let listed = second.apply().output("all").clone();
    assert_eq!((text(&listed[0]["name"]), text(&listed[0]["id"])), ("own only".to_owned(), id.clone()));
    assert_eq!(listed[0]["allocation_rule"].as_array().unwrap().len(), 2);

    // The import reads the rules in AWS's order, which need not be that of a configuration.
    let third = Workspace::on(&of_account(&endpoint, ACCOUNT));
    third.configure("resource \"ipam_policy\" \"own\" {\n  name = \"own only\"\n}\n");
    third.import("ipam_policy.own", &id);
    assert_eq!(third.state().value("ipam_policy.own.allocation_rule").as_array().unwrap().len(), 2);

    workspace.destroy();
    nothing_is_left(&endpoint, &[Kind::Policy, Kind::Pool, Kind::Ipam]);
}

#[test]
fn flow_o_a_policy_is_enabled_for_the_account_until_another_replaces_it() {
    let (endpoint, workspace) = start();
    let home = Boto::new(&endpoint, ACCOUNT, HOME);
    workspace.configure(&(policy(&[EIP]) + ENABLED));
    let made = workspace.apply();
    workspace.assert_settled();
    let id = made.text("ipam_policy.own.id");
    assert_eq!(enabled(&home), id.as_str());
    assert_eq!(made.text("ipam_policy_enablement.here.id"), id);
    assert_eq!(made.text("ipam_policy_enablement.here.managed_by"), "account");

    // The policy is replaced: the old one is deleted after it is no longer enabled.
    workspace.try_apply(&["-replace=ipam_policy.own"]).succeeds();
    workspace.assert_settled();
    let id = workspace.state().text("ipam_policy.own.id");
    assert_eq!(enabled(&home), id.as_str());

    // Another configuration is warned of the policy that its own policy replaces.
    let other = Workspace::on(&of_account(&endpoint, ACCOUNT));
    let rival = "resource \"ipam_policy\" \"own\" {}\n".to_owned() + ENABLED;
    other.configure(&rival);
    other.try_plan(&[]).succeeds().says(&["Another policy is replaced", &id, "ipam_policy_id = ipam_policy.own.id"]);
    let rival = other.apply().text("ipam_policy.own.id");
    other.assert_settled();
    assert_eq!(enabled(&home), rival.as_str());

    // The first configuration enables its policy again, with the same warning.
    let plan = workspace.try_plan(&[]).succeeds();
    plan.says(&["Another policy is replaced", &rival, "1 to add"]);
    // Destroying the enablement of a policy that was replaced leaves the other policy enabled, even without a refresh.
    workspace.configure(&policy(&[EIP]));
    workspace.try_apply(&["-refresh=false"]).succeeds().says(&["1 destroyed"]);
    assert_eq!(enabled(&home), rival.as_str());

    // Another policy of the same configuration is enabled in place: at no moment is none enabled.
    let before = endpoint.calls().len();
    let next = "\nresource \"ipam_policy\" \"next\" {}\n";
    let body = "resource \"ipam_policy\" \"own\" {}\n".to_owned() + next + ENABLED;
    other.configure(&body);
    other.apply();
    other.configure(&body.replace("ipam_policy_id = ipam_policy.own.id", "ipam_policy_id = ipam_policy.next.id"));
    let plan = other.try_plan(&["-out=plan"]).succeeds();
    assert!(!plan.text().contains("Another policy is replaced"), "a warning of its own policy: {}", plan.text());
    let switched = other.apply_saved();
    other.assert_settled();
    assert_eq!(enabled(&home), switched.text("ipam_policy.next.id").as_str());
    assert_eq!(since(&endpoint, before, "DisableIpamPolicy"), Vec::<Value>::new());

    let third = Workspace::on(&of_account(&endpoint, ACCOUNT));
    third.configure(
        ENABLED.replace("ipam_policy.own.id", &format!("{:?}", switched.text("ipam_policy.next.id"))).as_str(),
    );
    third.import("ipam_policy_enablement.here", &switched.text("ipam_policy_enablement.here.id"));
    third.assert_settled();

    other.destroy();
    assert_eq!(enabled(&home), Value::Null);
    workspace.destroy();
    nothing_is_left(&endpoint, &[Kind::Policy, Kind::Pool, Kind::Ipam]);
}

#[test]
fn flow_o_the_delegated_administrator_enables_a_policy_for_a_unit_and_an_account() {
    let (endpoint, workspace) = start();
    endpoint.management_account(OTHER_ACCOUNT);
    let management = Boto::new(&endpoint, OTHER_ACCOUNT, HOME);
    let home = Boto::new(&endpoint, ACCOUNT, HOME);
    let unit = |name: &str, target: &str| {
        format!(
            "\nresource \"ipam_policy_enablement\" {name:?} {{\n  ipam_policy_id = ipam_policy.own.id\n  \
             organization_target_id = {target:?}\n}}\n"
        )
    };
    let body = policy(&[EIP]) + &unit("unit", "ou-ab12-cd34ef56") + &unit("account", OTHER_ACCOUNT);
    workspace.configure(&body);
    workspace.try_apply(&[]).fails().says(&["UnauthorizedOperation", "delegated administrator"]);
    management.call("enable_ipam_organization_admin_account", json!({"DelegatedAdminAccountId": ACCOUNT}));
    let made = workspace.apply();
    workspace.assert_settled();
    let id = made.text("ipam_policy.own.id");
    assert_eq!(made.text("ipam_policy_enablement.unit.id"), format!("{id}_ou-ab12-cd34ef56"));
    let targets = home.call("get_ipam_policy_organization_targets", json!({"IpamPolicyId": id}));
    assert_eq!(targets["OrganizationTargets"].as_array().unwrap().len(), 2);

    let second = Workspace::on(&of_account(&endpoint, ACCOUNT));
    let known = body.replace("ipam_policy.own.id", &format!("{id:?}"));
    second.configure(&known[known.find("\nresource \"ipam_policy_enablement\"").unwrap()..]);
    second.import("ipam_policy_enablement.unit", &made.text("ipam_policy_enablement.unit.id"));
    second.import("ipam_policy_enablement.account", &made.text("ipam_policy_enablement.account.id"));
    second.assert_settled();

    // A second configuration for the same unit is warned.
    let rival = Workspace::on(&of_account(&endpoint, ACCOUNT));
    rival.configure(&("resource \"ipam_policy\" \"own\" {}\n".to_owned() + &unit("unit", "ou-ab12-cd34ef56")));
    rival.try_plan(&[]).succeeds().says(&["is currently enabled for ou-ab12-cd34ef56", &id]);

    // The policy is disabled outside: it is enabled again.
    home.call("disable_ipam_policy", json!({"IpamPolicyId": id, "OrganizationTargetId": OTHER_ACCOUNT}));
    assert_eq!(workspace.plan().actions().get("ipam_policy_enablement.account").map(String::as_str), Some("create"));
    workspace.apply_saved();
    workspace.assert_settled();
    workspace.destroy();
    nothing_is_left(&endpoint, &[Kind::Policy, Kind::Pool, Kind::Ipam]);
}

#[test]
fn pools_that_cannot_serve_a_rule_are_refused_at_plan_and_a_refusal_of_aws_leaves_nothing_behind() {
    let (endpoint, workspace) = start();
    let private = "resource \"ipam_pool\" \"private\" {\n  name = \"private\"\n  \
                   ipam_scope_id = ipam_ipam.main.private_default_scope_id\n  address_family = \"ipv4\"\n  \
                   locale = \"us-east-1\"\n}\n";
    let pools = POOLS.to_owned() + private;
    workspace.configure(&pools);
    workspace.apply();
    let with = |pool: &str| {
        let rule = ALB.replace("ipam_pool.second.id", pool);
        format!("{pools}resource \"ipam_policy\" \"own\" {{\n  allocation_rule = [{rule}]\n}}\n")
    };
    for (pool, words) in [
        ("ipam_pool.away.id", r#"locale "us-east-1", and ipam-pool-"#),
        ("ipam_pool.private.id", "is in the private scope"),
        ("\"ipam-pool-0\"", "There is no pool ipam-pool-0."),
    ] {
        workspace.configure(&with(pool));
        workspace.try_plan(&[]).fails().says(&["The pool cannot serve the rule", words, "main.tf line"]);
    }
    // A refusal by AWS during the apply leaves a policy, which is in the state and is replaced.
    let trouble = Trouble::Error { code: "InvalidParameterValue", message: "Not this pool." };
    endpoint.trouble("ModifyIpamPolicyAllocationRules", 1, trouble);
    workspace.configure(&with("ipam_pool.second.id"));
    workspace.try_apply(&[]).fails().says(&["ModifyIpamPolicyAllocationRules", "Not this pool.", "allocation_rule"]);
    assert_eq!(workspace.plan().actions().get("ipam_policy.own").map(String::as_str), Some("delete create"));
    workspace.apply_saved();
    workspace.assert_settled();
    workspace.destroy();
    nothing_is_left(&endpoint, &[Kind::Policy, Kind::Pool, Kind::Ipam]);
}

#[test]
fn equal_policies_stay_separate_and_lost_answers_and_short_pages_neither_lose_nor_duplicate_any() {
    let (endpoint, workspace) = start();
    let body = format!(
        "{POOLS}resource \"ipam_policy\" \"same\" {{\n  count = 4\n  ipam_id = ipam_ipam.main.id\n  \
         allocation_rule = [{EIP}, {ALB}]\n}}\nresource \"ipam_policy_enablement\" \"here\" {{\n  \
         ipam_policy_id = ipam_policy.same[3].id\n}}\n"
    );
    endpoint.script(Script { page_max: 1, create_lag: Delay::Reads(2), ..Script::default() });
    endpoint.trouble("CreateIpamPolicy", 1, Trouble::LoseAnswer);
    endpoint.trouble("EnableIpamPolicy", 1, Trouble::LoseAnswer);
    let crowded = Trouble::Error { code: "ConcurrentMutationLimitExceeded", message: "Too many at once." };
    endpoint.trouble("ModifyIpamPolicyAllocationRules", 2, crowded);
    workspace.configure(&body);
    let made = workspace.apply();
    workspace.assert_settled();
    let ids: BTreeSet<String> = made.of_type("ipam_policy").into_values().map(|policy| text(&policy["id"])).collect();
    let there: BTreeSet<String> = endpoint.things(Kind::Policy).into_iter().map(|policy| policy.id).collect();
    assert_eq!((ids.len(), &ids), (4, &there));
    workspace.destroy();
    nothing_is_left(&endpoint, &[Kind::Policy, Kind::Pool, Kind::Ipam]);
}

#[test]
fn another_store_refuses_policies_and_resolvers_at_plan_with_the_reason() {
    let workspace = Workspace::new();
    workspace.configure("resource \"ipam_policy\" \"own\" {}\n");
    workspace.try_plan(&[]).fails().says(&["There is no IPAM policy in this store", "public IPv4 addresses"]);
    workspace.configure(
        "data \"ipam_prefix_list_resolver_versions\" \"all\" {\n  ipam_prefix_list_resolver_id = \"x\"\n}\n",
    );
    workspace.try_plan(&[]).fails().says(&["There is no prefix list resolver in this store", "managed_prefix_list"]);
}

#[test]
fn a_type_that_aws_has_and_this_release_does_not_list_goes_in_and_comes_back() {
    let (endpoint, workspace) = start();
    let home = Boto::new(&endpoint, ACCOUNT, HOME);
    let listed = "\ndata \"ipam_policies\" \"all\" {\n  depends_on = [ipam_policy.own]\n}\n";
    for word in ["lambda-network-connector", "igw-firewall"] {
        workspace.configure(&(policy(&[&EIP.replace("\"eip\"", &format!("{word:?}"))]) + listed));
        let made = workspace.apply();
        workspace.assert_settled();
        let types: Vec<_> = rules(&home, &made.text("ipam_policy.own.id")).iter().map(|rule| rule[0].clone()).collect();
        assert_eq!(types, [word], "the rule before it is gone");
        for place in ["ipam_policy.own.allocation_rule", "data.ipam_policies.all.ipam_policies"] {
            let shown = made.value(place)[0].clone();
            let rule = shown["allocation_rule"].get(0).unwrap_or(&shown);
            assert_eq!(rule["resource_type"], word, "{place}");
        }
    }
    // AWS reports a type that it does not know.
    workspace.configure(&policy(&[&EIP.replace("\"eip\"", "\"toaster\"")]));
    workspace.try_apply(&[]).fails().says(&["Value (toaster) for parameter ResourceType is invalid"]);
    assert_eq!(endpoint.take_violations().len(), 1, "asked once");
    workspace.destroy();
    nothing_is_left(&endpoint, &[Kind::Policy]);
}
