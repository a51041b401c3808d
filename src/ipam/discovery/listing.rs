//! Lists of the sightings of a discovery, without a comparison with pools.

use std::collections::BTreeMap;

use super::sample::all_under;
use super::stored::{ScannedTarget, SeenAddress, Sighted};
use super::types::{DiscoveredAccount, DiscoveredCidr, DiscoveryFilter, PublicAddress, Seen};
use super::usage::Uses;
use crate::ipam::{Reader, Result};

impl Reader<'_> {
    /// Targets of a discovery, by account and Region. A target that was never scanned is not included.
    ///
    /// # Errors
    /// Returns the errors of [`Reader::which_discovery`].
    pub fn discovered_accounts(&mut self, filter: &DiscoveryFilter) -> Result<Seen<DiscoveredAccount>> {
        let (seen, targets) = self.asked::<DiscoveredAccount>(filter)?;
        let items = targets.into_iter().map(|target| DiscoveredAccount {
            account_id: target.account_id,
            region: target.region,
            organizational_unit_id: None,
            failure: target.failure,
            last_attempt: Some(target.last_attempt),
            last_success: target.last_success,
        });
        Ok(Seen { items: items.collect(), ..seen })
    }

    /// Blocks that a discovery has seen on resources in all scopes, by block and resource.
    ///
    /// # Errors
    /// Returns the errors of [`Reader::which_discovery`].
    pub fn discovered_resource_cidrs(&mut self, filter: &DiscoveryFilter) -> Result<Seen<DiscoveredCidr>> {
        let (mut seen, targets) = self.asked(filter)?;
        let mut found: Vec<(Sighted, ScannedTarget)> = Vec::new();
        for target in targets {
            let at = target.target_key().sightings();
            let sightings: BTreeMap<String, Sighted> = all_under(self.snapshot, &at)?;
            found.extend(sightings.into_values().map(|sighted| (sighted, target.clone())));
        }
        let uses = Uses::of(found.iter().map(|(sighted, _)| &sighted.resource));
        seen.items = found
            .iter()
            .map(|(sighted, target)| DiscoveredCidr {
                usage: uses.usage(&sighted.resource),
                sampled_at: target.last_success,
                ..sighted.resource.clone()
            })
            .collect();
        seen.items.sort_by(|a, b| (a.cidr, &a.resource_id, &a.region).cmp(&(b.cidr, &b.resource_id, &b.region)));
        Ok(seen)
    }

    /// Public addresses that a discovery has seen, by address.
    ///
    /// # Errors
    /// Returns the errors of [`Reader::which_discovery`].
    pub fn discovered_public_addresses(&mut self, filter: &DiscoveryFilter) -> Result<Seen<PublicAddress>> {
        let (mut seen, targets) = self.asked(filter)?;
        for target in targets {
            let at = target.target_key().addresses();
            let addresses: BTreeMap<String, SeenAddress> = all_under(self.snapshot, &at)?;
            let dated = |seen: SeenAddress| PublicAddress { sampled_at: target.last_success, ..seen.address };
            seen.items.extend(addresses.into_values().map(dated));
        }
        seen.items.sort_by(|a: &PublicAddress, b| (a.address, &a.region).cmp(&(b.address, &b.region)));
        Ok(seen)
    }

    /// An answer without items, and the targets that it is about.
    fn asked<T>(&mut self, filter: &DiscoveryFilter) -> Result<(Seen<T>, Vec<ScannedTarget>)> {
        let discovery = self.which_discovery(filter.discovery_id.as_deref())?;
        let mut targets = self.targets(&discovery.meta.id)?;
        targets.retain(|target| filter.region.as_ref().is_none_or(|region| *region == target.region));
        // A Region that the discovery names is included, even if it was not scanned yet.
        let named = discovery.survey.operating_regions.iter().cloned();
        let scanned = targets.iter().map(|target| target.region.clone());
        let mut regions: Vec<String> = match &filter.region {
            Some(region) => vec![region.clone()],
            None => named.chain(scanned).collect(),
        };
        regions.sort();
        regions.dedup();
        let oldest_sample = targets.iter().filter_map(|target| target.last_success).min();
        Ok((Seen { discovery_id: discovery.meta.id, regions, items: Vec::new(), oldest_sample }, targets))
    }
}
