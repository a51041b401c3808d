//! A Terraform and OpenTofu provider for IP address management.
//!
//! The path of a request: `main` → [`plugin`] (handshake, TLS) → [`protocol`] (decode, call, encode) → [`tf`] (rules of
//! Terraform, once for all) → [`provider`] (resources) → [`backend`] → [`ipam`] (decisions) → [`store`].

#[cfg(feature = "aws")]
pub mod aws;
pub mod backend;
pub mod cli;
pub mod ipam;
pub mod plugin;
pub mod protocol;
pub mod provider;
#[cfg(any(feature = "aws", feature = "postgres", feature = "object-storage"))]
mod runtime;
pub mod sources;
pub mod store;
pub mod tf;

/// Address of the provider in the registries, as configurations name it.
pub const ADDRESS: &str = "registry.terraform.io/ipam-dev/ipam";

/// Name of the binary, as Terraform requires it.
pub const BINARY: &str = "terraform-provider-ipam";
