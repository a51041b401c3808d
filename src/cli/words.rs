//! Words that several commands share.

use jiff::Timestamp;

pub(super) use crate::backend::explain::count;
use crate::backend::explain::time;
use crate::ipam::{Meta, State};

/// A remark about an object that is not simply active.
pub(super) fn state_remark(meta: &Meta, now: Timestamp) -> Option<String> {
    match (meta.state, meta.hold_expires_at) {
        (State::Active, _) => None,
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
