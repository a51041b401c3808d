//! Tests random operations against a naive model, which is the set of all addresses.

use std::collections::BTreeMap;

use proptest::prelude::{ProptestConfig, any, prop, prop_oneof, proptest};

use super::sets::new_set;
use crate::ipam::testing::*;
use crate::ipam::{Cidr, Error, Planned, Pool, PoolChange, PoolSpec, Provision, Resize, Rules, Size, Strategy};

#[derive(Clone, Debug)]
enum Op {
    Place {
        netmask_length: u8,
    },
    Claim {
        first: u8,
        netmask_length: u8,
    },
    /// A new set with members of these lengths.
    Set {
        netmask_lengths: Vec<u8>,
        contiguous: bool,
    },
    Release {
        index: usize,
    },
    Resize {
        index: usize,
        netmask_length: u8,
    },
    /// Other blocks for the pool: an index into [`LAYOUTS`].
    Regroup {
        layout: usize,
    },
    /// Other reserved space for the pool: a block of up to 32 addresses, and addresses at both ends of each CIDR.
    Reserve {
        block: Option<(u8, u8)>,
        first: u8,
        last: u8,
    },
    /// Another order: up to two blocks with priorities, and up to one block that is draining.
    Order {
        priorities: Vec<((u8, u8), u32)>,
        draining: Option<(u8, u8)>,
    },
}

/// Blocks of a pool of 256 addresses: the start of each block, and its host bits.
const LAYOUTS: [&[(u8, u8)]; 9] = [
    &[(0, 8)],
    &[(0, 7), (128, 7)],
    &[(0, 6), (64, 6), (128, 7)],
    &[(0, 7), (128, 6), (192, 6)],
    &[(0, 6), (64, 6), (128, 6), (192, 6)],
    &[(0, 4), (16, 4), (32, 5), (64, 6), (128, 7)],
    // Layouts that leave parts of the pool out.
    &[(0, 7)],
    &[(64, 6), (128, 7)],
    &[(0, 5), (96, 5), (192, 6)],
];

fn op() -> impl Strategy_<Value = Op> {
    prop_oneof![
        3 => (0..=8u8).prop_map(|netmask_length| Op::Place { netmask_length }),
        2 => (any::<u8>(), 0..=8u8).prop_map(|(first, netmask_length)| Op::Claim { first, netmask_length }),
        1 => (prop::collection::vec(3..=8u8, 1..4), any::<bool>())
            .prop_map(|(netmask_lengths, contiguous)| Op::Set { netmask_lengths, contiguous }),
        3 => any::<usize>().prop_map(|index| Op::Release { index }),
        2 => (any::<usize>(), 0..=8u8).prop_map(|(index, netmask_length)| Op::Resize { index, netmask_length }),
        2 => (0..LAYOUTS.len()).prop_map(|layout| Op::Regroup { layout }),
        1 => (prop::option::of((any::<u8>(), 0..=5u8)), 0..=5u8, 0..=5u8)
            .prop_map(|(block, first, last)| Op::Reserve { block, first, last }),
        1 => (prop::collection::vec(((any::<u8>(), 2..=8u8), 99..=101u32), 0..=2), prop::option::of((any::<u8>(), 0..=6u8)))
            .prop_map(|(priorities, draining)| Op::Order { priorities, draining }),
    ]
}

use proptest::strategy::Strategy as Strategy_;

/// Owner of each of 256 addresses.
struct Model {
    base: Cidr,
    /// Blocks of the pool.
    parts: Vec<Cidr>,
    owners: Vec<Option<String>>,
    rules: Rules,
    blocks: BTreeMap<String, Cidr>,
    /// The members of contiguous sets, each with the block of its set.
    aggregates: BTreeMap<String, Cidr>,
}

impl Model {
    fn range(&self, block: &Cidr) -> std::ops::RangeInclusive<usize> {
        let index = |address: u128| usize::try_from(address - self.base.first()).unwrap();
        index(block.first())..=index(block.last())
    }

    fn fits(&self, block: &Cidr) -> bool {
        self.parts.iter().any(|part| part.contains(block))
    }

    /// Whether the rules reserve the address at this position.
    fn is_reserved(&self, position: usize) -> bool {
        let address = self.base.first() + position as u128;
        let of_end = |part: &Cidr| {
            let (before, after) = (address.wrapping_sub(part.first()), part.last().wrapping_sub(address));
            (part.first()..=part.last()).contains(&address)
                && (before < u128::from(self.rules.reserve_first) || after < u128::from(self.rules.reserve_last))
        };
        self.parts.iter().any(of_end)
            || self.rules.reserved_cidrs.iter().any(|cidr| (cidr.first()..=cidr.last()).contains(&address))
    }

    /// Whether no new object gets the address at this position, except a member of the set that keeps it.
    fn is_kept(&self, position: usize) -> bool {
        let address = self.base.first() + position as u128;
        self.is_reserved(position)
            || self.aggregates.values().any(|kept| (kept.first()..=kept.last()).contains(&address))
    }

    /// Whether a new object may have addresses of the block, as far as the rules are concerned. What an object has
    /// already, it keeps.
    fn is_allowed(&self, block: &Cidr, but_for: Option<&str>) -> bool {
        let own = but_for.and_then(|id| self.aggregates.get(id));
        let is_others = |kept: &Cidr| own.is_none_or(|own| !own.overlaps(kept)) && kept.overlaps(block);
        !self.aggregates.values().any(is_others) && self.is_allowed_by_rules(block, but_for)
    }

    fn is_allowed_by_rules(&self, block: &Cidr, but_for: Option<&str>) -> bool {
        let has = |position: usize| but_for.is_some() && self.owners[position].as_deref() == but_for;
        self.range(block).all(|position| has(position) || !self.is_reserved(position))
    }

    fn is_free(&self, block: &Cidr, but_for: Option<&str>) -> bool {
        self.fits(block)
            && self.is_allowed(block, but_for)
            && self.owners[self.range(block)].iter().all(|owner| owner.is_none() || owner.as_deref() == but_for)
    }

    fn set(&mut self, id: &str, block: Option<Cidr>) {
        for owner in &mut self.owners {
            if owner.as_deref() == Some(id) {
                *owner = None;
            }
        }
        self.blocks.remove(id);
        if let (Some(block), Some(kept)) = (block, self.aggregates.remove(id)) {
            // Only a single member can become larger than the block of its set.
            self.aggregates.insert(id.to_owned(), if kept.contains(&block) { kept } else { block });
        }
        if let Some(block) = block {
            let range = self.range(&block);
            self.owners[range].fill(Some(id.to_owned()));
            self.blocks.insert(id.to_owned(), block);
        }
    }

    /// The blocks of this size that a request by size may get.
    fn places(&self, netmask_length: u8) -> Vec<Cidr> {
        let is_draining = |block: &Cidr| self.rules.draining_cidrs.iter().any(|cidr| cidr.overlaps(block));
        let mut places: Vec<Cidr> = (0..256)
            .map(|offset| Cidr::around(self.base.family(), self.base.first() + offset, netmask_length))
            .filter(|block| self.is_free(block, None) && !is_draining(block))
            .collect();
        places.dedup();
        places
    }

    /// The number that all addresses of the block have. A block with several numbers comes last.
    fn priority(&self, block: &Cidr) -> u32 {
        let of = |address: u128| {
            let around = |(cidr, _): &(&Cidr, &u32)| (cidr.first()..=cidr.last()).contains(&address);
            self.rules.cidr_priorities.iter().find(around).map_or(100, |(_, priority)| *priority)
        };
        let all: std::collections::BTreeSet<u32> = (block.first()..=block.last()).map(of).collect();
        if all.len() == 1 { all.into_iter().next().unwrap() } else { u32::MAX }
    }

    /// Checks that a request by size got one of the best places.
    fn check_place(&self, strategy: Strategy, made: &Cidr) {
        let places = self.places(made.netmask_length());
        assert!(places.contains(made), "{made} was taken");
        let priority = self.priority(made);
        let best: Vec<&Cidr> = places.iter().filter(|place| self.priority(place) == priority).collect();
        assert!(!places.iter().any(|place| self.priority(place) < priority), "{made} is not first in order");
        match strategy {
            Strategy::FirstFit => assert_eq!(Some(&made), best.first()),
            Strategy::LastFit => assert_eq!(Some(&made), best.last()),
            _ => {}
        }
    }

    fn layout(&self, layout: &[(u8, u8)]) -> Vec<Cidr> {
        let (family, first) = (self.base.family(), self.base.first());
        let block = |&(offset, host_bits): &(u8, u8)| {
            Cidr::around(family, first + u128::from(offset), family.bits() - host_bits)
        };
        layout.iter().map(block).collect()
    }

    fn change_rules(&self, world: &mut World, pool: &Pool) {
        let provision = Provision::Cidrs(self.parts.iter().copied().collect());
        let change = PoolChange { rules: self.rules.clone(), ..reprovisioned(pool, provision) };
        world.write(|ledger| ledger.update_pool(&pool.meta.id, &change)).unwrap();
    }

    fn pick(&self, index: usize) -> Option<String> {
        let count = self.blocks.len();
        (count > 0).then(|| self.blocks.keys().nth(index % count).unwrap().clone())
    }
}

fn run(base: &str, nested: bool, strategy: Strategy, ops: &[Op]) {
    let mut world = World::new();
    let source =
        nested.then(|| world.top("outer", &[&cidr(base).resized(cidr(base).netmask_length() - 4).to_string()]));
    let source_pool_id = source.as_ref().map(|source| source.meta.id.clone());
    let spec = PoolSpec { strategy, source_pool_id, ..top("top", &[base]) };
    let pool = world.write(|ledger| ledger.create_pool(&spec, &Planned::Unknown)).unwrap();
    let base = cidr(base);
    let whole = base.netmask_length();
    let mut model = Model {
        base,
        parts: vec![base],
        owners: vec![None; 256],
        blocks: BTreeMap::new(),
        rules: Rules::default(),
        aggregates: BTreeMap::new(),
    };
    for (step, op) in ops.iter().enumerate() {
        let name = format!("n{step}");
        match op {
            Op::Place { netmask_length } => {
                let length = whole + netmask_length;
                let seed = world.seed;
                let preview = world.read(|reader| reader.preview_next(&pool.meta.id, Some(length), &[], 1)).unwrap();
                world.seed = seed;
                match world.create(&pool, &name, &format!("/{length}")) {
                    Ok(made) => {
                        model.check_place(strategy, &made.cidr);
                        assert_eq!((made.cidr.netmask_length(), preview[0]), (length, made.cidr));
                        model.set(&made.meta.id, Some(made.cidr));
                    }
                    Err(Error::PoolExhausted { .. }) => {
                        assert_eq!(model.places(length), [], "there was room for /{length}")
                    }
                    Err(error) => panic!("{error:?}"),
                }
            }
            Op::Claim { first, netmask_length } => {
                let block = Cidr::around(base.family(), base.first() + u128::from(*first), whole + netmask_length);
                match world.create(&pool, &name, &block.to_string()) {
                    Ok(made) => {
                        assert!(model.is_free(&block, None));
                        model.set(&made.meta.id, Some(block));
                    }
                    Err(Error::OutsidePool { .. }) => assert!(!model.fits(&block)),
                    Err(Error::Reserved { .. }) => assert!(model.fits(&block) && !model.is_allowed(&block, None)),
                    Err(Error::Overlap { .. }) => {
                        assert!(model.is_allowed(&block, None) && !model.is_free(&block, None))
                    }
                    Err(error) => panic!("{error:?}"),
                }
            }
            Op::Set { netmask_lengths, contiguous } => {
                let lengths: Vec<String> =
                    netmask_lengths.iter().map(|length| format!("/{}", whole + length)).collect();
                let members: Vec<(&str, &str)> =
                    ["a", "b", "c"].into_iter().zip(lengths.iter().map(String::as_str)).collect();
                let mut request = new_set(&pool, &members);
                (request.spec.name, request.spec.contiguous) = (name, *contiguous);
                let planned = match world.plan_set(&request, &terms()) {
                    Ok(planned) => planned,
                    Err(error) => {
                        assert!(matches!(error.cause(), Error::PoolExhausted { .. }), "{error:?}");
                        assert!(
                            !contiguous || members.len() > 1 || model.places(whole + netmask_lengths[0]).is_empty()
                        );
                        continue;
                    }
                };
                world.check();
                let made = world.apply_set(&request);
                for (key, one) in &made {
                    assert_eq!((one.cidr, one.aggregate), (planned[key].cidr, planned[key].aggregate));
                    let block = one.aggregate.unwrap_or(one.cidr);
                    assert!(block.contains(&one.cidr) && model.is_free(&block, None), "{block} was taken");
                }
                for one in made.values() {
                    model.set(&one.meta.id, Some(one.cidr));
                    model.aggregates.extend(one.aggregate.map(|kept| (one.meta.id.clone(), kept)));
                }
            }
            Op::Release { index } => {
                let Some(id) = model.pick(*index) else { continue };
                world.write(|ledger| ledger.delete_allocation(&id)).unwrap();
                model.set(&id, None);
            }
            Op::Resize { index, netmask_length } => {
                let Some(id) = model.pick(*index) else { continue };
                let present = model.blocks[&id];
                let target = present.resized(whole + netmask_length);
                let wished = Size::NetmaskLength(whole + netmask_length);
                let answer = world.write(|ledger| ledger.plan_resize(&id, wished, &terms())).unwrap();
                let possible = model.is_free(&target, Some(&id));
                assert_eq!(answer, if possible { Resize::InPlace(target) } else { Resize::Replace });
                if possible {
                    let record = world.read(|reader| reader.get_allocation(&id)).unwrap().unwrap();
                    let change = resized(&record, &format!("/{}", whole + netmask_length));
                    let made = world.write(|ledger| ledger.update_allocation(&id, &change)).unwrap();
                    assert_eq!(made.cidr, target);
                    model.set(&id, Some(target));
                }
            }
            Op::Regroup { layout } => {
                let parts = model.layout(LAYOUTS[*layout]);
                let wished = Provision::Cidrs(parts.iter().copied().collect());
                let change = PoolChange { rules: model.rules.clone(), ..reprovisioned(&pool, wished.clone()) };
                let stays = |block: &Cidr| parts.iter().any(|part| part.contains(block));
                let possible = model.blocks.values().all(stays);
                let id = &pool.meta.id;
                let told = world.read(|reader| reader.in_the_way(id, &wished, &|_, _| false));
                assert_eq!(told.is_ok(), possible, "{told:?}");
                let planned = world.write(|ledger| ledger.plan_pool_change(id, &change, &terms())).unwrap();
                assert_eq!(planned.unwrap().cidrs, parts.iter().copied().collect());
                world.check();
                match world.write(|ledger| ledger.update_pool(id, &change)) {
                    Ok(_) => {
                        assert!(possible);
                        model.parts = parts;
                    }
                    Err(Error::InUse { .. } | Error::Across { .. }) => {
                        assert!(!possible);
                        // The next plan drops the holds of this one.
                        let now = Provision::Cidrs(model.parts.iter().copied().collect());
                        let now = PoolChange { rules: model.rules.clone(), ..reprovisioned(&pool, now) };
                        world.write(|ledger| ledger.plan_pool_change(id, &now, &terms())).unwrap();
                    }
                    Err(error) => panic!("{error:?}"),
                }
            }
            Op::Reserve { block, first, last } => {
                let block = block.map(|(offset, host_bits)| model.layout(&[(offset, host_bits)]));
                model.rules = Rules {
                    reserved_cidrs: block.into_iter().flatten().collect(),
                    reserve_first: u32::from(*first),
                    reserve_last: u32::from(*last),
                    ..model.rules.clone()
                };
                model.change_rules(&mut world, &pool);
            }
            Op::Order { priorities, draining } => {
                let mut chosen: BTreeMap<Cidr, u32> = BTreeMap::new();
                for (block, priority) in priorities {
                    let block = model.layout(&[*block])[0];
                    if !chosen.keys().any(|other| other.overlaps(&block)) {
                        chosen.insert(block, *priority);
                    }
                }
                let draining_cidrs = draining.iter().flat_map(|block| model.layout(&[*block])).collect();
                model.rules = Rules { cidr_priorities: chosen, draining_cidrs, ..model.rules.clone() };
                model.change_rules(&mut world, &pool);
            }
        }
        world.check();
        let free = world.read(|reader| reader.free_cidrs(&pool.meta.id, None, 1000)).unwrap();
        let free: usize = free.iter().map(|block| model.range(block).count()).sum();
        let all: usize = model.parts.iter().map(|part| model.range(part).count()).sum();
        let in_pool = |position: usize| {
            let address = model.base.first() + position as u128;
            model.fits(&Cidr::around(model.base.family(), address, model.base.family().bits()))
        };
        let reserved = (0..256).filter(|at| in_pool(*at) && model.owners[*at].is_none() && model.is_kept(*at)).count();
        assert_eq!(free, all - model.owners.iter().filter(|owner| owner.is_some()).count() - reserved);
        let sums = world.read(|reader| reader.utilization(&pool.meta.id)).unwrap();
        assert_eq!((sums.reserved, sums.free), (reserved.into(), (free + reserved).into()));
    }
    for id in model.blocks.keys() {
        world.write(|ledger| ledger.delete_allocation(id)).unwrap();
    }
    let provision = Provision::Cidrs(model.parts.iter().copied().collect());
    world.write(|ledger| ledger.update_pool(&pool.meta.id, &reprovisioned(&pool, provision))).unwrap();
    let free = world.read(|reader| reader.free_cidrs(&pool.meta.id, None, 1000)).unwrap();
    assert_eq!(free, model.parts, "freed space merges back to the whole");
    world.check();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn allocations_never_overlap_and_no_address_is_lost(
        ops in prop::collection::vec(op(), 1..60),
        v6: bool,
        nested: bool,
        strategy in prop::sample::select(vec![
            Strategy::BestFit, Strategy::FirstFit, Strategy::LastFit, Strategy::Sparse, Strategy::Random,
        ]),
    ) {
        run(if v6 { "2001:db8::ff00/120" } else { "10.0.0.0/24" }, nested, strategy, &ops);
    }
}
