//! How a call is answered: its handler runs on a thread that may block, inside a span with the name of the call, and its
//! errors and panics become diagnostics of the answer. An answer is one message, a stream of messages that are produced
//! while the client reads, or a stream of messages about work that ends with its result.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use futures::StreamExt;
use tokio::sync::mpsc;
use tokio::task::{JoinError, spawn_blocking};
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;
use tracing::Span;

use super::catalog::Catalog;
use super::guard;
use crate::tf::{Diagnostic, Diagnostics};

/// Number of messages that wait for the client. One more is ready while its producer waits.
const WAITING_MAX: usize = 1;

/// A message of an answer that can contain an error.
pub(super) trait Message: Sized + Send + 'static {
    fn failed(errors: Diagnostics) -> Self;
}

/// Answers with one message.
pub(super) type Handler<Q, M> = fn(&Catalog, &Q) -> Result<M, Diagnostics>;

/// Answers with a stream.
pub(super) type StreamHandler<Q, M> = for<'a> fn(&'a Catalog, &'a Q) -> Result<Messages<'a, M>, Diagnostics>;

/// The messages of a stream. `next` may block. An error is the last message.
pub(super) type Messages<'a, M> = Box<dyn Iterator<Item = Result<M, Diagnostics>> + 'a>;

/// Answers with messages about its work, each of which it gives to a function that answers whether the client still
/// listens. The result is the last message.
pub(super) type WorkHandler<Q, M> = fn(&Catalog, &Q, &mut dyn FnMut(M) -> bool) -> Result<M, Diagnostics>;

/// A stream as the service returns it.
pub(super) type MessageStream<M> = Pin<Box<dyn Stream<Item = Result<M, Status>> + Send>>;

/// Answers with the message of the handler.
pub(super) async fn message<Q, M>((catalog, span): (Arc<Catalog>, Span), request: Q, handler: Handler<Q, M>) -> M
where
    Q: Send + 'static,
    M: Message,
{
    let work = move || span.in_scope(|| run(|| handler(&catalog, &request)));
    spawn_blocking(work).await.unwrap_or_else(|error| never_called(&error))
}

/// Answers with the messages of the handler. The next one is produced when the client has room for it, and none is
/// produced after the client has cancelled the call.
pub(super) fn stream<Q, M>(
    (catalog, span): (Arc<Catalog>, Span),
    request: Q,
    handler: StreamHandler<Q, M>,
) -> MessageStream<M>
where
    Q: Send + 'static,
    M: Message,
{
    streamed(move |client| span.in_scope(|| send(&catalog, &request, handler, client)))
}

/// Answers with the messages of the handler about its work, and with its result, which is the last message also when
/// the handler fails. A client that has cancelled the call does not end the work; the handler learns of it.
pub(super) fn work<Q, M>(
    (catalog, span): (Arc<Catalog>, Span),
    request: Q,
    handler: WorkHandler<Q, M>,
) -> MessageStream<M>
where
    Q: Send + 'static,
    M: Message,
{
    streamed(move |client| {
        span.in_scope(|| {
            let mut tell = |message| client.blocking_send(message).is_ok();
            let last = run(|| handler(&catalog, &request, &mut tell));
            // A client that has cancelled the call needs no result.
            let _ = client.blocking_send(last);
        });
    })
}

/// The messages that `produce` sends from a thread of its own.
fn streamed<M: Message>(produce: impl FnOnce(&mpsc::Sender<M>) + Send + 'static) -> MessageStream<M> {
    let (client, messages) = mpsc::channel(WAITING_MAX);
    let work = spawn_blocking(move || produce(&client));
    let missing = futures::stream::once(work).filter_map(|ended| async move { ended.as_ref().err().map(never_called) });
    Box::pin(ReceiverStream::new(messages).chain(missing).map(Ok))
}

/// The message of a handler that was never called, because the runtime is shutting down.
fn never_called<M: Message>(error: &JoinError) -> M {
    M::failed(crashed(&error.to_string()))
}

fn run<M: Message>(handler: impl FnOnce() -> Result<M, Diagnostics>) -> M {
    let start = Instant::now();
    tracing::trace!("Called");
    let answer = guard::catch(handler).unwrap_or_else(|panic| Err(crashed(&panic)));
    tracing::debug!(tf_req_duration_ms = milliseconds(start), errors = errors_of(&answer), "Answered");
    answer.unwrap_or_else(M::failed)
}

/// Sends the messages of a handler until they end, one fails, or the client has cancelled the call.
fn send<Q, M: Message>(catalog: &Catalog, request: &Q, handler: StreamHandler<Q, M>, client: &mpsc::Sender<M>) {
    let start = Instant::now();
    tracing::trace!("Called");
    let mut messages = 0_u64;
    let produce = || {
        for message in handler(catalog, request)? {
            if client.blocking_send(message?).is_err() {
                tracing::debug!("The client cancelled the call");
                break;
            }
            messages += 1;
        }
        Ok(())
    };
    let ended = guard::catch(produce).unwrap_or_else(|panic| Err(crashed(&panic)));
    tracing::debug!(tf_req_duration_ms = milliseconds(start), messages, errors = errors_of(&ended), "Answered");
    if let Err(errors) = ended {
        // A client that has cancelled the call needs no error.
        let _ = client.blocking_send(M::failed(errors));
    }
}

fn milliseconds(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn errors_of<T>(result: &Result<T, Diagnostics>) -> usize {
    result.as_ref().err().map_or(0, |errors| errors.iter().count())
}

fn crashed(panic: &str) -> Diagnostics {
    let detail = format!("The provider stopped in the middle of this call: {panic}. Please report it.");
    Diagnostic::error("Bug in the provider", detail).into()
}
