//! `cargo xtask demo`: plans and applies examples/quickstart, and shows the result.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::process::Command;

use crate::Outcome;
use crate::tool::{self, Terraform};

pub(crate) fn run() -> Outcome<()> {
    let provider = tool::build_with_embedded_store()?;
    let directory = tool::fresh_directory(&provider, "demo")?;
    copy_configuration(&tool::root().join("examples/quickstart"), &directory)?;
    let terraform = Terraform::new(&directory, &provider)?;
    println!("In {}: examples/quickstart with a new store. Look for the CIDRs in the plan.", directory.display());

    // With -detailed-exitcode, exit status 2 means that the plan still has changes.
    let steps: [&[&str]; 4] = [&["plan"], &["apply", "-auto-approve"], &["plan", "-detailed-exitcode"], &["output"]];
    let plain = if io::stdout().is_terminal() { None } else { Some("-no-color") };
    for step in steps {
        let arguments: Vec<&str> = step.iter().copied().chain(plain).collect();
        terraform.show(&arguments)?;
    }
    for command in ["tree", "check"] {
        look(&provider, &directory, command)?;
    }
    println!(
        "\nThis was all: {} planned and applied, the next plan was empty, the store is sound.\n\
         To play on: cd {} and set TF_CLI_CONFIG_FILE={}.",
        terraform.name(),
        directory.display(),
        directory.join("cli.tfrc").display()
    );
    Ok(())
}

fn copy_configuration(from: &Path, to: &Path) -> Outcome<()> {
    let cannot = |error: std::io::Error| format!("{} cannot be copied: {error}", from.display());
    for entry in fs::read_dir(from).map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        if let (Some("tf"), Some(name)) = (path.extension().and_then(|end| end.to_str()), path.file_name()) {
            fs::copy(&path, to.join(name)).map_err(cannot)?;
        }
    }
    Ok(())
}

fn look(provider: &Path, directory: &Path, command: &str) -> Outcome<()> {
    println!("\n$ terraform-provider-ipam {command}");
    let status = Command::new(provider)
        .arg(command)
        .current_dir(directory)
        .env_remove("IPAM_STORE")
        .status()
        .map_err(|error| format!("{} cannot be started: {error}", provider.display()))?;
    if status.success() { Ok(()) } else { Err(format!("{command} ended with {status}.")) }
}
