//! How the endpoint behaves: how long things take, what goes wrong.

use std::time::Duration;

/// How long something takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delay {
    /// Until it was looked at this many times.
    Reads(u32),
    /// This long by the endpoint's clock, which only [`super::Endpoint::advance`] moves.
    Time(Duration),
    /// For good.
    Never,
}

/// What takes how long, and limits. Counts for what begins after it was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Script {
    /// `create-in-progress`.
    pub(crate) create: Delay,
    /// `modify-in-progress`.
    pub(crate) modify: Delay,
    /// `delete-in-progress`.
    pub(crate) delete: Delay,
    /// How long what is gone is still listed, as `delete-complete`.
    pub(crate) linger: Delay,
    /// `pending-provision`, `pending-import` and their like.
    pub(crate) provision: Delay,
    /// `pending-deprovision`.
    pub(crate) deprovision: Delay,
    /// How long a deprovisioned or failed CIDR is still listed.
    pub(crate) cidr_linger: Delay,
    /// How long released space is still taken.
    pub(crate) release: Delay,
    /// How long a new allocation is not listed yet.
    pub(crate) read_lag: Delay,
    /// How long everything else that is new cannot be found yet.
    pub(crate) create_lag: Delay,
    /// `pending-advertising`, `pending-withdrawal`.
    pub(crate) advertise: Delay,
    /// Between two calls that advertise or withdraw; AWS wants ten seconds.
    pub(crate) advertise_rest: Duration,
    /// `sync-in-progress` of prefix lists.
    pub(crate) sync: Delay,
    /// Message with which prefix lists end in `sync-failed`.
    pub(crate) sync_failure: Option<&'static str>,
    /// Code and message of the reason why pool CIDRs cannot be provisioned.
    pub(crate) provision_failure: Option<(&'static str, &'static str)>,
    /// The reason shows while the CIDR is still `pending-provision`.
    pub(crate) reason_shows_early: bool,
    /// Message with which everything that is created ends in `create-failed`.
    pub(crate) create_failure: Option<&'static str>,
    /// Pools of one parent that may be in `create-in-progress` at a time.
    pub(crate) concurrent_creates_max: Option<usize>,
    /// Things in one page of a list, whatever the client allows.
    pub(crate) page_max: usize,
    /// What the endpoint's idea of the time is ahead of the clients' by, in seconds.
    pub(crate) clock_skew_seconds: i64,
    pub(crate) quotas: Quotas,
}

/// Limits of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quotas {
    pub(crate) scopes_per_ipam: usize,
    pub(crate) pools_per_scope: usize,
    pub(crate) cidrs_per_pool: usize,
    pub(crate) pool_depth: u32,
    pub(crate) tokens: usize,
    pub(crate) policies_per_ipam: usize,
    pub(crate) cidrs_per_resolver_version: usize,
    pub(crate) discovery_associations_per_ipam: usize,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            create: Delay::Reads(1),
            modify: Delay::Reads(1),
            delete: Delay::Reads(1),
            linger: Delay::Reads(1),
            provision: Delay::Reads(1),
            deprovision: Delay::Reads(1),
            cidr_linger: Delay::Never,
            release: Delay::Reads(0),
            read_lag: Delay::Reads(0),
            create_lag: Delay::Reads(0),
            advertise: Delay::Reads(1),
            advertise_rest: Duration::ZERO,
            sync: Delay::Reads(1),
            sync_failure: None,
            provision_failure: None,
            reason_shows_early: false,
            create_failure: None,
            concurrent_creates_max: None,
            page_max: 1000,
            clock_skew_seconds: 0,
            quotas: Quotas::default(),
        }
    }
}

impl Script {
    /// Nothing takes time.
    pub(crate) fn at_once() -> Self {
        let now = Delay::Reads(0);
        Self {
            create: now,
            modify: now,
            delete: now,
            linger: now,
            provision: now,
            deprovision: now,
            advertise: now,
            sync: now,
            ..Self::default()
        }
    }
}

impl Default for Quotas {
    /// What accounts have by default.
    fn default() -> Self {
        Self {
            scopes_per_ipam: 5,
            pools_per_scope: 50,
            cidrs_per_pool: 50,
            pool_depth: 10,
            tokens: 100,
            policies_per_ipam: 10,
            cidrs_per_resolver_version: 1000,
            discovery_associations_per_ipam: 5,
        }
    }
}

/// What becomes of the next calls of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// `RequestLimitExceeded`.
    Throttle,
    /// This error; nothing is done.
    Error { code: &'static str, message: &'static str },
    /// It is done, but the connection breaks before the answer.
    LoseAnswer,
    /// It is not done, and the connection breaks.
    LoseRequest,
    /// The answer is about another thing than the one with the id that was asked for.
    AnswerAbout { asked: String, answered: String },
}
