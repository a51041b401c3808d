//! Paths on the wire.

use super::wire::AttributePath;
use super::wire::attribute_path::Step as WireStep;
use super::wire::attribute_path::step::Selector;
use crate::tf::{Path, Step};

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
