//! Real Terraform (or OpenTofu) against the provider that was just built.
//!
//! A missing `terraform` is a failure that says what to install. Random tests print their seed; `IPAM_TEST_SEED`
//! repeats it, `IPAM_TEST_KILL_ROUNDS` and `IPAM_TEST_SHARING_ROUNDS` make them longer.

#![allow(clippy::unwrap_used, reason = "a test's helpers may panic as the tests do")]
#![allow(clippy::print_stdout, reason = "shown when a test fails")]
#![allow(unreachable_pub, reason = "the harness is shared with a benchmark")]

#[macro_use]
mod each_store;

mod allocation_sets;
mod another_address;
#[cfg(feature = "aws")]
mod aws;
mod bad_input;
mod cases;
mod choosing_pools;
mod command_line;
mod concurrent_pipelines;
mod crash;
mod deferred_data;
#[cfg(feature = "aws")]
mod differences;
#[cfg(feature = "aws")]
mod discovery_accounts;
mod discovery_files;
mod disk_full;
mod drift;
mod edits;
mod examples;
mod forgetting;
mod handing_over;
mod harness;
mod holds;
mod imports;
mod large_blocks;
mod leases;
mod metrics;
mod migrations;
mod moving;
mod name_conflicts;
mod owners;
mod pipelines_without_terraform;
mod plan_summary;
mod platform_team;
#[cfg(feature = "aws")]
#[allow(dead_code, reason = "shared with the tests of the protocol, which use all of it")]
mod player;
mod quickstart;
mod read_only;
mod regrouping;
mod replacing;
mod report;
mod restoring;
mod saved_plans;
mod secrets;
mod terraform_test;
mod two_configurations;
