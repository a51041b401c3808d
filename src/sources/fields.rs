//! What the readers of exports share: the encoding of a file, texts of cells, words for yes and no, tags, addresses.

use std::net::IpAddr;

use super::{Mistake, blocks, lines_in};
use crate::ipam::{Cidr, Tags, address_block};

/// The text of a file. The readers of tables and of JSON skip a byte order mark.
///
/// # Errors
/// The line where it stops being UTF-8.
pub fn utf8(bytes: &[u8]) -> Result<&str, Mistake> {
    std::str::from_utf8(bytes).map_err(|error| {
        let line = 1 + lines_in(&bytes[..error.valid_up_to()]);
        Mistake::on(line, "it is not UTF-8. Save the file in that encoding.")
    })
}

/// Whether a file begins as a JSON text does.
pub fn is_json(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    matches!(bytes.iter().find(|byte| !byte.is_ascii_whitespace()), Some(b'[' | b'{'))
}

/// Keeps a tag, unless the text is empty. A dash is what tables show in an empty cell.
pub fn put(tags: &mut Tags, key: &str, text: &str) {
    let text = text.trim();
    if !key.is_empty() && !text.is_empty() && text != "—" && text != "&mdash;" {
        tags.insert(key.to_owned(), text.to_owned());
    }
}

/// Yes or no in the words of programs; `None` for all other texts.
pub fn yes_or_no(text: &str) -> Option<bool> {
    let is_one_of = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    if is_one_of(&["true", "yes", "1"]) {
        Some(true)
    } else if is_one_of(&["false", "no", "0"]) {
        Some(false)
    } else {
        None
    }
}

/// The block of one address. A netmask length behind it is that of its network, and is dropped.
///
/// # Errors
/// The mistake, without the text.
pub fn host(text: &str) -> Result<Cidr, &'static str> {
    Ok(address_block(address(text)?))
}

/// The blocks of a range of addresses, whose netmask lengths are those of their network, and are dropped.
///
/// # Errors
/// The mistake, without the texts.
pub fn range(first: &str, last: &str) -> Result<Vec<Cidr>, &'static str> {
    blocks::of(&format!("{}-{}", address(first)?, address(last)?))
}

fn address(text: &str) -> Result<IpAddr, &'static str> {
    let wrong = "it has an address that is not one such as 10.0.0.7, 10.0.0.7/24 or 2001:db8::7.";
    let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
    let address: IpAddr = address.trim().parse().map_err(|_| wrong)?;
    let bits = if address.is_ipv4() { 32 } else { 128 };
    match length.map(|length| length.trim().parse::<u8>()) {
        None => Ok(address),
        Some(Ok(length)) if length <= bits => Ok(address),
        Some(_) => Err(wrong),
    }
}

/// The block of an address and a netmask, which is dotted or a number. One of them may be in the address already.
///
/// # Errors
/// The mistake, without the texts.
pub fn block(address: &str, netmask: Option<&str>) -> Result<Cidr, &'static str> {
    let text = match netmask {
        Some(netmask) if !address.contains('/') => format!("{address}/{netmask}"),
        Some(netmask) => {
            let within = blocks::of(address)?;
            let (network, _) = address.split_once('/').unwrap_or((address, ""));
            if within != blocks::of(&format!("{network}/{netmask}"))? {
                return Err("it has a netmask in the address, and another one in a column of its own.");
            }
            address.to_owned()
        }
        None => address.to_owned(),
    };
    match blocks::of(&text)?.as_slice() {
        [block] => Ok(*block),
        _ => Err("it is a range of addresses that is not one block."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lose_the_netmask_length_of_their_network() {
        for (text, says) in [
            ("10.0.3.7/24", Some("10.0.3.7/32")),
            ("10.0.3.7", Some("10.0.3.7/32")),
            ("2001:db8::7/64", Some("2001:db8::7/128")),
            ("10.0.3.7/33", None),
            ("10.0.3.7/", None),
            ("10.0.3", None),
        ] {
            assert_eq!(host(text).ok().map(|block| block.to_string()).as_deref(), says, "{text}");
        }
        let blocks = range("10.0.0.10/24", "10.0.0.12/24").unwrap();
        assert_eq!(blocks.iter().map(ToString::to_string).collect::<Vec<_>>(), ["10.0.0.10/31", "10.0.0.12/32"]);
        assert!(range("10.0.0.12", "10.0.0.10").is_err());
    }

    #[test]
    fn a_netmask_is_in_the_address_or_in_a_column() {
        for (address, netmask, says) in [
            ("10.0.0.0", Some("255.255.0.0"), Ok("10.0.0.0/16")),
            ("10.0.0.0", Some("16"), Ok("10.0.0.0/16")),
            ("10.0.0.0/16", None, Ok("10.0.0.0/16")),
            ("10.0.0.0/16", Some("255.255.0.0"), Ok("10.0.0.0/16")),
            ("10.0.0.0/16", Some("24"), Err("another one in a column")),
            ("10.0.0.0", None, Err("without a netmask length")),
            ("10.0.0.1", Some("24"), Err("host bits")),
            ("10.0.0.0-10.0.0.2", None, Err("not one block")),
        ] {
            let read = block(address, netmask).map(|block| block.to_string());
            match says {
                Ok(block) => assert_eq!(read.as_deref(), Ok(block)),
                Err(words) => assert!(read.as_ref().is_err_and(|mistake| mistake.contains(words)), "{read:?}"),
            }
        }
    }

    #[test]
    fn dashes_of_empty_cells_are_no_tags() {
        let mut tags = Tags::new();
        for (key, text) in [("a", "—"), ("b", " "), ("", "x"), ("c", " x ")] {
            put(&mut tags, key, text);
        }
        assert_eq!(tags, Tags::from([("c".to_owned(), "x".to_owned())]));
        assert_eq!([yes_or_no("True"), yes_or_no("no"), yes_or_no("wahr")], [Some(true), Some(false), None]);
    }
}
