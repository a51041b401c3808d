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

use super::failure::CommandFailure;
use super::out::{self, Page, clean};
use super::target::Target;
use crate::backend::Finding;
use crate::backend::upkeep::backup::export;
use crate::backend::upkeep::{AtomicFile, Stopped};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Writes to this file instead of standard output. Only its owner can read the file, and it appears when it is
    /// complete.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn page(target: &Target, options: &Options) -> Result<Page, CommandFailure> {
    let mut bar = out::Bar::new();
    let mut progress = |what, done, total| bar.show(what, done, total);
    let Some(path) = &options.output else {
        let mut to = BufWriter::new(out::stream());
        return match export(target.ipam(), &mut to, &mut progress) {
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
    let (exported, findings) = match export(target.ipam(), &mut file.writer, &mut progress) {
        Err(Stopped::Output(error)) => return Err(fails(error)),
        outcome => outcome?,
    };
    file.replace(path).map_err(fails)?;
    let line = |finding: &Finding| format!("{}: {}\n", clean(&finding.place), clean(&finding.what));
    let lines: String = findings.iter().map(line).collect();
    let store = target.ipam().describe();
    let done = format!("Exported {store} to {}: {}.\n", path.display(), exported.words());
    Ok(Page::text(lines + &done).with_findings(!findings.is_empty()))
}
