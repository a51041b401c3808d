//! The space of one IPAM, kept by the core over a store in memory.

use std::collections::BTreeSet;

use jiff::Timestamp;
use terraform_provider_ipam::ipam::{
    Actor, AllocationSpec, Audit, Cidr, Env, Family, Ledger, Planned, PoolChange, PoolCidr, PoolCidrSpec, PoolSpec,
    Provision, Reader, Result, Rules, ScopeSpec, ScopeType, Size, Special, Strategy, Tags,
};
use terraform_provider_ipam::store::Store;
use terraform_provider_ipam::store::memory::Memory;

use super::world::dice;

/// The ledger of one IPAM. Its names are ids or counters, because names in AWS are tags, which the core does not know.
pub(crate) struct Space {
    store: Memory,
    actor: Actor,
    seed: u64,
    names: u64,
}

impl Space {
    pub(crate) fn new(owner: &str, seed: u64, now: Timestamp) -> Self {
        let actor = Actor { owner: owner.to_owned(), ..Actor::default() };
        let mut space = Self { store: Memory::default(), actor, seed, names: 0 };
        space.write(now, |ledger| ledger.initialize()).expect("a new store can be initialized");
        space
    }

    /// The endpoint is one thread under a lock, so there are no conflicts and the body runs once.
    fn write<T>(&mut self, now: Timestamp, mut body: impl FnMut(&mut Ledger<'_>) -> Result<T>) -> Result<T> {
        let mut result = None;
        let (seed, actor) = (&mut self.seed, &self.actor);
        self.store.write(&mut |tx| {
            let mut random = || dice(seed);
            let answer = body(&mut Ledger::new(tx, Env::new(now, &mut random, actor)));
            let keep = answer.is_ok();
            result = Some(answer);
            Ok(keep)
        })?;
        result.expect("the body ran")
    }

    fn read<T>(&mut self, mut body: impl FnMut(&mut Reader<'_>) -> Result<T>) -> Result<T> {
        let mut result = None;
        let (seed, actor) = (&mut self.seed, &self.actor);
        self.store.read(&mut |snapshot| {
            let mut random = || dice(seed);
            let env = Env::new(Timestamp::UNIX_EPOCH, &mut random, actor);
            result = Some(body(&mut Reader::new(snapshot, env)));
            Ok(())
        })?;
        result.expect("the body ran")
    }

    fn name(&mut self) -> String {
        self.names += 1;
        format!("n{}", self.names)
    }

    /// The id of the default scope of this type.
    pub(crate) fn default_scope(&mut self, scope_type: ScopeType) -> Result<String> {
        let scopes = self.read(|reader| reader.list_scopes(false))?;
        let found = scopes.into_iter().find(|scope| scope.is_default && scope.scope_type == scope_type);
        Ok(found.expect("an initialized store has both").meta.id)
    }

    /// Creates a private scope. Returns its id.
    pub(crate) fn create_scope(&mut self, now: Timestamp) -> Result<String> {
        let spec = ScopeSpec {
            name: self.name(),
            scope_type: ScopeType::Private,
            description: None,
            tags: Tags::new(),
            ipam_id: None,
        };
        Ok(self.write(now, |ledger| ledger.create_scope(&spec, &Planned::Unknown))?.meta.id)
    }

    pub(crate) fn delete_scope(&mut self, now: Timestamp, id: &str) -> Result<()> {
        self.write(now, |ledger| ledger.delete_scope(id))
    }

    /// Creates a pool without space. Returns its id.
    pub(crate) fn create_pool(
        &mut self,
        now: Timestamp,
        scope_id: &str,
        source_pool_id: Option<&str>,
        family: Family,
        rules: &Rules,
    ) -> Result<String> {
        let spec = PoolSpec {
            name: self.name(),
            scope_id: source_pool_id.is_none().then(|| scope_id.to_owned()),
            source_pool_id: source_pool_id.map(str::to_owned),
            address_family: Some(family),
            locale: None,
            description: None,
            rules: rules.clone(),
            strategy: Strategy::FirstFit,
            tags: Tags::new(),
            provision: Provision::Nothing,
            special: Special::default(),
        };
        Ok(self.write(now, |ledger| ledger.create_pool(&spec, &Planned::Unknown))?.meta.id)
    }

    pub(crate) fn set_rules(&mut self, now: Timestamp, id: &str, rules: &Rules) -> Result<()> {
        self.write(now, |ledger| {
            let pool = ledger.reader().get_pool(id)?.expect("the world's pools are in the core");
            let change = PoolChange {
                name: pool.meta.name,
                description: None,
                rules: rules.clone(),
                strategy: pool.strategy,
                tags: Tags::new(),
                provision: pool.provision,
                auto_import: false,
                locale: None,
            };
            ledger.update_pool(id, &change).map(drop)
        })
    }

    /// Deletes a pool with all its content.
    pub(crate) fn delete_pool(&mut self, now: Timestamp, id: &str) -> Result<()> {
        self.write(now, |ledger| ledger.delete_pool(id, true))
    }

    pub(crate) fn provision(&mut self, now: Timestamp, pool_id: &str, size: Size) -> Result<PoolCidr> {
        let spec = PoolCidrSpec { pool_id: pool_id.to_owned(), name: Some(self.name()), size, proof: None };
        self.write(now, |ledger| ledger.create_pool_cidr(&spec, &Planned::Unknown))
    }

    pub(crate) fn deprovision(&mut self, now: Timestamp, id: &str) -> Result<()> {
        self.write(now, |ledger| ledger.delete_pool_cidr(id))
    }

    /// Creates an allocation. Returns its id and block.
    pub(crate) fn allocate(
        &mut self,
        now: Timestamp,
        pool_id: &str,
        size: Size,
        disallowed: &BTreeSet<Cidr>,
    ) -> Result<(String, Cidr)> {
        let spec =
            AllocationSpec { disallowed_cidrs: disallowed.clone(), ..AllocationSpec::new(pool_id, self.name(), size) };
        let made = self.write(now, |ledger| ledger.create_allocation(&spec, &Planned::Unknown))?;
        Ok((made.meta.id, made.cidr))
    }

    pub(crate) fn release(&mut self, now: Timestamp, id: &str) -> Result<()> {
        self.write(now, |ledger| ledger.delete_allocation(id))
    }

    /// The block that an allocation would get now; `None` if there is no room.
    pub(crate) fn preview(
        &mut self,
        pool_id: &str,
        netmask_length: Option<u8>,
        disallowed: &BTreeSet<Cidr>,
    ) -> Result<Option<Cidr>> {
        let disallowed: Vec<Cidr> = disallowed.iter().copied().collect();
        let found = self.read(|reader| reader.preview_next(pool_id, netmask_length, &disallowed, 1))?;
        Ok(found.first().copied())
    }

    /// The provisioned blocks of a pool.
    pub(crate) fn provisioned(&mut self, pool_id: &str) -> Result<Vec<Cidr>> {
        let found = self.read(|reader| reader.list_pool_cidrs(pool_id, false))?;
        Ok(found.into_iter().map(|pool_cidr| pool_cidr.cidr).collect())
    }

    /// The result of the core's own audit.
    pub(crate) fn audit(&mut self) -> Result<Audit> {
        self.read(|reader| reader.check())
    }
}
