//! The reason why a command failed, as one line.

use crate::backend::explain;
use crate::backend::upkeep::Stopped;
use crate::ipam::Error;

/// The reason why a command failed.
#[derive(Debug)]
pub(super) enum CommandFailure {
    /// The request is not valid here.
    Usage(String),
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
    /// The failure on one line.
    pub(super) fn line(&self) -> String {
        match self {
            Self::Usage(text) => text.clone(),
            Self::Refused(error) => {
                let words = explain(error);
                let detail: Vec<&str> = words.detail.split_whitespace().collect();
                format!("{}. {}", words.summary, detail.join(" "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
