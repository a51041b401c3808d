//! Paths on the wire.

use super::wire::AttributePath;
use super::wire::attribute_path::Step as WireStep;
use super::wire::attribute_path::step::Selector;
use crate::tf::{Path, Step};

/// The part of a path that Terraform can find in a configuration: it ends at an element of an attribute, and not at the
/// attributes of that element. For a longer path, Terraform points at the whole block.
pub(super) fn to_point_at(path: &Path) -> Path {
    let is_attribute = |step: &Step| matches!(step, Step::Attribute(_));
    let into = path.0.windows(2).position(|steps| !is_attribute(&steps[0]) && is_attribute(&steps[1]));
    let end = into.map_or(path.0.len(), |position| position + 1);
    Path(path.0[..end].to_vec())
}

pub(super) fn to_wire(path: &Path) -> AttributePath {
    let steps = path.0.iter().map(|step| {
        let selector = match step {
            Step::Attribute(name) => Selector::AttributeName(name.clone()),
            Step::Key(key) => Selector::ElementKeyString(key.clone()),
            Step::Index(index) => Selector::ElementKeyInt(*index),
        };
        WireStep { selector: Some(selector) }
    });
    AttributePath { steps: steps.collect() }
}
