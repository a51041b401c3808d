//! Plans with credentials that may read the store and not write it.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::harness::Workspace;
use crate::harness::store::{NewPool, Store};

/// Write-protects the store with its directory, as on a file system that is mounted read-only.
fn set_writable(store: &Store, is_writable: bool) {
    let (file, directory) = if is_writable { (0o644, 0o755) } else { (0o444, 0o555) };
    fs::set_permissions(store.path(), fs::Permissions::from_mode(file)).unwrap();
    fs::set_permissions(store.path().parent().unwrap(), fs::Permissions::from_mode(directory)).unwrap();
}

#[test]
fn a_plan_that_cannot_hold_shows_unknown_addresses_and_one_warning() {
    let directory = tempfile::tempdir().unwrap();
    let workspace = Workspace::on(&Store::at(directory.path().join("ipam.db"))).without_privileges();
    let pool = workspace.store().add_pool(&NewPool { name: "office", cidrs: &["10.0.0.0/24"], ..NewPool::default() });
    workspace.configure(&format!(
        r#"
resource "ipam_allocation" "web" {{
  count          = 3
  ipam_pool_id   = "{}"
  name           = "web-${{count.index}}"
  netmask_length = 28
}}
"#,
        pool.meta.id
    ));
    let before = workspace.store().content();
    set_writable(workspace.store(), false);

    let run = workspace.plan_messages(&["-out=plan"]).succeeds();
    let warnings = run.diagnostics();
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
    assert_eq!(warnings[0].severity, "warning");
    assert!(warnings[0].detail.contains("read") && warnings[0].detail.contains("after apply"), "{warnings:#?}");
    let plan = workspace.saved("plan");
    assert_eq!(plan.value("ipam_allocation.web[0].cidr"), None);
    assert_eq!(workspace.store().content(), before);
    workspace.try_apply_saved("plan", &[]).fails().says(&["read-only"]);

    set_writable(workspace.store(), true);
    workspace.apply();
    workspace.assert_settled();
    Workspace::assert_store_matches(workspace.store(), &[&workspace]);

    set_writable(workspace.store(), false);
    workspace.assert_settled();
    set_writable(workspace.store(), true);
}
