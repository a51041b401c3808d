//! Import of a set: the allocations of a pool whose names begin with the name of the set, and other allocations that the
//! text names as members.

use std::collections::BTreeMap;

use crate::backend::{AllocationFilter, Ipam, find};
use crate::ipam::{Allocation, Cidr, Error, Kind, Pool, ResourceType, SetSpec, State};
use crate::tf::{Diagnostic, Diagnostics, Path};

use super::super::super::errors;
use super::super::super::noun::warn_of_other_owner;
use super::super::super::shared::Shared;
use super::{ID_PREFIX, MemberModel, SetModel};

const FORMS: &str = "Import by id (ipam-alloc-set-...), or by the pool, a slash and the name of the set, such as top/vpc. After that, \
                     separated by spaces, the text may name allocations of the pool that become members, by id or CIDR: \
                     ipam-pool-.../vpc web=ipam-pool-alloc-... db=10.0.1.0/24.";

fn tell(error: Error) -> Diagnostics {
    errors::at(&error, Path::root())
}

fn refuse(summary: &str, detail: &str) -> Diagnostics {
    Diagnostic::error(summary, format!("{detail} {FORMS}")).into()
}

/// The set that the text names, with its members.
///
/// # Errors
/// When the text does not name exactly one pool and at least one member.
pub(super) fn find(ipam: &dyn Ipam, text: &str) -> Result<(SetModel, BTreeMap<String, Allocation>), Diagnostics> {
    ipam.require_allocation_sets().map_err(tell)?;
    let mut words = text.split(' ');
    let mut own = words.next().unwrap_or_default().to_owned();
    let mut named = Vec::new();
    for word in words {
        match word.split_once('=') {
            Some(member) => named.push(member),
            // A name may contain spaces.
            None if named.is_empty() => own = format!("{own} {word}"),
            None => return Err(refuse("Import needs a set", &format!("{word:?} does not name a member."))),
        }
    }
    let (pool, name) = match own.strip_prefix(ID_PREFIX) {
        Some(part) => by_id(ipam, &own, part)?,
        None => match own.rsplit_once('/') {
            Some((pool, name)) => (only_pool(ipam, pool)?, name.to_owned()),
            None => return Err(refuse("Import needs a set", &format!("{own:?} does not name a pool and a set."))),
        },
    };
    let mut members = members_by_name(ipam, &pool, &name)?;
    for (key, what) in named {
        let found = member(ipam, &pool, what)?;
        members.retain(|_, other| other.meta.id != found.meta.id);
        members.insert(key.to_owned(), found);
    }
    if members.is_empty() {
        let detail =
            format!("Pool {:?} has no allocation whose name begins with {name:?} and a slash.", pool.meta.name);
        return Err(refuse("No such set", &detail));
    }
    let mut model = SetModel { ipam_pool_id: pool.meta.id.clone().into(), name: name.into(), ..SetModel::default() };
    model.fill(&members);
    model.id = if own.starts_with(ID_PREFIX) { own.into() } else { model.new_id() };
    model.members = members.iter().map(|(key, one)| (key.clone(), as_written(one))).collect::<BTreeMap<_, _>>().into();
    let first = members.values().next();
    model.tags_all = first.map(|one| one.tags.clone()).into();
    model.contiguous = members.values().any(|one| one.aggregate.is_some()).into();
    model.disallowed_cidrs = first.map(|one| one.disallowed_cidrs.clone()).filter(|all| !all.is_empty()).into();
    Ok((model, members))
}

/// The pool and the name of the set whose id ends with this part of the id of a member.
fn by_id(ipam: &dyn Ipam, id: &str, part: &str) -> Result<(Pool, String), Diagnostics> {
    let member = ipam.get_allocation(&format!("{}{part}", Kind::Allocation.id_prefix())).map_err(tell)?;
    let named = member.as_ref().and_then(|member| Some((member, member.meta.name.rsplit_once('/')?.0)));
    let Some((member, name)) = named else {
        let detail = format!("The member that {id:?} was made from is gone, or has no name of a set.");
        return Err(refuse("No such set", &detail));
    };
    Ok((only_pool(ipam, &member.pool_id)?, name.to_owned()))
}

/// A member as a configuration would ask for it.
fn as_written(member: &Allocation) -> MemberModel {
    MemberModel { netmask_length: member.cidr.netmask_length().into(), ..MemberModel::default() }
}

fn only_pool(ipam: &dyn Ipam, text: &str) -> Result<Pool, Diagnostics> {
    let mut pools = find::pools(ipam, text).map_err(tell)?;
    match pools.len() {
        1 => Ok(pools.remove(0)),
        0 => Err(refuse("No such pool", &format!("This store has no pool {text:?}."))),
        _ => Err(refuse("More than one such pool", &format!("{text:?} matches several pools: use the id of one."))),
    }
}

/// The allocations of a pool that have the names of members.
fn members_by_name(ipam: &dyn Ipam, pool: &Pool, set: &str) -> Result<BTreeMap<String, Allocation>, Diagnostics> {
    let filter = AllocationFilter { pool_id: Some(pool.meta.id.clone()), ..AllocationFilter::default() };
    let all = ipam.list_allocations(&filter).map_err(tell)?;
    let prefix = SetSpec::member_name(set, "");
    let members = all.into_iter().filter(|one| one.resource_type == ResourceType::Custom).filter_map(|one| {
        let key = one.meta.name.strip_prefix(&prefix).filter(|key| !key.is_empty() && !key.contains('/'))?.to_owned();
        Some((key, one))
    });
    Ok(members.collect())
}

/// The allocation of the pool that an id or a CIDR names.
fn member(ipam: &dyn Ipam, pool: &Pool, text: &str) -> Result<Allocation, Diagnostics> {
    let by_block = format!("{text}_{}", pool.meta.id);
    let is_block = text.parse::<Cidr>().is_ok();
    let found = find::allocations(ipam, if is_block { &by_block } else { text }).map_err(tell)?;
    let is_custom = |one: &Allocation| {
        one.pool_id == pool.meta.id && one.meta.state == State::Active && one.resource_type == ResourceType::Custom
    };
    found.into_iter().find(is_custom).ok_or_else(|| {
        refuse("No such allocation", &format!("Pool {:?} has no active custom allocation {text:?}.", pool.meta.name))
    })
}

/// Warns about members of another owner.
pub(super) fn warn_of_others(shared: &Shared, imported: &SetModel) -> Diagnostics {
    let called = imported.name.get().map_or("", String::as_str);
    warn_of_other_owner(shared, Kind::Allocation, &imported.any_id(), called, &imported.owner)
}
