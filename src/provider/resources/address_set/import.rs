//! Import of an address set: by its id, or by its allocations and its name.

use std::collections::BTreeMap;

use crate::backend::{AllocationFilter, Ipam, find};
use crate::ipam::{ADDRESS_SET_PREFIX, AddressSet, Allocation, Error, Family, NO_OWNER};
use crate::tf::{Diagnostic, Diagnostics, Path};

use super::super::super::errors;
use super::super::super::shared::Shared;
use super::{AddressSetModel, HostModel};

const FORMS: &str = "Import by id (ipam-addr-set-...), or by the allocation (its id or path), a slash and the name of the set, such as \
                     ipam-pool-alloc-.../web. For a set with both families, separate the ids of the two allocations by a comma.";

fn tell(error: Error) -> Diagnostics {
    errors::at(&error, Path::root())
}

fn refuse(summary: &str, detail: &str) -> Diagnostics {
    Diagnostic::error(summary, format!("{detail} {FORMS}")).into()
}

/// The set that the text names.
///
/// # Errors
/// When the text does not name exactly one set.
pub(super) fn find(ipam: &dyn Ipam, text: &str) -> Result<AddressSetModel, Diagnostics> {
    let sets = ipam.require_address_sets().map_err(tell)?;
    let is_it = |id: &str, _: &AddressSet| id == text;
    let (id, places) = if text.starts_with(ADDRESS_SET_PREFIX) {
        let all = ipam.list_allocations(&AllocationFilter::default()).map_err(tell)?;
        the_only_one(text, &all, is_it)?
    } else {
        let (places, name) = text.rsplit_once('/').ok_or_else(|| {
            refuse("Import needs an address set", &format!("{text:?} does not name an allocation and a set."))
        })?;
        let mut all = Vec::new();
        for place in places.split(',') {
            all.extend(find::allocations(ipam, place).map_err(tell)?);
        }
        the_only_one(text, &all, |_, set| set.name == name)?
    };
    let ids: Vec<String> = places.values().cloned().collect();
    let found = sets.get_address_set(&id, &ids).map_err(tell)?;
    let found =
        found.ok_or_else(|| refuse("No such address set", &format!("This store has no address set {text:?}.")))?;
    let mut model = AddressSetModel {
        ipv4_allocation_id: places.get(&Family::Ipv4).cloned().into(),
        ipv6_allocation_id: places.get(&Family::Ipv6).cloned().into(),
        ..AddressSetModel::default()
    };
    model.fill(&found);
    let members =
        found.addresses.values().flat_map(BTreeMap::keys).map(|member| (member.clone(), HostModel::default()));
    model.members = members.collect::<BTreeMap<_, _>>().into();
    Ok(model)
}

/// The id of the only active set among these allocations that is meant, with the allocations in which it has addresses.
fn the_only_one(
    text: &str,
    allocations: &[Allocation],
    is_it: impl Fn(&str, &AddressSet) -> bool,
) -> Result<(String, BTreeMap<Family, String>), Diagnostics> {
    let mut found: BTreeMap<String, BTreeMap<Family, String>> = BTreeMap::new();
    for allocation in allocations {
        for (id, set) in allocation.address_sets.iter().filter(|(_, set)| set.is_active()) {
            if is_it(id, set) {
                let places = found.entry(id.clone()).or_default();
                places.insert(allocation.cidr.family(), allocation.meta.id.clone());
            }
        }
    }
    let mut found = found.into_iter();
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => Err(refuse("No such address set", &format!("This store has no address set {text:?}."))),
        _ => {
            Err(refuse("More than one such address set", &format!("{text:?} matches several sets: use the id of one.")))
        }
    }
}

/// Warns when an imported set belongs to another owner. An import does not change the owner.
pub(super) fn warn_of_other_owner(shared: &Shared, imported: &AddressSetModel) -> Diagnostics {
    let ready = shared.ready().ok();
    let me = ready.as_ref().and_then(|configured| configured.ipam.owner());
    let (Some(owner), Some(me), Some(id)) = (imported.owner.get(), me, imported.id.get()) else {
        return Diagnostics::new();
    };
    if owner == me || owner == NO_OWNER {
        return Diagnostics::new();
    }
    let name = imported.name.get().map_or("", String::as_str);
    let detail = format!(
        "Address set {name:?} ({id}) was imported, and it still belongs to owner {owner:?}. The configuration of {owner:?} may also have \
         it in its state. If you change, replace or destroy it here, that configuration loses it."
    );
    Diagnostic::warning(format!("This address set belongs to owner {owner:?}"), detail).into()
}
