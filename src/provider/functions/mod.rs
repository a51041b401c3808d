//! Functions on blocks, called as `provider::ipam::NAME`. They are pure: they need neither a store nor a configuration.
//! They take IPv4 and IPv6, but not both in one call, except `ip_in`. A new function is one struct and one line in [`all`].

mod arguments;
mod compare;
mod hosts;
mod info;
mod range;
mod reverse;
mod sets;
mod split;
mod valid;

use crate::tf;

/// All functions of the provider.
pub(super) fn all() -> Vec<Box<dyn tf::Function>> {
    vec![
        Box::new(compare::CidrContains),
        Box::new(compare::CidrOverlaps),
        Box::new(compare::CidrsOverlap),
        Box::new(compare::IpIn),
        Box::new(hosts::CidrHosts),
        Box::new(info::CidrInfo),
        Box::new(range::RangeToCidrs),
        Box::new(reverse::ReverseZones),
        Box::new(sets::CidrMerge),
        Box::new(sets::CidrSubtract),
        Box::new(sets::CidrIntersect),
        Box::new(sets::CidrSupernet),
        Box::new(sets::CidrSort),
        Box::new(split::CidrSplit),
        Box::new(split::CidrSplitInto),
        Box::new(split::CidrAt),
        Box::new(valid::CidrValid),
    ]
}

#[cfg(test)]
mod python_tests;
#[cfg(test)]
mod testing;
