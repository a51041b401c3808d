//! Words that several commands share.

use jiff::Timestamp;

use crate::backend::explain::time;
use crate::ipam::{Meta, State};

/// A number of things.
pub(super) fn count(number: u64, word: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {word}{plural}")
}

/// A remark about an object that is not simply active.
pub(super) fn state_remark(meta: &Meta, now: Timestamp) -> Option<String> {
    match (meta.state, meta.hold_expires_at) {
        (State::Active, _) => None,
        (State::Planned, Some(expiry)) if expiry > now && meta.is_lease => {
            Some(format!("leased until {}", time(expiry)))
        }
        (State::Planned, Some(expiry)) if expiry > now => Some(format!("planned, held until {}", time(expiry))),
        (State::Planned, Some(expiry)) => Some(format!("planned, hold expired {}", time(expiry))),
        (State::Planned, None) => Some("planned".to_owned()),
        (State::Lapsed, _) => Some("lapsed".to_owned()),
    }
}
