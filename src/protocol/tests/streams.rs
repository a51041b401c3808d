//! Calls that answer with a stream, over handlers that are made for the tests.

use std::iter;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use tokio_stream::StreamExt;

use super::super::answer::{self, Messages};
use super::super::catalog::Catalog;
use super::super::wire::list_resource::Event;
use super::{first, server};
use crate::tf::{Diagnostic, Diagnostics};

/// Longest time for the end of a producer before the test fails.
const PATIENCE: Duration = Duration::from_secs(60);

struct Names(Vec<&'static str>);

/// One message for each name; `error` fails and `panic` panics.
fn one_for_each_name<'a>(_: &'a Catalog, names: &'a Names) -> Result<Messages<'a, Event>, Diagnostics> {
    if names.0 == ["refused"] {
        return Err(Diagnostic::error("Refused", "At once.").into());
    }
    Ok(Box::new(names.0.iter().map(|name| match *name {
        "error" => Err(Diagnostic::error("Wrong", "It is.").into()),
        "panic" => panic!("all is lost"),
        name => Ok(Event { display_name: name.to_owned(), ..Event::default() }),
    })))
}

/// The messages in short: a name, or the summary of an error.
async fn read(names: &[&'static str]) -> Vec<String> {
    let stream = answer::stream(server().call("ListResource", ""), Names(names.to_vec()), one_for_each_name);
    let short = |event: Event| match &event.diagnostic[..] {
        [] => event.display_name,
        found => first(found).0.to_owned(),
    };
    stream.map(|event| short(event.unwrap())).collect().await
}

#[tokio::test]
async fn a_stream_has_all_messages_of_its_handler() {
    assert_eq!(read(&["a", "b", "c", "d"]).await, ["a", "b", "c", "d"]);
    assert_eq!(read(&[]).await, [""; 0]);
}

#[tokio::test]
async fn an_error_is_the_last_message_of_a_stream() {
    assert_eq!(read(&["refused"]).await, ["Refused"]);
    assert_eq!(read(&["a", "error", "b"]).await, ["a", "Wrong"]);
    assert_eq!(read(&["a", "panic", "b"]).await, ["a", "Bug in the provider"]);
}

/// A request for messages without end.
struct Endless {
    produced: Arc<AtomicUsize>,
    /// Is dropped with the request, at the end of the work.
    _end: mpsc::Sender<()>,
}

fn endless<'a>(_: &'a Catalog, request: &'a Endless) -> Result<Messages<'a, Event>, Diagnostics> {
    Ok(Box::new(iter::repeat_with(|| {
        request.produced.fetch_add(1, Ordering::SeqCst);
        Ok(Event::default())
    })))
}

#[tokio::test]
async fn messages_are_produced_while_the_client_reads_until_it_cancels() {
    let produced = Arc::new(AtomicUsize::new(0));
    let (end, ended) = mpsc::channel();
    let request = Endless { produced: Arc::clone(&produced), _end: end };
    let mut stream = answer::stream(server().call("ListResource", ""), request, endless);
    for read in 1..=100 {
        assert_eq!(stream.next().await.unwrap().unwrap(), Event::default());
        // One message waits for the client, and one more is ready.
        assert!(produced.load(Ordering::SeqCst) <= read + 2);
    }
    drop(stream);
    assert_eq!(ended.recv_timeout(PATIENCE), Err(mpsc::RecvTimeoutError::Disconnected));
    assert!(produced.load(Ordering::SeqCst) <= 102);
}
