//! The texts for errors about the rules of a pool.

use super::words::{capital, pool, sentence};
use crate::ipam::{Cidr, RuleName};

pub(super) fn netmask(pool_id: &str, pool_name: &str, asked: u8, min: Option<u8>, max: Option<u8>) -> (String, String) {
    let pool = pool(pool_name, pool_id);
    match (min, max) {
        (Some(min), _) if asked < min => (
            format!("/{asked} is larger than the pool allows"),
            format!(
                "A /{asked} was asked for from {pool}, whose `allocation_min_netmask_length` is {min}: a /{min} is the \
                 largest block it gives out. Ask for /{min} or longer, or change the rule."
            ),
        ),
        (_, Some(max)) => (
            format!("/{asked} is smaller than the pool allows"),
            format!(
                "A /{asked} was asked for from {pool}, whose `allocation_max_netmask_length` is {max}: a /{max} is the \
                 smallest block it gives out. Ask for /{max} or shorter, or change the rule."
            ),
        ),
        _ => (
            format!("/{asked} is not allowed by the pool"),
            format!("A /{asked} was asked for from {pool}, whose rules do not allow it. Change the size or the rules."),
        ),
    }
}

pub(super) fn tag(pool_id: &str, pool_name: &str, key: &str, required: &str, found: Option<&str>) -> (String, String) {
    let (summary, found) = match found {
        None => (format!("The tag {key:?} is missing"), "there is no such tag".to_owned()),
        Some(value) => (format!("The tag {key:?} has a value the pool refuses"), format!("it is {value:?}")),
    };
    (
        summary,
        format!(
            "{} requires the tag {key:?} to be {required:?} on every allocation (`allocation_resource_tags`), and {found}. \
             Set it in `tags`, or in `default_tags` of the provider.",
            capital(&pool(pool_name, pool_id))
        ),
    )
}

/// The pool reserves the block that was asked for.
pub(super) fn reserved(cidr: Cidr, pool_id: &str, pool_name: &str, reserved: Cidr, rule: RuleName) -> (String, String) {
    if rule == RuleName::ContiguousSet {
        let detail = format!(
            "{cidr} was asked for from {}, where a contiguous allocation set keeps {reserved} for its members. Choose \
             another block, or make it a member of that set.",
            pool(pool_name, pool_id)
        );
        return (format!("{cidr} is in the block of a set"), detail);
    }
    let rule = rule_attribute(rule);
    (
        format!("{cidr} is reserved in its pool"),
        format!(
            "{cidr} was asked for from {}, whose `{rule}` reserves {reserved}. Choose another block, or change \
             `{rule}` of the pool.",
            pool(pool_name, pool_id)
        ),
    )
}

/// A rule contradicts another rule or the family.
pub(super) fn contradiction(rule: RuleName, why: &str) -> (String, String) {
    (
        format!("{} cannot be used", rule_attribute(rule)),
        format!("{} Change `{}`.", sentence(why), rule_attribute(rule)),
    )
}

const fn rule_attribute(rule: RuleName) -> &'static str {
    match rule {
        RuleName::MinNetmaskLength => "allocation_min_netmask_length",
        RuleName::MaxNetmaskLength => "allocation_max_netmask_length",
        RuleName::DefaultNetmaskLength => "allocation_default_netmask_length",
        RuleName::ReservedCidrs => "reserved_cidrs",
        RuleName::ReserveFirst => "reserve_first",
        RuleName::ReserveLast => "reserve_last",
        RuleName::CidrPriorities => "cidr_priorities",
        RuleName::DrainingCidrs => "draining_cidrs",
        RuleName::ContiguousSet => "contiguous",
    }
}

#[cfg(test)]
mod tests {
    use crate::ipam::testing::cidr;
    use crate::ipam::{Error, RuleName};

    #[test]
    fn a_reserved_block_names_the_rule_of_the_pool() {
        let error = Error::Reserved {
            cidr: cidr("10.0.0.0/28"),
            pool_id: "p-1".to_owned(),
            pool_name: "prod".to_owned(),
            reserved: cidr("10.0.0.0/30"),
            rule: RuleName::ReserveFirst,
        };
        let words = crate::backend::explain(&error);
        assert_eq!(words.summary, "10.0.0.0/28 is reserved in its pool");
        assert_eq!(
            words.detail,
            "10.0.0.0/28 was asked for from pool \"prod\" (p-1), whose `reserve_first` reserves 10.0.0.0/30. Choose \
             another block, or change `reserve_first` of the pool."
        );
    }
}
