//! Plans with credentials that may read the store and not write it.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::harness::Workspace;
use crate::harness::store::NewPool;

fn set_mode(workspace: &Workspace, mode: u32) {
    fs::set_permissions(workspace.store().path(), fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_plan_that_cannot_hold_shows_unknown_addresses_and_one_warning() {
    let workspace = Workspace::new().without_privileges();
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
    set_mode(&workspace, 0o444);

    let run = workspace.plan_messages(&["-out=plan"]).succeeds();
    let warnings = run.diagnostics();
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
    assert_eq!(warnings[0].severity, "warning");
    assert!(warnings[0].detail.contains("read") && warnings[0].detail.contains("after apply"), "{warnings:#?}");
    let plan = workspace.saved("plan");
    assert_eq!(plan.value("ipam_allocation.web[0].cidr"), None);
    assert_eq!(workspace.store().content(), before);
    workspace.try_apply_saved("plan", &[]).fails().says(&["read-only"]);

    set_mode(&workspace, 0o644);
    workspace.apply();
    workspace.assert_settled();
    Workspace::assert_store_matches(workspace.store(), &[&workspace]);

    set_mode(&workspace, 0o444);
    workspace.assert_settled();
}
