//! The request for a report.

use jiff::Timestamp;

/// The subject of a report. A field that is `None` does not narrow it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// Only this scope.
    pub scope_id: Option<String>,
    /// Only this pool and those below it.
    pub pool_id: Option<String>,
    /// The start of trends and events; thirty days ago by default. The start is never before the beginning of the
    /// history that the store still has.
    pub since: Option<Timestamp>,
}
