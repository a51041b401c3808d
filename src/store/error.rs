//! Store errors, by what the caller can conclude from them.

/// The reason why a store did not carry out a request.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// The store cannot be reached, opened or written now. Nothing was written; trying again is safe.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// The connection or the disk failed around a commit, which may have happened. Read before trying again.
    #[error("the store did not confirm the change: {0}")]
    Uncertain(String),
    /// The store can be read but not written with these credentials or on this file system.
    #[error("the store is read-only: {0}")]
    ReadOnly(String),
    /// Other writers committed first for longer than the bounded retry time. Nothing was written.
    #[error("the store was busy for {0}")]
    Busy(String),
    /// The content is not in the form that this program writes.
    #[error("the store is damaged: {0}")]
    Corrupt(String),
    /// A newer version of this program wrote the store.
    #[error("the store has format version {found}, and this program supports versions up to {known}")]
    Newer {
        /// Version in the store.
        found: u64,
        /// Newest version this program reads.
        known: u64,
    },
    /// The URL is not one that this program understands.
    #[error("{0}")]
    Url(String),
}

#[cfg(any(feature = "postgres", feature = "object-storage"))]
impl From<crate::runtime::NoThread> for Error {
    fn from(no_thread: crate::runtime::NoThread) -> Self {
        Self::Unavailable(no_thread.to_string())
    }
}
