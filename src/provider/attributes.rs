//! IPAM types as attribute types. Two spellings of one value (`2001:DB8::/32`, `90m`) mean the same: a plan shows no
//! difference, and the state keeps the spelling that the user wrote.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;

use crate::ipam::{Cidr, Family, Packing, ScopeType, Strategy};
use crate::text_attr;

text_attr!(Cidr);
text_attr!(Family);
text_attr!(Packing);
text_attr!(ScopeType);
text_attr!(Strategy);
text_attr!(HumanDuration);
text_attr!(Time);

/// Longest duration: ten years. This is far below what timestamps can hold, and longer than any useful duration.
const DURATION_MAX: Duration = Duration::from_hours(10 * 365 * 24);

/// A duration, such as `1h`, `90s`, `1h30m`, `1.5h` or `0s`, in whole milliseconds, at most ten years.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct HumanDuration(pub Duration);

impl From<HumanDuration> for Duration {
    fn from(duration: HumanDuration) -> Self {
        duration.0
    }
}

impl FromStr for HumanDuration {
    type Err = String;

    /// Reads numbers with units in any order: `d`, `h`, `m`, `s`, `ms`.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut rest = text.trim();
        if rest.starts_with('-') {
            return Err(format!("{text:?} is negative. A duration cannot be negative."));
        }
        if rest.is_empty() {
            return Err(format!("{text:?} is not a duration. {EXAMPLES}"));
        }
        let mut sum = Duration::ZERO;
        while !rest.is_empty() {
            let (part, after) = leading_part(rest).map_err(|why| format!("{text:?} {why} {EXAMPLES}"))?;
            rest = after.trim_start();
            sum = sum.saturating_add(part);
        }
        if sum > DURATION_MAX {
            return Err(format!("{text:?} is longer than ten years."));
        }
        Ok(Self(sum))
    }
}

const EXAMPLES: &str = "Write it like \"90s\", \"30m\", \"1h30m\" or \"2d\".";

/// The first number with its unit, and the text after it.
fn leading_part(text: &str) -> Result<(Duration, &str), &'static str> {
    let (number, rest) = text.split_at(text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len()));
    let rest = rest.trim_start();
    let (unit, rest) = rest.split_at(rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len()));
    if number.is_empty() {
        return Err("is not a duration.");
    }
    let unit_in_ms: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "" => return Err("has a number without a unit."),
        _ => return Err("has a unit other than d, h, m, s and ms."),
    };
    milliseconds(number, unit_in_ms).map(|milliseconds| (Duration::from_millis(milliseconds), rest))
}

/// `number`, such as `90` or `1.5`, times the unit. Saturates, because the sum is compared with the longest duration.
fn milliseconds(number: &str, unit_in_ms: u64) -> Result<u64, &'static str> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return Err("is not a duration.");
    }
    // Only digits are left, so a number that does not parse is empty or too large.
    let whole = if whole.is_empty() { 0 } else { whole.parse().unwrap_or(u64::MAX) };
    let mut sum = whole.saturating_mul(unit_in_ms);
    let mut place = unit_in_ms;
    for digit in fraction.trim_end_matches('0').bytes() {
        if !place.is_multiple_of(10) {
            return Err("is not a whole number of milliseconds.");
        }
        place /= 10;
        sum = sum.saturating_add(place * u64::from(digit - b'0'));
    }
    Ok(sum)
}

impl fmt::Display for HumanDuration {
    /// The canonical spelling: units from hours down without those that are zero, and `0s` for an empty duration.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_zero() {
            return f.write_str("0s");
        }
        let seconds = self.0.as_secs();
        let parts = [
            (seconds / 3600, "h"),
            (seconds / 60 % 60, "m"),
            (seconds % 60, "s"),
            (u64::from(self.0.subsec_millis()), "ms"),
        ];
        parts.iter().filter(|(number, _)| *number > 0).try_for_each(|(number, unit)| write!(f, "{number}{unit}"))
    }
}

/// A time in RFC 3339 format, such as `2026-03-01T12:00:00Z`, with any offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Time(pub(crate) Timestamp);

impl FromStr for Time {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let example = "Write it like \"2026-03-01T12:00:00Z\" or \"2026-03-01T12:00:00+01:00\".";
        text.parse().map(Self).map_err(|_| format!("{text:?} is not a time. {example}"))
    }
}

impl fmt::Display for Time {
    /// The time in UTC.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tf::{Attr, Path, Value};

    #[test]
    fn durations_are_read_in_their_usual_spellings() {
        let check = |text: &str, milliseconds: u64, spelling: &str| {
            let duration: HumanDuration = text.parse().unwrap();
            assert_eq!(duration.0, Duration::from_millis(milliseconds), "{text}");
            assert_eq!(duration.to_string(), spelling, "{text}");
            assert_eq!(spelling.parse(), Ok(duration), "{text}");
        };
        check("1h", 3_600_000, "1h");
        check("90s", 90_000, "1m30s");
        check("1h30m", 5_400_000, "1h30m");
        check(" 1h 30m ", 5_400_000, "1h30m");
        check("1.5h", 5_400_000, "1h30m");
        check("1.250s", 1_250, "1s250ms");
        check(".5s", 500, "500ms");
        check("1h0m0s", 3_600_000, "1h");
        check("2d", 172_800_000, "48h");
        check("0s", 0, "0s");
        check("87600h", 315_360_000_000, "87600h");
    }

    #[test]
    fn an_invalid_duration_is_refused_with_the_reason() {
        let check = |text: &str, why: &str| {
            let error = text.parse::<HumanDuration>().unwrap_err();
            assert!(error.starts_with(&format!("{text:?} {why}")), "{error}");
        };
        check("", "is not a duration.");
        check("soon", "is not a duration.");
        check(".s", "is not a duration.");
        check("1.2.3s", "is not a duration.");
        check("h", "is not a duration.");
        check("1h-5m", "is not a duration.");
        check("3600", "has a number without a unit.");
        check("1h30", "has a number without a unit.");
        check("1 fortnight", "has a unit other than d, h, m, s and ms.");
        check("1µs", "has a unit other than d, h, m, s and ms.");
        check("-1h", "is negative");
        check("1.5ms", "is not a whole number of milliseconds.");
        check("87600.1h", "is longer than ten years.");
        check("99999999999999999999999999h", "is longer than ten years.");
        check("18446744073709551615ms 18446744073709551615ms", "is longer than ten years.");
    }

    #[test]
    fn times_of_any_offset_mean_the_same() {
        let utc = Time::canonical(&"2026-03-01T11:00:00Z".into());
        assert_eq!(Time::canonical(&"2026-03-01T12:00:00+01:00".into()), utc);
        let why = "yesterday".parse::<Time>().unwrap_err();
        assert!(why.starts_with("\"yesterday\" is not a time. Write it like"), "{why}");
    }

    #[test]
    fn words_of_ipam_are_attributes_and_a_wrong_word_lists_the_right_ones() {
        fn words<T: Attr>(words: &[&str], needle: &str) {
            for word in words {
                assert_eq!(T::from_value(&Value::from(*word), &Path::root()).map(|t| t.to_value()), Ok((*word).into()));
            }
            let Err(error) = T::from_value(&Value::from("Nope"), &Path::attribute("it")) else { panic!("accepted") };
            let error = error.into_iter().next().unwrap();
            assert_eq!((error.summary.as_str(), error.path), ("Invalid it", Path::attribute("it")));
            assert!(error.detail.contains(needle), "{}", error.detail);
        }
        words::<Family>(&["ipv4", "ipv6"], "use \"ipv4\" or \"ipv6\"");
        words::<ScopeType>(&["private", "public"], "use \"private\" or \"public\"");
        words::<Strategy>(&["best-fit", "first-fit", "last-fit", "sparse", "random"], "\"best-fit\", \"first-fit\"");
        words::<Cidr>(&["10.0.0.0/8", "::/0"], "10.0.0.0/16");
    }

    #[test]
    fn spellings_of_one_value_mean_the_same() {
        let same = |a: Value, b: Value| assert_eq!(a, b);
        same(Cidr::canonical(&"2001:DB8:0:0::/32".into()), "2001:db8::/32".into());
        same(HumanDuration::canonical(&"90m".into()), HumanDuration::canonical(&"1h30m".into()));
        same(Cidr::canonical(&"rubbish".into()), "rubbish".into());
        same(Cidr::canonical(&Value::Unknown), Value::Unknown);
    }

    /// The store and the configuration use the same words.
    #[test]
    fn stored_words_are_the_configured_ones() {
        for strategy in Strategy::ALL {
            assert_eq!(serde_json::to_value(strategy).unwrap(), strategy.to_string());
        }
        for scope_type in [ScopeType::Private, ScopeType::Public] {
            assert_eq!(serde_json::to_value(scope_type).unwrap(), scope_type.to_string());
        }
    }
}
