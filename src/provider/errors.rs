//! From the core's facts to a message on the attribute to edit.

use crate::backend::explain as sentences;
use crate::ipam::Error;
use crate::tf::{Diagnostic, Diagnostics, Path};

/// The message, without a place yet.
pub(super) fn explain(error: &Error) -> Diagnostic {
    let explanation = sentences(error);
    Diagnostic::error(explanation.summary, explanation.detail)
}

/// The message at a place.
pub(super) fn at(error: &Error, path: Path) -> Diagnostics {
    explain(error).at(path).into()
}
