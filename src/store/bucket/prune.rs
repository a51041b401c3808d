//! Removes the part of the log that is not needed any more. The documentation of the module explains why that is safe.

use std::time::Duration;

use object_store::{ObjectMeta, PutPayload};

use super::Bucket;
use super::failure::RequestFailure;
use super::format::{self, CheckpointReader};
use super::log::{checkpoint_name, number_of};
use super::objects::Objects;
use super::state::State;
use crate::runtime::block_on;
use crate::store::{Error, Pruned, Store};

/// An object that is written to read the clock of the bucket.
const CLOCK: &str = "clock";

impl Bucket {
    /// Removes commits that a checkpoint covers and that are older than `keep` (an hour at least), and all checkpoints
    /// except the newest.
    pub(super) fn prune_log(&self, keep: Duration) -> Result<Pruned, Error> {
        let keep = keep.max(self.limits.keep_min);
        let objects = self.objects()?;
        let state = self.refresh()?;
        if state.number == 0 {
            return Ok(Pruned::default());
        }
        let log = block_on(objects.list("log", None))??;
        let now = block_on(self.bucket_time(&objects))??;
        let is_old = |object: &ObjectMeta| {
            let age = u64::try_from(now - object.last_modified.timestamp()).unwrap_or(0);
            Duration::from_secs(age) >= keep
        };
        // All commits before this one are old, and none belongs to a later state.
        let first_kept = log
            .iter()
            .filter(|object| !is_old(object))
            .filter_map(number_of)
            .chain([state.number])
            .min()
            .unwrap_or(state.number);
        let removable: Vec<_> =
            log.iter().filter(|object| number_of(object).is_some_and(|number| number < first_kept)).collect();
        if !removable.is_empty() {
            self.ensure_checkpoint(&objects, &state)?;
            block_on(mark(&objects, first_kept))??;
        }
        let mut superseded = block_on(objects.list("checkpoint", None))??;
        let newest = superseded.iter().filter_map(number_of).max().unwrap_or(0);
        superseded.retain(|object| number_of(object).is_some_and(|number| number < newest));
        let mut marks = block_on(objects.list("pruned", None))??;
        // At least one mark must exist from the beginning to the end of every listing.
        let last_mark = marks.iter().filter(|mark| is_old(mark)).filter_map(number_of).max().unwrap_or(0);
        marks.retain(|object| number_of(object).is_some_and(|number| number < last_mark));
        let gone: Vec<_> =
            removable.into_iter().chain(&superseded).chain(&marks).map(|object| object.location.clone()).collect();
        let removed = gone.len() as u64;
        block_on(objects.delete(gone))??;
        let left = block_on(async {
            let (log, checkpoints) =
                futures::future::try_join(objects.list("log", None), objects.list("checkpoint", None)).await?;
            Ok::<_, Error>((log.len() + checkpoints.len()) as u64)
        })??;
        Ok(Pruned { removed, left })
    }

    /// The time by the clock of the bucket, in seconds since 1970. The ages of objects are by that clock, not by the
    /// clock of this machine.
    async fn bucket_time(&self, objects: &Objects) -> Result<i64, Error> {
        objects.overwrite(CLOCK, Vec::new()).await?;
        let now = objects.written_at(CLOCK).await?;
        objects.delete(vec![objects.path(CLOCK)]).await?;
        Ok(now)
    }

    /// Ensures, by reading it again, that there is a checkpoint of `state`, because soon the state can be loaded only
    /// from it.
    fn ensure_checkpoint(&self, objects: &Objects, state: &State) -> Result<(), Error> {
        let size = match state.checkpoint {
            Some((number, size)) if number == state.number => size,
            _ => self.write_checkpoint(objects, state)?,
        };
        let name = checkpoint_name(state.number);
        let missing =
            || Error::Unavailable(format!("{name} of {} was just written, but does not exist", self.describe()));
        let bytes = block_on(objects.get_large(&name, size))??.ok_or_else(missing)?;
        let mut found = CheckpointReader::new(&bytes, &name)?;
        let differs = || format::damaged(&name, &"it differs from the log, and the log was not changed");
        if found.number != state.number || Some(&found.id) != state.id.as_ref() {
            return Err(differs());
        }
        for (key, value) in state.entries.iter() {
            let same = found.next_entry()?.is_some_and(|(found_key, found)| found_key == *key && found == *value);
            if !same {
                return Err(differs());
            }
        }
        if found.next_entry()?.is_some() { Err(differs()) } else { Ok(()) }
    }
}

/// Records that commits before `first_kept` may be gone, before they are removed.
async fn mark(objects: &Objects, first_kept: u64) -> Result<(), Error> {
    let payload = PutPayload::from(format::encode_format()?);
    match objects.create(&format!("pruned/{first_kept:020}"), &payload).await {
        Ok(()) | Err(RequestFailure::Exists) => Ok(()),
        Err(failure) => Err(failure.into_write_error(&objects.location)),
    }
}
