//! The platforms of releases, as Terraform names them.

use std::fmt;

use crate::Outcome;

/// A platform: `linux_amd64`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Platform {
    system: &'static str,
    machine: &'static str,
}

/// Systems and machines: as Terraform names them, and as Rust does.
const SYSTEMS: [(&str, &str); 4] =
    [("darwin", "macos"), ("freebsd", "freebsd"), ("linux", "linux"), ("windows", "windows")];
const MACHINES: [(&str, &str); 2] = [("amd64", "x86_64"), ("arm64", "aarch64")];

impl Platform {
    /// The platform of this machine.
    ///
    /// # Errors
    /// There are no releases for this machine.
    pub fn here() -> Outcome<Self> {
        let (system, machine) = (std::env::consts::OS, std::env::consts::ARCH);
        Self::found(|one| one.1 == system, |one| one.1 == machine)
            .ok_or_else(|| format!("There are no releases for {machine} with {system}: write --binary PLATFORM=PATH."))
    }

    /// The platform with this name of Terraform.
    pub(super) fn named(name: &str) -> Outcome<Self> {
        let found = name
            .split_once('_')
            .and_then(|(system, machine)| Self::found(|one| one.0 == system, |one| one.0 == machine));
        found.ok_or_else(|| format!("{name:?} is not a platform such as linux_amd64 or darwin_arm64."))
    }

    /// The platform of a Rust target, such as `x86_64-unknown-linux-gnu.2.17`.
    pub(super) fn of_target(target: &str) -> Outcome<Self> {
        let machine = target.split('-').next().unwrap_or_default();
        let is_system = |one: &(&str, &str)| target.split('-').any(|part| part == one.0);
        Self::found(is_system, |one| one.1 == machine)
            .ok_or_else(|| format!("{target:?} is no target for which there are releases."))
    }

    fn found(system: impl Fn(&(&str, &str)) -> bool, machine: impl Fn(&(&str, &str)) -> bool) -> Option<Self> {
        let system = SYSTEMS.iter().find(|one| system(one))?.0;
        Some(Self { system, machine: MACHINES.iter().find(|one| machine(one))?.0 })
    }

    /// The Rust target whose libraries a program for this platform has.
    pub(super) fn target(&self) -> String {
        let machine = MACHINES.iter().find(|one| one.0 == self.machine).map_or("x86_64", |one| one.1);
        let rest = match self.system {
            "darwin" => "apple-darwin",
            "freebsd" => "unknown-freebsd",
            "windows" => "pc-windows-msvc",
            _ => "unknown-linux-gnu",
        };
        format!("{machine}-{rest}")
    }

    /// The end of the name of a program.
    pub(super) fn program_suffix(&self) -> &'static str {
        if self.system == "windows" { ".exe" } else { "" }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.system, self.machine)
    }
}
