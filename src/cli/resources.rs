//! `resources`: resources that scans found, compared with pools and with each other. Exit status 1 if a resource in the
//! answer is noncompliant or overlaps another one.
//!
//! JSON: `{store, oldest_sample, resources: [{cidr, resource_id, resource_name, resource_type, region, account_id,
//! vpc_id, scope_id, pool_id, management, compliance, overlap, reasons, overlaps_with, usage, tags}]}`.

use clap::Args;
use serde_json::{Value, json};

use super::failure::CommandFailure;
use super::out::{OutputFormat, Page, clean, table};
use super::{arguments, paths};
use crate::backend::Ipam;
use crate::backend::observation::{
    ComplianceStatus, ManagementState, OverlapStatus, ResourceCidr, ResourceFilter, SeenType,
};
use crate::ipam::{Cidr, Error, Words};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Shows only resources that break a rule of their pool.
    #[arg(long)]
    noncompliant: bool,
    /// Shows only resources that share addresses with others.
    #[arg(long)]
    overlapping: bool,
    /// Shows only resources that no pool manages.
    #[arg(long)]
    unmanaged: bool,
    /// Shows only resources of this type, such as `vpc`.
    #[arg(long = "type", value_name = "TYPE")]
    resource_type: Option<SeenType>,
    /// Shows only resources in this scope: a name or an id.
    #[arg(long)]
    scope: Option<String>,
    /// Shows only resources inside this block.
    #[arg(long, value_name = "CIDR", value_parser = arguments::block)]
    within: Option<Cidr>,
    #[command(flatten)]
    format: OutputFormat,
}

pub(super) fn page(ipam: &dyn Ipam, options: &Options) -> Result<Page, CommandFailure> {
    let observation = ipam.observation().ok_or(Error::NoDiscovery)?;
    if let Some(word) = options.resource_type.filter(|_| ipam.service().is_none()) {
        SeenType::listed(&word.to_string()).map_err(CommandFailure::Usage)?;
    }
    let filter = ResourceFilter {
        scope_id: options.scope.as_deref().map(|wanted| paths::present_scope_id(ipam, wanted)).transpose()?,
        resource_type: options.resource_type,
        within: options.within,
        management: options.unmanaged.then_some(ManagementState::Unmanaged),
        compliance: options.noncompliant.then_some(ComplianceStatus::Noncompliant),
        overlap: options.overlapping.then_some(OverlapStatus::Overlapping),
        ..ResourceFilter::default()
    };
    let found = observation.resource_cidrs(&filter)?;
    let oldest = observation.oldest_sample()?;
    if oldest.is_none() && ipam.capabilities().surveys {
        let why = "There is no scan yet. Create an `ipam_resource_discovery` with Terraform, and run `discover`.";
        return Err(CommandFailure::Usage(why.to_owned()));
    }
    let oldest = oldest.map(|oldest| oldest.to_string());
    let page = if options.format.json {
        let all: Vec<Value> = found.iter().map(value).collect();
        Page::json(&json!({ "store": ipam.describe(), "oldest_sample": oldest, "resources": all }))
    } else {
        Page::text(text(&found))
    };
    Ok(page.with_findings(found.iter().any(is_wrong)))
}

fn is_wrong(found: &ResourceCidr) -> bool {
    found.compliance == Some(ComplianceStatus::Noncompliant) || found.overlap == Some(OverlapStatus::Overlapping)
}

fn word<T: ToString>(word: Option<T>) -> String {
    word.map_or_else(|| "?".to_owned(), |word| word.to_string())
}

fn text(all: &[ResourceCidr]) -> String {
    let row = |found: &ResourceCidr| {
        let overlaps = found.overlaps_with.iter().map(|one| format!("overlaps {one}"));
        let why = overlaps.chain(found.reasons.iter().cloned());
        vec![
            found.cidr.to_string(),
            found.resource_type.to_string(),
            clean(&found.resource_id),
            clean(found.owner_id.as_deref().unwrap_or_default()),
            clean(&found.region),
            word(found.management),
            word(found.compliance),
            word(found.overlap),
            clean(&why.collect::<Vec<_>>().join("; ")),
        ]
    };
    let header = ["CIDR", "TYPE", "RESOURCE", "ACCOUNT", "REGION", "MANAGEMENT", "COMPLIANCE", "OVERLAP", "WHY"];
    table(&header, all.iter().map(row))
}

fn value(found: &ResourceCidr) -> Value {
    json!({
        "cidr": found.cidr,
        "resource_id": found.resource_id,
        "resource_name": found.resource_name,
        "resource_type": found.resource_type,
        "region": found.region,
        "account_id": found.owner_id,
        "vpc_id": found.vpc_id,
        "scope_id": found.scope_id,
        "pool_id": found.pool_id,
        "management": found.management,
        "compliance": found.compliance,
        "overlap": found.overlap,
        "reasons": found.reasons,
        "overlaps_with": found.overlaps_with,
        "usage": found.usage,
        "tags": found.tags,
    })
}
