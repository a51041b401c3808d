//! A build without buckets: every URL of an object is refused.

use super::{Error, Written};

/// An object in a bucket, of which there is none.
#[derive(Debug)]
pub enum BucketObject {}

impl BucketObject {
    /// Refuses the URL.
    ///
    /// # Errors
    /// [`Error::Url`].
    pub fn from_url(_: &str) -> Result<Self, Error> {
        let why = "This build does not support buckets: it was built without the feature object-storage.";
        Err(Error::Url(why.to_owned()))
    }

    /// See the same method of a build with buckets.
    pub fn describe(&self) -> String {
        match *self {}
    }

    /// See the same method of a build with buckets.
    ///
    /// # Errors
    /// None.
    pub fn beginning(&self, _: u64) -> Result<Option<Vec<u8>>, Error> {
        match *self {}
    }

    /// See the same method of a build with buckets.
    ///
    /// # Errors
    /// None.
    pub fn write(&self, _: Vec<u8>, _: bool, _: &(dyn Fn() -> bool + Sync)) -> Result<Written, Error> {
        match *self {}
    }
}
