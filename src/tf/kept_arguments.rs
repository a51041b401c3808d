//! Arguments that force a replacement and are unknown when an existing object is planned.
//!
//! `depends_on` delays the read of a data source to the apply, whatever has changed. A replacement of the object for that
//! reason would surprise the user. So the plan keeps the prior value, which Terraform allows for every argument
//! (`AssertPlanValid` in terraform, `internal/plans/objchange/plan_valid.go`). In the apply, Terraform plans again with
//! the known value. A value other than the kept one cannot be applied then, and the error explains this before Terraform
//! reports a bug in the provider.

use super::resource::{Plan, Resource};
use super::{Block, Diagnostic, Diagnostics, Path, Value};

/// The configuration with the prior values for the arguments that the plan keeps, and the paths of these arguments.
pub(super) fn complete<R: Resource>(resource: &R, block: &Block, prior: &Value, config: &Value) -> (Value, Vec<Path>) {
    let mut completed = config.clone();
    let mut kept = Vec::new();
    for attribute in block.attributes.iter().filter(|attribute| attribute.replace) {
        let was = prior.entry(attribute.name);
        let may_be_kept = config.entry(attribute.name).is_unknown() && was.is_wholly_known() && !was.is_null();
        if may_be_kept
            && resource.may_keep(attribute.name)
            && resource.stays(was)
            && let Value::Map(entries) = &mut completed
        {
            entries.insert(attribute.name.to_owned(), was.clone());
            kept.push(Path::attribute(attribute.name));
        }
    }
    (completed, kept)
}

/// Checks that no argument that the first plan kept, and that is known now, would change.
///
/// # Errors
/// An error at each argument whose value differs from the one that the first plan kept.
pub(super) fn check<R: Resource>(
    resource: &R,
    block: &Block,
    (prior, proposed): (&Value, &Value),
    (decoded, plan): (&R::Model, &Plan<R::Model>),
) -> Result<(), Diagnostics> {
    let changes = block.attributes.iter().filter(|attribute| {
        let (was, now) = (prior.entry(attribute.name), proposed.entry(attribute.name));
        let is_replaced = plan.replace.contains(&Path::attribute(attribute.name));
        is_replaced && !was.is_null() && now.is_wholly_known() && resource.may_keep(attribute.name)
    });
    let changes: Vec<_> = changes.collect();
    if changes.is_empty() || !resource.has_kept(decoded, plan) {
        return Ok(());
    }
    let refused: Diagnostics = changes
        .into_iter()
        .map(|attribute| {
            let name = attribute.name;
            let values = if attribute.holds_secret() {
                format!("The plan kept the value of {name}, because it was not known. The value is different now.")
            } else {
                let (was, now) = (prior.entry(name), proposed.entry(name));
                format!("The plan kept {name} = {was}, because its value was not known. The value is {now} now.")
            };
            let detail = format!("{values} This {} was not changed. Plan again: the next plan replaces it.", R::TYPE);
            Diagnostic::error("The value is not the one that the plan kept", detail).at(Path::attribute(name))
        })
        .collect();
    refused.into_result()
}
