//! The part of HTTP/1.1 that is needed to find the end of a request.

/// A whole request at the start of a series of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Request {
    /// Length of head and body in bytes.
    pub(super) length: usize,
    /// The answer to HEAD has no body.
    pub(super) is_head: bool,
}

/// Whether a client that begins with these bytes speaks HTTP: HTTP begins with a method in capital letters. PostgreSQL
/// begins with a length, and TLS with a byte that is not a letter.
pub(super) fn is_http(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(u8::is_ascii_uppercase)
}

impl Request {
    /// The first request; `None` while it is not complete. Bodies must have a `Content-Length`.
    pub(super) fn first_of(bytes: &[u8]) -> Option<Self> {
        const END: &[u8] = b"\r\n\r\n";
        let head_length = bytes.windows(END.len()).position(|window| window == END)? + END.len();
        let head = String::from_utf8_lossy(&bytes[..head_length]).into_owned();
        let fields = head.lines().filter_map(|line| line.split_once(':'));
        let body_length = fields
            .filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .find_map(|(_, value)| value.trim().parse::<usize>().ok())
            .unwrap_or(0);
        let length = head_length + body_length;
        (bytes.len() >= length).then(|| Self { length, is_head: head.starts_with("HEAD ") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_ends_with_its_body() {
        let get = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
        assert_eq!(Request::first_of(get), Some(Request { length: get.len(), is_head: false }));
        let put = b"PUT /k HTTP/1.1\r\ncontent-length: 4\r\n\r\nbody";
        assert_eq!(
            Request::first_of(&[&put[..], b"GET"].concat()),
            Some(Request { length: put.len(), is_head: false })
        );
        assert_eq!(Request::first_of(&put[..put.len() - 1]), None);
        assert_eq!(Request::first_of(b"HEAD / HTTP/1.1\r\nHost"), None);
        assert!(Request::first_of(b"HEAD / HTTP/1.1\r\n\r\n").is_some_and(|request| request.is_head));
    }

    #[test]
    fn only_http_is_recognized_as_http() {
        assert!(is_http(b"PUT /"));
        // The start of PostgreSQL's request for TLS, and of a TLS handshake.
        assert!(!is_http(&[0, 0, 0, 8]) && !is_http(&[22, 3, 1]));
    }
}
