//! Tests of the requests that every resource answers, and of resources during the life of a configuration.

mod addresses;
mod agreeing;
mod allocations;
mod choices;
mod dual_stacks;
mod failing_store;
pub(super) mod holds;
mod imports;
mod input;
mod kept_arguments;
mod kept_meanwhile;
mod leases;
mod lifetimes;
mod locales;
mod names;
mod one_at_a_time;
mod owners;
mod placement;
mod pools;
mod quarantine;
mod regrouping;
mod restoring;
mod rules;
mod schemas;
mod sets;
mod shown;
mod shown_sets;
mod siblings;
mod unknown_tags;

use serde_json::{Value as Json, json};

/// A top-level pool that is large enough for every test.
fn top() -> (&'static str, Json) {
    ("ipam_pool.top", json!({"name": "top", "cidrs": ["10.0.0.0/8"]}))
}

/// An allocation in that pool.
fn web(more: &Json) -> (&'static str, Json) {
    ("ipam_allocation.web", with(&json!({"ipam_pool_id": "${ipam_pool.top.id}", "name": "web"}), more))
}

/// The arguments with `more` added, or in place of those with the same name.
fn with(arguments: &Json, more: &Json) -> Json {
    let mut all = arguments.as_object().unwrap().clone();
    all.extend(more.as_object().unwrap().clone());
    Json::Object(all)
}
