//! Puts requests by CIDR before requests by size, as far as possible.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::backend::{Ipam, Local};
use crate::ipam::{Cidr, Occupant, Reader, State, Terms};

/// The time that a request by size waits for requests by CIDR, in a pool that is planned with it.
const PATIENCE: Duration = Duration::from_millis(50);

/// The time of the first request by size in each pool that is only planned.
#[derive(Default)]
pub(super) struct ExplicitFirst(Mutex<HashMap<String, Instant>>);

impl Local {
    /// The name by which a new object is sorted among those that are planned at the same time: requests by CIDR come
    /// before requests by size in `pool_id`. In a pool that is itself only planned, the first requests by size wait a
    /// moment for the others.
    pub(super) fn turn(&self, name: &str, pool_id: Option<&str>, terms: &Terms) -> String {
        let Some(pool_id) = pool_id else { return format!("0 {name}") };
        let is_planned = |reader: &mut Reader<'_>| {
            let pool = reader.get_pool(pool_id)?;
            Ok(pool.is_some_and(|pool| pool.meta.state == State::Planned))
        };
        if !terms.committing && self.read(is_planned).unwrap_or(false) {
            let since = {
                let mut first = self.explicit_first.0.lock().unwrap_or_else(PoisonError::into_inner);
                *first.entry(pool_id.to_owned()).or_insert_with(Instant::now)
            };
            thread::sleep(PATIENCE.saturating_sub(since.elapsed()));
        }
        format!("1 {name}")
    }

    /// Marks the holds of this owner that were placed by size and are in the way of a block requested by CIDR: they
    /// move elsewhere at the next plan. This is best effort, because the plan has failed already.
    pub(super) fn mark_in_the_way(&self, name: &str, wished: Cidr, with: &[Occupant]) {
        let owner = &self.author().actor.owner;
        let own = with.iter().filter(|occupant| occupant.state == State::Planned && occupant.owner == *owner);
        let ids: Vec<String> = own.map(|occupant| occupant.id.clone()).collect();
        if ids.is_empty() {
            return;
        }
        if let Err(error) = self.write(name, move |ledger| ledger.mark_in_the_way(&ids, wished)) {
            tracing::debug!(?error, place = self.describe(), "not marked");
        }
    }
}
