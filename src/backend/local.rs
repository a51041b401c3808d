//! [`Ipam`] over a self-managed store. Reads run on snapshots, writes are grouped ([`Group`]), and a plan finds its
//! valid holds without a write.

mod address_sets;
mod allocation_sets;
mod discover;
mod dual_stacks;
mod explicit_first;
mod freshen;
mod holds;
mod nouns;
mod objects;
mod previews;
mod queries;
mod scan;
mod scan_lock;

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use crate::ipam::{
    Actor, Audit, CurrentRun, Env, Error, Ledger, Occupant, Overview, OverviewQuery, Planned, PoolChoice, PoolFilter,
    Reader, Run, ScopeChoice,
};
use crate::store::{self, Store, StoreUrl};

use super::files::Below;
use super::observation::Observation;
use super::scout::Scout;
use super::service::{DiscoveryNoun, Keeps, ResourceCidrNoun};
use super::{
    AddressSets, Administration, AllocationSets, Capabilities, DualStacks, Group, History, Holds, Ipam, ReservedTags,
    Result, Scopes,
};
use explicit_first::ExplicitFirst;
use previews::Previews;
pub use scan::{DiscoveryScan, Progress, Scans, SightingCounts, TargetScan};
use scan_lock::ScanLocks;

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
    scan_locks: ScanLocks,
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
    /// Opens the store at `url` for `actor`. `password`: the password of the store, if the URL does not contain it. The
    /// store is not contacted before the first call.
    ///
    /// # Errors
    /// [`store::Error::Url`] when the URL does not name a store.
    pub fn open(url: &str, password: Option<String>, actor: Actor) -> Result<Self> {
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
            scan_locks: ScanLocks::default(),
            explicit_first: ExplicitFirst::default(),
            previews: Previews::default(),
        }
    }

    /// Whether the URL of a store has a password in it.
    pub fn has_password(url: &str) -> bool {
        StoreUrl::new(url).has_password()
    }

    /// The scheme of a store URL, if it names a kind of store. Any other text may be or contain a password.
    pub fn scheme_of(url: &str) -> Option<&'static str> {
        let (start, _) = url.split_once(':').unwrap_or((url, ""));
        store::KINDS.iter().flat_map(|kind| kind.schemes).copied().find(|scheme| start.eq_ignore_ascii_case(scheme))
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
}

impl Ipam for Local {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            strategies: true,
            public_scopes: true,
            surveys: true,
            special: false,
            reserved_tags: ReservedTags::default(),
        }
    }

    fn holds(&self) -> Option<&dyn Holds> {
        Some(self)
    }

    fn allocation_sets(&self) -> Option<&dyn AllocationSets> {
        Some(self)
    }

    fn address_sets(&self) -> Option<&dyn AddressSets> {
        Some(self)
    }

    fn dual_stacks(&self) -> Option<&dyn DualStacks> {
        Some(self)
    }

    fn history(&self) -> Option<&dyn History> {
        Some(self)
    }

    fn discoveries(&self) -> Option<&dyn Keeps<DiscoveryNoun>> {
        Some(self)
    }

    fn treatments(&self) -> Option<&dyn Keeps<ResourceCidrNoun>> {
        Some(self)
    }

    fn observation(&self) -> Option<&(dyn Observation + 'static)> {
        Some(self)
    }

    fn administration(&self) -> Option<&dyn Administration> {
        Some(self)
    }

    fn check(&self) -> Result<Audit> {
        self.read(|reader| reader.check())
    }

    fn overview(&self, query: &OverviewQuery<'_>) -> Result<Overview> {
        let found = self.look(|reader| reader.overview(query))?;
        let lists_all = matches!(query.pools, PoolChoice::Matching(PoolFilter { scope_id: None, .. }));
        if query.scopes != ScopeChoice::All
            || !lists_all
            || !found.scopes.is_empty()
            || self.list_scopes(true)?.is_empty()
        {
            return Ok(found);
        }
        // The store has got its default scopes.
        self.look(|reader| reader.overview(query))
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
