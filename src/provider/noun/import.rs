//! Imports: the one object that the ID of an import names.

use crate::backend::{Holdable, Ipam};
use crate::ipam::{Error, Meta, State};
use crate::provider::errors;
use crate::tf::{Diagnostic, Diagnostics, Path};

/// The ID of an import without the Region at its end, which hashicorp/aws accepts (`ipam-pool-1@eu-west-1`): IDs are
/// unique in all Regions. On a self-managed store, names may contain any text.
pub(super) fn without_region<'a>(ipam: &dyn Ipam, id: &'a str) -> &'a str {
    let is_region = |text: &str| {
        let is_part =
            |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        text.ends_with(|c: char| c.is_ascii_digit()) && text.matches('-').count() >= 2 && text.split('-').all(is_part)
    };
    match id.rsplit_once('@') {
        Some((own, region)) if ipam.service().is_some() && own.contains("ipam-") && is_region(region) => own,
        _ => id,
    }
}

/// Only an object that exists can be imported: a hold disappears when it expires.
///
/// # Errors
/// For a hold.
pub(in crate::provider) fn check_import(what: &str, meta: &Meta) -> Result<(), Diagnostics> {
    if meta.state == State::Active {
        return Ok(());
    }
    let detail = format!(
        "{} ({}) is only held for a plan of {}. Import it after that plan is applied, or plan it here under another \
         name.",
        meta.name, meta.id, meta.owner
    );
    Err(Diagnostic::error(format!("This {what} does not exist yet"), detail).into())
}

/// The one object among those that `id` may mean. `forms` says what an import may name.
///
/// # Errors
/// When there is none, or more than one.
pub(super) fn only<N: Holdable>(id: &str, forms: &str, found: Result<Vec<N>, Error>) -> Result<N, Diagnostics> {
    let mut found = found.map_err(|error| errors::at(&error, Path::root()))?;
    match found.len() {
        0 => {
            let (what, detail) = (N::WORD, format!("This store has no {} {id:?}. Import by {forms}.", N::WORD));
            Err(Diagnostic::error(format!("No such {what}"), detail).into())
        }
        1 => Ok(found.remove(0)),
        _ => Err(several(id, &found)),
    }
}

fn several<N: Holdable>(id: &str, found: &[N]) -> Diagnostics {
    let candidates: Vec<_> = found.iter().map(|one| one.meta().id.as_str()).collect();
    let detail = format!(
        "{id:?} matches several {}s: {}. Import by one of these ids, or by a longer path.",
        N::WORD,
        candidates.join(", ")
    );
    Diagnostic::error(format!("More than one such {}", N::WORD), detail).into()
}
