//! The endpoint that plays AWS, judged by clients that are not ours: boto3 and awscli; and our own client against it.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking, also in its helpers")]
#![allow(clippy::print_stdout, reason = "shown when a test fails")]

mod boto;
mod endpoint;
#[path = "../harness/mod.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the other acceptance tests, which use all of it")]
mod harness;
mod scene;

mod awscli;
mod byoip;
mod byoip_input;
mod core;
mod errors;
mod examples;
mod flows_public;
mod lists;
mod members;
mod nouns;
mod once;
mod ours;
mod pains;
mod roles;
mod signatures;
mod special;
mod states;
mod terraform;
