//! Chooses the addresses of an address set in one allocation. It reads nothing: the record of the allocation has all
//! addresses.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::ipam::model::address_set::{address_block, usable_range};
use crate::ipam::{
    ADDRESSES_MAX, AddressFault, AddressHolder, AddressMap, AddressRequest, AddressSet, AddressWishes, Allocation,
    Cidr, Env, PlannedAddresses, Pool, RuleName, address,
};

/// One allocation in which a set asks for addresses.
pub(in crate::ipam) struct Place<'a> {
    pub(in crate::ipam) allocation: Allocation,
    pub(in crate::ipam) wishes: &'a AddressWishes,
    /// The block in which the addresses must be.
    pub(in crate::ipam) block: Cidr,
    pub(in crate::ipam) pool: Pool,
    /// The reserved blocks of the pool that share addresses with `block`, sorted.
    pub(in crate::ipam) reserved: Vec<Cidr>,
}

/// What is decided in one place.
pub(in crate::ipam) struct Decided {
    pub(in crate::ipam) before: Allocation,
    pub(in crate::ipam) addresses: AddressMap,
    /// Sets whose release the addresses or the name wait for.
    pub(in crate::ipam) waits_for: BTreeSet<String>,
}

/// The holder of an address that `member` of the set has, or is planned to have.
pub(in crate::ipam) fn holder(id: &str, set: &AddressSet, member: &str, planned: bool) -> Box<AddressHolder> {
    let held_until = set.planned.as_ref().filter(|_| planned).map(|planned| planned.expires_at);
    Box::new(AddressHolder {
        set_id: id.to_owned(),
        set_name: set.name.clone(),
        owner: set.owner.clone(),
        member: member.to_owned(),
        held_until,
    })
}

impl Env<'_> {
    /// Whether the hold of another set counts for the present request.
    pub(in crate::ipam) fn must_respect<'a>(&self, set: &'a AddressSet) -> Option<&'a PlannedAddresses> {
        let makes_way =
            |planned: &PlannedAddresses| self.makes_way(&set.owner, Some(planned.expires_at), planned.run.as_deref());
        set.planned.as_ref().filter(|planned| !makes_way(planned))
    }
}

/// The addresses of other sets in one place, by number.
#[derive(Default)]
struct Others {
    taken: BTreeMap<u128, Box<AddressHolder>>,
    /// Addresses of active sets that the same apply releases.
    going: BTreeMap<u128, String>,
    /// Addresses under holds that give way to this request.
    yielding: BTreeSet<u128>,
}

impl Others {
    fn of(place: &Place<'_>, id: &str, request: &AddressRequest, env: &Env<'_>) -> Self {
        let mut others = Self::default();
        for (other_id, set) in place.allocation.address_sets.iter().filter(|(other_id, _)| *other_id != id) {
            let is_replaced = request.replaces.as_ref() == Some(other_id);
            let goes = request.given_up.contains(other_id);
            for (member, address) in &set.addresses {
                let number = address_block(*address).first();
                if goes {
                    others.going.insert(number, other_id.clone());
                } else if !is_replaced {
                    others.taken.insert(number, holder(other_id, set, member, false));
                }
            }
            let Some(planned) = &set.planned else { continue };
            let gives_way = env.must_respect(set).is_none();
            for (member, address) in &planned.addresses {
                let number = address_block(*address).first();
                if gives_way {
                    others.yielding.insert(number);
                } else {
                    others.taken.entry(number).or_insert_with(|| holder(other_id, set, member, true));
                }
            }
        }
        others
    }
}

/// The choice of the addresses in one place.
struct Choice<'a> {
    place: &'a Place<'a>,
    others: Others,
    /// Numbers of the addresses that are asked for, with the members that ask.
    wished: BTreeMap<u128, &'a str>,
    chosen: AddressMap,
    used: BTreeMap<u128, String>,
}

impl Choice<'_> {
    fn choose(&mut self, member: &str, address: IpAddr) {
        self.used.insert(address_block(address).first(), member.to_owned());
        self.chosen.insert(member.to_owned(), address);
    }

    /// Gives members the addresses that they have in `map`, where that is what they ask for. An address that is only planned
    /// gives way to another member that asks for it.
    fn keep(&mut self, map: &AddressMap, is_active: bool) {
        for (member, wish) in &self.place.wishes.members {
            let Some(address) = map.get(member).filter(|has| wish.is_none_or(|wish| wish == **has)) else { continue };
            let number = address_block(*address).first();
            let is_wished_by_another = self.wished.get(&number).is_some_and(|other| other != member);
            let is_lost =
                !self.place.block.contains(&address_block(*address)) || self.others.taken.contains_key(&number);
            let is_free = !self.chosen.contains_key(member) && !self.used.contains_key(&number);
            if is_free && !is_lost && (is_active || !is_wished_by_another) {
                self.choose(member, *address);
            }
        }
    }

    /// Gives members the addresses that they ask for.
    fn take_wished(&mut self, own: (&str, Option<&AddressSet>), name: &str) -> Result<(), AddressFault> {
        let members = self.place.wishes.members.iter();
        let wishes: Vec<_> = members.filter_map(|(member, wish)| Some((member.clone(), (*wish)?))).collect();
        for (member, address) in
            wishes.into_iter().filter(|(member, _)| !self.chosen.contains_key(member)).collect::<Vec<_>>()
        {
            let block = address_block(address);
            if !self.place.block.contains(&block) {
                return Err(AddressFault::Outside { member, address });
            }
            if let Some((reserved, rule)) = self.place.reserved_over(&block) {
                let pool = self.place.pool.meta.name.clone();
                return Err(AddressFault::Reserved { member, address, pool, reserved, rule });
            }
            let taken = self.others.taken.get(&block.first()).cloned();
            let by = taken.or_else(|| {
                let other = self.used.get(&block.first())?;
                let (id, set) = own;
                let owner = set.map(|set| set.owner.clone()).unwrap_or_default();
                let (set_id, set_name) = (id.to_owned(), name.to_owned());
                Some(Box::new(AddressHolder { set_id, set_name, owner, member: other.clone(), held_until: None }))
            });
            if let Some(by) = by {
                return Err(AddressFault::Taken { member, address, by, waits: false });
            }
            self.choose(&member, address);
        }
        Ok(())
    }

    /// Gives all other members the lowest usable addresses, in the order of their names. What the hold of an earlier plan of
    /// this owner has is taken when nothing else is free.
    fn take_any(&mut self) -> Result<(), AddressFault> {
        let (first, last) = usable_range(&self.place.block);
        let (mut next, mut may_reclaim) = (Some(first), self.others.yielding.is_empty());
        let is_missing = |member: &&String| !self.chosen.contains_key(*member);
        let missing: Vec<String> = self.place.wishes.members.keys().filter(is_missing).cloned().collect();
        for member in missing {
            let mut found = self.lowest(&mut next, last, may_reclaim);
            if found.is_none() && !may_reclaim {
                (next, may_reclaim) = (Some(first), true);
                found = self.lowest(&mut next, last, may_reclaim);
            }
            let Some(number) = found else {
                let held = self.others.taken.values().filter(|holder| holder.held_until.is_some()).count() as u64;
                return Err(AddressFault::Exhausted { member, usable: last - first + 1, held });
            };
            self.choose(&member, address(self.place.block.family(), number));
        }
        Ok(())
    }

    /// The lowest free address from `next` on, which then is the address after it.
    fn lowest(&self, next: &mut Option<u128>, last: u128, may_reclaim: bool) -> Option<u128> {
        let reserved = &self.place.reserved;
        loop {
            let number = (*next).filter(|number| *number <= last)?;
            let at = reserved.partition_point(|one| one.last() < number);
            if let Some(one) = reserved.get(at).filter(|one| one.first() <= number) {
                *next = one.last().checked_add(1);
                continue;
            }
            *next = number.checked_add(1);
            let others = &self.others;
            let is_taken = others.taken.contains_key(&number) || others.going.contains_key(&number);
            let is_held = !may_reclaim && others.yielding.contains(&number);
            if !is_taken && !is_held && !self.used.contains_key(&number) {
                return Some(number);
            }
        }
    }
}

impl Place<'_> {
    fn reserved_over(&self, block: &Cidr) -> Option<(Cidr, RuleName)> {
        let reserved = self.reserved.iter().find(|one| one.overlaps(block))?;
        let is_listed = self.pool.rules.reserved_cidrs.iter().any(|one| one.overlaps(block));
        let rule = match is_listed {
            true => RuleName::ReservedCidrs,
            false if self.pool.rules.reserve_first > 0 => RuleName::ReserveFirst,
            false => RuleName::ReserveLast,
        };
        Some((*reserved, rule))
    }

    /// The addresses of the set `id` in this place.
    ///
    /// # Errors
    /// The reason why a member cannot have an address.
    pub(in crate::ipam) fn decide(
        &self,
        id: &str,
        request: &AddressRequest,
        env: &Env<'_>,
    ) -> Result<Decided, AddressFault> {
        let sets = &self.allocation.address_sets;
        let (own, others) = (sets.get(id), Others::of(self, id, request, env));
        let mut waits_for = self.check_name(id, request, env)?;
        let wished =
            self.wishes.members.iter().filter_map(|(member, wish)| Some((address_block((*wish)?).first(), &**member)));
        let (wished, chosen, used) = (wished.collect(), AddressMap::new(), BTreeMap::new());
        let mut choice = Choice { place: self, others, wished, chosen, used };
        let replaced = request.replaces.as_ref().and_then(|replaced| sets.get(replaced));
        for active in own.into_iter().chain(replaced) {
            choice.keep(&active.addresses, true);
        }
        if let Some(planned) = own.and_then(|own| own.planned.as_ref()) {
            choice.keep(&planned.addresses, false);
        }
        choice.take_wished((id, own), &request.name)?;
        choice.take_any()?;
        let others: usize = sets.iter().filter(|(other, _)| *other != id).map(|(_, set)| set.addresses.len()).sum();
        let count = others + choice.chosen.len();
        if count > ADDRESSES_MAX {
            return Err(AddressFault::TooMany { count });
        }
        let going =
            choice.chosen.values().filter_map(|address| choice.others.going.get(&address_block(*address).first()));
        waits_for.extend(going.cloned());
        Ok(Decided { before: self.allocation.clone(), addresses: choice.chosen, waits_for })
    }

    /// Checks that no other set has the name. Returns the set that has the name and goes.
    fn check_name(&self, id: &str, request: &AddressRequest, env: &Env<'_>) -> Result<BTreeSet<String>, AddressFault> {
        let mut waits_for = BTreeSet::new();
        for (other_id, set) in &self.allocation.address_sets {
            let is_replaced = request.replaces.as_ref() == Some(other_id);
            if other_id == id || set.name != request.name || (is_replaced && !request.given_up.contains(other_id)) {
                continue;
            }
            if request.given_up.contains(other_id) {
                waits_for.insert(other_id.clone());
            } else if set.is_active() || env.must_respect(set).is_some() {
                let by = holder(other_id, set, "", !set.is_active());
                return Err(AddressFault::NameTaken { by, asked_by: env.actor.owner.clone(), waits: false });
            }
        }
        Ok(waits_for)
    }
}
