//! Runs the `terraform` (or `tofu`) command, a few at a time.

use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::diagnostics::Diagnostic;

/// Terraform keeps a core busy for most of its run: more commands at a time would only slow each other down.
const COMMANDS_AT_ONCE: usize = 4;

/// No command of these tests takes nearly this long; a command that does has hung.
const COMMAND_LIMIT: Duration = Duration::from_secs(600);

/// The outcome of a command.
#[derive(Debug)]
pub struct Run {
    /// The command, for messages.
    pub command: String,
    /// Exit status; -1 after a signal.
    pub code: i32,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Run {
    /// Whether the command exited with 0.
    pub fn is_success(&self) -> bool {
        self.code == 0
    }

    /// Verifies that the command succeeded.
    #[track_caller]
    pub fn succeeds(self) -> Self {
        assert!(self.is_success(), "{} failed:\n{}", self.command, self.text());
        self
    }

    /// Verifies that the command failed.
    #[track_caller]
    pub fn fails(self) -> Self {
        assert!(!self.is_success(), "{} succeeded:\n{}", self.command, self.text());
        self
    }

    /// Verifies that the output contains each of `fragments`, however its lines are wrapped.
    #[track_caller]
    pub fn says(self, fragments: &[&str]) -> Self {
        let said = unwrapped(&self.text());
        for fragment in fragments {
            assert!(said.contains(fragment), "{} does not say {fragment:?}:\n{}", self.command, self.text());
        }
        self
    }

    /// Verifies that the output does not contain `fragment`.
    #[track_caller]
    pub fn never_says(self, fragment: &str) -> Self {
        assert!(!unwrapped(&self.text()).contains(fragment), "{} says {fragment:?}:\n{}", self.command, self.text());
        self
    }

    /// Standard output, then standard error.
    pub fn text(&self) -> String {
        format!("exit status {}\n{}\n{}", self.code, self.stdout, self.stderr)
    }

    /// The diagnostics of a command that ran with `-json`, without Terraform's warning about development overrides.
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        let lines = self.stdout.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines
            .filter(|line| line["type"] == "diagnostic")
            .map(|line| Diagnostic::from_json(&line["diagnostic"]))
            .filter(|diagnostic| !diagnostic.summary.contains("development overrides"))
            .collect()
    }
}

/// Text as one line, without the frame that Terraform draws around diagnostics.
pub fn unwrapped(text: &str) -> String {
    let words = text.split_whitespace().filter(|word| !matches!(*word, "│" | "╷" | "╵"));
    words.collect::<Vec<_>>().join(" ")
}

/// Removes every variable from a command's environment that could change what Terraform or the provider does.
pub fn clean(command: &mut Command) {
    command.env_clear();
    for kept in ["PATH", "TMPDIR", "TEMP", "SystemRoot", "LLVM_PROFILE_FILE"] {
        if let Some(value) = std::env::var_os(kept) {
            command.env(kept, value);
        }
    }
    command.env("CHECKPOINT_DISABLE", "1").env("TF_IN_AUTOMATION", "1").env("TF_INPUT", "0");
}

/// Runs a command to its end.
pub fn run(command: Command) -> Run {
    Running::start(command).wait()
}

/// A command that is running.
pub struct Running {
    words: String,
    child: Child,
    stdout: thread::JoinHandle<String>,
    stderr: thread::JoinHandle<String>,
    _permit: Option<Permit>,
}

impl Running {
    /// Starts a command as soon as few enough others run.
    pub fn start(command: Command) -> Self {
        Self::start_with(command, Some(Permit::take()))
    }

    /// Starts a command, however many others run.
    pub fn start_now(command: Command) -> Self {
        Self::start_with(command, None)
    }

    fn start_with(mut command: Command, permit: Option<Permit>) -> Self {
        let words = format!("{command:?}");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{words}: {error}"));
        let stdout = collect(child.stdout.take());
        let stderr = collect(child.stderr.take());
        Self { words, child, stdout, stderr, _permit: permit }
    }

    /// Process id of the command.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether the command has ended.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("the status of a child can be asked for").is_some()
    }

    /// Waits for the end of the command.
    pub fn wait(mut self) -> Run {
        let status = self.status();
        let text = |thread: thread::JoinHandle<String>| thread.join().expect("reading does not panic");
        Run {
            command: self.words,
            code: status.code().unwrap_or(-1),
            stdout: text(self.stdout),
            stderr: text(self.stderr),
        }
    }

    fn status(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("the status of a child can be asked for") {
                return status;
            }
            if start.elapsed() > COMMAND_LIMIT {
                self.child.kill().ok();
                panic!("{} did not end within {COMMAND_LIMIT:?}", self.words);
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

fn collect(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    let mut pipe = pipe.expect("the pipe was asked for");
    thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).ok();
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

static RUNNING: Mutex<usize> = Mutex::new(0);
static ENDED: Condvar = Condvar::new();

struct Permit;

impl Permit {
    fn take() -> Self {
        let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        let mut running =
            ENDED.wait_while(running, |running| *running >= COMMANDS_AT_ONCE).unwrap_or_else(PoisonError::into_inner);
        *running += 1;
        Self
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        *RUNNING.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        ENDED.notify_one();
    }
}
