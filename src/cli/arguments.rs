//! Parsers of arguments that several commands share.

use std::net::IpAddr;
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use num_bigint::BigUint;

use crate::ipam::Cidr;

/// A block, or an address as the block that contains only that address.
pub(super) fn block(text: &str) -> Result<Cidr, String> {
    match text.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => format!("{text}/32").parse(),
        Ok(IpAddr::V6(_)) => format!("{text}/128").parse(),
        Err(_) => text.parse(),
    }
}

/// A time: `2026-03-01T12:00:00Z`, a day (its start, UTC), or a time ago such as `30d` or `12h`.
pub(super) fn moment(text: &str) -> Result<Timestamp, String> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    if let Ok(day) = text.parse::<Date>()
        && let Ok(start) = day.to_zoned(TimeZone::UTC)
    {
        return Ok(start.timestamp());
    }
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("it is a number without a unit. For a time ago, write {text}d, {text}h or {text}m"));
    }
    let ago = humantime::parse_duration(text).ok().and_then(|ago| SignedDuration::try_from(ago).ok());
    ago.and_then(|ago| Timestamp::now().checked_sub(ago).ok()).ok_or_else(|| {
        "it is not a time such as 2026-03-01T12:00:00Z, a day such as 2026-03-01, or a time ago such as 30d".to_owned()
    })
}

/// A tag, as its key and its value.
pub(super) fn tag(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("it is not a tag such as team=web".to_owned()),
    }
}

/// A number of things that is at least one.
pub(super) fn some(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|count| *count > 0).ok_or_else(|| "it is not a number of at least 1".to_owned())
}

/// A number of addresses, however large.
pub(super) fn count(text: &str) -> Result<BigUint, String> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let count = text.parse::<BigUint>().ok().filter(|count| is_number && *count > BigUint::ZERO);
    count.ok_or_else(|| "it is not a number of at least 1".to_owned())
}

/// A duration, such as `30d` or `12h`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("it has no unit. Write {text}s, {text}m, {text}h, {text}d or {text}w for {text} {UNITS}"));
    }
    humantime::parse_duration(text).map_err(|_| format!("it is not a duration such as 90s, 12h or 30d, in {UNITS}"))
}

const UNITS: &str = "seconds, minutes, hours, days or weeks";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_about_a_duration_without_a_unit_lists_the_units() {
        assert_eq!(duration("30d").unwrap().as_secs(), 30 * 24 * 3600);
        let says = "it has no unit. Write 30s, 30m, 30h, 30d or 30w for 30 seconds, minutes, hours, days or weeks";
        assert_eq!(duration("30").unwrap_err(), says);
        for text in ["", "d", "-3d", "three days"] {
            assert!(duration(text).unwrap_err().starts_with("it is not a duration such as"), "{text}");
        }
        assert!(moment("30").unwrap_err().contains("without a unit"));
    }

    #[test]
    fn a_tag_has_a_key_and_a_value_that_may_be_empty() {
        let pair = |key: &str, value: &str| Ok((key.to_owned(), value.to_owned()));
        assert_eq!(tag("team=web"), pair("team", "web"));
        assert_eq!(tag("team="), pair("team", ""));
        assert_eq!(tag("url=a=b"), pair("url", "a=b"));
        for text in ["", "team", "=web"] {
            assert_eq!(tag(text), Err("it is not a tag such as team=web".to_owned()), "{text}");
        }
    }

    #[test]
    fn some_is_at_least_one() {
        assert_eq!(some("1"), Ok(1));
        assert_eq!(count("1"), Ok(1u8.into()));
        assert_eq!(count("340282366920938463463374607431768211456"), Ok(BigUint::from(1u8) << 128));
        assert!(count("+1").is_err() && count("1_000").is_err());
        for text in ["0", "-1", "x", ""] {
            assert!(some(text).is_err(), "{text}");
            assert!(count(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_address_is_the_block_that_contains_only_that_address() {
        assert_eq!(block("10.0.0.1").unwrap().to_string(), "10.0.0.1/32");
        assert_eq!(block("fd00::1").unwrap().to_string(), "fd00::1/128");
        assert_eq!(block("10.0.0.0/8").unwrap().to_string(), "10.0.0.0/8");
        assert!(block("10.0.0.1/8").unwrap_err().contains("host bits"));
    }

    #[test]
    fn a_time_is_a_timestamp_a_day_or_a_time_ago() {
        assert_eq!(moment("2026-03-01T12:00:00Z").unwrap().to_string(), "2026-03-01T12:00:00Z");
        assert_eq!(moment("2026-03-01").unwrap().to_string(), "2026-03-01T00:00:00Z");
        let ago = Timestamp::now().duration_since(moment("30d").unwrap());
        assert!((ago.as_hours() - 30 * 24).abs() <= 1, "{ago:?}");
        assert!(moment("yesterday").unwrap_err().contains("2026-03-01"));
    }
}
