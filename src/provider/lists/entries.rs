//! The entries of a list of objects.

use std::sync::Arc;

use crate::backend::Holdable;
use crate::provider::noun::{HeldModel, imported};
use crate::provider::shared::Configured;
use crate::tf::{Diagnostics, Entries, Found, ListOptions, Listed};

/// The entries for these records, each with its name for people. A record that cannot be imported is left out.
pub(super) fn entries<'a, M: HeldModel>(
    configured: Arc<Configured>,
    options: ListOptions,
    records: impl Iterator<Item = Result<(M::Noun, String), Diagnostics>> + 'a,
) -> Entries<'a, Found<M>> {
    Box::new(records.filter_map(move |record| {
        let (record, display_name) = match record {
            Ok(record) => record,
            Err(errors) => return Some(Err(errors)),
        };
        M::check_import(configured.ipam.as_ref(), &record).ok()?;
        let object = options.include_object.then(|| imported::<M>(&configured, &record)).transpose();
        let id = record.meta().id.clone();
        Some(object.map(|object| Listed::Found(Found { id, display_name, object })))
    }))
}
