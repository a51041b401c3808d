//! The concepts of Terraform, independent of gRPC and of IPAM: values, types, paths, schemas, diagnostics, the traits
//! [`Resource`], [`DataSource`] and [`Function`], and the rules of plan and apply, once for all resources.

mod attr;
mod configuration;
mod diagnostic;
mod erased;
mod json;
mod kept_arguments;
mod lifecycle;
mod model;
mod number;
mod path;
mod problems;
mod resource;
mod rules;
mod schema;
#[cfg(test)]
mod testing;
mod ty;
mod value;

pub use attr::{Attr, wrong_value};
pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use erased::*;
pub use json::from_json;
pub use model::{BlockAttr, Model, Tf, decode_field, encode_field, field_name};
pub use number::Number;
pub use path::{Path, Step};
pub use problems::{problems, signature_problems};
pub use resource::*;
pub use schema::{Attribute, AttributeType, Block, NestedBlock, Nesting, Schema};
pub use ty::Type;
pub use value::Value;
