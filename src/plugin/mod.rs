//! The process as go-plugin wants it: handshake, mutual TLS, the services beside the provider's own, logs, and the
//! end of the process. Knows nothing of resources.

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

use std::io::{self, Write};
use std::process::ExitCode;

use crate::tf::Provider;
use handshake::Environment;
use lifecycle::{Ending, Lifecycle};

/// The messages and services of go-plugin, made from `proto/plugin.proto`.
#[allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]
#[rustfmt::skip]
pub mod wire {
    tonic::include_proto!("plugin");
}

/// Whether Terraform or OpenTofu started this process.
pub fn is_started_by_terraform() -> bool {
    handshake::has_cookie()
}

/// Serves `provider` to the Terraform that started this process, until it says that it is done.
pub fn run(provider: Provider) -> ExitCode {
    prepare();
    let environment = match Environment::read() {
        Ok(environment) => environment,
        Err(sentence) => return fail(&sentence),
    };
    finish(serve::until_end(provider, environment, &Lifecycle::of_plugin(), print))
}

/// Serves `provider` to a Terraform that is told where it is (`TF_REATTACH_PROVIDERS`, printed on standard output),
/// without TLS: for debuggers. Ends on Ctrl-C.
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

/// A line on standard error, which go-plugin forwards to Terraform's log. Nobody listening is no reason to end.
fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// A line on standard output, which is go-plugin's channel for the handshake.
fn print(line: &str) -> Result<(), String> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .map_err(|error| format!("The handshake cannot be written: {error}."))
}
