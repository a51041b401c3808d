//! Configurations that are edited at random, planned, and sometimes applied. No plan may fail because of what an
//! earlier plan holds, and an applied allocation keeps its addresses.

use std::collections::{BTreeMap, BTreeSet};

use crate::harness::Workspace;
use crate::harness::random::{Random, rounds};

/// The allocations of one configuration: the key of each resource with its name and its size.
#[derive(Default)]
struct Configuration {
    allocations: BTreeMap<String, (String, String)>,
    /// Whether the pool for blocks by CIDR is split into two.
    is_split: bool,
    /// Third octet of its blocks by CIDR: two configurations never ask for the same block.
    octet: u8,
    /// Whether it declares the pools.
    has_pools: bool,
}

impl Configuration {
    /// Adds, removes, renames or resizes one of four allocations, or splits or merges the CIDRs of a pool.
    fn edit(&mut self, random: &mut Random) {
        let slot = format!("n{}", random.below(4));
        let present = self.allocations.keys().find(|key| key.starts_with(&slot)).cloned();
        match (random.below(8), present) {
            (0, _) => self.is_split = !self.is_split,
            (1, Some(key)) => drop(self.allocations.remove(&key)),
            (2, Some(key)) => {
                // Sometimes two resources exchange their names.
                let other = self.allocations.keys().find(|other| **other != key).cloned();
                let was = self.allocations[&key].0.clone();
                match other.filter(|_| random.below(2) == 0) {
                    Some(other) => {
                        let name = std::mem::replace(&mut self.allocations.get_mut(&other).unwrap().0, was);
                        self.allocations.get_mut(&key).unwrap().0 = name;
                    }
                    None => self.allocations.get_mut(&key).unwrap().0 = format!("{key}-{}", random.below(1000)),
                }
            }
            (3, Some(key)) if key.ends_with("size") => {
                self.allocations.get_mut(&key).unwrap().1 = format!("/{}", 27 + random.below(2));
            }
            (choice, present) => {
                present.map(|key| self.allocations.remove(&key));
                let size = format!("10.1.{}.{}/27", self.octet, random.below(8) * 32);
                let (key, size) = match choice {
                    4 | 5 => (format!("{slot}_size"), "/27".to_owned()),
                    // A change of a block is a new resource, next to the old one that is removed.
                    _ => (format!("{slot}_{}", size.replace(['/', '.'], "_")), size),
                };
                let is_free = |(_, taken): &(String, String)| size.starts_with('/') || *taken != size;
                if self.allocations.values().all(is_free) {
                    let name = format!("{key}-{}", random.below(1000));
                    self.allocations.insert(key, (name, size));
                }
            }
        }
    }

    fn text(&self) -> String {
        let mut text = if self.has_pools {
            let blocks = match self.is_split {
                true => "\"10.1.0.0/25\", \"10.1.0.128/25\", \"10.1.1.0/24\"",
                false => "\"10.1.0.0/24\", \"10.1.1.0/24\"",
            };
            format!(
                "resource \"ipam_pool\" \"sizes\" {{\n  name = \"sizes\"\n  cidrs = [\"10.0.0.0/{}\"]\n}}\n\
                 resource \"ipam_pool\" \"blocks\" {{\n  name = \"blocks\"\n  cidrs = [{blocks}]\n}}\n\
                 locals {{\n  sizes = ipam_pool.sizes.id\n  blocks = ipam_pool.blocks.id\n}}\n",
                // The pool must have room for everything, including the holds of another owner's plans.
                if self.octet == 0 { 24 } else { 20 },
            )
        } else {
            "data \"ipam_pool\" \"sizes\" {\n  name = \"sizes\"\n}\ndata \"ipam_pool\" \"blocks\" {\n  name = \"blocks\"\n}\n\
             locals {\n  sizes = data.ipam_pool.sizes.id\n  blocks = data.ipam_pool.blocks.id\n}\n"
                .to_owned()
        };
        for (key, (name, size)) in &self.allocations {
            let (pool, size) = match size.strip_prefix('/') {
                Some(length) => ("sizes", format!("netmask_length = {length}")),
                None => ("blocks", format!("cidr = \"{size}\"")),
            };
            text += &format!(
                "resource \"ipam_allocation\" \"{key}\" {{\n  ipam_pool_id = local.{pool}\n  name = \"{name}\"\n  {size}\n}}\n"
            );
        }
        text
    }

    /// Edits, plans, and sometimes applies.
    fn turn(&mut self, workspace: &Workspace, random: &mut Random) {
        for _ in 0..=random.below(3) {
            self.edit(random);
        }
        workspace.configure(&self.text());
        let before = workspace.store().active();
        workspace.try_plan(&[]).succeeds();
        assert_eq!(workspace.store().active(), before, "a plan changed applied allocations");
        if random.below(2) == 0 {
            workspace.apply();
            workspace.assert_settled();
            let known: BTreeSet<&String> = before.keys().collect();
            let after = workspace.store().active();
            for id in known.into_iter().filter(|id| after.contains_key(*id)) {
                let first = |block: &String| block.split('/').next().unwrap_or_default().to_owned();
                assert_eq!(first(&before[id]), first(&after[id]), "{id}");
            }
        }
    }
}

/// Blocks by CIDR and blocks by size each have their own pool with room for all of them, so that no plan may fail.
#[test]
fn random_edits_never_conflict_with_earlier_plans() {
    let mut random = Random::from_environment("edits between plans");
    for _ in 0..rounds("IPAM_TEST_EDIT_ROUNDS", 6) {
        let workspace = Workspace::new();
        let mut configuration = Configuration { has_pools: true, ..Configuration::default() };
        for _ in 0..5 {
            configuration.turn(&workspace, &mut random);
        }
        workspace.store().assert_sound();
    }
}

/// Two owners use the same pools. Their plans hold space from each other, and neither may fail because of its own
/// holds.
#[test]
fn random_edits_of_two_owners_never_conflict_with_their_own_earlier_plans() {
    let mut random = Random::from_environment("edits of two owners");
    for _ in 0..rounds("IPAM_TEST_EDIT_ROUNDS", 3) {
        let first = Workspace::new();
        let second = Workspace::on(first.store()).owned_by("tests/two");
        let mut ours = Configuration { has_pools: true, octet: 1, ..Configuration::default() };
        first.configure(&ours.text());
        first.apply();
        let mut theirs = Configuration::default();
        for _ in 0..4 {
            ours.turn(&first, &mut random);
            theirs.turn(&second, &mut random);
        }
        first.store().assert_sound();
        Workspace::assert_store_matches(first.store(), &[&first, &second]);
    }
}
