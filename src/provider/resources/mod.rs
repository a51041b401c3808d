//! The managed resources, one file each.

mod agreement;
mod allocation;
mod allocation_size;
mod missing;
mod others;
mod pool;
mod pool_change;
mod pool_cidr;
mod pool_sizes;
mod pool_special;
pub(super) mod proof;
mod replaced;
mod scope;

pub(super) use allocation::AllocationResource;
pub(super) use pool::PoolResource;
pub(super) use pool_cidr::PoolCidrResource;
pub(super) use scope::ScopeResource;

use std::collections::BTreeSet;
use std::time::Duration;

use crate::backend::Ipam;
use crate::ipam::{Cidr, Error, Family, Meta, State};
use crate::tf::{Diagnostic, Diagnostics, Path, Private, Stop, Tf};
use crate::{at, model};

use super::attributes::HumanDuration;
use super::shared::Shared;
use super::{create, errors, hand_over, rename};

model! {
    /// Time capabilities for operations. Within its limit, an operation retries while other clients keep the store busy, and
    /// waits until AWS has finished. Each value is a duration such as `30s`, `10m` or `1h30m`.
    pub(crate) struct Timeouts {
        /// Time limit for creating. Default: `5m`, unless this page names another default.
        create: HumanDuration => optional(),
        /// Time limit for changing. Default: `5m`, unless this page names another default.
        update: HumanDuration => optional(),
        /// Time limit for deleting. Default: `5m`, unless this page names another default.
        delete: HumanDuration => optional(),
    }
}

pub(super) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(300);

/// The time limit from `timeouts`, or its default.
fn timeout(timeouts: &Tf<Timeouts>, which: impl Fn(&Timeouts) -> &Tf<HumanDuration>) -> Duration {
    timeout_or(timeouts, which, DEFAULT_TIMEOUT)
}

/// The time limit from `timeouts`, or `usual` for an operation with another default.
fn timeout_or(timeouts: &Tf<Timeouts>, which: impl Fn(&Timeouts) -> &Tf<HumanDuration>, usual: Duration) -> Duration {
    timeouts.get().and_then(|timeouts| which(timeouts).get()).map_or(usual, |duration| duration.0)
}

/// Checks a name. Objects are found again by their names, so a name must not be empty, and paths must be readable.
pub(super) fn check_name(name: &Tf<String>, at: Path, may_hold_slash: bool) -> Option<Diagnostic> {
    let name = name.get()?;
    let why = if name.trim().is_empty() {
        "The name is empty."
    } else if name.trim() != name {
        "The name begins or ends with white space."
    } else if name.chars().count() > 255 {
        "The name has more than 255 characters."
    } else if name.chars().any(char::is_control) {
        "The name contains a control character."
    } else if name.contains('/') && !may_hold_slash {
        "The name contains a slash, which separates the names in a path such as \"top/eu-west-1\"."
    } else {
        return None;
    };
    Some(Diagnostic::error("Invalid name", why).at(at))
}

/// Terraform read a state that contains this object.
fn state_loaded(shared: &Shared, state: &serde_json::Value) {
    if let Some(id) = state.get("id").and_then(serde_json::Value::as_str) {
        shared.session.seen_in_state(id);
    }
}

/// Terraform plans an object that exists. Unless the object is replaced or renamed, it keeps its name.
fn keep(
    shared: &Shared,
    private: &mut Private,
    id: &Tf<String>,
    (before, planned): (&Tf<String>, &Tf<String>),
    at: Path,
    stays: bool,
) -> Result<(), Diagnostics> {
    let Some(id) = id.get() else { return Ok(()) };
    create::remember_replaced(private, id);
    if !stays {
        shared.session.goes(id);
    }
    if stays && !shared.session.keep(id, before != planned) {
        return Err(create::name_claimed(before.get().map_or("", String::as_str)).at(at).into());
    }
    if !stays || before != planned {
        hand_over::give_up(shared, id);
    }
    Ok(())
}

/// A refresh has read the object, so it is in a state. Best effort, because a plan may have no permission to write.
fn confirm(shared: &Shared, meta: &Meta) -> Result<(), Diagnostics> {
    shared.session.refreshed();
    if !meta.confirmed
        && let Err(error) = shared.ipam()?.confirm(&meta.id)
    {
        tracing::debug!(id = meta.id, ?error, "not confirmed");
    }
    if shared.session.is_adopted(&meta.id) {
        return Err(create::adopted_too_early(meta).into());
    }
    Ok(())
}

/// Only an object that exists can be imported: a hold disappears when it expires.
fn check_import(what: &str, meta: &Meta) -> Result<(), Diagnostics> {
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

/// Renames the object, together with the other changes: see [`rename::carry_out`].
fn carry_out<T>(
    shared: &Shared,
    before: &rename::Before<'_>,
    name: &str,
    (timeout, stop): (Duration, &Stop),
    change: impl Fn(&str) -> Result<T, Error>,
) -> Result<T, (Error, Option<T>)> {
    rename::carry_out(before, name, (timeout, shared.sibling_wait), stop, change)
}

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

fn no_such_import(what: &str, id: &str, forms: &str) -> Diagnostics {
    Diagnostic::error(format!("No such {what}"), format!("This store has no {what} {id:?}. Import by {forms}.")).into()
}

/// The ID from the service. The ID of this provider may end with the ID of the pool.
fn own_id(id: &str) -> String {
    id.split_once('_').map_or(id, |(own, _)| own).to_owned()
}

/// An ID that a plan must have shown.
fn id_of(id: &Tf<String>) -> Result<&String, Diagnostics> {
    id.known(at!(IdModel, id))
}

model! {
    /// The attributes that every object has.
    struct IdModel {
        /// ID of the object.
        id: String => computed(),
    }
}

/// Refuses a block that is not of this family; `whose` is the subject of the sentence, with a verb.
pub(super) fn other_family(blocks: Option<&BTreeSet<Cidr>>, family: Family, whose: &str) -> Option<Diagnostic> {
    let other = blocks?.iter().find(|block| block.family() != family)?;
    let detail = format!("{other} is {}, and {whose} {family}, so it has no effect. Remove it.", other.family());
    Some(Diagnostic::error("Blocks of another address family", detail))
}

/// Checks that a netmask length is within the bits of the address family.
fn check_length(length: &Tf<u8>, family: Option<Family>, at: Path) -> Option<Diagnostic> {
    let length = *length.get()?;
    let bits = family.map_or(128, Family::bits);
    let which = family.map_or_else(String::new, |family| format!(" for {family}"));
    (length > bits).then(|| {
        Diagnostic::error(
            "Netmask length out of range",
            format!("{length} is not a netmask length{which}: netmask lengths are 0 to {bits}."),
        )
        .at(at)
    })
}

fn several(what: &str, id: &str, found: &[&Meta]) -> Diagnostics {
    let candidates: Vec<_> = found.iter().map(|meta| meta.id.as_str()).collect();
    let detail = format!(
        "{id:?} matches several {what}s: {}. Import by one of these ids, or by a longer path.",
        candidates.join(", ")
    );
    Diagnostic::error(format!("More than one such {what}"), detail).into()
}

/// The one object that an import names.
fn only<T>(
    (what, id, forms): (&str, &str, &str),
    found: Result<Vec<T>, Error>,
    meta: impl Fn(&T) -> &Meta,
) -> Result<T, Diagnostics> {
    let mut found = found.map_err(|error| errors::at(&error, Path::root()))?;
    match found.len() {
        0 => Err(no_such_import(what, id, forms)),
        1 => Ok(found.remove(0)),
        _ => Err(several(what, id, &found.iter().map(meta).collect::<Vec<_>>())),
    }
}
