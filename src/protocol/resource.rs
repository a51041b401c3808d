//! Calls for managed resources.

use super::catalog::Catalog;
use super::wire::import_resource_state::ImportedResource;
use super::wire::{
    RawState, apply_resource_change, generate_resource_config, import_resource_state, move_resource_state,
    plan_resource_change, read_resource, upgrade_resource_state, validate_resource_config,
};
use super::{diagnostics, digits, identity, path, value};
use crate::tf::{ApplyRequest, Diagnostic, Diagnostics, MoveSource, PlanRequest, Severity, Value, refuse_write_only};

pub(super) fn validate(
    catalog: &Catalog,
    request: &validate_resource_config::Request,
) -> Result<validate_resource_config::Response, Diagnostics> {
    let (resource, ty) = catalog.resource(&request.type_name)?;
    let config = value::decode_present(request.config.as_ref(), ty, "configuration")?;
    let mut found = resource.validate(&config);
    if !request.client_capabilities.unwrap_or_default().write_only_attributes_allowed {
        found.append(refuse_write_only(&resource.schema().block, &config));
    }
    Ok(validate_resource_config::Response { diagnostics: diagnostics::to_wire(found) })
}

pub(super) fn upgrade(
    catalog: &Catalog,
    request: &upgrade_resource_state::Request,
) -> Result<upgrade_resource_state::Response, Diagnostics> {
    let (resource, ty) = catalog.resource(&request.type_name)?;
    let state = resource.upgrade(request.version, stored(request.raw_state.as_ref())?)?;
    Ok(upgrade_resource_state::Response { upgraded_state: Some(value::encode(&state, ty)?), ..Default::default() })
}

/// A stored state as JSON.
fn stored(state: Option<&RawState>) -> Result<serde_json::Value, Diagnostics> {
    let damaged = |detail: String| Diagnostics::from(Diagnostic::error("Damaged state", detail));
    let state = state.ok_or_else(|| damaged("Terraform sent no stored state.".to_owned()))?;
    if state.json.is_empty() && !state.flatmap.is_empty() {
        return Err(damaged(
            "The stored state was written by Terraform 0.11 or older, before this provider.".to_owned(),
        ));
    }
    let json = value::parse_json(&state.json)
        .map_err(|sentence| damaged(format!("The stored state cannot be read: {sentence}")))?;
    if json.is_object() { Ok(json) } else { Err(damaged("The stored state is not an object.".to_owned())) }
}

pub(super) fn read(
    catalog: &Catalog,
    request: &read_resource::Request,
) -> Result<read_resource::Response, Diagnostics> {
    let (resource, ty) = catalog.resource(&request.type_name)?;
    let state = value::decode_present(request.current_state.as_ref(), ty, "state")?;
    let (now, warnings) = resource.read(&state)?;
    Ok(read_resource::Response {
        new_state: Some(value::encode(&now, ty)?),
        diagnostics: diagnostics::to_wire(warnings),
        // The answer replaces the stored private data and the stored identity.
        private: request.private.clone(),
        // An object without an id keeps the identity that an import named it by.
        new_identity: identity::of(&now, ty)?.or_else(|| request.current_identity.clone().filter(|_| !now.is_null())),
        ..Default::default()
    })
}

pub(super) fn plan(
    catalog: &Catalog,
    request: &plan_resource_change::Request,
) -> Result<plan_resource_change::Response, Diagnostics> {
    let (resource, ty) = catalog.resource(&request.type_name)?;
    let proposed = value::decode_object(request.proposed_new_state.as_ref(), ty, "proposed state")?;
    let config = if proposed.is_null() { value::decode_object } else { value::decode_present };
    let first_plan = value::decode_private(&request.planned_private)?;
    let capabilities = request.client_capabilities.unwrap_or_default();
    let prior = value::decode_object(request.prior_state.as_ref(), ty, "prior state")?;
    let config = config(request.config.as_ref(), ty, "configuration")?;
    let mut prior_private = value::decode_private(&request.prior_private)?.unwrap_or_default();
    // The second half of a replacement receives the private data of the first half.
    digits::forget(&mut prior_private);
    let committing = catalog.walk.is_committing(&capabilities, first_plan.is_some());
    let mut response = resource.plan(PlanRequest {
        prior: prior.clone(),
        proposed,
        config: config.clone(),
        prior_private,
        committing,
        first_plan,
        carries_private: capabilities.store_planned_private,
    });
    let planned = catalog.digits.withhold((&prior, &config), response.planned, &mut response.private, ty)?;
    Ok(plan_resource_change::Response {
        planned_state: Some(value::encode(&planned, ty)?),
        planned_identity: identity::of(&planned, ty)?,
        requires_replace: response.replace.iter().map(path::to_wire).collect(),
        planned_private: value::encode_private(&response.private)?,
        diagnostics: diagnostics::to_wire(if committing {
            response.diagnostics
        } else {
            with_way_out(response.diagnostics)
        }),
        ..Default::default()
    })
}

/// Clients plan the configuration of an object before they destroy it, and do not announce the deletion. So an invalid
/// configuration prevents its own removal; the last error describes a way around that.
fn with_way_out(found: Diagnostics) -> Diagnostics {
    let mut all: Vec<Diagnostic> = found.into_iter().collect();
    if let Some(last) = all.iter_mut().rfind(|one| one.severity == Severity::Error) {
        last.detail += " (A destroy makes this plan as well. With `-refresh=false`, it does not.)";
    }
    all.into_iter().collect()
}

pub(super) fn apply(
    catalog: &Catalog,
    request: &apply_resource_change::Request,
) -> Result<apply_resource_change::Response, Diagnostics> {
    let (resource, ty) = catalog.resource(&request.type_name)?;
    let planned = value::decode_object(request.planned_state.as_ref(), ty, "planned state")?;
    // The object is created or deleted; if it is not deleted, it has a configuration.
    let (prior, config) = if planned.is_null() {
        (value::decode_present as fn(_, _, _) -> _, value::decode_object as fn(_, _, _) -> _)
    } else {
        (value::decode_object as fn(_, _, _) -> _, value::decode_present as fn(_, _, _) -> _)
    };
    let mut private = value::decode_private(&request.planned_private)?.unwrap_or_default();
    let response = resource.apply(ApplyRequest {
        prior: prior(request.prior_state.as_ref(), ty, "prior state")?,
        planned: digits::restored(planned, &mut private, ty),
        config: config(request.config.as_ref(), ty, "configuration")?,
        private,
        stop: catalog.provider.stop.clone(),
    });
    Ok(apply_resource_change::Response {
        new_state: Some(value::encode(&response.state, ty)?),
        new_identity: identity::of(&response.state, ty)?,
        private: value::encode_private(&response.private)?,
        diagnostics: diagnostics::to_wire(response.diagnostics),
        ..Default::default()
    })
}

pub(super) fn import(
    catalog: &Catalog,
    request: &import_resource_state::Request,
) -> Result<import_resource_state::Response, Diagnostics> {
    let (resource, ty) = catalog.resource(&request.type_name)?;
    let id = match &request.identity {
        Some(identity) => identity::id(identity)?,
        None => request.id.clone(),
    };
    if id.is_empty() {
        let detail = "The id is empty. The documentation of the resource describes its form.";
        return Err(Diagnostic::error("Import needs an id", detail).into());
    }
    let (state, warnings) = resource.import(&id)?;
    if state.is_null() {
        let detail = format!("There is no {} with the id {id:?}.", request.type_name);
        return Err(Diagnostic::error("Nothing to import", detail).into());
    }
    let is_named = *state.entry("id") == Value::String(id.clone()) || resource.is_candidate_id(&id);
    if request.identity.is_some() && !is_named {
        // An import id may also be a name or a block. An identity must name the same object tomorrow.
        let detail = format!(
            "An identity takes the `id` of the object, and {id:?} is not one. Write the `id`, or import by `id` instead of \
             `identity`, which also takes other names of the object."
        );
        return Err(Diagnostic::error("The identity is not an id", detail).into());
    }
    let imported = ImportedResource {
        type_name: request.type_name.clone(),
        state: Some(value::encode(&state, ty)?),
        identity: identity::of(&state, ty)?.or_else(|| request.identity.clone()),
        ..Default::default()
    };
    Ok(import_resource_state::Response {
        imported_resources: vec![imported],
        diagnostics: diagnostics::to_wire(warnings),
        ..Default::default()
    })
}

pub(super) fn move_state(
    catalog: &Catalog,
    request: &move_resource_state::Request,
) -> Result<move_resource_state::Response, Diagnostics> {
    let (resource, ty) = catalog.resource(&request.target_type_name)?;
    let state = stored(request.source_state.as_ref())?;
    let moved = resource.move_from(&MoveSource {
        provider_address: &request.source_provider_address,
        type_name: &request.source_type_name,
        schema_version: request.source_schema_version,
        state: &state,
    })?;
    // A state of the same type, and its private data, were written by this provider.
    let is_ours = request.source_type_name == request.target_type_name;
    Ok(move_resource_state::Response {
        target_state: Some(value::encode(&moved, ty)?),
        target_identity: identity::of(&moved, ty)?,
        target_private: if is_ours { request.source_private.clone() } else { Vec::new() },
        ..Default::default()
    })
}

/// The configuration of an object. Terraform 1.14.0 forgets to send the object.
pub(super) fn generate(
    catalog: &Catalog,
    request: &generate_resource_config::Request,
) -> Result<generate_resource_config::Response, Diagnostics> {
    let (resource, ty) = catalog.resource(&request.type_name)?;
    let state = value::decode_object(request.state.as_ref(), ty, "state")?;
    let config = resource.configuration(&state)?;
    let mut found = Diagnostics::new();
    if state.is_null() {
        let detail = format!(
            "Terraform did not send the {}, so the generated configuration has no values: write them yourself, or use \
             Terraform 1.14.1 or later.",
            request.type_name
        );
        found.push(Diagnostic::warning("The generated configuration is empty", detail));
    }
    let config = Some(value::encode(&config, ty)?);
    Ok(generate_resource_config::Response { config, diagnostics: diagnostics::to_wire(found) })
}
