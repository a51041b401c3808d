//! Arguments that may be set together when they agree about a block. The configuration that Terraform generates for
//! imported objects sets all of them.

use std::collections::BTreeSet;

use crate::ipam::Cidr;
use crate::tf::{Diagnostic, Path, Tf};

/// Compares a size with the one block that is asked for.
pub(super) fn of_cidr(cidr: &Tf<Cidr>, length: &Tf<u8>, at: Path) -> Option<Diagnostic> {
    let (cidr, length) = (cidr.get()?, *length.get()?);
    (cidr.netmask_length() != length).then(|| {
        let detail = format!(
            "`cidr` is {cidr}, and `netmask_length` is {length}. Both can be set only if they agree. Change one of \
             them, or set only `cidr` for one particular block, or only `netmask_length` for any block of that size."
        );
        Diagnostic::error(CONFLICT, detail).at(at)
    })
}

/// Compares a size with the blocks of a pool: a size asks for one block.
pub(super) fn of_cidrs(cidrs: &Tf<BTreeSet<Cidr>>, length: &Tf<u8>, at: Path) -> Option<Diagnostic> {
    let (cidrs, length) = (cidrs.get()?, *length.get()?);
    if cidrs.len() == 1 && cidrs.iter().all(|cidr| cidr.netmask_length() == length) {
        return None;
    }
    let blocks: Vec<String> = cidrs.iter().map(ToString::to_string).collect();
    let has = if blocks.is_empty() { "is empty".to_owned() } else { format!("has {}", blocks.join(", ")) };
    let detail = format!(
        "`cidrs` {has}, and `netmask_length` asks for one block of netmask length {length}. Both can be set only if \
         they agree. Change one of them, or set only `cidrs` for particular blocks, or only `netmask_length` for any \
         block of that size."
    );
    Some(Diagnostic::error(CONFLICT, detail).at(at))
}

/// Compares the blocks to avoid with the one block that is asked for.
pub(super) fn of_disallowed(cidr: &Tf<Cidr>, disallowed: &Tf<BTreeSet<Cidr>>, at: Path) -> Option<Diagnostic> {
    let (cidr, disallowed) = (cidr.get()?, disallowed.get()?);
    let avoided = disallowed.iter().find(|avoided| avoided.overlaps(cidr))?;
    let detail = format!(
        "`cidr` is {cidr}, which `disallowed_cidrs` rules out with {avoided}. Choose another block, or remove \
         {avoided} from `disallowed_cidrs`, which lists where a block by `netmask_length` must not be placed."
    );
    Some(Diagnostic::error(CONFLICT, detail).at(at))
}

/// Compares the preferred block with the other arguments about size and place.
pub(super) fn of_preferred(
    preferred: &Tf<Cidr>,
    (cidr, length): (&Tf<Cidr>, &Tf<u8>),
    disallowed: &Tf<BTreeSet<Cidr>>,
    at: Path,
) -> Option<Diagnostic> {
    let preferred = preferred.get()?;
    let detail = if let Some(cidr) = cidr.get() {
        format!(
            "`cidr` asks for exactly {cidr}, and `preferred_cidr` for {preferred} or any other block of its size. Keep one \
             of the two arguments."
        )
    } else if let Some(length) = length.get().filter(|length| **length != preferred.netmask_length()) {
        format!(
            "`preferred_cidr` is {preferred}, and `netmask_length` is {length}. Both can be set only if they agree. Change \
             one of them, or leave `netmask_length` out."
        )
    } else {
        let avoided = disallowed.get()?.iter().find(|avoided| avoided.overlaps(preferred))?;
        format!(
            "`preferred_cidr` is {preferred}, which `disallowed_cidrs` rules out with {avoided}. Choose another block, or \
             remove {avoided} from `disallowed_cidrs`."
        )
    };
    Some(Diagnostic::error(CONFLICT, detail).at(at))
}

const CONFLICT: &str = "Conflicting arguments";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipam::testing::{cidr, cidrs};

    #[test]
    fn one_block_of_the_size_agrees_and_anything_else_names_both() {
        let detail = |blocks: &[&str], length: u8| {
            of_cidrs(&cidrs(blocks).into(), &length.into(), Path::root()).map(|one| one.detail)
        };
        assert_eq!(detail(&["10.0.0.0/16"], 16), None);
        let begins = |blocks: &[&str], length, words: &str| {
            assert!(detail(blocks, length).unwrap().starts_with(words), "{:?}", detail(blocks, length));
        };
        begins(
            &["10.0.0.0/16"],
            17,
            "`cidrs` has 10.0.0.0/16, and `netmask_length` asks for one block of netmask length 17.",
        );
        begins(
            &["10.0.0.0/16", "10.1.0.0/16"],
            16,
            "`cidrs` has 10.0.0.0/16, 10.1.0.0/16, and `netmask_length` asks for one",
        );
        begins(&[], 16, "`cidrs` is empty, and `netmask_length` asks for one block of netmask length 16.");
    }

    #[test]
    fn unknown_values_are_not_checked() {
        let block = Tf::Known(cidr("10.0.0.0/16"));
        assert_eq!(of_cidr(&block, &16.into(), Path::root()), None);
        assert!(of_cidr(&block, &17.into(), Path::root()).is_some());
        for (block, length) in
            [(block.clone(), Tf::Unknown), (Tf::Unknown, 17.into()), (Tf::Null, 17.into()), (block, Tf::Null)]
        {
            assert_eq!(of_cidr(&block, &length, Path::root()), None);
        }
        assert_eq!(of_cidrs(&Tf::Unknown, &17.into(), Path::root()), None);
    }

    #[test]
    fn only_a_block_that_must_be_avoided_is_a_contradiction() {
        let avoided = Tf::Known(cidrs(&["10.0.1.0/24"]));
        assert_eq!(of_disallowed(&Tf::Known(cidr("10.0.0.0/24")), &avoided, Path::root()), None);
        let conflict = of_disallowed(&Tf::Known(cidr("10.0.0.0/16")), &avoided, Path::root()).unwrap();
        assert!(
            conflict.detail.starts_with("`cidr` is 10.0.0.0/16, which `disallowed_cidrs` rules out with 10.0.1.0/24.")
        );
    }
}
