//! Rules about the source as a whole, and about its dependencies. ARCHITECTURE.md explains the table of modules.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking, also in its helpers")]

mod circles;
mod dependencies;
mod lengths;
mod modules;
mod purity;
mod source;
mod tokens;
