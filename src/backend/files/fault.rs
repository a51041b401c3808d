//! Mistakes in files, and the reasons why a file was not used.

/// The reason why a file was not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unread {
    /// The settings of this process do not allow reading the file. This is not a statement about the file: other
    /// processes may be allowed to read it.
    NotAllowed(String),
    /// The file cannot be read, or there is a mistake in it.
    Wrong(String),
}

/// A mistake on a line; a mistake of a file as a whole has no line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) line: Option<u64>,
    pub(super) words: String,
}

impl Fault {
    pub(super) fn on(line: u64, words: impl Into<String>) -> Self {
        Self { line: Some(line), words: words.into() }
    }

    pub(super) fn of_all(words: impl Into<String>) -> Self {
        Self { line: None, words: words.into() }
    }
}

/// The number of line ends in `bytes`.
pub(super) fn lines_in(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}
