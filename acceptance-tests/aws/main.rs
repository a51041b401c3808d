//! The endpoint that plays AWS, judged by clients that are not ours: boto3 and awscli.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking, also in its helpers")]

mod boto;
mod endpoint;
mod scene;

mod awscli;
mod core;
mod errors;
mod lists;
mod members;
mod once;
mod roles;
mod signatures;
mod special;
mod states;
