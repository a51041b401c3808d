//! A real file system that becomes full in the middle of an apply, and is then made larger.

use std::fs;
use std::process::Command;

use crate::harness::store::Store;
use crate::harness::{PROVIDER, Workspace};

/// Mounts a small file system that only this script sees, works in it until it is full, makes it larger, and works on.
/// Each step writes its output to one file and its exit status to another.
const SCRIPT: &str = r#"
place=$1 size=$2 terraform=$3 provider=$4
step() {
  name=$1
  shift
  status=0
  "$@" >"$name.said" 2>&1 || status=$?
  echo "$status" >"$name.status"
}
mount -t tmpfs -o "size=$size" none "$place" || exit 9
step full "$terraform" apply -input=false -no-color -auto-approve -parallelism=4
step full-check "$provider" check
mount -o remount,size=64m "$place" || exit 9
step again "$terraform" apply -input=false -no-color -auto-approve
step plan "$terraform" plan -input=false -no-color -detailed-exitcode
step check "$provider" check
"#;

const ALLOCATIONS: usize = 150;

/// Runs `SCRIPT` on a store below `full/` in the workspace, and checks the output of its steps.
fn fill_up(store: &dyn Fn(&str) -> String, size: &str) {
    let mut workspace = Workspace::new();
    let place = workspace.path().join("full");
    fs::create_dir(&place).unwrap();
    workspace.switch_to(&Store::of(store(&place.display().to_string())));
    workspace.write("script.sh", SCRIPT);
    workspace.configure(&format!(
        r#"
resource "ipam_pool" "top" {{
  name  = "top"
  cidrs = ["10.0.0.0/8"]
}}

resource "ipam_allocation" "net" {{
  count          = {ALLOCATIONS}
  ipam_pool_id   = ipam_pool.top.id
  name           = "net-${{count.index}}"
  description    = "{}"
  netmask_length = 24
}}
"#,
        "a few words about it ".repeat(40)
    ));
    // A user other than root becomes root in a new user namespace.
    let mut command = Command::new("unshare");
    command.args(["--mount", "--map-root-user", "sh", "script.sh"]).arg(&place).arg(size);
    command.arg(workspace.client().program()).arg(PROVIDER);
    command.envs(workspace.command(&[]).get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = command.current_dir(workspace.path()).output().expect("unshare runs: install util-linux");
    assert!(output.status.success(), "a separate file system cannot be mounted here: {output:?}");

    let step = |name: &str| {
        let status = workspace.read(&format!("{name}.status"));
        (status.trim().to_owned(), workspace.read(&format!("{name}.said")))
    };
    let (status, said) = step("full");
    assert_eq!(status, "1", "{said}");
    assert!(said.contains("The store is not available") && said.contains("is full"), "{said}");
    let (status, said) = step("full-check");
    assert_eq!(status, "0", "{said}");
    for name in ["again", "plan", "check"] {
        let (status, said) = step(name);
        assert_eq!(status, "0", "{name}: {said}");
    }
    let said = step("check").1;
    assert!(said.contains(&format!("{ALLOCATIONS} allocations, 0 holds")), "{said}");
}

#[test]
fn a_full_disk_under_a_sqlite_file() {
    fill_up(&|place| format!("sqlite:{place}/ipam.db"), "600k");
}

#[test]
fn a_full_disk_under_a_directory() {
    fill_up(&|place| format!("file://{place}/plan"), "128k");
}
