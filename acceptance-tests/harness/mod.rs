//! A directory with a configuration, and Terraform to run in it against the provider that was just built.
//!
//! `dev_overrides` makes `terraform init`, the network and a lock file unnecessary.

pub mod browser;
pub mod client;
pub mod diagnostics;
pub mod each;
pub mod examples;
pub mod plan;
pub mod processes;
pub mod random;
pub mod store;
pub mod terraform;
pub mod watch;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use self::client::{Client, Feature};
use self::plan::{Plan, State};
use self::store::Store;
use self::terraform::Run;

/// The provider under test.
pub const PROVIDER: &str = env!("CARGO_BIN_EXE_terraform-provider-ipam");

/// Exit status of a plan with changes under `-detailed-exitcode`.
const HAS_CHANGES: i32 = 2;

const REQUIREMENT: &str = r#"terraform {
  required_providers {
    ipam = { source = "ipam-dev/ipam" }
  }
}
"#;

/// A configuration in a scratch directory, with its own state.
pub struct Workspace {
    directory: TempDir,
    store: Store,
    owner: String,
    plan_hold: Option<String>,
    /// Whether write protection is effective even if the tests run as root.
    is_unprivileged: bool,
}

impl Workspace {
    /// A workspace with a new store, which is created at its first use.
    pub fn new() -> Self {
        let directory = tempfile::tempdir().expect("a scratch directory");
        let store = Store::at(directory.path().join("ipam.db"));
        let workspace =
            Self { directory, store, owner: "tests/one".to_owned(), plan_hold: None, is_unprivileged: false };
        let overridden = Path::new(PROVIDER).parent().expect("the provider is in a directory");
        workspace.write(
            "cli.tfrc",
            &format!(
                "provider_installation {{\n  dev_overrides {{\n    \"ipam-dev/ipam\" = {:?}\n  }}\n  direct {{}}\n}}\n",
                overridden.display().to_string()
            ),
        );
        workspace
    }

    /// A workspace on a store that other workspaces also use.
    pub fn on(store: &Store) -> Self {
        Self { store: store.clone(), ..Self::new() }
    }

    /// Sets the owner that this configuration declares.
    pub fn owned_by(mut self, owner: &str) -> Self {
        owner.clone_into(&mut self.owner);
        self
    }

    /// Sets how long the plans of this configuration hold.
    pub fn holding_for(mut self, plan_hold: &str) -> Self {
        self.plan_hold = Some(plan_hold.to_owned());
        self
    }

    /// Makes Terraform run without root's right to write write-protected files.
    pub fn without_privileges(mut self) -> Self {
        self.is_unprivileged = true;
        self
    }

    /// The Terraform or OpenTofu that runs here.
    pub fn client(&self) -> &'static Client {
        self.store.client()
    }

    /// Fails the test if that client does not have the feature.
    #[track_caller]
    pub fn needs(&self, feature: Feature) {
        self.client().needs(feature);
    }

    /// From now on this configuration uses another store.
    pub fn switch_to(&mut self, store: &Store) {
        self.store = store.clone();
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    pub fn owner(&self) -> &str {
        &self.owner
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a file is in a directory")).expect("the directory can be made");
        fs::write(path, text).expect("the scratch directory can be written");
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Makes `body` the configuration. A `terraform` or `provider "ipam"` block is added where it has none.
    pub fn configure(&self, body: &str) {
        let mut text = String::new();
        if !body.contains("terraform {") {
            text += REQUIREMENT;
        }
        if !body.contains("provider \"ipam\"") {
            let plan_hold = self.plan_hold.as_ref().map(|hold| format!("  plan_hold = {hold:?}\n")).unwrap_or_default();
            text += &format!("provider \"ipam\" {{\n  owner = {:?}\n{plan_hold}}}\n", self.owner);
        }
        self.write("main.tf", &(text + body));
    }

    /// The command with these arguments; it is not started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let program = self.client().program();
        let mut command =
            if self.is_unprivileged { test_servers::unprivileged(program) } else { Command::new(program) };
        terraform::clean(&mut command);
        command
            .args(arguments)
            .current_dir(self.path())
            .env("HOME", self.path())
            .env("TF_CLI_CONFIG_FILE", self.path().join("cli.tfrc"));
        self.store.tell(&mut command);
        command
    }

    /// Runs Terraform with these arguments.
    pub fn run(&self, arguments: &[&str]) -> Run {
        terraform::run(self.command(arguments))
    }

    /// `plan` without saving it; it may fail.
    pub fn try_plan(&self, more: &[&str]) -> Run {
        self.run(&[&["plan", "-input=false", "-no-color"], more].concat())
    }

    /// A plan with its diagnostics in machine-readable form; it may fail.
    pub fn plan_messages(&self, more: &[&str]) -> Run {
        self.run(&[&["plan", "-input=false", "-json"], more].concat())
    }

    /// A plan that must succeed, saved under `name`.
    #[track_caller]
    pub fn plan_as(&self, name: &str, more: &[&str]) -> Plan {
        self.try_plan(&[&["-out", name], more].concat()).succeeds();
        self.saved(name)
    }

    /// A plan that must succeed, saved as `plan`.
    #[track_caller]
    pub fn plan(&self) -> Plan {
        self.plan_as("plan", &[])
    }

    /// A saved plan.
    #[track_caller]
    pub fn saved(&self, name: &str) -> Plan {
        let shown = self.run(&["show", "-json", name]).succeeds();
        Plan::new(serde_json::from_str(&shown.stdout).expect("terraform shows plans as JSON"))
    }

    /// Applies a saved plan; it may fail.
    pub fn try_apply_saved(&self, name: &str, more: &[&str]) -> Run {
        self.run(&[&["apply", "-input=false", "-no-color"], more, &[name]].concat())
    }

    /// Applies the plan saved as `plan`.
    #[track_caller]
    pub fn apply_saved(&self) -> State {
        self.try_apply_saved("plan", &[]).succeeds();
        self.state()
    }

    /// The command that plans and applies; it is not started.
    pub fn apply_command(&self, more: &[&str]) -> Command {
        self.command(&[&["apply", "-input=false", "-no-color", "-auto-approve"], more].concat())
    }

    /// Plans and applies in one command; it may fail.
    pub fn try_apply(&self, more: &[&str]) -> Run {
        terraform::run(self.apply_command(more))
    }

    /// Plans and applies in one command.
    #[track_caller]
    pub fn apply(&self) -> State {
        self.try_apply(&[]).succeeds();
        self.state()
    }

    /// Destroys everything; it may fail.
    pub fn try_destroy(&self, more: &[&str]) -> Run {
        self.run(&[&["destroy", "-input=false", "-no-color", "-auto-approve"], more].concat())
    }

    #[track_caller]
    pub fn destroy(&self) {
        self.try_destroy(&[]).succeeds();
    }

    /// Verifies that a plan changes nothing.
    #[track_caller]
    pub fn assert_settled(&self) {
        let plan = self.try_plan(&["-detailed-exitcode"]);
        assert_ne!(plan.code, HAS_CHANGES, "the plan is not empty:\n{}", plan.text());
        plan.succeeds();
    }

    #[track_caller]
    pub fn import(&self, address: &str, id: &str) {
        self.run(&["import", "-input=false", "-no-color", address, id]).succeeds();
    }

    /// The state as it is on disk; an empty one when there is none yet.
    pub fn state(&self) -> State {
        let text = fs::read_to_string(self.path().join("terraform.tfstate")).unwrap_or_else(|_| "{}".to_owned());
        State::new(serde_json::from_str(&text).expect("a state file is JSON"))
    }

    /// The value that a plan shows for a place; `None` for a store that holds nothing for a plan, such as AWS.
    #[track_caller]
    pub fn shown(&self, plan: &Plan, place: &str) -> Option<String> {
        (!self.store.is_aws() || plan.value(place).is_some()).then(|| plan.known(place))
    }

    /// Verifies that the apply kept the values that the plan showed for these places.
    #[track_caller]
    pub fn assert_as_shown(&self, plan: &Plan, places: &[&str]) {
        let state = self.state();
        for place in places {
            if let Some(planned) = self.shown(plan, place) {
                assert_eq!(state.text(place), planned, "{place}: left: applied, right: planned");
            }
        }
    }

    /// Verifies that the store is sound, and that its active allocations and address sets are exactly those in the states
    /// of `workspaces`, with the same blocks, no block twice.
    #[track_caller]
    pub fn assert_store_matches(store: &Store, workspaces: &[&Self]) {
        store.assert_sound();
        let (mut wanted, mut sets): (Vec<(String, String)>, BTreeSet<String>) = Default::default();
        for workspace in workspaces {
            let state = workspace.state();
            let allocations = state.of_type("ipam_allocation").into_values();
            let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
            wanted.extend(allocations.map(|attributes| (text(&attributes["id"]), text(&attributes["cidr"]))));
            sets.extend(state.of_type("ipam_address_set").into_values().map(|set| text(&set["id"])));
            for both in state.of_type("ipam_dual_stack_allocation").into_values() {
                for family in ["ipv4", "ipv6"] {
                    wanted
                        .push((text(&both[format!("{family}_allocation_id")]), text(&both[format!("{family}_cidr")])));
                }
            }
            for set in state.of_type("ipam_allocation_set").into_values() {
                let ids = set["ids"].as_object().expect("a set has members");
                wanted.extend(ids.iter().map(|(key, id)| (text(id), text(&set["cidrs"][key]))));
            }
        }
        wanted.sort();
        let is_custom = |allocation: &terraform_provider_ipam::ipam::Allocation| {
            allocation.meta.state == terraform_provider_ipam::ipam::State::Active
                && allocation.resource_type == terraform_provider_ipam::ipam::ResourceType::Custom
        };
        let in_store = store.allocations().into_iter().flat_map(|allocation| allocation.address_sets);
        let in_store = in_store.filter(|(_, set)| set.is_active()).map(|(id, _)| id);
        assert_eq!(in_store.collect::<BTreeSet<_>>(), sets, "left: the store, right: the states");
        let kept = store.allocations().into_iter().filter(is_custom);
        let mut kept: Vec<_> = kept.map(|allocation| (allocation.meta.id, allocation.cidr.to_string())).collect();
        kept.sort();
        assert_eq!(kept, wanted, "left: the store, right: the states");
    }
}

/// The directory of the acceptance tests.
pub fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("acceptance-tests")
}
