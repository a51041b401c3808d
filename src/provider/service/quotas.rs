//! Quotas that AWS Support raises on request. AWS does not report the quota of an account here, so a higher number is a
//! warning of the plan, and AWS decides.

use crate::tf::{Diagnostic, Path};

/// A quota with the value that accounts have at first.
pub(super) struct Quota {
    /// The value.
    pub(super) usual: usize,
    /// What the quota capabilities: the rest of a sentence that begins with a number.
    pub(super) of: &'static str,
    /// What to do if it was not raised: a sentence.
    pub(super) otherwise: &'static str,
}

impl Quota {
    /// Warns that `planned` may be too many, unless as many exist already: AWS accepted those.
    pub(super) fn warning(&self, planned: usize, present: usize, at: Path) -> Option<Diagnostic> {
        let Self { usual, of, otherwise } = self;
        (planned > *usual && planned > present).then(|| {
            let why = format!(
                "The configuration has {planned} {of}. AWS allows {usual}, unless AWS Support has raised this quota \
                 for the account. If the quota was not raised, the apply fails. {otherwise}"
            );
            Diagnostic::warning("More than AWS allows by default", why).at(at)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUOTA: Quota = Quota { usual: 10, of: "pools in the rule", otherwise: "Take fewer." };

    #[test]
    fn more_than_the_usual_quota_is_a_warning_until_aws_has_accepted_it() {
        let warned = |planned, present| QUOTA.warning(planned, present, Path::root());
        assert_eq!(warned(10, 0), None);
        let warning = warned(11, 10).unwrap();
        assert_eq!(warning.severity, crate::tf::Severity::Warning);
        assert_eq!(
            warning.detail,
            "The configuration has 11 pools in the rule. AWS allows 10, unless AWS Support has raised this quota for \
             the account. If the quota was not raised, the apply fails. Take fewer."
        );
        assert_eq!((warned(11, 11), warned(11, 12)), (None, None), "AWS has accepted them before");
        assert!(warned(12, 11).is_some());
    }
}
