//! Facts about a block that every resource with a CIDR shows.

use num_bigint::BigUint;

use crate::ipam::{Cidr, Family};
use crate::tf::Number;

/// The netmask in dotted form; `None` for IPv6, which has none.
pub(super) fn netmask(cidr: &Cidr) -> Option<String> {
    (cidr.family() == Family::Ipv4).then(|| {
        let mask = u32::MAX.checked_shl(u32::from(cidr.host_bits())).unwrap_or(0);
        std::net::Ipv4Addr::from(mask).to_string()
    })
}

/// An exact count as a Terraform number.
pub(super) fn count(addresses: BigUint) -> Number {
    Number::from(addresses)
}

/// Fills the fields that every model of a block has.
#[macro_export]
#[doc(hidden)]
macro_rules! fill_block_attributes {
    ($model:expr, $cidr:expr) => {{
        let (model, cidr) = ($model, $cidr);
        model.cidr = $crate::tf::Tf::Known(cidr);
        model.netmask_length = $crate::tf::Tf::Known(cidr.netmask_length());
        model.address_family = $crate::tf::Tf::Known(cidr.family());
        model.network = $crate::tf::Tf::Known(cidr.first_address().to_string());
        model.netmask = $crate::provider::block_attributes::netmask(&cidr).into();
        model.first_address = $crate::tf::Tf::Known(cidr.first_address().to_string());
        model.last_address = $crate::tf::Tf::Known(cidr.last_address().to_string());
        model.address_count = $crate::tf::Tf::Known($crate::provider::block_attributes::count(cidr.address_count()));
        model.reverse_zones = $crate::tf::Tf::Known($crate::ipam::blocks::reverse_zones(cidr));
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn netmasks_are_dotted_for_ipv4_only() {
        for (cidr, mask) in
            [("0.0.0.0/0", "0.0.0.0"), ("10.0.0.0/20", "255.255.240.0"), ("10.0.0.1/32", "255.255.255.255")]
        {
            assert_eq!(netmask(&cidr.parse().unwrap()).as_deref(), Some(mask));
        }
        assert_eq!(netmask(&"::/0".parse().unwrap()), None);
    }
}
