//! Scans accounts and files for a discovery, and keeps the results in the store.

use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::super::Ipam;
use super::super::files::{self, Below, Unread};
use super::super::observation::{DiscoveredCidr, DiscoveryFilter, Failure, FailureCode, Sample, Sighting};
use super::super::scout::Step;
use super::Local;
use super::scan::{DiscoveryScan, Progress, Scans, SightingCounts, TargetName, TargetScan};
use crate::ipam::discovery::types::{Discovery, Survey};
use crate::ipam::{Error, Fault, Kind, Result};

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// The error of a program that was built without AWS.
fn not_built_in() -> Error {
    Error::Service(Box::new(Fault {
        service: "AWS",
        action: "Credentials",
        code: Some("NotBuiltIn".to_owned()),
        message: "This program was built without AWS (cargo feature `aws`), and scans only files.".to_owned(),
        request_id: None,
        space: None,
    }))
}

/// The content of the files of a discovery.
struct FileSamples {
    /// One sample for each target, with the files that it comes from.
    samples: Vec<(Sample, BTreeSet<String>)>,
    /// Files that the settings of this process do not allow reading. They are not recorded in the store, because other
    /// processes may be allowed to read them.
    not_allowed: BTreeMap<TargetName, Failure>,
    /// Parts of the files that were left out.
    warnings: Vec<String>,
    /// Whether every file was read.
    is_whole: bool,
}

fn of_files(survey: &Survey, below: &Below, taken_at: Timestamp) -> FileSamples {
    let mut by_target: BTreeMap<TargetName, (Sighting, BTreeSet<String>)> = BTreeMap::new();
    let (mut wrong, mut not_allowed) = (BTreeMap::new(), BTreeMap::new());
    let mut warnings = Vec::new();
    for file in &survey.files {
        let path = Path::new(file);
        let at = || (files::account_of(path), files::NO_REGION.to_owned());
        let format = survey.file_formats.get(file).copied();
        let wishes = files::Wishes { unknown_columns: survey.unknown_columns, format };
        match files::read(path, below, taken_at, wishes) {
            Ok(content) => {
                warnings.extend(content.warnings);
                for Sample { account_id, region, outcome, .. } in content.samples {
                    let Ok(sighting) = outcome else { continue };
                    let (known, files) = by_target.entry((account_id, region)).or_default();
                    files.insert(file.clone());
                    known.resources.extend(sighting.resources);
                    known.addresses.extend(sighting.addresses);
                }
            }
            Err(Unread::Wrong(why)) => drop(wrong.insert(at(), other(why))),
            Err(Unread::NotAllowed(why)) => drop(not_allowed.insert(at(), other(why))),
        }
    }
    let is_whole = wrong.is_empty() && not_allowed.is_empty();
    // When one of two files of the same name was read, it has only a part of the target.
    by_target.retain(|at, _| !wrong.contains_key(at) && !not_allowed.contains_key(at));
    let wrong = wrong.into_iter().map(|(at, failure)| (at, Err(failure), BTreeSet::new()));
    let read = by_target.into_iter().map(|(at, (sighting, files))| (at, Ok(sighting), files));
    let samples = wrong
        .chain(read)
        .map(|((account_id, region), outcome, files)| (Sample { account_id, region, taken_at, outcome }, files));
    FileSamples { samples: samples.collect(), not_allowed, warnings, is_whole }
}

fn other(message: impl Into<String>) -> Failure {
    Failure { code: FailureCode::Other, message: Some(message.into()) }
}

impl Local {
    /// Scans everything that every discovery (or the one with the id or name `which`) covers. The result of each target
    /// is kept as soon as it is there. A target that cannot be scanned does not stop the others, and its earlier
    /// sightings stay. Afterwards, pools with `auto_import` import and release allocations.
    ///
    /// # Errors
    /// When there is no such discovery, or when the store fails. The reason why a target could not be scanned is in the
    /// answer.
    pub fn discover(&self, which: Option<&str>, progress: Progress<'_>) -> Result<Scans> {
        let mut discoveries = Vec::new();
        for discovery in self.wanted(which)? {
            discoveries.push(self.scan_discovery(discovery, progress)?);
        }
        let reconciled = self.write("", |ledger| ledger.reconcile())?;
        Ok(Scans { discoveries, reconciled })
    }

    pub(super) fn wanted(&self, which: Option<&str>) -> Result<Vec<Discovery>> {
        let mut all = self.read(|reader| reader.list_discoveries())?;
        let Some(which) = which else {
            return if all.is_empty() { Err(Error::NoDiscovery) } else { Ok(all) };
        };
        all.retain(|one| one.meta.id == which || one.meta.name == which);
        if all.is_empty() {
            return Err(Error::NotFound { kind: Kind::Discovery, id: which.to_owned() });
        }
        Ok(all)
    }

    /// One scan of one discovery.
    pub(super) fn scan_discovery(&self, discovery: Discovery, progress: Progress<'_>) -> Result<DiscoveryScan> {
        let mut targets = BTreeMap::new();
        let trouble = self.scan_accounts(&discovery, &mut targets, progress)?;
        let read = of_files(&discovery.survey, &self.files_below, self.now());
        for (mut sample, files) in read.samples {
            let at = (sample.account_id.clone(), sample.region.clone());
            if let Some(TargetScan { outcome: Ok(_), .. }) = targets.get(&at) {
                sample.outcome = Err(claimed_twice());
            } else if !read.is_whole {
                sample = self.without_loss(&discovery, sample)?;
            }
            let target = self.keep(&discovery, sample, &files)?;
            targets.insert(at, target);
        }
        let is_whole = trouble.is_none() && read.is_whole;
        if is_whole {
            self.keep_emptied(&discovery, &mut targets)?;
        }
        for (at, failure) in read.not_allowed {
            let (account_id, region) = at.clone();
            targets.insert(at, TargetScan { account_id, region, outcome: Err(failure), is_kept: false });
        }
        let forgotten =
            if is_whole { self.forget_targets(&discovery, targets.keys().cloned().collect())? } else { Vec::new() };
        for warning in &read.warnings {
            tracing::warn!(discovery = discovery.meta.id, "{warning}");
        }
        let targets = targets.into_values().collect();
        Ok(DiscoveryScan { discovery, trouble, targets, forgotten, warnings: read.warnings })
    }

    /// Empties targets that the files named at an earlier scan and do not name any more.
    fn keep_emptied(&self, discovery: &Discovery, targets: &mut BTreeMap<TargetName, TargetScan>) -> Result<()> {
        let found: BTreeSet<TargetName> = targets.keys().cloned().collect();
        let taken_at = self.now();
        for (account_id, region, files) in self.read(|reader| reader.emptied_targets(discovery, &found))? {
            let at = (account_id.clone(), region.clone());
            let sample = Sample { account_id, region, taken_at, outcome: Ok(Sighting::default()) };
            targets.insert(at, self.keep(discovery, sample, &files)?);
        }
        Ok(())
    }

    /// A sample of a target from some of the files of a discovery, when the others could not be read: no earlier
    /// sighting of the target counts as gone, because it may be in one of those files.
    fn without_loss(&self, discovery: &Discovery, sample: Sample) -> Result<Sample> {
        let Ok(sighting) = &sample.outcome else { return Ok(sample) };
        let filter =
            DiscoveryFilter { discovery_id: Some(discovery.meta.id.clone()), region: Some(sample.region.clone()) };
        let known = self.read(|reader| reader.discovered_resource_cidrs(&filter))?.items;
        let key = |one: &DiscoveredCidr| (one.owner_id.clone(), one.resource_id.clone(), one.cidr);
        let present: BTreeSet<_> = sighting.resources.iter().map(key).collect();
        let is_missing =
            |one: &DiscoveredCidr| one.owner_id.as_ref() == Some(&sample.account_id) && !present.contains(&key(one));
        let outcome = match known.iter().filter(|one| is_missing(one)).count() {
            0 => return Ok(sample),
            missing => Err(other(format!(
                "{missing} of the known resources of this account and Region are in none of the files that were read, \
                 and not all files could be read. All known resources stay as they are until every file is read."
            ))),
        };
        Ok(Sample { outcome, ..sample })
    }

    /// Answers the reason when there is nothing to scan accounts with.
    fn scan_accounts(
        &self,
        discovery: &Discovery,
        targets: &mut BTreeMap<TargetName, TargetScan>,
        progress: Progress<'_>,
    ) -> Result<Option<Error>> {
        if discovery.survey.operating_regions.is_empty() {
            return Ok(None);
        }
        let Some(scout) = &self.scout else { return Ok(Some(not_built_in())) };
        let (mut done, mut total) = (0, 0);
        // A refusal of the store ends the scan, and is not an error of the scout.
        let mut of_store = None;
        let outcome = scout.scan(&discovery.survey, &mut |step| {
            match step {
                Step::Targets(count) => total = number(count),
                Step::Done(sample) => {
                    let at = (sample.account_id.clone(), sample.region.clone());
                    let target = self
                        .keep(discovery, sample, &BTreeSet::new())
                        .inspect_err(|error| of_store = Some(error.clone()))?;
                    targets.insert(at, target);
                    done += 1;
                }
            }
            progress(done, total);
            Ok(())
        });
        match (outcome, of_store) {
            (Err(_), Some(error)) => Err(error),
            (Err(error), None) => Ok(Some(error)),
            (Ok(()), _) => Ok(None),
        }
    }

    /// Writes a sample, in a transaction of its own. `files`: the files that the sample comes from.
    fn keep(&self, discovery: &Discovery, sample: Sample, files: &BTreeSet<String>) -> Result<TargetScan> {
        let (account_id, region) = (sample.account_id.clone(), sample.region.clone());
        let outcome = match &sample.outcome {
            Ok(sighting) => Ok((number(sighting.resources.len()), number(sighting.addresses.len()))),
            Err(failure) => Err(failure.clone()),
        };
        let (id, files) = (discovery.meta.id.clone(), files.clone());
        let changes =
            self.write(&discovery.meta.name, move |ledger| ledger.take_sample_of_files(&id, &sample, &files))?;
        let outcome = outcome.map(|(resources, addresses)| SightingCounts { resources, addresses, changes });
        Ok(TargetScan { account_id, region, outcome, is_kept: true })
    }

    fn forget_targets(&self, discovery: &Discovery, keep: BTreeSet<TargetName>) -> Result<Vec<TargetName>> {
        let id = discovery.meta.id.clone();
        let forgotten = self.write(&discovery.meta.name, move |ledger| ledger.forget_targets(&id, &keep))?;
        Ok(forgotten.targets)
    }
}

fn claimed_twice() -> Failure {
    other("A file contains rows for an account and Region that is scanned in AWS. Remove these rows from the file.")
}

#[cfg(test)]
#[path = "discover_tests.rs"]
mod tests;
