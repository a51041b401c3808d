//! Rules of Terraform that every resource must follow.

use super::*;
use crate::provider::testing::{Action, UNKNOWN, Workspace, World, config_of};
use crate::tf::{ApplyRequest, Private, Value};

/// The source of the id of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Id {
    /// A hold: the plan shows the id.
    Held,
    /// The service assigns an id to each object.
    Assigned,
    /// The id consists of arguments, so that two objects with the same arguments are one.
    Arguments,
}

/// A resource for a test: the resources that must exist first, its arguments, and other arguments for a change in place.
pub(super) struct Case {
    pub(super) address: &'static str,
    before: Vec<(&'static str, Json)>,
    arguments: Json,
    changed: Json,
    id: Id,
}

/// Nested blocks.
const BLOCKS: [&str; 2] = ["timeouts", "role"];

/// Arguments that only control the provider, or that no backend tells.
const UNTOLD: [&str; 2] = ["cascade", "asn_authorization_context"];

impl Case {
    pub(super) fn world(&self) -> World {
        // Every store keeps discoveries.
        let is_local = self.id == Id::Held || self.address.starts_with("ipam_resource_discovery.");
        if is_local { World::new() } else { World::with_service() }
    }

    pub(super) fn config(&self) -> Vec<(&'static str, Json)> {
        self.before.iter().cloned().chain([(self.address, self.arguments.clone())]).collect()
    }

    fn changed(&self) -> Vec<(&'static str, Json)> {
        self.before.iter().cloned().chain([(self.address, self.changed.clone())]).collect()
    }
}

/// Cases of every resource.
fn cases() -> Vec<Case> {
    let mut all = held_cases();
    all.extend(assigned_cases());
    all
}

/// Cases of the nouns that only some backends have.
fn assigned_cases() -> Vec<Case> {
    let minute = json!({"timeouts": {"create": "1m", "update": "90s", "delete": "60s"}});
    let case = |id, address, before: &[(&'static str, Json)], arguments: Json, more: Json| {
        let changed = with(&arguments, &more);
        Case { address, before: before.to_vec(), arguments, changed, id }
    };
    let net = ("ipam_ipam.net", json!({"operating_regions": ["eu-west-1"]}));
    let policies = [("ipam_policy.one", json!({"name": "one"})), ("ipam_policy.two", json!({"name": "two"}))];
    let resolver = ("ipam_prefix_list_resolver.all", json!({"address_family": "ipv4"}));
    let named = json!({"name": "b", "tags": {"a": "b"}});
    let signed = json!({"message": "1|aws|111122223333|64496|20300101|SHA256|RSAPSS", "signature": "c2lnbmVk"});
    let vpc = json!({"resource_id": "vpc-1", "resource_cidr": "10.0.0.0/16", "resource_region": "eu-west-1"});
    vec![
        case(
            Id::Assigned,
            "ipam_ipam.net",
            &[],
            json!({"name": "net", "operating_regions": ["eu-west-1"], "cascade": true}),
            json!({"operating_regions": ["eu-west-1", "eu-north-1"], "description": "x", "tier": "free"}),
        ),
        case(Id::Assigned, "ipam_policy.one", &[], json!({"name": "one"}), named.clone()),
        case(
            Id::Arguments,
            "ipam_policy_enablement.own",
            &policies,
            json!({"ipam_policy_id": "${ipam_policy.one.id}"}),
            json!({"ipam_policy_id": "${ipam_policy.two.id}"}),
        ),
        case(
            Id::Assigned,
            "ipam_prefix_list_resolver.all",
            &[],
            json!({"address_family": "ipv6", "name": "a", "description": "x"}),
            with(&named, &json!({"description": "y"})),
        ),
        case(
            Id::Assigned,
            "ipam_prefix_list_resolver_target.eu",
            &[resolver],
            json!({
                "ipam_prefix_list_resolver_id": "${ipam_prefix_list_resolver.all.id}",
                "prefix_list_id": "pl-1",
                "prefix_list_region": "eu-west-1",
                "desired_version": 1,
            }),
            named.clone(),
        ),
        case(
            Id::Assigned,
            "ipam_resource_discovery_association.own",
            std::slice::from_ref(&net),
            json!({
                "ipam_id": "${ipam_ipam.net.id}",
                "ipam_resource_discovery_id": "ipam-res-disco-1",
            }),
            json!({"tags": {"a": "b"}}),
        ),
        case(
            Id::Assigned,
            "ipam_resource_discovery.own",
            &[],
            // Terraform gives a list for repeated blocks, also without any.
            json!({"name": "own", "operating_regions": ["eu-west-1"], "role": []}),
            with(&named, &json!({"operating_regions": ["eu-north-1"]})),
        ),
        case(
            Id::Arguments,
            "ipam_organization_admin_account.own",
            &[],
            json!({"delegated_admin_account_id": "444455556666"}),
            minute.clone(),
        ),
        case(Id::Arguments, "ipam_resource_cidr.vpc", &[], vpc, json!({"monitored": false})),
        case(
            Id::Arguments,
            "ipam_byoasn.own",
            std::slice::from_ref(&net),
            json!({"ipam_id": "${ipam_ipam.net.id}", "asn": "64496", "asn_authorization_context": signed}),
            minute.clone(),
        ),
        case(
            Id::Arguments,
            "ipam_byoasn_association.own",
            &[],
            json!({"asn": "64496", "cidr": "192.0.2.0/24"}),
            minute,
        ),
        case(
            Id::Arguments,
            "ipam_byoip_cidr.own",
            &[],
            json!({"cidr": "192.0.2.0/24", "ipam_pool_id": "ipam-pool-1"}),
            json!({"advertise": true}),
        ),
        case(
            Id::Assigned,
            "ipam_external_resource_verification_token.own",
            &[net],
            json!({"ipam_id": "${ipam_ipam.net.id}", "name": "a"}),
            named,
        ),
    ]
}

/// Cases of the nouns that plans can hold.
pub(super) fn held_cases() -> Vec<Case> {
    let case = |address, before: &[(&'static str, Json)], arguments: Json, changed: Json| Case {
        address,
        before: before.to_vec(),
        arguments,
        changed,
        id: Id::Held,
    };
    let below = json!({"name": "eu", "source_ipam_pool_id": "${ipam_pool.top.id}"});
    let block = json!({"ipam_pool_id": "${ipam_pool.top.id}", "name": "web"});
    let more = json!({"ipam_pool_id": "${ipam_pool.eu.id}", "cidr": "10.200.0.0/16"});
    let set = json!({
        "ipam_pool_id": "${ipam_pool.top.id}",
        "name": "vpc",
        "members": {"web": {"netmask_length": 24}, "db": {"netmask_length": 26}},
    });
    let other_members = json!({
        "name": "net",
        "description": "x",
        "tags": {"a": "b"},
        "members": {"web": {"netmask_length": 23}, "app": {"cidr": "10.1.0.0/24"}, "db": {"netmask_length": 26}},
    });
    let empty = ("ipam_pool.eu", below.clone());
    let minute = json!({"timeouts": {"create": "1m", "update": "90s", "delete": "60s"}});
    vec![
        case(
            "ipam_scope.lab",
            &[],
            json!({"name": "lab"}),
            json!({"name": "b", "description": "x", "tags": {"a": "b"}}),
        ),
        case(
            "ipam_scope.lab",
            &[],
            json!({"name": "lab", "scope_type": "public"}),
            with(&json!({"name": "lab", "scope_type": "public"}), &minute),
        ),
        case("ipam_pool.top", &[], top().1, json!({"name": "b", "cidrs": ["10.0.0.0/8", "192.168.0.0/16"]})),
        case(
            "ipam_pool.top",
            &[],
            json!({"name": "six", "cidrs": ["::/0"]}),
            json!({"name": "six", "cidrs": ["::/1"]}),
        ),
        case(
            "ipam_pool.top",
            &[],
            json!({"name": "none", "address_family": "ipv6", "locale": "here", "cascade": true}),
            json!({"name": "none", "address_family": "ipv6", "locale": "here", "cidrs": ["2001:DB8::/32"]}),
        ),
        case(
            "ipam_pool.eu",
            &[top()],
            with(&below, &json!({"netmask_length": 16, "allocation_min_netmask_length": 20})),
            with(&below, &json!({"netmask_length": 15, "allocation_strategy": "sparse", "locale": null})),
        ),
        case("ipam_pool.eu", &[top()], below.clone(), with(&below, &json!({"netmask_length": 12}))),
        case("ipam_pool_cidr.more", &[top(), empty.clone()], more.clone(), with(&more, &minute)),
        case(
            "ipam_pool_cidr.more",
            &[top(), empty],
            json!({"ipam_pool_id": "${ipam_pool.eu.id}", "netmask_length": 20, "name": "more"}),
            with(&json!({"ipam_pool_id": "${ipam_pool.eu.id}", "netmask_length": 20, "name": "more"}), &minute),
        ),
        case(
            "ipam_allocation.web",
            &[top()],
            with(&block, &json!({"netmask_length": 24})),
            with(&block, &json!({"netmask_length": 23, "description": "x", "name": "wide"})),
        ),
        case(
            "ipam_allocation.web",
            &[top()],
            with(&block, &json!({"cidr": "10.1.0.0/32", "tags": {"a": "b"}})),
            with(&block, &json!({"cidr": "10.1.0.0/31", "tags": {}})),
        ),
        case(
            "ipam_address_set.hosts",
            &[top(), web(&json!({"cidr": "10.0.0.0/24"}))],
            json!({
                "ipv4_allocation_id": "${ipam_allocation.web.id}", "name": "hosts", "members": {"gateway": {}, "app": {}},
            }),
            json!({
                "ipv4_allocation_id": "${ipam_allocation.web.id}", "name": "others", "domain": "example.org",
                "members": {"app": {}, "db": {}},
            }),
        ),
        case(
            "ipam_dual_stack_allocation.web",
            &[top(), ("ipam_pool.six", json!({"name": "six", "cidrs": ["fd80:db8::/48"]}))],
            json!({
                "name": "web", "description": "x",
                "ipv4": {"ipam_pool_id": "${ipam_pool.top.id}", "netmask_length": 24},
                "ipv6": {"ipam_pool_id": "${ipam_pool.six.id}", "netmask_length": 64},
            }),
            json!({
                "name": "site", "tags": {"a": "b"},
                "ipv4": {"ipam_pool_id": "${ipam_pool.top.id}", "netmask_length": 23},
                "ipv6": {"ipam_pool_id": "${ipam_pool.six.id}", "cidr": "fd80:db8::/63"},
            }),
        ),
        case("ipam_allocation_set.vpc", &[top()], set.clone(), with(&set, &other_members)),
        case(
            "ipam_allocation.web",
            &[("ipam_pool.top", json!({"name": "six", "cidrs": ["::/0"], "allocation_default_netmask_length": 64}))],
            with(&block, &json!({"disallowed_cidrs": ["::/64"]})),
            with(&block, &json!({"disallowed_cidrs": ["ffff::/64"]})),
        ),
    ]
}

/// The simulation checks every step against the rules of Terraform: known values survive the second plan and apply,
/// nothing is unknown after apply, a refresh changes nothing, and the next plan is empty.
#[test]
fn every_resource_follows_the_rules_of_terraform() {
    for case in cases() {
        let world = case.world();
        let mut workspace = world.workspace("team/a");
        let planned = workspace.plan(&case.config()).unwrap();
        let is_known = planned.step(case.address).planned.is_wholly_known();
        assert_eq!(is_known, case.id == Id::Held, "{:#?}", planned.step(case.address));
        workspace.apply_plan(&planned).unwrap();
        workspace.assert_settled(&case.config());
        let id = workspace.get(case.address, "id");
        let planned = workspace.apply(&case.changed());
        assert_eq!(planned.action(case.address), Action::Update, "{} {}", case.address, case.changed);
        if case.id != Id::Arguments {
            assert_eq!(workspace.get(case.address, "id"), id);
        }
        workspace.apply(&case.config());
        workspace.destroy();
    }
}

#[test]
fn a_second_plan_shows_the_same_in_any_process() {
    for case in cases() {
        let world = case.world();
        let workspace = world.workspace("team/a");
        let first = workspace.plan(&case.config()).unwrap();
        let commits = world.memory.commits();
        let second = workspace.plan(&case.config()).unwrap();
        assert_eq!(first.step(case.address).planned, second.step(case.address).planned);
        assert_eq!(world.memory.commits(), commits, "{}: a plan that finds its holds writes nothing", case.address);
    }
}

#[test]
fn every_resource_can_be_replaced_in_both_orders() {
    for (create_before_destroy, hides_walk) in [(false, false), (true, false), (false, true), (true, true)] {
        for case in cases() {
            if create_before_destroy && case.id == Id::Arguments {
                // The new object would be the old one.
                continue;
            }
            let world = case.world();
            let mut workspace = world.workspace("team/a");
            workspace.create_before_destroy = create_before_destroy;
            workspace.hides_walk = hides_walk;
            workspace.apply(&case.config());
            let before = workspace.get(case.address, "id");
            workspace.tainted.insert(case.address.to_owned());
            let planned = workspace.plan(&case.config()).unwrap();
            assert_eq!(planned.action(case.address), Action::Replace);
            let after = planned.get(case.address, "id");
            assert_ne!(after, before);
            workspace.apply_plan(&planned).unwrap();
            let made = workspace.get(case.address, "id");
            assert!(made == after || case.id != Id::Held && after == UNKNOWN, "{made} {after}");
            workspace.assert_settled(&case.config());
            world.assert_sound();
        }
    }
}

#[test]
fn an_import_reads_the_values_that_create_returned() {
    for case in cases() {
        let world = case.world();
        let mut workspace = world.workspace("team/a");
        workspace.apply(&case.config());
        let made = workspace.value(case.address).clone();
        let id = workspace.get(case.address, "id");
        workspace.state.remove(case.address);
        workspace.import(case.address, &id).unwrap();
        let config = workspace.process();
        for attribute in config.resource(case.address).schema().block.attributes {
            let (was, is) = (made.entry(attribute.name), workspace.value(case.address).entry(attribute.name));
            let is_untold = UNTOLD.contains(&attribute.name);
            // A pool CIDR whose name is its own block has no name in the state.
            assert!(is_untold || was == is, "{}.{}: {was:?} {is:?}", case.address, attribute.name);
        }
        let planned = workspace.plan(&case.config()).unwrap();
        let has_untold = UNTOLD.iter().any(|name| case.arguments.get(*name).is_some());
        let expected = if has_untold { Action::Update } else { Action::NoOp };
        assert_eq!(planned.action(case.address), expected, "{:#?}", planned.step(case.address));
    }
}

/// Terraform generates configuration for an import without one, and for what a list found.
#[test]
fn a_generated_configuration_is_valid_and_changes_nothing() {
    for case in cases() {
        let world = case.world();
        let mut workspace = world.workspace("team/a");
        workspace.apply(&case.config());
        let id = workspace.get(case.address, "id");
        let created = workspace.state[case.address].clone();
        workspace.import(case.address, &id).unwrap();
        let imported = workspace.state[case.address].clone();
        for state in [created, imported] {
            workspace.state.insert(case.address.to_owned(), state);
            assert_generated(&case, &workspace);
        }
    }
}

fn assert_generated(case: &Case, workspace: &Workspace<'_>) {
    let process = workspace.process();
    let resource = process.resource(case.address);
    let config = resource.configuration(workspace.value(case.address)).unwrap();
    for attribute in resource.schema().block.attributes {
        let value = config.entry(attribute.name);
        let is_left_out = attribute.is_computed_only() || attribute.deprecated.is_some();
        assert!(!is_left_out || value.is_null(), "{}.{} = {value}", case.address, attribute.name);
        assert!(attribute.default.as_ref() != Some(value), "{}.{} = {value}", case.address, attribute.name);
    }
    assert_eq!(*config.entry("timeouts"), Value::Null);
    assert!(config.entry("cidr").is_null() || config.entry("netmask_length").is_null(), "{config}");
    let mut all = case.before.clone();
    all.push((case.address, crate::provider::testing::to_json(&config)));
    if case.address.starts_with("ipam_byoasn.") && config.entry("asn_authorization_context").is_null() {
        // No backend tells the signed message of an imported object, so the user has to add it.
        let reported = workspace.plan(&all).unwrap_err();
        assert!(reported.len() == 1 && reported[0].contains("asn_authorization_context"), "{reported:?}");
        return;
    }
    let planned = workspace.plan(&all).unwrap();
    assert_eq!(planned.action(case.address), Action::NoOp, "{config}: {:#?}", planned.step(case.address));
}

#[test]
fn without_an_object_a_generated_configuration_has_no_values() {
    let provider = crate::provider::provider();
    for resource in &provider.resources {
        let Value::Map(config) = resource.configuration(&Value::Null).unwrap() else { panic!() };
        let is_empty = |value: &Value| value.is_null() || *value == Value::List(Vec::new());
        assert!(config.values().all(is_empty), "{}: {config:?}", resource.type_name());
        assert_eq!(config.len(), resource.schema().block.attributes.len() + resource.schema().block.blocks.len());
    }
}

/// Setting arguments that only control the provider, as after an import, changes the state and not the store.
#[test]
fn timeouts_and_cascade_never_touch_the_store() {
    for case in cases() {
        let world = case.world();
        let mut workspace = world.workspace("team/a");
        workspace.apply(&case.config());
        let events = world.ipam("auditor", None).history().unwrap().events(0, 1000).unwrap();
        let commits = world.memory.commits();
        let mut config = case.config();
        let cascade = if case.address.starts_with("ipam_pool.") { json!({"cascade": true}) } else { json!({}) };
        let last = config.last_mut().unwrap();
        last.1 = with(&with(&last.1, &json!({"timeouts": {"delete": "10m"}})), &cascade);
        let planned = workspace.apply(&config);
        assert_eq!(planned.action(case.address), Action::Update);
        assert_eq!(world.ipam("auditor", None).history().unwrap().events(0, 1000).unwrap(), events, "{}", case.address);
        assert_eq!(world.memory.commits(), commits, "{}", case.address);
    }
}

#[test]
fn an_object_that_was_deleted_outside_terraform_is_created_again() {
    for case in cases() {
        let world = case.world();
        let mut workspace = world.workspace("team/a");
        workspace.apply(&case.config());
        let mut elsewhere = workspace.clone();
        elsewhere.apply(&case.before);
        let process = workspace.process();
        let state = workspace.value(case.address).clone();
        assert_eq!(process.resource(case.address).read(&state).unwrap().0, Value::Null, "{}", case.address);
        for _ in 0..2 {
            let request = ApplyRequest {
                prior: state.clone(),
                planned: Value::Null,
                config: Value::Null,
                private: Private::new(),
                stop: crate::tf::Stop::default(),
            };
            let answer = process.resource(case.address).apply(request);
            assert!(answer.diagnostics.is_empty() && answer.state.is_null(), "{answer:?}");
        }
        let planned = workspace.plan(&case.config()).unwrap();
        assert_eq!(planned.action(case.address), Action::Create);
        workspace.apply(&case.config());
    }
}

/// For any unknown argument, the plan has no errors, and the values that depend on the argument are unknown.
#[test]
fn unknown_arguments_plan_unknown_values() {
    for case in cases() {
        let world = case.world();
        let mut workspace = world.workspace("team/a");
        workspace.apply(&case.before);
        let names: Vec<String> = case.arguments.as_object().unwrap().keys().cloned().collect();
        for name in names.iter().filter(|name| !BLOCKS.contains(&name.as_str())) {
            let arguments = with(&case.arguments, &json!({name: UNKNOWN}));
            let mut config = case.before.clone();
            config.push((case.address, arguments));
            let planned = workspace.plan(&config).unwrap_or_else(|errors| panic!("{name}: {errors:#?}"));
            assert_eq!(planned.get(case.address, name), UNKNOWN, "{}", case.address);
            // Neither argument influences the place of the object.
            if name != "cascade" && name != "tags" {
                assert_eq!(planned.get(case.address, "id"), UNKNOWN, "{}.{name}", case.address);
            }
        }
        world.assert_sound();
    }
}

/// An unknown argument of an existing object: Terraform plans again in apply, and values that the first plan showed as
/// known must be the same in the second plan.
#[test]
fn arguments_that_become_known_in_apply_keep_the_plan() {
    for case in cases() {
        for name in case.changed.as_object().unwrap().keys().filter(|name| !BLOCKS.contains(&name.as_str())) {
            let world = case.world();
            let mut workspace = world.workspace("team/a");
            workspace.apply(&case.config());
            let value = &case.changed[name];
            let late = with(&case.changed, &json!({name: UNKNOWN}));
            let resource = workspace.process();
            if value.is_null() || resource.resource(case.address).schema().block.attribute(name).unwrap().replace {
                continue;
            }
            let mut config = case.before.clone();
            config.push((case.address, late));
            let mut planned = workspace.plan(&config).unwrap_or_else(|errors| panic!("{name}: {errors:#?}"));
            if planned.action(case.address) == Action::Replace && case.id != Id::Held {
                // An unknown policy may be one that replaces the old one, so its enablement is replaced.
                continue;
            }
            planned.become_known(case.address, &case.changed);
            workspace.apply_plan(&planned).unwrap_or_else(|errors| panic!("{} {name}: {errors:#?}", case.address));
            workspace.assert_settled(&case.changed());
        }
    }
}

#[test]
fn computed_attributes_cannot_be_set() {
    let world = World::new();
    let process = world.workspace("team/a").process();
    for resource in &process.provider.resources {
        for attribute in resource.schema().block.attributes.iter().filter(|attribute| attribute.is_computed_only()) {
            let config = config_of(resource.as_ref(), &json!({attribute.name: UNKNOWN}), &[].into());
            let reported = crate::provider::testing::errors(&resource.validate(&config));
            let at = format!("{}: ", attribute.name);
            assert!(
                reported.iter().any(|reported| reported.starts_with(&at) && reported.contains("cannot be set")),
                "{reported:#?}"
            );
        }
    }
}

#[test]
fn a_configuration_of_unknown_values_is_valid() {
    let world = World::new();
    let process = world.workspace("team/a").process();
    for resource in &process.provider.resources {
        let attributes = resource.schema().block.attributes;
        let arguments = attributes.iter().filter(|attribute| !attribute.is_computed_only());
        let json: Json = arguments.map(|attribute| (attribute.name.to_owned(), json!(UNKNOWN))).collect();
        let config = config_of(resource.as_ref(), &json, &[].into());
        assert!(resource.validate(&config).is_empty(), "{}: {:?}", resource.type_name(), resource.validate(&config));
    }
}

#[test]
fn the_rules_are_tested_with_every_resource() {
    let tested: std::collections::BTreeSet<&str> =
        cases().iter().map(|case| case.address.split_once('.').unwrap().0).collect();
    let process = World::new().workspace("team/a").process();
    let all: std::collections::BTreeSet<&str> =
        process.provider.resources.iter().map(|resource| resource.type_name()).collect();
    assert_eq!(tested, all);
}
