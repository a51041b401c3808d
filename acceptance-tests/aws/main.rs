//! The endpoint that plays AWS, checked by independent clients, boto3 and awscli; and the provider's own client with
//! the endpoint.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking, also in its helpers")]
#![allow(clippy::print_stdout, reason = "shown when a test fails")]

mod boto;
#[path = "../protocol/client.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the tests of the protocol, which use all of it")]
mod client;
#[allow(dead_code, reason = "shared with the other acceptance tests")]
mod endpoint;
#[path = "../harness/mod.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the other acceptance tests, which use all of it")]
mod harness;
#[path = "../protocol/identities.rs"]
#[allow(dead_code, unreachable_pub)] // Shared with tests that use other parts of it.
mod identities;
#[path = "../protocol/old_numbers.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the tests of the protocol, which use all of it")]
mod old_numbers;
#[path = "../protocol/player.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the tests of the protocol, which use all of it")]
mod player;
mod scene;

mod aws_only;
mod awscli;
mod byoip;
mod byoip_input;
mod cli;
mod common_problems;
mod common_problems_in_plans;
mod contradictions;
mod credentials;
mod endpoint_core;
mod errors;
mod examples;
mod flows;
mod flows_public;
mod idempotency;
mod lists;
mod model_coverage;
mod monitoring;
mod moved;
mod observation;
mod policies;
mod previews;
mod provider_client;
mod resolver_mistakes;
mod resolvers;
mod resources;
mod roles;
mod signatures;
mod slow_release;
mod states;
mod terraform;
