//! `ipam_discover`: scans everything that discoveries name.

use std::sync::Arc;

use crate::backend::explain::count;
use crate::backend::{DiscoveryScan, Scans, TargetScan};
use crate::ipam::{Error, Kind, OnlySelfManaged};
use crate::provider::shared::Shared;
use crate::provider::{capabilities, errors};
use crate::tf::{Action, Diagnostic, Diagnostics, Invocation, Path, wrong_value};
use crate::{at, model};

use super::attended::attended;

model! {
    /// Scans the accounts and files of resource discoveries, as the command `discover` does, and imports into pools what
    /// `auto_import` asks for. Files are read only below the `discovery_files_below` of the provider block. Not available
    /// with `aws-ipam`: AWS IPAM scans by itself.
    pub(super) struct DiscoverModel {
        /// ID of the resource discovery. Default: all resource discoveries.
        ipam_resource_discovery_id: String => optional(),
        /// Whether the action succeeds when some accounts, Regions or files could not be scanned. They are warnings then,
        /// and what an earlier scan found there stays. Default: false.
        allow_failures: bool => optional(),
    }
}

pub(super) struct DiscoverAction(pub(super) Arc<Shared>);

impl Action for DiscoverAction {
    type Model = DiscoverModel;
    const TYPE: &'static str = "ipam_discover";

    fn validate(&self, config: &DiscoverModel) -> Diagnostics {
        match config.ipam_resource_discovery_id.get() {
            Some(id) if id.trim().is_empty() => {
                let why = "Set the id of a resource discovery, or leave the argument out to scan for all of them.";
                wrong_value(&at!(DiscoverModel, ipam_resource_discovery_id), why)
            }
            _ => Diagnostics::new(),
        }
    }

    fn plan(&self, config: &DiscoverModel) -> Result<Diagnostics, Diagnostics> {
        let Some(configured) = self.0.configured()? else { return Ok(Diagnostics::new()) };
        capabilities::administration(configured.ipam.as_ref(), OnlySelfManaged::Scans)?;
        // Without an id, the first discovery may be an object of the same plan.
        if let Some(id) = config.ipam_resource_discovery_id.get() {
            let keeper = configured.ipam.discoveries();
            let found = keeper.map(|keeper| keeper.get(id)).transpose().map_err(refused)?.flatten();
            if found.is_none() {
                return Err(refused(Error::NotFound { kind: Kind::Discovery, id: id.clone() }));
            }
        }
        Ok(Diagnostics::new())
    }

    fn invoke(&self, config: &DiscoverModel, invocation: &mut Invocation<'_>) -> Result<(), Diagnostics> {
        let ipam = self.0.ipam()?;
        capabilities::administration(ipam.as_ref(), OnlySelfManaged::Scans)?;
        let which = config.ipam_resource_discovery_id.cloned();
        let scans = attended(invocation, move |attention| {
            let mut progress = |done, total| attention.tell(format!("{done} of {} scanned.", count(total, "target")));
            ipam.administration().map(|administration| administration.discover(which.as_deref(), &mut progress))
        });
        let Some(scans) = scans else {
            let why = "The run was stopped during the scan. The accounts and Regions that were scanned until then are in \
                       the store. Invoke the action again.";
            return Err(Diagnostic::error("The scan was interrupted", why).into());
        };
        let Some(scans) = scans.transpose().map_err(refused)? else { return Ok(()) };
        report(&scans, invocation);
        let is_error = config.allow_failures != true.into();
        let failures: Diagnostics = scans.discoveries.iter().filter_map(|scan| failures_of(scan, is_error)).collect();
        if is_error {
            return failures.into_result();
        }
        invocation.warnings.append(failures);
        Ok(())
    }
}

/// The error at the argument, if it is about a discovery.
#[expect(clippy::needless_pass_by_value, reason = "the argument of `map_err`")]
fn refused(error: Error) -> Diagnostics {
    let is_about_discovery = matches!(error, Error::NotFound { kind: Kind::Discovery, .. } | Error::NoDiscovery);
    let at = if is_about_discovery { at!(DiscoverModel, ipam_resource_discovery_id) } else { Path::root() };
    errors::at(&error, at)
}

/// Tells what the scans came to.
fn report(scans: &Scans, invocation: &mut Invocation<'_>) {
    for scan in &scans.discoveries {
        let all = scan.targets.iter().filter_map(|target| target.outcome.as_ref().ok());
        let (targets, resources, addresses) = all.fold((0, 0, 0), |(targets, resources, addresses), counted| {
            (targets + 1, resources + counted.resources, addresses + counted.addresses)
        });
        invocation.progress(format!(
            "Resource discovery {}: {} scanned, with {} and {} addresses.",
            scan.discovery.meta.id,
            count(targets, "target"),
            count(resources, "resource"),
            addresses,
        ));
        for warning in &scan.warnings {
            invocation.warnings.push(Diagnostic::warning("A part of a file was left out", warning.clone()));
        }
    }
    let reconciled = &scans.reconciled;
    invocation.progress(format!(
        "{} imported, {} released, {} skipped.",
        reconciled.imported.len(),
        reconciled.released.len(),
        reconciled.skipped.len(),
    ));
}

/// Number of targets that a message names.
const NAMED_MAX: usize = 10;

/// What could not be scanned for one discovery; `None` if everything was scanned.
fn failures_of(scan: &DiscoveryScan, is_error: bool) -> Option<Diagnostic> {
    let failed: Vec<&TargetScan> = scan.targets.iter().filter(|target| target.outcome.is_err()).collect();
    let mut lines: Vec<String> = failed.iter().take(NAMED_MAX).filter_map(|target| line(target)).collect();
    if failed.len() > NAMED_MAX {
        lines.push(format!("and {} more", failed.len() - NAMED_MAX));
    }
    if let Some(trouble) = &scan.trouble {
        let words = errors::explain(trouble);
        lines.insert(0, format!("all accounts: {}. {}", words.summary, words.detail));
    }
    if lines.is_empty() {
        return None;
    }
    let detail = format!(
        "For resource discovery {}, these could not be scanned:\n\n  {}\n\nWhat earlier scans found there stays in the \
         store. `allow_failures = true` makes this a warning.",
        scan.discovery.meta.id,
        lines.join("\n  ")
    );
    let summary = "Not everything could be scanned";
    Some(if is_error { Diagnostic::error(summary, detail) } else { Diagnostic::warning(summary, detail) })
}

fn line(target: &TargetScan) -> Option<String> {
    let failure = target.outcome.as_ref().err()?;
    let message = failure.message.as_ref().map(|message| format!(": {message}")).unwrap_or_default();
    Some(format!("account {} in {} - {}{message}", target.account_id, target.region, failure.code))
}
