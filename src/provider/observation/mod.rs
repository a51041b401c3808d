//! Data sources for the results of scans, one file each. A backend with results answers them ([`Observation`]). Before
//! the first scan, the plan shows an error that explains what to do.

mod accounts;
mod discovered_cidrs;
mod history;
mod public_addresses;
mod resource_cidrs;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use bigdecimal::BigDecimal;
use jiff::{SignedDuration, Timestamp};

use crate::backend::Ipam;
use crate::backend::observation::{
    AddressService, AddressType, AssociationStatus, AttachmentStatus, ComplianceStatus, DiscoveredAccount, FailureCode,
    IpSource, ManagementState, Observation, OverlapStatus, PastType, SeenType, Spot,
};
use crate::ipam::{Error, Kind};
use crate::text_attr;
use crate::tf::{Diagnostic, Diagnostics, ErasedDataSource, Number, Path, Tf};

use super::attributes::{HumanDuration, Time};
use super::errors;
use super::shared::Shared;

text_attr!(AddressService);
text_attr!(AddressType);
text_attr!(AssociationStatus);
text_attr!(AttachmentStatus);
text_attr!(ComplianceStatus);
text_attr!(FailureCode);
text_attr!(IpSource);
text_attr!(ManagementState);
text_attr!(OverlapStatus);
text_attr!(PastType);
text_attr!(SeenType);

/// All data sources of this module.
pub(super) fn all(shared: &Arc<Shared>) -> Vec<Box<dyn ErasedDataSource>> {
    vec![
        Box::new(accounts::AccountsData(Arc::clone(shared))),
        Box::new(discovered_cidrs::DiscoveredCidrsData(Arc::clone(shared))),
        Box::new(history::HistoryData(Arc::clone(shared))),
        Box::new(public_addresses::PublicAddressesData(Arc::clone(shared))),
        Box::new(resource_cidrs::ResourceCidrsData(Arc::clone(shared))),
    ]
}

/// The part of the backend that answers.
///
/// # Errors
/// When this backend scans no accounts.
fn of(ipam: &dyn Ipam) -> Result<&(dyn Observation + 'static), Diagnostics> {
    ipam.observation().ok_or_else(|| errors::at(&Error::NoDiscovery, Path::root()))
}

/// Makes sure that the data is not older than `max_age`. Does nothing without it.
///
/// # Errors
/// At `max_age`, when the scan of a target fails; any error of the backend.
fn freshen(ipam: &dyn Ipam, spot: Option<&Spot>, max_age: &Tf<HumanDuration>) -> Result<(), Diagnostics> {
    let Some(max_age) = max_age.get() else { return Ok(()) };
    let at = || Path::attribute("max_age");
    let length = SignedDuration::try_from(max_age.0).unwrap_or(SignedDuration::MAX);
    let since = ipam.now().checked_sub(length).unwrap_or(Timestamp::MIN);
    let stale = of(ipam)?.freshen(spot, since).map_err(explained(&[(NO_DISCOVERY, discovery_path())], at()))?;
    if stale.is_empty() { Ok(()) } else { Err(too_old(ipam, &stale, *max_age).at(at()).into()) }
}

fn discovery_path() -> Path {
    Path::attribute("ipam_resource_discovery_id")
}

/// Number of targets that a message names.
const TOLD: usize = 10;

/// The error that these targets could not be scanned again.
fn too_old(ipam: &dyn Ipam, stale: &[DiscoveredAccount], max_age: HumanDuration) -> Diagnostic {
    let mut lines: Vec<String> = stale.iter().take(TOLD).map(place_line).collect();
    if stale.len() > TOLD {
        lines.push(format!("and {} more", stale.len() - TOLD));
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

fn place_line(place: &DiscoveredAccount) -> String {
    let why = place.failure.as_ref().map(|failure| {
        let message = failure.message.as_ref().map(|message| format!(": {message}"));
        format!("{}{}", failure.code, message.unwrap_or_default())
    });
    let last = place.last_success.map_or("never seen".to_owned(), |last| format!("last seen {last:.0}"));
    let why = why.map(|why| format!(" - {why}")).unwrap_or_default();
    format!("account {} in {} ({last}){why}", place.account_id, place.region)
}

/// Refuses an answer before the first scan of a discovery: an empty list would mean that there are no resources.
///
/// # Errors
/// Before the first scan.
fn seen_once(ipam: &dyn Ipam, oldest: Option<Timestamp>, discovery_id: Option<&str>) -> Result<(), Diagnostics> {
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

/// The error of the backend, at the argument whose object does not exist.
fn explained(places: &[(&str, Path)], otherwise: Path) -> impl FnOnce(Error) -> Diagnostics + use<> {
    let places: Vec<(String, Path)> = places.iter().map(|(code, path)| ((*code).to_owned(), path.clone())).collect();
    move |error| {
        let code = match &error {
            Error::Service(fault) => fault.code.clone().unwrap_or_default(),
            Error::NoDiscovery | Error::ManyDiscoveries { .. } => NO_DISCOVERY.to_owned(),
            Error::NotFound { kind: Kind::Discovery, .. } => NO_DISCOVERY.to_owned(),
            Error::NotFound { kind: Kind::Scope, .. } => NO_SCOPE.to_owned(),
            Error::NotFound { .. } => NO_POOL.to_owned(),
            _ => String::new(),
        };
        let place = places.into_iter().find(|(known, _)| *known == code);
        errors::at(&error, place.map_or(otherwise, |(_, path)| path))
    }
}

/// Error codes for objects that do not exist.
const NO_DISCOVERY: &str = "InvalidIpamResourceDiscoveryId.NotFound";
const NO_SCOPE: &str = "InvalidIpamScopeId.NotFound";
const NO_POOL: &str = "InvalidIpamPoolId.NotFound";

fn moment(time: Option<Timestamp>) -> Tf<Time> {
    time.map(Time).into()
}

/// A fraction and its percentage, with the digits that the backend gave.
fn usage(fraction: Option<f64>) -> (Tf<Number>, Tf<Number>) {
    let decimal: Option<BigDecimal> =
        fraction.filter(|fraction| fraction.is_finite()).and_then(|fraction| fraction.to_string().parse().ok());
    let percent = decimal.as_ref().map(|decimal| Number::Finite((decimal * BigDecimal::from(100)).normalized()));
    (decimal.map(|decimal| Number::Finite(decimal.normalized())).into(), percent.into())
}

/// Whether a value matches the requested one. True if none was requested.
fn fits<T: PartialEq>(wanted: &Tf<T>, found: Option<&T>) -> bool {
    wanted.get().is_none_or(|wanted| found == Some(wanted))
}

/// The same for texts, if the requested value has a type with only valid values.
fn fits_text<T: fmt::Display>(wanted: &Tf<T>, found: Option<&str>) -> bool {
    wanted.get().is_none_or(|wanted| found == Some(wanted.to_string().as_str()))
}
