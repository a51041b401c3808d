//! Blocks that stay in use in a pool whose blocks change in the same plan.

use crate::ipam::Cidr;
use crate::tf::{Diagnostic, Diagnostics, Path};

use super::super::shared::Shared;

/// Checks that the pool keeps the block of an object that stays in it.
///
/// # Errors
/// At `at`, when a plan of this walk removes the block from the pool.
pub(super) fn check_pool_keeps(shared: &Shared, pool_id: &str, block: &Cidr, at: Path) -> Result<(), Diagnostics> {
    let Some((name, after)) = shared.changes.giving_up(pool_id, block) else { return Ok(()) };
    if shared.changes.is_provisioned_anew(pool_id, block, shared.sibling_wait) {
        return Ok(());
    }
    let after: Vec<String> = after.iter().map(Cidr::to_string).collect();
    let after = if after.is_empty() { "none".to_owned() } else { after.join(", ") };
    let detail = format!(
        "{block} stays in use in pool {name:?} ({pool_id}), and this plan leaves that pool these blocks: {after}. Each \
         allocation must lie inside one of them. Keep the space in the pool's `cidrs` or `netmask_length`, or release \
         the block first."
    );
    Err(Diagnostic::error("The pool gives up space that is in use", detail).at(at).into())
}
