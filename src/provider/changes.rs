//! The changes to pools that the plans of one walk make, for the resources that are planned after the pools. Terraform
//! plans a pool before the resources that refer to it.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::ipam::{Cidr, Rules};
use crate::tf::Tf;

use super::session::WAITING_MAX;

/// The knowledge about one walk. It is discarded when the provider is configured again.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pools: Mutex<HashMap<String, PoolAfter>>,
    /// Blocks that plans give to existing allocations, by their IDs.
    allocations: Mutex<HashMap<String, Cidr>>,
    /// Notified when a separate `ipam_pool_cidr` resource is planned in a pool.
    planned: Condvar,
    /// Number of requests that wait for such a resource.
    waiting: AtomicUsize,
}

/// The planned values of a pool, where they differ from those in the store.
#[derive(Clone, Debug, Default)]
struct PoolAfter {
    rules: Option<Rules>,
    locale: Option<Followed>,
    blocks: Option<Blocks>,
    /// The pool gets space that it does not have yet.
    is_growing: bool,
    /// The store contains a note of an earlier plan about blocks in the declaration of the pool.
    is_declaring: bool,
    /// Blocks that new `ipam_pool_cidr` resources provision.
    provisioned: BTreeSet<Cidr>,
}

/// The blocks in the declaration of a pool, before and after.
#[derive(Clone, Debug)]
pub(super) struct Blocks {
    pub(super) name: String,
    pub(super) before: BTreeSet<Cidr>,
    pub(super) after: BTreeSet<Cidr>,
}

impl Blocks {
    /// Whether `block` is in one of the blocks of the pool now, and in none of them afterwards.
    fn give_up(&self, block: &Cidr) -> bool {
        let is_in = |blocks: &BTreeSet<Cidr>| blocks.iter().any(|own| own.contains(block));
        is_in(&self.before) && !is_in(&self.after)
    }
}

/// The locale that a pool takes from its source pool, when a plan of this walk changes that locale.
#[derive(Clone, Debug)]
pub(super) struct Followed {
    /// The locale of the source pool in the store.
    pub(super) was: Option<String>,
    /// The planned locale of the source pool.
    pub(super) becomes: Tf<String>,
}

impl Followed {
    /// The locale to request from the store. The store still has the old locale for the source pool, and changes this
    /// pool together with the source pool.
    pub(super) fn requested(&self, planned: &Tf<String>) -> Option<String> {
        planned.cloned().filter(|_| self.was.is_none())
    }
}

impl Changes {
    fn pools(&self) -> MutexGuard<'_, HashMap<String, PoolAfter>> {
        self.pools.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn forget(&self) {
        self.pools().clear();
        self.allocations.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Records that a plan of this walk gives the allocation another block.
    pub(super) fn plan_allocation(&self, id: &str, block: Cidr) {
        self.allocations.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned(), block);
    }

    /// The block that a plan of this walk gives the allocation, if it is another one.
    pub(super) fn planned_block(&self, id: &str) -> Option<Cidr> {
        self.allocations.lock().unwrap_or_else(PoisonError::into_inner).get(id).copied()
    }

    /// Records that a plan of this walk gives the pool these rules.
    pub(super) fn plan_rules(&self, pool_id: &str, rules: Rules) {
        self.pools().entry(pool_id.to_owned()).or_default().rules = Some(rules);
    }

    /// The rules that a plan of this walk gives the pool.
    pub(super) fn planned_rules(&self, pool_id: &str) -> Option<Rules> {
        self.pools().get(pool_id)?.rules.clone()
    }

    /// Records that a plan of this walk gives the pool space that it does not have yet.
    pub(super) fn plan_growth(&self, pool_id: &str) {
        self.pools().entry(pool_id.to_owned()).or_default().is_growing = true;
    }

    /// Whether the pool will have space that it does not have yet.
    pub(super) fn is_growing(&self, pool_id: &str) -> bool {
        self.pools().get(pool_id).is_some_and(|pool| pool.is_growing)
    }

    /// Whether any pool will have space that it does not have yet.
    pub(super) fn is_any_growing(&self) -> bool {
        self.pools().values().any(|pool| pool.is_growing)
    }

    /// Records that an earlier plan left a note about the declaration of the pool. A plan without that declaration
    /// removes the note.
    pub(super) fn note_declaring(&self, pool_id: &str) {
        self.pools().entry(pool_id.to_owned()).or_default().is_declaring = true;
    }

    /// Whether an earlier plan left such a note.
    pub(super) fn is_declaring(&self, pool_id: &str) -> bool {
        self.pools().get(pool_id).is_some_and(|pool| pool.is_declaring)
    }

    /// Records that a plan of this walk provisions `block` in the pool as a separate resource.
    pub(super) fn plan_resource(&self, pool_id: &str, block: Cidr) {
        self.pools().entry(pool_id.to_owned()).or_default().provisioned.insert(block);
        self.planned.notify_all();
    }

    /// Whether a plan of this walk provisions a block that contains `block` in the pool as a separate resource. Waits up
    /// to `time` for such a plan. When many requests wait already, the answer is `true` without a wait: another waiting
    /// request would keep Terraform from planning that resource, and the requests that wait already report the error.
    pub(super) fn is_provisioned_anew(&self, pool_id: &str, block: &Cidr, time: Duration) -> bool {
        let is_missing = |pools: &mut HashMap<String, PoolAfter>| {
            !pools.get(pool_id).is_some_and(|pool| pool.provisioned.iter().any(|own| own.contains(block)))
        };
        if self.waiting.fetch_add(1, Ordering::SeqCst) >= WAITING_MAX {
            self.waiting.fetch_sub(1, Ordering::SeqCst);
            return true;
        }
        let waited = self.planned.wait_timeout_while(self.pools(), time, is_missing);
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// Records that a plan of this walk gives the pool this locale.
    pub(super) fn plan_locale(&self, pool_id: &str, locale: Followed) {
        self.pools().entry(pool_id.to_owned()).or_default().locale = Some(locale);
    }

    /// Records that a plan of this walk gives the pool these blocks.
    pub(super) fn plan_blocks(&self, pool_id: &str, blocks: Blocks) {
        self.pools().entry(pool_id.to_owned()).or_default().blocks = Some(blocks);
    }

    /// The name of the pool and the blocks that a plan of this walk gives it, if the pool has `block` now and not
    /// afterwards.
    pub(super) fn giving_up(&self, pool_id: &str, block: &Cidr) -> Option<(String, BTreeSet<Cidr>)> {
        let blocks = self.pools().get(pool_id)?.blocks.clone()?;
        blocks.give_up(block).then_some((blocks.name, blocks.after))
    }

    /// The blocks that plans of this walk remove from pools, each with the ID of its pool.
    pub(super) fn all_given_up(&self) -> Vec<(String, Cidr)> {
        let pools = self.pools();
        let mut all = Vec::new();
        for (id, blocks) in pools.iter().filter_map(|(id, pool)| Some((id, pool.blocks.as_ref()?))) {
            all.extend(blocks.before.iter().filter(|block| blocks.give_up(block)).map(|block| (id.clone(), *block)));
        }
        all
    }

    /// Whether a plan of this walk gives any pool other blocks.
    pub(super) fn is_any_regrouped(&self) -> bool {
        self.pools().values().any(|pool| pool.blocks.is_some())
    }

    /// The locale that a plan of this walk gives the pool.
    pub(super) fn planned_locale(&self, pool_id: &str) -> Option<Followed> {
        self.pools().get(pool_id)?.locale.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cidrs(texts: &[&str]) -> BTreeSet<Cidr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn a_block_is_given_up_when_it_lies_in_none_of_the_new_ones() {
        let changes = Changes::default();
        let before = cidrs(&["10.0.0.0/16", "10.2.0.0/16"]);
        changes
            .plan_blocks("p", Blocks { name: "p".to_owned(), before, after: cidrs(&["10.0.0.0/17", "10.0.128.0/17"]) });
        for (block, expected) in [
            ("10.0.0.0/24", false),
            ("10.0.128.0/17", false),
            ("10.0.0.0/16", true),
            ("10.2.0.0/24", true),
            // This block is part of another CIDR of the pool, which is not in its declaration.
            ("10.3.0.0/24", false),
        ] {
            assert_eq!(changes.giving_up("p", &block.parse().unwrap()).is_some(), expected, "{block}");
        }
        assert_eq!(changes.giving_up("q", &"10.2.0.0/24".parse().unwrap()), None);
        changes.forget();
        assert!(!changes.is_any_regrouped());
    }
}
