//! Terraform's plugin protocol, version 6: decodes requests, calls the provider, encodes its answers.
//!
//! Every call has one shape (see `server`), and whatever goes wrong in it is a diagnostic: a provider that
//! panics, a value that is broken, a type that does not exist. Knows nothing of IPAM.

mod catalog;
mod data_source;
mod diagnostics;
mod digits;
mod function;
mod guard;
pub mod msgpack;
mod path;
mod provider;
mod resource;
mod schema;
mod server;
#[cfg(test)]
mod tests;
mod unoffered;
mod value;
mod walk;

pub use guard::install_panic_hook;
pub use server::{MESSAGE_SIZE_MAX, Server, service};

/// The messages and the service, made from `proto/tfplugin6.proto`.
#[allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]
#[rustfmt::skip]
pub mod wire {
    tonic::include_proto!("tfplugin6");
}
