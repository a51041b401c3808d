//! `range_to_cidrs`.

use std::net::IpAddr;

use super::arguments::{Result, address, parameter, same_family, strings, wrong};
use crate::ipam::{Cidr, blocks};
use crate::tf::{Function, Signature, Type, Value};

pub(super) struct RangeToCidrs;

impl Function for RangeToCidrs {
    fn name(&self) -> &'static str {
        "range_to_cidrs"
    }

    fn signature(&self) -> Signature {
        Signature {
            summary: "Converts a range of addresses into CIDRs",
            description: "Returns the shortest list of CIDRs with exactly the addresses from `first` to `last`, \
                including both. The list is sorted.\n\n\
                ```terraform\n\
                provider::ipam::range_to_cidrs(\"10.0.0.0\", \"10.0.0.10\") # [\"10.0.0.0/29\", \"10.0.0.8/31\", \"10.0.0.10/32\"]\n\
                ```",
            parameters: vec![
                parameter("first", Type::String, "First address of the range."),
                parameter(
                    "last",
                    Type::String,
                    "Last address of the range, of the same address family and not before `first`.",
                ),
            ],
            variadic: None,
            returns: Type::list(Type::String),
        }
    }

    fn call(&self, arguments: &[Value]) -> Result<Value> {
        let single = |address: IpAddr| Cidr::from(ipnet::IpNet::from(address));
        let (first, last) = (single(address(arguments, 0)?), single(address(arguments, 1)?));
        same_family(1, first, last)?;
        if last < first {
            return Err(wrong(1, format!("{} is before {}.", last.first_address(), first.first_address())));
        }
        Ok(strings(blocks::range_to_cidrs(first.family(), first.first(), last.first())))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_error, list};

    #[test]
    fn range_is_covered_exactly() {
        let range = |first: &str, last: &str, answer: &[&str]| {
            check("range_to_cidrs", &[first.into(), last.into()], list(answer.iter().copied()));
        };
        range("10.0.0.0", "10.0.0.10", &["10.0.0.0/29", "10.0.0.8/31", "10.0.0.10/32"]);
        range("0.0.0.0", "255.255.255.255", &["0.0.0.0/0"]);
        range("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", &["::/0"]);
        range("2001:db8::1", "2001:db8::1", &["2001:db8::1/128"]);
    }

    #[test]
    fn an_invalid_range_is_an_error_with_the_reason() {
        let wrong = |arguments: [&str; 2], position: usize, needle: &str| {
            check_error("range_to_cidrs", &arguments.map(Into::into), position, needle);
        };
        wrong(["10.0.0.2", "10.0.0.1"], 1, "10.0.0.1 is before 10.0.0.2.");
        wrong(["10.0.0.2", "::1"], 1, "IPv6");
        wrong(["10.0.0.0/8", "10.0.0.1"], 0, "\"10.0.0.0/8\" is not an address such as 10.0.0.1 or 2001:db8::1.");
    }
}
