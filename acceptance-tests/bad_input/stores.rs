//! Stores that cannot be used, and mistakes in the provider block.

use std::fs;

use super::{Row, Stage, check_all};
use crate::harness::Workspace;
use crate::harness::diagnostics::Diagnostic;

const POOL: &str = r#"
resource "ipam_pool" "top" {
  name  = "top"
  cidrs = ["10.0.0.0/8"]
}
"#;

fn refused(workspace: &Workspace, store: &str) -> Diagnostic {
    workspace.configure(&format!("provider \"ipam\" {{\n  store = {store:?}\n}}\n{POOL}"));
    let run = workspace.plan_messages(&["-refresh=false"]).fails();
    let errors: Vec<_> = run.diagnostics().into_iter().filter(Diagnostic::is_error).collect();
    assert_eq!(errors.len(), 1, "one mistake, one error: {errors:#?}\n{}", run.stderr);
    run.never_says("s3cret");
    errors[0].clone()
}

/// A message about the store must point to the provider block and name the argument in words, because Terraform prints
/// the line of an attribute that a message points to.
#[track_caller]
fn assert_is_about_the_store(error: &Diagnostic) {
    assert_eq!(error.attribute, None, "{error:#?}");
    assert!(error.detail.contains("argument `store`"), "{error:#?}");
}

#[test]
fn a_store_of_an_unknown_kind_is_refused() {
    let workspace = Workspace::new();
    let error = refused(&workspace, "mysql://me:s3cret@db/ipam");
    assert_is_about_the_store(&error);
    assert_eq!(error.summary, "The store URL is not understood");
    assert!(error.detail.contains("mysql") && error.detail.contains("sqlite:"), "{error:#?}");
    assert!(!error.detail.contains("s3cret"), "{error:#?}");
}

#[test]
fn a_store_without_a_kind_is_refused() {
    let workspace = Workspace::new();
    let error = refused(&workspace, "./ipam.db");
    assert_is_about_the_store(&error);
    assert_eq!(error.summary, "The store URL is not understood");
    assert!(!workspace.path().join("ipam.db").exists());
}

#[test]
fn a_store_at_an_impossible_path_is_refused() {
    let workspace = Workspace::new();
    workspace.write("file", "");
    let error = refused(&workspace, "sqlite:file/ipam.db");
    assert_is_about_the_store(&error);
    assert_eq!(error.summary, "The store is not available");
    assert!(error.detail.contains("file/ipam.db"), "{error:#?}");
}

#[test]
fn a_directory_that_may_not_be_written_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let workspace = Workspace::new().without_privileges();
    fs::create_dir(workspace.path().join("sealed")).unwrap();
    fs::set_permissions(workspace.path().join("sealed"), fs::Permissions::from_mode(0o555)).unwrap();
    let error = refused(&workspace, "sqlite:sealed/ipam.db");
    assert!(error.summary.contains("The store is"), "{error:#?}");
    assert!(error.detail.contains("sealed"), "{error:#?}");
}

#[test]
fn a_file_that_is_not_a_store_is_refused_and_left_alone() {
    let workspace = Workspace::new();
    let text = "This is a letter and not a database, and no command may write over it.\n".repeat(100);
    workspace.write("letter.db", &text);
    let error = refused(&workspace, "sqlite:letter.db");
    assert_is_about_the_store(&error);
    assert_eq!(error.summary, "The store is damaged");
    assert!(error.detail.contains("letter.db"), "{error:#?}");
    assert_eq!(workspace.read("letter.db"), text);
}

#[test]
fn a_store_with_damaged_pages_is_refused() {
    let workspace = Workspace::new();
    workspace.configure(POOL);
    workspace.apply();
    let path = workspace.store().path().to_owned();
    let mut bytes = fs::read(&path).unwrap();
    bytes[200..4000].fill(0xa5);
    fs::write(&path, &bytes).unwrap();
    let error = refused(&workspace, &format!("sqlite:{}", path.display()));
    assert_eq!(error.summary, "The store is damaged", "{error:#?}");
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[test]
fn a_store_of_a_newer_version_is_refused_and_left_alone() {
    let workspace = Workspace::new();
    workspace.configure(POOL);
    workspace.apply();
    let path = workspace.store().path().to_owned();
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch("PRAGMA user_version = 99").unwrap();
    drop(connection);
    let before = fs::read(&path).unwrap();
    let error = refused(&workspace, &format!("sqlite:{}", path.display()));
    assert_is_about_the_store(&error);
    assert_eq!(error.summary, "The store was written by a newer version");
    assert!(error.detail.contains("99") && error.detail.contains("Upgrade"), "{error:#?}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn mistakes_in_the_provider_block() {
    check_all(&[
        Row {
            mistake: "a duration that is none",
            stage: Stage::Validate,
            config: "provider \"ipam\" {\n  plan_hold = \"soon\"\n}\n\nresource \"ipam_pool\" \"top\" {\n  name  = \"top\"\n  cidrs = [\"10.0.0.0/8\"]\n}\n",
            attribute: "plan_hold",
            summary: "Invalid plan_hold",
            detail: &["\"soon\" is not a duration", "1h30m"],
        },
        Row {
            mistake: "a duration without a unit",
            stage: Stage::Validate,
            config: "provider \"ipam\" {\n  plan_hold = \"3600\"\n}\n\nresource \"ipam_pool\" \"top\" {\n  name  = \"top\"\n  cidrs = [\"10.0.0.0/8\"]\n}\n",
            attribute: "plan_hold",
            summary: "Invalid plan_hold",
            detail: &["unit"],
        },
        Row {
            mistake: "a negative duration",
            stage: Stage::Validate,
            config: "provider \"ipam\" {\n  plan_hold = \"-1h\"\n}\n\nresource \"ipam_pool\" \"top\" {\n  name  = \"top\"\n  cidrs = [\"10.0.0.0/8\"]\n}\n",
            attribute: "plan_hold",
            summary: "Invalid plan_hold",
            detail: &["negative"],
        },
        Row {
            mistake: "an owner without a name",
            stage: Stage::Validate,
            config: "provider \"ipam\" {\n  owner = \" \"\n}\n\nresource \"ipam_pool\" \"top\" {\n  name  = \"top\"\n  cidrs = [\"10.0.0.0/8\"]\n}\n",
            attribute: "owner",
            summary: "Empty owner",
            detail: &["network-team/prod"],
        },
    ]);
}
