//! Loads the state from the bucket into memory: the newest checkpoint, the log after it, and later commits.

use futures::stream::{self, StreamExt, TryStreamExt};

use super::Bucket;
use super::format::{self, CheckpointReader, Commit};
use super::log::{checkpoint_name, is_pruned, log_name, missing, next_after, number_of};
use super::objects::{Objects, PARALLEL};
use super::state::{KnownState, Moment, State, Weight};
use crate::runtime::block_on;
use crate::store::Error;

/// The number of times that loading begins again because the bucket was pruned meanwhile.
const RESTARTS_MAX: usize = 5;

impl Bucket {
    /// The newest state, by a request that begins now.
    pub(super) fn refresh(&self) -> Result<State, Error> {
        let objects = self.objects()?;
        for _ in 0..RESTARTS_MAX {
            let position = self.head().as_ref().map(|head| (head.state.number, head.confirmed));
            match position {
                None => block_on(self.load(&objects))??,
                Some((number, confirmed)) => {
                    if let Some(state) = block_on(self.follow(&objects, number, confirmed))?? {
                        return Ok(state);
                    }
                }
            }
        }
        Err(self.too_fast())
    }

    fn too_fast(&self) -> Error {
        Error::Unavailable(format!("{} is pruned faster than it can be read", self.location.describe()))
    }

    /// Applies the commits after `number`; `None` when it is not possible any more to know them.
    async fn follow(
        &self,
        objects: &Objects,
        mut number: u64,
        confirmed: Option<Moment>,
    ) -> Result<Option<State>, Error> {
        let mut window = 1;
        loop {
            let asked = Moment::now();
            let first = next_after(number)?;
            let found: Vec<Option<Vec<u8>>> = stream::iter(first..first.saturating_add(window))
                .map(|number| async move { objects.get(&log_name(number)).await })
                .buffered(PARALLEL)
                .try_collect()
                .await?;
            // This check comes after the requests: commits that were removed before a request have a mark by now.
            let is_doubtful = confirmed.is_none_or(|confirmed| confirmed.age() > self.limits.trusted);
            if is_doubtful && is_pruned(objects, first).await? {
                *self.head() = None;
                return Ok(None);
            }
            let commits: Vec<Vec<u8>> = found.into_iter().map_while(|commit| commit).collect();
            let count = commits.len() as u64;
            if count > 0 {
                objects.settle("log").await?;
            }
            let mut slot = self.head();
            // Another caller may have loaded the state again meanwhile.
            let Some(head) = slot.as_mut().filter(|head| head.state.number >= number) else { return Ok(None) };
            if let Err(error) = apply_all(&mut head.state, first, &commits) {
                *slot = None;
                return Err(error);
            }
            if count == 0 {
                if head.state.number == number {
                    head.confirmed = Some(asked);
                }
                head.doubtful = false;
                return Ok(Some(head.state.clone()));
            }
            number = head.state.number;
            window = if count == window { (window * 2).min(PARALLEL as u64) } else { 1 };
        }
    }

    /// Loads everything.
    async fn load(&self, objects: &Objects) -> Result<(), Error> {
        let (mut error, mut tried, mut named) = (None, None, None);
        for _ in 0..RESTARTS_MAX {
            let (format, checkpoints) =
                futures::future::try_join(objects.get("format"), objects.list("checkpoint", None)).await?;
            if let Some(format) = format {
                format::check_format(&format, "format")?;
            }
            let listed = checkpoints.iter().rev().find_map(|object| Some((number_of(object)?, object.size)));
            let newest = listed.max(named.take());
            if let Some(error) = error.take()
                && newest == tried
            {
                return Err(error);
            }
            match load_from(objects, newest).await {
                Ok(Loaded::Whole(state)) => {
                    *self.head() = Some(KnownState { state, confirmed: None, doubtful: false });
                    return Ok(());
                }
                // The bucket may have been pruned in between, or the newest checkpoint may not have been listed.
                Ok(Loaded::Gap { number, later }) => {
                    error = later.first().map(|&later| missing(number, later));
                    named = newest_checkpoint_of(objects, later).await?;
                }
                Err(damage @ Error::Corrupt(_)) => error = Some(damage),
                Err(other) => return Err(other),
            }
            tried = newest;
        }
        Err(self.too_fast())
    }
}

/// The result of loading a checkpoint and the log after it.
enum Loaded {
    Whole(State),
    /// The commit `number` does not exist, but the later ones were listed.
    Gap {
        number: u64,
        later: Vec<u64>,
    },
}

/// The newest checkpoint of one of these commits, and its size. Requests each checkpoint by name.
async fn newest_checkpoint_of(objects: &Objects, numbers: Vec<u64>) -> Result<Option<(u64, u64)>, Error> {
    let mut sizes = stream::iter(numbers.into_iter().rev())
        .map(|number| async move { (number, objects.size(&checkpoint_name(number)).await) })
        .buffered(PARALLEL);
    while let Some((number, size)) = sizes.next().await {
        if let Some(size) = size? {
            return Ok(Some((number, size)));
        }
    }
    Ok(None)
}

fn apply_all(state: &mut State, first: u64, commits: &[Vec<u8>]) -> Result<(), Error> {
    for (number, bytes) in (first..).zip(commits) {
        if number > state.number {
            state.apply(decode(number, bytes)?, bytes.len() as u64)?;
        }
    }
    Ok(())
}

fn decode(number: u64, bytes: &[u8]) -> Result<Commit, Error> {
    let name = log_name(number);
    let commit = Commit::decode(bytes, &name)?;
    if commit.number != number {
        return Err(format::damaged(&name, &format_args!("it contains commit {}", commit.number)));
    }
    Ok(commit)
}

/// The state from the checkpoint with this number and size, and the log after it.
async fn load_from(objects: &Objects, checkpoint: Option<(u64, u64)>) -> Result<Loaded, Error> {
    let mut state = match checkpoint {
        Some((number, size)) => read_checkpoint(objects, number, size).await?,
        None => State::default(),
    };
    let listed = objects.list("log", Some(&format!("{:020}", state.number))).await?;
    let listed: Vec<u64> = listed.iter().filter_map(number_of).collect();
    let Some(&last) = listed.last() else { return Ok(Loaded::Whole(state)) };
    // The commits are requested by name, one after the other, whether they were listed or not.
    let mut commits = stream::iter(next_after(state.number)?..=last)
        .map(|number| async move { (number, objects.get(&log_name(number)).await) })
        .buffered(PARALLEL);
    while let Some((number, bytes)) = commits.next().await {
        let Some(bytes) = bytes? else {
            let later = listed.into_iter().filter(|listed| *listed > number).collect();
            return Ok(Loaded::Gap { number, later });
        };
        state.apply(decode(number, &bytes)?, bytes.len() as u64)?;
    }
    if state.weight.objects > 0 {
        objects.settle("log").await?;
    }
    Ok(Loaded::Whole(state))
}

async fn read_checkpoint(objects: &Objects, number: u64, size: u64) -> Result<State, Error> {
    let name = checkpoint_name(number);
    let gone = || Error::Corrupt(format!("{name} is listed, but does not exist"));
    let bytes = objects.get_large(&name, size).await?.ok_or_else(gone)?;
    let found = CheckpointReader::new(&bytes, &name)?.read()?;
    if found.number != number {
        return Err(format::damaged(&name, &format_args!("it contains commit {}", found.number)));
    }
    Ok(State {
        number,
        id: Some(found.id),
        entries: found.entries,
        checkpoint: Some((number, size)),
        weight: Weight::default(),
    })
}
