//! `report`: a report on one page, see `backend::report`.
//!
//! JSON: `{store, program, generated_at, since, narrowed_to, problems: [{severity, topic, place, name, what}], scopes,
//! pools: [{..., provisioned, used, held, free, largest_free, trend, forecast}], allocations, events}`; the newest event
//! is the first.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use jiff::Timestamp;

use super::failure::CommandFailure;
use super::out::Page;
use super::words::count;
use super::{arguments, paths};
use crate::backend::Ipam;
use crate::backend::report::{Ask, Report, Severity};
use crate::backend::upkeep::AtomicFile;

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    form: Form,
    /// Shows only this scope: an id or a name.
    #[arg(long)]
    scope: Option<String>,
    /// Shows only this pool and the pools below it: a path, the end of a path, or an id.
    #[arg(long)]
    pool: Option<String>,
    /// How far back trends, forecasts and events go: a time ago such as 30d, a day, or a time.
    #[arg(long, value_name = "TIME", default_value = "30d", value_parser = arguments::moment)]
    since: Timestamp,
}

/// What the report becomes.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Form {
    /// Writes one page for a browser to this file; `-` is standard output. Only its owner can read the file, and it
    /// appears when it is complete.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Prints JSON with everything.
    #[arg(long)]
    json: bool,
    /// Prints a table for spreadsheets.
    #[arg(long, value_enum, value_name = "TABLE")]
    csv: Option<Table>,
    /// Prints Markdown, for merge requests and wikis.
    #[arg(long)]
    markdown: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Table {
    /// One allocation on each line.
    Allocations,
    /// One pool on each line.
    Pools,
}

pub(super) fn page(ipam: &dyn Ipam, options: &Options) -> Result<Page, CommandFailure> {
    let ask = ask(ipam, options)?;
    let report = Report::gather(ipam, &ask)?;
    Ok(match &options.form {
        Form { html: Some(path), .. } if path.as_os_str() == "-" => Page::text(report.html()),
        Form { html: Some(path), .. } => {
            write(path, &report.html())
                .map_err(|error| CommandFailure::Usage(format!("{} cannot be written: {error}.", path.display())))?;
            Page::text(format!("The report on {} is in {}: {}.\n", report.store, path.display(), words(&report)))
        }
        Form { csv: Some(Table::Allocations), .. } => Page::text(report.csv_of_allocations()),
        Form { csv: Some(Table::Pools), .. } => Page::text(report.csv_of_pools()),
        Form { json: true, .. } => Page::text(report.json()),
        Form { .. } => Page::text(report.markdown()),
    })
}

fn ask(ipam: &dyn Ipam, options: &Options) -> Result<Ask, CommandFailure> {
    let pool_id = match &options.pool {
        None => None,
        Some(wanted) => Some(paths::find(ipam, wanted)?.meta.id),
    };
    let scope_id = options.scope.as_deref().map(|wanted| paths::scope_id(ipam, wanted)).transpose()?;
    Ok(Ask { scope_id, pool_id, since: Some(options.since) })
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut file = AtomicFile::new(path)?;
    file.writer.write_all(text.as_bytes())?;
    file.replace(path)
}

/// The contents of the report, in numbers.
fn words(report: &Report) -> String {
    [
        count(report.pools.len() as u64, "pool"),
        count(report.allocations.len() as u64, "allocation"),
        count(report.count(Severity::Error) as u64, "error"),
        count(report.count(Severity::Warning) as u64, "warning"),
    ]
    .join(", ")
}
