//! [`Scout`]: who looks into accounts for a store of our own.

use crate::ipam::Result;
use crate::ipam::seen::{Sample, Survey};

/// Looks into accounts. Blocks.
pub trait Scout: Send + Sync {
    /// Looks at every account and Region that `survey` names (its files are not of this), several at once. `found` is
    /// told how far it is, and gets each sample as soon as it is there; an account or Region that cannot be looked at is
    /// a sample with a failure, and the others go on. When `found` answers an error, the look ends with it.
    ///
    /// # Errors
    /// When there is no identity to look with at all; what `found` answered.
    fn look(&self, survey: &Survey, found: &mut dyn FnMut(Step) -> Result<()>) -> Result<()>;
}

/// How far a look is.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// So many pairs of account and Region will be looked at. Comes first, once.
    Places(usize),
    /// One of them is done.
    Done(Sample),
}
