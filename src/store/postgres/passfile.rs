//! libpq's password file: `host:port:database:user:password` in each line; the first line that matches counts.

use std::fs;
use std::path::Path;

use super::settings::{self, Host, Secret};

/// The password for a login, when the file has one.
///
/// A file that others may read is not used. The log reports that, as libpq reports it on the terminal.
pub(super) fn password(path: &Path, host: &Host, database: &str, user: &str) -> Option<Secret> {
    let metadata = fs::metadata(path).ok()?;
    if !metadata.is_file() {
        return None;
    }
    if is_open_to_others(&metadata) {
        tracing::warn!(path = %path.display(), "the password file is not used: others may read it (chmod 0600)");
        return None;
    }
    let text = fs::read_to_string(path)
        .inspect_err(|error| tracing::warn!(path = %path.display(), %error, "the password file cannot be read"))
        .ok()?;
    find(&text, host, database, user)
}

#[cfg(unix)]
pub(super) fn is_open_to_others(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o077 != 0
}

/// On other systems, as in libpq, the directory is assumed to be the user's own.
#[cfg(not(unix))]
pub(super) fn is_open_to_others(_: &fs::Metadata) -> bool {
    false
}

fn find(text: &str, host: &Host, database: &str, user: &str) -> Option<Secret> {
    // Sockets in their default directory count as localhost.
    let name = if settings::is_default_socket(&host.name) { "localhost" } else { &host.name };
    let port = host.port.to_string();
    text.lines().find_map(|line| {
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.starts_with('#') {
            return None;
        }
        let mut rest = line;
        for wanted in [name, &port, database, user] {
            let (field, after) = field(rest)?;
            if field != Field::Any && field != Field::Text(wanted.to_owned()) {
                return None;
            }
            rest = after;
        }
        Some(Secret(unescaped(rest)))
    })
}

#[derive(PartialEq, Eq)]
enum Field {
    /// `*`
    Any,
    Text(String),
}

/// The text up to the next `:` without a backslash in front, and the text after it.
fn field(line: &str) -> Option<(Field, &str)> {
    let mut is_escaped = false;
    for (at, letter) in line.char_indices() {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            ':' => {
                let text = &line[..at];
                let field = if text == "*" { Field::Any } else { Field::Text(unescaped(text)) };
                return Some((field, &line[at + 1..]));
            }
            _ => {}
        }
    }
    None
}

/// The password ends at a `:` too: the text after it is for later versions of the format.
fn unescaped(text: &str) -> String {
    let (mut plain, mut letters) = (String::with_capacity(text.len()), text.chars());
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => plain.extend(letters.next()),
            ':' => break,
            letter => plain.push(letter),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::postgres::settings::SslMode;

    const FILE: &str = "# name:5432:db:me:comment\n\
        db.example:5432:ipam:me:first\n\
        db.example:*:ipam:me:second\n\
        *:*:*:colon\\:user:with\\:colon\\\\slash\n\
        ::1:5432:*:*:never\n\
        \\:\\:1:5432:*:*:six\n\
        localhost:5432:*:*:socket\r\n\
        short:line\n\
        *:*:*:*:rest:ignored\n";

    fn password_for(name: &str, port: u16, database: &str, user: &str) -> Option<String> {
        let host = Host { name: name.to_owned(), address: None, port, ssl_mode: SslMode::Disable };
        find(FILE, &host, database, user).map(|secret| secret.0)
    }

    #[test]
    fn the_first_line_that_matches_has_the_password() {
        for (host, port, database, user, password) in [
            ("db.example", 5432, "ipam", "me", "first"),
            ("db.example", 6543, "ipam", "me", "second"),
            ("db.example", 5432, "ipam", "colon:user", "with:colon\\slash"),
            ("::1", 5432, "ipam", "me", "six"),
            ("localhost", 5432, "ipam", "me", "socket"),
            ("/run/postgresql", 5432, "ipam", "me", "socket"),
            ("/elsewhere", 5432, "ipam", "me", "rest"),
            ("name", 5432, "db", "me", "rest"),
        ] {
            assert_eq!(
                password_for(host, port, database, user).as_deref(),
                Some(password),
                "{host}:{port}:{database}:{user}"
            );
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_may_read_is_not_used() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("pgpass");
        fs::write(&path, FILE).unwrap();
        let host = Host { name: "db.example".to_owned(), address: None, port: 5432, ssl_mode: SslMode::Disable };
        for (mode, found) in [(0o600, true), (0o640, false), (0o604, false), (0o400, true)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(password(&path, &host, "ipam", "me").is_some(), found, "{mode:o}");
        }
        assert!(password(&directory.path().join("none"), &host, "ipam", "me").is_none());
    }
}
