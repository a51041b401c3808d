//! The life of a set: what Terraform asks for, carried out on all members in one transaction.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::ipam::{Allocation, Error, GivenUp, Kind, Missing, SetChange, SetSpec, Size, State, Tags};
use crate::tf::{Apply, Diagnostics, Path, Plan, Resource, Stop, Tf, Value};

use super::super::super::noun::{Found, Lost, find_lost};
use super::super::super::shared::{Configured, Shared, within};
use super::super::super::{create, errors, hand_over, kept_arguments, naming, tags};
use super::super::allocation_contents;
use super::{SetModel, check, import, plan};

/// `ipam_allocation_set`.
pub(in crate::provider) struct SetResource(Arc<Shared>);

impl SetResource {
    pub(in crate::provider) fn new(shared: &Arc<Shared>) -> Self {
        Self(Arc::clone(shared))
    }
}

impl SetModel {
    /// The id of a member, for notes of a plan about the whole set.
    pub(super) fn any_id(&self) -> Tf<String> {
        self.ids.get().and_then(|ids| ids.values().next().cloned()).into()
    }

    /// The change that leads to what this state says. `present`: the members before.
    fn change(
        &self,
        shared: &Shared,
        configured: &Configured,
        present: BTreeMap<String, String>,
    ) -> Result<SetChange, Diagnostics> {
        let none = || create::still_unknown(SetResource::TYPE);
        let settled = self.settled(configured)?;
        let spec = self.tags_all.get().and_then(|tags| settled.spec(tags)).ok_or_else(none)?;
        let cidrs = self.cidrs.cloned().unwrap_or_default();
        let ids = self.member_ids().into_iter();
        let planned = ids.filter_map(|(key, id)| {
            let cidr = *cidrs.get(&key)?;
            Some((key, (create::planned(shared, Some(&id)), cidr)))
        });
        Ok(SetChange { planned: planned.collect(), spec, present, keeps_removed: self.keeps_removed() })
    }

    /// Whether an update changes anything in the store.
    fn differs(&self, prior: &Self) -> bool {
        self.ids != prior.ids
            || self.cidrs != prior.cidrs
            || self.cidr != prior.cidr
            || self.description != prior.description
            || self.tags_all != prior.tags_all
            || self.disallowed_cidrs != prior.disallowed_cidrs
            || self.name != prior.name
            || prior.imported_names.get().is_some_and(|names| !names.is_empty())
    }
}

/// Carries out a change, and waits for the space that the same apply releases.
fn carry_out(
    shared: &Shared,
    configured: &Configured,
    change: &SetChange,
    (timeout, stop): (Duration, &Stop),
) -> Result<BTreeMap<String, Allocation>, Diagnostics> {
    let tell = |error: Error| errors::at(&error, SetModel::attribute_for(&error));
    let sets = configured.ipam.require_allocation_sets().map_err(tell)?;
    let waits_for = || -> Result<Vec<GivenUp>, Error> {
        let ids: Vec<String> = change.planned.values().filter_map(|(one, _)| Some(one.hold()?.to_owned())).collect();
        let members = sets.get_members(&ids)?.into_iter().flatten();
        Ok(members
            .flat_map(|one| {
                let grows = one.waiting_growth.map(|waiting| waiting.waits_for).unwrap_or_default();
                one.meta.waits_for.into_iter().chain(grows)
            })
            .collect())
    };
    let work = create::once_free(shared, configured, || sets.apply_set(change));
    let made = hand_over::once_given_up(shared, (timeout, stop), waits_for, work);
    let members = made.map_err(|error| {
        let diagnostics = errors::at(&error, SetModel::attribute_for(&error));
        hand_over::explain(diagnostics, &error, waits_for)
    })?;
    shared.queue.progress();
    let is_new = |key: &String, one: &Allocation| change.present.get(key) != Some(&one.meta.id);
    members.iter().filter(|(key, one)| is_new(key, one)).for_each(|(_, one)| shared.session.made(&one.meta.id));
    Ok(members)
}

impl Resource for SetResource {
    type Model = SetModel;
    const TYPE: &'static str = "ipam_allocation_set";

    fn service(&self) -> Option<String> {
        self.0.service()
    }

    fn validate(&self, config: &SetModel) -> Diagnostics {
        check::check(config)
    }

    fn state_loaded(&self, state: &serde_json::Value) {
        let ids = state.get("ids").and_then(serde_json::Value::as_object).into_iter().flat_map(serde_json::Map::values);
        ids.filter_map(serde_json::Value::as_str).for_each(|id| self.0.session.seen_in_state(id));
    }

    fn plan_delete(&self, prior: &Value) -> Result<(), Diagnostics> {
        let keeps = matches!(prior.entry("removed_members"), Value::String(word) if word == "keep");
        let Value::Map(ids) = prior.entry("ids") else { return Ok(()) };
        let mut released = Vec::new();
        for id in ids.values().filter(|_| !keeps) {
            if let Value::String(id) = id {
                self.0.session.goes(id);
                hand_over::give_up(&self.0, id);
                released.push((id.clone(), Path::root()));
            }
        }
        let Some(configured) = self.0.configured()? else { return Ok(()) };
        allocation_contents::check_released(&self.0, &configured, &released)
    }

    fn plan_create(&self, plan: &mut Plan<SetModel>) -> Result<(), Diagnostics> {
        plan::plan_new(&self.0, plan)
    }

    fn plan_update(&self, prior: &SetModel, plan: &mut Plan<SetModel>) -> Result<(), Diagnostics> {
        plan::plan_change(&self.0, prior, plan)
    }

    fn may_keep(&self, _argument: &str) -> bool {
        kept_arguments::may_keep(&self.0)
    }

    fn stays(&self, prior: &Value) -> bool {
        kept_arguments::stays(&self.0, prior)
    }

    fn has_kept(&self, prior: &SetModel, plan: &Plan<SetModel>) -> bool {
        kept_arguments::has_kept(&self.0, &prior.any_id(), plan)
    }

    fn create(&self, apply: &mut Apply<SetModel>) -> Result<(), Diagnostics> {
        let shared = &*self.0;
        let configured = shared.ready()?;
        apply.private.clear();
        let state = &mut apply.state;
        state.tags_all = tags::all(&configured.default_tags, &state.tags);
        let change = state.change(shared, &configured, BTreeMap::new())?;
        let patience = (state.patience(|timeouts| &timeouts.create), &apply.stop);
        let members = carry_out(shared, &configured, &change, patience)?;
        state.imported_names = BTreeMap::new().into();
        state.fill(&members);
        if state.id.is_unknown() {
            state.id = state.new_id();
        }
        Ok(())
    }

    fn update(&self, prior: &SetModel, apply: &mut Apply<SetModel>) -> Result<(), Diagnostics> {
        let shared = &*self.0;
        let configured = shared.ready()?;
        apply.private.clear();
        let state = &mut apply.state;
        state.tags_all = tags::all(&configured.default_tags, &state.tags);
        if !state.differs(prior) {
            // Only arguments differ that steer the provider, such as `packing`. They are only in the state.
            return Ok(());
        }
        let change = state.change(shared, &configured, prior.member_ids())?;
        let patience = (state.patience(|timeouts| &timeouts.update), &apply.stop);
        let members = carry_out(shared, &configured, &change, patience)?;
        state.imported_names = BTreeMap::new().into();
        state.fill(&members);
        Ok(())
    }

    fn delete(&self, prior: &SetModel, stop: &Stop) -> Result<(), Diagnostics> {
        let shared = &*self.0;
        let keeps = prior.keeps_removed();
        if keeps && prior.cidr.is_null() {
            return Ok(());
        }
        let ipam = shared.ipam()?;
        let timeout = prior.patience(|timeouts| &timeouts.delete);
        let members = prior.member_ids();
        // Members that stay leave the block of their set, which is no longer kept for them.
        let left = prior.tags_all.get().and_then(|tags| prior.spec(tags)).filter(|_| keeps).map(|spec| SetChange {
            spec: SetSpec { members: BTreeMap::new(), ..spec },
            present: members.clone(),
            planned: BTreeMap::new(),
            keeps_removed: true,
        });
        let release = || match &left {
            Some(left) => ipam.require_allocation_sets()?.apply_set(left).map(drop),
            None if keeps => Ok(()),
            None => ipam.require_allocation_sets()?.delete_set(&members),
        };
        within(timeout, stop, release).map_err(|error| errors::at(&error, Path::root()))?;
        shared.queue.progress();
        Ok(())
    }

    fn read(&self, mut state: SetModel, warnings: &mut Diagnostics) -> Result<Option<SetModel>, Diagnostics> {
        let shared = &*self.0;
        let configured = shared.ready()?;
        shared.session.refreshed();
        state.member_ids().values().for_each(|id| shared.session.reads(id));
        let Some(members) = find_members(shared, &configured, &state, warnings)? else { return Ok(Some(state)) };
        if members.is_empty() {
            return Ok(None);
        }
        confirm(shared, &configured, &members)?;
        show(&configured, &mut state, &members);
        Ok(Some(state))
    }

    fn import(&self, id: &str) -> Result<SetModel, Diagnostics> {
        let configured = self.0.ready()?;
        let (mut model, members) = import::find(configured.ipam.as_ref(), id)?;
        show(&configured, &mut model, &members);
        Ok(model)
    }

    fn imported(&self, imported: &SetModel) -> Diagnostics {
        import::warn_of_others(&self.0, imported)
    }
}

/// The members of a state as the store has them, without those that are gone. `None`: some cannot be restored now, and the
/// state stays as it is.
fn find_members(
    shared: &Shared,
    configured: &Configured,
    state: &SetModel,
    warnings: &mut Diagnostics,
) -> Result<Option<BTreeMap<String, Allocation>>, Diagnostics> {
    let tell = |error: Error| errors::at(&error, Path::root());
    let ids = state.member_ids();
    let wanted: Vec<String> = ids.values().cloned().collect();
    let found = configured.ipam.require_allocation_sets().and_then(|sets| sets.get_members(&wanted)).map_err(tell)?;
    let mut members = BTreeMap::new();
    for ((key, id), found) in ids.iter().zip(found) {
        if let Some(found) = found.filter(|found| found.meta.state == State::Active) {
            members.insert(key.clone(), found);
            continue;
        }
        let name: Tf<String> = state.name.get().map(|set| SetSpec::member_name(set, key)).into();
        let lost = Lost::new(Kind::Allocation, id, &name, &state.owner, missing(state, key));
        let get = || configured.ipam.get_allocation(id);
        match find_lost((shared, configured), &lost, get, warnings)? {
            Found::Here(found) => drop(members.insert(key.clone(), found)),
            Found::Gone => {}
            Found::Stays => return Ok(None),
        }
    }
    Ok(Some(members))
}

/// What restores a member that the store does not have.
fn missing(state: &SetModel, key: &str) -> Option<Missing> {
    let cidr = *state.cidrs.get()?.get(key)?;
    // The sizes of the members do not matter, and a size in numbers is not settled here.
    let bare = SetModel { members: BTreeMap::new().into(), ..state.clone() };
    let spec = state.tags_all.get().and_then(|tags| bare.spec(tags))?;
    let spec = SetSpec { aggregate: state.cidr.cloned(), ..spec };
    Some(Missing::Allocation(spec.member(key, Size::Cidr(cidr))))
}

/// A refresh has read the members, so they are in a state. Best effort, because a plan may have no permission to write.
fn confirm(
    shared: &Shared,
    configured: &Configured,
    members: &BTreeMap<String, Allocation>,
) -> Result<(), Diagnostics> {
    let new: Vec<String> = members.values().filter(|one| !one.meta.confirmed).map(|one| one.meta.id.clone()).collect();
    if let Some(Err(error)) = configured.ipam.holds().map(|holds| holds.confirm_all(&new)) {
        tracing::debug!(?error, "not confirmed");
    }
    match members.values().find(|one| shared.session.is_adopted(&one.meta.id)) {
        Some(adopted) => Err(naming::adopted_too_early(&adopted.meta).into()),
        None => Ok(()),
    }
}

/// The state with what the store says of the members.
fn show(configured: &Configured, state: &mut SetModel, members: &BTreeMap<String, Allocation>) {
    state.fill(members);
    if state.contiguous.is_null() {
        // The state was written before there were contiguous sets.
        state.contiguous = false.into();
    }
    let own_name = |key: &str| state.name.get().map(|set| SetSpec::member_name(set, key));
    let is_other = |key: &str, one: &Allocation| own_name(key).as_ref() != Some(&one.meta.name);
    let others = members.iter().filter(|(key, one)| is_other(key, one));
    state.imported_names =
        others.map(|(key, one)| (key.clone(), one.meta.name.clone())).collect::<BTreeMap<_, _>>().into();
    if let Tf::Known(known) = &mut state.members {
        known.retain(|key, _| members.contains_key(key));
    }
    // All members have the same description and tags. The first that differs from the state shows as drift.
    let differs = |one: &&Allocation| Tf::<String>::from(one.description.clone()) != state.description;
    let described = members.values().find(differs).map(|one| one.description.clone());
    if let Some(description) = described {
        state.description = description.into();
    }
    let known_tags = state.tags_all.cloned();
    let tagged = members.values().find(|one| Some(&one.tags) != known_tags.as_ref());
    let kept: Option<Tags> = tagged.map(|one| one.tags.clone()).or(known_tags);
    if let Some(kept) = kept {
        state.tags = tags::own(&configured.default_tags, &kept, (&state.tags, &state.tags_all));
        state.tags_all = kept.into();
    }
}
