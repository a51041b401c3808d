//! Sizes in numbers: `minimum_addresses` and `minimum_hosts`, which ask for the longest netmask length that is enough.
//!
//! The address family of the pool decides the netmask length, so a plan reads the pool. Behind the provider, a request
//! has only the netmask length.

use num_bigint::BigUint;

use crate::ipam::{Error, Family, Kind, Minimum};
use crate::provider::errors;
use crate::provider::shared::Configured;
use crate::tf::{Attr, AttributeType, Diagnostic, Diagnostics, Number, Path, Tf, Value, wrong_value};

/// A number of addresses or hosts: a whole number of at least 1, at most the addresses of IPv6.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Count(BigUint);

impl Attr for Count {
    fn attribute_type() -> AttributeType {
        Number::attribute_type()
    }

    fn from_value(value: &Value, at: &Path) -> Result<Self, Diagnostics> {
        let number = Number::from_value(value, at)?;
        let Some(integer) = number.to_integer() else {
            return Err(wrong_value(at, format!("{number} is not a whole number.")));
        };
        let count = BigUint::try_from(integer).unwrap_or_default();
        if count == BigUint::ZERO {
            return Err(wrong_value(at, format!("{number} is too small. The smallest block has 1 address.")));
        }
        if count.bits() > 129 || count > Minimum::Addresses(BigUint::ZERO).most(Family::Ipv6) {
            return Err(wrong_value(at, format!("{number} is more than IPv6 has addresses.")));
        }
        Ok(Self(count))
    }

    fn to_value(&self) -> Value {
        Value::Number(self.0.clone().into())
    }
}

/// The two arguments of an object.
#[derive(Clone, Debug)]
pub(super) struct Minimums {
    pub(super) addresses: Tf<Count>,
    pub(super) hosts: Tf<Count>,
}

const ADDRESSES: &str = "minimum_addresses";
const HOSTS: &str = "minimum_hosts";

impl Minimums {
    /// Whether neither argument is set.
    pub(super) fn is_absent(&self) -> bool {
        self.addresses.is_null() && self.hosts.is_null()
    }

    /// The argument that is known, with what it asks for.
    fn asked(&self) -> Option<(&'static str, Minimum)> {
        let addresses = self.addresses.cloned().map(|count| (ADDRESSES, Minimum::Addresses(count.0)));
        addresses.or_else(|| self.hosts.cloned().map(|count| (HOSTS, Minimum::Hosts(count.0))))
    }

    /// The attribute of the argument that asks for a size. `base` is the path of the object.
    pub(super) fn attribute(&self, base: &Path) -> Option<Path> {
        self.asked().map(|(name, _)| base.then(name))
    }

    /// Refuses a second argument that asks for a size. `others`: the other arguments, and whether they are set.
    pub(super) fn check(&self, others: &[(&str, bool)], base: &Path) -> Option<Diagnostic> {
        let (name, _) = self.asked()?;
        let others = others.iter().filter(|(_, is_set)| *is_set).map(|(other, _)| *other);
        let hosts = (name == ADDRESSES && self.hosts.is_known()).then_some(HOSTS);
        let other = others.chain(hosts).next()?;
        let detail = format!("`{name}` and `{other}` both ask for a size. Set only one of them.");
        Some(Diagnostic::error("Conflicting arguments", detail).at(base.then(name)))
    }

    /// The netmask length that the arguments ask for in a pool of this family: null if they ask for none, unknown while
    /// they or the family are.
    ///
    /// # Errors
    /// At the argument, if no block of the family is large enough.
    pub(super) fn netmask_length(&self, family: Option<Family>, base: &Path) -> Result<Tf<u8>, Diagnostics> {
        if self.is_absent() {
            return Ok(Tf::Null);
        }
        let is_unknown = self.addresses.is_unknown() || self.hosts.is_unknown();
        let (Some((name, minimum)), Some(family), false) = (self.asked(), family, is_unknown) else {
            return Ok(Tf::Unknown);
        };
        minimum.netmask_length(family).map(Tf::Known).ok_or_else(|| {
            let what = if name == HOSTS { "hosts" } else { "addresses" };
            let other = if family == Family::Ipv4 { ", or choose an IPv6 pool" } else { "" };
            let detail = format!(
                "`{name}` is {}, and the pool is {family}: its largest possible block has {} {what}. Ask for fewer{other}.",
                minimum.number(),
                minimum.most(family)
            );
            Diagnostic::error("No block is large enough", detail).at(base.then(name)).into()
        })
    }

    /// Adds to errors at the argument how the number led to the netmask length that they are about.
    pub(super) fn explain(&self, errors: Diagnostics, length: &Tf<u8>, base: &Path) -> Diagnostics {
        let (Some((name, minimum)), Some(length)) = (self.asked(), length.get()) else { return errors };
        let here = base.then(name);
        let words = format!(" `{name}` is {}, for which a /{length} is needed.", minimum.number());
        let explained = |mut one: Diagnostic| {
            let is_here = one.path == here || (*base != Path::root() && one.path == *base);
            if is_here && !one.detail.contains(&words) {
                one.detail.push_str(&words);
            }
            one
        };
        errors.into_iter().map(explained).collect()
    }
}

/// The address family of a pool; `None` while the pool is unknown.
///
/// # Errors
/// If there is no such pool, and those of reading it, at `at`.
pub(super) fn family_of(
    configured: &Configured,
    pool_id: &Tf<String>,
    at: Path,
) -> Result<Option<Family>, Diagnostics> {
    let Some(id) = pool_id.get() else { return Ok(None) };
    let missing = || Error::NotFound { kind: Kind::Pool, id: id.clone() };
    let pool = configured.ipam.get_pool(id).and_then(|pool| pool.ok_or_else(missing));
    pool.map(|pool| Some(pool.address_family)).map_err(|error| errors::at(&error, at))
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use super::*;
    use crate::ipam::testing::dice;

    fn count(number: &str) -> Result<Count, Diagnostics> {
        Count::from_value(&Value::Number(number.parse().unwrap()), &Path::attribute("it"))
    }

    #[test]
    fn a_number_of_addresses_is_whole_and_neither_zero_nor_more_than_there_are() {
        let most = "340282366920938463463374607431768211456";
        for number in ["1", "2", "254", most] {
            assert_eq!(count(number).unwrap().to_value(), Value::Number(number.parse().unwrap()));
        }
        for (number, why) in [
            ("0", "0 is too small"),
            ("-1", "-1 is too small"),
            ("1.5", "1.5 is not a whole number"),
            ("340282366920938463463374607431768211457", "is more than IPv6 has addresses"),
            ("1e100", "is more than IPv6 has addresses"),
        ] {
            let errors = count(number).unwrap_err();
            let error = errors.iter().next().unwrap();
            assert!(error.detail.contains(why), "{}", error.detail);
        }
    }

    #[test]
    fn only_one_argument_asks_for_a_size() {
        let known = |number: &str| Tf::Known(count(number).unwrap());
        let base = Path::root();
        let check = |addresses: Tf<Count>, hosts: Tf<Count>, others: &[(&str, bool)]| {
            Minimums { addresses, hosts }.check(others, &base).map(|one| (one.path.to_string(), one.detail))
        };
        let says = |argument: &str, other: &str| {
            let detail = format!("`{argument}` and `{other}` both ask for a size. Set only one of them.");
            Some((argument.to_owned(), detail))
        };
        assert_eq!(check(known("1"), known("1"), &[]), says(ADDRESSES, HOSTS));
        assert_eq!(check(Tf::Null, known("1"), &[("cidr", true)]), says(HOSTS, "cidr"));
        assert_eq!(
            check(known("1"), Tf::Null, &[("cidr", false), ("netmask_length", true)]),
            says(ADDRESSES, "netmask_length")
        );
        assert_eq!(check(known("1"), Tf::Unknown, &[("cidr", false)]), None);
        assert_eq!(check(Tf::Unknown, Tf::Null, &[("cidr", true)]), None, "it may turn out to be null");
    }

    #[test]
    fn a_netmask_length_follows_from_the_number_and_the_family() {
        let hosts = |hosts: Tf<Count>, family: Option<Family>| {
            Minimums { addresses: Tf::Null, hosts }.netmask_length(family, &Path::root())
        };
        let known = |number: &str| Tf::Known(count(number).unwrap());
        assert_eq!(hosts(known("254"), Some(Family::Ipv4)), Ok(Tf::Known(24)));
        assert_eq!(hosts(known("254"), None), Ok(Tf::Unknown));
        assert_eq!(hosts(Tf::Unknown, Some(Family::Ipv4)), Ok(Tf::Unknown));
        assert_eq!(hosts(Tf::Null, Some(Family::Ipv4)), Ok(Tf::Null));
        let errors = hosts(known("4294967295"), Some(Family::Ipv4)).unwrap_err();
        let error = errors.iter().next().unwrap();
        assert_eq!(error.path, Path::attribute("minimum_hosts"));
        assert_eq!(
            error.detail,
            "`minimum_hosts` is 4294967295, and the pool is ipv4: its largest possible block has 4294967294 hosts. Ask for \
             fewer, or choose an IPv6 pool."
        );
    }

    /// Numbers at every boundary between two netmask lengths, and random ones.
    fn numbers(family: Family) -> Vec<BigUint> {
        let mut seed = 7;
        let mut numbers: Vec<BigUint> = (1..=9u8).map(BigUint::from).collect();
        for bits in 2..=family.bits() {
            let power = BigUint::from(1u8) << bits;
            numbers.extend((0..=4u8).map(|less| &power + 2u8 - less));
            let random = [0; 4].map(|_| u32::try_from(dice(&mut seed) & 0xffff_ffff).unwrap());
            numbers.push(BigUint::new(random.to_vec()) % &power + 1u8);
        }
        numbers
    }

    #[test]
    fn netmask_lengths_agree_with_ipaddress_of_python() {
        let (mut lines, mut count) = (String::new(), 0);
        for (family, version) in [(Family::Ipv4, 4), (Family::Ipv6, 6)] {
            for number in numbers(family) {
                for (of, minimum) in
                    [("addresses", Minimum::Addresses(number.clone())), ("hosts", Minimum::Hosts(number.clone()))]
                {
                    let answer = minimum.netmask_length(family).map_or("none".to_owned(), |length| length.to_string());
                    lines += &format!("{version} {of} {number} {answer}\n");
                    count += 1;
                }
            }
        }
        let mut python = Command::new("python3")
            .args(["-c", include_str!("minimum_tests.py")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 is in PATH");
        python.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        let output = python.wait_with_output().unwrap();
        assert!(output.status.success(), "python3 failed: see its message above");
        assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{count} numbers, 0 differences\n"));
    }
}
