//! Turns a socket into connections that are ready for HTTP/2.

use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::ReceiverStream;

use super::connection::{Connection, Open, Stream};
use super::socket::Socket;

/// Time that a client may take for its TLS handshake.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);

/// Pause after a failed accept, for example because too many files are open, so that the server does not retry in a tight
/// loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Accepts connections until the stream is dropped. A TLS handshake does not delay other connections.
pub(super) fn connections(
    socket: Socket,
    tls: Option<Arc<ServerConfig>>,
    open: Open,
) -> ReceiverStream<Result<Connection, std::io::Error>> {
    let (sender, receiver) = mpsc::channel(16);
    let acceptor = tls.map(TlsAcceptor::from);
    tokio::spawn(async move {
        loop {
            let accepted = tokio::select! {
                accepted = socket.accept() => accepted,
                () = sender.closed() => return,
            };
            match accepted {
                Ok(stream) => {
                    tokio::spawn(prepare(stream, acceptor.clone(), open.clone(), sender.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "A connection was not accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    });
    ReceiverStream::new(receiver)
}

async fn prepare(
    stream: Stream,
    acceptor: Option<TlsAcceptor>,
    open: Open,
    sender: mpsc::Sender<Result<Connection, std::io::Error>>,
) {
    let stream = match acceptor {
        None => stream,
        Some(acceptor) => match tokio::time::timeout(HANDSHAKE_LIMIT, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => Box::pin(stream),
            Ok(Err(error)) => return tracing::warn!(%error, "A client was refused"),
            Err(_) => return tracing::warn!("A client did not finish its TLS handshake"),
        },
    };
    // Without a receiver, the server is shutting down.
    let _ = sender.send(Ok(Connection::new(stream, open))).await;
}
