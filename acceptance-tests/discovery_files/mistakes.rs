//! Mistakes in the configuration of discoveries: each is reported by the plan, on its attribute.

use crate::harness::Workspace;
use crate::harness::store::Store;

/// The body of `ipam_resource_discovery`, the attribute that the message must point to (an attribute that is not
/// written has no place), and parts of the message.
const OF_DISCOVERY: &[(&str, &str, &[&str])] = &[
    ("", "", &["nothing to scan", "files"]),
    ("operating_regions = []", "operating_regions", &["nothing to scan"]),
    ("operating_regions = [\"Frankfurt\"]", "operating_regions", &["\"Frankfurt\" is not the name of a Region"]),
    ("own_account = true\n  files = [\"x.csv\"]", "", &["A discovery scans accounts in Regions"]),
    ("operating_regions = [\"us-east-1\"]\n  own_account = false", "own_account", &["no `role` block"]),
    (
        "operating_regions = [\"us-east-1\"]\n  role {\n    role_arn = \"discovery\"\n  }",
        "",
        &["is not the ARN of a role", "role[0].role_arn", "arn:aws:iam::111122223333:role/discovery"],
    ),
    (
        "operating_regions = [\"us-east-1\"]\n  role {\n    role_arn = \"arn:aws:iam::111122223333:role/x\"\n  }\n  role {\n    \
         role_arn = \"arn:aws:iam::111122223333:role/x\"\n  }",
        "",
        &["already names this role", "role[1].role_arn"],
    ),
    (
        "operating_regions = [\"us-east-1\"]\n  role {\n    role_arn = \"arn:aws:iam::111122223333:role/x\"\n    external_id = \
         \"x\"\n  }",
        "",
        &["two characters", "role[0].external_id"],
    ),
    (
        "operating_regions = [\"us-east-1\"]\n  resource_types = [\"server\"]",
        "resource_types",
        &["\"server\"", "Use one of vpc"],
    ),
    (
        "operating_regions = [\"us-east-1\"]\n  resource_types = [\"ipv6-pool\"]",
        "resource_types",
        &["Use one of vpc, subnet"],
    ),
    (
        "operating_regions = [\"us-east-1\"]\n  excluded_account_ids = [\"1234\"]",
        "excluded_account_ids",
        &["twelve digits"],
    ),
    ("operating_regions = [\"us-east-1\"]\n  excluded_resource_ids = [\"\"]", "excluded_resource_ids", &["empty"]),
    (
        "files = [\"x.csv\"]\n  unknown_columns = \"keep\"",
        "unknown_columns",
        &["\"keep\" is not one of \"refuse\", \"tags\" and \"ignore\""],
    ),
    (
        "files = [\"x.json\"]\n  file_formats = { \"x.json\" = \"excel\" }",
        "file_formats",
        &["\"excel\" is not one of \"ipam\", \"netbox\""],
    ),
    (
        "files = [\"x.json\"]\n  file_formats = { \"y.json\" = \"aws\" }",
        "file_formats",
        &["\"y.json\" is not one of `files`"],
    ),
    ("files = [\" x.csv\"]", "files", &["white space"]),
    ("name = \"\"\n  files = [\"x.csv\"]", "name", &["empty"]),
    (
        "operating_regions = [\"us-east-1\"]\n  organizational_unit_exclusions = [\"o-1/r-1/ou-1/\"]",
        "organizational_unit_exclusions",
        &["knows the organization", "excluded_account_ids"],
    ),
];

#[test]
fn bad_input_of_a_discovery_is_reported_at_plan_time_on_its_attribute() {
    let workspace = Workspace::new();
    let mut body = String::new();
    for (number, (arguments, _, _)) in OF_DISCOVERY.iter().enumerate() {
        body += &format!("resource \"ipam_resource_discovery\" \"x{number}\" {{\n  {arguments}\n}}\n");
    }
    // A mistake that only a store can find is reported after the mistakes that are wrong on every store.
    let is_late = |attribute: &str| attribute == "organizational_unit_exclusions";
    let last = body.rfind("resource ").unwrap();
    for (text, late) in [(&body[..last], false), (&body[last..], true)] {
        workspace.configure(text);
        let told = workspace.plan_messages(&[]).fails().diagnostics();
        for (number, (arguments, attribute, says)) in OF_DISCOVERY.iter().enumerate() {
            if is_late(attribute) != late {
                continue;
            }
            let address = format!("ipam_resource_discovery.x{number}");
            let of_it: Vec<_> = told.iter().filter(|one| one.address.as_ref() == Some(&address)).collect();
            let [only] = of_it.as_slice() else { panic!("{address} {arguments}: {told:?}") };
            assert_eq!(only.attribute.as_deref().unwrap_or_default(), *attribute, "{arguments}: {only:?}");
            for part in *says {
                assert!(only.detail.contains(part), "{part:?}: {only:?}");
            }
        }
    }
}

#[test]
fn bad_arguments_of_data_sources_are_reported_at_their_place() {
    let workspace = Workspace::on(&Store::sqlite());
    let sources = ["discovered_accounts", "discovered_resource_cidrs", "discovered_public_addresses", "resource_cidrs"];
    let body: String =
        sources.iter().map(|name| format!("data \"ipam_{name}\" \"x\" {{\n  max_age = \"soon\"\n}}\n")).collect();
    workspace.configure(&body);
    let told = workspace.plan_messages(&[]).fails().diagnostics();
    assert_eq!(told.len(), sources.len(), "{told:?}");
    for one in told {
        assert_eq!(one.attribute.as_deref(), Some("max_age"), "{one:?}");
        assert!(one.detail.contains("is not a duration"), "{one:?}");
    }
}

#[test]
fn a_pool_that_imports_needs_a_locale() {
    let workspace = Workspace::new();
    workspace.configure(
        "resource \"ipam_pool\" \"x\" {\n  name = \"x\"\n  cidrs = [\"10.0.0.0/8\"]\n  auto_import = true\n}\n",
    );
    let told = workspace.plan_messages(&[]).fails().diagnostics();
    let [only] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(only.attribute.as_deref(), Some("auto_import"), "{only:?}");
    assert!(only.detail.contains("locale"), "{only:?}");
}
