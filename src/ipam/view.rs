//! [`Env`], [`Reader`] and [`Ledger`]: what every operation of the core stands on.

use jiff::Timestamp;

use super::codec::{self, Record};
use super::events::Action;
use super::{
    Actor, Cidr, CurrentRun, Error, GivenUp, Kind, Meta, Occupant, Pool, Result, ScopeType, State, Terms, keys,
};
use crate::store::{Snapshot, Tx};

/// What comes from outside: the time, randomness, and who acts.
pub struct Env<'a> {
    /// The time by which holds are judged.
    pub now: Timestamp,
    /// Random bits, for ids and for the strategy `random`.
    pub random: &'a mut dyn FnMut() -> u64,
    /// Who acts; `actor.owner` owns what is made.
    pub actor: &'a Actor,
    /// The run of Terraform that asks; `None` outside of one.
    pub run: Option<&'a CurrentRun>,
    /// Whether what is asked for surely belongs to an apply.
    pub(super) applying: bool,
    /// The owner whose holds are being given back.
    pub(super) released_owner: Option<String>,
    /// Whether what is made is brought back.
    pub(super) restoring: bool,
}

impl<'a> Env<'a> {
    /// Outside of a run of Terraform.
    pub fn new(now: Timestamp, random: &'a mut dyn FnMut() -> u64, actor: &'a Actor) -> Self {
        Self { now, random, actor, run: None, applying: false, released_owner: None, restoring: false }
    }

    /// The same in a run of Terraform.
    #[must_use]
    pub fn in_run(self, run: Option<&'a CurrentRun>) -> Self {
        Self { run, ..self }
    }

    /// The same where it is known whether what is asked for surely belongs to an apply.
    #[must_use]
    pub fn in_apply(self, applying: bool) -> Self {
        Self { applying, ..self }
    }

    /// What becomes of an object that is active from now on.
    pub(super) const fn creation(&self) -> Action {
        if self.restoring { Action::Restore } else { Action::Create }
    }

    pub(super) fn reborrow(&mut self) -> Env<'_> {
        Env { random: &mut *self.random, released_owner: self.released_owner.clone(), ..*self }
    }
}

/// Questions, answered from a snapshot without writing.
pub struct Reader<'a> {
    pub(super) snapshot: &'a mut dyn Snapshot,
    pub(super) env: Env<'a>,
    /// A pool that is not taken back although its hold expired: it is the one that needs the space.
    pub(super) spared: Option<String>,
}

/// Decisions and writes in a transaction. After an error the transaction must be dropped.
pub struct Ledger<'a> {
    pub(super) tx: &'a mut dyn Tx,
    pub(super) env: Env<'a>,
    /// As in [`Reader`].
    pub(super) spared: Option<String>,
    /// Holds that made way before they expired.
    pub(super) displaced: Vec<Occupant>,
    /// What a request by size keeps off as long as there is other space.
    pub(super) avoided: Option<Cidr>,
    /// What the apply of this plan releases.
    pub(super) given_up: Vec<GivenUp>,
    /// What of it the new hold waits for.
    pub(super) waits_for: Vec<GivenUp>,
}

/// Deepest pool tree: 1 is a top-level pool.
pub(super) const DEPTH_LIMIT: u32 = 32;

/// More levels of pools than there can be: only in a damaged store there are so many, or a pool is inside itself.
pub(super) const LEVELS_MAX: usize = 2 * DEPTH_LIMIT as usize;
/// What is said of it.
pub(super) const TOO_DEEP: &str = "a damaged record: the pool is inside itself, or below too many others";

/// How a new record comes into the world.
#[derive(Clone, Debug)]
pub(super) enum Birth {
    /// As a hold.
    Hold { expires_at: Timestamp, replaces: Option<String> },
    /// As an active object, with the id that a preview showed, if there was one.
    Active { id: Option<String> },
}

impl Birth {
    pub(super) fn hold(now: Timestamp, terms: &Terms) -> Self {
        Self::Hold { expires_at: expiry(now, terms), replaces: terms.replaces.clone() }
    }
}

/// When a hold made or refreshed now expires.
pub(super) fn expiry(now: Timestamp, terms: &Terms) -> Timestamp {
    now.saturating_add(terms.hold).unwrap_or(Timestamp::MAX)
}

impl<'a> Reader<'a> {
    /// A reader of `snapshot`.
    pub fn new(snapshot: &'a mut dyn Snapshot, env: Env<'a>) -> Self {
        Self { snapshot, env, spared: None }
    }

    /// Says whether what is asked surely belongs to an apply.
    pub fn in_apply(&mut self, applying: bool) {
        self.env.applying = applying;
    }

    /// The pool with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::HoldLost`] when it was a hold that lapsed.
    pub(super) fn pool(&mut self, id: &str) -> Result<Pool> {
        match codec::load::<Pool>(self.snapshot, id)? {
            Some(pool) if pool.meta.is_live() => Ok(pool),
            Some(pool) => Err(self.pool_lost(&pool)?),
            None => Err(Error::NotFound { kind: Kind::Pool, id: id.to_owned() }),
        }
    }

    /// A copy of `record` that is active now; a hold that expired in the meantime is as good as any.
    pub(super) fn activated<R: Record>(&self, record: &R) -> R {
        let mut active = record.clone();
        let meta = active.meta_mut();
        meta.state = State::Active;
        meta.hold_expires_at = None;
        meta.run = None;
        meta.in_the_way_of = None;
        meta.waits_for.clear();
        meta.updated_at = self.env.now;
        active
    }

    /// Id of a default scope.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] in a store that was never initialized.
    pub(super) fn default_scope(&mut self, scope_type: ScopeType) -> Result<String> {
        match self.snapshot.get(keys::default_scope(scope_type))? {
            Some(id) => String::from_utf8(id)
                .map_err(|_| codec::corrupt(keys::default_scope(scope_type), "the id is not UTF-8")),
            None => Err(Error::NotFound { kind: Kind::Scope, id: "default-private".to_owned() }),
        }
    }
}

impl<'a> Ledger<'a> {
    /// A ledger on `tx`.
    pub fn new(tx: &'a mut dyn Tx, env: Env<'a>) -> Self {
        Self {
            tx,
            env,
            spared: None,
            displaced: Vec::new(),
            avoided: None,
            given_up: Vec::new(),
            waits_for: Vec::new(),
        }
    }

    /// The holds that made way, before they expired, for what was asked for.
    pub fn displaced(&self) -> &[Occupant] {
        &self.displaced
    }

    /// The same transaction, for questions.
    pub fn reader(&mut self) -> Reader<'_> {
        Reader { snapshot: &mut *self.tx, env: self.env.reborrow(), spared: self.spared.clone() }
    }

    /// A new id of this kind.
    pub(super) fn new_id(&mut self, kind: Kind) -> Result<String> {
        loop {
            let id = format!("{}{:016x}{:x}", kind.id_prefix(), (self.env.random)(), (self.env.random)() & 0xf);
            if self.tx.get(&keys::record(kind, &id))?.is_none() {
                return Ok(id);
            }
        }
    }

    pub(super) fn new_meta(&mut self, kind: Kind, name: &str, birth: &Birth) -> Result<Meta> {
        let given = if let Birth::Active { id } = birth { id.clone() } else { None };
        let id = match given {
            Some(id) => id,
            None => self.new_id(kind)?,
        };
        let (state, hold_expires_at, replaces) = match birth {
            Birth::Hold { expires_at, replaces, .. } => (State::Planned, Some(*expires_at), replaces.clone()),
            Birth::Active { .. } => (State::Active, None, None),
        };
        Ok(Meta {
            id,
            name: name.to_owned(),
            owner: self.env.actor.owner.clone(),
            state,
            hold_expires_at,
            confirmed: false,
            created_at: self.env.now,
            updated_at: self.env.now,
            replaces,
            replaces_also: Vec::new(),
            in_the_way_of: None,
            waits_for: Vec::new(),
            arguments_kept_until: None,
            given_up_until: None,
            run: if state == State::Planned { self.env.asking() } else { None },
        })
    }
}
