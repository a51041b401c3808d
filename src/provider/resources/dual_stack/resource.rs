//! The life of a dual-stack allocation: what Terraform asks for, carried out on both allocations in one transaction.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::ipam::{
    Allocation, Error, Family, GivenUp, Kind, Missing, Size, Stack, StackChange, StackPartChange, State,
};
use crate::tf::{Apply, Diagnostics, Path, Plan, Resource, Stop, Tf, Value};

use super::super::super::noun::{Found, Lost, find_lost};
use super::super::super::shared::{Configured, Shared, once_emptied};
use super::super::super::{create, errors, hand_over, naming, tags};
use super::super::allocation_contents;
use super::{DualStackModel, FAMILIES, check, import, plan};

/// The attributes with the ids of the allocations.
const IDS: [&str; 2] = ["ipv4_allocation_id", "ipv6_allocation_id"];

/// `ipam_dual_stack_allocation`.
pub(in crate::provider) struct DualStackResource(Arc<Shared>);

impl DualStackResource {
    pub(in crate::provider) fn new(shared: &Arc<Shared>) -> Self {
        Self(Arc::clone(shared))
    }
}

impl DualStackModel {
    /// The change that leads to what this state says. `present`: the allocations before.
    fn change(&self, shared: &Shared, present: &BTreeMap<Family, String>) -> Result<StackChange, Diagnostics> {
        let none = || create::still_unknown(DualStackResource::TYPE);
        let (tags, ids) = (self.tags_all.get().ok_or_else(none)?, self.ids());
        let mut parts = BTreeMap::new();
        for family in FAMILIES {
            let spec = self.spec(family, tags).ok_or_else(none)?;
            let planned = ids.get(&family).zip(self.cidr(family));
            let planned = planned.map(|(id, cidr)| (create::planned(shared, Some(id)), cidr));
            parts.insert(family, StackPartChange { spec, present: present.get(&family).cloned(), planned });
        }
        Ok(StackChange { parts })
    }

    /// Whether an update changes anything in the store.
    fn differs(&self, prior: &Self) -> bool {
        let blocks = |model: &Self| (model.ipv4_cidr.clone(), model.ipv6_cidr.clone());
        blocks(self) != blocks(prior)
            || self.ipv4_allocation_id != prior.ipv4_allocation_id
            || self.ipv6_allocation_id != prior.ipv6_allocation_id
            || self.name != prior.name
            || self.description != prior.description
            || self.tags_all != prior.tags_all
    }

    fn fill_all(&mut self, stack: &Stack) {
        stack.iter().for_each(|(family, allocation)| self.fill(*family, allocation));
    }
}

/// Carries out a change, and waits for the space that the same apply releases.
fn carry_out(
    shared: &Shared,
    configured: &Configured,
    config: &DualStackModel,
    change: &StackChange,
    (timeout, stop): (Duration, &Stop),
) -> Result<Stack, Diagnostics> {
    let tell = |error: &Error| errors::at(error, config.attribute_for(error));
    let stacks = configured.ipam.require_dual_stacks().map_err(|error| tell(&error))?;
    let waits_for = || -> Result<Vec<GivenUp>, Error> {
        let ids = change.parts.values().filter_map(|part| Some(part.planned.as_ref()?.0.hold()?.to_owned()));
        let parts = stacks.get_parts(&ids.collect::<Vec<_>>())?.into_iter().flatten();
        Ok(parts
            .flat_map(|one| {
                let grows = one.waiting_growth.map(|waiting| waiting.waits_for).unwrap_or_default();
                one.meta.waits_for.into_iter().chain(grows)
            })
            .collect())
    };
    let work = create::once_free(shared, configured, || stacks.apply_stack(change));
    let made = hand_over::once_given_up(shared, (timeout, stop), waits_for, work);
    let made = made.map_err(|error| hand_over::explain(tell(&error), &error, waits_for))?;
    shared.queue.progress();
    let is_new = |family: &Family, one: &Allocation| change.parts[family].present.as_ref() != Some(&one.meta.id);
    made.iter().filter(|(family, one)| is_new(family, one)).for_each(|(_, one)| shared.session.made(&one.meta.id));
    Ok(made)
}

impl Resource for DualStackResource {
    type Model = DualStackModel;
    const TYPE: &'static str = "ipam_dual_stack_allocation";

    fn service(&self) -> Option<String> {
        self.0.service()
    }

    fn validate(&self, config: &DualStackModel) -> Diagnostics {
        check::check(config)
    }

    fn state_loaded(&self, state: &serde_json::Value) {
        let ids = IDS.into_iter().filter_map(|id| state.get(id)?.as_str());
        ids.for_each(|id| self.0.session.seen_in_state(id));
    }

    fn plan_delete(&self, prior: &Value) -> Result<(), Diagnostics> {
        for id in IDS {
            if let Value::String(id) = prior.entry(id) {
                self.0.session.goes(id);
                hand_over::give_up(&self.0, id);
            }
        }
        IDS.into_iter().try_for_each(|id| match prior.entry(id) {
            Value::String(id) => allocation_contents::check_deleted(&self.0, id),
            _ => Ok(()),
        })
    }

    fn plan_create(&self, plan: &mut Plan<DualStackModel>) -> Result<(), Diagnostics> {
        plan::plan_new(&self.0, plan)
    }

    fn plan_update(&self, prior: &DualStackModel, plan: &mut Plan<DualStackModel>) -> Result<(), Diagnostics> {
        plan::plan_change(&self.0, prior, plan)
    }

    fn create(&self, apply: &mut Apply<DualStackModel>) -> Result<(), Diagnostics> {
        let shared = &*self.0;
        let configured = shared.ready()?;
        apply.private.clear();
        let state = &mut apply.state;
        state.tags_all = tags::all(&configured.default_tags, &state.tags);
        let change = state.change(shared, &BTreeMap::new())?;
        let patience = (state.patience(|timeouts| &timeouts.create), &apply.stop);
        let made = carry_out(shared, &configured, &apply.config, &change, patience)?;
        state.fill_all(&made);
        if state.id.is_unknown() {
            state.id = state.new_id();
        }
        Ok(())
    }

    fn update(&self, prior: &DualStackModel, apply: &mut Apply<DualStackModel>) -> Result<(), Diagnostics> {
        let shared = &*self.0;
        let configured = shared.ready()?;
        apply.private.clear();
        let state = &mut apply.state;
        state.tags_all = tags::all(&configured.default_tags, &state.tags);
        if !state.differs(prior) {
            // Only arguments differ that steer the provider. They are only in the state.
            return Ok(());
        }
        let change = state.change(shared, &prior.ids())?;
        let patience = (state.patience(|timeouts| &timeouts.update), &apply.stop);
        let made = carry_out(shared, &configured, &apply.config, &change, patience)?;
        state.fill_all(&made);
        Ok(())
    }

    fn delete(&self, prior: &DualStackModel, stop: &Stop) -> Result<(), Diagnostics> {
        let shared = &*self.0;
        let ipam = shared.ipam()?;
        let timeout = prior.patience(|timeouts| &timeouts.delete);
        let ids = prior.ids();
        once_emptied((timeout, shared.sibling_wait), stop, || ipam.require_dual_stacks()?.delete_stack(&ids))
            .map_err(|error| errors::at(&error, Path::root()))?;
        shared.queue.progress();
        Ok(())
    }

    fn read(
        &self,
        mut state: DualStackModel,
        warnings: &mut Diagnostics,
    ) -> Result<Option<DualStackModel>, Diagnostics> {
        let shared = &*self.0;
        let configured = shared.ready()?;
        shared.session.refreshed();
        let Some(stack) = find(shared, &configured, &state, warnings)? else { return Ok(Some(state)) };
        if stack.is_empty() {
            return Ok(None);
        }
        confirm(shared, &configured, &stack)?;
        show(&configured, &mut state, &stack);
        Ok(Some(state))
    }

    fn import(&self, id: &str) -> Result<DualStackModel, Diagnostics> {
        let configured = self.0.ready()?;
        let (mut model, stack) = import::find(configured.ipam.as_ref(), id)?;
        show(&configured, &mut model, &stack);
        Ok(model)
    }

    fn imported(&self, imported: &DualStackModel) -> Diagnostics {
        let called = imported.name.get().map_or("", String::as_str);
        let id = &imported.ipv4_allocation_id;
        super::super::super::noun::warn_of_other_owner(&self.0, Kind::Allocation, id, called, &imported.owner)
    }
}

/// The allocations of a state as the store has them, without those that are gone. `None`: some cannot be restored now, and
/// the state stays as it is.
fn find(
    shared: &Shared,
    configured: &Configured,
    state: &DualStackModel,
    warnings: &mut Diagnostics,
) -> Result<Option<Stack>, Diagnostics> {
    let mut stack = Stack::new();
    for (family, id) in state.ids() {
        let size = state.cidr(family).map(Size::Cidr);
        let spec = state.tags_all.get().and_then(|tags| state.spec(family, tags));
        let missing =
            spec.zip(size).map(|(spec, size)| Missing::Allocation(crate::ipam::AllocationSpec { size, ..spec }));
        let lost = Lost::new(Kind::Allocation, &id, &state.name, &state.owner, missing);
        let get = || configured.ipam.get_allocation(&id);
        match find_lost((shared, configured), &lost, get, warnings)? {
            Found::Here(found) if found.meta.state == State::Active => drop(stack.insert(family, found)),
            Found::Here(_) | Found::Gone => {}
            Found::Stays => return Ok(None),
        }
    }
    Ok(Some(stack))
}

/// A refresh has read the allocations, so they are in a state. Best effort, because a plan may have no permission to write.
fn confirm(shared: &Shared, configured: &Configured, stack: &Stack) -> Result<(), Diagnostics> {
    let new: Vec<String> = stack.values().filter(|one| !one.meta.confirmed).map(|one| one.meta.id.clone()).collect();
    if let Some(Err(error)) = configured.ipam.holds().map(|holds| holds.confirm_all(&new)) {
        tracing::debug!(?error, "not confirmed");
    }
    match stack.values().find(|one| shared.session.is_adopted(&one.meta.id)) {
        Some(adopted) => Err(naming::adopted_too_early(&adopted.meta).into()),
        None => Ok(()),
    }
}

/// The state with what the store says of the allocations. An allocation that is gone shows as missing.
fn show(configured: &Configured, state: &mut DualStackModel, stack: &Stack) {
    let (name, description) = (state.name.clone(), state.description.clone());
    (state.ipv4_allocation_id, state.ipv4_cidr) = (Tf::Null, Tf::Null);
    (state.ipv6_allocation_id, state.ipv6_cidr) = (Tf::Null, Tf::Null);
    state.fill_all(stack);
    // Both have the same name, description and tags. The first that differs from the state shows as drift.
    let other = |one: &&Allocation| Tf::Known(one.meta.name.clone()) != name;
    if let Some(renamed) = stack.values().find(other) {
        state.name = renamed.meta.name.clone().into();
    }
    let other = |one: &&Allocation| Tf::<String>::from(one.description.clone()) != description;
    if let Some(described) = stack.values().find(other) {
        state.description = described.description.clone().into();
    }
    let known = state.tags_all.cloned();
    let tagged = stack.values().find(|one| Some(&one.tags) != known.as_ref()).map(|one| one.tags.clone());
    if let Some(kept) = tagged.or(known) {
        state.tags = tags::own(&configured.default_tags, &kept, (&state.tags, &state.tags_all));
        state.tags_all = kept.into();
    }
}
