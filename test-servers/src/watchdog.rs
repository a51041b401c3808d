//! Runs a server so that it ends with the test process, even if that process is killed.

use std::fs::File;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::machine::Account;

/// Starts the server, and waits at a pipe whose other end the test process holds. When the pipe closes, the script ends
/// the server by a signal and removes its directory; the word `keep` keeps the directory for another start.
///
/// `$1` is the signal, `$2` the directory; the other arguments are the server and its arguments.
const SCRIPT: &str = r#"
signal=$1 directory=$2
shift 2
(
  "$@" </dev/null &
  echo "$!" >"$directory/server.pid"
  wait
  : >"$directory/server.end"
) &
read -r word
until [ -s "$directory/server.pid" ]; do sleep 1; done
[ -e "$directory/server.end" ] || kill -s "$signal" "$(cat "$directory/server.pid")" 2>/dev/null
wait
[ "$word" = keep ] || rm -rf "$directory"
"#;

/// The way to run a server.
#[derive(Debug)]
pub(crate) struct Job<'a> {
    /// Its working directory. All its files are in it, and are removed with it.
    pub(crate) directory: &'a Path,
    /// The file for everything that the server prints.
    pub(crate) log: &'a Path,
    /// The user who runs the server, if it is not the user who runs the tests.
    pub(crate) account: Option<Account>,
    /// The signal that ends it: `QUIT`, `TERM`, `KILL`.
    pub(crate) signal: &'a str,
    /// Variables that are added to an environment with only `PATH`.
    pub(crate) environment: &'a [(&'a str, &'a str)],
}

/// A running server.
#[derive(Debug)]
pub(crate) struct Watchdog {
    shell: Child,
    directory: PathBuf,
}

/// A command with an empty environment, run as `account`.
pub(crate) fn command(program: &Path, account: Option<Account>) -> Command {
    let mut command = Command::new(program);
    command.env_clear();
    for kept in ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"] {
        if let Some(value) = std::env::var_os(kept) {
            command.env(kept, value);
        }
    }
    if let Some(account) = account {
        command.uid(account.uid).gid(account.gid);
    }
    command
}

impl Watchdog {
    /// Starts `program`.
    pub(crate) fn start(job: &Job<'_>, program: &Path, arguments: &[String]) -> Self {
        for left in ["server.pid", "server.end"] {
            // The file may be left from an earlier start.
            std::fs::remove_file(job.directory.join(left)).ok();
        }
        let log = File::options().create(true).append(true).open(job.log).expect("a scratch directory can be written");
        let same_log = log.try_clone().expect("a file can be opened twice");
        let mut shell = command(Path::new("sh"), job.account);
        shell.args(["-c", SCRIPT, "watchdog", job.signal]).arg(job.directory).arg(program).args(arguments);
        shell.envs(job.environment.iter().copied()).current_dir(job.directory);
        // Ctrl-C is for the test process; the watchdog must stay to clean up after it.
        shell.process_group(0).stdin(Stdio::piped()).stdout(log).stderr(same_log);
        Self { shell: shell.spawn().expect("sh can be started"), directory: job.directory.to_owned() }
    }

    /// Whether the server has ended, by itself or by a signal.
    pub(crate) fn has_server_ended(&self) -> bool {
        self.directory.join("server.end").exists()
    }

    /// Ends the server and keeps its directory.
    pub(crate) fn stop(mut self) {
        if let Some(mut pipe) = self.shell.stdin.take() {
            // If the watchdog has ended, the server has ended too.
            pipe.write_all(b"keep\n").ok();
        }
        self.shell.wait().expect("a child can be waited for");
    }

    /// Ends the server and removes its directory.
    pub(crate) fn remove(mut self) {
        drop(self.shell.stdin.take());
        self.shell.wait().expect("a child can be waited for");
    }
}

/// Sends SIGKILL. A process that has ended already is not an error.
pub(crate) fn kill(ids: &[u32]) {
    let list: Vec<String> = ids.iter().map(u32::to_string).collect();
    let script = format!("for id in {}; do kill -s KILL $id 2>/dev/null; done", list.join(" "));
    Command::new("sh").args(["-c", &script]).status().expect("sh can be started");
}
