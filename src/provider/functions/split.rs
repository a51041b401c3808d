//! `cidr_split`, `cidr_split_into`, `cidr_at`.

use super::arguments::{Result, cidr, index, netmask_length, netmask_lengths, parameter, refused, strings, wrong};
use crate::ipam::{blocks, relations};
use crate::tf::{Function, Signature, Type, Value};

pub(super) struct CidrSplit;

impl Function for CidrSplit {
    fn name(&self) -> &'static str {
        "cidr_split"
    }

    fn signature(&self) -> Signature {
        Signature {
            summary: "Divides a CIDR into CIDRs of one size",
            description: "Returns all CIDRs of the given netmask length in a CIDR, in order. More than 65,536 CIDRs \
                are an error.\n\n\
                ```terraform\n\
                provider::ipam::cidr_split(\"10.0.0.0/24\", 26)\n\
                # [\"10.0.0.0/26\", \"10.0.0.64/26\", \"10.0.0.128/26\", \"10.0.0.192/26\"]\n\
                ```",
            parameters: vec![
                parameter("cidr", Type::String, "CIDR to divide."),
                parameter(
                    "netmask_length",
                    Type::Number,
                    "Netmask length of the resulting CIDRs, not shorter than that of `cidr`.",
                ),
            ],
            variadic: None,
            returns: Type::list(Type::String),
        }
    }

    fn call(&self, arguments: &[Value]) -> Result<Value> {
        let cidr = cidr(arguments, 0)?;
        let netmask_length = netmask_length(arguments.get(1), 1, cidr.family())?;
        blocks::split(cidr, netmask_length).map(strings).map_err(|error| refused(1, cidr, &error))
    }
}

pub(super) struct CidrSplitInto;

impl Function for CidrSplitInto {
    fn name(&self) -> &'static str {
        "cidr_split_into"
    }

    fn signature(&self) -> Signature {
        Signature {
            summary: "Divides a CIDR into disjoint CIDRs of given sizes",
            description: "Returns one CIDR for each netmask length, in the given order. Each CIDR is placed in the \
                smallest free space that is large enough (best fit). So the lengths fit in any order if their sum \
                fits, and a length that is added at the end of the list moves none of the CIDRs before it.\n\n\
                ```terraform\n\
                provider::ipam::cidr_split_into(\"10.0.0.0/24\", [26, 28, 25])\n\
                # [\"10.0.0.0/26\", \"10.0.0.64/28\", \"10.0.0.128/25\"]\n\
                ```",
            parameters: vec![
                parameter("cidr", Type::String, "CIDR to divide."),
                parameter(
                    "netmask_lengths",
                    Type::list(Type::Number),
                    "List of netmask lengths, one for each resulting CIDR.",
                ),
            ],
            variadic: None,
            returns: Type::list(Type::String),
        }
    }

    fn call(&self, arguments: &[Value]) -> Result<Value> {
        let cidr = cidr(arguments, 0)?;
        let netmask_lengths = netmask_lengths(arguments, 1, cidr.family())?;
        blocks::split_into(cidr, &netmask_lengths).map(strings).map_err(|error| refused(1, cidr, &error))
    }
}

pub(super) struct CidrAt;

impl Function for CidrAt {
    fn name(&self) -> &'static str {
        "cidr_at"
    }

    fn signature(&self) -> Signature {
        Signature {
            summary: "Returns the n-th CIDR of one size in a CIDR",
            description: "Returns one of the CIDRs that `cidr_split` returns, by its position. Unlike `cidr_split`, it \
                has no limit of 65,536 CIDRs. A position that is not in the CIDR is an error.\n\n\
                ```terraform\n\
                provider::ipam::cidr_at(\"10.0.0.0/16\", 24, 3)               # \"10.0.3.0/24\"\n\
                provider::ipam::cidr_at(\"2001:db8::/32\", 64, 4294967295)    # \"2001:db8:ffff:ffff::/64\"\n\
                ```",
            parameters: vec![
                parameter("cidr", Type::String, "CIDR to divide."),
                parameter(
                    "netmask_length",
                    Type::Number,
                    "Netmask length of the resulting CIDR, not shorter than that of `cidr`.",
                ),
                parameter("index", Type::Number, "Position of the resulting CIDR, from 0."),
            ],
            variadic: None,
            returns: Type::String,
        }
    }

    fn call(&self, arguments: &[Value]) -> Result<Value> {
        let cidr = cidr(arguments, 0)?;
        let netmask_length = netmask_length(arguments.get(1), 1, cidr.family())?;
        let index = index(arguments.get(2), 2)?;
        let refused = |error| refused(1, cidr, &error);
        match relations::nth(cidr, netmask_length, &index).map_err(refused)? {
            Some(block) => Ok(Value::String(block.to_string())),
            None => {
                let count = blocks::block_count(cidr, netmask_length).map_err(refused)?;
                let last = &count - 1u8;
                Err(wrong(
                    2,
                    format!(
                        "{index} is too large: {cidr} has {count} /{netmask_length}, at the positions 0 to {last}."
                    ),
                ))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_error, list};
    use crate::tf::Value;

    fn numbers(numbers: &[i64]) -> Value {
        Value::List(numbers.iter().map(|number| (*number).into()).collect())
    }

    #[test]
    fn split_gives_all_blocks_of_the_length() {
        check("cidr_split", &["10.0.0.0/24".into(), 25.into()], list(["10.0.0.0/25", "10.0.0.128/25"]));
        check("cidr_split", &["0.0.0.0/0".into(), 0.into()], list(["0.0.0.0/0"]));
        check("cidr_split", &["::1/128".into(), 128.into()], list(["::1/128"]));
    }

    #[test]
    fn an_impossible_split_is_an_error_with_the_reason() {
        let wrong =
            |cidr: &str, length: Value, needle: &str| check_error("cidr_split", &[cidr.into(), length], 1, needle);
        wrong("10.0.0.0/24", 23.into(), "10.0.0.0/24 is smaller than a /23: use a length of 24 or longer.");
        wrong(
            "10.0.0.0/24",
            33.into(),
            "33 is not a netmask length of IPv4: netmask lengths are whole numbers from 0 to 32.",
        );
        wrong("10.0.0.0/24", (-1).into(), "-1 is not a netmask length");
        wrong("::/0", Value::Number("24.5".parse().unwrap()), "24.5 is not a netmask length of IPv6");
        wrong("::/0", 64.into(), "The result would be 18446744073709551616 blocks; a call returns at most 65536.");
    }

    #[test]
    fn split_into_keeps_the_requested_order() {
        let arguments = ["10.0.0.0/24".into(), numbers(&[26, 28, 25])];
        check("cidr_split_into", &arguments, list(["10.0.0.0/26", "10.0.0.64/28", "10.0.0.128/25"]));
        check("cidr_split_into", &["::/0".into(), numbers(&[])], list([]));
    }

    #[test]
    fn split_into_names_the_length_that_does_not_fit() {
        let wrong = |lengths: Value, needle: &str| {
            check_error("cidr_split_into", &["10.0.0.0/24".into(), lengths], 1, needle);
        };
        let needle = "Element 2: a /25 no longer fits in 10.0.0.0/24. The elements before it leave 64 addresses.";
        wrong(numbers(&[26, 25, 25]), needle);
        wrong(numbers(&[24, 32]), "leave 0 addresses.");
        wrong(numbers(&[24, 33]), "Element 1: 33 is not a netmask length of IPv4");
        wrong(Value::List(vec![Value::Null]), "Element 0: A number is needed here.");
    }
    #[test]
    fn a_block_is_found_by_its_position() {
        let at = |cidr: &str, length: i64, index: &str, answer: &str| {
            check("cidr_at", &[cidr.into(), length.into(), Value::Number(index.parse().unwrap())], answer);
        };
        at("10.0.0.0/16", 24, "3", "10.0.3.0/24");
        at("0.0.0.0/0", 0, "0", "0.0.0.0/0");
        at("::/0", 0, "0", "::/0");
        at("192.0.2.0/31", 32, "1", "192.0.2.1/32");
        at("::/127", 128, "1", "::1/128");
        at("::/0", 128, "340282366920938463463374607431768211455", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128");
    }

    #[test]
    fn a_position_that_is_not_there_is_an_error_with_the_positions() {
        let wrong = |cidr: &str, length: i64, index: &str, position: usize, needle: &str| {
            let arguments = [cidr.into(), length.into(), Value::Number(index.parse().unwrap())];
            check_error("cidr_at", &arguments, position, needle);
        };
        wrong("10.0.0.0/24", 26, "4", 2, "4 is too large: 10.0.0.0/24 has 4 /26, at the positions 0 to 3.");
        wrong("::/0", 128, "1e40", 2, "has 340282366920938463463374607431768211456 /128, at the positions 0 to");
        wrong("10.0.0.0/24", 26, "-1", 2, "-1 is not a position: positions are whole numbers from 0.");
        wrong("10.0.0.0/24", 26, "0.5", 2, "0.5 is not a position");
        wrong("10.0.0.0/24", 23, "0", 1, "10.0.0.0/24 is smaller than a /23: use a length of 24 or longer.");
        wrong("10.0.0.0/24", 33, "0", 1, "33 is not a netmask length of IPv4");
        wrong("10.0.0.7/24", 26, "0", 0, "has host bits set");
    }
}
