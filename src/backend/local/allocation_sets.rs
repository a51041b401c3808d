//! Allocation sets: each plan, change and release is one transaction.

use std::collections::BTreeMap;

use super::super::{AllocationSets, Result};
use super::Local;
use super::holds::Turn;
use super::previews::{Answer, Wanted};
use crate::ipam::{Allocation, Cidr, Planned, PlannedMember, Reader, SetChange, SetRequest, Size, Terms};

impl AllocationSets for Local {
    fn plan_set(&self, request: &SetRequest, terms: &Terms) -> Result<BTreeMap<String, PlannedMember>> {
        let find = |reader: &mut Reader<'_>, terms: &Terms| reader.find_set(request, terms);
        let wish = request.clone();
        let turn = Turn::in_pool(&request.spec.name, by_size_in(request));
        self.plan(turn, terms, find, move |ledger, terms| ledger.plan_set(&wish, terms))
    }

    fn preview_set(&self, request: &SetRequest, terms: &Terms) -> Result<Option<BTreeMap<String, PlannedMember>>> {
        if let Some(pool_id) = by_size_in(request).filter(|_| terms.shows && request.shown.is_empty()) {
            // Blocks that are shown do not give way to a later request by CIDR.
            self.explicit_first.wait(pool_id);
        }
        let answer = self.preview_beside_others(Wanted::Set(Box::new(request.clone())), terms)?;
        Ok(answer.and_then(Answer::members))
    }

    fn apply_set(&self, change: &SetChange) -> Result<BTreeMap<String, Allocation>> {
        let first = change.clone();
        let again = SetChange { planned: change.planned.iter().map(carried_out).collect(), ..change.clone() };
        self.write_again(&change.spec.name, true, move |ledger, is_again| {
            ledger.apply_set(if is_again { &again } else { &first })
        })
    }

    fn delete_set(&self, members: &BTreeMap<String, String>) -> Result<()> {
        let gone = members.clone();
        let first = members.values().next().cloned().unwrap_or_default();
        self.write(&first, move |ledger| ledger.delete_set(&gone))
    }

    fn get_members(&self, ids: &[String]) -> Result<Vec<Option<Allocation>>> {
        self.read(|reader| reader.get_allocations(ids))
    }
}

/// The pool in which members are placed by size.
fn by_size_in(request: &SetRequest) -> Option<&str> {
    let is_by_size = request.spec.members.values().any(|size| !matches!(size, Size::Cidr(_)));
    is_by_size.then_some(request.spec.pool_id.as_str())
}

/// What the plan showed of a member, if the change may have been carried out before: an active object may be the one that
/// the first run made.
fn carried_out((key, (planned, cidr)): (&String, &(Planned, Cidr))) -> (String, (Planned, Cidr)) {
    let planned = match planned {
        Planned::Fresh(id) => Planned::Held(id.clone()),
        other => other.clone(),
    };
    (key.clone(), (planned, *cidr))
}
