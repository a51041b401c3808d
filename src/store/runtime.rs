//! Where stores that talk over a network run their futures.
//!
//! A store blocks its caller; underneath, network libraries want an executor. One for the whole process, started when
//! the first such store is opened, and independent of the one that serves Terraform: a future of a store is driven on
//! even while every thread of the server waits for a store.

use std::future::Future;
use std::sync::LazyLock;

use tokio::runtime::{Builder, Handle, Runtime};

/// Never dropped: dropping a runtime waits, and may not be done inside another one.
static RUNTIME: LazyLock<Option<Runtime>> = LazyLock::new(|| {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(1).thread_name("store").enable_all().build().ok()
});

/// The executor; `None` when the system gave no thread for it.
pub(crate) fn handle() -> Option<&'static Handle> {
    RUNTIME.as_ref().map(Runtime::handle)
}

/// Runs `future` to its end. Must not be called on a thread that drives futures itself; [`super::Store`] says so.
///
/// # Errors
/// [`super::Error::Unavailable`] when the system gave no thread for the executor.
pub(crate) fn block_on<F: Future>(future: F) -> Result<F::Output, super::Error> {
    let handle = handle().ok_or_else(|| super::Error::Unavailable("the system gave no thread".to_owned()))?;
    Ok(handle.block_on(future))
}
