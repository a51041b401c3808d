//! The chain of events, what follows from it, and what is kept of forgotten events.

pub(super) mod archive_proof;
pub(super) mod chain;
pub(super) mod journal;
pub(super) mod log;
pub(super) mod mark;
pub(super) mod retention;
pub(super) mod tenure;
pub(super) mod timeline;
pub(super) mod trends;
