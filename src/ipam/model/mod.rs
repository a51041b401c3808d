//! The data types of the core: objects, requests, errors.

pub(super) mod address_set;
pub(super) mod allocation;
pub(super) mod allocation_set;
pub(super) mod aws_only;
pub(super) mod candidates;
pub(super) mod cidr;
pub(super) mod dual_stack;
pub(super) mod error;
pub(super) mod event;
pub(super) mod lifetime;
pub(super) mod minimum;
pub(super) mod object;
pub(super) mod pool;
pub(super) mod pool_cidr;
pub(super) mod pool_tree;
pub(super) mod request;
pub(super) mod resource_cidr;
pub(super) mod run;
pub(super) mod scope;
pub(super) mod text_enum;
