//! Sizes and blocks of a pool: whether they agree, and sizes of allocations that do not fit into its blocks.

use std::collections::BTreeSet;

use crate::at;
use crate::ipam::Cidr;
use crate::tf::{Diagnostic, Diagnostics, Path, Tf};

use super::pool::PoolModel;

/// Whether `length` is the size of the only block.
pub(super) fn agrees(length: &Tf<u8>, cidrs: &BTreeSet<Cidr>) -> bool {
    cidrs.len() == 1 && cidrs.iter().all(|cidr| *length == Tf::Known(cidr.netmask_length()))
}

/// Returns warnings and no errors, because an `ipam_pool_cidr` may provision a larger block.
pub(super) fn check(config: &PoolModel) -> Diagnostics {
    let of_cidrs = config.cidrs.get().and_then(|cidrs| cidrs.iter().map(Cidr::netmask_length).min());
    let Some(largest) = of_cidrs.or(config.netmask_length.cloned()) else { return Diagnostics::new() };
    let warn = |length: &Tf<u8>, what: &str, at: Path| {
        let length = length.get().filter(|length| **length < largest)?;
        let detail = format!(
            "{what} /{length}, and the largest block of the pool is a /{largest}: no such allocation fits until \
             `ipam_pool_cidr` provisions a larger block."
        );
        Some(Diagnostic::warning("Larger than the pool", detail).at(at))
    };
    let default = &config.allocation_default_netmask_length;
    let smallest = &config.allocation_max_netmask_length;
    [
        warn(default, "An allocation that sets no size gets a", at!(PoolModel, allocation_default_netmask_length)),
        warn(
            smallest,
            "The smallest allocation that the rules allow is a",
            at!(PoolModel, allocation_max_netmask_length),
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipam::testing::cidrs;
    use crate::tf::Severity;

    fn warned(config: &PoolModel) -> Vec<(Path, Severity)> {
        check(config).iter().map(|one| (one.path.clone(), one.severity)).collect()
    }

    #[test]
    fn a_size_that_no_block_of_the_pool_holds_is_a_warning() {
        let with = |blocks: &[&str], default: u8| PoolModel {
            cidrs: cidrs(blocks).into(),
            allocation_default_netmask_length: default.into(),
            ..PoolModel::default()
        };
        assert_eq!(warned(&with(&["10.0.0.0/16", "10.2.0.0/15"], 15)), []);
        let larger = with(&["10.0.0.0/16", "10.2.0.0/15"], 14);
        assert_eq!(warned(&larger), [(at!(PoolModel, allocation_default_netmask_length), Severity::Warning)]);
        let by_size =
            PoolModel { netmask_length: 20.into(), allocation_max_netmask_length: 19.into(), ..PoolModel::default() };
        assert_eq!(warned(&by_size), [(at!(PoolModel, allocation_max_netmask_length), Severity::Warning)]);
        assert_eq!(
            warned(&PoolModel { cidrs: Tf::Null, netmask_length: Tf::Null, ..larger }),
            [],
            "it may get any block"
        );
    }
}
