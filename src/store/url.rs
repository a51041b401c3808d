//! Store URLs, and the parts of them that must never be shown.

use std::fmt;

use super::StoreKind;

/// The URL of a store. It may contain a password: `Debug` and `Display` leave out user information, parameters and
/// fragments.
#[derive(Clone, PartialEq, Eq)]
pub struct StoreUrl {
    text: String,
    password: Option<String>,
}

impl StoreUrl {
    /// Accepts any text; [`super::open()`] checks it later.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), password: None }
    }

    /// The same store with a password. This password takes precedence over one in the text.
    #[must_use]
    pub fn with_password(self, password: Option<String>) -> Self {
        Self { password, ..self }
    }

    /// The password that was given in addition to the text.
    #[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "only PostgreSQL has passwords"))]
    pub(crate) fn password(&self) -> Option<&str> {
        self.password.as_deref()
    }

    /// Whether the text contains a password: in front of the host, or as a parameter.
    pub fn has_password(&self) -> bool {
        let rest = self.rest().strip_prefix("//").unwrap_or_default();
        // Incorrect percent-encoding is refused when the store is opened, but a password with it counts here too.
        let (user, _) = rest.rsplit_once('@').unwrap_or_default();
        let in_front = user.split_once(':').is_some_and(|(_, password)| !password.is_empty());
        let is_password = |part: &str| {
            let (name, value) = part.split_once('=').unwrap_or_default();
            ["password", "passwd", "pwd"].contains(&name.to_ascii_lowercase().as_str()) && !value.is_empty()
        };
        let as_parameter = self.text.split(['?', '&', ';', ':', ' ']).any(is_password);
        (in_front && !self.is_of_files()) || as_parameter
    }

    /// Whether the rest is a path, in which `:` and `@` mean nothing.
    fn is_of_files(&self) -> bool {
        self.kind().is_some_and(|kind| kind.is_path)
    }

    /// The text before the first `:`, in lower case, when it is a scheme (letters, digits, `+`, `-`, `.`). A name
    /// without `:` is a scheme too: `aws-ipam`.
    pub fn scheme(&self) -> Option<String> {
        let (scheme, _) = self.text.split_once(':').unwrap_or((&self.text, ""));
        let starts_well = scheme.starts_with(|first: char| first.is_ascii_alphabetic());
        let is_scheme =
            starts_well && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
        is_scheme.then(|| scheme.to_ascii_lowercase())
    }

    /// The kind of store, when the scheme is known.
    fn kind(&self) -> Option<&'static StoreKind> {
        StoreKind::of_scheme(&self.scheme()?)
    }

    /// The text after the scheme, including secrets: use it to open the store, never to show it.
    pub(crate) fn rest(&self) -> &str {
        self.text.split_once(':').map_or("", |(_, rest)| rest)
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const HIDDEN: &str = "***";
        // Text that is not a store URL may be anything, and so may the text after its first colon.
        match self.scheme() {
            Some(scheme) if self.kind().is_some() || scheme == "aws-ipam" => {}
            Some(scheme) if self.text.contains(':') => return write!(f, "{scheme}:{HIDDEN}"),
            _ => return f.write_str(HIDDEN),
        }
        // libpq also accepts "host=... password=..." as a URL: any part of that text may be a secret.
        if self.text.to_ascii_lowercase().contains("password") {
            return write!(f, "{}:{HIDDEN}", self.scheme().unwrap_or_default());
        }
        let mut shown = self.text.as_str();
        // The last @ counts: a password may contain @, ? and # itself, and it is safer to hide too much.
        if let Some((hidden, after)) = self.text.rsplit_once('@') {
            let authority = hidden.find("://").map(|at| at + 3).or_else(|| hidden.find(':').map(|at| at + 1));
            write!(f, "{}{HIDDEN}@", &hidden[..authority.unwrap_or(0)])?;
            shown = after;
        }
        match shown.find(['?', '#']) {
            Some(end) => write!(f, "{}{HIDDEN}", &shown[..=end]),
            None => f.write_str(shown),
        }
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_urls_are_never_shown() {
        for (url, shown) in [
            ("sqlite:ipam.db", "sqlite:ipam.db"),
            ("postgres://db.example/ipam", "postgres://db.example/ipam"),
            ("postgres://me:s3cret@db.example:5432/ipam", "postgres://***@db.example:5432/ipam"),
            ("postgres://me:s3@c?r#et@db.example/ipam", "postgres://***@db.example/ipam"),
            ("postgres://db.example/ipam?sslkey=s3cret", "postgres://db.example/ipam?***"),
            ("postgres://db.example/ipam#s3cret", "postgres://db.example/ipam#***"),
            ("postgres:host=db.example password=s3cret", "postgres:***"),
            ("host=db.example Password=s3cret", "***"),
            ("me:s3cret@db.example", "me:***"),
            ("vault:s3cret", "vault:***"),
            ("s3cret", "***"),
        ] {
            let url = StoreUrl::new(url);
            assert_eq!(url.to_string(), shown);
            assert_eq!(format!("{url:?}"), format!("StoreUrl({shown})"));
        }
    }

    #[test]
    fn a_password_is_found_wherever_it_stands() {
        for url in [
            "postgres://me:s3cret@db.example/ipam",
            "postgresql://me:a@b/c?d@db.example/ipam",
            "postgres://db.example/ipam?sslmode=disable&password=s3cret",
            "postgres:host=db.example password=s3cret",
            "host=db.example Password=s3cret",
            "s3://AKIA:s3cret@bucket/prefix",
            "jdbc:postgresql://db.example/x;user=me;pwd=s3cret",
        ] {
            assert!(StoreUrl::new(url).has_password(), "{url}");
        }
        for url in [
            "postgres://me@db.example:5432/ipam?passfile=x",
            "postgres://me:@db.example/ipam?password=",
            "postgres:///ipam?host=/run/postgresql",
            "sqlite:ipam.db",
            "sqlite://c:/a@b.db",
            "file:///srv/a:b@c",
            "s3://bucket/prefix?region=eu-central-1",
            "aws-ipam",
            "",
        ] {
            assert!(!StoreUrl::new(url).has_password(), "{url}");
        }
    }

    #[test]
    fn a_password_in_addition_to_the_text_is_not_shown() {
        let url = StoreUrl::new("postgres://me@db.example/ipam").with_password(Some("s3cret".to_owned()));
        assert_eq!(format!("{url} {url:?}"), "postgres://***@db.example/ipam StoreUrl(postgres://***@db.example/ipam)");
    }

    #[test]
    fn the_scheme_is_the_text_before_the_colon() {
        for (url, scheme) in [
            ("sqlite:ipam.db", Some("sqlite")),
            ("SQLite:ipam.db", Some("sqlite")),
            ("s3://bucket/prefix", Some("s3")),
            ("aws-ipam", Some("aws-ipam")),
            ("memory:", Some("memory")),
            ("./ipam.db", None),
            ("", None),
        ] {
            assert_eq!(StoreUrl::new(url).scheme().as_deref(), scheme, "{url}");
        }
    }
}
