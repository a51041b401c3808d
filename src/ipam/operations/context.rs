//! [`Env`], [`Reader`] and [`Ledger`], on which all operations of the core are defined.

use jiff::Timestamp;

use crate::ipam::model::event::Action;
use crate::ipam::storage::codec::{self, Record};
use crate::ipam::storage::keys;
use crate::ipam::{
    Actor, Cidr, CurrentRun, Error, GivenUp, Kind, Meta, Occupant, Pool, Result, Rules, ScopeType, State, Terms,
};
use crate::store::{Snapshot, Tx};

/// The inputs from outside: the time, randomness, and the actor.
pub struct Env<'a> {
    /// The present time, which decides whether a hold has expired.
    pub now: Timestamp,
    /// Source of random bits, for ids and for the strategy `random`.
    pub random: &'a mut dyn FnMut() -> u64,
    /// The actor; `actor.owner` becomes the owner of new objects.
    pub actor: &'a Actor,
    /// The present run of Terraform; `None` outside of one.
    pub run: Option<&'a CurrentRun>,
    /// Whether the request certainly belongs to an apply.
    pub(in crate::ipam) applying: bool,
    /// The owner whose holds are being released.
    pub(in crate::ipam) released_owner: Option<String>,
    /// Whether the release leaves the holds that the present run may be about to use.
    pub(in crate::ipam) sparing: bool,
    /// Whether new objects are restored ones.
    pub(in crate::ipam) restoring: bool,
    /// Whether only holds that have expired make way, and those of earlier runs of the owner do not.
    pub(in crate::ipam) only_expired: bool,
    /// The name of the object for which space is needed. It may end its own rest.
    pub(in crate::ipam) returning: Option<String>,
}

impl<'a> Env<'a> {
    /// An environment outside of a run of Terraform.
    pub fn new(now: Timestamp, random: &'a mut dyn FnMut() -> u64, actor: &'a Actor) -> Self {
        Self {
            now,
            random,
            actor,
            run: None,
            applying: false,
            released_owner: None,
            sparing: false,
            restoring: false,
            only_expired: false,
            returning: None,
        }
    }

    /// The same environment in a run of Terraform.
    #[must_use]
    pub fn in_run(self, run: Option<&'a CurrentRun>) -> Self {
        Self { run, ..self }
    }

    /// The same environment with the information whether the request certainly belongs to an apply.
    #[must_use]
    pub fn in_apply(self, applying: bool) -> Self {
        Self { applying, ..self }
    }

    /// The action of the event for an object that becomes active.
    pub(in crate::ipam) const fn creation(&self) -> Action {
        if self.restoring { Action::Restore } else { Action::Create }
    }

    pub(in crate::ipam) fn reborrow(&mut self) -> Env<'_> {
        let (released_owner, returning) = (self.released_owner.clone(), self.returning.clone());
        Env { random: &mut *self.random, released_owner, returning, ..*self }
    }
}

/// Queries, answered from a snapshot without a write.
pub struct Reader<'a> {
    pub(in crate::ipam) snapshot: &'a mut dyn Snapshot,
    pub(in crate::ipam) env: Env<'a>,
    /// A pool that is not reclaimed although its hold has expired, because the space is needed for this pool.
    pub(in crate::ipam) spared: Option<String>,
}

/// Decisions and writes in a transaction. After an error, the caller must drop the transaction.
pub struct Ledger<'a> {
    pub(in crate::ipam) tx: &'a mut dyn Tx,
    pub(in crate::ipam) env: Env<'a>,
    /// The same as in [`Reader`].
    pub(in crate::ipam) spared: Option<String>,
    /// Holds that were reclaimed before they expired.
    pub(in crate::ipam) displaced: Vec<Occupant>,
    /// A block that a request by size avoids as long as there is other space.
    pub(in crate::ipam) avoided: Option<Cidr>,
    /// Space that the apply of this plan releases.
    pub(in crate::ipam) given_up: Vec<GivenUp>,
    /// The part of `given_up` that the new hold waits for.
    pub(in crate::ipam) waits_for: Vec<GivenUp>,
    /// The rules that the same plan gives the source pool of a pool that is planned.
    pub(in crate::ipam) source_rules: Option<Rules>,
    /// The latest end of the rests that the new hold has taken over.
    pub(in crate::ipam) rested_until: Option<Timestamp>,
}

/// Maximum depth of a tree of pools; a top-level pool has depth 1.
pub(in crate::ipam) const DEPTH_LIMIT: u32 = 32;

/// A limit that no tree of pools reaches. Only in a damaged store there are more levels, or a pool is inside itself.
pub(in crate::ipam) const LEVELS_MAX: usize = 2 * DEPTH_LIMIT as usize;
/// The message for such a tree.
pub(in crate::ipam) const TOO_DEEP: &str = "a damaged record: the pool is inside itself, or below too many others";

/// The way in which a new record is created.
#[derive(Clone, Debug)]
pub(in crate::ipam) enum Birth {
    /// As a hold, with the id that an earlier plan showed, if there was one.
    Hold { expires_at: Timestamp, replaces: Option<String>, id: Option<String> },
    /// As a lease, which is a hold for the present run alone.
    Lease { expires_at: Timestamp },
    /// As a reservation, which is a hold that a command makes.
    Reservation { expires_at: Timestamp },
    /// As an active object, with the id that a preview showed, if there was one.
    Active { id: Option<String> },
}

impl Birth {
    pub(in crate::ipam) fn hold(now: Timestamp, terms: &Terms) -> Self {
        let id = terms.shown.as_ref().map(|shown| shown.id.clone());
        Self::Hold { expires_at: expiry(now, terms), replaces: terms.replaces.clone(), id }
    }

    /// Whether the record is the hold of a plan.
    pub(in crate::ipam) const fn is_hold(&self) -> bool {
        matches!(self, Self::Hold { .. })
    }

    /// The same for an object that comes with this one, whose id no plan shows.
    pub(in crate::ipam) fn with_new_id(&self) -> Self {
        match self.clone() {
            Self::Hold { expires_at, replaces, .. } => Self::Hold { expires_at, replaces, id: None },
            Self::Lease { expires_at } => Self::Lease { expires_at },
            Self::Reservation { expires_at } => Self::Reservation { expires_at },
            Self::Active { .. } => Self::Active { id: None },
        }
    }
}

/// The expiry of a hold that is created or renewed now.
pub(in crate::ipam) fn expiry(now: Timestamp, terms: &Terms) -> Timestamp {
    now.saturating_add(terms.hold).unwrap_or(Timestamp::MAX)
}

/// Terms of a creation without a plan, in which holds do not occur.
pub(in crate::ipam) const UNPLANNED: Terms = Terms {
    hold: std::time::Duration::ZERO,
    committing: false,
    replaces: None,
    only_name: false,
    in_place: false,
    pool_rules: None,
    candidate_rules: std::collections::BTreeMap::new(),
    given_up: Vec::new(),
    place_anew: false,
    shown: None,
    shows: false,
};

impl<'a> Reader<'a> {
    /// A reader of `snapshot`.
    pub fn new(snapshot: &'a mut dyn Snapshot, env: Env<'a>) -> Self {
        Self { snapshot, env, spared: None }
    }

    /// Sets whether the request certainly belongs to an apply.
    pub fn in_apply(&mut self, applying: bool) {
        self.env.applying = applying;
    }

    /// The pool with this id.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`]; returns [`Error::HoldLost`] when the pool was a hold that lapsed.
    pub(in crate::ipam) fn pool(&mut self, id: &str) -> Result<Pool> {
        match codec::load::<Pool>(self.snapshot, id)? {
            Some(pool) if pool.meta.is_live() => Ok(pool),
            Some(pool) => Err(self.pool_lost(&pool)?),
            None => Err(Error::NotFound { kind: Kind::Pool, id: id.to_owned() }),
        }
    }

    /// A copy of `record` that is active now. A hold that expired in the meantime is activated as well.
    pub(in crate::ipam) fn activated<R: Record>(&self, record: &R) -> R {
        let mut active = record.clone();
        let meta = active.meta_mut();
        meta.state = State::Active;
        meta.hold_expires_at = None;
        meta.run = None;
        meta.is_reservation = false;
        meta.rests_until = None;
        meta.in_the_way_of = None;
        meta.waits_for.clear();
        meta.updated_at = self.env.now;
        active
    }

    /// Id of a default scope.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] in a store that was never initialized.
    pub(in crate::ipam) fn default_scope(&mut self, scope_type: ScopeType) -> Result<String> {
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
            source_rules: None,
            rested_until: None,
        }
    }

    /// The holds that were reclaimed for a request before they expired.
    pub fn displaced(&self) -> &[Occupant] {
        &self.displaced
    }

    /// A reader on the same transaction.
    pub fn reader(&mut self) -> Reader<'_> {
        Reader { snapshot: &mut *self.tx, env: self.env.reborrow(), spared: self.spared.clone() }
    }

    /// A new id of this kind.
    pub(in crate::ipam) fn new_id(&mut self, kind: Kind) -> Result<String> {
        loop {
            let id = format!("{}{:016x}{:x}", kind.id_prefix(), (self.env.random)(), (self.env.random)() & 0xf);
            if self.tx.get(&keys::record(kind, &id))?.is_none() {
                return Ok(id);
            }
        }
    }

    pub(in crate::ipam) fn new_meta(&mut self, kind: Kind, name: &str, birth: &Birth) -> Result<Meta> {
        let id = match birth {
            // The id comes out of a plan file, which may be old or wrong: it must not name another object.
            Birth::Hold { id: Some(id), .. } if self.tx.get(&keys::record(kind, id))?.is_some() => {
                return Err(self.reader().hold_gone(kind, id, name));
            }
            Birth::Hold { id: Some(id), .. } | Birth::Active { id: Some(id) } => id.clone(),
            _ => self.new_id(kind)?,
        };
        let (state, hold_expires_at, replaces) = match birth {
            Birth::Hold { expires_at, replaces, .. } => (State::Planned, Some(*expires_at), replaces.clone()),
            Birth::Lease { expires_at } | Birth::Reservation { expires_at } => {
                (State::Planned, Some(*expires_at), None)
            }
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
            is_lease: matches!(birth, Birth::Lease { .. }),
            is_reservation: matches!(birth, Birth::Reservation { .. }),
            is_resting: false,
            rests_until: None,
            in_the_way_of: None,
            waits_for: Vec::new(),
            arguments_kept_until: None,
            given_up_until: None,
            run: if state == State::Planned { self.env.asking() } else { None },
        })
    }
}
