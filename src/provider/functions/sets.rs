//! `cidr_merge`, `cidr_subtract`, `cidr_intersect`, `cidr_supernet`, `cidr_sort`.

use super::arguments::{Result, cidrs, parameter, same_family, strings, too_many, wrong};
use crate::ipam::{blocks, relations};
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

pub(super) struct CidrIntersect;

impl Function for CidrIntersect {
    fn name(&self) -> &'static str {
        "cidr_intersect"
    }

    fn signature(&self) -> Signature {
        Signature {
            summary: "Returns the addresses that two lists of CIDRs have in common",
            description: "Returns the shortest list of CIDRs with exactly the addresses that are in `a` and in `b`. \
                The list is sorted, and may be empty.\n\n\
                ```terraform\n\
                provider::ipam::cidr_intersect([\"10.0.0.0/16\"], [\"10.0.4.0/24\", \"10.1.0.0/16\"]) # [\"10.0.4.0/24\"]\n\
                ```",
            parameters: vec![
                parameter("a", Type::list(Type::String), "List of CIDRs of one address family, in any order."),
                parameter("b", Type::list(Type::String), "List of CIDRs of the same address family."),
            ],
            variadic: None,
            returns: Type::list(Type::String),
        }
    }

    fn call(&self, arguments: &[Value]) -> Result<Value> {
        let (a, b) = (cidrs(arguments, 0)?, cidrs(arguments, 1)?);
        if let (Some(a), Some(b)) = (a.first(), b.first()) {
            same_family(1, *a, *b)?;
        }
        Ok(strings(relations::intersect(a, b)))
    }
}

pub(super) struct CidrSupernet;

impl Function for CidrSupernet {
    fn name(&self) -> &'static str {
        "cidr_supernet"
    }

    fn signature(&self) -> Signature {
        Signature {
            summary: "Returns the smallest CIDR that contains all given CIDRs",
            description: "Returns the smallest CIDR that contains all given CIDRs. It may contain other addresses as \
                well; `cidr_merge` returns exactly the given addresses.\n\n\
                ```terraform\n\
                provider::ipam::cidr_supernet([\"10.0.1.0/24\", \"10.0.2.0/24\"]) # \"10.0.0.0/22\"\n\
                ```",
            parameters: vec![parameter(
                "cidrs",
                Type::list(Type::String),
                "List of at least one CIDR; all of one address family, in any order.",
            )],
            variadic: None,
            returns: Type::String,
        }
    }

    fn call(&self, arguments: &[Value]) -> Result<Value> {
        match relations::supernet(cidrs(arguments, 0)?) {
            Some(whole) => Ok(Value::String(whole.to_string())),
            None => Err(wrong(0, "The list is empty: no CIDR is the smallest around nothing.")),
        }
    }
}

pub(super) struct CidrSort;

impl Function for CidrSort {
    fn name(&self) -> &'static str {
        "cidr_sort"
    }

    fn signature(&self) -> Signature {
        Signature {
            summary: "Sorts CIDRs by address",
            description: "Returns the CIDRs in the order of their first addresses. Of CIDRs with the same first \
                address, the larger comes first. CIDRs that are listed twice stay in the list twice. (`sort` compares \
                texts: it has 10.0.0.0/16 before 9.0.0.0/16.)\n\n\
                ```terraform\n\
                provider::ipam::cidr_sort([\"10.0.0.0/16\", \"9.0.0.0/16\", \"10.0.0.0/8\"])\n\
                # [\"9.0.0.0/16\", \"10.0.0.0/8\", \"10.0.0.0/16\"]\n\
                ```",
            parameters: vec![parameter("cidrs", Type::list(Type::String), "List of CIDRs of one address family.")],
            variadic: None,
            returns: Type::list(Type::String),
        }
    }

    fn call(&self, arguments: &[Value]) -> Result<Value> {
        let mut cidrs = cidrs(arguments, 0)?;
        cidrs.sort_unstable();
        Ok(strings(cidrs))
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
    #[test]
    fn intersection_has_the_common_addresses() {
        let common = |a: &[&str], b: &[&str], answer: &[&str]| {
            let arguments = [list(a.iter().copied()), list(b.iter().copied())];
            check("cidr_intersect", &arguments, list(answer.iter().copied()));
        };
        common(&["10.0.0.0/16"], &["10.0.4.0/24", "10.1.0.0/16"], &["10.0.4.0/24"]);
        common(&["10.0.0.0/25", "10.0.0.128/25"], &["10.0.0.0/8"], &["10.0.0.0/24"]);
        common(&["::/0"], &["::1/128", "8000::/1"], &["::1/128", "8000::/1"]);
        common(&["0.0.0.0/0"], &["0.0.0.0/0"], &["0.0.0.0/0"]);
        common(&["192.0.2.0/31"], &["192.0.2.1/32"], &["192.0.2.1/32"]);
        common(&["10.0.0.0/16"], &["10.1.0.0/16"], &[]);
        common(&[], &["::/0"], &[]);
        let mixed = [list(["10.0.0.0/8"]), list(["::ffff:10.0.0.0/104"])];
        check_error("cidr_intersect", &mixed, 1, "::ffff:10.0.0.0/104 is IPv6 and 10.0.0.0/8 is IPv4");
        check_error(
            "cidr_intersect",
            &[list([]), list(["10.0.0.1/8"])],
            1,
            "Element 0: \"10.0.0.1/8\" has host bits set",
        );
    }

    #[test]
    fn supernet_is_the_smallest_block_around_all() {
        let around = |cidrs: &[&str], answer: &str| check("cidr_supernet", &[list(cidrs.iter().copied())], answer);
        around(&["10.0.2.0/24", "10.0.1.0/24"], "10.0.0.0/22");
        around(&["10.0.0.0/8", "10.1.0.0/16"], "10.0.0.0/8");
        around(&["192.0.2.7/32"], "192.0.2.7/32");
        around(&["192.0.2.0/32", "192.0.2.1/32"], "192.0.2.0/31");
        around(&["0.0.0.0/32", "255.255.255.255/32"], "0.0.0.0/0");
        around(&["2001:db8::/128", "2001:db8::1/128"], "2001:db8::/127");
        check_error("cidr_supernet", &[list([])], 0, "The list is empty");
        check_error("cidr_supernet", &[list(["10.0.0.0/8", "::/0"])], 0, "One call takes one address family.");
        check_error("cidr_supernet", &[list([" 10.0.0.0/8"])], 0, "Element 0: \" 10.0.0.0/8\" is not a CIDR");
    }

    #[test]
    fn sorted_blocks_are_in_the_order_of_addresses() {
        let sorted = |cidrs: &[&str], answer: &[&str]| {
            check("cidr_sort", &[list(cidrs.iter().copied())], list(answer.iter().copied()));
        };
        sorted(&["10.0.0.0/16", "9.0.0.0/16", "10.0.0.0/8"], &["9.0.0.0/16", "10.0.0.0/8", "10.0.0.0/16"]);
        sorted(&["fd00:0:0:10::/64", "fd00:0:0:9::/64"], &["fd00:0:0:9::/64", "fd00:0:0:10::/64"]);
        sorted(&["::/0", "::/0"], &["::/0", "::/0"]);
        sorted(&[], &[]);
        check_error("cidr_sort", &[list(["::/0", "10.0.0.0/8"])], 0, "Element 1: 10.0.0.0/8 is IPv4 and ::/0 is IPv6.");
        check_error("cidr_sort", &[list(["fe80::1%eth0/64"])], 0, "Element 0: \"fe80::1%eth0/64\" is not a CIDR");
    }
}
