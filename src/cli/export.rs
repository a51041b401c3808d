//! `export`: everything in a store as one file, see `backend::upkeep`.
//!
//! The file is JSON itself, one object on each line:
//! `{format, version, program, exported_at, source, scopes: [scope], pools: [pool], pool_cidrs: [pool CIDR],
//! allocations: [allocation], events: [event]}`, each object as the store keeps it.
//!
//! Of AWS IPAM it is what AWS lists. Exit status 1, with one line for each, when a store would not take something of it:
//! something changed while the lists were read.

use std::io::{self, BufWriter, ErrorKind};
use std::path::PathBuf;

use clap::Args;

use super::beside::Beside;
use super::check::count;
use super::out::{self, Page, clean};
use super::{Failure, Opened};
use crate::backend::Finding;
use crate::backend::upkeep::{Exported, Progress, Stopped, listed};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Writes to this file instead of standard output. Only its owner can read the file, and it appears when it is
    /// complete.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Writes everything; answers also what a store would not take of it, which is nothing in a store of our own.
fn write(
    opened: &Opened,
    to: &mut dyn io::Write,
    progress: &mut Progress<'_>,
) -> Result<(Exported, Vec<Finding>), Stopped> {
    match opened {
        Opened::Own(local) => Ok((local.export(to, progress)?, Vec::new())),
        Opened::Service(_, ipam) => listed::export(ipam.as_ref(), to, progress),
    }
}

pub(super) fn page(opened: &Opened, options: &Options) -> Result<Page, Failure> {
    let mut bar = out::Bar::new();
    let mut progress = |what, done, total| bar.show(what, done, total);
    let Some(path) = &options.output else {
        let mut to = BufWriter::new(out::stream());
        return match write(opened, &mut to, &mut progress) {
            // Standard output is the file: only the exit status can say it.
            Ok((_, findings)) => Ok(Page::text("").with_findings(!findings.is_empty())),
            // A reader that went away (`| head`) has seen enough.
            Err(Stopped::Output(error)) if error.kind() == ErrorKind::BrokenPipe => {
                // What is left in the buffer has nowhere to go.
                drop(to.into_parts());
                Ok(Page::text(""))
            }
            Err(stopped) => Err(stopped.into()),
        };
    };
    let fails = |error: io::Error| Failure::Usage(format!("{} cannot be written: {error}.", path.display()));
    let mut beside = Beside::new(path).map_err(fails)?;
    let (exported, findings) = match write(opened, &mut beside.to, &mut progress) {
        Err(Stopped::Output(error)) => return Err(fails(error)),
        outcome => outcome?,
    };
    beside.take_place(path).map_err(fails)?;
    let line = |finding: &Finding| format!("{}: {}\n", clean(&finding.place), clean(&finding.what));
    let lines: String = findings.iter().map(line).collect();
    let store = opened.ipam().describe();
    let done = format!("Exported {store} to {}: {}.\n", path.display(), words(&exported));
    Ok(Page::text(lines + &done).with_findings(!findings.is_empty()))
}

fn words(exported: &Exported) -> String {
    format!("{}, {}", tally(&exported.records), count(exported.events, "event"))
}

/// Numbers of objects in words.
pub(super) fn tally(tally: &crate::ipam::Tally) -> String {
    let mut words = vec![
        count(tally.scopes, "scope"),
        count(tally.pools, "pool"),
        count(tally.pool_cidrs, "pool CIDR"),
        count(tally.allocations, "allocation"),
    ];
    // Where nobody looks into accounts there is nothing to say of it.
    if tally.holds > 0 {
        words.push(count(tally.holds, "hold"));
    }
    let looked = [
        (tally.discoveries, "resource discovery", "resource discoveries"),
        (tally.treatments, "treatment", "treatments"),
        (tally.seen, "sighting", "sightings"),
    ];
    let looked = looked.into_iter().filter(|(number, ..)| *number > 0);
    words.extend(looked.map(|(number, one, many)| format!("{number} {}", if number == 1 { one } else { many })));
    words.join(", ")
}
