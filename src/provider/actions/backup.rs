//! `ipam_backup`: exports the store to a file or to an object in a bucket.

use std::path::PathBuf;
use std::sync::Arc;

use crate::backend::upkeep::backup::{Backup, BackupFailure, Destination};
use crate::backend::{Finding, explain};
use crate::provider::errors;
use crate::provider::shared::Shared;
use crate::tf::{Action, Diagnostic, Diagnostics, Invocation, Path, wrong_value};
use crate::{at, model};

use super::attended::attended;

model! {
    /// Writes a backup: everything in the store, as the command `export` writes it. The command `import` restores it
    /// into an empty store. The backup appears when it is complete; a run that is interrupted leaves nothing behind. On
    /// `aws-ipam`, the backup contains everything that AWS lists.
    pub(super) struct BackupModel {
        /// Path of the file. A relative path starts at the working directory of Terraform. The directory must exist.
        /// Only the user who runs Terraform can read a new file. Conflicts with `url`; one of the two is required.
        path: String => optional(),
        /// URL of an object in a bucket: `s3://bucket/name`, `gs://bucket/name` or `az://container/name`, with the
        /// parameters that the URL of a store in a bucket has. Credentials come from the environment, as those of such a
        /// store do, and not from the URL. The backup is written in one request, which needs memory for all of it.
        url: String => optional(),
        /// Whether to replace a backup that exists. Default: false, so that an existing file or object is an error.
        /// Terraform invokes an action once for each object that triggers it, so an action that several objects trigger
        /// needs `true`. Anything that is not a backup of this provider is never replaced.
        overwrite: bool => optional(),
    }
}

pub(super) struct BackupAction(pub(super) Arc<Shared>);

impl Action for BackupAction {
    type Model = BackupModel;
    const TYPE: &'static str = "ipam_backup";

    fn validate(&self, config: &BackupModel) -> Diagnostics {
        let mut diagnostics = Diagnostics::new();
        if config.path.is_null() && config.url.is_null() {
            let why = "Set `path` to write a file, or `url` to write an object in a bucket.";
            diagnostics.push(Diagnostic::error("The backup has no destination", why));
        }
        if config.path.is_known() && config.url.is_known() {
            let why = "`path` and `url` are both set. Use two actions to write two backups.";
            let twice = Diagnostic::error("The backup has two destinations", why);
            diagnostics.push(twice.at(at!(BackupModel, url)));
        }
        if let Some(why) = config.path.get().and_then(|path| mistake_in(path)) {
            diagnostics.append(wrong_value(&at!(BackupModel, path), why));
        }
        if let Some(Err(failure)) = config.url.get().map(|url| Destination::object(url)) {
            diagnostics.push(failed(&failure, "the object").at(at!(BackupModel, url)));
        }
        diagnostics
    }

    fn plan(&self, config: &BackupModel) -> Result<Diagnostics, Diagnostics> {
        let Some((destination, at)) = destination(config)? else { return Ok(Diagnostics::new()) };
        if self.0.configured()?.is_none() || config.overwrite.is_unknown() {
            return Ok(Diagnostics::new());
        }
        match (destination.check(config.overwrite == true.into()), &destination) {
            (Ok(()), _) => Ok(Diagnostics::new()),
            // The apply may have other rights, or another network.
            (Err(BackupFailure::Unusable(words)), Destination::Object(_)) => {
                let why = format!(
                    "The plan could not find out whether {} exists: {words}. The apply asks again.",
                    destination.describe()
                );
                Ok(Diagnostic::warning("The bucket could not be asked", why).at(at).into())
            }
            (Err(failure), _) => Err(failed(&failure, &destination.describe()).at(at).into()),
        }
    }

    fn invoke(&self, config: &BackupModel, invocation: &mut Invocation<'_>) -> Result<(), Diagnostics> {
        let ipam = self.0.ipam()?;
        let Some((destination, at)) = destination(config)? else { return Ok(()) };
        let (overwrite, name) = (config.overwrite == true.into(), destination.describe());
        let store = ipam.describe();
        invocation.progress(format!("Exporting {store} to {name}."));
        let outcome = attended(invocation, move |attention| {
            let mut progress = |what: &'static str, done, total| {
                if let Some(sentence) = milestone(what, done, total) {
                    attention.tell(sentence);
                }
            };
            destination.write(ipam.as_ref(), overwrite, &mut progress, &|| attention.should_end())
        });
        match outcome.unwrap_or(Err(BackupFailure::Ended)) {
            Ok(Backup { exported, findings }) => {
                invocation.progress(format!("Exported {store} to {name}: {}.", exported.words()));
                invocation.warnings.extend(incomplete(&findings));
                Ok(())
            }
            Err(BackupFailure::Refused(error)) => Err(errors::at(&error, Path::root())),
            Err(failure) => Err(failed(&failure, &name).at(at).into()),
        }
    }
}

/// The destination, with the argument that names it; `None` while it is not known.
fn destination(config: &BackupModel) -> Result<Option<(Destination, Path)>, Diagnostics> {
    if let Some(path) = config.path.get() {
        return Ok(Some((Destination::File(PathBuf::from(path)), at!(BackupModel, path))));
    }
    let Some(url) = config.url.get() else { return Ok(None) };
    let at = at!(BackupModel, url);
    let object = Destination::object(url).map_err(|failure| failed(&failure, "the object").at(at.clone()))?;
    Ok(Some((object, at)))
}

/// What is wrong with a path, whatever there is on the disk.
fn mistake_in(path: &str) -> Option<&'static str> {
    match path {
        path if path.trim().is_empty() => Some("The path is empty. Name a file, such as \"backups/ipam.json\"."),
        path if path.contains('\0') => Some("The path contains a NUL character, and no name of a file does."),
        path if path == "~" || path.starts_with("~/") => {
            Some("\"~\" is not the home directory here. Write `pathexpand(\"~/...\")`.")
        }
        _ => None,
    }
}

/// A sentence about the progress, now and then: a store may have millions of objects.
fn milestone(what: &str, done: u64, total: Option<u64>) -> Option<String> {
    let step = if total.is_some() { 100 } else { 10_000 };
    if done == 0 || !done.is_multiple_of(step) {
        return None;
    }
    Some(match total {
        Some(total) => format!("{done} of {total} {what} read."),
        None => format!("{done} {what} exported."),
    })
}

fn failed(failure: &BackupFailure, name: &str) -> Diagnostic {
    match failure {
        BackupFailure::Exists => Diagnostic::error(
            "The backup exists",
            format!(
                "{name} exists, and is not overwritten. Choose another name for each backup, for example with \
                 `formatdate(\"YYYY-MM-DD-hhmmss\", plantimestamp())`, or set `overwrite = true`."
            ),
        ),
        BackupFailure::NotABackup => Diagnostic::error(
            "This is not a backup",
            format!(
                "{name} exists, and is not a backup that this provider wrote. `overwrite` replaces only backups. Choose \
                 another name, or remove it yourself."
            ),
        ),
        BackupFailure::Unusable(words) => Diagnostic::error("The backup cannot be written", explain::sentence(words)),
        BackupFailure::Ended => Diagnostic::error(
            "The backup was interrupted",
            format!("The run was stopped before {name} was complete. Invoke the action again."),
        ),
        BackupFailure::Refused(error) => errors::explain(error),
    }
}

/// Number of findings that a message names.
const NAMED_MAX: usize = 10;

/// A warning about parts of an export that a store would not accept.
fn incomplete(findings: &[Finding]) -> Option<Diagnostic> {
    let mut lines: Vec<String> =
        findings.iter().take(NAMED_MAX).map(|finding| format!("{}: {}", finding.place, finding.what)).collect();
    if findings.len() > NAMED_MAX {
        lines.push(format!("and {} more", findings.len() - NAMED_MAX));
    }
    let detail = format!(
        "Something changed while the objects were listed, and an import would not accept these parts:\n\n  {}\n\nInvoke \
         the action again.",
        lines.join("\n  ")
    );
    (!findings.is_empty()).then(|| Diagnostic::warning("The backup is not consistent", detail))
}
