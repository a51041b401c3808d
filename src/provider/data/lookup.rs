//! Look-ups of one object: which arguments a configuration may combine, and the errors when it names no object or
//! several.

use crate::backend::Ipam;
use crate::ipam::{Error, Kind, Meta, Pool};
use crate::tf::{Diagnostic, Diagnostics, Path, Tf};

use super::super::errors;

/// Maximum number of candidates in a message.
const CANDIDATES_MAX: usize = 10;

/// An argument, and whether the user set it: `None` while that is not known.
pub(super) struct Argument {
    path: Path,
    given: Option<bool>,
}

impl Argument {
    pub(super) fn new<T>(path: Path, field: &Tf<T>) -> Self {
        let given = (!field.is_unknown()).then(|| field.is_known());
        Self { path, given }
    }

    fn is_given(&self) -> bool {
        self.given == Some(true)
    }

    fn is_missing(&self) -> bool {
        self.given == Some(false)
    }
}

/// An [`Argument`] from a model.
macro_rules! argument {
    ($Model:ty, $config:expr, $field:ident) => {
        $crate::provider::data::lookup::Argument::new($crate::at!($Model, $field), &$config.$field)
    };
}
pub(super) use argument;

fn listed(arguments: &[Argument]) -> String {
    arguments.iter().map(|argument| argument.path.to_string()).collect::<Vec<_>>().join(", ")
}

/// Checks that exactly one of `ways` is set. Unknown arguments may be set or not.
pub(super) fn exactly_one(kind: Kind, ways: &[Argument]) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    let mut given = ways.iter().filter(|way| way.is_given());
    if let Some(first) = given.next() {
        for extra in given {
            diagnostics.push(
                Diagnostic::error(
                    "Contradicting look-ups",
                    format!(
                        "{} and {} each say which {} to read. Keep one of them.",
                        first.path,
                        extra.path,
                        kind.word()
                    ),
                )
                .at(extra.path.clone()),
            );
        }
    } else if let Some(first) = ways.first()
        && ways.iter().all(Argument::is_missing)
    {
        diagnostics.push(
            Diagnostic::error(
                "Missing look-up",
                format!("The configuration does not say which {} to read. Set one of: {}.", kind.word(), listed(ways)),
            )
            .at(first.path.clone()),
        );
    }
    diagnostics
}

/// Checks that at most one of `ways` is set, and that something says what to read: one of them, or one of `properties`.
pub(super) fn at_most_one_of(kind: Kind, ways: &[Argument], properties: &[Argument]) -> Diagnostics {
    if ways.iter().all(Argument::is_missing) {
        if !properties.iter().all(Argument::is_missing) {
            return Diagnostics::new();
        }
        let here = ways.first().map_or_else(Path::root, |first| first.path.clone());
        let detail = format!(
            "The configuration does not say which {} to read. Set one of: {}, {}.",
            kind.word(),
            listed(ways),
            listed(properties)
        );
        return Diagnostic::error("Missing look-up", detail).at(here).into();
    }
    exactly_one(kind, ways)
}

/// Checks that `argument` is set only together with one of `companions`. Reports nothing if `exactly_one` already does.
pub(super) fn only_beside(argument: &Argument, companions: &[Argument], others: &[Argument]) -> Diagnostics {
    let contradicted = others.iter().find(|other| other.is_given());
    match contradicted {
        Some(other) if argument.is_given() && companions.iter().all(Argument::is_missing) => Diagnostic::error(
            "Contradicting look-ups",
            format!(
                "{} can be set only together with {}, and {} already says what to read. Remove one of the two.",
                argument.path,
                listed(companions),
                other.path
            ),
        )
        .at(argument.path.clone())
        .into(),
        _ => Diagnostics::new(),
    }
}

/// Checks that `needed` is set together with any of `arguments`.
pub(super) fn needs(arguments: &[Argument], needed: &Argument, why: &str) -> Diagnostics {
    match arguments.iter().find(|argument| argument.is_given()) {
        Some(argument) if needed.is_missing() => Diagnostic::error(
            format!("Missing {}", needed.path),
            format!("{} requires {}: {why}.", argument.path, needed.path),
        )
        .at(needed.path.clone())
        .into(),
        _ => Diagnostics::new(),
    }
}

/// No object has this ID.
pub(super) fn no_such_id(kind: Kind, id: &str, at: Path) -> Diagnostics {
    let mut detail = format!("There is no {} with id {id:?} in this store. It may have been deleted.", kind.word());
    match kind_of(id) {
        Some(other) if other != kind => {
            detail = format!("{id:?} is the id of {}. The id of {} is needed here.", one(other), one(kind));
        }
        None => {
            detail = format!("{id:?} is not the id of {}, which starts with {:?}.", one(kind), kind.id_prefix());
        }
        Some(_) => {}
    }
    no_such(kind, detail, at)
}

fn one(kind: Kind) -> String {
    format!("{} {}", if kind == Kind::Allocation { "an" } else { "a" }, kind.word())
}

/// No object matches; `detail` names the requested object.
pub(super) fn no_such(kind: Kind, detail: impl Into<String>, at: Path) -> Diagnostics {
    Diagnostic::error(format!("No such {}", kind.word()), detail).at(at).into()
}

/// The kind of object that has IDs of this form.
fn kind_of(id: &str) -> Option<Kind> {
    // Longer prefixes first: IDs of allocations begin like IDs of pools.
    [Kind::Allocation, Kind::PoolCidr, Kind::Scope, Kind::Pool]
        .into_iter()
        .find(|kind| id.starts_with(kind.id_prefix()))
}

/// Several objects match: lists each of them on a line, with advice for the configuration.
pub(super) fn ambiguous(kind: Kind, candidates: &[String], advice: &str, at: Path) -> Diagnostics {
    Diagnostic::error(
        format!("More than one {} matches", kind.word()),
        format!("{} match:\n{}\n{advice}", candidates.len(), lines(candidates)),
    )
    .at(at)
    .into()
}

/// The first candidates, one on each line, and the number of the others.
pub(super) fn lines(candidates: &[String]) -> String {
    let mut lines: Vec<_> =
        candidates.iter().take(CANDIDATES_MAX).map(|candidate| format!("  - {candidate}")).collect();
    if candidates.len() > CANDIDATES_MAX {
        lines.push(format!("  - and {} more", candidates.len() - CANDIDATES_MAX));
    }
    lines.join("\n")
}

/// Only a hold matches, and the configuration does not ask for holds.
pub(super) fn only_planned(kind: Kind, meta: &Meta, at: Path) -> Diagnostics {
    no_such(
        kind,
        format!(
            "The only match, {} ({}), is {} and not applied yet. Apply that first, or set include_planned = true to \
             read it as it is planned.",
            meta.name,
            meta.id,
            planned_by(meta)
        ),
        at,
    )
}

/// The owner of the plan, and the time at which its hold expires.
pub(super) fn planned_by(meta: &Meta) -> String {
    let until = meta.hold_expires_at.map(|time| format!(" (held until {time:.0})")).unwrap_or_default();
    format!("planned by {:?}{until}", meta.owner)
}

/// The error of the backend as a message at the attribute to edit.
pub(in crate::provider) fn explained(path: Path) -> impl FnOnce(Error) -> Diagnostics {
    move |error| errors::at(&error, path)
}

pub(super) fn is_true(field: &Tf<bool>) -> bool {
    field.get().copied().unwrap_or(false)
}

/// The pool with this ID, planned or not.
pub(in crate::provider) fn pool(ipam: &dyn Ipam, id: &str, path: Path) -> Result<Pool, Diagnostics> {
    ipam.get_pool(id).map_err(explained(path.clone()))?.ok_or_else(|| no_such_id(Kind::Pool, id, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ways(given: &[Option<bool>]) -> Vec<Argument> {
        let names = ["id", "name", "path"];
        given.iter().zip(names).map(|(&given, name)| Argument { path: Path::attribute(name), given }).collect()
    }

    fn messages_of(diagnostics: &Diagnostics) -> Vec<(String, String)> {
        diagnostics.iter().map(|one| (one.path.to_string(), one.summary.clone())).collect()
    }

    #[test]
    fn exactly_one_lookup_is_needed_and_an_unknown_argument_may_be_it() {
        const YES: Option<bool> = Some(true);
        const NO: Option<bool> = Some(false);
        for (given, expected) in [
            ([NO, NO, NO], vec![("id", "Missing look-up")]),
            ([NO, None, NO], vec![]),
            ([None, None, None], vec![]),
            ([YES, NO, NO], vec![]),
            ([NO, NO, YES], vec![]),
            ([YES, None, NO], vec![]),
            ([YES, YES, NO], vec![("name", "Contradicting look-ups")]),
            ([YES, YES, YES], vec![("name", "Contradicting look-ups"), ("path", "Contradicting look-ups")]),
            ([None, YES, YES], vec![("path", "Contradicting look-ups")]),
        ] {
            let expected: Vec<_> =
                expected.into_iter().map(|(path, summary)| (path.to_owned(), summary.to_owned())).collect();
            assert_eq!(messages_of(&exactly_one(Kind::Pool, &ways(&given))), expected, "{given:?}");
        }
    }

    #[test]
    fn an_argument_of_another_lookup_is_refused_next_to_this_one() {
        let narrowing = |given| Argument { path: Path::attribute("ipam_scope_id"), given };
        for (given, companion, other, refused) in [
            (Some(true), Some(false), Some(true), true),
            (Some(true), Some(true), Some(false), false),
            (Some(true), None, Some(true), false),
            (None, Some(false), Some(true), false),
            (Some(false), Some(false), Some(true), false),
            // No argument is set. Another check reports that.
            (Some(true), Some(false), Some(false), false),
        ] {
            let diagnostics = only_beside(&narrowing(given), &ways(&[companion]), &ways(&[other]));
            assert_eq!(diagnostics.has_error(), refused, "{given:?} {companion:?} {other:?}");
        }
    }

    #[test]
    fn a_missing_companion_is_reported_at_the_companion() {
        let pool = |given| Argument { path: Path::attribute("ipam_pool_id"), given };
        let why = "names are unique in a pool only";
        assert_eq!(
            messages_of(&needs(&ways(&[Some(false), Some(true)]), &pool(Some(false)), why)),
            [("ipam_pool_id".to_owned(), "Missing ipam_pool_id".to_owned())]
        );
        assert!(needs(&ways(&[Some(true)]), &pool(None), why).is_empty());
        assert!(needs(&ways(&[None]), &pool(Some(false)), why).is_empty());
    }

    #[test]
    fn an_id_of_another_kind_is_reported_with_that_kind() {
        for (id, says) in [
            ("ipam-pool-1", "There is no pool with id"),
            ("ipam-pool-alloc-1", "is the id of an allocation"),
            ("ipam-pool-cidr-1", "is the id of a pool CIDR"),
            ("ipam-scope-1", "is the id of a scope"),
            ("prod", "which starts with \"ipam-pool-\""),
        ] {
            let diagnostics = no_such_id(Kind::Pool, id, Path::attribute("id"));
            let detail = &diagnostics.iter().next().unwrap().detail;
            assert!(detail.contains(says), "{detail}");
        }
    }

    #[test]
    fn long_lists_of_candidates_are_cut() {
        let candidates: Vec<_> = (0..13).map(|number| format!("pool {number}")).collect();
        let text = lines(&candidates);
        assert_eq!(text.lines().count(), CANDIDATES_MAX + 1);
        assert!(text.ends_with("and 3 more"), "{text}");
    }
}
