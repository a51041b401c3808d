//! `resize`: changes the size of an allocation in place.
//!
//! JSON: `{store, outcome, changed, before, allocation}`. `outcome` is `resized` or `unchanged`, `before` the block before
//! the change; `allocation` is as in `allocations --json`.

use clap::Args;
use serde_json::json;

use super::failure::{CommandFailure, Status};
use super::out::{Page, clean};
use super::request::{Block, Caller, find_own};
use crate::backend::allocation_json::AllocationJson;
use crate::backend::upkeep::patiently;
use crate::backend::{AllocationChange, Ipam, Resize, Terms};
use crate::ipam::{Allocation, Error, Occupant, Pool, State};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The allocation: a path such as top/eu-west-1/web, an id, or its block.
    #[arg(value_name = "ALLOCATION")]
    allocation: String,
    #[command(flatten)]
    block: Block,
    #[command(flatten)]
    caller: Caller,
}

impl Options {
    pub(super) fn owner(&self) -> Option<&String> {
        self.caller.owner.as_ref()
    }
}

pub(super) fn page(ipam: &dyn Ipam, options: &Options) -> Result<Page, CommandFailure> {
    let text = &options.allocation;
    if !options.block.is_given() {
        let line = "Give the new size with --netmask-length, --minimum-addresses, --minimum-hosts or --cidr.";
        return Err(CommandFailure::Usage(line.to_owned()));
    }
    let Some((before, whole)) = find_own(ipam, text, "resize")? else {
        return Err(CommandFailure::Said(Status::Missing, format!("{} is not allocated.", clean(text))));
    };
    if before.meta.state != State::Active {
        let line = format!("{whole} is only reserved. End the reservation with `release`, and reserve the other size.");
        return Err(CommandFailure::Said(Status::Taken, line));
    }
    let after = resized(ipam, &before, &whole, options)?;
    let is_changed = after.cidr != before.cidr;
    if options.caller.format.json {
        let path = ipam.pool_path(&after.pool_id)?;
        return Ok(Page::json(&json!({
            "store": ipam.describe(),
            "outcome": if is_changed { "resized" } else { "unchanged" },
            "changed": is_changed,
            "before": before.cidr,
            "allocation": AllocationJson::new(&after, &path),
        })));
    }
    Ok(Page::text(if is_changed {
        format!("Resized {whole} from {} to {}.\n", before.cidr, after.cidr)
    } else {
        format!("{whole} has {} already.\n", after.cidr)
    }))
}

/// The objects in the way.
fn occupants(with: &[Occupant]) -> String {
    let words = |one: &Occupant| {
        let block = one.cidr.map(|cidr| format!("{cidr}, ")).unwrap_or_default();
        format!("{block}{} {:?} ({})", one.kind.word(), clean(&one.path), one.id)
    };
    with.iter().map(words).collect::<Vec<_>>().join(" and ")
}

fn resized(ipam: &dyn Ipam, before: &Allocation, whole: &str, options: &Options) -> Result<Allocation, CommandFailure> {
    let (id, size) = (&before.meta.id, options.block.size(before.cidr.family())?);
    if ipam.service().is_some() && ipam.preview_resize(id, size, &Terms::default())? == Resize::Replace {
        let line = "AWS IPAM cannot change the size of an allocation. Release it, and allocate another block.";
        return Err(CommandFailure::Usage(line.to_owned()));
    }
    let change = AllocationChange {
        name: before.meta.name.clone(),
        description: before.description.clone(),
        tags: before.tags.clone(),
        disallowed_cidrs: before.disallowed_cidrs.clone(),
        size,
        lifetime: before.lifetime,
    };
    patiently(options.caller.timeout, || ipam.update_allocation(id, &change)).map_err(|error| match error {
        Error::HoldLost { cidr: Some(target), now_held_by: with, .. } => {
            let is_inside = |pool: Pool| pool.cidrs.iter().any(|cidr| cidr.contains(&target));
            let why = if target == before.cidr {
                "The new block must contain the present one or lie in it, outside of disallowed CIDRs.".to_owned()
            } else if with.is_empty() || !ipam.get_pool(&before.pool_id).is_ok_and(|pool| pool.is_some_and(is_inside)) {
                format!("{target} is not in one CIDR of the pool.")
            } else {
                format!("{target} shares addresses with {}.", occupants(&with))
            };
            CommandFailure::Said(Status::NoRoom, format!("{whole} cannot change its size in place. {why}"))
        }
        error => error.into(),
    })
}
