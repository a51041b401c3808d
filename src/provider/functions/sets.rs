//! `cidr_merge`, `cidr_subtract`.

use super::arguments::{Result, cidrs, parameter, same_family, strings, too_many, wrong};
use crate::ipam::blocks;
use crate::tf::{Function, Signature, Type, Value};

pub(super) struct CidrMerge;

impl Function for CidrMerge {
    fn name(&self) -> &'static str {
        "cidr_merge"
    }

    fn signature(&self) -> Signature {
        Signature {
            summary: "Merges CIDRs into the shortest list with the same addresses",
            description: "Returns the shortest list of CIDRs with exactly the addresses of the given CIDRs. The list \
                is sorted. Use the function to shorten route tables and firewall rules.\n\n\
                ```terraform\n\
                provider::ipam::cidr_merge([\"10.0.1.0/24\", \"10.0.0.0/24\", \"10.0.0.128/25\"]) # [\"10.0.0.0/23\"]\n\
                ```",
            parameters: vec![parameter(
                "cidrs",
                Type::list(Type::String),
                "List of CIDRs of one address family, in any order.",
            )],
            variadic: None,
            returns: Type::list(Type::String),
        }
    }

    fn call(&self, arguments: &[Value]) -> Result<Value> {
        Ok(strings(blocks::merge(cidrs(arguments, 0)?)))
    }
}

pub(super) struct CidrSubtract;

impl Function for CidrSubtract {
    fn name(&self) -> &'static str {
        "cidr_subtract"
    }

    fn signature(&self) -> Signature {
        Signature {
            summary: "Removes the addresses of CIDRs from other CIDRs",
            description: "Returns the shortest list of CIDRs with exactly the addresses that are in `from` and not \
                in `remove`. The list is sorted, and may be empty. More than 65,536 CIDRs are an error.\n\n\
                ```terraform\n\
                provider::ipam::cidr_subtract([\"10.0.0.0/24\"], [\"10.0.0.64/26\"]) # [\"10.0.0.0/26\", \"10.0.0.128/25\"]\n\
                ```",
            parameters: vec![
                parameter("from", Type::list(Type::String), "List of CIDRs of one address family."),
                parameter(
                    "remove",
                    Type::list(Type::String),
                    "List of CIDRs of the same address family. They may overlap, or lie outside of `from`.",
                ),
            ],
            variadic: None,
            returns: Type::list(Type::String),
        }
    }

    fn call(&self, arguments: &[Value]) -> Result<Value> {
        let (from, remove) = (cidrs(arguments, 0)?, cidrs(arguments, 1)?);
        if let (Some(from), Some(remove)) = (from.first(), remove.first()) {
            same_family(1, *from, *remove)?;
        }
        blocks::subtract(from, remove).map(strings).map_err(|error| wrong(1, too_many(&error)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_error, list};
    use crate::tf::Value;

    #[test]
    fn merge_gives_the_smallest_sorted_list() {
        let merged = |cidrs: &[&str], answer: &[&str]| {
            check("cidr_merge", &[list(cidrs.iter().copied())], list(answer.iter().copied()));
        };
        merged(&["10.0.1.0/24", "10.0.0.0/24", "10.0.0.128/25"], &["10.0.0.0/23"]);
        merged(&["10.0.2.0/24", "10.0.1.0/24"], &["10.0.1.0/24", "10.0.2.0/24"]);
        merged(&["8000::/1", "::/1"], &["::/0"]);
        merged(&[], &[]);
        check_error("cidr_merge", &[list(["10.0.0.0/8", "::/0"])], 0, "One call takes one address family.");
        check_error("cidr_merge", &[Value::List(vec!["::/0".into(), Value::Null])], 0, "Element 1 is null.");
    }

    #[test]
    fn subtract_leaves_the_rest() {
        let subtracted = |from: &[&str], remove: &[&str], answer: &[&str]| {
            let arguments = [list(from.iter().copied()), list(remove.iter().copied())];
            check("cidr_subtract", &arguments, list(answer.iter().copied()));
        };
        subtracted(&["10.0.0.0/24"], &["10.0.0.64/26"], &["10.0.0.0/26", "10.0.0.128/25"]);
        subtracted(&["10.0.0.0/24"], &["10.0.0.0/8"], &[]);
        subtracted(&["10.0.1.0/24", "10.0.0.0/24"], &[], &["10.0.0.0/23"]);
        subtracted(&[], &["::/0"], &[]);
        let mixed = [list(["10.0.0.0/8"]), list(["::/0"])];
        check_error("cidr_subtract", &mixed, 1, "::/0 is IPv6 and 10.0.0.0/8 is IPv4");
    }
}
