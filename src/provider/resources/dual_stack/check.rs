//! The errors of a configuration that need no store. Unknown values are accepted.

use crate::at;
use crate::ipam::Family;
use crate::tf::{Diagnostic, Diagnostics};

use super::super::{agreement, check_length, check_name};
use super::{DualStackModel, FAMILIES, part_at};

/// All errors of the configuration.
pub(super) fn check(config: &DualStackModel) -> Diagnostics {
    let mut diagnostics: Diagnostics = check_name(&config.name, at!(DualStackModel, name), true).into_iter().collect();
    for family in FAMILIES {
        let Some(part) = config.part(family) else { continue };
        let at = part_at(family);
        diagnostics.extend(agreement::of_cidr(&part.cidr, &part.netmask_length, at.then("netmask_length")));
        diagnostics.extend(check_length(&part.netmask_length, Some(family), at.then("netmask_length")));
        if let Some(cidr) = part.cidr.get().filter(|cidr| cidr.family() != family) {
            let detail = format!("{cidr} is {}. The argument `{family}` takes an {family} block.", cidr.family());
            diagnostics.push(Diagnostic::error("Wrong address family", detail).at(at.then("cidr")));
        }
    }
    let pools = [Family::Ipv4, Family::Ipv6].map(|family| config.part(family).and_then(|part| part.ipam_pool_id.get()));
    if let [Some(v4), Some(v6)] = pools
        && v4 == v6
    {
        let detail = "A pool has one address family. Give an IPv4 pool in `ipv4` and an IPv6 pool in `ipv6`.";
        let twice = Diagnostic::error("One pool for two families", detail);
        diagnostics.push(twice.at(part_at(Family::Ipv6).then("ipam_pool_id")));
    }
    diagnostics
}
