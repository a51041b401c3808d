//! The executor for everything that uses a network.
//!
//! Stores and services block their caller, but the network libraries that they use need an executor. The whole process
//! has one, which is started when the first store or service is opened. It is independent of the executor that serves
//! Terraform: futures make progress even while every thread of the server waits for a store.

use std::fmt;
use std::future::Future;
use std::sync::LazyLock;

use tokio::runtime::{Builder, Runtime};

/// The runtime is never dropped, because dropping a runtime waits, and is not allowed inside another runtime.
static RUNTIME: LazyLock<Option<Runtime>> = LazyLock::new(|| {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(1).thread_name("network").enable_all().build().ok()
});

/// The operating system could not start the thread of the executor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoThread;

impl fmt::Display for NoThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("could not start the network thread")
    }
}

/// Runs `future` to its end. Must not be called on a thread that drives futures itself; the documentation of
/// [`crate::store::Store`] and [`crate::backend::Ipam`] repeats this.
///
/// # Errors
/// [`NoThread`] if the executor could not be started.
pub(crate) fn block_on<F: Future>(future: F) -> Result<F::Output, NoThread> {
    Ok(RUNTIME.as_ref().ok_or(NoThread)?.handle().block_on(future))
}
