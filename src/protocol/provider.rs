//! Calls for the provider as a whole.

use super::catalog::{Catalog, capabilities};
use super::wire::{configure_provider, get_metadata, get_provider_schema, stop_provider, validate_provider_config};
use super::{diagnostics, releases, value};
use crate::tf::Diagnostics;

pub(super) fn metadata(catalog: &Catalog, _: &get_metadata::Request) -> Result<get_metadata::Response, Diagnostics> {
    let provider = &catalog.provider;
    let resources = provider.resources.iter().map(|resource| resource.type_name().to_owned());
    let data_sources = provider.data_sources.iter().map(|data_source| data_source.type_name().to_owned());
    let list_resources = provider.list_resources.iter().map(|list| list.type_name().to_owned());
    let ephemeral = provider.ephemeral_resources.iter().map(|resource| resource.type_name().to_owned());
    let actions = provider.actions.iter().map(|action| action.type_name().to_owned());
    let functions = provider.functions.iter().map(|function| function.name().to_owned());
    Ok(get_metadata::Response {
        server_capabilities: Some(capabilities()),
        resources: resources.map(|type_name| get_metadata::ResourceMetadata { type_name }).collect(),
        data_sources: data_sources.map(|type_name| get_metadata::DataSourceMetadata { type_name }).collect(),
        list_resources: list_resources.map(|type_name| get_metadata::ListResourceMetadata { type_name }).collect(),
        ephemeral_resources: ephemeral.map(|type_name| get_metadata::EphemeralMetadata { type_name }).collect(),
        actions: actions.map(|type_name| get_metadata::ActionMetadata { type_name }).collect(),
        functions: functions.map(|name| get_metadata::FunctionMetadata { name }).collect(),
        ..Default::default()
    })
}

pub(super) fn schemas(
    catalog: &Catalog,
    _: &get_provider_schema::Request,
) -> Result<get_provider_schema::Response, Diagnostics> {
    Ok(catalog.schemas.clone())
}

pub(super) fn validate(
    catalog: &Catalog,
    request: &validate_provider_config::Request,
) -> Result<validate_provider_config::Response, Diagnostics> {
    let config = value::decode_present(request.config.as_ref(), &catalog.config_type, "provider configuration")?;
    let found = catalog.provider.config.validate(&config);
    Ok(validate_provider_config::Response { diagnostics: diagnostics::to_wire(found) })
}

pub(super) fn configure(
    catalog: &Catalog,
    request: &configure_provider::Request,
) -> Result<configure_provider::Response, Diagnostics> {
    let config = value::decode_present(request.config.as_ref(), &catalog.config_type, "provider configuration")?;
    catalog.walk.configured_by(&request.terraform_version);
    catalog.digits.configured_by(&request.terraform_version);
    catalog.provider.config.configure(&config, &request.terraform_version)?;
    let warning = releases::hides_destroys(&request.terraform_version);
    Ok(configure_provider::Response { diagnostics: diagnostics::to_wire(warning.into_iter().collect()) })
}

/// Calls in progress see the flag, and end with the results that they have reached.
pub(super) fn stop(catalog: &Catalog, _: &stop_provider::Request) -> Result<stop_provider::Response, Diagnostics> {
    catalog.provider.stop.request();
    Ok(stop_provider::Response::default())
}
