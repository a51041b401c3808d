//! Sizes and blocks: which of the two provisions a pool, and sizes of allocations that do not fit into its blocks.

use std::collections::BTreeSet;

use crate::at;
use crate::ipam::{Cidr, Provision};
use crate::tf::{Diagnostic, Diagnostics, Path, Tf};

use super::pool::PoolModel;

impl PoolModel {
    /// The provision that a configuration asks for. Blocks take precedence over a netmask length, which must agree with
    /// them.
    pub(super) fn asked(&self) -> Option<Provision> {
        match &self.cidrs {
            Tf::Unknown => None,
            Tf::Known(cidrs) if !cidrs.is_empty() => Some(Provision::Cidrs(cidrs.clone())),
            _ => self.provision(),
        }
    }

    /// The provision of a plan or a state. There, a netmask length takes precedence over `cidrs`, which then contains
    /// the resulting block. When `config` names both, the blocks take precedence here as well.
    pub(super) fn provision_by(&self, config: &Self) -> Option<Provision> {
        let names_both = !config.cidrs.is_null() && !config.netmask_length.is_null();
        if names_both { self.asked() } else { self.provision() }
    }

    /// The provision of a plan or a state, when the configuration does not name both `cidrs` and a netmask length.
    pub(super) fn provision(&self) -> Option<Provision> {
        match (&self.netmask_length, &self.cidrs) {
            (Tf::Unknown, _) => None,
            (Tf::Known(length), _) => Some(Provision::NetmaskLength(*length)),
            (Tf::Null, Tf::Unknown) => None,
            (Tf::Null, Tf::Known(cidrs)) if !cidrs.is_empty() => Some(Provision::Cidrs(cidrs.clone())),
            (Tf::Null, _) => Some(Provision::Nothing),
        }
    }
}

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
