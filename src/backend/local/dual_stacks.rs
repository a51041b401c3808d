//! Dual-stack allocations: each plan, change and release is one transaction.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::{DualStacks, Result};
use super::Local;
use super::holds::Turn;
use crate::ipam::{
    Allocation, Family, Planned, PlannedPart, Reader, Size, Stack, StackChange, StackPartChange, StackRequest, Terms,
};

/// In memory, holds have to last longer than the plan that they are for, also where plans hold nothing.
const LONG: Duration = Duration::from_hours(24);

/// The name by which requests take their turns.
fn name_of<'a>(mut names: impl Iterator<Item = &'a String>) -> String {
    names.next().cloned().unwrap_or_default()
}

impl DualStacks for Local {
    fn plan_stack(&self, request: &StackRequest, terms: &Terms) -> Result<BTreeMap<Family, PlannedPart>> {
        let find = |reader: &mut Reader<'_>, terms: &Terms| reader.find_stack(request, terms);
        let wish = request.clone();
        let name = name_of(request.parts.values().map(|part| &part.spec.name));
        let by_size = request.parts.values().find(|part| !matches!(part.spec.size, Size::Cidr(_)));
        let turn = Turn::in_pool(&name, by_size.map(|part| part.spec.pool_id.as_str()));
        self.plan(turn, terms, find, move |ledger, terms| ledger.plan_stack(&wish, terms))
    }

    fn preview_stack(&self, request: &StackRequest, terms: &Terms) -> Result<BTreeMap<Family, PlannedPart>> {
        let terms = Terms { hold: LONG, ..terms.clone() };
        self.look(|reader| reader.preview_stack(request, &terms))
    }

    fn apply_stack(&self, change: &StackChange) -> Result<Stack> {
        let first = change.clone();
        let again = change.parts.iter().map(|(family, part)| (*family, carried_out(part))).collect();
        let again = StackChange { parts: again };
        let name = name_of(change.parts.values().map(|part| &part.spec.name));
        self.write_again(&name, true, move |ledger, is_again| {
            ledger.apply_stack(if is_again { &again } else { &first })
        })
    }

    fn delete_stack(&self, ids: &BTreeMap<Family, String>) -> Result<()> {
        let gone = ids.clone();
        self.write(&name_of(ids.values()), move |ledger| ledger.delete_stack(&gone))
    }

    fn get_parts(&self, ids: &[String]) -> Result<Vec<Option<Allocation>>> {
        self.read(|reader| reader.get_allocations(ids))
    }
}

/// The change, if it may have been carried out before: an active object may be the one that the first run made.
fn carried_out(part: &StackPartChange) -> StackPartChange {
    let planned = part.planned.clone().map(|(planned, cidr)| match planned {
        Planned::Fresh(id) => (Planned::Held(id), cidr),
        other => (other, cidr),
    });
    StackPartChange { planned, ..part.clone() }
}
