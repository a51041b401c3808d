//! Helpers that several tasks use: the built provider, terraform, a scratch directory.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::Outcome;

/// Source address of the provider, as configurations write it.
pub(crate) const SOURCE: &str = "ipam-dev/ipam";
const BINARY: &str = "terraform-provider-ipam";

/// Top directory of the repository for which cargo runs this program. If a target directory was copied, it differs from
/// the repository in which the program was compiled.
pub(crate) fn root() -> PathBuf {
    let package = env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    package.parent().map_or_else(|| package.clone(), Path::to_path_buf)
}

/// Builds the provider as `cargo test` builds it, and returns its path. After the tests there is nothing to compile:
/// `cargo build` would compile the provider again, because it leaves out features of libraries that only the tests need.
pub(crate) fn build() -> Outcome<PathBuf> {
    built_by(&["test", "--no-run", "--workspace", "--test", "structure"])
}

/// Builds the provider with the embedded store only. The libraries of the other stores take much longer to build.
pub(crate) fn build_with_embedded_store() -> Outcome<PathBuf> {
    built_by(&["build", "--package", BINARY, "--bin", BINARY, "--no-default-features", "--features", "sqlite"])
}

/// Builds the provider with these arguments of cargo, and returns its path.
fn built_by(arguments: &[&str]) -> Outcome<PathBuf> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(arguments)
        .args(["--quiet", "--message-format=json-render-diagnostics"])
        .current_dir(root())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cargo cannot be started: {error}"))?;
    if !output.status.success() {
        return Err("The provider does not build; see above.".to_owned());
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let built = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).find_map(|message| {
        let is_provider = message["target"]["name"] == BINARY && message["target"]["kind"][0] == "bin";
        message["executable"].as_str().filter(|_| is_provider).map(PathBuf::from)
    });
    built.ok_or_else(|| "cargo did not say where it put the provider.".to_owned())
}

/// An empty directory `target/<name>`, next to the directory of the profile in which `binary` was built.
pub(crate) fn fresh_directory(binary: &Path, name: &str) -> Outcome<PathBuf> {
    let target = binary.parent().and_then(Path::parent).map_or_else(|| root().join("target"), Path::to_path_buf);
    let directory = target.join(name);
    if directory.exists() {
        fs::remove_dir_all(&directory)
            .map_err(|error| format!("{} cannot be emptied: {error}", directory.display()))?;
    }
    fs::create_dir_all(&directory).map_err(|error| format!("{} cannot be made: {error}", directory.display()))?;
    Ok(directory)
}

/// terraform or tofu, set up to use the built provider in one directory, without network and without init.
pub(crate) struct Terraform {
    program: PathBuf,
    directory: PathBuf,
    config: PathBuf,
}

impl Terraform {
    /// Finds the program and writes its configuration into `directory`.
    pub(crate) fn new(directory: &Path, provider: &Path) -> Outcome<Self> {
        let program = terraform()?;
        let config = directory.join("cli.tfrc");
        let folder = provider.parent().unwrap_or(provider).to_string_lossy().into_owned();
        let text = format!(
            "provider_installation {{\n  dev_overrides {{\n    {SOURCE:?} = {folder:?}\n  }}\n  direct {{}}\n}}\n"
        );
        fs::write(&config, text).map_err(|error| format!("{} cannot be written: {error}", config.display()))?;
        Ok(Self { program, directory: directory.to_path_buf(), config })
    }

    /// Name of the program: `terraform` or `tofu`.
    pub(crate) fn name(&self) -> String {
        self.program.file_stem().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }

    /// A command of the program, without the variables of the environment that would change what it does.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments).current_dir(&self.directory);
        for (name, _) in env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("TF_") || text.starts_with("IPAM_") {
                command.env_remove(&name);
            }
        }
        command.env("TF_CLI_CONFIG_FILE", &self.config).env("CHECKPOINT_DISABLE", "1");
        command
    }

    /// Runs the program with its output visible.
    pub(crate) fn show(&self, arguments: &[&str]) -> Outcome<()> {
        println!("\n$ {} {}", self.name(), arguments.join(" "));
        let status = self.command(arguments).status().map_err(|error| self.cannot_start(&error))?;
        if status.success() {
            return Ok(());
        }
        Err(format!("{} {} ended with {status}.", self.name(), arguments.join(" ")))
    }

    /// Runs the program and returns its output.
    pub(crate) fn capture(&self, arguments: &[&str]) -> Outcome<String> {
        let output =
            self.command(arguments).stderr(Stdio::inherit()).output().map_err(|error| self.cannot_start(&error))?;
        if !output.status.success() {
            return Err(format!("{} {} ended with {}.", self.name(), arguments.join(" "), output.status));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn cannot_start(&self, error: &std::io::Error) -> String {
        format!("{} cannot be started: {error}", self.program.display())
    }
}

/// Finds the terraform or tofu in PATH.
pub(crate) fn terraform() -> Outcome<PathBuf> {
    let found = ["terraform", "tofu"].iter().find_map(|name| find(name));
    found.ok_or_else(|| {
        "Neither terraform nor tofu is in PATH. Install one of them (https://developer.hashicorp.com/terraform/install \
         or https://opentofu.org/docs/intro/install/) and run this again."
            .to_owned()
    })
}

/// Finds a program in PATH.
fn find(name: &str) -> Option<PathBuf> {
    let file = format!("{name}{}", env::consts::EXE_SUFFIX);
    env::split_paths(&env::var_os("PATH")?).map(|directory| directory.join(&file)).find(|path| path.is_file())
}
