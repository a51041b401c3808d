//! Where the members of a contiguous set are in their aggregate, decided in memory.

use std::collections::{BTreeMap, BTreeSet};

use crate::ipam::discovery::Avoided;
use crate::ipam::operations::allocation::{SizeRequest, size_request};
use crate::ipam::space::packing::Room;
use crate::ipam::space::{aggregates, blocks};
use crate::ipam::{Allocation, Cidr, GivenUp, Pool, Reader, Result, SetRequest, SetSpec, Size, Terms};

/// A plan of a contiguous set while it is made.
pub(super) struct Plan<'a> {
    pub(super) request: &'a SetRequest,
    /// The members in the order in which they are placed.
    pub(super) order: &'a [String],
    pub(super) pool: &'a Pool,
    /// What the apply gives up, with the members that move.
    pub(super) terms: Terms,
    /// The members that the set has and keeps.
    pub(super) present: BTreeMap<&'a str, Allocation>,
    /// What earlier plans hold for the others, and what an interrupted apply left of them.
    pub(super) held: BTreeMap<&'a str, Allocation>,
    /// The present members that cannot have their new size in place.
    pub(super) moved: BTreeSet<&'a str>,
    /// The aggregate that the set has, or that earlier plans hold.
    pub(super) own: Option<Cidr>,
}

/// Where the members are in an aggregate.
#[derive(Default)]
pub(super) struct Layout<'a> {
    pub(super) placed: Vec<(&'a String, Cidr)>,
    pub(super) moved: BTreeSet<&'a str>,
}

/// The free space of an aggregate.
pub(super) struct Space {
    /// What is free now.
    pub(super) now: Room,
    /// What is free after the apply.
    pub(super) then: Room,
}

impl Space {
    pub(super) fn cut(&mut self, block: &Cidr) {
        self.now.cut(block);
        self.then.cut(block);
    }
}

/// A member that has no room, and its netmask length.
pub(super) struct Full<'a>(pub(super) &'a str, pub(super) u8);

/// The netmask length of the smallest block with as many addresses as blocks of these lengths.
pub(super) fn least(lengths: impl IntoIterator<Item = u8>, bits: u8) -> u8 {
    let count = |length: u8| 1u128.checked_shl(u32::from(bits.saturating_sub(length))).unwrap_or(u128::MAX);
    let sum = lengths.into_iter().map(count).fold(0u128, u128::saturating_add);
    bits - (0..bits).find(|host_bits| 1u128 << host_bits >= sum).unwrap_or(bits)
}

/// The smallest block around all of these.
pub(super) fn join(blocks: impl IntoIterator<Item = Cidr>) -> Option<Cidr> {
    blocks.into_iter().reduce(|a, b| aggregates::around(&a, &b))
}

impl<'a> Plan<'a> {
    pub(super) fn spec(&self) -> &'a SetSpec {
        &self.request.spec
    }

    /// The size of a member in this pool.
    fn size(&self, key: &str) -> Result<SizeRequest> {
        let size = match (self.spec().members[key], self.present.get(key)) {
            (Size::Default, Some(one)) => Size::NetmaskLength(one.cidr.netmask_length()),
            (size, _) => size,
        };
        size_request(size, self.pool).map_err(|error| error.of_member(key))
    }

    /// The only place that a member may have, if there is one: it was asked for, or an earlier plan showed it.
    pub(super) fn only_place(&self, key: &str) -> Result<Option<Cidr>> {
        let shown = self.request.shown.get(key).and_then(|shown| shown.cidr);
        Ok(match (shown, self.size(key)?) {
            (None, SizeRequest::Block(block)) => Some(block),
            (shown, _) => shown,
        })
    }

    /// The block that an earlier plan holds for a member by size.
    pub(super) fn held_place(&self, key: &str) -> Result<Option<Cidr>> {
        let length = self.size(key)?.netmask_length();
        let held = self.held.get(key).map(|held| held.cidr).filter(|block| block.netmask_length() == length);
        let is_avoided = |block: &Cidr| self.spec().disallowed_cidrs.iter().any(|avoided| avoided.overlaps(block));
        Ok(held.filter(|block| self.terms.committing || !is_avoided(block)))
    }

    /// The netmask length of the smallest block with as many addresses as the members.
    pub(super) fn least(&self) -> Result<u8> {
        let lengths: Result<Vec<u8>> = self.order.iter().map(|key| Ok(self.size(key)?.netmask_length())).collect();
        Ok(least(lengths?, self.pool.address_family.bits()))
    }

    /// The block that a present member keeps or changes to in place.
    fn target(&self, key: &str, one: &Allocation) -> Option<Cidr> {
        let target = match self.spec().members[key] {
            Size::Default => one.cidr,
            Size::Cidr(cidr) => cidr,
            Size::NetmaskLength(length) => one.cidr.resized(length.min(one.cidr.family().bits())),
        };
        target.overlaps(&one.cidr).then_some(target)
    }

    /// Places the members in the aggregate: those that stay first, then those with one place, then all others.
    pub(super) fn lay_out(
        &self,
        aggregate: &Cidr,
        mut space: Space,
        off: &mut Off<'_>,
    ) -> Result<Result<Layout<'a>, Full<'a>>> {
        let mut layout = Layout { moved: self.moved.clone(), ..Layout::default() };
        let mut growing = Vec::new();
        for key in self.order {
            let Some(one) = self.present.get(key.as_str()).filter(|_| !self.moved.contains(key.as_str())) else {
                continue;
            };
            space.cut(&one.cidr);
            match self.target(key, one) {
                Some(target) if !aggregate.contains(&target) => return Ok(Err(Full(key, target.netmask_length()))),
                Some(target) if one.cidr.contains(&target) => {}
                Some(target) => growing.push((key, one.cidr, target)),
                None => drop(layout.moved.insert(key)),
            }
        }
        for (key, present, target) in growing {
            if blocks::growth_blocks(&present, &target).iter().all(|beside| space.then.has(beside)) {
                space.cut(&target);
            } else {
                layout.moved.insert(key);
            }
        }
        let is_placed = |key: &&String| !self.present.contains_key(key.as_str()) || layout.moved.contains(key.as_str());
        let mut by_size = Vec::new();
        let placed: Vec<&String> = self.order.iter().filter(is_placed).collect();
        for key in placed {
            let only = self.only_place(key)?;
            match only.or(self.held_place(key)?.filter(|block| space.then.has(block))) {
                Some(block) if !aggregate.contains(&block) => return Ok(Err(Full(key, block.netmask_length()))),
                Some(block) => {
                    space.cut(&block);
                    layout.placed.push((key, block));
                }
                None => by_size.push(key),
            }
        }
        for avoided in &self.spec().disallowed_cidrs {
            space.cut(avoided);
        }
        for key in by_size {
            let length = self.size(key)?.netmask_length();
            match off.place(&mut space, length)? {
                Some(block) => layout.placed.push((key, block)),
                None => return Ok(Err(Full(key, length))),
            }
        }
        Ok(Ok(layout))
    }
}

/// Finds places apart from what discoveries have seen.
pub(super) struct Off<'a> {
    pub(super) reader: Reader<'a>,
    pub(super) pool: &'a Pool,
    pub(super) aggregate: Cidr,
}

impl Off<'_> {
    /// A free block of this netmask length, which is then no longer free.
    fn place(&mut self, space: &mut Space, netmask_length: u8) -> Result<Option<Cidr>> {
        loop {
            let Some(block) = space.now.place(netmask_length).or_else(|| space.then.place(netmask_length)) else {
                return Ok(None);
            };
            match Avoided::off(self.reader.snapshot, self.pool, &block, &self.aggregate)? {
                Some(seen) => space.cut(&seen),
                None => {
                    space.cut(&block);
                    return Ok(Some(block));
                }
            }
        }
    }
}

/// Whether a member has a CIDR of its own.
pub(super) fn has_cidr(spec: &SetSpec) -> bool {
    spec.members.values().any(|size| matches!(size, Size::Cidr(_)))
}

impl<'a> Plan<'a> {
    /// Whether this is the id of a member, or of what is held for one.
    pub(super) fn is_own(&self, id: &str) -> bool {
        self.present.values().chain(self.held.values()).any(|one| one.meta.id == id)
    }

    /// Records which members move: their space is given up.
    pub(super) fn set_moved(&mut self, moved: BTreeSet<&'a str>) {
        for key in moved.difference(&self.moved) {
            if let Some(one) = self.present.get(key) {
                self.terms.given_up.push(GivenUp { id: one.meta.id.clone(), cidr: None, in_place: false });
            }
        }
        self.moved = moved;
    }
}
