//! Flow N: prefix lists that follow what IPAM discovers, through real terraform.

use serde_json::{Value, json};

use super::boto::Boto;
use super::endpoint::{Call, Delay, Endpoint, Kind, Quotas, Script, Trouble};
use super::resources::of_account;
use super::scene::{ACCOUNT, HOME, text};
use crate::harness::Workspace;

const RESOLVER: &str = r#"
resource "ipam_ipam" "main" {
  operating_regions = ["us-east-1", "eu-west-1"]
}

resource "ipam_pool" "prod" {
  name          = "prod"
  ipam_scope_id = ipam_ipam.main.private_default_scope_id
  cidrs         = ["10.0.0.0/16"]
}

resource "ipam_prefix_list_resolver" "trusted" {
  name           = "trusted"
  description    = "who may come in"
  ipam_id        = ipam_ipam.main.id
  address_family = "ipv4"
  rule = [
    { rule_type = "static-cidr", static_cidr = "192.0.2.0/24" },
    {
      rule_type     = "ipam-resource-cidr"
      ipam_scope_id = ipam_ipam.main.private_default_scope_id
      resource_type = "vpc"
      condition = [
        { operation = "equals", resource_tag = { key = "env", value = "prod" } },
        { operation = "subnet-of", cidr = "10.0.0.0/8" },
      ]
    },
    {
      rule_type     = "ipam-pool-cidr"
      ipam_scope_id = ipam_ipam.main.private_default_scope_id
      condition     = [{ operation = "equals", ipam_pool_id = ipam_pool.prod.id }]
    },
  ]
  tags = { team = "net" }
}

data "ipam_prefix_list_resolver_versions" "now" {
  ipam_prefix_list_resolver_id = ipam_prefix_list_resolver.trusted.id
}

output "latest" {
  value = data.ipam_prefix_list_resolver_versions.now.latest_version
}

output "entries" {
  value = data.ipam_prefix_list_resolver_versions.now.entries
}
"#;

const FOLLOWS: &str = "track_latest_version = true";

/// The resolver, and a prefix list whose target has the argument `follows`.
fn followed(follows: &str) -> String {
    format!(
        "{RESOLVER}\nresource \"ipam_prefix_list_resolver_target\" \"away\" {{\n  \
         ipam_prefix_list_resolver_id = ipam_prefix_list_resolver.trusted.id\n  prefix_list_id = \"pl-1\"\n  \
         prefix_list_region = \"eu-west-1\"\n  {follows}\n}}\n"
    )
}

/// A script in which prefix lists are synchronized at the first read, so that one refresh shows it.
fn script() -> Script {
    Script { sync: Delay::Reads(0), ..Script::default() }
}

fn start() -> (Endpoint, Workspace) {
    let endpoint = Endpoint::start();
    endpoint.script(script());
    let workspace = Workspace::on(&of_account(&endpoint, ACCOUNT));
    (endpoint, workspace)
}

/// Adds a VPC.
fn vpc(endpoint: &Endpoint, scope: &str, id: &str, cidr: &str, env: &str) {
    let item = json!({
        "ipamScopeId": scope, "resourceType": "vpc", "resourceId": id, "resourceCidr": cidr, "resourceRegion": HOME,
        "resourceOwnerId": ACCOUNT, "resourceTagSet": [{"key": "env", "value": env}],
    });
    endpoint.seed("ipamResourceCidrSet", item);
}

fn synced(workspace: &Workspace) -> (String, String) {
    let of = |name: &str| workspace.state().text(&format!("ipam_prefix_list_resolver_target.away.{name}"));
    (of("state"), of("last_synced_version"))
}

fn since(endpoint: &Endpoint, before: usize, action: &str) -> Vec<Value> {
    let is_it = |call: &Call| call.action == action;
    endpoint.calls().into_iter().skip(before).filter(is_it).map(|call| Value::Object(call.parameters)).collect()
}

#[track_caller]
fn nothing_is_left(endpoint: &Endpoint) {
    for kind in [Kind::ResolverTarget, Kind::Resolver, Kind::Pool, Kind::Ipam] {
        let left: Vec<_> = endpoint.things(kind).into_iter().filter(|thing| thing.state != "delete-complete").collect();
        assert!(left.is_empty(), "{left:?}");
    }
    assert_eq!(endpoint.violations(), Vec::<String>::new());
}

const SYNCED: &str = "sync-complete";

#[test]
fn flow_n_a_prefix_list_follows_new_cidrs_stays_with_a_version_and_goes_back() {
    let (endpoint, workspace) = start();
    workspace.configure(&followed(FOLLOWS));
    let made = workspace.apply();
    workspace.assert_settled();
    assert_eq!(made.output("latest"), &json!(1));
    assert_eq!(made.output("entries"), &json!(["10.0.0.0/16", "192.0.2.0/24"]));
    assert_eq!(synced(&workspace), (SYNCED.to_owned(), "1".to_owned()));
    let resolver = made.text("ipam_prefix_list_resolver.trusted.id");
    assert_eq!(made.text("ipam_prefix_list_resolver.trusted.last_version_creation_status"), "success");

    // A new VPC makes version 2. Two other VPCs fulfil only one condition.
    let scope = made.text("ipam_ipam.main.private_default_scope_id");
    vpc(&endpoint, &scope, "vpc-1", "10.1.0.0/16", "prod");
    vpc(&endpoint, &scope, "vpc-2", "10.2.0.0/16", "dev");
    vpc(&endpoint, &scope, "vpc-3", "172.16.0.0/16", "prod");
    let second = workspace.apply();
    assert_eq!(second.output("latest"), &json!(2));
    assert_eq!(second.output("entries"), &json!(["10.0.0.0/16", "10.1.0.0/16", "192.0.2.0/24"]));
    workspace.try_apply(&["-refresh-only"]).succeeds();
    assert_eq!(synced(&workspace), (SYNCED.to_owned(), "2".to_owned()));

    // A new CIDR of the pool makes version 3; the prefix list stays at version 2.
    let stays = followed("desired_version = 2");
    workspace.configure(&stays);
    let pinned = workspace.apply();
    let target = |name: &str| format!("ipam_prefix_list_resolver_target.away.{name}");
    assert_eq!(pinned.text(&target("id")), made.text(&target("id")), "changed in place");
    let more =
        "\nresource \"ipam_pool_cidr\" \"more\" {\n  ipam_pool_id = ipam_pool.prod.id\n  cidr = \"10.3.0.0/16\"\n}\n";
    workspace.configure(&(stays + more));
    workspace.apply();
    assert_eq!(workspace.apply().output("latest"), &json!(3));
    workspace.assert_settled();
    assert_eq!(synced(&workspace), (SYNCED.to_owned(), "2".to_owned()));

    // The prefix list goes back to version 1; a version that AWS does not keep is refused.
    workspace.configure(&(followed("desired_version = 9") + more));
    workspace.try_plan(&[]).fails().says(&["There is no version 9", "1, 2, 3", "desired_version = 9"]);
    workspace.configure(&(followed("desired_version = 1") + more));
    workspace.apply();
    workspace.assert_settled();
    assert_eq!(synced(&workspace), (SYNCED.to_owned(), "1".to_owned()));
    workspace.configure(&(followed(FOLLOWS) + more));
    workspace.apply();
    workspace.assert_settled();
    assert_eq!(synced(&workspace), (SYNCED.to_owned(), "3".to_owned()));

    // The objects are imported into another state, and an older version is read.
    let other = Workspace::on(&of_account(&endpoint, ACCOUNT));
    other.configure(&(followed(FOLLOWS) + more).replace("now\" {", "now\" {\n  version = 1"));
    for address in ["ipam_ipam.main", "ipam_pool.prod", "ipam_pool_cidr.more", "ipam_prefix_list_resolver.trusted"] {
        other.import(address, &workspace.state().text(&format!("{address}.id")));
    }
    other.import("ipam_prefix_list_resolver_target.away", &made.text(&target("id")));
    let state = other.apply();
    other.assert_settled();
    assert_eq!(state.output("entries"), &json!(["10.0.0.0/16", "192.0.2.0/24"]));
    assert_eq!(state.text("ipam_prefix_list_resolver.trusted.id"), resolver);
    workspace.destroy();
    nothing_is_left(&endpoint);
}

#[test]
fn flow_n_rules_are_sent_when_they_change_and_removing_all_of_them_needs_a_new_resolver() {
    let (endpoint, workspace) = start();
    workspace.configure(RESOLVER);
    let made = workspace.apply();
    let id = made.text("ipam_prefix_list_resolver.trusted.id");
    let changes = |body: &str| {
        let before = endpoint.calls().len();
        workspace.configure(body);
        workspace.apply();
        workspace.assert_settled();
        since(&endpoint, before, "ModifyIpamPrefixListResolver")
    };
    // Only text changes, then only rules, then neither.
    let described = RESOLVER.replace("who may come in", "friends");
    let sent = changes(&described);
    assert_eq!(sent, [json!({"IpamPrefixListResolverId": id, "Description": "friends"})]);
    let ruled = described.replace("192.0.2.0/24", "198.51.100.0/24");
    let sent = changes(&ruled);
    assert_eq!((sent.len(), sent[0]["Rule"].as_array().unwrap().len()), (1, 3), "{sent:?}");
    assert_eq!(sent[0].get("Description"), None);
    assert_eq!(changes(&ruled.replace("team = \"net\"", "team = \"ops\"")), Vec::<Value>::new());
    assert_eq!(workspace.state().text("ipam_prefix_list_resolver.trusted.id"), id, "changed in place");

    // A change from outside is reverted to the configuration.
    let home = Boto::new(&endpoint, ACCOUNT, HOME);
    let rules = json!([{"RuleType": "static-cidr", "StaticCidr": "203.0.113.0/24"}]);
    home.call("modify_ipam_prefix_list_resolver", json!({"IpamPrefixListResolverId": id, "Rules": rules}));
    assert_eq!(workspace.plan().actions().get("ipam_prefix_list_resolver.trusted").map(String::as_str), Some("update"));
    workspace.apply_saved();
    workspace.assert_settled();

    let start = ruled.find("  rule = [").unwrap();
    let end = ruled.find("  tags = ").unwrap();
    workspace.configure(&(ruled[..start].to_owned() + &ruled[end..]));
    let plan = workspace.plan();
    assert_eq!(plan.actions().get("ipam_prefix_list_resolver.trusted").map(String::as_str), Some("delete create"));
    let empty = workspace.apply_saved();
    workspace.assert_settled();
    assert_eq!(empty.output("entries"), &json!([]));

    let other = Workspace::on(&of_account(&endpoint, ACCOUNT));
    other.configure(
        "data \"ipam_prefix_list_resolvers\" \"all\" {}\noutput \"all\" {\n  value = \
         data.ipam_prefix_list_resolvers.all.ipam_prefix_list_resolvers\n}\n",
    );
    let listed = other.apply().output("all").clone();
    assert_eq!((listed.as_array().unwrap().len(), text(&listed[0]["name"])), (1, "trusted".to_owned()));
    workspace.destroy();
    nothing_is_left(&endpoint);
}

#[test]
fn flow_n_a_prefix_list_that_cannot_be_written_is_reported_with_the_reason_and_is_in_the_state() {
    let (endpoint, workspace) = start();
    let full = Some("The prefix list has room for one entry.");
    endpoint.script(Script { sync_failure: full, ..script() });
    workspace.configure(&followed("desired_version = 1"));
    workspace.try_apply(&[]).fails().says(&["sync-failed", "room for one entry", "prefix_list_id"]);
    assert_eq!(synced(&workspace).0, "sync-failed");
    let action =
        |workspace: &Workspace| workspace.plan().actions().get("ipam_prefix_list_resolver_target.away").cloned();
    assert_eq!(action(&workspace).as_deref(), Some("delete create"), "a new target that failed is replaced");
    endpoint.script(script());
    let made = workspace.apply_saved();
    workspace.assert_settled();
    assert_eq!(synced(&workspace), (SYNCED.to_owned(), "1".to_owned()));

    // A prefix list that had a version keeps it, and every plan reports that it is behind.
    vpc(&endpoint, &made.text("ipam_ipam.main.private_default_scope_id"), "vpc-1", "10.1.0.0/16", "prod");
    assert_eq!(workspace.apply().output("latest"), &json!(2));
    endpoint.script(Script { sync_failure: full, ..script() });
    workspace.configure(&followed("desired_version = 2"));
    workspace.try_apply(&[]).fails().says(&["sync-failed", "room for one entry"]);
    assert_eq!(synced(&workspace), ("sync-failed".to_owned(), "1".to_owned()));
    let plan = workspace.try_plan(&[]).succeeds();
    plan.says(&["The prefix list is out of date", "room for one entry", "No changes"]);
    endpoint.script(script());
    workspace.configure(&followed("desired_version = 1"));
    workspace.apply();
    workspace.assert_settled();
    assert_eq!(synced(&workspace), (SYNCED.to_owned(), "1".to_owned()));
    workspace.destroy();
    nothing_is_left(&endpoint);
}

#[test]
fn flow_n_a_version_with_too_many_cidrs_is_reported_in_the_words_of_aws() {
    let (endpoint, workspace) = start();
    let quotas = Quotas { cidrs_per_resolver_version: 1, ..Quotas::default() };
    endpoint.script(Script { quotas, ..script() });
    workspace.configure(RESOLVER);
    workspace.try_apply(&[]).fails().says(&["choose more than 1 CIDRs", "rule = ["]);
    endpoint.script(script());
    workspace.apply();
    workspace.assert_settled();
    // Later AWS itself finds the problem: the plan reports it, and changes nothing.
    endpoint.script(Script { quotas, ..script() });
    workspace.try_plan(&[]).succeeds().says(&["The resolver has no new version", "choose more than 1 CIDRs"]);
    workspace.destroy();
    nothing_is_left(&endpoint);
}

#[test]
fn equal_resolvers_stay_separate_and_lost_answers_and_short_pages_neither_lose_nor_duplicate_any() {
    let (endpoint, workspace) = start();
    let body = "resource \"ipam_ipam\" \"main\" {\n  operating_regions = [\"us-east-1\"]\n}\n\
         resource \"ipam_prefix_list_resolver\" \"same\" {\n  count = 2\n  ipam_id = ipam_ipam.main.id\n  \
         address_family = \"ipv4\"\n  rule = [{ rule_type = \"static-cidr\", static_cidr = \"192.0.2.0/24\" }, \
         { rule_type = \"static-cidr\", static_cidr = \"198.51.100.0/24\" }]\n}\n\
         resource \"ipam_prefix_list_resolver_target\" \"same\" {\n  count = 2\n  \
         ipam_prefix_list_resolver_id = ipam_prefix_list_resolver.same[0].id\n  prefix_list_id = \"pl-1\"\n  \
         prefix_list_region = \"us-east-1\"\n  track_latest_version = true\n}\n";
    endpoint.script(Script { page_max: 1, create_lag: Delay::Reads(2), sync: Delay::Reads(3), ..Script::default() });
    for action in ["CreateIpamPrefixListResolver", "CreateIpamPrefixListResolverTarget"] {
        endpoint.trouble(action, 1, Trouble::LoseAnswer);
    }
    workspace.configure(body);
    let made = workspace.apply();
    workspace.assert_settled();
    assert_eq!(made.of_type("ipam_prefix_list_resolver").len(), 2);
    for (_, target) in made.of_type("ipam_prefix_list_resolver_target") {
        assert_eq!((&target["state"], &target["last_synced_version"]), (&json!(SYNCED), &json!(1)), "waited for");
    }
    assert_eq!(endpoint.things(Kind::Resolver).len(), 2);
    assert_eq!(endpoint.things(Kind::ResolverTarget).len(), 2);
    workspace.destroy();
    nothing_is_left(&endpoint);
}
