//! `ipam_release_holds`: releases holds of plans before they expire.

use std::sync::Arc;

use crate::backend::explain::{capital, count, made_at, time};
use crate::backend::{Administration, Ipam};
use crate::ipam::{Hold, HoldFilter, OnlySelfManaged};
use crate::provider::shared::Shared;
use crate::provider::{capabilities, errors};
use crate::tf::{Action, Diagnostic, Diagnostics, Invocation, Path, Tf, wrong_value};
use crate::{at, model};

use super::attended::attended;

model! {
    /// Releases holds of plans before they expire, as the command `holds release` does, for example those of a pipeline
    /// that was abandoned. Plans that showed these holds must be made again. The action never releases holds of the run
    /// that it belongs to, nor those of plans that were made in the same directory or in the same CI run: this may be
    /// the apply of such a plan. Not available with `aws-ipam`, where plans hold nothing.
    pub(super) struct ReleaseHoldsModel {
        /// Owner whose holds are released: the `owner` of its provider block. Default: the owner of this provider block.
        /// A later plan of the same owner gives up earlier holds by itself, so holds of this owner are released only
        /// when `run` says which.
        owner: String => optional(),
        /// Name of an object, or its path from the top-level pool down. Only holds with this name or path are released.
        name: String => optional(),
        /// Part of the URL of a CI run, of the name of a machine, or of a directory. Only holds of plans that were made
        /// there are released.
        run: String => optional(),
    }
}

pub(super) struct ReleaseHoldsAction(pub(super) Arc<Shared>);

impl Action for ReleaseHoldsAction {
    type Model = ReleaseHoldsModel;
    const TYPE: &'static str = "ipam_release_holds";

    fn validate(&self, config: &ReleaseHoldsModel) -> Diagnostics {
        let texts = [
            (&config.owner, at!(ReleaseHoldsModel, owner)),
            (&config.name, at!(ReleaseHoldsModel, name)),
            (&config.run, at!(ReleaseHoldsModel, run)),
        ];
        let is_empty = |text: &Tf<String>| text.get().is_some_and(|text| text.trim().is_empty());
        let empty = texts.into_iter().filter(|(text, _)| is_empty(text));
        empty.flat_map(|(_, at)| wrong_value(&at, format!("Name one, or leave `{at}` out."))).collect()
    }

    fn plan(&self, config: &ReleaseHoldsModel) -> Result<Diagnostics, Diagnostics> {
        let Some(configured) = self.0.configured()? else { return Ok(Diagnostics::new()) };
        let ipam = configured.ipam.as_ref();
        let administration = capabilities::administration(ipam, OnlySelfManaged::HoldRelease)?;
        check_owner(ipam, config)?;
        if config.owner.is_unknown() || config.name.is_unknown() || config.run.is_unknown() {
            return Ok(Diagnostics::new());
        }
        let (owner, filter) = wanted(ipam, config);
        let holds = administration.list_holds(&filter).map_err(|error| errors::at(&error, Path::root()))?;
        Ok(announced(&owner, &holds).into_iter().collect())
    }

    fn invoke(&self, config: &ReleaseHoldsModel, invocation: &mut Invocation<'_>) -> Result<(), Diagnostics> {
        let ipam = self.0.ipam()?;
        capabilities::administration(ipam.as_ref(), OnlySelfManaged::HoldRelease)?;
        check_owner(ipam.as_ref(), config)?;
        let (owner, filter) = wanted(ipam.as_ref(), config);
        invocation.progress(format!("Releasing holds of owner {owner:?}."));
        let released = attended(invocation, move |_| {
            let released = ipam.administration().map(|administration| release(administration, &filter));
            released.unwrap_or_else(|| Ok(Done::default()))
        });
        let Some(released) = released else {
            let why = "The run was stopped while holds were released. Some of them may be released already. Invoke the \
                       action again.";
            return Err(Diagnostic::error("The release of holds was interrupted", why).into());
        };
        let Done { released, kept } = released.map_err(|error| errors::at(&error, Path::root()))?;
        invocation.progress(format!("{} of owner {owner:?} released.", count(released, "hold")));
        invocation.warnings.extend(stayed(&kept));
        Ok(())
    }
}

/// Refuses to release all holds of the own owner: the present run may be the apply of a plan that was made elsewhere, and
/// nothing but its owner tells its holds from those of other plans.
fn check_owner(ipam: &dyn Ipam, config: &ReleaseHoldsModel) -> Result<(), Diagnostics> {
    let own = ipam.owner().unwrap_or_default();
    let is_own = match &config.owner {
        Tf::Null => true,
        Tf::Known(owner) => owner == own,
        Tf::Unknown => false,
    };
    if !is_own || !config.run.is_null() {
        return Ok(());
    }
    let why = format!(
        "{own:?} is the owner of this configuration, so its holds may belong to the very plan that is being applied. A \
         later plan of this owner gives up earlier holds by itself. Set `run` to say which plans are meant, or `owner` \
         to another owner."
    );
    Err(Diagnostic::error("These may be the holds of this plan", why).at(at!(ReleaseHoldsModel, owner)).into())
}

/// The owner, and which holds are meant.
fn wanted(ipam: &dyn Ipam, config: &ReleaseHoldsModel) -> (String, HoldFilter) {
    let owner = config.owner.cloned().unwrap_or_else(|| ipam.owner().unwrap_or_default().to_owned());
    let filter = HoldFilter {
        owner: Some(owner.clone()),
        name: config.name.cloned(),
        run: config.run.cloned(),
        spares_this_run: true,
    };
    (owner, filter)
}

/// The result of a release.
#[derive(Default)]
struct Done {
    released: u64,
    kept: Vec<Hold>,
}

fn release(administration: &dyn Administration, filter: &HoldFilter) -> Result<Done, crate::ipam::Error> {
    let done = administration.release_holds(filter)?;
    Ok(Done { released: u64::try_from(done.events.len()).unwrap_or(u64::MAX), kept: done.kept })
}

/// Number of holds that a message names.
const NAMED_MAX: usize = 10;

/// The holds, one on each line.
fn lines(holds: &[Hold]) -> String {
    let line = |hold: &Hold| {
        let block = hold.of.cidr.map(|cidr| format!(" ({cidr})")).unwrap_or_default();
        let origin = hold.of.run.as_ref().map(|run| format!(", made {}", made_at(&run.origin))).unwrap_or_default();
        let growth = if hold.is_growth { "growth of " } else { "" };
        format!("{growth}{} {:?}{block}, until {}{origin}", hold.of.kind.word(), hold.of.path, time(hold.expires_at))
    };
    let mut lines: Vec<String> = holds.iter().take(NAMED_MAX).map(line).collect();
    if holds.len() > NAMED_MAX {
        lines.push(format!("and {} more", holds.len() - NAMED_MAX));
    }
    lines.join("\n  ")
}

/// What the action would do, if it would do anything.
fn announced(owner: &str, holds: &[Hold]) -> Option<Diagnostic> {
    let number = count(u64::try_from(holds.len()).unwrap_or(u64::MAX), "hold");
    let detail =
        format!("The action releases:\n\n  {}\n\nPlans that showed these holds must be made again.", lines(holds));
    (!holds.is_empty()).then(|| Diagnostic::warning(format!("{number} of owner {owner:?} will be released"), detail))
}

/// A warning about holds that match and stay.
fn stayed(kept: &[Hold]) -> Option<Diagnostic> {
    let detail = format!(
        "These stay, because another owner, or this run, has planned something in them:\n\n  {}",
        capital(&lines(kept))
    );
    (!kept.is_empty()).then(|| Diagnostic::warning("Some holds were not released", detail))
}
