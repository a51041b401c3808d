//! Conversion of what a backend has found into the values of the data sources, and of its errors into diagnostics.

use std::fmt;

use bigdecimal::BigDecimal;
use jiff::Timestamp;

use crate::backend::Ipam;
use crate::backend::observation::{
    AddressService, AddressType, AssociationStatus, AttachmentStatus, ComplianceStatus, FailureCode, IpSource,
    ManagementState, Observation, OverlapStatus, PastType, SeenType,
};
use crate::ipam::{Error, Kind};
use crate::text_attr;
use crate::tf::{Diagnostics, Number, Path, Tf};

use super::super::attributes::Time;
use super::super::errors;

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

/// Error codes for objects that do not exist.
pub(super) const NO_DISCOVERY: &str = "InvalidIpamResourceDiscoveryId.NotFound";
pub(in crate::provider) const NO_SCOPE: &str = "InvalidIpamScopeId.NotFound";
pub(in crate::provider) const NO_POOL: &str = "InvalidIpamPoolId.NotFound";

/// The part of the backend that answers.
///
/// # Errors
/// When this backend scans no accounts.
pub(in crate::provider) fn of(ipam: &dyn Ipam) -> Result<&(dyn Observation + 'static), Diagnostics> {
    ipam.observation().ok_or_else(|| errors::at(&Error::NoDiscovery, Path::root()))
}

/// The error of the backend, at the argument whose object does not exist.
pub(in crate::provider) fn explained(
    arguments: &[(&str, Path)],
    otherwise: Path,
) -> impl FnOnce(Error) -> Diagnostics + use<> {
    let arguments: Vec<(String, Path)> =
        arguments.iter().map(|(code, path)| ((*code).to_owned(), path.clone())).collect();
    move |error| {
        let code = match &error {
            Error::Service(fault) => fault.code.clone().unwrap_or_default(),
            Error::NoDiscovery | Error::ManyDiscoveries { .. } => NO_DISCOVERY.to_owned(),
            Error::NotFound { kind: Kind::Discovery, .. } => NO_DISCOVERY.to_owned(),
            Error::NotFound { kind: Kind::Scope, .. } => NO_SCOPE.to_owned(),
            Error::NotFound { .. } => NO_POOL.to_owned(),
            _ => String::new(),
        };
        let argument = arguments.into_iter().find(|(known, _)| *known == code);
        errors::at(&error, argument.map_or(otherwise, |(_, path)| path))
    }
}

pub(super) fn moment(time: Option<Timestamp>) -> Tf<Time> {
    time.map(Time).into()
}

/// A fraction and its percentage, with the digits that the backend gave.
pub(super) fn usage(fraction: Option<f64>) -> (Tf<Number>, Tf<Number>) {
    let decimal: Option<BigDecimal> =
        fraction.filter(|fraction| fraction.is_finite()).and_then(|fraction| fraction.to_string().parse().ok());
    let percent = decimal.as_ref().map(|decimal| Number::Finite((decimal * BigDecimal::from(100)).normalized()));
    (decimal.map(|decimal| Number::Finite(decimal.normalized())).into(), percent.into())
}

/// Whether a value matches the requested one. True if none was requested.
pub(super) fn fits<T: PartialEq>(wanted: &Tf<T>, found: Option<&T>) -> bool {
    wanted.get().is_none_or(|wanted| found == Some(wanted))
}

/// The same for texts, if the requested value has a type with only valid values.
pub(super) fn fits_text<T: fmt::Display>(wanted: &Tf<T>, found: Option<&str>) -> bool {
    wanted.get().is_none_or(|wanted| found == Some(wanted.to_string().as_str()))
}
