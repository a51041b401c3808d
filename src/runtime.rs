//! Where whatever talks over a network runs its futures.
//!
//! Stores and services block their caller; underneath, network libraries want an executor. One for the whole process,
//! started when the first of them is opened, and independent of the one that serves Terraform: a future is driven on
//! even while every thread of the server waits for a store.

use std::fmt;
use std::future::Future;
use std::sync::LazyLock;

use tokio::runtime::{Builder, Runtime};

/// Never dropped: dropping a runtime waits, and may not be done inside another one.
static RUNTIME: LazyLock<Option<Runtime>> = LazyLock::new(|| {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(1).thread_name("network").enable_all().build().ok()
});

/// The system gave no thread for the executor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoThread;

impl fmt::Display for NoThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the system gave no thread")
    }
}

/// Runs `future` to its end. Must not be called on a thread that drives futures itself; [`crate::store::Store`] and
/// [`crate::backend::Ipam`] say so.
///
/// # Errors
/// [`NoThread`].
pub(crate) fn block_on<F: Future>(future: F) -> Result<F::Output, NoThread> {
    Ok(RUNTIME.as_ref().ok_or(NoThread)?.handle().block_on(future))
}
