//! The kinds of stores: one table that [`super::open()`], the messages and the tests of the documentation use.

/// What keeps the data of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Backing {
    Sqlite,
    Postgres,
    /// A bucket or a directory.
    Objects,
    Memory,
}

/// A kind of store.
pub struct StoreKind {
    /// The schemes of its URLs.
    pub schemes: &'static [&'static str],
    /// What keeps the data.
    pub(super) backing: Backing,
    /// The name of what keeps the data, in messages.
    pub(super) name: &'static str,
    /// The form of its URLs, in messages; `None` for stores that only tests use.
    form: Option<&'static str>,
    /// Whether the URL contains a path and nothing else, so that `:` and `@` in it mean nothing.
    pub(super) is_path: bool,
}

/// All kinds of stores, in the order of messages.
pub static KINDS: [StoreKind; 5] = [
    StoreKind {
        schemes: &["sqlite"],
        name: "SQLite",
        form: Some("\"sqlite:<path>\" (a file)"),
        is_path: true,
        backing: Backing::Sqlite,
    },
    StoreKind {
        schemes: &["postgres", "postgresql"],
        name: "PostgreSQL",
        form: Some("\"postgres://<user>@<host>/<database>\""),
        is_path: false,
        backing: Backing::Postgres,
    },
    StoreKind {
        schemes: &["s3", "gs", "az"],
        name: "object storage",
        form: Some("\"s3://\", \"gs://\" and \"az://<bucket>/<prefix>\" (a bucket)"),
        is_path: false,
        backing: Backing::Objects,
    },
    StoreKind {
        schemes: &["file"],
        name: "object storage",
        form: Some("\"file:///<directory>\""),
        is_path: true,
        backing: Backing::Objects,
    },
    StoreKind { schemes: &["memory"], name: "memory", form: None, is_path: true, backing: Backing::Memory },
];

impl StoreKind {
    /// The kind with this scheme.
    pub fn of_scheme(scheme: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.schemes.contains(&scheme))
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
