//! The only module that prints.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;

use clap::Args;
use comfy_table::{Table, presets};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use super::failure::Status;

/// How to answer.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct OutputFormat {
    /// Prints JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// A complete answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) text: String,
    /// Whether the command has findings, for the exit status.
    pub(super) has_findings: bool,
    /// A warning for the reader of the answer. It is printed to stderr, so that it does not disturb a program that reads
    /// the answer.
    pub(super) warning: Option<String>,
}

impl Page {
    /// An answer without findings.
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), has_findings: false, warning: None }
    }

    /// An answer as indented JSON.
    pub(super) fn json<T: Serialize>(value: &T) -> Self {
        // Serialization fails only for maps with keys that are not strings. The answers of the commands have none.
        let text = serde_json::to_string_pretty(value).unwrap_or_default();
        Self::text(text + "\n")
    }

    /// The same answer with or without findings, which set exit status 1.
    pub(super) fn with_findings(self, has_findings: bool) -> Self {
        Self { has_findings, ..self }
    }

    /// The same answer with a warning.
    pub(super) fn warning(self, warning: Option<String>) -> Self {
        Self { warning, ..self }
    }

    /// Prints the answer. A reader that stopped reading (`| head`) is not an error.
    pub(super) fn print(&self) -> ExitCode {
        if let Some(warning) = &self.warning {
            // A closed stderr is not an error.
            let _ = writeln!(io::stderr(), "warning: {warning}");
        }
        let mut stdout = io::stdout().lock();
        let written = stdout.write_all(self.text.as_bytes()).and_then(|()| stdout.flush());
        match written {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                refuse(&format!("Cannot write the answer: {error}."), Status::Failed)
            }
            _ if self.has_findings => ExitCode::from(1),
            _ => ExitCode::SUCCESS,
        }
    }
}

/// Prints on one line of stderr why the command failed.
pub(super) fn refuse(line: &str, status: Status) -> ExitCode {
    // If stderr is closed, the exit status still reports the failure.
    let _ = writeln!(io::stderr(), "error: {line}");
    ExitCode::from(status as u8)
}

/// Standard output, for an answer that is too long for a [`Page`].
pub(super) fn stream() -> impl Write {
    io::stdout().lock()
}

/// A progress bar for a long command. It is shown only on a terminal, and removed when it is dropped.
pub(super) struct Bar {
    bar: ProgressBar,
    what: &'static str,
}

impl Bar {
    pub(super) fn new() -> Self {
        let is_shown = io::stderr().is_terminal();
        let target = if is_shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Self { bar: ProgressBar::with_draw_target(None, target), what: "" }
    }

    /// Shows that `done` of `total` is complete. `total` may be unknown.
    pub(super) fn show(&mut self, what: &'static str, done: u64, total: Option<u64>) {
        if what != self.what {
            self.what = what;
            let form = match (what, total) {
                ("bytes", _) => "{bar:30} {bytes}/{total_bytes} read",
                (_, Some(_)) => "{bar:30} {human_pos}/{human_len} {msg}",
                (_, None) => "{spinner} {human_pos} {msg}",
            };
            self.bar.reset();
            self.bar.set_style(ProgressStyle::with_template(form).unwrap_or_else(|_| ProgressStyle::default_bar()));
            self.bar.set_message(what);
        }
        if let Some(total) = total {
            self.bar.set_length(total);
        }
        self.bar.set_position(done);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Rows under a header, without borders and trailing blanks.
pub(super) fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header.iter().copied());
    table.add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt() + "\n"
}

/// The name without control characters, which must not reach the terminal: names may contain any text.
pub(super) fn clean(name: &str) -> String {
    name.chars()
        .flat_map(|letter| {
            let escaped = letter.is_control().then(|| letter.escape_default());
            let plain = escaped.is_none().then_some(letter);
            escaped.into_iter().flatten().chain(plain)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_shown_and_not_sent() {
        assert_eq!(clean("a\u{1b}[31mb\nü"), "a\\u{1b}[31mb\\nü");
    }

    #[test]
    fn tables_have_no_borders_and_no_trailing_blanks() {
        let rows = [vec!["web".to_owned(), "10.0.0.0/24".to_owned()], vec!["database".to_owned(), "x".to_owned()]];
        assert_eq!(table(&["NAME", "CIDR"], rows), "NAME      CIDR\nweb       10.0.0.0/24\ndatabase  x\n");
    }
}
