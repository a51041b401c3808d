//! Each fault of the proxy has the effect that its name describes.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use test_servers::{Proxy, address_without_server};

/// Longer than any expected event takes, and short enough to wait for an event that must not happen.
const A_WHILE: Duration = Duration::from_millis(300);

/// Starts a server that sends back what it gets. Returns its address.
fn echo() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            thread::spawn(move || {
                let mut same = stream.try_clone().unwrap();
                std::io::copy(&mut same, &mut stream).ok();
            });
        }
    });
    address
}

/// Starts a server that answers each HTTP request without a body with the number of requests so far.
fn counting_server() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let counted = Arc::clone(&counted);
            thread::spawn(move || {
                while read_head(&mut stream).is_some() {
                    let body = (counted.fetch_add(1, Ordering::SeqCst) + 1).to_string();
                    write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).ok();
                }
            });
        }
    });
    (address, count)
}

fn read_head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return None,
        }
    }
    Some(String::from_utf8(head).unwrap())
}

fn connect(proxy: &Proxy) -> TcpStream {
    let stream = TcpStream::connect(proxy.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream
}

/// Sends bytes that are not HTTP, and returns whether the same bytes come back.
fn says_it_back(stream: &mut TcpStream) -> bool {
    let mut answer = [0; 4];
    stream.write_all(b"\0abc").is_ok() && stream.read_exact(&mut answer).is_ok() && &answer == b"\0abc"
}

/// Sends one request. Returns status and body of the answer, or `None` if the connection ended instead.
fn get(stream: &mut TcpStream) -> Option<(u16, String)> {
    write!(stream, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").ok()?;
    let head = read_head(stream)?;
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap().parse().unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some((head.split(' ').nth(1)?.parse().ok()?, String::from_utf8(body).ok()?))
}

fn is_ended(stream: &mut TcpStream) -> bool {
    match stream.read(&mut [0]) {
        Ok(length) => length == 0,
        Err(error) => error.kind() == ErrorKind::ConnectionReset,
    }
}

#[test]
fn everything_is_passed_on() {
    let proxy = Proxy::to(&echo());
    let (mut one, mut two) = (connect(&proxy), connect(&proxy));
    assert!(says_it_back(&mut one) && says_it_back(&mut two) && says_it_back(&mut one));
    // This begins with a capital letter, as PostgreSQL's messages after the first one do.
    one.write_all(b"Query").unwrap();
    let mut answer = [0; 5];
    one.read_exact(&mut answer).unwrap();
    assert_eq!((&answer, proxy.connections(), proxy.requests()), (b"Query", 2, 0));
}

#[test]
fn refused_connections_end_and_open_ones_stay() {
    let proxy = Proxy::to(&echo());
    let mut open = connect(&proxy);
    assert!(says_it_back(&mut open));
    proxy.refuse();
    assert!(is_ended(&mut connect(&proxy)));
    assert!(says_it_back(&mut open));
    proxy.pass();
    assert!(says_it_back(&mut connect(&proxy)));
}

#[test]
fn a_cut_ends_open_connections_and_new_ones_are_welcome() {
    let proxy = Proxy::to(&echo());
    let (mut one, mut two) = (connect(&proxy), connect(&proxy));
    assert!(says_it_back(&mut one) && says_it_back(&mut two));
    proxy.cut();
    assert!(is_ended(&mut one) && is_ended(&mut two));
    assert!(says_it_back(&mut connect(&proxy)));
}

#[test]
fn every_chunk_is_delayed_both_ways() {
    let proxy = Proxy::to(&echo());
    let mut stream = connect(&proxy);
    assert!(says_it_back(&mut stream));
    proxy.delay(A_WHILE);
    let start = Instant::now();
    assert!(says_it_back(&mut stream));
    assert!(start.elapsed() >= 2 * A_WHILE);
}

#[test]
fn a_stalled_proxy_accepts_and_is_silent_until_it_passes_again() {
    let proxy = Proxy::to(&echo());
    let mut open = connect(&proxy);
    assert!(says_it_back(&mut open));
    proxy.stall();
    let mut new = connect(&proxy);
    for stream in [&mut open, &mut new] {
        stream.set_read_timeout(Some(A_WHILE)).unwrap();
        stream.write_all(b"\0abc").unwrap();
        let error = stream.read(&mut [0]).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    }
    proxy.pass();
    for stream in [&mut open, &mut new] {
        let mut answer = [0; 4];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"\0abc");
    }
}

#[test]
fn a_server_that_is_not_there_ends_the_connection() {
    assert!(is_ended(&mut connect(&Proxy::to(&address_without_server()))));
}

#[test]
fn the_answer_to_the_nth_request_is_lost_after_it_was_done() {
    let (server, count) = counting_server();
    let proxy = Proxy::to(&server);
    let mut stream = connect(&proxy);
    assert_eq!(get(&mut stream), Some((200, "1".to_owned())));
    proxy.cut_after_request(2);
    assert_eq!(get(&mut stream), Some((200, "2".to_owned())));
    assert_eq!(get(&mut stream), None);
    assert_eq!(count.load(Ordering::SeqCst), 3);
    assert_eq!(get(&mut connect(&proxy)), Some((200, "4".to_owned())));
    assert_eq!(proxy.requests(), 4);
}

#[test]
fn the_proxy_answers_by_itself_as_often_as_requested() {
    let (server, count) = counting_server();
    let proxy = Proxy::to(&server);
    let mut stream = connect(&proxy);
    proxy.answer(503, 2);
    assert_eq!([get(&mut stream), get(&mut stream)], [503, 503].map(|status| Some((status, String::new()))));
    assert_eq!(count.load(Ordering::SeqCst), 0);
    assert_eq!(get(&mut stream), Some((200, "1".to_owned())));
    proxy.answer_with(403, "<Error/>", 1);
    assert_eq!(get(&mut stream), Some((403, "<Error/>".to_owned())));
}

#[test]
fn a_dropped_proxy_is_gone() {
    let proxy = Proxy::to(&echo());
    let mut stream = connect(&proxy);
    assert!(says_it_back(&mut stream));
    let address = proxy.address();
    drop(proxy);
    assert!(is_ended(&mut stream));
    let start = Instant::now();
    while TcpStream::connect(&address).is_ok() {
        assert!(start.elapsed() < Duration::from_secs(60));
    }
}
