//! Keeps a panic of the provider from taking the connection with it.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};

thread_local! {
    /// What the last panic of this thread said, and where: the payload alone does not know the place.
    static LAST_PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Makes panics go to the log instead of the terminal. For the whole process, so that only a process that serves Terraform
/// may call it.
#[expect(clippy::disallowed_methods, reason = "the only hook there is")]
pub fn install_panic_hook() {
    panic::set_hook(Box::new(|info| {
        let text = describe(info);
        tracing::error!(panic = text, "The provider panicked");
        LAST_PANIC.set(Some(text));
    }));
}

fn describe(info: &PanicHookInfo<'_>) -> String {
    let place = info.location().map_or_else(String::new, |location| format!(" at {location}"));
    format!("{}{place}", message(info.payload()))
}

fn message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("panic")
}

/// Runs `work`; a panic in it becomes its description.
pub(super) fn catch<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    // Whatever the panic left half-done is behind the provider's own locks, which know that they are poisoned.
    panic::catch_unwind(AssertUnwindSafe(work))
        .map_err(|payload| LAST_PANIC.take().unwrap_or_else(|| message(&*payload).to_owned()))
}
