//! Checks that archives of removed events and the store make up one unbroken history from event 1 to the last one.

use std::collections::{BTreeMap, HashMap};

use crate::ipam::history::log;
use crate::ipam::history::retention::EVERYTHING;
use crate::ipam::history::timeline::Follower;
use crate::ipam::storage::keys;
use crate::ipam::{Chain, Event, Finding, Mark, Reader, Remnant, Result};

/// Follows archives in the order of their events, and compares them with the store at the end.
pub struct Witness {
    mark: Option<Mark>,
    chain: Chain,
    /// Hashes of the followed events, by number.
    hashes: HashMap<u64, String>,
    follower: Follower<'static>,
    /// The remnants that must be in the store at the mark, once the mark was reached.
    remembered: Option<BTreeMap<String, Remnant>>,
}

impl Witness {
    /// A witness for a store with this mark.
    pub fn new(mark: Option<Mark>) -> Self {
        let (chain, follower) = (Chain::default(), Follower::new(&EVERYTHING));
        Self { mark, chain, hashes: HashMap::new(), follower, remembered: None }
    }

    /// Number of events in the archives.
    pub fn events(&self) -> u64 {
        self.hashes.len() as u64
    }

    /// The faults of `event` as the next event of the archives, in sentences. An event that was followed before is not
    /// a fault if it is the same.
    ///
    /// # Errors
    /// Returns [`crate::ipam::Error::Store`] when the event cannot be decoded.
    pub fn follow(&mut self, event: &Event) -> Result<Vec<String>> {
        if let Some(known) = self.hashes.get(&event.sequence) {
            let is_same = *known == event.hash && log::hash(event)? == event.hash;
            let fault = || format!("The archives contain event {} twice, with different content.", event.sequence);
            return Ok((!is_same).then(fault).into_iter().collect());
        }
        let faults = self.chain.follow(event)?;
        self.hashes.insert(event.sequence, event.hash.clone());
        if let Some(mark) = self.mark.as_ref().filter(|mark| event.sequence <= mark.sequence) {
            self.follower.follow(event)?;
            if event.sequence == mark.sequence {
                self.remembered = Some(self.follower.remember_all());
            }
        }
        Ok(faults)
    }
}

impl Reader<'_> {
    /// The faults that keep the followed archives and this store from being one history.
    ///
    /// # Errors
    /// Returns [`crate::ipam::Error::Store`].
    pub fn prove(&mut self, witness: &Witness) -> Result<Vec<Finding>> {
        let mut findings = Vec::new();
        let mut find = |place: &str, what: String| findings.push(Finding { place: place.to_owned(), what });
        let (begin, end) = (witness.mark.as_ref().map_or(0, |mark| mark.sequence), witness.chain.sequence());
        if end < begin {
            let what = match end {
                0 => format!("The store has forgotten events 1 to {begin}, and no archive contains any of them."),
                _ => format!(
                    "The archives end with event {end}, and the store begins after event {begin}: the events in \
                     between are missing."
                ),
            };
            find("archives", what);
            return Ok(findings);
        }
        if let Some(mark) = &witness.mark
            && witness.hashes.get(&begin) != Some(&mark.hash)
        {
            find(
                "archives",
                format!("Event {begin} is not the last event that the store has forgotten: its hash differs."),
            );
        }
        let last = log::head(self.snapshot)?.sequence;
        if end > last {
            find("archives", format!("The archives end with event {end}, but the store ends with event {last}."));
        }
        for event in self.events(begin, usize::try_from(end - begin).unwrap_or(usize::MAX))? {
            if witness.hashes.get(&event.sequence).is_some_and(|hash| *hash != event.hash) {
                find(&keys::event(event.sequence), "The archives have another event with this number.".to_owned());
            }
        }
        self.compare_remnants(witness, &mut find)?;
        Ok(findings)
    }

    fn compare_remnants(&mut self, witness: &Witness, find: &mut dyn FnMut(&str, String)) -> Result<()> {
        let mut expected = witness.remembered.clone().unwrap_or_default();
        self.each_remnant(&mut |remnant| {
            if expected.remove(&remnant.id).as_ref() != Some(&remnant) {
                let what = "The data that is kept about it differs from the archives.";
                find(&keys::remnant(&remnant.id), what.to_owned());
            }
            true
        })?;
        for id in expected.keys() {
            find(&keys::remnant(id), "The archives contain it, but the store keeps no data about it.".to_owned());
        }
        Ok(())
    }
}
