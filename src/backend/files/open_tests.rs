//! Tests of which files may be read.

use std::os::unix::fs::symlink;
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::*;

const NOT_ALLOWED: &str = "not below a directory that files may be read from";

/// `inside/list.csv` may be read, `outside/list.csv` may not.
fn scene() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for name in ["inside", "outside"] {
        fs::create_dir(directory.path().join(name)).unwrap();
        fs::write(directory.path().join(name).join("list.csv"), "cidr\n").unwrap();
    }
    directory
}

/// Opens a file of the scene; answers the reason when that fails.
fn opening(scene: &TempDir, path: &str) -> Result<(), String> {
    let below = Below::new([scene.path().join("inside")]);
    match open(&scene.path().join(path), &below) {
        Ok(_) => Ok(()),
        Err(Unread::NotAllowed(words) | Unread::Wrong(words)) => Err(words),
    }
}

#[test]
fn links_and_dots_are_resolved_before_a_file_is_allowed() {
    let scene = scene();
    let at = |path: &str| scene.path().join(path);
    symlink(at("outside/list.csv"), at("inside/out.csv")).unwrap();
    symlink(at("outside"), at("inside/out")).unwrap();
    symlink(at("outside/nothing.csv"), at("inside/dangling.csv")).unwrap();
    symlink(at("inside/list.csv"), at("outside/in.csv")).unwrap();
    fs::create_dir(at("inside/deep")).unwrap();
    for path in ["inside/list.csv", "inside/deep/../list.csv", "outside/../inside/list.csv", "outside/in.csv"] {
        assert_eq!(opening(&scene, path), Ok(()), "{path}");
    }
    for path in [
        "outside/list.csv",
        "inside/../outside/list.csv",
        "inside/out.csv",
        "inside/out/list.csv",
        "inside/out/nothing.csv",
        "inside/dangling.csv",
        "outside/nothing.csv",
        "insider.csv",
        "outside",
    ] {
        let words = opening(&scene, path).unwrap_err();
        assert!(words.contains(NOT_ALLOWED) && words.contains("--files-below"), "{path}: {words}");
    }
    let words = opening(&scene, "inside/nothing.csv").unwrap_err();
    assert!(words.ends_with("nothing.csv cannot be read: there is no such file. Check the path."), "{words}");
}

#[test]
fn without_a_directory_no_file_is_read() {
    let scene = scene();
    let file = scene.path().join("inside/list.csv");
    assert!(matches!(open(&file, &Below::default()), Err(Unread::NotAllowed(_))));
    let Err(Unread::NotAllowed(words)) = open(&file, &Below::new([scene.path().join("nowhere")])) else {
        panic!("it was read");
    };
    assert!(words.contains("nowhere is not a directory that can be used"), "{words}");
}

#[test]
fn only_a_regular_file_is_opened_and_anything_else_is_refused_at_once() {
    let scene = scene();
    let at = |path: &str| scene.path().join(path);
    assert!(Command::new("mkfifo").arg(at("inside/pipe.csv")).status().unwrap().success());
    let _socket = std::os::unix::net::UnixListener::bind(at("inside/socket.csv")).unwrap();
    let began = Instant::now();
    for path in ["inside/pipe.csv", "inside/socket.csv"] {
        let words = opening(&scene, path).unwrap_err();
        assert!(words.ends_with("it is a pipe, a socket or a device, and must be a file."), "{words}");
        let error = open_regular(&at(path)).unwrap_err();
        assert_eq!(error.to_string(), "it is a pipe, a socket or a device, and must be a file");
    }
    let words = opening(&scene, "inside").unwrap_err();
    assert!(words.ends_with("cannot be read: it is a directory. Name a file in it."), "{words}");
    assert!(open_regular(Path::new("/dev/null")).is_err());
    assert!(began.elapsed() < Duration::from_secs(30), "it waited");
    assert!(open_regular(&at("inside/list.csv")).is_ok());
}

#[test]
fn a_link_that_comes_in_between_is_not_followed() {
    let scene = scene();
    let at = |path: &str| fs::canonicalize(scene.path()).unwrap().join(path);
    assert!(without_links(&at("inside/list.csv")).is_ok());
    fs::rename(at("inside"), at("moved")).unwrap();
    symlink(at("outside"), at("inside")).unwrap();
    assert!(without_links(&at("inside/list.csv")).is_err(), "a directory became a link");
    symlink(at("outside/list.csv"), at("moved/link.csv")).unwrap();
    assert!(without_links(&at("moved/link.csv")).is_err(), "the file became a link");
    assert!(Command::new("mkfifo").arg(at("moved/pipe.csv")).status().unwrap().success());
    assert!(without_links(&at("moved/pipe.csv")).is_ok(), "opening a pipe does not wait for its other end");
}

#[cfg(target_os = "linux")]
#[test]
fn files_of_the_running_system_are_never_read_whatever_is_allowed() {
    let scene = scene();
    symlink("/proc/self/environ", scene.path().join("inside/environ.csv")).unwrap();
    symlink("/proc/self", scene.path().join("inside/self")).unwrap();
    let everything = Below::new(["/"]);
    let linked = |path: &str| scene.path().join("inside").join(path);
    for path in [
        Path::new("/proc/self/environ"),
        Path::new("/proc/self/task/../environ"),
        Path::new("/proc/no/such/file"),
        Path::new("/dev/null"),
        Path::new("/sys/kernel/uevent_seqnum"),
        &linked("environ.csv"),
        &linked("self/environ"),
    ] {
        let Err(Unread::Wrong(words)) = open(path, &everything) else { panic!("{} was opened", path.display()) };
        assert!(words.contains("files in /proc, /sys and /dev are never read"), "{words}");
    }
    // The check does not depend on where the file system is mounted.
    let error = require_kept(&File::open("/proc/self/environ").unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "it is part of the running system, and such files are never read");
    assert!(open(&linked("list.csv"), &everything).is_ok());
}
