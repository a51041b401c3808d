//! `summary`: a plan of Terraform or OpenTofu, told to the people who review it: which addresses it takes, gives back and
//! renumbers, as Markdown for a pull request.
//!
//! It reads what `terraform show -json` prints. Values that are sensitive in the plan are never printed.
//!
//! JSON: `{renumbered, released, taken, resized, renamed, forgotten, imported: [{resource, name, pool, before, after}],
//! other: [{resource, actions}], is_complete}`; `before` and `after` are CIDRs, addresses or names, `null` where there is none,
//! and `(sensitive)` or `(known after apply)` in place of a value that is not printed.

mod changes;
mod markdown;
mod plan;
#[cfg(test)]
mod tests;

use std::fs;
use std::io::{self, Read};
use std::path::PathBuf;

use clap::Args;

use super::arguments;
use super::failure::CommandFailure;
use super::out::Page;
use crate::backend::Ipam;
use crate::backend::report::{Ask, Report};
use changes::Changes;
use plan::Plan;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The plan as `terraform show -json` or `tofu show -json` prints it: a file, or `-` for standard input.
    plan: PathBuf,
    /// Adds what the store says: the utilization and the forecast of the pools in the plan, and problems there.
    #[arg(long)]
    pub(super) with_store: bool,
    /// The maximum number of rows in each table.
    #[arg(long, value_name = "COUNT", default_value = "100", value_parser = arguments::some)]
    limit: usize,
    /// Prints JSON.
    #[arg(long, conflicts_with = "with_store")]
    json: bool,
}

/// The summary. `ipam`: the store, if it is to be read.
pub(super) fn page(ipam: Option<&dyn Ipam>, options: &Options) -> Result<Page, CommandFailure> {
    let plan = Plan::read(&content(options)?).map_err(CommandFailure::Usage)?;
    let changes = Changes::of(&plan);
    if options.json {
        return Ok(Page::json(&changes));
    }
    let report = ipam.map(|ipam| Report::gather(ipam, &Ask::default())).transpose()?;
    Ok(Page::text(markdown::page(&changes, report.as_ref(), options.limit)))
}

fn content(options: &Options) -> Result<Vec<u8>, CommandFailure> {
    let mut content = Vec::new();
    let read = if options.plan.as_os_str() == "-" {
        io::stdin().read_to_end(&mut content).map(drop)
    } else {
        fs::read(&options.plan).map(|bytes| content = bytes)
    };
    match read {
        Ok(()) => Ok(content),
        Err(error) => Err(CommandFailure::Usage(format!("{} cannot be read: {error}.", options.plan.display()))),
    }
}
