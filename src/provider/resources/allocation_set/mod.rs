//! `ipam_allocation_set`: allocations of one pool by name, planned and changed together.
//!
//! A set has no record in the store: its members are ordinary allocations, and the state knows their ids. So this resource
//! is not one of a noun, and follows the same life in files of its own: `plan.rs`, `request.rs`, `resource.rs`, `import.rs`.

mod carried;
mod check;
mod import;
mod plan;
mod request;
mod resource;

pub(in crate::provider) use resource::SetResource;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::ipam::{Allocation, Cidr, Error, Kind, Packing, SetSpec, Size, Tags};
use crate::tf::{Diagnostic, Diagnostics, Path, Tf};
use crate::{at, model, text_attr};

use super::super::attributes::HumanDuration;
use super::super::minimum::{Count, Minimums, family_of};
use super::super::noun::{DEFAULT_TIMEOUT, Timeouts};
use super::super::shared::Configured;

/// How the id of a set begins.
const ID_PREFIX: &str = "ipam-alloc-set-";
/// The part of the id of an allocation that no other allocation has.
fn own_part(id: &str) -> &str {
    id.strip_prefix(Kind::Allocation.id_prefix()).unwrap_or(id)
}

/// What happens to the allocation of a member that leaves the set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Removal {
    /// It is released.
    #[default]
    Release,
    /// It stays in the store, for another resource.
    Keep,
}

impl FromStr for Removal {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "release" => Ok(Self::Release),
            "keep" => Ok(Self::Keep),
            _ => Err(format!("{text:?} is not one of \"release\", \"keep\".")),
        }
    }
}

impl fmt::Display for Removal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Release => "release",
            Self::Keep => "keep",
        })
    }
}

text_attr!(Removal);

model! {
    /// A member of an allocation set.
    pub(crate) struct MemberModel {
        /// CIDR to allocate. If `netmask_length` is set as well, it must be the netmask length of this CIDR. If no size
        /// is set, the member has the `allocation_default_netmask_length` of the pool.
        cidr: Cidr => optional(),
        /// Netmask length of the CIDR to allocate. The `allocation_strategy` of the pool chooses the place. A change is
        /// made in place when the neighbouring space is free. Otherwise the member moves to another CIDR.
        netmask_length: u8 => optional(),
        /// Smallest number of addresses that the CIDR must have, in place of `netmask_length`: the member gets the longest
        /// netmask length that is enough. Only one of `cidr`, `netmask_length`, `minimum_addresses` and `minimum_hosts` can
        /// be set.
        minimum_addresses: Count => optional(),
        /// Smallest number of hosts that the CIDR must have room for, in place of `netmask_length`, counted as by the
        /// argument of the same name of `ipam_allocation`.
        minimum_hosts: Count => optional(),
    }
}

model! {
    /// Manages a set of allocations in one pool: a map of names to sizes. The plan shows the CIDRs of all members, or
    /// fails and holds none of them. The apply makes all changes in one transaction, or none. The same map on the same
    /// store always gets the same CIDRs. When members are added, removed or resized, the other members keep their CIDRs. Each member is
    /// an allocation of its own, with the name of the set, a slash and the name of the member, such as `vpc/web`. Not
    /// available with `aws-ipam`.
    pub(crate) struct SetModel {
        /// ID of the pool from which the CIDRs are allocated. A change replaces the set.
        ipam_pool_id: String => required().replace(),
        /// Name of the set, without a slash. The name of each member in the pool begins with it. A change gives all
        /// members other names, and they keep their CIDRs.
        name: String => required(),
        /// Map of the members by name: 1 to 2,000 of them. A name contains no slash.
        members: BTreeMap<String, MemberModel> => required(),
        /// Order in which new members are placed, after those that have a `cidr`: `largest-first` (the default) leaves
        /// the fewest gaps, and `by-name` follows the names.
        packing: Packing => default("largest-first"),
        /// Whether all members are in one block, which is `cidr`: the smallest one that has room for them. Its free space is
        /// kept for the set, so that later members get it and no other object does. When members need more room, the block
        /// grows in place; if the space next to it is taken, the plan fails. It never moves or shrinks. The default is
        /// `false`. A change replaces the set.
        contiguous: bool => default(false),
        /// Set of CIDRs that members by `netmask_length` must not use, and that no `cidr` may overlap. A change moves
        /// only the members whose CIDR overlaps one of them.
        disallowed_cidrs: BTreeSet<Cidr> => optional(),
        /// Description of each member.
        description: String => optional(),
        /// Map of tags for each member. `tags_all` must contain the `allocation_resource_tags` of the pool.
        tags: Tags => optional(),
        /// What happens to the allocation of a member that is removed from `members`, and to all members when the set is
        /// destroyed: `release` (the default), or `keep`, which leaves the allocation in the store. Another resource
        /// can then import it.
        removed_members: Removal => default("release"),
        /// ID of the set, which stays the same through all changes in place. It comes from the ID of the first member.
        id: String => computed(),
        /// The block of all members, if the set is `contiguous`.
        cidr: Cidr => computed(),
        /// Map of the CIDRs by the names of the members.
        cidrs: BTreeMap<String, Cidr> => computed(),
        /// Map of the IDs of the allocations by the names of the members.
        ids: BTreeMap<String, String> => computed(),
        /// Map of the present names of the members that do not have the name of the set in front, such as imported ones. The
        /// next apply gives them the names of members.
        imported_names: BTreeMap<String, String> => computed(),
        /// Owner of the members: the provider argument `owner` of the configuration that they belong to.
        owner: String => computed(),
        /// All tags of each member: `tags` and the `default_tags` of the provider.
        tags_all: Tags => computed(),
    }
    blocks { timeouts: Timeouts }
}

impl MemberModel {
    fn minimums(&self) -> Minimums {
        Minimums { addresses: self.minimum_addresses.clone(), hosts: self.minimum_hosts.clone() }
    }

    fn check_minimums(&self, base: &Path) -> Option<Diagnostic> {
        let others = [("cidr", self.cidr.is_known()), ("netmask_length", self.netmask_length.is_known())];
        self.minimums().check(&others, base)
    }

    /// How the configuration asks for the block; `None` while that is unknown.
    fn size(&self) -> Option<Size> {
        match (&self.cidr, &self.netmask_length) {
            // A netmask length next to the block agrees with it.
            (Tf::Known(cidr), _) => Some(Size::Cidr(*cidr)),
            (Tf::Unknown, _) | (_, Tf::Unknown) => None,
            (Tf::Null, Tf::Known(length)) => Some(Size::NetmaskLength(*length)),
            // A size in numbers that no netmask length was settled for.
            (Tf::Null, Tf::Null) if !self.minimums().is_absent() => None,
            (Tf::Null, Tf::Null) => Some(Size::Default),
        }
    }
}

/// The path of a member in a configuration.
fn member_at(key: &str) -> Path {
    at!(SetModel, members).key(key)
}

impl SetModel {
    /// The same set with the netmask length of each member that asks for a size in numbers.
    ///
    /// # Errors
    /// At the argument of the member, and those of reading the pool.
    fn settled(&self, configured: &Configured) -> Result<Cow<'_, Self>, Diagnostics> {
        let is_in_numbers = |member: &MemberModel| !member.minimums().is_absent();
        if !self.members.get().into_iter().flat_map(BTreeMap::values).any(is_in_numbers) {
            return Ok(Cow::Borrowed(self));
        }
        let mut settled = self.clone();
        let Tf::Known(members) = &mut settled.members else { return Ok(Cow::Owned(settled)) };
        let family = family_of(configured, &self.ipam_pool_id, at!(Self, ipam_pool_id))?;
        let mut wrong = Diagnostics::new();
        for (key, member) in members.iter_mut().filter(|(_, member)| is_in_numbers(member)) {
            let base = member_at(key);
            wrong.extend(member.check_minimums(&base));
            member.netmask_length =
                wrong.gather(member.minimums().netmask_length(family, &base)).unwrap_or(Tf::Unknown);
        }
        wrong.into_result().map(|()| Cow::Owned(settled))
    }

    /// Adds to errors about the size of a member how the number that the user wrote led to it.
    fn explain_sizes(&self, errors: Diagnostics, configured: &Configured) -> Diagnostics {
        let Ok(settled) = self.settled(configured) else { return errors };
        let members = settled.members.get().into_iter().flatten();
        members.fold(errors, |errors, (key, member)| {
            let base = member_at(key);
            member.minimums().explain(errors, &member.netmask_length, &base)
        })
    }

    /// The request for the members, with `tags`; `None` while a part of it is unknown.
    fn spec(&self, tags: &Tags) -> Option<SetSpec> {
        if self.description.is_unknown() || self.disallowed_cidrs.is_unknown() {
            return None;
        }
        let members = self.members.get()?.iter();
        Some(SetSpec {
            pool_id: self.ipam_pool_id.cloned()?,
            name: self.name.cloned()?,
            packing: self.packing.cloned()?,
            contiguous: self.contiguous.cloned()?,
            aggregate: None,
            members: members.map(|(key, member)| Some((key.clone(), member.size()?))).collect::<Option<_>>()?,
            disallowed_cidrs: self.disallowed_cidrs.cloned().unwrap_or_default(),
            description: self.description.cloned(),
            tags: tags.clone(),
        })
    }

    /// The ids of the members that a state knows.
    fn member_ids(&self) -> BTreeMap<String, String> {
        self.ids.cloned().unwrap_or_default()
    }

    /// Whether members that leave the set stay in the store.
    fn keeps_removed(&self) -> bool {
        self.removed_members == Tf::Known(Removal::Keep)
    }

    /// The id of a new set. It names the first member, because the set itself is not in the store.
    fn new_id(&self) -> Tf<String> {
        let first = self.ids.get().and_then(|ids| ids.values().next());
        first.map_or(Tf::Unknown, |id| format!("{ID_PREFIX}{}", own_part(id)).into())
    }

    /// The attribute that an error is about.
    fn attribute_for(error: &Error) -> Path {
        match error.cause() {
            Error::NotFound { kind: Kind::Pool, .. } | Error::PoolEmpty { .. } => at!(Self, ipam_pool_id),
            Error::TagRule { .. } => at!(Self, tags),
            // The block of a contiguous set.
            Error::PoolExhausted { .. } if !matches!(error, Error::OfMember { .. }) => at!(Self, members),
            _ => match error {
                Error::OfMember { key, .. } => member_at(key),
                _ => Path::root(),
            },
        }
    }

    /// Takes over the members as the store has them.
    fn fill(&mut self, members: &BTreeMap<String, Allocation>) {
        self.cidrs = members.iter().map(|(key, one)| (key.clone(), one.cidr)).collect::<BTreeMap<_, _>>().into();
        self.ids =
            members.iter().map(|(key, one)| (key.clone(), one.meta.id.clone())).collect::<BTreeMap<_, _>>().into();
        self.owner = members.values().next().map(|one| one.meta.owner.clone()).into();
        self.cidr = members.values().filter_map(|one| one.aggregate).min_by_key(Cidr::netmask_length).into();
    }

    /// The time limit of an operation.
    fn patience(&self, which: impl Fn(&Timeouts) -> &Tf<HumanDuration>) -> Duration {
        self.timeouts.get().and_then(|timeouts| which(timeouts).get()).map_or(DEFAULT_TIMEOUT, |duration| duration.0)
    }
}
