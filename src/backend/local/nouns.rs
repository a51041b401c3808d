//! Keeps the discoveries and treatments that a configuration declares, and answers queries for results of scans.

use jiff::Timestamp;

use super::super::observation::{
    DiscoveredAccount, DiscoveredCidr, DiscoveryFilter, History, HistoryQuestion, ManagementState, Observation, Place,
    PublicAddress, ResourceCidr, ResourceFilter, Seen, Unallocated,
};
use super::super::service::{
    DiscoveryNoun, DiscoveryRecord, DiscoverySpec, Keeps, ResourceCidrId, ResourceCidrNoun, ResourceCidrRecord,
    ResourceCidrSpec,
};
use super::Local;
use crate::ipam::discovery::types::Discovery;
use crate::ipam::{Cidr, Reader, Result, Treated, Treatment};

fn record(found: Discovery) -> DiscoveryRecord {
    DiscoveryRecord {
        id: found.meta.id,
        arn: None,
        owner_id: None,
        region: None,
        is_default: false,
        name: Some(found.meta.name).filter(|name| !name.is_empty()),
        description: found.description,
        survey: found.survey,
        exclusions: std::collections::BTreeSet::new(),
        tags: found.tags,
    }
}

impl Keeps<DiscoveryNoun> for Local {
    fn create(&self, spec: &DiscoverySpec) -> Result<DiscoveryRecord> {
        let (wish, name) = (spec.clone(), spec.name.clone().unwrap_or_default());
        let made = self.write_again(&name.clone(), true, move |ledger, is_again| {
            let is_it = |one: &Discovery| {
                one.meta.name == name
                    && (&one.description, &one.survey, &one.tags) == (&wish.description, &wish.survey, &wish.tags)
            };
            // The names are not unique: only this search finds out whether the first run was kept.
            let known = if is_again { ledger.reader().list_discoveries()?.into_iter().rfind(is_it) } else { None };
            match known {
                Some(known) => Ok(known),
                None => ledger.create_discovery(&name, wish.description.clone(), &wish.survey, &wish.tags),
            }
        });
        made.map(record)
    }

    fn get(&self, id: &str) -> Result<Option<DiscoveryRecord>> {
        Ok(self.read(|reader| reader.get_discovery(id))?.map(record))
    }

    fn list(&self) -> Result<Vec<DiscoveryRecord>> {
        Ok(self.read(|reader| reader.list_discoveries())?.into_iter().map(record).collect())
    }

    fn update(&self, id: &str, _before: &DiscoverySpec, after: &DiscoverySpec) -> Result<DiscoveryRecord> {
        let (id, wish, name) = (id.to_owned(), after.clone(), after.name.clone().unwrap_or_default());
        let changed = self.write(&name.clone(), move |ledger| {
            ledger.update_discovery(&id, &name, wish.description.clone(), &wish.survey, &wish.tags)
        });
        changed.map(record)
    }

    fn delete(&self, id: &str, _spec: &DiscoverySpec) -> Result<()> {
        let gone = id.to_owned();
        self.write(id, move |ledger| ledger.delete_discovery(&gone))
    }
}

/// A treatment, with the present state of its block.
fn treated(treated: Treated, present: Option<ResourceCidr>) -> ResourceCidrRecord {
    let ignored = (!treated.treatment.monitored).then_some(ManagementState::Ignored);
    ResourceCidrRecord {
        scope_id: treated.scope_id().to_owned(),
        management: ignored.or(present.as_ref().and_then(|present| present.management)),
        resource_type: treated.resource_type,
        owner_id: present.as_ref().and_then(|present| present.owner_id.clone()),
        pool_id: present.and_then(|present| present.pool_id),
        found_in: treated.found_in,
        of: treated.of,
    }
}

/// A block without a treatment.
fn untreated(present: ResourceCidr) -> ResourceCidrRecord {
    ResourceCidrRecord {
        of: ResourceCidrId { resource_id: present.resource_id, cidr: present.cidr, region: present.region },
        scope_id: present.scope_id.clone(),
        found_in: present.scope_id,
        management: present.management,
        resource_type: present.resource_type,
        owner_id: present.owner_id,
        pool_id: present.pool_id,
    }
}

fn at_present(reader: &mut Reader<'_>, of: &ResourceCidrId) -> Result<Option<ResourceCidrRecord>> {
    let present = reader.resource_cidr(of)?;
    Ok(match reader.treatment(of)? {
        Some(treatment) => Some(treated(treatment, present)),
        None => present.map(untreated),
    })
}

impl Local {
    fn treat(&self, of: &ResourceCidrId, treatment: Treatment) -> Result<ResourceCidrRecord> {
        let block = of.clone();
        let done = self.write(&of.to_string(), move |ledger| ledger.treat(&block, &treatment))?;
        let present = self.read(|reader| reader.resource_cidr(of))?;
        Ok(treated(done, present))
    }
}

impl Keeps<ResourceCidrNoun> for Local {
    fn create(&self, spec: &ResourceCidrSpec) -> Result<ResourceCidrRecord> {
        self.treat(&spec.of, Treatment { monitored: spec.monitored, scope_id: spec.scope_id.clone() })
    }

    fn get(&self, id: &str) -> Result<Option<ResourceCidrRecord>> {
        let Ok(of) = id.parse::<ResourceCidrId>() else { return Ok(None) };
        self.read(|reader| at_present(reader, &of))
    }

    fn list(&self) -> Result<Vec<ResourceCidrRecord>> {
        self.read(|reader| {
            let all = reader.list_treatments()?;
            let with_present = |one: Treated| Ok(treated(one.clone(), reader.resource_cidr(&one.of)?));
            all.into_iter().map(with_present).collect()
        })
    }

    fn update(&self, _id: &str, _before: &ResourceCidrSpec, after: &ResourceCidrSpec) -> Result<ResourceCidrRecord> {
        Keeps::<ResourceCidrNoun>::create(self, after)
    }

    fn delete(&self, _id: &str, spec: &ResourceCidrSpec) -> Result<()> {
        let found = self.read(|reader| reader.treatment(&spec.of))?;
        let Some(found) = found else { return Ok(()) };
        let back = spec.original_scope_id.clone().filter(|scope_id| *scope_id != found.found_in);
        let of = spec.of.clone();
        self.write(&spec.of.to_string(), move |ledger| match &back {
            None => ledger.untreat(&of).map(drop),
            Some(scope_id) => {
                let elsewhere = Treatment { monitored: true, scope_id: Some(scope_id.clone()) };
                ledger.treat(&of, &elsewhere).map(drop)
            }
        })
    }
}

impl Observation for Local {
    fn discovered_accounts(&self, filter: &DiscoveryFilter) -> Result<Seen<DiscoveredAccount>> {
        self.read(|reader| reader.discovered_accounts(filter))
    }

    fn discovered_resource_cidrs(&self, filter: &DiscoveryFilter) -> Result<Seen<DiscoveredCidr>> {
        self.read(|reader| reader.discovered_resource_cidrs(filter))
    }

    fn discovered_public_addresses(&self, filter: &DiscoveryFilter) -> Result<Seen<PublicAddress>> {
        self.read(|reader| reader.discovered_public_addresses(filter))
    }

    fn resource_cidrs(&self, filter: &ResourceFilter) -> Result<Vec<ResourceCidr>> {
        self.read(|reader| reader.resource_cidrs(filter))
    }

    fn unallocated(&self, filter: &ResourceFilter, pool_id: Option<&str>) -> Result<Option<Vec<Place>>> {
        self.read(|reader| reader.unallocated(filter, pool_id)).map(Some)
    }

    fn unallocated_at(&self, pool_id: &str, cidr: Cidr) -> Result<Option<Unallocated>> {
        self.read(|reader| reader.unallocated_at(pool_id, cidr))
    }

    fn address_history(&self, question: &HistoryQuestion) -> Result<History> {
        self.read(|reader| reader.address_history(question))
    }

    fn freshen(&self, filter: Option<&DiscoveryFilter>, since: Timestamp) -> Result<Vec<DiscoveredAccount>> {
        self.freshen_targets(filter, since)
    }

    fn oldest_sample(&self) -> Result<Option<Timestamp>> {
        self.read(|reader| {
            let mut oldest = None;
            for discovery in reader.list_discoveries()? {
                let filter = DiscoveryFilter { discovery_id: Some(discovery.meta.id), region: None };
                let of_it = reader.discovered_accounts(&filter)?.oldest_sample;
                oldest = [oldest, of_it].into_iter().flatten().min();
            }
            Ok(oldest)
        })
    }
}
