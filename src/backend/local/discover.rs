//! Looking into accounts and files, and keeping what was seen.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::super::Ipam;
use super::super::files;
use super::super::observation::{DiscoveredAccount, Failure, FailureCode, Sample, Sighting, Spot};
use super::super::scout::Step;
use super::Local;
use crate::ipam::seen::Discovery;
use crate::ipam::{Error, Fault, Kind, Reconciled, Result, Taken};

/// A look that began less than this ago is as good as a new one: the data sources of a plan share one.
const SHARED: Duration = Duration::from_secs(60);

/// An account and a Region; of a file what it says.
type At = (String, String);

/// What looking came to.
#[derive(Debug)]
pub struct Looked {
    /// Each discovery, in the order of names.
    pub discoveries: Vec<LookedAt>,
    /// What was imported and released by that.
    pub reconciled: Reconciled,
}

impl Looked {
    /// Whether every place was seen.
    pub fn is_complete(&self) -> bool {
        self.discoveries.iter().all(LookedAt::is_complete)
    }
}

/// What a discovery saw.
#[derive(Debug)]
pub struct LookedAt {
    pub discovery: Discovery,
    /// Why accounts could not be looked at at all.
    pub trouble: Option<Error>,
    /// Each place, in order.
    pub places: Vec<LookedPlace>,
    /// Places that are looked at no more, and what was known of them.
    pub forgotten: Vec<At>,
}

impl LookedAt {
    /// Whether every place was seen.
    pub fn is_complete(&self) -> bool {
        self.trouble.is_none() && self.places.iter().all(|place| place.outcome.is_ok())
    }
}

/// What a look at one place came to.
#[derive(Clone, Debug)]
pub struct LookedPlace {
    pub account_id: String,
    pub region: String,
    pub outcome: Result<Counted, Failure>,
}

/// What was seen at a place, in numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    pub resources: u64,
    pub addresses: u64,
    /// What of it is new, changed, gone.
    pub taken: Taken,
}

/// How far a look is: so many places are done of so many.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64);

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// That this program cannot look into AWS.
fn not_built_in() -> Error {
    Error::Service(Box::new(Fault {
        service: "AWS",
        action: "Credentials",
        code: Some("NotBuiltIn".to_owned()),
        message: "This program was built without AWS (cargo feature `aws`), and looks into files only.".to_owned(),
        request_id: None,
        space: None,
    }))
}

/// The samples of several files as one: what is about the same place is one sample.
fn of_files(paths: &BTreeSet<String>, taken_at: Timestamp) -> (Vec<Sample>, bool) {
    let mut by_place: BTreeMap<At, Sighting> = BTreeMap::new();
    let mut failed = Vec::new();
    for path in paths {
        let path = Path::new(path);
        match files::read(path, taken_at) {
            Ok(samples) => {
                for Sample { account_id, region, outcome, .. } in samples {
                    let Ok(sighting) = outcome else { continue };
                    let known = by_place.entry((account_id, region)).or_default();
                    known.resources.extend(sighting.resources);
                    known.addresses.extend(sighting.addresses);
                }
            }
            Err(why) => {
                let name = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
                let failure = Failure { code: FailureCode::Other, message: Some(why) };
                failed.push(Sample { account_id: name, region: "none".to_owned(), taken_at, outcome: Err(failure) });
            }
        }
    }
    let is_whole = failed.is_empty();
    let read = by_place.into_iter().map(|((account_id, region), sighting)| Sample {
        account_id,
        region,
        taken_at,
        outcome: Ok(sighting),
    });
    // What failed first: a file of the same name that could be read overrules it.
    (failed.into_iter().chain(read).collect(), is_whole)
}

impl Local {
    /// Looks at everything that every discovery (or that one, by id or name) names. Each place is kept as soon as it was
    /// seen; one that could not be seen does not stop the others, and what was known of it stays. Then imports and releases
    /// what pools with `auto_import` say.
    ///
    /// # Errors
    /// When there is no such discovery, or the store fails. Why a place could not be seen is in the answer.
    pub fn discover(&self, which: Option<&str>, progress: Progress<'_>) -> Result<Looked> {
        let discoveries = self.wanted(which)?;
        let mut looked = Vec::new();
        for discovery in discoveries {
            looked.push(self.look_at(discovery, progress)?);
        }
        let reconciled = self.write("", |ledger| ledger.reconcile())?;
        Ok(Looked { discoveries: looked, reconciled })
    }

    fn wanted(&self, which: Option<&str>) -> Result<Vec<Discovery>> {
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

    /// One look of one discovery.
    fn look_at(&self, discovery: Discovery, progress: Progress<'_>) -> Result<LookedAt> {
        let mut places = BTreeMap::new();
        let trouble = self.look_into_accounts(&discovery, &mut places, progress)?;
        let (samples, has_all_files) = of_files(&discovery.survey.files, self.now());
        for sample in samples {
            let at = (sample.account_id.clone(), sample.region.clone());
            let sample = match places.get(&at) {
                Some(LookedPlace { outcome: Ok(_), .. }) => Sample { outcome: Err(claimed_twice()), ..sample },
                _ => sample,
            };
            let place = self.keep(&discovery, sample)?;
            places.insert(at, place);
        }
        let is_whole = trouble.is_none() && has_all_files;
        let forgotten =
            if is_whole { self.forget_places(&discovery, places.keys().cloned().collect())? } else { Vec::new() };
        Ok(LookedAt { discovery, trouble, places: places.into_values().collect(), forgotten })
    }

    /// Answers why there is nothing to look with.
    fn look_into_accounts(
        &self,
        discovery: &Discovery,
        places: &mut BTreeMap<At, LookedPlace>,
        progress: Progress<'_>,
    ) -> Result<Option<Error>> {
        if discovery.survey.operating_regions.is_empty() {
            return Ok(None);
        }
        let Some(scout) = &self.scout else { return Ok(Some(not_built_in())) };
        let (mut done, mut total) = (0, 0);
        // What the store refuses ends the look, and is not the scout's.
        let mut of_store = None;
        let outcome = scout.look(&discovery.survey, &mut |step| {
            match step {
                Step::Places(count) => total = number(count),
                Step::Done(sample) => {
                    let at = (sample.account_id.clone(), sample.region.clone());
                    let place = self.keep(discovery, sample).inspect_err(|error| of_store = Some(error.clone()))?;
                    places.insert(at, place);
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

    /// Writes a sample, in a transaction of its own.
    fn keep(&self, discovery: &Discovery, sample: Sample) -> Result<LookedPlace> {
        let (account_id, region) = (sample.account_id.clone(), sample.region.clone());
        let outcome = match &sample.outcome {
            Ok(sighting) => Ok((number(sighting.resources.len()), number(sighting.addresses.len()))),
            Err(failure) => Err(failure.clone()),
        };
        let id = discovery.meta.id.clone();
        let taken = self.write(&discovery.meta.name, move |ledger| ledger.take_sample(&id, &sample))?;
        let outcome = outcome.map(|(resources, addresses)| Counted { resources, addresses, taken });
        Ok(LookedPlace { account_id, region, outcome })
    }

    fn forget_places(&self, discovery: &Discovery, keep: BTreeSet<At>) -> Result<Vec<At>> {
        let id = discovery.meta.id.clone();
        let forgotten = self.write(&discovery.meta.name, move |ledger| ledger.forget_places(&id, &keep))?;
        Ok(forgotten.places)
    }

    /// See [`super::super::observation::Observation::freshen`].
    pub(super) fn look_again(&self, spot: Option<&Spot>, since: Timestamp) -> Result<Vec<DiscoveredAccount>> {
        let discoveries = match spot {
            Some(spot) => vec![self.read(|reader| reader.which_discovery(spot.discovery_id.as_deref()))?],
            None => self.wanted(None)?,
        };
        let mut stale = Vec::new();
        for discovery in discoveries {
            let region = spot.and_then(|spot| spot.region.clone());
            stale.extend(self.look_again_at(&discovery, region, since)?);
        }
        Ok(stale)
    }

    fn look_again_at(
        &self,
        discovery: &Discovery,
        region: Option<String>,
        since: Timestamp,
    ) -> Result<Vec<DiscoveredAccount>> {
        let spot = Spot { discovery_id: Some(discovery.meta.id.clone()), region };
        let places = || self.read(|reader| reader.discovered_accounts(&spot)).map(|seen| seen.items);
        let is_old = |place: &DiscoveredAccount| place.last_success.is_none_or(|success| success < since);
        let is_current = |places: &[DiscoveredAccount]| {
            // What it looks at may have changed since it looked.
            let looked = places.iter().filter_map(|place| place.last_attempt).max();
            looked.is_some_and(|looked| looked >= discovery.meta.updated_at) && !places.iter().any(is_old)
        };
        if is_current(&places()?) {
            return Ok(Vec::new());
        }
        // One at a time; whoever waited finds what the one before has seen.
        let turn = self.turns.of(&discovery.meta.id);
        let mut began = turn.lock();
        let found = places()?;
        let is_shared = began.is_some_and(|began| began.elapsed() < SHARED);
        if !is_shared && !is_current(&found) {
            *began = Some(Instant::now());
            let looked = self.look_at(discovery.clone(), &mut |_, _| ())?;
            if let Some(trouble) = looked.trouble {
                // The next one is to be told the same.
                *began = None;
                return Err(trouble);
            }
            self.write("", |ledger| ledger.reconcile())?;
        }
        let is_stale = |place: &DiscoveredAccount| is_old(place) && place.failure.is_some();
        Ok(places()?.into_iter().filter(is_stale).collect())
    }
}

fn claimed_twice() -> Failure {
    let message = "A file tells of an account and Region that is looked at in AWS. Take those rows out of the file.";
    Failure { code: FailureCode::Other, message: Some(message.to_owned()) }
}

#[cfg(test)]
#[path = "discover_tests.rs"]
mod tests;
