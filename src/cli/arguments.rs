//! Words of the command line that several commands share.

use std::net::IpAddr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::ipam::Cidr;

/// A block, or an address for the block of just that address.
pub(super) fn block(text: &str) -> Result<Cidr, String> {
    match text.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => format!("{text}/32").parse(),
        Ok(IpAddr::V6(_)) => format!("{text}/128").parse(),
        Err(_) => text.parse(),
    }
}

/// A moment: `2026-03-01T12:00:00Z`, a day (its start, UTC), or a time ago such as `30d` or `12h`.
pub(super) fn moment(text: &str) -> Result<Timestamp, String> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    if let Ok(day) = text.parse::<Date>()
        && let Ok(start) = day.to_zoned(TimeZone::UTC)
    {
        return Ok(start.timestamp());
    }
    let ago = humantime::parse_duration(text).ok().and_then(|ago| SignedDuration::try_from(ago).ok());
    ago.and_then(|ago| Timestamp::now().checked_sub(ago).ok()).ok_or_else(|| {
        "it is no time such as 2026-03-01T12:00:00Z, no day such as 2026-03-01, and no time ago such as 30d".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_block_of_one() {
        assert_eq!(block("10.0.0.1").unwrap().to_string(), "10.0.0.1/32");
        assert_eq!(block("fd00::1").unwrap().to_string(), "fd00::1/128");
        assert_eq!(block("10.0.0.0/8").unwrap().to_string(), "10.0.0.0/8");
        assert!(block("10.0.0.1/8").unwrap_err().contains("host bits"));
    }

    #[test]
    fn a_moment_is_a_time_a_day_or_a_time_ago() {
        assert_eq!(moment("2026-03-01T12:00:00Z").unwrap().to_string(), "2026-03-01T12:00:00Z");
        assert_eq!(moment("2026-03-01").unwrap().to_string(), "2026-03-01T00:00:00Z");
        let ago = Timestamp::now().duration_since(moment("30d").unwrap());
        assert!((ago.as_hours() - 30 * 24).abs() <= 1, "{ago:?}");
        assert!(moment("yesterday").unwrap_err().contains("2026-03-01"));
    }
}
