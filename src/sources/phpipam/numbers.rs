//! Addresses as decimal numbers, as phpIPAM's database has them.

use std::net::{Ipv4Addr, Ipv6Addr};

/// The address in the usual form. A number below 2^32 is an IPv4 address, as phpIPAM has it too.
///
/// # Errors
/// The number is too large.
pub(super) fn dotted(text: &str) -> Result<String, &'static str> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(text.to_owned());
    }
    let number: u128 = text.parse().map_err(|_| "it has a number that is too large for an address.")?;
    Ok(match u32::try_from(number) {
        Ok(number) => Ipv4Addr::from(number).to_string(),
        Err(_) => Ipv6Addr::from(number).to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::dotted;

    #[test]
    fn decimal_numbers_are_addresses() {
        for (text, says) in [
            ("168427520", "10.10.0.0"),
            ("4294967295", "255.255.255.255"),
            ("336395549904799703390415618052362076160", "fd13:6d20:29dc:cf27::"),
            ("10.10.0.0", "10.10.0.0"),
            ("fd13::", "fd13::"),
        ] {
            assert_eq!(dotted(text).as_deref(), Ok(says), "{text}");
        }
        assert!(dotted("9999999999999999999999999999999999999999").is_err());
    }
}
