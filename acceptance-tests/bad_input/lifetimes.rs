//! Mistakes about the end of allocations, which only self-managed stores have, one row each.

use super::Stage::Plan;
use super::{Row, check_all_on};
use crate::harness::store::Store;

const ROWS: &[Row] = &[Row {
    mistake: "a loan that is over already",
    stage: Plan,
    config: r#"resource "ipam_allocation" "it" {
  ipam_pool_id = "<office>"
  name = "x"
  netmask_length = 28
  expires_at = "2020-03-01T12:00:00Z"
}
"#,
    attribute: "expires_at",
    summary: "The loan would be over already",
    detail: &["`expires_at` is 2020-03-01T12:00:00Z", "Choose a later time"],
}];

on_each_own_store! {
    fn mistakes_about_loans_are_reported_in_the_plan(store: Store) {
        check_all_on(&store, ROWS);
    }
}
