//! Data sources over what was seen in accounts, one file each. A backend that has seen something answers them
//! ([`Observation`]); any other says at plan time that it has not.

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
use jiff::Timestamp;

use crate::backend::Ipam;
use crate::backend::observation::{
    AddressService, AddressType, AssociationStatus, AttachmentStatus, ComplianceStatus, FailureCode, IpSource,
    ManagementState, Observation, OverlapStatus, PastType, SeenType,
};
use crate::ipam::Error;
use crate::text_attr;
use crate::tf::{Diagnostic, Diagnostics, ErasedDataSource, Number, Path, Tf};

use super::attributes::Time;
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

/// Every data source here.
pub(super) fn all(shared: &Arc<Shared>) -> Vec<Box<dyn ErasedDataSource>> {
    vec![
        Box::new(accounts::AccountsData(Arc::clone(shared))),
        Box::new(discovered_cidrs::DiscoveredCidrsData(Arc::clone(shared))),
        Box::new(history::HistoryData(Arc::clone(shared))),
        Box::new(public_addresses::PublicAddressesData(Arc::clone(shared))),
        Box::new(resource_cidrs::ResourceCidrsData(Arc::clone(shared))),
    ]
}

/// Whom to ask, or why there is nobody and what to do.
///
/// # Errors
/// On every store that has seen nothing.
fn of<'a>(ipam: &'a dyn Ipam, data_source: &str) -> Result<&'a (dyn Observation + 'static), Diagnostics> {
    ipam.observation().ok_or_else(|| {
        let detail = format!(
            "{data_source} tells what was seen in accounts, and the store is {}, which looks into none. AWS IPAM does: use \
             a provider with `store = \"aws-ipam\"` for it. What this store itself gave out is in `ipam_allocations`.",
            ipam.describe()
        );
        Diagnostic::error("This store has seen nothing of accounts yet", detail).into()
    })
}

/// The backend's error, at the argument whose object is not there.
fn explained(places: &[(&str, Path)]) -> impl FnOnce(Error) -> Diagnostics {
    let places = places.to_vec();
    let places: Vec<(String, Path)> = places.into_iter().map(|(code, path)| (code.to_owned(), path)).collect();
    move |error| {
        let code = match &error {
            Error::Service(fault) => fault.code.clone().unwrap_or_default(),
            Error::NotFound { .. } => "InvalidIpamPoolId.NotFound".to_owned(),
            _ => String::new(),
        };
        let place = places.into_iter().find(|(known, _)| *known == code);
        errors::at(&error, place.map_or_else(Path::root, |(_, path)| path))
    }
}

/// Codes of what is not there.
const NO_DISCOVERY: &str = "InvalidIpamResourceDiscoveryId.NotFound";
const NO_SCOPE: &str = "InvalidIpamScopeId.NotFound";
const NO_POOL: &str = "InvalidIpamPoolId.NotFound";

fn moment(time: Option<Timestamp>) -> Tf<Time> {
    time.map(Time).into()
}

/// A fraction and the same in percent, in the few digits that it was written with.
fn usage(fraction: Option<f64>) -> (Tf<Number>, Tf<Number>) {
    let decimal: Option<BigDecimal> =
        fraction.filter(|fraction| fraction.is_finite()).and_then(|fraction| fraction.to_string().parse().ok());
    let percent = decimal.as_ref().map(|decimal| Number::Finite((decimal * BigDecimal::from(100)).normalized()));
    (decimal.map(|decimal| Number::Finite(decimal.normalized())).into(), percent.into())
}

/// Whether it is what was asked for, or nothing was.
fn fits<T: PartialEq>(wanted: &Tf<T>, found: Option<&T>) -> bool {
    wanted.get().is_none_or(|wanted| found == Some(wanted))
}

/// The same for texts, where the wanted one is of a type that only has the right ones.
fn fits_text<T: fmt::Display>(wanted: &Tf<T>, found: Option<&str>) -> bool {
    wanted.get().is_none_or(|wanted| found == Some(wanted.to_string().as_str()))
}
