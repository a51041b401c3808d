//! Options, names, and that the same program gives the same files.

use std::collections::BTreeMap;
use std::io::Read;

use serde_json::{Value, json};

use super::*;

fn root() -> PathBuf {
    crate::tool::root()
}

fn options(directory: &Path) -> Options {
    let program = directory.join("program");
    fs::write(&program, "#!/bin/sh\n".repeat(1000)).unwrap();
    Options {
        binaries: vec![
            (Platform::named("linux_amd64").unwrap(), program.clone()),
            (Platform::named("windows_amd64").unwrap(), program),
        ],
        features: ["--no-default-features", "--features", "sqlite"].map(str::to_owned).into(),
        version: Some("1.2.3".to_owned()),
        ..Options::default()
    }
}

/// The files of a directory by name.
fn content(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(directory).unwrap().map(Result::unwrap);
    entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect()
}

#[test]
fn a_release_has_the_files_that_the_registries_want_and_is_the_same_again() {
    let scratch = tempfile::tempdir().unwrap();
    let options = options(scratch.path());
    let made = |name: &str| {
        let output = scratch.path().join(name);
        make(&root(), &Options { output: Some(output.clone()), ..options.clone() }).unwrap();
        content(&output)
    };
    let (first, second) = (made("first"), made("second"));
    assert_eq!(
        first.keys().map(|name| name.strip_prefix("terraform-provider-ipam_1.2.3_").unwrap()).collect::<Vec<_>>(),
        [
            "SHA256SUMS",
            "linux_amd64.zip",
            "linux_amd64.zip.sbom.json",
            "manifest.json",
            "windows_amd64.zip",
            "windows_amd64.zip.sbom.json"
        ]
    );
    for (name, bytes) in &first {
        assert!(second[name] == *bytes, "{name} differs");
    }
    let sums = String::from_utf8(first["terraform-provider-ipam_1.2.3_SHA256SUMS"].clone()).unwrap();
    let summed = first.iter().filter(|(name, _)| !name.ends_with("SHA256SUMS"));
    let expected: String = summed.map(|(name, bytes)| format!("{}  {name}\n", package::sum_of(bytes))).collect();
    assert_eq!(sums, expected);
    let manifest: Value = serde_json::from_slice(&first["terraform-provider-ipam_1.2.3_manifest.json"]).unwrap();
    assert_eq!(manifest, json!({ "version": 1, "metadata": { "protocol_versions": ["6.0"] } }));
}

#[test]
fn a_zip_has_the_program_by_its_version_and_the_licences() {
    let scratch = tempfile::tempdir().unwrap();
    let output = scratch.path().join("out");
    make(&root(), &Options { output: Some(output.clone()), ..options(scratch.path()) }).unwrap();
    for (platform, program) in [("linux_amd64", "_v1.2.3"), ("windows_amd64", "_v1.2.3.exe")] {
        let file = fs::File::open(output.join(format!("terraform-provider-ipam_1.2.3_{platform}.zip"))).unwrap();
        let mut zip = zip::ZipArchive::new(file).unwrap();
        let names: Vec<String> = zip.file_names().map(str::to_owned).collect();
        let program = format!("terraform-provider-ipam{program}");
        assert_eq!(names, ["LICENSE", "README.md", "THIRD_PARTY_LICENSES.txt", &program]);
        assert_eq!(zip.by_name(&program).unwrap().unix_mode().unwrap() & 0o777, 0o755);
        let mut licences = String::new();
        zip.by_name("THIRD_PARTY_LICENSES.txt").unwrap().read_to_string(&mut licences).unwrap();
        assert!(licences.contains("\n- tonic "), "{licences}");
        assert!(licences.contains("Permission is hereby granted, free of charge"), "no text of MIT");
        assert!(!licences.contains("- proptest "), "a library of the tests is not in the program");
    }
}

#[test]
fn the_bill_of_materials_names_every_library_with_its_checksum() {
    let libraries = Libraries::of(&root(), &Platform::named("linux_arm64").unwrap(), &[]).unwrap();
    let document: Value = serde_json::from_str(&sbom::of(&libraries, "1.2.3", b"program")).unwrap();
    assert_eq!(document["metadata"]["component"]["purl"], "pkg:cargo/terraform-provider-ipam@1.2.3");
    assert_eq!(document["metadata"]["component"]["hashes"][0]["content"], package::sum_of(b"program"));
    let components = document["components"].as_array().unwrap();
    assert!(components.len() > 100, "{}", components.len());
    for component in components {
        assert_eq!(component["hashes"][0]["content"].as_str().unwrap().len(), 64, "{component}");
        assert!(!component["licenses"][0]["expression"].as_str().unwrap().is_empty(), "{component}");
    }
    let references: Vec<&Value> = components.iter().map(|component| &component["bom-ref"]).collect();
    for dependency in document["dependencies"].as_array().unwrap() {
        for used in dependency["dependsOn"].as_array().unwrap() {
            assert!(references.contains(&used), "{used} is not a component");
        }
    }
}

#[test]
fn a_mirror_keeps_the_versions_that_it_has() {
    let scratch = tempfile::tempdir().unwrap();
    let mirror = scratch.path().join("mirror");
    let options =
        Options { mirror: Some(mirror.clone()), output: Some(scratch.path().join("out")), ..options(scratch.path()) };
    make(&root(), &options).unwrap();
    make(&root(), &Options { version: Some("1.3.0".to_owned()), ..options }).unwrap();
    for host in ["registry.terraform.io", "registry.opentofu.org"] {
        let files = content(&mirror.join(host).join("ipam-dev/ipam"));
        let index: Value = serde_json::from_slice(&files["index.json"]).unwrap();
        assert_eq!(index, json!({ "versions": { "1.2.3": {}, "1.3.0": {} } }));
        let version: Value = serde_json::from_slice(&files["1.2.3.json"]).unwrap();
        let zip = "terraform-provider-ipam_1.2.3_linux_amd64.zip";
        let archive = json!({ "url": zip, "hashes": [format!("zh:{}", package::sum_of(&files[zip]))] });
        assert_eq!(version["archives"]["linux_amd64"], archive);
    }
}

#[test]
fn options_are_read_and_refused() {
    let read = |text: &str| Options::read(&text.split_whitespace().collect::<Vec<_>>());
    let good = read("--target x86_64-unknown-linux-musl --features sqlite --no-default-features --sign K").unwrap();
    assert_eq!(good.targets, ["x86_64-unknown-linux-musl"]);
    assert_eq!(good.features, ["--features", "sqlite", "--no-default-features"]);
    for (wrong, words) in [
        ("--targets x", "--targets is not an option"),
        ("--target", "--target needs a value"),
        ("--version 1.2.3", "only for --binary"),
        ("--binary a --version v1.2.3", "is not a version"),
        ("--binary plan9_amd64=a", "is not a platform"),
    ] {
        let error = read(wrong).unwrap_err();
        assert!(error.contains(words), "{wrong}: {error}");
    }
}

#[test]
fn targets_of_rust_are_platforms_of_terraform() {
    for (target, platform) in [
        ("x86_64-unknown-linux-gnu.2.17", "linux_amd64"),
        ("aarch64-unknown-linux-musl", "linux_arm64"),
        ("aarch64-apple-darwin", "darwin_arm64"),
        ("x86_64-pc-windows-msvc", "windows_amd64"),
    ] {
        assert_eq!(Platform::of_target(target).unwrap().to_string(), platform);
    }
    assert!(Platform::of_target("riscv64gc-unknown-linux-gnu").is_err());
}

#[test]
fn a_directory_with_other_files_is_not_emptied() {
    let scratch = tempfile::tempdir().unwrap();
    let options = Options { output: Some(scratch.path().to_owned()), ..options(scratch.path()) };
    let error = make(&root(), &options).unwrap_err();
    assert!(error.contains("contains program, which is no file of a release"), "{error}");
    assert!(scratch.path().join("program").exists());
}

#[test]
fn two_programs_for_one_platform_are_refused() {
    let scratch = tempfile::tempdir().unwrap();
    let mut options = options(scratch.path());
    options.binaries.push(options.binaries[0].clone());
    let error = make(&root(), &Options { output: Some(scratch.path().join("out")), ..options }).unwrap_err();
    assert_eq!(error, "There are two programs for linux_amd64: a release has one.");
}
