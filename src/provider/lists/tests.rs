//! List resources over a store in memory: what they list, and that each entry can be imported.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::backend::observation::{DiscoveredCidr, SeenType};
use crate::backend::scout::{Scout, Step};
use crate::ipam::discovery::types::{Sample, Sighting, Survey};
use crate::ipam::{AllocationSpec, Planned, Result, Size};
use crate::provider::testing::{Action, Errors, Process, Workspace, World, assert_only_error, errors, tags, to_json};
use crate::tf::{Diagnostics, Found, ListOptions, Listed, Type, Value, from_json};

const WHOLE: ListOptions = ListOptions { include_object: true, limit: None };

/// The configuration of a list. Arguments that are left out are null.
fn config(process: &Process, type_name: &str, arguments: &Json) -> Value {
    let list = process.provider.list_resource(type_name).unwrap();
    let ty = list.schema().block.value_type();
    let Type::Object(attributes, _) = &ty else { panic!("{ty:?}") };
    for name in arguments.as_object().unwrap().keys() {
        assert!(attributes.contains_key(name), "{type_name} has no {name}");
    }
    from_json(arguments, &ty).unwrap()
}

/// The objects of a list, and its warnings.
fn listed(process: &Process, type_name: &str, arguments: &Json) -> Result<(Vec<Found<Value>>, Errors), Errors> {
    let list = process.provider.list_resource(type_name).unwrap();
    let config = config(process, type_name, arguments);
    let reported = errors(&list.validate(&config));
    if !reported.is_empty() {
        return Err(reported);
    }
    let failed = |diagnostics: Diagnostics| errors(&diagnostics);
    let (mut found, mut warnings) = (Vec::new(), Errors::new());
    for entry in list.list(&config, WHOLE).map_err(failed)? {
        match entry.map_err(failed)? {
            Listed::Found(one) => found.push(one),
            Listed::Warning(some) => warnings.extend(some.iter().map(|one| format!("{}: {}", one.summary, one.detail))),
        }
    }
    Ok((found, warnings))
}

fn objects(workspace: &Workspace<'_>, type_name: &str, arguments: &Json) -> Vec<Found<Value>> {
    let (found, warnings) = listed(&workspace.process(), type_name, arguments).unwrap();
    assert_eq!(warnings, [""; 0]);
    found
}

fn names(workspace: &Workspace<'_>, type_name: &str, arguments: &Json) -> Vec<String> {
    objects(workspace, type_name, arguments).into_iter().map(|one| one.display_name).collect()
}

fn estate() -> Vec<(&'static str, Json)> {
    let eu = json!({"name": "eu", "source_ipam_pool_id": "${ipam_pool.top.id}", "netmask_length": 16, "locale": "eu-west-1"});
    let us = json!({"name": "us", "source_ipam_pool_id": "${ipam_pool.top.id}", "tags": {"env": "prod"}});
    let more = json!({"ipam_pool_id": "${ipam_pool.us.id}", "netmask_length": 20, "name": "more"});
    let web =
        json!({"ipam_pool_id": "${ipam_pool.eu.id}", "name": "web", "netmask_length": 24, "tags": {"env": "prod"}});
    let api = json!({"ipam_pool_id": "${ipam_pool.eu.id}", "name": "api", "netmask_length": 26, "description": "x"});
    let top = json!({"ipam_pool_id": "${ipam_pool.top.id}", "name": "hub", "cidr": "10.255.0.0/24", "disallowed_cidrs": ["10.9.0.0/16"]});
    vec![
        ("ipam_scope.lab", json!({"name": "lab", "description": "x"})),
        ("ipam_pool.top", json!({"name": "top", "cidrs": ["10.0.0.0/8"]})),
        ("ipam_pool.lab", json!({"name": "six", "ipam_scope_id": "${ipam_scope.lab.id}", "cidrs": ["2001:db8::/32"]})),
        ("ipam_pool.eu", eu),
        ("ipam_pool.us", us),
        ("ipam_pool_cidr.more", more),
        ("ipam_allocation.hub", top),
        ("ipam_allocation.web", web),
        ("ipam_allocation.api", api),
    ]
}

fn type_of(address: &str) -> &str {
    address.split_once('.').unwrap().0
}

#[test]
fn a_list_has_every_object_that_can_be_imported_as_an_import_reads_it() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&estate());
    for (address, _) in estate() {
        let id = workspace.get(address, "id");
        let entry = objects(&workspace, type_of(address), &json!({})).into_iter().find(|one| one.id == id).unwrap();
        let imported = workspace.process().resource(address).import(&id).unwrap().0;
        assert_eq!(entry.object.as_ref(), Some(&imported), "{address}");
    }
    for (type_name, count) in [("ipam_scope", 3), ("ipam_pool", 4), ("ipam_pool_cidr", 1), ("ipam_allocation", 3)] {
        assert_eq!(objects(&workspace, type_name, &json!({})).len(), count, "{type_name}");
    }
}

#[test]
fn holds_and_the_space_of_pools_are_in_no_list() {
    let world = World::new();
    let workspace = world.workspace("team/a");
    workspace.plan(&estate()).unwrap();
    assert_eq!(names(&workspace, "ipam_scope", &json!({})), ["default-private", "default-public"]);
    for type_name in ["ipam_pool", "ipam_pool_cidr", "ipam_allocation"] {
        assert_eq!(names(&workspace, type_name, &json!({})), [""; 0]);
    }
}

#[test]
fn each_argument_narrows_its_list() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&estate());
    let id = |address: &str| workspace.get(address, "id");
    let rows = [
        ("ipam_scope", json!({"name_pattern": "l*"}), "lab"),
        ("ipam_scope", json!({"scope_type": "public"}), "default-public"),
        ("ipam_scope", json!({"tags": {"env": "prod"}}), ""),
        ("ipam_pool", json!({"ipam_scope_id": id("ipam_scope.lab")}), "six"),
        ("ipam_pool", json!({"source_ipam_pool_id": id("ipam_pool.top")}), "top/eu top/us"),
        ("ipam_pool", json!({"name_pattern": "?o*"}), "top"),
        ("ipam_pool", json!({"locale": "eu-west-1"}), "top/eu"),
        ("ipam_pool", json!({"address_family": "ipv6"}), "six"),
        ("ipam_pool", json!({"tags": {"env": "prod"}}), "top/us"),
        ("ipam_pool", json!({"contains_cidr": "10.0.1.0/24"}), "top top/eu"),
        ("ipam_pool_cidr", json!({"ipam_pool_id": id("ipam_pool.top")}), ""),
        ("ipam_pool_cidr", json!({"ipam_pool_id": id("ipam_pool.us")}), "10.1.0.0/20 in us"),
        ("ipam_allocation", json!({"ipam_pool_id": id("ipam_pool.top")}), "hub (10.255.0.0/24)"),
        ("ipam_allocation", json!({"name_pattern": "a*"}), "api (10.0.1.0/26)"),
        ("ipam_allocation", json!({"tags": {"env": "prod"}}), "web (10.0.0.0/24)"),
        ("ipam_allocation", json!({"within_cidr": "10.0.1.0/24"}), "api (10.0.1.0/26)"),
        ("ipam_allocation", json!({"containing_cidr": "10.255.0.7/32"}), "hub (10.255.0.0/24)"),
        ("ipam_allocation", json!({"owner": "team/b"}), ""),
        ("ipam_allocation", json!({"resource_type": "vpc"}), ""),
    ];
    for (type_name, arguments, expected) in rows {
        assert_eq!(names(&workspace, type_name, &arguments).join(" "), expected, "{type_name} {arguments}");
    }
}

#[test]
fn wrong_arguments_are_errors_at_the_argument() {
    let world = World::new();
    let workspace = world.workspace("team/a");
    let nowhere = "ipam-pool-00000000000000000";
    let rows = [
        ("ipam_pool", json!({"ipam_scope_id": "ipam-scope-00000000000000000"}), "ipam_scope_id", "There is no scope"),
        ("ipam_pool", json!({"source_ipam_pool_id": nowhere}), "source_ipam_pool_id", "There is no pool"),
        ("ipam_pool", json!({"contains_cidr": "10.0.0.1/8"}), "contains_cidr", "host bits"),
        ("ipam_pool", json!({"address_family": "ipv5"}), "address_family", "ipv6"),
        ("ipam_scope", json!({"scope_type": "secret"}), "scope_type", "private"),
        ("ipam_pool_cidr", json!({"ipam_pool_id": nowhere}), "ipam_pool_id", "There is no pool"),
        ("ipam_pool_cidr", json!({"ipam_pool_id": "top"}), "ipam_pool_id", "is not the id of a pool"),
        ("ipam_allocation", json!({"ipam_pool_id": nowhere}), "ipam_pool_id", "There is no pool"),
        ("ipam_allocation", json!({"within_cidr": "x"}), "within_cidr", "x"),
        ("ipam_allocation", json!({"resource_type": "ipam-pool"}), "resource_type", "list \"ipam_pool\""),
        ("ipam_allocation", json!({"resource_type": "castle"}), "resource_type", "castle"),
        ("ipam_allocation", json!({"discovered": {}, "owner": "a"}), "owner", "arguments of its own"),
        ("ipam_allocation", json!({"discovered": {}, "name_pattern": "a"}), "name_pattern", "arguments of its own"),
        ("ipam_allocation", json!({"discovered": {"max_age": "soon"}}), "discovered.max_age", "is not a duration"),
        (
            "ipam_allocation",
            json!({"discovered": {"resource_type": "Castle"}}),
            "discovered.resource_type",
            "such as vpc",
        ),
        ("ipam_allocation", json!({"discovered": {}}), "", "ipam_resource_discovery"),
    ];
    for (type_name, arguments, path, words) in rows {
        assert_only_error(&listed(&workspace.process(), type_name, &arguments).unwrap_err(), path, &[words]);
    }
}

/// Terraform validates a configuration before its values are known.
#[test]
fn unknown_arguments_are_valid() {
    let workspace_world = World::new();
    let process = workspace_world.workspace("team/a").process();
    for list in &process.provider.list_resources {
        let arguments = list.schema().block.attributes;
        let config = Value::Map(arguments.iter().map(|one| (one.name.to_owned(), Value::Unknown)).collect());
        assert_eq!(list.validate(&config), Diagnostics::new(), "{}", list.type_name());
    }
}

#[test]
fn a_pool_is_read_when_the_client_has_the_entries_of_the_pools_before() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let block = |pool: &str, name: &str| json!({"ipam_pool_id": format!("${{ipam_pool.{pool}.id}}"), "name": name, "netmask_length": 24});
    let mut config = vec![
        ("ipam_pool.a", json!({"name": "a", "cidrs": ["10.0.0.0/16"]})),
        ("ipam_pool.b", json!({"name": "b", "cidrs": ["10.1.0.0/16"]})),
        ("ipam_allocation.a", block("a", "one")),
        ("ipam_allocation.b", block("b", "two")),
    ];
    workspace.apply(&config);
    let process = workspace.process();
    let list = process.provider.list_resource("ipam_allocation").unwrap();
    let mut entries = list.list(&self::config(&process, "ipam_allocation", &json!({})), WHOLE).unwrap();
    let Some(Ok(Listed::Found(first))) = entries.next() else { panic!() };
    config[3] = ("ipam_allocation.b", block("b", "renamed"));
    workspace.apply(&config);
    let Some(Ok(Listed::Found(second))) = entries.next() else { panic!() };
    assert!(first.display_name.starts_with("one ") && second.display_name.starts_with("renamed "), "{second:?}");
    assert!(entries.next().is_none());
}

#[test]
fn a_pool_with_many_allocations_is_listed_page_by_page() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let pool = ("ipam_pool.top", json!({"name": "top", "cidrs": ["10.0.0.0/8"]}));
    workspace.apply(std::slice::from_ref(&pool));
    let id = workspace.get("ipam_pool.top", "id");
    let ipam = world.ipam("team/a", None);
    for number in 0..600_u32 {
        let cidr = format!("10.{}.{}.0/24", number / 256, number % 256).parse().unwrap();
        let spec = AllocationSpec::new(id.clone(), format!("n{number:03}"), Size::Cidr(cidr));
        ipam.create_allocation(&spec, &Planned::Unknown).unwrap();
    }
    let listed = names(&workspace, "ipam_allocation", &json!({}));
    assert_eq!(listed.len(), 600);
    assert!(listed.is_sorted(), "{listed:?}");
    let process = workspace.process();
    let list = process.provider.list_resource("ipam_allocation").unwrap();
    let mut entries = list.list(&config(&process, "ipam_allocation", &json!({})), WHOLE).unwrap();
    assert!(entries.next().is_some());
    // An allocation of a later page is gone by then.
    let last = ipam.find_allocation(&id, "n599").unwrap().unwrap();
    ipam.delete_allocation(&last.meta.id).unwrap();
    assert_eq!(entries.count(), 598);
}

/// A generated configuration, as Terraform writes it to a file.
fn generated(process: &Process, address: &str, object: &Value) -> Json {
    to_json(&process.resource(address).configuration(object).unwrap())
}

#[test]
fn what_is_listed_is_imported_by_the_generated_configuration_without_a_change() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&estate());
    let mut other = world.workspace("team/a");
    let mut config = Vec::new();
    for type_name in ["ipam_scope", "ipam_pool", "ipam_pool_cidr", "ipam_allocation"] {
        for (number, one) in objects(&workspace, type_name, &json!({})).into_iter().enumerate() {
            let address = format!("{type_name}.all_{number}");
            other.import(&address, &one.id).unwrap();
            config.push((address.clone(), generated(&other.process(), &address, &one.object.unwrap())));
        }
    }
    let config: Vec<_> = config.iter().map(|(address, json)| (address.as_str(), json.clone())).collect();
    assert_eq!(config.len(), 11);
    other.assert_settled(&config);
}

/// What every scan sees, in one account and Region.
struct Sees(Vec<DiscoveredCidr>);

impl Scout for Sees {
    fn scan(&self, _: &Survey, found: &mut dyn FnMut(Step) -> Result<()>) -> Result<()> {
        found(Step::Targets(1))?;
        found(Step::Done(Sample {
            account_id: "111122223333".to_owned(),
            region: "eu-west-1".to_owned(),
            taken_at: Timestamp::now(),
            outcome: Ok(Sighting { resources: self.0.clone(), addresses: Vec::new() }),
        }))
    }
}

fn seen(resource_type: SeenType, id: &str, cidr: &str) -> DiscoveredCidr {
    let name = format!("the {id}");
    DiscoveredCidr {
        region: "eu-west-1".to_owned(),
        resource_id: id.to_owned(),
        resource_type,
        owner_id: Some("111122223333".to_owned()),
        cidr: Some(cidr.parse().unwrap()),
        ip_source: None,
        tags: tags(&[("Name", name.as_str()), ("aws:stack", "s")]),
        usage: None,
        vpc_id: Some("vpc-1".to_owned()),
        subnet_id: None,
        attachment: None,
        instance_id: None,
        availability_zone_id: None,
        sampled_at: None,
    }
}

/// A workspace whose store knows these resources.
fn surveyed<'w>(world: &'w World, config: &[(&str, Json)], resources: &[DiscoveredCidr]) -> Workspace<'w> {
    let mut workspace = world.workspace("team/a");
    workspace.apply(config);
    world.scan(Arc::new(Sees(resources.to_vec())));
    workspace
}

fn network() -> Vec<(&'static str, Json)> {
    vec![
        ("ipam_resource_discovery.all", json!({"name": "all", "operating_regions": ["eu-west-1"], "role": []})),
        ("ipam_pool.top", json!({"name": "top", "cidrs": ["10.0.0.0/8"]})),
        (
            "ipam_pool.eu",
            json!({"name": "eu", "source_ipam_pool_id": "${ipam_pool.top.id}", "cidrs": ["10.0.0.0/12"], "locale": "eu-west-1"}),
        ),
    ]
}

#[test]
fn a_discovered_block_is_imported_as_the_allocation_that_covers_it() {
    let world = World::new();
    let resources = [
        seen(SeenType::Vpc, "vpc-1", "10.1.0.0/16"),
        seen(SeenType::Subnet, "subnet-1", "10.1.2.0/24"),
        seen(SeenType::Vpc, "vpc-2", "10.200.0.0/16"),
    ];
    let mut workspace = surveyed(&world, &network(), &resources);
    let (top, eu) = (workspace.get("ipam_pool.top", "id"), workspace.get("ipam_pool.eu", "id"));
    let found = objects(&workspace, "ipam_allocation", &json!({"discovered": {}}));
    let ids: Vec<_> = found.iter().map(|one| (one.id.clone(), one.display_name.as_str())).collect();
    let expected = [
        (format!("10.1.0.0/16_{eu}"), "the vpc-1 (10.1.0.0/16)"),
        (format!("10.200.0.0/16_{top}"), "the vpc-2 (10.200.0.0/16)"),
    ];
    assert_eq!(ids, expected);
    let commits = world.memory.commits();
    let mut config = network();
    let addresses = ["ipam_allocation.vpc_0", "ipam_allocation.vpc_1"];
    for (address, one) in addresses.into_iter().zip(&found) {
        assert!(workspace.process().resource(address).is_candidate_id(&one.id));
        workspace.import(address, &one.id).unwrap();
        assert_eq!(Some(workspace.value(address)), one.object.as_ref(), "the import is what the list shows");
        config.push((address, generated(&workspace.process(), address, one.object.as_ref().unwrap())));
    }
    assert_eq!(world.memory.commits(), commits, "a list and an import write nothing");
    let planned = workspace.plan(&config).unwrap();
    for address in addresses {
        assert_eq!(planned.action(address), Action::Update);
        assert!(planned.get(address, "id").starts_with("ipam-pool-alloc-"), "the plan holds the block");
    }
    // A plan that is made again finds the hold of the one before.
    let again = workspace.plan(&config).unwrap();
    assert_eq!(again.get(addresses[0], "id"), planned.get(addresses[0], "id"));
    workspace.apply_plan(&again).unwrap();
    workspace.assert_settled(&config);
    assert_eq!(workspace.get(addresses[0], "name"), "vpc-1_10.1.0.0/16");
    assert_eq!(workspace.get(addresses[0], "tags"), "{\"Name\":\"the vpc-1\"}");
    assert_eq!(names(&workspace, "ipam_allocation", &json!({"discovered": {}})), [""; 0]);
    // The same import finds the allocation now.
    let mut other = world.workspace("team/a");
    other.import(addresses[0], &found[0].id).unwrap();
    assert_eq!(other.value(addresses[0]), workspace.value(addresses[0]));
    workspace.destroy();
}

#[test]
fn an_import_that_is_not_applied_is_given_up_without_a_trace() {
    let world = World::new();
    let mut workspace = surveyed(&world, &network(), &[seen(SeenType::Vpc, "vpc-1", "10.1.0.0/16")]);
    let found = objects(&workspace, "ipam_allocation", &json!({"discovered": {}})).remove(0);
    workspace.import("ipam_allocation.vpc", &found.id).unwrap();
    let planned = workspace.plan(&network()).unwrap();
    assert_eq!(planned.action("ipam_allocation.vpc"), Action::Delete);
    workspace.apply_plan(&planned).unwrap();
    assert_eq!(names(&workspace, "ipam_allocation", &json!({})), [""; 0]);
    // When the resource is gone, there is nothing to import.
    workspace.import("ipam_allocation.vpc", &found.id).unwrap();
    let state = workspace.value("ipam_allocation.vpc").clone();
    world.scan(Arc::new(Sees(Vec::new())));
    let process = workspace.process();
    assert_eq!(process.resource("ipam_allocation.vpc").read(&state).unwrap().0, Value::Null);
    let reported = process.resource("ipam_allocation.vpc").import(&found.id).unwrap_err();
    assert_only_error(&errors(&reported), "", &["has no allocation"]);
}

#[test]
fn a_discovered_block_that_another_owner_allocates_meanwhile_is_an_error_of_the_plan() {
    let world = World::new();
    let mut workspace = surveyed(&world, &network(), &[seen(SeenType::Vpc, "vpc-1", "10.1.0.0/16")]);
    let found = objects(&workspace, "ipam_allocation", &json!({"discovered": {}})).remove(0);
    workspace.import("ipam_allocation.vpc", &found.id).unwrap();
    let mut config = network();
    config
        .push(("ipam_allocation.vpc", generated(&workspace.process(), "ipam_allocation.vpc", &found.object.unwrap())));
    let eu = workspace.get("ipam_pool.eu", "id");
    let mut other = world.workspace("team/b");
    other.apply(&[("ipam_allocation.mine", json!({"ipam_pool_id": eu, "name": "mine", "cidr": "10.1.0.0/16"}))]);
    // The refresh finds no candidate any longer, so the plan is that of a new allocation.
    assert_only_error(&workspace.plan(&config).unwrap_err(), "cidr", &["10.1.0.0/16", "mine"]);
}

#[test]
fn blocks_that_cannot_be_allocated_are_in_a_warning() {
    let world = World::new();
    let mut config = network();
    config[2].1["allocation_min_netmask_length"] = 20.into();
    config.push((
        "ipam_allocation.web",
        json!({"ipam_pool_id": "${ipam_pool.top.id}", "name": "web", "cidr": "10.130.5.0/24"}),
    ));
    let resources = [
        seen(SeenType::Vpc, "vpc-large", "10.1.0.0/16"),
        seen(SeenType::Vpc, "vpc-around", "10.130.0.0/16"),
        seen(SeenType::Vpc, "vpc-nowhere", "172.16.0.0/16"),
        seen(SeenType::Vpc, "vpc-fine", "10.2.0.0/20"),
        // An allocation covers it.
        seen(SeenType::Subnet, "subnet-web", "10.130.5.128/25"),
    ];
    let workspace = surveyed(&world, &config, &resources);
    let (found, warnings) = listed(&workspace.process(), "ipam_allocation", &json!({"discovered": {}})).unwrap();
    assert_eq!(found.iter().map(|one| one.display_name.as_str()).collect::<Vec<_>>(), ["the vpc-fine (10.2.0.0/20)"]);
    let [warning] = &warnings[..] else { panic!("{warnings:?}") };
    for words in
        ["vpc-large: ", "vpc-around: ", "web", "172.16.0.0/16 of vpc-nowhere: No pool of its scope contains it."]
    {
        assert!(warning.contains(words), "no {words:?} in {warning}");
    }
    assert!(!warning.contains("subnet-web"), "{warning}");
}

#[test]
fn each_argument_narrows_the_list_of_discovered_blocks() {
    let world = World::new();
    let other = DiscoveredCidr {
        vpc_id: None,
        owner_id: Some("444455556666".to_owned()),
        ..seen(SeenType::Other, "office", "10.200.0.0/16")
    };
    let resources =
        [seen(SeenType::Vpc, "vpc-1", "10.1.0.0/16"), seen(SeenType::Subnet, "subnet-1", "10.1.2.0/24"), other];
    let workspace = surveyed(&world, &network(), &resources);
    let (eu, top) = (workspace.get("ipam_pool.eu", "id"), workspace.get("ipam_pool.top", "id"));
    let (vpc, subnet, office) = ("the vpc-1 (10.1.0.0/16)", "the subnet-1 (10.1.2.0/24)", "the office (10.200.0.0/16)");
    let scope = workspace.get("ipam_pool.top", "ipam_scope_id");
    let rows = [
        (json!({"discovered": {}}), vec![vpc, office]),
        (json!({"discovered": {}, "ipam_pool_id": eu}), vec![vpc]),
        (json!({"discovered": {}, "ipam_pool_id": top}), vec![office]),
        (json!({"discovered": {}, "within_cidr": "10.128.0.0/9"}), vec![office]),
        (json!({"discovered": {"ipam_scope_id": scope}}), vec![vpc, office]),
        (json!({"discovered": {"resource_type": "subnet"}}), vec![subnet]),
        (json!({"discovered": {"resource_id": "office"}}), vec![office]),
        (json!({"discovered": {"resource_owner_id": "444455556666"}}), vec![office]),
        (json!({"discovered": {"resource_region": "eu-north-1"}}), vec![]),
        (json!({"discovered": {"vpc_id": "vpc-1"}}), vec![vpc]),
        (json!({"discovered": {"resource_tags": {"Name": "the office"}}}), vec![office]),
    ];
    for (arguments, expected) in rows {
        assert_eq!(names(&workspace, "ipam_allocation", &arguments), expected, "{arguments}");
    }
    let nowhere = json!({"discovered": {}, "ipam_pool_id": "ipam-pool-00000000000000000"});
    let reported = listed(&workspace.process(), "ipam_allocation", &nowhere).unwrap_err();
    assert_only_error(&reported, "ipam_pool_id", &["There is no pool"]);
}

#[test]
fn discovered_blocks_are_for_self_managed_stores() {
    let world = World::with_service();
    let process = world.workspace("team/a").process();
    let reported = listed(&process, "ipam_allocation", &json!({"discovered": {}})).unwrap_err();
    assert_only_error(&reported, "discovered", &["auto_import"]);
}
