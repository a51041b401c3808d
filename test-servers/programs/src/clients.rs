//! Clients of the provider in addition to the one on the machine. Each is built once from its Go module, whose versions
//! `<name>/go.mod` pins.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use crate::cache;
use crate::go::{self, Go};

/// A program in Go that is built from its module.
struct Client {
    /// Its usual name.
    name: &'static str,
    /// Its directory.
    directory: &'static str,
    module: &'static str,
    /// The path of its main package.
    package: &'static str,
    /// Flags for the linker.
    flags: &'static str,
    /// The text of its `go.mod`.
    pins: &'static str,
}

const OPENTOFU: Client = Client {
    name: "OpenTofu",
    directory: "opentofu",
    module: "github.com/opentofu/opentofu",
    package: "github.com/opentofu/opentofu/cmd/tofu",
    // Without this flag it would report that it is a development version.
    flags: "-X github.com/opentofu/opentofu/version.dev=no",
    pins: include_str!("../opentofu/go.mod"),
};

const TERRAFORM_1_5: Client = Client {
    name: "Terraform",
    directory: "terraform",
    module: "github.com/hashicorp/terraform",
    package: "github.com/hashicorp/terraform",
    flags: "",
    pins: include_str!("../terraform/go.mod"),
};

/// OpenTofu.
///
/// # Panics
/// Panics if the program cannot be built; the message names what to install.
pub fn opentofu() -> &'static Path {
    static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| OPENTOFU.built());
    &PROGRAM
}

/// The last Terraform under the Mozilla Public License.
///
/// # Panics
/// Panics if the program cannot be built; the message names what to install.
pub fn terraform_1_5() -> &'static Path {
    static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| TERRAFORM_1_5.built());
    &PROGRAM
}

impl Client {
    /// The program. The first call builds it, which takes minutes. Go keeps what it has compiled, so that a build that
    /// was interrupted goes on.
    fn built(&self) -> PathBuf {
        let version = self.pinned(self.module);
        let directory = cache::once(&format!("{}-{version}", self.directory), |partial| self.build(partial));
        let directory = directory.unwrap_or_else(|why| {
            panic!("These tests build {} {version} from its Go module, which failed: {why}", self.name)
        });
        directory.join(self.directory)
    }

    fn build(&self, partial: &Path) -> Result<(), String> {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join(self.directory);
        fs::create_dir_all(partial).map_err(|error| format!("{} cannot be made: {error}", partial.display()))?;
        let mut build = Go::of_at_least(self.pinned("go"))?.command();
        build
            .args(["build", "-mod=readonly", "-trimpath", "-ldflags", self.flags, "-o"])
            .arg(partial.join(self.directory));
        go::run(build.arg(self.package).current_dir(sources))
    }

    /// The version that follows a word in `go.mod`.
    fn pinned(&self, word: &str) -> &'static str {
        let lines = self.pins.lines().filter_map(|line| line.trim().strip_prefix(word)?.strip_prefix(' '));
        let version = lines.filter_map(|rest| rest.split(' ').next()).next();
        version.unwrap_or_else(|| panic!("go.mod of {} names no version of {word}", self.name)).trim_start_matches('v')
    }
}

#[cfg(test)]
mod tests {
    use super::{OPENTOFU, TERRAFORM_1_5};

    #[test]
    fn versions_are_those_of_go_mod() {
        assert_eq!(OPENTOFU.pinned(OPENTOFU.module), "1.12.6");
        assert_eq!(TERRAFORM_1_5.pinned(TERRAFORM_1_5.module), "1.5.7");
        assert_eq!(TERRAFORM_1_5.pinned("go"), "1.26.6");
    }
}
