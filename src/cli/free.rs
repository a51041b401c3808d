//! `free`: the free blocks of a pool, by address.
//!
//! JSON: `{store, pool, pool_id, free: [{cidr, addresses}], resting: [{cidr, addresses, until}], is_complete}`; `pool` is the
//! path of the pool, `addresses` a decimal string. `resting` are blocks that were released and are free at that time. `is_complete` is `false` when `--limit` left blocks out.

use clap::Args;
use serde_json::{Value, json};

use super::failure::CommandFailure;
use super::out::{OutputFormat, Page, table};
use super::{arguments, paths};
use crate::backend::{Ipam, explain};
use crate::ipam::{Cidr, Resting};

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
    let resting = ipam.holds().map_or(Ok(Vec::new()), |holds| holds.resting(&pool.meta.id))?;
    if options.format.json {
        let block = |cidr: &Cidr| json!({ "cidr": cidr, "addresses": cidr.address_count().to_string() });
        return Ok(Page::json(&json!({
            "store": ipam.describe(),
            "pool": ipam.pool_path(&pool.meta.id)?,
            "pool_id": pool.meta.id,
            "free": free.iter().map(block).collect::<Vec<Value>>(),
            "resting": resting.iter().map(resting_json).collect::<Vec<Value>>(),
            "is_complete": is_complete,
        })));
    }
    let row = |cidr: &Cidr| vec![cidr.to_string(), explain::number(&cidr.address_count())];
    let mut text = if free.is_empty() {
        "No free blocks.\n".to_owned()
    } else {
        table(&["CIDR", "ADDRESSES"], free.iter().map(row))
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

fn resting_json(one: &Resting) -> Value {
    json!({ "cidr": one.cidr, "addresses": one.cidr.address_count().to_string(), "until": one.until })
}
