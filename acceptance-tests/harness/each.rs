//! Many small checks in one test.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Checks all items, some at the same time, and reports all that fail.
pub fn each<T: Sync>(items: &[T], name: impl Fn(&T) -> String + Sync, check: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    let failures = thread::scope(|scope| {
        let work = || {
            let mut failures = Vec::new();
            while let Some(item) = items.get(next.fetch_add(1, Ordering::SeqCst)) {
                if let Err(panic) = catch_unwind(AssertUnwindSafe(|| check(item))) {
                    failures.push(format!("--- {}: {}", name(item), words(&*panic)));
                }
            }
            failures
        };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("panics are caught")).collect::<Vec<_>>()
    });
    assert!(failures.is_empty(), "{} of {} fail:\n{}", failures.len(), items.len(), failures.join("\n"));
}

/// The message of a panic.
pub fn words(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref().copied())
        .unwrap_or("it panicked")
}
