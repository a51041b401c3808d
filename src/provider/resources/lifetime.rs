//! The end of an allocation: `ttl`, `expires_at` and `prevent_release`.

use std::time::Duration;

use crate::at;
use crate::backend::Ipam;
use crate::backend::explain::time;
use crate::ipam::{Cidr, Error, Lifetime, Loan, OnlySelfManaged, Unsupported};
use crate::tf::{Diagnostic, Diagnostics, Path, Plan, Tf, Value};

use super::super::attributes::{HumanDuration, Time};
use super::super::errors;
use super::super::shared::Configured;
use super::allocation::AllocationModel;

impl AllocationModel {
    /// What the attributes say of the end. An end that is not known yet counts from the apply, or is added by it.
    pub(in crate::provider) fn lifetime(&self) -> Lifetime {
        let end = self.expires_at.get().map(|end| end.0);
        let ttl_ms = self.ttl.get().map(|ttl| u64::try_from(ttl.0.as_millis()).unwrap_or(u64::MAX));
        let is_lent = end.is_some() || ttl_ms.is_some();
        let loan = is_lent.then_some(Loan { ttl_ms, expires_at: end });
        Lifetime { loan, prevent_release: self.prevent_release.cloned().unwrap_or_default() }
    }

    pub(super) fn fill_lifetime(&mut self, lifetime: &Lifetime) {
        let loan = lifetime.loan.unwrap_or_default();
        self.expires_at = loan.expires_at.map(Time).into();
        self.ttl = loan.ttl_ms.map(|ttl| HumanDuration(Duration::from_millis(ttl))).into();
        if lifetime.prevent_release || !self.prevent_release.is_null() {
            self.prevent_release = lifetime.prevent_release.into();
        }
    }

    /// The errors of the arguments themselves.
    pub(super) fn check_lifetime(&self) -> Diagnostics {
        let mut diagnostics = Diagnostics::new();
        if self.ttl.get().is_some_and(|ttl| ttl.0.is_zero()) {
            let detail = "`ttl` is the time for which the allocation is needed, counted from the apply: it must be longer \
                          than zero. For a permanent allocation, leave `ttl` out.";
            diagnostics.push(Diagnostic::error("The loan would be over at once", detail).at(at!(Self, ttl)));
        }
        if let (Some(ttl), Some(end)) = (self.ttl.get(), self.expires_at.get()) {
            let detail = format!(
                "`ttl` is {ttl}, counted from the apply, and `expires_at` is {end}. A loan has one end: set only one of \
                 them."
            );
            diagnostics.push(Diagnostic::error("Conflicting arguments", detail).at(at!(Self, expires_at)));
        }
        diagnostics
    }

    /// Refuses what the store does not have.
    ///
    /// # Errors
    /// At the argument.
    pub(super) fn check_lifetime_limits(&self, configured: &Configured) -> Result<(), Diagnostics> {
        if configured.ipam.service().is_none() {
            return Ok(());
        }
        let (what, at) = if !self.ttl.is_null() {
            (OnlySelfManaged::Loans, at!(Self, ttl))
        } else if !self.expires_at.is_null() {
            (OnlySelfManaged::Loans, at!(Self, expires_at))
        } else if self.prevent_release == Tf::Known(true) {
            (OnlySelfManaged::ReleaseProtection, at!(Self, prevent_release))
        } else {
            return Ok(());
        };
        Err(errors::at(&Error::Unsupported { what: Unsupported::OnlySelfManaged(what) }, at))
    }

    /// Refuses the plan of a deletion when the state says that the allocation prevents its release.
    ///
    /// # Errors
    /// At `prevent_release`.
    pub(super) fn check_deletion(prior: &Value) -> Result<(), Diagnostics> {
        if prior.entry("prevent_release") != &Value::Bool(true) {
            return Ok(());
        }
        let text = |name: &str| match prior.entry(name) {
            Value::String(text) => Some(text.clone()),
            _ => None,
        };
        let cidr = text("cidr").and_then(|cidr| cidr.parse().ok());
        Err(protected(text("id").as_ref(), text("name").as_ref(), cidr.as_ref()))
    }

    /// The attribute that an error about the end is about.
    pub(super) fn lifetime_attribute(&self, error: &Error) -> Option<Path> {
        match error {
            Error::Protected { .. } => Some(at!(Self, prevent_release)),
            Error::LoanOver { .. } if self.ttl.is_null() => Some(at!(Self, expires_at)),
            Error::LoanOver { .. } => Some(at!(Self, ttl)),
            _ => None,
        }
    }
}

/// Decides the end of the loan where the user left it open: a loan by `ttl` ends at a time that the apply fixes, and keeps
/// that time until `ttl` changes.
pub(super) fn plan_loan(prior: Option<&AllocationModel>, plan: &mut Plan<AllocationModel>) {
    let config = &plan.config;
    if !config.expires_at.is_null() {
        return;
    }
    let began = prior.filter(|prior| prior.ttl == config.ttl && prior.expires_at.is_known());
    plan.planned.expires_at = match (&config.ttl, began) {
        (Tf::Null, _) => Tf::Null,
        (Tf::Known(_), Some(prior)) => prior.expires_at.clone(),
        (Tf::Known(_) | Tf::Unknown, _) => Tf::Unknown,
    };
}

/// Checks the end of an allocation that exists, and warns when its loan is over.
///
/// # Errors
/// When the new end has passed already, and when the plan replaces an allocation that prevents its release.
pub(super) fn check_change(
    ipam: &dyn Ipam,
    prior: &AllocationModel,
    plan: &mut Plan<AllocationModel>,
) -> Result<(), Diagnostics> {
    if !plan.replace.is_empty() && prior.prevent_release == Tf::Known(true) {
        return Err(protected(prior.id.get(), prior.name.get(), prior.cidr.get()));
    }
    let Some(Time(end)) = plan.planned.expires_at.get().copied().filter(|end| end.0 <= ipam.now()) else {
        return Ok(());
    };
    let at = if plan.config.ttl.is_null() { at!(AllocationModel, expires_at) } else { at!(AllocationModel, ttl) };
    if plan.planned.expires_at != prior.expires_at {
        return Err(errors::at(&Error::LoanOver { expires_at: end, now: ipam.now() }, at));
    }
    if plan.committing {
        return Ok(());
    }
    let detail = format!(
        "The loan ended at {}. The allocation keeps its CIDR until `gc` releases it. To keep it, change `ttl` or \
         `expires_at`, or remove it; to give it back now, destroy the allocation.",
        time(end)
    );
    plan.warnings.push(Diagnostic::warning("The loan of this allocation is over", detail).at(at));
    Ok(())
}

/// The error for a plan that deletes or replaces an allocation with `prevent_release`.
fn protected(id: Option<&String>, name: Option<&String>, cidr: Option<&Cidr>) -> Diagnostics {
    let at = at!(AllocationModel, prevent_release);
    match (id, name, cidr) {
        (Some(id), Some(name), Some(cidr)) => {
            errors::at(&Error::Protected { id: id.clone(), name: name.clone(), cidr: *cidr }, at)
        }
        _ => Diagnostic::error("The allocation prevents its release", "It has `prevent_release = true`.").at(at).into(),
    }
}
