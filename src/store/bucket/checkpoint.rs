//! Checkpoints, so that opening a store need not read the whole history.

use super::log::{checkpoint_name, number_of};
use super::objects::Objects;
use super::state::{State, Weight};
use super::{Bucket, format};
use crate::runtime::block_on;
use crate::store::Error;

impl Bucket {
    /// Writes a checkpoint after a commit, when the log has become long. The writer of that commit waits for it,
    /// because a short-lived process does not exist any more later; other writers continue.
    pub(super) fn checkpoint_if_due(&self) {
        let state = self.head().as_ref().map(|head| head.state.clone()).filter(|state| state.is_due(self.weights));
        let (Some(state), Ok(_alone)) = (state, self.checkpointing.try_lock()) else { return };
        if let Err(error) = self.checkpoint_unless_there(state) {
            // No data is lost: the log is complete, and the next commit tries again.
            tracing::warn!(%error, location = self.location.describe(), "a checkpoint could not be written");
        }
    }

    /// Another process may have been quicker, because the log has the same length for all processes.
    fn checkpoint_unless_there(&self, state: State) -> Result<(), Error> {
        let objects = self.objects()?;
        let known = state.checkpoint.map_or(0, |(number, _)| number);
        let newer = block_on(objects.list("checkpoint", Some(&format!("{known:020}"))))??;
        let newest = newer.iter().rev().find_map(|object| Some((number_of(object)?, object.size)));
        match newest {
            Some((number, size)) => {
                // The weight before and after that checkpoint is not known, so it is divided in proportion to the
                // commits.
                let (all, after) = (state.number.saturating_sub(known).max(1), state.number.saturating_sub(number));
                let part = |whole: u64| (u128::from(whole) * u128::from(all - after) / u128::from(all)) as u64;
                let before = Weight { objects: part(state.weight.objects), bytes: part(state.weight.bytes) };
                self.note_checkpoint(number, size, before);
                Ok(())
            }
            None => self.write_checkpoint(&objects, &state).map(|_| ()),
        }
    }

    /// Writes `state`, which has at least one commit, and answers the size of the checkpoint.
    pub(super) fn write_checkpoint(&self, objects: &Objects, state: &State) -> Result<u64, Error> {
        let Some(id) = &state.id else { return Ok(0) };
        let mut bytes = Vec::new();
        format::write_checkpoint(&mut bytes, state.number, id, &state.entries)
            .map_err(|error| Error::Unavailable(format!("the checkpoint cannot be written down: {error}")))?;
        let size = bytes.len() as u64;
        block_on(objects.overwrite(&checkpoint_name(state.number), bytes))??;
        self.note_checkpoint(state.number, size, state.weight);
        Ok(size)
    }

    /// Records a checkpoint, and subtracts `before`, the weight of the log up to it.
    fn note_checkpoint(&self, number: u64, size: u64, before: Weight) {
        if let Some(head) = &mut *self.head()
            && head.state.checkpoint.is_none_or(|(known, _)| known < number)
        {
            let weight = &mut head.state.weight;
            weight.objects = weight.objects.saturating_sub(before.objects);
            weight.bytes = weight.bytes.saturating_sub(before.bytes);
            head.state.checkpoint = Some((number, size));
        }
    }
}
