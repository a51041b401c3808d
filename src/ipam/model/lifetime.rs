//! What is said of the end of an allocation: when its loan is over, and whether it may be released at all.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The end of an allocation, as the caller chooses it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifetime {
    /// An end of the allocation; `None`: it is permanent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loan: Option<Loan>,
    /// Whether every release of the allocation is refused.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub prevent_release: bool,
}

/// The end of an allocation that is only lent. When it is over, `gc` releases the allocation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loan {
    /// The length in milliseconds, counted from the apply; `None`: the loan ends at a given time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_ms: Option<u64>,
    /// The end. `None` in a request and in a hold: the apply counts from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

impl Lifetime {
    /// Whether nothing is said, so that a record does not contain it.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The end of the loan, if there is one and it is known.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.loan.and_then(|loan| loan.expires_at)
    }

    /// The same, as it is from an apply at `now` on: the end of a loan that counts from the apply is fixed.
    #[must_use]
    pub fn begun(mut self, now: Timestamp) -> Self {
        if let Some(Loan { ttl_ms: Some(ttl), expires_at: expires_at @ None }) = &mut self.loan {
            let length = SignedDuration::from_millis(i64::try_from(*ttl).unwrap_or(i64::MAX));
            *expires_at = Some(now.saturating_add(length).unwrap_or(Timestamp::MAX));
        }
        self
    }
}

impl Loan {
    /// A loan of this length from the apply on.
    pub const fn lasting(ttl_ms: u64) -> Self {
        Self { ttl_ms: Some(ttl_ms), expires_at: None }
    }

    /// A loan until this time.
    pub const fn until(expires_at: Timestamp) -> Self {
        Self { ttl_ms: None, expires_at: Some(expires_at) }
    }
}
