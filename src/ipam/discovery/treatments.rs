//! Treatments of sightings: a block is ignored, or moved to another private scope.

use std::collections::HashMap;

use super::sample::{self, is_public};
use super::stored::Sighted;
use super::treated::{Treated, Treatment};
use super::types::{ResourceCidr, ResourceCidrId, ResourceFilter, SeenType};
use crate::ipam::history::log;
use crate::ipam::model::event::Action;
use crate::ipam::operations::context::Birth;
use crate::ipam::storage::{codec, discovery_keys, keys};
use crate::ipam::{Allocation, Cidr, Error, Kind, Ledger, Meta, Reader, Result, Scope, ScopeType, State, Untreatable};
use crate::store::Order;

impl Reader<'_> {
    /// The treatment of a block, if it has one.
    pub fn treatment(&mut self, of: &ResourceCidrId) -> Result<Option<Treated>> {
        codec::load(self.snapshot, &of.to_string())
    }

    /// All treatments, by the treated block.
    pub fn list_treatments(&mut self) -> Result<Vec<Treated>> {
        let mut all = Vec::new();
        self.each_record(&mut |treated| {
            all.push(treated);
            true
        })?;
        Ok(all)
    }

    /// Treatments that move a block to this scope.
    pub(in crate::ipam) fn moved_to(&mut self, scope_id: &str) -> Result<Vec<Treated>> {
        let mut all = self.list_treatments()?;
        all.retain(|treated| treated.treatment.scope_id.as_deref() == Some(scope_id));
        Ok(all)
    }

    /// A block of a resource compared with pools, if it is seen at present.
    pub fn resource_cidr(&mut self, of: &ResourceCidrId) -> Result<Option<ResourceCidr>> {
        let filter = ResourceFilter {
            resource_id: Some(of.resource_id.clone()),
            region: Some(of.region.clone()),
            within: Some(of.cidr),
            ..ResourceFilter::default()
        };
        Ok(self.resource_cidrs(&filter)?.into_iter().find(|found| found.cidr == of.cidr))
    }

    /// Sightings of blocks inside this one, from all discoveries.
    pub(super) fn sightings_within(&mut self, block: &Cidr) -> Result<Vec<Sighted>> {
        let start = discovery_keys::seen_from(block.family(), block.first());
        let end = format!("{}\u{7f}", discovery_keys::seen_from(block.family(), block.last()));
        let mut found = Vec::new();
        for (key, _) in self.snapshot.scan(&start..&end, Order::Ascending, usize::MAX)? {
            found.push(Sighted::of_index(self.snapshot, &key)?);
        }
        // A block that begins with this one may be larger.
        found.retain(|sighted| sighted.resource.cidr.is_some_and(|cidr| block.contains(&cidr)));
        Ok(found)
    }

    /// The sightings of exactly this block on this resource.
    pub(super) fn sightings_of(&mut self, of: &ResourceCidrId) -> Result<Vec<Sighted>> {
        let range = keys::under(&discovery_keys::seen_at(&of.cidr));
        let mut found = Vec::new();
        for (key, _) in self.snapshot.scan(keys::range(&range), Order::Ascending, usize::MAX)? {
            if keys::tail(&key) != keys::part(&of.resource_id) {
                continue;
            }
            found.push(Sighted::of_index(self.snapshot, &key)?);
        }
        found.retain(|sighted| sighted.resource.region == of.region);
        Ok(found)
    }

    /// Checks that a block can be treated as requested. Returns the type of its resource, and the scope that it was
    /// found in.
    fn check_treatment(
        &mut self,
        of: &ResourceCidrId,
        treatment: &Treatment,
        present: Option<&Treated>,
    ) -> Result<(SeenType, String)> {
        let refused = |why| Error::Untreatable { of: Box::new(of.clone()), why };
        let seen = self.sightings_of(of)?.into_iter().next();
        let (resource_type, found_in) = match (&seen, present) {
            (Some(sighted), _) if is_public(&sighted.resource) => return Err(refused(Untreatable::Public)),
            (Some(sighted), _) => {
                let scope_rules = self.scope_rules()?;
                (sighted.resource.resource_type, scope_rules.found_in(&sighted.resource).to_owned())
            }
            // The block is treated already, and is not seen at present.
            (None, Some(present)) => (present.resource_type, present.found_in.clone()),
            (None, None) => return Err(refused(Untreatable::NotSeen)),
        };
        if let Some(scope_id) = treatment.scope_id.as_ref().filter(|scope_id| **scope_id != found_in) {
            if resource_type != SeenType::Vpc {
                return Err(refused(Untreatable::NotVpc));
            }
            let scope: Scope = codec::require(self.snapshot, scope_id)?;
            if scope.meta.state != State::Active {
                return Err(Error::NotFound { kind: Kind::Scope, id: scope_id.clone() });
            }
            if scope.scope_type == ScopeType::Public {
                return Err(refused(Untreatable::PublicScope));
            }
        }
        Ok((resource_type, found_in))
    }
}

impl Ledger<'_> {
    /// Treats a block as requested from now on. An allocation that was imported for it is released when the block is
    /// ignored or moved.
    ///
    /// # Errors
    /// Returns [`Error::Untreatable`]; returns [`Error::NotFound`] when there is no such scope.
    pub fn treat(&mut self, of: &ResourceCidrId, treatment: &Treatment) -> Result<Treated> {
        let present = self.reader().treatment(of)?;
        let (resource_type, found_in) = self.reader().check_treatment(of, treatment, present.as_ref())?;
        let mut treatment = treatment.clone();
        // A request for the scope that the block was found in is not a move.
        treatment.scope_id = treatment.scope_id.filter(|scope_id| *scope_id != found_in);
        let after = match &present {
            Some(present) => Treated { resource_type, treatment, found_in, ..present.clone() },
            None => {
                let id = of.to_string();
                let birth = Birth::Active { id: Some(id.clone()) };
                let meta = self.new_meta(Kind::Treatment, &id, &birth)?;
                Treated { meta, of: of.clone(), resource_type, treatment, found_in }
            }
        };
        if present.as_ref() == Some(&after) {
            return Ok(after);
        }
        let after = Treated { meta: Meta { updated_at: self.env.now, ..after.meta }, ..after };
        self.tx.put(&keys::record(Kind::Treatment, &after.meta.id), codec::encode(&after)?)?;
        let action = if present.is_some() { Action::Update } else { Action::Create };
        log::append(self.tx, &self.env, action, present.as_ref(), Some(&after))?;
        self.apply_treatments(of)?;
        Ok(after)
    }

    /// Ends the treatment of a block: it is monitored again, in the scope that it was found in. Returns the treatment
    /// that was removed; `None` when there was none, which is not an error.
    pub fn untreat(&mut self, of: &ResourceCidrId) -> Result<Option<Treated>> {
        let Some(present) = self.reader().treatment(of)? else { return Ok(None) };
        self.tx.delete(&keys::record(Kind::Treatment, &present.meta.id))?;
        log::append(self.tx, &self.env, Action::Delete, Some(&present), None)?;
        self.apply_treatments(of)?;
        Ok(Some(present))
    }

    /// Updates the sightings of a block, and of blocks inside it, to the present treatments.
    fn apply_treatments(&mut self, of: &ResourceCidrId) -> Result<()> {
        let scope_rules = self.reader().scope_rules()?;
        let mut avoided = HashMap::new();
        let mut is_lost = false;
        for before in self.reader().sightings_within(&of.cidr)? {
            let resource = &before.resource;
            let is_own = resource.resource_id == of.resource_id && resource.cidr == Some(of.cidr);
            let is_inside = resource.vpc_id.as_ref() == Some(&of.resource_id);
            if resource.region != of.region || !(is_own || is_inside) {
                continue;
            }
            let (scope_id, ignored) = scope_rules.scope_of(resource);
            let mut after = Sighted { scope_id, ignored, ..before.clone() };
            if after == before {
                continue;
            }
            if after.scope_id != before.scope_id {
                after.since = self.env.now.max(before.since);
                sample::remember(self.tx, &before, self.env.now)?;
            }
            is_lost |= is_own && (after.scope_id != before.scope_id || after.ignored);
            let avoided = self.is_avoided(&before.discovery_id, &mut avoided)?;
            sample::write(self.tx, Some((&before, avoided)), Some((&after, avoided)))?;
        }
        if is_lost { self.release_imported(of) } else { Ok(()) }
    }

    fn is_avoided(&mut self, discovery_id: &str, known: &mut HashMap<String, bool>) -> Result<bool> {
        if let Some(avoided) = known.get(discovery_id) {
            return Ok(*avoided);
        }
        let discovery: super::types::Discovery = codec::expect(self.tx, discovery_id)?;
        known.insert(discovery_id.to_owned(), discovery.survey.avoided);
        Ok(discovery.survey.avoided)
    }

    /// Releases the allocations that were imported for this block on this resource.
    fn release_imported(&mut self, of: &ResourceCidrId) -> Result<()> {
        for allocation in self.reader().imported(Some(&of.resource_id))? {
            let region = allocation.imported.as_ref().map(|imported| imported.region.as_str());
            if allocation.cidr == of.cidr && region == Some(of.region.as_str()) {
                self.release(&allocation, Action::Delete)?;
            }
        }
        Ok(())
    }
}

impl Reader<'_> {
    /// Allocations that a discovery imported: all of them, or those of one resource.
    pub(super) fn imported(&mut self, resource_id: Option<&str>) -> Result<Vec<Allocation>> {
        let prefix = resource_id.map_or_else(|| discovery_keys::IMPORTED.to_owned(), discovery_keys::imported_for);
        let range = keys::under(&prefix);
        let entries = self.snapshot.scan(keys::range(&range), Order::Ascending, usize::MAX)?;
        entries.iter().map(|(key, _)| codec::expect(self.snapshot, keys::tail(key))).collect()
    }
}
