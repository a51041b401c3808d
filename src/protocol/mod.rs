//! Terraform's plugin protocol, version 6: decodes requests, calls the provider, and encodes its answers.
//!
//! Every call is processed in the same way (see `answer`), and every failure becomes a diagnostic: a panic of the
//! provider, an invalid value, an unknown type. This module contains nothing about IPAM.

mod action;
mod answer;
mod catalog;
mod data_source;
mod diagnostics;
mod digits;
mod ephemeral;
mod function;
mod guard;
mod identity;
mod list;
pub mod msgpack;
mod path;
mod provider;
mod releases;
mod resource;
mod schema;
mod server;
#[cfg(test)]
mod tests;
mod unoffered;
mod value;
mod walk;
#[allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]
#[rustfmt::skip]
pub mod wire;

pub use guard::install_panic_hook;
pub use server::{MESSAGE_SIZE_MAX, Server, service};
