//! What the process is: a plugin when Terraform starts it, else a tool for people.

use std::process::ExitCode;

use terraform_provider_ipam::{plugin, provider};

fn main() -> ExitCode {
    if plugin::is_started_by_terraform() {
        return plugin::run(provider::provider());
    }
    if std::env::args().nth(1).as_deref() == Some("--debug") {
        return plugin::debug(provider::provider());
    }
    plugin::hint();
    ExitCode::FAILURE
}
