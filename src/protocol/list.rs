//! Calls for list resources. The events of a list are produced while the client reads them.

use super::answer::Messages;
use super::catalog::Catalog;
use super::wire::{list_resource, validate_list_resource_config};
use super::{diagnostics, identity, path, value};
use crate::tf::{Diagnostic, Diagnostics, Found, ListOptions, Listed, Path, Type, Value};

/// The arguments of a list block. Terraform sends null for a list block without `config`.
fn config(request: Option<&super::wire::DynamicValue>, ty: &Type) -> Result<Value, Diagnostics> {
    let Type::Object(attributes, _) = ty else { return value::decode_object(request, ty, "list configuration") };
    match value::decode_object(request, ty, "list configuration")? {
        Value::Null => Ok(Value::Map(attributes.keys().map(|name| (name.clone(), Value::Null)).collect())),
        config => Ok(config),
    }
}

pub(super) fn validate(
    catalog: &Catalog,
    request: &validate_list_resource_config::Request,
) -> Result<validate_list_resource_config::Response, Diagnostics> {
    let (list, ty) = catalog.list_resource(&request.type_name)?;
    let found = list.validate(&config(request.config.as_ref(), ty)?);
    Ok(validate_list_resource_config::Response { diagnostics: in_config(diagnostics::to_wire(found)) })
}

/// The same messages with paths that begin at the list block, whose arguments are in the block `config`. Terraform 1.14 to
/// 1.16 adds this step to the paths of events, and not to those of a validation.
fn in_config(mut found: Vec<super::wire::Diagnostic>) -> Vec<super::wire::Diagnostic> {
    for path in found.iter_mut().filter_map(|one| one.attribute.as_mut()) {
        path.steps.splice(0..0, path::to_wire(&Path::attribute("config")).steps);
    }
    found
}

pub(super) fn list<'a>(
    catalog: &'a Catalog,
    request: &'a list_resource::Request,
) -> Result<Messages<'a, list_resource::Event>, Diagnostics> {
    let (list, config_type) = catalog.list_resource(&request.type_name)?;
    let (_, ty) = catalog.resource(&request.type_name)?;
    let options = ListOptions { include_object: request.include_resource_object, limit: limit(request.limit)? };
    let mut entries = list.list(&config(request.config.as_ref(), config_type)?, options)?;
    let mut left = options.limit.unwrap_or(usize::MAX);
    // At the limit, the list is not asked for another entry.
    let entries = std::iter::from_fn(move || {
        let entry = if left == 0 { None } else { entries.next() };
        left -= usize::from(matches!(entry, Some(Ok(Listed::Found(_)))));
        entry
    });
    Ok(Box::new(entries.map(move |entry| match entry? {
        Listed::Found(found) => event(found, ty),
        Listed::Warning(warnings) => {
            Ok(list_resource::Event { diagnostic: diagnostics::to_wire(warnings), ..Default::default() })
        }
    })))
}

/// The number of objects that the client reads; `None` if it names no limit.
fn limit(limit: i64) -> Result<Option<usize>, Diagnostics> {
    if limit < 0 {
        return Err(
            Diagnostic::error("Invalid limit", format!("The limit of a list is {limit}, which is negative.")).into()
        );
    }
    Ok((limit > 0).then(|| usize::try_from(limit).unwrap_or(usize::MAX)))
}

fn event(found: Found<Value>, ty: &Type) -> Result<list_resource::Event, Diagnostics> {
    let resource_object = found.object.map(|object| value::encode(&object, ty)).transpose()?;
    Ok(list_resource::Event {
        identity: Some(identity::with_id(found.id)?),
        display_name: found.display_name,
        resource_object,
        diagnostic: Vec::new(),
    })
}
