//! The age of the data: `max_age`, and the error before the first scan.

use jiff::{SignedDuration, Timestamp};

use crate::backend::Ipam;
use crate::backend::observation::{DiscoveredAccount, DiscoveryFilter};
use crate::ipam::Error;
use crate::tf::{Diagnostic, Diagnostics, Path, Tf};

use super::super::attributes::HumanDuration;
use super::super::errors;
use super::conversion::{NO_DISCOVERY, explained, of};

/// Makes sure that the data is not older than `max_age`. Does nothing without it.
///
/// # Errors
/// At `max_age`, when the scan of a target fails; any error of the backend.
pub(super) fn freshen(
    ipam: &dyn Ipam,
    filter: Option<&DiscoveryFilter>,
    max_age: &Tf<HumanDuration>,
) -> Result<(), Diagnostics> {
    freshen_for(ipam, filter, max_age, &Path::attribute("max_age"))
}

/// [`freshen`] for an argument at another path.
///
/// # Errors
/// The same.
pub(in crate::provider) fn freshen_for(
    ipam: &dyn Ipam,
    filter: Option<&DiscoveryFilter>,
    max_age: &Tf<HumanDuration>,
    path: &Path,
) -> Result<(), Diagnostics> {
    let Some(max_age) = max_age.get() else { return Ok(()) };
    let at = || path.clone();
    let length = SignedDuration::try_from(max_age.0).unwrap_or(SignedDuration::MAX);
    let since = ipam.now().checked_sub(length).unwrap_or(Timestamp::MIN);
    let stale = of(ipam)?.freshen(filter, since).map_err(explained(&[(NO_DISCOVERY, discovery_path())], at()))?;
    if stale.is_empty() { Ok(()) } else { Err(too_old(ipam, &stale, *max_age).at(at()).into()) }
}

fn discovery_path() -> Path {
    Path::attribute("ipam_resource_discovery_id")
}

/// Number of targets that a message names.
const NAMED_MAX: usize = 10;

/// The error that these targets could not be scanned again.
fn too_old(ipam: &dyn Ipam, stale: &[DiscoveredAccount], max_age: HumanDuration) -> Diagnostic {
    let mut lines: Vec<String> = stale.iter().take(NAMED_MAX).map(target_line).collect();
    if stale.len() > NAMED_MAX {
        lines.push(format!("and {} more", stale.len() - NAMED_MAX));
    }
    let lines = lines.join("\n  ");
    if ipam.capabilities().surveys {
        let detail = format!(
            "`max_age` requires a scan in the last {max_age}, and a new scan failed for these accounts and \
             Regions:\n\n  {lines}\n\nThe results of earlier scans stay in the store. Without `max_age`, the data \
             source returns them with their time."
        );
        return Diagnostic::error("A new scan failed", detail);
    }
    let detail = format!(
        "`max_age` requires samples from the last {max_age}. AWS IPAM decides when it scans, and its last samples of \
         these accounts and Regions are older:\n\n  {lines}\n\nWait for the next scan, or raise `max_age`."
    );
    Diagnostic::error("The last samples of AWS IPAM are too old", detail)
}

fn target_line(target: &DiscoveredAccount) -> String {
    let why = target.failure.as_ref().map(|failure| {
        let message = failure.message.as_ref().map(|message| format!(": {message}"));
        format!("{}{}", failure.code, message.unwrap_or_default())
    });
    let last = target.last_success.map_or("never seen".to_owned(), |last| format!("last seen {last:.0}"));
    let why = why.map(|why| format!(" - {why}")).unwrap_or_default();
    format!("account {} in {} ({last}){why}", target.account_id, target.region)
}

/// Refuses an answer before the first scan of a discovery: an empty list would mean that there are no resources.
///
/// # Errors
/// Before the first scan.
pub(in crate::provider) fn check_scanned(
    ipam: &dyn Ipam,
    oldest: Option<Timestamp>,
    discovery_id: Option<&str>,
) -> Result<(), Diagnostics> {
    if oldest.is_some() || !ipam.capabilities().surveys {
        return Ok(());
    }
    let discoveries = ipam.discoveries().map(|keeper| keeper.list()).transpose();
    let discoveries = discoveries.map_err(|error| errors::at(&error, Path::root()))?.unwrap_or_default();
    if discoveries.is_empty() {
        return Err(errors::at(&Error::NoDiscovery, Path::root()));
    }
    let whose = match discovery_id {
        Some(id) => format!("Resource discovery {id} has not scanned anything yet."),
        None => "No resource discovery has scanned anything yet.".to_owned(),
    };
    let detail = format!(
        "{whose} Run\n\n  terraform-provider-ipam discover\n\nas described in the guide \"Discovery\", or set `max_age \
         = \"1h\"`, so that the plan scans."
    );
    Err(Diagnostic::error("There is no scan yet", detail).into())
}
