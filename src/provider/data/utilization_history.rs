//! `ipam_utilization_history`: the utilization of a pool over time, and a forecast.

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

use super::facts::count;
use super::lookup::explained;
use super::utilization::share;

/// A list with more points would make the state too large to work with.
const POINTS_MAX: u64 = 10_000;
const DAY: Duration = Duration::from_secs(24 * 3600);
/// Default length of the history, in days.
const DAYS: u64 = 30;
/// The description of the method of the forecast.
const METHOD: &str =
    "ordinary least squares over the points; earliest and latest are 1.96 standard errors of the slope away";

model! {
    /// The attributes of a point, which is the utilization of a pool at one time.
    pub(super) struct UtilizationPoint {
        /// Time of the point, in UTC and RFC 3339 format.
        time: Time => computed(),
        /// Number of addresses that were provisioned into the pool.
        provisioned: Number => computed(),
        /// Number of addresses in active allocations, including the space of pools below.
        used: Number => computed(),
        /// `used` as a percentage of `provisioned`, rounded to two decimals (half up); 0 if nothing was provisioned.
        used_percent: Number => computed(),
    }
}

model! {
    /// The attributes of a forecast of the time at which a pool will be full.
    pub(super) struct ForecastFacts {
        /// Method of the forecast, and the meaning of its errors.
        method: String => computed(),
        /// Increase of the used addresses per day, rounded to two decimals; negative if their number falls.
        addresses_per_day: Number => computed(),
        /// Standard error of `addresses_per_day`, rounded to two decimals.
        standard_error: Number => computed(),
        /// Share of the changes that a straight line explains, from 0 to 1, rounded to four decimals.
        r_squared: Number => computed(),
        /// Time at which the line reaches the addresses that are provisioned at the last point, in UTC and RFC 3339
        /// format; null if that does not happen within a hundred years.
        full_at: Time => computed(),
        /// Earliest time at which the pool will be full: `full_at` for a slope that is 1.96 standard errors steeper;
        /// null if that does not happen within a hundred years.
        full_at_earliest: Time => computed(),
        /// Latest time at which the pool will be full: `full_at` for a slope that is 1.96 standard errors flatter; null
        /// if that does not happen within a hundred years.
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
    /// Reads the utilization of a pool over time from the history of a self-managed store, and forecasts when the pool
    /// will be full. The history is exact and not sampled, because every change of space is an event. AWS IPAM keeps no
    /// such history: with `aws-ipam`, reading fails.
    pub(super) struct UtilizationHistoryModel {
        /// ID of the pool.
        ipam_pool_id: String => required(),
        /// Start of the history, in RFC 3339 format, such as `2026-03-01T00:00:00Z`. Default: thirty days before
        /// `end_time`.
        start_time: Time => optional(),
        /// End of the history, in RFC 3339 format. Default: now, so each read returns different data.
        end_time: Time => optional(),
        /// Time between two points: a duration such as `24h` (the default). The history can have up to 10000 points.
        step: HumanDuration => optional(),
        /// List of the points, the oldest first. There are no points before `known_since`.
        points: Vec<UtilizationPoint> => computed(),
        /// Forecast of the time at which the pool will be full; null if there are fewer than three points, or if the
        /// used addresses did not change between them.
        forecast: ForecastFacts => computed(),
        /// Time of the newest event that the store no longer keeps (`prune --events`), in UTC and RFC 3339 format. The
        /// utilization before that time is not known. Null if the store has its whole history.
        known_since: Time => computed(),
    }
}

/// The requested window, with all defaults.
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
        // Read last, so that it includes events that were forgotten in the meantime.
        let known_since = ipam.mark().map_err(explained(here()))?.map(|mark| Time(mark.time)).into();
        let forecast = forecast(&points).map(ForecastFacts::from);
        let points = points.into_iter().map(point).collect::<Vec<_>>();
        Ok(UtilizationHistoryModel { points: points.into(), forecast: forecast.into(), known_since, ..config })
    }
}
