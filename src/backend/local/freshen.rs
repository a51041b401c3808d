//! Scans again when a data source asks for results that are more recent than those in the store.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::super::files::NO_REGION;
use super::super::observation::{DiscoveredAccount, Spot};
use super::turns::Look;
use super::{Local, LookedPlace};
use crate::ipam::Result;
use crate::ipam::discovery::types::Discovery;

/// A scan that began less than this time ago is as good as a new one: the data sources of a plan share one scan.
const SHARED: Duration = Duration::from_secs(60);

/// The results that a data source asks for.
struct Asked<'a> {
    discovery: &'a Discovery,
    /// `None`: every Region.
    region: Option<&'a str>,
    /// Results of this time or later are recent enough.
    since: Timestamp,
}

impl Asked<'_> {
    fn is_about(&self, place: &DiscoveredAccount) -> bool {
        // A file that could not be read may have resources of any Region.
        let is_unread_file = place.region == NO_REGION && place.failure.is_some();
        is_unread_file || self.region.is_none_or(|region| region == place.region)
    }

    fn is_old(&self, place: &DiscoveredAccount) -> bool {
        place.last_success.is_none_or(|success| success < self.since)
    }

    fn is_answered_by(&self, places: &[DiscoveredAccount]) -> bool {
        // The discovery may have changed since the last scan.
        let looked = places.iter().filter_map(|place| place.last_attempt).max();
        let is_up_to_date = looked.is_some_and(|looked| looked >= self.discovery.meta.updated_at);
        is_up_to_date && !places.iter().any(|place| self.is_old(place))
    }

    /// The targets whose results are too old and that failed in this scan.
    fn stale(&self, mut places: Vec<DiscoveredAccount>, not_allowed: &[LookedPlace]) -> Vec<DiscoveredAccount> {
        for place in not_allowed {
            let failure = place.outcome.as_ref().err().cloned();
            let is_it = |one: &&mut DiscoveredAccount| one.account_id == place.account_id && one.region == place.region;
            match places.iter_mut().find(is_it) {
                Some(known) => known.failure = failure,
                None => places.push(DiscoveredAccount::unseen(&place.account_id, &place.region, failure)),
            }
        }
        places.retain(|place| self.is_old(place) && place.failure.is_some());
        places
    }
}

impl Local {
    /// See [`super::super::observation::Observation::freshen`].
    pub(super) fn look_again(&self, spot: Option<&Spot>, since: Timestamp) -> Result<Vec<DiscoveredAccount>> {
        let discoveries = match spot {
            Some(spot) => vec![self.read(|reader| reader.which_discovery(spot.discovery_id.as_deref()))?],
            None => self.wanted(None)?,
        };
        let region = spot.and_then(|spot| spot.region.as_deref());
        let mut stale = Vec::new();
        for discovery in &discoveries {
            stale.extend(self.look_again_at(&Asked { discovery, region, since })?);
        }
        Ok(stale)
    }

    fn look_again_at(&self, asked: &Asked<'_>) -> Result<Vec<DiscoveredAccount>> {
        if asked.is_answered_by(&self.places_of(asked)?) {
            return Ok(Vec::new());
        }
        // One scan at a time; a caller that waited finds the results of the scan before.
        let turn = self.turns.of(&asked.discovery.meta.id);
        let mut last = turn.lock();
        let is_shared = last.as_ref().is_some_and(|last| last.began.elapsed() < SHARED);
        if !is_shared {
            if asked.is_answered_by(&self.places_of(asked)?) {
                return Ok(Vec::new());
            }
            // A scan that ends in an error is not shared: the next caller has to get the error too.
            *last = None;
            *last = Some(self.look_for_all(asked.discovery)?);
        }
        let not_allowed = last.as_ref().map_or(&[][..], |look| &look.not_allowed);
        Ok(asked.stale(self.places_of(asked)?, not_allowed))
    }

    fn places_of(&self, asked: &Asked<'_>) -> Result<Vec<DiscoveredAccount>> {
        let spot = Spot { discovery_id: Some(asked.discovery.meta.id.clone()), region: None };
        let mut places = self.read(|reader| reader.discovered_accounts(&spot))?.items;
        places.retain(|place| asked.is_about(place));
        Ok(places)
    }

    /// A scan that others may share.
    fn look_for_all(&self, discovery: &Discovery) -> Result<Look> {
        let began = Instant::now();
        let looked = self.look_at(discovery.clone(), &mut |_, _| ())?;
        if let Some(trouble) = looked.trouble {
            return Err(trouble);
        }
        self.write("", |ledger| ledger.reconcile())?;
        let not_allowed = looked.places.into_iter().filter(|place| !place.is_kept).collect();
        Ok(Look { began, not_allowed })
    }
}
