//! What Terraform users see: the provider block, one file for each resource, data sources, functions.

mod attributes;
pub mod data;
mod errors;
pub mod shared;
