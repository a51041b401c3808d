//! Import of a dual-stack allocation: by its id, or by the two allocations.

use crate::backend::{AllocationFilter, Ipam, find as look_for};
use crate::ipam::{Allocation, Error, Family, Kind, ResourceType, Stack, State};
use crate::tf::{Diagnostic, Diagnostics, Path, Tf};

use super::super::super::errors;
use super::{DualStackModel, FAMILIES, ID_PREFIX, PartModel};

const FORMS: &str = "Import by the ids or paths of the IPv4 and the IPv6 allocation, separated by a comma: \
                     ipam-pool-alloc-...,ipam-pool-alloc-... . An id (ipam-dual-stack-...) works as long as both have the same \
                     name and the IPv4 allocation is still the first one.";

fn tell(error: Error) -> Diagnostics {
    errors::at(&error, Path::root())
}

fn refuse(summary: &str, detail: &str) -> Diagnostics {
    Diagnostic::error(summary, format!("{detail} {FORMS}")).into()
}

fn is_custom(one: &Allocation) -> bool {
    one.meta.state == State::Active && one.resource_type == ResourceType::Custom
}

/// The two allocations that the text names.
///
/// # Errors
/// When the text does not name exactly one allocation of each family.
pub(super) fn find(ipam: &dyn Ipam, text: &str) -> Result<(DualStackModel, Stack), Diagnostics> {
    ipam.require_dual_stacks().map_err(tell)?;
    let stack = match text.strip_prefix(ID_PREFIX) {
        Some(own) => by_id(ipam, text, &format!("{}{own}", Kind::Allocation.id_prefix()))?,
        None => match text.split_once(',') {
            Some((v4, v6)) => {
                let found = [(Family::Ipv4, only(ipam, v4)?), (Family::Ipv6, only(ipam, v6)?)];
                if let Some((family, wrong)) = found.iter().find(|(family, one)| one.cidr.family() != *family) {
                    let detail = format!("{} is not {family}: the IPv4 allocation comes first.", wrong.cidr);
                    return Err(refuse("Import needs both families", &detail));
                }
                found.into()
            }
            None => return Err(refuse("Import needs two allocations", &format!("{text:?} does not name two."))),
        },
    };
    let mut model = DualStackModel::default();
    for (family, one) in &stack {
        let length = Tf::Known(one.cidr.netmask_length());
        let part = PartModel { ipam_pool_id: one.pool_id.clone().into(), cidr: Tf::Null, netmask_length: length };
        match family {
            Family::Ipv4 => model.ipv4 = part.into(),
            Family::Ipv6 => model.ipv6 = part.into(),
        }
        model.name = one.meta.name.clone().into();
        model.description = one.description.clone().into();
        model.tags_all = one.tags.clone().into();
        model.fill(*family, one);
    }
    model.id = if text.starts_with(ID_PREFIX) { text.to_owned().into() } else { model.new_id() };
    Ok((model, stack))
}

/// The allocation with this id, and the IPv6 allocation with the same name.
fn by_id(ipam: &dyn Ipam, text: &str, id: &str) -> Result<Stack, Diagnostics> {
    let v4 = ipam.get_allocation(id).map_err(tell)?.filter(is_custom);
    let Some(v4) = v4 else {
        return Err(refuse("No such dual-stack allocation", &format!("The IPv4 allocation of {text:?} is gone.")));
    };
    let filter = AllocationFilter { name: Some(v4.meta.name.clone()), ..AllocationFilter::default() };
    let named = ipam.list_allocations(&filter).map_err(tell)?;
    let mut others: Vec<Allocation> = named
        .into_iter()
        .filter(|one| is_custom(one) && one.cidr.family() == Family::Ipv6 && one.meta.owner == v4.meta.owner)
        .collect();
    match (others.pop(), others.is_empty()) {
        (Some(v6), true) => Ok(FAMILIES.into_iter().zip([v4, v6]).collect()),
        _ => {
            let detail = format!("There is not exactly one IPv6 allocation named {:?}.", v4.meta.name);
            Err(refuse("Import needs two allocations", &detail))
        }
    }
}

/// The only active custom allocation that the text names.
fn only(ipam: &dyn Ipam, text: &str) -> Result<Allocation, Diagnostics> {
    let mut found = look_for::allocations(ipam, text).map_err(tell)?;
    found.retain(is_custom);
    match (found.pop(), found.is_empty()) {
        (Some(one), true) => Ok(one),
        (None, _) => {
            Err(refuse("No such allocation", &format!("This store has no active custom allocation {text:?}.")))
        }
        _ => Err(refuse("More than one such allocation", &format!("{text:?} matches several: use the id of one."))),
    }
}
