//! `reverse_zones`.

use super::arguments::{Result, cidr, parameter, strings};
use crate::ipam::blocks;
use crate::tf::{Function, Signature, Type, Value};

pub(super) struct ReverseZones;

impl Function for ReverseZones {
    fn name(&self) -> &'static str {
        "reverse_zones"
    }

    fn signature(&self) -> Signature {
        Signature {
            summary: "Returns the names of the reverse DNS zones of a CIDR",
            description: "Returns the `in-addr.arpa` or `ip6.arpa` zones that contain the PTR records of the CIDR, at \
                octet (IPv4) or nibble (IPv6) boundaries, without a dot at the end. For a CIDR that is too small for \
                its own zone (longer than /24 or /124), the function returns the zone that contains it.\n\n\
                ```terraform\n\
                provider::ipam::reverse_zones(\"198.18.12.0/23\")   # [\"12.18.198.in-addr.arpa\", \"13.18.198.in-addr.arpa\"]\n\
                provider::ipam::reverse_zones(\"2001:db8::/32\")    # [\"8.b.d.0.1.0.0.2.ip6.arpa\"]\n\
                provider::ipam::reverse_zones(\"198.18.12.128/25\") # [\"12.18.198.in-addr.arpa\"]\n\
                ```",
            parameters: vec![parameter("cidr", Type::String, "CIDR whose zones are returned.")],
            variadic: None,
            returns: Type::list(Type::String),
        }
    }

    fn call(&self, arguments: &[Value]) -> Result<Value> {
        Ok(strings(blocks::reverse_zones(cidr(arguments, 0)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_error, list};

    #[test]
    fn block_has_the_zones_of_its_addresses() {
        let zones = |cidr: &str, answer: &[&str]| check("reverse_zones", &[cidr.into()], list(answer.iter().copied()));
        zones("198.18.12.0/23", &["12.18.198.in-addr.arpa", "13.18.198.in-addr.arpa"]);
        zones("2001:db8::/32", &["8.b.d.0.1.0.0.2.ip6.arpa"]);
        zones("198.18.12.128/25", &["12.18.198.in-addr.arpa"]);
        zones("0.0.0.0/0", &["in-addr.arpa"]);
        check_error("reverse_zones", &["198.18.12.1/23".into()], 0, "198.18.12.0/23");
    }
}
