//! Discovery in AWS accounts: an EC2 server with an estate that boto3 has made. The results must be equal to what boto3
//! and Python's `ipaddress` find in it.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking, also in its helpers")]
#![allow(clippy::print_stdout, reason = "shown when a test fails, and the measured ratio with --nocapture")]

mod estate;
#[path = "../harness/mod.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the other acceptance tests, which use all of it")]
mod harness;
mod python;
mod scanner;

mod failures;
mod files;
mod findings;
mod journeys;
mod pace;
mod samples;
