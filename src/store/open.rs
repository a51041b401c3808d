//! Opens the store that a URL names.

use std::sync::Arc;

use super::kinds::{Backing, forms};
use super::memory::Memory;
use super::{Error, Store, StoreKind, StoreUrl};

/// Opens a store of one kind.
type Open = fn(&StoreUrl) -> Result<Arc<dyn Store>, Error>;

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

/// What opens the stores that `backing` keeps, or the feature that this build lacks.
const fn opener(backing: Backing) -> Result<Open, &'static str> {
    match backing {
        Backing::Sqlite => SQLITE,
        Backing::Postgres => POSTGRES,
        Backing::Objects => BUCKET,
        Backing::Memory => Ok(open_memory),
    }
}

/// Opens the store at `url`: `sqlite:ipam.db`, `sqlite:/var/lib/ipam.db`, `s3://bucket/prefix` (also `gs`, `az`),
/// `file:///directory`, `postgres://user@host/database`, `memory:` (a new store), `memory:<name>` (shared by all
/// callers in this process that use the name). Nothing is opened or created before the first read or write.
///
/// # Errors
/// [`Error::Url`] when the URL does not name a store that this build supports.
pub fn open(url: &StoreUrl) -> Result<Arc<dyn Store>, Error> {
    let scheme = url.scheme();
    if let Some(kind) = scheme.as_deref().and_then(StoreKind::of_scheme) {
        let lacking = |feature| {
            let name = kind.name;
            Error::Url(format!("This build does not support {name}: it was built without the feature {feature}."))
        };
        return opener(kind.backing).map_err(lacking)?(url);
    }
    let forms = forms();
    Err(Error::Url(match scheme.as_deref() {
        Some("aws-ipam") => format!(
            "AWS keeps \"aws-ipam\": inspect it with the AWS console or `aws ec2 describe-ipam-pools`. This command \
             works on the stores {forms}."
        ),
        Some(scheme) if !url.rest().is_empty() => format!(
            "The store URL starts with \"{scheme}:\", which is not a kind of store. The kinds of stores are: {forms}."
        ),
        // Any part of this text may be a secret.
        _ => format!(
            "The store URL does not start with a kind of store. The kinds of stores are: {forms}. For a SQLite file \
             write \"sqlite:\" in front of its path."
        ),
    }))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(all(feature = "sqlite", feature = "object-storage"))]
    fn refusal(url: &str) -> String {
        match open(&StoreUrl::new(url)) {
            Err(Error::Url(text)) => text,
            Err(other) => panic!("{url}: {other}"),
            Ok(store) => panic!("{url} was opened: {}", store.describe()),
        }
    }

    #[cfg(all(feature = "sqlite", feature = "object-storage"))]
    #[test]
    fn urls_that_do_not_name_a_store_are_refused_with_the_reason() {
        for (url, words) in [
            ("postgres://me:s3cret@db/ipam?s3cret", "PostgreSQL"),
            ("s3:///prefix", "does not name a bucket"),
            ("file:var/lib/ipam", "\"file:///path/of/directory\""),
            ("aws-ipam", "AWS keeps \"aws-ipam\": inspect it with the AWS console"),
            ("aws-ipam", "works on the stores \"sqlite:<path>\""),
            ("mysql://me:s3cret@db/ipam", "The store URL starts with \"mysql:\", which is not a kind of store"),
            ("ipam.db", "does not start with a kind of store"),
            ("s3cret", "write \"sqlite:\" in front of its path"),
            ("vault:s3cret", "\"vault:\", which is not a kind of store"),
            ("jdbc:postgresql://db/x;user=me;pwd=s3cret", "\"jdbc:\", which is not a kind of store"),
            ("sqlite:ipam.db?s3cret=1", "a parameter that SQLite stores do not have"),
            ("sqlite:", "does not say where"),
            ("./ipam.db", "does not start with a kind of store"),
            ("", "does not start with a kind of store"),
            ("memory:a/b", "not \"memory:\" or \"memory:<name>\""),
            ("sqlite:ipam.db?mode=ro", "(busy_timeout)"),
            ("sqlite:ipam.db?busy_timeout", "not a duration such as 30s"),
            ("sqlite:ipam.db?busy_timeout=soon", "busy_timeout"),
            ("sqlite://host/ipam.db", "names a host"),
            ("sqlite::memory:", "write \"memory:\""),
            ("sqlite:~/ipam.db", "~"),
        ] {
            let text = refusal(url);
            assert!(text.contains(words), "{url}: {text}");
            assert!(!text.contains("s3cret"), "{text}");
        }
    }

    #[test]
    fn a_named_memory_is_the_same_store_for_all_callers() {
        let (a, b) = (StoreUrl::new("memory:one-name"), StoreUrl::new("memory:one-name"));
        open(&a).unwrap().write(&mut |tx| tx.put("k", b"v".to_vec()).map(|()| true)).unwrap();
        let mut found = None;
        open(&b).unwrap().read(&mut |snapshot| snapshot.get("k").map(|value| found = value)).unwrap();
        assert_eq!(found.as_deref(), Some(&b"v"[..]));
        let mut other = Some(Vec::new());
        open(&StoreUrl::new("memory:")).unwrap().read(&mut |s| s.get("k").map(|value| other = value)).unwrap();
        assert_eq!(other, None);
    }
}
