//! The kinds of stores: one table that [`super::open`], the messages and the tests of the documentation use.

use std::sync::Arc;

use super::memory::Memory;
use super::{Error, Store, StoreUrl};

/// Opens a store of one kind.
type Open = fn(&StoreUrl) -> Result<Arc<dyn Store>, Error>;

/// A kind of store.
pub struct StoreKind {
    /// The schemes of its URLs.
    pub schemes: &'static [&'static str],
    /// The name of what keeps the data, in messages.
    name: &'static str,
    /// The form of its URLs, in messages; `None` for stores that only tests use.
    form: Option<&'static str>,
    /// Whether the URL contains a path and nothing else, so that `:` and `@` in it mean nothing.
    pub(super) is_path: bool,
    /// The feature of this crate that a build without this kind lacks.
    open: Result<Open, &'static str>,
}

#[cfg(feature = "sqlite")]
const SQLITE: Result<Open, &str> = Ok(|url| Ok(Arc::new(super::sqlite::Sqlite::from_url(url)?)));
#[cfg(not(feature = "sqlite"))]
const SQLITE: Result<Open, &str> = Err("sqlite");

#[cfg(feature = "postgres")]
const POSTGRES: Result<Open, &str> = Ok(|url| Ok(Arc::new(super::postgres::Postgres::from_url(url)?)));
#[cfg(not(feature = "postgres"))]
const POSTGRES: Result<Open, &str> = Err("postgres");

#[cfg(feature = "object-storage")]
const BUCKET: Result<Open, &str> = Ok(|url| Ok(Arc::new(super::bucket::Bucket::from_url(url)?)));
#[cfg(not(feature = "object-storage"))]
const BUCKET: Result<Open, &str> = Err("object-storage");

/// All kinds of stores, in the order of messages.
pub static KINDS: [StoreKind; 5] = [
    StoreKind {
        schemes: &["sqlite"],
        name: "SQLite",
        form: Some("\"sqlite:<path>\" (a file)"),
        is_path: true,
        open: SQLITE,
    },
    StoreKind {
        schemes: &["postgres", "postgresql"],
        name: "PostgreSQL",
        form: Some("\"postgres://<user>@<host>/<database>\""),
        is_path: false,
        open: POSTGRES,
    },
    StoreKind {
        schemes: &["s3", "gs", "az"],
        name: "object storage",
        form: Some("\"s3://\", \"gs://\" and \"az://<bucket>/<prefix>\" (a bucket)"),
        is_path: false,
        open: BUCKET,
    },
    StoreKind {
        schemes: &["file"],
        name: "object storage",
        form: Some("\"file:///<directory>\""),
        is_path: true,
        open: BUCKET,
    },
    StoreKind { schemes: &["memory"], name: "memory", form: None, is_path: true, open: Ok(open_memory) },
];

impl StoreKind {
    /// The kind with this scheme.
    pub fn of_scheme(scheme: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.schemes.contains(&scheme))
    }

    /// Opens the store at `url`, which is of this kind.
    ///
    /// # Errors
    /// [`Error::Url`] when the URL is malformed, or when this build does not have this kind.
    pub(super) fn open(&self, url: &StoreUrl) -> Result<Arc<dyn Store>, Error> {
        let lacking = |feature| {
            let name = self.name;
            Error::Url(format!("This build does not support {name}: it was built without the feature {feature}."))
        };
        self.open.map_err(lacking)?(url)
    }
}

fn open_memory(url: &StoreUrl) -> Result<Arc<dyn Store>, Error> {
    match url.rest() {
        "" => Ok(Arc::new(Memory::default())),
        name if name.contains(['/', '?', '#', '@']) => {
            Err(Error::Url(format!("The store URL {url} is not \"memory:\" or \"memory:<name>\".")))
        }
        name => Ok(Memory::shared(name)),
    }
}

/// The forms of all store URLs, for messages.
pub(super) fn forms() -> String {
    let mut forms: Vec<&str> = KINDS.iter().filter_map(|kind| kind.form).collect();
    let last = forms.pop().unwrap_or_default();
    format!("{}, and {last}", forms.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_list_every_kind_that_users_can_choose() {
        assert_eq!(
            forms(),
            "\"sqlite:<path>\" (a file), \"postgres://<user>@<host>/<database>\", \"s3://\", \"gs://\" and \
             \"az://<bucket>/<prefix>\" (a bucket), and \"file:///<directory>\""
        );
    }

    #[test]
    fn readme_has_a_row_for_every_kind_that_users_can_choose() {
        let readme = include_str!("../../README.md");
        let rows: Vec<&str> = readme.lines().filter(|line| line.starts_with("| `")).collect();
        for kind in KINDS.iter().filter(|kind| kind.form.is_some()) {
            // The other spelling of PostgreSQL means the same.
            for scheme in kind.schemes.iter().filter(|scheme| **scheme != "postgresql") {
                let start = format!("`{scheme}:");
                assert!(rows.iter().any(|row| row.contains(&start)), "README.md has no store {start}...`");
            }
        }
    }

    #[test]
    fn every_scheme_belongs_to_one_kind() {
        let mut schemes: Vec<&str> = KINDS.iter().flat_map(|kind| kind.schemes).copied().collect();
        let all = schemes.len();
        schemes.sort_unstable();
        schemes.dedup();
        assert_eq!(schemes.len(), all);
        assert!(StoreKind::of_scheme("vault").is_none());
    }
}
