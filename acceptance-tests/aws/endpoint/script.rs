//! The behavior of the endpoint: durations, limits and failures.

use std::time::Duration;

/// The duration of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delay {
    /// Until the object was read this many times.
    Reads(u32),
    /// This long by the endpoint's clock, which only [`super::Endpoint::advance`] moves.
    Time(Duration),
    /// The change never ends.
    Never,
}

/// Durations of changes, and limits. A script applies to changes that begin after it was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Script {
    /// Duration of `create-in-progress`.
    pub(crate) create: Delay,
    /// Duration of `modify-in-progress`.
    pub(crate) modify: Delay,
    /// Duration of `delete-in-progress`.
    pub(crate) delete: Delay,
    /// Time for which a deleted object is still listed, as `delete-complete`.
    pub(crate) linger: Delay,
    /// Duration of `pending-provision`, `pending-import` and similar states.
    pub(crate) provision: Delay,
    /// Duration of `pending-deprovision`.
    pub(crate) deprovision: Delay,
    /// Time for which a deprovisioned or failed CIDR is still listed.
    pub(crate) cidr_linger: Delay,
    /// Time for which released space is still allocated.
    pub(crate) release: Delay,
    /// Time for which a new allocation is not listed yet.
    pub(crate) read_lag: Delay,
    /// Time for which any other new object cannot be found yet.
    pub(crate) create_lag: Delay,
    /// Duration of `pending-advertising` and `pending-withdrawal`.
    pub(crate) advertise: Delay,
    /// Shortest time between two calls that advertise or withdraw; AWS requires ten seconds.
    pub(crate) advertise_rest: Duration,
    /// Duration of `sync-in-progress` of prefix lists.
    pub(crate) sync: Delay,
    /// Message with which the synchronization of prefix lists ends in `sync-failed`.
    pub(crate) sync_failure: Option<&'static str>,
    /// Code and message with which the provisioning of pool CIDRs fails.
    pub(crate) provision_failure: Option<(&'static str, &'static str)>,
    /// Whether that reason shows while the CIDR is still `pending-provision`.
    pub(crate) reason_shows_early: bool,
    /// Message with which every creation ends in `create-failed`.
    pub(crate) create_failure: Option<&'static str>,
    /// Largest number of pools of one parent that may be in `create-in-progress` at the same time.
    pub(crate) concurrent_creates_max: Option<usize>,
    /// Largest number of items in one page of a list, whatever the client asks for.
    pub(crate) page_max: usize,
    /// Seconds by which the endpoint's clock is ahead of the clients' clocks.
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
    /// A script in which no change takes time.
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
    /// The default quotas of accounts.
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

/// The outcome of a call that does not go as usual.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// `RequestLimitExceeded`.
    Throttle,
    /// The call fails with this error, and changes nothing.
    Error { code: &'static str, message: &'static str },
    /// The call is carried out, but the connection breaks before the answer.
    LoseAnswer,
    /// The call is not carried out, and the connection breaks.
    LoseRequest,
    /// The answer is about another object than the one with the requested id.
    AnswerAbout { asked: String, answered: String },
}
