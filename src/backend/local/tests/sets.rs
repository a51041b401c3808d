//! Allocation sets: random sets against a naive model in Python (`sets.py`), and the life of a set after failures.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::json;

use super::*;
use crate::ipam::testing::dice;
use crate::ipam::{Cidr, Packing, Planned, SetChange, SetRequest, SetSpec};

const POOL: &str = "10.0.0.0/14";
const SETS: usize = 100;
const CHANGES: usize = 20;

/// One set in a store of its own, and its random changes.
struct Set {
    local: Local,
    seed: u64,
    spec: SetSpec,
    lengths: BTreeMap<String, u8>,
    /// Id and block of each member.
    present: BTreeMap<String, (String, Cidr)>,
}

impl Set {
    fn new(seed: u64) -> Self {
        let local = Local::over(Arc::new(Memory::default()), actor("me"), Hands::default().surroundings());
        let pool = local.create_pool(&top("top", &[POOL]), &Planned::Unknown).unwrap();
        let packing = if seed.is_multiple_of(2) { Packing::LargestFirst } else { Packing::ByName };
        let spec = SetSpec {
            pool_id: pool.meta.id,
            name: "set".to_owned(),
            packing,
            contiguous: false,
            aggregate: None,
            members: BTreeMap::new(),
            disallowed_cidrs: BTreeSet::new(),
            description: None,
            tags: Tags::new(),
        };
        let mut set = Self { local, seed, spec, lengths: BTreeMap::new(), present: BTreeMap::new() };
        // One set in ten is large.
        let most = if seed.is_multiple_of(10) { 300 } else { 40 };
        for _ in 0..=set.below(most - 1) {
            set.add();
        }
        set
    }

    fn below(&mut self, limit: u64) -> u64 {
        dice(&mut self.seed) % limit
    }

    fn length(&mut self) -> u8 {
        24 + u8::try_from(self.below(6)).unwrap()
    }

    fn add(&mut self) {
        let (key, length) = (format!("m{}", self.below(400)), self.length());
        self.lengths.insert(key, length);
    }

    /// Adds, removes and resizes some members; at least one stays.
    fn change(&mut self) {
        for _ in 0..self.below(4) {
            self.add();
        }
        for _ in 0..self.below(4) {
            let index = usize::try_from(self.below(self.lengths.len() as u64)).unwrap();
            let key = self.lengths.keys().nth(index).unwrap().clone();
            match self.below(2) {
                0 if self.lengths.len() > 1 => drop(self.lengths.remove(&key)),
                _ => {
                    let length = self.length();
                    self.lengths.insert(key, length);
                }
            }
        }
    }

    fn request(&self) -> SetRequest {
        let members = self.lengths.iter().map(|(key, length)| (key.clone(), Size::NetmaskLength(*length)));
        let present = self.present.iter().map(|(key, (id, _))| (key.clone(), id.clone()));
        SetRequest {
            spec: SetSpec { members: members.collect(), ..self.spec.clone() },
            present: present.collect(),
            replaces: BTreeMap::new(),
            shown: BTreeMap::new(),
            keeps_removed: false,
        }
    }

    /// Plans and applies, and answers what the model compares.
    fn apply(&mut self) -> serde_json::Value {
        let request = self.request();
        let planned = self.local.plan_set(&request, &terms()).unwrap();
        let committing = Terms { committing: true, ..terms() };
        assert_eq!(self.local.plan_set(&request, &committing).unwrap(), planned, "the second plan");
        let shown = planned.iter().map(|(key, one)| (key.clone(), (Planned::Fresh(one.id.clone()), one.cidr)));
        let SetRequest { spec, present, keeps_removed, .. } = request;
        let planned: BTreeMap<_, _> = shown
            .map(|(key, (planned, cidr))| match planned {
                // An object that stays is active already.
                Planned::Fresh(id) if present.get(&key) == Some(&id) => (key, (Planned::Held(id), cidr)),
                planned => (key, (planned, cidr)),
            })
            .collect();
        let change = SetChange { spec, present, planned: planned.clone(), keeps_removed };
        let made = self.local.apply_set(&change).unwrap();
        let before = std::mem::take(&mut self.present);
        self.present = made.into_iter().map(|(key, one)| (key, (one.meta.id, one.cidr))).collect();
        let text = |members: &BTreeMap<String, (String, Cidr)>| -> BTreeMap<String, String> {
            members.iter().map(|(key, (_, cidr))| (key.clone(), cidr.to_string())).collect()
        };
        for (key, (_, cidr)) in &self.present {
            assert_eq!(planned[key].1, *cidr, "{key} is not where the plan showed it");
        }
        json!({
            "pool": POOL,
            "largest_first": self.spec.packing == Packing::LargestFirst,
            "members": self.lengths,
            "before": text(&before),
            "after": text(&self.present),
        })
    }
}

#[test]
fn no_member_moves_that_is_not_resized_according_to_a_naive_model_in_python() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/src/backend/local/tests/sets.py");
    let mut python = Command::new("python3");
    python.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut python = python.spawn().expect("python3 starts");
    let mut input = python.stdin.take().unwrap();
    for seed in 0..SETS as u64 {
        let mut set = Set::new(seed);
        for round in 0..=CHANGES {
            if round > 0 {
                set.change();
            }
            // A model that found a mistake reads no more.
            if writeln!(input, "{}", set.apply()).is_err() {
                break;
            }
        }
        assert_eq!(set.local.check().unwrap().findings, []);
    }
    drop(input);
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), (SETS * (CHANGES + 1)).to_string());
}

#[test]
fn the_blocks_of_a_set_depend_on_the_map_and_the_store_alone() {
    let blocks = |random: u64| {
        let hands = Hands::default();
        hands.drawn.store(random, Ordering::SeqCst);
        let mut set = Set::new(8);
        set.local = Local::over(Arc::new(Memory::default()), actor("me"), hands.surroundings());
        set.spec.pool_id = set.local.create_pool(&top("top", &[POOL]), &Planned::Unknown).unwrap().meta.id;
        let mut after = |_| {
            set.change();
            set.apply()["after"].to_string()
        };
        (0..5).map(&mut after).collect::<Vec<_>>()
    };
    assert_eq!(blocks(0), blocks(1_000_000));
}

#[test]
fn a_set_is_planned_in_one_commit_and_applied_in_one() {
    let memory = Arc::new(Memory::default());
    let mut set = Set::new(4);
    set.local = local(Arc::clone(&memory) as Arc<dyn Store>);
    set.spec.pool_id = set.local.create_pool(&top("top", &[POOL]), &Planned::Unknown).unwrap().meta.id;
    for n in 0..1000 {
        set.lengths.insert(format!("n{n}"), 28);
    }
    let before = memory.commits();
    set.apply();
    assert_eq!(memory.commits() - before, 2);
}

/// The blocks of the members in the store.
fn stored(local: &Local, set: &Set) -> Vec<Cidr> {
    let filter = AllocationFilter { pool_id: Some(set.spec.pool_id.clone()), ..AllocationFilter::default() };
    local.list_allocations(&filter).unwrap().into_iter().map(|one| one.cidr).collect()
}

#[test]
fn a_set_whose_apply_fails_is_as_before_and_one_whose_commit_is_uncertain_is_whole() {
    let faults = (0..200).step_by(7).map(Fault::Lost).chain([
        Fault::Unreachable,
        Fault::Conflict,
        Fault::DoneButUncertain,
        Fault::NotDoneButUncertain,
    ]);
    for fault in faults {
        let memory: Arc<dyn Store> = Arc::new(Memory::default());
        let faulty = Arc::new(Faulty::script(Arc::clone(&memory), []));
        let mut set = Set::new(2);
        set.local = local(Arc::clone(&faulty) as Arc<dyn Store>);
        set.spec.pool_id = set.local.create_pool(&top("top", &[POOL]), &Planned::Unknown).unwrap().meta.id;
        set.apply();
        set.change();
        let before = stored(&set.local, &set);
        let request = set.request();
        let planned = set.local.plan_set(&request, &terms()).unwrap();
        let shown = planned.iter().map(|(key, one)| (key.clone(), (Planned::Held(one.id.clone()), one.cidr)));
        let change =
            SetChange { planned: shown.collect(), spec: request.spec, present: request.present, keeps_removed: false };
        faulty.set([fault]);
        let outcome = set.local.apply_set(&change);
        faulty.set([]);
        let after = stored(&set.local, &set);
        match outcome {
            Ok(made) => {
                let mut blocks: Vec<_> = made.values().map(|one| one.cidr).collect();
                blocks.sort_unstable();
                assert_eq!(after, blocks, "{fault:?}");
            }
            Err(error) => {
                assert!(matches!(error, Error::Store(_)), "{fault:?}: {error:?}");
                assert_eq!(after, before, "{fault:?}");
                assert_eq!(set.local.apply_set(&change).unwrap().len(), change.spec.members.len(), "{fault:?}");
            }
        }
        assert_eq!(set.local.check().unwrap().findings, []);
    }
}
