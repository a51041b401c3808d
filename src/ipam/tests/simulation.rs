//! A simulation of several owners, with time that passes and transactions that are interrupted at any point. The store
//! is audited after every step.

mod leases;
mod partly_applied;

use std::collections::BTreeMap;

use crate::ipam::discovery::types::*;
use crate::ipam::testing::*;
use crate::ipam::*;

struct Simulation {
    world: World,
    dice: u64,
    /// Plans that may be applied, possibly late.
    plans: Vec<(String, Plan)>,
    /// Leases that their runs have opened and not closed.
    leases: Vec<Allocation>,
    /// The removed events; `None`: no events are ever removed.
    archive: Option<Vec<Event>>,
}

enum Plan {
    Scope(ScopeSpec, String),
    Pool(Box<PoolSpec>, String),
    PoolCidr(PoolCidrSpec, String),
    Allocation(AllocationSpec, String),
}

const REGION: &str = "us-east-1";
const OWNERS: [&str; 3] = ["red", "green", "blue"];

impl Simulation {
    fn new(seed: u64) -> Self {
        let mut world = World::new();
        world.seed = seed;
        world.top("top", &["10.0.0.0/23", "10.0.4.0/23"]);
        let importing = PoolSpec {
            locale: Some(REGION.into()),
            special: Special { auto_import: true, ..Special::default() },
            ..top("vpcs", &["10.0.8.0/23"])
        };
        world.write(|ledger| ledger.create_pool(&importing, &Planned::Unknown)).unwrap();
        let other = ScopeSpec {
            name: "other".into(),
            scope_type: ScopeType::Private,
            description: None,
            tags: Tags::new(),
            ipam_id: None,
        };
        world.write(|ledger| ledger.create_scope(&other, &Planned::Unknown)).unwrap();
        Self { world, dice: seed, plans: Vec::new(), leases: Vec::new(), archive: None }
    }

    fn roll(&mut self, sides: usize) -> usize {
        usize::try_from(dice(&mut self.dice) % sides as u64).unwrap()
    }

    fn any_pool(&mut self) -> Pool {
        let filter = PoolFilter { include_planned: true, ..PoolFilter::default() };
        let pools = self.world.read(|reader| reader.list_pools(&filter)).unwrap();
        let index = self.roll(pools.len());
        pools[index].clone()
    }

    fn any_allocation(&mut self) -> Option<Allocation> {
        let all = self.world.read(|reader| reader.list_allocations(&AllocationFilter::default())).unwrap();
        let index = self.roll(all.len().max(1));
        all.get(index).cloned()
    }

    /// Runs `body` in a transaction. Often a first attempt is interrupted, and must leave no trace.
    fn write<T>(&mut self, body: impl Fn(&mut Ledger<'_>) -> Result<T>) -> Result<T> {
        if self.roll(3) == 0 {
            let before = self.world.map.entries().clone();
            let calls = self.roll(60) as u64;
            self.world.map.calls = 0;
            self.world.map.fail_after = Some(calls);
            let result = self.world.write(&body);
            self.world.map.fail_after = None;
            match result {
                Err(Error::Store(crate::store::Error::Unavailable(_))) => {
                    assert_eq!(*self.world.map.entries(), before);
                }
                finished => return finished,
            }
        }
        self.world.write(body)
    }

    fn step(&mut self) {
        let owner = OWNERS[self.roll(OWNERS.len())];
        self.world.as_owner(owner);
        let name = format!("n{}", self.roll(12));
        if self.archive.is_some() && self.roll(12) == 0 {
            self.forget();
        }
        match self.roll(26) {
            24 => self.open_lease(&name),
            25 => self.renew_or_close_lease(),
            21 => self.regroup(),
            22 => self.relabel(),
            23 => self.rename_pool_cidr(),
            18 | 19 => self.plan_replacement(),
            20 => self.plan_scope(),
            12 | 13 => self.look(),
            14 => drop(self.write(|ledger| ledger.reconcile()).unwrap()),
            15 => self.discover(),
            16 | 17 => self.treat(),
            0 => {
                let minutes = self.roll(90) as u64;
                self.world.wait(minutes);
            }
            1 | 2 => self.plan_pool(&name),
            3 => self.plan_pool_cidr(&name),
            4 | 5 => self.plan_allocation(&name),
            6..=8 => self.apply(),
            9 => self.resize(),
            10 => self.change_pool(),
            _ => self.delete(),
        }
    }

    fn any_discovery(&mut self) -> Option<Discovery> {
        let all = self.world.read(|reader| reader.list_discoveries()).unwrap();
        let index = self.roll(all.len().max(1));
        all.get(index).cloned()
    }

    /// A discovery scans a target and sees other resources there than before, or the scan fails, or the target is
    /// removed.
    fn look(&mut self) {
        let Some(discovery) = self.any_discovery() else { return };
        let id = discovery.meta.id;
        let account_id = format!("{}", self.roll(2));
        if self.roll(12) == 0 {
            let keep = [(account_id, REGION.to_owned())].into();
            self.write(|ledger| ledger.forget_targets(&id, &keep)).unwrap();
            return;
        }
        self.world.wait(1);
        let mut resources = Vec::new();
        for _ in 0..self.roll(5) {
            let number = self.roll(3);
            let length = u8::try_from(25 + self.roll(5)).unwrap();
            // Half of the blocks are in the space from which VPCs are imported.
            let within = if self.roll(2) == 0 { 2048..2560 } else { 0..4096 };
            let address = (10 << 24) + within.start + dice(&mut self.dice) % (within.end - within.start);
            let block = Cidr::around(Family::Ipv4, u128::from(address), length).to_string();
            let vpc_id = format!("vpc-{account_id}-{number}");
            resources.push(match self.roll(4) {
                0 => crate::ipam::tests::discovery::subnet(&format!("subnet-{block}"), &vpc_id, &block),
                1 => crate::ipam::tests::discovery::seen(SeenType::Other, "office", &block),
                _ => crate::ipam::tests::discovery::vpc(&vpc_id, &block),
            });
        }
        let failure = Failure { code: FailureCode::Throttling, message: None };
        let sighting = Sighting { resources, addresses: Vec::new() };
        let outcome = if self.roll(8) == 0 { Err(failure) } else { Ok(sighting) };
        let sample = Sample { account_id, region: REGION.into(), taken_at: self.world.now, outcome };
        self.write(|ledger| ledger.take_sample(&id, &sample)).unwrap();
    }

    fn discover(&mut self) {
        let survey = Survey { avoided: self.roll(3) > 0, ..Survey::default() };
        match (self.roll(3), self.any_discovery()) {
            (0, Some(discovery)) if self.roll(4) == 0 => {
                self.write(|ledger| ledger.delete_discovery(&discovery.meta.id)).unwrap();
            }
            (0 | 1, Some(discovery)) => {
                let id = discovery.meta.id;
                self.write(|ledger| ledger.update_discovery(&id, "new", None, &survey, &Tags::new())).unwrap();
            }
            _ => {
                self.write(|ledger| ledger.create_discovery("", None, &survey, &Tags::new())).unwrap();
            }
        }
    }

    fn treat(&mut self) {
        let all = self.world.read(|reader| reader.resource_cidrs(&ResourceFilter::default())).unwrap();
        let index = self.roll(all.len().max(1));
        let Some(found) = all.get(index) else { return };
        let (resource_id, region) = (found.resource_id.clone(), found.region.clone());
        let of = ResourceCidrId { resource_id, cidr: found.cidr, region };
        let other = self.world.read(|reader| reader.find_scope("other")).unwrap().map(|scope| scope.meta.id);
        let treatment = match self.roll(4) {
            0 => {
                self.write(|ledger| ledger.untreat(&of)).unwrap();
                return;
            }
            1 if found.resource_type == SeenType::Vpc => Treatment { monitored: true, scope_id: other },
            _ => Treatment { monitored: self.roll(2) == 0, scope_id: None },
        };
        self.write(|ledger| ledger.treat(&of, &treatment)).unwrap();
    }

    /// This size or a smaller one, or a block somewhere in the pool.
    fn wish(&mut self, pool: &Pool, largest: u8) -> String {
        let length = largest + u8::try_from(self.roll(5)).unwrap();
        match pool.cidrs.first() {
            Some(block) if self.roll(3) == 0 => {
                let offset = u128::from(dice(&mut self.dice)) & (block.last() - block.first());
                Cidr::around(block.family(), block.first() + offset, length).to_string()
            }
            _ => format!("/{length}"),
        }
    }

    fn plan_pool(&mut self, name: &str) {
        let source = self.any_pool();
        let wish = self.wish(&source, 24);
        let spec = below(&source, name, &wish);
        let owner = self.world.actor.owner.clone();
        if let Ok(pool) = expected(self.write(|ledger| ledger.plan_pool(&spec, &terms()))) {
            self.plans.push((owner, Plan::Pool(Box::new(spec), pool.meta.id)));
        }
    }

    fn plan_pool_cidr(&mut self, name: &str) {
        let pool = self.any_pool();
        if pool.source_pool_id.is_none() {
            return;
        }
        let size = Size::NetmaskLength(u8::try_from(25 + self.roll(4)).unwrap());
        let spec = PoolCidrSpec { pool_id: pool.meta.id, name: Some(name.to_owned()), size, proof: None };
        let owner = self.world.actor.owner.clone();
        if let Ok(made) = expected(self.write(|ledger| ledger.plan_pool_cidr(&spec, &terms()))) {
            self.plans.push((owner, Plan::PoolCidr(spec, made.meta.id)));
        }
    }

    fn plan_allocation(&mut self, name: &str) {
        let pool = self.any_pool();
        let wish = self.wish(&pool, 25);
        let spec = wanted(&pool, name, &wish);
        let owner = self.world.actor.owner.clone();
        if let Ok(made) = expected(self.write(|ledger| ledger.plan_allocation(&spec, &terms()))) {
            self.plans.push((owner, Plan::Allocation(spec, made.meta.id)));
        }
    }

    /// Plans a replacement of an existing object, with its name. The other steps decide whether the old object is ever
    /// deleted, and in which order.
    fn plan_replacement(&mut self) {
        if self.roll(2) == 0 {
            let Some(old) = self.any_allocation() else { return };
            let Some(pool) = self.world.read(|reader| reader.get_pool(&old.pool_id)).unwrap() else { return };
            self.world.as_owner(&old.meta.owner);
            let spec = wanted(&pool, &old.meta.name, &self.wish(&pool, 25));
            let terms = replacing(&old.meta.id);
            if let Ok(made) = expected(self.write(|ledger| ledger.plan_allocation(&spec, &terms))) {
                self.plans.push((old.meta.owner, Plan::Allocation(spec, made.meta.id)));
            }
            return;
        }
        let old = self.any_pool();
        let Some(source_id) = old.source_pool_id.clone().filter(|_| old.meta.state == State::Active) else { return };
        let source = self.world.read(|reader| reader.get_pool(&source_id)).unwrap().unwrap();
        self.world.as_owner(&old.meta.owner);
        let spec = below(&source, &old.meta.name, &self.wish(&source, 24));
        let terms = replacing(&old.meta.id);
        if let Ok(made) = expected(self.write(|ledger| ledger.plan_pool(&spec, &terms))) {
            self.plans.push((old.meta.owner, Plan::Pool(Box::new(spec), made.meta.id)));
        }
    }

    /// Plans a scope or a replacement for one, or deletes one.
    fn plan_scope(&mut self) {
        let old = self.world.read(|reader| reader.list_scopes(false)).unwrap().pop();
        let old = old.filter(|scope| scope.meta.name == "site");
        if let Some(old) = old.as_ref().filter(|_| self.roll(2) == 0) {
            let _ = expected(self.write(|ledger| ledger.delete_scope(&old.meta.id)));
            return;
        }
        let (scope_type, description, ipam_id) = (ScopeType::Private, None, None);
        let spec = ScopeSpec { name: "site".into(), scope_type, description, tags: Tags::new(), ipam_id };
        let owner = old.as_ref().map_or_else(|| self.world.actor.owner.clone(), |old| old.meta.owner.clone());
        self.world.as_owner(&owner);
        let terms = old.map_or_else(terms, |old| replacing(&old.meta.id));
        if let Ok(made) = expected(self.write(|ledger| ledger.plan_scope(&spec, &terms))) {
            self.plans.push((owner, Plan::Scope(spec, made.meta.id)));
        }
    }

    fn apply(&mut self) {
        if self.plans.is_empty() {
            return;
        }
        let index = self.roll(self.plans.len());
        let (owner, plan) = self.plans.remove(index);
        self.world.as_owner(&owner);
        match plan {
            Plan::Scope(spec, id) => {
                let held = Planned::Held(id);
                let _ = expected(self.write(|ledger| ledger.create_scope(&spec, &held)));
            }
            Plan::Pool(spec, id) => {
                let held = Planned::Held(id);
                let _ = expected(self.write(|ledger| ledger.create_pool(&spec, &held)));
            }
            Plan::PoolCidr(spec, id) => {
                let held = Planned::Held(id);
                let _ = expected(self.write(|ledger| ledger.create_pool_cidr(&spec, &held)));
            }
            Plan::Allocation(spec, id) => {
                let planned = self.world.read(|reader| reader.get_allocation(&id)).unwrap();
                let held = Planned::Held(id.clone());
                if let Ok(made) = expected(self.write(|ledger| ledger.create_allocation(&spec, &held))) {
                    let planned = planned.expect("a created allocation was planned before");
                    assert_eq!((made.meta.id, made.cidr), (id, planned.cidr), "the apply does what the plan showed");
                }
            }
        }
    }

    fn resize(&mut self) {
        let Some(allocation) = self.any_allocation() else { return };
        let length = format!("/{}", 24 + self.roll(6));
        let id = allocation.meta.id.clone();
        let planned = expected(self.write(|ledger| ledger.plan_resize(&id, size(&length), &terms())));
        if let (Ok(Resize::InPlace(target)), true) = (planned, self.roll(2) == 0) {
            let change = resized(&allocation, &length);
            let made = self.write(|ledger| ledger.update_allocation(&id, &change)).unwrap();
            assert_eq!(made.cidr, target);
        }
    }

    fn change_pool(&mut self) {
        let pool = self.any_pool();
        if pool.source_pool_id.is_none() || pool.meta.state != State::Active {
            return;
        }
        let length = u8::try_from(24 + self.roll(5)).unwrap();
        let change = reprovisioned(&pool, Provision::NetmaskLength(length));
        let planned = expected(self.write(|ledger| ledger.plan_pool_change(&pool.meta.id, &change, &terms())));
        if let (Ok(Some(planned)), true) = (planned, self.roll(2) == 0) {
            match expected(self.write(|ledger| ledger.update_pool(&pool.meta.id, &change))) {
                Ok(updated) => assert_eq!(updated.cidrs, planned.cidrs),
                Err(error) => assert!(matches!(error, Error::InUse { .. }), "{error:?}"),
            }
        }
    }

    /// Merges, splits, adds and removes blocks of a pool. Often the change is only planned.
    fn regroup(&mut self) {
        let pool = self.any_pool();
        if pool.meta.state != State::Active || pool.cidrs.is_empty() {
            return;
        }
        let mut blocks: Vec<Cidr> = pool.cidrs.iter().copied().collect();
        let index = self.roll(blocks.len());
        match (self.roll(4), blocks[index].halves()) {
            (0 | 1, Some((low, high))) if blocks[index].netmask_length() < 28 => {
                blocks.splice(index..=index, [low, high]);
            }
            (2, _) if blocks.len() > 1 => drop(blocks.remove(index)),
            _ => {
                let whole = blocks[index].resized(blocks[index].netmask_length() - 1);
                blocks.retain(|block| !whole.contains(block));
                blocks.push(whole);
            }
        }
        let provision = Provision::Cidrs(blocks.into_iter().collect());
        let change = PoolChange { auto_import: pool.special.auto_import, ..reprovisioned(&pool, provision.clone()) };
        let id = pool.meta.id;
        let told = expected(self.world.read(|reader| reader.in_the_way(&id, &provision, &|_, _| false)));
        let planned = expected(self.write(|ledger| ledger.plan_pool_change(&id, &change, &terms())));
        if let (Ok(Some(planned)), true) = (planned, self.roll(3) > 0) {
            match expected(self.write(|ledger| ledger.update_pool(&id, &change))) {
                Ok(updated) => assert_eq!((updated.cidrs, told), (planned.cidrs, Ok(()))),
                Err(error) => assert_eq!(told, Err(error), "the plan reports the objects in the way"),
            }
        }
    }

    fn relabel(&mut self) {
        let pool = self.any_pool();
        let locale = Some(["lisbon", "porto"][self.roll(2)].to_owned());
        if !pool.special.auto_import {
            let change = PoolChange { locale, ..reprovisioned(&pool, pool.provision.clone()) };
            let _ = expected(self.write(|ledger| ledger.update_pool(&pool.meta.id, &change)));
        }
    }

    fn rename_pool_cidr(&mut self) {
        let pool = self.any_pool();
        let all = self.world.read(|reader| reader.list_pool_cidrs(&pool.meta.id, true)).unwrap();
        let name = format!("n{}", self.roll(4));
        for one in all.iter().filter(|one| !one.inline) {
            let name = Some(name.as_str()).filter(|_| one.cidr.netmask_length() % 2 == 0);
            let _ = expected(self.write(|ledger| ledger.rename_pool_cidr(&one.meta.id, name)));
        }
    }

    /// Archives some of the oldest events and removes them, sometimes in parts.
    fn forget(&mut self) {
        let kept = self.world.read(|reader| reader.events(0, usize::MAX)).unwrap();
        let count = self.roll(kept.len() + 1);
        let Some(last) = kept[..count].last() else { return };
        let until = Until { sequence: last.sequence, hash: last.hash.clone() };
        let part = 1 + self.roll(40);
        loop {
            let mark = self.write(|ledger| ledger.forget_events(&until, true, part)).unwrap().unwrap();
            if mark.sequence >= until.sequence {
                break;
            }
        }
        self.archive.iter_mut().for_each(|archive| archive.extend_from_slice(&kept[..count]));
    }

    /// The faults that keep the archive and the store from being one history.
    fn witnessed(&mut self) -> Vec<Finding> {
        let mut witness = Witness::new(self.world.read(|reader| reader.mark()).unwrap());
        for event in self.archive.iter().flatten() {
            assert_eq!(witness.follow(event).unwrap(), Vec::<String>::new());
        }
        self.world.read(|reader| reader.prove(&witness)).unwrap()
    }

    fn delete(&mut self) {
        if self.roll(3) == 0 {
            let pool = self.any_pool();
            if pool.source_pool_id.is_some() {
                let cascade = self.roll(4) == 0;
                let _ = expected(self.write(|ledger| ledger.delete_pool(&pool.meta.id, cascade)));
                self.forget_leases_in_deleted_pools();
            }
        } else if let Some(allocation) = self.any_allocation() {
            self.write(|ledger| ledger.delete_allocation(&allocation.meta.id)).unwrap();
        }
    }
}

/// All entries of a store after `steps` steps, with holds of all ages; and the time then.
#[cfg(feature = "sqlite")]
pub(crate) fn rich(seed: u64, steps: usize) -> (Vec<crate::store::Entry>, jiff::Timestamp) {
    let mut simulation = Simulation::new(seed);
    for _ in 0..steps {
        simulation.step();
    }
    let World { map, now, .. } = simulation.world;
    (map.entries().clone().into_iter().collect(), now)
}

/// Passes on errors that may occur; fails on damage, which may not.
#[track_caller]
fn expected<T>(result: Result<T>) -> Result<T> {
    if let Err(Error::Store(error)) = &result {
        panic!("{error}");
    }
    result
}

#[test]
fn owners_who_plan_and_apply_and_are_interrupted_never_damage_the_store() {
    let seeds: u64 = std::env::var("IPAM_SIMULATION_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(8);
    // Number of times that each kind of event occurred, because a simulation in which nothing happens must not pass.
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    for seed in 1..=seeds {
        let mut simulation = Simulation::new(seed);
        // Every second store removes old events.
        simulation.archive = (seed % 2 == 0).then(Vec::new);
        for step in 0..150 {
            simulation.step();
            let at = format!("seed {seed} step {step}");
            simulation.check(&at);
            simulation.check_leases(&at);
        }
        simulation.apply_the_rest();
        simulation.world.check();
        let events = simulation.world.read(|reader| reader.events(0, usize::MAX)).unwrap();
        assert_eq!(simulation.witnessed(), [], "seed {seed}");
        for event in simulation.archive.take().unwrap_or_default().into_iter().chain(events) {
            *seen.entry(format!("{} {}", event.action, event.kind.word())).or_default() += 1;
        }
    }
    for happened in [
        "hold pool",
        "release allocation",
        "create pool",
        "expire pool",
        "create pool CIDR",
        "expire pool CIDR",
        "resize allocation",
        "create allocation",
        "expire allocation",
        "delete allocation",
        "update pool",
        "update pool CIDR",
        "delete pool",
        "import allocation",
        "create resource discovery",
        "delete resource discovery",
        "create resource CIDR",
        "update resource CIDR",
        "delete resource CIDR",
        "prune history",
    ] {
        assert!(seen.contains_key(happened), "{happened} never happened: {seen:?}");
    }
}
