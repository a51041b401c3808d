//! `release`: gives the block of an allocation back to its pool, or ends a reservation.
//!
//! JSON: `{store, outcome, changed, allocation}`. `outcome` is `released`, or `not-allocated` with `null` as
//! `allocation`; `changed` is `false` for the latter. `allocation` is as in `allocations --json`.

use clap::Args;
use serde_json::json;

use super::failure::CommandFailure;
use super::out::{Page, clean};
use super::request::{Caller, find_own};
use crate::backend::Ipam;
use crate::backend::allocation_json::AllocationJson;
use crate::backend::upkeep::patiently;
use crate::ipam::State;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The allocation: a path such as top/eu-west-1/web, an id, or its block.
    #[arg(value_name = "ALLOCATION")]
    allocation: String,
    #[command(flatten)]
    caller: Caller,
}

impl Options {
    pub(super) fn owner(&self) -> Option<&String> {
        self.caller.owner.as_ref()
    }
}

pub(super) fn page(ipam: &dyn Ipam, options: &Options) -> Result<Page, CommandFailure> {
    let (text, store) = (&options.allocation, ipam.describe());
    let Some((found, whole)) = find_own(ipam, text, "release")? else {
        return Ok(if options.caller.format.json {
            Page::json(&json!({ "store": store, "outcome": "not-allocated", "changed": false, "allocation": null }))
        } else {
            Page::text(format!("{} is not allocated: there is nothing to release.\n", clean(text)))
        });
    };
    let path = ipam.pool_path(&found.pool_id)?;
    patiently(options.caller.timeout, || ipam.delete_allocation(&found.meta.id))?;
    if options.caller.format.json {
        let allocation = AllocationJson::new(&found, &path);
        return Ok(Page::json(&json!({
            "store": store, "outcome": "released", "changed": true, "allocation": allocation,
        })));
    }
    let words = match found.meta.state {
        State::Active => "Released",
        _ if found.meta.is_resting => "Ended the rest of",
        _ => "Ended the reservation of",
    };
    Ok(Page::text(format!("{words} {}, which was {whole}.\n", found.cidr)))
}
