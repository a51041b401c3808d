//! What the process is: a plugin when Terraform starts it, else a tool for people.

use std::process::ExitCode;

use terraform_provider_ipam::{cli, plugin, provider};

fn main() -> ExitCode {
    if plugin::is_started_by_terraform() { plugin::run(provider::provider()) } else { cli::run() }
}
