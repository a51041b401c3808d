//! The exact texts of errors of stores and imports.

use super::*;
use crate::store;

#[test]
fn the_text_about_a_failing_store_says_what_to_do() {
    let table = [
        (
            store::Error::Unavailable("cannot open /x/ipam.db: permission denied".to_owned()),
            "The store is not available",
            "Cannot open /x/ipam.db: permission denied. Nothing was changed. Check the store URL, and check that this \
             user may read and write the store (for a file, its directory too). Then run again.",
        ),
        (
            store::Error::Unavailable("s3://plan/core did not answer in time".to_owned()),
            "The store is not available",
            "s3://plan/core did not answer in time. Nothing was changed. Check the store URL, and check that this user \
             may read and write the store (for a file, its directory too). Then run again.",
        ),
        (
            store::Error::Uncertain("disk I/O error".to_owned()),
            "The store did not confirm the change",
            "Disk I/O error. It is not known whether the change was saved. Run the same command again: it finds the \
             changes that were saved and continues from there.",
        ),
        (
            store::Error::ReadOnly("/x/ipam.db cannot be written.".to_owned()),
            "The store is read-only",
            "/x/ipam.db cannot be written. Nothing was changed. Give this user the right to write there (for a file, in \
             its directory too), or use other credentials.",
        ),
        (
            store::Error::Busy("30 s".to_owned()),
            "The store is busy",
            "Other writers kept it busy for 30 s. Nothing was changed. Run again. If the error persists, look for a \
             process that keeps the store open.",
        ),
        (
            store::Error::Corrupt("not a database".to_owned()),
            "The store is damaged",
            "Not a database. Nothing was changed. Run `terraform-provider-ipam check` to see the extent of the damage, \
             and restore the store from a backup.",
        ),
        (
            store::Error::Newer { found: 3, known: 1 },
            "The store was written by a newer version",
            "The store has format version 3, and this version of the provider supports versions up to 1. Upgrade the \
             provider. Nothing was changed.",
        ),
        (
            store::Error::Url("\"mysql:x\" is not a store".to_owned()),
            "The store URL is not understood",
            "\"mysql:x\" is not a store. Stores are named like this: \"sqlite:ipam.db\", \
             \"postgres://<user>@<host>/<database>\", \"s3://<bucket>/<prefix>\", \"file:///<directory>\".",
        ),
    ];
    for (error, summary, detail) in table {
        says(&Error::Store(error), summary, detail);
    }
}

#[test]
fn errors_about_an_import_say_what_to_do() {
    says(
        &Error::Importing,
        "An import into this store is running or was interrupted",
        "The store is incomplete, so nothing was read or changed. Wait until the import is done. If it was \
         interrupted, run it again (`terraform-provider-ipam import`).",
    );
    says(
        &Error::NotVacant,
        "The store is not empty",
        "The store already has objects or a history. Nothing was changed. Import into a new store, or add `--merge` to \
         import only the objects that are missing.",
    );
}
