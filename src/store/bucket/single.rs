//! One object in a bucket that belongs to no store, such as a backup.

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::{Either, select};
use object_store::path::Path;
use object_store::{PutMode, PutPayload};

use super::connect::connect;
use super::failure::RequestFailure;
use super::location::{Environment, Kind, StoreLocation};
use super::objects::{Deadline, Objects, PATIENCE_DEFAULT};
use crate::runtime::block_on;
use crate::store::{Error, StoreUrl, Written};

/// Pause between two questions whether the caller wants the end.
const ASK_AGAIN: Duration = Duration::from_millis(50);

/// An object in a bucket. Nothing is contacted before the first call.
pub struct BucketObject {
    /// Its prefix is the name of the object.
    location: Arc<StoreLocation>,
    environment: Environment,
    objects: Mutex<Option<Arc<Objects>>>,
}

impl BucketObject {
    /// The object at `s3://bucket/name`, `gs://bucket/name` or `az://container/name`, with the parameters and the
    /// environment variables of a store in a bucket.
    ///
    /// # Errors
    /// [`Error::Url`] with the mistake; never with the value of a parameter.
    pub fn from_url(url: &str) -> Result<Self, Error> {
        Self::with_environment(url, Environment::of_process())
    }

    pub(super) fn with_environment(url: &str, environment: Environment) -> Result<Self, Error> {
        let url = StoreUrl::new(url);
        let scheme = url.scheme().unwrap_or_default();
        if ![Kind::S3, Kind::Gs, Kind::Az].iter().any(|kind| kind.scheme() == scheme) {
            // Any part of this text may be a secret.
            let why = "The URL does not start with \"s3://\", \"gs://\" or \"az://\", and so does not name a bucket.";
            return Err(Error::Url(why.to_owned()));
        }
        let location = StoreLocation::parse(&url).map_err(|error| match error {
            Error::Url(text) => Error::Url(text.replacen("The store URL", "The URL", 1)),
            other => other,
        })?;
        let path = url.rest().split(['?', '#']).next().unwrap_or_default();
        if location.prefix.as_ref().is_empty() || path.ends_with('/') {
            let (place, example) = (location.describe(), format!("\"{scheme}://bucket/backups/ipam.json\""));
            return Err(Error::Url(format!("The URL {place} does not name an object in the bucket: write {example}.")));
        }
        Ok(Self { location: Arc::new(location), environment, objects: Mutex::default() })
    }

    /// The object in words, without secrets.
    pub fn describe(&self) -> String {
        self.location.describe()
    }

    fn objects(&self) -> Result<Arc<Objects>, Error> {
        let mut slot = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(objects) = &*slot {
            return Ok(Arc::clone(objects));
        }
        let store = connect(&self.location, &self.environment)?;
        let objects = Arc::new(Objects::new(store, Arc::clone(&self.location), PATIENCE_DEFAULT));
        *slot = Some(Arc::clone(&objects));
        Ok(objects)
    }

    /// At most `limit` bytes from the beginning of the object; `None` when there is no such object.
    ///
    /// # Errors
    /// The bucket does not answer, or refuses.
    pub fn beginning(&self, limit: u64) -> Result<Option<Vec<u8>>, Error> {
        let objects = self.objects()?;
        block_on(objects.beginning(&self.location.prefix, limit))?
    }

    /// Writes the object in one request, so that it is there with all of its content or not at all. Without
    /// `overwrite`, the bucket itself refuses when the object exists. Asks `should_end` again and again while it waits.
    ///
    /// # Errors
    /// The bucket does not answer, or refuses. [`Error::Uncertain`]: the object may have been written.
    pub fn write(
        &self,
        bytes: Vec<u8>,
        overwrite: bool,
        should_end: &(dyn Fn() -> bool + Sync),
    ) -> Result<Written, Error> {
        let objects = self.objects()?;
        let mode = if overwrite { PutMode::Overwrite } else { PutMode::Create };
        block_on(async {
            let work = pin!(put(&objects, &self.location.prefix, bytes.into(), mode));
            match select(work, pin!(ended(should_end))).await {
                Either::Left((outcome, _)) => outcome,
                Either::Right(_) => Ok(Written::Ended),
            }
        })?
    }
}

async fn ended(should_end: &(dyn Fn() -> bool + Sync)) {
    while !should_end() {
        tokio::time::sleep(ASK_AGAIN).await;
    }
}

/// Writes the object, and tries again while the bucket has temporary trouble.
async fn put(objects: &Objects, path: &Path, payload: PutPayload, mode: PutMode) -> Result<Written, Error> {
    let mut deadline = Deadline::after(PATIENCE_DEFAULT);
    // Whether an attempt that was not answered may have written the object.
    let mut in_doubt = false;
    loop {
        match objects.put_once(path, &payload, mode.clone()).await {
            Ok(()) => return Ok(Written::Done),
            Err(RequestFailure::Exists) if in_doubt && objects.has_content(path, &payload).await? => {
                return Ok(Written::Done);
            }
            Err(RequestFailure::Exists) => return Ok(Written::Exists),
            Err(RequestFailure::Transient { sent, words }) => {
                in_doubt |= sent;
                if !deadline.wait().await {
                    return Err(if in_doubt { Error::Uncertain(words) } else { Error::Unavailable(words) });
                }
            }
            Err(failure) => return Err(failure.into_write_error(&objects.location)),
        }
    }
}
