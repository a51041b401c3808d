//! Calls for actions.
//!
//! No answer defers an action: an action tolerates unknown values in its plan, and Terraform invokes it with known ones.

use super::catalog::Catalog;
use super::wire::invoke_action::Event;
use super::wire::invoke_action::event::{Completed, Progress, Type};
use super::wire::{invoke_action, plan_action, validate_action_config};
use super::{diagnostics, value};
use crate::tf::{Diagnostics, Invocation};

pub(super) fn validate(
    catalog: &Catalog,
    request: &validate_action_config::Request,
) -> Result<validate_action_config::Response, Diagnostics> {
    let (action, ty) = catalog.action(&request.type_name)?;
    let config = value::decode_present(request.config.as_ref(), ty, "configuration")?;
    let found = action.validate(&config);
    Ok(validate_action_config::Response { diagnostics: diagnostics::to_wire(found) })
}

pub(super) fn plan(catalog: &Catalog, request: &plan_action::Request) -> Result<plan_action::Response, Diagnostics> {
    let (action, ty) = catalog.action(&request.action_type)?;
    let config = value::decode_present(request.config.as_ref(), ty, "configuration")?;
    let found = action.plan(&config);
    Ok(plan_action::Response { diagnostics: diagnostics::to_wire(found), deferred: None })
}

/// Tells the progress, and answers with the one event that ends the action.
pub(super) fn invoke(
    catalog: &Catalog,
    request: &invoke_action::Request,
    tell: &mut dyn FnMut(Event) -> bool,
) -> Result<Event, Diagnostics> {
    let (action, ty) = catalog.action(&request.action_type)?;
    let config = value::decode_present(request.config.as_ref(), ty, "configuration")?;
    let mut show = |message: String| tell(Event { r#type: Some(Type::Progress(Progress { message })) });
    let mut invocation = Invocation::new(catalog.provider.stop.clone(), &mut show);
    let found = action.invoke(&config, &mut invocation);
    Ok(Event { r#type: Some(Type::Completed(Completed { diagnostics: diagnostics::to_wire(found) })) })
}
