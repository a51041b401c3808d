//! Plans with credentials that may read the store but not write it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use test_servers::{Postgres, S3};

use crate::harness::Workspace;
use crate::harness::store::{NewPool, Store};

/// Makes a file, or a directory with all its content, writable or write-protected, as on a file system that is mounted
/// read-only.
pub(crate) fn set_writable(path: &Path, is_writable: bool) {
    let mode = match (path.is_dir(), is_writable) {
        (true, true) => 0o755,
        (true, false) => 0o555,
        (false, true) => 0o644,
        (false, false) => 0o444,
    };
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            set_writable(&entry.unwrap().path(), is_writable);
        }
    }
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn on_a_write_protected_file() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::at(directory.path().join("ipam.db"));
    plans_without_holding(&store, &store, |is_writable| set_writable(directory.path(), is_writable));
}

#[test]
fn on_a_write_protected_directory() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::of(format!("file://{}/plan", directory.path().display()));
    plans_without_holding(&store, &store, |is_writable| set_writable(directory.path(), is_writable));
}

#[test]
fn on_a_bucket_that_may_only_be_read() {
    let server = S3::shared();
    let bucket = server.create_bucket();
    let store = Store::in_bucket(server, &bucket);
    plans_without_holding(&store, &store, |is_writable| server.set_writable(&bucket, is_writable));
}

#[test]
fn as_a_reader_of_postgres() {
    let server = Postgres::shared();
    let database = server.create_database();
    let role = format!("reader_{database}");
    server.admin(&format!("CREATE ROLE {role} LOGIN PASSWORD 'secret'"));
    let owner = Store::of(server.url(&database));
    let reader = Store::of(format!("postgres://{role}:secret@127.0.0.1:{}/{database}?sslmode=disable", server.port()));
    plans_without_holding(&owner, &reader, |is_writable| {
        let rights =
            format!("GRANT USAGE ON SCHEMA ipam TO {role}; GRANT SELECT ON ipam.meta, ipam.entries TO {role};");
        let (word, whom) = if is_writable { ("GRANT", "TO") } else { ("REVOKE", "FROM") };
        let writing = format!(
            "{word} UPDATE ON ipam.meta {whom} {role}; {word} INSERT, UPDATE, DELETE ON ipam.entries {whom} {role}"
        );
        server.admin_in(&database, &(rights + &writing));
    });
}

/// Checks the plans of `user`, whose access `set_writable` switches. `owner` can write to the store at any time.
fn plans_without_holding(owner: &Store, user: &Store, set_writable: impl Fn(bool)) {
    let workspace = Workspace::on(user).without_privileges();
    let pool = owner.add_pool(&NewPool { name: "office", cidrs: &["10.0.0.0/24"], ..NewPool::default() });
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
    let before = owner.content();
    set_writable(false);

    let run = workspace.plan_messages(&["-out=plan"]).succeeds();
    let warnings = run.diagnostics();
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
    assert_eq!(warnings[0].severity, "warning");
    assert!(warnings[0].detail.contains("read") && warnings[0].detail.contains("after apply"), "{warnings:#?}");
    let plan = workspace.saved("plan");
    assert_eq!(plan.value("ipam_allocation.web[0].cidr"), None);
    assert_eq!(owner.content(), before);
    workspace.try_apply_saved("plan", &[]).fails().says(&["read-only"]);
    siblings_see_each_other(&workspace, &pool.meta.id);
    assert_eq!(owner.content(), before);

    set_writable(true);
    workspace.apply();
    workspace.assert_settled();
    Workspace::assert_store_matches(owner, &[&workspace]);

    set_writable(false);
    workspace.assert_settled();
    set_writable(true);
}

/// New objects that conflict with each other are reported in the plan.
fn siblings_see_each_other(workspace: &Workspace, pool_id: &str) {
    let own = workspace.read("main.tf");
    let block = |resource: &str, name: &str, size: &str| {
        format!(
            "resource \"ipam_allocation\" \"{resource}\" {{\n  ipam_pool_id = \"{pool_id}\"\n  name = \"{name}\"\n  {size}\n}}\n"
        )
    };
    for (one, two, told) in [
        (("a", "cidr = \"10.0.0.128/26\""), ("b", "cidr = \"10.0.0.160/27\""), "which this plan creates too"),
        (("a", "netmask_length = 25"), ("b", "netmask_length = 25"), "has no free /2"),
        (
            ("a", "netmask_length = 28"),
            ("a", "netmask_length = 28"),
            "Another resource of this configuration asks for the name",
        ),
    ] {
        let siblings = block("one", one.0, one.1) + &block("two", two.0, two.1);
        workspace.write("siblings.tf", &siblings);
        workspace.try_plan(&[]).fails().says(&[told]);
    }
    workspace.write("siblings.tf", "");
    assert_eq!(workspace.read("main.tf"), own);
}
