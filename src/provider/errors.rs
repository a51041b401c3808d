//! What the rules say, in the user's words.

use crate::ipam::Error;
use crate::tf::Diagnostic;

/// The error as a message; the caller adds the path.
pub(super) fn explain(error: &Error) -> Diagnostic {
    match error {
        Error::Store(store) => Diagnostic::error("The store failed", store.to_string()),
        other => Diagnostic::error("The request was refused", format!("{other:?}")),
    }
}
