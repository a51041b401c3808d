//! The files of a release, as users get them: through a mirror on a disk and through one on an HTTPS server, with
//! `terraform init`, a lock file, an apply, and an upgrade to a later version.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use tempfile::TempDir;
use test_servers::Files;
use xtask::dist::{self, Options, Platform};

use crate::harness::terraform::{self, Run, clean};
use crate::harness::{PROVIDER, Workspace, here};

const OLD: &str = "0.1.0";
const NEW: &str = "0.2.0";

const CONFIGURATION: &str = r#"
resource "ipam_pool" "top" {
  name  = "top"
  cidrs = ["10.0.0.0/16"]
}

resource "ipam_allocation" "web" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "web"
  netmask_length = 24
}
"#;

/// The files of two versions, which have the same program.
struct Release {
    directory: TempDir,
}

impl Release {
    fn shared() -> &'static Self {
        static RELEASE: LazyLock<Release> = LazyLock::new(Release::make);
        &RELEASE
    }

    fn make() -> Self {
        let directory = tempfile::tempdir().expect("a scratch directory");
        // Without the symbols for debuggers, as in a release, the program is a quarter of its size.
        let program = directory.path().join("program");
        let stripped = Command::new("strip").arg("-o").arg(&program).arg(PROVIDER).status();
        assert!(stripped.is_ok_and(|status| status.success()), "`strip` of the C compiler's tools is needed");
        for (version, mirrors) in [(OLD, ["old", "both"].as_slice()), (NEW, &["both"])] {
            for mirror in mirrors {
                make(&Options {
                    binaries: vec![(Platform::here().unwrap(), program.clone())],
                    version: Some(version.to_owned()),
                    mirror: Some(directory.path().join(mirror)),
                    output: Some(directory.path().join(version)),
                    ..Options::default()
                });
            }
        }
        Self { directory }
    }

    /// The mirror that has the old version only.
    fn old(&self) -> PathBuf {
        self.directory.path().join("old")
    }

    /// The mirror that has both versions.
    fn both(&self) -> PathBuf {
        self.directory.path().join("both")
    }
}

fn make(options: &Options) -> Vec<PathBuf> {
    let root = here().parent().expect("the tests are in the repository").to_owned();
    dist::make(&root, options).unwrap_or_else(|why| panic!("{why}"))
}

/// A configuration that requires the provider in any version, installed as the file `cli.tfrc` says.
fn workspace(installation: &str) -> Workspace {
    let workspace = Workspace::new();
    install_from(&workspace, installation);
    workspace.configure(CONFIGURATION);
    workspace
}

fn install_from(workspace: &Workspace, installation: &str) {
    workspace.write("cli.tfrc", &format!("provider_installation {{\n{installation}\n}}\n"));
}

fn on_disk(mirror: &Path) -> String {
    format!("  filesystem_mirror {{\n    path = {:?}\n  }}", mirror.display().to_string())
}

fn on_server(server: &Files) -> String {
    format!("  network_mirror {{\n    url = {:?}\n  }}", server.url())
}

fn init(workspace: &Workspace, more: &[&str]) -> Run {
    workspace.run(&[&["init", "-input=false", "-no-color"], more].concat())
}

/// The version in the lock file.
fn locked(workspace: &Workspace) -> String {
    let text = workspace.read(".terraform.lock.hcl");
    let line = text.lines().find_map(|line| line.trim().strip_prefix("version = "));
    line.unwrap_or_else(|| panic!("no version in {text}")).trim().trim_matches('"').to_owned()
}

#[test]
fn a_mirror_on_a_disk_installs_the_newest_version_and_an_apply_works() {
    let workspace = workspace(&on_disk(&Release::shared().both()));
    init(&workspace, &[]).succeeds();
    assert_eq!(locked(&workspace), NEW);
    assert!(workspace.read(".terraform.lock.hcl").contains("\"h1:"), "the lock file has no hash");
    let plan = workspace.plan();
    assert_eq!(plan.known("ipam_allocation.web.cidr"), "10.0.0.0/24");
    workspace.apply_saved();
    workspace.assert_settled();
    workspace.destroy();
    workspace.store().assert_empty();
}

#[test]
fn a_store_and_a_state_of_the_older_version_go_on_with_the_newer_one() {
    let workspace = workspace(&on_disk(&Release::shared().old()));
    init(&workspace, &[]).succeeds();
    assert_eq!(locked(&workspace), OLD);
    let before = workspace.apply();

    install_from(&workspace, &on_disk(&Release::shared().both()));
    init(&workspace, &[]).succeeds();
    assert_eq!(locked(&workspace), OLD, "without -upgrade, the lock file decides");
    init(&workspace, &["-upgrade"]).succeeds();
    assert_eq!(locked(&workspace), NEW);
    workspace.assert_settled();
    let added = "\nresource \"ipam_allocation\" \"api\" {\n  ipam_pool_id   = ipam_pool.top.id\n  name           = \"api\"\n  netmask_length = 24\n}\n";
    workspace.configure(&(CONFIGURATION.to_owned() + added));
    let after = workspace.apply();
    assert_eq!(after.text("ipam_allocation.web.id"), before.text("ipam_allocation.web.id"));
    assert_eq!(after.text("ipam_allocation.api.cidr"), "10.0.1.0/24");
    Workspace::assert_store_matches(workspace.store(), &[&workspace]);
}

#[test]
fn a_zip_that_is_not_the_locked_one_is_refused() {
    let mirror = tempfile::tempdir().unwrap();
    let place = mirror.path().join("registry.terraform.io/ipam-dev/ipam");
    let opentofu = mirror.path().join("registry.opentofu.org/ipam-dev/ipam");
    let name = format!("terraform-provider-ipam_{OLD}_{}.zip", Platform::here().unwrap());
    let genuine = Release::shared().old().join("registry.terraform.io/ipam-dev/ipam").join(&name);
    for place in [&place, &opentofu] {
        fs::create_dir_all(place).unwrap();
        fs::copy(&genuine, place.join(&name)).unwrap();
    }
    let workspace = workspace(&on_disk(mirror.path()));
    init(&workspace, &[]).succeeds();
    // Another zip of the same version: one whose program is a script.
    let program = mirror.path().join("other");
    fs::write(&program, "#!/bin/sh\n").unwrap();
    let made = make(&Options {
        binaries: vec![(Platform::here().unwrap(), program)],
        version: Some(OLD.to_owned()),
        output: Some(mirror.path().join("out")),
        ..Options::default()
    });
    let zip = made.iter().find(|path| path.extension().is_some_and(|end| end == "zip")).unwrap();
    for place in [&place, &opentofu] {
        fs::copy(zip, place.join(&name)).unwrap();
    }
    fs::remove_dir_all(workspace.path().join(".terraform")).unwrap();
    init(&workspace, &[]).fails().says(&["checksum"]);
}

/// `terraform init` which trusts the server's authority. Go reads the variable on Linux.
#[cfg(target_os = "linux")]
fn trusting(workspace: &Workspace, server: &Files) -> Run {
    let mut command = workspace.command(&["init", "-input=false", "-no-color"]);
    command.env("SSL_CERT_FILE", server.authority());
    terraform::run(command)
}

#[cfg(target_os = "linux")]
#[test]
fn a_mirror_on_a_server_installs_a_version_with_its_hash_and_an_apply_works() {
    let server = Files::serve(&Release::shared().both());
    let workspace = workspace(&on_server(&server));
    let distrusting = init(&workspace, &[]).fails();
    assert!(distrusting.text().contains("certificate"), "{}", distrusting.text());

    trusting(&workspace, &server).succeeds();
    assert_eq!(locked(&workspace), NEW);
    let asked = server.asked();
    assert!(asked.iter().any(|path| path.ends_with("ipam-dev/ipam/index.json")), "{asked:?}");
    assert!(asked.iter().any(|path| path.ends_with(".zip")), "{asked:?}");
    workspace.apply();
    workspace.assert_settled();
    workspace.store().assert_sound();
}

#[cfg(target_os = "linux")]
#[test]
fn a_zip_on_a_server_that_is_not_the_announced_one_is_refused() {
    let mirror = tempfile::tempdir().unwrap();
    let program = mirror.path().join("other");
    fs::write(&program, "#!/bin/sh\n").unwrap();
    make(&Options {
        binaries: vec![(Platform::here().unwrap(), program)],
        version: Some(OLD.to_owned()),
        output: Some(mirror.path().join("out")),
        mirror: Some(mirror.path().join("mirror")),
        ..Options::default()
    });
    for host in ["registry.terraform.io", "registry.opentofu.org"] {
        let zip = format!("terraform-provider-ipam_{OLD}_{}.zip", Platform::here().unwrap());
        let genuine = Release::shared().old().join(host).join("ipam-dev/ipam").join(&zip);
        fs::copy(genuine, mirror.path().join("mirror").join(host).join("ipam-dev/ipam").join(&zip)).unwrap();
    }
    let server = Files::serve(&mirror.path().join("mirror"));
    let workspace = workspace(&on_server(&server));
    trusting(&workspace, &server).fails().says(&["checksum"]);
}

#[test]
fn the_sums_are_signed_with_the_given_key() {
    let scratch = tempfile::tempdir().unwrap();
    let home = scratch.path().join("gnupg");
    fs::create_dir(&home).unwrap();
    let gpg = |arguments: &[&str]| {
        let mut command = Command::new("gpg");
        clean(&mut command);
        command.args(["--batch", "--homedir"]).arg(&home).args(arguments);
        let output = command.output().expect("gpg can be started: install GnuPG");
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let key = ["--passphrase", "", "--quick-generate-key", "release@example.com", "rsa2048", "sign", "never"];
    let (is_made, said) = gpg(&key);
    assert!(is_made, "{said}");
    let program = scratch.path().join("program");
    fs::write(&program, "#!/bin/sh\n").unwrap();
    let output = scratch.path().join("out");
    make(&Options {
        binaries: vec![(Platform::here().unwrap(), program)],
        version: Some("1.0.0".to_owned()),
        sign: Some("release@example.com".to_owned()),
        gpg_home: Some(home.clone()),
        output: Some(output.clone()),
        ..Options::default()
    });
    let sums = output.join("terraform-provider-ipam_1.0.0_SHA256SUMS");
    let signature = output.join("terraform-provider-ipam_1.0.0_SHA256SUMS.sig");
    assert!(!fs::read(&signature).unwrap().starts_with(b"-----BEGIN"), "the registries want the binary form");
    let paths = [signature.display().to_string(), sums.display().to_string()];
    let (is_good, said) = gpg(&["--verify", &paths[0], &paths[1]]);
    assert!(is_good, "{said}");
    fs::write(&sums, "other").unwrap();
    assert!(!gpg(&["--verify", &paths[0], &paths[1]]).0, "gpg accepts other sums");
    let mut end_agent = Command::new("gpgconf");
    end_agent.arg("--homedir").arg(&home).args(["--kill", "all"]);
    assert!(end_agent.status().is_ok_and(|status| status.success()), "gpgconf of GnuPG does not end the agent");
}
