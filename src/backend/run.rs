//! The run of Terraform that this process serves, found out from the operating system.
//!
//! Terraform does not identify its runs. On Linux, the parent process identifies the run: the provider processes of one
//! terraform process that are alive at the same time serve one run, one for each alias of the provider. On other
//! systems, each process is a run.

use std::env;
use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::ipam::{CurrentRun, Origin, Run};

use super::actor::run_url;

/// Number of times that this process was configured. A debug server serves one run after the other.
static CONFIGURED: AtomicU64 = AtomicU64::new(0);

/// The run that begins now, with the details that the environment has about it.
pub fn current_run(variable: impl Fn(&str) -> Option<String>) -> CurrentRun {
    let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
    let turn = CONFIGURED.fetch_add(1, Ordering::Relaxed) + 1;
    let own = Process::of(std::process::id());
    let process = own.as_ref().map_or_else(unknown, |own| format!("{}/{turn}", own.text()));
    let parent = own.as_ref().and_then(|own| Process::of(own.parent)).map(|parent| parent.text()).unwrap_or_default();
    let directory = env::current_dir().ok().map(|path| path.display().to_string());
    let origin = Origin { run_url: run_url(variable), host: host(), directory };
    CurrentRun { run: Run { process, parent, origin }, is_alive: Box::new(is_alive) }
}

/// A value that no other process has.
fn unknown() -> String {
    format!("{:032x}", u128::from(getrandom::u64().unwrap_or_default()) << 64 | u128::from(std::process::id()))
}

/// Whether the process that asked for `run` is running and still serves that run.
fn is_alive(run: &Run) -> bool {
    let Some((text, turn)) = run.process.rsplit_once('/') else { return false };
    let Some(pid) = text.split('/').nth(1).and_then(|pid| pid.parse().ok()) else { return false };
    let is_newest = || turn.parse() == Ok(CONFIGURED.load(Ordering::Relaxed));
    let still_serves = pid != std::process::id() || is_newest();
    still_serves && Process::of(pid).is_some_and(|process| process.text() == text)
}

/// A process that is running. A later process may have the same id, but not the same start time.
struct Process {
    boot: String,
    id: u32,
    parent: u32,
    /// Clock ticks between the start of the system and that of the process.
    started: String,
}

impl Process {
    /// The process with this id; `None` when there is none, or when the system does not report processes.
    fn of(id: u32) -> Option<Self> {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?.trim().to_owned();
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        // The name of the program is the second field, in parentheses, and may contain any character. See
        // proc_pid_stat(5).
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
        let parent = fields.nth(1)?.parse().ok()?;
        // The start time is field 22 of all fields; field 4 was the last one taken.
        let started = fields.nth(17)?.to_owned();
        Some(Self { boot, id, parent, started })
    }

    fn text(&self) -> String {
        format!("{}/{}/{}", self.boot, self.id, self.started)
    }
}

#[cfg(unix)]
fn host() -> Option<String> {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    Some(name).filter(|name| !name.is_empty())
}

#[cfg(not(unix))]
fn host() -> Option<String> {
    env::var("COMPUTERNAME").ok().filter(|name| !name.is_empty())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    fn run_of(process: &Process) -> Run {
        Run { process: format!("{}/1", process.text()), ..Run::default() }
    }

    #[test]
    fn a_run_is_alive_as_long_as_its_process() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let process = Process::of(child.id()).unwrap();
        assert_eq!(process.parent, std::process::id());
        let run = run_of(&process);
        assert!(is_alive(&run));
        let earlier = Process { started: "1".into(), ..Process::of(child.id()).unwrap() };
        assert!(!is_alive(&run_of(&earlier)), "another process had that id");
        drop(child.stdin.take());
        child.wait().unwrap();
        assert!(!is_alive(&run));
    }

    #[test]
    fn text_that_is_not_a_process_is_not_alive() {
        for process in ["", "1", "a/b/c/d", "/////"] {
            assert!(!is_alive(&Run { process: process.into(), ..Run::default() }), "{process:?}");
        }
    }

    #[test]
    fn a_process_that_is_configured_again_begins_another_run() {
        let variable = |name: &str| (name == "BUILD_URL").then(|| "https://ci.example/7".to_owned());
        let (first, second) = (current_run(variable), current_run(variable));
        assert_ne!(first.run.process, second.run.process);
        assert_eq!(first.run.parent, second.run.parent);
        assert!(!first.run.parent.is_empty());
        assert!(!is_alive(&first.run));
        assert_eq!(first.run.origin.run_url.as_deref(), Some("https://ci.example/7"));
        assert!(first.run.origin.host.is_some() && first.run.origin.directory.is_some());
    }
}
