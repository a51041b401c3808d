//! Mistakes that a user can make in policies, resolvers and targets: a table from a configuration to the message and
//! its attribute, through real `terraform plan`. AWS is asked only for existing objects.

use super::endpoint::{Call, Endpoint};
use super::resources::of_account;
use super::scene::ACCOUNT;
use crate::harness::Workspace;
use crate::harness::each::each;

/// One mistake.
struct Row {
    mistake: &'static str,
    /// Type of the resource.
    of: &'static str,
    /// The body of the block.
    body: String,
    /// The attribute that Terraform points to; empty for the whole block.
    attribute: &'static str,
    /// Part of the summary.
    summary: &'static str,
    /// Parts of the detail.
    detail: &'static [&'static str],
}

fn policy(mistake: &'static str, rules: &str, summary: &'static str, detail: &'static [&'static str]) -> Row {
    let (of, body) = ("ipam_policy", format!("allocation_rule = [{rules}]"));
    Row { mistake, of, body, attribute: "allocation_rule", summary, detail }
}

fn eip(pools: &str) -> String {
    format!("{{ resource_type = \"eip\", locale = \"us-east-1\", source_ipam_pool_ids = [{pools}] }}")
}

fn policies() -> Vec<Row> {
    vec![
        policy(
            "two rules for one pair",
            &format!("{}, {}", eip("\"ipam-pool-1\""), eip("\"ipam-pool-2\"")),
            "Two rules for the same type and locale",
            &["eip in \"us-east-1\"", "in the order"],
        ),
        policy("a rule without a pool", &eip(""), "A rule without a pool", &["Set a pool"]),
        policy("a pool twice", &eip("\"ipam-pool-1\", \"ipam-pool-1\""), "A pool twice", &["ipam-pool-1"]),
        policy(
            "a resource type that is none",
            &eip("\"ipam-pool-1\"").replace("\"eip\"", "\"NAT\""),
            "Invalid allocation_rule",
            &["\"NAT\" is not a value of AWS IPAM", "such as alb, eip, rds, rnat."],
        ),
        policy("an empty locale", &eip("\"ipam-pool-1\"").replace("us-east-1", ""), "Invalid locale", &["us-east-1"]),
        Row {
            mistake: "a target that is none",
            of: "ipam_policy_enablement",
            body: "ipam_policy_id = \"ipam-policy-1\"\n  organization_target_id = \"engineering\"".to_owned(),
            attribute: "organization_target_id",
            summary: "Invalid organization_target_id",
            detail: &["twelve digits", "ou-..."],
        },
    ]
}

fn resolver(mistake: &'static str, rules: &str, summary: &'static str, detail: &'static [&'static str]) -> Row {
    let body = format!("address_family = \"ipv4\"\n  rule = [{rules}]");
    Row { mistake, of: "ipam_prefix_list_resolver", body, attribute: "rule", summary, detail }
}

/// A rule over the VPCs of a scope with one condition.
fn vpcs(condition: &str) -> String {
    format!(
        "{{ rule_type = \"ipam-resource-cidr\", ipam_scope_id = \"ipam-scope-1\", resource_type = \"vpc\", \
         condition = [{{ {condition} }}] }}"
    )
}

/// A rule over the pools of a scope with one condition.
fn pools(condition: &str) -> String {
    format!("{{ rule_type = \"ipam-pool-cidr\", ipam_scope_id = \"ipam-scope-1\", condition = [{{ {condition} }}] }}")
}

fn rules_of_resolvers() -> Vec<Row> {
    let fixed = |cidr: &str| format!("{{ rule_type = \"static-cidr\", static_cidr = \"{cidr}\" }}");
    let scope = "{ rule_type = \"ipam-resource-cidr\", ipam_scope_id = \"ipam-scope-1\" }";
    let with_scope = "{ rule_type = \"static-cidr\", static_cidr = \"10.0.0.0/8\", ipam_scope_id = \"ipam-scope-1\" }";
    let conditional = "{ rule_type = \"static-cidr\", static_cidr = \"10.0.0.0/8\", condition = [{ operation = \"equals\", \
                       cidr = \"10.0.0.0/8\" }] }";
    let twice = format!("{0}, {0}", fixed("10.0.0.0/8"));
    vec![
        resolver("a type that is none", "{ rule_type = \"Exclude\" }", "Invalid rule", &["ipam-pool-cidr"]),
        resolver(
            "a static rule without CIDR",
            "{ rule_type = \"static-cidr\" }",
            "An incomplete rule",
            &["static_cidr"],
        ),
        resolver("a pool rule without scope", "{ rule_type = \"ipam-pool-cidr\" }", "incomplete", &["ipam_scope_id"]),
        resolver("resources of no type", scope, "An incomplete rule", &["needs resource_type"]),
        resolver("a static rule with a scope", with_scope, "another type of rule", &["has no ipam_scope_id"]),
        resolver("a static rule with conditions", conditional, "Conditions of a static CIDR", &["cannot have"]),
        resolver("a static CIDR of the other family", &fixed("2001:db8::/32"), "Address families are mixed", &["ipv4"]),
        resolver("a static CIDR with host bits", &fixed("10.0.0.1/8"), "Invalid rule", &["10.0.0.0/8"]),
        resolver("a rule twice", &twice, "Duplicate rule", &["Remove one"]),
        resolver(
            "a condition without property",
            &vpcs("operation = \"equals\""),
            "A condition must have one property",
            &["Set one of ipam_pool_id"],
        ),
        resolver(
            "a condition with two properties",
            &vpcs("operation = \"equals\", resource_id = \"vpc-1\", resource_region = \"us-east-1\""),
            "A condition must have one property",
            &["resource_id and resource_region"],
        ),
        resolver(
            "an operation that is none",
            &vpcs("operation = \"is like\", resource_id = \"vpc-1\""),
            "Invalid rule",
            &["equals, not-equals, subnet-of"],
        ),
        resolver(
            "a resource type that is none",
            &vpcs("operation = \"equals\", resource_id = \"vpc-1\"").replace("\"vpc\"", "\"VPN\""),
            "Invalid rule",
            &["vpc, subnet, eip"],
        ),
        resolver(
            "a pool in a condition about resources",
            &vpcs("operation = \"equals\", ipam_pool_id = \"ipam-pool-1\""),
            "A property of another type of rule",
            &["ipam-resource-cidr cannot compare ipam_pool_id"],
        ),
        resolver(
            "a tag in a condition about pools",
            &pools("operation = \"equals\", resource_tag = { key = \"env\", value = \"prod\" }"),
            "A property of another type of rule",
            &["ipam-pool-cidr cannot compare resource_tag"],
        ),
        resolver(
            "a part of what is no CIDR",
            &pools("operation = \"subnet-of\", ipam_pool_id = \"ipam-pool-1\""),
            "subnet-of without a CIDR",
            &["equals or not-equals"],
        ),
        resolver(
            "a condition of the other family",
            &vpcs("operation = \"subnet-of\", cidr = \"2001:db8::/32\""),
            "Address families are mixed",
            &["2001:db8::/32 is ipv6", "rule[0].condition[0].cidr"],
        ),
    ]
}

fn target(
    mistake: &'static str,
    arguments: &str,
    attribute: &'static str,
    summary: &'static str,
    detail: &'static [&'static str],
) -> Row {
    let known = "ipam_prefix_list_resolver_id = \"ipam-pl-resolver-1\"";
    let body = format!("{known}\n  {arguments}");
    Row { mistake, of: "ipam_prefix_list_resolver_target", body, attribute, summary, detail }
}

fn targets() -> Vec<Row> {
    let list = "prefix_list_id = \"pl-1\"\n  prefix_list_region = \"us-east-1\"";
    vec![
        target(
            "to pin and to track",
            &format!("{list}\n  track_latest_version = true\n  desired_version = 1"),
            "desired_version",
            "Conflicting arguments",
            &["Set one"],
        ),
        target("neither to pin nor to track", list, "", "No version given", &["track_latest_version = true"]),
        target(
            "not to track, and no version",
            &format!("{list}\n  track_latest_version = false"),
            "track_latest_version",
            "No version given",
            &["desired_version"],
        ),
        target(
            "version 0",
            &format!("{list}\n  desired_version = 0"),
            "desired_version",
            "Invalid desired_version",
            &["counted from 1"],
        ),
        target(
            "half a version",
            &format!("{list}\n  desired_version = 1.5"),
            "desired_version",
            "Invalid desired_version",
            &["whole number"],
        ),
        target(
            "what is no prefix list",
            "prefix_list_id = \"sg-1\"\n  prefix_list_region = \"us-east-1\"\n  desired_version = 1",
            "prefix_list_id",
            "Invalid prefix_list_id",
            &["begins with pl-"],
        ),
        target(
            "no Region",
            "prefix_list_id = \"pl-1\"\n  prefix_list_region = \" \"\n  desired_version = 1",
            "prefix_list_region",
            "Invalid prefix_list_region",
            &["us-east-1"],
        ),
    ]
}

fn check(row: &Row) {
    let endpoint = Endpoint::start();
    let workspace = Workspace::on(&of_account(&endpoint, ACCOUNT));
    workspace.configure(&format!("resource {:?} \"it\" {{\n  {}\n}}\n", row.of, row.body));
    let run = workspace.plan_messages(&["-refresh=false"]);
    assert!(!run.is_success(), "the plan succeeded:\n{}", run.text());
    let errors: Vec<_> = run.diagnostics().into_iter().filter(|diagnostic| diagnostic.is_error()).collect();
    assert_eq!(errors.len(), 1, "one mistake, one error: {errors:#?}\n{}", run.stderr);
    let error = &errors[0];
    assert!(error.summary.contains(row.summary), "{:?} is not in the summary: {error:#?}", row.summary);
    for part in row.detail {
        assert!(error.detail.contains(part), "{part:?} is not in the detail: {error:#?}");
    }
    assert_eq!(error.attribute.as_deref().unwrap_or_default(), row.attribute, "{error:#?}");
    let wrote = |call: &Call| !call.action.starts_with("Describe") && !call.action.starts_with("Get");
    assert!(!endpoint.calls().iter().any(wrote), "the plan wrote to AWS");
}

#[test]
fn mistakes_in_policies_are_reported_at_plan_on_the_attribute() {
    each(&policies(), |row| row.mistake.to_owned(), check);
}

#[test]
fn mistakes_in_resolvers_are_reported_at_plan_on_the_attribute() {
    each(&rules_of_resolvers(), |row| row.mistake.to_owned(), check);
}

#[test]
fn mistakes_in_targets_are_reported_at_plan_on_the_attribute() {
    each(&targets(), |row| row.mistake.to_owned(), check);
}

/// AWS may have raised these quotas for the account, which the provider cannot know.
#[test]
fn exceeding_a_quota_that_can_be_raised_is_a_warning_of_the_plan() {
    let rule = |n| format!("{{ rule_type = \"static-cidr\", static_cidr = \"10.0.{n}.0/24\" }}");
    let rules = (0..101).map(rule).collect::<Vec<_>>().join(", ");
    let units = "[for n in range(11) : \"o-1/r-1/ou-${n}/\"]";
    for (of, body, attribute, words) in [
        (
            "ipam_prefix_list_resolver",
            format!("address_family = \"ipv4\"\n  rule = [{rules}]"),
            "rule",
            "The configuration has 101 rules of one resolver. AWS allows 100, unless AWS Support has raised this quota \
             for the account.",
        ),
        (
            "ipam_resource_discovery",
            format!("operating_regions = [\"us-east-1\"]\n  organizational_unit_exclusions = {units}"),
            "organizational_unit_exclusions",
            "The configuration has 11 organizational units that one resource discovery leaves out. AWS allows 10, \
             unless",
        ),
    ] {
        let endpoint = Endpoint::start();
        let workspace = Workspace::on(&of_account(&endpoint, ACCOUNT));
        workspace.configure(&format!("resource {of:?} \"it\" {{\n  {body}\n}}\n"));
        let told = workspace.plan_messages(&["-refresh=false"]).succeeds().diagnostics();
        let [warning] = told.as_slice() else { panic!("{of}: {told:#?}") };
        assert!(!warning.is_error() && warning.summary == "More than AWS allows by default", "{warning:#?}");
        assert!(warning.detail.starts_with(words), "{warning:#?}");
        assert_eq!(warning.attribute.as_deref(), Some(attribute), "{warning:#?}");
    }
}
