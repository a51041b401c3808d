//! The texts for failures of a store.

use super::words::sentence;
use crate::store::Error;

pub(super) fn failed(error: &Error) -> (String, String) {
    let (summary, detail) = match error {
        Error::Unavailable(why) => (
            "The store is not available",
            format!(
                "{} Nothing was changed. Check the store URL, and check that this user may read and write the store \
                 (for a file, its directory too). Then run again.",
                sentence(why)
            ),
        ),
        Error::Uncertain(why) => (
            "The store did not confirm the change",
            format!(
                "{} It is not known whether the change was saved. Run the same command again: it finds the changes \
                 that were saved and continues from there.",
                sentence(why)
            ),
        ),
        Error::ReadOnly(why) => (
            "The store is read-only",
            format!(
                "{} Nothing was changed. Give this user the right to write there (for a file, in its directory too), or use \
                 other credentials.",
                sentence(why)
            ),
        ),
        Error::Busy(how_long) => (
            "The store is busy",
            format!(
                "Other writers kept it busy for {how_long}. Nothing was changed. Run again. If the error persists, \
                 look for a process that keeps the store open."
            ),
        ),
        Error::Corrupt(why) => (
            "The store is damaged",
            format!(
                "{} Nothing was changed. Run `terraform-provider-ipam check` to see the extent of the damage, and \
                 restore the store from a backup.",
                sentence(why)
            ),
        ),
        Error::Newer { found, known } => (
            "The store was written by a newer version",
            format!(
                "The store has format version {found}, and this version of the provider supports versions up to \
                 {known}. Upgrade the provider. Nothing was changed."
            ),
        ),
        Error::Url(why) => (
            "The store URL is not understood",
            format!(
                "{} Stores are named like this: \"sqlite:ipam.db\", \"postgres://<user>@<host>/<database>\", \
                 \"s3://<bucket>/<prefix>\", \"file:///<directory>\".",
                sentence(why)
            ),
        ),
    };
    (summary.to_owned(), detail)
}

/// An import into the store is in progress or was interrupted.
pub(super) fn importing() -> (String, String) {
    (
        "An import into this store is running or was interrupted".to_owned(),
        "The store is incomplete, so nothing was read or changed. Wait until the import is done. If it was \
         interrupted, run it again (`terraform-provider-ipam import`)."
            .to_owned(),
    )
}

/// The store that is the target of an import has content.
pub(super) fn not_vacant() -> (String, String) {
    (
        "The store is not empty".to_owned(),
        "The store already has objects or a history. Nothing was changed. Import into a new store, or add `--merge` to \
         import only the objects that are missing."
            .to_owned(),
    )
}
