//! Converts errors of the core into messages on the attribute that the user has to edit.

use crate::backend::explain as sentences;
use crate::ipam::Error;
use crate::tf::{Diagnostic, Diagnostics, Path};

/// The message, without a path.
pub(super) fn explain(error: &Error) -> Diagnostic {
    let explanation = sentences(error);
    Diagnostic::error(explanation.summary, explanation.detail)
}

/// The message at a path.
pub(super) fn at(error: &Error, path: Path) -> Diagnostics {
    explain(error).at(path).into()
}
