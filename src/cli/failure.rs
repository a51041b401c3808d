//! The reason why a command failed, as one line.

use crate::backend::explain;
use crate::backend::upkeep::{Stopped, may_succeed_later};
use crate::ipam::{Error, NoPool};

/// The exit status of a command that a script calls, when it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Status {
    /// The request is wrong, or anything else.
    Failed = 2,
    /// There is no room.
    NoRoom = 3,
    /// The name or the block belongs to something else.
    Taken = 4,
    /// There is no such pool or allocation.
    Missing = 5,
    /// The store or the service cannot answer now. The same command may succeed later, and it is safe to run it again.
    TryAgain = 6,
}

/// The reason why a command failed.
#[derive(Debug)]
pub(super) enum CommandFailure {
    /// The request is not valid here.
    Usage(String),
    /// The request is valid, and cannot be carried out for a reason that a script may want to know.
    Said(Status, String),
    /// The store or the rules refuse the request.
    Refused(Box<Error>),
}

impl From<Error> for CommandFailure {
    fn from(error: Error) -> Self {
        Self::Refused(Box::new(error))
    }
}

impl From<Stopped> for CommandFailure {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::Refused(error) => error.into(),
            Stopped::File(path, error) => Self::Usage(format!("{} cannot be read: {error}.", path.display())),
            Stopped::Archive(path, why) => Self::Usage(format!("The archive {} cannot be used. {why}", path.display())),
            Stopped::Output(error) => Self::Usage(format!("The export cannot be written: {error}.")),
        }
    }
}

impl CommandFailure {
    /// The exit status for a script.
    pub(super) fn status(&self) -> Status {
        match self {
            Self::Usage(_) => Status::Failed,
            Self::Said(status, _) => *status,
            Self::Refused(error) => status_of(error),
        }
    }

    /// The failure on one line.
    pub(super) fn line(&self) -> String {
        match self {
            Self::Usage(text) | Self::Said(_, text) => text.clone(),
            Self::Refused(error) => {
                let words = explain(error);
                let detail: Vec<&str> = words.detail.split_whitespace().collect();
                format!("{}. {}", words.summary, detail.join(" "))
            }
        }
    }
}

fn status_of(error: &Error) -> Status {
    match error {
        Error::PoolExhausted(_) | Error::PoolEmpty { .. } => Status::NoRoom,
        Error::NoPool(why) if matches!(**why, NoPool::NoRoom { .. }) => Status::NoRoom,
        Error::Service(fault) if fault.space.is_some() => Status::NoRoom,
        Error::NameTaken { .. } | Error::Overlap { .. } | Error::InUse { .. } => Status::Taken,
        Error::NotFound { .. } => Status::Missing,
        error if may_succeed_later(error) => Status::TryAgain,
        _ => Status::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_can_tell_the_reasons_apart() {
        let store = |error| CommandFailure::from(Error::Store(error)).status() as u8;
        assert_eq!(store(crate::store::Error::Busy("5 s".to_owned())), 6);
        assert_eq!(store(crate::store::Error::Unavailable("no".to_owned())), 6);
        assert_eq!(store(crate::store::Error::Corrupt("bad".to_owned())), 2);
        let missing = Error::NotFound { kind: crate::ipam::Kind::Pool, id: "p".to_owned() };
        assert_eq!(CommandFailure::from(missing).status(), Status::Missing);
        assert_eq!(CommandFailure::Said(Status::Taken, String::new()).status() as u8, 4);
        assert_eq!(CommandFailure::Usage(String::new()).status() as u8, 2);
    }

    #[test]
    fn a_failure_is_one_line() {
        let failure = CommandFailure::from(Error::Store(crate::store::Error::Corrupt("bad\nheader".to_owned())));
        assert_eq!(
            failure.line(),
            "The store is damaged. Bad header. Nothing was changed. Run `terraform-provider-ipam check` to see the \
             extent of the damage, and restore the store from a backup."
        );
    }
}
