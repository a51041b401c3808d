//! What the plans of one walk change about pools, for what is planned after them: Terraform plans a pool before what
//! refers to it.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::ipam::{Cidr, Rules};
use crate::tf::Tf;

use super::session::WAITING_MAX;

/// Memory of one walk: forgotten when the provider is configured anew.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pools: Mutex<HashMap<String, PoolAfter>>,
    /// Rings when a resource of its own is planned in a pool.
    planned: Condvar,
    /// How many requests wait for that.
    waiting: AtomicUsize,
}

/// What a pool is going to be, where that differs from what the store says.
#[derive(Clone, Debug, Default)]
struct PoolAfter {
    rules: Option<Rules>,
    locale: Option<Followed>,
    blocks: Option<Blocks>,
    /// It gets other space than it has.
    is_growing: bool,
    /// The store has the note of an earlier plan about blocks of its declaration.
    is_declaring: bool,
    /// Blocks that new `ipam_pool_cidr` resources provision.
    provisioned: BTreeSet<Cidr>,
}

/// The blocks of a pool's own declaration, before and after.
#[derive(Clone, Debug)]
pub(super) struct Blocks {
    /// Name of the pool.
    pub(super) name: String,
    pub(super) before: BTreeSet<Cidr>,
    pub(super) after: BTreeSet<Cidr>,
}

impl Blocks {
    /// Whether the pool has `block` in one of its blocks, and is not to have it in one any more.
    fn give_up(&self, block: &Cidr) -> bool {
        let is_in = |blocks: &BTreeSet<Cidr>| blocks.iter().any(|own| own.contains(block));
        is_in(&self.before) && !is_in(&self.after)
    }
}

/// The locale that a pool gets from the pool above it, which a plan of this walk changes.
#[derive(Clone, Debug)]
pub(super) struct Followed {
    /// What the store says of the pool above.
    pub(super) was: Option<String>,
    /// What it will be.
    pub(super) becomes: Tf<String>,
}

impl Followed {
    /// What to ask the store for: it still has the old locale above, and changes this pool together with that one.
    pub(super) fn asked(&self, planned: &Tf<String>) -> Option<String> {
        planned.cloned().filter(|_| self.was.is_none())
    }
}

impl Changes {
    fn pools(&self) -> MutexGuard<'_, HashMap<String, PoolAfter>> {
        self.pools.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn forget(&self) {
        self.pools().clear();
    }

    /// A plan of this walk gives the pool these rules.
    pub(super) fn plan_rules(&self, pool_id: &str, rules: Rules) {
        self.pools().entry(pool_id.to_owned()).or_default().rules = Some(rules);
    }

    /// The rules that a plan of this walk gives the pool.
    pub(super) fn planned_rules(&self, pool_id: &str) -> Option<Rules> {
        self.pools().get(pool_id)?.rules.clone()
    }

    /// A plan of this walk gives the pool other space.
    pub(super) fn plan_growth(&self, pool_id: &str) {
        self.pools().entry(pool_id.to_owned()).or_default().is_growing = true;
    }

    /// Whether the pool will have other space than it has.
    pub(super) fn is_growing(&self, pool_id: &str) -> bool {
        self.pools().get(pool_id).is_some_and(|pool| pool.is_growing)
    }

    /// Whether any pool will.
    pub(super) fn is_any_growing(&self) -> bool {
        self.pools().values().any(|pool| pool.is_growing)
    }

    /// An earlier plan left a note about the declaration of the pool, which a plan without it removes.
    pub(super) fn note_declaring(&self, pool_id: &str) {
        self.pools().entry(pool_id.to_owned()).or_default().is_declaring = true;
    }

    /// Whether an earlier plan left such a note.
    pub(super) fn is_declaring(&self, pool_id: &str) -> bool {
        self.pools().get(pool_id).is_some_and(|pool| pool.is_declaring)
    }

    /// A plan of this walk provisions `block` in the pool as a resource of its own.
    pub(super) fn plan_resource(&self, pool_id: &str, block: Cidr) {
        self.pools().entry(pool_id.to_owned()).or_default().provisioned.insert(block);
        self.planned.notify_all();
    }

    /// Whether a plan of this walk provisions a block around `block` in the pool as a resource of its own. Waits up to `time` for
    /// such a plan. When many requests wait already, the answer is yes without a wait: more of them would keep Terraform from
    /// planning that resource, and those that wait report the error.
    pub(super) fn is_provisioned_anew(&self, pool_id: &str, block: &Cidr, time: Duration) -> bool {
        let is_missing = |pools: &mut HashMap<String, PoolAfter>| {
            !pools.get(pool_id).is_some_and(|pool| pool.provisioned.iter().any(|own| own.contains(block)))
        };
        if self.waiting.fetch_add(1, Ordering::SeqCst) >= WAITING_MAX {
            self.waiting.fetch_sub(1, Ordering::SeqCst);
            return true;
        }
        let answer = self.planned.wait_timeout_while(self.pools(), time, is_missing);
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        !answer.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// A plan of this walk gives the pool this locale.
    pub(super) fn plan_locale(&self, pool_id: &str, locale: Followed) {
        self.pools().entry(pool_id.to_owned()).or_default().locale = Some(locale);
    }

    /// A plan of this walk gives the pool these blocks.
    pub(super) fn plan_blocks(&self, pool_id: &str, blocks: Blocks) {
        self.pools().entry(pool_id.to_owned()).or_default().blocks = Some(blocks);
    }

    /// The name of the pool and the blocks that a plan of this walk gives it, when `block` is not in one of them any more.
    pub(super) fn giving_up(&self, pool_id: &str, block: &Cidr) -> Option<(String, BTreeSet<Cidr>)> {
        let blocks = self.pools().get(pool_id)?.blocks.clone()?;
        blocks.give_up(block).then_some((blocks.name, blocks.after))
    }

    /// The blocks that plans of this walk take out of pools, each with the id of its pool.
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
            // Of another CIDR of the pool, which is no matter of its declaration.
            ("10.3.0.0/24", false),
        ] {
            assert_eq!(changes.giving_up("p", &block.parse().unwrap()).is_some(), expected, "{block}");
        }
        assert_eq!(changes.giving_up("q", &"10.2.0.0/24".parse().unwrap()), None);
        changes.forget();
        assert!(!changes.is_any_regrouped());
    }
}
