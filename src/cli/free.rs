//! `free`: the free blocks of a pool, by address.
//!
//! JSON: `{store, pool, pool_id, free: [{cidr, addresses, is_draining}], resting: [{cidr, addresses, until}], is_complete}`;
//! `pool` is the path of the pool, `addresses` a decimal string. `is_draining` is `true` for a block that only a request for a
//! particular CIDR gets. `resting` are blocks that were released and are free at that time. `is_complete` is `false` when
//! `--limit` left blocks out.

use std::collections::BTreeSet;

use clap::Args;
use serde_json::{Value, json};

use super::failure::CommandFailure;
use super::out::{OutputFormat, Page, table};
use super::{arguments, paths};
use crate::backend::{Ipam, explain};
use crate::ipam::{Cidr, Resting, blocks, relations};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The pool: a path, the end of a path, or an id.
    pool: String,
    /// Lists only blocks of at most this netmask length, which are at least that large.
    #[arg(long, value_name = "LENGTH")]
    max_netmask_length: Option<u8>,
    /// The maximum number of blocks.
    #[arg(long, value_name = "COUNT", default_value = "100", value_parser = arguments::some)]
    limit: usize,
    #[command(flatten)]
    format: OutputFormat,
}

pub(super) fn page(ipam: &dyn Ipam, options: &Options) -> Result<Page, CommandFailure> {
    let pool = paths::find(ipam, &options.pool)?;
    let mut free = ipam.free_cidrs(&pool.meta.id, options.max_netmask_length, options.limit.saturating_add(1))?;
    let is_complete = free.len() <= options.limit;
    free.truncate(options.limit);
    let free = with_draining(&free, &pool.rules.draining_cidrs);
    let resting = ipam.holds().map_or(Ok(Vec::new()), |holds| holds.resting(&pool.meta.id))?;
    if options.format.json {
        let block = |(cidr, is_draining): &(Cidr, bool)| json!({ "cidr": cidr, "addresses": cidr.address_count().to_string(), "is_draining": is_draining });
        return Ok(Page::json(&json!({
            "store": ipam.describe(),
            "pool": ipam.pool_path(&pool.meta.id)?,
            "pool_id": pool.meta.id,
            "free": free.iter().map(block).collect::<Vec<Value>>(),
            "resting": resting.iter().map(resting_json).collect::<Vec<Value>>(),
            "is_complete": is_complete,
        })));
    }
    let notes = free.iter().any(|(_, is_draining)| *is_draining);
    let row = |(cidr, is_draining): &(Cidr, bool)| {
        let note = notes.then(|| if *is_draining { "draining".to_owned() } else { String::new() });
        [cidr.to_string(), explain::number(&cidr.address_count())].into_iter().chain(note).collect()
    };
    let columns = ["CIDR", "ADDRESSES", "NOTE"];
    let mut text = if free.is_empty() {
        "No free blocks.\n".to_owned()
    } else {
        table(&columns[..if notes { 3 } else { 2 }], free.iter().map(row))
    };
    text.extend(
        resting
            .iter()
            .map(|one| format!("{} was released, and is free from {} on.\n", one.cidr, explain::time(one.until))),
    );
    let page = Page::text(text);
    let more = || format!("There are more than {} blocks: --limit shows more.", options.limit);
    Ok(page.warning((!is_complete).then(more)))
}

/// The blocks by address, divided at the boundaries of draining CIDRs, each with whether it is in one.
fn with_draining(free: &[Cidr], draining: &BTreeSet<Cidr>) -> Vec<(Cidr, bool)> {
    let mut all = Vec::with_capacity(free.len());
    for block in free {
        let inside = relations::intersect([*block], draining.iter().copied());
        // All blocks are of one family, so the subtraction cannot fail.
        let outside = blocks::subtract([*block], inside.iter().copied()).unwrap_or_default();
        all.extend(inside.into_iter().map(|part| (part, true)));
        all.extend(outside.into_iter().map(|part| (part, false)));
    }
    all.sort();
    all
}

fn resting_json(one: &Resting) -> Value {
    json!({ "cidr": one.cidr, "addresses": one.cidr.address_count().to_string(), "until": one.until })
}
