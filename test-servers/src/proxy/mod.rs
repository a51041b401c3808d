//! A TCP proxy that fails on demand.

mod connection;
mod http;

use std::collections::BTreeMap;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// A proxy between clients and one server, in the test process. It passes everything on until a test asks for a fault.
#[derive(Debug)]
pub struct Proxy {
    address: String,
    shared: Arc<Shared>,
}

/// State that the threads of all connections share.
#[derive(Debug)]
struct Shared {
    /// `host:port` of the server.
    server: String,
    rules: Mutex<Rules>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Rules {
    mode: Mode,
    delay: Duration,
    /// Number of the HTTP request whose answer is lost, counted from now: 1 is the next one.
    cut_after: Option<usize>,
    /// Answers to the next requests.
    answers: Vec<Answer>,
    /// Number of HTTP requests so far.
    requests: usize,
    /// Open connections: the sockets of both sides.
    connections: BTreeMap<usize, Vec<TcpStream>>,
    connections_ever: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mode {
    #[default]
    Pass,
    Refuse,
    Stall,
    /// The proxy was dropped.
    End,
}

/// An answer of the proxy itself.
#[derive(Clone, Debug)]
struct Answer {
    status: u16,
    body: String,
}

impl Proxy {
    /// Starts a proxy to a server, `host:port`, which need not be running yet.
    pub fn to(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("127.0.0.1 has a free port");
        let address = listener.local_addr().expect("a listener has an address").to_string();
        let shared = Arc::new(Shared { server: server.to_owned(), rules: Mutex::default(), changed: Condvar::new() });
        let of_thread = Arc::clone(&shared);
        thread::spawn(move || accept(&listener, &of_thread));
        Self { address, shared }
    }

    /// The address for clients: `127.0.0.1:port`.
    pub fn address(&self) -> String {
        self.address.clone()
    }

    /// Passes everything on: ends every fault.
    pub fn pass(&self) {
        self.change(|rules| {
            rules.mode = Mode::Pass;
            rules.delay = Duration::ZERO;
            rules.cut_after = None;
            rules.answers.clear();
        });
    }

    /// Closes new connections at once. Open connections stay.
    pub fn refuse(&self) {
        self.change(|rules| rules.mode = Mode::Refuse);
    }

    /// Closes all connections that are open now. New connections are accepted.
    pub fn cut(&self) {
        self.change(|rules| rules.connections.values().flatten().for_each(close));
    }

    /// Delays every chunk of bytes, in both directions.
    pub fn delay(&self, delay: Duration) {
        self.change(|rules| rules.delay = delay);
    }

    /// Accepts connections, and passes nothing on, on open connections either.
    pub fn stall(&self) {
        self.change(|rules| rules.mode = Mode::Stall);
    }

    /// HTTP: passes the `n`-th next request on (1 is the next), waits until the server has answered it, and cuts the
    /// connection instead of passing the answer on. The request is carried out, but the client sees a failure.
    pub fn cut_after_request(&self, n: usize) {
        assert!(n > 0, "1 is the next request");
        self.change(|rules| rules.cut_after = Some(n));
    }

    /// HTTP: answers the next requests with this status, without passing them on.
    pub fn answer(&self, status: u16, times: usize) {
        self.answer_with(status, "", times);
    }

    /// The same with a body in XML.
    pub fn answer_with(&self, status: u16, body: &str, times: usize) {
        let answer = Answer { status, body: body.to_owned() };
        self.change(|rules| rules.answers = vec![answer; times]);
    }

    /// Number of HTTP requests so far, with or without faults.
    pub fn requests(&self) -> usize {
        self.shared.rules().requests
    }

    /// Number of connections so far, with or without faults.
    pub fn connections(&self) -> usize {
        self.shared.rules().connections_ever
    }

    fn change(&self, change: impl FnOnce(&mut Rules)) {
        change(&mut self.shared.rules());
        self.shared.changed.notify_all();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.change(|rules| {
            rules.mode = Mode::End;
            rules.connections.values().flatten().for_each(close);
        });
        // This connection wakes the thread that accepts connections.
        drop(TcpStream::connect(&self.address));
    }
}

impl Shared {
    fn rules(&self) -> MutexGuard<'_, Rules> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits while the proxy stalls, then for the delay of a chunk.
    fn hold_back(&self) {
        let rules = self.changed.wait_while(self.rules(), |rules| rules.mode == Mode::Stall);
        let delay = rules.unwrap_or_else(PoisonError::into_inner).delay;
        if !delay.is_zero() {
            thread::sleep(delay);
        }
    }
}

/// Closes both directions, so that a thread that waits for bytes sees the end of the connection.
fn close(stream: &TcpStream) {
    // The connection may be closed already.
    stream.shutdown(Shutdown::Both).ok();
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for client in listener.incoming() {
        let Ok(client) = client else { continue };
        let mut rules = shared.rules();
        match rules.mode {
            Mode::End => return,
            Mode::Refuse => {
                rules.connections_ever += 1;
                close(&client);
            }
            Mode::Pass | Mode::Stall => {
                rules.connections_ever += 1;
                let id = rules.connections_ever;
                let Ok(same) = client.try_clone() else { continue };
                rules.connections.insert(id, vec![same]);
                let shared = Arc::clone(shared);
                thread::spawn(move || {
                    // An error ends the connection; either side may cause it.
                    connection::serve(client, id, &shared).ok();
                    let left = shared.rules().connections.remove(&id);
                    left.iter().flatten().for_each(close);
                });
            }
        }
    }
}
