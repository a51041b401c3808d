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
#[path = "../protocol/old_numbers.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the tests of the protocol, which use all of it")]
mod old_numbers;
#[path = "../protocol/player.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the tests of the protocol, which use all of it")]
mod player;
mod scene;

mod awscli;
mod byoip;
mod byoip_input;
mod carrying;
mod contradictions;
mod core;
mod credentials;
mod errors;
mod examples;
mod flows;
mod flows_public;
mod late;
mod lists;
mod members;
mod monitoring;
mod moved;
mod nouns;
mod observation;
mod once;
mod ours;
mod pains;
mod pains_of_plans;
mod policies;
mod previews;
mod resolver_mistakes;
mod resolvers;
mod roles;
mod signatures;
mod special;
mod states;
mod terraform;
