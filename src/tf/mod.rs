//! The concepts of Terraform, independent of gRPC and of IPAM: values, types, paths, schemas, diagnostics, the traits
//! [`Resource`], [`DataSource`], [`EphemeralResource`], [`Action`] and [`Function`], and the rules of plan and apply, once for
//! all resources.

mod action;
mod attr;
mod configuration;
mod declare;
mod diagnostic;
mod dynamic;
mod ephemeral;
mod generate;
mod json;
mod kept_arguments;
mod lifecycle;
mod list;
mod merge;
mod model;
mod number;
mod path;
mod requests;
mod resource;
mod schema;
mod schema_check;
#[cfg(test)]
mod testing;
mod ty;
mod value;
mod write_only;

pub use action::{Action, Invocation};
pub use attr::{Attr, wrong_value};
pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use dynamic::*;
pub use ephemeral::*;
pub use json::from_json;
pub use list::*;
pub use model::{BlockAttr, Model, Tf, decode_field, encode_field, field_name};
pub use number::Number;
pub use path::{Path, Step};
pub use requests::*;
pub use resource::*;
pub use schema::{Attribute, AttributeType, Block, NestedBlock, Nesting, Schema};
pub use schema_check::{schema_problems, signature_problems};
pub use ty::Type;
pub use value::Value;
pub use write_only::{refuse_write_only, without_write_only};
