//! Faults among sightings and treatments.

use super::sample::ScopeRules;
use super::stored::{Sighted, Stored};
use super::treated::Treatments;
use crate::ipam::storage::codec::Record;
use crate::ipam::{Finding, Records, ResourceType, Scope, ScopeType, State, Treated};

/// Faults among discoveries, treatments, targets and sightings.
pub(in crate::ipam) fn of(records: &Records) -> Vec<Finding> {
    let mut found = Vec::new();
    for treated in records.treatments.values() {
        add(&mut found, &treated.meta.id, treatment_faults(treated, records));
    }
    for discovery in records.discoveries.values().filter(|discovery| discovery.meta.state != State::Active) {
        add(
            &mut found,
            &discovery.meta.id,
            vec!["A resource discovery must be active, and this one is not.".to_owned()],
        );
    }
    for target in records.targets.values() {
        let exists = records.discoveries.contains_key(&target.discovery_id);
        let fault = format!("Its resource discovery {} does not exist.", target.discovery_id);
        add(&mut found, &target.key(), if exists { Vec::new() } else { vec![fault] });
    }
    let scope_rules = ScopeRules::of(records);
    for (key, sighted) in &records.sightings {
        add(&mut found, key, sighting_faults(sighted, records, scope_rules.as_ref()));
    }
    for (key, address) in &records.addresses {
        let target = address.target_key().record();
        let fault = "It was found at a target that was never scanned.".to_owned();
        add(&mut found, key, if records.targets.contains_key(&target) { Vec::new() } else { vec![fault] });
    }
    for allocation in records.allocations.values().filter(|allocation| allocation.imported.is_some()) {
        if allocation.resource_type != ResourceType::Vpc || allocation.resource_id.is_none() {
            add(&mut found, &allocation.meta.id, vec!["It was imported, but does not belong to a VPC.".to_owned()]);
        }
    }
    found
}

fn add(found: &mut Vec<Finding>, place: &str, faults: Vec<String>) {
    found.extend(faults.into_iter().map(|what| Finding { place: place.to_owned(), what }));
}

fn treatment_faults(treated: &Treated, records: &Records) -> Vec<String> {
    let mut faults = Vec::new();
    if treated.of.to_string() != treated.meta.id || treated.meta.state != State::Active {
        faults.push(format!("It is not the treatment of {}.", treated.of));
    }
    if !records.scopes.contains_key(&treated.found_in) {
        faults.push(format!("The scope that it was found in, {}, does not exist.", treated.found_in));
    }
    let can_hold = |scope: &Scope| scope.scope_type == ScopeType::Private && scope.meta().state == State::Active;
    if let Some(scope_id) = &treated.treatment.scope_id
        && !records.scopes.get(scope_id).is_some_and(can_hold)
    {
        faults.push(format!("It is moved to {scope_id}, which is not a private scope."));
    }
    faults
}

fn sighting_faults(sighted: &Sighted, records: &Records, scope_rules: Option<&ScopeRules>) -> Vec<String> {
    let mut faults = Vec::new();
    let target = sighted.target_key().record();
    if records.targets.get(&target).and_then(|target| target.last_success).is_none() {
        faults.push("It was found at a target that was never scanned.".to_owned());
    }
    if sighted.resource.region != sighted.region {
        faults.push("Its Region differs from the Region of its target.".to_owned());
    }
    if !records.scopes.contains_key(&sighted.scope_id) {
        faults.push(format!("Its scope {} does not exist.", sighted.scope_id));
    }
    if let Some(scope_rules) = scope_rules {
        let (scope_id, ignored) = scope_rules.scope_of(&sighted.resource);
        if scope_id != sighted.scope_id || ignored != sighted.ignored {
            faults.push("Its scope, or whether it is ignored, differs from the treatments.".to_owned());
        }
    }
    faults
}

impl ScopeRules {
    /// The scope_rules in these records; `None` without default scopes.
    fn of(records: &Records) -> Option<Self> {
        let scope = |scope_type| records.default_scope(scope_type).map(|scope| scope.meta.id.clone());
        let treatments = Treatments::new(records.treatments.values().cloned());
        Some(Self::new(scope(ScopeType::Private)?, scope(ScopeType::Public)?, treatments))
    }
}

impl Records {
    /// Sets the scope of each sighting, and whether it is ignored, according to the treatments. Sightings and
    /// treatments may come from two stores that were merged.
    pub(in crate::ipam) fn settle_sightings(&mut self) {
        let Some(scope_rules) = ScopeRules::of(self) else { return };
        for sighted in self.sightings.values_mut() {
            (sighted.scope_id, sighted.ignored) = scope_rules.scope_of(&sighted.resource);
        }
    }
}
