//! CIDRs that are provisioned into pools, by the pool's own declaration or by `ipam_pool_cidr`.

use std::collections::BTreeSet;

use crate::ipam::history::log;
use crate::ipam::holds::standing::{NAMED_IN_ERRORS, Standing};
use crate::ipam::model::event::Action;
use crate::ipam::operations::context::{Birth, UNPLANNED};
use crate::ipam::operations::pool_rules;
use crate::ipam::space::free;
use crate::ipam::space::placement::{BlockRequest, KeepOff};
use crate::ipam::storage::{codec, index, keys, names};
use crate::ipam::{
    Allocation, Cidr, Error, Kind, Ledger, Lifetime, OnlyAws, Planned, Pool, PoolCidr, PoolCidrSpec, Reader,
    ResourceType, Result, Size, State, Tags, Terms, Unsupported,
};

/// Name of the allocation that stands for a block of the pool in its source pool.
pub(in crate::ipam) fn source_name(pool_name: &str, block: &Cidr) -> String {
    format!("pool/{pool_name}/{block}")
}

/// The name by which a plan finds its hold again.
fn name_of(spec: &PoolCidrSpec) -> String {
    match (&spec.name, spec.size) {
        (Some(name), _) => name.clone(),
        (None, Size::Cidr(cidr)) => cidr.to_string(),
        (None, Size::NetmaskLength(length)) => format!("/{length}"),
        (None, Size::Default) => "default".to_owned(),
    }
}

fn satisfies(spec: &PoolCidrSpec) -> impl Fn(&PoolCidr) -> bool + '_ {
    |found| match spec.size {
        Size::Cidr(cidr) => found.cidr == cidr,
        Size::NetmaskLength(length) => found.cidr.netmask_length() == length,
        Size::Default => true,
    }
}

impl Reader<'_> {
    /// The answer of [`Ledger::plan_pool_cidr`] when no write is needed for it; `None` otherwise.
    pub fn find_hold_pool_cidr(&mut self, spec: &PoolCidrSpec, terms: &Terms) -> Result<Option<PoolCidr>> {
        self.check_pool_cidr(spec)?;
        let standing = self.pool_cidr_standing(spec, terms)?;
        Ok(self.answer(standing, terms, &|_| {}))
    }

    pub(in crate::ipam) fn check_pool_cidr(&mut self, spec: &PoolCidrSpec) -> Result<Pool> {
        if spec.proof.is_some() {
            return Err(Error::Unsupported { what: Unsupported::OnlyAws(OnlyAws::CidrProof) });
        }
        let pool = self.pool(&spec.pool_id)?;
        match spec.size {
            Size::Cidr(cidr) => pool_rules::check_family(&cidr, pool.address_family)?,
            _ if pool.source_pool_id.is_none() => return Err(Error::NoSourcePool),
            Size::NetmaskLength(length) => pool_rules::check_range(length, pool.address_family)?,
            Size::Default => {
                let (pool_id, pool_name) = (pool.meta.id.clone(), pool.meta.name.clone());
                return Err(Error::NoSize { pool_id, pool_name });
            }
        }
        Ok(pool)
    }

    /// The standing of a request for a pool CIDR.
    pub(in crate::ipam) fn pool_cidr_standing(
        &mut self,
        spec: &PoolCidrSpec,
        terms: &Terms,
    ) -> Result<Standing<PoolCidr>> {
        self.standing(&spec.pool_id, &name_of(spec), terms, &satisfies(spec))
    }
}

impl Ledger<'_> {
    /// Holds a block to provision into a pool.
    ///
    /// # Errors
    /// Returns an error when the request breaks a rule, and [`Error::NameTaken`], [`Error::Overlap`],
    /// [`Error::OutsidePool`], [`Error::PoolExhausted`] or [`Error::HoldLost`].
    pub fn plan_pool_cidr(&mut self, spec: &PoolCidrSpec, terms: &Terms) -> Result<PoolCidr> {
        let pool = self.reader().check_pool_cidr(spec)?;
        match self.reader().pool_cidr_standing(spec, terms)? {
            Standing::Adopt(pool_cidr) => Ok(pool_cidr),
            Standing::Same(hold) => {
                let mut renewed = hold.clone();
                self.reader().renew(&mut renewed, terms, &|_| {});
                if renewed != hold {
                    index::write_pool_cidr(self.tx, &pool, Some(&hold), Some(&renewed))?;
                    log::append(self.tx, &self.env, Action::Hold, Some(&hold), Some(&renewed))?;
                }
                Ok(renewed)
            }
            standing => {
                let lost = self.reader().lost_hold(&standing)?;
                self.avoided = standing.avoided();
                self.given_up = terms.all_given_up();
                self.source_rules.clone_from(&terms.pool_rules);
                self.clear_pool_cidr(&pool, standing)?;
                let exact =
                    self.reader().shown_block(Kind::PoolCidr, &name_of(spec), terms, |block| match spec.size {
                        Size::NetmaskLength(length) => block.netmask_length() == length,
                        size => size == Size::Cidr(*block),
                    })?;
                let size = exact.map_or(spec.size, Size::Cidr);
                let made = self.new_pool_cidr(&pool, spec, size, &Birth::hold(self.env.now, terms));
                made.map_err(|error| error.after_losing(lost))
            }
        }
    }

    pub(in crate::ipam) fn clear_pool_cidr(&mut self, pool: &Pool, standing: Standing<PoolCidr>) -> Result<()> {
        match standing {
            Standing::Foreign(hold) => match self.try_lapse_pool_cidr(&hold)? {
                true => Ok(()),
                false => Err(self.reader().name_taken(&hold)?),
            },
            Standing::Other(old) => {
                self.note_displaced(&old)?;
                self.remove_pool_cidr(pool, &old)
            }
            Standing::Lapsed(old) => index::remove_pool_cidr(self.tx, pool, &old),
            _ => Ok(()),
        }
    }

    pub(in crate::ipam) fn new_pool_cidr(
        &mut self,
        pool: &Pool,
        spec: &PoolCidrSpec,
        size: Size,
        birth: &Birth,
    ) -> Result<PoolCidr> {
        let pool_cidr = self.provision(pool, Some(&name_of(spec)), size, birth)?;
        names::enter(self.tx, &pool_cidr)?;
        let action = if pool_cidr.meta.state == State::Active { self.env.creation() } else { Action::Hold };
        log::append(self.tx, &self.env, action, None, Some(&pool_cidr))?;
        Ok(pool_cidr)
    }

    /// Takes a block from the source pool or scope of `pool` and adds it to the pool. A block without a name belongs to
    /// the pool's own declaration. The pool need not be in the store yet.
    pub(in crate::ipam) fn provision(
        &mut self,
        pool: &Pool,
        name: Option<&str>,
        size: Size,
        birth: &Birth,
    ) -> Result<PoolCidr> {
        let inline = name.is_none();
        let block = match size {
            Size::Cidr(block) => {
                if let Some(source_id) = &pool.source_pool_id {
                    let source = self.source_pool(source_id)?;
                    self.require_unreserved(&source, &block, None)?;
                }
                block
            }
            Size::NetmaskLength(length) => self.place_in_source(pool, length)?,
            Size::Default => {
                let (pool_id, pool_name) = (pool.meta.id.clone(), pool.meta.name.clone());
                return Err(Error::NoSize { pool_id, pool_name });
            }
        };
        let mut meta = self.new_meta(Kind::PoolCidr, name.unwrap_or(&block.to_string()), birth)?;
        if inline {
            meta.confirmed = true;
            meta.replaces = None;
            if pool.meta.state == State::Planned {
                // The expiry of the pool's own hold applies.
                meta.hold_expires_at = None;
            }
        }
        let mut pool_cidr = PoolCidr {
            meta,
            pool_id: pool.meta.id.clone(),
            cidr: block,
            inline,
            source_allocation_id: None,
            deferred: false,
        };
        pool_cidr.deferred = !self.claim_around(pool, &mut pool_cidr)?;
        if pool_cidr.deferred && inline {
            self.require_apart_in_pool(pool, &block)?;
        }
        if !inline || pool.meta.state == State::Active {
            pool_cidr.meta.waits_for = std::mem::take(&mut self.waits_for);
        }
        index::write_pool_cidr(self.tx, pool, None, Some(&pool_cidr))?;
        Ok(pool_cidr)
    }

    /// Checks that no block of the pool itself shares addresses with a block that is to be added. Planned blocks count
    /// too, and a pool never has an address twice.
    ///
    /// # Errors
    /// Returns [`Error::Overlap`].
    fn require_apart_in_pool(&mut self, pool: &Pool, block: &Cidr) -> Result<()> {
        let prefix = keys::provisioned_of(&pool.meta.id);
        let entries = free::entries_over(self.tx, &prefix, block, NAMED_IN_ERRORS)?;
        if entries.is_empty() {
            return Ok(());
        }
        Err(Error::Overlap { cidr: *block, with: self.reader().top_occupants_at(&entries)? })
    }

    /// The source pool of a pool, with the rules that the same plan gives it.
    fn source_pool(&mut self, id: &str) -> Result<Pool> {
        let mut source = self.reader().pool(id)?;
        if let Some(rules) = &self.source_rules {
            source.rules.clone_from(rules);
        }
        Ok(source)
    }

    fn place_in_source(&mut self, pool: &Pool, netmask_length: u8) -> Result<Cidr> {
        let Some(source_id) = &pool.source_pool_id else { return Err(Error::NoSourcePool) };
        let source = self.source_pool(source_id)?;
        let (family, strategy) = (source.address_family, source.strategy);
        self.spared = Some(pool.meta.id.clone());
        // A pool may cover sightings. The allocations in it avoid them.
        let keep_off = KeepOff::Rather(&source);
        let ask = BlockRequest { family, netmask_length, strategy, disallowed: &BTreeSet::new(), keep_off };
        let placed = self.place_or_wait(&source, &ask);
        self.spared = None;
        Ok(placed?.0)
    }

    /// Claims the block of a pool CIDR in the source pool or the scope, and reclaims expired holds in the way. `false`:
    /// the block is not claimed, because the same apply has yet to release it.
    fn claim_around(&mut self, pool: &Pool, pool_cidr: &mut PoolCidr) -> Result<bool> {
        self.spared = Some(pool.meta.id.clone());
        let cleared = match &pool.source_pool_id {
            None => self.clear_in_scope(&pool.scope_id, &pool_cidr.cidr),
            Some(id) => self.reader().pool(id).and_then(|source| self.clear_in_pool(&source, &pool_cidr.cidr)),
        };
        self.spared = None;
        if cleared? {
            return Ok(false);
        }
        let Some(source_id) = &pool.source_pool_id else { return Ok(true) };
        let mut meta = pool_cidr.meta.clone();
        meta.id = self.new_id(Kind::Allocation)?;
        meta.name = source_name(&pool.meta.name, &pool_cidr.cidr);
        meta.confirmed = true;
        meta.replaces = None;
        // The expiry of the pool or of its CIDR applies.
        meta.hold_expires_at = None;
        pool_cidr.source_allocation_id = Some(meta.id.clone());
        let allocation = Allocation {
            meta,
            pool_id: source_id.clone(),
            cidr: pool_cidr.cidr,
            size: Size::Cidr(pool_cidr.cidr),
            disallowed_cidrs: BTreeSet::new(),
            resource_type: ResourceType::IpamPool,
            resource_id: Some(pool.meta.id.clone()),
            description: None,
            tags: Tags::new(),
            growth: None,
            aggregate: None,
            waiting_growth: None,
            deferred: false,
            asked: None,
            imported: None,
            lifetime: Lifetime::default(),
            address_sets: std::collections::BTreeMap::new(),
        };
        index::write_allocation(self.tx, None, Some(&allocation))?;
        Ok(true)
    }

    /// Turns a hold into a pool CIDR, or provisions one without a hold.
    ///
    /// # Errors
    /// Returns the errors of [`Ledger::plan_pool_cidr`].
    pub fn create_pool_cidr(&mut self, spec: &PoolCidrSpec, planned: &Planned) -> Result<PoolCidr> {
        let (id, size) = match planned {
            Planned::Unknown => (None, spec.size),
            Planned::Held(id) | Planned::Fresh(id) => {
                let Some(held) = codec::live::<PoolCidr>(self.tx, id)? else {
                    return Err(self.reader().lost::<PoolCidr>(id, &name_of(spec))?);
                };
                self.reader().is_still_ours(&held, planned)?;
                return self.commit_pool_cidr(&held);
            }
            Planned::Previewed { id, cidr } => {
                if let Some(found) = codec::live::<PoolCidr>(self.tx, id)? {
                    return self.commit_pool_cidr(&found);
                }
                (Some(id.clone()), Size::Cidr(*cidr))
            }
        };
        let pool = self.reader().check_pool_cidr(spec)?;
        match self.reader().pool_cidr_standing(spec, &UNPLANNED)? {
            Standing::Adopt(found) | Standing::Same(found) => self.commit_pool_cidr(&found),
            standing => {
                self.require_active_container(Some(&spec.pool_id), "")?;
                self.clear_pool_cidr(&pool, standing)?;
                self.new_pool_cidr(&pool, spec, size, &Birth::Active { id })
            }
        }
    }

    pub(in crate::ipam) fn commit_pool_cidr(&mut self, held: &PoolCidr) -> Result<PoolCidr> {
        if held.meta.state == State::Active {
            return Ok(held.clone());
        }
        self.require_active_container(Some(&held.pool_id), "")?;
        let pool: Pool = codec::expect(self.tx, &held.pool_id)?;
        if let Some(old) = self.replaced_pool_cidr(held)? {
            return self.exchange(&pool, &old, held);
        }
        let active = self.activate_pool_cidr(&pool, held)?;
        names::enter(self.tx, &active)?;
        log::append(self.tx, &self.env, self.env.creation(), Some(held), Some(&active))?;
        Ok(active)
    }

    /// Makes a planned pool CIDR active, together with its block in the source pool. Does nothing for an active pool
    /// CIDR.
    pub(in crate::ipam) fn activate_pool_cidr(&mut self, pool: &Pool, held: &PoolCidr) -> Result<PoolCidr> {
        if held.meta.state == State::Active {
            return Ok(held.clone());
        }
        let mut active = self.reader().with_name(held)?;
        if held.inline {
            // It has no event that records who planned it, so it belongs to the owner that applies it.
            active.meta.owner.clone_from(&self.env.actor.owner);
        }
        if held.deferred {
            active.deferred = false;
            self.claim_around(pool, &mut active)?;
        } else if let Some(source_id) = &held.source_allocation_id {
            let source: Allocation = codec::expect(self.tx, source_id)?;
            let mut taken = self.reader().activated(&source);
            taken.meta.owner.clone_from(&active.meta.owner);
            index::write_allocation(self.tx, Some(&source), Some(&taken))?;
        }
        index::write_pool_cidr(self.tx, pool, Some(held), Some(&active))?;
        Ok(active)
    }

    /// Renames the pool CIDR of an `ipam_pool_cidr`; `None`: the name becomes its block. A repeated call changes
    /// nothing.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] or [`Error::NameTaken`]; returns [`Error::Fixed`] when the block belongs to the
    /// pool's own declaration.
    pub fn rename_pool_cidr(&mut self, id: &str, name: Option<&str>) -> Result<PoolCidr> {
        let found: Option<PoolCidr> = codec::live(self.tx, id)?;
        let Some(before) = found.filter(|found| found.meta.state == State::Active) else {
            return Err(Error::NotFound { kind: Kind::PoolCidr, id: id.to_owned() });
        };
        if before.inline {
            return Err(Error::Fixed { kind: Kind::PoolCidr, id: id.to_owned(), what: "name" });
        }
        let name = name.map_or_else(|| before.cidr.to_string(), str::to_owned);
        if name == before.meta.name {
            return Ok(before);
        }
        self.reader().name_is_free_for(&before, &name)?;
        let pool: Pool = codec::expect(self.tx, &before.pool_id)?;
        let mut after = before.clone();
        after.meta.name = name;
        after.meta.updated_at = self.env.now;
        names::rename(self.tx, &before, &after)?;
        index::write_pool_cidr(self.tx, &pool, Some(&before), Some(&after))?;
        log::append(self.tx, &self.env, Action::Update, Some(&before), Some(&after))?;
        Ok(after)
    }

    /// Deprovisions a block. Succeeds when the block is gone already, or when it became part of the pool's own
    /// declaration.
    ///
    /// # Errors
    /// Returns [`Error::InUse`] while something is allocated in the block.
    pub fn delete_pool_cidr(&mut self, id: &str) -> Result<()> {
        let Some(pool_cidr) = codec::load::<PoolCidr>(self.tx, id)? else { return Ok(()) };
        let pool: Pool = codec::expect(self.tx, &pool_cidr.pool_id)?;
        if pool_cidr.inline {
            return Ok(());
        }
        match self.remove_pool_cidr(&pool, &pool_cidr) {
            Err(Error::InUse { .. })
                if self.declare_deleted(&pool, &pool_cidr)? || self.hand_to_resource(&pool, &pool_cidr)? =>
            {
                Ok(())
            }
            answer => answer,
        }
    }

    /// Removes a block from a pool, with the holds in it that no other plan relies on.
    ///
    /// # Errors
    /// Returns [`Error::InUse`].
    pub(in crate::ipam) fn remove_pool_cidr(&mut self, pool: &Pool, pool_cidr: &PoolCidr) -> Result<()> {
        if pool_cidr.meta.is_live() {
            self.vacate(pool, pool_cidr, &[pool_cidr.cidr])?;
        }
        index::remove_pool_cidr(self.tx, pool, pool_cidr)?;
        if !pool_cidr.inline {
            log::append(self.tx, &self.env, Action::Delete, Some(pool_cidr), None)?;
        }
        Ok(())
    }

    /// Makes sure that nothing is allocated in `blocks` of a pool CIDR, and drops holds that no other plan relies on.
    ///
    /// # Errors
    /// Returns [`Error::InUse`].
    pub(in crate::ipam) fn vacate(&mut self, pool: &Pool, pool_cidr: &PoolCidr, blocks: &[Cidr]) -> Result<()> {
        for block in blocks {
            let (contents, more) = self.reader().contents_within(pool, block)?;
            if !contents.is_empty() {
                let (id, name) = (pool_cidr.meta.id.clone(), pool_cidr.meta.name.clone());
                return Err(Error::InUse { kind: Kind::PoolCidr, id, name, contents, more });
            }
            let mut last = Vec::new();
            loop {
                let entries = free::entries_over(self.tx, &keys::at_of(&pool.meta.id), block, 1)?;
                let Some(entry) = entries.first() else { break };
                free::require_change(&mut last, &entries)?;
                let allocation: Allocation = codec::expect(self.tx, &entry.id)?;
                self.drop_leftover(&allocation)?;
            }
        }
        Ok(())
    }

    pub(in crate::ipam) fn drop_leftover(&mut self, allocation: &Allocation) -> Result<()> {
        match &allocation.resource_id {
            // Only the planned growth of this allocation reaches into the block.
            _ if allocation.growth.is_some() => self.hold_growth(allocation, None).map(drop),
            Some(pool_id) if allocation.resource_type == ResourceType::IpamPool => {
                let below: Pool = codec::expect(self.tx, pool_id)?;
                self.remove_pool(&below, Action::Delete)
            }
            _ if allocation.meta.state == State::Active => {
                Err(codec::corrupt(&keys::record(Kind::Allocation, &allocation.meta.id), "it does not count as in use"))
            }
            _ => self.drop_allocation(allocation, Action::Delete),
        }
    }
}
