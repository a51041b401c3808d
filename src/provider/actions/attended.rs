//! Work that an action attends to: it passes on what the work tells, and ends soon when the user interrupts the run,
//! whatever the work waits for at that moment.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::tf::{Invocation, Stop};

/// How long interrupted work may take to end by itself.
const GRACE: Duration = Duration::from_secs(3);
/// Pause between two questions whether the user interrupts the run.
const ASK_AGAIN: Duration = Duration::from_millis(50);

/// What work tells, and whether it should end.
pub(super) struct Attention {
    stop: Stop,
    sentences: Sender<String>,
}

impl Attention {
    /// Shows a sentence to the user.
    pub(super) fn tell(&self, sentence: impl Into<String>) {
        // Without a listener, the work is about to be asked to end.
        let _ = self.sentences.send(sentence.into());
    }

    /// Whether the work should end.
    pub(super) fn should_end(&self) -> bool {
        self.stop.is_requested()
    }
}

/// Does `work` on a thread of its own. `None`: the run was interrupted, and the work did not end in time. It ends with
/// the process then, so it must be possible to break it off at any moment, as every transaction and every file that
/// appears when it is complete is.
pub(super) fn attended<T: Send + 'static>(
    invocation: &mut Invocation<'_>,
    work: impl FnOnce(&Attention) -> T + Send + 'static,
) -> Option<T> {
    attended_for(GRACE, invocation, work)
}

fn attended_for<T: Send + 'static>(
    grace: Duration,
    invocation: &mut Invocation<'_>,
    work: impl FnOnce(&Attention) -> T + Send + 'static,
) -> Option<T> {
    let (sentences, told) = channel();
    let stop = Stop::default();
    let worker = {
        let (stop, span) = (stop.clone(), tracing::Span::current());
        thread::spawn(move || span.in_scope(|| work(&Attention { stop, sentences })))
    };
    let mut interrupted: Option<Instant> = None;
    loop {
        match told.recv_timeout(ASK_AGAIN) {
            Ok(sentence) => invocation.progress(sentence),
            Err(RecvTimeoutError::Timeout) => {}
            // The work has ended, and took its end of the channel with it.
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if interrupted.is_none() && invocation.should_end() {
            stop.request();
            interrupted = Some(Instant::now());
        }
        if interrupted.is_some_and(|since| since.elapsed() >= grace) {
            return None;
        }
    }
    // A panic of the work is a panic of the call, which becomes a diagnostic.
    Some(worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Does the work, and answers its result and what it told.
    fn watch<T: Send + 'static>(
        stop: &Stop,
        grace: Duration,
        work: impl FnOnce(&Attention) -> T + Send + 'static,
    ) -> (Option<T>, Vec<String>) {
        let mut told = Vec::new();
        let mut show = |sentence| {
            told.push(sentence);
            true
        };
        let outcome = attended_for(grace, &mut Invocation::new(stop.clone(), &mut show), work);
        (outcome, told)
    }

    #[test]
    fn everything_that_the_work_tells_comes_before_its_result() {
        let (outcome, told) = watch(&Stop::default(), GRACE, |attention| {
            (0..100).for_each(|number| attention.tell(number.to_string()));
            "done"
        });
        assert_eq!((outcome, told.len(), told.last().map(String::as_str)), (Some("done"), 100, Some("99")));
    }

    #[test]
    fn interrupted_work_may_end_by_itself() {
        let stop = Stop::default();
        stop.request();
        let (outcome, _) = watch(&stop, Duration::from_secs(60), |attention| {
            while !attention.should_end() {
                thread::sleep(ASK_AGAIN);
            }
            "ended"
        });
        assert_eq!(outcome, Some("ended"));
    }

    #[test]
    fn work_that_does_not_end_is_left_alone_after_an_interrupt() {
        let stop = Stop::default();
        stop.request();
        let (never, wait) = channel::<()>();
        let (outcome, _) = watch(&stop, Duration::ZERO, move |_| wait.recv().is_err());
        assert_eq!(outcome, None);
        drop(never);
    }

    #[test]
    fn a_panic_of_the_work_is_a_panic_of_the_action() {
        let panicked = std::panic::catch_unwind(|| watch::<()>(&Stop::default(), GRACE, |_| panic!("all is lost")));
        assert_eq!(panicked.unwrap_err().downcast_ref::<&str>(), Some(&"all is lost"));
    }
}
