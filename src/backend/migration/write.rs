//! Compares a design with a store, and writes the difference: in one transaction, through the operations of the core.
//!
//! An object is found again by its block, so that its name may change in the store. The store keeps what no file says:
//! names, tags, rules, and objects that no file has.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::types::{AllocationDesign, Design, Fate, Gone, Migration, Moved, Place, PoolDesign, Remark};
use crate::backend::{Local, Result, explain};
use crate::ipam::{
    ADDRESSES_MAX, AddressChange, AddressRequest, AddressWishes, Allocation, AllocationChange, AllocationFilter,
    AllocationSpec, Cidr, Error, Ledger, Planned, Pool, PoolChange, PoolFilter, PoolSpec, Provision, Reader,
    ResourceType, Rules, Scope, ScopeChange, ScopeSpec, ScopeType, Size, Special, State, Strategy, Tags,
};

/// The name of the address sets that are made.
const SET: &str = "hosts";

/// One step of a migration: an object of the design, by position.
#[derive(Clone, Copy, Debug)]
enum Step {
    Scope(usize),
    Pool(usize),
    Allocation(usize),
}

impl Local {
    /// What the store would have after a migration. Writes nothing.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn preview_migration(&self, design: &Design) -> Result<Migration> {
        self.read(|reader| {
            let mut work = Work::new(design, reader)?;
            let mut dry_run = reader.dry_run()?;
            for step in steps(design) {
                if !work.has_container(step) {
                    continue;
                }
                let done = reader.try_out_after(&mut dry_run, |ledger| work.carry_out(step, ledger));
                match done {
                    Ok(()) => {}
                    Err(error @ (Error::Store(_) | Error::Importing)) => return Err(error),
                    Err(error) => work.refuse(step, &error),
                }
            }
            Ok(work.done())
        })
    }

    /// Writes a design that has no conflicts into the store, in one transaction.
    ///
    /// # Errors
    /// The store changed after the preview and is in the way now, or cannot be written. Then nothing was written.
    pub fn migrate(&self, design: &Design) -> Result<Migration> {
        self.transact_surely(|ledger| {
            ledger.initialize()?;
            let mut work = Work::new(design, &mut ledger.reader())?;
            steps(design).try_for_each(|step| work.carry_out(step, ledger))?;
            Ok(work.done())
        })
    }
}

/// Scopes, then pools with parents first, then allocations.
fn steps(design: &Design) -> impl Iterator<Item = Step> + use<> {
    let scopes = (0..design.scopes.len()).map(Step::Scope);
    let pools = (0..design.pools.len()).map(Step::Pool);
    scopes.chain(pools).chain((0..design.allocations.len()).map(Step::Allocation))
}

/// A migration at work.
struct Work<'a> {
    design: &'a Design,
    /// The pools that were in the store before.
    pools: Vec<Pool>,
    /// The blocks that were provisioned in them.
    blocks: BTreeMap<String, BTreeSet<Cidr>>,
    /// The allocations that were in those pools, by pool and block.
    allocations: BTreeMap<String, BTreeMap<Cidr, Allocation>>,
    migration: Migration,
}

impl<'a> Work<'a> {
    fn new(design: &'a Design, reader: &mut Reader<'_>) -> Result<Self> {
        let pools = reader.list_pools(&PoolFilter::default())?;
        let (mut allocations, mut blocks) = (BTreeMap::new(), BTreeMap::new());
        let wanted: BTreeSet<Cidr> = design.pools.iter().flat_map(|pool| pool.cidrs.iter().copied()).collect();
        for pool in &pools {
            let id = pool.meta.id.clone();
            let own: BTreeSet<Cidr> = reader.list_pool_cidrs(&id, false)?.into_iter().map(|one| one.cidr).collect();
            if own.iter().any(|cidr| wanted.contains(cidr)) {
                let filter = AllocationFilter { pool_id: Some(id.clone()), ..AllocationFilter::default() };
                let found = reader.list_allocations(&filter)?.into_iter().map(|one| (one.cidr, one));
                allocations.insert(id.clone(), found.collect());
            }
            blocks.insert(id, own);
        }
        let mut migration = Migration::default();
        migration.scopes.resize(design.scopes.len(), None);
        migration.pools.resize(design.pools.len(), None);
        migration.allocations.resize(design.allocations.len(), None);
        Ok(Self { design, pools, blocks, allocations, migration })
    }

    /// Whether the scope or the pool of an object is there. Otherwise it is a part of another conflict.
    fn has_container(&self, step: Step) -> bool {
        match step {
            Step::Scope(_) => true,
            Step::Pool(pool) => {
                let PoolDesign { scope, parent, .. } = &self.design.pools[pool];
                self.migration.scopes[*scope].is_some()
                    && parent.is_none_or(|parent| self.migration.pools[parent].is_some())
            }
            Step::Allocation(allocation) => self.migration.pools[self.design.allocations[allocation].pool].is_some(),
        }
    }

    fn refuse(&mut self, step: Step, error: &Error) {
        let place: &Place = match step {
            Step::Scope(scope) => &self.design.scopes[scope].place,
            Step::Pool(pool) => &self.design.pools[pool].place,
            Step::Allocation(allocation) => &self.design.allocations[allocation].place,
        };
        let words = explain(error);
        let detail: Vec<&str> = words.detail.split_whitespace().collect();
        let what = format!("{}. {}", words.summary, detail.join(" "));
        self.migration.conflicts.push(Remark { place: place.clone(), what });
    }

    fn carry_out(&mut self, step: Step, ledger: &mut Ledger<'_>) -> Result<()> {
        match step {
            Step::Scope(index) => self.migration.scopes[index] = Some(self.scope(index, ledger)?),
            Step::Pool(index) => self.migration.pools[index] = Some(self.pool(index, ledger)?),
            Step::Allocation(index) => self.allocation(index, ledger)?,
        }
        Ok(())
    }

    /// The result of all steps.
    fn done(mut self) -> Migration {
        self.migration.gone = self.gone();
        self.migration.conflicts.sort();
        self.migration
    }

    fn scope(&self, index: usize, ledger: &mut Ledger<'_>) -> Result<Moved<Scope>> {
        let design = &self.design.scopes[index];
        let Some(name) = &design.name else {
            let scopes = ledger.reader().list_scopes(false)?;
            let default = scopes.into_iter().find(|scope| scope.is_default && scope.scope_type == ScopeType::Private);
            let missing = || Error::NotFound { kind: crate::ipam::Kind::Scope, id: "default-private".to_owned() };
            return Ok(Moved { record: default.ok_or_else(missing)?, fate: Fate::Present });
        };
        let found = ledger.reader().find_scope(name)?.filter(|scope| scope.meta.state == State::Active);
        let Some(before) = found else {
            let spec = ScopeSpec {
                name: name.clone(),
                scope_type: ScopeType::Private,
                description: design.description.clone(),
                tags: design.tags.clone(),
                ipam_id: None,
            };
            let made = ledger.create_scope(&spec, &Planned::Unknown)?;
            ledger.confirm(&made.meta.id)?;
            return Ok(Moved { record: made, fate: Fate::New });
        };
        let change = ScopeChange {
            name: before.meta.name.clone(),
            description: design.description.clone().or_else(|| before.description.clone()),
            tags: united(&before.tags, &design.tags),
        };
        let mut changed = Changes::default();
        changed.note("description", change.description != before.description);
        changed.note("tags", change.tags != before.tags);
        if changed.0.is_empty() || before.is_default {
            return Ok(Moved { record: before, fate: Fate::Present });
        }
        Ok(Moved { record: ledger.update_scope(&before.meta.id, &change)?, fate: changed.fate() })
    }

    fn scope_id(&self, index: usize) -> &str {
        self.migration.scopes[index].as_ref().map_or("", |scope| scope.record.meta.id.as_str())
    }

    fn pool_id(&self, index: usize) -> &str {
        self.migration.pools[index].as_ref().map_or("", |pool| pool.record.meta.id.as_str())
    }

    /// The pool of the store that has one of these blocks, in the same scope and source pool.
    fn known_pool(&self, scope_id: &str, source: Option<&str>, cidrs: &BTreeSet<Cidr>) -> Option<&Pool> {
        self.pools.iter().find(|pool| {
            pool.scope_id == scope_id
                && pool.source_pool_id.as_deref() == source
                && self.blocks.get(&pool.meta.id).is_some_and(|own| own.iter().any(|cidr| cidrs.contains(cidr)))
        })
    }

    fn pool(&self, index: usize, ledger: &mut Ledger<'_>) -> Result<Moved<Pool>> {
        let design = &self.design.pools[index];
        let scope_id = self.scope_id(design.scope).to_owned();
        let source = design.parent.map(|parent| self.pool_id(parent).to_owned());
        if let Some(before) = self.known_pool(&scope_id, source.as_deref(), &design.cidrs) {
            let (change, changed) = self.pool_change(before, design);
            if changed.0.is_empty() {
                return Ok(Moved { record: before.clone(), fate: Fate::Present });
            }
            let record = ledger.update_pool(&before.meta.id, &change)?;
            return Ok(Moved { record, fate: changed.fate() });
        }
        let spec = PoolSpec {
            name: design.name.clone(),
            scope_id: source.is_none().then_some(scope_id),
            source_pool_id: source,
            address_family: Some(design.family),
            locale: design.locale.clone(),
            description: design.description.clone(),
            rules: rules(&Rules::default(), design),
            strategy: Strategy::default(),
            tags: design.tags.clone(),
            provision: Provision::Cidrs(design.cidrs.clone()),
            special: Special { auto_import: design.rules.auto_import, ..Special::default() },
        };
        let made = ledger.create_pool(&spec, &Planned::Unknown)?;
        ledger.confirm(&made.meta.id)?;
        Ok(Moved { record: made, fate: Fate::New })
    }

    fn pool_change(&self, before: &Pool, design: &PoolDesign) -> (PoolChange, Changes) {
        let own = self.blocks.get(&before.meta.id).cloned().unwrap_or_default();
        let is_complete = design.cidrs.is_subset(&own);
        let provision = if is_complete {
            before.provision.clone()
        } else {
            // A block of an `ipam_pool_cidr` stays one.
            let new = design.cidrs.difference(&own).copied();
            Provision::Cidrs(before.cidrs.iter().copied().chain(new).collect())
        };
        let change = PoolChange {
            name: before.meta.name.clone(),
            description: design.description.clone().or_else(|| before.description.clone()),
            rules: rules(&before.rules, design),
            strategy: before.strategy,
            tags: united(&before.tags, &design.tags),
            provision,
            auto_import: before.special.auto_import || design.rules.auto_import,
            locale: before.locale.clone().or_else(|| design.locale.clone()),
        };
        let mut changed = Changes::default();
        changed.note("cidrs", !is_complete);
        changed.note("description", change.description != before.description);
        changed.note("tags", change.tags != before.tags);
        let is_reserved = change.rules.reserved_cidrs == before.rules.reserved_cidrs;
        changed.note("reserved_cidrs", !is_reserved);
        let others = Rules { reserved_cidrs: before.rules.reserved_cidrs.clone(), ..change.rules.clone() };
        changed.note("rules", others != before.rules || change.auto_import != before.special.auto_import);
        changed.note("locale", change.locale != before.locale);
        (change, changed)
    }

    fn allocation(&mut self, index: usize, ledger: &mut Ledger<'_>) -> Result<()> {
        let design = &self.design.allocations[index];
        let pool_id = self.pool_id(design.pool).to_owned();
        let scope_id = self.scope_id(self.design.pools[design.pool].scope);
        let same_block = [design.cidr].into();
        if let Some(pool) = self.known_pool(scope_id, Some(&pool_id), &same_block).filter(|_| design.may_be_pool) {
            self.migration.as_pools.insert(index, Moved { record: pool.clone(), fate: Fate::Present });
            return Ok(());
        }
        let known = self.allocations.get(&pool_id).and_then(|own| own.get(&design.cidr));
        let moved = match known.filter(|found| found.resource_type != ResourceType::IpamPool) {
            Some(before) => kept_allocation(before, design, ledger)?,
            None => new_allocation(&pool_id, design, ledger)?,
        };
        self.migration.allocations[index] = Some(with_addresses(moved, design, ledger)?);
        Ok(())
    }

    /// What is in pools of the design that were in the store before, belongs to the same owner, and is in no file.
    fn gone(&self) -> Vec<Gone> {
        let moved: BTreeSet<&str> =
            self.migration.pools.iter().flatten().map(|pool| pool.record.meta.id.as_str()).collect();
        let as_pools: BTreeSet<&str> =
            self.migration.as_pools.values().map(|pool| pool.record.meta.id.as_str()).collect();
        let kept: BTreeSet<&str> =
            self.migration.allocations.iter().flatten().map(|one| one.record.meta.id.as_str()).collect();
        let mut gone = Vec::new();
        for pool in &self.pools {
            let id = pool.meta.id.as_str();
            let is_in_design = pool.source_pool_id.as_deref().is_some_and(|source| moved.contains(source));
            if is_in_design && !moved.contains(id) && !as_pools.contains(id) {
                let cidrs = self.blocks.get(id).into_iter().flatten().copied().collect();
                gone.push(Gone { id: id.to_owned(), path: pool.meta.name.clone(), cidrs });
            }
            if !moved.contains(id) {
                continue;
            }
            for found in self.allocations.get(id).into_iter().flat_map(BTreeMap::values) {
                if found.resource_type == ResourceType::Custom && !kept.contains(found.meta.id.as_str()) {
                    let path = format!("{}/{}", pool.meta.name, found.meta.name);
                    gone.push(Gone { id: found.meta.id.clone(), path, cidrs: vec![found.cidr] });
                }
            }
        }
        gone
    }
}

/// The names of what changes.
#[derive(Default)]
struct Changes(Vec<&'static str>);

impl Changes {
    fn note(&mut self, what: &'static str, is_changed: bool) {
        self.0.extend(is_changed.then_some(what));
    }

    fn fate(self) -> Fate {
        if self.0.is_empty() { Fate::Present } else { Fate::Changed(self.0) }
    }
}

/// The tags of a file in addition to those of the store.
fn united(before: &Tags, more: &Tags) -> Tags {
    before.clone().into_iter().chain(more.clone()).collect()
}

/// The rules of the file in place of those of the store, which keeps what the file does not say.
fn rules(before: &Rules, design: &PoolDesign) -> Rules {
    let wished = &design.rules;
    Rules {
        min_netmask_length: wished.min_netmask_length.or(before.min_netmask_length),
        max_netmask_length: wished.max_netmask_length.or(before.max_netmask_length),
        default_netmask_length: wished.default_netmask_length.or(before.default_netmask_length),
        required_tags: united(&before.required_tags, &wished.required_tags),
        reserved_cidrs: before.reserved_cidrs.union(&design.reserved).copied().collect(),
        ..before.clone()
    }
}

fn new_allocation(pool_id: &str, design: &AllocationDesign, ledger: &mut Ledger<'_>) -> Result<Moved<Allocation>> {
    let spec = AllocationSpec {
        description: design.description.clone(),
        tags: design.tags.clone(),
        ..AllocationSpec::new(pool_id, design.name.clone(), Size::Cidr(design.cidr))
    };
    let made = ledger.create_allocation(&spec, &Planned::Unknown)?;
    ledger.confirm(&made.meta.id)?;
    Ok(Moved { record: made, fate: Fate::New })
}

fn kept_allocation(
    before: &Allocation,
    design: &AllocationDesign,
    ledger: &mut Ledger<'_>,
) -> Result<Moved<Allocation>> {
    let change = AllocationChange {
        name: before.meta.name.clone(),
        description: design.description.clone().or_else(|| before.description.clone()),
        tags: united(&before.tags, &design.tags),
        disallowed_cidrs: before.disallowed_cidrs.clone(),
        size: before.size,
        lifetime: before.lifetime,
    };
    let mut changed = Changes::default();
    changed.note("description", change.description != before.description);
    changed.note("tags", change.tags != before.tags);
    if changed.0.is_empty() {
        return Ok(Moved { record: before.clone(), fate: Fate::Present });
    }
    Ok(Moved { record: ledger.update_allocation(&before.meta.id, &change)?, fate: changed.fate() })
}

/// Adds the addresses that no set of the allocation has, to sets with the name [`SET`].
fn with_addresses(
    moved: Moved<Allocation>,
    design: &AllocationDesign,
    ledger: &mut Ledger<'_>,
) -> Result<Moved<Allocation>> {
    let id = moved.record.meta.id.clone();
    let sets = &moved.record.address_sets;
    let known: BTreeSet<IpAddr> = sets.values().flat_map(|set| set.addresses.values().copied()).collect();
    let mut missing: Vec<(String, IpAddr)> = design
        .addresses
        .iter()
        .filter(|(_, one)| !known.contains(one))
        .map(|(name, one)| (name.clone(), *one))
        .collect();
    if missing.is_empty() {
        return Ok(moved);
    }
    let mut number = 1;
    while !missing.is_empty() {
        let name = if number == 1 { SET.to_owned() } else { format!("{SET}-{number}") };
        let own = sets.iter().find(|(_, set)| set.name == name && set.is_active());
        let mut members: BTreeMap<String, Option<IpAddr>> =
            own.iter().flat_map(|(_, set)| &set.addresses).map(|(name, one)| (name.clone(), Some(*one))).collect();
        let room = ADDRESSES_MAX.saturating_sub(members.len()).min(missing.len());
        for (member, address) in missing.drain(..room) {
            let member = if members.contains_key(&member) { format!("{member}-{address}") } else { member };
            members.insert(member, Some(address));
        }
        let family = design.cidr.family();
        let wishes = [(id.clone(), AddressWishes { family, becomes: None, members })].into();
        let request = AddressRequest {
            name,
            id: own.map(|(id, _)| id.clone()),
            wishes,
            replaces: None,
            given_up: BTreeSet::new(),
            relies_on_hold: false,
        };
        if room > 0 {
            let made = ledger.apply_addresses(&AddressChange { request, leaves: BTreeSet::new() })?;
            ledger.confirm_addresses(&made.id, std::slice::from_ref(&id))?;
        }
        number += 1;
    }
    let record = ledger.reader().get_allocation(&id)?.unwrap_or(moved.record);
    let fate = match moved.fate {
        Fate::Present => Fate::Changed(vec!["addresses"]),
        Fate::Changed(mut changed) => {
            changed.push("addresses");
            Fate::Changed(changed)
        }
        Fate::New => Fate::New,
    };
    Ok(Moved { record, fate })
}
