//! Moves networks of other systems into a store: from the inventories of files to a design, from the design to the
//! store in one transaction, and from the store to a configuration that describes what was moved.
//!
//! 1. [`gather`]: the networks of all files, each with its place and its scope.
//! 2. [`nest`]: which network lies in which, and what is a pool. Everything that does not nest is a conflict.
//! 3. [`mod@design`]: scopes, pools, allocations and address sets with names ([`naming`]).
//! 4. [`mod@write`]: compares the design with the store and writes the difference through the operations of the core.
//! 5. [`configuration`]: resources and `import` blocks.
//!
//! All conflicts are found before anything is written. A second run finds every block where the first one put it, so it
//! changes nothing.

pub mod configuration;
mod design;
mod gather;
mod hcl;
mod naming;
mod nest;
mod types;
mod write;

#[cfg(test)]
mod tests;

pub use design::design;
pub use types::{
    AllocationDesign, Choices, DeclaredPool, Design, Fate, Gone, Migration, Moved, Place, PoolDesign, Remark,
    ScopeDesign, Source,
};
