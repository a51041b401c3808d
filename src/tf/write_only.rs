//! Write-only arguments: secrets that a configuration passes to a resource, and that no plan and no state contains. Only
//! clients that know such arguments keep them out of their files.

use super::configuration::nested_objects;
use super::merge::{in_objects, with_each};
use super::{Attribute, AttributeType, Block, Diagnostic, Diagnostics, Path, Value};

/// The object with null in place of its write-only values.
pub fn without_write_only(attributes: &[Attribute], object: &Value) -> Value {
    let Value::Map(_) = object else { return object.clone() };
    with_each(object, attributes, |attribute| match object.entry(attribute.name) {
        _ if attribute.write_only => Value::Null,
        value => in_objects(&attribute.ty, value, [], &|inner, object, []| without_write_only(inner, object)),
    })
}

/// The object with the write-only values of the configuration.
pub(super) fn with_write_only(attributes: &[Attribute], object: &Value, config: &Value) -> Value {
    let Value::Map(_) = object else { return object.clone() };
    with_each(object, attributes, |attribute| {
        let (value, wrote) = (object.entry(attribute.name), config.entry(attribute.name));
        if attribute.write_only {
            return wrote.clone();
        }
        in_objects(&attribute.ty, value, [wrote], &|inner, object, [wrote]| with_write_only(inner, object, wrote))
    })
}

/// An error for each write-only argument that is set. A client that does not know such arguments would write their values
/// into plans and states.
pub fn refuse_write_only(block: &Block, config: &Value) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    refuse(&block.attributes, config, &Path::root(), &mut diagnostics);
    block.hide_secret_paths(diagnostics)
}

fn refuse(attributes: &[Attribute], config: &Value, at: &Path, diagnostics: &mut Diagnostics) {
    let Value::Map(_) = config else { return };
    for attribute in attributes {
        let (value, at) = (config.entry(attribute.name), at.then(attribute.name));
        if attribute.write_only && !value.is_null() {
            let instead = attribute.name.trim_end_matches("_wo");
            let detail = format!(
                "{at} is a write-only argument: its value must not be in any plan or state. Terraform 1.11 and OpenTofu \
                 1.11, and later releases, keep it out of these files, and this release does not. Upgrade it, or set \
                 `{instead}` from a sensitive variable, which is in the state."
            );
            diagnostics.push(Diagnostic::error(format!("{} needs a newer release", attribute.name), detail).at(at));
        } else if let AttributeType::Nested(nesting, nested) = &attribute.ty {
            for (at, object) in nested_objects(*nesting, value, &at) {
                refuse(nested, object, &at, diagnostics);
            }
        }
    }
}
