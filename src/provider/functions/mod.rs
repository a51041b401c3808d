//! Functions on blocks, called as `provider::ipam::NAME`. They are pure: they need neither a store nor a configuration.
//! They take IPv4 and IPv6, but not both in one call. A new function is one struct and one line in [`all`].

mod arguments;
mod compare;
mod info;
mod range;
mod reverse;
mod sets;
mod split;

use crate::tf;

/// All functions of the provider.
pub(super) fn all() -> Vec<Box<dyn tf::Function>> {
    vec![
        Box::new(compare::CidrContains),
        Box::new(compare::CidrOverlaps),
        Box::new(compare::CidrsOverlap),
        Box::new(info::CidrInfo),
        Box::new(range::RangeToCidrs),
        Box::new(reverse::ReverseZones),
        Box::new(sets::CidrMerge),
        Box::new(sets::CidrSubtract),
        Box::new(split::CidrSplit),
        Box::new(split::CidrSplitInto),
    ]
}

#[cfg(test)]
mod testing;
