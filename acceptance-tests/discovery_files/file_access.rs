//! The writers of a store name the files that are scanned, and other users run the scan: the user who runs the scan
//! decides which files are read, and no content of a refused file gets into the store or into any output.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{DISCOVERY, Scene};
use crate::harness::store::Store;
use crate::harness::terraform::{Run, Running};

/// A secret that only the user who runs the scan may know.
const SECRET: &str = "pLaNtEd-token-0123456789";

/// The configuration of another user, which only reads what the scan finds.
const LOOK: &str = r#"
data "ipam_resource_cidrs" "all" {
  max_age = "0s"
}

output "cidrs" {
  value = data.ipam_resource_cidrs.all.cidrs
}
"#;

/// The configuration of a user who allows files below these directories to be read.
fn looking(below: Option<&str>) -> String {
    let below = below.map(|below| format!("  discovery_files_below = {below}\n")).unwrap_or_default();
    format!("provider \"ipam\" {{\n  owner = \"tests/other\"\n{below}}}\n{LOOK}")
}

impl Scene {
    /// Writes the discovery of these files into the store.
    fn names_files(&self, files: &[&str]) {
        self.applies(&DISCOVERY.replace("[\"network.csv\"]", &format!("{files:?}")));
    }

    /// Plans with the secret in the environment.
    fn plans(&self, body: &str) -> Run {
        self.workspace.configure(body);
        let mut command = self.workspace.command(&["plan", "-input=false", "-no-color"]);
        command.env("CI_JOB_TOKEN", SECRET);
        Running::start(command).wait()
    }

    /// Verifies that the secret is not in the store.
    #[track_caller]
    fn assert_not_told(&self) {
        let export = self.program(&["export"]).succeeds();
        export.never_says(SECRET).never_says("s3cret");
    }
}

on_each_own_store! {
    fn a_plan_reads_the_files_that_its_own_configuration_allows_and_no_other(store: Store) {
        let team = Scene::on(&store);
        let other = Scene::on(&store);
        let elsewhere = tempfile::tempdir().unwrap();
        let notes = elsewhere.path().join("notes.csv").display().to_string();
        fs::write(&notes, format!("{SECRET},s3cret\n")).unwrap();
        // Files that the writers of the store have no right to: whatever the user who scans allows, no content of them
        // is shown.
        team.names_files(&["/proc/self/environ", &notes, "network.csv"]);
        other.is_there(&["vpc-1,vpc,10.0.0.0/16,,"]);
        let nothing = other.plans(&looking(None)).fails();
        nothing
            .says(&["A new scan failed", "account network in none", "environ is not read", "notes.csv is not read"])
            .says(&["discovery_files_below"])
            .never_says(SECRET);
        other.assert_not_told();
        let own = other.plans(&looking(Some("[\".\"]"))).fails();
        own.says(&["account notes in none", "discovery_files_below"]).never_says("account network in none").never_says(SECRET);
        let all = other.plans(&looking(Some("[\"/\"]"))).fails();
        all.says(&["files in /proc, /sys and /dev are never read", "notes.csv, line 1: the name of column 1 is not known"])
            .never_says(SECRET)
            .never_says("s3cret");
        other.assert_not_told();
        let run = other.program(&["discover", "--files-below", "/"]);
        assert_eq!(run.code, 1, "{}", run.text());
        run.says(&["are never read", "notes.csv, line 1"]).never_says("s3cret").never_says(SECRET);
        other.assert_not_told();
        // Files that were refused only to a user who may not read them are not a failure for any other user.
        team.names_files(&["network.csv"]);
        let allowed = other.plans(&looking(Some("[\"nowhere\"]"))).fails();
        allowed.says(&["nowhere is not a directory that can be used"]);
        other.plans(&looking(Some("[\".\"]"))).succeeds().says(&["10.0.0.0/16"]);
        store.assert_sound();
    }

    fn an_unreadable_file_is_reported_and_its_known_resources_stay(store: Store) {
        let scene = Scene::on(&store);
        let other = Scene::on(&store);
        let elsewhere = tempfile::tempdir().unwrap();
        let head = "account,region,resource_id,resource_type,cidr\n";
        let far = elsewhere.path().join("far.csv");
        fs::write(&far, format!("{head}dc,fra,far,other,10.1.0.0/16\n")).unwrap();
        let near = scene.workspace.path().join("near.csv");
        let lines = "dc,fra,near,other,10.0.0.0/16\nhq,cgn,hq,other,10.2.0.0/16\n";
        fs::write(&near, format!("{head}{lines}")).unwrap();
        scene.names_files(&[&near.display().to_string(), &far.display().to_string()]);
        scene.program(&["discover", "--files-below", "/"]).succeeds();
        // Each place gets one more resource. The resource in the file that may not be read stays known.
        let more = "dc,fra,near-2,other,10.3.0.0/16\nhq,cgn,hq-2,other,10.4.0.0/16\n";
        fs::write(&near, format!("{head}{lines}{more}")).unwrap();
        let run = scene.program(&["discover"]);
        assert_eq!(run.code, 1, "{}", run.text());
        run.says(&[
            "far.csv is not read",
            "--files-below",
            "1 of the known resources of this account and Region are in none of the files that were read",
            "2 failed",
        ]);
        other.workspace.configure(&looking(None).replace("  max_age = \"0s\"\n", ""));
        let known = other.workspace.apply();
        assert_eq!(known.output("cidrs"), &json!(["10.0.0.0/16", "10.1.0.0/16", "10.2.0.0/16", "10.4.0.0/16"]));
        other.workspace.configure(&looking(Some("[\"/\"]")));
        let all = json!(["10.0.0.0/16", "10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16", "10.4.0.0/16"]);
        assert_eq!(other.workspace.apply().output("cidrs"), &all);
        // A user who may not read the files needs no scan while the known samples are fresh enough.
        other.workspace.configure(&looking(None).replace("\"0s\"", "\"1h\""));
        assert_eq!(other.workspace.apply().output("cidrs"), &all);
        store.assert_sound();
    }
}

/// A discovery names a Region, and the unreadable file may contain resources of that Region.
#[test]
fn a_scan_of_one_region_fails_when_a_file_cannot_be_read() {
    let scene = Scene::on(&Store::sqlite());
    scene.is_there(&["vpc-1,vpc,10.0.0.0/16,,"]);
    let look = |below: &str| {
        format!(
            "provider \"ipam\" {{\n{below}}}\n{DISCOVERY}
data \"ipam_discovered_resource_cidrs\" \"x\" {{
  ipam_resource_discovery_id = ipam_resource_discovery.net.id
  resource_region            = \"us-east-1\"
  max_age                    = \"0s\"
}}
"
        )
    };
    let below = "  discovery_files_below = [\".\"]\n";
    scene.applies(&look(below));
    scene.plans(&look("")).fails().says(&["account network in none", "discovery_files_below"]);
    scene.workspace.write("network.csv", "nonsense");
    scene.plans(&look(below)).fails().says(&["account network in none", "the name of column 1 is not known"]);
}

#[test]
fn the_command_reads_below_the_working_directory_and_the_allowed_directories() {
    let scene = Scene::on(&Store::sqlite());
    let elsewhere = tempfile::tempdir().unwrap();
    let path = |name: &str| elsewhere.path().join(name).display().to_string();
    fs::write(path("other.csv"), "cidr\n10.0.0.0/16\n").unwrap();
    std::os::unix::fs::symlink(path("other.csv"), scene.workspace.path().join("link.csv")).unwrap();
    for file in [path("other.csv"), "link.csv".to_owned(), format!("../{}", path("other.csv"))] {
        scene.names_files(&[&file]);
        let run = scene.program(&["discover"]);
        assert_eq!(run.code, 1, "{file}: {}", run.text());
        run.says(&["is not read", "--files-below", "1 failed"]);
        let told = scene.program(&["discover", "--json"]);
        assert!(told.stdout.contains("\"complete\": false"), "{}", told.text());
    }
    scene.names_files(&[&path("other.csv"), "network.csv"]);
    let directory = elsewhere.path().display().to_string();
    scene
        .program(&["discover", "--files-below", ".", "--files-below", &directory])
        .succeeds()
        .says(&["other", "0 failed"]);
    let run = scene.program(&["discover", "--files-below", &directory]);
    assert_eq!(run.code, 1, "{}", run.text());
    run.says(&["network.csv is not read"]);
    let none = scene.program(&["discover", "--files-below", "nowhere"]);
    assert_eq!(none.code, 1, "{}", none.text());
    none.says(&["nowhere is not a directory that can be used"]);
}

#[test]
fn a_pipe_is_refused_at_once() {
    let scene = Scene::on(&Store::sqlite());
    let pipe = scene.workspace.path().join("pipe.csv");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    scene.names_files(&["pipe.csv"]);
    let began = Instant::now();
    let run = scene.program(&["discover"]);
    assert_eq!(run.code, 1, "{}", run.text());
    run.says(&["it is a pipe, a socket or a device, and must be a file"]);
    for arguments in [
        &["import", "--merge", "pipe.csv"][..],
        &["check", "--archive", "pipe.csv"],
        &["prune", "--keep", "1s", "--events", "--archive", "pipe.csv"],
    ] {
        let run = scene.program(arguments);
        assert_eq!(run.code, 2, "{}", run.text());
        run.says(&["must be a file"]);
    }
    assert!(began.elapsed() < Duration::from_secs(120), "it waited");
}
