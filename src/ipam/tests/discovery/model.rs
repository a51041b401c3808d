//! Tests random sightings, allocations and treatments against a naive model of pairs of blocks and sets of addresses.

use std::collections::{BTreeMap, BTreeSet};

use crate::ipam::tests::discovery::*;

/// A sighting in the model.
#[derive(Clone, Debug)]
struct Model {
    account: String,
    first_seen: jiff::Timestamp,
    sampled_at: jiff::Timestamp,
    discovery: usize,
    resource: DiscoveredCidr,
}

struct Run {
    world: World,
    dice: u64,
    discoveries: Vec<Discovery>,
    /// Sightings by discovery, account and Region.
    seen: BTreeMap<(usize, String, String), Vec<Model>>,
    ignored: BTreeSet<ResourceCidrId>,
    moved: BTreeMap<ResourceCidrId, String>,
    other_scope: String,
    private: String,
}

const REGIONS: [&str; 2] = ["us-east-1", "eu-west-1"];
const ACCOUNTS: [&str; 2] = ["111111111111", "222222222222"];

impl Run {
    fn new(seed: u64) -> Self {
        let mut world = World::new();
        world.seed = seed;
        let scope = ScopeSpec {
            name: "other".into(),
            scope_type: ScopeType::Private,
            description: None,
            tags: Tags::new(),
            ipam_id: None,
        };
        let other_scope = world.write(|ledger| ledger.create_scope(&scope, &Planned::Unknown)).unwrap().meta.id;
        let private = world.read(|reader| reader.default_scope(ScopeType::Private)).unwrap();
        let strategies = Strategy::ALL;
        let strategy = strategies[usize::try_from(seed).unwrap() % strategies.len()];
        let local = PoolSpec { locale: Some(REGIONS[0].into()), strategy, ..top("top", &["10.0.0.0/25"]) };
        let outer = world.write(|ledger| ledger.create_pool(&local, &Planned::Unknown)).unwrap();
        let importing = Special { auto_import: true, ..Special::default() };
        let inner = PoolSpec { special: importing, strategy, ..below(&outer, "inner", "10.0.0.64/26") };
        world.write(|ledger| ledger.create_pool(&inner, &Planned::Unknown)).unwrap();
        let elsewhere = PoolSpec { scope_id: Some(other_scope.clone()), strategy, ..top("else", &["10.0.0.0/25"]) };
        world.write(|ledger| ledger.create_pool(&elsewhere, &Planned::Unknown)).unwrap();
        let mut discoveries = vec![world.discovery("avoided")];
        let quiet = Survey::default();
        discoveries.push(world.write(|ledger| ledger.create_discovery("", None, &quiet, &Tags::new())).unwrap());
        let (seen, ignored, moved) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
        Self { world, dice: seed, discoveries, seen, ignored, moved, other_scope, private }
    }

    fn roll(&mut self, sides: u64) -> u64 {
        dice(&mut self.dice) % sides
    }

    fn block(&mut self, shortest: u8) -> Cidr {
        let length = shortest + u8::try_from(self.roll(5)).unwrap();
        Cidr::around(Family::Ipv4, (10 << 24) + u128::from(self.roll(128)), length)
    }

    fn take_sample(&mut self) {
        let which = usize::try_from(self.roll(2)).unwrap();
        let at = usize::try_from(self.roll(2)).unwrap();
        let region = REGIONS[usize::try_from(self.roll(2)).unwrap()];
        let mut resources: Vec<DiscoveredCidr> = Vec::new();
        for _ in 0..self.roll(4) {
            let id = format!("vpc-{at}-{}-{region}", self.roll(4));
            let block = self.block(26);
            resources.push(DiscoveredCidr { region: region.into(), ..vpc(&id, &block.to_string()) });
            for _ in 0..self.roll(3) {
                let inside = block.netmask_length() + u8::try_from(self.roll(2)).unwrap();
                let inside = Cidr::around(Family::Ipv4, block.first(), inside).to_string();
                let id_of_subnet = format!("subnet-{id}-{inside}");
                resources.push(DiscoveredCidr { region: region.into(), ..subnet(&id_of_subnet, &id, &inside) });
            }
        }
        if self.roll(3) == 0 {
            let block = self.block(28).to_string();
            let id = format!("office-{at}-{region}");
            resources.push(DiscoveredCidr { region: region.into(), ..seen(SeenType::Other, &id, &block) });
        }
        let place = (which, ACCOUNTS[at].to_owned(), region.to_owned());
        let discovery = self.discoveries[which].clone();
        self.world.sees_at(&discovery, ACCOUNTS[at], region, &resources);
        let now = self.world.now;
        let old = self.seen.remove(&place).unwrap_or_default();
        let mut kept: Vec<Model> = Vec::new();
        for resource in resources {
            let is_same =
                |one: &&Model| one.resource.resource_id == resource.resource_id && one.resource.cidr == resource.cidr;
            if kept.iter().any(|one| is_same(&one)) {
                continue;
            }
            let first_seen = old.iter().find(is_same).map_or(now, |one| one.first_seen);
            let account = ACCOUNTS[at].to_owned();
            kept.push(Model { account, first_seen, sampled_at: now, discovery: which, resource });
        }
        self.seen.insert(place, kept);
    }

    fn id_of(resource: &DiscoveredCidr) -> ResourceCidrId {
        let (resource_id, region) = (resource.resource_id.clone(), resource.region.clone());
        ResourceCidrId { resource_id, cidr: resource.cidr.unwrap(), region }
    }

    fn treat(&mut self) {
        let all: Vec<DiscoveredCidr> = self.seen.values().flatten().map(|one| one.resource.clone()).collect();
        if all.is_empty() {
            return;
        }
        let index = usize::try_from(self.roll(all.len() as u64)).unwrap();
        let resource = &all[index];
        let of = Self::id_of(resource);
        match self.roll(4) {
            0 => {
                self.world.write(|ledger| ledger.untreat(&of)).unwrap();
                self.ignored.remove(&of);
                self.moved.remove(&of);
            }
            1 if resource.resource_type == SeenType::Vpc => {
                let moved = Treatment { monitored: true, scope_id: Some(self.other_scope.clone()) };
                self.world.write(|ledger| ledger.treat(&of, &moved)).unwrap();
                self.ignored.remove(&of);
                self.moved.insert(of, self.other_scope.clone());
            }
            _ => {
                let ignored = Treatment { monitored: false, scope_id: None };
                self.world.write(|ledger| ledger.treat(&of, &ignored)).unwrap();
                self.moved.remove(&of);
                self.ignored.insert(of);
            }
        }
    }

    fn scope_of(&self, resource: &DiscoveredCidr) -> &str {
        let is_of = |of: &&ResourceCidrId| {
            let block = resource.cidr.unwrap();
            of.region == resource.region
                && match resource.resource_type {
                    SeenType::Vpc => **of == Self::id_of(resource),
                    _ => Some(&of.resource_id) == resource.vpc_id.as_ref() && of.cidr.contains(&block),
                }
        };
        self.moved.keys().find(is_of).map_or(&self.private, |of| &self.moved[of])
    }

    /// Every block of every resource, once.
    fn distinct(&self) -> Vec<Model> {
        let mut distinct: Vec<Model> = Vec::new();
        for one in self.seen.values().flatten() {
            let same = distinct.iter_mut().find(|other| {
                other.account == one.account && Self::id_of(&other.resource) == Self::id_of(&one.resource)
            });
            match same {
                None => distinct.push(one.clone()),
                Some(other) => {
                    let first_seen = other.first_seen.min(one.first_seen);
                    if one.sampled_at > other.sampled_at {
                        *other = one.clone();
                    }
                    other.first_seen = first_seen;
                }
            }
        }
        distinct
    }

    fn compare(&mut self) {
        let pools = self.world.read(|reader| reader.list_pools(&PoolFilter::default())).unwrap();
        let filter = AllocationFilter { include_pools: true, ..AllocationFilter::default() };
        let allocations = self.world.read(|reader| reader.list_allocations(&filter)).unwrap();
        let scope_of_pool = |id: &str| pools.iter().find(|pool| pool.meta.id == id).unwrap();
        let found = self.world.resources();
        let all = self.distinct();
        assert_eq!(found.len(), all.len());
        let is_ignored = |one: &Model| self.ignored.contains(&Self::id_of(&one.resource));
        // The manager of a block: the id of the allocation (none for the space of a pool), and the pool.
        let manager = |one: &Model| -> Option<(Option<String>, String)> {
            let (block, scope) = (one.resource.cidr.unwrap(), self.scope_of(&one.resource));
            if is_ignored(one) {
                return None;
            }
            let rank = |other: &Model| {
                let is_vpc = other.resource.resource_type == SeenType::Vpc;
                let resource = &other.resource;
                (
                    !is_vpc,
                    other.first_seen,
                    other.account.clone(),
                    resource.region.clone(),
                    resource.resource_id.clone(),
                )
            };
            let same = all.iter().filter(|other| {
                other.resource.cidr == Some(block) && self.scope_of(&other.resource) == scope && !is_ignored(other)
            });
            let is_first = same.map(rank).min() == Some(rank(one));
            let own = allocations.iter().find(|found| {
                found.cidr == block
                    && scope_of_pool(&found.pool_id).scope_id == scope
                    && found.resource_type == ResourceType::Vpc
                    && found.resource_id.as_ref() == Some(&one.resource.resource_id)
            });
            if let Some(own) = own {
                return Some((Some(own.meta.id.clone()), own.pool_id.clone()));
            }
            let mut holders: Vec<(u32, Option<String>, String)> = Vec::new();
            for pool in pools.iter().filter(|pool| pool.scope_id == scope && pool.cidrs.contains(&block)) {
                holders.push((pool.depth - 1, None, pool.meta.id.clone()));
            }
            for found in allocations.iter().filter(|found| found.resource_type == ResourceType::Custom) {
                let pool = scope_of_pool(&found.pool_id);
                if pool.scope_id == scope && found.cidr == block {
                    holders.push((pool.depth, Some(found.meta.id.clone()), pool.meta.id.clone()));
                }
            }
            holders.sort();
            holders.pop().filter(|_| is_first).map(|(_, allocation, pool)| (allocation, pool))
        };
        let in_subtree = |pool: &str, above: &str| {
            let mut at = Some(pool.to_owned());
            while let Some(id) = at {
                if id == above {
                    return true;
                }
                at = scope_of_pool(&id).source_pool_id.clone();
            }
            false
        };
        for one in &all {
            let (block, scope) = (one.resource.cidr.unwrap(), self.scope_of(&one.resource).to_owned());
            let told = found
                .iter()
                .find(|found| {
                    found.resource_id == one.resource.resource_id
                        && found.cidr == block
                        && found.owner_id.as_ref() == Some(&one.account)
                })
                .unwrap();
            assert_eq!((&told.scope_id, &told.region), (&scope, &one.resource.region));
            if is_ignored(one) {
                assert_eq!(told.management, Some(ManagementState::Ignored));
                assert_eq!(told.overlap, Some(OverlapStatus::Ignored));
                continue;
            }
            let managing = manager(one);
            assert_eq!(told.pool_id, managing.as_ref().map(|(_, pool)| pool.clone()), "{told:?}");
            let compliance = match &managing {
                None => ComplianceStatus::Unmanaged,
                Some((_, pool)) => match &scope_of_pool(pool).locale {
                    Some(locale) if *locale != one.resource.region => ComplianceStatus::Noncompliant,
                    _ => ComplianceStatus::Compliant,
                },
            };
            assert_eq!(told.compliance, Some(compliance), "{told:?}");
            let is_subnet = one.resource.resource_type == SeenType::Subnet;
            let of_vpc = all.iter().filter(|other| {
                other.resource.resource_type == SeenType::Vpc
                    && Some(&other.resource.resource_id) == one.resource.vpc_id.as_ref()
                    && other.resource.cidr.unwrap().contains(&block)
                    && self.scope_of(&other.resource) == scope
                    && !is_ignored(other)
            });
            let of_vpc = of_vpc.max_by_key(|other| other.resource.cidr.unwrap().netmask_length());
            let of_vpc = of_vpc.and_then(manager);
            let space = if is_subnet { &of_vpc } else { &managing };
            let space = space.as_ref().filter(|(allocation, _)| allocation.is_none()).map(|(_, pool)| pool.clone());
            let mut partners: BTreeSet<String> = BTreeSet::new();
            for other in &all {
                let resource = &other.resource;
                let near = resource.cidr.unwrap().overlaps(&block)
                    && self.scope_of(resource) == scope
                    && resource.resource_id != one.resource.resource_id
                    && !is_ignored(other);
                let other_vpc = resource.vpc_id != one.resource.vpc_id;
                let counts = match (is_subnet, resource.resource_type) {
                    (false, SeenType::Vpc | SeenType::Other) => true,
                    (true, SeenType::Vpc | SeenType::Subnet) => other_vpc,
                    _ => false,
                };
                if near && counts {
                    partners.insert(format!(
                        "{} {} ({}, account {}, {})",
                        resource.resource_type,
                        resource.resource_id,
                        resource.cidr.unwrap(),
                        other.account,
                        resource.region
                    ));
                }
            }
            for other in allocations.iter().filter(|found| found.resource_type != ResourceType::IpamPool) {
                let pool = scope_of_pool(&other.pool_id);
                let id = Some(&other.meta.id);
                let is_manager = |manager: &Option<(Option<String>, String)>| {
                    manager.as_ref().and_then(|(allocation, _)| allocation.as_ref()) == id
                };
                let manages = is_manager(&managing) || (is_subnet && is_manager(&of_vpc));
                let inside = space.as_ref().is_some_and(|space| in_subtree(&pool.meta.id, space));
                if other.cidr.overlaps(&block) && pool.scope_id == scope && !manages && !inside {
                    partners.insert(format!("allocation {:?} ({}, {})", other.meta.name, other.cidr, other.meta.id));
                }
            }
            let told: BTreeSet<String> = told.overlaps_with.iter().cloned().collect();
            if partners.len() <= 10 {
                assert_eq!(told, partners, "{one:?}");
            } else {
                assert!(told.len() == 11 && told.contains("and more"), "{told:?}");
                assert!(told.iter().all(|text| text == "and more" || partners.contains(text)), "{told:?}");
            }
        }
    }

    /// The blocks that allocations by size of a pool avoid. The pools here have their blocks by CIDR. So a pool with
    /// the block of a VPC plans that VPC, and its allocations avoid the resources in the VPC.
    fn avoided(&self, pool: &Pool) -> Vec<Cidr> {
        let counts = |one: &&Model| {
            one.discovery == 0
                && self.scope_of(&one.resource) == pool.scope_id
                && !self.ignored.contains(&Self::id_of(&one.resource))
        };
        let is_way = |one: &&Model| matches!(one.resource.resource_type, SeenType::Vpc | SeenType::Other);
        let block = |one: &Model| one.resource.cidr.unwrap();
        let all: Vec<&Model> = self.seen.values().flatten().filter(counts).collect();
        let ways: Vec<Cidr> = all.iter().copied().filter(is_way).map(block).collect();
        let Some(planned) = pool.cidrs.iter().find(|own| ways.contains(own)) else { return ways };
        let within = all.iter().copied().map(block).filter(|inside| planned.contains(inside) && inside != planned);
        ways.iter().copied().filter(|way| !planned.contains(way)).chain(within).collect()
    }

    fn place(&mut self, name: &str) {
        let pools = self.world.read(|reader| reader.list_pools(&PoolFilter::default())).unwrap();
        let index = usize::try_from(self.roll(pools.len() as u64)).unwrap();
        let pool = &pools[index];
        let avoided = self.avoided(pool);
        let filter = AllocationFilter {
            pool_id: Some(pool.meta.id.clone()),
            include_pools: true,
            ..AllocationFilter::default()
        };
        let taken: Vec<Cidr> =
            self.world.read(|reader| reader.list_allocations(&filter)).unwrap().iter().map(|one| one.cidr).collect();
        let length = 26 + u8::try_from(self.roll(6)).unwrap();
        if self.roll(3) == 0 && !taken.is_empty() {
            self.grow(pool, length, &avoided, &taken);
            return;
        }
        let fits = |block: &Cidr, avoided: &[Cidr]| !taken.iter().chain(avoided).any(|other| other.overlaps(block));
        let blocks: Vec<Cidr> = pool
            .cidrs
            .iter()
            .filter(|whole| whole.netmask_length() <= length)
            .flat_map(|whole| blocks::split(*whole, length).unwrap())
            .collect();
        match self.world.create(pool, name, &format!("/{length}")) {
            Ok(made) => assert!(fits(&made.cidr, &avoided), "{} {avoided:?} {taken:?}", made.cidr),
            Err(Error::PoolExhausted(Exhausted { kept_off, .. })) => {
                assert!(!blocks.iter().any(|block| fits(block, &avoided)), "/{length} {avoided:?} {taken:?}");
                let would_fit = blocks.iter().any(|block| fits(block, &[]));
                assert_eq!(kept_off.is_some(), would_fit);
                if let Some(kept_off) = kept_off {
                    assert!(fits(&kept_off.block, &[]) && !kept_off.seen.is_empty());
                    assert!(kept_off.largest.is_none_or(|block| fits(&block, &avoided)));
                }
            }
            Err(error) => panic!("{error:?}"),
        }
    }

    fn grow(&mut self, pool: &Pool, length: u8, avoided: &[Cidr], taken: &[Cidr]) {
        let filter = AllocationFilter { pool_id: Some(pool.meta.id.clone()), ..AllocationFilter::default() };
        let all = self.world.read(|reader| reader.list_allocations(&filter)).unwrap();
        let Some(one) = all.first() else { return };
        let wished = Size::NetmaskLength(length);
        let answer = self.world.write(|ledger| ledger.plan_resize(&one.meta.id, wished, &terms())).unwrap();
        let target = one.cidr.resized(length);
        let more = blocks::subtract([target], [one.cidr]).unwrap();
        let fits = more.iter().all(|block| !taken.iter().chain(avoided).any(|other| other.overlaps(block)))
            && pool.cidrs.iter().any(|whole| whole.contains(&target));
        assert_eq!(answer, if fits { Resize::InPlace(target) } else { Resize::Replace }, "{} {avoided:?}", one.cidr);
        let back = Size::Cidr(one.cidr);
        self.world.write(|ledger| ledger.plan_resize(&one.meta.id, back, &terms())).unwrap();
    }

    fn step(&mut self, number: u64) {
        match self.roll(10) {
            0..=2 => self.take_sample(),
            3 => self.treat(),
            4 | 5 => self.place(&format!("n{number}")),
            6 => {
                let block = self.block(27).to_string();
                let pools = self.world.read(|reader| reader.list_pools(&PoolFilter::default())).unwrap();
                let index = usize::try_from(self.roll(pools.len() as u64)).unwrap();
                match self.world.create(&pools[index], &format!("n{number}"), &block) {
                    Ok(_) | Err(Error::Overlap { .. } | Error::OutsidePool { .. }) => {}
                    Err(error) => panic!("{error:?}"),
                }
            }
            7 => drop(self.world.write(|ledger| ledger.reconcile()).unwrap()),
            _ => {
                let filter = AllocationFilter::default();
                let all = self.world.read(|reader| reader.list_allocations(&filter)).unwrap();
                let index = usize::try_from(self.roll(all.len().max(1) as u64)).unwrap();
                if let Some(one) = all.get(index) {
                    self.world.write(|ledger| ledger.delete_allocation(&one.meta.id)).unwrap();
                }
            }
        }
    }
}

#[test]
fn evaluation_and_placement_are_those_of_a_naive_model() {
    for seed in 1..=30 {
        let mut run = Run::new(seed);
        for number in 0..60 {
            run.step(number);
            run.compare();
            let audit = run.world.read(|reader| reader.check()).unwrap();
            assert!(audit.findings.is_empty(), "seed {seed} step {number}: {:#?}", audit.findings);
        }
    }
}
