//! `renew`: gives an allocation another end, or makes it permanent.
//!
//! JSON: `{store, outcome, changed, allocation}`. `outcome` is `renewed` or `unchanged`; `allocation` is as in
//! `allocations --json`.

use clap::Args;
use serde_json::json;

use super::failure::{CommandFailure, Status};
use super::loan::End;
use super::out::{Page, clean};
use super::request::{Caller, find_own};
use crate::backend::allocation_json::AllocationJson;
use crate::backend::explain::time;
use crate::backend::upkeep::patiently;
use crate::backend::{AllocationChange, Ipam};
use crate::ipam::{Lifetime, Size, State};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The allocation: a path such as top/eu-west-1/web, an id, or its block.
    #[arg(value_name = "ALLOCATION")]
    allocation: String,
    #[command(flatten)]
    end: End,
    /// Makes the allocation permanent.
    #[arg(long, conflicts_with_all = ["ttl", "expires_at"])]
    permanent: bool,
    #[command(flatten)]
    caller: Caller,
}

impl Options {
    pub(super) fn owner(&self) -> Option<&String> {
        self.caller.owner.as_ref()
    }
}

pub(super) fn page(ipam: &dyn Ipam, options: &Options) -> Result<Page, CommandFailure> {
    let loan = options.end.loan(ipam)?;
    if loan.is_none() && !options.permanent {
        return Err(CommandFailure::Usage("Give the new end with --ttl, --expires-at or --permanent.".to_owned()));
    }
    let Some((before, whole)) = find_own(ipam, &options.allocation, "renew")? else {
        let line = format!("{} is not allocated.", clean(&options.allocation));
        return Err(CommandFailure::Said(Status::Missing, line));
    };
    if before.meta.state != State::Active {
        let line = format!("{whole} is only reserved. A second `reserve` extends the reservation.");
        return Err(CommandFailure::Said(Status::Taken, line));
    }
    let change = AllocationChange {
        name: before.meta.name.clone(),
        description: before.description.clone(),
        tags: before.tags.clone(),
        disallowed_cidrs: before.disallowed_cidrs.clone(),
        size: Size::Cidr(before.cidr),
        lifetime: Lifetime { loan, ..before.lifetime },
    };
    let after = patiently(options.caller.timeout, || ipam.update_allocation(&before.meta.id, &change))?;
    let is_changed = after.lifetime != before.lifetime;
    if options.caller.format.json {
        let path = ipam.pool_path(&after.pool_id)?;
        return Ok(Page::json(&json!({
            "store": ipam.describe(),
            "outcome": if is_changed { "renewed" } else { "unchanged" },
            "changed": is_changed,
            "allocation": AllocationJson::new(&after, &path),
        })));
    }
    Ok(Page::text(match after.lifetime.expires_at() {
        Some(end) => format!("Lent {whole} until {}.\n", time(end)),
        None => format!("{whole} is permanent.\n"),
    }))
}
