//! The commands for users: they show the contents and the history of a store, verify it, move it, and maintain it.
//!
//! Most commands only read. `discover` scans accounts and stores what it finds, `import` adds the objects of an export,
//! `gc` reclaims expired holds, `transfer` gives objects to another owner, and `prune` removes the past of a store.
//! Pipelines that are not Terraform allocate blocks with `allocate`, `reserve`, `resize`, `renew` and `release`, and ask `pools`,
//! `free` and `next`. All other changes to addresses are made by Terraform. Each command returns an [`out::Page`], and
//! only `out` prints. `--store` names a self-managed store or a service such as AWS IPAM ([`target`]). Exit status: 0 for
//! success, 1 if `check`, `import`, `migrate`, `discover` or `resources` has findings, 2 if the command failed. The commands for
//! pipelines tell some failures apart ([`failure::Status`]).
//!
//! The fields of `--json` are stable: fields are added, never renamed or removed. Counts of addresses are decimal
//! strings, because those of IPv6 exceed the numbers of many JSON parsers.

mod allocate;
mod allocations;
mod arguments;
mod check;
#[cfg(feature = "sqlite")]
#[cfg(test)]
mod damaged_tests;
mod discover;
#[cfg(test)]
mod documented_tests;
mod events;
mod export;
mod failure;
mod free;
mod gc;
mod history;
mod holds;
mod import;
mod loan;
mod metrics;
mod migrate;
mod migrate_page;
mod minimum;
mod next;
mod no_command;
mod out;
mod paths;
#[cfg(test)]
mod pipeline_tests;
mod pools;
mod prune;
mod rebuild;
mod release;
mod renew;
mod report;
mod request;
mod reserve;
mod resize;
mod resources;
mod status;
mod summary;
mod target;
mod transfer;
mod tree;
mod words;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

use crate::{BINARY, plugin, provider};
use failure::{CommandFailure, Status};
use out::{OutputFormat, Page};
use target::{Target, open, open_as, open_or_new};

/// Inspects and maintains an IPAM store: pools, allocations, history, integrity, moves to another store.
///
/// The same program is the Terraform provider, which Terraform starts by itself. Without a command, it prints how to
/// configure Terraform for it.
#[derive(Debug, Parser)]
#[command(name = BINARY, version, max_term_width = 100)]
struct Cli {
    /// URL of the store; `aws-ipam` is AWS IPAM with the settings of the environment.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "IPAM_STORE",
        hide_env_values = true,
        default_value = "sqlite:ipam.db"
    )]
    store: String,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Shows scopes, pools and allocations with their utilization as a tree.
    Tree(tree::Options),
    /// Lists allocations as a table.
    Allocations(allocations::Options),
    /// Lists pools with their utilization as a table.
    Pools(pools::Options),
    /// Lists the free blocks of a pool.
    Free(free::Options),
    /// Shows the next free block of a pool, and does not take it.
    Next(next::Options),
    /// Allocates a block from a pool, without Terraform. The same command again finds the same block.
    Allocate(allocate::Options),
    /// Reserves a block for a while. `allocate`, or a plan, of the same owner and name takes it up.
    Reserve(reserve::Options),
    /// Changes the size of an allocation in place.
    Resize(resize::Options),
    /// Gives an allocation another end, or makes it permanent.
    Renew(renew::Options),
    /// Releases an allocation or ends a reservation. Succeeds if there is none.
    Release(release::Options),
    /// Verifies the whole store; if there are findings, prints one line for each and exits with status 1.
    Check(check::Options),
    /// Lists the events of the history: who did what, and when.
    Events(events::Options),
    /// Shows who had an address or a block, and when, exactly as the events record it.
    History(history::Options),
    /// Scans everything that resource discoveries name, such as in a cron job; exits with status 1 if a target could
    /// not be scanned.
    Discover(discover::Options),
    /// Lists discovered resources: whether pools manage them, whether they comply with rules, and what they overlap.
    Resources(resources::Options),
    /// Creates a report on one page: a map of the address space, pools, allocations, problems, trends, events.
    Report(report::Options),
    /// Summarizes a plan of Terraform as Markdown for a pull request: which addresses it takes, gives back and renumbers.
    Summary(summary::Options),
    /// Shows counts, the last event and versions of the store; fast, for people and for metrics.
    Status(OutputFormat),
    /// Prints metrics of the store as OpenMetrics text, for Prometheus: utilization, forecasts, holds, problems, scans.
    Metrics(metrics::Options),
    /// Exports everything in the store as one JSON file, to move it to another store or to keep it.
    Export(export::Options),
    /// Imports an export into the store, with all ids; if there are problems, prints one line for each and exits with
    /// status 1.
    Import(import::Options),
    /// Moves networks of another system into the store: reads its files, shows what would be made and every conflict, and
    /// writes configuration with import blocks.
    Migrate(migrate::Options),
    /// Lists the holds of plans with owner, age, expiry and plan; `holds release` releases them.
    Holds(holds::Options),
    /// Transfers scopes, pools, pool CIDRs and allocations to another owner, with an event in the history.
    Transfer(transfer::Options),
    /// Reclaims all expired holds, and releases the allocations whose loans are over. Terraform reclaims expired holds by
    /// itself when it needs the space, and never releases a loan.
    Gc(gc::Options),
    /// Removes data that only the past of the store needs: old versions, if the store keeps them, or old events with
    /// --events, which archives them first.
    Prune(prune::Options),
    /// Serves the provider for a debugger: prints TF_REATTACH_PROVIDERS and runs until Ctrl-C.
    Debug,
    /// Prints completions for a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Prints the version of this program.
    Version(OutputFormat),
}

/// Reads the arguments, runs the command, and prints the answer.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    match answer(&cli) {
        Ok(Answer::Debug) => plugin::debug(provider::provider()),
        Ok(Answer::Page(page)) => page.print(),
        Err(failure) => {
            let tells_reasons = cli.command.as_ref().is_some_and(Command::is_for_scripts);
            out::refuse(&failure.line(), if tells_reasons { failure.status() } else { Status::Failed })
        }
    }
}

impl Command {
    /// Whether the exit status tells reasons of failure apart. That of the other commands is 2 for all failures.
    const fn is_for_scripts(&self) -> bool {
        matches!(
            self,
            Self::Pools(_)
                | Self::Free(_)
                | Self::Next(_)
                | Self::Allocate(_)
                | Self::Reserve(_)
                | Self::Resize(_)
                | Self::Renew(_)
                | Self::Release(_)
        )
    }
}

/// The result of a command.
enum Answer {
    Page(Page),
    /// A server that prints itself.
    Debug,
}

fn answer(cli: &Cli) -> Result<Answer, CommandFailure> {
    let page = match &cli.command {
        None => Page::text(no_command::text()),
        Some(Command::Tree(options)) => tree::page(open(&cli.store)?.ipam(), options)?,
        Some(Command::Allocations(options)) => allocations::page(open(&cli.store)?.ipam(), options)?,
        Some(Command::Pools(options)) => pools::page(open(&cli.store)?.ipam(), options)?,
        Some(Command::Free(options)) => free::page(open(&cli.store)?.ipam(), options)?,
        Some(Command::Next(options)) => next::page(open(&cli.store)?.ipam(), options)?,
        Some(Command::Allocate(options)) => allocate::page(&open_as(&cli.store, options.owner())?, options)?,
        Some(Command::Reserve(options)) => reserve::page(&open_as(&cli.store, options.owner())?, options)?,
        Some(Command::Resize(options)) => resize::page(open_as(&cli.store, options.owner())?.ipam(), options)?,
        Some(Command::Renew(options)) => renew::page(open_as(&cli.store, options.owner())?.ipam(), options)?,
        Some(Command::Release(options)) => release::page(open_as(&cli.store, options.owner())?.ipam(), options)?,
        Some(Command::Check(options)) => check::page(&open(&cli.store)?, options)?,
        Some(Command::Events(options)) => events::page(open(&cli.store)?.ipam(), options)?,
        Some(Command::History(options)) => history::page(open(&cli.store)?.ipam(), options)?,
        Some(Command::Discover(options)) => {
            let target = open(&cli.store)?.reading_below(&options.files_below);
            discover::page(target.self_managed("AWS IPAM scans by itself every few minutes.")?, options)?
        }
        Some(Command::Resources(options)) => resources::page(open(&cli.store)?.ipam(), options)?,
        Some(Command::Report(options)) => report::page(open(&cli.store)?.ipam(), options)?,
        Some(Command::Summary(options)) if options.with_store => {
            summary::page(Some(open(&cli.store)?.ipam()), options)?
        }
        Some(Command::Summary(options)) => summary::page(None, options)?,
        Some(Command::Status(format)) => status::page(&open(&cli.store)?, *format)?,
        Some(Command::Metrics(options)) => metrics::page(&open(&cli.store)?, options)?,
        Some(Command::Export(options)) => export::page(&open(&cli.store)?, options)?,
        Some(Command::Migrate(options)) => migrate::page(&cli.store, options)?,
        // Besides `migrate`, the only command that may create a store.
        Some(Command::Import(options)) => match open_or_new(&cli.store)? {
            Target::SelfManaged(local) => import::page(&local, options)?,
            Target::Service(_, ipam) => rebuild::page(ipam.as_ref(), options)?,
        },
        Some(Command::Holds(options)) => {
            holds::page(open(&cli.store)?.self_managed("AWS IPAM has no holds.")?, options)?
        }
        Some(Command::Transfer(options)) => transfer::page(
            open(&cli.store)?.self_managed("All objects in AWS IPAM belong to the AWS account.")?,
            options,
        )?,
        Some(Command::Gc(options)) => gc::page(open(&cli.store)?.self_managed("AWS IPAM has no holds.")?, options)?,
        Some(Command::Prune(options)) => {
            prune::page(open(&cli.store)?.self_managed("AWS IPAM keeps no past that can be pruned.")?, options)?
        }
        Some(Command::Debug) => return Ok(Answer::Debug),
        Some(Command::Completions { shell }) => completions(*shell),
        Some(Command::Version(format)) => version(*format),
    };
    Ok(Answer::Page(page))
}

fn completions(shell: Shell) -> Page {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), BINARY, &mut script);
    let script = String::from_utf8_lossy(&script);
    // For bash, the generator uses two names for a program with hyphens in its name: one in labels, and one in the
    // variable that is compared with them.
    let [label, variable] = ["__subcmd__", "__"].map(|between| format!("{}__subcmd__", BINARY.replace('-', between)));
    Page::text(script.replace(&label, &variable))
}

fn version(format: OutputFormat) -> Page {
    let version = env!("CARGO_PKG_VERSION");
    if format.json {
        return Page::json(&serde_json::json!({ "name": BINARY, "version": version }));
    }
    Page::text(format!("{BINARY} {version}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
