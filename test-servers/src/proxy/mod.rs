//! A TCP proxy that fails on demand.

mod connection;
mod http;

use std::collections::BTreeMap;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Stands between clients and one server, in the test process. It passes everything on until it is told otherwise.
#[derive(Debug)]
pub struct Proxy {
    address: String,
    shared: Arc<Shared>,
}

/// What the threads of all connections look at.
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
    /// HTTP requests until the one whose answer is lost; 1 is the next.
    cut_after: Option<usize>,
    /// What the next requests are answered with.
    answers: Vec<Answer>,
    /// HTTP requests that came so far.
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
    /// The proxy is gone.
    End,
}

/// An answer of the proxy's own.
#[derive(Clone, Debug)]
struct Answer {
    status: u16,
    body: String,
}

impl Proxy {
    /// A proxy to a server, `host:port`, which need not be there yet.
    pub fn to(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("127.0.0.1 has a free port");
        let address = listener.local_addr().expect("a listener has an address").to_string();
        let shared = Arc::new(Shared { server: server.to_owned(), rules: Mutex::default(), changed: Condvar::new() });
        let of_thread = Arc::clone(&shared);
        thread::spawn(move || accept(&listener, &of_thread));
        Self { address, shared }
    }

    /// Where clients connect to: `127.0.0.1:port`.
    pub fn address(&self) -> String {
        self.address.clone()
    }

    /// Passes everything on: the end of every fault.
    pub fn pass(&self) {
        self.change(|rules| {
            rules.mode = Mode::Pass;
            rules.delay = Duration::ZERO;
            rules.cut_after = None;
            rules.answers.clear();
        });
    }

    /// Closes new connections at once. Open ones stay.
    pub fn refuse(&self) {
        self.change(|rules| rules.mode = Mode::Refuse);
    }

    /// Closes all connections that are open now. New ones are welcome.
    pub fn cut(&self) {
        self.change(|rules| rules.connections.values().flatten().for_each(close));
    }

    /// Keeps every chunk of bytes, in both directions, for so long.
    pub fn delay(&self, delay: Duration) {
        self.change(|rules| rules.delay = delay);
    }

    /// Accepts connections, and passes nothing on, of open ones neither.
    pub fn stall(&self) {
        self.change(|rules| rules.mode = Mode::Stall);
    }

    /// HTTP: passes the `n`-th next request on (1 is the next), waits until the server has answered it, and cuts the
    /// connection instead of passing the answer on: done, but reported as failed.
    pub fn cut_after_request(&self, n: usize) {
        assert!(n > 0, "1 is the next request");
        self.change(|rules| rules.cut_after = Some(n));
    }

    /// HTTP: answers the next requests with this status, without passing them on.
    pub fn answer(&self, status: u16, times: usize) {
        self.answer_with(status, "", times);
    }

    /// The same with a body, which is XML.
    pub fn answer_with(&self, status: u16, body: &str, times: usize) {
        let answer = Answer { status, body: body.to_owned() };
        self.change(|rules| rules.answers = vec![answer; times]);
    }

    /// HTTP requests that came so far, whatever became of them.
    pub fn requests(&self) -> usize {
        self.shared.rules().requests
    }

    /// Connections that came so far, whatever became of them.
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
        // Wakes the thread that accepts.
        drop(TcpStream::connect(&self.address));
    }
}

impl Shared {
    fn rules(&self) -> MutexGuard<'_, Rules> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits while nothing is to be passed on, then as long as a chunk is delayed.
    fn hold_back(&self) {
        let rules = self.changed.wait_while(self.rules(), |rules| rules.mode == Mode::Stall);
        let delay = rules.unwrap_or_else(PoisonError::into_inner).delay;
        if !delay.is_zero() {
            thread::sleep(delay);
        }
    }
}

/// Closes both directions; whoever waits for bytes is told that there are none.
fn close(stream: &TcpStream) {
    // It may be closed already.
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
                    // An error is the end of a connection, of either side's making.
                    connection::serve(client, id, &shared).ok();
                    let left = shared.rules().connections.remove(&id);
                    left.iter().flatten().for_each(close);
                });
            }
        }
    }
}
