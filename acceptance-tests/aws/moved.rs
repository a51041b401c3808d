//! `moved` blocks from hashicorp/aws: the provider takes over objects that the AWS provider made.

use serde_json::{Value, json};

use super::endpoint::Kind;
use super::resources::of_account;
use super::scene::{ACCOUNT, HOME, Scene, text};
use crate::harness::Workspace;
use crate::harness::client::Feature;

const HASHICORP: &str = "registry.terraform.io/hashicorp/aws";

/// An instance of a state file as hashicorp/aws wrote it.
fn instance(type_name: &str, name: &str, attributes: Value) -> Value {
    json!({
        "mode": "managed",
        "type": type_name,
        "name": name,
        "provider": format!("provider[\"{HASHICORP}\"]"),
        "instances": [{"schema_version": 0, "attributes": attributes, "sensitive_attributes": [], "private": "bnVsbA=="}],
    })
}

/// Makes `resources` the whole state of the workspace.
fn write_state(workspace: &Workspace, resources: Vec<Value>) {
    let state = json!({
        "version": 4,
        "terraform_version": "1.8.0",
        "serial": 7,
        "lineage": "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        "outputs": {},
        "resources": resources,
        "check_results": null,
    });
    workspace.write("terraform.tfstate", &state.to_string());
}

/// Makes this provider answer as hashicorp/aws. Terraform needs every provider that the state names, but calls the old
/// one only for its schema.
fn with_the_old_provider(workspace: &Workspace) {
    workspace.needs(Feature::MovedFromAnotherType);
    let provider = std::path::Path::new(crate::harness::PROVIDER);
    let directory = workspace.path().join("old");
    std::fs::create_dir_all(&directory).unwrap();
    // A link, not a copy: a program that this process has written may still be open in a child of another thread, and
    // could not be started then.
    std::os::unix::fs::symlink(provider, directory.join("terraform-provider-aws")).unwrap();
    let rc = workspace.read("cli.tfrc");
    let with = format!("dev_overrides {{\n    \"hashicorp/aws\" = {:?}\n", directory.display().to_string());
    workspace.write("cli.tfrc", &rc.replace("dev_overrides {\n", &with));
}

/// The objects that hashicorp/aws made of a configuration with one of each kind, and its state.
struct Old {
    scene: Scene,
    ids: Value,
    state: Vec<Value>,
}

fn tag(name: &str, more: &[(&str, &str)]) -> Value {
    let pairs = [("Name", name)].into_iter().chain(more.iter().copied());
    pairs.map(|(key, value)| json!({"Key": key, "Value": value})).collect()
}

fn specification(kind: &str, tags: Value) -> Value {
    json!([{"ResourceType": kind, "Tags": tags}])
}

/// Makes everything as the old provider does: without tags of this provider, with the `netmask_length` of a pool CIDR
/// and an allocation.
fn old() -> Old {
    let scene = Scene::new();
    let call = |action: &str, arguments: Value| scene.home.call(action, arguments);
    let ipam = text(&scene.ipam["IpamId"]);
    let tags = json!([{"Key": "Name", "Value": "main"}, {"Key": "team", "Value": "net"}]);
    call("create_tags", json!({"Resources": [ipam], "Tags": tags}));
    let lab = json!({"IpamId": ipam, "Description": "benches"});
    let lab = text(&call("create_ipam_scope", lab)["IpamScope"]["IpamScopeId"]);
    let top = json!({
        "IpamScopeId": lab, "AddressFamily": "ipv4", "Description": "all of it",
        "TagSpecifications": specification("ipam-pool", tag("top", &[("env", "prod")])),
    });
    let top = text(&call("create_ipam_pool", top)["IpamPool"]["IpamPoolId"]);
    let top_cidr = text(&scene.provision(&top, "10.0.0.0/8")["IpamPoolCidrId"]);
    let leaf = json!({
        "IpamScopeId": lab, "AddressFamily": "ipv4", "SourceIpamPoolId": top, "Locale": HOME,
        "AllocationDefaultNetmaskLength": 24,
    });
    let leaf = text(&call("create_ipam_pool", leaf)["IpamPool"]["IpamPoolId"]);
    let sized =
        call("provision_ipam_pool_cidr", json!({"IpamPoolId": leaf, "NetmaskLength": 16}))["IpamPoolCidr"].clone();
    let found = call("get_ipam_pool_cidrs", json!({"IpamPoolId": leaf}))["IpamPoolCidrs"][0].clone();
    let (sized_id, sized_cidr) = (text(&sized["IpamPoolCidrId"]), text(&found["Cidr"]));
    let web = scene.allocate(&leaf, 26);
    let fixed = json!({
        "IpamPoolId": leaf, "Cidr": "10.0.99.0/24", "Description": "an old one",
        "TagSpecifications": specification("ipam-pool-allocation", tag("fixed", &[])),
    });
    let fixed = call("allocate_ipam_pool_cidr", fixed)["IpamPoolAllocation"].clone();
    let (web_id, fixed_id) = (text(&web["IpamPoolAllocationId"]), text(&fixed["IpamPoolAllocationId"]));
    let no_tags = json!({});
    let state = vec![
        instance(
            "aws_vpc_ipam",
            "main",
            json!({
                "id": ipam, "arn": scene.ipam["IpamArn"], "description": "", "cascade": true, "enable_private_gua": false,
                "operating_regions": [{"region_name": HOME}, {"region_name": "eu-west-1"}], "tier": "advanced",
                "private_default_scope_id": scene.scope, "scope_count": 2, "region": HOME,
                "tags": {"Name": "main", "team": "net"}, "tags_all": {"Name": "main", "team": "net"},
                "timeouts": {"create": null, "delete": null, "update": null},
            }),
        ),
        instance(
            "aws_vpc_ipam_scope",
            "lab",
            json!({
                "id": lab, "ipam_id": ipam, "description": "benches", "ipam_scope_type": "private", "is_default": false,
                "pool_count": 0, "tags": no_tags, "tags_all": no_tags, "timeouts": null,
            }),
        ),
        instance(
            "aws_vpc_ipam_pool",
            "top",
            json!({
                "id": top, "ipam_scope_id": lab, "address_family": "ipv4", "locale": "None", "source_ipam_pool_id": "",
                "description": "all of it", "allocation_default_netmask_length": 0, "allocation_resource_tags": null,
                "auto_import": false, "cascade": null, "source_resource": [], "pool_depth": 1, "state": "create-complete",
                "tags": {"Name": "top", "env": "prod"}, "tags_all": {"Name": "top", "env": "prod"},
                "timeouts": {"create": "30m", "delete": null, "update": null},
            }),
        ),
        instance(
            "aws_vpc_ipam_pool",
            "leaf",
            json!({
                "id": leaf, "ipam_scope_id": lab, "address_family": "ipv4", "locale": HOME, "source_ipam_pool_id": top,
                "description": "", "allocation_default_netmask_length": 24, "tags": null, "tags_all": no_tags,
            }),
        ),
        instance(
            "aws_vpc_ipam_pool_cidr",
            "top",
            json!({
                "id": format!("10.0.0.0/8_{top}"), "cidr": "10.0.0.0/8", "cidr_authorization_context": [],
                "ipam_pool_id": top, "ipam_pool_cidr_id": top_cidr, "netmask_length": null, "timeouts": null,
            }),
        ),
        instance(
            "aws_vpc_ipam_pool_cidr",
            "sized",
            json!({
                "id": format!("{sized_cidr}_{leaf}"), "cidr": sized_cidr, "cidr_authorization_context": [],
                "ipam_pool_id": leaf, "netmask_length": 16, "timeouts": null,
            }),
        ),
        instance(
            "aws_vpc_ipam_pool_cidr_allocation",
            "web",
            json!({
                "id": format!("{web_id}_{leaf}"), "cidr": web["Cidr"], "description": "",
                "disallowed_cidrs": ["10.0.200.0/24"], "ipam_pool_allocation_id": web_id, "ipam_pool_id": leaf,
                "netmask_length": 26, "resource_id": "", "resource_owner": ACCOUNT, "resource_type": "custom",
            }),
        ),
        instance(
            "aws_vpc_ipam_pool_cidr_allocation",
            "fixed",
            json!({
                "id": format!("{fixed_id}_{leaf}"), "cidr": "10.0.99.0/24", "description": "an old one",
                "disallowed_cidrs": [], "ipam_pool_allocation_id": fixed_id, "ipam_pool_id": leaf, "netmask_length": null,
            }),
        ),
    ];
    let ids = json!({"lab": lab, "top": top, "leaf": leaf, "web": web_id, "fixed": fixed_id, "sized": sized_id});
    Old { scene, ids, state }
}

/// The same objects in the configuration of this provider, with a `moved` block for each.
fn moved_from(ids: &Value) -> String {
    let mut body = format!(
        r#"
resource "ipam_ipam" "main" {{
  name              = "main"
  operating_regions = ["us-east-1", "eu-west-1"]
  cascade           = true
  tags              = {{ team = "net" }}
}}

resource "ipam_scope" "lab" {{
  name        = {}
  description = "benches"
}}

resource "ipam_pool" "top" {{
  name           = "top"
  ipam_scope_id  = ipam_scope.lab.id
  address_family = "ipv4"
  description    = "all of it"
  tags           = {{ env = "prod" }}

  timeouts {{
    create = "30m"
  }}
}}

resource "ipam_pool" "leaf" {{
  name                              = {}
  ipam_scope_id                     = ipam_scope.lab.id
  source_ipam_pool_id               = ipam_pool.top.id
  address_family                    = "ipv4"
  locale                            = "us-east-1"
  allocation_default_netmask_length = 24
}}

resource "ipam_pool_cidr" "top" {{
  ipam_pool_id = ipam_pool.top.id
  cidr         = "10.0.0.0/8"
}}

resource "ipam_pool_cidr" "sized" {{
  ipam_pool_id   = ipam_pool.leaf.id
  netmask_length = 16
}}

resource "ipam_allocation" "web" {{
  ipam_pool_id     = ipam_pool.leaf.id
  name             = {}
  netmask_length   = 26
  disallowed_cidrs = ["10.0.200.0/24"]
}}

resource "ipam_allocation" "fixed" {{
  ipam_pool_id = ipam_pool.leaf.id
  name         = "fixed"
  cidr         = "10.0.99.0/24"
  description  = "an old one"
}}
"#,
        ids["lab"], ids["leaf"], ids["web"]
    );
    for (from, to) in [
        ("aws_vpc_ipam.main", "ipam_ipam.main"),
        ("aws_vpc_ipam_scope.lab", "ipam_scope.lab"),
        ("aws_vpc_ipam_pool.top", "ipam_pool.top"),
        ("aws_vpc_ipam_pool.leaf", "ipam_pool.leaf"),
        ("aws_vpc_ipam_pool_cidr.top", "ipam_pool_cidr.top"),
        ("aws_vpc_ipam_pool_cidr.sized", "ipam_pool_cidr.sized"),
        ("aws_vpc_ipam_pool_cidr_allocation.web", "ipam_allocation.web"),
        ("aws_vpc_ipam_pool_cidr_allocation.fixed", "ipam_allocation.fixed"),
    ] {
        body += &format!("\nmoved {{\n  from = {from}\n  to   = {to}\n}}\n");
    }
    body
}

#[test]
fn objects_of_the_aws_provider_are_taken_over_with_an_empty_plan() {
    let Old { scene, ids, state } = old();
    let workspace = Workspace::on(&of_account(&scene.endpoint, ACCOUNT));
    with_the_old_provider(&workspace);
    write_state(&workspace, state);
    workspace.configure(&moved_from(&ids));
    let plan = workspace.plan();
    assert!(plan.is_empty(), "{:?}", plan.actions());
    workspace.apply_saved();
    // From here on the old provider and the `moved` blocks are not needed.
    let settled = workspace.state();
    let second = Workspace::on(&of_account(&scene.endpoint, ACCOUNT));
    second.write("terraform.tfstate", &workspace.read("terraform.tfstate"));
    second.configure(moved_from(&ids).split("\nmoved").next().unwrap());
    second.assert_settled();
    assert_eq!(settled.text("ipam_allocation.web.ipam_pool_allocation_id"), text(&ids["web"]));
    assert_eq!(settled.text("ipam_pool_cidr.sized.ipam_pool_cidr_id"), text(&ids["sized"]));
    // A name in the configuration becomes one more tag, in place.
    let named = moved_from(&ids).replace(&ids["web"].to_string(), "\"web\"");
    second.configure(named.split("\nmoved").next().unwrap());
    assert_eq!(second.plan().actions().into_values().collect::<Vec<_>>(), ["update"]);
    second.apply_saved();
    second.destroy();
    assert!(scene.endpoint.things(Kind::Allocation).iter().all(|one| one.state == "delete-complete"));
    scene.is_sound();
}

#[test]
fn objects_that_are_still_in_aws_are_not_created_in_another_store() {
    let Old { ids, state, .. } = old();
    let workspace = Workspace::new();
    with_the_old_provider(&workspace);
    let pool = state.into_iter().find(|one| one["name"] == "top" && one["type"] == "aws_vpc_ipam_pool");
    write_state(&workspace, pool.into_iter().collect());
    let moved = "moved {\n  from = aws_vpc_ipam_pool.top\n  to = ipam_pool.top\n}\n";
    workspace.configure(&format!(
        "resource \"ipam_pool\" \"top\" {{\n  name = \"top\"\n  address_family = \"ipv4\"\n}}\n{moved}"
    ));
    let words = ["The moved object is not in this store", ids["top"].as_str().unwrap(), "store = \"aws-ipam\""];
    workspace.try_plan(&[]).fails().says(&words);
}

#[test]
fn a_state_of_an_unknown_version_is_refused_with_an_explanation() {
    let Old { scene, state, .. } = old();
    let workspace = Workspace::on(&of_account(&scene.endpoint, ACCOUNT));
    with_the_old_provider(&workspace);
    let mut scope = state.into_iter().find(|one| one["type"] == "aws_vpc_ipam_scope").unwrap();
    scope["instances"][0]["schema_version"] = 3.into();
    write_state(&workspace, vec![scope]);
    let moved = "moved {\n  from = aws_vpc_ipam_scope.lab\n  to = ipam_scope.lab\n}\n";
    workspace.configure(&format!("resource \"ipam_scope\" \"lab\" {{\n  name = \"lab\"\n}}\n{moved}"));
    workspace.try_plan(&[]).fails().says(&[
        "A state of another version",
        "has version 3",
        "Leave the `moved` block out",
    ]);
}
