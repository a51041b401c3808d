//! The real program, started and called as Terraform does it.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // Panicking is how a test fails; the helpers here are called from tests only.

mod calls;
#[allow(dead_code, unreachable_pub)] // Shared with tests that use other parts of it.
mod client;
#[allow(dead_code, unreachable_pub)]
mod identities;
mod identity;
mod numbers;
#[allow(dead_code, unreachable_pub)]
mod old_numbers;
#[allow(dead_code, unreachable_pub)]
mod player;
mod process;
mod schemas;
mod trust;
