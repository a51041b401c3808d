//! The Terraform or OpenTofu that a test runs on.
//!
//! `IPAM_TEST_CLIENT` chooses it: `opentofu` and `terraform-1.5` are built from their Go modules, and any other value
//! is a program. Without the variable, tests run on the `terraform` or `tofu` in `PATH`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use super::terraform::clean;

/// A program that uses the provider.
#[derive(Debug)]
pub struct Client {
    program: PathBuf,
    kind: Kind,
    /// The release: `[1, 12, 6]`.
    release: Vec<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Terraform,
    OpenTofu,
}

/// Features that not every release has.
#[derive(Clone, Copy, Debug)]
pub enum Feature {
    /// `terraform test`.
    TestCommand,
    /// Functions of providers: `provider::ipam::...`.
    ProviderFunctions,
    /// `ephemeral` blocks, and values of them in provisioners.
    EphemeralResources,
    /// `action` blocks.
    Actions,
    /// `moved` blocks from a resource of another type.
    #[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "only tests of AWS IPAM need it"))]
    MovedFromAnotherType,
}

/// Of a feature that no release has yet.
const NO_RELEASE: [u32; 2] = [u32::MAX, 0];

impl Feature {
    /// The first releases that have the feature, of Terraform and of OpenTofu.
    fn since(self) -> ([u32; 2], [u32; 2]) {
        match self {
            Self::TestCommand => ([1, 6], [1, 6]),
            Self::ProviderFunctions => ([1, 8], [1, 7]),
            Self::EphemeralResources => ([1, 10], [1, 11]),
            Self::Actions => ([1, 14], NO_RELEASE),
            Self::MovedFromAnotherType => ([1, 8], [1, 10]),
        }
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TestCommand => "`terraform test`",
            Self::ProviderFunctions => "a function of a provider",
            Self::EphemeralResources => "an ephemeral resource",
            Self::Actions => "an action",
            Self::MovedFromAnotherType => "`moved` from another type",
        })
    }
}

impl Client {
    /// The client that tests run on.
    pub fn chosen() -> &'static Self {
        static CLIENT: LazyLock<Client> = LazyLock::new(|| Client::of(&chosen_program()));
        &CLIENT
    }

    /// OpenTofu, on which some tests run in addition.
    pub fn opentofu() -> &'static Self {
        static CLIENT: LazyLock<Client> = LazyLock::new(|| Client::of(test_servers::opentofu()));
        &CLIENT
    }

    fn of(program: &Path) -> Self {
        let mut command = Command::new(program);
        clean(&mut command);
        let answer = command.arg("version").output().unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        let text = String::from_utf8_lossy(&answer.stdout).into_owned();
        let first = text.lines().next().unwrap_or_default();
        let (kind, version) = match first.split_once(" v") {
            Some(("Terraform", version)) => (Kind::Terraform, version),
            Some(("OpenTofu", version)) => (Kind::OpenTofu, version),
            _ => panic!("{} is neither Terraform nor OpenTofu: {text:?}", program.display()),
        };
        let numbers = version.split(['.', '-']).map_while(|part| part.parse().ok());
        Self { program: program.to_owned(), kind, release: numbers.collect() }
    }

    /// Path of the program.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Whether it reports to a provider that a plan belongs to an apply.
    pub fn tells_the_walk(&self) -> bool {
        self.kind == Kind::Terraform && self.release.as_slice() >= [1, 9].as_slice()
    }

    /// Whether the replacement of an object with `create_before_destroy` comes before the end of what refers to the object.
    pub fn replaces_before_all_ends(&self) -> bool {
        self.kind == Kind::Terraform && self.release.as_slice() >= [1, 16].as_slice()
    }

    /// The first release of this client that has the feature.
    fn first_with(&self, feature: Feature) -> [u32; 2] {
        let (terraform, opentofu) = feature.since();
        if self.kind == Kind::Terraform { terraform } else { opentofu }
    }

    /// Whether this release has the feature.
    pub fn has(&self, feature: Feature) -> bool {
        self.release.as_slice() >= self.first_with(feature).as_slice()
    }

    /// Fails the test if this release does not have the feature. `cargo xtask clients` knows the message, and counts
    /// such a test as not supported.
    #[track_caller]
    pub fn needs(&self, feature: Feature) {
        let [major, minor] = self.first_with(feature);
        assert!(
            self.has(feature),
            "not supported: {feature} needs {:?} {major}.{minor}, and this is {self}",
            self.kind
        );
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let release: Vec<_> = self.release.iter().map(u32::to_string).collect();
        write!(f, "{:?} {}", self.kind, release.join("."))
    }
}

fn chosen_program() -> PathBuf {
    let wanted = std::env::var("IPAM_TEST_CLIENT").ok();
    match wanted.as_deref() {
        Some("opentofu") => test_servers::opentofu().to_owned(),
        Some("terraform-1.5") => test_servers::terraform_1_5().to_owned(),
        Some(name) => in_path(&[name]),
        None => in_path(&["terraform", "tofu"]),
    }
}

/// The first of these programs that is in `PATH`.
fn in_path(names: &[&str]) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places: Vec<_> = std::env::split_paths(&path).collect();
    let all = names.iter().flat_map(|name| {
        let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        places.iter().map(move |place| place.join(&file))
    });
    all.into_iter().find(|candidate| candidate.is_file()).unwrap_or_else(|| {
        panic!(
            "none of {names:?} is on PATH, and these tests need it: install Terraform 1.8 or later from \
             https://developer.hashicorp.com/terraform/install or OpenTofu 1.8 or later from \
             https://opentofu.org/docs/intro/install"
        )
    })
}
