//! The mark, after which the history begins, and the digest of what is kept of the events before it.

use jiff::Timestamp;
use num_bigint::BigUint;
use serde::{Deserialize, Serialize};

use super::log::{self, Head};
use super::tenure::Remnant;
use crate::ipam::Result;
use crate::ipam::storage::{codec, keys};

/// The point after which the history begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Number of the last event that was removed.
    pub sequence: u64,
    /// Hash of that event.
    pub hash: String,
    /// The latest time of a removed event. The history after this time is complete.
    pub time: Timestamp,
    /// Whether all removed events were written to an archive first.
    pub archived: bool,
    /// Digest of the remnants of the removed events.
    pub(in crate::ipam) remembered: Remembered,
}

impl Mark {
    /// The last event that was removed.
    pub(in crate::ipam) fn head(&self) -> Head {
        Head { sequence: self.sequence, hash: self.hash.clone() }
    }

    /// Whether the mark was written with these remnants.
    pub fn fits(&self, remembered: &Remembered) -> bool {
        self.remembered == *remembered
    }
}

/// Digest of remnants in any order: the sum of their hashes. So it can follow a change without a read of all remnants.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Remembered(#[serde(with = "codec::decimal")] BigUint);

impl Remembered {
    /// Adds one remnant.
    ///
    /// # Errors
    /// Returns [`crate::ipam::Error::Store`] when the remnant cannot be written as JSON.
    pub fn add(&mut self, remnant: &Remnant) -> Result<()> {
        self.0 = (&self.0 + number(remnant)?) % modulus();
        Ok(())
    }

    /// Subtracts one remnant.
    pub(super) fn remove(&mut self, remnant: &Remnant) -> Result<()> {
        self.0 = (&self.0 + modulus() - number(remnant)?) % modulus();
        Ok(())
    }
}

fn modulus() -> BigUint {
    BigUint::from(1u8) << 256
}

fn number(remnant: &Remnant) -> Result<BigUint> {
    let value = serde_json::to_value(remnant)
        .map_err(|error| codec::corrupt(&keys::remnant(&remnant.id), &error.to_string()))?;
    Ok(BigUint::from_bytes_be(&log::digest(&value)))
}

/// The last event to remove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Until {
    /// Number of that event.
    pub sequence: u64,
    /// Hash of that event.
    pub hash: String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::ipam::Kind;

    fn remnant(id: &str) -> Remnant {
        Remnant { id: id.to_owned(), kind: Kind::Pool, position: None, tenures: Vec::new() }
    }

    #[test]
    fn a_digest_does_not_depend_on_the_order_and_remnants_can_be_subtracted() {
        let (mut one, mut other) = (Remembered::default(), Remembered::default());
        for id in ["a", "b", "c"] {
            one.add(&remnant(id)).unwrap();
        }
        for id in ["c", "x", "b", "a"] {
            other.add(&remnant(id)).unwrap();
        }
        assert_ne!(one, other);
        other.remove(&remnant("x")).unwrap();
        assert_eq!(one, other);
        for id in ["a", "b", "c"] {
            one.remove(&remnant(id)).unwrap();
        }
        assert_eq!(json!(one), json!("0"));
    }
}
