//! Arguments that force a replacement, and are not known when an object is planned that exists.
//!
//! `depends_on` moves the reading of a data source into the apply, whatever has changed. To replace the object for that would
//! be a surprise. So the plan keeps the prior value, which Terraform allows for every argument (`AssertPlanValid` in terraform,
//! `internal/plans/objchange/plan_valid.go`). In the apply Terraform plans again, with the value known. Another value than the one
//! that was kept cannot be applied any more, and the error says so before Terraform blames the provider.

use super::resource::{Plan, Resource};
use super::{Block, Diagnostic, Diagnostics, Path, Value};

/// The configuration with the prior values in place of those that the plan keeps, and the arguments that it keeps.
pub(super) fn keep<R: Resource>(resource: &R, block: &Block, prior: &Value, config: &Value) -> (Value, Vec<Path>) {
    let mut completed = config.clone();
    let mut kept = Vec::new();
    if prior.is_null() {
        return (completed, kept);
    }
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

/// That no argument is to change which the first plan kept, and that is known now.
///
/// # Errors
/// At each argument that is another one than the first plan kept.
pub(super) fn check<R: Resource>(
    resource: &R,
    block: &Block,
    (prior, wished): (&Value, &Value),
    (decoded, plan): (&R::Model, &Plan<R::Model>),
) -> Result<(), Diagnostics> {
    let changes = block.attributes.iter().filter(|attribute| {
        let (was, now) = (prior.entry(attribute.name), wished.entry(attribute.name));
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
                let (was, now) = (prior.entry(name), wished.entry(name));
                format!("The plan kept {name} = {was}, because its value was not known. The value is {now} now.")
            };
            let detail = format!("{values} This {} was not changed. Plan again: the next plan replaces it.", R::TYPE);
            Diagnostic::error("The value is not the one that the plan kept", detail).at(Path::attribute(name))
        })
        .collect();
    refused.into_result()
}
