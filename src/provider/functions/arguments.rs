//! Reads arguments and writes answers. Terraform passes only known, non-null arguments of the declared types. An
//! element can still be null, and a text can still be wrong.

use std::net::IpAddr;

use num_bigint::BigUint;

use crate::ipam::blocks::{BLOCK_COUNT_MAX, BlocksError};
use crate::ipam::{Cidr, Family};
use crate::tf::{FunctionError, Parameter, Type, Value};

pub(super) type Result<T> = std::result::Result<T, FunctionError>;

pub(super) fn parameter(name: &'static str, ty: Type, description: &'static str) -> Parameter {
    Parameter { name, ty, description, allow_null: false }
}

/// An error on the argument at `position`, from 0.
pub(super) fn wrong(position: usize, sentence: impl Into<String>) -> FunctionError {
    FunctionError { text: sentence.into(), argument: Some(position) }
}

fn text(arguments: &[Value], position: usize) -> Result<&str> {
    match arguments.get(position) {
        Some(Value::String(text)) => Ok(text),
        _ => Err(wrong(position, "A string is needed here.")),
    }
}

fn list(arguments: &[Value], position: usize) -> Result<&[Value]> {
    match arguments.get(position) {
        Some(Value::List(items)) => Ok(items),
        _ => Err(wrong(position, "A list is needed here.")),
    }
}

pub(super) fn cidr(arguments: &[Value], position: usize) -> Result<Cidr> {
    text(arguments, position)?.parse().map_err(|sentence: String| wrong(position, sentence))
}

pub(super) fn address(arguments: &[Value], position: usize) -> Result<IpAddr> {
    let text = text(arguments, position)?;
    text.parse().map_err(|_| wrong(position, format!("{text:?} is not an address such as 10.0.0.1 or 2001:db8::1.")))
}

/// A CIDR, or a single address as the block that contains only that address.
pub(super) fn cidr_or_address(arguments: &[Value], position: usize) -> Result<Cidr> {
    let text = text(arguments, position)?;
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(Cidr::from(ipnet::IpNet::from(address)));
    }
    if text.contains('/') {
        return cidr(arguments, position);
    }
    let sentence = format!("{text:?} is neither a CIDR such as 10.0.0.0/16 nor an address such as 10.0.0.1.");
    Err(wrong(position, sentence))
}

/// A list of CIDRs of any family.
pub(super) fn mixed_cidrs(arguments: &[Value], position: usize) -> Result<Vec<Cidr>> {
    let cidr = |(index, item): (usize, &Value)| -> Result<Cidr> {
        let Value::String(text) = item else { return Err(wrong(position, format!("Element {index} is null."))) };
        text.parse().map_err(|why: String| wrong(position, format!("Element {index}: {why}")))
    };
    list(arguments, position)?.iter().enumerate().map(cidr).collect()
}

/// A list of CIDRs, all of one family.
pub(super) fn cidrs(arguments: &[Value], position: usize) -> Result<Vec<Cidr>> {
    let cidrs = mixed_cidrs(arguments, position)?;
    let Some(first) = cidrs.first() else { return Ok(cidrs) };
    let other = cidrs.iter().enumerate().find(|(_, cidr)| cidr.family() != first.family());
    let Some((index, cidr)) = other else { return Ok(cidrs) };
    let sentence = format!(
        "Element {index}: {cidr} is {} and {first} is {}. One call takes one address family.",
        name(cidr.family()),
        name(first.family()),
    );
    Err(wrong(position, sentence))
}

/// A position in a list, from 0; of any size.
pub(super) fn index(value: Option<&Value>, position: usize) -> Result<BigUint> {
    let Some(Value::Number(number)) = value else { return Err(wrong(position, "A number is needed here.")) };
    let index = number.to_integer().and_then(|index| index.to_biguint());
    index.ok_or_else(|| wrong(position, format!("{number} is not a position: positions are whole numbers from 0.")))
}

/// A netmask length of the family of `cidr`.
pub(super) fn netmask_length(value: Option<&Value>, position: usize, family: Family) -> Result<u8> {
    let Some(Value::Number(number)) = value else { return Err(wrong(position, "A number is needed here.")) };
    number.to_i64().and_then(|length| u8::try_from(length).ok()).filter(|length| *length <= family.bits()).ok_or_else(
        || {
            let sentence = format!(
                "{number} is not a netmask length of {}: netmask lengths are whole numbers from 0 to {}.",
                name(family),
                family.bits()
            );
            wrong(position, sentence)
        },
    )
}

/// A list of netmask lengths of the given family.
pub(super) fn netmask_lengths(arguments: &[Value], position: usize, family: Family) -> Result<Vec<u8>> {
    let items = list(arguments, position)?.iter().enumerate();
    let in_list =
        |index, error: FunctionError| FunctionError { text: format!("Element {index}: {}", error.text), ..error };
    items
        .map(|(index, item)| netmask_length(Some(item), position, family).map_err(|error| in_list(index, error)))
        .collect()
}

/// An error on the argument at `position`, unless `found`, the value of that argument, has the family of `expected`.
pub(super) fn same_family(position: usize, expected: Cidr, found: Cidr) -> Result<()> {
    if expected.family() == found.family() {
        return Ok(());
    }
    let (expected_name, found_name) = (name(expected.family()), name(found.family()));
    let sentence = format!("{found} is {found_name} and {expected} is {expected_name}: they cannot be compared.");
    Err(wrong(position, sentence))
}

/// The name of a family in sentences.
pub(super) const fn name(family: Family) -> &'static str {
    match family {
        Family::Ipv4 => "IPv4",
        Family::Ipv6 => "IPv6",
    }
}

/// The sentence for an error of block arithmetic; `cidr` is the block to divide.
pub(super) fn refused(position: usize, cidr: Cidr, error: &BlocksError) -> FunctionError {
    let sentence = match error {
        BlocksError::BeyondFamily { netmask_length, family } => {
            format!("{netmask_length} is more than the {} bits of {}.", family.bits(), name(*family))
        }
        BlocksError::TooLarge { netmask_length } => {
            format!("{cidr} is smaller than a /{netmask_length}: use a length of {} or longer.", cidr.netmask_length())
        }
        BlocksError::TooMany { .. } => too_many(error),
        BlocksError::DoesNotFit { position: index, netmask_length, left } => format!(
            "Element {index}: a /{netmask_length} no longer fits in {cidr}. The elements before it leave {left} {}.",
            if *left == 1u8.into() { "address" } else { "addresses" }
        ),
    };
    wrong(position, sentence)
}

/// The sentence for an answer that is too long.
pub(super) fn too_many(error: &BlocksError) -> String {
    let limit = format!("a call returns at most {BLOCK_COUNT_MAX}.");
    match error {
        BlocksError::TooMany { count: Some(count) } => format!("The result would be {count} blocks; {limit}"),
        _ => format!("The result would be too many blocks; {limit}"),
    }
}

/// A list of strings.
pub(super) fn strings<T: ToString>(items: impl IntoIterator<Item = T>) -> Value {
    Value::List(items.into_iter().map(|item| Value::String(item.to_string())).collect())
}
