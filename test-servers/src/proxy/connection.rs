//! One connection through the proxy.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::http::{Request, is_http};
use super::{Answer, Shared, close};

/// The fate of a request.
enum Fate {
    Passed,
    Answered(Answer),
    /// It is passed on, and its answer is lost.
    Cut,
}

/// Passes bytes in both directions until a side closes, or the rules cut the connection.
pub(super) fn serve(client: TcpStream, id: usize, shared: &Shared) -> io::Result<()> {
    shared.hold_back();
    let server = TcpStream::connect(&shared.server)?;
    for stream in [&client, &server] {
        stream.set_nodelay(true)?;
    }
    match shared.rules().connections.get_mut(&id) {
        Some(open) => open.push(server.try_clone()?),
        None => return Ok(()),
    }
    let loses_answer = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            // An error ends the connection; closing both sides wakes the other thread.
            pass_answers(&server, &client, shared, &loses_answer).ok();
            close(&client);
            close(&server);
        });
        let passed = pass_requests(&client, &server, shared, &loses_answer);
        close(&client);
        close(&server);
        passed
    })
}

/// Passes bytes from the server to the client.
fn pass_answers(mut server: &TcpStream, mut client: &TcpStream, shared: &Shared, loses: &AtomicBool) -> io::Result<()> {
    let mut chunk = vec![0; 64 * 1024];
    loop {
        let length = server.read(&mut chunk)?;
        if length == 0 || loses.load(Ordering::SeqCst) {
            return Ok(());
        }
        shared.hold_back();
        client.write_all(&chunk[..length])?;
    }
}

/// Passes bytes from the client to the server; request by request if the client speaks HTTP.
fn pass_requests(
    mut client: &TcpStream,
    mut server: &TcpStream,
    shared: &Shared,
    loses: &AtomicBool,
) -> io::Result<()> {
    let mut received = Vec::new();
    // The first bytes decide: later messages of other protocols may begin like HTTP.
    let mut speaks_http = None;
    loop {
        let mut chunk = vec![0; 64 * 1024];
        let length = client.read(&mut chunk)?;
        if length == 0 {
            return Ok(());
        }
        received.extend_from_slice(&chunk[..length]);
        if !*speaks_http.get_or_insert_with(|| is_http(&received)) {
            shared.hold_back();
            server.write_all(&received)?;
            received.clear();
            continue;
        }
        while let Some(request) = Request::first_of(&received) {
            let rest = received.split_off(request.length);
            match shared.fate() {
                Fate::Answered(answer) => {
                    shared.hold_back();
                    client.write_all(&answer.bytes(&request))?;
                }
                fate => {
                    // Set before the server has the request: the next byte from the server belongs to the answer.
                    loses.store(matches!(fate, Fate::Cut), Ordering::SeqCst);
                    shared.hold_back();
                    server.write_all(&received)?;
                }
            }
            received = rest;
        }
    }
}

impl Shared {
    /// Counts a request, and returns its fate.
    fn fate(&self) -> Fate {
        let mut rules = self.rules();
        rules.requests += 1;
        if let Some(answer) = rules.answers.pop() {
            return Fate::Answered(answer);
        }
        match rules.cut_after {
            Some(1) => {
                rules.cut_after = None;
                Fate::Cut
            }
            Some(n) => {
                rules.cut_after = Some(n - 1);
                Fate::Passed
            }
            None => Fate::Passed,
        }
    }
}

impl Answer {
    fn bytes(&self, request: &Request) -> Vec<u8> {
        let body = if request.is_head { "" } else { self.body.as_str() };
        let head = format!(
            "HTTP/1.1 {} From The Proxy\r\nContent-Type: application/xml\r\nContent-Length: {}\r\n\r\n",
            self.status,
            body.len()
        );
        (head + body).into_bytes()
    }
}
