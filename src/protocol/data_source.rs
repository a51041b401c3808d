//! Calls for data sources.

use super::catalog::Catalog;
use super::wire::{read_data_source, validate_data_resource_config};
use super::{diagnostics, value};
use crate::tf::Diagnostics;

pub(super) fn validate(
    catalog: &Catalog,
    request: &validate_data_resource_config::Request,
) -> Result<validate_data_resource_config::Response, Diagnostics> {
    let (data_source, ty) = catalog.data_source(&request.type_name)?;
    let config = value::decode_present(request.config.as_ref(), ty, "configuration")?;
    let found = data_source.validate(&config);
    Ok(validate_data_resource_config::Response { diagnostics: diagnostics::to_wire(found) })
}

pub(super) fn read(
    catalog: &Catalog,
    request: &read_data_source::Request,
) -> Result<read_data_source::Response, Diagnostics> {
    let (data_source, ty) = catalog.data_source(&request.type_name)?;
    let config = value::decode_present(request.config.as_ref(), ty, "configuration")?;
    let state = data_source.read(&config)?;
    Ok(read_data_source::Response { state: Some(value::encode(&state, ty)?), ..Default::default() })
}
