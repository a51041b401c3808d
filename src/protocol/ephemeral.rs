//! Calls for ephemeral resources.

use super::catalog::Catalog;
use super::wire::{
    close_ephemeral_resource, open_ephemeral_resource, renew_ephemeral_resource, validate_ephemeral_resource_config,
};
use super::{diagnostics, value};
use crate::tf::{Diagnostics, Private};

pub(super) fn validate(
    catalog: &Catalog,
    request: &validate_ephemeral_resource_config::Request,
) -> Result<validate_ephemeral_resource_config::Response, Diagnostics> {
    let (resource, ty) = catalog.ephemeral_resource(&request.type_name)?;
    let config = value::decode_present(request.config.as_ref(), ty, "configuration")?;
    let found = resource.validate(&config);
    Ok(validate_ephemeral_resource_config::Response { diagnostics: diagnostics::to_wire(found) })
}

pub(super) fn open(
    catalog: &Catalog,
    request: &open_ephemeral_resource::Request,
) -> Result<open_ephemeral_resource::Response, Diagnostics> {
    let (resource, ty) = catalog.ephemeral_resource(&request.type_name)?;
    let config = value::decode_present(request.config.as_ref(), ty, "configuration")?;
    let opened = resource.open(&config, catalog.provider.stop.clone())?;
    Ok(open_ephemeral_resource::Response {
        diagnostics: diagnostics::to_wire(opened.warnings),
        renew_at: opened.renew_at.map(Into::into),
        result: Some(value::encode(&opened.result, ty)?),
        private: Some(value::encode_private(&opened.private)?),
        ..Default::default()
    })
}

pub(super) fn renew(
    catalog: &Catalog,
    request: &renew_ephemeral_resource::Request,
) -> Result<renew_ephemeral_resource::Response, Diagnostics> {
    let (resource, _) = catalog.ephemeral_resource(&request.type_name)?;
    let renewal = resource.renew(private(request.private.as_deref())?)?;
    Ok(renew_ephemeral_resource::Response {
        renew_at: renewal.renew_at.map(Into::into),
        private: Some(value::encode_private(&renewal.private)?),
        ..Default::default()
    })
}

pub(super) fn close(
    catalog: &Catalog,
    request: &close_ephemeral_resource::Request,
) -> Result<close_ephemeral_resource::Response, Diagnostics> {
    let (resource, _) = catalog.ephemeral_resource(&request.type_name)?;
    let warnings = resource.close(&private(request.private.as_deref())?);
    Ok(close_ephemeral_resource::Response { diagnostics: diagnostics::to_wire(warnings) })
}

fn private(bytes: Option<&[u8]>) -> Result<Private, Diagnostics> {
    Ok(value::decode_private(bytes.unwrap_or_default())?.unwrap_or_default())
}
