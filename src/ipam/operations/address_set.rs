//! Address sets: names get single addresses in an allocation. A plan holds all addresses of a set or none, and an apply
//! gives out exactly these.
//!
//! The hold is the note [`PlannedAddresses`] in the record of the allocation, so it needs no index: a request reads the one
//! record. Like every hold, it counts until it has expired, or until another run of its owner asks. A member that has an address keeps it unless it
//! asks for another one, whatever happens to the other members. A new member gets the lowest usable address.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::ipam::holds::standing::{self, occupant};
use crate::ipam::model::address_set::address_block;
use crate::ipam::model::event::Action;
use crate::ipam::operations::context;
use crate::ipam::space::hosts::{Decided, Place, holder};
use crate::ipam::space::reserved;
use crate::ipam::storage::codec;
use crate::ipam::{
    ADDRESS_SET_PREFIX, AddressAnswer, AddressChange, AddressError, AddressFault, AddressMap, AddressRequest,
    AddressSet, AddressWishes, Allocation, Cidr, Env, Error, Kind, Ledger, PlannedAddresses, Pool, Reader,
    ResourceType, Result, State, Terms,
};

/// Number of sets that an error names.
const NAMED_IN_ERRORS: usize = 5;

/// A decision for all places.
struct Draft {
    id: String,
    is_adopted: bool,
    replaces: Option<String>,
    decided: Vec<Decided>,
    blocks: BTreeMap<String, Cidr>,
}

impl Draft {
    fn answer(&self, request: &AddressRequest, owner: &str) -> AddressAnswer {
        let addresses = self.decided.iter().map(|one| (one.before.meta.id.clone(), one.addresses.clone()));
        AddressAnswer {
            id: self.id.clone(),
            owner: owner.to_owned(),
            name: request.name.clone(),
            addresses: addresses.collect(),
            blocks: self.blocks.clone(),
            replaces: self.replaces.clone(),
            is_adopted: self.is_adopted,
            is_confirmed: false,
        }
    }
}

impl Reader<'_> {
    fn address_error(&mut self, allocation: &Allocation, fault: AddressFault) -> Result<Error> {
        let allocation = occupant(self.snapshot, allocation)?;
        Ok(Error::Addresses(Box::new(AddressError { allocation, fault })))
    }

    /// The allocation in which a set asks for addresses.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`], [`Error::HoldLost`], or the fault of an allocation that cannot have addresses.
    fn address_place<'w>(&mut self, id: &str, wishes: &'w AddressWishes) -> Result<Place<'w>> {
        let found: Option<Allocation> = codec::load(self.snapshot, id)?;
        let allocation = match found {
            Some(found) if found.meta.is_live() => found,
            Some(lapsed) => return Err(self.hold_lost(&lapsed)?),
            None => return Err(Error::NotFound { kind: Kind::Allocation, id: id.to_owned() }),
        };
        if allocation.resource_type == ResourceType::IpamPool {
            let resource_type = allocation.resource_type;
            return Err(self.address_error(&allocation, AddressFault::NotForAddresses { resource_type })?);
        }
        if allocation.cidr.family() != wishes.family {
            return Err(self.address_error(&allocation, AddressFault::Family { expected: wishes.family })?);
        }
        let pool: Pool = codec::expect(self.snapshot, &allocation.pool_id)?;
        let block = wishes.becomes.unwrap_or(allocation.cidr);
        let mut reserved = reserved::all(self.snapshot, &pool)?;
        reserved.retain(|one| one.overlaps(&block));
        Ok(Place { allocation, wishes, block, pool, reserved })
    }

    /// The id of the set that a request is about: that of the request, that of the hold of an earlier plan, or that of a set
    /// that an interrupted apply left (`true`). Otherwise a new id.
    fn address_set_id(&mut self, request: &AddressRequest, places: &[Place<'_>]) -> (String, bool) {
        if let Some(id) = &request.id {
            return (id.clone(), false);
        }
        let owner = &self.env.actor.owner;
        let is_replaced = |id: &String| request.replaces.as_ref() == Some(id) || request.given_up.contains(id);
        let sets = || places.iter().flat_map(|place| &place.allocation.address_sets);
        let own = || sets().filter(|(id, set)| set.name == request.name && set.owner == *owner && !is_replaced(id));
        let hold = own().find(|(_, set)| !set.is_active());
        if let Some((id, set)) = hold.or_else(|| own().find(|(_, set)| !set.confirmed)) {
            return (id.clone(), set.is_active());
        }
        let random = &mut self.env.random;
        (format!("{ADDRESS_SET_PREFIX}{:016x}{:x}", random(), random() & 0xf), false)
    }

    /// Decides on all addresses. The plan in an apply knows less about what that apply releases than the plan before it, and
    /// relies on its hold.
    fn draft_addresses(&mut self, request: &AddressRequest, committing: bool) -> Result<Draft> {
        let relies = committing || request.relies_on_hold;
        let mut places = Vec::new();
        for (id, wishes) in &request.wishes {
            places.push(self.address_place(id, wishes)?);
        }
        let (id, is_adopted) = self.address_set_id(request, &places);
        let mut request = request.clone();
        let own = |place: &Place<'_>| place.allocation.address_sets.get(&id)?.planned.clone();
        for hold in places.iter().filter_map(own).filter(|_| relies) {
            request.replaces = request.replaces.or(hold.replaces);
            request.given_up.extend(hold.waits_for);
        }
        let (mut decided, mut blocks) = (Vec::new(), BTreeMap::new());
        for place in &places {
            match place.decide(&id, &request, &self.env) {
                Ok(one) => decided.push(one),
                Err(fault) => return Err(self.address_error(&place.allocation, fault)?),
            }
            blocks.insert(place.allocation.meta.id.clone(), place.block);
        }
        Ok(Draft { id, is_adopted, replaces: request.replaces, decided, blocks })
    }

    /// The allocation with the hold of this plan.
    fn with_hold(&self, draft: &Draft, one: &Decided, request: &AddressRequest, terms: &Terms) -> Allocation {
        let mut after = one.before.clone();
        let own = after.address_sets.get(&draft.id);
        let is_settled = own.is_some_and(|own| own.addresses == one.addresses) && one.waits_for.is_empty();
        let earlier = own.and_then(|own| own.planned.as_ref());
        let same = earlier.filter(|earlier| earlier.addresses == one.addresses);
        let expires_at = match same {
            Some(same) => standing::renewed(same.expires_at, self.env.now, terms),
            None => context::expiry(self.env.now, terms),
        };
        let run = match same {
            Some(same) if self.env.is_of_this_run(same.run.as_deref()) => same.run.clone(),
            _ => self.env.asking(),
        };
        let (addresses, mut waits_for) = (one.addresses.clone(), one.waits_for.clone());
        // What an earlier plan of the same addresses waits for is waited for as long as it exists.
        waits_for.extend(same.into_iter().flat_map(|same| same.waits_for.iter().cloned()));
        waits_for.retain(|id| one.before.address_sets.get(id).is_some_and(AddressSet::is_active));
        let replaces = request.replaces.clone().or_else(|| same.and_then(|same| same.replaces.clone()));
        let planned = (!is_settled).then_some(PlannedAddresses { addresses, expires_at, run, replaces, waits_for });
        let set = after.address_sets.entry(draft.id.clone()).or_insert_with(|| AddressSet {
            name: request.name.clone(),
            owner: self.env.actor.owner.clone(),
            confirmed: false,
            addresses: AddressMap::new(),
            planned: None,
        });
        set.planned = planned;
        if after != one.before {
            self.env.reclaim_addresses(&mut after, &draft.id, request);
        }
        after
    }

    /// The plan of an address set, when no write is needed for it; `None` otherwise.
    ///
    /// # Errors
    /// Those of [`Ledger::plan_addresses`].
    pub fn find_addresses(&mut self, request: &AddressRequest, terms: &Terms) -> Result<Option<AddressAnswer>> {
        let draft = self.draft_addresses(request, terms.committing)?;
        let is_written = draft.decided.iter().all(|one| self.with_hold(&draft, one, request, terms) == one.before);
        Ok(is_written.then(|| draft.answer(request, &self.env.actor.owner)))
    }

    /// The plan of an address set, without a write.
    ///
    /// # Errors
    /// Those of [`Ledger::plan_addresses`].
    pub fn preview_addresses(&mut self, request: &AddressRequest) -> Result<AddressAnswer> {
        let draft = self.draft_addresses(request, false)?;
        Ok(draft.answer(request, &self.env.actor.owner))
    }

    /// The active set with this id in these allocations; `None` when none of them has it.
    ///
    /// # Errors
    /// Returns [`Error::Store`].
    pub fn get_address_set(&mut self, id: &str, allocations: &[String]) -> Result<Option<AddressAnswer>> {
        let mut answer: Option<AddressAnswer> = None;
        for allocation in codec::live_all::<Allocation>(self.snapshot, allocations)?.into_iter().flatten() {
            let Some(set) = allocation.address_sets.get(id).filter(|set| set.is_active()) else { continue };
            let answer = answer.get_or_insert_with(|| AddressAnswer {
                id: id.to_owned(),
                owner: set.owner.clone(),
                name: set.name.clone(),
                addresses: BTreeMap::new(),
                blocks: BTreeMap::new(),
                replaces: None,
                is_adopted: false,
                is_confirmed: true,
            });
            answer.is_confirmed &= set.confirmed;
            answer.addresses.insert(allocation.meta.id.clone(), set.addresses.clone());
            answer.blocks.insert(allocation.meta.id, allocation.cidr);
        }
        Ok(answer)
    }

    /// Checks that no active set has addresses in the part of an allocation that it gives up: all of it, or what is not in
    /// `becomes`.
    ///
    /// # Errors
    /// [`Error::Addresses`] with the sets.
    pub(in crate::ipam) fn require_no_addresses(
        &mut self,
        allocation: &Allocation,
        becomes: Option<Cidr>,
    ) -> Result<()> {
        let is_cut = |address: &IpAddr| becomes.is_none_or(|becomes| !becomes.contains(&address_block(*address)));
        let mut sets = Vec::new();
        for (id, set) in &allocation.address_sets {
            if let Some((member, _)) = set.addresses.iter().find(|(_, address)| is_cut(address)) {
                sets.push(*holder(id, set, member, false));
            }
        }
        if sets.is_empty() {
            return Ok(());
        }
        let more = sets.len().saturating_sub(NAMED_IN_ERRORS) as u64;
        sets.truncate(NAMED_IN_ERRORS);
        Err(self.address_error(allocation, AddressFault::InUse { becomes, sets, more })?)
    }
}

impl Env<'_> {
    /// Removes the holds of other sets that have expired, or that have given way to the set `id`.
    fn reclaim_addresses(&self, allocation: &mut Allocation, id: &str, request: &AddressRequest) {
        let own = allocation.address_sets.get(id);
        let own = own.and_then(|own| own.planned.as_ref().map(|planned| &planned.addresses).or(Some(&own.addresses)));
        let taken: BTreeSet<IpAddr> = own.into_iter().flat_map(BTreeMap::values).copied().collect();
        for (other, set) in &mut allocation.address_sets {
            let Some(planned) = set.planned.as_ref().filter(|_| other != id) else { continue };
            let is_in_the_way = planned.addresses.values().any(|one| taken.contains(one)) || set.name == request.name;
            if planned.expires_at <= self.now || (is_in_the_way && self.must_respect(set).is_none()) {
                set.planned = None;
            }
        }
        allocation.address_sets.retain(|other, set| other == id || set.is_active() || set.planned.is_some());
    }
}

impl Ledger<'_> {
    /// Holds the addresses of a set: those of all members, or none.
    ///
    /// # Errors
    /// Returns [`Error::Addresses`], [`Error::NotFound`] or [`Error::HoldLost`].
    pub fn plan_addresses(&mut self, request: &AddressRequest, terms: &Terms) -> Result<AddressAnswer> {
        let draft = self.reader().draft_addresses(request, terms.committing)?;
        for one in &draft.decided {
            let after = self.reader().with_hold(&draft, one, request, terms);
            self.change_allocation(Action::Hold, &one.before, after)?;
        }
        Ok(draft.answer(request, &self.env.actor.owner))
    }

    /// Gives out the addresses that a plan showed: those of all members, or none.
    ///
    /// # Errors
    /// Returns [`Error::Addresses`] or [`Error::NotFound`].
    pub fn apply_addresses(&mut self, change: &AddressChange) -> Result<AddressAnswer> {
        let mut request = change.request.clone();
        let mut waits_for = BTreeSet::new();
        for id in request.wishes.keys() {
            let allocation = self.reader().changeable(id)?;
            let own = request.id.as_ref().and_then(|id| allocation.address_sets.get(id));
            let Some(planned) = own.and_then(|own| own.planned.as_ref()) else { continue };
            waits_for.extend(planned.waits_for.iter().cloned());
            request.replaces = request.replaces.or_else(|| planned.replaces.clone());
        }
        // What has to be released first is in the way until then.
        request.replaces = request.replaces.filter(|id| !waits_for.contains(id));
        let draft =
            self.reader().draft_addresses(&request, false).map_err(|error| error.while_waiting_for(&waits_for))?;
        for one in &draft.decided {
            let after = self.with_addresses(&draft, one, &request);
            self.change_allocation(Action::Update, &one.before, after)?;
        }
        for id in &change.leaves {
            self.drop_addresses(&draft.id, id)?;
        }
        let answer = draft.answer(&request, &self.env.actor.owner);
        let ids: Vec<String> = request.wishes.into_keys().collect();
        Ok(self.reader().get_address_set(&draft.id, &ids)?.unwrap_or(answer))
    }

    fn with_addresses(&mut self, draft: &Draft, one: &Decided, request: &AddressRequest) -> Allocation {
        let mut after = one.before.clone();
        let own = after.address_sets.remove(&draft.id);
        let owner = own.as_ref().map_or_else(|| self.env.actor.owner.clone(), |own| own.owner.clone());
        let confirmed = own.is_some_and(|own| own.confirmed);
        let (name, addresses) = (request.name.clone(), one.addresses.clone());
        let set = AddressSet { name, owner, confirmed, addresses, planned: None };
        if let Some(replaced) = request.replaces.as_ref().and_then(|id| after.address_sets.get_mut(id)) {
            replaced.addresses.retain(|_, address| !set.addresses.values().any(|own| own == address));
        }
        after.address_sets.insert(draft.id.clone(), set);
        self.env.reclaim_addresses(&mut after, &draft.id, request);
        if after != one.before {
            after.meta.updated_at = self.env.now;
        }
        after
    }

    /// Releases the addresses of a set in these allocations. Succeeds when they are gone already.
    ///
    /// # Errors
    /// Returns [`Error::Store`].
    pub fn delete_addresses(&mut self, id: &str, allocations: &[String]) -> Result<()> {
        allocations.iter().try_for_each(|allocation| self.drop_addresses(id, allocation))
    }

    fn drop_addresses(&mut self, id: &str, allocation: &str) -> Result<()> {
        let Some(before) = codec::live::<Allocation>(self.tx, allocation)? else { return Ok(()) };
        let mut after = before.clone();
        if after.address_sets.remove(id).is_none() {
            return Ok(());
        }
        after.meta.updated_at = self.env.now;
        self.change_allocation(Action::Update, &before, after).map(drop)
    }

    /// Marks a set as being in a Terraform state. Does nothing when it is marked already or gone.
    ///
    /// # Errors
    /// Returns [`Error::Store`].
    pub fn confirm_addresses(&mut self, id: &str, allocations: &[String]) -> Result<()> {
        for allocation in allocations {
            let Some(before) = codec::live::<Allocation>(self.tx, allocation)? else { continue };
            let mut after = before.clone();
            if let Some(set) = after.address_sets.get_mut(id).filter(|set| set.is_active()) {
                set.confirmed = true;
            }
            self.change_allocation(Action::Update, &before, after)?;
        }
        Ok(())
    }

    /// Gives a set that is in a Terraform state its id and its addresses again, in a store that was restored from an older
    /// backup. `false`: an event shows that addresses of the set were released.
    ///
    /// # Errors
    /// Those of [`Ledger::apply_addresses`].
    pub fn restore_addresses(&mut self, change: &AddressChange) -> Result<bool> {
        let Some(id) = &change.request.id else { return Ok(false) };
        for allocation in change.request.wishes.keys() {
            if self.reader().released_addresses(id, allocation)? {
                return Ok(false);
            }
        }
        self.apply_addresses(change).map(|_| true)
    }
}

impl Error {
    /// The same error, which says whether the apply has to wait for what is in the way.
    fn while_waiting_for(mut self, sets: &BTreeSet<String>) -> Self {
        if let Self::Addresses(error) = &mut self
            && let AddressFault::Taken { by, waits, .. } | AddressFault::NameTaken { by, waits, .. } = &mut error.fault
        {
            *waits = by.held_until.is_none() && sets.contains(&by.set_id);
        }
        self
    }
}

impl Reader<'_> {
    /// Whether an event shows that a set had addresses in an allocation and released them.
    fn released_addresses(&mut self, id: &str, allocation: &str) -> Result<bool> {
        const PAGE: usize = 1024;
        let has = |record: &serde_json::Value| record["address_sets"][id]["addresses"].is_object();
        let mut from = 0;
        loop {
            let events = self.events(from, PAGE)?;
            if events.iter().any(|event| event.id == allocation && has(&event.before) && !has(&event.after)) {
                return Ok(true);
            }
            match events.last() {
                Some(last) if events.len() == PAGE => from = last.sequence,
                _ => return Ok(false),
            }
        }
    }
}

/// What is wrong with the address sets in the record of an allocation, as sentences.
pub(in crate::ipam) fn faults(allocation: &Allocation) -> Vec<String> {
    let mut faults = Vec::new();
    let mut seen: BTreeMap<IpAddr, &str> = BTreeMap::new();
    for (id, set) in &allocation.address_sets {
        if !set.is_active() && set.planned.is_none() {
            faults.push(format!("Its address set {id} has no addresses."));
        }
        if set.is_active() && allocation.meta.state != State::Active {
            faults.push(format!("Its address set {id} has addresses, and the allocation is only planned."));
        }
        for address in set.addresses.values() {
            if !allocation.cidr.contains(&address_block(*address)) {
                faults.push(format!("The address {address} of its address set {id} is not in its block."));
            }
            if let Some(other) = seen.insert(*address, id) {
                faults.push(format!("Its address sets {other} and {id} both have the address {address}."));
            }
        }
    }
    faults
}
