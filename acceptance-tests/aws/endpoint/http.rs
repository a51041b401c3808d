//! An HTTP/1.1 server on 127.0.0.1, in a thread of its own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use super::signature::Signed;

/// An answer to a client.
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// The id is also sent in the header in which clients look for it.
    pub(crate) request_id: String,
    pub(crate) text: String,
}

/// `None`: the connection is closed without an answer.
pub(crate) type Answer = Option<Reply>;

/// Handles a request.
pub(crate) type Handler = Arc<dyn Fn(Signed) -> Answer + Send + Sync>;

/// A server that ends when it is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start(handler: Handler) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("127.0.0.1 has a free port");
        listener.set_nonblocking(true).expect("a socket can be asynchronous");
        let address = listener.local_addr().expect("a listener has an address");
        let (stop, stopped) = oneshot::channel();
        let thread = thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can start");
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).expect("the runtime takes the socket");
                tokio::select! {
                    () = accept(listener, handler) => {}
                    _ = stopped => {}
                }
            });
        });
        Self { address, stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn accept(listener: TcpListener, handler: Handler) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, Arc::clone(&handler)));
    }
}

/// Returns an error where an answer is withheld, so that hyper closes the connection.
async fn serve(stream: TcpStream, handler: Handler) {
    let service = service_fn(|request| respond(request, Arc::clone(&handler)));
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn respond(request: Request<Incoming>, handler: Handler) -> Result<Response<Full<Bytes>>, Withheld> {
    let (head, body) = request.into_parts();
    let Ok(body) = body.collect().await else { return Err(Withheld) };
    let mut signed = Signed {
        method: head.method.to_string(),
        path: head.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
        headers: BTreeMap::new(),
        body: body.to_bytes().to_vec(),
    };
    for (name, value) in &head.headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        let known = signed.headers.entry(name.as_str().to_owned()).or_default();
        if !known.is_empty() {
            known.push(',');
        }
        known.push_str(&value);
    }
    let Some(reply) = handler(signed) else { return Err(Withheld) };
    let response = Response::builder().status(reply.status);
    let response = response.header("Content-Type", "text/xml;charset=UTF-8");
    let response = response.header("x-amzn-requestid", reply.request_id);
    Ok(response.body(Full::from(reply.text)).unwrap_or_else(|_: hyper::http::Error| Response::default()))
}

/// The error of an answer that the test wants to be lost.
#[derive(Debug)]
struct Withheld;

impl std::fmt::Display for Withheld {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the answer is withheld")
    }
}

impl std::error::Error for Withheld {}
