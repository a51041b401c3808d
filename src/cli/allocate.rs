//! `allocate`: takes a block out of a pool for good, without Terraform.
//!
//! JSON: `{store, outcome, changed, allocation}`. `outcome` is `allocated` or `already-allocated`; `changed` is `false`
//! for the latter. `allocation` is as in `allocations --json`.

use clap::Args;

use super::failure::CommandFailure;
use super::loan::End;
use super::out::Page;
use super::request::Request;
use super::target::Target;
use crate::backend::upkeep::{allocate_in_service, patiently};
use crate::ipam::{AllocationSpec, Lifetime};

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    request: Request,
    #[command(flatten)]
    end: End,
}

impl Options {
    pub(super) fn owner(&self) -> Option<&String> {
        self.request.caller.owner.as_ref()
    }
}

pub(super) fn page(target: &Target, options: &Options) -> Result<Page, CommandFailure> {
    let (request, ipam) = (&options.request, target.ipam());
    let loan = options.end.loan(ipam)?;
    let spec = AllocationSpec { lifetime: Lifetime { loan, ..Lifetime::default() }, ..request.spec(ipam)? };
    let granted = match target {
        Target::SelfManaged(local) => patiently(request.caller.timeout, || local.allocate_unplanned(&spec)),
        Target::Service(_, ipam) => allocate_in_service(ipam.as_ref(), &spec, request.caller.timeout),
    };
    let granted = granted.map_err(|error| request.refused(ipam, error))?;
    let page = request.answer(ipam, &granted)?;
    let keeps = !granted.is_new && loan.is_some() && page.warning.is_none();
    Ok(if keeps { page.warning(Some("It keeps the end that it had. `renew` changes it.".to_owned())) } else { page })
}
