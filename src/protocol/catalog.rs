//! The resources, data sources, ephemeral resources, actions and functions of the provider, with schemas and types that
//! are computed once at the start.

use std::collections::HashMap;

use super::digits::Digits;
use super::walk::Walk;
use super::{schema, wire};
use crate::tf::{
    Diagnostic, Diagnostics, ErasedAction, ErasedDataSource, ErasedEphemeralResource, ErasedListResource,
    ErasedResource, Function, Provider, Signature, Type,
};

pub(super) struct Catalog {
    pub(super) provider: Provider,
    pub(super) config_type: Type,
    pub(super) walk: Walk,
    pub(super) digits: Digits,
    pub(super) schemas: wire::get_provider_schema::Response,
    resources: HashMap<&'static str, (usize, Type)>,
    data_sources: HashMap<&'static str, (usize, Type)>,
    list_resources: HashMap<&'static str, (usize, Type)>,
    ephemeral_resources: HashMap<&'static str, (usize, Type)>,
    actions: HashMap<&'static str, (usize, Type)>,
    functions: HashMap<&'static str, (usize, Signature)>,
}

impl Catalog {
    pub(super) fn new(provider: Provider) -> Self {
        let config_schema = provider.config.schema();
        let mut schemas = wire::get_provider_schema::Response {
            provider: Some(schema::schema(&config_schema)),
            server_capabilities: Some(capabilities()),
            ..Default::default()
        };
        let mut resources = HashMap::new();
        for (position, resource) in provider.resources.iter().enumerate() {
            let schema = resource.schema();
            schemas.resource_schemas.insert(resource.type_name().to_owned(), schema::schema(&schema));
            resources.insert(resource.type_name(), (position, schema.block.value_type()));
        }
        let mut data_sources = HashMap::new();
        for (position, data_source) in provider.data_sources.iter().enumerate() {
            let schema = data_source.schema();
            schemas.data_source_schemas.insert(data_source.type_name().to_owned(), schema::schema(&schema));
            data_sources.insert(data_source.type_name(), (position, schema.block.value_type()));
        }
        let mut list_resources = HashMap::new();
        for (position, list) in provider.list_resources.iter().enumerate() {
            let schema = list.schema();
            schemas.list_resource_schemas.insert(list.type_name().to_owned(), schema::schema(&schema));
            list_resources.insert(list.type_name(), (position, schema.block.value_type()));
        }
        let mut ephemeral_resources = HashMap::new();
        for (position, resource) in provider.ephemeral_resources.iter().enumerate() {
            let schema = resource.schema();
            schemas.ephemeral_resource_schemas.insert(resource.type_name().to_owned(), schema::schema(&schema));
            ephemeral_resources.insert(resource.type_name(), (position, schema.block.value_type()));
        }
        let mut actions = HashMap::new();
        for (position, action) in provider.actions.iter().enumerate() {
            let schema = action.schema();
            let on_wire = wire::ActionSchema { schema: Some(schema::schema(&schema)) };
            schemas.action_schemas.insert(action.type_name().to_owned(), on_wire);
            actions.insert(action.type_name(), (position, schema.block.value_type()));
        }
        let mut functions = HashMap::new();
        for (position, function) in provider.functions.iter().enumerate() {
            let signature = function.signature();
            schemas.functions.insert(function.name().to_owned(), schema::function(&signature, function.deprecated()));
            functions.insert(function.name(), (position, signature));
        }
        Self {
            config_type: config_schema.block.value_type(),
            walk: Walk::default(),
            digits: Digits::default(),
            provider,
            schemas,
            resources,
            data_sources,
            list_resources,
            ephemeral_resources,
            actions,
            functions,
        }
    }

    /// The resource with this type name, and the type of its value.
    pub(super) fn resource(&self, type_name: &str) -> Result<(&dyn ErasedResource, &Type), Diagnostics> {
        let (position, ty) = self.resources.get(type_name).ok_or_else(|| missing("resource", type_name))?;
        Ok((&*self.provider.resources[*position], ty))
    }

    /// Every resource type, with the type of its value.
    pub(super) fn resource_types(&self) -> impl Iterator<Item = (&'static str, &Type)> {
        self.resources.iter().map(|(type_name, (_, ty))| (*type_name, ty))
    }

    /// The data source with this type name, and the type of its value.
    pub(super) fn data_source(&self, type_name: &str) -> Result<(&dyn ErasedDataSource, &Type), Diagnostics> {
        let (position, ty) = self.data_sources.get(type_name).ok_or_else(|| missing("data source", type_name))?;
        Ok((&*self.provider.data_sources[*position], ty))
    }

    /// The list resource with this type name, and the type of its configuration.
    pub(super) fn list_resource(&self, type_name: &str) -> Result<(&dyn ErasedListResource, &Type), Diagnostics> {
        let (position, ty) = self.list_resources.get(type_name).ok_or_else(|| missing("list resource", type_name))?;
        Ok((&*self.provider.list_resources[*position], ty))
    }

    /// The ephemeral resource with this type name, and the type of its value.
    pub(super) fn ephemeral_resource(
        &self,
        type_name: &str,
    ) -> Result<(&dyn ErasedEphemeralResource, &Type), Diagnostics> {
        let known = self.ephemeral_resources.get(type_name);
        let (position, ty) = known.ok_or_else(|| missing("ephemeral resource", type_name))?;
        Ok((&*self.provider.ephemeral_resources[*position], ty))
    }

    /// The action with this type name, and the type of its arguments.
    pub(super) fn action(&self, type_name: &str) -> Result<(&dyn ErasedAction, &Type), Diagnostics> {
        let (position, ty) = self.actions.get(type_name).ok_or_else(|| missing("action", type_name))?;
        Ok((&*self.provider.actions[*position], ty))
    }

    /// The function with this name.
    pub(super) fn function(&self, name: &str) -> Option<(&dyn Function, &Signature)> {
        let (position, signature) = self.functions.get(name)?;
        Some((&*self.provider.functions[*position], signature))
    }
}

fn missing(what: &str, type_name: &str) -> Diagnostics {
    Diagnostic::error(
        format!("Unknown {what} type"),
        format!("This provider has no {what} type {type_name:?}. It may come with another release of the provider."),
    )
    .into()
}

pub(super) const fn capabilities() -> wire::ServerCapabilities {
    wire::ServerCapabilities {
        plan_destroy: true,
        get_provider_schema_optional: true,
        move_resource_state: true,
        generate_resource_config: true,
    }
}
