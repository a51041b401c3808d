//! Resources that only AWS has, through real terraform.

use serde_json::json;

use super::endpoint::{Endpoint, Kind, Script};
use super::scene::{ACCOUNT, HOME};
use crate::harness::Workspace;
use crate::harness::store::Store;

/// An account's environment, as users of AWS have it.
pub(crate) fn of_account(endpoint: &Endpoint, account: &str) -> Store {
    let credentials = endpoint.credentials(account);
    Store::of("aws-ipam")
        .with("AWS_REGION", HOME)
        .with("AWS_ACCESS_KEY_ID", &credentials.access_key)
        .with("AWS_SECRET_ACCESS_KEY", &credentials.secret_key)
        .with("AWS_ENDPOINT_URL_EC2", &endpoint.url())
}

const IPAM: &str = r#"
resource "ipam_ipam" "main" {
  name              = "main"
  operating_regions = ["us-east-1", "eu-west-1"]
  tags              = { team = "net" }
}

resource "ipam_scope" "lab" {
  name       = "lab"
  depends_on = [ipam_ipam.main]
}
"#;

#[test]
fn an_ipam_is_made_changed_in_place_imported_and_destroyed() {
    let endpoint = Endpoint::start();
    endpoint.script(Script::default());
    let workspace = Workspace::on(&of_account(&endpoint, ACCOUNT));
    workspace.configure(IPAM);
    let made = workspace.apply();
    workspace.assert_settled();
    let of = |attribute: &str| made.text(&format!("ipam_ipam.main.{attribute}"));
    assert_eq!((of("tier").as_str(), of("owner_id").as_str(), of("ipam_region").as_str()), ("advanced", ACCOUNT, HOME));
    assert_eq!(made.value("ipam_ipam.main.tags_all"), &json!({"team": "net"}));
    let changed = IPAM
        .replace("\"main\"\n  op", "\"other\"\n  description = \"ours\"\n  op")
        .replace("eu-west-1", "eu-central-1");
    workspace.configure(&changed);
    let state = workspace.apply();
    assert_eq!(state.text("ipam_ipam.main.id"), of("id"), "changed in place");
    assert_eq!(state.value("ipam_ipam.main.operating_regions"), &json!(["eu-central-1", "us-east-1"]));
    workspace.assert_settled();
    let second = Workspace::on(&of_account(&endpoint, ACCOUNT));
    second.configure(&changed);
    second.import("ipam_ipam.main", &of("id"));
    second.import("ipam_scope.lab", "lab");
    second.assert_settled();
    second.destroy();
    assert!(endpoint.things(Kind::Ipam).iter().all(|ipam| ipam.state == "delete-complete"));
}

#[test]
fn another_store_refuses_an_ipam_at_plan_with_the_reason() {
    let workspace = Workspace::new();
    workspace.configure(IPAM);
    workspace.try_plan(&[]).fails().says(&["There is no IPAM in this store", "two default scopes", "ipam_ipam.main"]);
}
