//! The store that `--store` names: a self-managed store, or a service.

use std::path::PathBuf;
use std::sync::Arc;

use super::failure::CommandFailure;
use crate::BINARY;
use crate::backend::files::Below;
use crate::backend::{Ipam, Local, actor};
use crate::provider;

/// The store or the service that commands work on.
pub(super) enum Target {
    SelfManaged(Box<Local>),
    /// A service, with its name in URLs.
    Service(&'static str, Arc<dyn Ipam>),
}

impl Target {
    /// The same store, which reads files of discoveries only below these directories.
    pub(super) fn reading_below(self, directories: &[PathBuf]) -> Self {
        match self {
            Self::SelfManaged(local) => Self::SelfManaged(Box::new(local.with_files_below(Below::new(directories)))),
            service @ Self::Service(..) => service,
        }
    }

    /// The operations that every store and every service has.
    pub(super) fn ipam(&self) -> &dyn Ipam {
        match self {
            Self::SelfManaged(local) => local.as_ref(),
            Self::Service(_, ipam) => ipam.as_ref(),
        }
    }

    /// The self-managed store, for commands that a service does not support.
    ///
    /// # Errors
    /// Fails for a service. `why` is a sentence that names what the service does not have.
    pub(super) fn self_managed(&self, why: &str) -> Result<&Local, CommandFailure> {
        match self {
            Self::SelfManaged(local) => Ok(local),
            Self::Service(name, _) => Err(CommandFailure::Usage(format!("There is nothing to do in {name}. {why}"))),
        }
    }
}

/// Opens a store, which must exist.
pub(super) fn open(url: &str) -> Result<Target, CommandFailure> {
    require(url)?;
    open_or_new(url)
}

/// Fails if the store cannot exist.
fn require(url: &str) -> Result<(), CommandFailure> {
    if let Some(path) = missing_file(url) {
        return Err(CommandFailure::Usage(format!(
            "There is no store at {}. Terraform creates it at the first plan. To use another store, set --store or \
             IPAM_STORE.",
            path.display()
        )));
    }
    Ok(())
}

/// Opens a store, which must exist, for objects of this owner: the argument of the command, or else the owner of the
/// provider.
pub(super) fn open_as(url: &str, owner: Option<&String>) -> Result<Target, CommandFailure> {
    require(url)?;
    match (opened(url, &provider::owner(owner.cloned()))?, owner) {
        (Target::Service(name, _), Some(_)) => Err(CommandFailure::Usage(format!(
            "--owner has no effect in {name}: all objects in AWS IPAM belong to the AWS account."
        ))),
        (target, _) => Ok(target),
    }
}

/// Opens a store, or creates it.
pub(super) fn open_or_new(url: &str) -> Result<Target, CommandFailure> {
    opened(url, BINARY)
}

/// Opens a store, or creates it, for objects of this owner.
pub(super) fn open_or_new_as(url: &str, owner: Option<&String>) -> Result<Target, CommandFailure> {
    opened(url, &provider::owner(owner.cloned()))
}

/// Opens a store. This is the only place where a command opens a store.
fn opened(url: &str, owner: &str) -> Result<Target, CommandFailure> {
    if let Some(service) = provider::service(url) {
        let (name, ipam) = service.map_err(CommandFailure::Usage)?;
        return Ok(Target::Service(name, ipam));
    }
    let actor = actor(owner, |name| std::env::var(name).ok());
    Ok(Target::SelfManaged(Box::new(Local::open(url, None, actor)?.with_scout(provider::scout()))))
}

/// The file that a `sqlite:` URL names, if it does not exist. A command that reads must not create a store. The other
/// kinds of store themselves report what is missing.
fn missing_file(url: &str) -> Option<PathBuf> {
    let (scheme, rest) = url.split_once(':')?;
    if !scheme.eq_ignore_ascii_case("sqlite") {
        return None;
    }
    let path = rest.split_once('?').map_or(rest, |(path, _)| path);
    let path = path.strip_prefix("//").filter(|path| path.starts_with('/')).unwrap_or(path);
    let is_plain = !path.is_empty() && !path.starts_with([':', '~']) && !path.starts_with("//");
    (is_plain && !PathBuf::from(path).exists()).then(|| PathBuf::from(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_sqlite_file_can_be_missing() {
        assert_eq!(missing_file("sqlite:/no/such.db"), Some(PathBuf::from("/no/such.db")));
        assert_eq!(missing_file("sqlite:///no/such.db?busy_timeout=1s"), Some(PathBuf::from("/no/such.db")));
        for url in ["sqlite:/", "sqlite:", "sqlite::memory:", "postgres://db/x", "memory:", "ipam.db", "aws-ipam"] {
            assert_eq!(missing_file(url), None, "{url}");
        }
    }

    #[test]
    fn a_missing_store_is_an_error_and_is_not_created() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("ipam.db");
        let failure = open(&format!("sqlite:{}", file.display())).err().unwrap();
        assert!(failure.line().starts_with("There is no store at "), "{}", failure.line());
        assert!(!file.exists());
    }
}
