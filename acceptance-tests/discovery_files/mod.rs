//! Discovery in self-managed stores: resources are found, imported, judged and reported, through real terraform. A file
//! stands for the networks here, and each test changes it; the tests with accounts of AWS are in `discovery_accounts`.

mod conditions;
mod exports;
mod file_access;
mod files;
mod history;
mod imports;
mod mistakes;
mod page;
mod treatments;

use std::process::Command;

use serde_json::Value;

use crate::harness::store::Store;
use crate::harness::terraform::{self, Run};
use crate::harness::{PROVIDER, Workspace};

const ACCOUNT: &str = "111122223333";
const REGION: &str = "us-east-1";

/// A discovery of one file.
const DISCOVERY: &str = r#"
resource "ipam_resource_discovery" "net" {
  name  = "net"
  files = ["network.csv"]
}
"#;

/// A configuration, and next to it the file with the existing resources.
struct Scene {
    workspace: Workspace,
}

impl Scene {
    /// A scene on this store, with an empty list of resources.
    fn on(store: &Store) -> Self {
        let scene = Self { workspace: Workspace::on(store) };
        scene.is_there(&[]);
        scene
    }

    /// From now on exactly these resources exist: lines of `resource_id,resource_type,cidr,vpc_id,tags`, in [`ACCOUNT`]
    /// and [`REGION`].
    fn is_there(&self, lines: &[&str]) {
        let lines: String = lines.iter().map(|line| format!("{ACCOUNT},{REGION},{line}\n")).collect();
        self.workspace
            .write("network.csv", &format!("account,region,resource_id,resource_type,cidr,vpc_id,tags\n{lines}"));
    }

    /// Applies the configuration, and verifies that a new plan is empty.
    #[track_caller]
    fn applies(&self, body: &str) {
        self.workspace.configure(body);
        self.workspace.apply();
        self.workspace.assert_settled();
    }

    /// Runs a command of the program in the directory of the configuration.
    fn program(&self, arguments: &[&str]) -> Run {
        let mut command = Command::new(PROVIDER);
        terraform::clean(&mut command);
        command.args(arguments).current_dir(self.workspace.path());
        self.workspace.store().tell(&mut command);
        terraform::run(command)
    }

    /// Scans everything, and returns the result.
    #[track_caller]
    fn discover(&self) -> Value {
        let run = self.program(&["discover", "--json"]).succeeds();
        serde_json::from_str(&run.stdout).unwrap()
    }

    /// The record of a resource: the first of its blocks.
    #[track_caller]
    fn resource(&self, id: &str) -> Value {
        let run = self.program(&["resources", "--json"]);
        let told: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}", run.text()));
        let all = told["resources"].as_array().unwrap();
        all.iter().find(|one| one["resource_id"] == id).unwrap_or_else(|| panic!("no {id}: {told:#}")).clone()
    }

    #[track_caller]
    fn states(&self, id: &str) -> [String; 3] {
        let found = self.resource(id);
        ["management", "compliance", "overlap"].map(|name| found[name].as_str().unwrap_or_default().to_owned())
    }
}

/// One member of each item of a list.
fn each(list: &Value, member: &str) -> Vec<String> {
    let mut all: Vec<String> =
        list.as_array().unwrap().iter().map(|one| one[member].as_str().unwrap_or_default().to_owned()).collect();
    all.sort();
    all
}
