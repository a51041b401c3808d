//! An object that the state contains and the store does not, with `on_missing = "restore"` in the provider block: the
//! store was restored from a backup that is older than the state.

use crate::backend::{Holdable, explain};
use crate::ipam::{Error, Kind, Missing, State};
use crate::store;
use crate::tf::{Diagnostic, Diagnostics, Path, Tf};

use super::super::errors;
use super::super::on_missing::OnMissing;
use super::super::shared::{Configured, Shared};

/// The result of a search in a refresh.
pub(in crate::provider) enum Found<T> {
    /// The object as it is.
    Here(T),
    /// The object does not exist.
    Gone,
    /// The object cannot be restored now: the state stays as it is.
    Stays,
}

/// An object of a state.
pub(in crate::provider) struct Lost<'a> {
    kind: Kind,
    id: &'a str,
    name: &'a str,
    owner: &'a str,
    /// How the object is created again. `None` while the state does not contain enough, and for an object that is not
    /// created on its own.
    missing: Option<Missing>,
}

impl<'a> Lost<'a> {
    pub(in crate::provider) fn new(
        kind: Kind,
        id: &'a str,
        name: &'a Tf<String>,
        owner: &'a Tf<String>,
        missing: Option<Missing>,
    ) -> Self {
        let text = |value: &'a Tf<String>| value.get().map_or("", String::as_str);
        Self { kind, id, name: text(name), owner: text(owner), missing }
    }

    fn warning(&self, what: &str, detail: &str) -> Diagnostic {
        let word = self.kind.word();
        let is_missing =
            format!("The Terraform state has {word} {:?} ({}), but the store does not.", self.name, self.id);
        Diagnostic::warning(format!("The {word} {:?} {what}", self.name), format!("{is_missing} {detail}"))
    }
}

/// Looks for an object by `get`, and restores it if it is missing and the provider block allows that.
///
/// # Errors
/// When the search fails.
pub(in crate::provider) fn find<N: Holdable>(
    (shared, configured): (&Shared, &Configured),
    lost: &Lost<'_>,
    get: impl Fn() -> Result<Option<N>, Error>,
    warnings: &mut Diagnostics,
) -> Result<Found<N>, Diagnostics> {
    let tell = |error: Error| errors::at(&error, Path::root());
    let found = get().map_err(tell)?;
    let missing = match (&lost.missing, configured.on_missing) {
        (Some(missing), OnMissing::Restore) => missing,
        _ => return Ok(found.map_or(Found::Gone, Found::Here)),
    };
    // A hold with this ID: the backup was made between plan and apply.
    if let Some(found) = found.filter(|found| found.meta().state == State::Active) {
        return Ok(Found::Here(found));
    }
    if configured.ipam.owner() != Some(lost.owner) {
        let why =
            format!("It belonged to owner {:?}, and only the configuration of that owner restores it.", lost.owner);
        warnings.push(lost.warning("is not in the store", &why));
        return Ok(Found::Gone);
    }
    match configured.ipam.holds().map_or(Ok(false), |holds| holds.restore(lost.id, missing)) {
        Ok(true) => {
            let why = "The provider block has `on_missing = \"restore\"`, the space is free, and no event shows that \
                       the object was released. The object is in the store again, with the same id and block.";
            warnings.push(lost.warning("was restored", why));
            Ok(get().map_err(tell)?.map_or(Found::Gone, Found::Here))
        }
        Ok(false) => Ok(Found::Gone),
        Err(error) if is_kept_by_rights(&error, shared, missing) => {
            shared.session.stays(lost.id);
            let why = "It can be restored, but this run can only read the store, so the state stays as it is. A plan \
                       or an apply that may write restores it.";
            warnings.push(lost.warning("is not in the store", why));
            Ok(Found::Stays)
        }
        Err(error @ Error::Store(_)) => Err(tell(error)),
        Err(error) => {
            let explanation = explain(&error);
            let why = format!(
                "It cannot be restored, so a new one is planned. {}. {}",
                explanation.summary, explanation.detail
            );
            warnings.push(lost.warning("cannot be restored", &why));
            Ok(Found::Gone)
        }
    }
}

/// Whether only the permission to write is missing: for the object itself, or for the pool or the scope that contains
/// it.
fn is_kept_by_rights(error: &Error, shared: &Shared, missing: &Missing) -> bool {
    match error {
        Error::Store(store::Error::ReadOnly(_)) => true,
        Error::NotFound { .. } => missing.container().is_some_and(|id| shared.session.is_staying(id)),
        _ => false,
    }
}
