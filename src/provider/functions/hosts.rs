//! `cidr_hosts`.

use num_bigint::BigUint;

use super::arguments::{Result, cidr, parameter};
use crate::ipam::{Cidr, Family, address};
use crate::tf::{Function, Number, Signature, Type, Value};

pub(super) struct CidrHosts;

impl Function for CidrHosts {
    fn name(&self) -> &'static str {
        "cidr_hosts"
    }

    fn signature(&self) -> Signature {
        Signature {
            summary: "Returns the addresses that hosts in a CIDR can have",
            description: "Returns an object about the addresses that hosts of a subnet can have:\n\n\
                - `first`, `last`: the first and the last of these addresses.\n\
                - `count`: their exact number, even for `::/0`.\n\
                - `gateway`: the address that a gateway has by convention, which is the first; null for a CIDR with \
                one address.\n\n\
                Hosts of an IPv4 subnet can have all addresses except the first (the network) and the last (the \
                broadcast address). Hosts of an IPv6 subnet can have all addresses except the first, which is the \
                Subnet-Router anycast address ([RFC 4291](https://www.rfc-editor.org/rfc/rfc4291)). They can have both \
                addresses of a /31 ([RFC 3021](https://www.rfc-editor.org/rfc/rfc3021)) and of a /127 \
                ([RFC 6164](https://www.rfc-editor.org/rfc/rfc6164)), and the only address of a /32 and of a /128. \
                Clouds may keep more addresses for themselves: AWS keeps the first four and the last one of a \
                subnet.\n\n\
                ```terraform\n\
                provider::ipam::cidr_hosts(\"10.0.0.0/24\").first      # \"10.0.0.1\"\n\
                provider::ipam::cidr_hosts(\"10.0.0.0/24\").last       # \"10.0.0.254\"\n\
                provider::ipam::cidr_hosts(\"10.0.0.0/24\").count      # 254\n\
                provider::ipam::cidr_hosts(\"2001:db8::/64\").gateway  # \"2001:db8::1\"\n\
                ```",
            parameters: vec![parameter("cidr", Type::String, "CIDR of the subnet.")],
            variadic: None,
            returns: Type::object([
                ("first", Type::String),
                ("last", Type::String),
                ("count", Type::Number),
                ("gateway", Type::String),
            ]),
        }
    }

    fn call(&self, arguments: &[Value]) -> Result<Value> {
        Ok(hosts(cidr(arguments, 0)?))
    }
}

fn hosts(cidr: Cidr) -> Value {
    // Addresses at the beginning and at the end that hosts cannot have.
    let (before, after) = match cidr.family() {
        _ if cidr.host_bits() <= 1 => (0u8, 0u8),
        Family::Ipv4 => (1, 1),
        Family::Ipv6 => (1, 0),
    };
    let text = |number: u128| Value::String(address(cidr.family(), number).to_string());
    let first = text(cidr.first() + u128::from(before));
    let count: BigUint = cidr.address_count() - before - after;
    let entries = [
        ("gateway", if cidr.host_bits() == 0 { Value::Null } else { first.clone() }),
        ("first", first),
        ("last", text(cidr.last() - u128::from(after))),
        ("count", Value::Number(Number::from(count))),
    ];
    Value::Map(entries.map(|(name, value)| (name.to_owned(), value)).into())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, check_error};
    use super::*;

    fn check(cidr: &str, first: &str, last: &str, count: &str, gateway: Option<&str>) {
        let hosts = call("cidr_hosts", &[cidr.into()]).unwrap();
        let expected = [
            ("first", first.into()),
            ("last", last.into()),
            ("count", Value::Number(count.parse().unwrap())),
            ("gateway", gateway.map_or(Value::Null, Value::from)),
        ];
        for (name, value) in expected {
            assert_eq!(hosts.entry(name), &value, "{name} of {cidr}");
        }
    }

    #[test]
    fn hosts_have_neither_the_network_nor_the_broadcast_address() {
        check("10.0.0.0/24", "10.0.0.1", "10.0.0.254", "254", Some("10.0.0.1"));
        check("10.0.0.0/30", "10.0.0.1", "10.0.0.2", "2", Some("10.0.0.1"));
        check("0.0.0.0/0", "0.0.0.1", "255.255.255.254", "4294967294", Some("0.0.0.1"));
    }

    #[test]
    fn ipv6_has_no_broadcast_address() {
        check(
            "2001:db8::/64",
            "2001:db8::1",
            "2001:db8::ffff:ffff:ffff:ffff",
            "18446744073709551615",
            Some("2001:db8::1"),
        );
        let last = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
        check("::/0", "::1", last, "340282366920938463463374607431768211455", Some("::1"));
        check("::ffff:10.0.0.0/120", "::ffff:10.0.0.1", "::ffff:10.0.0.255", "255", Some("::ffff:10.0.0.1"));
    }

    #[test]
    fn the_smallest_subnets_have_all_their_addresses() {
        check("192.0.2.0/31", "192.0.2.0", "192.0.2.1", "2", Some("192.0.2.0"));
        check("192.0.2.7/32", "192.0.2.7", "192.0.2.7", "1", None);
        check("2001:db8::/127", "2001:db8::", "2001:db8::1", "2", Some("2001:db8::"));
        check("2001:db8::7/128", "2001:db8::7", "2001:db8::7", "1", None);
    }

    #[test]
    fn what_is_not_a_cidr_is_an_error() {
        check_error(
            "cidr_hosts",
            &["10.0.0.1/24".into()],
            0,
            "has host bits set: the /24 block it lies in is 10.0.0.0/24.",
        );
        check_error("cidr_hosts", &["fe80::%1/64".into()], 0, "is not a CIDR");
        check_error("cidr_hosts", &["10.0.0.0".into()], 0, "write \"10.0.0.0/32\"");
    }
}
