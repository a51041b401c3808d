//! The browser starts, so that all libraries that it needs are found.

use std::process::Command;

#[test]
fn chromium_reports_its_version() {
    let output = Command::new(test_servers::chromium()).arg("--version").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("Chrom"), "{}\n{said}", output.status);
}
