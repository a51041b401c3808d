//! Tests of plan, edit, plan: the next plan of an owner has the same result with and without earlier plans of that
//! owner that were never applied.

use std::collections::{BTreeMap, BTreeSet};

use crate::ipam::testing::*;
use crate::ipam::*;

/// The pool has sixteen blocks of this length. Requests by size ask for one such block, so that counting shows whether
/// there is room.
const SLOT: &str = "/28";
const OWNERS: [&str; 2] = ["us", "them"];
const SEQUENCES: u64 = 1000;
const STEPS: usize = 8;

/// The requests of a configuration: names, each with `"/28"` or a block.
type Configuration = BTreeMap<String, String>;

/// A plan that may be applied later.
#[derive(Clone)]
struct Plan {
    owner: &'static str,
    /// New objects with the values that the plan showed.
    new: Vec<(AllocationSpec, Allocation)>,
    resized: Vec<(Allocation, String, Resize)>,
    gone: Vec<String>,
}

struct Sequence {
    world: World,
    pool: Pool,
    seed: u64,
    configurations: BTreeMap<&'static str, Configuration>,
    runs: u64,
    saved: Vec<Plan>,
}

impl Sequence {
    fn new(seed: u64) -> Self {
        let mut world = World::new();
        let pool = world.top("top", &["10.0.0.0/24"]);
        let configurations = OWNERS.map(|owner| (owner, Configuration::new())).into();
        Self { world, pool, seed, configurations, runs: 0, saved: Vec::new() }
    }

    fn pick(&mut self, below: u64) -> u64 {
        dice(&mut self.seed) % below
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.pick(100) < percent
    }

    fn block(&mut self) -> String {
        match self.pick(4) {
            0 | 1 => SLOT.to_owned(),
            2 => format!("10.0.0.{}/28", self.pick(16) * 16),
            _ => format!("10.0.0.{}/27", self.pick(8) * 32),
        }
    }

    /// Edits a configuration: adds, drops, renames, resizes or swaps requests.
    fn edit(&mut self, owner: &'static str) {
        let name = format!("{owner}-{}", self.pick(6));
        let block = self.block();
        let mut configuration = self.configurations.remove(owner).unwrap();
        match self.pick(5) {
            0 | 1 => _ = configuration.insert(name, block),
            2 => _ = configuration.remove(&name),
            3 => {
                if let Some(size) = configuration.remove(&name) {
                    configuration.insert(format!("{owner}-{}", self.pick(6)), size);
                }
            }
            _ => {
                let names: Vec<String> = configuration.keys().cloned().collect();
                if let [first, .., last] = names.as_slice() {
                    let (a, b) = (configuration[first].clone(), configuration[last].clone());
                    configuration.insert(first.clone(), b);
                    configuration.insert(last.clone(), a);
                }
            }
        }
        self.configurations.insert(owner, configuration);
    }

    fn active(&mut self, owner: &str) -> Vec<Allocation> {
        let filter = AllocationFilter::default();
        let all = self.world.read(|reader| reader.list_allocations(&filter)).unwrap();
        all.into_iter().filter(|allocation| allocation.meta.owner == owner).collect()
    }

    fn blocks(&mut self, owner: &str) -> Vec<(String, Cidr)> {
        self.active(owner).into_iter().map(|there| (there.meta.id, there.cidr)).collect()
    }

    /// Plans a configuration in a new run: explicit blocks before requests by size. `Err`: the request that was
    /// refused.
    fn plan(&mut self, owner: &'static str) -> Result<Plan, (String, Error)> {
        self.runs += 1;
        let run = Run { process: self.runs.to_string(), parent: self.runs.to_string(), ..Run::default() };
        self.world.run = Some(CurrentRun { run, is_alive: Box::new(|_| false) });
        self.world.as_owner(owner);
        let mut wished = self.configurations[owner].clone();
        let mut plan = Plan { owner, new: Vec::new(), resized: Vec::new(), gone: Vec::new() };
        for there in self.active(owner) {
            let Some(text) = wished.remove(&there.meta.name) else {
                plan.gone.push(there.meta.id);
                continue;
            };
            let id = &there.meta.id;
            let resize = self.world.write(|ledger| ledger.plan_resize(id, size(&text), &terms()));
            match resize.map_err(|error| (there.meta.name.clone(), error))? {
                Resize::Replace => {
                    wished.insert(there.meta.name.clone(), text);
                    plan.gone.push(id.clone());
                }
                resize @ Resize::InPlace(_) => plan.resized.push((there, text, resize)),
            }
        }
        let (mut explicit, by_size): (Vec<_>, Vec<_>) = wished.into_iter().partition(|(_, text)| text != SLOT);
        explicit.extend(by_size);
        for (name, text) in explicit {
            let spec = wanted(&self.pool, &name, &text);
            let replaced = self.active(owner).into_iter().find(|there| there.meta.name == name);
            let terms = Terms { replaces: replaced.map(|there| there.meta.id), ..terms() };
            let hold = self.world.write(|ledger| ledger.plan_allocation(&spec, &terms));
            plan.new.push((spec, hold.map_err(|error| (name, error))?));
        }
        Ok(plan)
    }

    /// Applies exactly what a plan showed, or is refused.
    fn apply(&mut self, plan: &Plan) {
        self.world.as_owner(plan.owner);
        for id in &plan.gone {
            self.world.write(|ledger| ledger.delete_allocation(id)).unwrap();
        }
        for (before, text, resize) in &plan.resized {
            let change = resized(before, text);
            match self.world.write(|ledger| ledger.update_allocation(&before.meta.id, &change)) {
                Ok(after) => assert_eq!(Resize::InPlace(after.cidr), *resize),
                Err(Error::HoldLost { .. } | Error::NotFound { .. }) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
        for (spec, shown) in &plan.new {
            let planned = Planned::Held(shown.meta.id.clone());
            match self.world.write(|ledger| ledger.create_allocation(spec, &planned)) {
                Ok(made) => assert_eq!((made.cidr, &made.meta.id), (shown.cidr, &shown.meta.id)),
                // Another plan took the place of this one.
                Err(Error::HoldLost { .. } | Error::NameTaken { .. } | Error::Overlap { .. }) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
    }

    /// The same store and configuration without the holds of one owner.
    fn without_holds(&self, owner: &'static str) -> Self {
        let World { map, now, seed, actor, .. } = &self.world;
        let mut world = World { map: map.clone(), now: *now, seed: *seed, actor: actor.clone(), run: None };
        let own = HoldFilter { owner: Some(owner.to_owned()), ..HoldFilter::default() };
        world.write(|ledger| ledger.release_holds(&own, "", usize::MAX)).unwrap();
        let configurations = self.configurations.clone();
        let runs = self.runs + 1_000_000;
        Self { world, pool: self.pool.clone(), seed: self.seed, configurations, runs, saved: Vec::new() }
    }

    fn step(&mut self) {
        let owner = OWNERS[usize::try_from(self.pick(2)).unwrap()];
        for _ in 0..=self.pick(3) {
            self.edit(owner);
        }
        let before = self.blocks(owner);
        let clean = self.without_holds(owner).plan(owner);
        let planned = self.plan(owner);
        match (&clean, &planned) {
            (Ok(clean), Ok(planned)) => {
                let in_place = |plan: &Plan| -> BTreeSet<String> {
                    plan.resized.iter().map(|(there, ..)| there.meta.name.clone()).collect()
                };
                assert_eq!(in_place(clean), in_place(planned), "an abandoned plan turned a change into a replacement");
            }
            (Err((_, clean)), Err((_, planned))) => {
                assert_eq!(std::mem::discriminant(clean), std::mem::discriminant(planned), "{clean:?} {planned:?}");
            }
            (Ok(_), Err((name, error))) => panic!("{name} is refused because of an abandoned plan: {error:?}"),
            (Err((name, error)), Ok(_)) => panic!("{name} is refused without the abandoned plans only: {error:?}"),
        }
        assert_eq!(self.blocks(owner), before, "a plan changed the applied state");
        let Ok(plan) = planned else { return };
        if self.chance(40) {
            self.apply(&plan);
        } else if self.chance(30) {
            self.saved.push(plan);
        }
        if self.chance(10) && !self.saved.is_empty() {
            let old = self.saved.remove(0);
            self.apply(&old);
        }
        if self.chance(10) {
            self.world.wait(30);
        }
    }
}

#[test]
fn an_abandoned_plan_changes_nothing_for_the_next_one_of_its_owner() {
    for seed in 0..SEQUENCES {
        let mut sequence = Sequence::new(seed);
        for step in 0..STEPS {
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| sequence.step()));
            assert!(outcome.is_ok(), "sequence {seed}, step {step}: {:?}", sequence.configurations);
        }
        sequence.world.check();
    }
}
