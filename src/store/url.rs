//! Store URLs, and what they must never show.

use std::fmt;

/// The URL of a store. It may hold a password: `Debug` and `Display` leave out user information, parameters and
/// fragments.
#[derive(Clone, PartialEq, Eq)]
pub struct StoreUrl {
    text: String,
}

impl StoreUrl {
    /// Splits nothing off yet: any text is a URL until [`super::open`] looks at it.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }

    /// What stands before the first `:`, in lower case, when it is a scheme (letters, digits, `+`, `-`, `.`).
    /// A name without `:` is one too: `aws-ipam`.
    pub fn scheme(&self) -> Option<String> {
        let (scheme, _) = self.text.split_once(':').unwrap_or((&self.text, ""));
        let starts_well = scheme.starts_with(|first: char| first.is_ascii_alphabetic());
        let is_scheme =
            starts_well && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
        is_scheme.then(|| scheme.to_ascii_lowercase())
    }

    /// What stands after the scheme, secrets included: for opening the store, not for showing.
    pub(crate) fn rest(&self) -> &str {
        self.text.split_once(':').map_or("", |(_, rest)| rest)
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const HIDDEN: &str = "***";
        // libpq also takes "host=... password=..." for a URL: nothing of that is certain to be harmless.
        if self.text.to_ascii_lowercase().contains("password") {
            return write!(f, "{}:{HIDDEN}", self.scheme().unwrap_or_default());
        }
        let mut shown = self.text.as_str();
        // The last @ of all: a password may hold @, ? and # itself, and hiding too much is the safe side.
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
            ("host=db.example Password=s3cret", ":***"),
            ("me:s3cret@db.example", "me:***@db.example"),
        ] {
            let url = StoreUrl::new(url);
            assert_eq!(url.to_string(), shown);
            assert_eq!(format!("{url:?}"), format!("StoreUrl({shown})"));
        }
    }

    #[test]
    fn the_scheme_is_what_stands_before_the_colon() {
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
