//! What users see: the provider block, resources, data sources, functions.

pub mod attributes;
pub mod functions;
