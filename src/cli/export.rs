//! `export`: everything in a store as one file, see `backend::upkeep`.
//!
//! The file is JSON itself, one object on each line:
//! `{format, version, program, exported_at, source, scopes: [scope], pools: [pool], pool_cidrs: [pool CIDR],
//! allocations: [allocation], events: [event]}`, each object as the store keeps it.

use std::io::{self, BufWriter, ErrorKind};
use std::path::PathBuf;

use clap::Args;

use super::Failure;
use super::beside::Beside;
use super::check::count;
use super::out::{self, Page};
use crate::backend::upkeep::{Exported, Stopped};
use crate::backend::{Ipam, Local};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Write to this file (readable by its owner only, and there at once or not at all) instead of standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn page(ipam: &Local, options: &Options) -> Result<Page, Failure> {
    let mut bar = out::Bar::new();
    let mut progress = |what, done, total| bar.show(what, done, total);
    let Some(path) = &options.output else {
        let mut to = BufWriter::new(out::stream());
        return match ipam.export(&mut to, &mut progress) {
            Ok(_) => Ok(Page::text("")),
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
    let exported = match ipam.export(&mut beside.to, &mut progress) {
        Err(Stopped::Output(error)) => return Err(fails(error)),
        outcome => outcome?,
    };
    beside.take_place(path).map_err(fails)?;
    Ok(Page::text(format!("Exported {} to {}: {}.\n", ipam.describe(), path.display(), words(&exported))))
}

fn words(exported: &Exported) -> String {
    format!("{}, {}", tally(&exported.records), count(exported.events, "event"))
}

/// Numbers of objects in words.
pub(super) fn tally(tally: &crate::ipam::Tally) -> String {
    [
        count(tally.scopes, "scope"),
        count(tally.pools, "pool"),
        count(tally.pool_cidrs, "pool CIDR"),
        count(tally.allocations, "allocation"),
    ]
    .join(", ")
}
