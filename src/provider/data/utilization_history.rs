//! `ipam_utilization_history`: how full a pool was, and when it will be full.

use std::sync::Arc;
use std::time::Duration;

use bigdecimal::{BigDecimal, FromPrimitive, RoundingMode};
use jiff::{SignedDuration, Timestamp};
use num_bigint::BigUint;

use crate::backend::{Forecast, TrendPoint, forecast};
use crate::provider::attributes::{HumanDuration, Time};
use crate::provider::shared::Shared;
use crate::tf::{DataSource, Diagnostic, Diagnostics, Number};
use crate::{at, model};

use super::explained;
use super::facts::count;
use super::utilization::share;

/// More points make a state that nobody can work with.
const POINTS_MAX: u64 = 10_000;
const DAY: Duration = Duration::from_secs(24 * 3600);
/// How far back the history goes when nobody says.
const DAYS: u64 = 30;
/// The words of the forecast's method.
const METHOD: &str =
    "ordinary least squares over the points; earliest and latest are 1.96 standard errors of the slope away";

model! {
    /// How full a pool was at a moment.
    pub(super) struct UtilizationPoint {
        /// The moment, in UTC.
        time: Time => computed(),
        /// Addresses in the pool.
        provisioned: Number => computed(),
        /// Addresses in active allocations, the space of pools below included.
        used: Number => computed(),
        /// `used` in percent of `provisioned`, rounded to two decimals (half up); 0 when nothing is provisioned.
        used_percent: Number => computed(),
    }
}

model! {
    /// When a pool will be full, if it goes on like this.
    pub(super) struct ForecastFacts {
        /// How it was told: the method and what its error means.
        method: String => computed(),
        /// Addresses more in use with each day, rounded to two decimals; negative while the pool empties.
        addresses_per_day: Number => computed(),
        /// Standard error of that.
        standard_error: Number => computed(),
        /// Share of the changes that a straight line explains, 0 to 1, rounded to four decimals.
        r_squared: Number => computed(),
        /// When the line reaches what is provisioned now, in UTC; null when it does not within a hundred years.
        full_at: Time => computed(),
        /// The same for the steeper end of the error; null when it does not within a hundred years.
        full_at_earliest: Time => computed(),
        /// The same for the flatter end of the error; null when it does not within a hundred years.
        full_at_latest: Time => computed(),
    }
}

impl From<Forecast> for ForecastFacts {
    fn from(found: Forecast) -> Self {
        let time = |time: Option<Timestamp>| time.map(Time).into();
        Self {
            method: METHOD.to_owned().into(),
            addresses_per_day: rounded(found.addresses_per_day, 2).into(),
            standard_error: rounded(found.standard_error, 2).into(),
            r_squared: rounded(found.r_squared, 4).into(),
            full_at: time(found.full_at),
            full_at_earliest: time(found.full_at_earliest),
            full_at_latest: time(found.full_at_latest),
        }
    }
}

fn rounded(value: f64, decimals: i64) -> Number {
    let exact = BigDecimal::from_f64(value).unwrap_or_default();
    Number::Finite(exact.with_scale_round(decimals, RoundingMode::HalfUp).normalized())
}

model! {
    /// Tells how full a pool was over time, and when it will be full. The past is exact, not sampled: every change of
    /// space is an event. AWS IPAM keeps no such history.
    pub(super) struct UtilizationHistoryModel {
        /// The pool.
        ipam_pool_id: String => required(),
        /// From when, such as `2026-03-01T00:00:00Z`; thirty days before `end_time` when not set.
        start_time: Time => optional(),
        /// Until when; now when not set, which makes the answer another one each time.
        end_time: Time => optional(),
        /// Time between two points; `24h` when not set. There may be up to 10000 points.
        step: HumanDuration => optional(),
        /// The points, the oldest first; none before `known_since`.
        points: Vec<UtilizationPoint> => computed(),
        /// When the pool will be full; null with fewer than three points, or when nothing changed between them.
        forecast: ForecastFacts => computed(),
        /// Time of the newest event that the store does not keep any more (`prune --events`), in UTC: before it nobody knows
        /// how full the pool was. Null when the store has its whole history.
        known_since: Time => computed(),
    }
}

/// What is asked for, everything said.
struct Window {
    from: Timestamp,
    to: Timestamp,
    step: Duration,
}

impl UtilizationHistoryModel {
    fn step(&self) -> Duration {
        self.step.get().map_or(DAY, |step| step.0)
    }

    fn window(&self, now: Timestamp) -> Result<Window, Diagnostics> {
        let to = self.end_time.get().map_or(now, |end| end.0);
        let usual = DAY * u32::try_from(DAYS).unwrap_or(u32::MAX);
        let from = match self.start_time.get() {
            Some(start) => start.0,
            None => to.checked_sub(usual).unwrap_or(Timestamp::MIN),
        };
        let (span, step) = (to.duration_since(from), self.step());
        if span < SignedDuration::ZERO {
            let why = format!("{to} is before start_time, so nothing is in between.");
            return Err(Diagnostic::error("An empty window", why).at(at!(Self, end_time)).into());
        }
        if step.is_zero() {
            let why = "The time between two points cannot be zero.";
            return Err(Diagnostic::error("No step", why).at(at!(Self, step)).into());
        }
        let points = span.unsigned_abs().as_millis() / step.as_millis().max(1);
        if points >= u128::from(POINTS_MAX) {
            let why = format!(
                "The result would have {points} points, and at most {POINTS_MAX} are possible. Use a longer step, or a \
                 shorter time."
            );
            return Err(Diagnostic::error("Too many points", why).at(at!(Self, step)).into());
        }
        Ok(Window { from, to, step })
    }
}

fn point(point: TrendPoint) -> UtilizationPoint {
    let percent = share(&(&point.used * BigUint::from(100u8)), &point.provisioned, 2);
    UtilizationPoint {
        time: Time(point.time).into(),
        used_percent: Number::Finite(percent).into(),
        provisioned: count(point.provisioned),
        used: count(point.used),
    }
}

pub(super) struct UtilizationHistoryData(pub(super) Arc<Shared>);

impl DataSource for UtilizationHistoryData {
    type Model = UtilizationHistoryModel;
    const TYPE: &'static str = "ipam_utilization_history";

    fn validate(&self, config: &UtilizationHistoryModel) -> Diagnostics {
        let is_whole = config.start_time.is_known() && config.end_time.is_known() && !config.step.is_unknown();
        if !is_whole && !config.step.get().is_some_and(|step| step.0.is_zero()) {
            return Diagnostics::new();
        }
        config.window(config.end_time.get().map_or(Timestamp::MAX, |end| end.0)).err().unwrap_or_default()
    }

    fn read(&self, config: UtilizationHistoryModel) -> Result<UtilizationHistoryModel, Diagnostics> {
        let ipam = self.0.ipam()?;
        let here = || at!(UtilizationHistoryModel, ipam_pool_id);
        let Window { from, to, step } = config.window(ipam.now())?;
        let points = ipam.trend(config.ipam_pool_id.known(here())?, from, to, step).map_err(explained(here()))?;
        // Asked last: what was forgotten meanwhile is in it.
        let known_since = ipam.mark().map_err(explained(here()))?.map(|mark| Time(mark.time)).into();
        let forecast = forecast(&points).map(ForecastFacts::from);
        let points = points.into_iter().map(point).collect::<Vec<_>>();
        Ok(UtilizationHistoryModel { points: points.into(), forecast: forecast.into(), known_since, ..config })
    }
}
