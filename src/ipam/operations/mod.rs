//! The operations on scopes, pools, CIDRs, allocations and the addresses in them, and the context in which they run.

pub(super) mod address_set;
pub(super) mod allocation;
pub(super) mod allocation_set;
pub(super) mod choice;
pub(super) mod context;
pub(super) mod contiguous;
pub(super) mod dry_run;
pub(super) mod dual_stack;
pub(super) mod init;
pub(super) mod lifetime;
pub(super) mod locale;
pub(super) mod pool;
pub(super) mod pool_change;
pub(super) mod pool_cidr;
pub(super) mod pool_contents;
pub(super) mod pool_rules;
pub(super) mod regroup;
pub(super) mod resize;
pub(super) mod restore;
pub(super) mod scope;
pub(super) mod set_layout;
pub(super) mod set_member;
pub(super) mod transfer;
pub(super) mod unplanned;
