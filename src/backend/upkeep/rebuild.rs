//! Creates the objects of an export in a backend that generates its own ids. Objects that do not exist yet are created.
//!
//! Every object is looked up by its name in its place, so that an interrupted rebuild can be run again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::backend::{AllocationFilter, Ipam, PoolChange, PoolFilter, Result, explain};
use crate::ipam::{
    Allocation, AllocationSpec, Cidr, Error, Finding, Item, Kind, Meta, Planned, Pool, PoolCidr, PoolCidrSpec,
    PoolSpec, Provision, ResourceType, Rules, Scope, ScopeSpec, ScopeType, Size, State, Strategy, Tags, Tally,
};
use crate::store;

use super::{Progress, Stopped, import};

/// The maximum time for one object. A service is slow, and no user waits for each object.
const PATIENCE: Duration = Duration::from_secs(30 * 60);
const GLANCE: Duration = Duration::from_millis(100);

/// The outcome for an object of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The object existed already.
    Present,
    /// The object was created.
    Made,
    /// The object existed and lacked blocks, which it has now.
    Completed,
    /// The object would be created.
    WouldBeMade,
    /// The object would get the blocks that it lacks.
    WouldBeCompleted,
}

/// An object of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rebuilt {
    pub kind: Kind,
    /// The names from the top-level pool down.
    pub path: String,
    /// The id in the file.
    pub old_id: String,
    /// The present id; `None` for an object that does not exist yet.
    pub new_id: Option<String>,
    pub fate: Fate,
}

/// The result of a rebuild.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rebuild {
    /// Conflicts that were found before any object was created, in which case nothing was created; or the error that
    /// stopped the rebuild.
    pub problems: Vec<Finding>,
    /// Differences between the file and the result.
    pub notes: Vec<Finding>,
    /// The objects; parents come before their contents.
    pub objects: Vec<Rebuilt>,
}

impl Rebuild {
    /// The number of objects with these outcomes.
    pub fn tally(&self, is_meant: impl Fn(Fate) -> bool) -> Tally {
        let mut tally = Tally::default();
        for object in self.objects.iter().filter(|object| is_meant(object.fate)) {
            match object.kind {
                Kind::Scope => tally.scopes += 1,
                Kind::Pool => tally.pools += 1,
                Kind::PoolCidr => tally.pool_cidrs += 1,
                Kind::Allocation => tally.allocations += 1,
                Kind::Discovery => tally.discoveries += 1,
                Kind::Treatment => tally.treatments += 1,
                Kind::History => {}
            }
        }
        tally
    }
}

/// Creates the objects of an export that `ipam` does not have. A dry run only looks them up.
///
/// # Errors
/// When the file cannot be read or objects cannot be looked up. A refusal while objects are created is a problem in the
/// answer, which also lists the objects that were created until then.
pub fn rebuild(
    ipam: &dyn Ipam,
    path: &Path,
    dry_run: bool,
    progress: &mut Progress<'_>,
) -> std::result::Result<Rebuild, Stopped> {
    let records = match import::load_records(path, progress)? {
        Ok(records) => records,
        Err(problems) => return Ok(Rebuild { problems, ..Rebuild::default() }),
    };
    let problems = records.faults_as_whole();
    if !problems.is_empty() {
        return Ok(Rebuild { problems, ..Rebuild::default() });
    }
    let (wanted, notes) = Wanted::of(&records);
    let mut looked = Builder::new(ipam, &wanted, true)?;
    looked.each(progress)?;
    looked.done.notes.splice(0..0, notes);
    if dry_run || !looked.done.problems.is_empty() {
        return Ok(looked.done);
    }
    let notes = looked.done.notes;
    let mut builder = Builder::new(ipam, &wanted, false)?;
    if let Err(error) = builder.each(progress) {
        let place = builder.at.clone();
        let words = explain(&error);
        let what = format!(
            "{}. {} The objects that were created before the error remain: run the import again.",
            words.summary, words.detail
        );
        builder.done.problems.push(Finding { place, what });
    }
    builder.done.notes = notes;
    Ok(builder.done)
}

/// The objects of a file that can be created; parents come before their contents.
struct Wanted {
    scopes: Vec<Scope>,
    pools: Vec<Pool>,
    pool_cidrs: Vec<PoolCidr>,
    allocations: Vec<Allocation>,
}

impl Wanted {
    fn of(records: &crate::ipam::Records) -> (Self, Vec<Finding>) {
        let mut wanted = Self { scopes: vec![], pools: vec![], pool_cidrs: vec![], allocations: vec![] };
        let mut notes = Vec::new();
        let mut note = |meta: &Meta, what: &str| notes.push(Finding { place: meta.id.clone(), what: what.to_owned() });
        let mut is_there = |meta: &Meta| {
            if meta.state == State::Planned {
                note(meta, "It is only held for a plan, and is left out.");
            }
            meta.state == State::Active
        };
        records.each(&mut |item| match item {
            Item::Scope(scope) if is_there(&scope.meta) => wanted.scopes.push(scope),
            Item::Pool(pool) if is_there(&pool.meta) => wanted.pools.push(pool),
            Item::PoolCidr(one) if !one.inline && is_there(&one.meta) => wanted.pool_cidrs.push(one),
            Item::Allocation(one) if one.resource_type == ResourceType::Custom && is_there(&one.meta) => {
                wanted.allocations.push(one);
            }
            _ => {}
        });
        records.each(&mut |item| {
            if let Item::Allocation(one) = &item
                && one.has_addresses()
            {
                let what = "Its address sets are left out: a service keeps no single addresses.".to_owned();
                notes.push(Finding { place: one.meta.id.clone(), what });
            }
            if let Item::Allocation(one) = item
                && !matches!(one.resource_type, ResourceType::Custom | ResourceType::IpamPool)
            {
                let what = format!(
                    "{} is the space of a {}, and is created and deleted with it.",
                    one.cidr, one.resource_type
                );
                notes.push(Finding { place: one.meta.id, what });
            }
        });
        wanted.pools.sort_by(|a, b| (a.depth, &a.meta.name, &a.meta.id).cmp(&(b.depth, &b.meta.name, &b.meta.id)));
        (wanted, notes)
    }
}

struct Builder<'a> {
    ipam: &'a dyn Ipam,
    wanted: &'a Wanted,
    /// Whether objects are only looked up.
    only_looks: bool,
    scopes: Vec<Scope>,
    pools: Vec<Pool>,
    /// The present ids by the ids of the file; `None` for an object that does not exist yet.
    ids: BTreeMap<String, Option<String>>,
    paths: BTreeMap<String, String>,
    /// The id, in the file, of the present object.
    at: String,
    done: Rebuild,
}

impl<'a> Builder<'a> {
    fn new(ipam: &'a dyn Ipam, wanted: &'a Wanted, only_looks: bool) -> Result<Self> {
        Ok(Self {
            ipam,
            wanted,
            only_looks,
            scopes: ipam.list_scopes(false)?,
            pools: ipam.list_pools(&PoolFilter::default())?,
            ids: BTreeMap::new(),
            paths: BTreeMap::new(),
            at: String::new(),
            done: Rebuild::default(),
        })
    }

    fn each(&mut self, progress: &mut Progress<'_>) -> Result<()> {
        let wanted = self.wanted;
        let total = wanted.scopes.len() + wanted.pools.len() + wanted.pool_cidrs.len() + wanted.allocations.len();
        let what = if self.only_looks { "objects looked up" } else { "objects" };
        let mut step = |builder: &mut Self, meta: &Meta| {
            builder.at.clone_from(&meta.id);
            progress(what, builder.done.objects.len() as u64, Some(total as u64));
        };
        for scope in &wanted.scopes {
            step(self, &scope.meta);
            self.scope(scope)?;
        }
        for pool in &wanted.pools {
            step(self, &pool.meta);
            self.pool(pool)?;
        }
        for pool_cidr in &wanted.pool_cidrs {
            step(self, &pool_cidr.meta);
            self.pool_cidr(pool_cidr)?;
        }
        for allocation in &wanted.allocations {
            step(self, &allocation.meta);
            self.allocation(allocation)?;
        }
        Ok(())
    }

    fn note(&mut self, meta: &Meta, what: impl Into<String>) {
        self.done.notes.push(Finding { place: meta.id.clone(), what: what.into() });
    }

    fn problem(&mut self, meta: &Meta, what: impl Into<String>) {
        self.done.problems.push(Finding { place: meta.id.clone(), what: what.into() });
    }

    fn settle(&mut self, kind: Kind, meta: &Meta, path: String, new_id: Option<String>, fate: Fate) {
        self.ids.insert(meta.id.clone(), new_id.clone());
        self.paths.insert(meta.id.clone(), path.clone());
        self.done.objects.push(Rebuilt { kind, path, old_id: meta.id.clone(), new_id, fate });
    }

    /// The present id of the parent of an object; `None` while the parent does not exist.
    fn here(&self, old_id: &str) -> Option<String> {
        self.ids.get(old_id).cloned().flatten()
    }

    fn path_in(&self, parent: &str, name: &str) -> String {
        self.paths.get(parent).map_or_else(|| name.to_owned(), |path| format!("{path}/{name}"))
    }

    fn check_tags(&mut self, meta: &Meta, tags: &Tags) {
        let reserved = self.ipam.capabilities().reserved_tags;
        let taken: Vec<&str> = tags.keys().filter(|key| reserved.hit(key).is_some()).map(String::as_str).collect();
        if !taken.is_empty() {
            self.problem(meta, format!("Its tags {} are reserved in this store.", taken.join(", ")));
        }
    }

    fn scope(&mut self, wanted: &Scope) -> Result<()> {
        let is_it = |here: &&Scope| match wanted.is_default {
            true => here.is_default && here.scope_type == wanted.scope_type,
            false => !here.is_default && here.meta.name == wanted.meta.name,
        };
        let (meta, path) = (&wanted.meta, wanted.meta.name.clone());
        if let Some(here) = self.scopes.iter().find(is_it).cloned() {
            if here.scope_type != wanted.scope_type {
                self.problem(meta, format!("{} already exists, and is {}.", here.meta.id, here.scope_type));
            }
            self.settle(Kind::Scope, meta, path, Some(here.meta.id), Fate::Present);
            return Ok(());
        }
        self.check_tags(meta, &wanted.tags);
        if wanted.scope_type == ScopeType::Public && !self.ipam.capabilities().public_scopes {
            self.problem(meta, "This store has no public scope except the default one.");
        }
        if self.only_looks {
            self.settle(Kind::Scope, meta, path, None, Fate::WouldBeMade);
            return Ok(());
        }
        let spec = ScopeSpec {
            name: meta.name.clone(),
            scope_type: wanted.scope_type,
            ipam_id: None,
            description: wanted.description.clone(),
            tags: wanted.tags.clone(),
        };
        let made = patiently(PATIENCE, || self.ipam.create_scope(&spec, &Planned::Unknown))?;
        self.settle(Kind::Scope, meta, path, Some(made.meta.id), Fate::Made);
        Ok(())
    }

    fn pool(&mut self, wanted: &Pool) -> Result<()> {
        let (meta, parent) = (&wanted.meta, self.here(wanted.container()));
        let path = match &wanted.source_pool_id {
            Some(source) => self.path_in(source, &meta.name),
            None => meta.name.clone(),
        };
        let is_it = |here: &&Pool| Some(here.container()) == parent.as_deref() && here.meta.name == meta.name;
        if let Some(here) = self.pools.iter().find(is_it).cloned() {
            return self.complete(wanted, here, path);
        }
        self.check_tags(meta, &wanted.tags);
        if wanted.strategy != Strategy::default() && !self.ipam.capabilities().strategies {
            let what =
                format!("Its allocation_strategy {} is left out: the service chooses the blocks.", wanted.strategy);
            self.note(meta, what);
        }
        if wanted.rules.has_reserved() && !self.ipam.capabilities().strategies {
            self.note(meta, "Its reserved space is left out: the service reserves none.".to_owned());
        }
        if wanted.rules.has_order() && !self.ipam.capabilities().strategies {
            self.note(meta, "The order of its CIDRs is left out: the service has its own.".to_owned());
        }
        if self.only_looks {
            self.settle(Kind::Pool, meta, path, None, Fate::WouldBeMade);
            return Ok(());
        }
        let spec = PoolSpec {
            name: meta.name.clone(),
            scope_id: self.here(&wanted.scope_id),
            source_pool_id: wanted.source_pool_id.as_ref().and_then(|source| self.here(source)),
            address_family: Some(wanted.address_family),
            locale: wanted.locale.clone(),
            description: wanted.description.clone(),
            rules: self.rules(&wanted.rules),
            strategy: self.strategy(wanted.strategy),
            tags: wanted.tags.clone(),
            provision: blocks(&wanted.cidrs),
            special: wanted.special.clone(),
        };
        let made = patiently(PATIENCE, || self.ipam.create_pool(&spec, &Planned::Unknown))?;
        if matches!(wanted.provision, Provision::NetmaskLength(_)) {
            // The pool was created with given blocks; now it is changed to the size that was requested.
            let change = self.change(wanted, wanted.provision.clone());
            patiently(PATIENCE, || self.ipam.update_pool(&made.meta.id, &change))?;
        }
        self.settle(Kind::Pool, meta, path, Some(made.meta.id), Fate::Made);
        Ok(())
    }

    fn strategy(&self, wanted: Strategy) -> Strategy {
        if self.ipam.capabilities().strategies { wanted } else { Strategy::default() }
    }

    /// The rules without those that the service does not have.
    fn rules(&self, wanted: &Rules) -> Rules {
        if self.ipam.capabilities().strategies {
            wanted.clone()
        } else {
            Rules { quarantine_ms: 0, ..wanted.without_reserved().without_order() }
        }
    }

    fn change(&self, pool: &Pool, provision: Provision) -> PoolChange {
        PoolChange {
            name: pool.meta.name.clone(),
            description: pool.description.clone(),
            rules: self.rules(&pool.rules),
            strategy: self.strategy(pool.strategy),
            tags: pool.tags.clone(),
            provision,
            auto_import: pool.special.auto_import,
            locale: None,
        }
    }

    /// Handles a pool that exists already.
    fn complete(&mut self, wanted: &Pool, here: Pool, path: String) -> Result<()> {
        let (meta, id) = (&wanted.meta, here.meta.id.clone());
        if (here.address_family, &here.locale) != (wanted.address_family, &wanted.locale) {
            let of = |pool: &Pool| {
                format!("{} with locale {}", pool.address_family, pool.locale.as_deref().unwrap_or("none"))
            };
            self.problem(meta, format!("{id} has the same name and is {}, not {}.", of(&here), of(wanted)));
        }
        let present: BTreeSet<Cidr> = self.ipam.list_pool_cidrs(&id, false)?.iter().map(|one| one.cidr).collect();
        let lacks = &wanted.cidrs - &present;
        if lacks.is_empty() {
            self.settle(Kind::Pool, meta, path, Some(id), Fate::Present);
            return Ok(());
        }
        if self.only_looks {
            self.settle(Kind::Pool, meta, path, Some(id), Fate::WouldBeCompleted);
            return Ok(());
        }
        let change = self.change(&here, Provision::Cidrs(&here.cidrs | &lacks));
        patiently(PATIENCE, || self.ipam.update_pool(&id, &change))?;
        self.settle(Kind::Pool, meta, path, Some(id), Fate::Completed);
        Ok(())
    }

    fn pool_cidr(&mut self, wanted: &PoolCidr) -> Result<()> {
        let (meta, parent) = (&wanted.meta, self.here(&wanted.pool_id));
        let path = format!("{} {}", self.paths.get(&wanted.pool_id).map_or("", String::as_str), wanted.cidr);
        let listed = match &parent {
            Some(pool_id) => self.ipam.list_pool_cidrs(pool_id, false)?,
            None => Vec::new(),
        };
        if let Some(here) = listed.into_iter().find(|here| here.cidr == wanted.cidr) {
            self.settle(Kind::PoolCidr, meta, path, Some(here.meta.id), Fate::Present);
            return Ok(());
        }
        let (false, Some(pool_id)) = (self.only_looks, parent) else {
            self.settle(Kind::PoolCidr, meta, path, None, Fate::WouldBeMade);
            return Ok(());
        };
        let spec = PoolCidrSpec { pool_id, name: Some(meta.name.clone()), size: Size::Cidr(wanted.cidr), proof: None };
        let made = patiently(PATIENCE, || self.ipam.create_pool_cidr(&spec, &Planned::Unknown))?;
        self.settle(Kind::PoolCidr, meta, path, Some(made.meta.id), Fate::Made);
        Ok(())
    }

    fn allocation(&mut self, wanted: &Allocation) -> Result<()> {
        let (meta, parent) = (&wanted.meta, self.here(&wanted.pool_id));
        let path = self.path_in(&wanted.pool_id, &meta.name);
        let here = match &parent {
            Some(pool_id) => self.ipam.find_allocation(pool_id, &meta.name)?,
            None => None,
        };
        if let Some(here) = here {
            if here.cidr != wanted.cidr {
                self.problem(
                    meta,
                    format!("{} has the same name and is {}, not {}.", here.meta.id, here.cidr, wanted.cidr),
                );
            }
            self.settle(Kind::Allocation, meta, path, Some(here.meta.id), Fate::Present);
            return Ok(());
        }
        self.check_tags(meta, &wanted.tags);
        if let (true, Some(pool_id)) = (self.only_looks, &parent) {
            self.check_space(wanted, pool_id)?;
        }
        let (false, Some(pool_id)) = (self.only_looks, parent) else {
            self.settle(Kind::Allocation, meta, path, None, Fate::WouldBeMade);
            return Ok(());
        };
        if wanted.aggregate.is_some() && !self.ipam.capabilities().strategies {
            self.note(meta, "The block of its contiguous set is left out: the service keeps none.".to_owned());
        }
        let spec = AllocationSpec {
            description: wanted.description.clone(),
            tags: wanted.tags.clone(),
            aggregate: wanted.aggregate,
            // A service has no loans, and releases whatever it is asked to.
            ..AllocationSpec::new(pool_id, meta.name.clone(), Size::Cidr(wanted.cidr))
        };
        let made = patiently(PATIENCE, || self.ipam.create_allocation(&spec, &Planned::Unknown))?;
        self.settle(Kind::Allocation, meta, path, Some(made.meta.id), Fate::Made);
        Ok(())
    }

    /// Reports an allocation that has the space in a pool that exists already.
    fn check_space(&mut self, wanted: &Allocation, pool_id: &str) -> Result<()> {
        let filter =
            AllocationFilter { pool_id: Some(pool_id.to_owned()), include_pools: true, ..AllocationFilter::default() };
        let listed = self.ipam.list_allocations(&filter)?;
        if let Some(other) = listed.iter().find(|one| one.cidr.overlaps(&wanted.cidr)) {
            let what = format!("{} overlaps {} of {} ({}).", wanted.cidr, other.cidr, other.meta.name, other.meta.id);
            self.problem(&wanted.meta, what);
        }
        Ok(())
    }
}

fn blocks(cidrs: &BTreeSet<Cidr>) -> Provision {
    if cidrs.is_empty() { Provision::Nothing } else { Provision::Cidrs(cidrs.clone()) }
}

/// Runs `work` again until it is complete or `patience` is over: while a service is not finished or a store is busy.
///
/// # Errors
/// The last error of `work`.
pub fn patiently<T>(patience: Duration, mut work: impl FnMut() -> Result<T>) -> Result<T> {
    let end = Instant::now() + patience;
    loop {
        match work() {
            Err(Error::Pending(_) | Error::Store(store::Error::Busy(_))) if Instant::now() < end => {
                std::thread::sleep(GLANCE);
            }
            answer => return answer,
        }
    }
}
