//! The texts for errors about the end of allocations.

use jiff::Timestamp;

use super::words::time;
use crate::ipam::Cidr;

pub(super) fn protected(id: &str, name: &str, cidr: Cidr) -> (String, String) {
    (
        format!("Allocation {name:?} prevents its release"),
        format!(
            "Allocation {name:?} ({id}) has {cidr} and `prevent_release = true`, so nothing releases or replaces it. To \
             release it, set `prevent_release = false` in the configuration that it belongs to, and apply that first."
        ),
    )
}

pub(super) fn over(expires_at: Timestamp, now: Timestamp) -> (String, String) {
    (
        "The loan would be over already".to_owned(),
        format!(
            "`expires_at` is {}, and it is {} now. Choose a later time, or set `ttl`.",
            time(expires_at),
            time(now)
        ),
    )
}

#[cfg(test)]
mod tests {
    use crate::backend::explain;
    use crate::ipam::Error;
    use crate::ipam::testing::cidr;

    #[test]
    fn a_refused_release_names_the_argument_that_allows_it() {
        let error = Error::Protected { id: "a-1".to_owned(), name: "web".to_owned(), cidr: cidr("10.0.0.0/28") };
        let words = explain(&error);
        assert_eq!(words.summary, "Allocation \"web\" prevents its release");
        assert_eq!(
            words.detail,
            "Allocation \"web\" (a-1) has 10.0.0.0/28 and `prevent_release = true`, so nothing releases or replaces it. \
             To release it, set `prevent_release = false` in the configuration that it belongs to, and apply that first."
        );
    }

    #[test]
    fn a_loan_that_is_over_shows_both_times() {
        let (expires_at, now) = ("2026-03-01T12:00:00Z", "2026-03-02T12:00:00Z");
        let error = Error::LoanOver { expires_at: expires_at.parse().unwrap(), now: now.parse().unwrap() };
        let words = explain(&error).detail;
        assert!(words.contains("`expires_at` is ") && words.ends_with("Choose a later time, or set `ttl`."), "{words}");
    }
}
