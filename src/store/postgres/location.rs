//! Splits the text of a PostgreSQL URL into parameters.
//!
//! Errors do not quote the text: if one character is not encoded, a part of the password is where the host, the port or
//! the database should be.

use std::collections::BTreeMap;

use super::parameters::PARAMETERS;
use crate::store::{Error, StoreUrl};

/// Parameters that the URL sets, by their libpq names.
pub(super) struct UrlParameters {
    pub(super) parameters: BTreeMap<&'static str, String>,
}

fn refuse<T>(why: &str) -> Result<T, Error> {
    Err(Error::Url(format!("The PostgreSQL store URL {why}")))
}

/// Parses `postgres://user:password@host1:5432,host2/database?parameter=value&...`.
///
/// # Errors
/// [`Error::Url`].
pub(super) fn parse(url: &StoreUrl) -> Result<UrlParameters, Error> {
    let Some(rest) = url.rest().strip_prefix("//") else {
        return refuse("must look like this: \"postgres://<user>@<host>/<database>?sslmode=verify-full\".");
    };
    let (place, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = place.split_once('/').unwrap_or((place, ""));
    if parameters.contains('@') || database.contains(['@', '/']) {
        return refuse(
            "has an @ or a / in a place where it is not allowed. In a user, a password or a database write @ as %40, / \
             as %2F, ? as %3F and # as %23.",
        );
    }
    let (user, hosts) = match authority.rsplit_once('@') {
        Some((user, hosts)) => (Some(user), hosts),
        None => (None, authority),
    };
    let mut given = UrlParameters { parameters: BTreeMap::new() };
    if let Some(user) = user {
        let (user, password) = user.split_once(':').map_or((user, None), |(user, password)| (user, Some(password)));
        given.set("user", user)?;
        given.set("password", password.unwrap_or_default())?;
    }
    given.set_hosts(hosts)?;
    given.set("dbname", database)?;
    for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
        let Some((name, value)) = parameter.split_once('=') else {
            return refuse(&format!("has a parameter without a value: write it as <name>=<value>. {}", known()));
        };
        let Some((name, _)) = PARAMETERS.iter().find(|(known, _)| *known == name) else {
            return refuse(&format!("has a parameter that is not known. {}", known()));
        };
        given.set(name, value)?;
    }
    Ok(given)
}

fn known() -> String {
    let names: Vec<&str> = PARAMETERS.iter().map(|(name, _)| *name).collect();
    format!("The parameters are: {}.", names.join(", "))
}

impl UrlParameters {
    /// Sets a parameter unless the text is empty.
    fn set(&mut self, name: &'static str, text: &str) -> Result<(), Error> {
        if !text.is_empty() {
            self.parameters.insert(name, decoded(name, text)?);
        }
        Ok(())
    }

    /// Parses `host1:5432,[::1],%2Frun%2Fpostgresql`.
    fn set_hosts(&mut self, text: &str) -> Result<(), Error> {
        if text.is_empty() {
            return Ok(());
        }
        let (mut names, mut ports) = (Vec::new(), Vec::new());
        for host in text.split(',') {
            let (name, port) = match host.strip_prefix('[') {
                Some(literal) => match literal.split_once(']') {
                    Some((address, "")) => (address, ""),
                    Some((address, port)) if port.starts_with(':') => (address, &port[1..]),
                    _ => return refuse("has a host with brackets that do not enclose an IPv6 address."),
                },
                None => host.split_once(':').unwrap_or((host, "")),
            };
            names.push(decoded("host", name)?);
            ports.push(decoded("port", port)?);
        }
        self.parameters.insert("host", names.join(","));
        // Hosts without ports leave the port to PGPORT.
        if ports.iter().any(|port| !port.is_empty()) {
            self.parameters.insert("port", ports.join(","));
        }
        Ok(())
    }
}

/// `text` without percent-encoding.
fn decoded(name: &str, text: &str) -> Result<String, Error> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next(), rest.next()].map(|digit| digit.and_then(|digit| char::from(digit).to_digit(16)));
        match digits {
            [Some(high), Some(low)] if high + low > 0 => bytes.push(u8::try_from(high * 16 + low).unwrap_or_default()),
            _ => {
                return refuse(&format!(
                    "has a % in its {name} that does not start a percent-encoded character: write % as %25."
                ));
            }
        }
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text),
        Err(_) => refuse(&format!("has a {name} that is not UTF-8.")),
    }
}
