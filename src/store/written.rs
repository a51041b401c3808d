/// What became of the write of an object that belongs to no store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// The object has the new content.
    Done,
    /// The object existed, and is unchanged.
    Exists,
    /// The caller asked for the end before the bucket answered.
    Ended,
}
