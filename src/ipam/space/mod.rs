//! Blocks: arithmetic on them, the free blocks of a pool, and the choice of a block for a request.

pub(super) mod aggregates;
pub mod blocks;
pub(super) mod free;
pub(super) mod hosts;
pub(super) mod order;
pub(super) mod packing;
pub(super) mod placement;
pub mod relations;
pub(super) mod reserved;
