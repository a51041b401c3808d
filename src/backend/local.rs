//! [`Ipam`] over a self-managed store. Reads run on snapshots, writes are grouped ([`Group`]), and a plan finds its
//! valid holds without a write.

mod discover;
mod explicit_first;
mod freshen;
mod nouns;
mod previews;
mod turns;

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::ipam::{
    Actor, Allocation, AllocationChange, AllocationFilter, AllocationSpec, Audit, Cidr, CurrentRun, Env, Error, Event,
    EventFilter, HistoryQuery, Kind, Ledger, Mark, Missing, Occupant, Overview, OverviewQuery, Planned, Pool,
    PoolChange, PoolChoice, PoolCidr, PoolCidrSpec, PoolFilter, PoolSpec, Provision, Reader, Resize, Run, Scope,
    ScopeChange, ScopeChoice, ScopeSpec, Size, Tenure, Terms, TrendPoint, Utilization,
};
use crate::store::{self, Store, StoreUrl};

use super::files::Below;
use super::observation::Observation;
use super::scout::Scout;
use super::service::{DiscoveryNoun, Keeps, ResourceCidrNoun};
use super::{Capabilities, Group, Ipam, New, ReservedTags, Result};
pub use discover::{Counted, Looked, LookedAt, LookedPlace, Progress};
use explicit_first::ExplicitFirst;
use previews::Previews;
use turns::Turns;

/// The inputs of the core from outside, except the actor: the real ones, or those of a test.
#[derive(Clone)]
pub struct Surroundings {
    /// The clock that decides whether holds have expired.
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// Random bits, for ids and for the strategy `random`.
    pub random: Arc<dyn Fn() -> u64 + Send + Sync>,
}

impl Default for Surroundings {
    fn default() -> Self {
        // Without the system's source, use the keys of hash maps: they are random and different each time.
        let random = || getrandom::u64().unwrap_or_else(|_| RandomState::new().hash_one(()));
        Self { clock: Arc::new(Timestamp::now), random: Arc::new(random) }
    }
}

/// IPAM in a self-managed store: scopes, pools and allocations are records in it.
pub struct Local {
    group: Group,
    author: Author,
    /// Whether no import can begin any more, so that reads need not look for one.
    settled: AtomicBool,
    /// Scans accounts of AWS; `None`: this process cannot scan them.
    scout: Option<Arc<dyn Scout>>,
    /// The directories below which files of discoveries are read.
    files_below: Below,
    /// The scans that are running.
    turns: Turns,
    /// Puts requests by CIDR before requests by size.
    explicit_first: ExplicitFirst,
    /// The previews of plans that may not write.
    previews: Previews,
}

/// The actor and the clock that every transaction gets.
#[derive(Clone)]
pub(super) struct Author {
    actor: Arc<Actor>,
    /// The run of Terraform that this process serves; `None` outside of a run.
    run: Option<Arc<CurrentRun>>,
    /// Holds that were reclaimed before they expired, in favour of a new request.
    displaced: Arc<Mutex<Vec<Occupant>>>,
    surroundings: Surroundings,
}

impl Author {
    pub(super) fn random(&self) -> impl FnMut() -> u64 + use<> {
        let random = Arc::clone(&self.surroundings.random);
        move || random()
    }

    /// Records the holds that were for a plan made elsewhere. A user who made a plan here knows that a new plan
    /// replaces it.
    fn note_displaced(&self, displaced: &[Occupant]) {
        let own = self.run.as_ref().map(|current| &current.run.origin);
        let is_from_elsewhere = |run: &Run| Some(&run.origin) != own;
        let mut all = self.displaced.lock().unwrap_or_else(PoisonError::into_inner);
        for occupant in displaced.iter().filter(|occupant| occupant.run.as_deref().is_some_and(is_from_elsewhere)) {
            // A transaction that met a conflict reports the same holds again.
            if !all.iter().any(|known| known.id == occupant.id) {
                all.push(occupant.clone());
            }
        }
    }

    /// The environment at this moment.
    pub(super) fn env<'a>(&'a self, random: &'a mut dyn FnMut() -> u64) -> Env<'a> {
        Env::new((self.surroundings.clock)(), random, &self.actor).in_run(self.run.as_deref())
    }
}

impl Local {
    /// Opens the store at `url` for `actor`. The store is not contacted before the first call.
    ///
    /// # Errors
    /// [`store::Error::Url`] when the URL does not name a store.
    pub fn open(url: &str, actor: Actor) -> Result<Self> {
        Self::open_with(url, None, actor)
    }

    /// [`Self::open`] with the password of the store, which the URL need not contain then.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_with(url: &str, password: Option<String>, actor: Actor) -> Result<Self> {
        let url = StoreUrl::new(url).with_password(password);
        Ok(Self::over(store::open(&url)?, actor, Surroundings::default()))
    }

    /// Uses a store that is already open.
    pub fn over(store: Arc<dyn Store>, actor: Actor, surroundings: Surroundings) -> Self {
        let author = Author { actor: Arc::new(actor), run: None, displaced: Arc::default(), surroundings };
        let settled = AtomicBool::new(false);
        Self {
            group: Group::new(store),
            author,
            settled,
            scout: None,
            files_below: Below::default(),
            turns: Turns::default(),
            explicit_first: ExplicitFirst::default(),
            previews: Previews::default(),
        }
    }

    /// Whether the URL of a store has a password in it.
    pub fn has_password(url: &str) -> bool {
        StoreUrl::new(url).has_password()
    }

    /// Sets the run of Terraform that this process serves.
    #[must_use]
    pub fn in_run(mut self, run: CurrentRun) -> Self {
        self.author.run = Some(Arc::new(run));
        self
    }

    /// Sets the scout that scans accounts of AWS.
    #[must_use]
    pub fn with_scout(self, scout: Option<Arc<dyn Scout>>) -> Self {
        Self { scout, ..self }
    }

    /// Sets the directories below which files of discoveries are read. Without them, no file is read.
    #[must_use]
    pub fn with_files_below(self, files_below: Below) -> Self {
        Self { files_below, ..self }
    }

    pub(super) fn group(&self) -> &Group {
        &self.group
    }

    pub(super) fn store(&self) -> &dyn Store {
        self.group.store()
    }

    pub(super) fn author(&self) -> &Author {
        &self.author
    }

    /// Reads a store that is complete. In a store that is partly imported, missing objects would look deleted.
    pub(super) fn read<T>(&self, mut body: impl FnMut(&mut Reader<'_>) -> Result<T>) -> Result<T> {
        self.group.read(|snapshot| {
            let mut random = self.author.random();
            let mut reader = Reader::new(snapshot, self.author.env(&mut random));
            if !self.settled.load(Ordering::Relaxed) && reader.require_whole()? {
                self.settled.store(true, Ordering::Relaxed);
            }
            body(&mut reader)
        })
    }

    /// Runs `body` in a group, in the order of `name`, on a store that is initialized.
    ///
    /// All writes of the core are idempotent. When the store cannot confirm a commit, the body runs once more: if the
    /// first commit was kept, the second run finds it and answers without writing again.
    fn write<T, F>(&self, name: &str, body: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Ledger<'_>) -> Result<T> + Send + Sync + 'static,
    {
        self.write_again(name, true, move |ledger, _| body(ledger))
    }

    /// [`Self::write`], where `body` learns whether it ran before and may have been committed. `applying`: the write
    /// certainly belongs to an apply.
    fn write_again<T, F>(&self, name: &str, applying: bool, body: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Ledger<'_>, bool) -> Result<T> + Send + Sync + 'static,
    {
        let body = Arc::new(body);
        let submit = |again| {
            let (body, author) = (Arc::clone(&body), self.author.clone());
            self.group.write(name, move |tx| {
                let mut random = author.random();
                let mut ledger = Ledger::new(tx, author.env(&mut random).in_apply(applying));
                ledger.initialize()?;
                let made = body(&mut ledger, again)?;
                author.note_displaced(ledger.displaced());
                Ok(made)
            })
        };
        match submit(false) {
            Err(Error::Store(uncertain @ store::Error::Uncertain(_))) => match submit(true) {
                // The second run did not reach the store: the first one may have been committed nevertheless.
                Err(Error::Store(_)) => Err(Error::Store(uncertain)),
                outcome => outcome,
            },
            outcome => outcome,
        }
    }

    /// Writes a new object.
    fn create<T, F>(&self, name: &str, planned: &Planned, body: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Ledger<'_>, &Planned) -> Result<T> + Send + Sync + 'static,
    {
        let first = planned.clone();
        let again = match planned {
            // An active object may be the one that the first run made.
            Planned::Fresh(id) => Planned::Held(id.clone()),
            other => other.clone(),
        };
        self.write_again(name, true, move |ledger, is_again| body(ledger, if is_again { &again } else { &first }))
    }

    /// The answer of `find`, which does not write, or else the answer of `plan`, which does.
    ///
    /// An error of `find` is ignored: a store that was never written has no default scopes yet, and the write reclaims
    /// holds in the way.
    fn plan<T, F>(
        &self,
        name: &str,
        terms: &Terms,
        mut find: impl FnMut(&mut Reader<'_>, &Terms) -> Result<Option<T>>,
        plan: F,
    ) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Ledger<'_>, &Terms) -> Result<T> + Send + Sync + 'static,
    {
        let found = self.read(|reader| {
            reader.in_apply(terms.committing);
            find(reader, terms)
        });
        match found {
            Ok(Some(found)) => Ok(found),
            Err(Error::Store(error)) => Err(Error::Store(error)),
            Ok(None) | Err(_) => {
                let terms = terms.clone();
                let made = self.write_again(name, terms.committing, move |ledger, _| plan(ledger, &terms));
                if let Err(Error::Overlap { cidr, with }) = &made {
                    self.mark_in_the_way(name, *cidr, with);
                }
                made
            }
        }
    }
}

/// The name by which a pool CIDR is sorted.
fn pool_cidr_name(spec: &PoolCidrSpec) -> String {
    match (&spec.name, spec.size) {
        (Some(name), _) => name.clone(),
        (None, Size::Cidr(cidr)) => cidr.to_string(),
        (None, _) => String::new(),
    }
}

impl Ipam for Local {
    fn discoveries(&self) -> Option<&dyn Keeps<DiscoveryNoun>> {
        Some(self)
    }

    fn treatments(&self) -> Option<&dyn Keeps<ResourceCidrNoun>> {
        Some(self)
    }

    fn observation(&self) -> Option<&(dyn Observation + 'static)> {
        Some(self)
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            holds: true,
            strategies: true,
            public_scopes: true,
            surveys: true,
            special: false,
            reserved_tags: ReservedTags::default(),
        }
    }

    fn speaks_against(&self, new: New<'_>, terms: &Terms, growing: bool) -> Result<()> {
        match self.look_at_new(new, terms) {
            // The same apply adds more space.
            Err(Error::PoolExhausted { .. } | Error::PoolEmpty { .. } | Error::OutsidePool { .. }) if growing => Ok(()),
            tried => tried,
        }
    }

    fn plan_scope(&self, spec: &ScopeSpec, terms: &Terms) -> Result<Scope> {
        let find = |reader: &mut Reader<'_>, terms: &Terms| reader.find_hold_scope(spec, terms);
        let wish = spec.clone();
        self.plan(&spec.name, terms, find, move |ledger, terms| ledger.plan_scope(&wish, terms))
    }

    fn create_scope(&self, spec: &ScopeSpec, planned: &Planned) -> Result<Scope> {
        let wish = spec.clone();
        self.create(&spec.name, planned, move |ledger, planned| ledger.create_scope(&wish, planned))
    }

    fn update_scope(&self, id: &str, change: &ScopeChange) -> Result<Scope> {
        let (id, wish) = (id.to_owned(), change.clone());
        self.write(&change.name, move |ledger| ledger.update_scope(&id, &wish))
    }

    fn delete_scope(&self, id: &str) -> Result<()> {
        let gone = id.to_owned();
        self.write(id, move |ledger| ledger.delete_scope(&gone))
    }

    fn get_scope(&self, id: &str) -> Result<Option<Scope>> {
        self.read(|reader| reader.get_scope(id))
    }

    fn list_scopes(&self, include_planned: bool) -> Result<Vec<Scope>> {
        let scopes = self.read(|reader| reader.list_scopes(include_planned))?;
        if !scopes.is_empty() {
            return Ok(scopes);
        }
        // The store was never written. Every store gets its default scopes with the first write, which is this one.
        match self.write("", |_| Ok(())) {
            Ok(()) => self.read(|reader| reader.list_scopes(include_planned)),
            Err(Error::Store(store::Error::ReadOnly(_))) => Ok(scopes),
            Err(error) => Err(error),
        }
    }

    fn find_scope(&self, name: &str) -> Result<Option<Scope>> {
        self.read(|reader| reader.find_scope(name))
    }

    fn plan_pool(&self, spec: &PoolSpec, terms: &Terms) -> Result<Pool> {
        let find = |reader: &mut Reader<'_>, terms: &Terms| reader.find_hold_pool(spec, terms);
        let wish = spec.clone();
        let is_by_size = matches!(spec.provision, Provision::NetmaskLength(_));
        let turn = self.turn(&spec.name, spec.source_pool_id.as_deref().filter(|_| is_by_size), terms);
        self.plan(&turn, terms, find, move |ledger, terms| ledger.plan_pool(&wish, terms))
    }

    fn create_pool(&self, spec: &PoolSpec, planned: &Planned) -> Result<Pool> {
        let wish = spec.clone();
        self.create(&spec.name, planned, move |ledger, planned| ledger.create_pool(&wish, planned))
    }

    fn plan_pool_change(&self, id: &str, change: &PoolChange, terms: &Terms) -> Result<Option<Pool>> {
        let find = |reader: &mut Reader<'_>, _: &Terms| Ok(reader.find_pool_change(id, change)?.map(Some));
        let (id, wish) = (id.to_owned(), change.clone());
        self.plan(&change.name, terms, find, move |ledger, terms| ledger.plan_pool_change(&id, &wish, terms))
    }

    fn preview_pool_change(&self, id: &str, change: &PoolChange, terms: &Terms) -> Result<Option<Pool>> {
        self.read(|reader| reader.preview_pool_change(id, change, terms))
    }

    fn in_the_way(&self, id: &str, provision: &Provision, goes: &dyn Fn(&str, bool) -> bool) -> Result<()> {
        self.read(|reader| reader.in_the_way(id, provision, goes))
    }

    fn update_pool(&self, id: &str, change: &PoolChange) -> Result<Pool> {
        let (id, wish) = (id.to_owned(), change.clone());
        self.write(&change.name, move |ledger| ledger.update_pool(&id, &wish))
    }

    fn delete_pool(&self, id: &str, cascade: bool) -> Result<()> {
        let gone = id.to_owned();
        self.write(id, move |ledger| ledger.delete_pool(&gone, cascade))
    }

    fn get_pool(&self, id: &str) -> Result<Option<Pool>> {
        self.read(|reader| reader.get_pool(id))
    }

    fn list_pools(&self, filter: &PoolFilter) -> Result<Vec<Pool>> {
        self.read(|reader| reader.list_pools(filter))
    }

    fn find_pool(&self, path: &str) -> Result<Vec<Pool>> {
        self.read(|reader| reader.find_pool(path))
    }

    fn pool_path(&self, id: &str) -> Result<String> {
        self.read(|reader| reader.pool_path(id))
    }

    fn plan_pool_cidr(&self, spec: &PoolCidrSpec, terms: &Terms) -> Result<PoolCidr> {
        let find = |reader: &mut Reader<'_>, terms: &Terms| reader.find_hold_pool_cidr(spec, terms);
        let wish = spec.clone();
        let by_size = (!matches!(spec.size, Size::Cidr(_))).then_some(spec.pool_id.as_str());
        let turn = self.turn(&pool_cidr_name(spec), by_size, terms);
        self.plan(&turn, terms, find, move |ledger, terms| ledger.plan_pool_cidr(&wish, terms))
    }

    fn create_pool_cidr(&self, spec: &PoolCidrSpec, planned: &Planned) -> Result<PoolCidr> {
        let wish = spec.clone();
        self.create(&pool_cidr_name(spec), planned, move |ledger, planned| ledger.create_pool_cidr(&wish, planned))
    }

    fn rename_pool_cidr(&self, id: &str, name: Option<&str>) -> Result<()> {
        let (id, wish) = (id.to_owned(), name.map(str::to_owned));
        let rename = move |ledger: &mut Ledger<'_>| ledger.rename_pool_cidr(&id, wish.as_deref()).map(drop);
        self.write(name.unwrap_or_default(), rename)
    }

    fn delete_pool_cidr(&self, id: &str) -> Result<()> {
        let gone = id.to_owned();
        self.write(id, move |ledger| ledger.delete_pool_cidr(&gone))
    }

    fn get_pool_cidr(&self, id: &str) -> Result<Option<PoolCidr>> {
        self.read(|reader| reader.get_pool_cidr(id))
    }

    fn list_pool_cidrs(&self, pool_id: &str, include_planned: bool) -> Result<Vec<PoolCidr>> {
        self.read(|reader| reader.list_pool_cidrs(pool_id, include_planned))
    }

    fn plan_allocation(&self, spec: &AllocationSpec, terms: &Terms) -> Result<Allocation> {
        let find = |reader: &mut Reader<'_>, terms: &Terms| reader.find_hold_allocation(spec, terms);
        let wish = spec.clone();
        let by_size = (!matches!(spec.size, Size::Cidr(_))).then_some(spec.pool_id.as_str());
        let turn = self.turn(&spec.name, by_size, terms);
        self.plan(&turn, terms, find, move |ledger, terms| ledger.plan_allocation(&wish, terms))
    }

    fn preview_allocation(&self, spec: &AllocationSpec, terms: &Terms) -> Result<Allocation> {
        self.preview_beside(spec, terms)
    }

    fn create_allocation(&self, spec: &AllocationSpec, planned: &Planned) -> Result<Allocation> {
        let wish = spec.clone();
        self.create(&spec.name, planned, move |ledger, planned| ledger.create_allocation(&wish, planned))
    }

    fn plan_resize(&self, id: &str, size: Size, terms: &Terms) -> Result<Resize> {
        let find = |reader: &mut Reader<'_>, terms: &Terms| reader.find_resize(id, size, terms);
        let grown = id.to_owned();
        self.plan(id, terms, find, move |ledger, terms| ledger.plan_resize(&grown, size, terms))
    }

    fn preview_resize(&self, id: &str, size: Size, terms: &Terms) -> Result<Resize> {
        self.read(|reader| reader.preview_resize(id, size, terms))
    }

    fn update_allocation(&self, id: &str, change: &AllocationChange) -> Result<Allocation> {
        let (id, wish) = (id.to_owned(), change.clone());
        self.write(&change.name, move |ledger| ledger.update_allocation(&id, &wish))
    }

    fn delete_allocation(&self, id: &str) -> Result<()> {
        let gone = id.to_owned();
        self.write(id, move |ledger| ledger.delete_allocation(&gone))
    }

    fn get_allocation(&self, id: &str) -> Result<Option<Allocation>> {
        self.read(|reader| reader.get_allocation(id))
    }

    fn list_allocations(&self, filter: &AllocationFilter) -> Result<Vec<Allocation>> {
        self.read(|reader| reader.list_allocations(filter))
    }

    fn find_allocation(&self, pool_id: &str, name: &str) -> Result<Option<Allocation>> {
        self.read(|reader| reader.find_allocation(pool_id, name))
    }

    fn allocation_at(&self, pool_id: &str, address: Cidr) -> Result<Option<Allocation>> {
        self.read(|reader| reader.allocation_at(pool_id, &address))
    }

    fn restore(&self, id: &str, missing: &Missing) -> Result<bool> {
        let (lost, wish) = (id.to_owned(), missing.clone());
        match self.write(id, move |ledger| ledger.restore(&lost, &wish)) {
            // An object that cannot be restored at all is reported without the right to write, too.
            Err(Error::Store(store::Error::ReadOnly(why))) => {
                match self.imagine(|ledger| {
                    ledger.initialize()?;
                    ledger.restore(id, missing)
                })? {
                    true => Err(Error::Store(store::Error::ReadOnly(why))),
                    false => Ok(false),
                }
            }
            answer => answer,
        }
    }

    fn displaced(&self) -> Vec<Occupant> {
        std::mem::take(&mut *self.author.displaced.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn confirm(&self, id: &str) -> Result<()> {
        // Every refresh calls this; only the first call for an object writes.
        if !self.read(|reader| reader.needs_confirmation(id))? {
            return Ok(());
        }
        let seen = id.to_owned();
        self.write(id, move |ledger| ledger.confirm(&seen))
    }

    fn confirm_all(&self, ids: &[String]) -> Result<()> {
        let Some(first) = ids.first() else { return Ok(()) };
        let seen = ids.to_vec();
        self.write(first, move |ledger| seen.iter().try_for_each(|id| ledger.confirm(id)))
    }

    fn keep_arguments(&self, id: &str, hold: Duration) -> Result<()> {
        let still_good = |until: Timestamp| {
            until.duration_since(self.now()) * 2 > SignedDuration::try_from(hold).unwrap_or_default()
        };
        let is_noted = |reader: &mut Reader<'_>| Ok(reader.arguments_kept_until(id)?.is_some_and(still_good));
        // As with holds: the note is written again when half of its time has passed. An id that is not one of a store's
        // records has no notes.
        if Kind::of_id(id).is_none() || self.read(is_noted)? {
            return Ok(());
        }
        let kept = id.to_owned();
        self.write(id, move |ledger| ledger.keep_arguments(&kept, hold))
    }

    fn take_kept_arguments(&self, id: &str) -> Result<bool> {
        if self.read(|reader| reader.arguments_kept_until(id))?.is_none() {
            return Ok(false);
        }
        let kept = id.to_owned();
        if let Err(error) = self.write(id, move |ledger| ledger.forget_kept_arguments(&kept)) {
            tracing::debug!(id, ?error, "the note that a plan keeps arguments was not removed");
        }
        Ok(true)
    }

    fn give_up(&self, id: &str, hold: Duration) -> Result<()> {
        let given_up = id.to_owned();
        self.write(id, move |ledger| ledger.give_up(&given_up, hold))
    }

    fn is_given_up(&self, id: &str) -> Result<bool> {
        self.read(|reader| reader.is_given_up(id))
    }

    fn preview_next(
        &self,
        pool_id: &str,
        netmask_length: Option<u8>,
        disallowed: &[Cidr],
        count: usize,
    ) -> Result<Vec<Cidr>> {
        self.read(|reader| reader.preview_next(pool_id, netmask_length, disallowed, count))
    }

    fn free_cidrs(&self, pool_id: &str, max_netmask_length: Option<u8>, limit: usize) -> Result<Vec<Cidr>> {
        self.read(|reader| reader.free_cidrs(pool_id, max_netmask_length, limit))
    }

    fn utilization(&self, pool_id: &str) -> Result<Utilization> {
        self.read(|reader| reader.utilization(pool_id))
    }

    fn overview(&self, query: &OverviewQuery<'_>) -> Result<Overview> {
        let found = self.read(|reader| reader.overview(query))?;
        let lists_all = matches!(query.pools, PoolChoice::Matching(PoolFilter { scope_id: None, .. }));
        if query.scopes != ScopeChoice::All
            || !lists_all
            || !found.scopes.is_empty()
            || self.list_scopes(true)?.is_empty()
        {
            return Ok(found);
        }
        // The store has got its default scopes.
        self.read(|reader| reader.overview(query))
    }

    fn events(&self, after: u64, limit: usize) -> Result<Vec<Event>> {
        self.read(|reader| reader.events(after, limit))
    }

    fn newest_events(&self, filter: &EventFilter, limit: usize) -> Result<Vec<Event>> {
        self.read(|reader| reader.newest_events(filter, limit))
    }

    fn mark(&self) -> Result<Option<Mark>> {
        self.read(|reader| reader.mark())
    }

    fn history(&self, query: &HistoryQuery) -> Result<Vec<Tenure>> {
        self.read(|reader| reader.history(query))
    }

    fn trend(&self, pool_id: &str, from: Timestamp, to: Timestamp, step: Duration) -> Result<Vec<TrendPoint>> {
        self.read(|reader| reader.trend(pool_id, from, to, step))
    }

    fn trends(&self, from: Timestamp, to: Timestamp, step: Duration) -> Result<BTreeMap<String, Vec<TrendPoint>>> {
        self.read(|reader| reader.trends(from, to, step))
    }

    fn check(&self) -> Result<Audit> {
        self.read(|reader| reader.check())
    }

    fn owner(&self) -> Option<&str> {
        Some(&self.author.actor.owner)
    }

    fn now(&self) -> Timestamp {
        (self.author.surroundings.clock)()
    }

    fn describe(&self) -> String {
        self.group.store().describe()
    }
}

#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests;
