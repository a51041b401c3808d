//! `export`: everything in a store as one file, see `backend::upkeep`.
//!
//! The file itself is JSON, with one object on each line: `{format, version, program, exported_at, source, scopes:
//! [scope], pools: [pool], pool_cidrs: [pool CIDR], allocations: [allocation], events: [event]}`. Each object is as in
//! the store.
//!
//! For AWS IPAM, the file contains everything that AWS lists. Exit status 1, with one line for each finding, if a store
//! would not accept a part of it: something changed while the lists were read.

use std::io::{self, BufWriter, ErrorKind};
use std::path::PathBuf;

use clap::Args;

use super::atomic_file::AtomicFile;
use super::failure::CommandFailure;
use super::out::{self, Page, clean};
use super::target::Target;
use super::words::count;
use crate::backend::Finding;
use crate::backend::upkeep::{Exported, Progress, Stopped, listed};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Writes to this file instead of standard output. Only its owner can read the file, and it appears when it is
    /// complete.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Writes everything. Also returns the parts that a store would not accept; there are none for a self-managed store.
fn write(
    target: &Target,
    to: &mut dyn io::Write,
    progress: &mut Progress<'_>,
) -> Result<(Exported, Vec<Finding>), Stopped> {
    match target {
        Target::SelfManaged(local) => Ok((local.export(to, progress)?, Vec::new())),
        Target::Service(_, ipam) => listed::export(ipam.as_ref(), to, progress),
    }
}

pub(super) fn page(target: &Target, options: &Options) -> Result<Page, CommandFailure> {
    let mut bar = out::Bar::new();
    let mut progress = |what, done, total| bar.show(what, done, total);
    let Some(path) = &options.output else {
        let mut to = BufWriter::new(out::stream());
        return match write(target, &mut to, &mut progress) {
            // The answer is on standard output, so only the exit status can report the findings.
            Ok((_, findings)) => Ok(Page::text("").with_findings(!findings.is_empty())),
            // A reader that stopped reading (`| head`) is not an error.
            Err(Stopped::Output(error)) if error.kind() == ErrorKind::BrokenPipe => {
                // The rest of the buffer cannot be written any more.
                drop(to.into_parts());
                Ok(Page::text(""))
            }
            Err(stopped) => Err(stopped.into()),
        };
    };
    let fails = |error: io::Error| CommandFailure::Usage(format!("{} cannot be written: {error}.", path.display()));
    let mut file = AtomicFile::new(path).map_err(fails)?;
    let (exported, findings) = match write(target, &mut file.writer, &mut progress) {
        Err(Stopped::Output(error)) => return Err(fails(error)),
        outcome => outcome?,
    };
    file.replace(path).map_err(fails)?;
    let line = |finding: &Finding| format!("{}: {}\n", clean(&finding.place), clean(&finding.what));
    let lines: String = findings.iter().map(line).collect();
    let store = target.ipam().describe();
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
    // Holds and discoveries are counted only if there are any.
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
