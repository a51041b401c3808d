//! `next`: the blocks that the next allocations of a size would get. Nothing is taken: another request may get them first.
//!
//! JSON: `{store, pool, pool_id, cidrs}`; `pool` is the path of the pool.

use clap::Args;
use serde_json::json;

use super::failure::{CommandFailure, Status};
use super::minimum::Minimums;
use super::out::{OutputFormat, Page};
use super::{arguments, paths};
use crate::backend::Ipam;
use crate::ipam::Cidr;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The pool: a path, the end of a path, or an id.
    pool: String,
    /// Netmask length of the blocks. Without it, the default of the pool.
    #[arg(long, value_name = "LENGTH")]
    netmask_length: Option<u8>,
    #[command(flatten)]
    minimums: Minimums,
    /// Number of blocks.
    #[arg(long, default_value = "1", value_parser = arguments::some)]
    count: usize,
    /// A block that the answer must not overlap. The option can be repeated.
    #[arg(long = "disallowed-cidr", value_name = "CIDR", value_parser = arguments::block)]
    disallowed_cidrs: Vec<Cidr>,
    #[command(flatten)]
    format: OutputFormat,
}

/// The maximum number of blocks.
const COUNT_MAX: usize = 1000;

pub(super) fn page(ipam: &dyn Ipam, options: &Options) -> Result<Page, CommandFailure> {
    if options.count > COUNT_MAX {
        return Err(CommandFailure::Usage(format!("--count is more than {COUNT_MAX}.")));
    }
    let pool = paths::find(ipam, &options.pool)?;
    let path = ipam.pool_path(&pool.meta.id)?;
    let length = options.netmask_length.or(options.minimums.netmask_length(pool.address_family)?);
    let cidrs = ipam.preview_next(&pool.meta.id, length, &options.disallowed_cidrs, options.count)?;
    if cidrs.len() < options.count {
        let length = length.or(pool.rules.default_netmask_length).map(|length| format!("/{length}"));
        let line = format!(
            "Pool {path:?} ({}) has room for {} of {} blocks of {}. `free` lists what is free.",
            pool.meta.id,
            cidrs.len(),
            options.count,
            length.as_deref().unwrap_or("its default size")
        );
        return Err(CommandFailure::Said(Status::NoRoom, line));
    }
    if options.format.json {
        let answer = json!({ "store": ipam.describe(), "pool": path, "pool_id": pool.meta.id, "cidrs": cidrs });
        return Ok(Page::json(&answer));
    }
    Ok(Page::text(cidrs.iter().map(|cidr| format!("{cidr}\n")).collect::<String>()))
}
