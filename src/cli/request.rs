//! What the commands `allocate`, `reserve`, `resize` and `release` share: the request, the allocation that a text names,
//! and the answer.

use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::failure::{CommandFailure, Status};
use super::minimum::Minimums;
use super::out::{OutputFormat, Page, clean};
use super::{arguments, paths};
use crate::backend::allocation_json::AllocationJson;
use crate::backend::{Ipam, explain, find};
use crate::ipam::{
    Allocation, AllocationSpec, Candidates, Cidr, Error, Family, Granted, Kind, LISTED_MAX, NO_OWNER, OnlySelfManaged,
    ResourceType, Size, State, Tags, Unsupported,
};
use crate::provider;

/// The block that is asked for.
#[derive(Debug, Args)]
pub(super) struct Block {
    /// Exactly this block.
    #[arg(long, value_name = "CIDR", value_parser = arguments::block, 
        conflicts_with_all = ["netmask_length", "minimum_addresses", "minimum_hosts"])]
    cidr: Option<Cidr>,
    /// Any block of this netmask length.
    #[arg(long, value_name = "LENGTH")]
    netmask_length: Option<u8>,
    #[command(flatten)]
    minimums: Minimums,
}

impl Block {
    /// Whether the command names a size.
    pub(super) const fn is_given(&self) -> bool {
        self.cidr.is_some() || self.netmask_length.is_some() || self.minimums.is_given()
    }

    /// The size in a pool of this family; the default of the pool if the command names none.
    ///
    /// # Errors
    /// If no block of the family is large enough.
    pub(super) fn size(&self, family: Family) -> Result<Size, CommandFailure> {
        Ok(match (self.cidr, self.netmask_length.or(self.minimums.netmask_length(family)?)) {
            (Some(cidr), _) => Size::Cidr(cidr),
            (None, Some(length)) => Size::NetmaskLength(length),
            (None, None) => Size::Default,
        })
    }
}

/// For whom the command acts, and for how long it tries.
#[derive(Debug, Args)]
pub(super) struct Caller {
    /// Owner of the allocation, as the `owner` of the provider block. Without it, IPAM_OWNER, or else the provider's
    /// default.
    #[arg(long)]
    pub(super) owner: Option<String>,
    /// How long to wait for a store that is busy, or for AWS.
    #[arg(long, value_name = "DURATION", value_parser = arguments::duration, default_value = "10m")]
    pub(super) timeout: Duration,
    #[command(flatten)]
    pub(super) format: OutputFormat,
}

/// A new block in a pool.
#[derive(Debug, Args)]
pub(super) struct Request {
    /// The pool: a path, the end of a path, or an id.
    #[arg(required_unless_present = "pools")]
    pool: Option<String>,
    /// A pool that the block may come from. The option can be repeated: the first pool that can give the block does.
    #[arg(long = "pool", value_name = "POOL", conflicts_with = "pool")]
    pools: Vec<String>,
    /// Name of the allocation; unique in its pool. The same request under the same name finds the same block again.
    #[arg(long)]
    name: String,
    #[command(flatten)]
    block: Block,
    /// This block if it is free, else another block of the same netmask length.
    #[arg(long, value_name = "CIDR", value_parser = arguments::block, conflicts_with = "cidr")]
    preferred_cidr: Option<Cidr>,
    /// A block that an allocation by size must not overlap. The option can be repeated.
    #[arg(long = "disallowed-cidr", value_name = "CIDR", value_parser = arguments::block, conflicts_with = "cidr")]
    disallowed_cidrs: Vec<Cidr>,
    /// Description of the allocation.
    #[arg(long)]
    description: Option<String>,
    /// A tag of the allocation. The option can be repeated.
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = arguments::tag)]
    tags: Vec<(String, String)>,
    #[command(flatten)]
    pub(super) caller: Caller,
}

impl Request {
    /// The request to the backend.
    pub(super) fn spec(&self, ipam: &dyn Ipam) -> Result<AllocationSpec, CommandFailure> {
        if let Some(fault) = provider::fault_of_allocation_name(&self.name) {
            return Err(CommandFailure::Usage(format!("--name is wrong. {fault}")));
        }
        let reserved = ipam.capabilities().reserved_tags;
        if let Some(tag) = self.tags.iter().find_map(|(key, _)| reserved.hit(key)) {
            return Err(Error::Unsupported { what: Unsupported::ReservedTag(tag) }.into());
        }
        let (pool_id, candidates, family) = self.chosen_from(ipam)?;
        let size = self.size(family)?;
        Ok(AllocationSpec {
            candidates: candidates.map(Box::new),
            preferred_cidr: self.preferred_cidr,
            disallowed_cidrs: self.disallowed_cidrs.iter().copied().collect(),
            description: self.description.clone(),
            tags: self.tags.iter().cloned().collect(),
            ..AllocationSpec::new(pool_id, self.name.clone(), size)
        })
    }

    /// The size, which is that of the preferred block if the command names no other.
    ///
    /// # Errors
    /// Fails if the preferred block has another netmask length than the one that is asked for.
    fn size(&self, family: Family) -> Result<Size, CommandFailure> {
        match (self.block.size(family)?, self.preferred_cidr) {
            (Size::Default, Some(preferred)) => Ok(Size::NetmaskLength(preferred.netmask_length())),
            (Size::NetmaskLength(length), Some(preferred)) if length != preferred.netmask_length() => {
                Err(CommandFailure::Usage(format!(
                    "--preferred-cidr is {preferred}, and a /{length} is asked for. Both can be given only if they agree."
                )))
            }
            (size, _) => Ok(size),
        }
    }

    /// The pool, or the pools to choose from, and the address family of the first one.
    fn chosen_from(&self, ipam: &dyn Ipam) -> Result<(String, Option<Candidates>, Family), CommandFailure> {
        let unsupported = |what| Err(Error::Unsupported { what: Unsupported::OnlySelfManaged(what) }.into());
        let is_service = ipam.service().is_some();
        if is_service && self.preferred_cidr.is_some() {
            return unsupported(OnlySelfManaged::PreferredCidr);
        }
        let (mut ids, mut family) = (Vec::new(), None);
        for pool in self.pool.iter().chain(&self.pools) {
            let found = paths::find(ipam, pool)?;
            let id = found.meta.id;
            family.get_or_insert(found.address_family);
            if ids.contains(&id) {
                return Err(CommandFailure::Usage(format!("--pool names the pool {pool:?} ({id}) twice.")));
            }
            ids.push(id);
        }
        // The command line requires a pool.
        let family = family.unwrap_or(Family::Ipv4);
        match ids.len() {
            1 => Ok((ids.remove(0), None, family)),
            _ if is_service => unsupported(OnlySelfManaged::PoolChoice),
            count if count > LISTED_MAX => {
                Err(CommandFailure::Usage(format!("There are {count} pools. At most {LISTED_MAX} can be listed.")))
            }
            _ => Ok((String::new(), Some(Candidates::Listed(ids)), family)),
        }
    }

    /// The failure of this request. The name of an own allocation that is not what the request asks for has words for
    /// users without a configuration.
    pub(super) fn refused(&self, ipam: &dyn Ipam, error: Error) -> CommandFailure {
        let Error::NameTaken { existing, .. } = &error else { return error.into() };
        if existing.state != State::Active || ipam.owner().is_some_and(|owner| owner != existing.owner) {
            return error.into();
        }
        let block = existing.cidr.map(|cidr| format!(", {cidr}")).unwrap_or_default();
        let line = format!(
            "The name {:?} is taken. Allocation {:?} ({}{block}) has it, and is not what was asked for. Choose another \
             name, change its size with `resize`, or release it.",
            existing.name, existing.path, existing.id
        );
        CommandFailure::Said(Status::Taken, line)
    }

    /// The answer to the request. An allocation or a reservation that was there before stays as it is.
    pub(super) fn answer(&self, ipam: &dyn Ipam, granted: &Granted) -> Result<Page, CommandFailure> {
        let found = &granted.allocation;
        let is_reserved = found.meta.state == State::Planned;
        let (outcome, words) = match (granted.is_new, is_reserved) {
            (true, false) => ("allocated", "Allocated"),
            (false, false) => ("already-allocated", "Already allocated:"),
            (true, true) => ("reserved", "Reserved"),
            (false, true) => ("already-reserved", "Already reserved:"),
        };
        let path = ipam.pool_path(&found.pool_id)?;
        let page = if self.caller.format.json {
            Page::json(&json!({
                "store": ipam.describe(),
                "outcome": outcome,
                "changed": granted.is_new,
                "allocation": AllocationJson::new(found, &path),
            }))
        } else {
            let until = found.meta.hold_expires_at.filter(|_| is_reserved).or(found.lifetime.expires_at());
            let until = until.map(|at| format!(" until {}", explain::time(at))).unwrap_or_default();
            Page::text(format!("{words} {} as {}{}{until}.\n", found.cidr, whole(&path, found), whose(found)))
        };
        let wants_tags = !self.tags.is_empty() && self.tags.iter().cloned().collect::<Tags>() != found.tags;
        let wants_description = self.description.is_some() && self.description != found.description;
        let keeps = !granted.is_new && (wants_tags || wants_description);
        Ok(page.warning(keeps.then(|| "It keeps the description and the tags that it had.".to_owned())))
    }
}

/// Path and id of an allocation.
fn whole(pool_path: &str, found: &Allocation) -> String {
    format!("{} ({})", clean(&format!("{pool_path}/{}", found.meta.name)), found.meta.id)
}

fn whose(found: &Allocation) -> String {
    let owner = &found.meta.owner;
    if owner.is_empty() || owner == NO_OWNER { String::new() } else { format!(" for owner {owner:?}") }
}

/// The allocation or the reservation that `text` names, with its path and id in words; `None` if there is none. `verb`:
/// what the command does to it.
///
/// # Errors
/// Fails if the pool in `text` does not exist, if `text` names several allocations, and if the allocation is not the
/// caller's: it belongs to another owner, to a pool or to a plan.
pub(super) fn find_own(
    ipam: &dyn Ipam,
    text: &str,
    verb: &str,
) -> Result<Option<(Allocation, String)>, CommandFailure> {
    let mut found = find::allocations(ipam, text)?;
    if found.len() > 1 {
        let ids: Vec<&str> = found.iter().map(|one| one.meta.id.as_str()).collect();
        let line = format!("{text:?} names several allocations: {}. Give one of the ids.", ids.join(", "));
        return Err(CommandFailure::Usage(line));
    }
    let Some(found) = found.pop() else {
        require_pool(ipam, text)?;
        return Ok(None);
    };
    let whole = whole(&ipam.pool_path(&found.pool_id)?, &found);
    let meta = &found.meta;
    let taken = |line: String| Err(CommandFailure::Said(Status::Taken, line));
    if found.resource_type == ResourceType::IpamPool {
        return taken(format!("{whole} is the space of a pool. It is released with the pool."));
    }
    if let Some(owner) = ipam.owner().filter(|owner| *owner != meta.owner && meta.owner != NO_OWNER) {
        return taken(format!(
            "{whole} belongs to owner {:?}, not to {owner:?}. To {verb} it anyway, name its owner with --owner.",
            meta.owner
        ));
    }
    if meta.state != State::Active && meta.run.is_some() && !meta.is_resting {
        return taken(format!(
            "{whole} is held for a plan. A plan that will not be applied leaves its holds to `holds release`."
        ));
    }
    Ok(Some((found, whole)))
}

/// Fails if `text` is a path whose pool does not exist.
fn require_pool(ipam: &dyn Ipam, text: &str) -> Result<(), CommandFailure> {
    let is_block = |text: &str| text.parse::<Cidr>().is_ok();
    let names_no_path = is_block(text) || text.split_once('_').is_some_and(|(block, _)| is_block(block));
    if names_no_path || Kind::of_id(text) == Some(Kind::Allocation) {
        return Ok(());
    }
    let mut pool = None;
    for (slash, _) in text.rmatch_indices('/') {
        if !find::pools(ipam, &text[..slash])?.is_empty() {
            return Ok(());
        }
        pool = pool.or(Some(&text[..slash]));
    }
    match pool {
        Some(pool) => Err(paths::missing(pool)),
        None => Err(CommandFailure::Usage(format!(
            "{text:?} is neither the path of an allocation, such as top/eu-west-1/web, nor an id."
        ))),
    }
}
