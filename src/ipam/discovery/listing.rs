//! Lists of the sightings of a discovery, without a comparison with pools.

use std::collections::BTreeMap;

use super::sample::all_under;
use super::stored::{Place, SeenAddress, Sighted};
use super::types::{DiscoveredAccount, DiscoveredCidr, PublicAddress, Seen, Spot};
use super::usage::Uses;
use crate::ipam::{Reader, Result};

impl Reader<'_> {
    /// Targets of a discovery, by account and Region. A target that was never scanned is not included.
    ///
    /// # Errors
    /// Returns the errors of [`Reader::which_discovery`].
    pub fn discovered_accounts(&mut self, spot: &Spot) -> Result<Seen<DiscoveredAccount>> {
        let (seen, places) = self.asked::<DiscoveredAccount>(spot)?;
        let items = places.into_iter().map(|place| DiscoveredAccount {
            account_id: place.account_id,
            region: place.region,
            organizational_unit_id: None,
            failure: place.failure,
            last_attempt: Some(place.last_attempt),
            last_success: place.last_success,
        });
        Ok(Seen { items: items.collect(), ..seen })
    }

    /// Blocks that a discovery has seen on resources in all scopes, by block and resource.
    ///
    /// # Errors
    /// Returns the errors of [`Reader::which_discovery`].
    pub fn discovered_resource_cidrs(&mut self, spot: &Spot) -> Result<Seen<DiscoveredCidr>> {
        let (mut seen, places) = self.asked(spot)?;
        let mut found: Vec<(Sighted, Place)> = Vec::new();
        for place in places {
            let at = place.target().sightings();
            let sightings: BTreeMap<String, Sighted> = all_under(self.snapshot, &at)?;
            found.extend(sightings.into_values().map(|sighted| (sighted, place.clone())));
        }
        let uses = Uses::of(found.iter().map(|(sighted, _)| &sighted.resource));
        seen.items = found
            .iter()
            .map(|(sighted, place)| DiscoveredCidr {
                usage: uses.usage(&sighted.resource),
                sampled_at: place.last_success,
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
    pub fn discovered_public_addresses(&mut self, spot: &Spot) -> Result<Seen<PublicAddress>> {
        let (mut seen, places) = self.asked(spot)?;
        for place in places {
            let at = place.target().addresses();
            let addresses: BTreeMap<String, SeenAddress> = all_under(self.snapshot, &at)?;
            let dated = |seen: SeenAddress| PublicAddress { sampled_at: place.last_success, ..seen.address };
            seen.items.extend(addresses.into_values().map(dated));
        }
        seen.items.sort_by(|a: &PublicAddress, b| (a.address, &a.region).cmp(&(b.address, &b.region)));
        Ok(seen)
    }

    /// An answer without items, and the targets that it is about.
    fn asked<T>(&mut self, spot: &Spot) -> Result<(Seen<T>, Vec<Place>)> {
        let discovery = self.which_discovery(spot.discovery_id.as_deref())?;
        let mut places = self.places(&discovery.meta.id)?;
        places.retain(|place| spot.region.as_ref().is_none_or(|region| *region == place.region));
        // A Region that the discovery names is included, even if it was not scanned yet.
        let named = discovery.survey.operating_regions.iter().cloned();
        let looked_at = places.iter().map(|place| place.region.clone());
        let mut regions: Vec<String> = match &spot.region {
            Some(region) => vec![region.clone()],
            None => named.chain(looked_at).collect(),
        };
        regions.sort();
        regions.dedup();
        let oldest_sample = places.iter().filter_map(|place| place.last_success).min();
        Ok((Seen { discovery_id: discovery.meta.id, regions, items: Vec::new(), oldest_sample }, places))
    }
}
