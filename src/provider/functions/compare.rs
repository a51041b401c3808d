//! `cidr_contains`, `cidr_overlaps`, `cidrs_overlap`, `ip_in`.

use super::arguments::{Result, address, cidr, cidr_or_address, cidrs, mixed_cidrs, parameter, same_family};
use crate::ipam::Cidr;
use crate::tf::{Function, Signature, Type, Value};

pub(super) struct CidrContains;

impl Function for CidrContains {
    fn name(&self) -> &'static str {
        "cidr_contains"
    }

    fn signature(&self) -> Signature {
        Signature {
            summary: "Checks whether a CIDR contains another CIDR or an address",
            description: "Returns `true` if every address of `other` is in `cidr`. A CIDR contains itself.\n\n\
                ```terraform\n\
                provider::ipam::cidr_contains(\"10.0.0.0/8\", \"10.1.0.0/16\") # true\n\
                provider::ipam::cidr_contains(\"10.0.0.0/8\", \"192.0.2.1\")   # false\n\
                ```",
            parameters: vec![
                parameter("cidr", Type::String, "CIDR that may contain `other`."),
                parameter("other", Type::String, "CIDR, or a single address, of the same address family."),
            ],
            variadic: None,
            returns: Type::Bool,
        }
    }

    fn call(&self, arguments: &[Value]) -> Result<Value> {
        let (cidr, other) = (cidr(arguments, 0)?, cidr_or_address(arguments, 1)?);
        same_family(1, cidr, other)?;
        Ok(cidr.contains(&other).into())
    }
}

pub(super) struct CidrOverlaps;

impl Function for CidrOverlaps {
    fn name(&self) -> &'static str {
        "cidr_overlaps"
    }

    fn signature(&self) -> Signature {
        Signature {
            summary: "Checks whether two CIDRs share an address",
            description: "Returns `true` if any address is in both CIDRs, which means that one contains the other.\n\n\
                ```terraform\n\
                provider::ipam::cidr_overlaps(\"10.0.0.0/8\", \"10.1.0.0/16\")  # true\n\
                provider::ipam::cidr_overlaps(\"10.0.0.0/16\", \"10.1.0.0/16\") # false\n\
                ```",
            parameters: vec![
                parameter("a", Type::String, "First CIDR."),
                parameter("b", Type::String, "Second CIDR, of the same address family."),
            ],
            variadic: None,
            returns: Type::Bool,
        }
    }

    fn call(&self, arguments: &[Value]) -> Result<Value> {
        let (a, b) = (cidr(arguments, 0)?, cidr(arguments, 1)?);
        same_family(1, a, b)?;
        Ok(a.overlaps(&b).into())
    }
}

pub(super) struct CidrsOverlap;

impl Function for CidrsOverlap {
    fn name(&self) -> &'static str {
        "cidrs_overlap"
    }

    fn signature(&self) -> Signature {
        Signature {
            summary: "Checks whether any two CIDRs of a list share an address",
            description: "Returns `true` if any address is in two or more CIDRs of the list. A CIDR that is listed \
                twice overlaps itself. Use the function in `validation` and `check` blocks.\n\n\
                ```terraform\n\
                variable \"cidrs\" {\n  type = list(string)\n\n  validation {\n    \
                condition     = !provider::ipam::cidrs_overlap(var.cidrs)\n    \
                error_message = \"The blocks must not overlap.\"\n  }\n}\n\
                ```",
            parameters: vec![parameter("cidrs", Type::list(Type::String), "List of CIDRs of one address family.")],
            variadic: None,
            returns: Type::Bool,
        }
    }

    fn call(&self, arguments: &[Value]) -> Result<Value> {
        let mut cidrs = cidrs(arguments, 0)?;
        // In order, with larger blocks first: a block that overlaps any later block overlaps the next one.
        cidrs.sort_unstable();
        Ok(cidrs.windows(2).any(|pair| pair[0].overlaps(&pair[1])).into())
    }
}

pub(super) struct IpIn;

impl Function for IpIn {
    fn name(&self) -> &'static str {
        "ip_in"
    }

    fn signature(&self) -> Signature {
        Signature {
            summary: "Checks whether an address is in any CIDR of a list",
            description: "Returns `true` if at least one CIDR of the list contains the address. The list may have \
                CIDRs of both address families: an IPv4 address is never in an IPv6 CIDR, and the other way round, \
                even for IPv4-mapped IPv6 addresses such as `::ffff:10.0.0.1`. An empty list contains no address.\n\n\
                ```terraform\n\
                provider::ipam::ip_in(\"10.1.2.3\", [\"10.0.0.0/8\", \"fd00::/8\"]) # true\n\
                provider::ipam::ip_in(\"192.0.2.1\", [\"10.0.0.0/8\", \"fd00::/8\"]) # false\n\
                ```",
            parameters: vec![
                parameter("ip", Type::String, "Address, without a netmask length."),
                parameter("cidrs", Type::list(Type::String), "List of CIDRs of any address family."),
            ],
            variadic: None,
            returns: Type::Bool,
        }
    }

    fn call(&self, arguments: &[Value]) -> Result<Value> {
        let address = Cidr::from(ipnet::IpNet::from(address(arguments, 0)?));
        Ok(mixed_cidrs(arguments, 1)?.iter().any(|cidr| cidr.contains(&address)).into())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_error, list};
    use crate::tf::Value;

    #[test]
    fn block_contains_its_blocks_and_addresses() {
        let contains = |cidr: &str, other: &str, answer: bool| {
            check("cidr_contains", &[cidr.into(), other.into()], answer);
        };
        contains("10.0.0.0/8", "10.255.255.255", true);
        contains("10.0.0.0/8", "10.0.0.0/8", true);
        contains("10.1.0.0/16", "10.0.0.0/8", false);
        contains("10.0.0.0/8", "11.0.0.0", false);
        contains("0.0.0.0/0", "255.255.255.255/32", true);
        contains("::/0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", true);
        contains("2001:db8::1/128", "2001:db8::1", true);
        contains("2001:db8::1/128", "2001:db8::2", false);
    }

    #[test]
    fn wrong_blocks_are_errors_on_their_argument() {
        let wrong = |arguments: [&str; 2], position: usize, needle: &str| {
            let arguments = arguments.map(Into::into);
            check_error("cidr_contains", &arguments, position, needle);
        };
        wrong(
            ["10.0.0.1/8", "10.0.0.1"],
            0,
            "\"10.0.0.1/8\" has host bits set: the /8 block it lies in is 10.0.0.0/8.",
        );
        wrong(["10.0.0.0/8", "10.0.0.1/8"], 1, "has host bits set");
        wrong(["10.0.0.1", "10.0.0.1"], 0, "write \"10.0.0.1/32\"");
        wrong(["10.0.0.0/8", "host"], 1, "\"host\" is neither a CIDR such as 10.0.0.0/16 nor an address");
        wrong(["10.0.0.0/8", "10.0.0.0/33"], 1, "from 0 to 32");
        wrong(["10.0.0.0/8", "::1"], 1, "::1/128 is IPv6 and 10.0.0.0/8 is IPv4: they cannot be compared.");
        check_error("cidr_overlaps", &["::/0".into(), "10.0.0.0/8".into()], 1, "10.0.0.0/8 is IPv4 and ::/0 is IPv6");
    }

    #[test]
    fn blocks_overlap_when_one_contains_the_other() {
        check("cidr_overlaps", &["10.0.0.0/8".into(), "10.1.0.0/16".into()], true);
        check("cidr_overlaps", &["10.1.0.0/16".into(), "10.0.0.0/8".into()], true);
        check("cidr_overlaps", &["10.0.0.0/16".into(), "10.1.0.0/16".into()], false);
        check("cidr_overlaps", &["::/0".into(), "::/128".into()], true);
    }

    #[test]
    fn overlap_of_any_two_in_a_list_is_found() {
        check("cidrs_overlap", &[list([])], false);
        check("cidrs_overlap", &[list(["10.0.0.0/8"])], false);
        check("cidrs_overlap", &[list(["10.3.0.0/16", "10.1.0.0/16", "10.2.0.0/16"])], false);
        check("cidrs_overlap", &[list(["10.3.0.0/16", "10.1.0.0/16", "10.0.0.0/8", "11.0.0.0/8"])], true);
        check("cidrs_overlap", &[list(["10.0.0.0/8", "11.0.0.0/8", "10.1.0.0/16"])], true);
        check("cidrs_overlap", &[list(["10.0.0.0/8", "10.0.0.0/8"])], true);
        check_error(
            "cidrs_overlap",
            &[list(["10.0.0.0/8", "::/0"])],
            0,
            "Element 1: ::/0 is IPv6 and 10.0.0.0/8 is IPv4.",
        );
        check_error("cidrs_overlap", &[list(["10.0.0.0/8", "10.0.0.0/x"])], 0, "Element 1: \"10.0.0.0/x\"");
    }
    #[test]
    fn an_address_is_in_a_list_when_one_block_contains_it() {
        let is_in = |ip: &str, cidrs: &[&str], answer: bool| {
            check("ip_in", &[ip.into(), list(cidrs.iter().copied())], answer);
        };
        let both = ["10.0.0.0/8", "fd00::/8"];
        is_in("10.255.255.255", &both, true);
        is_in("fd00::1", &both, true);
        is_in("11.0.0.0", &both, false);
        is_in("::ffff:10.0.0.1", &both, false);
        is_in("10.0.0.1", &["::/0"], false);
        is_in("0.0.0.0", &["0.0.0.0/0"], true);
        is_in("192.0.2.1", &["192.0.2.0/31"], true);
        is_in("::1", &["::/127"], true);
        is_in("::2", &["::1/128"], false);
        is_in("10.0.0.1", &[], false);
    }

    #[test]
    fn what_is_not_an_address_in_a_list_is_an_error() {
        let wrong = |ip: &str, cidrs: &[&str], position: usize, needle: &str| {
            check_error("ip_in", &[ip.into(), list(cidrs.iter().copied())], position, needle);
        };
        wrong("10.0.0.1/32", &[], 0, "\"10.0.0.1/32\" is not an address such as 10.0.0.1 or 2001:db8::1.");
        wrong("fe80::1%eth0", &[], 0, "\"fe80::1%eth0\" is not an address");
        wrong("10.0.0.1 ", &[], 0, "\"10.0.0.1 \" is not an address");
        wrong("10.0.0.1", &["::/0", "10.0.0.1/8"], 1, "Element 1: \"10.0.0.1/8\" has host bits set");
        check_error("ip_in", &["::1".into(), Value::List(vec![Value::Null])], 1, "Element 0 is null.");
    }
}
