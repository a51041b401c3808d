//! Scans again when a data source asks for results that are more recent than those in the store.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::super::files::NO_REGION;
use super::super::observation::{DiscoveredAccount, DiscoveryFilter};
use super::scan_lock::SharedScan;
use super::{Local, TargetScan};
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
    fn is_about(&self, target: &DiscoveredAccount) -> bool {
        // A file that could not be read may have resources of any Region.
        let is_unread_file = target.region == NO_REGION && target.failure.is_some();
        is_unread_file || self.region.is_none_or(|region| region == target.region)
    }

    fn is_old(&self, target: &DiscoveredAccount) -> bool {
        target.last_success.is_none_or(|success| success < self.since)
    }

    fn is_answered_by(&self, targets: &[DiscoveredAccount]) -> bool {
        // The discovery may have changed since the last scan.
        let last_scan = targets.iter().filter_map(|target| target.last_attempt).max();
        let is_up_to_date = last_scan.is_some_and(|last_scan| last_scan >= self.discovery.meta.updated_at);
        is_up_to_date && !targets.iter().any(|target| self.is_old(target))
    }

    /// The targets whose results are too old and that failed in this scan.
    fn stale(&self, mut targets: Vec<DiscoveredAccount>, not_allowed: &[TargetScan]) -> Vec<DiscoveredAccount> {
        for target in not_allowed {
            let failure = target.outcome.as_ref().err().cloned();
            let is_it =
                |one: &&mut DiscoveredAccount| one.account_id == target.account_id && one.region == target.region;
            match targets.iter_mut().find(is_it) {
                Some(known) => known.failure = failure,
                None => targets.push(DiscoveredAccount::unseen(&target.account_id, &target.region, failure)),
            }
        }
        targets.retain(|target| self.is_old(target) && target.failure.is_some());
        targets
    }
}

impl Local {
    /// See [`super::super::observation::Observation::freshen`].
    pub(super) fn freshen_targets(
        &self,
        filter: Option<&DiscoveryFilter>,
        since: Timestamp,
    ) -> Result<Vec<DiscoveredAccount>> {
        let discoveries = match filter {
            Some(filter) => vec![self.read(|reader| reader.which_discovery(filter.discovery_id.as_deref()))?],
            None => self.wanted(None)?,
        };
        let region = filter.and_then(|filter| filter.region.as_deref());
        let mut stale = Vec::new();
        for discovery in &discoveries {
            stale.extend(self.scan_if_old(&Asked { discovery, region, since })?);
        }
        Ok(stale)
    }

    fn scan_if_old(&self, asked: &Asked<'_>) -> Result<Vec<DiscoveredAccount>> {
        if asked.is_answered_by(&self.targets_of(asked)?) {
            return Ok(Vec::new());
        }
        // One scan at a time; a caller that waited finds the results of the scan before.
        let lock = self.scan_locks.of(&asked.discovery.meta.id);
        let mut last = lock.lock();
        let is_shared = last.as_ref().is_some_and(|last| last.began.elapsed() < SHARED);
        if !is_shared {
            if asked.is_answered_by(&self.targets_of(asked)?) {
                return Ok(Vec::new());
            }
            // A scan that ends in an error is not shared: the next caller has to get the error too.
            *last = None;
            *last = Some(self.scan_to_share(asked.discovery)?);
        }
        let not_allowed = last.as_ref().map_or(&[][..], |last| &last.not_allowed);
        Ok(asked.stale(self.targets_of(asked)?, not_allowed))
    }

    fn targets_of(&self, asked: &Asked<'_>) -> Result<Vec<DiscoveredAccount>> {
        let filter = DiscoveryFilter { discovery_id: Some(asked.discovery.meta.id.clone()), region: None };
        let mut targets = self.read(|reader| reader.discovered_accounts(&filter))?.items;
        targets.retain(|target| asked.is_about(target));
        Ok(targets)
    }

    /// A scan that others may share.
    fn scan_to_share(&self, discovery: &Discovery) -> Result<SharedScan> {
        let began = Instant::now();
        let scan = self.scan_discovery(discovery.clone(), &mut |_, _| ())?;
        if let Some(trouble) = scan.trouble {
            return Err(trouble);
        }
        self.write("", |ledger| ledger.reconcile())?;
        let not_allowed = scan.targets.into_iter().filter(|target| !target.is_kept).collect();
        Ok(SharedScan { began, not_allowed })
    }
}
