//! `reserve`: holds a block for a while. A reservation is a hold that no plan made: it expires by itself, and `allocate`
//! or a plan of the same owner with the same name and size takes it up. What is to stay is an allocation (a custom
//! allocation, in the words of AWS IPAM), so `allocate` makes it and `reserve` always has an end.
//!
//! JSON: as in `allocate`, with `reserved` or `already-reserved` as `outcome`, and `hold_expires_at` in `allocation`. The
//! outcome is `already-allocated` if the allocation was made before.

use std::time::Duration;

use clap::Args;

use super::arguments;
use super::failure::CommandFailure;
use super::out::Page;
use super::request::Request;
use super::target::Target;
use crate::backend::upkeep::patiently;

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    request: Request,
    /// How long the block stays reserved. A second call extends the reservation, and never makes it shorter.
    #[arg(long = "for", value_name = "DURATION", value_parser = arguments::duration)]
    hold: Duration,
}

impl Options {
    pub(super) fn owner(&self) -> Option<&String> {
        self.request.caller.owner.as_ref()
    }
}

pub(super) fn page(target: &Target, options: &Options) -> Result<Page, CommandFailure> {
    let (request, ipam) = (&options.request, target.ipam());
    if options.hold.is_zero() {
        return Err(CommandFailure::Usage("--for is zero: a reservation needs a duration, such as 2h.".to_owned()));
    }
    let local = target.self_managed("AWS IPAM has no holds. Allocate the block, and release it later.")?;
    let spec = request.spec(ipam)?;
    let granted = patiently(request.caller.timeout, || local.reserve(&spec, options.hold));
    request.answer(ipam, &granted.map_err(|error| request.refused(ipam, error))?)
}
