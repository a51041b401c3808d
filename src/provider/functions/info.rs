//! `cidr_info`.

use std::net::IpAddr;

use super::arguments::{Result, cidr, parameter, strings};
use crate::ipam::{Cidr, Family, address, blocks};
use crate::tf::{Function, Number, Signature, Type, Value};

/// Blocks with a special purpose, by the name of its attribute.
const PURPOSES: [(&str, &[&str]); 6] = [
    // RFC 1918 §3; RFC 4193 §3.1 (unique local).
    ("is_private", &["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"]),
    // RFC 6598 §7.
    ("is_shared", &["100.64.0.0/10"]),
    // RFC 5737 §3; RFC 3849 §2; RFC 9637.
    ("is_documentation", &["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20"]),
    // RFC 3927 §2.1; RFC 4291 §2.5.6.
    ("is_link_local", &["169.254.0.0/16", "fe80::/10"]),
    // RFC 1122 §3.2.1.3; RFC 4291 §2.5.3.
    ("is_loopback", &["127.0.0.0/8", "::1/128"]),
    // RFC 5771 §3; RFC 4291 §2.7.
    ("is_multicast", &["224.0.0.0/4", "ff00::/8"]),
];

pub(super) struct CidrInfo;

impl Function for CidrInfo {
    fn name(&self) -> &'static str {
        "cidr_info"
    }

    fn signature(&self) -> Signature {
        Signature {
            summary: "Returns the properties of a CIDR",
            description: DESCRIPTION,
            parameters: vec![parameter("cidr", Type::String, "CIDR whose properties are returned.")],
            variadic: None,
            returns: returns(),
        }
    }

    fn call(&self, arguments: &[Value]) -> Result<Value> {
        Ok(info(cidr(arguments, 0)?))
    }
}

const DESCRIPTION: &str = "Returns an object with the values that follow from the CIDR alone:\n\n\
- `cidr`: the CIDR in its canonical form.\n\
- `address_family`: `ipv4` or `ipv6`.\n\
- `netmask_length`: number of bits in the netmask.\n\
- `netmask`: the netmask in dotted decimal form; null for IPv6.\n\
- `first_address`, `last_address`: the first and the last address of the CIDR.\n\
- `address_count`: exact number of addresses, even for `::/0`.\n\
- `first_host_address`, `last_host_address`: the first and the last address that hosts of an IPv4 subnet can have. \
Hosts can have all addresses except the first and the last, both addresses of a /31 \
([RFC 3021](https://www.rfc-editor.org/rfc/rfc3021)), and the only address of a /32. Null for IPv6.\n\
- `broadcast_address`: the last address of an IPv4 subnet; null for a /31, a /32 and IPv6.\n\
- `is_private` ([RFC 1918](https://www.rfc-editor.org/rfc/rfc1918), \
[RFC 4193](https://www.rfc-editor.org/rfc/rfc4193)), `is_shared` ([RFC 6598](https://www.rfc-editor.org/rfc/rfc6598)), \
`is_documentation` ([RFC 5737](https://www.rfc-editor.org/rfc/rfc5737), \
[RFC 3849](https://www.rfc-editor.org/rfc/rfc3849), [RFC 9637](https://www.rfc-editor.org/rfc/rfc9637)), \
`is_link_local`, `is_loopback`, `is_multicast`: whether the whole CIDR is reserved for that purpose.\n\
- `reverse_zones`: the result of the function `reverse_zones`.\n\n\
```terraform\n\
provider::ipam::cidr_info(\"10.0.0.0/24\").netmask            # \"255.255.255.0\"\n\
provider::ipam::cidr_info(\"10.0.0.0/24\").last_host_address  # \"10.0.0.254\"\n\
provider::ipam::cidr_info(\"2001:db8::/64\").address_count    # 18446744073709551616\n\
```";

fn returns() -> Type {
    let fixed = [
        ("cidr", Type::String),
        ("address_family", Type::String),
        ("netmask_length", Type::Number),
        ("netmask", Type::String),
        ("first_address", Type::String),
        ("last_address", Type::String),
        ("address_count", Type::Number),
        ("first_host_address", Type::String),
        ("last_host_address", Type::String),
        ("broadcast_address", Type::String),
        ("reverse_zones", Type::list(Type::String)),
    ];
    Type::object(fixed.into_iter().chain(PURPOSES.map(|(name, _)| (name, Type::Bool))))
}

fn info(cidr: Cidr) -> Value {
    let text = |text: String| Value::String(text);
    let in_v4 = |address: Option<IpAddr>| address.map_or(Value::Null, |address| text(address.to_string()));
    let v4 = (cidr.family() == Family::Ipv4).then(|| Ipv4Subnet::of(cidr));
    let fixed = [
        ("cidr", text(cidr.to_string())),
        ("address_family", text(cidr.family().to_string())),
        ("netmask_length", i64::from(cidr.netmask_length()).into()),
        ("netmask", in_v4(v4.as_ref().map(|v4| v4.netmask))),
        ("first_address", text(cidr.first_address().to_string())),
        ("last_address", text(cidr.last_address().to_string())),
        ("address_count", Value::Number(Number::from(cidr.address_count()))),
        ("first_host_address", in_v4(v4.as_ref().map(|v4| v4.first_host))),
        ("last_host_address", in_v4(v4.as_ref().map(|v4| v4.last_host))),
        ("broadcast_address", in_v4(v4.as_ref().and_then(|v4| v4.broadcast))),
        ("reverse_zones", strings(blocks::reverse_zones(cidr))),
    ];
    let purposes = PURPOSES.map(|(name, blocks)| (name, Value::Bool(is_within(&cidr, blocks))));
    Value::Map(fixed.into_iter().chain(purposes).map(|(name, value)| (name.to_owned(), value)).collect())
}

fn is_within(cidr: &Cidr, blocks: &[&str]) -> bool {
    blocks.iter().any(|block| block.parse::<Cidr>().is_ok_and(|block| block.contains(cidr)))
}

/// The values that only IPv4 subnets have.
struct Ipv4Subnet {
    netmask: IpAddr,
    first_host: IpAddr,
    last_host: IpAddr,
    broadcast: Option<IpAddr>,
}

impl Ipv4Subnet {
    fn of(cidr: Cidr) -> Self {
        let v4 = |number| address(Family::Ipv4, number);
        // RFC 3021: hosts can have both addresses of a /31, and there is no broadcast address.
        let edge = u128::from(cidr.host_bits() > 1);
        Self {
            netmask: v4(u128::from(u32::MAX) ^ (cidr.last() - cidr.first())),
            first_host: v4(cidr.first() + edge),
            last_host: v4(cidr.last() - edge),
            broadcast: (edge == 1).then(|| cidr.last_address()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, check_error, list};
    use super::*;

    fn check(cidr: &str, expected: &[(&str, Value)]) {
        let info = call("cidr_info", &[cidr.into()]).unwrap();
        for (name, value) in expected {
            assert_eq!(info.entry(name), value, "{name} of {cidr}");
        }
    }

    #[test]
    fn every_value_is_given_for_an_ipv4_block() {
        check(
            "10.0.0.0/23",
            &[
                ("cidr", "10.0.0.0/23".into()),
                ("address_family", "ipv4".into()),
                ("netmask_length", 23.into()),
                ("netmask", "255.255.254.0".into()),
                ("first_address", "10.0.0.0".into()),
                ("last_address", "10.0.1.255".into()),
                ("address_count", 512.into()),
                ("first_host_address", "10.0.0.1".into()),
                ("last_host_address", "10.0.1.254".into()),
                ("broadcast_address", "10.0.1.255".into()),
                ("is_private", true.into()),
                ("is_shared", false.into()),
                ("reverse_zones", list(["0.0.10.in-addr.arpa", "1.0.10.in-addr.arpa"])),
            ],
        );
    }

    #[test]
    fn smallest_and_largest_subnets_are_exact() {
        check(
            "192.0.2.0/31",
            &[
                ("first_host_address", "192.0.2.0".into()),
                ("last_host_address", "192.0.2.1".into()),
                ("broadcast_address", Value::Null),
            ],
        );
        check(
            "192.0.2.7/32",
            &[
                ("netmask", "255.255.255.255".into()),
                ("address_count", 1.into()),
                ("first_host_address", "192.0.2.7".into()),
                ("last_host_address", "192.0.2.7".into()),
                ("broadcast_address", Value::Null),
            ],
        );
        check("0.0.0.0/0", &[("netmask", "0.0.0.0".into()), ("address_count", 4_294_967_296.into())]);
        let all = Value::Number("340282366920938463463374607431768211456".parse().unwrap());
        check("::/0", &[("address_count", all), ("last_address", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff".into())]);
    }

    #[test]
    fn values_of_ipv4_alone_are_null_for_ipv6() {
        let nulls = ["netmask", "first_host_address", "last_host_address", "broadcast_address"];
        check("2001:DB8::/64", &nulls.map(|name| (name, Value::Null)));
        check("2001:DB8::/64", &[("cidr", "2001:db8::/64".into()), ("is_documentation", true.into())]);
        check("2001:db8::1/128", &[("netmask_length", 128.into()), ("address_count", 1.into())]);
    }

    #[test]
    fn a_purpose_applies_to_the_whole_block() {
        let purposes = |cidr: &str, expected: &[&str]| {
            let info = call("cidr_info", &[cidr.into()]).unwrap();
            let found: Vec<_> =
                PURPOSES.iter().map(|(name, _)| *name).filter(|name| *info.entry(name) == Value::Bool(true)).collect();
            assert_eq!(found, expected, "{cidr}");
        };
        purposes("172.16.0.0/12", &["is_private"]);
        purposes("172.0.0.0/11", &[]);
        purposes("fd00::/8", &["is_private"]);
        purposes("100.64.0.0/10", &["is_shared"]);
        purposes("3fff::/20", &["is_documentation"]);
        purposes("169.254.169.254/32", &["is_link_local"]);
        purposes("::1/128", &["is_loopback"]);
        purposes("239.0.0.0/8", &["is_multicast"]);
        purposes("8.8.8.0/24", &[]);
        purposes("::/0", &[]);
    }

    #[test]
    fn every_purpose_consists_of_valid_blocks() {
        for block in PURPOSES.iter().flat_map(|(_, blocks)| blocks.iter()) {
            assert_eq!(block.parse::<Cidr>().map(|cidr| cidr.to_string()).as_deref(), Ok(*block));
        }
    }

    #[test]
    fn host_bits_are_refused() {
        check_error("cidr_info", &["10.0.0.1/24".into()], 0, "10.0.0.0/24");
    }
}
