//! The process in the form that go-plugin requires: handshake, mutual TLS, the services in addition to that of the
//! provider, logs, and the end of the process. This module contains nothing about resources.

mod broker;
mod connection;
mod controller;
mod handshake;
mod lifecycle;
mod listen;
mod logging;
mod serve;
mod services;
mod socket;
mod stdio;
mod tls;
#[allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]
#[rustfmt::skip]
pub mod wire;

use std::io::{self, Write};
use std::process::ExitCode;

use crate::tf::Provider;
use handshake::Environment;
use lifecycle::{Ending, Lifecycle};

/// Whether Terraform or OpenTofu started this process.
pub fn is_started_by_terraform() -> bool {
    handshake::has_cookie()
}

/// Serves `provider` to the Terraform process that started this process, until that process calls Shutdown or is gone.
pub fn run(provider: Provider) -> ExitCode {
    prepare();
    let environment = match Environment::read() {
        Ok(environment) => environment,
        Err(sentence) => return fail(&sentence),
    };
    finish(serve::until_end(provider, environment, &Lifecycle::of_plugin(), print))
}

/// Serves `provider` without TLS, for debuggers. Prints the value of `TF_REATTACH_PROVIDERS` on standard output, by which
/// Terraform finds this process. Ends on Ctrl-C.
pub fn debug(provider: Provider) -> ExitCode {
    prepare();
    let environment = match Environment::for_debugging() {
        Ok(environment) => environment,
        Err(sentence) => return fail(&sentence),
    };
    finish(serve::until_end(provider, environment, &Lifecycle::of_debug_server(), print))
}

fn prepare() {
    logging::start();
    crate::protocol::install_panic_hook();
}

fn finish(result: Result<Ending, String>) -> ExitCode {
    match result {
        Ok(ending) => {
            tracing::debug!(reason = %ending, "The plugin ends");
            ExitCode::SUCCESS
        }
        Err(sentence) => fail(&sentence),
    }
}

fn fail(sentence: &str) -> ExitCode {
    say(&format!("[ERROR] {sentence}"));
    ExitCode::FAILURE
}

/// Writes a line to standard error, which go-plugin forwards to Terraform's log. A failed write does not end the process.
fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Writes a line to standard output, the channel of go-plugin for the handshake.
fn print(line: &str) -> Result<(), String> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .map_err(|error| format!("The handshake cannot be written: {error}."))
}
