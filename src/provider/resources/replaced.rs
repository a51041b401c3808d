//! Warnings of a plan that has to replace an object with addresses. They name the addresses that it gives up.

use crate::ipam::Cidr;
use crate::tf::{Diagnostic, Plan, Tf};

/// An object that a plan replaces.
pub(super) struct Replaced<'a> {
    /// The word for its kind, such as `pool`.
    pub(super) word: &'static str,
    pub(super) id: &'a Tf<String>,
    pub(super) name: &'a Tf<String>,
    /// The addresses that it has.
    pub(super) blocks: Vec<Cidr>,
    /// More sentences about the replacement; may be empty.
    pub(super) more: &'a str,
}

impl Replaced<'_> {
    /// Adds the warning to a plan that replaces the object. Does nothing for any other plan, or for an object without
    /// addresses.
    pub(super) fn warn<M>(&self, plan: &mut Plan<M>) {
        if plan.replace.is_empty() || self.blocks.is_empty() {
            return;
        }
        let causes: Vec<String> = plan.replace.iter().map(|path| format!("`{path}`")).collect();
        let blocks: Vec<String> = self.blocks.iter().map(Cidr::to_string).collect();
        let (word, blocks) = (self.word, blocks.join(", "));
        let id = self.id.get().map_or("not known", String::as_str);
        let name = self.name.get().map_or_else(String::new, |name| format!(" {name:?}"));
        let detail = format!(
            "This plan replaces the {word}{name} ({id}), because {} cannot change in place. It gives up {blocks}, and \
             everything that uses these addresses must change as well.{}",
            causes.join(" and "),
            self.more
        );
        plan.warnings.push(Diagnostic::warning(format!("The {word}{name} gives up {blocks}"), detail));
    }
}
