//! The account of the operating system under which this process runs, for when no environment variable names it:
//! services and containers are often started without `USER`.

/// The name of the account; its number when it has no name (`uid 1000`); `None` on systems without such numbers.
#[cfg(unix)]
pub(super) fn name() -> Option<String> {
    let uid = rustix::process::geteuid().as_raw();
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    Some(name_of(uid, &accounts).unwrap_or_else(|| format!("uid {uid}")))
}

#[cfg(not(unix))]
pub(super) fn name() -> Option<String> {
    None
}

/// The name for a number in a list of accounts: `name:password:number:...` on each line.
#[cfg(unix)]
fn name_of(uid: u32, accounts: &str) -> Option<String> {
    let named = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    };
    accounts.lines().find_map(named)
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_number() {
        let accounts =
            "root:x:0:0:root:/root:/bin/bash\n# a note\n\nann:x:1000:1000::/home/ann:/bin/sh\n:x:7:7::/:/bin/sh\n";
        assert_eq!(name_of(0, accounts).as_deref(), Some("root"));
        assert_eq!(name_of(1000, accounts).as_deref(), Some("ann"));
        assert_eq!((name_of(100, accounts), name_of(7, accounts)), (None, None));
    }

    #[test]
    fn the_account_of_this_process_has_a_name() {
        assert!(name().is_some_and(|name| !name.is_empty()));
    }
}
