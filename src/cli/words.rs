//! Words that several commands share.

use jiff::Timestamp;

pub(super) use crate::backend::explain::count;
use crate::backend::explain::time;
use crate::ipam::{Allocation, Meta, State};

/// [`state_remark`] of an allocation, which may have an end.
pub(super) fn allocation_remark(allocation: &Allocation, now: Timestamp) -> Option<String> {
    let end = allocation.lifetime.expires_at().filter(|_| allocation.meta.state == State::Active);
    let loan = end.map(|end| if end > now { "lent until" } else { "loan over since" }.to_owned() + " " + &time(end));
    let kept = (allocation.lifetime.prevent_release).then(|| "release prevented".to_owned());
    let remarks: Vec<String> = [state_remark(&allocation.meta, now), loan, kept].into_iter().flatten().collect();
    (!remarks.is_empty()).then(|| remarks.join(", "))
}

/// A remark about an object that is not simply active.
pub(super) fn state_remark(meta: &Meta, now: Timestamp) -> Option<String> {
    match (meta.state, meta.hold_expires_at) {
        (State::Active, _) => None,
        (State::Planned, Some(end)) if meta.is_resting => {
            Some(if end > now { format!("resting until {}", time(end)) } else { "rested, free when needed".to_owned() })
        }
        (State::Planned, Some(expiry)) if expiry > now && meta.is_lease => {
            Some(format!("leased until {}", time(expiry)))
        }
        (State::Planned, Some(expiry)) if expiry > now && meta.is_reservation => {
            Some(format!("reserved until {}", time(expiry)))
        }
        (State::Planned, Some(expiry)) if expiry > now => Some(format!("planned, held until {}", time(expiry))),
        (State::Planned, Some(expiry)) => Some(format!("planned, hold expired {}", time(expiry))),
        (State::Planned, None) => Some("planned".to_owned()),
        (State::Lapsed, _) => Some("lapsed".to_owned()),
    }
}
