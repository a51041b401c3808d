//! Past utilization of pools, and a forecast of the time at which a pool is full.
//!
//! No samples are taken: every change of space is an event, so the past is known exactly at any moment.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use num_bigint::{BigInt, BigUint};

use crate::ipam::storage::codec;
use crate::ipam::{HistoryQuery, Pool, PoolFilter, Reader, Result, Tenure};

/// Addresses of a pool at a moment. Past holds are not included, because not every hold is an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrendPoint {
    /// The moment.
    pub time: Timestamp,
    /// Addresses in the pool.
    pub provisioned: BigUint,
    /// Addresses in active allocations, including the space of pools below.
    pub used: BigUint,
}

/// The forecast of the time at which a pool is full, if the trend continues.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// Growth of the number of used addresses per day; negative when the pool empties.
    pub addresses_per_day: f64,
    /// Standard error of the growth per day.
    pub standard_error: f64,
    /// Share of the variation that a straight line explains, 0 to 1.
    pub r_squared: f64,
    /// The time at which the line reaches the provisioned addresses; `None`: not within a hundred years.
    pub full_at: Option<Timestamp>,
    /// The same for a slope of 1.96 standard errors more.
    pub full_at_earliest: Option<Timestamp>,
    /// The same for a slope of 1.96 standard errors less.
    pub full_at_latest: Option<Timestamp>,
}

/// Changes of the provisioned and used addresses, by time.
type Changes = BTreeMap<Timestamp, [BigInt; 2]>;
/// Index of the provisioned addresses in a change.
const PROVISIONED: usize = 0;
const USED: usize = 1;

/// Adds the changes at the start and end of a tenure to those of the pools in `pools` that it concerns: the pool that
/// the space came from, and the pool that it was provisioned into.
fn count_in(tenure: &Tenure, pools: &mut BTreeMap<String, Changes>) {
    let size = BigInt::from(tenure.cidr.address_count());
    let mut add = |pool_id: &str, sum: usize| {
        let Some(changes) = pools.get_mut(pool_id) else { return };
        changes.entry(tenure.from).or_default()[sum] += &size;
        if let Some(end) = tenure.to {
            changes.entry(end).or_default()[sum] -= &size;
        }
    };
    let source = tenure.source_pool_id.as_deref();
    if let Some(source) = source {
        add(source, USED);
    }
    if source != Some(&tenure.pool_id) {
        add(&tenure.pool_id, PROVISIONED);
    }
}

impl Reader<'_> {
    /// Utilization of a pool at `from` and after each `step` (more than zero) until `to`. Moments before the time of
    /// the mark ([`Reader::mark`]) are left out, because their utilization is not known. Reads all events.
    ///
    /// # Errors
    /// Returns [`crate::ipam::Error::NotFound`]; returns [`crate::ipam::Error::Store`] when an event cannot be read.
    pub fn trend(&mut self, pool_id: &str, from: Timestamp, to: Timestamp, step: Duration) -> Result<Vec<TrendPoint>> {
        codec::require::<Pool>(self.snapshot, pool_id)?;
        let query = HistoryQuery { pool_id: Some(pool_id.to_owned()), to: Some(to), ..HistoryQuery::default() };
        let mut pools = BTreeMap::from([(pool_id.to_owned(), Changes::new())]);
        for tenure in self.history(&query)? {
            count_in(&tenure, &mut pools);
        }
        let known = self.known_since()?;
        let kept = pools.into_values().flat_map(|changes| points(changes, from, to, step));
        Ok(kept.filter(|point| point.time >= known).collect())
    }

    /// The same as [`Self::trend`] for every pool, by id. Reads all events, once.
    ///
    /// # Errors
    /// Returns [`crate::ipam::Error::Store`] when an event cannot be read.
    pub fn trends(
        &mut self,
        from: Timestamp,
        to: Timestamp,
        step: Duration,
    ) -> Result<BTreeMap<String, Vec<TrendPoint>>> {
        let there = self.list_pools(&PoolFilter { include_planned: true, ..PoolFilter::default() })?;
        let mut pools = there.into_iter().map(|pool| (pool.meta.id, Changes::new())).collect();
        for tenure in self.history(&HistoryQuery { to: Some(to), ..HistoryQuery::default() })? {
            count_in(&tenure, &mut pools);
        }
        let known = self.known_since()?;
        let kept = |changes| points(changes, from, to, step).into_iter().filter(|point| point.time >= known).collect();
        Ok(pools.into_iter().map(|(id, changes)| (id, kept(changes))).collect())
    }
}

fn points(changes: Changes, from: Timestamp, to: Timestamp, step: Duration) -> Vec<TrendPoint> {
    let mut changes = changes.into_iter().peekable();
    let mut sums: [BigInt; 2] = Default::default();
    let mut points = Vec::new();
    let mut time = from;
    loop {
        while let Some((_, change)) = changes.next_if(|(at, _)| *at <= time) {
            for (sum, change) in sums.iter_mut().zip(change) {
                *sum += change;
            }
        }
        let [provisioned, used] = sums.each_ref().map(|sum| sum.magnitude().clone());
        points.push(TrendPoint { time, provisioned, used });
        match time.checked_add(step) {
            Ok(next) if next > time && next <= to => time = next,
            _ => return points,
        }
    }
}

/// Number of seconds in a day.
const DAY: f64 = 86_400.0;
/// Limit of a forecast, in days: a hundred years.
const FAR: f64 = 36_525.0;

/// A straight line through the used addresses (ordinary least squares), and the time at which it meets the provisioned
/// addresses of the last point. `None` with fewer than three points, or when nothing ever changed, because then there
/// is no trend.
pub fn forecast(points: &[TrendPoint]) -> Option<Forecast> {
    let last = points.last()?;
    if points.len() < 3 || points.iter().all(|point| point.used == last.used) {
        return None;
    }
    let days: Vec<f64> = points.iter().map(|point| days_between(last.time, point.time)).collect();
    let used: Vec<f64> = points.iter().map(|point| number(&point.used)).collect();
    let Line { mean_day, mean_used, slope, standard_error, r_squared } = Line::through(&days, &used);
    // Measured from the mean of the points, through which every such line passes.
    let missing = number(&last.provisioned) - mean_used;
    let meets = |slope: f64| {
        let day = mean_day + missing / slope;
        (slope > 0.0 && day < FAR).then(|| at_day(last.time, day.max(0.0))).flatten()
    };
    Some(Forecast {
        addresses_per_day: slope,
        standard_error,
        r_squared,
        full_at: meets(slope),
        full_at_earliest: meets(1.96_f64.mul_add(standard_error, slope)),
        full_at_latest: meets(1.96_f64.mul_add(-standard_error, slope)),
    })
}

/// The sum as a floating point number, exact up to 2^53 and rounded beyond.
fn number(sum: &BigUint) -> f64 {
    sum.to_string().parse().unwrap_or(f64::MAX)
}

fn days_between(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64() / DAY
}

fn at_day(from: Timestamp, day: f64) -> Option<Timestamp> {
    from.checked_add(Duration::from_secs_f64(day * DAY)).ok()
}

/// The line of least squares.
struct Line {
    mean_day: f64,
    mean_used: f64,
    slope: f64,
    standard_error: f64,
    r_squared: f64,
}

impl Line {
    /// Fits a line. The values in `days` are not all equal, and there are at least three.
    fn through(days: &[f64], used: &[f64]) -> Self {
        let count = days.len() as f64;
        let mean_day = days.iter().sum::<f64>() / count;
        let mean_used = used.iter().sum::<f64>() / count;
        let squares = |values: &[f64], mean: f64| values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
        let (of_days, of_used) = (squares(days, mean_day), squares(used, mean_used));
        let together: f64 = days.iter().zip(used).map(|(day, used)| (day - mean_day) * (used - mean_used)).sum();
        let slope = together / of_days;
        let unexplained = (of_used - slope * together).max(0.0);
        Self {
            mean_day,
            mean_used,
            slope,
            standard_error: (unexplained / (count - 2.0) / of_days).sqrt(),
            r_squared: if of_used > 0.0 { 1.0 - unexplained / of_used } else { 1.0 },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(day: i64, used: u64) -> TrendPoint {
        let time = Timestamp::from_second(1_800_000_000 + day * 86_400).unwrap();
        TrendPoint { time, provisioned: 1000u32.into(), used: used.into() }
    }

    #[test]
    fn a_pool_that_fills_evenly_is_full_at_the_date_of_the_line() {
        let points: Vec<_> = (0..10).map(|day| point(day, 100 + 50 * u64::try_from(day).unwrap())).collect();
        let found = forecast(&points).unwrap();
        assert!((found.addresses_per_day - 50.0).abs() < 1e-9, "{found:?}");
        assert!(found.standard_error < 1e-6 && found.r_squared > 0.999_999, "{found:?}");
        // 550 in use on day 9, 50 more each day: full on day 18.
        assert_eq!(found.full_at.unwrap().as_second(), point(18, 0).time.as_second());
        assert_eq!(found.full_at_earliest.map(Timestamp::as_second), found.full_at.map(Timestamp::as_second));
    }

    #[test]
    fn an_uneven_past_gives_an_earliest_and_a_latest_date() {
        let used = [100, 180, 190, 260, 350, 340, 430, 480, 470, 560];
        let points: Vec<_> = used.iter().enumerate().map(|(day, used)| point(day.try_into().unwrap(), *used)).collect();
        let found = forecast(&points).unwrap();
        let (earliest, at, latest) =
            (found.full_at_earliest.unwrap(), found.full_at.unwrap(), found.full_at_latest.unwrap());
        assert!(earliest < at && at < latest, "{found:?}");
        assert!(found.r_squared > 0.9 && found.r_squared < 1.0, "{found:?}");
    }

    #[test]
    fn a_pool_that_empties_or_stands_still_is_never_full() {
        let emptying: Vec<_> = (0..5).map(|day| point(day, 500 - 10 * u64::try_from(day).unwrap())).collect();
        assert_eq!(forecast(&emptying).unwrap().full_at, None);
        assert_eq!(forecast(&(0..5).map(|day| point(day, 500)).collect::<Vec<_>>()), None);
        assert_eq!(forecast(&[point(0, 1), point(1, 2)]), None, "two points always make a line");
    }
}
