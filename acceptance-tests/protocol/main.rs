//! The real program, started and called as Terraform does it.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // Panicking is how a test fails; the helpers here are called from tests only.

mod actions;
mod calls;
mod ephemeral;
mod identity;
mod lists;
mod numbers;
mod planned_private;
#[path = "../player/mod.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with tests of AWS IPAM, which use other parts of it")]
mod player;
mod process;
mod schemas;
mod trust;
