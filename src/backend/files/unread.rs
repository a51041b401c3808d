//! The reasons why a file was not used.

/// The reason why a file was not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unread {
    /// The settings of this process do not allow reading the file. This is not a statement about the file: other
    /// processes may be allowed to read it.
    NotAllowed(String),
    /// The file cannot be read, or there is a mistake in it.
    Wrong(String),
}
