//! A problem of an address plan.

/// The severity of a problem, the most severe first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The object contradicts a rule or the data itself.
    Error,
    /// The object will need work soon.
    Warning,
    /// The reader may want to know this.
    Note,
}

impl Severity {
    /// The name of the severity.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// The topic of a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// The store contradicts itself (a finding of `check`).
    Damage,
    /// Two objects have the same addresses.
    Overlap,
    /// An allocation does not keep a rule of its pool.
    Compliance,
    /// A pool is full, or will be soon.
    Space,
    /// Something costs money and is not in use.
    Idle,
}

impl Topic {
    /// The name of the topic.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Damage => "damage",
            Self::Overlap => "overlap",
            Self::Compliance => "compliance",
            Self::Space => "space",
            Self::Idle => "idle",
        }
    }
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub severity: Severity,
    pub topic: Topic,
    /// Id of the object, or the place in the store.
    pub place: String,
    /// The description of the object for readers: path, name, block.
    pub name: String,
    /// The problem, in sentences.
    pub what: String,
}
