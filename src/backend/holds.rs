//! The part of a backend that holds space and names for plans, and knows which objects are in a Terraform state.

use std::time::Duration;

use crate::ipam::{
    Allocation, AllocationSpec, Missing, Occupant, Pool, PoolChange, PoolCidr, PoolCidrSpec, PoolSpec, Provision,
    Resize, Resting, Result, Rules, Scope, ScopeSpec, Size, Terms,
};

/// The holds of a backend, and its notes about plans and Terraform states.
///
/// `plan_*` finds or places the hold for a new object or for a change, and is stable: a second call answers the same.
/// The creation or the change then finds the hold. `confirm` records that an object is in a Terraform state.
pub trait Holds: Send + Sync {
    /// Holds the name of a new scope.
    fn plan_scope(&self, spec: &ScopeSpec, terms: &Terms) -> Result<Scope>;

    /// Holds the name and the blocks of a new pool.
    fn plan_pool(&self, spec: &PoolSpec, terms: &Terms) -> Result<Pool>;

    /// The pool as it will be after the change, with holds on the added blocks; `None` when only a replacement can make
    /// the change.
    fn plan_pool_change(&self, id: &str, change: &PoolChange, terms: &Terms) -> Result<Option<Pool>>;

    /// Looks for objects that prevent the pool from having other blocks. `goes` answers for an object, from its id and
    /// whether it has this owner, whether it is deleted before the change is carried out.
    ///
    /// # Errors
    /// [`crate::ipam::Error::InUse`] with the allocations in space that the pool would lose; [`crate::ipam::Error::Across`].
    fn in_the_way(&self, id: &str, provision: &Provision, goes: &dyn Fn(&str, bool) -> bool) -> Result<()>;

    /// The first few objects that have addresses in the space that these rules of a pool would reserve.
    ///
    /// # Errors
    /// [`crate::ipam::Error::NotFound`].
    fn in_reserved(&self, id: &str, rules: &Rules) -> Result<Vec<Occupant>>;

    /// The blocks of a pool that were released and rest now, by the end of the rest.
    ///
    /// # Errors
    /// [`crate::ipam::Error::NotFound`].
    fn resting(&self, pool_id: &str) -> Result<Vec<Resting>>;

    /// Holds the block of a new pool CIDR.
    fn plan_pool_cidr(&self, spec: &PoolCidrSpec, terms: &Terms) -> Result<PoolCidr>;

    /// Holds the name and the block of a new allocation.
    fn plan_allocation(&self, spec: &AllocationSpec, terms: &Terms) -> Result<Allocation>;

    /// Takes a block for the length of the present run, which is over after `duration` unless it is renewed.
    ///
    /// # Errors
    /// [`crate::ipam::Error::NameTaken`] when another run has a lease of that name.
    fn open_lease(&self, spec: &AllocationSpec, duration: Duration) -> Result<Allocation>;

    /// Moves the end of a lease: `duration` from now.
    ///
    /// # Errors
    /// [`crate::ipam::Error::HoldLost`] when the lease is over and its block went to another object.
    fn renew_lease(&self, id: &str, name: &str, duration: Duration) -> Result<Allocation>;

    /// Ends a lease. The end of one that is over already succeeds.
    fn close_lease(&self, id: &str) -> Result<()>;

    /// Holds the space that another size needs in addition, when the allocation can have that size in place.
    fn plan_resize(&self, id: &str, size: Size, terms: &Terms) -> Result<Resize>;

    /// Holds of the same owner that were reclaimed before they expired, since the last call of this method, and that a
    /// plan made elsewhere showed: in another CI run, on another machine, or in another directory.
    fn displaced(&self) -> Vec<Occupant>;

    /// Restores an object that is in a Terraform state but not in this backend, with its id and block. `false`: the
    /// object was released. An object that exists stays as it is.
    ///
    /// # Errors
    /// The errors of the rules for a new object; [`crate::ipam::Error::Overlap`] when its space is not free.
    fn restore(&self, id: &str, missing: &Missing) -> Result<bool>;

    /// Marks an active object as being in a Terraform state. Does nothing when the object is marked already or gone.
    fn confirm(&self, id: &str) -> Result<()>;

    /// [`Holds::confirm`] for several objects, in one write.
    fn confirm_all(&self, ids: &[String]) -> Result<()>;

    /// Notes for an active object that a plan keeps arguments of it that are not known yet. The note lasts `hold`.
    fn keep_arguments(&self, id: &str, hold: Duration) -> Result<()>;

    /// Whether a plan with such a note may still be applied. Removes the note when the store can be written.
    fn take_kept_arguments(&self, id: &str) -> Result<bool>;

    /// Notes that a plan deletes or renames an active object. Another object of that plan wanted the name or the block
    /// of this one and was planned first, so it could not have it yet.
    fn give_up(&self, id: &str, hold: Duration) -> Result<()>;

    /// Whether a plan of the same owner wrote such a note that has not expired.
    fn is_given_up(&self, id: &str) -> Result<bool>;
}
