//! Catches panics of the provider, so that they do not end the connection.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};

thread_local! {
    /// The message and the location of the last panic of this thread. The payload of a panic does not contain the location.
    static LAST_PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Writes panics to the log instead of the terminal. The hook is for the whole process, so only a process that serves
/// Terraform may call this.
#[expect(clippy::disallowed_methods, reason = "the only hook there is")]
pub fn install_panic_hook() {
    panic::set_hook(Box::new(|info| {
        let text = describe(info);
        tracing::error!(panic = text, "The provider panicked");
        LAST_PANIC.set(Some(text));
    }));
}

fn describe(info: &PanicHookInfo<'_>) -> String {
    let location = info.location().map_or_else(String::new, |location| format!(" at {location}"));
    format!("{}{location}", message(info.payload()))
}

fn message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("panic")
}

/// Runs `work`, and converts a panic into its description.
pub(super) fn catch<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    // Changes that a panic left unfinished are behind locks of the provider, which are poisoned then.
    panic::catch_unwind(AssertUnwindSafe(work))
        .map_err(|payload| LAST_PANIC.take().unwrap_or_else(|| message(&*payload).to_owned()))
}
