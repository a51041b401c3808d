//! `cidr_valid`.

use super::arguments::{Result, cidr, parameter, wrong};
use crate::tf::{Function, Signature, Type, Value};

pub(super) struct CidrValid;

impl Function for CidrValid {
    fn name(&self) -> &'static str {
        "cidr_valid"
    }

    fn signature(&self) -> Signature {
        Signature {
            summary: "Checks whether a text is a CIDR",
            description: "Returns `true` if the text is a CIDR that the resources and functions of this provider \
                accept: an IPv4 or IPv6 address without host bits, a slash, and a netmask length. Anything else is \
                `false` and not an error: an address alone, host bits, a netmask such as `/255.0.0.0`, a zone such as \
                `%eth0`, leading zeros, blanks. Use the function in `validation` blocks.\n\n\
                ```terraform\n\
                provider::ipam::cidr_valid(\"10.0.0.0/8\")  # true\n\
                provider::ipam::cidr_valid(\"10.0.0.1/8\")  # false\n\
                provider::ipam::cidr_valid(\"10.0.0.0\")    # false\n\
                ```",
            parameters: vec![parameter("text", Type::String, "Text to check.")],
            variadic: None,
            returns: Type::Bool,
        }
    }

    fn call(&self, arguments: &[Value]) -> Result<Value> {
        match arguments.first() {
            Some(Value::String(_)) => Ok(cidr(arguments, 0).is_ok().into()),
            _ => Err(wrong(0, "A string is needed here.")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;

    #[test]
    fn only_a_cidr_without_host_bits_is_valid() {
        let valid = ["0.0.0.0/0", "10.0.0.0/8", "192.0.2.0/31", "192.0.2.1/32", "::/0", "::/127", "::1/128"];
        for text in valid.iter().chain(&["2001:DB8::/32", "2001:0db8::/32", "::ffff:10.0.0.0/104"]) {
            check("cidr_valid", &[(*text).into()], true);
        }
        let invalid = ["", "ten", "10.0.0.0", "::1", "10.0.0.1/8", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1"];
        let odd = ["10.0.0.0/08", "010.0.0.0/8", "10.0.0.0/255.0.0.0", "fe80::%eth0/64", " 10.0.0.0/8", "10.0.0.0/8\n"];
        for text in invalid.iter().chain(&odd).chain(&["10.0.0.0/8/8", "10.0.0/24", "::ffff:10.0.0.1/104"]) {
            check("cidr_valid", &[(*text).into()], false);
        }
    }
}
