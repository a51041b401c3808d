//! The data types of the core: objects, requests, errors.

pub(super) mod aws_only;
pub(super) mod cidr;
pub(super) mod error;
pub(super) mod pool_tree;
pub(super) mod record;
pub(super) mod request;
pub(super) mod run;
pub(super) mod text_enum;
