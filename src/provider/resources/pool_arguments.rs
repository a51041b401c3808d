//! The arguments that say where an allocation comes from: one pool, a list of pools, or the pools that match a selector.

use std::collections::BTreeSet;

use crate::ipam::{Candidates, Cidr, Error, Family, LISTED_MAX, OnlySelfManaged, PoolSelector, Tags, Unsupported};
use crate::model;
use crate::tf::{Diagnostic, Diagnostics, Path, Tf};

use super::super::errors;
use super::super::shared::Configured;

model! {
    /// Properties of the pools that an allocation may come from. At least one of `tags` and `locale` is set.
    pub(crate) struct SelectorModel {
        /// Map of tags. A pool must have all of these tags, with the same values.
        tags: Tags => optional(),
        /// Region or site. A pool must have this locale.
        locale: String => optional(),
        /// Address family: `ipv4` or `ipv6`. If there are matching pools of both families, it must be set.
        address_family: Family => optional(),
        /// ID of the scope that contains the pools. Default: pools of all scopes.
        ipam_scope_id: String => optional(),
    }
}

impl SelectorModel {
    /// The selector; `None` while a part of it is unknown.
    pub(super) fn selector(&self) -> Option<PoolSelector> {
        let is_unknown = self.tags.is_unknown()
            || self.locale.is_unknown()
            || self.address_family.is_unknown()
            || self.ipam_scope_id.is_unknown();
        (!is_unknown).then(|| PoolSelector {
            tags: self.tags.cloned().unwrap_or_default(),
            locale: self.locale.cloned(),
            address_family: self.address_family.cloned(),
            scope_id: self.ipam_scope_id.cloned(),
        })
    }

    fn has_no_condition(&self) -> bool {
        let has_no_tags = self.tags.is_null() || self.tags.get().is_some_and(Tags::is_empty);
        has_no_tags && self.locale.is_null()
    }
}

/// The arguments of one resource.
pub(super) struct PoolArguments<'a> {
    pub(super) pool_id: &'a Tf<String>,
    pub(super) pool_ids: &'a Tf<Vec<String>>,
    pub(super) selector: &'a Tf<SelectorModel>,
}

const POOL_ID: &str = "ipam_pool_id";
const POOL_IDS: &str = "ipam_pool_ids";
const SELECTOR: &str = "pool_selector";

impl PoolArguments<'_> {
    /// The pool, or the pools to choose from; `None` while that is unknown. The pool is empty while it is to be chosen.
    pub(super) fn pools(&self) -> Option<(String, Option<Candidates>)> {
        let candidates = match (self.pool_ids, self.selector) {
            (Tf::Known(ids), _) => Some(Candidates::Listed(ids.clone())),
            (_, Tf::Known(selector)) => selector.selector().map(Candidates::Matching),
            _ => None,
        };
        match (self.pool_id.cloned(), candidates) {
            (Some(pool_id), candidates) => Some((pool_id, candidates)),
            (None, Some(candidates)) => Some((String::new(), Some(candidates))),
            (None, None) => None,
        }
    }

    /// The argument that says where the allocation comes from.
    pub(super) fn at(&self) -> Path {
        Path::attribute(if !self.pool_ids.is_null() {
            POOL_IDS
        } else if !self.selector.is_null() {
            SELECTOR
        } else {
            POOL_ID
        })
    }

    /// The mistakes in the arguments. An unknown argument may turn out to be null.
    pub(super) fn check(&self) -> Diagnostics {
        let ways = [
            (POOL_ID, self.pool_id.is_known(), self.pool_id.is_null()),
            (POOL_IDS, self.pool_ids.is_known(), self.pool_ids.is_null()),
            (SELECTOR, self.selector.is_known(), self.selector.is_null()),
        ];
        if ways.iter().all(|(_, _, is_null)| *is_null) {
            let detail = "The configuration does not say which pool the CIDR comes from. Set one of `ipam_pool_id`, \
                          `ipam_pool_ids` and `pool_selector`.";
            return Diagnostic::error("No pool given", detail).at(Path::attribute(POOL_ID)).into();
        }
        let mut diagnostics = Diagnostics::new();
        let mut given = ways.iter().filter(|(_, is_known, _)| *is_known).map(|(name, ..)| name);
        if let Some(first) = given.next() {
            diagnostics.extend(given.map(|extra| {
                let detail = format!(
                    "`{first}` and `{extra}` each say which pool the CIDR comes from. Keep one of the two arguments."
                );
                Diagnostic::error("Conflicting arguments", detail).at(Path::attribute(extra))
            }));
        }
        diagnostics.extend(self.pool_ids.get().and_then(|ids| check_list(ids)));
        if self.selector.get().is_some_and(SelectorModel::has_no_condition) {
            let detail = "Without tags and without a locale, the selector would match every pool of the store. Set `tags` or \
                          `locale` in it.";
            diagnostics.push(Diagnostic::error("The selector has no condition", detail).at(Path::attribute(SELECTOR)));
        }
        diagnostics
    }

    /// Refuses what only self-managed stores can do. `preferred`: the argument `preferred_cidr`, and its place.
    ///
    /// # Errors
    /// At the argument.
    pub(super) fn check_store(
        &self,
        configured: &Configured,
        (preferred, preferred_at): (&Tf<Cidr>, Path),
    ) -> Result<(), Diagnostics> {
        if configured.ipam.service().is_none() {
            return Ok(());
        }
        let refused = |what, at| {
            let what = Unsupported::OnlySelfManaged(what);
            Err(errors::at(&Error::Unsupported { what }, at))
        };
        if !self.pool_ids.is_null() || !self.selector.is_null() {
            return refused(OnlySelfManaged::PoolChoice, self.at());
        }
        if !preferred.is_null() {
            return refused(OnlySelfManaged::PreferredCidr, preferred_at);
        }
        Ok(())
    }

    /// The family of the pools, as far as it is known before a pool is chosen.
    ///
    /// # Errors
    /// Those of reading a pool, at the argument.
    pub(super) fn family(&self, configured: &Configured) -> Result<Option<Family>, Diagnostics> {
        let first = self.pool_id.get().or_else(|| self.pool_ids.get()?.first());
        let Some(first) = first else {
            return Ok(self.selector.get().and_then(|selector| selector.address_family.cloned()));
        };
        let pool = configured.ipam.get_pool(first).map_err(|error| errors::at(&error, self.at()))?;
        Ok(pool.map(|pool| pool.address_family))
    }
}

fn check_list(ids: &[String]) -> Option<Diagnostic> {
    let here = Path::attribute(POOL_IDS);
    if ids.is_empty() {
        let detail =
            "`ipam_pool_ids` is empty, so there is no pool that the CIDR could come from. Name at least one pool.";
        return Some(Diagnostic::error("The list has no pools", detail).at(here));
    }
    if ids.len() > LISTED_MAX {
        let detail = format!("`ipam_pool_ids` has {} pools, and can have at most {LISTED_MAX}.", ids.len());
        return Some(Diagnostic::error("The list has too many pools", detail).at(here));
    }
    let mut seen = BTreeSet::new();
    let (index, twice) = ids.iter().enumerate().find(|(_, id)| !seen.insert(*id))?;
    let detail = format!("`ipam_pool_ids` has the pool {twice:?} more than once. Name each pool once.");
    Some(Diagnostic::error("A pool is listed twice", detail).at(here.index(index)))
}
