//! The endpoint that plays AWS, checked by independent clients, boto3 and awscli; and the provider's own client with
//! the endpoint.

mod boto;
pub(crate) mod endpoint;
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
