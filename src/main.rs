//! The program: a plugin if Terraform starts it, and otherwise a command-line tool.

use std::process::ExitCode;

use terraform_provider_ipam::{cli, plugin, provider};

fn main() -> ExitCode {
    if plugin::is_started_by_terraform() { plugin::run(provider::provider()) } else { cli::run() }
}
